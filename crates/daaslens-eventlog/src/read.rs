//! `plan` and `read`: the two functions through which every event comes.

use std::borrow::Cow;

use daaslens_core::Span;
use memchr::memchr_iter;

use crate::event::Event;
use crate::fault::Fault;
use crate::parse;
use crate::scan::{Kind, Scanner};

/// A piece of the input that can be read by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its bytes.
    pub span: Span,
    /// The line on which it begins, counted from 1.
    pub line: u64,
}

/// One item of an event log. The spans of all items, one after the other, are the input.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// An event that was read; see [`Event::faults`] for what had to be put up with.
    Event(Box<Event<'a>>),
    /// What should have been an event.
    Malformed(Malformed),
    /// Declaration, comments, root tags, blanks, NUL padding.
    Other(Span),
}

impl Item<'_> {
    /// Where the item stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Event(event) => event.span,
            Self::Malformed(malformed) => malformed.span,
            Self::Other(span) => *span,
        }
    }
}

/// An event that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where it stands.
    pub span: Span,
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// Why it could not be read.
    pub fault: Fault,
}

/// Cuts `bytes` into independently readable pieces of at least `target` bytes (the last may be shorter), always
/// between two events. The cuts depend on the input and on `target` alone.
///
/// Pass UTF-16 through [`decode`] first.
pub fn plan(bytes: &[u8], target: usize) -> Vec<Chunk> {
    let mut scanner = Scanner::new(bytes);
    let mut chunks = Vec::new();
    let (mut start, mut line, mut at) = (0, 1, 0);
    while at < bytes.len() {
        at = scanner.segment(at).1;
        if at - start >= target || at == bytes.len() {
            chunks.push(Chunk { span: Span::new(start as u64, at as u64), line });
            line += newlines(bytes, start, at);
            start = at;
        }
    }
    chunks
}

/// Reads one piece that [`plan`] cut out of `bytes`.
pub fn read<'a>(bytes: &'a [u8], chunk: &Chunk) -> Items<'a> {
    let end = usize::try_from(chunk.span.end).unwrap_or(usize::MAX).min(bytes.len());
    let at = usize::try_from(chunk.span.start).unwrap_or(usize::MAX).min(end);
    Items { bytes, scanner: Scanner::new(bytes), at, end, line: chunk.line }
}

/// Reads all of `bytes` in one go.
pub fn read_all(bytes: &[u8]) -> Items<'_> {
    read(bytes, &Chunk { span: Span::new(0, bytes.len() as u64), line: 1 })
}

/// The items of a chunk, in the order of the file.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    bytes: &'a [u8],
    scanner: Scanner<'a>,
    at: usize,
    end: usize,
    line: u64,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.at >= self.end {
            return None;
        }
        let (kind, end) = self.scanner.segment(self.at);
        let (start, line) = (self.at, self.line);
        self.line += newlines(self.bytes, start, end);
        self.at = end;
        let span = Span::new(start as u64, end as u64);
        let fault = match kind {
            Kind::Other => return Some(Item::Other(span)),
            Kind::Event => {
                match parse::event(self.bytes.get(start..end).unwrap_or_default(), span, line) {
                    Ok(event) => return Some(Item::Event(Box::new(event))),
                    Err(fault) => fault,
                }
            }
            Kind::Torn => Fault::Truncated,
            Kind::TooLong => Fault::TooLong { len: span.len() },
            Kind::Stray => Fault::Stray,
        };
        Some(Item::Malformed(Malformed { span, line, fault }))
    }
}

fn newlines(bytes: &[u8], start: usize, end: usize) -> u64 {
    memchr_iter(b'\n', bytes.get(start..end).unwrap_or_default()).count() as u64
}

/// UTF-16 as UTF-8; anything else as it is. Spans of items then count bytes of what is returned here.
///
/// PowerShell 5 redirects into UTF-16 with a byte order mark, and some tools save the same without one; the
/// first character of an event log is a `<` then, which betrays it.
pub fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    let encoding = match bytes {
        [0xff, 0xfe, ..] | [b'<', 0, ..] => encoding_rs::UTF_16LE,
        [0xfe, 0xff, ..] | [0, b'<', ..] => encoding_rs::UTF_16BE,
        _ => return Cow::Borrowed(bytes),
    };
    match encoding.decode_with_bom_removal(bytes).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}
