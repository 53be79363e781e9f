//! Sessions of DaaS, put together from their records, what they collected, and what they left behind.
//!
//! The record of a session says what it collected; the bundle says what of that is there. A dump may have gone to a storage
//! account, a file may have been lost when it was moved, and newer versions keep the record itself elsewhere, so that only
//! the folders are left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daaslens_core::{Evidence, Excerpt, Location, PartKind, Source, SourceId, TimeRange};
use daaslens_platform::{What, daas, session};

use super::{Count, File, counted, faults, line_faults, said, shown};

/// How many errors of a session are kept.
const ERRORS: usize = 6;

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
    /// Whether its record is not in the bundle.
    pub(crate) folders_only: bool,
    pub(crate) instances: Vec<String>,
    /// Files that it collected.
    pub(crate) files: u64,
    /// How many of them lie in blob storage instead of the bundle.
    pub(crate) in_blob: u64,
    /// How many are neither there nor in blob storage.
    pub(crate) absent: u64,
    /// Entry pages of reports, and how many of them are there.
    pub(crate) reports: (u64, u64),
    pub(crate) errors: Vec<String>,
    /// What started it, where that was no person in the portal.
    pub(crate) started_by: Option<String>,
    /// Whether it ends the process when it is done.
    pub(crate) kills: bool,
    /// A lock that is still there: since when, where that is written.
    pub(crate) lock: Option<Evidence>,
    /// Machines on which it was cancelled.
    pub(crate) cancelled: Vec<String>,
    pub(crate) names: Vec<(PartKind, String)>,
    pub(crate) evidence: Evidence,
    /// Lines of its own logs that tell an error.
    pub(crate) lines: Vec<Evidence>,
}

/// What was read of all files.
#[derive(Debug, Default)]
pub(super) struct Parts {
    records: Vec<(session::Session, Evidence)>,
    /// By the name of the session's file in small letters; a lock of all sessions has no session's name.
    locks: Vec<(String, daas::Lock, Evidence)>,
    cancelled: Vec<daas::Cancelled>,
    settings: Vec<daas::Setting>,
    logs: Vec<Log>,
    /// Evidence of a file that is no record of a session.
    other: Option<Evidence>,
}

/// A `.diaglog`.
#[derive(Debug)]
struct Log {
    session: Option<String>,
    range: Option<TimeRange>,
    errors: Vec<(String, Evidence)>,
}

impl Parts {
    pub(super) fn read(&mut self, what: What, file: &File<'_>, count: &mut Count) {
        match what {
            What::Session => self.record(file, count),
            What::Settings => {
                let parsed = daas::read_settings(file.bytes);
                faults(count, &parsed.faults, !parsed.value.is_empty() || parsed.faults.is_empty());
                count.records += parsed.value.len() as u64;
                let names: Vec<&str> =
                    parsed.value.iter().take(8).map(|one| one.name.as_str()).collect();
                self.other =
                    Some(file.whole(format!("settings of DaaS: {}", shown(&names.join(", ")))));
                self.settings = parsed.value;
            }
            What::Heartbeat => {
                let parsed = daas::read_heartbeat(file.bytes, &file.origin.path);
                // A heartbeat tells until when its machine counts as alive: five minutes after it was.
                let range = parsed.value.expires.map(TimeRange::at);
                faults(count, &parsed.faults, range.is_some());
                if range.is_some() {
                    counted(count, None);
                }
                self.other =
                    Some(file.whole(format!("heartbeat of {}", shown(&parsed.value.machine))));
            }
            What::Cancelled => {
                let parsed = daas::read_cancelled(file.bytes, &file.origin.path);
                faults(count, &parsed.faults, true);
                counted(count, parsed.value.time.map(TimeRange::at));
                self.other = Some(file.whole(format!(
                    "{} cancelled on {}",
                    parsed.value.tool.name(),
                    shown(&parsed.value.machine)
                )));
                self.cancelled.push(parsed.value);
            }
            What::Lock => {
                let parsed = daas::read_lock(file.bytes);
                faults(count, &parsed.faults, true);
                counted(count, parsed.value.acquired.map(TimeRange::at));
                let since =
                    parsed.value.acquired.map_or_else(String::new, |at| format!(" since {at}"));
                let evidence = file.whole(format!("a lock that is still there{since}"));
                self.other = Some(evidence.clone());
                let name = file.path.rsplit('/').next().unwrap_or_default();
                let name = name.trim_end_matches(".lock").to_owned();
                self.locks.push((name, parsed.value, evidence));
            }
            _ => self.log(file, count),
        }
    }

