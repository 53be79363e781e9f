//! Logs of servers without columns of their own (NCSA, IIS's own, HTTPERR): the items tile the input, and the pieces
//! in which it is read do not matter.

use daaslens_core::Span;
use daaslens_httplog::{Item, Request, httperr, iis, ncsa, newline, w3c};
use daaslens_testkit::laws;

/// What a reader says of a log that is read in pieces of about so many bytes.
type Reader = fn(&[u8], usize) -> Vec<(Span, String)>;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    for read in [native as Reader, common, errors] {
        let whole = read(data, usize::MAX);
        laws::check_tiling(whole.iter().map(|(span, _)| *span), data.len() as u64).unwrap();
        laws::check_chunk_independence([1, 7, 64, 500], |target| read(data, target)).unwrap();
    }
}

fn pieces(data: &[u8], target: usize) -> impl Iterator<Item = (&[u8], u64)> {
    let pieces = w3c::cut(data, target.min(data.len().max(1)), newline(data));
    pieces.into_iter().map(|piece| (&data[piece.clone()], piece.start as u64))
}

fn item<R>(item: Item<R>, record: impl FnOnce(R) -> (Span, String)) -> (Span, String) {
    match item {
        Item::Record(one) => record(one),
        Item::Malformed(one) => (one.span, one.fault.to_string()),
        Item::Other(span) => (span, String::new()),
    }
}

/// Everything that a request says.
fn request(record: &impl Request) -> (Span, String) {
    let values: Vec<_> = (0..record.columns()).filter_map(|column| record.column(column)).collect();
    let said = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {} {values:?}",
        record.time(),
        record.status(),
        record.win32_status(),
        record.time_taken_ms(),
        record.uri_stem(),
        record.site_name(),
        record.is_recovered(),
    );
    (record.span(), said)
}

fn native(data: &[u8], target: usize) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    let mut state = iis::State::new(newline(data), None);
    for (bytes, base) in pieces(data, target) {
        iis::read(bytes, base, &mut state, &mut |one| out.push(item(one, |one| request(&one))));
    }
    out
}

fn common(data: &[u8], target: usize) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    for (bytes, base) in pieces(data, target) {
        ncsa::read(bytes, base, newline(data), &mut |one| {
            out.push(item(one, |one| request(&one)));
        });
    }
    out
}

fn errors(data: &[u8], target: usize) -> Vec<(Span, String)> {
    let mut out = Vec::new();
    let mut state = httperr::State::new(newline(data));
    for (bytes, base) in pieces(data, target) {
        httperr::read(bytes, base, &mut state, &mut |one| {
            out.push(item(one, |one| {
                let values: Vec<_> = one.values().collect();
                let said = format!(
                    "{:?} {:?} {:?} {} {values:?}",
                    one.time(),
                    one.status(),
                    one.reason(),
                    one.is_recovered()
                );
                (one.span(), said)
            }));
        });
    }
    out
}
