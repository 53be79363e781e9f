//! An event log in whatever form it comes.

use crate::json::Objects;
use crate::read::{Item, Items, read_all};
use crate::report;
use crate::table::Table;

/// In which form an event log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// XML: App Service's own, `wevtutil`, Event Viewer.
    Xml,
    /// `.evtx`.
    Evtx,
    /// CSV or TSV: Event Viewer, `Export-Csv`.
    Table,
    /// `ConvertTo-Json`.
    Json,
    /// `Report.wer`.
    Report,
}

/// What the times of a log count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// UTC, or times that name their zone.
    Utc,
    /// The clock of the machine that wrote the export; its zone is not known, and it was read as UTC.
    Local {
        /// Which number is the day was guessed, because nothing in the file tells.
        guessed: bool,
    },
}

/// The items of an event log in any form. Of binary logs, and of tables and JSON, all events are read from the start:
/// what their first bytes say is needed for the rest.
#[derive(Debug)]
pub struct Log<'a> {
    format: Format,
    clock: Clock,
    items: Inner<'a>,
}

#[derive(Debug)]
enum Inner<'a> {
    Xml(Items<'a>),
    #[cfg(feature = "evtx")]
    Evtx(crate::binary::Records<'a>),
    Table(Table<'a>),
    Json(Objects<'a>),
    One(std::option::IntoIter<Item<'a>>),
}

impl<'a> Log<'a> {
    /// Reads a log. The form is told by the first bytes; what is none of the others is read as XML, whose reader
    /// finds events in anything. UTF-16 is expected to have been through [`decode`](crate::decode()).
    pub fn open(bytes: &'a [u8]) -> Self {
        if bytes.starts_with(b"ElfFile\0") || bytes.starts_with(b"ElfChnk\0") {
            return Self { format: Format::Evtx, clock: Clock::Utc, items: binary(bytes) };
        }
        if report::is_report(bytes) {
            let items = Inner::One(Some(report::item(bytes)).into_iter());
            return Self { format: Format::Report, clock: Clock::Utc, items };
        }
        if let Some(objects) = Objects::open(bytes) {
            return Self { format: Format::Json, clock: Clock::Utc, items: Inner::Json(objects) };
        }
        if let Some(table) = Table::open(bytes) {
            let clock =
                if table.local { Clock::Local { guessed: table.ambiguous } } else { Clock::Utc };
            return Self { format: Format::Table, clock, items: Inner::Table(table) };
        }
        Self { format: Format::Xml, clock: Clock::Utc, items: Inner::Xml(read_all(bytes)) }
    }

    /// In which form it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What its times count from.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}

#[cfg(feature = "evtx")]
fn binary(bytes: &[u8]) -> Inner<'_> {
    Inner::Evtx(crate::binary::Records::new(bytes))
}

/// Without the reader for them, a binary log is one thing that could not be read.
#[cfg(not(feature = "evtx"))]
fn binary(bytes: &[u8]) -> Inner<'_> {
    let span = daaslens_core::Span::new(0, bytes.len() as u64);
    let fault = crate::Fault::Unsupported;
    Inner::One(Some(Item::Malformed(crate::Malformed { span, line: 1, fault })).into_iter())
}

impl<'a> Iterator for Log<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        match &mut self.items {
            Inner::Xml(items) => items.next(),
            #[cfg(feature = "evtx")]
            Inner::Evtx(items) => items.next(),
            Inner::Table(items) => items.next(),
            Inner::Json(items) => items.next(),
            Inner::One(items) => items.next(),
        }
    }
}