    fn record(&mut self, file: &File<'_>, count: &mut Count) {
        let parsed = session::read(file.bytes);
        let mut records = parsed.value;
        if records.is_empty() && file.bytes.iter().all(|c| *c == 0 || c.is_ascii_whitespace()) {
            // A file of no bytes is all that some sessions left; its name tells when it began.
            records.extend(session::from_name(&file.path));
        }
        faults(count, &parsed.faults, !records.is_empty());
        for one in records {
            counted(count, one.window());
            count.site.clone_from(&one.hosts.site);
            let evidence = file.whole(told(&one));
            self.records.push((one, evidence));
        }
    }

    fn log(&mut self, file: &File<'_>, count: &mut Count) {
        let parsed = daas::read_diaglog(file.bytes);
        line_faults(count, &parsed.faults, None);
        count.records += parsed.value.len() as u64;
        let mut log = Log { session: file.origin.session.clone(), range: None, errors: Vec::new() };
        let is_errors = file.path.ends_with(".err.diaglog");
        for line in &parsed.value {
            if let Some(time) = line.time {
                TimeRange::extend(&mut log.range, time);
            }
            let is_error = matches!(line.level, Some("Error" | "Critical"))
                || is_errors && line.level.is_none();
            if is_error && log.errors.len() < ERRORS {
                let evidence = file.line(line.place.byte, line.place.line);
                log.errors.push((said(&line.message), evidence));
            }
        }
        count.range = TimeRange::merge(count.range, log.range);
        self.logs.push(log);
    }

    pub(super) fn whole(&self) -> Option<&Evidence> {
        self.records.first().map(|(_, evidence)| evidence).or(self.other.as_ref())
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.records.extend(other.records);
        self.locks.extend(other.locks);
        self.cancelled.extend(other.cancelled);
        self.settings.extend(other.settings);
        self.logs.extend(other.logs);
    }

    /// The number that a setting was given.
    pub(super) fn setting(&self, name: &str) -> Option<u64> {
        let named = |setting: &&daas::Setting| setting.name.eq_ignore_ascii_case(name);
        self.settings.iter().find(named).and_then(|setting| setting.value)
    }

    /// All sessions in order of time, each once.
    pub(super) fn settle(self, sources: &[Arc<dyn Source>]) -> Vec<Session> {
        let held = Held::of(sources);
        let mut records: BTreeMap<String, (session::Session, Evidence)> = BTreeMap::new();
        for (one, evidence) in self.records {
            // The same record in two downloads, or in `Active` and in `Complete`: the one that came further.
            let rank = |one: &session::Session| {
                (!one.status.is_running(), one.end, one.logs().count(), one.instances.len())
            };
            let key = one.id.to_ascii_lowercase();
            match records.get(&key) {
                Some((known, _)) if rank(known) >= rank(&one) => {}
                _ => {
                    records.insert(key, (one, evidence));
                }
            }
        }
        for one in held.sessions() {
            let evidence = held.first_of(&one.id, &one);
            let key = one.id.to_ascii_lowercase();
            if let (false, Some(evidence)) = (records.contains_key(&key), evidence) {
                records.insert(key, (one, evidence));
            }
        }
        let mut sessions: Vec<Session> = Vec::new();
        for (key, (one, evidence)) in &records {
            let logs: Vec<&Log> = self
                .logs
                .iter()
                .filter(|log| log.session.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(key)))
                .collect();
            let worked = logs.iter().fold(None, |all, log| TimeRange::merge(all, log.range));
            let Some(range) = one.window().map(|range| whole(range, worked)).or(worked) else {
                continue;
            };
            let mut session = of(one, range, evidence.clone(), &held);
            session.lock = self
                .locks
                .iter()
                .find(|(name, ..)| {
                    let stem = name.split('.').next().unwrap_or_default();
                    stem == key || stem == "activesession" && one.status.is_running()
                })
                .map(|(.., evidence)| evidence.clone());
            let cancelled = self.cancelled.iter().filter(|one| {
                one.session.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(key))
            });
            session.cancelled = cancelled.map(|one| shown(&one.machine)).collect();
            session.cancelled.sort();
            session.cancelled.dedup();
            for (text, evidence) in logs.iter().flat_map(|log| &log.errors) {
                if session.lines.len() < ERRORS && !session.errors.contains(text) {
                    session.lines.push(evidence.clone());
                    session.errors.push(text.clone());
                }
            }
            session.errors.truncate(ERRORS);
            sessions.push(session);
        }
        sessions.sort_by(|a, b| (a.range, &a.id).cmp(&(b.range, &b.id)));
        sessions
    }
}

