//! From bytes to records: which line begins one, and which belongs to the one before.

use std::borrow::Cow;

use daaslens_core::{Span, Time};

use crate::head::{self, Form, Head};
use crate::json;
use crate::open::{Open, job_text, level_in_front};
use crate::origin::FileName;
use crate::record::{Dated, Record, Zone};
use crate::stamp::{self, When};
use crate::text::{decode, is_blank, plain, without_end};

/// The longest record that is kept together. A line beyond it is cut; the lines behind are records of their own.
pub const MAX_RECORD: usize = 64 << 10;

/// A piece of a log: its spans tile it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A record.
    Record(Record<'a>),
    /// The rest of a line that is longer than [`MAX_RECORD`].
    More(Span),
    /// A line without text before any record: blanks, or NULs.
    Blank(Span),
}

impl Item<'_> {
    /// The bytes of the item, from the start of the log.
    pub fn span(&self) -> Span {
        match self {
            Item::Record(record) => record.span,
            Item::More(span) | Item::Blank(span) => *span,
        }
    }
}

/// Reads a log front to back, in blocks of any size.
#[derive(Clone, Debug)]
pub struct Reader {
    name: FileName,
    /// Whether each line has the stamp of a container in front.
    is_container: bool,
    at: u64,
    line: u64,
    /// Whether the reader stands inside a line that was cut.
    in_long_line: bool,
    clock: Clock,
}

/// What is known of the time without a stamp.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    last: Option<(Time, Zone)>,
    /// Midnight before the last time of day, and that time.
    day: Option<(i64, i64)>,
}

const DAY: i64 = 86_400_000;

impl Reader {
    /// A reader for a log of this name that begins with `head` (the first few thousand bytes, always the same for the
    /// same log, whatever the blocks).
    pub fn new(name: FileName, head: &[u8]) -> Self {
        let day = name.start.map(|start| {
            let of_day = if name.only_day { 0 } else { start.0.rem_euclid(DAY) };
            (start.0 - start.0.rem_euclid(DAY), of_day)
        });
        let first = head.split(|byte| *byte == b'\n').find(|line| !is_blank(line));
        Self {
            is_container: first.is_some_and(|line| container_stamp(line).is_some()),
            name,
            at: 0,
            line: 1,
            in_long_line: false,
            clock: Clock { last: None, day },
        }
    }

