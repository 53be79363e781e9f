//! What the detectors look at: everything that was counted, read-only.

use daaslens_core::model::{Gap, Http, SourceInfo, SourceStatus};
use daaslens_core::{Kind, TimeRange};
use daaslens_eventlog::Incident;
use daaslens_httplog::Vantage;

use crate::crashes::Crashes;
use crate::deadlocks::Deadlock;
use crate::dumps;
use crate::http::cube::{Cube, Cubes};
use crate::joins::Joins;
use crate::records::Records;
use crate::signals::{ClusterSignal, Unseen};
use crate::survey::Outcome;

/// Everything that is known before the first conclusion.
pub(crate) struct Facts<'a> {
    /// The sources, as they will be shown.
    pub(crate) sources: &'a [SourceInfo],
    /// What became of them, in the same order.
    pub(crate) outcomes: &'a [Outcome],
    /// First to last dated record.
    pub(crate) window: Option<TimeRange>,
    /// The HTTP side in numbers.
    pub(crate) http: Option<&'a Http>,
    /// Where the requests that count were seen.
    pub(crate) vantage: Vantage,
    /// The HTTP side in full, as it was seen from there.
    pub(crate) cube: &'a Cube,
    /// The same from everywhere.
    pub(crate) cubes: &'a Cubes,
    /// Stretches without a log.
    pub(crate) gaps: &'a [Gap],
    /// Clusters of server errors, in order of time: their position is their letter.
    pub(crate) clusters: &'a [ClusterSignal],
    /// Clusters that only another vantage saw.
    pub(crate) unseen: &'a [Unseen],
    /// What lies beside the HTTP log.
    pub(crate) records: &'a Records,
    /// Crashes and exceptions by signature.
    pub(crate) crashes: &'a Crashes,
    /// Memory dumps by what they show.
    pub(crate) dumps: &'a [dumps::Group],
    /// Threads that wait for each other.
    pub(crate) deadlocks: &'a [Deadlock],
    /// Which machine is which instance.
    pub(crate) joins: &'a Joins,
}

impl Facts<'_> {
    /// What a source is.
    pub(crate) fn kind(&self, source: usize) -> Kind {
        self.outcomes.get(source).map_or(Kind::NotALog, |outcome| outcome.kind)
    }

    /// Whether the bundle holds a readable source of a kind.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.outcomes
            .iter()
            .any(|outcome| outcome.kind == kind && outcome.status != SourceStatus::Unreadable)
    }

    /// A machine as it is shown: with the instance that it is, where that is known.
    pub(crate) fn named(&self, machine: &str) -> String {
        match self.joins.instance(machine) {
            Some(join) => format!("{} ({machine})", join.instance),
            None => machine.to_owned(),
        }
    }

    /// The instance that a machine is; where that is not known, the machine.
    pub(crate) fn instance(&self, machine: &str) -> String {
        self.joins
            .instance(machine)
            .map_or_else(|| machine.to_owned(), |join| join.instance.clone())
    }

    /// The machines of some incidents: one as it is shown, several by their number.
    pub(crate) fn on(&self, incidents: &[&Incident]) -> String {
        match (machines(incidents).len(), incidents.first()) {
            (1, Some(one)) => self.named(&one.computer),
            (n, _) => format!("{n} machines"),
        }
    }
}

/// The machines of some incidents, sorted, each once: Windows writes the same name in both cases.
pub(crate) fn machines(incidents: &[&Incident]) -> Vec<String> {
    let mut names: Vec<String> =
        incidents.iter().map(|one| one.computer.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    names
}
