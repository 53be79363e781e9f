//! Application logs: the items tile the input, and the blocks in which it is read do not matter.

use daaslens_applog::{Item, MAX_RECORD, Reader, file_name};
use daaslens_core::Span;
use daaslens_testkit::laws;

/// Panics where a law is broken. The first byte chooses the name of the file.
pub fn check(data: &[u8]) {
    let name = match data.first().map(|byte| byte % 4) {
        Some(0) => "LogFiles/stdout_20260119032306_4200.log",
        Some(1) => "iisnode/14b7dc-2908-stderr-1768792986000.txt",
        Some(2) => "2026_01_19_lw0sdlwk0001ab_default_docker.log",
        _ => "app.log",
    };
    let (whole, spans) = records(data, data.len().max(1), name);
    laws::check_tiling(spans, data.len() as u64).unwrap();
    laws::check_chunk_independence([64, 500], |size| records(data, size, name).0).unwrap();
    assert_eq!(records(data, 4096, name).0, whole);
}

/// Everything that a reader says about a log that it gets in blocks.
fn records(data: &[u8], size: usize, name: &str) -> (Vec<String>, Vec<Span>) {
    let size = size.clamp(1, data.len().max(1));
    let mut reader = Reader::new(file_name(name), data);
    let (mut seen, mut spans) = (Vec::new(), Vec::new());
    let (mut from, mut to) = (0, 0);
    loop {
        to = data.len().min(to + size);
        let block = data.get(from..to).unwrap_or_default();
        from += reader.read(block, to == data.len(), &mut |item| {
            spans.push(item.span());
            seen.push(match &item {
                Item::Record(record) => {
                    format!("{record:?} {:?} {:?}", record.uncaught(), record.request_path())
                }
                other => format!("{other:?}"),
            });
        });
        assert!(to - from <= MAX_RECORD + size);
        if to == data.len() {
            return (seen, spans);
        }
    }
}
