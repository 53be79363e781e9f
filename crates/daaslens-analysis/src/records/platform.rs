//! What the platform's own tools write beside the logs: deployments and diagnostic sessions.

use std::collections::BTreeMap;

use daaslens_core::text::{shortened, visible};
use daaslens_core::{Evidence, Excerpt, Kind, Location, Origin, SourceId, Time, TimeRange};
use daaslens_platform::{Fault, deployment, session};

use super::Count;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Platform {
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) sessions: Vec<Session>,
}

/// A deployment.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    /// Its id; for a Git deployment the commit.
    pub(crate) id: String,
    /// From its start to its end.
    pub(crate) range: TimeRange,
    /// `success`, `failed`, …
    pub(crate) status: &'static str,
    pub(crate) failed: bool,
    pub(crate) evidence: Evidence,
}

/// A diagnostic session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) range: TimeRange,
    /// The tools in words.
    pub(crate) tool: String,
    /// Whether a tool stops, slows or traces a process.
    pub(crate) intrusive: bool,
    pub(crate) status: &'static str,
    pub(crate) instances: Vec<String>,
    /// Files that it collected, and how many of them lie in blob storage instead of the bundle.
    pub(crate) files: u64,
    pub(crate) in_blob: u64,
    pub(crate) errors: Vec<String>,
    pub(crate) automatic: bool,
    pub(crate) evidence: Evidence,
}

/// Whether a file under `deployments` is a record of its own, and not the log or the list of one.
pub(crate) fn is_record(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    matches!(name.trim_end_matches(".gz"), "status.xml" | "status_complete.xml")
}

impl Platform {
    pub(crate) fn read(bytes: &[u8], source: usize, origin: &Origin, count: &mut Count) -> Self {
        let mut platform = Self::default();
        let place = Location { source: SourceId(source as u32), byte: 0, line: 1 };
        let evidence = |text: String| Evidence {
            at: place,
            note: String::new(),
            excerpt: Excerpt::text(text),
            alike: 1,
        };
        if origin.kind == Kind::Deployment {
            let parsed = deployment::read_status(bytes);
            faults(count, &parsed.faults, parsed.value.is_some());
            if let Some(one) = parsed.value
                && let Some(range) = one.window()
            {
                counted(count, range);
                let status = one.status.word();
                let text = format!(
                    "deployment {}, {status}, {} to {}",
                    shown(&one.id),
                    range.start,
                    range.end
                );
                platform.deployments.push(Deployment {
                    id: shown(&one.id),
                    range,
                    status,
                    failed: one.status == deployment::Status::Failed,
                    evidence: evidence(text),
                });
            }
        } else {
            let parsed = session::read(bytes);
            faults(count, &parsed.faults, !parsed.value.is_empty());
            for one in parsed.value {
                let Some(range) = one.window() else { continue };
                counted(count, range);
                platform.sessions.push(of(&one, range, &evidence));
            }
        }
        platform
    }

    /// The record of a file as evidence shows it.
    pub(crate) fn excerpt(bytes: &[u8], origin: &Origin) -> Option<Excerpt> {
        let mut one = Self::read(bytes, 0, origin, &mut Count::default());
        let deployment = one.deployments.pop().map(|one| one.evidence);
        deployment
            .or_else(|| one.sessions.pop().map(|one| one.evidence))
            .map(|evidence| evidence.excerpt)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.deployments.extend(other.deployments);
        self.sessions.extend(other.sessions);
    }

    /// Once everything is there: the same record stands in every copy of a bundle, and counts once.
    pub(crate) fn settle(&mut self) {
        let mut deployments = BTreeMap::new();
        for one in std::mem::take(&mut self.deployments) {
            deployments.entry((one.range, one.id.clone())).or_insert(one);
        }
        self.deployments = deployments.into_values().collect();
        let mut sessions = BTreeMap::new();
        for one in std::mem::take(&mut self.sessions) {
            sessions.entry((one.range, one.id.clone(), one.tool.clone())).or_insert(one);
        }
        self.sessions = sessions.into_values().collect();
    }
}

fn shown(text: &str) -> String {
    shortened(&visible(text.as_bytes()), 80).into_owned()
}

/// What could not be read costs the record only where nothing of it was understood.
fn faults(count: &mut Count, faults: &[Fault], understood: bool) {
    if understood {
        count.recovered += u64::from(!faults.is_empty());
    } else if let Some(fault) = faults.first() {
        count.fault(fault.place.line, fault.place.byte, fault.kind.to_string());
    }
}

fn counted(count: &mut Count, range: TimeRange) {
    count.records += 1;
    count.range = TimeRange::merge(count.range, Some(range));
}

fn of(one: &session::Session, range: TimeRange, evidence: &dyn Fn(String) -> Evidence) -> Session {
    let mut tools: Vec<&'static str> = one.tools.iter().map(|tool| tool.name()).collect();
    tools.dedup();
    let tool = if tools.is_empty() { "no tool named".to_owned() } else { tools.join(", ") };
    let status = one.status.word();
    let errors: Vec<String> = one
        .runs
        .iter()
        .flat_map(|run| run.collector_errors.iter().chain(&run.analyzer_errors))
        .map(|error| shown(error))
        .take(6)
        .collect();
    let until = if range.end > range.start { format!(" to {}", range.end) } else { String::new() };
    Session {
        id: shown(&one.id),
        range,
        intrusive: one.tools.iter().any(|tool| tool.is_intrusive()),
        status,
        instances: one.instances.iter().map(|name| shown(name)).collect(),
        files: one.logs().count() as u64,
        in_blob: one.logs().filter(|log| log.is_in_blob).count() as u64,
        errors,
        automatic: one.is_automatic(),
        evidence: evidence(format!(
            "session {}, {tool}, {status}, {}{until}",
            shown(&one.id),
            range.start
        )),
        tool,
    }
}

/// When the last deployment before a time ended.
pub(crate) fn last_before(deployments: &[Deployment], at: Time) -> Option<&Deployment> {
    deployments
        .iter()
        .filter(|one| one.range.end <= at || one.range.contains(at))
        .max_by_key(|one| one.range.end)
}
