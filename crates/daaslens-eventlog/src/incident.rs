//! Folds events that tell of one thing into one incident.
//!
//! One crash of an in-process ASP.NET Core application writes up to three events within a second or so: the
//! runtime tells the exception (1026, without a process id), the module tells that the process was hit by it (1018)
//! and that it could not go on (1007). Counting events would count that crash three times. The three belong
//! together if they come from one machine within [`FOLD_MS`], and if neither the process id nor the name of the
//! executable speaks against it; two events of the same kind are two incidents, since a process dies once.
//!
//! Whether the application had been up is told by the event that says so (1032, 1001): one with the same process
//! id before makes it a crash at run time, and a report of a failed start without one makes it a crash at start.

use std::collections::{BTreeMap, BTreeSet};

use daaslens_core::{Time, TimeRange};

use crate::event::Event;
use daaslens_stacktrace::ExceptionText;

mod boot;
mod note;
mod vanished;

pub use boot::{Boot, boots};
use note::{Note, Role, Said};
pub use vanished::{Vanished, vanished};

/// Events of one incident follow each other within this many milliseconds. In real files the last of the three
/// came at most three seconds after the first, and times are whole seconds.
pub const FOLD_MS: i64 = 5_000;

/// How many incidents of one machine may be unfinished at a time. A worker cannot die faster.
const MAX_OPEN: usize = 32;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentKind {
    /// A process died. `phase` says whether the application had been up.
    Crash {
        /// When in its life.
        phase: Phase,
    },
    /// The program ended by itself: `Main` returned, or called `Exit`.
    Exit {
        /// When in its life.
        phase: Phase,
    },
    /// The application could not be started, and nothing tells of an exception that ended a process.
    StartupFailure,
    /// It failed so often that it is no longer tried: rapid-fail protection, or the pool is disabled.
    RapidFail,
    /// A limit of auto-heal or of the pool.
    LimitRecycle,
    /// `app_offline.htm`: a deployment, mostly.
    AppOffline,
    /// The configuration changed.
    ConfigurationChange,
    /// Files of the application changed.
    FileChange,
    /// The application domain was unloaded for another reason, idleness say.
    Shutdown,
    /// An ordinary recycle of the pool: time, schedule, memory, idleness.
    PoolRecycle,
    /// It did not stop in time, because requests hang.
    UngracefulShutdown,
    /// It does not answer pings.
    Hang,
    /// A diagnostic tool was started.
    DiagnosticSession,
}

impl IncidentKind {
    /// Whether a process was lost or an application could not be started, as opposed to an orderly change.
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Crash { .. }
                | Self::Exit { .. }
                | Self::StartupFailure
                | Self::RapidFail
                | Self::Hang
        )
    }
}

/// When in the life of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before it served anything.
    Startup,
    /// While it was up.
    Running,
    /// The events do not tell: the start may have been rotated away, or the source does not report starts.
    Unknown,
}

/// What happened, once, with all events that tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What.
    pub kind: IncidentKind,
    /// From the first to the last of its events.
    pub range: TimeRange,
    /// The machine, as written by the first event.
    pub computer: String,
    /// The process, where an event names it.
    pub process_id: Option<u32>,
    /// Its executable, where an event names it.
    pub process: Option<String>,
    /// Its events: indices into what was given to [`fold`], in order of time.
    pub events: Vec<usize>,
    /// The exception, from the event that tells it best.
    pub exception: Option<ExceptionText>,
    /// The exception or exit code.
    pub code: Option<u32>,
    /// The limit that was hit, the module that a native crash was in, or the reason of a shutdown.
    pub detail: Option<String>,
    /// Whether it is Kudu, the SCM site, and not the site itself.
    pub scm: bool,
}

/// Folds `events` into incidents, in order of time (then machine, then position). Events without a time are left out,
/// and so are those that tell of nothing that matters here; what applications log is never a crash.
///
/// The events may be in any order and of many machines; the result depends only on them.
pub fn fold(events: &[Event<'_>]) -> Vec<Incident> {
    let mut machines: BTreeMap<String, Vec<(Time, i64, usize)>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        if let Some(time) = event.time {
            // The tick count orders events within a second; in Windows' dialect the number of the record does.
            let key = (time, event.record_id.unwrap_or(0), index);
            machines.entry(event.computer.to_lowercase()).or_default().push(key);
        }
    }
    let mut incidents = Vec::new();
    for (_, mut order) in machines {
        order.sort_unstable();
        let mut machine = Machine::default();
        for (time, _, index) in order {
            if let Some(event) = events.get(index) {
                machine.take(event, time, index);
            }
        }
        incidents.append(&mut machine.done);
    }
    incidents.sort_by(|a, b| {
        (a.range.start, &a.computer, a.events.first()).cmp(&(
            b.range.start,
            &b.computer,
            b.events.first(),
        ))
    });
    incidents
}

