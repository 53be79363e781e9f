//! Cuts a log into pieces, and a piece into items.

use crate::record::Record;
use crate::stamp::{self, RawStamp};
use crate::zone::{AssumedZone, Clock};
use bstr::BStr;
use daaslens_core::Span;
use memchr::{memchr, memmem};
use std::fmt;

/// A piece of a log that can be read by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The bytes, from the start of the log.
    pub span: Span,
    /// The zone of stamps that name none.
    pub assumed: AssumedZone,
}

/// What a log consists of. The spans of the items tile the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A stamped line with the lines that belong to it.
    Record(Record<'a>),
    /// A line that belongs to no record.
    Malformed(Malformed<'a>),
    /// A line without text: blanks, or NULs.
    Blank(Span),
}

impl Item<'_> {
    /// The bytes of the item, from the start of the log.
    pub fn span(&self) -> Span {
        match self {
            Item::Record(record) => record.span(),
            Item::Malformed(malformed) => malformed.span,
            Item::Blank(span) => *span,
        }
    }
}

/// A line that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed<'a> {
    /// The bytes of the line, from the start of the log.
    pub span: Span,
    /// The line in the chunk, counted from 1.
    pub line: u64,
    /// The line, without its end.
    pub text: &'a BStr,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why a line could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// No record stands in front of it: the log begins in the middle of one (it was rotated or cut), or this is
    /// no PHP log.
    NoRecord,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord => f.write_str("a line without a stamp, and no record in front of it"),
        }
    }
}

/// Cuts `bytes` into pieces of about `target` bytes that can be read independently of each other; stamps without
/// a zone are in UTC. See [`plan_in`].
pub fn plan(bytes: &[u8], target: usize) -> Vec<Chunk> {
    plan_in(bytes, target, &AssumedZone::UTC)
}

/// Cuts `bytes` into pieces of about `target` bytes that can be read independently of each other.
///
/// A cut is made at the first line behind `target` that opens a record whose time means the same whatever stands
/// in front of it. Lines without a stamp at the head of a log belong to nothing, and may be cut anywhere. A
/// piece is longer than `target` by as much as it takes to find such a line.
pub fn plan_in(bytes: &[u8], target: usize, assumed: &AssumedZone) -> Vec<Chunk> {
    let mut clock = Clock::new(assumed);
    let head = head_len(bytes);
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let end = next_cut(bytes, start.saturating_add(target.max(1)), head, &mut clock)
            .unwrap_or(bytes.len());
        chunks.push(Chunk { span: Span::new(start as u64, end as u64), assumed: assumed.clone() });
        start = end;
    }
    chunks
}

/// The last place in `bytes` where a stream may be cut, for callers that hold only a part of a log: everything
/// in front is complete, the rest is to be read together with what follows. `None` where there is no such place.
pub fn cut(bytes: &[u8], assumed: &AssumedZone) -> Option<usize> {
    let mut clock = Clock::new(assumed);
    let mut end = bytes.len();
    while let Some(newline) = memchr::memrchr(b'\n', bytes.get(..end)?) {
        let is_safe = opens_record(bytes.get(newline + 1..)?)
            .is_some_and(|(stamp, _)| clock.stands_alone(&stamp));
        if is_safe {
            return Some(newline + 1);
        }
        end = newline;
    }
    None
}

/// Whether the text looks like a PHP error log: the names of files say little, applications choose them. Looks
/// at the first 64 KiB for a line that PHP or WordPress wrote.
pub fn sniff(bytes: &[u8]) -> bool {
    const LEVELS: [&[u8]; 5] =
        [b"Fatal error:", b"Warning:", b"Notice:", b"Parse error:", b"Deprecated:"];
    let start = bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default();
    start.split(|b| *b == b'\n').any(|line| match stamp::parse(line) {
        // Other loggers stamp alike, but none writes the zone inside the brackets.
        Some((stamp, rest)) => {
            stamp.zone.is_some()
                || rest.starts_with(b"PHP ")
                || crate::level::logger(rest).is_some()
                || memmem::find(rest.get(..rest.len().min(64)).unwrap_or(rest), b"[pool ").is_some()
        }
        None => {
            line.starts_with(b"WordPress database error ")
                || line
                    .strip_prefix(b"PHP ")
                    .is_some_and(|rest| LEVELS.iter().any(|l| rest.starts_with(l)))
        }
    })
}

/// How many bytes stand in front of the first record.
fn head_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(line) = bytes.get(at..).filter(|line| !line.is_empty()) {
        if opens_record(line).is_some() {
            return at;
        }
        at += line_len(line);
    }
    bytes.len()
}

fn next_cut(bytes: &[u8], from: usize, head: usize, clock: &mut Clock) -> Option<usize> {
    // The line that holds byte `from - 1` is finished first, so a cut is never in front of `from`.
    let mut at = from.checked_sub(1)?;
    loop {
        at += memchr(b'\n', bytes.get(at..)?)? + 1;
        let line = bytes.get(at..).filter(|line| !line.is_empty())?;
        if at <= head || opens_record(line).is_some_and(|(stamp, _)| clock.stands_alone(&stamp)) {
            return Some(at);
        }
    }
}

