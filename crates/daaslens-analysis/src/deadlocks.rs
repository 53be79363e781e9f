//! Threads that wait for each other, whatever told of them: reports of tools, thread dumps.

use daaslens_core::{Evidence, Time};

use crate::records::Records;

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
    records.tool_reports.list.iter().filter_map(told).collect()
}
