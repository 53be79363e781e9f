//! What happens in both worlds at the same time.
//!
//! Kudu and the application of an instance are restarted together; a process has the same id in the name of its log and in
//! the events about it; a crash disturbs the requests of its own instance. Each such coincidence is a vote. Votes also fall by
//! chance, the more the busier the log, so that a machine needs more of them than chance gives, and far more for one instance
//! than for any other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daaslens_core::{Kind, Source, Time, TimeRange};
use daaslens_eventlog::ancm::{AncmKind, ancm};
use daaslens_eventlog::{Event, IncidentKind};
use daaslens_platform::kudu::TraceKind;

use super::Course;
use crate::records::Records;

/// How far apart the end of Kudu and that of the application lie, in seconds.
const NEAR: i64 = 3;

/// The fewest votes that join a machine.
const FEWEST: u32 = 2;

/// How long before its first line a process can have begun, and how long after it events can tell of it, in seconds.
const BEFORE: i64 = 300;
const AFTER: i64 = 6 * 3600;

/// The instance of each machine (in small letters), where one is told.
pub(super) type Told = BTreeMap<String, String>;

/// Votes of machines for instances.
#[derive(Default)]
struct Votes(BTreeMap<String, BTreeMap<String, u32>>);

impl Votes {
    fn add(&mut self, machine: &str, instance: &str) {
        let of = self.0.entry(machine.to_ascii_lowercase()).or_default();
        *of.entry(instance.to_owned()).or_default() += 1;
    }

    /// The instances that have at least `fewest` votes, twice what all others have, and `chance` times what falls by
    /// chance.
    fn settle(self, fewest: u32, chance: impl Fn(&str, &str) -> f64) -> Told {
        let mut told = Told::new();
        for (machine, votes) in self.0 {
            let all: u32 = votes.values().sum();
            let first = votes.iter().max_by_key(|(name, n)| (**n, std::cmp::Reverse(*name)));
            if let Some((instance, &most)) = first
                && most >= fewest
                && most * 3 >= all * 2
                && f64::from(most) > 3.0 * chance(&machine, instance)
            {
                told.insert(machine, instance.clone());
            }
        }
        told
    }
}

/// By starts and ends of Kudu, which restarts with the application.
pub(super) fn kudu(records: &Records) -> Told {
    // By machine: the seconds in which its application was started or ended.
    let mut machines: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for event in &records.events.list {
        let is_turn = ancm(event).is_some_and(|one| {
            // Not `app_offline.htm`: all instances see the file that the Kudu of one of them puts there.
            let turns = [AncmKind::Started, AncmKind::Stopped, AncmKind::UngracefulShutdown];
            turns.contains(&one.kind) && !one.is_scm() && !one.is_placeholder()
        });
        if let (true, Some(time)) = (is_turn, event.time) {
            machines.entry(event.computer.to_ascii_lowercase()).or_default().insert(time.seconds());
        }
    }
    let mut instances: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (trace, _) in &records.platform.kudu.traces {
        if matches!(trace.kind, TraceKind::Startup | TraceKind::Shutdown)
            && let (Some(prefix), Some(time)) = (&trace.prefix, trace.time)
        {
            instances.entry(prefix).or_default().insert(time.seconds());
        }
    }
    let mut votes = Votes::default();
    for (instance, times) in &instances {
        for at in times {
            let near = |times: &BTreeSet<i64>| times.range(at - NEAR..=at + NEAR).next().is_some();
            let mut own = machines.iter().filter(|(_, times)| near(times));
            // What happens on several machines at once, a swap or a setting, tells nothing.
            if let (Some((machine, _)), None) = (own.next(), own.next()) {
                votes.add(machine, instance);
            }
        }
    }
    // By chance, a trace falls near an event as often as the events of the machine cover the time in which it has any.
    votes.settle(FEWEST, |machine, instance| {
        let (Some(events), Some(traces)) = (machines.get(machine), instances.get(instance)) else {
            return 0.0;
        };
        let span = events.last().zip(events.first()).map_or(0, |(last, first)| last - first);
        let covered = events.len() as i64 * (2 * NEAR + 1);
        traces.len() as f64 * (covered as f64 / (span + 2 * NEAR + 1) as f64).min(1.0)
    })
}

/// The one machine and the one instance that are left when all others are joined, and were there at the same time.
pub(super) fn left(
    machines: &BTreeMap<String, &str>,
    instances: &BTreeMap<&str, Course>,
    records: &Records,
    is_joined: impl Fn(&str, bool) -> bool,
) -> Option<(String, String)> {
    let mut seen: BTreeMap<&str, Option<TimeRange>> = BTreeMap::new();
    for (instance, course) in instances {
        let range = course.keys().next().zip(course.keys().last()).map(|(first, last)| {
            TimeRange::new(Time::from_seconds(*first), Time::from_seconds(*last))
        });
        seen.insert(instance, range);
    }
    for (trace, _) in &records.platform.kudu.traces {
        if let (Some(prefix), Some(time)) = (&trace.prefix, trace.time) {
            TimeRange::extend(seen.entry(prefix).or_default(), time);
        }
    }
    let mut machines = machines.iter().filter(|(lower, _)| !is_joined(lower, true));
    let mut instances = seen.iter().filter(|(instance, _)| !is_joined(instance, false));
    let (Some((lower, machine)), None) = (machines.next(), machines.next()) else { return None };
    let (Some((instance, range)), None) = (instances.next(), instances.next()) else { return None };
    let mut events = None;
    let own = |event: &&Event<'_>| event.computer.eq_ignore_ascii_case(lower);
    for time in records.events.list.iter().filter(own).filter_map(|event| event.time) {
        TimeRange::extend(&mut events, time);
    }
    let together = events.zip(*range).is_some_and(|(events, range)| events.overlaps(range));
    together.then(|| ((*machine).to_owned(), (*instance).to_owned()))
}

