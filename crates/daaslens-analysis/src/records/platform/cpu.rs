//! CPU monitoring: how busy each process was, when that was too much, and what was done about it.
//!
//! DaaS watches the processes of an instance and dumps or ends the one that uses too much for too long. Its log is the only
//! place in a bundle where the CPU of a process stands, every few seconds. Its clock has twelve hours and does not say which
//! half of the day it means; where the log does not tell, the session does, so that sessions are read first.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use daaslens_core::{Evidence, PartKind, Time, TimeRange};
use daaslens_platform::monitoring::{self, ActKind, Clock, Hint};
use daaslens_platform::{What, session};

use super::{Count, File, counted, faults, line_faults, said, shown};

/// The most lines that are held as evidence of one log.
const LINES: usize = 2000;

/// How far apart two samples may lie to belong together where the log does not say how often it looks, in seconds.
const APART: i64 = 60;

/// What is known of when logs were written.
pub(crate) type Hints = BTreeMap<String, Hint>;

/// The key of the session that runs, whose logs lie in no folder of its name.
const ACTIVE: &str = "";

/// Everything about CPU monitoring.
#[derive(Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) sessions: Vec<(monitoring::Session, Evidence)>,
    /// One for each process, in the order of machine, name and id.
    pub(crate) processes: Vec<Process>,
    /// What was done, in order of time.
    pub(crate) acts: Vec<Act>,
    names: Vec<(PartKind, String)>,
    logs: Vec<Watched>,
    other: Option<Evidence>,
}

/// The CPU of one process over time.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) machine: String,
    pub(crate) name: String,
    pub(crate) pid: u32,
    /// In order of time, per cent of all processors.
    pub(crate) points: Vec<(Time, f32)>,
    /// How often it was looked at, in seconds.
    pub(crate) interval: i64,
    /// What is too much, where that is written.
    pub(crate) threshold: Option<u32>,
    /// For how long it may be, in seconds.
    pub(crate) patience: Option<u32>,
    /// Whether the half of the day is a guess.
    pub(crate) guessed: bool,
    /// Lines that tell of it: when, and where they stand.
    pub(crate) lines: Vec<(Time, Evidence)>,
}

/// Something that was done.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) range: TimeRange,
    pub(crate) machine: String,
    pub(crate) text: String,
    /// Whether the application stands still or is gone meanwhile.
    pub(crate) disturbs: bool,
    pub(crate) evidence: Evidence,
}

/// A stretch in which a process was above a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Episode {
    pub(crate) range: TimeRange,
    /// The most that it used.
    pub(crate) peak: f32,
    /// How many samples are in it.
    pub(crate) samples: u64,
}

impl Process {
    /// The stretches in which it used at least `limit` per cent, in order of time. A sample stands for the time since the
    /// one before it; where samples are missing, a stretch ends.
    pub(crate) fn episodes(&self, limit: f32) -> Vec<Episode> {
        let apart = (3 * self.interval).max(APART);
        let mut episodes: Vec<Episode> = Vec::new();
        let mut open = false;
        let mut before: Option<Time> = None;
        for &(time, percent) in &self.points {
            let near = before.is_some_and(|before| time.seconds() - before.seconds() <= apart);
            match episodes.last_mut() {
                Some(last) if percent >= limit && open && near => {
                    last.range = TimeRange::new(last.range.start, time);
                    last.peak = last.peak.max(percent);
                    last.samples += 1;
                }
                _ if percent >= limit => {
                    let since = if near { before.unwrap_or(time) } else { time };
                    let range = TimeRange::new(since, time);
                    episodes.push(Episode { range, peak: percent, samples: 1 });
                }
                _ => {}
            }
            open = percent >= limit;
            before = Some(time);
        }
        episodes
    }

    /// How many samples there are, how many of them at least `limit`, and the middle one.
    pub(crate) fn usual(&self, limit: f32) -> (u64, u64, f32) {
        let mut values: Vec<f32> = self.points.iter().map(|(_, percent)| *percent).collect();
        values.sort_by(f32::total_cmp);
        let above = values.iter().filter(|value| **value >= limit).count();
        let middle = values.get(values.len() / 2).copied().unwrap_or_default();
        (values.len() as u64, above as u64, middle)
    }

    /// The samples of a stretch.
    pub(crate) fn within(&self, range: TimeRange) -> impl Iterator<Item = (Time, f32)> {
        self.points.iter().copied().filter(move |(time, _)| range.contains(*time))
    }
}

/// The log of one machine.
#[derive(Debug)]
struct Watched {
    machine: String,
    seen: monitoring::CpuLog,
    /// Acts with the line that tells them.
    lines: Vec<(Time, ActKind, Evidence)>,
}

