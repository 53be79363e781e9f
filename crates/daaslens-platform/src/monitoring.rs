//! CPU monitoring of DaaS: a watch that dumps or ends a process when it uses too much CPU for too long.
//!
//! `DaaS/Monitoring/{Active,Complete}/<id>.json` is the session, `Active/<MACHINE>.log` and `Logs/<id>/<MACHINE>[_n].log` are
//! its logs: a time series of the CPU of each process every few seconds, which nothing else in a bundle has.
//! `Logs/<id>/*.customaction` marks each thing that it did.

mod clock;
mod log;

pub use clock::{Clock, Hint};
pub use log::{Act, ActKind, CpuLog, MAX_ACTS, MAX_PROCESSES, MAX_SAMPLES, Sample, read_log};

use daaslens_core::{Time, TimeRange};

use crate::document::{Document, some, without_query};
use crate::parsed::{FaultKind, Faults, Parsed};
use crate::{json, stamp};

/// The most files that are kept of a session.
const MAX_FILES: usize = 1000;

/// A session of CPU monitoring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// When it began.
    pub start: Option<Time>,
    /// When it was done; `None` while it runs.
    pub end: Option<Time>,
    /// Which rule.
    pub rule: Option<Rule>,
    /// What it does.
    pub mode: Option<Mode>,
    /// The CPU that is too much, in per cent of the machine.
    pub threshold_percent: Option<u64>,
    /// For how long it must last, in seconds.
    pub threshold_seconds: Option<u64>,
    /// How often it looks, in seconds.
    pub interval_seconds: Option<u64>,
    /// How often it acts at most.
    pub max_actions: Option<u64>,
    /// How long it runs at most, in hours.
    pub max_hours: Option<u64>,
    /// Whether processes of the management side are watched too.
    pub watches_scm: bool,
    /// How far the analysis is, in DaaS's own word: `NotStarted`, `InProgress`, `Completed`, `Continuous`.
    pub analysis: Option<&'static str>,
    /// What it collected.
    pub files: Vec<File>,
    /// What went wrong while analysing.
    pub errors: Vec<String>,
    /// The host of the site.
    pub host: Option<String>,
    /// The host of the storage account.
    pub blob_host: Option<String>,
}

impl Session {
    /// The time it covers, as far as is known.
    pub fn window(&self) -> Option<TimeRange> {
        let start = self.start.or(self.end)?;
        Some(TimeRange::new(start, self.end.unwrap_or(start).max(start)))
    }

    /// What it says about the times of its logs.
    pub fn hint(&self) -> Hint {
        Hint { start: self.start, end: self.end }
    }
}

/// A file that was collected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its name, `<MACHINE>_<process>_<pid>_<ticks>.dmp`.
    pub name: String,
    /// Its report.
    pub report: Option<String>,
}

/// Which rule watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// For a time.
    Diagnostics,
    /// For ever.
    AlwaysOn,
}

/// What is done to a process that uses too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// It is ended.
    Kill,
    /// It is dumped.
    Collect,
    /// It is dumped and ended.
    CollectAndKill,
    /// It is dumped and ended, and the dump is analysed.
    CollectKillAndAnalyze,
}

impl Mode {
    const ALL: [Self; 4] =
        [Self::Kill, Self::Collect, Self::CollectAndKill, Self::CollectKillAndAnalyze];

