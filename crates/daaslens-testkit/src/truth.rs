//! What is true of a synthetic bundle, in a form that can be stored beside it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The truth about one bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// The scenario that made the bundle.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// The length of the simulated time.
    pub hours: f64,
    /// The HTTP side.
    pub http: HttpTruth,
    /// Lines, events and records that no reader can understand.
    pub malformed: u64,
    /// Events in the event log; `None` without one.
    #[serde(default)]
    pub events: Option<u64>,
    /// Records in the PHP error log; `None` without one.
    #[serde(default)]
    pub php_records: Option<u64>,
    /// What was planted.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Spans (RFC 3339) in which nothing was planted, ten minutes away from every fault: a cluster here is a
    /// false alarm.
    #[serde(default)]
    pub quiet: Vec<(String, String)>,
    /// Rules that must not fire at all.
    #[serde(default)]
    pub forbidden_rules: Vec<String>,
}

/// The exact counts of the HTTP side, defined as the contract defines them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpTruth {
    /// Requests to the site.
    pub requests: u64,
    /// Requests to the SCM site.
    pub scm_requests: u64,
    /// Pings of the platform among `requests`.
    pub platform_probes: u64,
    /// Requests that the client gave up, whatever their status.
    pub client_aborts: u64,
    /// Those of them that the platform or the server cut off; `None` where nobody counted.
    #[serde(default)]
    pub cutoffs: Option<u64>,
    /// 500–599 that are no aborts.
    pub server_errors: u64,
    /// The histogram, aborts included.
    pub status: BTreeMap<String, u64>,
    /// The counts of the most frequent literal paths.
    pub url_literal: BTreeMap<String, u64>,
    /// How many instances wrote logs.
    pub instances: u64,
    /// Of all requests that are no aborts.
    pub latency_ms: LatencyTruth,
}

/// Percentiles by nearest rank, exact, in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyTruth {
    /// The median.
    pub p50: u32,
    /// Ninety percent.
    pub p90: u32,
    /// Ninety-five percent.
    pub p95: u32,
    /// Ninety-nine percent.
    pub p99: u32,
    /// The largest.
    pub max: u32,
}

/// One planted fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A letter, unique in its bundle.
    pub id: String,
    /// The rules one of which must fire.
    pub rules: Vec<String>,
    /// `502` for an `http-5xx-cluster`; `None` for other faults.
    pub status_family: Option<String>,
    /// First and last second (RFC 3339). For a cluster: of its errors, by completion.
    pub window: (String, String),
    /// Errors of the family in the window that are no aborts; `None` for other faults.
    pub errors: Option<u64>,
    /// All server errors in the window.
    #[serde(default)]
    pub server_errors_in_window: u64,
    /// The hypotheses one of which should stand first.
    #[serde(default)]
    pub hypotheses: Option<Vec<String>>,
    /// What is to blame.
    #[serde(default)]
    pub culprit: Option<Culprit>,
    /// Words that must stand in the finding, in lower case.
    #[serde(default)]
    pub must_mention: Vec<String>,
}

/// What is to blame for a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Culprit {
    /// One value of one dimension.
    One {
        /// `url`, `instance`, `client`.
        dimension: String,
        /// The value.
        value: String,
        /// Other names of the same thing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<String>,
    },
    /// `app-wide`: nothing in particular, and the report must not blame anything.
    Wide(String),
}

impl Culprit {
    /// Nothing in particular.
    pub fn app_wide() -> Self {
        Self::Wide("app-wide".into())
    }

    /// One value of one dimension.
    pub fn one(dimension: &str, value: &str) -> Self {
        Self::One { dimension: dimension.into(), value: value.into(), also: Vec::new() }
    }
}

impl Truth {
    /// The JSON that stands beside a bundle.
    pub fn to_json(&self) -> String {
        // Cannot fail: every key is a string and every number is finite.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Reads what [`Truth::to_json`] wrote.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The faults that an `http-5xx-cluster` must be found for.
    pub fn clusters(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.status_family.is_some())
    }
}
