//! The reader: lines in, items out.

use std::sync::Arc;

use bstr::ByteSlice;
use daaslens_core::{Span, Time};

use super::record::Fields;
use super::scan::Marks;
use super::schema::MAX_COLUMNS;
use super::{Directive, Fault, Item, Malformed, Quoting, Record, Schema, Service, recover};
use crate::clock::{at, parse_date, parse_time_of_day, seconds_ms, two};
use crate::lines::{self, MAX_LINE};
use crate::request::number;
use crate::{Field, Request};

/// What a reader must know of everything before the bytes that it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    schema: Option<Arc<Schema>>,
    /// Days since the epoch, from the last `#Date:`.
    date: Option<i64>,
    quoting: Quoting,
    /// Whether the last `#Software:` is neither IIS nor the Windows HTTP API.
    foreign: bool,
    /// What ends a line: a line feed, or a carriage return in files that were re-saved by old tools.
    newline: u8,
}

impl Default for State {
    fn default() -> Self {
        Self { schema: None, date: None, quoting: Quoting::None, foreign: false, newline: b'\n' }
    }
}

impl State {
    /// The state at the start of a source whose lines end in `newline`.
    pub fn with_newline(newline: u8) -> Self {
        Self { newline, ..Self::default() }
    }

    /// Whether lines read with `self` give the same records as lines read with `other`. The date of the last
    /// header does not matter where each line carries its own.
    pub fn reads_like(&self, other: &Self) -> bool {
        let dated = self.schema.as_ref().is_some_and(|schema| schema.has_date());
        self.schema == other.schema
            && self.quoting == other.quoting
            && self.foreign == other.foreign
            && self.newline == other.newline
            && (dated || self.date == other.date)
    }

    /// The columns, once they are known.
    pub fn schema(&self) -> Option<&Schema> {
        self.schema.as_deref()
    }

    /// The byte that ends a line.
    pub fn newline(&self) -> u8 {
        self.newline
    }

    fn apply(&mut self, name: &[u8], value: &[u8]) {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("Fields") {
            self.schema = Schema::parse(value, self.quoting, self.foreign).map(Arc::new);
        } else if is("Software") {
            let says = |what: &str| value.to_ascii_lowercase().contains_str(what);
            let advanced = says("advanced logging");
            let own = says("internet information serv") || says("microsoft http") || advanced;
            self.foreign = !own;
            self.quoting = if advanced || !own { Quoting::Quotes } else { Quoting::None };
        } else if is("Date") || is("Start-Date") {
            self.date = value.get(..10).and_then(parse_date);
        }
    }
}

/// The state after the head of a source, and what its first lines say: `head` is its first bytes, as many as one
/// likes. Readers of later pieces start from this state, and are right unless the columns change in between.
pub fn head(head: &[u8]) -> (State, Option<Service>) {
    let mut state = State::with_newline(lines::newline(head));
    let mut service = None;
    // The last line may be cut; it can still tell the service.
    let newline = state.newline;
    let mut base = 0;
    for line in head.split_inclusive(|c| *c == newline) {
        let mut seen = false;
        read(line, base, &mut state, &mut |item| match item {
            Item::Record(record) => {
                service.get_or_insert_with(|| service_of(&record));
                seen = true;
            }
            Item::Malformed(_) => seen = true,
            Item::Directive(_) | Item::Blank(_) => {}
        });
        if seen {
            break;
        }
        base += line.len() as u64;
    }
    let service = service.or_else(|| state.schema().map(Schema::service));
    (state, service)
}

fn service_of(record: &Record<'_>) -> Service {
    let service = record.schema().service();
    if service != Service::Http {
        return service;
    }
    // FTP logs number their sessions: `[2]USER`, `[14]sent`.
    if record.method().is_some_and(|method| method.starts_with(b"[")) {
        return Service::Ftp;
    }
    match record.site_name().map_or(Service::Http, |site| Service::of_site(site)) {
        Service::Http => match record.raw(Field::ServerPort).map(|port| port.as_bytes()) {
            Some(b"25" | b"587") => Service::Smtp,
            Some(b"21") => Service::Ftp,
            _ => Service::Http,
        },
        other => other,
    }
}