    /// DaaS's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kill => "Kill",
            Self::Collect => "Collect",
            Self::CollectAndKill => "CollectAndKill",
            Self::CollectKillAndAnalyze => "CollectKillAndAnalyze",
        }
    }

    /// Whether it ends the process.
    pub const fn kills(self) -> bool {
        !matches!(self, Self::Collect)
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// Reads a session. What the API adds to it when it is asked (`BlobSasUri`) is never looked at.
pub fn read_session(bytes: &[u8]) -> Parsed<Option<Session>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let place = document.place(0);
    let value = json::parse(&document, &mut faults).unwrap_or_default();
    let id = json::text(&value, "SessionId");
    let is_one = json::field(&value, "CpuThreshold").is_some()
        || json::field(&value, "RuleType").is_some()
        || json::field(&value, "MonitorDuration").is_some();
    let Some(id) = id.filter(|_| is_one) else {
        if !document.is_empty() {
            let expected = "a session of CPU monitoring";
            faults.add(place, FaultKind::Unexpected { expected });
        }
        return Parsed::new(None, faults);
    };
    let mut word = |name: &'static str, words: &[&'static str]| {
        let word = json::text(&value, name)?;
        let known = words.iter().find(|known| known.eq_ignore_ascii_case(&word)).copied();
        if known.is_none() {
            faults.add(place, FaultKind::Word { field: name });
        }
        known
    };
    let rule = word("RuleType", &["Diagnostics", "AlwaysOn"]);
    let mode = word("Mode", &Mode::ALL.map(Mode::word));
    let analysis = word("AnalysisStatus", &["NotStarted", "InProgress", "Completed", "Continuous"]);
    let collected = json::list(&value, "FilesCollected");
    if collected.len() > MAX_FILES {
        let found = Some(collected.len() as u64);
        faults.add(place, FaultKind::Capped { what: "files", kept: MAX_FILES as u64, found });
    }
    let collected = collected.get(..MAX_FILES).unwrap_or(collected);
    let name = |file: &serde_json::Value, field: &str| {
        json::text(file, field).map(|name| without_query(&name).to_owned())
    };
    let files = collected.iter().map(|file| File {
        name: name(file, "FileName").unwrap_or_default(),
        report: name(file, "ReportFile"),
    });
    let errors = collected.iter().flat_map(|file| json::list(file, "AnalysisErrors"));
    let host = |name: &str| {
        let host = json::text(&value, name)?;
        let host = host.split("://").last()?.split(['/', '?']).next()?;
        some(host)
    };
    let session = Session {
        start: json::time(&value, "StartDate", "StartDate", place, &mut faults)
            .or_else(|| stamp::session_id(&id)),
        end: json::time(&value, "EndDate", "EndDate", place, &mut faults),
        id,
        rule: rule.map(|rule| if rule == "AlwaysOn" { Rule::AlwaysOn } else { Rule::Diagnostics }),
        mode: mode.and_then(Mode::read),
        threshold_percent: json::number(&value, "CpuThreshold"),
        threshold_seconds: json::number(&value, "ThresholdSeconds"),
        interval_seconds: json::number(&value, "MonitorDuration"),
        max_actions: json::number(&value, "MaxActions"),
        max_hours: json::number(&value, "MaximumNumberOfHours"),
        watches_scm: json::flag(&value, "MonitorScmProcesses").unwrap_or(false),
        analysis,
        files: files.collect(),
        errors: errors.filter_map(|error| some(error.as_str()?)).take(MAX_FILES).collect(),
        host: host("DefaultHostName"),
        blob_host: host("BlobStorageHostName"),
    };
    Parsed::new(Some(session), faults)
}

/// Something that was done: `<MACHINE>_<process>_<pid>_<ticks>.customaction`, and `.customactioncompleted` when the dump was
/// stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomAction {
    /// When: as it is written, else by the name.
    pub time: Option<Time>,
    /// What it says; free text.
    pub message: Option<String>,
    /// Whether this is the mark of its end.
    pub is_completed: bool,
    /// The machine, by the name.
    pub machine: Option<String>,
    /// The process, by the name.
    pub process: Option<String>,
    /// Its id, by the name.
    pub pid: Option<u32>,
}

/// Reads the mark of an action. `path` is where it lies; its name matters.
pub fn read_custom_action(bytes: &[u8], path: &str) -> Parsed<CustomAction> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let place = document.place(0);
    let value = json::parse(&document, &mut faults).unwrap_or_default();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let mut action = CustomAction {
        time: json::time(&value, "Created", "Created", place, &mut faults),
        message: json::text(&value, "Message"),
        is_completed: extension.eq_ignore_ascii_case("customactioncompleted"),
        ..CustomAction::default()
    };
    if let Some(named) = DumpName::read(stem) {
        action.time = action.time.or(named.time);
        action.machine = Some(named.machine);
        action.process = Some(named.process);
        action.pid = Some(named.pid);
    }
    Parsed::new(action, faults)
}

/// 1970 in .NET's ticks, which are 100 ns and begin with the year 1.
const EPOCH_TICKS: i64 = 621_355_968_000_000_000;

/// `<MACHINE>_<process>_<pid>_<ticks>`: the name of what CPU monitoring collects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DumpName {
    /// The machine.
    pub machine: String,
    /// The process.
    pub process: String,
    /// Its id.
    pub pid: u32,
    /// When.
    pub time: Option<Time>,
}

impl DumpName {
    /// Reads a name without its extension. `None` where it is no such name.
    pub fn read(stem: &str) -> Option<Self> {
        let (rest, ticks) = stem.rsplit_once('_')?;
        let (rest, pid) = rest.rsplit_once('_')?;
        let (machine, process) = rest.split_once('_')?;
        if ticks.len() != 18 || !ticks.bytes().all(|c| c.is_ascii_digit()) {
            return None;
        }
        let ticks: i64 = ticks.parse().ok()?;
        let time = Time((ticks - EPOCH_TICKS).div_euclid(10_000));
        let pid = stamp::number(pid)?;
        Some(Self { machine: some(machine)?, process: some(process)?, pid, time: Some(time) })
    }
}
