//! One record, and what can be read off it.

use crate::level::{self, Gravity, Level, Origin};
use crate::place::{self, Place};
use crate::stamp::Stamp;
use crate::trace::{self, Exceptions, Frames};
use bstr::{BStr, ByteSlice};
use daaslens_core::{Span, Time};

/// A stamped line with all lines that belong to it. Borrows the log; only the stamp and the level are read at
/// once, the rest when one asks for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    span: Span,
    line: u64,
    lines: u64,
    stamp: Stamp<'a>,
    text: &'a BStr,
    level: Level,
    word: &'a BStr,
    body: &'a BStr,
}

impl<'a> Record<'a> {
    pub(crate) fn new(span: Span, line: u64, lines: u64, stamp: Stamp<'a>, text: &'a [u8]) -> Self {
        let (level, word, body) = level::parse(text);
        let (text, word, body) = (BStr::new(text), BStr::new(word), BStr::new(body));
        Self { span, line, lines, stamp, text, level, word, body }
    }

    /// The bytes of the record, from the start of the log, with the line end.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The line of the chunk at which the record begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many lines the record has.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// When it was written, with zone and doubts.
    pub fn stamp(&self) -> Stamp<'a> {
        self.stamp
    }

    /// When it was written, in UTC.
    pub fn time(&self) -> Option<Time> {
        self.stamp.time
    }

    /// Whether the record could be read although its stamp was not quite right: its zone is unknown, its date
    /// does not exist, or clocks went forward over it.
    pub fn recovered(&self) -> bool {
        use crate::stamp::Doubt;
        matches!(self.stamp.doubt, Some(Doubt::UnknownZone | Doubt::NoSuchTime | Doubt::Skipped))
    }

    /// Everything behind the stamp, all lines, without the last line end. Records with the same text have the
    /// same [`Signature`](crate::Signature) and [`Class`](crate::Class).
    pub fn text(&self) -> &'a BStr {
        self.text
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The level as written, `Catchable fatal error`; empty where there is none.
    pub fn level_word(&self) -> &'a BStr {
        self.word
    }

    /// How much the level says about the request.
    pub fn gravity(&self) -> Gravity {
        self.level.gravity()
    }

    /// Who wrote it.
    pub fn origin(&self) -> Origin {
        level::origin(self.level, self.text)
    }

    /// What happened: the text behind the level, without stack trace and without place. May have several lines
    /// (SQL, texts of the operating system).
    pub fn message(&self) -> &'a BStr {
        let head = trace::before(self.body);
        let head = self.logged().map_or(head, |logged| logged.message);
        let message = place::at_end(head).map_or(head, |(message, _)| message);
        BStr::new(crate::read::trim_end(message))
    }

    /// The record without its stack trace, whose calls have arguments, and without the context that a framework's logger
    /// adds: what may be shown.
    pub fn head(&self) -> &'a BStr {
        let text: &'a [u8] = self.text;
        let head = trace::before(text);
        let head = self.logged().map_or(head, |_| trace::without_context(head));
        BStr::new(crate::read::trim_end(head))
    }

    /// The first line of the message.
    pub fn headline(&self) -> &'a BStr {
        let message: &'a [u8] = self.message();
        let line = message.split_once_str("\n").map_or(message, |(line, _)| line);
        BStr::new(crate::read::trim_end(line))
    }

    /// The file that PHP names, as written. `Unknown` for what happened outside of any script.
    pub fn file(&self) -> Option<&'a BStr> {
        self.place().map(|place| BStr::new(place.file))
    }

    /// The line in that file. 0 for `Unknown`.
    pub fn line_in_file(&self) -> Option<u32> {
        self.place().map(|place| place.line)
    }

    /// The stack frames, in the order in which they stand in the log; see [`Frames`].
    pub fn frames(&self) -> Frames<'a> {
        Frames::new(trace::behind(self.body))
    }

    /// The chain of an uncaught exception: the first is the original one, the last the one that reached the top.
    /// Empty for anything else.
    pub fn exceptions(&self) -> Exceptions<'a> {
        match self.logged().and_then(|logged| logged.exception) {
            // The message tells of it too, in fewer words.
            Some(exception) => Exceptions::new(None, Some(exception)),
            None => Exceptions::new(self.uncaught(), None),
        }
    }

    /// The exception that nobody caught, with all that led to it.
    fn uncaught(&self) -> Option<&'a [u8]> {
        let body: &'a [u8] = self.body;
        let body = body.strip_prefix(b"PHP Startup: ").unwrap_or(body);
        body.strip_prefix(b"Uncaught ")
    }

    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// What a framework's logger wrote: the message without its context, and the exception in that.
    fn logged(&self) -> Option<trace::Logged<'a>> {
        let by_logger = self.level == Level::Logged
            || !self.word.is_empty()
                && !self.text.starts_with(b"PHP ")
                && self.word.contains(&b'.');
        by_logger.then(|| trace::logged(self.body))
    }

    fn place(&self) -> Option<Place<'a>> {
        if let Some(exception) = self.logged().and_then(|logged| logged.exception) {
            let file: &'a [u8] = exception.file?;
            return Some(Place { file, line: exception.line? });
        }
        if self.level == Level::Slow {
            return trace::slow_script(self.body).map(|file| Place { file, line: 0 });
        }
        // PHP's own last line of an uncaught exception.
        if self.uncaught().is_some()
            && let Some(line) = self.body.rsplit(|b| *b == b'\n').next()
            && let Some(thrown) = line.trim_ascii_start().strip_prefix(b"thrown in ")
            && let Some(place) = place::on_line(thrown)
        {
            return Some(place);
        }
        place::at_end(trace::before(self.body)).map(|(_, place)| place)
    }
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("span", &self.span)
            .field("line", &self.line)
            .field("lines", &self.lines)
            .field("stamp", &self.stamp)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}
