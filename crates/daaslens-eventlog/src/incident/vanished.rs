//! Processes that were up and then were not, without a word.
//!
//! On App Service a native crash, a stack overflow or a kill leaves no event. What it leaves is a gap: the module
//! said that a process had started, never said that it stopped, and some time later another one starts on the same
//! machine, which was not restarted in between. In real files nineteen in twenty processes have an end.

use std::collections::BTreeMap;

use daaslens_core::Time;

use super::note::{self, Role, Said};
use super::{IncidentKind, same_boot};
use crate::ancm::{AncmKind, ancm};
use crate::event::Event;

/// A process of which nothing is known but its start, and that it was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vanished {
    /// The machine.
    pub computer: String,
    /// The process.
    pub process_id: u32,
    /// When it was started.
    pub started: Time,
    /// The event that says so: an index into what was given.
    pub event: usize,
    /// When the next process was started there: it was gone by then.
    pub replaced: Time,
}

/// The processes hosted in a worker that vanished: suspected crashes, to be held against dumps and failed requests.
///
/// The event log loses events when many machines write at once, so that one of them alone proves nothing.
/// In order of `replaced`, then machine and process.
pub fn vanished(events: &[Event<'_>]) -> Vec<Vanished> {
    let mut machines: BTreeMap<String, Vec<(Time, i64, usize)>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        if let Some(time) = event.time {
            let key = (time, event.record_id.unwrap_or(0), index);
            machines.entry(event.computer.to_lowercase()).or_default().push(key);
        }
    }
    let mut out = Vec::new();
    for order in machines.values_mut() {
        order.sort_unstable();
        machine(events, order, &mut out);
    }
    out.sort_by(|a, b| {
        (a.replaced, &a.computer, a.process_id).cmp(&(b.replaced, &b.computer, b.process_id))
    });
    out
}

/// A process that is up, as far as is known.
struct Up {
    vanished: Vanished,
    /// Its successor, if one was started.
    replaced: Option<Time>,
}

fn machine(events: &[Event<'_>], order: &[(Time, i64, usize)], out: &mut Vec<Vanished>) {
    let mut up: BTreeMap<u32, Up> = BTreeMap::new();
    // The last one that was started; the site's own processes and Kudu's live side by side.
    let mut last: BTreeMap<bool, u32> = BTreeMap::new();
    let mut boot = None;
    let finish = |up: &mut BTreeMap<u32, Up>, out: &mut Vec<Vanished>| {
        for process in std::mem::take(up).into_values() {
            if let Some(replaced) = process.replaced {
                out.push(Vanished { replaced, ..process.vanished });
            }
        }
    };
    for &(time, _, index) in order {
        let Some(event) = events.get(index) else {
            continue;
        };
        let here = event.boot();
        if !same_boot(boot, here) {
            finish(&mut up, out);
            last.clear();
        }
        boot = here.or(boot);
        match note::said(event) {
            Some(Said::Started(process)) if !process.out_of_process => {
                let Some(id) = process.id else {
                    continue;
                };
                let scm = ancm(event).is_some_and(|report| report.is_scm());
                // An overlapped recycle starts the new process before the old one says that it stops: whether it
                // ever does is known at the end.
                if let Some(other) = last.insert(scm, id).and_then(|other| up.get_mut(&other)) {
                    other.replaced.get_or_insert(time);
                }
                let vanished = Vanished {
                    computer: event.computer.to_string(),
                    process_id: id,
                    started: time,
                    event: index,
                    replaced: time,
                };
                // The same process may report two starts, after app_offline.htm was removed.
                up.insert(id, Up { vanished, replaced: None });
            }
            Some(Said::Stopped(process)) => {
                process.id.and_then(|id| up.remove(&id));
            }
            // Any report of its end will do.
            Some(Said::Note(note)) => {
                let ends = matches!(
                    note.role,
                    Role::ModuleDeath
                        | Role::Exited
                        | Role::StartFailed
                        | Role::ManagedDeath
                        | Role::NativeDeath
                        | Role::PoolDeath
                        | Role::Single(IncidentKind::UngracefulShutdown | IncidentKind::AppOffline)
                ) || ancm(event)
                    .is_some_and(|report| report.kind == AncmKind::ConfigurationChanged);
                if ends {
                    note.process_id.and_then(|id| up.remove(&id));
                }
            }
            _ => {}
        }
    }
    finish(&mut up, out);
}
