//! What stands beside the requests in resource logs: what the platform did to the site.

use std::borrow::Cow;
use std::collections::BTreeMap;

use daaslens_applog::Level;
use daaslens_core::text::{shortened, visible};
use daaslens_core::{Evidence, Excerpt, Location, SourceId, Time};
use daaslens_httplog::azure::{Item, Layout, Line, Reader, Shape, Stream};

use super::applog::{Apps, Memory, Said};
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
    /// What the application wrote: console, framework.
    pub(crate) apps: Apps,
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
        let mut memory = Memory::default();
        let mut sink = |item: Item<'_>| match item {
            Item::Line(line) if config.filter.admits_time(Some(line.time)) => {
                azure.apps.files = 1;
                azure.apps.add(&said(&line, &text(&line), source), &mut memory);
            }
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
        self.apps.merge(other.apps);
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

/// What a line says, with the exception that the log has apart.
pub(crate) fn text<'l>(line: &'l Line<'_>) -> Cow<'l, str> {
    match (&line.exception, &line.stack) {
        (None, None) => Cow::Borrowed(&line.text),
        (exception, stack) => Cow::Owned(format!(
            "{}\n{}: {}\n{}",
            line.text,
            exception.as_deref().unwrap_or_default(),
            line.text,
            stack.as_deref().unwrap_or_default()
        )),
    }
}

/// A line as the log of an application has it. The console calls all that is on standard error an error, so that its
/// level says nothing.
pub(crate) fn said<'l>(line: &'l Line<'_>, text: &'l str, source: usize) -> Said<'l> {
    let level = line.level.as_deref().filter(|_| line.stream == Stream::App);
    Said {
        at: Location {
            source: SourceId(source as u32),
            byte: line.place.span.start,
            line: line.place.row + 1,
        },
        time: Some(line.time),
        is_dated: true,
        level: level.and_then(|word| Level::of_word(word.as_bytes())),
        category: line.logger.as_deref().unwrap_or_default(),
        text,
        request_path: None,
        pid: None,
        instance: line.instance.as_deref(),
        uncaught: None,
    }
}

/// A record as evidence shows it.
pub(crate) fn excerpt(time: Time, text: &str) -> Excerpt {
    Excerpt::text(format!("{time} {}", shortened(&visible(text.as_bytes()), EXCERPT)))
}

fn word(text: &str) -> String {
    shortened(&visible(text.as_bytes()), 80).into_owned()
}
