//! One record, and what can be read off it.

use std::borrow::Cow;
use std::ops::Range;

use daaslens_core::{Span, Time};

use crate::head::Form;
use crate::level::Level;
use crate::open::is_place_in_script;

/// What ended with an exception that nobody caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uncaught {
    /// A request, or another piece of work: the process goes on.
    Request,
    /// The process.
    Process,
}

/// What frameworks log when a request ends with an exception.
const OF_REQUEST: &[&str] = &[
    "An unhandled exception has occurred while executing the request",
    "An unhandled exception was thrown by the application",
    "Unhandled exception rendering component",
    "Exception in ASGI application",
    "Error handling request",
    "Exception on /",
];

/// What hosts log when an application does not start, whatever the level.
const OF_START: &[&str] = &[
    "Hosting failed to start",
    "Application startup exception",
    "Host terminated unexpectedly",
    "terminated unexpectedly",
    "Application startup failed",
];

/// What runtimes print, without a level, before the process ends.
const OF_PROCESS: &[&str] = &[
    "Unhandled exception",
    "Unhandled Exception",
    "uncaught exception",
    "Exception in thread \"main\"",
    "UnhandledPromiseRejection",
    "Stack overflow.",
    "Process terminated.",
    "FATAL ERROR: ",
];

/// How far into a message they are looked for.
const WITHIN: usize = 400;

/// Where the time of a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dated {
    /// It is written on the record's own line.
    Written,
    /// The record has none: that of the last one before it that has.
    Before,
    /// No record before it has one either: that of the file's name.
    FileName,
    /// Nothing tells.
    Unknown,
}

/// The clock of a written time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// UTC, or an offset is written.
    Known,
    /// No zone is written; read as UTC, which is what App Service sets.
    Assumed,
}

/// A record: a line with a head and all lines that belong to it, or a line of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub(crate) span: Span,
    pub(crate) line: u64,
    pub(crate) lines: u64,
    pub(crate) form: Form,
    pub(crate) time: Option<Time>,
    pub(crate) dated: Dated,
    pub(crate) zone: Zone,
    pub(crate) recovered: bool,
    pub(crate) cut: bool,
    pub(crate) level: Option<Level>,
    pub(crate) pid: Option<u32>,
    pub(crate) category: Range<usize>,
    pub(crate) thread: Range<usize>,
    pub(crate) scope: Range<usize>,
    pub(crate) message: usize,
    pub(crate) text: Cow<'a, str>,
}

impl Record<'_> {
    /// The bytes of the record, from the start of the log, with all line ends.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The line at which it begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// How many lines it has.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How its first line is laid out.
    pub fn form(&self) -> Form {
        self.form
    }

    /// When it was written, in UTC as far as that is known.
    pub fn time(&self) -> Option<Time> {
        self.time
    }

    /// Where the time comes from.
    pub fn dated(&self) -> Dated {
        self.dated
    }

    /// The clock of its time.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// Whether it was read although not all is right with it: a date that does not exist, a message that is longer
    /// than what is kept.
    pub fn recovered(&self) -> bool {
        self.recovered || self.cut
    }

    /// The level that its writer gave it.
    pub fn level(&self) -> Option<Level> {
        self.level
    }

    /// The process, where the record names it.
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// The name of the logger; empty where there is none.
    pub fn category(&self) -> &str {
        self.part(&self.category)
    }

    /// The thread, or whatever stands in its place; empty where there is none.
    pub fn thread(&self) -> &str {
        self.part(&self.thread)
    }

    /// The path of the request in which it was written, where a scope of ASP.NET Core says so.
    pub fn request_path(&self) -> Option<&str> {
        let scope = self.part(&self.scope);
        let (_, rest) = scope.split_once("RequestPath:")?;
        let path = rest.split(" => ").next().unwrap_or(rest);
        let path = path.split([' ', ',']).find(|path| !path.is_empty())?;
        path.starts_with('/').then_some(path)
    }

    /// What it says, all lines, colours removed.
    pub fn message(&self) -> &str {
        self.text.get(self.message..).unwrap_or_default().trim_end()
    }

    /// The first line of the message.
    pub fn headline(&self) -> &str {
        let message = self.message().trim_start();
        message.lines().next().unwrap_or_default().trim_end()
    }

    /// What ended, where it says that nobody caught an exception.
    pub fn uncaught(&self) -> Option<Uncaught> {
        let message = self.message();
        let head = message.get(..message.floor_char_boundary(WITHIN)).unwrap_or(message);
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| head.contains(phrase));
        if says(OF_REQUEST) {
            return Some(Uncaught::Request);
        }
        if says(OF_START) {
            return Some(Uncaught::Process);
        }
        if self.level.is_none() && self.form == Form::Plain {
            let by_node = is_place_in_script(self.headline().as_bytes())
                && message.contains("\n    at ")
                || message.contains("\nNode.js v");
            if by_node || says(OF_PROCESS) {
                return Some(Uncaught::Process);
            }
        }
        let is_work = says(OF_PROCESS) || head.contains("Exception in thread \"");
        is_work.then_some(Uncaught::Request)
    }

    fn part(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default().trim()
    }
}
