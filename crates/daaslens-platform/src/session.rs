//! Sessions of DaaS, the tool that collects dumps, traces and logs when somebody asks it to, or when auto-heal does.
//!
//! A session says when the application was *measured*, which is not harmless: a memory dump freezes the process while it
//! is written, a profiler slows it, and an auto-heal action ends it. A stall inside a session is first of all the
//! session's.
//!
//! The first generation (2014 to May 2022) wrote `Sessions/**/<id>.xml` with several diagnosers in one session, the second
//! (since September 2021) `Sessions/{Active,Complete}/<id>.json` with one tool. Both may lie side by side. Since January
//! 2024 the record may be in Azure Tables and not on the disk at all; then only the folders tell ([`from_folders`]).

mod first;
mod folders;
mod second;
mod words;

pub use folders::from_folders;
pub use words::{Mode, Status, Tool};

use daaslens_core::{Time, TimeRange};

use crate::document::Document;
use crate::parsed::{FaultKind, Faults, Parsed, Place};
use crate::stamp;

/// The most sessions that are read of one file: a saved reply of the API lists several.
pub const MAX_SESSIONS: usize = 1000;
/// The most runs that are kept of a session, logs of a run, reports of a log, and texts of a list.
pub const MAX_PARTS: usize = 1000;

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Which generation wrote it.
    pub generation: Generation,
    /// Its id, the time of its start as `yyMMdd_HHmmssffff`.
    pub id: String,
    /// When it began: as it is written, else as the id says. The second generation collects from here on; the range
    /// collectors of the first (Http Logs) take what lies between start and end.
    pub start: Option<Time>,
    /// When it was done. `None` while it runs, and for one whose runner was lost.
    pub end: Option<Time>,
    /// How far it came. `Complete` only says that nobody works on it any more; see [`Session::has_errors`].
    pub status: Status,
    /// What was asked for.
    pub mode: Option<Mode>,
    /// The tools, each once, in the order of the file. The second generation has one.
    pub tools: Vec<Tool>,
    /// Who or what started it: `InvokedViaDaasApi` (the portal), `InvokedViaDaasConsole` (auto-heal or a console), or
    /// the reason that an auto-heal rule gave.
    pub description: Option<String>,
    /// The machines that were asked.
    pub instances: Vec<String>,
    /// What came of it, for each tool and machine.
    pub runs: Vec<Run>,
    /// Names of hosts.
    pub hosts: Hosts,
}

impl Session {
    /// The time it covers, as far as is known. Without an end, the last file that it collected stands for it.
    pub fn window(&self) -> Option<TimeRange> {
        let last = || self.logs().filter_map(|log| log.time).max();
        let start = self.start.or(self.end)?;
        let end = self.end.or_else(last).unwrap_or(start);
        Some(TimeRange::new(start, end.max(start)))
    }

    /// Whether anything went wrong that its status does not say.
    pub fn has_errors(&self) -> bool {
        self.runs.iter().any(|run| {
            !run.collector_errors.is_empty()
                || !run.analyzer_errors.is_empty()
                || run.status == Status::Error
        })
    }

    /// Whether auto-heal, or a console, started it rather than a person in the portal.
    pub fn is_automatic(&self) -> bool {
        self.description.as_deref().is_some_and(|text| text != "InvokedViaDaasApi")
    }

    /// All that it collected.
    pub fn logs(&self) -> impl Iterator<Item = &Log> {
        self.runs.iter().flat_map(|run| &run.logs)
    }
}

/// Which generation of DaaS wrote a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// XML, 2014 to 2022.
    First,
    /// JSON, since 2021.
    #[default]
    Second,
    /// The record is not there; it is known by its folders.
    FoldersOnly,
}

/// What a tool did on a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The tool.
    pub tool: Tool,
    /// The machine. `None` for what the first generation says of a tool on all of several machines.
    pub instance: Option<String>,
    /// How far it came.
    pub status: Status,
    /// What it collected.
    pub logs: Vec<Log>,
    /// What went wrong while collecting, among it that the machine never joined.
    pub collector_errors: Vec<String>,
    /// What went wrong while analysing.
    pub analyzer_errors: Vec<String>,
    /// What the collector said.
    pub collector_messages: Vec<String>,
    /// What the analyser said.
    pub analyzer_messages: Vec<String>,
}

/// A file that was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Its name.
    pub name: String,
    /// Where it lies, below `%HOME%` (second generation, `Data/DaaS/Logs/…`) or the DaaS folder (first, `Logs/…`), with
    /// `/`; case cannot be relied on. Below the host name where it lies in a storage account. The first generation puts
    /// ten letters of the site's name into it, or a host name.
    pub partial_path: String,
    /// Its size in bytes; 0 where it was not written.
    pub size: u64,
    /// When it was last written (second generation).
    pub time: Option<Time>,
    /// Whether it was sent to a storage account, so that it is not to be expected in the folder.
    pub is_in_blob: bool,
    /// The entry pages of its reports. Scripts, styles and data that the record lists as well are left out.
    pub reports: Vec<Report>,
}

/// A page that an analyser made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// Where it lies; see [`Log::partial_path`].
    pub partial_path: String,
}

/// Names of hosts, and of the site. No keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// The site.
    pub site: Option<String>,
    /// The host of its management side.
    pub scm: Option<String>,
    /// The host of the storage account.
    pub blob: Option<String>,
}

/// Reads a session, or a saved reply of the API that lists several (plain, or in the shape of ARM).
pub fn read(bytes: &[u8]) -> Parsed<Vec<Session>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    if document.is_empty() {
        return Parsed::new(Vec::new(), faults);
    }
    let sessions = match document.text().trim_start().as_bytes() {
        [b'<', ..] => first::read(&document, &mut faults).into_iter().collect(),
        _ => second::read(&document, &mut faults),
    };
    if sessions.is_empty() {
        let at = Place { byte: 0, line: 1 };
        faults.add(at, FaultKind::Unexpected { expected: "a session" });
    }
    Parsed::new(sessions, faults)
}

/// What the name of a session file alone says. A file of zero bytes is all that some sessions left.
pub fn from_name(path: &str) -> Option<Session> {
    let name = path.rsplit(['/', '\\']).next()?;
    let (id, extension) = name.split_once('.')?;
    let start = stamp::session_id(id)?;
    let generation = match extension.to_ascii_lowercase().as_str() {
        "xml" => Generation::First,
        "json" => Generation::Second,
        _ => return None,
    };
    Some(Session { generation, id: id.to_owned(), start: Some(start), ..Session::default() })
}

/// When the session of an id began; `None` where the text is no such id.
pub fn time_of_id(id: &str) -> Option<Time> {
    stamp::session_id(id)
}

/// The entry pages of `reports`: those of the fewest parts. The portal has the same rule.
fn entry_pages(mut reports: Vec<Report>) -> Vec<Report> {
    let parts = |report: &Report| report.partial_path.split('/').count();
    let least = reports.iter().map(parts).min().unwrap_or_default();
    reports.retain(|report| parts(report) == least);
    reports
}

/// The last part of a path.
fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a path leads into the DaaS folder. What does not was put into a storage account, below a host name.
fn is_local(path: &str) -> bool {
    let lower = path.get(..40).unwrap_or(path).to_ascii_lowercase();
    let lower = lower.trim_start_matches('/');
    lower.starts_with("data/daas/") || lower.starts_with("logs/") || lower.starts_with("reports/")
}
