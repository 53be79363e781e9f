//! The error log of HTTP.sys, `httperr*.log`: what never reached a worker process, or lost it.
//!
//! ```text
//! #Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename transport
//! 2026-03-11 02:14:07 192.0.2.7 50211 10.0.0.4 80 HTTP/1.1 GET /cart?id=1 - 503 2 QueueFull contoso TCP
//! 2026-03-11 02:14:09 192.0.2.8 50212 10.0.0.4 80 - - - - - - Timer_ConnectionIdle - -
//! ```
//!
//! Documentation says that there is no header; files have one all the same, or had one before they were cut. There
//! are 12 columns (before queues had names), 13, 14 (`streamid` since HTTP/2) or 15 (`transport`). The URI is one
//! value with its query, and in requests that are garbage it holds blanks: everything else is found from the left
//! and from the right. Times are UTC.

use std::sync::Arc;

use bstr::{BStr, ByteSlice};
use daaslens_core::{Span, Time};

use crate::clock::{at, parse_date, parse_time_of_day};
use crate::lines::{self, Fault, Item, Line, Malformed, Range};
use crate::request::number;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Column {
    /// `date`, UTC.
    Date,
    /// `time`, UTC.
    Time,
    /// `c-ip`.
    ClientIp,
    /// `c-port`.
    ClientPort,
    /// `s-ip`.
    ServerIp,
    /// `s-port`.
    ServerPort,
    /// `cs-version`.
    Version,
    /// `cs-method`.
    Method,
    /// `cs-uri`: path and query.
    Uri,
    /// `streamid`.
    Stream,
    /// `sc-status`.
    Status,
    /// `s-siteid`.
    Site,
    /// `s-reason`.
    Reason,
    /// `s-queuename`: the application pool.
    Queue,
    /// `transport`.
    Transport,
}

/// The columns in the order in which they stand.
const COLUMNS: [(Column, &str); 15] = [
    (Column::Date, "date"),
    (Column::Time, "time"),
    (Column::ClientIp, "c-ip"),
    (Column::ClientPort, "c-port"),
    (Column::ServerIp, "s-ip"),
    (Column::ServerPort, "s-port"),
    (Column::Version, "cs-version"),
    (Column::Method, "cs-method"),
    (Column::Uri, "cs-uri"),
    (Column::Stream, "streamid"),
    (Column::Status, "sc-status"),
    (Column::Site, "s-siteid"),
    (Column::Reason, "s-reason"),
    (Column::Queue, "s-queuename"),
    (Column::Transport, "transport"),
];

/// Columns that a header may declare.
const MAX_COLUMNS: usize = 32;

/// How far from the end of a line without a header the reason may stand: behind it come a queue and a transport.
const FROM_END: usize = 4;

/// What a reader must know of everything before the bytes that it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    newline: u8,
    columns: Option<Arc<[Option<Column>]>>,
}

impl State {
    /// The state at the start of a source whose lines end in `newline`.
    pub fn new(newline: u8) -> Self {
        Self { newline, columns: None }
    }
}

/// What HTTP.sys refused, dropped or gave up.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    span: Span,
    row: u64,
    line: &'a [u8],
    ranges: [Option<Range>; COLUMNS.len()],
    time: Time,
    recovered: bool,
}

impl<'a> Record<'a> {
    /// Where the record stands in the source, its line end included.
    pub fn span(&self) -> Span {
        self.span
    }

    /// How many lines of the bytes that were read stand before it.
    pub fn row(&self) -> u64 {
        self.row
    }

    /// Whether blanks were taken to belong to the URI.
    pub fn is_recovered(&self) -> bool {
        self.recovered
    }

    /// When it happened, UTC.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The status that the client was sent; connections that were dropped were sent none.
    pub fn status(&self) -> Option<u16> {
        number(self.value(Column::Status)?).and_then(|n| u16::try_from(n).ok())
    }

    /// Why: `QueueFull`, `Timer_ConnectionIdle`.
    pub fn reason(&self) -> Option<&'a BStr> {
        self.value(Column::Reason)
    }

    /// A value, unless it is absent, empty or `-`.
    pub fn value(&self, column: Column) -> Option<&'a BStr> {
        self.raw(column).filter(|value| !matches!(value.as_bytes(), b"" | b"-"))
    }

    /// A value as it stands in the line; `None` where there is no such column.
    pub fn raw(&self, column: Column) -> Option<&'a BStr> {
        let (start, end) = (*self.ranges.get(column as usize)?)?;
        self.line.get(start as usize..end as usize).map(ByteSlice::as_bstr)
    }

    /// All values with their columns, in the order of [`Column`].
    pub fn values(&self) -> impl Iterator<Item = (Column, &'a BStr)> {
        COLUMNS.iter().filter_map(|(column, _)| Some((*column, self.raw(*column)?)))
    }
}

