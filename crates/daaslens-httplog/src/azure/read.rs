//! The reader: bytes in, items out.

use bstr::ByteSlice;
use daaslens_core::Span;

use super::frame::{Frame, Framer};
use super::record::whole;
use super::table::{self, Columns, Csv};
use super::value::Fields;
use super::{Fault, Item, MAX_RECORD, Place};

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One JSON value per line: pieces can be read apart.
    Lines,
    /// A JSON document, or several: read front to back.
    Document,
    /// A CSV with a head, in which a value may hold line ends: read front to back.
    Table,
}

/// What is known of a file before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// How it is laid out.
    pub shape: Shape,
    /// Whether its times are those of a clock whose zone it does not name; they are read as UTC.
    pub is_local: bool,
    /// What parts the columns of a table.
    delimiter: u8,
}

impl Layout {
    /// One value per line: what is assumed of a file whose head tells nothing.
    pub const LINES: Self = Self { shape: Shape::Lines, is_local: false, delimiter: b',' };

    /// The layout of a file that holds records which are read here, from its first bytes: a few thousand are plenty.
    /// `None` for anything else.
    pub fn of(head: &[u8]) -> Option<Self> {
        let text = start(head);
        let shape = shape_of(text)?;
        let is_local = shape == Shape::Table && table::is_local(text);
        Some(Self { shape, is_local, delimiter: table::delimiter(text) })
    }
}

fn shape_of(text: &[u8]) -> Option<Shape> {
    match text.first()? {
        b'{' | b'[' => {
            let named = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
            let is_ours = [
                "AppServiceHTTPLogs",
                "AppServiceConsoleLogs",
                "AppServiceAppLogs",
                "AppServicePlatformLogs",
                "ApplicationGatewayAccessLog",
                "AGWAccessLogs",
                "FrontDoorAccessLog",
                "FrontdoorAccessLog",
                "\"CsUriStem\"",
                "\"trackingReference_s\"",
                "\"serverRouted_s\"",
            ]
            .into_iter()
            .any(named);
            is_ours.then(|| shape(text))
        }
        _ => table::is_head(text.lines().next()?).then_some(Shape::Table),
    }
}

/// Behind a byte order mark and blank space.
fn start(head: &[u8]) -> &[u8] {
    head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start()
}

/// One JSON value per line, if the first line is one. A first line that is longer than what is there of it is a long
/// record, unless it begins as a list does.
fn shape(text: &[u8]) -> Shape {
    let Some((line, _)) = text.split_once_str("\n") else {
        let is_list = text.starts_with(b"[") || begins_wrapper(text);
        return if is_list { Shape::Document } else { Shape::Lines };
    };
    let line = line.trim_ascii_end();
    let line = line.strip_suffix(b",").unwrap_or(line);
    let is_whole =
        line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    if is_whole { Shape::Lines } else { Shape::Document }
}

fn begins_wrapper(text: &[u8]) -> bool {
    let head: Vec<u8> =
        text.iter().copied().filter(|c| !c.is_ascii_whitespace()).take(12).collect();
    [&b"{\"records\":["[..], b"{\"value\":[", b"{\"tables\":["]
        .iter()
        .any(|like| head.starts_with(like))
}

/// Reads a file, in the pieces in which it comes.
///
/// Of a file of [`Shape::Lines`] a reader may be given any piece that begins and ends at line starts, with its place;
/// the other shapes are read from their first byte on, in pieces of any size.
#[derive(Debug)]
pub struct Reader {
    shape: Shape,
    framer: Framer,
    /// Of the table that is read.
    columns: Columns,
    csv: Csv,
    has_begun: bool,
    is_cut: bool,
}

impl Reader {
    /// A reader at the start of a file.
    pub fn new(layout: Layout) -> Self {
        Self {
            shape: layout.shape,
            framer: Framer::new(0, 0),
            columns: Columns::default(),
            csv: Csv::new(layout.delimiter),
            has_begun: false,
            is_cut: false,
        }
    }

