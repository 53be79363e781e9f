//! Tables: the CSV that the portal exports, and the rows of a workspace's reply.

use std::borrow::Cow;

use bstr::ByteSlice;
use csv_core::{ReadRecordResult, Reader};
use daaslens_core::Span;
use serde::Deserialize;

use super::name::Name;
use super::record::whole;
use super::value::{Any, Fields, Scalar};
use super::{Fault, Item, MAX_RECORD, Place};

/// The most columns that are looked at. `AzureDiagnostics` may have five hundred.
const MAX_COLUMNS: usize = 2048;

/// What the columns of a table mean to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    names: Vec<Option<Name>>,
}

/// The beginning of a table in a reply.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    columns: Vec<Column<'a>>,
}

#[derive(Deserialize)]
struct Column<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl Columns {
    fn of<'n>(heads: impl Iterator<Item = &'n str>) -> Self {
        Self { names: heads.take(MAX_COLUMNS).map(Name::of).collect() }
    }

    /// The columns of a reply, from what stands before its rows.
    pub(crate) fn of_reply(before: &[u8]) -> Option<Self> {
        let text = before.trim_ascii_end();
        let mut text = text.strip_suffix(b",").unwrap_or(text).to_vec();
        text.push(b'}');
        let head: Head<'_> = serde_json::from_slice(&text).ok()?;
        Some(Self::of(head.columns.iter().map(|column| &*column.name)))
    }

    /// Whether a row is the head again.
    fn is_head(&self, values: &[Cow<'_, str>]) -> bool {
        self.names.contains(&Some(Name::Time))
            && values.len() == self.names.len()
            && values.iter().zip(&self.names).all(|(value, name)| Name::of(value) == *name)
    }

    /// The record of a row of a reply.
    pub(crate) fn row(&self, bytes: &[u8], place: Place, sink: &mut dyn FnMut(Item<'_>)) {
        let text = bytes.to_str_lossy();
        let Ok(values) = serde_json::from_str::<Vec<Any<'_>>>(&text) else {
            return sink(Item::Malformed(place, Fault::Json));
        };
        if values.len() != self.names.len() {
            return sink(Item::Malformed(place, Fault::Columns));
        }
        let mut fields = Fields::new();
        for (name, value) in self.names.iter().zip(values) {
            if let (Some(name), Any::Scalar(value)) = (name, value) {
                fields.set(*name, value);
            }
        }
        whole(fields, place, sink);
    }
}

/// Whether a line is the head of a table that is read here: a time, and columns that only such a table has.
pub(crate) fn is_head(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let delimiter = char::from(delimiter(line.as_bytes()));
    let names: Vec<Option<Name>> = line
        .split(delimiter)
        .take(MAX_COLUMNS)
        .map(|head| Name::of(head.trim().trim_matches('"')))
        .collect();
    let has = |name: Name| names.contains(&Some(name));
    let is_request =
        has(Name::Status) && (has(Name::Path) || has(Name::Method) || has(Name::TimeTaken));
    let is_azure = line.contains("TimeGenerated") || line.contains("_ResourceId");
    has(Name::Time) && is_azure && (is_request || has(Name::Description) || has(Name::Message))
}

/// Whether the head of a table says that its times are those of a clock elsewhere: `TimeGenerated [Local Time]`.
pub(crate) fn is_local(head: &[u8]) -> bool {
    let line = head.lines().next().unwrap_or_default();
    line.split(|c| *c == delimiter(line)).any(|head| {
        let head = String::from_utf8_lossy(head.trim_ascii());
        let head = head.trim_matches('"');
        let zone = head.split_once(" [").map(|(_, zone)| zone.trim_end_matches(']').trim());
        Name::of(head) == Some(Name::Time)
            && zone.is_some_and(|zone| !zone.eq_ignore_ascii_case("utc"))
    })
}

/// What parts the columns: a comma, or what a spreadsheet of another country made of it.
pub(crate) fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|c| *c == b'\n').next().unwrap_or_default();
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|d| (memchr::memchr_iter(*d, line).count(), *d == b','))
        .unwrap_or(b',')
}

/// Reads a CSV front to back.
#[derive(Debug)]
pub(crate) struct Csv {
    reader: Reader,
    columns: Option<Columns>,
    /// The values of the row that is read, one after the other, and where each ends.
    values: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    ended: usize,
    /// Whether the row is longer than is read.
    too_long: bool,
    /// Where the item that is read begins, the row itself, and lines before it.
    start: u64,
    row_start: Option<u64>,
    row_line: u64,
    at: u64,
    line: u64,
}