    /// Reads all items of `bytes` that are complete, and returns how many bytes these are. The rest is to be given
    /// again, with more behind it; with `is_end` nothing is left.
    pub fn read<'a>(
        &mut self,
        bytes: &'a [u8],
        is_end: bool,
        sink: &mut dyn FnMut(Item<'a>),
    ) -> usize {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(extent) = self.extent(rest, is_end) else { break };
            let own = rest.get(..extent.len).unwrap_or(rest);
            let span = Span::new(self.at, self.at + own.len() as u64);
            let lines = memchr::memchr_iter(b'\n', own).count() as u64;
            match extent.what {
                What::Blank => sink(Item::Blank(span)),
                What::More => sink(Item::More(span)),
                What::Record => {
                    let last = lines + u64::from(own.last() != Some(&b'\n'));
                    sink(Item::Record(self.record(own, span, last, extent.is_cut)));
                }
            }
            self.in_long_line = extent.is_cut && own.last() != Some(&b'\n');
            self.at = span.end;
            self.line += lines;
            at += own.len();
        }
        at
    }

    /// The item at the start of `rest`; `None` where more bytes are needed to tell.
    fn extent(&self, rest: &[u8], is_end: bool) -> Option<Extent> {
        let first = match memchr::memchr(b'\n', rest.get(..MAX_RECORD).unwrap_or(rest)) {
            Some(end) => end + 1,
            None if rest.len() >= MAX_RECORD => {
                let what = if self.in_long_line { What::More } else { What::Record };
                return Some(Extent { what, len: MAX_RECORD, is_cut: true });
            }
            None if is_end => rest.len(),
            None => return None,
        };
        if self.in_long_line {
            return Some(Extent { what: What::More, len: first, is_cut: false });
        }
        let line = rest.get(..first)?;
        if is_blank(line) {
            return Some(Extent { what: What::Blank, len: first, is_cut: false });
        }
        let mut open = Open::new(&self.inner(line));
        let mut len = first;
        let mut is_cut = false;
        while let Some(next) = rest.get(len..) {
            if next.is_empty() {
                // At the end of what is there, the next line may still belong to it.
                if !is_end {
                    return None;
                }
                break;
            }
            let room = MAX_RECORD - len;
            let end = match memchr::memchr(b'\n', next.get(..room).unwrap_or(next)) {
                Some(end) => end + 1,
                None if next.len() > room => {
                    is_cut = open.takes(&self.inner(next.get(..room).unwrap_or(next)));
                    break;
                }
                None if is_end => next.len(),
                None => return None,
            };
            if !open.takes(&self.inner(next.get(..end)?)) {
                break;
            }
            len += end;
        }
        Some(Extent { what: What::Record, len, is_cut })
    }

    /// A line as its writer wrote it: without line end, colours and the stamp of a container.
    fn inner<'b>(&self, line: &'b [u8]) -> Cow<'b, [u8]> {
        let line = without_end(line);
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let line = match container_stamp(line).filter(|_| self.is_container) {
            Some((_, len)) => line.get(len..).unwrap_or_default(),
            None => line,
        };
        plain(line)
    }

    fn record<'a>(&mut self, own: &'a [u8], span: Span, lines: u64, is_cut: bool) -> Record<'a> {
        let first_end = memchr::memchr(b'\n', own).map_or(own.len(), |at| at + 1);
        let first = own.get(..first_end).unwrap_or(own);
        let outer = container_stamp(without_end(first)).filter(|_| self.is_container);
        let bare = self.inner(first);
        if let Some(object) = json::parse(&bare) {
            let (time, dated, zone, recovered) = self.date(object.stamp.or(outer.map(|o| o.0)));
            return Record {
                span,
                line: self.line,
                lines,
                form: Form::Json,
                time,
                dated,
                zone,
                recovered,
                cut: is_cut,
                level: object.level,
                pid: object.pid,
                category: object.category,
                thread: object.thread,
                scope: object.scope,
                message: object.message,
                text: Cow::Owned(object.text),
            };
        }
        let is_job = lines > 1 && head::parse(&bare).is_some_and(|head| head.form == Form::WebJob);
        let is_untouched = !self.is_container && !is_job && memchr::memchr(0x1b, own).is_none();
        let text: Cow<'a, str> = if is_untouched {
            decode(own.strip_prefix(b"\xef\xbb\xbf").unwrap_or(own))
        } else {
            let mut text = Vec::with_capacity(own.len());
            for line in own.split_inclusive(|byte| *byte == b'\n') {
                let inner = self.inner(line);
                text.extend_from_slice(job_text(&inner).unwrap_or(&inner));
                text.push(b'\n');
            }
            Cow::Owned(decode(&text).into_owned())
        };
        let line_end = text.find('\n').unwrap_or(text.len());
        let first = text.get(..line_end).unwrap_or_default().trim_end_matches('\r');
        let head = head::parse(first.as_bytes());
        let head = head.unwrap_or(Head::new(Form::Plain, 0));
        let (time, dated, zone, recovered) = self.date(head.stamp.or(outer.map(|o| o.0)));
        let zone = if head.form == Form::Trace { Zone::Known } else { zone };
        let mut scope = head.scope;
        let mut message = head.message;
        if head.form == Form::Console && first.len() <= message {
            // The message is on the next line; before it may stand the scopes.
            message = line_end;
            let body = text.get(line_end..).unwrap_or_default();
            let next = body.trim_start();
            if next.starts_with("=> ") {
                let start = line_end + body.len() - next.len();
                let end = start + next.find('\n').unwrap_or(next.len());
                (scope, message) = (start..end, end);
            }
        } else if !scope.is_empty() {
            message = line_end;
        }
        let in_message = text.get(message..).unwrap_or_default();
        let blanks = in_message.len() - in_message.trim_start().len();
        let mut record = Record {
            span,
            line: self.line,
            lines,
            form: head.form,
            time,
            dated,
            zone,
            recovered,
            cut: is_cut,
            level: head.level,
            pid: head.pid,
            category: head.category,
            thread: head.thread,
            scope,
            message: message + blanks,
            text,
        };
        // java.util.logging writes the level in front of the second line.
        if record.level.is_none() && record.form == Form::Dated {
            let second = record.text.get(line_end + 1..).unwrap_or_default();
            if let Some((level, len)) = level_in_front(second.as_bytes()) {
                (record.level, record.message) = (Some(level), line_end + 1 + len);
            }
        }
        record
    }

    fn date(&mut self, stamp: Option<stamp::Stamp>) -> (Option<Time>, Dated, Zone, bool) {
        let written = stamp.and_then(|stamp| match stamp.when {
            When::At(time) => {
                let zone = if stamp.offset.is_some() { Zone::Known } else { Zone::Assumed };
                Some((time, zone))
            }
            When::OfDay(ms) => self.of_day(ms).map(|time| (time, Zone::Assumed)),
            When::Never => None,
        });
        let recovered = stamp.is_some_and(|stamp| stamp.when == When::Never);
        if let Some((time, zone)) = written {
            self.clock.last = Some((time, zone));
            let of_day = time.0.rem_euclid(DAY);
            self.clock.day = Some((time.0 - of_day, of_day));
            return (Some(time), Dated::Written, zone, recovered);
        }
        if let Some((time, zone)) = self.clock.last {
            return (Some(time), Dated::Before, zone, recovered);
        }
        match self.name.start {
            Some(time) => (Some(time), Dated::FileName, Zone::Known, recovered),
            None => (None, Dated::Unknown, Zone::Assumed, recovered),
        }
    }

    /// The instant of a time of day: on the day of the last record, or the next where the clock went back by hours.
    fn of_day(&self, ms: i64) -> Option<Time> {
        let (midnight, last) = self.clock.day?;
        let midnight = if ms + DAY / 2 < last { midnight + DAY } else { midnight };
        Some(Time(midnight + ms))
    }
}

/// How far an item goes.
struct Extent {
    what: What,
    len: usize,
    is_cut: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Record,
    More,
    Blank,
}

/// `2023-06-19T20:53:21.550123456Z ` in front of what an application in a container printed.
fn container_stamp(line: &[u8]) -> Option<(stamp::Stamp, usize)> {
    let (stamp, len) = stamp::parse(line)?;
    let is_one = stamp.digits >= 7 && stamp.offset == Some(0) && line.get(10) == Some(&b'T');
    (is_one && line.get(len) == Some(&b' ')).then_some((stamp, len + 1))
}