/// One machine, in order of time.
#[derive(Default)]
struct Machine {
    /// Processes that were reported as started and not yet as ended.
    running: BTreeSet<u32>,
    /// Whether an application that runs in a process of its own was reported as started.
    out_of_process_up: bool,
    /// When the machine was started; another machine of the same name has other processes.
    boot: Option<Time>,
    done: Vec<Incident>,
    /// The roles, and the ids of failed starts, that each of the incidents still open has.
    open: Vec<Open>,
    /// The incidents that crash reports belong to, by the id of the report.
    reports: BTreeMap<String, usize>,
}

struct Open {
    at: usize,
    roles: Vec<(Role, u32)>,
    /// When the machine was started: another machine may take over the name.
    boot: Option<Time>,
    /// Known as soon as the process is, and not asked for again: its id may be given to another one.
    phase: Option<Phase>,
}

impl Open {
    /// Whether the note says something that the incident does not have yet.
    fn accepts(&self, note: &Note) -> bool {
        match note.role {
            // The same change is told once by each process, or more than once by one.
            Role::Single(_) => self.roles.iter().all(|(role, _)| *role == note.role),
            // One failed start is told by several ids (1031, 1010, 1007), each of them once.
            Role::StartFailed => self.no_single() && !self.roles.contains(&(note.role, note.id)),
            _ => self.no_single() && self.roles.iter().all(|(role, _)| *role != note.role),
        }
    }

    fn no_single(&self) -> bool {
        !self.roles.iter().any(|(role, _)| matches!(role, Role::Single(_)))
    }
}

impl Machine {
    fn take(&mut self, event: &Event<'_>, time: Time, index: usize) {
        self.open.retain(|open| {
            self.done
                .get(open.at)
                .is_some_and(|incident| time.0.saturating_sub(incident.range.end.0) <= FOLD_MS)
        });
        let boot = event.boot();
        if !same_boot(self.boot, boot) {
            self.running.clear();
            self.out_of_process_up = false;
        }
        self.boot = boot.or(self.boot);
        let note = match note::said(event) {
            Some(Said::Note(note)) => note,
            Some(Said::Started(process)) => {
                self.running.extend(process.id);
                self.out_of_process_up |= process.out_of_process;
                return;
            }
            Some(Said::Stopped(process)) => {
                if let Some(id) = process.id {
                    self.running.remove(&id);
                }
                self.out_of_process_up &= !process.out_of_process;
                return;
            }
            None => return,
        };
        // A report is written once the dump is, and again when it is sent: it is no news of a crash that is known.
        let report = note.report.clone();
        if let Some(incident) = self.reports.get(&report).and_then(|at| self.done.get_mut(*at)) {
            incident.events.push(index);
            return;
        }
        let at = match self.matching(&note, boot) {
            Some(position) => self.join(position, note, time, index),
            None => self.begin(note, event, time, index, boot),
        };
        if !report.is_empty() {
            self.reports.insert(report, at);
        }
    }

