//! Threads that wait for each other, whatever told of them: reports of tools, thread dumps.

use std::collections::{BTreeMap, BTreeSet};

use daaslens_core::{Evidence, Time};

use crate::records::Records;
use crate::records::threads::ThreadDumps;

/// Threads that wait for each other.
#[derive(Clone, Debug)]
pub(crate) struct Deadlock {
    /// What told of it: `DebugDiag`, `jstack`, …
    pub(crate) told_by: &'static str,
    /// What it was told of: a dump, a process, a file.
    pub(crate) of: String,
    /// The threads, by name or id; empty where only the fact is told.
    pub(crate) threads: Vec<String>,
    /// Who waits for what: sentences without a full stop.
    pub(crate) waits: Vec<String>,
    /// When.
    pub(crate) time: Option<Time>,
    /// The machine, where it is known.
    pub(crate) machine: Option<String>,
    /// Where it stands.
    pub(crate) evidence: Vec<Evidence>,
}

/// All that were told.
pub(crate) fn all(records: &Records) -> Vec<Deadlock> {
    let told = |made: &crate::records::tool_reports::Made| {
        let words = made.report.deadlock.clone()?;
        Some(Deadlock {
            told_by: made.report.tool.name(),
            of: made.report.of.clone().unwrap_or_else(|| "a process".to_owned()),
            threads: Vec::new(),
            evidence: vec![made.evidence(&words)],
            waits: vec![words],
            time: made.report.time,
            machine: made.machine.clone(),
        })
    };
    let mut all: Vec<Deadlock> = records.tool_reports.list.iter().filter_map(told).collect();
    all.extend(in_thread_dumps(&records.threads));
    all
}

/// Process, machine, threads.
type Circle<'a> = (Option<u32>, Option<&'a str>, BTreeSet<&'a str>);

/// Those of thread dumps. One that stands in several dumps of a process is one.
fn in_thread_dumps(dumps: &ThreadDumps) -> Vec<Deadlock> {
    let mut known: BTreeMap<Circle<'_>, Deadlock> = BTreeMap::new();
    for taken in &dumps.list {
        for circle in &taken.deadlocks {
            let names = circle.threads.iter().map(|thread| thread.name.as_str());
            let key = (taken.pid, taken.machine.as_deref(), names.clone().collect());
            let evidence = taken.deadlock_evidence(circle);
            if let Some(before) = known.get_mut(&key) {
                before.evidence.push(evidence);
                continue;
            }
            let waits = circle.threads.iter().map(|thread| {
                let lock = &thread.waits_for;
                let place = thread.frames.first().map_or("", String::as_str);
                format!("{} waits for {} ({}) in {place}", thread.name, lock.class, lock.id)
            });
            let deadlock = Deadlock {
                told_by: if circle.is_stated { "the thread dump" } else { "the order of locks" },
                of: taken.process(),
                threads: names.map(str::to_owned).collect(),
                waits: waits.collect(),
                time: taken.time,
                machine: taken.machine.clone(),
                evidence: vec![evidence],
            };
            known.insert(key, deadlock);
        }
    }
    known.into_values().collect()
}
