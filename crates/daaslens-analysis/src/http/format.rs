//! The formats of request logs: which reader reads one, and in which pieces.
//!
//! Everything behind this file sees a [`Request`], whatever it was written like. A format is a variant of
//! [`Reader`] with its arms below; the vantage is what its requests say of themselves.

use std::fmt;

use daaslens_core::{Kind, Span};
use daaslens_httplog::Request;
use daaslens_httplog::w3c::{self, Item, Service};

/// Takes what a reader finds.
pub(crate) trait Sink {
    /// A request.
    fn request<R: Request>(&mut self, request: &R);

    /// Something that could not be read as a request: where, after how many lines of the bytes, and why.
    fn malformed(&mut self, span: Span, row: u64, fault: &dyn fmt::Display);
}

/// The reader of one log, and what it must know of everything before the bytes that it reads.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    W3c(w3c::State),
}

impl Reader {
    /// Whether sources of this kind are logs of requests.
    pub(crate) fn is_for(kind: Kind) -> bool {
        kind == Kind::W3c
    }

    /// The reader of a source of this kind, in the state after its head; or why it is no log of web requests.
    /// `None` where the kind is not read here.
    pub(crate) fn open(kind: Kind, head: &[u8]) -> Option<Result<Self, &'static str>> {
        match kind {
            Kind::W3c => {
                let (state, service) = w3c::head(head);
                Some(match service {
                    Some(Service::Ftp) => Err("a W3C log of FTP sessions, not of web requests"),
                    Some(Service::Smtp) => Err("a W3C log of SMTP sessions, not of web requests"),
                    Some(Service::Other) => Err("a W3C log, but not of web requests"),
                    Some(Service::Http) | None => Ok(Self::W3c(state)),
                })
            }
            _ => None,
        }
    }

    /// The reader at the start of the same source.
    pub(crate) fn start(&self) -> Self {
        match self {
            Self::W3c(state) => Self::W3c(w3c::State::with_newline(state.newline())),
        }
    }

    /// The byte that ends a line.
    pub(crate) fn newline(&self) -> u8 {
        match self {
            Self::W3c(state) => state.newline(),
        }
    }

    /// Whether the source is one document, which cannot be cut at line starts: it is read whole, within a bound.
    pub(crate) fn is_document(&self) -> bool {
        match self {
            Self::W3c(_) => false,
        }
    }

    /// Whether `self` and `other` read the same lines as the same requests.
    pub(crate) fn reads_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::W3c(mine), Self::W3c(theirs)) => mine.reads_like(theirs),
        }
    }

    /// Reads `bytes`, which begin at a line start (of a document: all of it), `base` bytes into their source.
    /// Returns how many lines ended in them.
    #[inline]
    pub(crate) fn read(&mut self, bytes: &[u8], base: u64, sink: &mut impl Sink) -> u64 {
        match self {
            Self::W3c(state) => w3c::read(bytes, base, state, &mut |item| match item {
                Item::Record(record) => sink.request(&record),
                Item::Malformed(it) => sink.malformed(it.span, it.row, &it.fault),
                Item::Directive(_) | Item::Blank(_) => {}
            }),
        }
    }

    /// What a reader of the report should know of how the log was read.
    pub(crate) fn notes(&self) -> Vec<&'static str> {
        let mut notes = Vec::new();
        match self {
            Self::W3c(state) => {
                let Some(schema) = state.schema() else { return notes };
                if schema.is_guessed() {
                    notes.push("no #Fields line; the columns were told by their shape");
                }
                if schema.is_local() {
                    notes.push(LOCAL);
                }
            }
        }
        notes
    }
}

/// Said of logs whose clock is local.
const LOCAL: &str = "its clock is local and the file names no zone; read as UTC";