/// Reads `bytes`, which begin at a line start, `base` bytes into their source, and hands every item to `sink`.
/// Returns how many lines ended in `bytes`.
pub fn read(
    bytes: &[u8],
    base: u64,
    state: &mut State,
    sink: &mut impl FnMut(Item<Record<'_>>),
) -> u64 {
    lines::each(bytes, base, state.newline, &mut |line, span, row| {
        let fault = match line {
            Line::Blank => return sink(Item::Other(span)),
            Line::TooLong => Fault::TooLong,
            Line::Text(text) if text.starts_with(b"#") => {
                if let Some(names) = text.strip_prefix(b"#Fields:") {
                    state.columns = declared(names);
                }
                return sink(Item::Other(span));
            }
            Line::Text(text) => match parse(text.trim_ascii_end(), state.columns.as_deref()) {
                Ok((ranges, time, recovered)) => {
                    let record = Record { span, row, line: text, ranges, time, recovered };
                    return sink(Item::Record(record));
                }
                Err(fault) => fault,
            },
        };
        sink(Item::Malformed(Malformed { span, row, fault }));
    })
}

fn declared(names: &[u8]) -> Option<Arc<[Option<Column>]>> {
    let columns: Arc<[Option<Column>]> = names
        .split(|c| matches!(c, b' ' | b'\t'))
        .filter(|name| !name.is_empty())
        .take(MAX_COLUMNS)
        .map(|name| {
            let is = |own: &str| name.eq_ignore_ascii_case(own.as_bytes());
            COLUMNS.iter().find(|(_, own)| is(own)).map(|(column, _)| *column)
        })
        .collect();
    (!columns.is_empty()).then_some(columns)
}

type Ranges = [Option<Range>; COLUMNS.len()];

fn parse(line: &[u8], columns: Option<&[Option<Column>]>) -> Result<(Ranges, Time, bool), Fault> {
    let tokens = lines::blanks(line, usize::MAX);
    let (ranges, recovered) = match columns {
        Some(columns) => by_header(&tokens, columns),
        None => by_shape(line, &tokens),
    }
    .ok_or(Fault::Shape)?;
    let text = |column: Column| {
        let (start, end) = ranges[column as usize].unwrap_or_default();
        &line[start as usize..end as usize]
    };
    let day = parse_date(text(Column::Date)).ok_or(Fault::Time)?;
    let of_day = parse_time_of_day(text(Column::Time)).ok_or(Fault::Time)?;
    if !is_number(text(Column::Status)) && !text(Column::Status).is_empty() {
        return Err(Fault::Status);
    }
    Ok((ranges, at(day, of_day), recovered))
}

/// The columns as declared; surplus blanks belong to the URI.
fn by_header(tokens: &[Range], columns: &[Option<Column>]) -> Option<(Ranges, bool)> {
    let surplus = tokens.len().checked_sub(columns.len())?;
    let uri = columns.iter().position(|column| *column == Some(Column::Uri));
    if surplus > 0 && uri.is_none() {
        return None;
    }
    let mut ranges = [None; COLUMNS.len()];
    for (i, column) in columns.iter().enumerate() {
        let Some(column) = column else { continue };
        let behind = uri.is_some_and(|uri| i > uri);
        let first = if behind { i + surplus } else { i };
        let last = if Some(i) == uri { i + surplus } else { first };
        ranges[*column as usize] = Some((tokens.get(first)?.0, tokens.get(last)?.1));
    }
    Some((ranges, surplus > 0))
}

/// The columns of a line without a header: eight from the left; from the right the reason, which is the last word
/// that has a site id and a status before it.
fn by_shape(line: &[u8], tokens: &[Range]) -> Option<(Ranges, bool)> {
    const LEFT: usize = Column::Uri as usize;
    let text = |i: usize| tokens.get(i).map_or(&b""[..], |(a, b)| &line[*a as usize..*b as usize]);
    let reason =
        (0..FROM_END).filter_map(|back| tokens.len().checked_sub(back + 1)).find(|at| {
            *at >= LEFT + 3
                && is_reason(text(*at))
                && is_number(text(at - 1))
                && is_number(text(at - 2))
                && text(at - 2).len() <= 3
        })?;
    let mut ranges = [None; COLUMNS.len()];
    ranges[..LEFT].copy_from_slice(&tokens[..LEFT].iter().map(|t| Some(*t)).collect::<Vec<_>>());
    for (column, at) in
        [(Column::Status, reason - 2), (Column::Site, reason - 1), (Column::Reason, reason)]
    {
        ranges[column as usize] = tokens.get(at).copied();
    }
    let mut uri = LEFT..reason - 2;
    if uri.len() > 1 && is_number(text(uri.end - 1)) {
        uri.end -= 1;
        ranges[Column::Stream as usize] = tokens.get(uri.end).copied();
    }
    ranges[Column::Uri as usize] = Some((tokens.get(uri.start)?.0, tokens.get(uri.end - 1)?.1));
    let mut queue = reason + 1..tokens.len();
    if queue.len() > 1 {
        queue.end -= 1;
        ranges[Column::Transport as usize] = tokens.get(queue.end).copied();
    }
    if !queue.is_empty() {
        ranges[Column::Queue as usize] =
            Some((tokens.get(queue.start)?.0, tokens.get(queue.end - 1)?.1));
    }
    Some((ranges, uri.len() > 1))
}

fn is_number(text: &[u8]) -> bool {
    text == b"-" || number(text).is_some()
}

fn is_reason(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'/'))
}
