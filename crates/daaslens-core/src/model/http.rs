//! The HTTP side in numbers.

use crate::{Latency, Time, TimeRange};

/// The HTTP side of an analysis, one vantage: the worker's log.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// The counts over all sites but SCM.
    pub totals: HttpCounts,
    /// First to last request.
    pub range: Option<TimeRange>,
    /// Requests of the SCM (Kudu) site.
    pub scm_requests: u64,
    /// Status → requests.
    pub status: Vec<(u16, u64)>,
    /// All requests but client aborts.
    pub latency: Latency,
    /// One row per `status.substatus.win32`, server errors first, then by count.
    pub outcomes: Vec<Outcome>,
    /// One row per site.
    pub sites: Vec<Site>,
    /// One row per instance.
    pub instances: Vec<Instance>,
    /// Templated paths by total time.
    pub urls: Vec<Url>,
    /// How many templates there are beyond those kept, and the requests in them.
    pub other_urls: Option<UrlRest>,
    /// Totals of other vantages, compared and never added.
    pub other_vantages: Vec<Vantage>,
    /// Requests per hour of the log, `(hour start, requests, server errors, total ms)`.
    pub hours: Vec<Hour>,
}

/// Requests of one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// The start of the hour.
    pub start: Time,
    /// Requests.
    pub requests: u64,
    /// Server errors.
    pub server_errors: u64,
}

/// The counts of the contract ("What the numbers mean").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HttpCounts {
    /// Well-formed request records.
    pub requests: u64,
    /// Status 500–599 that is no client abort.
    pub server_errors: u64,
    /// win32 64, 121, 995, 1229, 1236.
    pub client_aborts: u64,
    /// Aborts that the platform or the server caused.
    pub cutoffs: u64,
    /// AlwaysOn, `ReadyForRequest`, `HealthCheck`.
    pub platform_probes: u64,
}

impl HttpCounts {
    /// 1 − server errors / requests.
    pub fn availability(&self) -> Option<f64> {
        (self.requests > 0).then(|| 1.0 - self.server_errors as f64 / self.requests as f64)
    }

    /// Adds the counts of `other`.
    pub fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.server_errors += other.server_errors;
        self.client_aborts += other.client_aborts;
        self.cutoffs += other.cutoffs;
        self.platform_probes += other.platform_probes;
    }
}

/// One `status.substatus.win32`.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// `sc-status`.
    pub status: u16,
    /// `sc-substatus`.
    pub substatus: u32,
    /// `sc-win32-status`.
    pub win32: u64,
    /// Requests.
    pub requests: u64,
    /// Median time taken, ms.
    pub p50: Option<u32>,
    /// First to last.
    pub range: TimeRange,
    /// What it means, from the knowledge base; empty where undocumented.
    pub meaning: String,
}

impl Outcome {
    /// Whether it is a server error that no client caused.
    pub fn is_server_error(&self) -> bool {
        (500..600).contains(&self.status) && !matches!(self.win32, 64 | 121 | 995 | 1229 | 1236)
    }
}

/// One site or slot.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// `s-sitename`, lower case; empty where the log has no such column.
    pub name: String,
    /// Its counts.
    pub counts: HttpCounts,
}

/// One worker instance.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    /// The RawLogs prefix where known, else the machine name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Whether the aliases are certain, or inferred.
    pub inferred: bool,
    /// Its counts.
    pub counts: HttpCounts,
    /// First to last record.
    pub range: Option<TimeRange>,
}

/// One templated path.
#[derive(Clone, Debug, Default)]
pub struct Url {
    /// The template.
    pub url: String,
    /// All its requests.
    pub requests: u64,
    /// Its server errors.
    pub server_errors: u64,
    /// Its server errors inside lettered clusters.
    pub in_clusters: u64,
    /// Time taken of those that are no client aborts.
    pub latency: Latency,
    /// Time taken of all its requests, ms.
    pub total_ms: u64,
    /// Whether long requests are its nature: log streams, WebSockets, long polls.
    pub long_by_nature: bool,
}

/// What the cap on distinct paths left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct UrlRest {
    /// Requests of paths that were not kept.
    pub requests: u64,
    /// Their server errors.
    pub server_errors: u64,
    /// Their total time, ms.
    pub total_ms: u64,
}

/// Another place from which requests were seen.
#[derive(Clone, Debug, Default)]
pub struct Vantage {
    /// `AppServiceHTTPLogs`, `ApplicationGatewayAccessLog`, …
    pub name: String,
    /// Its counts.
    pub counts: HttpCounts,
}
