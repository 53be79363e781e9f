//! Files with one quirk each, and everything that is read of them.
use crate::shown;
macro_rules! fixture {
    ($name:literal) => {
        shown(include_bytes!(concat!("../../../../fixtures/eventlog/", $name)))
    };
}
#[test]
fn show() {
    for s in [
        fixture!("plain.xml"),
        fixture!("torn-event.xml"),
        fixture!("torn-at-the-end-nul-tail.xml"),
        fixture!("two-documents.xml"),
        fixture!("headless.xml"),
        fixture!("event-tags-in-texts.xml"),
        fixture!("windows-1252.xml"),
        fixture!("bare-ampersand-and-controls.xml"),
        fixture!("undated-2013.xml"),
        fixture!("wevtutil-no-root.xml"),
        fixture!("user-data.xml"),
        fixture!("powershell-utf16.xml"),
    ] {
        println!("=====\n{s}");
    }
}
