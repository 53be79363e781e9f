//! Event logs as tables: Event Viewer's "Save as CSV" and "Text", `Get-WinEvent` and `Get-EventLog` piped into
//! `Export-Csv`.
//!
//! ```text
//! Level,Date and Time,Source,Event ID,Task Category
//! Error,1/16/2026 11:43:07 AM,Application Error,1000,(100),"Faulting application name: w3wp.exe, version: …
//! Faulting module name: …"
//! ```
//!
//! Event Viewer gives its last column, the message, no name; it lists the newest first, in local time, and its words
//! are in the language of the machine: there the columns are told by their shape. PowerShell's columns come in any
//! order and number, because people choose them.

use std::borrow::Cow;

use daaslens_core::Span;
use memchr::{memchr, memchr_iter};

use crate::clock::{self, Learner, Order};
use crate::event::Event;
use crate::fault::Fault;
use crate::fields::{Draft, Field};
use crate::read::{Item, Malformed};

/// The longest row. A message has 32,000 characters at most, which quotes and UTF-8 can make four times as long.
const MAX_ROW: usize = 256 << 10;
/// The most columns; PowerShell's objects have about thirty.
const MAX_COLUMNS: usize = 64;
/// The longest name of a column.
const MAX_NAME: usize = 64;
/// How many rows are looked at to learn the order of day and month.
const LEARNT: usize = 20_000;

/// The rows of a table.
#[derive(Clone, Debug)]
pub(crate) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
    /// Where the first header begins.
    header: usize,
    columns: Vec<Option<Field>>,
    delimiter: u8,
    order: Order,
    pub(crate) ambiguous: bool,
    pub(crate) local: bool,
}

impl<'a> Table<'a> {
    /// A table, if the bytes begin like one.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Self> {
        let mut table = Self {
            bytes,
            at: 0,
            line: 1,
            header: preamble(bytes),
            columns: Vec::new(),
            delimiter: b',',
            order: Order::default(),
            ambiguous: false,
            local: false,
        };
        let start = table.header;
        (table.columns, table.delimiter) =
            [b',', b'\t', b';'].into_iter().find_map(|delimiter| {
                let header = row(bytes, start, delimiter);
                let columns = columns(&header).or_else(|| {
                    let next = row(bytes, header.end, delimiter);
                    by_shape(&header, &next)
                })?;
                Some((columns, delimiter))
            })?;
        table.learn(start);
        Some(table)
    }

    /// Learns from the first rows what their times mean.
    fn learn(&mut self, mut at: usize) {
        let Some(column) = self.columns.iter().position(|field| *field == Some(Field::Time)) else {
            return;
        };
        let mut learner = Learner::default();
        for _ in 0..LEARNT {
            if at >= self.bytes.len() {
                break;
            }
            let row = row(self.bytes, at, self.delimiter);
            if let Some(text) = row.text(column) {
                learner.see(&text);
                // One that names its zone makes no promise for the others; the first local one decides.
                self.local |= !text.trim().ends_with('Z') && clock::is_local(&text);
            }
            at = row.end;
        }
        (self.order, self.ambiguous) = learner.order();
    }

    fn event(&self, row: &Row<'_>, span: Span) -> Result<Event<'static>, Fault> {
        if row.too_long {
            return Err(Fault::TooLong { len: span.len() });
        }
        if row.unclosed {
            return Err(Fault::Truncated);
        }
        let wanted = self.columns.iter().rposition(|field| {
            matches!(field, Some(Field::Id | Field::InstanceId | Field::Provider | Field::Time))
        });
        if wanted.is_some_and(|last| row.fields.len() <= last) {
            return Err(Fault::Columns {
                found: row.fields.len() as u32,
                declared: self.columns.len() as u32,
            });
        }
        let mut draft = Draft::default();
        let mut not_utf8 = false;
        for (index, field) in self.columns.iter().enumerate() {
            if let (Some(field), Some(text)) = (field, row.text(index)) {
                not_utf8 |= !row.is_utf8(index);
                draft.set(*field, &text, self.order);
            }
        }
        let mut event = draft.finish(span, self.line)?;
        if not_utf8 {
            event.faults.insert(0, Fault::NotUtf8);
        }
        Ok(event)
    }
}

impl<'a> Iterator for Table<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let start = self.at;
        // Blank lines, and what stands before the first header, are nothing.
        let nothing = start.max(self.header);
        let row = row(self.bytes, nothing, self.delimiter);
        let (end, item) = if nothing > start {
            (nothing, None)
        } else if row.is_blank() {
            (row.end, None)
        } else if let Some(columns) = columns(&row) {
            // A header, also that of the next of two files that were put together.
            self.columns = columns;
            (row.end, None)
        } else if start == self.header && by_shape(&row, &self.peek(row.end)).is_some() {
            (row.end, None)
        } else {
            (row.end, Some(self.event(&row, Span::new(start as u64, row.end as u64))))
        };
        let span = Span::new(start as u64, end as u64);
        let line = self.line;
        self.line +=
            memchr_iter(b'\n', self.bytes.get(start..end).unwrap_or_default()).count() as u64;
        self.at = end;
        Some(match item {
            None => Item::Other(span),
            Some(Ok(event)) => Item::Event(Box::new(event)),
            Some(Err(fault)) => Item::Malformed(Malformed { span, line, fault }),
        })
    }
}

