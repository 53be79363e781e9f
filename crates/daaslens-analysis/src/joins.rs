//! Which machine is which instance.
//!
//! RawLogs are named by the first six hex digits of the instance id, events by the machine's name, and nothing in
//! either names the other. The two worlds are joined where a path holds both (certain), where there is one of each
//! (inferred), and where the crashes of one machine disturb the requests of one instance and of no other
//! (inferred).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daaslens_core::{Kind, Source, Time};
use daaslens_eventlog::IncidentKind;

use crate::http::cube::Cube;
use crate::http::summary::app_sites;
use crate::records::Records;

/// The names of each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joins {
    /// By machine name in lower case.
    machines: BTreeMap<String, Join>,
    /// How the machines are written, by lower case.
    spelling: BTreeMap<String, String>,
}

/// What is known of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Join {
    /// The RawLogs prefix.
    pub(crate) instance: String,
    /// Whether it is written somewhere, and not inferred.
    pub(crate) certain: bool,
}

impl Joins {
    /// The RawLogs prefix of a machine.
    pub(crate) fn instance(&self, machine: &str) -> Option<&Join> {
        self.machines.get(&machine.to_ascii_lowercase())
    }

    /// The machines of an instance, as they are written, and whether all of them are certain.
    pub(crate) fn machines(&self, instance: &str) -> (BTreeSet<String>, bool) {
        let own = || self.machines.iter().filter(|(_, join)| join.instance == instance);
        let names = own()
            .map(|(machine, _)| self.spelling.get(machine).unwrap_or(machine).clone())
            .collect();
        (names, own().all(|(_, join)| join.certain))
    }

    fn add(&mut self, machine: &str, instance: &str, certain: bool) {
        let lower = machine.to_ascii_lowercase();
        self.spelling.entry(lower.clone()).or_insert_with(|| machine.to_owned());
        let join = Join { instance: instance.to_owned(), certain };
        let known = self.machines.entry(lower).or_insert_with(|| join.clone());
        if certain && !known.certain {
            *known = join;
        }
    }

    /// How the names were joined, in words.
    pub(crate) fn notes(&self) -> Vec<String> {
        let how = |join: &Join| if join.certain { "written in the bundle" } else { "inferred" };
        self.machines
            .iter()
            .map(|(machine, join)| {
                let machine = self.spelling.get(machine).unwrap_or(machine);
                format!("Machine {machine} is instance {} ({}).", join.instance, how(join))
            })
            .collect()
    }
}

/// Requests and errors of one instance, by second.
pub(crate) type Course = BTreeMap<i64, (u32, u32)>;

/// The course of every instance over all sites.
pub(crate) fn courses(cube: &Cube) -> BTreeMap<&str, Course> {
    let mut instances: BTreeMap<&str, Course> = BTreeMap::new();
    for (_, site) in app_sites(cube) {
        for (name, lane) in site.lanes().filter(|(name, _)| !name.is_empty()) {
            let course = instances.entry(name).or_default();
            for (at, ends, _) in lane.course.cells().filter(|(_, ends, _)| *ends > 0) {
                course.entry(at).or_default().0 += ends;
            }
            for (at, errors) in lane.course.errors() {
                course.entry(at).or_default().1 += errors[..4].iter().sum::<u32>();
            }
        }
    }
    instances
}

/// Finds out what can be found out.
pub(crate) fn learn(sources: &[Arc<dyn Source>], cube: &Cube, records: &Records) -> Joins {
    let mut joins = Joins::default();
    for origin in sources.iter().map(|source| source.origin()) {
        // The diagnostic service copies the log of an instance into a folder named after its machine.
        if let (Kind::W3c, Some(instance), Some(machine)) =
            (origin.kind, &origin.instance, &origin.machine)
        {
            joins.add(machine, instance, true);
        }
    }
    let instances = courses(cube);
    let mut machines: BTreeMap<String, &str> = BTreeMap::new();
    for event in records.events.list.iter().filter(|event| !event.computer.is_empty()) {
        machines.entry(event.computer.to_ascii_lowercase()).or_insert(&event.computer);
    }
    if let (1, 1, Some(instance), Some(machine)) =
        (instances.len(), machines.len(), instances.keys().next(), machines.values().next())
    {
        joins.add(machine, instance, false);
        return joins;
    }
    let mut votes: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for incident in &records.events.incidents {
        if matches!(incident.kind, IncidentKind::Crash { .. } | IncidentKind::Exit { .. })
            && let Some(instance) = disturbed(&instances, incident.range.start)
            && let Some(machine) = machines.get(&incident.computer.to_ascii_lowercase())
        {
            *votes.entry(machine).or_default().entry(instance).or_default() += 1;
        }
    }
    for (machine, votes) in votes {
        let all: u32 = votes.values().sum();
        if let Some((instance, most)) =
            votes.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse(**name)))
            && most * 3 >= all * 2
        {
            joins.add(machine, instance, false);
        }
    }
    joins
}

/// The one instance whose requests failed, or stopped, when a process crashed at `time`.
pub(crate) fn disturbed<'a>(instances: &BTreeMap<&'a str, Course>, time: Time) -> Option<&'a str> {
    let at = time.seconds();
    let errors = |course: &Course| {
        course.range(at - 2..=at + 30).map(|(_, (_, errors))| *errors).sum::<u32>()
    };
    let all: u32 = instances.values().map(errors).sum();
    if all >= 3 {
        return instances
            .iter()
            .find(|(_, course)| errors(course) * 5 >= all * 4)
            .map(|(name, _)| *name);
    }
    // An in-process application answers nothing while it is down: the pause is what is seen.
    let mut pauses: Vec<(f64, &str)> =
        instances.iter().map(|(name, course)| (pause(course, at), *name)).collect();
    pauses.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let (first, name) = pauses.first()?;
    let second = pauses.get(1).map_or(0.0, |(pause, _)| *pause);
    (*first >= 6.0 && *first >= 2.0 * second).then_some(*name)
}

/// The longest pause around a second, in requests that were to be expected in it.
fn pause(course: &Course, at: i64) -> f64 {
    let before: u32 = course.range(at - 120..at - 2).map(|(_, (requests, _))| *requests).sum();
    let rate = f64::from(before) / 118.0;
    let mut last = at - 3;
    let mut longest = 0;
    for (second, _) in course.range(at - 3..=at + 40) {
        longest = longest.max(second - last);
        last = *second;
    }
    rate * longest as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instance_that_pauses_is_the_one_that_crashed() {
        let steady: Course = (0..400).map(|second| (second, (2, 0))).collect();
        let mut paused = steady.clone();
        paused.retain(|second, _| !(200..220).contains(second));
        let instances = BTreeMap::from([("a", steady.clone()), ("b", paused)]);
        assert_eq!(disturbed(&instances, Time::from_seconds(200)), Some("b"));
        assert_eq!(disturbed(&instances, Time::from_seconds(100)), None);
    }

    #[test]
    fn the_instance_that_fails_is_the_one_that_crashed() {
        let steady: Course = (0..400).map(|second| (second, (2, 0))).collect();
        let mut failing = steady.clone();
        failing.insert(201, (5, 5));
        let instances = BTreeMap::from([("a", failing), ("b", steady)]);
        assert_eq!(disturbed(&instances, Time::from_seconds(200)), Some("a"));
    }
}
