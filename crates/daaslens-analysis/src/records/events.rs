//! Event logs: every event once, although bundles often hold several snapshots of the same growing file.

use std::collections::BTreeSet;

use daaslens_core::text::{shortened, visible};
use daaslens_core::{Evidence, Excerpt, Location, Part, PartKind, SourceId, TimeRange};
use daaslens_eventlog::incident::{self, Boot};
use daaslens_eventlog::{Clock, Event, Fault, Incident, Item, Log};

use super::Count;
use crate::config::Config;

/// The most events that are held.
const MAX_EVENTS: usize = 300_000;

/// The longest excerpt, in characters.
const EXCERPT: usize = 700;

/// All events.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) list: Vec<Event<'static>>,
    /// The source of each.
    pub(crate) sources: Vec<usize>,
    /// What they tell, folded.
    pub(crate) incidents: Vec<Incident>,
    /// When the machines were started, as far as that is told.
    pub(crate) boots: Vec<Boot>,
    pub(crate) range: Option<TimeRange>,
    /// Files that were read, also without an event.
    pub(crate) files: u64,
    /// Events that stood in more than one file.
    pub(crate) copies: u64,
    /// Whether there were more than are held.
    pub(crate) full: bool,
}

impl Events {
    pub(crate) fn read(bytes: &[u8], source: usize, config: &Config, count: &mut Count) -> Self {
        let mut events = Self { files: 1, ..Self::default() };
        let log = Log::open(bytes);
        if let Clock::Local { guessed } = log.clock() {
            count.notes.push("its clock is local and the file names no zone; read as UTC");
            if guessed {
                count.notes.push("which number of its dates is the day was guessed");
            }
        }
        for item in log {
            match item {
                Item::Event(event) => {
                    count.records += 1;
                    count.recovered += u64::from(!event.faults.is_empty());
                    if let Some(time) = event.time {
                        TimeRange::extend(&mut count.range, time);
                    }
                    let admitted = config.filter.admits_time(event.time)
                        && config.filter.admits_instance_or_unknown(&event.computer);
                    if admitted && events.list.len() < MAX_EVENTS {
                        events.list.push(event.into_owned());
                        events.sources.push(source);
                    } else if admitted {
                        events.full = true;
                    }
                }
                // The file is cut at about a megabyte, in the middle of an event: a limit of the writer, no damage.
                Item::Malformed(malformed)
                    if malformed.fault == Fault::Truncated
                        && malformed.span.end == bytes.len() as u64 =>
                {
                    count.cut = Some("the last event is cut off".to_owned());
                }
                Item::Malformed(malformed) => {
                    count.fault(malformed.line, malformed.span.start, malformed.fault.to_string());
                }
                Item::Other(_) => {}
            }
        }
        events
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.list.extend(other.list);
        self.sources.extend(other.sources);
        self.files += other.files;
        self.full |= other.full;
    }

    /// Once everything is there: drops copies, and folds what belongs together.
    pub(crate) fn settle(&mut self) {
        let mut seen = BTreeSet::new();
        let mut keep = Vec::with_capacity(self.list.len());
        for event in &self.list {
            // The same log comes with both line ends, as it was downloaded and as a repository made it.
            let data: Vec<String> =
                event.data.iter().map(|datum| datum.text.replace('\r', "")).collect();
            keep.push(seen.insert((
                event.time,
                event.computer.to_ascii_lowercase(),
                event.record_id,
                event.provider.to_ascii_lowercase(),
                event.id,
                data.join("\u{1f}"),
            )));
        }
        drop(seen);
        self.copies = keep.iter().filter(|keep| !**keep).count() as u64;
        let mut kept = keep.iter();
        self.list.retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.sources.retain(|_| kept.next().copied().unwrap_or(true));
        for event in &self.list {
            if let Some(time) = event.time {
                TimeRange::extend(&mut self.range, time);
            }
        }
        self.incidents = incident::fold(&self.list);
        self.boots = incident::boots(&self.list);
    }

    /// An event as evidence.
    pub(crate) fn evidence(&self, index: usize, note: &str, alike: u64) -> Option<Evidence> {
        let event = self.list.get(index)?;
        let source = *self.sources.get(index)?;
        Some(Evidence {
            at: Location {
                source: SourceId(source as u32),
                byte: event.span.start,
                line: event.line,
            },
            note: note.to_owned(),
            excerpt: excerpt(event),
            alike,
        })
    }
}

/// An event in one line: when, where, who, what.
pub(crate) fn excerpt(event: &Event<'_>) -> Excerpt {
    let plain = |text: String, strong| Part { kind: PartKind::Plain, text, strong };
    let mut parts = vec![
        plain(event.time.map_or_else(|| "-".to_owned(), daaslens_core::Time::rfc3339), false),
        plain(" ".to_owned(), false),
        Part {
            kind: PartKind::Instance,
            text: visible(event.computer.as_bytes()).into_owned(),
            strong: false,
        },
        plain(" ".to_owned(), false),
        plain(visible(event.provider.as_bytes()).into_owned(), true),
        plain(format!(" {} ", event.id), true),
    ];
    let text: Vec<&str> =
        event.data.iter().map(|datum| datum.text.trim()).filter(|text| !text.is_empty()).collect();
    let text = visible(text.join(" | ").as_bytes()).into_owned();
    parts.push(Part {
        kind: PartKind::Text,
        text: shortened(&text, EXCERPT).into_owned(),
        strong: false,
    });
    Excerpt(parts)
}
