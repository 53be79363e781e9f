//! When machines were started, told by the tick counts that App Service writes in place of record numbers.
//!
//! A worker that was restarted, or another one that took over the name, has another start: that is how a move by the
//! platform is told from a crash. Within one start the clock of the tick count runs on, so that times of events agree
//! to a second or two.

use std::collections::BTreeMap;

use daaslens_core::{Time, TimeRange};

use super::same_boot;
use crate::event::Event;

/// One life of a machine, as far as its events tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    /// The machine, as its first event writes it.
    pub computer: String,
    /// When it was started. Times are whole seconds, so that this is up to a second early.
    pub booted: Time,
    /// From its first to its last event.
    pub range: TimeRange,
    /// Its first event: an index into what was given.
    pub event: usize,
    /// The last event of the machine of that name before it, if there was one.
    pub before: Option<Time>,
}

/// The lives of all machines, in order of their first event, then by name. Windows' own logs tell none.
pub fn boots(events: &[Event<'_>]) -> Vec<Boot> {
    let mut machines: BTreeMap<String, Vec<(Time, i64, usize)>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        if let (Some(time), Some(_)) = (event.time, event.boot()) {
            let key = (time, event.record_id.unwrap_or(0), index);
            machines.entry(event.computer.to_lowercase()).or_default().push(key);
        }
    }
    let mut out: Vec<Boot> = Vec::new();
    for order in machines.values_mut() {
        order.sort_unstable();
        let first = out.len();
        for &(time, _, index) in order.iter() {
            let Some((event, booted)) =
                events.get(index).and_then(|event| Some((event, event.boot()?)))
            else {
                continue;
            };
            let before = out.get(first..).and_then(<[Boot]>::last).map(|last| last.range.end);
            match out.get_mut(first..).and_then(<[Boot]>::last_mut) {
                Some(last) if same_boot(Some(last.booted), Some(booted)) => {
                    last.range = last.range.union(TimeRange::at(time));
                    // The tick count begins anew after 49 days: the earliest start is the right one then.
                    if last.booted.0.abs_diff(booted.0) < 60_000 {
                        last.booted = last.booted.max(booted);
                    } else {
                        last.booted = last.booted.min(booted);
                    }
                }
                _ => out.push(Boot {
                    computer: event.computer.to_string(),
                    booted,
                    range: TimeRange::at(time),
                    event: index,
                    before,
                }),
            }
        }
    }
    out.sort_by(|a, b| (a.range.start, &a.computer).cmp(&(b.range.start, &b.computer)));
    out
}
