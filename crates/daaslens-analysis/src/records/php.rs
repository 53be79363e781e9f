//! PHP error logs, grouped by what makes two records the same error.

use std::collections::{BTreeMap, HashMap};

use daaslens_core::text::{shortened, visible};
use daaslens_core::{Evidence, Excerpt, Location, SourceId, Time, TimeRange};
use daaslens_phplog::{Class, Gravity, Item, Level, Record, Signature};

use super::Count;
use crate::config::Config;

/// Groups that are kept; records of others are counted as one group without a signature of their own.
const MAX_GROUPS: usize = 5_000;

/// Texts whose group is remembered, so that an error that repeats is grouped once.
const REMEMBERED: usize = 20_000;

/// Evidence of a group.
const EVIDENCE: usize = 4;

/// Frames of a stack that are named.
const FRAMES: usize = 6;

/// The longest excerpt, in characters.
const EXCERPT: usize = 600;

/// All PHP errors.
#[derive(Debug, Default)]
pub(crate) struct Php {
    pub(crate) records: u64,
    pub(crate) levels: BTreeMap<Level, u64>,
    pub(crate) groups: BTreeMap<Signature, Group>,
    pub(crate) pages: BTreeMap<String, u64>,
    pub(crate) range: Option<TimeRange>,
    /// Sources that hold a log, also an empty one.
    pub(crate) sources: u64,
}

/// Errors of one signature.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) class: Option<Class>,
    pub(crate) gravity: Option<Gravity>,
    pub(crate) count: u64,
    pub(crate) range: Option<TimeRange>,
    pub(crate) seconds: BTreeMap<i64, u32>,
    pub(crate) evidence: Vec<Evidence>,
    /// The words of the knowledge base for it: its id.
    pub(crate) known: Option<&'static daaslens_kb::PhpMessage>,
}

impl Php {
    pub(crate) fn read(bytes: &[u8], source: usize, config: &Config, count: &mut Count) -> Self {
        let mut php = Self { sources: 1, ..Self::default() };
        let mut remembered: HashMap<&[u8], Signature> = HashMap::new();
        for chunk in daaslens_phplog::plan(bytes, usize::MAX) {
            for item in daaslens_phplog::read(bytes, &chunk) {
                match item {
                    Item::Record(record) => {
                        count.records += 1;
                        count.recovered += u64::from(record.recovered());
                        if let Some(time) = record.time() {
                            TimeRange::extend(&mut count.range, time);
                        }
                        if config.filter.admits_time(record.time()) {
                            let text: &[u8] = record.text();
                            let known = remembered.get(text).cloned();
                            let signature = known.unwrap_or_else(|| {
                                let signature = daaslens_phplog::signature(&record);
                                if remembered.len() < REMEMBERED {
                                    remembered.insert(text, signature.clone());
                                }
                                signature
                            });
                            php.add(&record, signature, source);
                        }
                    }
                    Item::Malformed(malformed) => {
                        count.fault(
                            malformed.line,
                            malformed.span.start,
                            malformed.fault.to_string(),
                        );
                    }
                    Item::Blank(_) => {}
                }
            }
        }
        php
    }

    fn add(&mut self, record: &Record<'_>, signature: Signature, source: usize) {
        self.records += 1;
        *self.levels.entry(record.level()).or_default() += 1;
        if let Some(time) = record.time() {
            TimeRange::extend(&mut self.range, time);
        }
        if let Some(file) = &signature.file
            && record.gravity() <= Gravity::Warning
            && (self.pages.len() < MAX_GROUPS || self.pages.contains_key(file))
        {
            *self.pages.entry(file.clone()).or_default() += 1;
        }
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&signature) {
            return;
        }
        let group = self.groups.entry(signature).or_default();
        group.count += 1;
        if let Some(time) = record.time() {
            TimeRange::extend(&mut group.range, time);
            *group.seconds.entry(time.seconds()).or_default() += 1;
        }
        if group.class.is_none() {
            group.class = Some(daaslens_phplog::class(record));
            group.gravity = Some(record.gravity());
            group.known = daaslens_kb::php_message(&visible(record.message()));
        }
        if group.evidence.len() < EVIDENCE {
            group.evidence.push(Evidence {
                at: Location {
                    source: SourceId(source as u32),
                    byte: record.span().start,
                    line: record.line(),
                },
                note: String::new(),
                excerpt: excerpt(record),
                alike: 1,
            });
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.sources += other.sources;
        for (level, n) in other.levels {
            *self.levels.entry(level).or_default() += n;
        }
        for (page, n) in other.pages {
            *self.pages.entry(page).or_default() += n;
        }
        self.range = TimeRange::merge(self.range, other.range);
        for (signature, theirs) in other.groups {
            let mine = self.groups.entry(signature).or_default();
            mine.count += theirs.count;
            mine.range = TimeRange::merge(mine.range, theirs.range);
            for (second, n) in theirs.seconds {
                *mine.seconds.entry(second).or_default() += n;
            }
            mine.class = mine.class.take().or(theirs.class);
            mine.gravity = mine.gravity.or(theirs.gravity);
            mine.known = mine.known.or(theirs.known);
            mine.evidence.extend(theirs.evidence);
        }
    }

    /// Once everything is there.
    pub(crate) fn settle(&mut self) {
        for group in self.groups.values_mut() {
            group.evidence.sort_by_key(|evidence| evidence.at);
            group.evidence.truncate(EVIDENCE);
            if let Some(first) = group.evidence.first_mut() {
                first.alike = group.count;
            }
        }
    }
}

impl Group {
    /// How many of them are in a window.
    pub(crate) fn within(&self, window: TimeRange) -> u64 {
        let seconds = self.seconds.range(window.start.seconds()..=window.end.seconds());
        seconds.map(|(_, n)| u64::from(*n)).sum()
    }

    /// How many are not older than so many seconds before `end`.
    pub(crate) fn since(&self, end: Time, seconds: i64) -> u64 {
        self.seconds.range(end.seconds() - seconds..).map(|(_, n)| u64::from(*n)).sum()
    }
}

/// A record in one line: its level and message, and the place. The stack that follows holds the arguments of every
/// call, passwords among them; of it only the frames' names are shown.
pub(crate) fn excerpt(record: &Record<'_>) -> Excerpt {
    let head: &[u8] = record.head();
    let mut shown = visible(head.trim_ascii()).into_owned();
    let mut frames = 0;
    for frame in record.frames().take(FRAMES) {
        let name: &[u8] = frame.function();
        if !name.is_empty() {
            shown.push_str(if frames == 0 { " \u{2190} " } else { ", " });
            shown.push_str(&visible(name));
            frames += 1;
        }
    }
    Excerpt::text(shortened(&shown, EXCERPT))
}
