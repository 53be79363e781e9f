//! The log of CPU monitoring on one machine.
//!
//! ```text
//! [3/11/2026 02:14:07] Monitoring started [CPU=75%, Mode=CollectAndKill, MaxActions=2, Threshold=30s, CheckEvery=15s]
//! [3/11/2026 02:14:07] Added process w3wp(6780) to monitoring
//! [3/11/2026 02:14:22] w3wp(6780):12 %, php-cgi(3344):3 %
//! [3/11/2026 02:14:37] w3wp(6780) CPU:92.10 %
//! [3/11/2026 02:14:37] CPU Percent 92.10 % > [ 75 % ] for 15 seconds for w3wp ( 6780 ), waiting …
//! ```
//!
//! 100 % are all processors of the machine.

use std::collections::BTreeMap;

use daaslens_core::{Time, TimeRange};

use crate::document::{Document, kept};
use crate::ends::Ends;
use crate::parsed::{FaultKind, Faults, Parsed, Place};
use crate::stamp;

use super::Mode;
use super::clock::{Clock, Hint, resolve};

/// The most samples that are kept of a log. DaaS begins a new file after 40,000 lines.
pub const MAX_SAMPLES: usize = 500_000;
/// The most processes that are told apart.
pub const MAX_PROCESSES: usize = 5000;
/// The most acts that are kept, half of them from the end.
pub const MAX_ACTS: usize = 10_000;
/// The most lines that are read.
const MAX_LINES: usize = 400_000;

/// What the log says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CpuLog {
    /// The first and the last time.
    pub range: Option<TimeRange>,
    /// How sure the times are.
    pub clock: Clock,
    /// The processes, name and id, in the order in which they came. The same id under another name is another process.
    pub processes: Vec<(String, u32)>,
    /// The CPU over time, in the order of the file; see [`MAX_SAMPLES`].
    pub samples: Vec<Sample>,
    /// How many samples there were.
    pub samples_found: u64,
    /// What else happened, in the order of the file; see [`MAX_ACTS`].
    pub acts: Vec<Act>,
    /// How many of those there were.
    pub acts_found: u64,
    /// Lines that are records.
    pub records: u64,
    /// Lines that are none.
    pub malformed: u64,
}

/// The CPU of a process since the sample before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub time: Time,
    /// Which process: an index into [`CpuLog::processes`].
    pub process: u32,
    /// How much, in per cent of the machine.
    pub percent: f32,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// When.
    pub time: Time,
    /// What.
    pub kind: ActKind,
    /// Where it stands.
    pub place: Place,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ActKind {
    /// Monitoring began.
    Started {
        /// The CPU that is too much.
        threshold_percent: Option<u32>,
        /// For how long it must last.
        threshold_seconds: Option<u32>,
        /// How often it looks.
        interval_seconds: Option<u32>,
        /// What it does then; `None` for the rule that is always on, which does not say.
        mode: Option<Mode>,
    },
    /// A process was found.
    Added {
        /// An index into [`CpuLog::processes`].
        process: u32,
    },
    /// A process is gone.
    Removed {
        /// Its id.
        pid: u32,
    },
    /// A process was above the threshold.
    Above {
        /// An index into [`CpuLog::processes`].
        process: u32,
        /// Its CPU.
        percent: f32,
    },
    /// A process is above the threshold, and not for long enough yet.
    Lasting {
        /// Its CPU.
        percent: f32,
        /// For how long, in seconds.
        seconds: u32,
    },
    /// A process fell below the threshold in time.
    Reset,
    /// A process was above for long enough; so often was something done before, on all machines.
    Reached {
        /// How often.
        done: u32,
        /// How often it may.
        of: u32,
    },
    /// A dump is being made. The process stands still meanwhile.
    Dumping,
    /// The dump, or whatever was to be run, is done.
    Done {
        /// The exit code of the program.
        exit_code: Option<i64>,
    },
    /// A process was ended.
    Killed {
        /// An index into [`CpuLog::processes`].
        process: u32,
    },
    /// A process was spared because it had only begun.
    Spared,
    /// Monitoring ends: everything is done, or its time is over.
    Ending,
    /// A dump was, or was not, copied to the storage account.
    Copied {
        /// Whether it failed.
        failed: bool,
    },
    /// Anything else; free text.
    Other(String),
}

/// A line before its time is known.
enum Line {
    Samples(Vec<(u32, f32)>),
    Act(ActKind),
}

