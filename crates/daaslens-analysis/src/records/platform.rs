//! What the platform's own tools write beside the logs: deployments and diagnostic sessions.

use daaslens_core::{Evidence, Origin, TimeRange};

use super::Count;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Platform {
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) sessions: Vec<Session>,
    /// RawLogs prefix and machine name, where a file holds both.
    pub(crate) joins: Vec<(String, String)>,
}

/// A deployment.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    /// Its id; for a Git deployment the commit.
    pub(crate) id: String,
    /// From its start to its end.
    pub(crate) range: TimeRange,
    /// `success`, `failed`, …
    pub(crate) status: String,
    pub(crate) evidence: Evidence,
}

/// A diagnostic session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) range: TimeRange,
    pub(crate) tool: String,
    pub(crate) status: String,
    pub(crate) instances: Vec<String>,
    pub(crate) files: u64,
    pub(crate) errors: Vec<String>,
    pub(crate) why: Option<String>,
    pub(crate) evidence: Evidence,
}

/// Whether a file under `deployments` is a record of its own, and not the log or the list of one.
pub(crate) fn is_record(_path: &str) -> bool {
    false
}

impl Platform {
    pub(crate) fn read(
        _bytes: &[u8],
        _source: usize,
        _origin: &Origin,
        _count: &mut Count,
    ) -> Self {
        Self::default()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.deployments.extend(other.deployments);
        self.sessions.extend(other.sessions);
        self.joins.extend(other.joins);
    }

    /// Once everything is there.
    pub(crate) fn settle(&mut self) {
        self.deployments
            .sort_by(|a, b| (a.range, &a.id, a.evidence.at).cmp(&(b.range, &b.id, b.evidence.at)));
        self.deployments.dedup_by(|a, b| a.id == b.id && a.range == b.range);
        self.sessions
            .sort_by(|a, b| (a.range, &a.id, a.evidence.at).cmp(&(b.range, &b.id, b.evidence.at)));
        self.sessions.dedup_by(|a, b| a.id == b.id && a.tool == b.tool);
        self.joins.sort();
        self.joins.dedup();
    }
}
