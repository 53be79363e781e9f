//! Where the records of a JSON document begin and end.
//!
//! A document is scanned once, without being held: brackets and strings are all that matters here. Records are the
//! objects of a list, of the list in a wrapper (`{"records":[…]}`, `{"value":[…]}`), or those that simply follow one
//! another; in the reply of a workspace (`{"tables":[{"columns":[…],"rows":[[…]]}]}`) they are the rows.

use daaslens_core::Span;

use super::{MAX_RECORD, Place};

/// The most lists inside lists that are looked into.
const MAX_NEST: usize = 8;

/// How many bytes are scanned at once.
const PIECE: usize = 4096;

/// A piece of a document.
pub(crate) enum Frame<'b> {
    /// An object that may be a record.
    Object(&'b [u8], Place),
    /// A list that is a row of a table.
    Row(&'b [u8], Place),
    /// The beginning of an object up to its `rows`: the columns of a table.
    Columns(&'b [u8], Span),
    /// Something that cannot be a record.
    Garbage(Place),
    /// An element that is longer than [`MAX_RECORD`].
    TooLong(Place),
    /// An element that does not end.
    CutOff(Place),
    /// What stands between.
    Between(Span),
}

/// What encloses the place that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nest {
    /// An object one of whose lists holds records.
    Wrapper,
    /// A list of records.
    Records,
    /// A list of rows.
    Rows,
}

/// What is scanned right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Object,
    Row,
    /// A value in a wrapper that holds no records.
    Ignored,
}

/// Where in a string the scanner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    /// Outside of one.
    No,
    /// Inside.
    Yes,
    /// Behind a backslash: the next byte ends nothing.
    Escaped,
}

/// The scanner.
#[derive(Debug)]
pub(crate) struct Framer {
    nest: Vec<Nest>,
    /// Bytes from the start of the element, or of what stands before the next one, to the end of what was pushed.
    buffer: Vec<u8>,
    /// Where the buffer begins in the source.
    base: u64,
    /// How far the buffer is scanned.
    at: usize,
    /// Lines before `at`, and before the element.
    row: u64,
    start_row: u64,
    element: Option<Element>,
    depth: usize,
    string: Text,
    /// The last string at the first level, as a range of the buffer: a key, where a value follows.
    key: (usize, usize),
    string_start: usize,
    /// Whether what stands before the next element is more than structure.
    garbage: bool,
    /// Where an element began whose bytes are no longer held.
    dropped: Option<u64>,
    /// The last byte that is no blank.
    last: u8,
    /// Whether a line has just begun.
    fresh_line: bool,
}

impl Framer {
    /// A scanner at byte `base`, with `row` lines before it.
    pub(crate) fn new(base: u64, row: u64) -> Self {
        Self {
            nest: Vec::new(),
            buffer: Vec::new(),
            base,
            at: 0,
            row,
            start_row: row,
            element: None,
            depth: 0,
            string: Text::No,
            key: (0, 0),
            string_start: 0,
            garbage: false,
            dropped: None,
            last: b' ',
            fresh_line: false,
        }
    }

    /// Whether a list or an object is open: the document goes on.
    pub(crate) fn is_open(&self) -> bool {
        self.element.is_some() || !self.nest.is_empty()
    }