/// A session whose end is not written goes on for as long as its own logs do.
fn whole(range: TimeRange, worked: Option<TimeRange>) -> TimeRange {
    match worked {
        Some(worked) if range.end == range.start && worked.end > range.end => {
            TimeRange::new(range.start, worked.end)
        }
        _ => range,
    }
}

fn told(one: &session::Session) -> String {
    let until = match one.window() {
        Some(range) if range.end > range.start => format!("{} to {}", range.start, range.end),
        Some(range) => range.start.to_string(),
        None => "at no time that is written".to_owned(),
    };
    format!("session {}, {}, {}, {until}", shown(&one.id), tools(one), one.status.word())
}

fn tools(one: &session::Session) -> String {
    let mut tools: Vec<&'static str> = one.tools.iter().map(|tool| tool.name()).collect();
    tools.dedup();
    if tools.is_empty() { "no tool named".to_owned() } else { tools.join(", ") }
}

fn of(one: &session::Session, range: TimeRange, evidence: Evidence, held: &Held) -> Session {
    let errors = one
        .runs
        .iter()
        .flat_map(|run| run.collector_errors.iter().chain(&run.analyzer_errors))
        .map(|error| said(error))
        .take(ERRORS)
        .collect();
    let folders_only = one.generation == session::Generation::FoldersOnly;
    let mut instances: Vec<String> = one.instances.iter().map(|name| shown(name)).collect();
    for name in one.runs.iter().filter_map(|run| run.instance.as_deref()) {
        if !instances.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            instances.push(shown(name));
        }
    }
    let reports: Vec<&session::Report> = one.logs().flat_map(|log| &log.reports).collect();
    let here = reports.iter().filter(|report| held.has(&report.partial_path)).count();
    let absent = one.logs().filter(|log| !log.is_in_blob && !held.has(&log.partial_path)).count();
    let names = [
        (PartKind::Site, &one.hosts.site),
        (PartKind::Host, &one.hosts.scm),
        (PartKind::Host, &one.hosts.blob),
    ];
    // What a folder alone tells of the tool are the names of its files.
    let intrusive = one.tools.iter().any(|tool| tool.is_intrusive())
        || folders_only && one.logs().any(|log| is_of_an_intrusive_tool(&log.name));
    Session {
        id: shown(&one.id),
        range,
        tool: if folders_only { of_files(one) } else { tools(one) },
        intrusive,
        status: if folders_only { "record not in the bundle" } else { one.status.word() },
        folders_only,
        instances,
        files: one.logs().count() as u64,
        in_blob: one.logs().filter(|log| log.is_in_blob).count() as u64,
        absent: absent as u64,
        reports: (reports.len() as u64, here as u64),
        errors,
        started_by: started_by(one),
        kills: one.mode == Some(session::Mode::CollectKillAnalyze),
        lock: None,
        cancelled: Vec::new(),
        names: names.into_iter().filter_map(|(kind, name)| Some((kind, name.clone()?))).collect(),
        evidence,
        lines: Vec::new(),
    }
}

fn started_by(one: &session::Session) -> Option<String> {
    let text = one.description.as_deref().filter(|_| one.is_automatic())?;
    Some(if text.starts_with("InvokedViaDaas") {
        "auto-heal or from a console".to_owned()
    } else {
        format!("auto-heal: {}", said(text).trim_end_matches('.'))
    })
}

/// The files whose making stops or slows a process.
fn is_of_an_intrusive_tool(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [".dmp", ".diagsession", ".zip", "_jstack.log", "_memorydump.bin", ".jfr"]
        .iter()
        .any(|end| lower.ends_with(end))
}

