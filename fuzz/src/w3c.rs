//! W3C logs: the items tile the input, and the pieces in which it is read do not matter.

use daaslens_core::Span;
use daaslens_httplog::Request;
use daaslens_httplog::w3c::{self, Item, State};
use daaslens_testkit::laws;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let (state, _) = w3c::head(data);
    let newline = state.newline();
    let mut spans: Vec<Span> = Vec::new();
    w3c::read(data, 0, &mut State::with_newline(newline), &mut |item| spans.push(item.span()));
    laws::check_tiling(spans, data.len() as u64).unwrap();
    laws::check_chunk_independence([1, 7, 64, 500], |target| records(data, target, newline))
        .unwrap();
}

/// Everything that a record says, by reading in pieces of about `target` bytes.
fn records(data: &[u8], target: usize, newline: u8) -> Vec<String> {
    let mut out = Vec::new();
    let mut state = State::with_newline(newline);
    for piece in w3c::cut(data, target, newline) {
        let base = piece.start as u64;
        let bytes = data.get(piece).unwrap_or_default();
        w3c::read(bytes, base, &mut state, &mut |item| {
            out.push(match item {
                Item::Record(record) => {
                    let columns = record.schema().columns();
                    let values: Vec<_> =
                        (0..columns).filter_map(|column| record.at(column)).collect();
                    format!(
                        "{:?} {:?} {:?} {:?} {:?} {} {values:?}",
                        record.span(),
                        record.time(),
                        record.status(),
                        record.win32_status(),
                        record.time_taken_ms(),
                        record.is_recovered(),
                    )
                }
                Item::Malformed(malformed) => format!("{:?} {}", malformed.span, malformed.fault),
                Item::Directive(directive) => format!("{:?} {}", directive.span, directive.name),
                Item::Blank(span) => format!("{span:?}"),
            });
        });
    }
    out
}
