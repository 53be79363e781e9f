//! Findings: what a detector concluded, with the numbers and the lines that prove it.
//!
//! Text in here is *raw*: it may hold site names, addresses or anything else the input holds. Masking happens
//! once, in the report crate, which knows from [`PartKind`] and from the list of identities what is what.

use crate::{Location, TimeRange};

/// How much a finding matters. The order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Users were failed in numbers, or it explains why.
    Critical,
    /// A defect or risk worth a ticket.
    Warning,
    /// Context.
    Info,
}

impl Severity {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// How sure a conclusion is. Words only: the caps stand in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Something speaks for it.
    Weak,
    /// It fits, and nothing rules it out.
    Possible,
    /// One specific kind of evidence says so.
    Likely,
    /// Two independent kinds of evidence say so.
    Confirmed,
}

impl Confidence {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }
}

/// One conclusion of a detector.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule, in kebab-case: `http-5xx-cluster`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// How sure the observation is.
    pub confidence: Confidence,
    /// If only one thing can be shown, this is it. States what was observed; causes stand in `causes`.
    pub headline: String,
    /// One or two further sentences, or empty.
    pub detail: String,
    /// When, or `None` for what has no time of its own.
    pub window: Option<TimeRange>,
    /// What it is about.
    pub subject: Subject,
    /// The numbers, each with its base.
    pub metrics: Metrics,
    /// What sets the failing requests apart, where that was looked at.
    pub attribution: Option<Attribution>,
    /// Why, best first.
    pub causes: Vec<Cause>,
    /// What to do.
    pub advice: Advice,
    /// The lines that prove it, the most telling first.
    pub evidence: Vec<Evidence>,
    /// The window at finer bins, for clusters.
    pub closeup: Option<Closeup>,
    /// Letters the cluster on the timeline: 0 is A. `None` for findings that are no incident.
    pub letter: Option<u32>,
    /// Ranks findings of one severity: failed requests, or the nearest equivalent.
    pub impact: u64,
}

impl Finding {
    /// A finding with its rule, severity, confidence and headline, and nothing else yet.
    pub fn new(
        rule: &'static str,
        severity: Severity,
        confidence: Confidence,
        headline: String,
    ) -> Self {
        Self {
            rule,
            severity,
            confidence,
            headline,
            detail: String::new(),
            window: None,
            subject: Subject::default(),
            metrics: Metrics::default(),
            attribution: None,
            causes: Vec::new(),
            advice: Advice::default(),
            evidence: Vec::new(),
            closeup: None,
            letter: None,
            impact: 0,
        }
    }
}

/// What a finding is about: the key for grouping, and for comparing two runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The site (`s-sitename`, lower case).
    pub site: Option<String>,
    /// The status family (500, 502, 503, 504).
    pub status: Option<u16>,
    /// The templated path.
    pub url: Option<String>,
    /// The instance: RawLogs prefix where known, else the machine name.
    pub instance: Option<String>,
    /// The normalised signature of a crash or an error.
    pub signature: Option<String>,
    /// The exception type.
    pub exception: Option<String>,
    /// The module.
    pub module: Option<String>,
    /// The process, as name or id.
    pub process: Option<String>,
}

/// One number with its name and unit; renderers format it.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    /// A count.
    Count(u64),
    /// A ratio between 0 and 1.
    Ratio(f64),
    /// A duration in milliseconds.
    Millis(u64),
}

/// The numbers of a finding: contract name, value. In the order in which they are shown.
pub type Metrics = Vec<(&'static str, Metric)>;

/// What sets the failing requests apart from the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attribution {
    /// The factors that passed the gate, strongest first; none means app-wide.
    pub factors: Vec<Factor>,
    /// What was looked at and did not pass, with its largest lower risk ratio: evidence for app-wide.
    pub even: Vec<Factor>,
}

/// One value of one dimension, inside against outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// `url`, `instance`, `client`, `method`, `user-agent`, `host`, `substatus` …
    pub dimension: &'static str,
    /// The value; empty where no single value stands out.
    pub value: String,
    /// What kind of text the value is, for masking.
    pub kind: PartKind,
    /// Failing requests with this value, of all failing ones.
    pub failing: (u64, u64),
    /// Answered requests with this value, of all answered ones.
    pub answered: (u64, u64),
    /// Lower end of the 95 % interval of the risk ratio.
    pub risk_ratio_low: f64,
    /// The share of the excess failures that has this value.
    pub excess_share: f64,
}

/// One hypothesis with what speaks for it, against it, and what would be needed to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The name of the contract, `worker-crash`.
    pub hypothesis: &'static str,
    /// One sentence for people.
    pub title: String,
    /// How sure, within the contract's caps.
    pub confidence: Confidence,
    /// What speaks for it.
    pub supports: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// What is missing to tell.
    pub missing: Vec<String>,
}

/// What to do, one imperative sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// To get out of it now.
    pub mitigate: Vec<String>,
    /// To make it not happen again.
    pub fix: Vec<String>,
    /// What to collect, to know more.
    pub collect_next: Vec<String>,
}

impl Advice {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.mitigate.is_empty() && self.fix.is_empty() && self.collect_next.is_empty()
    }
}

/// A line (or event) of the input that proves something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it stands.
    pub at: Location,
    /// What it shows, in a few words; may be empty.
    pub note: String,
    /// The text, cut into parts of known kind.
    pub excerpt: Excerpt,
    /// How many lines are like it, itself included.
    pub alike: u64,
}

/// Text of the input, cut into parts of known kind so that it can be masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt(pub Vec<Part>);

impl Excerpt {
    /// Free text, about which nothing is known.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Part { kind: PartKind::Text, text: text.into(), strong: false }])
    }
}

/// A piece of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// The text as in the input, made visible.
    pub text: String,
    /// Whether it is what decides.
    pub strong: bool,
}

/// What kind of text a part is; decides how it is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartKind {
    /// Safe by construction: numbers, dates, method names, separators.
    Plain,
    /// Free text, searched for secrets of any kind.
    Text,
    /// A path of the site; kept, but searched like text.
    Path,
    /// A query string: names stay, values go.
    Query,
    /// A cookie header: names stay, values go.
    Cookie,
    /// A URL with host, path and query (a referrer).
    Url,
    /// A user name.
    User,
    /// A client address.
    Address,
    /// A host name.
    Host,
    /// A site name.
    Site,
    /// A worker machine or instance prefix: names the platform's machine, stays.
    Instance,
}

/// A stretch of time at fine bins, row by row: what fails beside what does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closeup {
    /// The first second.
    pub start: crate::Time,
    /// The width of a bin.
    pub bin_seconds: u32,
    /// Rows of equal length.
    pub rows: Vec<CloseupRow>,
}

/// One row of a close-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseupRow {
    /// What the row shows: an instance, an area of the site.
    pub label: String,
    /// What kind of text the label is.
    pub kind: PartKind,
    /// Requests per bin, failed ones included.
    pub requests: Vec<u32>,
    /// Failed requests per bin.
    pub errors: Vec<u32>,
}
