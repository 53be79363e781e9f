//! Event logs and PHP logs in numbers.

use crate::TimeRange;

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
