//! The formats of request logs: which reader reads one, and in which pieces.
//!
//! Everything behind this file sees a [`Request`], whatever it was written like. A format is a variant of
//! [`Reader`] with its arms below; the vantage is what its requests say of themselves.

use std::fmt;

use daaslens_core::{Excerpt, Kind, Span, Time};
use daaslens_httplog::azure::{self, Shape};
use daaslens_httplog::w3c::{self, Service};
use daaslens_httplog::{Item, Request, iis, ncsa, newline};

use crate::records::azure as records;

/// Takes what a reader finds.
pub(crate) trait Sink {
    /// A request.
    fn request<R: Request>(&mut self, request: &R);

    /// Something that could not be read as a request: where, after how many lines of the bytes, and why.
    fn malformed(&mut self, span: Span, row: u64, fault: &dyn fmt::Display);

    /// A record that is none of a request: a resource log may hold several categories.
    fn beside(&mut self, _: &Beside<'_>) {}
}

/// A record that stands beside requests.
pub(crate) struct Beside<'a> {
    pub(crate) at: azure::Place,
    pub(crate) time: Option<Time>,
    /// The record as evidence shows it.
    pub(crate) excerpt: &'a dyn Fn() -> Excerpt,
}

/// The reader of one log, and what it must know of everything before the bytes that it reads.
#[derive(Clone, Debug)]
pub(crate) enum Reader {
    W3c(w3c::State),
    Native(iis::State),
    /// Nothing but the byte that ends a line.
    Ncsa(u8),
    /// The layout, and whether the end of the document was missing.
    Azure(azure::Layout, bool),
}

impl Reader {
    /// Whether sources of this kind are logs of requests.
    pub(crate) fn is_for(kind: Kind) -> bool {
        matches!(kind, Kind::W3c | Kind::IisNative | Kind::Ncsa | Kind::HttpJson)
    }

    /// The reader of a source of this kind, in the state after its head; or why it is no log of web requests.
    /// `None` where the kind is not read here.
    pub(crate) fn open(kind: Kind, head: &[u8]) -> Option<Result<Self, &'static str>> {
        let (reader, service) = match kind {
            Kind::W3c => {
                let (state, service) = w3c::head(head);
                (Self::W3c(state), service)
            }
            Kind::IisNative => {
                let (state, service) = iis::head(head);
                (Self::Native(state), service)
            }
            Kind::Ncsa => (Self::Ncsa(newline(head)), None),
            Kind::HttpJson => {
                let layout = azure::Layout::of(head).unwrap_or(azure::Layout::LINES);
                (Self::Azure(layout, false), None)
            }
            _ => return None,
        };
        Some(match service {
            Some(Service::Ftp) => Err("a log of FTP sessions, not of web requests"),
            Some(Service::Smtp) => Err("a log of SMTP sessions, not of web requests"),
            Some(Service::Other) => Err("a W3C log, but not of web requests"),
            Some(Service::Http) | None => Ok(reader),
        })
    }

    /// The reader at the start of the same source.
    pub(crate) fn start(&self) -> Self {
        match self {
            Self::W3c(state) => Self::W3c(w3c::State::with_newline(state.newline())),
            // How dates are written is a matter of the whole file.
            Self::Native(_) | Self::Ncsa(_) => self.clone(),
            Self::Azure(layout, _) => Self::Azure(*layout, false),
        }
    }

    /// The byte that ends a line.
    pub(crate) fn newline(&self) -> u8 {
        match self {
            Self::W3c(state) => state.newline(),
            Self::Native(state) => state.newline(),
            Self::Ncsa(newline) => *newline,
            Self::Azure(..) => b'\n',
        }
    }

    /// Whether the source is one document, which cannot be cut at line starts: it is read whole, within a bound.
    pub(crate) fn is_document(&self) -> bool {
        match self {
            Self::W3c(_) | Self::Native(_) | Self::Ncsa(_) => false,
            Self::Azure(layout, _) => layout.shape != Shape::Lines,
        }
    }

    /// Whether each record names the instance that answered it: one log of several.
    pub(crate) fn is_of_many(&self) -> bool {
        matches!(self, Self::Azure(..))
    }

    /// What the source has to be read with once more, front to back: `self` read all pieces but the first, and this
    /// is how each of them left it, in their order. `None` where everything was read rightly.
    pub(crate) fn again(&self, ends: &[&Self]) -> Option<Self> {
        match self {
            Self::W3c(state) => {
                let (_, ends) = ends.split_last()?;
                let held = |end: &&Self| matches!(end, Self::W3c(end) if end.reads_like(state));
                // The columns change inside.
                (!ends.iter().all(held)).then(|| self.clone())
            }
            Self::Native(state) => {
                let told = ends.iter().find_map(|end| match end {
                    Self::Native(end) if end.order() != state.order() => Some(*end),
                    _ => None,
                })?;
                Some(Self::Native(told))
            }
            // Each line says all that is to know of it.
            Self::Ncsa(_) | Self::Azure(..) => None,
        }
    }

    /// Reads `bytes`, which begin at a line start (of a document: all of it), `base` bytes into their source.
    /// Returns how many lines ended in them.
    #[inline]
    pub(crate) fn read(&mut self, bytes: &[u8], base: u64, sink: &mut impl Sink) -> u64 {
        match self {
            Self::W3c(state) => w3c::read(bytes, base, state, &mut |item| match item {
                w3c::Item::Record(record) => sink.request(&record),
                w3c::Item::Malformed(it) => sink.malformed(it.span, it.row, &it.fault),
                w3c::Item::Directive(_) | w3c::Item::Blank(_) => {}
            }),
            Self::Native(state) => iis::read(bytes, base, state, &mut |item| take(item, sink)),
            Self::Ncsa(newline) => ncsa::read(bytes, base, *newline, &mut |item| take(item, sink)),
            Self::Azure(layout, is_cut) => {
                // Lines tell all that is to know of them, and documents come whole: a reader is made for each.
                let mut reader = azure::Reader::new(*layout);
                let mut each = |item: azure::Item<'_>| match item {
                    azure::Item::Request(record) => sink.request(&record),
                    azure::Item::Line(line) => sink.beside(&Beside {
                        at: line.place,
                        time: Some(line.time),
                        excerpt: &|| records::said(&line, &records::text(&line), 0).excerpt(),
                    }),
                    azure::Item::Event(event) => sink.beside(&Beside {
                        at: event.place,
                        time: Some(event.time),
                        excerpt: &|| records::excerpt(event.time, &event.message),
                    }),
                    azure::Item::Other(at) => {
                        sink.beside(&Beside { at, time: None, excerpt: &Excerpt::default });
                    }
                    azure::Item::Malformed(at, fault) => sink.malformed(at.span, at.row, &fault),
                    azure::Item::Between(_) => {}
                };
                reader.read(bytes, base, &mut each);
                if layout.shape != Shape::Lines {
                    reader.finish(&mut each);
                    *is_cut = reader.is_cut();
                }
                let ends = memchr::memchr_iter(b'\n', bytes).count() as u64;
                ends + u64::from(bytes.last().is_some_and(|last| *last != b'\n'))
            }
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
            Self::Native(state) => {
                notes.push(LOCAL);
                if state.order() == Some(iis::Order::DayFirst) {
                    notes.push("the day stands before the month in its dates");
                }
            }
            Self::Ncsa(_) => {}
            Self::Azure(layout, _) => {
                if layout.is_local {
                    notes.push(LOCAL);
                }
            }
        }
        notes
    }

    /// The same, once the log was read to its end.
    pub(crate) fn end_notes(&self) -> Vec<&'static str> {
        if matches!(self, Self::Azure(_, true)) { vec![CUT] } else { Vec::new() }
    }
}