impl Cpu {
    pub(super) fn read(&mut self, what: What, file: &File<'_>, hints: &Hints, count: &mut Count) {
        match what {
            What::CpuSession => {
                let parsed = monitoring::read_session(file.bytes);
                faults(count, &parsed.faults, parsed.value.is_some());
                let Some(one) = parsed.value else { return };
                counted(count, one.window());
                let evidence = file.whole(told(&one));
                self.sessions.push((one, evidence));
            }
            What::CpuLog => self.log(file, hints, count),
            _ => {
                let parsed = monitoring::read_custom_action(file.bytes, &file.origin.path);
                faults(count, &parsed.faults, parsed.value.time.is_some());
                if parsed.value.time.is_some() {
                    counted(count, parsed.value.time.map(TimeRange::at));
                }
                let end = if parsed.value.is_completed { "done" } else { "begun" };
                self.other = Some(file.whole(format!("custom action, {end}")));
            }
        }
    }

    fn log(&mut self, file: &File<'_>, hints: &Hints, count: &mut Count) {
        let (machine, key) = place(&file.origin.path);
        let known = hints
            .get(&key)
            .copied()
            .unwrap_or_else(|| Hint { start: session::time_of_id(&key), end: None });
        let parsed = monitoring::read_log(file.bytes, known);
        let log = parsed.value;
        line_faults(count, &parsed.faults, Some(log.malformed));
        count.records += log.records;
        count.range = TimeRange::merge(count.range, log.range);
        let mut lines = Vec::new();
        for act in &log.acts {
            let telling = !matches!(
                act.kind,
                ActKind::Added { .. }
                    | ActKind::Removed { .. }
                    | ActKind::Reset
                    | ActKind::Other(_)
            );
            if telling && lines.len() < LINES {
                let evidence = file.line(act.place.byte, act.place.line);
                lines.push((act.time, act.kind.clone(), evidence));
            }
        }
        self.logs.push(Watched { machine, seen: log, lines });
    }

    pub(super) fn whole(&self) -> Option<&Evidence> {
        self.sessions.first().map(|(_, evidence)| evidence).or(self.other.as_ref())
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.sessions.extend(other.sessions);
        self.logs.extend(other.logs);
    }

