//! What an analysis knows: plain data with public fields, the "model" that renderers view.
//!
//! None of these types is serialisable by design: the JSON is a contract with types of its own in the report
//! crate. All text is raw (see [`crate::finding`]).

use crate::{Finding, Latency, PartKind, SourceId, Time, TimeRange};

/// Everything one run found out.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// The conclusion.
    pub verdict: Verdict,
    /// The five questions of a bad night, answered or not.
    pub answers: Vec<Answer>,
    /// First to last dated record.
    pub window: Option<TimeRange>,
    /// What was given on the command line.
    pub inputs: Vec<Input>,
    /// Sums over all sources.
    pub totals: Totals,
    /// The HTTP side; `None` when there was no HTTP log.
    pub http: Option<Http>,
    /// The event log; `None` when there was none.
    pub events: Option<EventSummary>,
    /// The PHP error log; `None` when there was none.
    pub php: Option<PhpSummary>,
    /// Every file of the input, in a stable order (by path).
    pub sources: Vec<SourceInfo>,
    /// What could be seen and what could not.
    pub coverage: Coverage,
    /// By severity, then impact.
    pub findings: Vec<Finding>,
    /// The shared time axis.
    pub timeline: Option<Timeline>,
    /// Names that identify somebody, in the order of their first appearance: pseudonyms count along it.
    pub identities: Vec<Identity>,
    /// What the platform could do by itself, tried out on the log.
    pub mitigation: Mitigation,
    /// The options that shaped the result, for the appendix: name, value.
    pub options: Vec<(&'static str, String)>,
}

/// Auto-heal rules that passed their back-test.
#[derive(Clone, Debug, Default)]
pub struct Mitigation {
    /// The rules, best first.
    pub auto_heal: Vec<AutoHeal>,
    /// Why there is none, where there is none: a sentence.
    pub no_rule: Option<String>,
}

/// One auto-heal rule, and when it would have fired.
#[derive(Clone, Debug)]
pub struct AutoHeal {
    /// What it watches.
    pub trigger: HealTrigger,
    /// When it would have fired, and on which instance.
    pub fired: Vec<(Time, String)>,
    /// How many of those lie outside any incident.
    pub outside_incidents: u64,
    /// What it could have saved and what it cannot do: sentences.
    pub notes: Vec<String>,
}

/// What an auto-heal rule watches; its action is to recycle the worker process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealTrigger {
    /// Answers with one status.
    Status {
        /// `sc-status`.
        status: u16,
        /// `sc-substatus`.
        substatus: u32,
        /// `sc-win32-status`, where the rule is that narrow.
        win32: Option<u64>,
        /// How many answers.
        count: u64,
        /// Within so many seconds.
        interval_seconds: u64,
    },
    /// Requests that take longer than a limit.
    Slow {
        /// The limit in seconds.
        time_taken_seconds: u64,
        /// How many requests.
        count: u64,
        /// Within so many seconds.
        interval_seconds: u64,
    },
    /// Private bytes of the worker process.
    PrivateBytes {
        /// In kB, as the platform counts them.
        kilobytes: u64,
    },
}

impl Analysis {
    /// The stretch that the report is about: that of the requests where there are any, since events and deployments
    /// go back for weeks; else that of all dated records.
    pub fn stretch(&self) -> Option<TimeRange> {
        self.http.as_ref().and_then(|http| http.range).or(self.window)
    }
}

/// The health of the site, as far as the bundle shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// There is a critical finding.
    Critical,
    /// There is a warning.
    Degraded,
    /// Neither, and the HTTP logs cover at least 90 % of the window.
    Healthy,
    /// The bundle cannot tell.
    #[default]
    Unknown,
}

impl Health {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Degraded => "degraded",
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
        }
    }
}

/// The conclusion of a run.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// How the site does.
    pub health: Health,
    /// One sentence.
    pub headline: String,
    /// One line of scale under the headline.
    pub scale: String,
    /// The one next action.
    pub next_action: String,
}

/// One of the five questions.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// `Still going on?`
    pub question: &'static str,
    /// The first words of the answer, shown bold.
    pub lead: String,
    /// The rest.
    pub text: String,
}

/// One path of the command line.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its last component.
    pub name: String,
    /// `daas`, `kudu-dump`, `logfiles`, `file` or `folder`.
    pub kind: &'static str,
}