/// Reads one piece. The spans of the items tile it, and count from the start of `bytes`.
pub fn read<'a>(bytes: &'a [u8], chunk: &Chunk) -> Items<'a> {
    let clamp = |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
    let (start, end) = (clamp(chunk.span.start), clamp(chunk.span.end));
    Items {
        rest: bytes.get(start..end).unwrap_or_default(),
        at: start as u64,
        line: 1,
        clock: Clock::new(&chunk.assumed),
    }
}

/// The items of a piece, in order.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    rest: &'a [u8],
    at: u64,
    line: u64,
    clock: Clock,
}

impl<'a> Items<'a> {
    /// Takes `len` bytes that hold `lines` lines off the rest.
    fn take(&mut self, len: usize, lines: u64) -> Span {
        let span = Span::new(self.at, self.at + len as u64);
        self.rest = self.rest.get(len..).unwrap_or_default();
        self.at = span.end;
        self.line += lines;
        span
    }

    fn record(&mut self, raw: &RawStamp<'a>, body: &'a [u8]) -> Record<'a> {
        let (line, stamp_len) = (self.line, self.rest.len() - body.len());
        // Everything up to the next record, but the blank lines at its end stand for themselves.
        let mut lines = 0;
        let mut len = 0;
        let (mut kept_lines, mut kept_len, mut text_len) = (1, 0, 0);
        while let Some(next) = self.rest.get(len..).filter(|next| !next.is_empty()) {
            if len > 0 && may_open_record(next) && opens_record(next).is_some() {
                break;
            }
            let of_line = line_len(next);
            let text = trim_end(next.get(..of_line).unwrap_or_default());
            lines += 1;
            if len == 0 || !text.is_empty() {
                (kept_lines, kept_len, text_len) = (lines, len + of_line, len + text.len());
            }
            len += of_line;
        }
        let text = body.get(..text_len.saturating_sub(stamp_len)).unwrap_or_default();
        let stamp = self.clock.date(raw);
        let span = self.take(kept_len, kept_lines);
        Record::new(span, line, kept_lines, stamp, text)
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = self.rest;
        if let Some((raw, body)) = opens_record(rest) {
            return Some(Item::Record(self.record(&raw, body)));
        }
        let len = line_len(rest);
        let text = trim_end(stamp::without_lead(rest.get(..len).unwrap_or_default()));
        let line = self.line;
        let span = self.take(len, 1);
        if text.is_empty() {
            return Some(Item::Blank(span));
        }
        let text = BStr::new(text);
        Some(Item::Malformed(Malformed { span, line, text, fault: Fault::NoRecord }))
    }
}

fn line_len(bytes: &[u8]) -> usize {
    memchr(b'\n', bytes).map_or(bytes.len(), |newline| newline + 1)
}

/// A quick no for most continuation lines.
fn may_open_record(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'[' | b'\0' | 0xef))
}

/// The stamp and the text behind it, if the line at the start of `bytes` opens a record.
///
/// A stamped line of an Xdebug stack trace does not: it belongs to the record in front of it. Its stamp need not
/// be the same, because a second may pass while the trace is written. At the head of a log, with no record in
/// front, such a line is [`Malformed`]. The rule looks at nothing but the line, so a log can be cut.
fn opens_record(bytes: &[u8]) -> Option<(RawStamp<'_>, &[u8])> {
    stamp::parse(bytes).filter(|(_, text)| xdebug_line(text).is_none())
}

/// What an Xdebug stack trace line says behind its `PHP `: `Stack trace:` or `1. {main}() /f.php:0`.
pub(crate) fn xdebug_line(text: &[u8]) -> Option<&[u8]> {
    let text = text.strip_prefix(b"PHP ")?;
    if text.starts_with(b"Stack trace:") {
        return Some(text);
    }
    let blanks = text.iter().take(8).take_while(|b| **b == b' ').count();
    let numbered = text.get(blanks..)?;
    let digits = numbered.iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    (digits > 0 && numbered.get(digits..)?.starts_with(b". ")).then_some(numbered)
}

/// Where the first line of `text` that begins with `start` begins; the first line does not count.
pub(crate) fn find_line(text: &[u8], start: &[u8]) -> Option<usize> {
    memmem::find_iter(text, start)
        .find(|at| at.checked_sub(1).and_then(|b| text.get(b)) == Some(&b'\n'))
}

/// `text` without line ends, blanks and NULs at its end.
pub(crate) fn trim_end(text: &[u8]) -> &[u8] {
    let is_text = |b: &u8| !matches!(b, b'\r' | b'\n' | b' ' | b'\t' | b'\0');
    text.iter().rposition(is_text).and_then(|last| text.get(..=last)).unwrap_or_default()
}