/// Where `bytes` may be cut so that pieces of about `target` bytes can be read apart: at line starts. The pieces
/// tile the input and depend on it and on `target` alone.
pub fn cut(bytes: &[u8], target: usize, newline: u8) -> Vec<std::ops::Range<usize>> {
    let target = target.max(1);
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let end = bytes
            .get(start + target - 1..)
            .and_then(|rest| memchr::memchr(newline, rest))
            .map_or(bytes.len(), |at| start + target + at);
        pieces.push(start..end);
        start = end;
    }
    pieces
}

/// Reads `bytes`, which begin at a line start, `base` bytes into their source, and hands every item to `sink`.
///
/// `state` is what the text before left behind, and becomes what this text leaves behind. Returns how many lines
/// ended in `bytes`.
pub fn read(bytes: &[u8], base: u64, state: &mut State, sink: &mut impl FnMut(Item<'_>)) -> u64 {
    let newline = state.newline;
    let mut reader = Reader { base, row: 0, state, clock: Clock::default(), sink };
    let mut ends = [0; MAX_COLUMNS];
    let (mut start, mut count) = (0, 0);
    let mut schema = reader.state.schema.clone();
    for mark in Marks::new(bytes, newline) {
        if !mark.newline {
            if let Some(end) = ends.get_mut(count) {
                *end = (mark.at - start) as u32;
            }
            count += 1;
            continue;
        }
        let line = Line { bytes: &bytes[start..mark.at], at: start, end: mark.at + 1 };
        if !reader.plain(&line, &mut ends, count, schema.as_deref()) {
            reader.closer(&line);
            schema.clone_from(&reader.state.schema);
        }
        reader.row += 1;
        (start, count) = (mark.at + 1, 0);
    }
    if start < bytes.len() {
        let line = Line { bytes: &bytes[start..], at: start, end: bytes.len() };
        if !reader.plain(&line, &mut ends, count, schema.as_deref()) {
            reader.closer(&line);
        }
    }
    reader.row
}

/// A line, or a part of one.
struct Line<'a> {
    /// Without the line feed, with the carriage return.
    bytes: &'a [u8],
    at: usize,
    /// After the line end.
    end: usize,
}

struct Reader<'s, F> {
    base: u64,
    row: u64,
    state: &'s mut State,
    clock: Clock,
    sink: &'s mut F,
}