/// Sums over all sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes of all sources, after inflating.
    pub bytes: u64,
    /// Bytes of the sources of a kind that is read.
    pub recognised_bytes: u64,
    /// Bytes of those that could be read.
    pub readable_bytes: u64,
    /// How many sources.
    pub sources: u64,
    /// Records of all kinds.
    pub records: u64,
    /// Lines (events …) that could not be read as a record.
    pub malformed: u64,
}

/// What became of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStatus {
    /// Read to its end.
    Read,
    /// Read in part; the reason says which part is missing.
    Partial,
    /// Not read on purpose; the reason says why.
    Skipped,
    /// Could not be read.
    Unreadable,
}

impl SourceStatus {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Partial => "partial",
            Self::Skipped => "skipped",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One file of the input, or member of an archive.
#[derive(Clone, Debug)]
pub struct SourceInfo {
    /// `bundle.zip!/LogFiles/http/RawLogs/x.log`: last component of what was given, then the path inside it.
    pub path: String,
    /// `w3c`, `eventlog`, … or `not-a-log`.
    pub kind: &'static str,
    /// The site it belongs to, where known.
    pub site: Option<String>,
    /// The instance that wrote it, where known.
    pub instance: Option<String>,
    /// Bytes, after inflating.
    pub bytes: u64,
    /// Records read.
    pub records: u64,
    /// Lines that could not be read.
    pub malformed: u64,
    /// Records that were read although their line was not quite right.
    pub recovered: u64,
    /// First to last record.
    pub range: Option<TimeRange>,
    /// What became of it.
    pub status: SourceStatus,
    /// Why, where it was not simply read.
    pub reason: Option<String>,
    /// The first few faults: line, byte, what was wrong.
    pub faults: Vec<FaultSample>,
}

/// A malformed line, as a sample.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultSample {
    /// The line, counted from 1.
    pub line: u64,
    /// The byte at which it begins.
    pub byte: u64,
    /// What was wrong, in words.
    pub fault: String,
}

/// What could be seen and what could not.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Stretches of the window for which an instance has no log.
    pub gaps: Vec<Gap>,
    /// What could not be checked, and why: sentences.
    pub not_checked: Vec<String>,
    /// The rules that were checked and found nothing, each with the figure that says so.
    pub checked_clean: Vec<Clean>,
    /// Share of the window that the HTTP logs cover, 0–1.
    pub http_share: f64,
    /// The distinct instances whose clocks or names had to be joined: sentences.
    pub notes: Vec<String>,
}

/// A rule that found nothing.
#[derive(Clone, Debug)]
pub struct Clean {
    /// The rule.
    pub rule: &'static str,
    /// What was looked at, with its figure.
    pub text: String,
}

/// A stretch without a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The instance; `None` for all.
    pub instance: Option<String>,
    /// From the last record before to the first after.
    pub range: TimeRange,
    /// The likely cause.
    pub reason: String,
}

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

/// The event log in numbers.
#[derive(Clone, Debug, Default)]
pub struct EventSummary {
    /// All events.
    pub events: u64,
    /// Events by level word, in the order error, warning, information.
    pub levels: Vec<(&'static str, u64)>,
    /// One row per provider and id, most frequent first.
    pub groups: Vec<EventGroup>,
    /// Crash and exception signatures, most frequent first.
    pub signatures: Vec<Signature>,
}

/// Events of one provider and id.
#[derive(Clone, Debug)]
pub struct EventGroup {
    /// The provider (`Source` in Event Viewer).
    pub provider: String,
    /// The event id, without severity bits.
    pub id: u32,
    /// `error`, `warning`, `information`.
    pub level: &'static str,
    /// How many.
    pub count: u64,
    /// First to last.
    pub range: Option<TimeRange>,
    /// What it means; empty where the knowledge base does not know it.
    pub meaning: String,
    /// The first one.
    pub example: Option<crate::Evidence>,
    /// Whether it is noise that says nothing about the site's health.
    pub noise: bool,
}

/// A normalised crash or exception.
#[derive(Clone, Debug)]
pub struct Signature {
    /// `S1`, `S2` … in the order of the list.
    pub id: u32,
    /// The normalised text: exception type and the deciding frames.
    pub text: String,
    /// The exception type or exception code.
    pub exception: String,
    /// A masked message, one of many.
    pub message: String,
    /// Whether the process ended.
    pub crash: bool,
    /// How many.
    pub count: u64,
    /// On which machines: name, count.
    pub instances: Vec<(String, u64)>,
    /// First to last.
    pub range: Option<TimeRange>,
    /// The stack, the deciding frame first: text, whether it is the application's own.
    pub frames: Vec<Frame>,
    /// Request paths that are named in its events: path, count.
    pub paths: Vec<(String, u64)>,
    /// Where it stands.
    pub evidence: Vec<crate::Evidence>,
}

/// One line of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The method, without line numbers.
    pub text: String,
    /// Whether it is the application's own code, as far as the name tells.
    pub own: bool,
    /// How many equal frames follow each other.
    pub repeat: u64,
}