/// By the id of a process, which stands in the name of its log (`<instance>-<pid>-<ticks>.txt`) and in events about it.
pub(super) fn processes(sources: &[Arc<dyn Source>], records: &Records) -> Told {
    let mut events: BTreeMap<u32, Vec<(i64, &str)>> = BTreeMap::new();
    for event in &records.events.list {
        if let (Some(one), Some(time)) = (ancm(event), event.time)
            && let Some(pid) = one.process_id
        {
            events.entry(pid).or_default().push((time.seconds(), &event.computer));
        }
    }
    for incident in &records.events.incidents {
        if let Some(pid) = incident.process_id {
            let at = (incident.range.start.seconds(), incident.computer.as_str());
            events.entry(pid).or_default().push(at);
        }
    }
    let mut votes = Votes::default();
    let mut seen = BTreeSet::new();
    for origin in sources.iter().map(|source| source.origin()) {
        let name = origin.path.rsplit('/').next().unwrap_or_default();
        let (Kind::AppLog, Some((instance, pid, at))) = (origin.kind, of_name(name)) else {
            continue;
        };
        if !seen.insert((instance.clone(), pid, at)) {
            continue;
        }
        let near = |(time, _): &&(i64, &str)| (at - BEFORE..=at + AFTER).contains(time);
        let machines: BTreeSet<String> = events
            .get(&pid)
            .into_iter()
            .flatten()
            .filter(near)
            .map(|(_, machine)| machine.to_ascii_lowercase())
            .collect();
        if let (1, Some(machine)) = (machines.len(), machines.first()) {
            votes.add(machine, &instance);
        }
    }
    // Windows gives ids in fours below some ten thousands: hardly any falls together by chance, and none twice.
    votes.settle(FEWEST, |_, _| 0.0)
}

/// `22a7da-11860-638491815213591981.txt`: the instance, the process, and the second in which it wrote its first line, in
/// .NET's ticks.
fn of_name(name: &str) -> Option<(String, u32, i64)> {
    const EPOCH_SECONDS: i64 = 62_135_596_800;
    let (stem, _) = name.split_once('.')?;
    let mut parts = stem.split('-');
    let (instance, pid, ticks) = (parts.next()?, parts.next()?, parts.next()?);
    let is_prefix = instance.len() == 6 && instance.bytes().all(|c| c.is_ascii_hexdigit());
    let ticks: i64 = ticks.parse().ok().filter(|ticks| *ticks > 600_000_000_000_000_000)?;
    let pid = pid.parse().ok()?;
    is_prefix.then(|| (instance.to_ascii_lowercase(), pid, ticks / 10_000_000 - EPOCH_SECONDS))
}

/// By crashes, which disturb the requests of their own instance.
pub(super) fn crashes(instances: &BTreeMap<&str, Course>, records: &Records) -> Told {
    let mut votes = Votes::default();
    for incident in &records.events.incidents {
        if matches!(incident.kind, IncidentKind::Crash { .. } | IncidentKind::Exit { .. })
            && !incident.computer.is_empty()
            && let Some(instance) = disturbed(instances, incident.range.start)
        {
            votes.add(&incident.computer, instance);
        }
    }
    votes.settle(1, |_, _| 0.0)
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
    fn votes_that_chance_explains_join_nothing() {
        let votes = |own: u32, other: u32| {
            let mut votes = Votes::default();
            (0..own).for_each(|_| votes.add("RD1", "d10e51"));
            (0..other).for_each(|_| votes.add("rd1", "a63402"));
            votes
        };
        let told = |votes: Votes, chance: f64| votes.settle(FEWEST, |_, _| chance).remove("rd1");
        assert_eq!(told(votes(4, 0), 0.1).as_deref(), Some("d10e51"));
        assert_eq!(told(votes(4, 2), 0.1).as_deref(), Some("d10e51"));
        assert_eq!(told(votes(4, 3), 0.1), None, "too many for another one");
        assert_eq!(told(votes(1, 0), 0.0), None, "one may be chance");
        assert_eq!(told(votes(4, 0), 2.0), None, "that many fall by chance");
    }

    #[test]
    fn the_name_of_a_log_tells_instance_process_and_second() {
        assert_eq!(
            of_name("22a7da-11860-638491815213591981.txt"),
            Some((
                "22a7da".to_owned(),
                11860,
                Time::parse("2024-04-20T03:45:21Z").unwrap().seconds()
            ))
        );
        for name in ["22a7da-11860-logging-errors.txt", "zzzzzz-1-638491815213591981.txt", "a.txt"]
        {
            assert_eq!(of_name(name), None, "{name}");
        }
    }
}
