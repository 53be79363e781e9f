//! The laws: spans tile the input, cuts change nothing, and no bytes make anything panic.

use crate::FIXTURES;
use daaslens_core::Span;
use daaslens_phplog::{
    AssumedZone, Class, Item, MAX_MESSAGE, Signature, Stamp, class, cut, plan, plan_in, read,
    signature, sniff,
};
use proptest::prelude::*;

/// Pieces that logs are made of, so that made input goes beyond the first byte.
const PIECES: &[&[u8]] = &[
    b"[26-Oct-2025 02:10:00 Europe/Berlin] ",
    b"[26-Oct-2025 02:50:00 Europe/Berlin] ",
    b"[26-Oct-2025 02:05:00 Europe/Berlin] ",
    b"[26-Oct-2025 01:20:00 UTC] ",
    b"[26-Oct-2025 02:05:00 Mars/Olympus] ",
    b"[31-Feb-2025 02:05:00 UTC] ",
    b"[26-Oct-2025 02:05:00] ",
    b"\n[26-Oct-2025 01:20:01 UTC] ",
    b"\n[26-Oct-2025 02:30:01 Europe/Berlin] ",
    b"PHP Fatal error:  Uncaught A\\B: m",
    b"PHP Warning:  ",
    b"PHP Stack trace:\n",
    b"PHP   2. f() /a.php:3\n",
    b"WordPress database error x for query SELECT 'a' made by require(",
    b"Allowed memory size of 134217728 bytes exhausted (tried to allocate 99999999999999999999 bytes)",
    b"Stack trace:\n#0 /a (x)(3): f('",
    b"#1 {main}\n  thrown in /a.php on line 9",
    b"\n\nNext C: n in /b.php:4\n",
    b" in /a.php on line 7",
    b" in C:\\a.php:7",
    b" [<a href='x'>x</a>]: <b>'it\\'s' \"",
    b"SQLSTATE[HY000] [2002] jo@example.org 10.0.0.1 0x7ffe /a/b?c=d ",
    b"\r\r\n",
    b"\r\n",
    b"\n",
    b"\n",
    b"\0\0",
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

/// What a reader says about one item.
type Seen<'a> = (Span, Option<Stamp<'a>>, Option<(Signature, Class)>);

/// What a reader says about a log that is cut into pieces; without the lines, which count per piece.
fn everything(log: &[u8], target: usize) -> Vec<Seen<'_>> {
    let chunks = plan(log, target);
    let items = chunks.iter().flat_map(|chunk| read(log, chunk));
    items
        .map(|item| match item {
            Item::Record(record) => {
                (item.span(), Some(record.stamp()), Some((signature(&record), class(&record))))
            }
            Item::Malformed(_) | Item::Blank(_) => (item.span(), None, None),
        })
        .collect()
}

fn check_laws(log: &[u8]) {
    let whole = everything(log, usize::MAX);
    for target in [0, 1, 64, 200] {
        assert_eq!(everything(log, target), whole, "pieces of {target}");
    }
    // Tiling, of chunks and of items.
    let mut at = 0;
    for (span, ..) in &whole {
        assert_eq!(span.start, at);
        assert!(!span.is_empty());
        at = span.end;
    }
    assert_eq!(at, log.len() as u64);
    // Lines add up.
    let mut lines = 1;
    for chunk in plan(log, usize::MAX) {
        for item in read(log, &chunk) {
            match &item {
                Item::Record(record) => assert_eq!(record.line(), lines),
                Item::Malformed(malformed) => assert_eq!(malformed.line, lines),
                Item::Blank(_) => {}
            }
            let span = item.span();
            let bytes = &log[span.start as usize..span.end as usize];
            lines += bytes.split_inclusive(|b| *b == b'\n').filter(|l| l.ends_with(b"\n")).count()
                as u64;
        }
    }
    for (.., signed) in &whole {
        let Some((signature, _)) = signed else { continue };
        // Hidden characters and bytes that are no text are written out, which makes a message longer.
        assert!(signature.message.chars().count() <= MAX_MESSAGE + 1);
    }
    let _ = sniff(log);
    // A stream that is cut where `cut` says reads the same.
    if let Some(at) = cut(log, &AssumedZone::UTC) {
        let (front, back) = log.split_at(at);
        let mut parts = everything(front, usize::MAX);
        parts.extend(
            everything(back, usize::MAX)
                .into_iter()
                .map(|(span, stamp, signed)| (span.shifted(at as u64), stamp, signed)),
        );
        assert_eq!(parts, whole, "cut at {at}");
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

    /// A message in front of its place is read back, whatever it says, as long as it names no place itself.
    #[test]
    fn records_are_read_back(message in "[a-z(),:'$ ]{0,30}[a-z]", line in 0u32..100_000, folder in "[a-z ]{1,8}") {
        let log = format!("[22-Nov-2025 05:42:11 UTC] PHP Warning:  {message} in C:\\{folder}\\a.php on line {line}\r\n");
        let chunks = plan(log.as_bytes(), 1);
        let items: Vec<_> = chunks.iter().flat_map(|chunk| read(log.as_bytes(), chunk)).collect();
        let [Item::Record(record)] = items.as_slice() else { panic!("{items:?}") };
        prop_assert_eq!(record.message().to_string(), message.trim_start());
        prop_assert_eq!(record.file().unwrap().to_string(), format!("C:\\{folder}\\a.php"));
        prop_assert_eq!(record.line_in_file(), Some(line));
    }
}

#[test]
fn fixtures_obey_the_laws() {
    for log in FIXTURES {
        check_laws(log);
    }
}

#[test]
fn pieces_are_about_as_long_as_asked() {
    let log = "[22-Nov-2025 05:42:11 UTC] PHP Warning:  a in /a.php on line 1\n".repeat(1000);
    let chunks = plan(log.as_bytes(), 6_500);
    assert_eq!(chunks.len(), 10);
    assert!(chunks.iter().all(|chunk| chunk.span.len() <= 6_600));
    // A head without records is cut as well, so its length is bounded too.
    let head = "no stamp at all\n".repeat(1000);
    assert_eq!(plan(head.as_bytes(), 1_600).len(), 10);
}

#[test]
fn the_zone_of_stamps_without_one_is_the_callers() {
    let log = b"[22-Nov-2025 05:42:11] a\n";
    let zone = AssumedZone::named("Europe/Berlin").unwrap();
    let chunks = plan_in(log, 64, &zone);
    let times: Vec<_> = chunks
        .iter()
        .flat_map(|chunk| read(log, chunk))
        .filter_map(|item| match item {
            Item::Record(record) => record.time(),
            _ => None,
        })
        .map(daaslens_core::Time::rfc3339)
        .collect();
    assert_eq!(times, ["2025-11-22T04:42:11Z"]);
    assert_eq!(AssumedZone::named("Mars/Olympus"), None);
}

#[test]
fn logs_are_known_by_their_content() {
    for (log, expected) in [
        ("x\n[22-Nov-2025 05:42:11 UTC] anything\n", true),
        ("[22-Nov-2025 05:42:11] PHP Notice:  a\n", true),
        ("PHP Warning:  a in b on line 3\n", true),
        ("WordPress database error x\n", true),
        ("[22-Nov-2025 05:42:11] NOTICE: fpm is running, pid 1\n", false),
        ("2025-11-22 05:42:11 GET / 200\n", false),
        ("", false),
    ] {
        assert_eq!(sniff(log.as_bytes()), expected, "{log}");
    }
}
