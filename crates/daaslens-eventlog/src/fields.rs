//! The columns of tables and the members of JSON objects, as PowerShell and Event Viewer name them, on their way to an
//! [`Event`].

use std::borrow::Cow;

use daaslens_core::{Span, Time};

use crate::clock::{self, Order};
use crate::event::{Datum, Dialect, Event};
use crate::fault::Fault;
use crate::{MAX_DATA, rendered};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// A number, or the word for it.
    Level,
    /// `Get-EventLog`'s: the type that was given to `ReportEvent`.
    EntryType,
    Time,
    Provider,
    Id,
    /// All 32 bits of the id.
    InstanceId,
    Qualifiers,
    Message,
    RecordId,
    Channel,
    ProcessId,
    Computer,
    /// The insertion strings.
    Strings,
}

impl Field {
    /// By the name of a column, in any case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name: String =
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Some(match name.as_str() {
            "level" | "leveldisplayname" => Self::Level,
            "entrytype" => Self::EntryType,
            "timecreated" | "timegenerated" | "dateandtime" | "datetime" => Self::Time,
            "providername" | "source" | "provider" => Self::Provider,
            "id" | "eventid" => Self::Id,
            "instanceid" => Self::InstanceId,
            "qualifiers" => Self::Qualifiers,
            "message" | "description" => Self::Message,
            "recordid" | "index" | "eventrecordid" => Self::RecordId,
            "logname" | "channel" | "log" => Self::Channel,
            "processid" => Self::ProcessId,
            "machinename" | "computer" | "computername" => Self::Computer,
            "properties" | "replacementstrings" => Self::Strings,
            _ => return None,
        })
    }
}

/// An event in the making.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    id: Option<i64>,
    instance: Option<i64>,
    qualifiers: u16,
    provider: String,
    level: Option<u8>,
    time: Option<Time>,
    /// A time was given, whether it was understood or not.
    timed: bool,
    /// The time names no zone.
    pub(crate) local: bool,
    record_id: Option<i64>,
    channel: String,
    computer: String,
    process_id: Option<u32>,
    message: Option<String>,
    data: Vec<Datum<'static>>,
    strings: u32,
}

impl Draft {
    pub(crate) fn set(&mut self, field: Field, value: &str, order: Order) {
        let text = value.trim();
        if text.is_empty() {
            return;
        }
        match field {
            Field::Level => self.level = level(text).or(self.level),
            Field::EntryType => self.level = entry_type(text).or(self.level),
            Field::Time => self.set_time(text, order),
            Field::Provider => text.clone_into(&mut self.provider),
            Field::Id => self.id = text.parse().ok(),
            Field::InstanceId => self.instance = text.parse().ok(),
            Field::Qualifiers => self.qualifiers = text.parse().unwrap_or(0),
            Field::Message => self.message = Some(text.to_owned()),
            Field::RecordId => self.record_id = text.parse().ok(),
            Field::Channel => text.clone_into(&mut self.channel),
            Field::ProcessId => self.process_id = text.parse().ok(),
            Field::Computer => text.clone_into(&mut self.computer),
            // In a table it is the name of a type: `System.String[]`.
            Field::Strings => {}
        }
    }

    /// One insertion string.
    pub(crate) fn push(&mut self, text: &str) {
        self.strings = self.strings.saturating_add(1);
        if self.data.len() < MAX_DATA {
            self.data.push(Datum { name: None, text: Cow::Owned(text.to_owned()) });
        }
    }

    fn set_time(&mut self, text: &str, order: Order) {
        // An object has more than one time at times; the first that is understood counts.
        if self.time.is_some() {
            return;
        }
        self.timed = true;
        // Windows PowerShell writes dates into JSON as `/Date(1595374458918)/`, in UTC.
        if let Some((_, rest)) = text.split_once("/Date(") {
            let end = rest.find([')', '+']).unwrap_or(rest.len());
            self.time = rest.get(..end).and_then(|ms| ms.parse().ok()).map(Time);
            return;
        }
        if let Some(time) = zoned(text) {
            self.time = Some(time);
            return;
        }
        self.time = clock::local(text, order);
        self.local = self.time.is_some();
    }

    /// The event, if it has what makes one.
    pub(crate) fn finish(self, span: Span, line: u64) -> Result<Event<'static>, Fault> {
        let id = self.id.or(self.instance);
        let (Some(id), false) = (id, self.provider.is_empty()) else {
            return Err(Fault::NoSystem);
        };
        let high = self.instance.map_or(0, |raw| (raw >> 16 & 0xffff) as u16);
        let id = (id & 0xffff) as u32;
        let mut faults = Vec::new();
        if self.time.is_none() {
            faults.push(Fault::NoTime);
        }
        if self.strings as usize > self.data.len() {
            faults.push(Fault::TooManyStrings { found: self.strings });
        }
        let data = match &self.message {
            Some(message) if self.data.is_empty() => rendered::strings(&self.provider, id, message),
            _ => self.data,
        };
        Ok(Event {
            span,
            line,
            dialect: Dialect::Windows,
            provider: Cow::Owned(self.provider),
            id,
            qualifiers: if self.qualifiers == 0 { high } else { self.qualifiers },
            raw_level: self.level,
            time: self.time,
            record_id: self.record_id,
            channel: Cow::Owned(self.channel),
            computer: Cow::Owned(self.computer),
            process_id: self.process_id,
            data,
            binary: None,
            message: self.message.map(Cow::Owned),
            faults,
        })
    }
}

/// A time that says its zone: `2026-03-11T02:14:07.123Z`, `2026-03-11T03:14:07+01:00`.
fn zoned(text: &str) -> Option<Time> {
    let (_, clock) = text.split_once('T')?;
    (clock.ends_with(['Z', 'z']) || clock.contains(['+', '-'])).then(|| Time::parse(text)).flatten()
}

/// A level, by Windows' number or by the word of one of the languages that exports are written in.
fn level(text: &str) -> Option<u8> {
    const WORDS: [(&str, u8); 16] = [
        ("criti", 1),
        ("krit", 1),
        ("críti", 1),
        ("err", 2),
        ("fehler", 2),
        ("fout", 2),
        ("ошибка", 2),
        ("warn", 3),
        ("avert", 3),
        ("advert", 3),
        ("avviso", 3),
        ("waarsch", 3),
        ("предупр", 3),
        ("info", 4),
        ("verbose", 5),
        ("ausführ", 5),
    ];
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let text = text.to_lowercase();
    WORDS.iter().find(|(word, _)| text.starts_with(word)).map(|(_, level)| *level)
}

/// `Get-EventLog`'s: the number that was given to `ReportEvent`, or the word for it, as Windows' level.
fn entry_type(text: &str) -> Option<u8> {
    match text.parse::<u8>() {
        Ok(1) => Some(2),
        Ok(2) => Some(3),
        Ok(4) => Some(4),
        Ok(_) => Some(0),
        Err(_) if text.to_ascii_lowercase().ends_with("audit") => Some(0),
        Err(_) => level(text),
    }
}
