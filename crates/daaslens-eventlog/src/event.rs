//! One event, as the XML has it. What its texts mean is read elsewhere.

use std::borrow::Cow;

use daaslens_core::{Span, Time};

use crate::fault::Fault;

/// Which habits the writer of an event had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// App Service's `eventlog.xml`: no namespace, `Keywords` is the word "Keywords", the level is the type that
    /// was given to `ReportEvent`, and the record id is the machine's tick count.
    AppService,
    /// Windows itself: `wevtutil`, `Get-WinEvent`, Event Viewer.
    Windows,
}

/// How bad the writer thought it was, in Event Viewer's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The system or the process is gone.
    Critical,
    /// Something failed.
    Error,
    /// Something may fail.
    Warning,
    /// Something happened.
    Information,
    /// Something for developers happened.
    Verbose,
}

impl Level {
    /// The word that people know it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
            Self::Verbose => "verbose",
        }
    }
}

/// One insertion string.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Datum<'a> {
    /// Its name, where the provider has a manifest.
    pub name: Option<Cow<'a, str>>,
    /// Its text. Line breaks are as in the file: CRLF on disk, LF where Git or an editor went over it.
    pub text: Cow<'a, str>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Where it stands.
    pub span: Span,
    /// The line on which it begins, counted from 1. `eventlog.xml` is one line but for the breaks inside texts.
    pub line: u64,
    /// Whose habits it follows.
    pub dialect: Dialect,
    /// The provider (`Source` in Event Viewer).
    pub provider: Cow<'a, str>,
    /// The event id as people know it: the low 16 bits.
    pub id: u32,
    /// The high 16 bits of the raw id (severity, facility), or the `Qualifiers` attribute.
    pub qualifiers: u16,
    /// The level as written. What it means depends on the dialect and on the provider: see [`Event::level`].
    pub raw_level: Option<u8>,
    /// When, in UTC.
    pub time: Option<Time>,
    /// `EventRecordID`. In App Service's dialect it is no number of a record but the machine's tick count in
    /// milliseconds, as a signed 32-bit number: it orders events within a second, can be negative, and two events
    /// can share one.
    pub record_id: Option<i64>,
    /// `Application`, `System` …
    pub channel: Cow<'a, str>,
    /// The machine, in the case in which it was written; compare without regard to case.
    pub computer: Cow<'a, str>,
    /// The id of the process that wrote the event. Never in App Service's dialect.
    pub process_id: Option<u32>,
    /// The insertion strings, in order. Empty ones count: positions carry the meaning.
    pub data: Vec<Datum<'a>>,
    /// The binary part, in hexadecimal digits.
    pub binary: Option<Cow<'a, str>>,
    /// The rendered message, where an export has one.
    pub message: Option<Cow<'a, str>>,
    /// What had to be put up with to read it.
    pub faults: Vec<Fault>,
}

impl Event<'_> {
    /// The level in Event Viewer's words; an event without one is information.
    ///
    /// | number | App Service | App Service, ASP.NET | Windows |
    /// |---|---|---|---|
    /// | 0 | information | information | information |
    /// | 1 | error | information | critical |
    /// | 2 | warning | warning | error |
    /// | 3 | – | error | warning |
    /// | 4 | information | – | information |
    /// | 5 | – | – | verbose |
    ///
    /// The second column is the type that was given to `ReportEvent`; ASP.NET hands over its own enumeration
    /// instead, which counts the other way.
    pub fn level(&self) -> Level {
        let app_service = self.dialect == Dialect::AppService;
        let asp_net = app_service && is_asp_net(&self.provider);
        match self.raw_level {
            Some(1) if asp_net => Level::Information,
            Some(1) if app_service => Level::Error,
            Some(1) => Level::Critical,
            Some(2) if app_service => Level::Warning,
            Some(2) => Level::Error,
            Some(3) if asp_net => Level::Error,
            Some(3) => Level::Warning,
            Some(5) if !app_service => Level::Verbose,
            _ => Level::Information,
        }
    }

    /// The insertion string at `index`, counted from 0; empty where there is none.
    pub fn text(&self, index: usize) -> &str {
        self.data.get(index).map_or("", |datum| &datum.text)
    }

    /// The insertion string called `name`.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.data.iter().find(|datum| datum.name.as_deref() == Some(name)).map(|datum| &*datum.text)
    }

    /// The insertion string called `name`, else the one at `index`: newer Windows names what older counted.
    pub(crate) fn named_or(&self, name: &str, index: usize) -> &str {
        self.named(name).unwrap_or_else(|| self.text(index))
    }

    /// Whether the event is of `provider`, in any case.
    pub fn is_from(&self, provider: &str) -> bool {
        self.provider.eq_ignore_ascii_case(provider)
    }

    /// The first four bytes of the binary part as the little-endian code that most providers put there:
    /// `50000780` is 0x80070050, "the file exists".
    pub fn binary_code(&self) -> Option<u32> {
        let digits = self.binary.as_deref()?.get(..8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::swap_bytes)
    }

    /// When the machine was started, as far as the event tells: its time less the tick count. A change of it on
    /// one machine means that the machine was restarted, or that another one took over the name.
    pub fn boot(&self) -> Option<Time> {
        if self.dialect != Dialect::AppService {
            return None;
        }
        let ticks = i32::try_from(self.record_id?).ok()?;
        self.time.map(|time| Time(time.0.saturating_sub(i64::from(ticks.cast_unsigned()))))
    }

    /// The same event, independent of the bytes it was read from.
    pub fn into_owned(self) -> Event<'static> {
        Event {
            span: self.span,
            line: self.line,
            dialect: self.dialect,
            provider: owned(self.provider),
            id: self.id,
            qualifiers: self.qualifiers,
            raw_level: self.raw_level,
            time: self.time,
            record_id: self.record_id,
            channel: owned(self.channel),
            computer: owned(self.computer),
            process_id: self.process_id,
            data: self
                .data
                .into_iter()
                .map(|datum| Datum { name: datum.name.map(owned), text: owned(datum.text) })
                .collect(),
            binary: self.binary.map(owned),
            message: self.message.map(owned),
            faults: self.faults,
        }
    }
}

/// `ASP.NET 4.0.30319.0`, `ASP.NET 2.0.50727.0`.
pub(crate) fn is_asp_net(provider: &str) -> bool {
    provider.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("ASP.NET "))
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