/// Reads the log of one machine. `hint` decides on which half of the day is meant where the log itself does not.
pub fn read_log(bytes: &[u8], hint: Hint) -> Parsed<CpuLog> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let mut log = CpuLog::default();
    let mut processes = Processes::default();
    let mut stamps: Vec<[u32; 6]> = Vec::new();
    let mut lines: Vec<(Place, Line)> = Vec::new();
    let mut samples = 0;
    for (place, line) in document.lines() {
        let text = line.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if text.is_empty() {
            continue;
        }
        let Some((numbers, message)) = split(text) else {
            // What a program that was run printed goes on over several lines.
            if !matches!(lines.last(), Some((_, Line::Act(ActKind::Other(_))))) {
                log.malformed += 1;
                faults.add(place, FaultKind::Line);
            }
            continue;
        };
        log.records += 1;
        if lines.len() >= MAX_LINES {
            continue;
        }
        let line = match read_samples(message, &mut processes) {
            Some(list) => {
                log.samples_found += list.len() as u64;
                let room = MAX_SAMPLES - samples;
                let list: Vec<(u32, f32)> = list.into_iter().take(room).collect();
                samples += list.len();
                Line::Samples(list)
            }
            None => Line::Act(act(message, &mut processes)),
        };
        stamps.push(numbers);
        lines.push((place, line));
    }
    let end = document.place(document.text().len());
    for (what, kept, found) in [
        ("lines", MAX_LINES, log.records),
        ("samples", MAX_SAMPLES, log.samples_found),
        ("processes", MAX_PROCESSES, processes.found),
    ] {
        if found > kept as u64 {
            faults.add(end, FaultKind::Capped { what, kept: kept as u64, found: Some(found) });
        }
    }
    let (times, clock) = times(&stamps, hint);
    log.clock = clock;
    log.processes = processes.list;
    let mut acts = Ends::new(MAX_ACTS);
    for (time, (place, line)) in times.into_iter().zip(lines) {
        // A day or an hour that does not exist; its line was no record after all.
        let Some(time) = time else {
            log.malformed += 1;
            log.records -= 1;
            faults.add(place, FaultKind::Time { field: "time" });
            continue;
        };
        TimeRange::extend(&mut log.range, time);
        match line {
            Line::Samples(list) => {
                let samples = list.into_iter();
                log.samples.extend(samples.map(|(process, percent)| Sample {
                    time,
                    process,
                    percent,
                }));
            }
            Line::Act(kind) => acts.add(Act { time, kind, place }),
        }
    }
    log.acts_found = acts.found;
    log.acts = acts.into_list();
    Parsed::new(log, faults)
}

/// `[3/11/2026 02:14:07] message`: three numbers of a date in the order of the file, three of a time, and the message.
fn split(line: &str) -> Option<([u32; 6], &str)> {
    let (stamp, message) = line.strip_prefix('[')?.split_once(']')?;
    let (date, clock) = stamp.trim().rsplit_once(' ')?;
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    let date = date.trim_end_matches(separator);
    let (a, b, c) = stamp::triple(date, separator)?;
    let (hour, minute, second) = stamp::triple(clock, ':')?;
    Some(([a, b, c, hour, minute, second], message.trim()))
}

/// The times of all lines. The order of day and month is that of the culture: American on App Service, so the month comes
/// first unless some first number cannot be one.
fn times(stamps: &[[u32; 6]], hint: Hint) -> (Vec<Option<Time>>, Clock) {
    let day_first = stamps.iter().any(|[a, b, ..]| (13..=31).contains(a) && *b <= 12);
    let civil = |[a, b, c, hour, minute, second]: [u32; 6]| {
        let (year, month, day) = match (a > 31, day_first) {
            (true, _) => (a, b, c),
            (false, true) => (c, b, a),
            (false, false) => (c, a, b),
        };
        Time::from_civil(i32::try_from(year).ok()?, month, day, hour, minute, second)
    };
    let is_24 = stamps.iter().any(|[_, _, _, hour, ..]| *hour == 0 || *hour > 12);
    if is_24 {
        return (stamps.iter().copied().map(civil).collect(), Clock::Certain);
    }
    let folded: Vec<Option<Time>> = stamps
        .iter()
        .map(|[a, b, c, hour, minute, second]| civil([*a, *b, *c, hour % 12, *minute, *second]))
        .collect();
    let known: Vec<i64> = folded.iter().flatten().map(|time| time.seconds()).collect();
    let (halves, clock) = resolve(&known, hint);
    let mut halves = halves.into_iter();
    let times = folded.into_iter().map(|time| {
        let time = time?;
        let second = halves.next().unwrap_or(false);
        Some(if second { Time(time.0 + 43_200_000) } else { time })
    });
    (times.collect(), clock)
}

/// `w3wp(6780):12 %, php-cgi(3344):3 %`.
fn read_samples(message: &str, processes: &mut Processes) -> Option<Vec<(u32, f32)>> {
    let mut samples = Vec::new();
    for part in message.split(", ") {
        let (process, percent) = part.rsplit_once("):")?;
        let (name, pid) = process.rsplit_once('(')?;
        let pid = stamp::number(pid).filter(|_| !pid.is_empty())?;
        samples.push((name, pid, percent_of(percent)?));
    }
    let known = samples
        .into_iter()
        .filter_map(|(name, pid, percent)| Some((processes.index(name, pid)?, percent)));
    Some(known.collect())
}