impl<F: FnMut(Item<'_>)> Reader<'_, F> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(start as u64, end as u64).shifted(self.base)
    }

    /// The path of nearly every line: the declared number of fields, a date, a status. Says whether it was one.
    #[inline]
    fn plain(
        &mut self,
        line: &Line<'_>,
        ends: &mut [u32; MAX_COLUMNS],
        count: usize,
        schema: Option<&Schema>,
    ) -> bool {
        let Some(schema) = schema else { return false };
        if count + 1 != schema.columns()
            || schema.quoting != Quoting::None
            || line.bytes.len() > MAX_LINE
        {
            return false;
        }
        let text = line.bytes.strip_suffix(b"\r").unwrap_or(line.bytes);
        if !text.first().is_some_and(u8::is_ascii_digit) {
            return false;
        }
        ends[count] = text.len() as u32;
        let record = Record {
            span: self.span(line.at, line.end),
            row: self.row,
            line: text,
            fields: Fields::Ends(&ends[..=count]),
            schema,
            time: None,
            status: None,
            recovered: false,
        };
        match self.complete(record) {
            Ok(record) => {
                (self.sink)(Item::Record(record));
                true
            }
            Err(_) => false,
        }
    }

    /// Reads what every record must have, or says what is wrong.
    #[inline]
    fn complete<'a>(&mut self, mut record: Record<'a>) -> Result<Record<'a>, Fault> {
        let schema = record.schema;
        if let Some(column) = schema.column(Field::Time) {
            let time = record.at(column).unwrap_or_default();
            record.time = if schema.column(Field::Date) == Some(0) && column == 1 {
                let stamp = record.line.get(..11 + time.len()).unwrap_or_default();
                Some(self.clock.read(stamp).ok_or(Fault::Time)?)
            } else if let Some(date) = record.raw(Field::Date) {
                let days = parse_date(date).ok_or(Fault::Time)?;
                Some(at(days, parse_time_of_day(time).ok_or(Fault::Time)?))
            } else {
                let of_day = parse_time_of_day(time).ok_or(Fault::Time)?;
                self.state.date.map(|days| at(days, of_day))
            };
        }
        if let Some(column) = schema.column(Field::Status) {
            let status = record.at(column).unwrap_or_default();
            record.status = match status.as_bytes() {
                b"-" | b"" => None,
                [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                    Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
                }
                digits if digits.len() < 3 && digits.iter().all(u8::is_ascii_digit) => {
                    number(digits).and_then(|n| u16::try_from(n).ok())
                }
                _ => return Err(Fault::Status),
            };
        }
        Ok(record)
    }

    /// Everything that is not plain: directives, blank lines, padding, damage.
    #[cold]
    fn closer(&mut self, line: &Line<'_>) {
        if line.bytes.len() > MAX_LINE {
            let shown = line.bytes.get(..MAX_LINE).unwrap_or_default();
            self.malformed(line.at, line.end, shown, Fault::TooLong);
            return;
        }
        lines::parts(line.bytes, line.at, line.end, &mut |part, at, end| match part {
            Some(text) => self.part(text, at, end),
            None => self.blank(at, end),
        });
    }

    fn part(&mut self, bytes: &[u8], at: usize, end: usize) {
        let (mut bytes, mut at) = (bytes, at);
        if self.base + at as u64 == 0
            && let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf")
        {
            self.blank(0, if rest.is_empty() { end } else { 3 });
            if rest.is_empty() {
                return;
            }
            (bytes, at) = (rest, 3);
        }
        let text = lines::trimmed(bytes);
        if text.trim_ascii().is_empty() {
            self.blank(at, end);
        } else if let Some(directive) = text.strip_prefix(b"#") {
            let (name, value) = directive.split_once_str(":").unwrap_or((directive, b""));
            let (name, value) = (name.trim_ascii(), value.trim_ascii());
            self.state.apply(name, value);
            let span = self.span(at, end);
            (self.sink)(Item::Directive(Directive {
                span,
                name: name.as_bstr(),
                value: value.as_bstr(),
            }));
        } else {
            self.line(text, at, end);
        }
    }

    fn line(&mut self, text: &[u8], at: usize, end: usize) {
        if self.state.schema.is_none() {
            let tokens: Vec<&[u8]> = text.split(|c| *c == b' ').take(MAX_COLUMNS).collect();
            self.state.schema = Schema::guess(&tokens).map(Arc::new);
        }
        let Some(schema) = self.state.schema.clone() else {
            self.malformed(at, end, text, Fault::NoSchema);
            return;
        };
        let fault = match recover::fields(text, &schema) {
            Err(fault) => fault,
            Ok((ranges, recovered)) => {
                let record = Record {
                    span: self.span(at, end),
                    row: self.row,
                    line: text,
                    fields: Fields::Ranges(&ranges),
                    schema: &schema,
                    time: None,
                    status: None,
                    recovered,
                };
                match self.complete(record) {
                    Err(fault) => fault,
                    Ok(record) => {
                        (self.sink)(Item::Record(record));
                        return;
                    }
                }
            }
        };
        self.malformed(at, end, text, fault);
    }

    fn blank(&mut self, start: usize, end: usize) {
        let span = self.span(start, end);
        (self.sink)(Item::Blank(span));
    }

    fn malformed(&mut self, at: usize, end: usize, line: &[u8], fault: Fault) {
        let span = self.span(at, end);
        (self.sink)(Item::Malformed(Malformed {
            span,
            row: self.row,
            line: line.as_bstr(),
            fault,
        }));
    }
}

/// Reads `YYYY-MM-DD HH:MM:SS`, most of which is the same as in the line before.
#[derive(Default)]
struct Clock {
    minute: [u8; 17],
    start: Time,
}

impl Clock {
    #[inline]
    fn read(&mut self, stamp: &[u8]) -> Option<Time> {
        let (minute, second) = stamp.split_first_chunk::<17>()?;
        if *minute != self.minute {
            let days = parse_date(&minute[..10])?;
            let [b' ', h1, h2, b':', m1, m2, b':'] = minute[10..] else { return None };
            let (hour, minutes) = (two(h1, h2)?, two(m1, m2)?);
            if hour > 23 || minutes > 59 {
                return None;
            }
            self.start = Time::from_seconds(days * 86_400 + i64::from(hour * 3600 + minutes * 60));
            self.minute = *minute;
        }
        Some(Time(self.start.0 + seconds_ms(second)?))
    }
}
