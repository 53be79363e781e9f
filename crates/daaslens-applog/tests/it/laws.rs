//! The laws: spans tile the input, blocks change nothing, and no bytes make anything panic.

use crate::FIXTURES;
use daaslens_applog::{Item, MAX_RECORD, Reader, file_name};
use daaslens_core::Span;
use daaslens_testkit::laws;
use proptest::prelude::*;

/// Pieces that logs are made of, so that made input goes beyond the first byte.
const PIECES: &[&[u8]] = &[
    b"2026-01-19T03:23:06  PID[6972] Error       ",
    b"2026-01-19 03:23:06.405 +00:00 [Error] Shop.Cart: ",
    b"2026-01-19 03:23:06,405 [12] WARN Shop.Cart [(null)] - ",
    b"2026-01-19T03:23:06.405123456Z ",
    b"[01/19/2026 03:23:06 > 79e06d: ERR ] ",
    b"[23:59:58 INF] ",
    b"[2026-01-19 03:23:06 +0000] [12] [CRITICAL] ",
    b"fail: Shop.Cart[0]\n      ",
    b"\x1b[32minfo\x1b[39m: A[0]\n      => RequestPath:/x\n      ",
    b"ERROR:root:",
    b"{\"@t\":\"2026-01-19T03:23:06Z\",\"@m\":\"a\"}\n",
    b"{\"level\":",
    b"Traceback (most recent call last):\n  File \"a\", line 1\n",
    b"ValueError: x",
    b"During handling of the above exception, another exception occurred:\n",
    b"Unhandled exception. System.Exception: x",
    b"C:\\home\\a.js:3\n",
    b"\n   at A.B()\n",
    b"\n    at f (a.js:1:2) {\n  code: 'X'\n}\n",
    b"Caused by: a.B: c\n",
    b"2026-02-31 03:23:06 x",
    b"\r\n",
    b"\n",
    b"\n",
    b"\n\n",
    b"\0\0\n",
    b"\xef\xbb\xbf",
    b"\xff\xc3",
    "日本".as_bytes(),
];

fn logs() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => (0..PIECES.len()).prop_map(|at| PIECES[at].to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What a reader says about a log that it gets in blocks of `size` bytes.
fn everything(log: &[u8], size: usize) -> (Vec<String>, Vec<Span>) {
    let name = file_name("stdout_20260119032306_4200.log");
    let mut reader = Reader::new(name, log);
    let (mut seen, mut spans) = (Vec::new(), Vec::new());
    let (mut from, mut to) = (0, 0);
    loop {
        to = log.len().min(to + size);
        let used = reader.read(&log[from..to], to == log.len(), &mut |item| {
            spans.push(item.span());
            seen.push(match &item {
                Item::Record(record) => format!("{record:?} {:?}", record.uncaught()),
                other => format!("{other:?}"),
            });
        });
        from += used;
        // What is left to be given again is bounded.
        assert!(to - from <= MAX_RECORD + size, "{} are left", to - from);
        if to == log.len() {
            assert_eq!(from, to, "nothing is left at the end");
            return (seen, spans);
        }
    }
}

fn check_laws(log: &[u8]) {
    let (whole, spans) = everything(log, log.len().max(1));
    assert_eq!(laws::check_tiling(spans, log.len() as u64), Ok(()));
    for size in [1, 7, 64, 1000] {
        assert_eq!(everything(log, size).0, whole, "blocks of {size}");
    }
}

proptest! {
    #[test]
    fn on_made_logs(log in logs()) {
        check_laws(&log);
    }

    #[test]
    fn on_arbitrary_bytes(log in prop::collection::vec(any::<u8>(), 0..400)) {
        check_laws(&log);
    }

    #[test]
    fn on_fixtures_that_are_cut_and_damaged(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let log = which.get(FIXTURES);
        let mut log = log[from.index(log.len())..].to_vec();
        let at = at.index(log.len());
        log[at] = byte;
        check_laws(&log);
    }
}

#[test]
fn fixtures_obey_the_laws() {
    for log in FIXTURES {
        check_laws(log);
    }
}

#[test]
fn what_is_longer_than_a_record_is_cut_where_it_does_not_depend_on_blocks() {
    let long = "x".repeat(MAX_RECORD * 2 + 100);
    let lines = "   at A.B()\n".repeat(MAX_RECORD / 8);
    for log in [
        format!("2026-01-19 03:23:06 ERROR - {long}\nnext\n"),
        format!("2026-01-19 03:23:06 ERROR - a\n{long}\n2026-01-19 03:23:07 INFO - b\n"),
        format!("2026-01-19 03:23:06 ERROR - a\n{lines}2026-01-19 03:23:07 INFO - b\n"),
        format!("{long}\n{long}"),
        "\n".repeat(MAX_RECORD + 5),
    ] {
        let (whole, spans) = everything(log.as_bytes(), log.len());
        assert_eq!(laws::check_tiling(spans, log.len() as u64), Ok(()));
        for size in [1 << 12, MAX_RECORD, MAX_RECORD + 1] {
            assert_eq!(everything(log.as_bytes(), size).0, whole, "blocks of {size}");
        }
    }
}
