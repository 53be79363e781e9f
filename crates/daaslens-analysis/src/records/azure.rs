//! What stands beside the requests in resource logs: what the platform did to the site.

use std::collections::BTreeMap;

use daaslens_core::text::{shortened, visible};
use daaslens_core::{Evidence, Excerpt, Location, SourceId, Time};
use daaslens_httplog::azure::{Item, Layout, Reader, Shape};

use crate::config::Config;

/// The most events that are kept.
const MAX_EVENTS: usize = 20_000;

/// The longest text that is shown, in characters.
const EXCERPT: usize = 600;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Azure {
    /// Files that hold such records.
    pub(crate) files: u64,
    /// What the platform did, in order of time.
    pub(crate) events: Vec<Event>,
    /// Lines of the application (console, framework): counted here, and told by their own reader.
    pub(crate) lines: u64,
}

/// A thing that the platform did, where its record has a name for it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) time: Time,
    /// `SiteStopRequested`.
    pub(crate) name: String,
    /// Why, in the platform's word; may be empty.
    pub(crate) reason: String,
    pub(crate) instance: String,
    pub(crate) evidence: Evidence,
}

impl Event {
    /// Whether something stopped or was started anew.
    pub(crate) fn is_stop(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        ["stop", "restart", "recycle", "kill", "swap"].iter().any(|word| name.contains(word))
    }
}

impl Azure {
    /// Reads the records that are no requests; those were counted already.
    pub(crate) fn read(bytes: &[u8], source: usize, config: &Config) -> Self {
        let layout = Layout::of(bytes.get(..8192).unwrap_or(bytes)).unwrap_or(Layout::LINES);
        let mut azure = Self { files: 1, ..Self::default() };
        let mut reader = Reader::new(layout);
        let mut sink = |item: Item<'_>| match item {
            Item::Line(_) => azure.lines += 1,
            Item::Event(event) if config.filter.admits_time(Some(event.time)) => {
                let Some(name) = event.name() else { return };
                if azure.events.len() >= MAX_EVENTS {
                    return;
                }
                let at = Location {
                    source: SourceId(source as u32),
                    byte: event.place.span.start,
                    line: event.place.row + 1,
                };
                azure.events.push(Event {
                    time: event.time,
                    name: word(name),
                    reason: event.reason().map(word).unwrap_or_default(),
                    instance: event.instance.as_deref().map(word).unwrap_or_default(),
                    evidence: Evidence {
                        at,
                        note: String::new(),
                        excerpt: excerpt(event.time, &event.message),
                        alike: 1,
                    },
                });
            }
            _ => {}
        };
        reader.read(bytes, 0, &mut sink);
        if layout.shape != Shape::Lines {
            reader.finish(&mut sink);
        }
        azure
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.events.extend(other.events);
        self.lines += other.lines;
    }

    /// Once everything is there: the same record stands in every export, and counts once.
    pub(crate) fn settle(&mut self) {
        let mut once = BTreeMap::new();
        for event in std::mem::take(&mut self.events) {
            let text: String =
                event.evidence.excerpt.0.iter().map(|part| part.text.as_str()).collect();
            once.entry((event.time, event.instance.clone(), text)).or_insert(event);
        }
        self.events = once.into_values().collect();
    }
}

/// A record as evidence shows it.
pub(crate) fn excerpt(time: Time, text: &str) -> Excerpt {
    Excerpt::text(format!("{time} {}", shortened(&visible(text.as_bytes()), EXCERPT)))
}

fn word(text: &str) -> String {
    shortened(&visible(text.as_bytes()), 80).into_owned()
}
