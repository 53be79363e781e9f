//! Cuts bytes into segments: one per event, and the stretches between them.
//!
//! This is the part that has to survive everything, so it knows almost nothing about XML: an event opens with
//! `<Event` and a delimiter and closes with `</Event>`; CDATA sections and comments hide both. Whatever else is
//! between the angle brackets is the business of the XML reader, one event at a time.
//!
//! A segment depends on the bytes from its start on and on nothing before, so that reading may begin at any
//! segment. That is what makes pieces independent of each other.

use memchr::{memchr, memchr2, memmem};

use crate::MAX_EVENT;

/// What a segment is, before any XML is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// From `<Event` to `</Event>`.
    Event,
    /// From `<Event` to where the next one begins, or the input ends.
    Torn,
    /// An event of more than [`MAX_EVENT`] bytes.
    TooLong,
    /// Text that belongs to no event and is no markup around one: the tail of an event whose head is lost.
    Stray,
    /// Declaration, comment, root tags, blanks, NUL padding.
    Other,
}

/// Walks over the input. It keeps nothing but memory of where the next `]]>` and `-->` are.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    cdata_end: Ahead,
    comment_end: Ahead,
    instruction_end: Ahead,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            cdata_end: Ahead::new(b"]]>"),
            comment_end: Ahead::new(b"-->"),
            instruction_end: Ahead::new(b"?>"),
        }
    }

    /// The segment that begins at `start`: what it is and where it ends. `start` must lie before the end.
    pub(crate) fn segment(&mut self, start: usize) -> (Kind, usize) {
        if is_event_start(self.rest(start)) {
            return self.event(start);
        }
        let end = self.other(start);
        if end > start { (Kind::Other, end) } else { (Kind::Stray, self.stray(start)) }
    }

    fn rest(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    fn event(&mut self, start: usize) -> (Kind, usize) {
        let mut at = start + 1;
        let mut in_start_tag = true;
        loop {
            let Some(found) = memchr(b'<', self.rest(at)) else {
                if in_start_tag && let Some(end) = self.empty_tag(start, self.bytes.len()) {
                    return (Kind::Event, end);
                }
                return self.torn(start, self.bytes.len());
            };
            let here = at + found;
            if in_start_tag {
                if let Some(end) = self.empty_tag(start, here) {
                    return (Kind::Event, end);
                }
                in_start_tag = false;
            }
            let rest = self.rest(here);
            if let Some(length) = event_end(rest) {
                let end = here + length;
                let kind = if end - start > MAX_EVENT { Kind::TooLong } else { Kind::Event };
                return (kind, end);
            }
            if is_boundary(rest) {
                return self.torn(start, here);
            }
            at = self.hidden(here).unwrap_or(here + 1);
        }
    }

    /// `<Event/>` is a whole event, though an empty one. `limit` is where the next tag opens.
    fn empty_tag(&self, start: usize, limit: usize) -> Option<usize> {
        let tag = self.bytes.get(start..limit)?;
        let close = memchr(b'>', tag)?;
        (tag.get(close.checked_sub(1)?) == Some(&b'/')).then_some(start + close + 1)
    }

    /// A CDATA section or a comment that opens here and is closed within the size of an event: where it ends.
    /// One that is never closed is no reason to lose all events that follow.
    fn hidden(&mut self, here: usize) -> Option<usize> {
        let rest = self.rest(here);
        let limit = self.bytes.len().min(here + MAX_EVENT);
        let (ahead, opening, closing) = if rest.starts_with(b"<![CDATA[") {
            (&mut self.cdata_end, 9, 3)
        } else if rest.starts_with(b"<!--") {
            (&mut self.comment_end, 4, 3)
        } else {
            return None;
        };
        ahead.find(self.bytes, here + opening, limit).map(|at| at + closing)
    }

    /// The end of a torn event: NUL bytes behind it are padding and not part of it. Files on a share that was
    /// cut off while it was written to have them by the kilobyte.
    fn torn(&self, start: usize, limit: usize) -> (Kind, usize) {
        let end = without_nul(self.bytes, start, limit);
        let kind = if end - start > MAX_EVENT { Kind::TooLong } else { Kind::Torn };
        (kind, end)
    }

    /// Where the stretch of markup and blanks that opens at `start` ends; `start` if there is none.
    fn other(&mut self, start: usize) -> usize {
        let mut at = start;
        loop {
            let rest = self.rest(at);
            at += match rest {
                // Text copied from Internet Explorer's tree view has `- ` before each element that can be folded.
                [b' ' | b'\t' | b'\r' | b'\n' | 0x0c | 0 | b'-' | b'+', ..] => 1,
                [0xef, 0xbb, 0xbf, ..] => 3,
                [b'<', b'!', b'-', b'-', ..] => match self.hidden(at) {
                    Some(end) => end - at,
                    None => return at,
                },
                [b'<', b'?', ..] => {
                    let limit = self.bytes.len().min(at + MAX_EVENT);
                    match self.instruction_end.find(self.bytes, at + 2, limit) {
                        Some(end) => end + 2 - at,
                        None => return at,
                    }
                }
                _ if is_root_tag(rest) || starts_without_case(rest, b"<!DOCTYPE") => {
                    match memchr2(b'<', b'>', rest.get(1..).unwrap_or_default()) {
                        Some(length) if rest.get(length + 1) == Some(&b'>') => length + 2,
                        _ => return at,
                    }
                }
                _ => return at,
            };
        }
    }

    fn stray(&self, start: usize) -> usize {
        let mut at = start + 1;
        while let Some(found) = memchr(b'<', self.rest(at)) {
            let here = at + found;
            let rest = self.rest(here);
            if let Some(length) = event_end(rest) {
                return here + length;
            }
            if is_boundary(rest) {
                return without_nul(self.bytes, start, here);
            }
            at = here + 1;
        }
        without_nul(self.bytes, start, self.bytes.len())
    }
}

