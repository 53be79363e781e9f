//! Errors that are the same one.

use std::collections::BTreeMap;

use daaslens_applog::{Level, Uncaught};
use daaslens_core::text::visible;
use daaslens_core::{Evidence, Location, Time, TimeRange};
use daaslens_signature::Signature;

use super::Said;
use crate::keys::{Keys, Merge};

/// Evidence of a group.
const EVIDENCE: usize = 4;

/// Values of one kind (paths, processes, instances) that are told apart in a group.
const MAX_VALUES: usize = 64;

/// Seconds that are told apart in the course of a group; beyond that, minutes.
const MAX_SECONDS: usize = 20_000;

/// Errors of one signature, or of one template.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) count: u64,
    /// The highest level of them.
    pub(crate) level: Option<Level>,
    /// How many say that nobody caught it, and a request ended with it.
    pub(crate) unhandled: u64,
    /// How many say that a process ended with it.
    pub(crate) fatal: u64,
    /// How many have no time of their own.
    pub(crate) undated: u64,
    pub(crate) range: Option<TimeRange>,
    pub(crate) course: Course,
    pub(crate) instances: Keys<u64>,
    pub(crate) pids: Keys<u64>,
    pub(crate) paths: Keys<u64>,
    pub(crate) categories: Keys<u64>,
    /// What the first of them says.
    first: Option<First>,
    pub(crate) evidence: Vec<Evidence>,
}

#[derive(Clone, Debug)]
struct First {
    at: Location,
    signature: Option<Signature>,
    template: String,
    /// Whether others of the group have another message.
    differs: bool,
}

/// What a group is told of one record.
pub(crate) struct Told<'a> {
    pub(crate) said: &'a Said<'a>,
    pub(crate) signature: Option<&'a Signature>,
    pub(crate) template: String,
}

/// How many there were in each second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Course {
    seconds: BTreeMap<i64, u32>,
    /// Whether there were too many seconds, so that the first second of each minute stands for it.
    is_coarse: bool,
}

impl Course {
    fn add(&mut self, second: i64, n: u32) {
        let at = if self.is_coarse { second.div_euclid(60) * 60 } else { second };
        *self.seconds.entry(at).or_default() += n;
        if !self.is_coarse && self.seconds.len() > MAX_SECONDS {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        self.is_coarse = true;
        for (second, n) in std::mem::take(&mut self.seconds) {
            *self.seconds.entry(second.div_euclid(60) * 60).or_default() += n;
        }
    }

    fn merge(&mut self, other: Self) {
        if other.is_coarse && !self.is_coarse {
            self.coarsen();
        }
        for (second, n) in other.seconds {
            self.add(second, n);
        }
    }

    /// How many are in a window.
    pub(crate) fn within(&self, window: TimeRange) -> u64 {
        let start = window.start.seconds();
        let start = if self.is_coarse { start.div_euclid(60) * 60 } else { start };
        self.seconds.range(start..=window.end.seconds()).map(|(_, n)| u64::from(*n)).sum()
    }

    /// The seconds, each once.
    pub(crate) fn seconds(&self) -> impl Iterator<Item = Time> {
        self.seconds.keys().map(|second| Time::from_seconds(*second))
    }
}

impl Default for Group {
    fn default() -> Self {
        Self {
            count: 0,
            level: None,
            unhandled: 0,
            fatal: 0,
            undated: 0,
            range: None,
            course: Course::default(),
            instances: Keys::new(MAX_VALUES),
            pids: Keys::new(MAX_VALUES),
            paths: Keys::new(MAX_VALUES),
            categories: Keys::new(MAX_VALUES),
            first: None,
            evidence: Vec::new(),
        }
    }
}

impl Group {
    pub(super) fn add(&mut self, told: &Told<'_>) {
        let said = told.said;
        self.count += 1;
        self.level = self.level.max(said.level);
        self.unhandled += u64::from(said.uncaught == Some(Uncaught::Request));
        self.fatal += u64::from(said.uncaught == Some(Uncaught::Process));
        self.undated += u64::from(!said.is_dated);
        if let Some(time) = said.time {
            TimeRange::extend(&mut self.range, time);
            self.course.add(time.seconds(), 1);
        }
        for (keys, value) in [
            (&mut self.instances, said.instance),
            (&mut self.paths, said.request_path),
            (&mut self.categories, Some(said.category).filter(|name| !name.is_empty())),
        ] {
            if let Some(value) = value {
                *keys.value(value.as_bytes()) += 1;
            }
        }
        if let Some(pid) = said.pid {
            *self.pids.value(pid.to_string().as_bytes()) += 1;
        }
        let first = First {
            at: said.at,
            signature: told.signature.cloned(),
            template: told.template.clone(),
            differs: false,
        };
        self.first(first);
        if self.evidence.len() < EVIDENCE
            || self.evidence.last().is_some_and(|last| said.at < last.at)
        {
            self.evidence.push(evidence(said));
            self.trim();
        }
    }

