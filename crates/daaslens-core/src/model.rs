//! What an analysis knows: plain data with public fields, the "model" that renderers view.
//!
//! None of these types is serialisable by design: the JSON is a contract with types of its own in the report
//! crate. All text is raw (see [`crate::finding`]).

mod http;
mod records;
mod table;
mod timeline;

use crate::{Finding, PartKind, SourceId, Time, TimeRange};

pub use http::{Hour, Http, HttpCounts, Instance, Outcome, Site, Url, UrlRest, Vantage};
pub use records::{EventGroup, EventSummary, Frame, PhpGroup, PhpSummary, Signature};
pub use table::{Cell, Column, Row, Table};
pub use timeline::{ClusterBand, InstanceLane, Mark, MarkRow, Series, Timeline, Unit};

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
    /// Facts that have no section of their own: dumps, modules, templates of an application's log. In the order in
    /// which they are shown.
    pub tables: Vec<Table>,
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