impl<'a> Table<'a> {
    fn peek(&self, at: usize) -> Row<'a> {
        row(self.bytes, at, self.delimiter)
    }
}

/// Where the header begins: behind a byte order mark, blank lines and PowerShell's `#TYPE`.
fn preamble(bytes: &[u8]) -> usize {
    let mut at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = rest.get(blank..).unwrap_or_default();
        if !rest.starts_with(b"#TYPE") {
            return at + blank;
        }
        at += blank + memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
    }
}

/// One row.
#[derive(Debug)]
struct Row<'a> {
    fields: Vec<Cow<'a, [u8]>>,
    end: usize,
    /// The input ends inside quotes.
    unclosed: bool,
    too_long: bool,
}

impl Row<'_> {
    fn text(&self, index: usize) -> Option<Cow<'_, str>> {
        let bytes = self.fields.get(index)?;
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
        })
    }

    fn is_utf8(&self, index: usize) -> bool {
        self.fields.get(index).is_none_or(|bytes| std::str::from_utf8(bytes).is_ok())
    }

    fn is_blank(&self) -> bool {
        self.fields.first().is_none_or(|field| field.starts_with(b"#TYPE"))
            || self
                .fields
                .iter()
                .all(|field| field.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0))
                && self.fields.len() <= 1
    }
}

/// The row that begins at `start`.
fn row(bytes: &[u8], start: usize, delimiter: u8) -> Row<'_> {
    let limit = bytes.len().min(start.saturating_add(MAX_ROW));
    let mut row = Row { fields: Vec::new(), end: limit, unclosed: false, too_long: false };
    let mut at = start;
    loop {
        let (field, end) = field(bytes, at, limit, delimiter, &mut row);
        if row.fields.len() < MAX_COLUMNS {
            row.fields.push(field);
        }
        at = end;
        if at >= limit {
            row.too_long = limit < bytes.len();
            row.unclosed &= !row.too_long;
            return row;
        }
        let byte = bytes.get(at).copied();
        at += 1;
        if byte == Some(b'\n') {
            row.end = at;
            return row;
        }
        if at >= limit {
            row.end = at;
            return row;
        }
    }
}

/// The field that begins at `start`, and where its delimiter, the end of its line, or the limit is.
fn field<'a>(
    bytes: &'a [u8],
    start: usize,
    limit: usize,
    delimiter: u8,
    row: &mut Row<'a>,
) -> (Cow<'a, [u8]>, usize) {
    let ends = |from: usize| {
        memchr::memchr2(delimiter, b'\n', bytes.get(from..limit).unwrap_or_default())
            .map_or(limit, |length| from + length)
    };
    if bytes.get(start) != Some(&b'"') || start >= limit {
        let end = ends(start);
        let text = bytes.get(start..end).unwrap_or_default();
        return (Cow::Borrowed(text.strip_suffix(b"\r").unwrap_or(text)), end);
    }
    let mut out: Cow<'a, [u8]> = Cow::Borrowed(&[]);
    let mut at = start + 1;
    loop {
        let Some(length) = memchr(b'"', bytes.get(at..limit).unwrap_or_default()) else {
            row.unclosed = true;
            return (out, limit);
        };
        let piece = bytes.get(at..at + length).unwrap_or_default();
        if out.is_empty() {
            out = Cow::Borrowed(piece);
        } else {
            out.to_mut().extend_from_slice(piece);
        }
        at += length + 1;
        if bytes.get(at) == Some(&b'"') && at < limit {
            out.to_mut().push(b'"');
            at += 1;
        } else {
            // Whatever stands between the closing quote and the delimiter is no part of the value.
            return (out, ends(at));
        }
    }
}

/// The columns of a header that is known.
fn columns(header: &Row<'_>) -> Option<Vec<Option<Field>>> {
    if header.unclosed || header.fields.iter().any(|name| name.len() > MAX_NAME) {
        return None;
    }
    let mut columns: Vec<Option<Field>> = (0..header.fields.len())
        .map(|i| header.text(i).and_then(|name| Field::of(&name)))
        .collect();
    let has = |field: Field| columns.contains(&Some(field));
    if !has(Field::Provider) || !(has(Field::Id) || has(Field::InstanceId)) || !has(Field::Time) {
        return None;
    }
    if !has(Field::Message) {
        columns.push(Some(Field::Message));
    }
    Some(columns)
}

/// The columns of Event Viewer in a language that is not known: five names, and a row of level, time, source, number,
/// category and message.
fn by_shape(header: &Row<'_>, next: &Row<'_>) -> Option<Vec<Option<Field>>> {
    let is_word = |i: usize| {
        header.text(i).is_some_and(|name| {
            !name.trim().is_empty() && !name.chars().any(|c| c.is_ascii_digit())
        })
    };
    let five = header.fields.len() == 5 && (0..5).all(is_word);
    let fits = next.fields.len() >= 5
        && next.text(1).is_some_and(|text| clock::is_local(&text))
        && next.text(3).is_some_and(|text| text.trim().parse::<u32>().is_ok());
    (five && fits).then(|| {
        vec![
            Some(Field::Level),
            Some(Field::Time),
            Some(Field::Provider),
            Some(Field::Id),
            None,
            Some(Field::Message),
        ]
    })
}