/// The PHP error log in numbers.
#[derive(Clone, Debug, Default)]
pub struct PhpSummary {
    /// All records.
    pub records: u64,
    /// Records by severity word, most severe first.
    pub levels: Vec<(String, u64)>,
    /// Groups by signature, most frequent first.
    pub groups: Vec<PhpGroup>,
    /// Pages with most errors: file, count.
    pub pages: Vec<(String, u64)>,
    /// First to last record.
    pub range: Option<TimeRange>,
}

/// PHP errors of one signature.
#[derive(Clone, Debug)]
pub struct PhpGroup {
    /// `Fatal error`, `Warning`, …
    pub level: String,
    /// The masked message.
    pub message: String,
    /// The file and line, where the record names one.
    pub place: String,
    /// How many.
    pub count: u64,
    /// How many in the last 24 hours of the log, and in its last 7 days.
    pub recent: (u64, u64),
    /// First to last.
    pub range: Option<TimeRange>,
    /// Where it stands.
    pub evidence: Vec<crate::Evidence>,
}

/// The time axis that all sources share.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The first second of the first bin.
    pub start: Time,
    /// The width of a bin.
    pub bin_seconds: u32,
    /// Requests per bin by class; all vectors have the same length.
    pub ok: Vec<u32>,
    /// 4xx per bin.
    pub client_errors: Vec<u32>,
    /// 5xx per bin that are no client aborts.
    pub server_errors: Vec<u32>,
    /// Most requests in flight in the bin.
    pub in_flight: Vec<u32>,
    /// The width of a latency bin, a multiple of `bin_seconds`.
    pub latency_bin_seconds: u32,
    /// p50 and p95 per latency bin; `None` where the bin is empty.
    pub latency: Vec<Option<(u32, u32)>>,
    /// One lane per instance.
    pub instances: Vec<InstanceLane>,
    /// One row per kind of mark that the bundle can show, also where there is none.
    pub rows: Vec<MarkRow>,
    /// Lettered incidents, in order of time.
    pub clusters: Vec<ClusterBand>,
}

/// One instance on the timeline.
#[derive(Clone, Debug, Default)]
pub struct InstanceLane {
    /// Its name.
    pub name: String,
    /// Where its log runs.
    pub covered: Vec<TimeRange>,
    /// Where it has no log although others do.
    pub gaps: Vec<TimeRange>,
    /// Where at least 5 % and at least 3 requests a minute fail.
    pub failing: Vec<TimeRange>,
}

/// Marks of one kind.
#[derive(Clone, Debug)]
pub struct MarkRow {
    /// `Deployments`, `Crashes`, …
    pub label: &'static str,
    /// `deployment`, `crash`, `start`, `php`, `session`: chooses the shape.
    pub kind: &'static str,
    /// In order of time.
    pub marks: Vec<Mark>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When; a length where it lasted.
    pub range: TimeRange,
    /// A few words, raw.
    pub label: String,
    /// What kind of text the label is.
    pub kind: PartKind,
}

/// A lettered incident on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterBand {
    /// 0 is A.
    pub letter: u32,
    /// Its window.
    pub range: TimeRange,
}

/// A name that identifies somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// `Site`, `Host`, `User` or `Address`.
    pub kind: PartKind,
    /// The name as in the input.
    pub value: String,
}

/// The letter of a cluster: A … Z, then AA, AB …
pub fn letter(index: u32) -> String {
    let mut text = String::new();
    let mut rest = index + 1;
    while rest > 0 {
        rest -= 1;
        text.insert(0, char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    text
}

/// Keeps ids of sources out of the way of vectors: `sources[id]`.
pub fn source(sources: &[SourceInfo], id: SourceId) -> Option<&SourceInfo> {
    sources.get(id.index())
}

#[cfg(test)]
mod tests {
    use super::letter;

    #[test]
    fn letters_go_on_after_z() {
        let letters: Vec<_> = [0, 25, 26, 51, 52, 701, 702].map(letter).into();
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