    /// Whether the end of the file was missing, once it was reached.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Reads the bytes at `base` of the file. Rows are counted from the start of `bytes` where pieces are read apart,
    /// else from the start of the file.
    pub fn read(&mut self, bytes: &[u8], base: u64, sink: &mut dyn FnMut(Item<'_>)) {
        match self.shape {
            Shape::Lines => lines(bytes, base, sink),
            Shape::Document => {
                let bytes = self.without_mark(bytes, sink);
                let columns = &mut self.columns;
                self.framer.push(bytes, &mut |frame| item(&frame, columns, sink));
            }
            Shape::Table => self.csv.push(bytes, sink),
        }
    }

    /// Hands out what is left, once the whole file is read.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Item<'_>)) {
        self.is_cut = self.framer.is_open();
        let columns = &mut self.columns;
        match self.shape {
            Shape::Lines => {}
            Shape::Document => self.framer.finish(&mut |frame| item(&frame, columns, sink)),
            Shape::Table => self.csv.finish(sink),
        }
    }

    /// The byte order mark is no part of the document. It always comes whole: pieces are longer.
    fn without_mark<'b>(&mut self, bytes: &'b [u8], sink: &mut dyn FnMut(Item<'_>)) -> &'b [u8] {
        if self.has_begun || bytes.is_empty() {
            return bytes;
        }
        self.has_begun = true;
        let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") else { return bytes };
        sink(Item::Between(Span::new(0, 3)));
        self.framer = Framer::new(3, 0);
        rest
    }
}

fn lines(bytes: &[u8], base: u64, sink: &mut dyn FnMut(Item<'_>)) {
    let mut at = base;
    for (row, line) in bytes.split_inclusive(|c| *c == b'\n').enumerate() {
        let place = Place { span: Span::new(at, at + line.len() as u64), row: row as u64 };
        at = place.span.end;
        // Zeros are what a file system leaves of pages that were never written.
        let text = line.trim_with(|c| c.is_ascii_whitespace() || matches!(c, '\0' | '\u{feff}'));
        let text = text.strip_suffix(b",").unwrap_or(text);
        if text.is_empty() {
            sink(Item::Between(place.span));
        } else if line.len() > MAX_RECORD {
            sink(Item::Malformed(place, Fault::TooLong));
        } else if !text.starts_with(b"{") {
            several(line, place, sink);
        } else {
            let text = text.to_str_lossy();
            let mut fields = Fields::new();
            match fields.read(&text) {
                Err(_) => sink(Item::Malformed(place, Fault::Json)),
                Ok(()) if fields.is_wrapper => several(line, place, sink),
                Ok(()) => whole(fields, place, sink),
            }
        }
    }
}

/// A line that holds several records: an event hub hands them on as `{"records":[…]}`, one message a line.
fn several(line: &[u8], place: Place, sink: &mut dyn FnMut(Item<'_>)) {
    let mut columns = Columns::default();
    let mut framer = Framer::new(place.span.start, place.row);
    let mut emit = |frame: Frame<'_>| item(&frame, &mut columns, sink);
    framer.push(line, &mut emit);
    framer.finish(&mut emit);
}

fn item(frame: &Frame<'_>, columns: &mut Columns, sink: &mut dyn FnMut(Item<'_>)) {
    match *frame {
        Frame::Object(bytes, place) => {
            let text = bytes.to_str_lossy();
            let mut fields = Fields::new();
            match fields.read(&text) {
                Err(_) => sink(Item::Malformed(place, Fault::Json)),
                Ok(()) => whole(fields, place, sink),
            }
        }
        Frame::Row(bytes, place) => columns.row(bytes, place, sink),
        Frame::Columns(before, span) => {
            *columns = Columns::of_reply(before).unwrap_or_default();
            sink(Item::Between(span));
        }
        Frame::Garbage(place) => sink(Item::Malformed(place, Fault::Json)),
        Frame::TooLong(place) => sink(Item::Malformed(place, Fault::TooLong)),
        Frame::CutOff(place) => sink(Item::Malformed(place, Fault::CutOff)),
        Frame::Between(span) => sink(Item::Between(span)),
    }
}