impl Csv {
    /// A reader of a table whose columns are parted by `delimiter`.
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            reader: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            columns: None,
            values: Vec::new(),
            used: 0,
            ends: Vec::new(),
            ended: 0,
            too_long: false,
            start: 0,
            row_start: None,
            row_line: 0,
            at: 0,
            line: 0,
        }
    }

    /// Reads the bytes that come next.
    pub(crate) fn push(&mut self, mut bytes: &[u8], sink: &mut dyn FnMut(Item<'_>)) {
        while !bytes.is_empty() {
            let taken = self.step(bytes, sink);
            bytes = bytes.get(taken.unwrap_or(bytes.len())..).unwrap_or_default();
        }
    }

    /// What is left at the end: a row without a line end.
    pub(crate) fn finish(&mut self, sink: &mut dyn FnMut(Item<'_>)) {
        while self.step(&[], sink).is_some() {}
        if self.at > self.start {
            sink(Item::Between(Span::new(self.start, self.at)));
            self.start = self.at;
        }
    }

    /// One step of the reader: how many bytes it took, or `None` at the end.
    fn step(&mut self, bytes: &[u8], sink: &mut dyn FnMut(Item<'_>)) -> Option<usize> {
        if self.row_start.is_none()
            && let Some(blank) = bytes.iter().position(|c| !matches!(c, b'\r' | b'\n'))
        {
            self.row_start = Some(self.at + blank as u64);
            self.row_line = self.line + memchr::memchr_iter(b'\n', &bytes[..blank]).count() as u64;
        }
        let values = self.values.get_mut(self.used..).unwrap_or_default();
        let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
        let (result, taken, written, ended) = self.reader.read_record(bytes, values, ends);
        self.used += written;
        self.ended += ended;
        self.at += taken as u64;
        let taken_bytes = bytes.get(..taken).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', taken_bytes).count() as u64;
        match result {
            ReadRecordResult::End => return None,
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull if self.values.len() < 2 * MAX_RECORD => {
                self.values.resize((self.values.len() * 2).max(4096), 0);
            }
            ReadRecordResult::OutputEndsFull if self.ends.len() < MAX_COLUMNS => {
                self.ends.resize((self.ends.len() * 2).max(64), 0);
            }
            // The rest of the row is passed over.
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                self.too_long = true;
                self.used = 0;
                self.ended = 0;
            }
            ReadRecordResult::Record => self.row(sink),
        }
        Some(taken)
    }

    fn row(&mut self, sink: &mut dyn FnMut(Item<'_>)) {
        let begin = self.row_start.take().unwrap_or(self.start);
        if begin > self.start {
            // Blank lines, and the second half of a line end.
            sink(Item::Between(Span::new(self.start, begin)));
        }
        let span = Span::new(begin, self.at);
        let place = Place { span, row: self.row_line };
        self.start = self.at;
        let ends = self.ends.get(..self.ended).unwrap_or_default();
        let mut from = 0;
        let values: Vec<Cow<'_, str>> = ends
            .iter()
            .map(|end| {
                let value = self.values.get(from..*end).unwrap_or_default();
                from = *end;
                value.to_str_lossy()
            })
            .collect();
        let is_long = self.too_long || span.len() > MAX_RECORD as u64;
        match &self.columns {
            // Tables that were put one after the other have a head each.
            columns
                if !is_long && columns.as_ref().is_none_or(|columns| columns.is_head(&values)) =>
            {
                self.columns = Some(Columns::of(values.iter().map(|head| &**head)));
                sink(Item::Between(span));
            }
            None | Some(_) if is_long => sink(Item::Malformed(place, Fault::TooLong)),
            Some(columns) if ends.len() != columns.names.len() => {
                sink(Item::Malformed(place, Fault::Columns));
            }
            None => sink(Item::Malformed(place, Fault::Columns)),
            Some(columns) => {
                let mut fields = Fields::new();
                for (name, value) in columns.names.iter().zip(values) {
                    if let Some(name) = name {
                        fields.set(*name, Scalar::Text(value));
                    }
                }
                whole(fields, place, sink);
            }
        }
        self.used = 0;
        self.ended = 0;
        self.too_long = false;
    }
}