/// The next occurrence of a needle, remembered, so that input which opens a thousand sections and closes none
/// is searched once and not a thousand times.
#[derive(Clone, Debug)]
struct Ahead {
    needle: &'static [u8],
    /// `from..to` was searched; `hit` is the first occurrence in it.
    from: usize,
    to: usize,
    hit: Option<usize>,
}

impl Ahead {
    const fn new(needle: &'static [u8]) -> Self {
        Self { needle, from: 0, to: 0, hit: None }
    }

    /// The first occurrence that lies wholly within `from..limit`. Calls come with rising `from`.
    fn find(&mut self, bytes: &[u8], from: usize, limit: usize) -> Option<usize> {
        if from < self.from || self.hit.is_some_and(|hit| hit < from) || from > self.to {
            (self.from, self.to, self.hit) = (from, from, None);
        }
        if self.hit.is_none() && limit > self.to {
            let overlap = self.to.saturating_sub(self.needle.len() - 1).max(from);
            self.hit = bytes
                .get(overlap..limit)
                .and_then(|window| memmem::find(window, self.needle))
                .map(|at| overlap + at);
            self.to = limit;
        }
        self.hit.filter(|hit| hit + self.needle.len() <= limit)
    }
}

fn without_nul(bytes: &[u8], start: usize, limit: usize) -> usize {
    let span = bytes.get(start..limit).unwrap_or_default();
    if span.last() != Some(&0) {
        return limit;
    }
    span.iter().rposition(|&byte| byte != 0).map_or(limit, |last| start + last + 1)
}

/// What can only stand between two events: if it turns up in one, that one was never finished.
fn is_boundary(rest: &[u8]) -> bool {
    is_event_start(rest) || is_root_tag(rest) || rest.starts_with(b"<?xml ")
}

fn is_event_start(rest: &[u8]) -> bool {
    rest.starts_with(b"<Event") && rest.get(6).is_none_or(|&byte| is_delimiter(byte))
}

fn is_root_tag(rest: &[u8]) -> bool {
    let name = rest.strip_prefix(b"</").or_else(|| rest.strip_prefix(b"<")).unwrap_or_default();
    name.starts_with(b"Events") && name.get(6).is_none_or(|&byte| is_delimiter(byte))
}

/// The length of an end tag `</Event>`, blanks before the bracket allowed.
fn event_end(rest: &[u8]) -> Option<usize> {
    let after = rest.strip_prefix(b"</Event")?;
    let blanks = after.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    (after.get(blanks) == Some(&b'>')).then_some(7 + blanks + 1)
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')
}

fn starts_without_case(rest: &[u8], prefix: &[u8]) -> bool {
    rest.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
