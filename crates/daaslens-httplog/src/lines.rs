//! Lines, as all logs of servers have them: what ends one, what is padding, what is too long.

use std::fmt;

use bstr::ByteSlice;
use daaslens_core::Span;

/// The longest line that is read. IIS writes at most 65,536 bytes; a line beyond this is one malformed item,
/// whatever it holds.
pub const MAX_LINE: usize = 1 << 20;

/// A run of at least this many NULs inside a line is padding that a crash left behind, and parts what stands
/// before it from what stands after it. A shorter run is damage like any other.
const PADDING: usize = 16;

/// One piece of a log without columns of its own. The spans of all items tile the input.
#[derive(Clone, Copy, Debug)]
pub enum Item<R> {
    /// A record.
    Record(R),
    /// A line that is not understood.
    Malformed(Malformed),
    /// A blank line, a directive, a byte order mark, or NUL padding.
    Other(Span),
}

/// A line that could not be read as a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where it stands.
    pub span: Span,
    /// How many lines of the bytes that were read stand before it.
    pub row: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// It has not the parts that a line of this format has. A line that was cut while it was written looks so.
    Shape,
    /// The date or the time is none.
    Time,
    /// The status is no number of at most three digits.
    Status,
    /// The line is longer than any server writes.
    TooLong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape => f.write_str("not the parts that a line of this format has"),
            Self::Time => f.write_str("no valid date and time"),
            Self::Status => f.write_str("no valid status"),
            Self::TooLong => write!(f, "a line of more than {MAX_LINE} bytes"),
        }
    }
}

/// The byte that ends a line of a log with this head: a line feed, or a carriage return in files that were re-saved
/// by old tools.
pub fn newline(head: &[u8]) -> u8 {
    if !head.contains(&b'\n') && head.contains(&b'\r') { b'\r' } else { b'\n' }
}

/// A line or a part of one, between its neighbours and padding.
#[derive(Clone, Copy)]
pub(crate) enum Line<'a> {
    /// Text without its end.
    Text(&'a [u8]),
    /// Nothing but blanks, NULs, or a byte order mark.
    Blank,
    /// More than [`MAX_LINE`].
    TooLong,
}

/// Hands out every line of `bytes`, which begin at a line start `base` bytes into their source, with its place and
/// the number of lines before it. Returns how many lines ended in `bytes`.
pub(crate) fn each<'a>(
    bytes: &'a [u8],
    base: u64,
    newline: u8,
    sink: &mut impl FnMut(Line<'a>, Span, u64),
) -> u64 {
    let (mut row, mut start) = (0, 0);
    while start < bytes.len() {
        let end = memchr::memchr(newline, &bytes[start..]).map(|at| start + at);
        let (text, next) =
            end.map_or_else(|| (&bytes[start..], bytes.len()), |end| (&bytes[start..end], end + 1));
        let mut give = |line, from: usize, to: usize| {
            sink(line, Span::new(from as u64, to as u64).shifted(base), row);
        };
        if text.len() > MAX_LINE {
            give(Line::TooLong, start, next);
        } else {
            parts(text, start, next, &mut |part, mut from, to| {
                let Some(mut part) = part else { return give(Line::Blank, from, to) };
                if base + from as u64 == 0
                    && let Some(rest) = part.strip_prefix(b"\xef\xbb\xbf")
                    && !rest.is_empty()
                {
                    give(Line::Blank, 0, 3);
                    (part, from) = (rest, 3);
                }
                match trimmed(part) {
                    b"\xef\xbb\xbf" if base + from as u64 == 0 => give(Line::Blank, from, to),
                    text if text.trim_ascii().is_empty() => give(Line::Blank, from, to),
                    text => give(Line::Text(text), from, to),
                }
            });
        }
        row += u64::from(end.is_some());
        start = next;
    }
    row
}

/// Without the carriage return of its end, and without the padding that the last line of a file may carry.
pub(crate) fn trimmed(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r").unwrap_or(text).trim_end_with(|c| c == '\0')
}

/// Parts a line at NUL padding, which is what NTFS shows of a file that was being extended when the machine went
/// down: the next writer appends after it, on the same "line". Hands out text, or nothing for padding, with where
/// it begins and ends.
pub(crate) fn parts<'a>(
    line: &'a [u8],
    at: usize,
    end: usize,
    sink: &mut impl FnMut(Option<&'a [u8]>, usize, usize),
) {
    let (mut rest, mut at) = (line, at);
    loop {
        let nuls = rest.iter().take_while(|c| **c == 0).count();
        if nuls > 0 {
            rest = &rest[nuls..];
            if rest.trim_ascii().is_empty() {
                return sink(None, at, end);
            }
            sink(None, at, at + nuls);
            at += nuls;
        }
        let Some(len) = rest.find([0; PADDING]) else { return sink(Some(rest), at, end) };
        sink(Some(&rest[..len]), at, at + len);
        rest = &rest[len..];
        at += len;
    }
}

/// Start and end of a value in its line.
pub(crate) type Range = (u32, u32);

/// The values of `text` that stand one blank apart, at most `most` of them: the last holds the rest.
pub(crate) fn blanks(text: &[u8], most: usize) -> Vec<Range> {
    let mut tokens = Vec::with_capacity(16);
    let mut start = 0;
    for at in memchr::memchr_iter(b' ', text).take(most.saturating_sub(1)) {
        tokens.push((start, at as u32));
        start = at as u32 + 1;
    }
    tokens.push((start, text.len() as u32));
    tokens
}