    /// Keeps what stands first, whoever comes first.
    fn first(&mut self, other: First) {
        self.first = Some(match self.first.take() {
            None => other,
            Some(mine) => {
                let message =
                    |first: &First| first.signature.as_ref().map(|one| one.message.clone());
                let differs = mine.differs || other.differs || message(&mine) != message(&other);
                let first = if mine.at <= other.at { mine } else { other };
                First { differs, ..first }
            }
        });
    }

    fn trim(&mut self) {
        self.evidence.sort_by_key(|evidence| evidence.at);
        self.evidence.truncate(EVIDENCE);
    }

    /// The signature, where it is an exception; without values that not all of them have.
    pub(crate) fn signature(&self) -> Option<Signature> {
        let first = self.first.as_ref()?;
        let mut signature = first.signature.clone()?;
        if first.differs {
            signature.message = daaslens_signature::mask(&signature.message);
        }
        Some(signature)
    }

    /// What it says in one line.
    pub(crate) fn title(&self) -> String {
        let Some(first) = &self.first else { return String::new() };
        match self.signature() {
            Some(signature) if !signature.exception.is_empty() => {
                let text = format!("{}: {}", signature.exception, signature.message);
                visible(text.trim_end_matches([':', ' ']).as_bytes()).into_owned()
            }
            _ => visible(first.template.as_bytes()).into_owned(),
        }
    }

    /// The most frequent value.
    pub(crate) fn most(keys: &Keys<u64>) -> Option<(String, u64)> {
        let values = keys.sorted().into_iter();
        let most = values.max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)));
        most.map(|(value, n)| (visible(value).into_owned(), *n))
    }

    /// The evidence, the first with how many there are.
    pub(crate) fn shown(&self) -> Vec<Evidence> {
        let mut evidence = self.evidence.clone();
        if let Some(first) = evidence.first_mut() {
            first.alike = self.count;
        }
        evidence
    }
}

impl Merge for Group {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.level = self.level.max(other.level);
        self.unhandled += other.unhandled;
        self.fatal += other.fatal;
        self.undated += other.undated;
        self.range = TimeRange::merge(self.range, other.range);
        self.course.merge(other.course);
        self.instances.merge(other.instances);
        self.pids.merge(other.pids);
        self.paths.merge(other.paths);
        self.categories.merge(other.categories);
        if let Some(first) = other.first {
            self.first(first);
        }
        self.evidence.extend(other.evidence);
        self.trim();
    }
}

/// A record as evidence.
pub(super) fn evidence(said: &Said<'_>) -> Evidence {
    Evidence { at: said.at, note: String::new(), excerpt: said.excerpt(), alike: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(second: i64, byte: u64, text: &str) -> Said<'_> {
        Said {
            at: Location { byte, ..Location::default() },
            time: Some(Time::from_seconds(second)),
            is_dated: true,
            level: Some(Level::Error),
            category: "Shop",
            text,
            request_path: None,
            pid: Some(7),
            instance: Some("a1b2c3"),
            uncaught: None,
        }
    }

    fn fold(records: &[(i64, u64)]) -> Group {
        let mut group = Group::default();
        for (second, byte) in records {
            let text = format!("order {byte}");
            let signature = Signature {
                message: text.clone(),
                exception: "E".to_owned(),
                ..Signature::default()
            };
            group.add(&Told {
                said: &said(*second, *byte, &text),
                signature: Some(&signature),
                template: text.clone(),
            });
        }
        group
    }

    fn seen(group: &Group) -> (u64, String, Course, Vec<Evidence>, Option<TimeRange>) {
        (group.count, group.title(), group.course.clone(), group.shown(), group.range)
    }

    proptest! {
        /// Whoever read what, and in which order, the group is the same.
        #[test]
        fn any_grouping_gives_the_same(records in prop::collection::vec((0i64..40, 0u64..50), 1..30), at in 0usize..30) {
            let whole = fold(&records);
            let (front, back) = records.split_at(at.min(records.len()));
            let (mut one, mut other) = (fold(front), fold(back));
            one.merge(fold(back));
            other.merge(fold(front));
            prop_assert_eq!(seen(&one), seen(&other));
            prop_assert_eq!(seen(&one), seen(&whole));
        }
    }

    #[test]
    fn a_long_course_is_counted_in_minutes() {
        let mut course = Course::default();
        for second in 0..=MAX_SECONDS as i64 {
            course.add(second, 1);
        }
        assert!(course.is_coarse);
        let all = TimeRange::new(Time::from_seconds(0), Time::from_seconds(MAX_SECONDS as i64));
        assert_eq!(course.within(all), MAX_SECONDS as u64 + 1);
        let minute = TimeRange::new(Time::from_seconds(61), Time::from_seconds(119));
        assert_eq!(course.within(minute), 60);
    }
}