fn take<R: Request>(item: Item<R>, sink: &mut impl Sink) {
    match item {
        Item::Record(record) => sink.request(&record),
        Item::Malformed(it) => sink.malformed(it.span, it.row, &it.fault),
        Item::Other(_) => {}
    }
}

/// Said of documents whose last bracket is missing.
const CUT: &str = "the document is cut off; what came behind is not in the bundle";

/// Said of logs whose clock is local.
const LOCAL: &str = "its clock is local and the file names no zone; read as UTC";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_change_and_dates_that_tell_late_are_read_again() {
        let reader = |kind, text: &[u8]| Reader::open(kind, text).unwrap().unwrap();
        let a = reader(Kind::W3c, b"#Fields: cs-method cs-uri-stem sc-status\n");
        let b = reader(Kind::W3c, b"#Fields: sc-status cs-method cs-uri-stem\n");
        assert!(a.again(&[&a, &a, &b]).is_none());
        assert!(matches!(a.again(&[&a, &b, &b]), Some(Reader::W3c(_))));
        let line = |date: &str| {
            format!(
                "192.0.2.7, -, {date}, 7:00:00, W3SVC1, W, 10.0.0.4, 1, 1, 1, 200, 0, GET, /, -,\n"
            )
        };
        let open = reader(Kind::IisNative, line("01/03/26").as_bytes());
        let told = reader(Kind::IisNative, line("13/03/26").as_bytes());
        assert!(open.again(&[&open, &open]).is_none());
        let again = open.again(&[&open, &told]).unwrap();
        assert!(matches!(again, Reader::Native(s) if s.order() == Some(iis::Order::DayFirst)));
        assert!(again.again(&[&again]).is_none());
        let month = reader(Kind::IisNative, line("03/13/26").as_bytes());
        assert!(open.again(&[&month]).is_some(), "what was assumed is now known");
    }

    #[test]
    fn logs_of_other_services_are_refused() {
        let ftp = b"192.0.2.7, -, 03/20/26, 7:00:00, MSFTPSVC1, W, 10.0.0.4, 1, 1, 1, 331, 0, [2]USER, x, -,\n";
        let why = Reader::open(Kind::IisNative, ftp).unwrap().unwrap_err();
        assert_eq!(why, "a log of FTP sessions, not of web requests");
        assert!(Reader::open(Kind::PhpLog, b"").is_none());
    }
}
