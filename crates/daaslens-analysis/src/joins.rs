//! Which machine is which instance.
//!
//! RawLogs, traces of Kudu and logs of applications are named by the first six hex digits of the instance id; events, dumps
//! and DaaS by the machine's name; and nothing in either names the other. Names are never compared: the two worlds are joined
//!
//! * where both stand together (certain): a folder named after a machine that holds the log of an instance, Kudu's
//!   environment page, the environment of a process, the two traces that Kudu makes of one request;
//! * where something happened in both at the same time and nowhere else (inferred, see [`by_time`]);
//! * where there is one of each, or one of each left (inferred).
//!
//! What contradicts another is said, and not joined.

mod by_time;

pub(crate) use by_time::disturbed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daaslens_core::{Kind, Source};

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
    /// What contradicts what, in sentences.
    conflicts: BTreeSet<String>,
}

/// What is known of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Join {
    /// The RawLogs prefix.
    pub(crate) instance: String,
    /// Whether it is written somewhere, and not inferred.
    pub(crate) certain: bool,
    /// What tells so.
    how: String,
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

    /// Joins a machine and an instance. What is certain comes first; a later one that differs is a conflict.
    fn add(&mut self, machine: &str, instance: &str, certain: bool, how: &str) {
        let lower = machine.to_ascii_lowercase();
        self.spelling.entry(lower.clone()).or_insert_with(|| machine.to_owned());
        let join = Join { instance: instance.to_owned(), certain, how: how.to_owned() };
        let known = self.machines.entry(lower).or_insert_with(|| join.clone());
        if known.instance != join.instance {
            self.conflicts.insert(format!(
                "Machine {machine} is instance {} ({}), yet {how} names {instance}: names of machines are used again.",
                known.instance, known.how
            ));
        }
    }

    /// How the names were joined, in words.
    pub(crate) fn notes(&self) -> Vec<String> {
        let how = |join: &Join| {
            let sure = if join.certain { "certain, by" } else { "inferred from" };
            format!("{sure} {}", join.how)
        };
        let joined = self.machines.iter().map(|(machine, join)| {
            let machine = self.spelling.get(machine).unwrap_or(machine);
            format!("Machine {machine} is instance {} ({}).", join.instance, how(join))
        });
        joined.chain(self.conflicts.iter().cloned()).collect()
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
    for (join, how) in &records.platform.kudu.joins {
        if join.certain {
            joins.add(&join.machine, &join.prefix, true, how);
        }
    }
    for origin in sources.iter().map(|source| source.origin()) {
        // The diagnostic service copies the log of an instance into a folder named after its machine.
        if let (Kind::W3c, Some(instance), Some(machine)) =
            (origin.kind, &origin.instance, &origin.machine)
        {
            joins.add(machine, instance, true, "the folder of a diagnostic session");
        }
    }
    let instances = courses(cube);
    let mut machines: BTreeMap<String, &str> = BTreeMap::new();
    for event in records.events.list.iter().filter(|event| !event.computer.is_empty()) {
        machines.entry(event.computer.to_ascii_lowercase()).or_insert(&event.computer);
    }
    if let (1, 1, Some(instance), Some((lower, machine))) =
        (instances.len(), machines.len(), instances.keys().next(), machines.iter().next())
    {
        let other = joins.machines.get(lower).is_some_and(|join| join.instance != *instance);
        if !other && !joins.machines.contains_key(lower) {
            joins.add(machine, instance, false, "there being one machine and one instance");
        }
        return joins;
    }
    // Each kind of coincidence speaks for itself; where two do not agree, none is believed.
    let told = [
        (
            "starts and ends of Kudu and of the application at the same second",
            by_time::kudu(records),
        ),
        ("ids of processes in names of logs and in events", by_time::processes(sources, records)),
        ("the requests that its crashes disturb", by_time::crashes(&instances, records)),
    ];
    for (lower, machine) in &machines {
        if joins.machines.contains_key(lower) {
            continue;
        }
        let named: Vec<(&str, &String)> =
            told.iter().filter_map(|(how, told)| Some((*how, told.get(lower)?))).collect();
        let Some((_, first)) = named.first() else { continue };
        if named.iter().all(|(_, instance)| instance == first) {
            let how: Vec<&str> = named.iter().map(|(how, _)| *how).collect();
            joins.add(machine, first, false, &how.join(", and "));
        } else {
            let all: Vec<String> =
                named.iter().map(|(how, instance)| format!("{instance} by {how}")).collect();
            joins.conflicts.insert(format!(
                "Machine {machine} was not joined with an instance: {}.",
                all.join(", ")
            ));
        }
    }
    let is_joined =
        |name: &str, is_machine: bool| {
            joins.machines.iter().any(|(machine, join)| {
                if is_machine { machine == name } else { join.instance == name }
            })
        };
    if let Some((machine, instance)) = by_time::left(&machines, &instances, records, is_joined)
        && joins.conflicts.is_empty()
    {
        joins.add(&machine, &instance, false, "there being one machine and one instance left");
    }
    joins
}

#[cfg(test)]
mod tests;
