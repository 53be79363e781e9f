//! Everything that the readers of logs without columns of their own say about each fixture, and their laws.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads its fixtures, and fails by a panic"
)]

mod laws;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use daaslens_core::{Span, Time};
use daaslens_httplog::{Item, Request, httperr, iis, ncsa, newline};

/// A reader: each item as where it stands and what it says, from bytes that are cut at these places.
type Reader = fn(&[u8], &[usize]) -> Vec<(Span, String)>;

const READERS: [(&str, Reader); 3] =
    [("ncsa", read_ncsa), ("iis-native", read_native), ("httperr", read_httperr)];

/// A request in full: time, what it is known to mean, and what nobody knows.
fn request(record: &impl Request) -> String {
    let time = record.time().map(Time::rfc3339).unwrap_or_default();
    let win32 = record.win32_status().map(|n| format!(" win32={n}")).unwrap_or_default();
    let took = record.time_taken_ms().map(|n| format!(" {n} ms")).unwrap_or_default();
    let mut line = format!("{time} {:?}{win32}{took}", record.status());
    if record.is_recovered() {
        line.push_str(" recovered");
    }
    for column in 0..record.columns() {
        let (field, value) = record.column(column).unwrap();
        let name = field.map_or("?", |field| field.name());
        if value != "-" {
            let _ = write!(line, "\n    {name}={value}");
        }
    }
    line
}

fn item<R>(item: &Item<R>, record: impl FnOnce(&R) -> (Span, String)) -> (Span, String) {
    match item {
        Item::Record(one) => record(one),
        Item::Malformed(one) => (one.span, format!("! {}", one.fault)),
        Item::Other(span) => (*span, "other".to_owned()),
    }
}

/// The pieces between these places, with where they begin.
fn pieces<'a>(log: &'a [u8], cuts: &[usize]) -> Vec<(&'a [u8], u64)> {
    let mut ends = cuts.to_vec();
    ends.push(log.len());
    let mut start = 0;
    let mut pieces = Vec::new();
    for end in ends {
        pieces.push((&log[start..end], start as u64));
        start = end;
    }
    pieces
}

fn read_ncsa(log: &[u8], cuts: &[usize]) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    for (bytes, base) in pieces(log, cuts) {
        ncsa::read(bytes, base, newline(log), &mut |one| {
            out.push(item(&one, |record| (record.span(), request(record))));
        });
    }
    out
}

fn read_native(log: &[u8], cuts: &[usize]) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    let mut state = iis::State::new(newline(log), None);
    for (bytes, base) in pieces(log, cuts) {
        iis::read(bytes, base, &mut state, &mut |one| {
            out.push(item(&one, |record| (record.span(), request(record))));
        });
    }
    out
}

fn read_httperr(log: &[u8], cuts: &[usize]) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    let mut state = httperr::State::new(newline(log));
    for (bytes, base) in pieces(log, cuts) {
        httperr::read(bytes, base, &mut state, &mut |one| {
            out.push(item(&one, |record| {
                let mut line = format!("{} {:?}", record.time().rfc3339(), record.status());
                if record.is_recovered() {
                    line.push_str(" recovered");
                }
                for (column, value) in record.values() {
                    let _ = write!(line, "\n    {column:?}={value}");
                }
                (record.span(), line)
            }));
        });
    }
    out
}

#[test]
fn every_fixture_is_read_in_full() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    for (folder, read) in READERS {
        let mut paths: Vec<_> =
            fs::read_dir(fixtures.join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let log = fs::read(&path).unwrap();
            let lines: Vec<String> = read(&log, &[])
                .into_iter()
                .map(|(span, text)| format!("{}..{} {text}", span.start, span.end))
                .collect();
            let name = format!("{folder}-{}", path.file_stem().unwrap().to_str().unwrap());
            insta::assert_snapshot!(name, lines.join("\n"));
        }
    }
}

#[test]
fn a_long_line_is_read_and_an_endless_one_is_one_fault() {
    for (blank, read) in [
        ("192.0.2.7 - - [11/Mar/2026:02:14:07 +0000] \"GET /{} HTTP/1.1\" 200 17\n", READERS[0].1),
        (
            "192.0.2.7, -, 03/20/26, 7:55:20, W3SVC2, WEB01, 10.0.0.4, 1, 1, 1, 200, 0, GET, /{}, -,\n",
            READERS[1].1,
        ),
        (
            "2026-03-11 02:14:07 192.0.2.7 5 10.0.0.4 80 HTTP/1.1 GET /{} 503 2 QueueFull x\n",
            READERS[2].1,
        ),
    ] {
        let log = format!(
            "{}{}",
            blank.replace("{}", &"a".repeat(70_000)),
            blank.replace("{}", &"b, [c\" ".repeat(200_000))
        );
        let seen = read(log.as_bytes(), &[]);
        assert_eq!(seen.len(), 2);
        assert!(seen[0].1.starts_with("2026-03-"), "{}", &seen[0].1[..40]);
        assert_eq!(seen[1].1, "! a line of more than 1048576 bytes");
    }
}
