//! Exceptions in any text: their places ascend and hold what was read, and their signatures are bounded lines.

use daaslens_signature::{MAX_FRAME, MAX_MESSAGE, MAX_TEXT, find, mask};

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut at = 0;
    for found in find(&text) {
        assert!(at <= found.span.start && found.span.start < found.span.end, "{:?}", found.span);
        assert!(text.get(found.span.clone()).is_some(), "{:?} is not on characters", found.span);
        at = found.span.end;
        let signature = found.signature;
        assert!(!signature.exact.is_empty() && signature.exact.len() <= MAX_TEXT);
        assert!(!signature.family.is_empty() && signature.family.len() <= MAX_TEXT);
        assert!(signature.message.len() <= MAX_MESSAGE);
        assert!(signature.frames.iter().all(|frame| frame.text.len() <= MAX_FRAME));
        for line in [&signature.exact, &signature.family, &signature.message] {
            assert!(!line.contains(['\n', '\r']), "{line:?} is not one line");
        }
    }
    assert!(at <= text.len());
    let once = mask(&text);
    assert_eq!(mask(&once), once, "masking twice changes something");
}