    /// What the sessions say about the times of their logs.
    pub(crate) fn hints(&self) -> Hints {
        let mut hints = Hints::new();
        for (one, _) in &self.sessions {
            hints.insert(one.id.clone(), one.hint());
            if one.end.is_none() {
                // Of several that seem to run, the last one does.
                let running: &mut Hint = hints.entry(ACTIVE.to_owned()).or_default();
                running.start = running.start.max(one.start);
            }
        }
        hints
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.processes.is_empty()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &(PartKind, String)> {
        self.names.iter()
    }

    /// Once everything is there: the log of a machine goes over several files, and lies in the bundle twice when the site was
    /// downloaded twice.
    pub(super) fn settle(&mut self) {
        self.sessions
            .sort_by(|(a, _), (b, _)| (&a.id, a.end.is_none()).cmp(&(&b.id, b.end.is_none())));
        self.sessions.dedup_by(|(a, _), (b, _)| a.id == b.id);
        for (one, _) in &self.sessions {
            for host in [&one.host, &one.blob_host].into_iter().flatten() {
                self.names.push((PartKind::Host, host.clone()));
            }
        }
        let mut processes: BTreeMap<(String, String, u32), Process> = BTreeMap::new();
        let mut acts: BTreeMap<(Time, String, String), Act> = BTreeMap::new();
        for Watched { machine, seen: log, lines } in std::mem::take(&mut self.logs) {
            let limits = limits(&lines, self.sessions.first().map(|(one, _)| one));
            let guessed = log.clock == Clock::Guessed;
            let fresh = |(name, pid): &(String, u32)| Process {
                machine: machine.clone(),
                name: shown(name),
                pid: *pid,
                points: Vec::new(),
                interval: limits.interval,
                threshold: limits.threshold,
                patience: limits.patience,
                guessed,
                lines: Vec::new(),
            };
            // By the index that the log knows them by.
            let mut own: Vec<Process> = log.processes.iter().map(fresh).collect();
            for sample in &log.samples {
                if let Some(process) = own.get_mut(sample.process as usize) {
                    process.points.push((sample.time, sample.percent));
                }
            }
            // Only some lines name a process; what follows them is about the last one that was named.
            let mut last = None;
            for (time, kind, evidence) in lines {
                if let ActKind::Above { process, .. } | ActKind::Killed { process } = kind {
                    last = Some(process as usize);
                }
                let about = last.and_then(|last| log.processes.get(last));
                if let Some(act) = done(time, &kind, &machine, &evidence, about) {
                    let key = (time, machine.to_ascii_lowercase(), act.text.clone());
                    acts.entry(key).or_insert(act);
                }
                let Some(process) = last.and_then(|last| own.get_mut(last)) else { continue };
                if let ActKind::Above { percent, .. } = kind {
                    process.points.push((time, percent));
                }
                if !matches!(kind, ActKind::Started { .. } | ActKind::Ending) {
                    process.lines.push((time, evidence));
                }
            }
            for process in own {
                let key =
                    (machine.to_ascii_lowercase(), process.name.to_ascii_lowercase(), process.pid);
                match processes.entry(key) {
                    Entry::Vacant(entry) => {
                        entry.insert(process);
                    }
                    Entry::Occupied(mut entry) => {
                        let known = entry.get_mut();
                        known.points.extend(process.points);
                        known.lines.extend(process.lines);
                        known.guessed |= process.guessed;
                        known.threshold = known.threshold.or(process.threshold);
                        known.patience = known.patience.or(process.patience);
                    }
                }
            }
        }
        for process in processes.values_mut() {
            // Two lines of one second: the higher one counts.
            process.points.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            process.points.dedup_by_key(|(time, _)| *time);
            // A line that stands in two downloads is one.
            process.lines.sort_by_key(|(time, evidence)| (*time, evidence.at));
            process.lines.dedup_by(|a, b| a.0 == b.0 && a.1.excerpt == b.1.excerpt);
        }
        processes.retain(|_, process| !process.points.is_empty());
        self.processes = processes.into_values().collect();
        self.acts = acts.into_values().collect();
        self.lengthen();
    }

    /// A dump takes from its first line to the line that says it is done.
    fn lengthen(&mut self) {
        let ends: Vec<(Time, String)> = self
            .acts
            .iter()
            .filter(|act| act.text == DUMPED)
            .map(|act| (act.range.end, act.machine.clone()))
            .collect();
        for act in self.acts.iter_mut().filter(|act| act.text.starts_with(DUMP)) {
            let end = ends
                .iter()
                .find(|(end, machine)| *machine == act.machine && *end >= act.range.start);
            if let Some((end, _)) = end {
                act.range = TimeRange::new(act.range.start, *end);
            }
        }
        self.acts.retain(|act| act.text != DUMPED);
    }
}

const DUMP: &str = "a memory dump was made";
const DUMPED: &str = "done";

fn done(
    time: Time,
    kind: &ActKind,
    machine: &str,
    evidence: &Evidence,
    about: Option<&(String, u32)>,
) -> Option<Act> {
    let of = about.map_or_else(String::new, |(name, pid)| format!(" of {}({pid})", shown(name)));
    let text = match kind {
        ActKind::Dumping => format!("{DUMP}{of}"),
        ActKind::Done { .. } => DUMPED.to_owned(),
        ActKind::Killed { .. } => match about {
            Some((name, pid)) => format!("{}({pid}) was ended", shown(name)),
            None => "a process was ended".to_owned(),
        },
        _ => return None,
    };
    let disturbs = matches!(kind, ActKind::Dumping | ActKind::Killed { .. });
    let (machine, evidence) = (machine.to_owned(), evidence.clone());
    Some(Act { range: TimeRange::at(time), machine, text, disturbs, evidence })
}

struct Limits {
    interval: i64,
    threshold: Option<u32>,
    patience: Option<u32>,
}

/// The limits that the log itself names where it begins, else those of the session.
fn limits(lines: &[(Time, ActKind, Evidence)], session: Option<&monitoring::Session>) -> Limits {
    let started = lines.iter().find_map(|(_, kind, _)| match kind {
        ActKind::Started { threshold_percent, threshold_seconds, interval_seconds, .. } => {
            Some((*threshold_percent, *threshold_seconds, *interval_seconds))
        }
        _ => None,
    });
    let (threshold, patience, interval) = started.unwrap_or_default();
    let of = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
    let session = session.map(|one| {
        (of(one.threshold_percent), of(one.threshold_seconds), of(one.interval_seconds))
    });
    let (or_threshold, or_patience, or_interval) = session.unwrap_or_default();
    let interval = interval.or(or_interval).filter(|seconds| *seconds > 0);
    Limits {
        interval: interval.map_or(APART, i64::from),
        threshold: threshold.or(or_threshold),
        patience: patience.or(or_patience),
    }
}

/// The machine of a log, and the id of its session: `Monitoring/Logs/<id>/<MACHINE>[_n].log`, `Monitoring/Active/<MACHINE>.log`.
fn place(path: &str) -> (String, String) {
    let path = path.replace("!/", "/");
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let machine = match stem.rsplit_once('_') {
        Some((machine, n)) if !n.is_empty() && n.bytes().all(|c| c.is_ascii_digit()) => machine,
        _ => stem,
    };
    let folder = parts.next().filter(|folder| session::time_of_id(folder).is_some());
    (shown(machine), folder.unwrap_or(ACTIVE).to_owned())
}

fn told(one: &monitoring::Session) -> String {
    let number =
        |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
    format!(
        "CPU monitoring {}, above {}\u{a0}% for {}\u{a0}s, {}",
        shown(&one.id),
        number(one.threshold_percent),
        number(one.threshold_seconds),
        one.mode.map_or("no action named", monitoring::Mode::word)
    )
}

/// What a session did to a file that it analysed, in a few words.
pub(crate) fn errors(one: &monitoring::Session) -> Vec<String> {
    one.errors.iter().take(4).map(|error| said(error)).collect()
}