    /// The open incident that the note belongs to: the one of the same process, else the earliest that lacks it.
    fn matching(&self, note: &Note, boot: Option<Time>) -> Option<usize> {
        let fits = |open: &Open| -> bool {
            let Some(incident) = self.done.get(open.at) else {
                return false;
            };
            let same_process = match (incident.process_id, note.process_id) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            };
            let same_name = match (&incident.process, &note.process) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                _ => true,
            };
            // Two limits that are hit at once are two findings.
            let same_limit = note.role != Role::Single(IncidentKind::LimitRecycle)
                || incident.detail == note.detail;
            same_process
                && same_name
                && same_limit
                && same_boot(open.boot, boot)
                && open.accepts(note)
        };
        let candidates = || self.open.iter().enumerate().filter(|(_, open)| fits(open));
        candidates()
            .find(|(_, open)| {
                note.process_id.is_some()
                    && self.done.get(open.at).is_some_and(|i| i.process_id == note.process_id)
            })
            .or_else(|| candidates().next())
            .map(|(position, _)| position)
    }

    /// The new incident.
    fn begin(
        &mut self,
        note: Note,
        event: &Event<'_>,
        time: Time,
        index: usize,
        boot: Option<Time>,
    ) -> usize {
        let phase = Phase::Unknown;
        let kind = match note.role {
            Role::Single(kind) => kind,
            Role::StartFailed => IncidentKind::StartupFailure,
            Role::Exited => IncidentKind::Exit { phase },
            _ => IncidentKind::Crash { phase },
        };
        if self.open.len() >= MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push(Open {
            at: self.done.len(),
            roles: vec![(note.role, note.id)],
            boot,
            phase: None,
        });
        self.done.push(Incident {
            kind,
            range: TimeRange::at(time),
            computer: event.computer.to_string(),
            process_id: note.process_id,
            process: note.process,
            events: vec![index],
            exception: note.exception,
            code: note.code,
            detail: note.detail,
            scm: note.scm,
        });
        let position = self.open.len() - 1;
        self.settle(position);
        self.done.len() - 1
    }

    /// The incident that the note was added to.
    fn join(&mut self, position: usize, note: Note, time: Time, index: usize) -> usize {
        let Some(open) = self.open.get_mut(position) else {
            return usize::MAX;
        };
        let at = open.at;
        if !open.roles.contains(&(note.role, note.id)) {
            open.roles.push((note.role, note.id));
        }
        let Some(incident) = self.done.get_mut(at) else {
            return at;
        };
        incident.range = incident.range.union(TimeRange::at(time));
        incident.events.push(index);
        incident.process_id = incident.process_id.or(note.process_id);
        incident.process = incident.process.take().or(note.process);
        incident.detail = incident.detail.take().or(note.detail);
        incident.scm |= note.scm;
        // The code of the death says more than that of the failed start which follows from it.
        if note.role == Role::NativeDeath || incident.code.is_none() {
            incident.code = note.code.or(incident.code);
        }
        let better = match (&incident.exception, &note.exception) {
            (Some(old), Some(new)) => {
                // The runtime's text is whole; a console is cut at 30 KB, and may tell of something else besides.
                note.role == Role::ManagedDeath && !new.chain.is_empty()
                    || old.chain.is_empty() && !new.chain.is_empty()
            }
            (None, Some(_)) => true,
            _ => false,
        };
        if better {
            incident.exception = note.exception;
        }
        self.settle(position);
        at
    }

    /// Decides the kind anew, now that one more event is known.
    fn settle(&mut self, position: usize) {
        let Some(open) = self.open.get_mut(position) else {
            return;
        };
        let Some(incident) = self.done.get_mut(open.at) else {
            return;
        };
        let has = |wanted: fn(Role) -> bool| open.roles.iter().any(|(role, _)| wanted(*role));
        let died = has(|role| role <= Role::ModuleDeath);
        let exited = has(|role| role == Role::Exited);
        if !died && !exited {
            return;
        }
        if open.phase.is_none() {
            open.phase = match (incident.process_id, incident.process.as_deref()) {
                (Some(id), _) if self.running.remove(&id) => Some(Phase::Running),
                (Some(_), _) => Some(Phase::Unknown),
                // The runtime does not tell the id. An executable that is not IIS's is the one that the module
                // started, if it started one.
                (None, Some(name)) if !is_iis(name) && self.out_of_process_up => {
                    self.out_of_process_up = false;
                    Some(Phase::Running)
                }
                _ => None,
            };
        }
        let phase = match open.phase.unwrap_or(Phase::Unknown) {
            // The start of a process that is up may have been rotated away; a failed start says that it was not.
            Phase::Unknown if exited || has(|role| role == Role::StartFailed) => Phase::Startup,
            phase => phase,
        };
        incident.kind =
            if died { IncidentKind::Crash { phase } } else { IncidentKind::Exit { phase } };
    }
}

/// Whether two events can be of one start of a machine. Times are whole seconds and ticks are not, and the clock is
/// set now and then, so that the two differ by a second or two on one machine; the tick count begins anew at 2³².
fn same_boot(a: Option<Time>, b: Option<Time>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            let apart = a.0.abs_diff(b.0) % (1 << 32);
            apart.min((1 << 32) - apart) <= 10_000
        }
        _ => true,
    }
}

fn is_iis(process: &str) -> bool {
    ["w3wp.exe", "iisexpress.exe"].iter().any(|name| process.eq_ignore_ascii_case(name))
}
