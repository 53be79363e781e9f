//! The laws of the reader, and one small log for each quirk.

#![expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use daaslens_core::Span;
use proptest::prelude::*;

use super::*;
use crate::Request;

/// What a log holds, read in pieces of `size` bytes; lines are not cut where pieces must begin at line starts.
fn read(log: &[u8], size: usize) -> Vec<(Span, u64, String)> {
    let layout = Layout::of(log).unwrap_or(Layout::LINES);
    let mut reader = Reader::new(layout);
    let mut out = Vec::new();
    let mut sink = |row: u64, item: Item<'_>| out.push((item.span(), row, show(&item)));
    let mut rows = 0;
    let mut at = 0;
    while at < log.len() {
        let mut end = at.saturating_add(size).min(log.len());
        let mut before = 0;
        if layout.shape == Shape::Lines {
            end = memchr::memchr(b'\n', &log[end - 1..]).map_or(log.len(), |len| end + len);
            before = rows;
            rows += memchr::memchr_iter(b'\n', &log[at..end]).count() as u64;
        }
        reader.read(&log[at..end], at as u64, &mut |item| sink(row(&item, before), item));
        at = end;
    }
    reader.finish(&mut |item| sink(row(&item, 0), item));
    if reader.is_cut() {
        out.push((Span::default(), 0, "the end is missing".to_owned()));
    }
    if layout.is_local {
        out.push((Span::default(), 0, "the clock is local".to_owned()));
    }
    out
}

/// The row of a record; what stands between records has none.
fn row(item: &Item<'_>, before: u64) -> u64 {
    match item {
        Item::Request(Record { place, .. })
        | Item::Line(Line { place, .. })
        | Item::Event(Event { place, .. })
        | Item::Other(place)
        | Item::Malformed(place, _) => before + place.row,
        Item::Between(_) => 0,
    }
}

fn show(item: &Item<'_>) -> String {
    match item {
        Item::Between(_) => String::new(),
        Item::Other(_) => "other".to_owned(),
        Item::Malformed(_, fault) => format!("! {fault}"),
        Item::Request(r) => {
            let mut text = format!(
                "{} {:?} {:?} {:?} {:?}",
                r.vantage().name(),
                r.status(),
                r.substatus(),
                r.win32_status(),
                r.time_taken_ms()
            );
            for column in 0..r.columns() {
                let (field, value) = r.column(column).unwrap();
                let _ = write!(text, " {}={value:?}", field.unwrap().name());
            }
            text
        }
        Item::Line(l) => format!(
            "{:?} {} level={:?} text={:?} exception={:?} stack={:?} logger={:?} instance={:?} site={:?}",
            l.stream, l.time, l.level, l.text, l.exception, l.stack, l.logger, l.instance, l.site
        ),
        Item::Event(e) => format!(
            "event {} level={:?} name={:?} reason={:?} message={:?} instance={:?} site={:?}",
            e.time,
            e.level,
            e.name(),
            e.reason(),
            e.message,
            e.instance,
            e.site
        ),
    }
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/azure");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    all.sort();
    assert!(all.len() >= 15);
    all
}

#[test]
fn each_fixture_gives_what_it_is_named_after() {
    for (name, log) in fixtures() {
        let mut text = format!("{:?}\n", Layout::of(&log).map(|layout| layout.shape));
        for (span, row, item) in read(&log, usize::MAX) {
            if !item.is_empty() {
                let _ = writeln!(text, "{}:{row} {item}", span.start);
            }
        }
        insta::assert_snapshot!(name, text);
    }
}

fn laws(log: &[u8]) -> Result<(), String> {
    let whole = read(log, usize::MAX);
    let mut at = 0;
    for (span, _, item) in whole.iter().filter(|(span, ..)| *span != Span::default()) {
        if span.start != at || span.is_empty() {
            return Err(format!("{item} stands at {span:?}, {at} was reached"));
        }
        at = span.end;
    }
    if at != log.len() as u64 {
        return Err(format!("the items end at {at} of {}", log.len()));
    }
    for size in [1, 2, 3, 7, 64, 300] {
        let pieces = read(log, size);
        if pieces != whole {
            return Err(format!("in pieces of {size}: {pieces:#?}, in one: {whole:#?}"));
        }
    }
    Ok(())
}