/// The tool, as the files that it left tell.
fn of_files(one: &session::Session) -> String {
    let has = |ends: &[&str]| {
        one.logs().any(|log| {
            let lower = log.name.to_ascii_lowercase();
            ends.iter().any(|end| lower.ends_with(end))
        })
    };
    let told = [
        (&[".dmp"][..], session::Tool::MemoryDump),
        (&[".zip", ".diagsession"], session::Tool::Profiler),
        (&["_jstack.log"], session::Tool::JavaThreadDump),
        (&["_memorydump.bin"], session::Tool::JavaMemoryDump),
        (&[".jfr"], session::Tool::JavaFlightRecorder),
    ]
    .into_iter()
    .find(|(ends, _)| has(ends));
    told.map_or_else(|| "tool not known".to_owned(), |(_, tool)| tool.name().to_owned())
}

/// Which files the bundle holds, by the last parts of their paths: the folder above them may be called anything.
struct Held {
    /// Paths in small letters with `/`; a packed file is one by itself too.
    paths: BTreeSet<String>,
    /// Path in its own case, size and position of each source.
    files: Vec<(String, u64, usize)>,
}

impl Held {
    fn of(sources: &[Arc<dyn Source>]) -> Self {
        let mut paths = BTreeSet::new();
        let mut files = Vec::new();
        for (i, source) in sources.iter().enumerate() {
            let path = &source.origin().path;
            for (at, _) in path.match_indices("!/") {
                paths.insert(reversed(path.get(..at).unwrap_or_default()));
            }
            paths.insert(reversed(path));
            files.push((collected(path).replace("!/", "/"), source.size(), i));
        }
        // The members of one packed file are one file.
        files.dedup_by(|a, b| {
            let same = a.0 == b.0;
            if same {
                b.1 += a.1;
            }
            same
        });
        Self { paths, files }
    }

    /// Whether the file that a record names is there.
    fn has(&self, partial_path: &str) -> bool {
        // `<session>/<machine>/<file>`, `<collector>/<start>/<end>/<file>`: three parts are enough, and leave the folder's
        // name and the name of the site, which differ, out of it.
        let parts: Vec<&str> = partial_path.split('/').filter(|part| !part.is_empty()).collect();
        let tail = parts.get(parts.len().saturating_sub(3)..).unwrap_or_default();
        let start = reversed(&tail.join("/"));
        let below = format!("{start}/");
        let next = self.paths.range(below.clone()..).next();
        !start.is_empty()
            && (self.paths.contains(&start) || next.is_some_and(|path| path.starts_with(&below)))
    }

    fn sessions(&self) -> Vec<session::Session> {
        session::from_folders(self.files.iter().map(|(path, size, _)| (path.as_str(), *size)))
    }

    /// The first file of a session of which only folders are left.
    fn first_of(&self, id: &str, one: &session::Session) -> Option<Evidence> {
        let folder = format!("/{id}/");
        let own = || self.files.iter().filter(|(path, ..)| path.contains(&folder));
        // A log of DaaS's own can be shown; of a dump nothing is.
        let is_log = |file: &&(String, u64, usize)| file.0.ends_with("diaglog");
        let (.., source) = own().find(is_log).or_else(|| own().next())?;
        let text = format!("session {}, {}, record not in the bundle", shown(id), of_files(one));
        Some(Evidence {
            at: Location { source: SourceId(*source as u32), byte: 0, line: 1 },
            note: "its first file".to_owned(),
            excerpt: Excerpt::text(text),
            alike: one.logs().count().max(1) as u64,
        })
    }
}

/// The path of the file that a session collected; where that is an archive, its members are in the bundle.
fn collected(path: &str) -> &str {
    let ids = path.match_indices('/').map(|(at, _)| at);
    let id = ids.filter_map(|at| path.get(at + 1..)?.split('/').next().map(|part| (at, part)));
    let Some((at, _)) = id.into_iter().find(|(_, part)| session::time_of_id(part).is_some()) else {
        return path;
    };
    let end = path.get(at..).and_then(|rest| rest.find("!/")).map(|len| at + len);
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

/// The parts of a path in small letters, last first, so that paths with the same end stand side by side.
fn reversed(path: &str) -> String {
    let lower = path.replace("!/", "/").to_ascii_lowercase();
    lower.rsplit('/').collect::<Vec<_>>().join("/")
}