    /// Scans the bytes that come next. What is behind a record moves to the front of the buffer when the record is done:
    /// of a document in one line, megabytes long, that may be no more than a piece.
    pub(crate) fn push(&mut self, bytes: &[u8], emit: &mut dyn FnMut(Frame<'_>)) {
        for piece in bytes.chunks(PIECE) {
            self.scan(piece, emit);
        }
    }

    fn scan(&mut self, bytes: &[u8], emit: &mut dyn FnMut(Frame<'_>)) {
        self.buffer.extend_from_slice(bytes);
        while let Some(&c) = self.buffer.get(self.at) {
            match self.string {
                Text::Escaped => {
                    self.string = Text::Yes;
                    self.at += 1;
                    self.row += u64::from(c == b'\n');
                }
                Text::Yes => self.string(emit),
                Text::No if self.element.is_some() => self.inside(c, emit),
                Text::No => self.between(c, emit),
            }
        }
        if self.buffer.len() > MAX_RECORD {
            self.drop_held();
        }
    }

    /// What is left at the end of the source.
    pub(crate) fn finish(&mut self, emit: &mut dyn FnMut(Frame<'_>)) {
        if let Some(element) = self.element.take() {
            let place = self.place();
            emit(if element == Element::Ignored {
                Frame::Between(place.span)
            } else {
                cut_off(place)
            });
            self.begin_anew();
        } else {
            self.flush(emit);
        }
        self.string = Text::No;
        self.nest.clear();
    }

    /// From the start of the element to where the scanner is.
    fn place(&self) -> Place {
        let start = self.dropped.unwrap_or(self.base);
        Place { span: Span::new(start, self.base + self.at as u64), row: self.start_row }
    }

    /// Forgets what lies behind the scanner.
    fn begin_anew(&mut self) {
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        self.start_row = self.row;
        self.dropped = None;
        self.garbage = false;
        self.depth = 0;
        self.key = (0, 0);
    }

    /// Keeps only where the element began.
    fn drop_held(&mut self) {
        self.dropped = Some(self.dropped.unwrap_or(self.base));
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        self.key = (0, 0);
        self.string_start = 0;
    }

    /// Hands out what stands between two elements.
    fn flush(&mut self, emit: &mut dyn FnMut(Frame<'_>)) {
        if self.at > 0 || self.dropped.is_some() {
            let place = self.place();
            emit(if self.garbage { Frame::Garbage(place) } else { Frame::Between(place.span) });
        }
        self.begin_anew();
    }

    fn string(&mut self, emit: &mut dyn FnMut(Frame<'_>)) {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
            self.at = self.buffer.len();
            return;
        };
        self.at += found;
        match self.buffer.get(self.at) {
            Some(b'"') => {
                self.at += 1;
                self.string = Text::No;
                if self.depth <= 1 {
                    self.key = (self.string_start, self.at - 1);
                }
            }
            Some(b'\\') => {
                self.at += 1;
                self.string = Text::Escaped;
            }
            // No string goes on behind the end of its line: it was cut while it was written.
            _ => {
                self.at += 1;
                self.row += 1;
                self.string = Text::No;
                self.fresh_line = true;
                if self.element.take().is_some() {
                    emit(cut_off(self.place()));
                    self.begin_anew();
                } else {
                    self.garbage = true;
                }
            }
        }
    }

    fn inside(&mut self, c: u8, emit: &mut dyn FnMut(Frame<'_>)) {
        match c {
            b'"' => {
                self.string = Text::Yes;
                self.string_start = self.at + 1;
            }
            b'{' | b'[' => {
                if self.is_new_document() {
                    self.element = None;
                    emit(cut_off(self.place()));
                    self.begin_anew();
                    self.nest.clear();
                    return;
                }
                if c == b'[' && self.depth == 1 && self.opens_records(emit) {
                    return;
                }
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.step(c);
        if self.depth == 0 && matches!(c, b'}' | b']') {
            self.close(emit);
        }
    }

    /// Whether a line that begins with a bracket begins a document of its own, and what came before was cut off: a
    /// value would stand behind `:`, `,` or a bracket.
    fn is_new_document(&self) -> bool {
        self.fresh_line && !matches!(self.last, b':' | b',' | b'[' | b'{')
    }

    /// Whether the list that begins here holds records; if so, it is entered.
    fn opens_records(&mut self, emit: &mut dyn FnMut(Frame<'_>)) -> bool {
        if self.element != Some(Element::Object)
            || self.dropped.is_some()
            || self.at > MAX_RECORD
            || self.nest.len() >= MAX_NEST
        {
            return false;
        }
        let key = self.buffer.get(self.key.0..self.key.1).unwrap_or_default();
        let Some(list) = list_of(key) else { return false };
        self.step(b'[');
        let place = self.place();
        if list == Nest::Rows {
            let before = self.buffer.get(..self.key.0.saturating_sub(1)).unwrap_or_default();
            emit(Frame::Columns(before, place.span));
        } else {
            emit(Frame::Between(place.span));
        }
        self.element = None;
        self.nest.push(Nest::Wrapper);
        self.nest.push(list);
        self.begin_anew();
        true
    }

    fn close(&mut self, emit: &mut dyn FnMut(Frame<'_>)) {
        let place = self.place();
        let bytes = self.buffer.get(..self.at).unwrap_or_default();
        emit(match self.element.take() {
            Some(Element::Row | Element::Object) if is_too_long(place) => Frame::TooLong(place),
            Some(Element::Row) => Frame::Row(bytes, place),
            Some(Element::Object) => Frame::Object(bytes, place),
            Some(Element::Ignored) | None => Frame::Between(place.span),
        });
        self.begin_anew();
    }

    fn between(&mut self, c: u8, emit: &mut dyn FnMut(Frame<'_>)) {
        match (c, self.nest.last()) {
            (b'{', Some(Nest::Wrapper)) => self.start(Element::Ignored, emit),
            (b'{', _) => self.start(Element::Object, emit),
            (b'[', Some(Nest::Rows)) => self.start(Element::Row, emit),
            (b'[', Some(Nest::Wrapper)) => {
                let key = self.buffer.get(self.key.0..self.key.1).unwrap_or_default();
                match list_of(key).filter(|_| self.nest.len() < MAX_NEST) {
                    Some(list) => {
                        self.nest.push(list);
                        self.step(c);
                    }
                    None => self.start(Element::Ignored, emit),
                }
            }
            (b'[', _) if self.nest.len() < MAX_NEST => {
                self.nest.push(Nest::Records);
                self.step(c);
            }
            (b']', Some(Nest::Records | Nest::Rows)) | (b'}', Some(Nest::Wrapper)) => {
                self.nest.pop();
                self.step(c);
            }
            (b'"', Some(Nest::Wrapper)) => {
                self.string = Text::Yes;
                self.string_start = self.at + 1;
                self.step(c);
            }
            // Numbers and words are values of a wrapper.
            (_, Some(Nest::Wrapper)) => self.step(c),
            _ => {
                self.garbage |= !matches!(c, b',' | b' ' | b'\t' | b'\r' | b'\n' | 0);
                self.step(c);
            }
        }
    }

    fn start(&mut self, element: Element, emit: &mut dyn FnMut(Frame<'_>)) {
        self.flush(emit);
        self.element = Some(element);
        self.depth = 1;
        if let Some(&c) = self.buffer.first() {
            self.step(c);
        }
    }

    fn step(&mut self, c: u8) {
        self.at += 1;
        self.fresh_line = c == b'\n';
        self.row += u64::from(self.fresh_line);
        if !c.is_ascii_whitespace() {
            self.last = c;
        }
    }
}

/// What the list under a key holds.
fn list_of(key: &[u8]) -> Option<Nest> {
    match key {
        b"records" | b"Records" | b"value" | b"tables" => Some(Nest::Records),
        b"rows" => Some(Nest::Rows),
        _ => None,
    }
}

fn is_too_long(place: Place) -> bool {
    place.span.len() > MAX_RECORD as u64
}

fn cut_off<'b>(place: Place) -> Frame<'b> {
    if is_too_long(place) { Frame::TooLong(place) } else { Frame::CutOff(place) }
}
