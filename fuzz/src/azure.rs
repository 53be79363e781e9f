//! Resource logs of Azure and exports of metrics: the items tile the input, the pieces in which it is read do not matter,
//! and what is read of metrics is not more than was given.

use daaslens_core::Span;
use daaslens_httplog::Request;
use daaslens_httplog::azure::{Item, Layout, Reader, Shape};
use daaslens_platform::metrics;
use daaslens_testkit::laws;

/// How much longer than the input the metrics may be when they are written out for people, names of fields included.
const FACTOR: usize = 400;
const BASE: usize = 100_000;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    // A byte order mark that comes in two pieces is not looked for: pieces are longer.
    let log = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let own = Layout::of(log).unwrap_or(Layout::LINES);
    let table = Layout::of(b"TimeGenerated,ScStatus,CsUriStem\n").unwrap_or(own);
    let document = Layout::of(b"[{\"category\":\"AppServiceHTTPLogs\"}").unwrap_or(own);
    for layout in [own, Layout::LINES, table, document] {
        let whole = read(log, layout, usize::MAX);
        laws::check_tiling(whole.iter().map(|(span, _)| *span), log.len() as u64).unwrap();
        laws::check_chunk_independence([1, 7, 64, 500], |size| read(log, layout, size)).unwrap();
    }
    let first = format!("{:?}", metrics::read(data));
    assert_eq!(first, format!("{:?}", metrics::read(data)));
    assert!(first.len() <= BASE + FACTOR * data.len(), "{} bytes of {}", first.len(), data.len());
    let _ = metrics::read_point(data);
}

/// What a log holds, read in pieces of `size` bytes; of lines, in pieces that end at line ends.
fn read(log: &[u8], layout: Layout, size: usize) -> Vec<(Span, String)> {
    let mut reader = Reader::new(layout);
    let mut out = Vec::new();
    let mut sink = |item: Item<'_>| out.push((item.span(), said(&item)));
    let mut at = 0;
    while at < log.len() {
        let mut end = at.saturating_add(size).min(log.len());
        if layout.shape == Shape::Lines {
            let rest = &log[end - 1..];
            end = rest.iter().position(|c| *c == b'\n').map_or(log.len(), |len| end + len);
        }
        reader.read(&log[at..end], at as u64, &mut sink);
        at = end;
    }
    reader.finish(&mut sink);
    out
}

/// Everything that an item says.
fn said(item: &Item<'_>) -> String {
    match item {
        Item::Request(record) => {
            let values: Vec<_> =
                (0..record.columns()).filter_map(|column| record.column(column)).collect();
            format!(
                "{:?} {:?} {:?} {:?} {:?} {values:?}",
                record.vantage(),
                record.status(),
                record.substatus(),
                record.win32_status(),
                record.time_taken_ms()
            )
        }
        Item::Line(line) => format!("{} {:?} {}", line.time, line.level, line.text),
        Item::Event(event) => format!("{} {:?} {:?}", event.time, event.name(), event.reason()),
        Item::Other(_) => "other".to_owned(),
        Item::Malformed(_, fault) => fault.to_string(),
        Item::Between(_) => String::new(),
    }
}