fn act(message: &str, processes: &mut Processes) -> ActKind {
    known_act(message, processes).unwrap_or_else(|| ActKind::Other(kept(message)))
}

fn known_act(message: &str, processes: &mut Processes) -> Option<ActKind> {
    let after = |start: &str| message.strip_prefix(start);
    let number_at = |text: &str| {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text.get(..end).filter(|digits| !digits.is_empty()).and_then(stamp::number)
    };
    if let Some(rest) = after("Monitoring started [") {
        let value = |name: &str| {
            let at = rest.match_indices(name).map(|(at, _)| at).find(|at| {
                let before = rest.as_bytes().get(at.wrapping_sub(1));
                *at == 0 || before.is_some_and(|c| !c.is_ascii_alphanumeric())
            })?;
            rest.get(at + name.len()..)
        };
        let mode = value("Mode=").and_then(|mode| Mode::read(mode.split([',', ']']).next()?));
        return Some(ActKind::Started {
            threshold_percent: value("CPU=").and_then(number_at),
            threshold_seconds: value("Threshold=").and_then(number_at),
            interval_seconds: value("CheckEvery=").and_then(number_at),
            mode,
        });
    }
    if let Some(rest) = after("Added process ") {
        let (name, pid) = named(rest.strip_suffix(" to monitoring")?)?;
        return Some(ActKind::Added { process: processes.index(name, pid)? });
    }
    if let Some(rest) = after("Removing ") {
        return Some(ActKind::Removed { pid: number_at(rest)? });
    }
    if let Some(rest) = after("CPU Percent ") {
        let percent = percent_of(rest.split_inclusive('%').next()?)?;
        let (_, seconds) = rest.split_once("] for ")?;
        return Some(ActKind::Lasting { percent, seconds: number_at(seconds)? });
    }
    if let Some(rest) = after("CPU Monitoring - Process consuming High CPU killed") {
        let (name, pid) = named(rest)?;
        return Some(ActKind::Killed { process: processes.index(name, pid)? });
    }
    if let Some(rest) = after("Actions Executed on all instances = ") {
        let (_, of) = rest.split_once(" of ")?;
        return Some(ActKind::Reached { done: number_at(rest)?, of: number_at(of)? });
    }
    if let Some(rest) = after("Action executed with exit code:") {
        return Some(ActKind::Done { exit_code: rest.trim().parse().ok() });
    }
    let starts = |start: &str| message.starts_with(start);
    if starts("Resetting CPU threshold") {
        return Some(ActKind::Reset);
    }
    if starts("Creating dump file") {
        return Some(ActKind::Dumping);
    }
    if starts("Ignoring process ") {
        return Some(ActKind::Spared);
    }
    if starts("Copied ") || starts("Failed uploading file") || starts("Failed copying file") {
        return Some(ActKind::Copied { failed: starts("Failed") });
    }
    if message.contains("terminating") && (starts("Max") || starts("All instances")) {
        return Some(ActKind::Ending);
    }
    let (process, percent) = message.split_once(" CPU:")?;
    let (name, pid) = named(process)?;
    let percent = percent_of(percent)?;
    Some(ActKind::Above { process: processes.index(name, pid)?, percent })
}

/// `w3wp(6780)`.
fn named(text: &str) -> Option<(&str, u32)> {
    let (name, pid) = text.trim().strip_suffix(')')?.rsplit_once('(')?;
    Some((name.trim(), stamp::number(pid.trim()).filter(|_| !pid.trim().is_empty())?))
}

/// `92.10 %`. Some cultures write `92,10`. A busy process may show a little more than 100.
fn percent_of(text: &str) -> Option<f32> {
    let number = text.trim().strip_suffix('%')?.trim().replace(',', ".");
    let percent: f32 = number.parse().ok()?;
    (0.0..=100_000.0).contains(&percent).then_some(percent)
}

/// The processes, each once.
#[derive(Default)]
struct Processes {
    list: Vec<(String, u32)>,
    index: BTreeMap<(String, u32), u32>,
    found: u64,
}

impl Processes {
    fn index(&mut self, name: &str, pid: u32) -> Option<u32> {
        let name: String = name.trim().chars().take(260).collect();
        let key = (name, pid);
        if let Some(index) = self.index.get(&key) {
            return Some(*index);
        }
        self.found += 1;
        if self.list.len() >= MAX_PROCESSES {
            return None;
        }
        let index = self.list.len() as u32;
        self.list.push(key.clone());
        self.index.insert(key, index);
        Some(index)
    }
}
