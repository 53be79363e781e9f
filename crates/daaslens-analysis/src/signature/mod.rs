//! What makes two crashes the same: the exception and its frames.
use daaslens_core::model::Frame;
use daaslens_eventlog::ExceptionText;
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    pub(crate) exact: String,
    pub(crate) exception: String,
    pub(crate) message: String,
    pub(crate) frames: Vec<Frame>,
}
pub(crate) fn of_exception(t: &ExceptionText, _c: Option<u32>) -> Signature {
    let o = t.outermost();
    Signature {
        exact: o.map(|o| o.type_name.clone()).unwrap_or_default(),
        exception: o.map(|o| o.type_name.clone()).unwrap_or_default(),
        message: o.map(|o| o.message.clone()).unwrap_or_default(),
        frames: t
            .frames
            .iter()
            .map(|f| Frame { text: f.normalised(), own: true, repeat: 1 })
            .collect(),
    }
}
pub(crate) fn of_native(m: &str, _o: Option<u64>, c: Option<u32>) -> Signature {
    Signature {
        exact: format!("{m} {c:?}"),
        exception: String::new(),
        message: String::new(),
        frames: vec![],
    }
}