#[test]
fn fixtures_keep_the_laws() {
    for (name, log) in fixtures() {
        // A byte order mark that comes in two pieces is not looked for: pieces are longer.
        let log = log.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&log);
        laws(log).map_err(|error| format!("{name}: {error}")).unwrap();
        let cut = &log[..log.len() * 3 / 5];
        laws(cut).map_err(|error| format!("{name}, cut: {error}")).unwrap();
    }
}

#[test]
fn a_record_beyond_the_limit_costs_itself_alone() {
    let long = format!(
        "[{{\"time\":\"2026-03-11T02:14:07Z\",\"category\":\"AppServiceConsoleLogs\",\"resultDescription\":\"{}\"}},\
         {{\"time\":\"2026-03-11T02:14:08Z\",\"category\":\"AppServiceConsoleLogs\",\"resultDescription\":\"x\"}}]",
        "a".repeat(MAX_RECORD)
    );
    let faults = |size| {
        read(long.as_bytes(), size)
            .into_iter()
            .map(|(span, _, item)| (span, item))
            .filter(|(_, item)| !item.is_empty())
            .collect::<Vec<_>>()
    };
    let whole = faults(usize::MAX);
    assert_eq!(whole.len(), 2);
    assert_eq!(whole[0].1, "! a record of more than 1048576 bytes");
    assert_eq!(whole, faults(100_000));
}

#[test]
fn what_is_not_ours_is_not_recognised() {
    for head in [
        "",
        "{}",
        "[1,2]",
        "{\"Mode\":\"Collect\"}",
        "date,time,status\n",
        "TimeGenerated,Computer,ObjectName\n",
        "#Fields: date time\n",
    ] {
        assert_eq!(Layout::of(head.as_bytes()), None, "{head}");
    }
}

/// Pieces of logs, put together at random: brackets where none should be, halves of records.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("{\"records\":["),
        Just("{\"value\": [\n"),
        Just(
            "{\"tables\":[{\"columns\":[{\"name\":\"TimeGenerated\"},{\"name\":\"ScStatus\"}],\"rows\":["
        ),
        Just("[\"2026-03-11T02:14:07Z\",500]"),
        Just(
            "{\"time\":\"2026-03-11T02:14:07Z\",\"category\":\"AppServiceHTTPLogs\",\"properties\":{\"ScStatus\":503}}"
        ),
        Just(
            "{\"time\":\"2026-03-11T02:14:07Z\",\"category\":\"AppServiceConsoleLogs\",\"resultDescription\":\"a\\\"b\\\\\"}"
        ),
        Just("{\"category\":\"AppServiceHTTPLogs\",\"prop"),
        Just("TimeGenerated [UTC],ScStatus,CsUriStem\n"),
        Just("\"2026-03-11T02:14:07Z\",503,\"/a\nb\"\n"),
        Just("]"),
        Just("}"),
        Just("["),
        Just("{"),
        Just(","),
        Just("\""),
        Just("\\"),
        Just("\n"),
        Just("\r\n"),
        Just(" "),
        Just("x"),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn the_laws_hold(log in pieces()) {
        prop_assert_eq!(laws(&log), Ok(()));
    }

    #[test]
    fn the_laws_hold_on_bytes(log in prop::collection::vec(any::<u8>(), 0..200)) {
        let log = log.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&log);
        prop_assert_eq!(laws(log), Ok(()));
    }
}

/// Who wants to know which machine a log is of reads its first line, and no more.
#[test]
fn the_first_line_alone_is_read() {
    for (_, log) in fixtures() {
        let line = log.split_inclusive(|c| *c == b'\n').next().unwrap_or_default();
        let mut reader = Reader::new(Layout::of(&log).unwrap());
        let mut bytes = 0;
        for _ in 0..2 {
            reader.read(line, 1, &mut |item| bytes += item.span().len());
            reader.finish(&mut |item| bytes += item.span().len());
        }
        assert!(bytes >= line.len() as u64);
    }
}
