//! Why the application was started, each time: what the events, the deployments and the tick counts around it tell.
//!
//! A start by itself is nothing. What made it necessary stands before it on the same machine (a crash, a limit, an
//! `app_offline.htm`), or in another place (a deployment), or in nothing but the machine itself, which was started
//! again or was not there before. Where nothing tells, that is said: a restart without a cause in the bundle is what
//! the platform's maintenance, a changed setting or the restart button look like from inside.

use std::collections::BTreeMap;

use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, duration_s, shortened, thousands};
use daaslens_core::{Evidence, PartKind, Time, TimeRange};
use daaslens_eventlog::ancm::AncmKind;
use daaslens_eventlog::incident::Boot;
use daaslens_eventlog::{Incident, IncidentKind, Phase, ancm};

use crate::crashes::{errors_between, is_start};
use crate::facts::Facts;

/// What happened this long before a start may be its cause. A site that is taken offline for a deployment comes back
/// when that is over.
const BEFORE_MS: i64 = 3_600_000;

/// What happened within this time before a start goes before everything else.
const JUST_BEFORE_MS: i64 = 180_000;

/// How near a start is to the deployment that it belongs to: files are copied before, and the site is touched after.
const DEPLOYED_BEFORE: i64 = 300;
const DEPLOYED_AFTER: i64 = 120;

/// Starts of several machines within so many seconds are one action upon the site.
const TOGETHER: i64 = 90;

/// A machine whose last event is this near to the first one of another may have been replaced by it.
const MOVED: i64 = 1_800;

/// Requests that fail around a restart: from its end to some seconds after the start.
const AFTER: i64 = 40;

/// Why, in the order in which one explains a start better than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    Crash,
    Limit,
    Deployment,
    AppOffline,
    Configuration,
    Files,
    Pool,
    Hang,
    FailedStart,
    Session,
    Rebooted,
    NewMachine,
    Vanished,
    Together,
    Unknown,
}

impl Why {
    /// In words, behind a number: `3 after a crash`.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Crash => "after a crash",
            Self::Limit => "by an auto-heal limit",
            Self::Deployment => "by a deployment",
            Self::AppOffline => "after app_offline.htm",
            Self::Configuration => "by a change of configuration",
            Self::Files => "by a change of files",
            Self::Pool => "by a recycle of the pool",
            Self::Hang => "after a process that did not answer",
            Self::FailedStart => "after a failed start",
            Self::Session => "beside a diagnostic session",
            Self::Rebooted => "after a restart of the machine",
            Self::NewMachine => "on a machine that was not there before",
            Self::Vanished => "after a process that ended without a word",
            Self::Together => "on several machines at once, without a cause in the bundle",
            Self::Unknown => "without a cause in the bundle",
        }
    }

    /// Whether the bundle tells who or what did it.
    pub(crate) const fn is_told(self) -> bool {
        !matches!(self, Self::Vanished | Self::Together | Self::Unknown)
    }
}

/// One start, and why.
#[derive(Clone, Debug)]
pub(crate) struct Restart {
    pub(crate) at: Time,
    pub(crate) machine: String,
    pub(crate) why: Why,
    /// What the cause says of itself.
    pub(crate) told: String,
    /// Seconds in which the application was not there, where its end is told.
    pub(crate) down: Option<i64>,
    /// Server errors of the instance from the end to a little after the start.
    pub(crate) errors: u64,
    /// The event of the start, and the one of its cause.
    pub(crate) event: usize,
    pub(crate) because: Option<usize>,
}

/// What is known before a start.
#[derive(Default)]
struct Machine<'a> {
    /// The last start.
    started: Option<Time>,
    /// The last end in good order.
    stopped: Option<Time>,
    incidents: Vec<&'a Incident>,
}

/// All starts but the first ones that the log shows, in order of time.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Restart> {
    let events = &facts.records.events;
    let mut machines: BTreeMap<String, Machine<'_>> = BTreeMap::new();
    for incident in events.incidents.iter().filter(|one| !one.scm) {
        let machine = machines.entry(incident.computer.to_ascii_lowercase()).or_default();
        machine.incidents.push(incident);
    }
    let mut order: Vec<(Time, i64, usize)> = events
        .list
        .iter()
        .enumerate()
        .filter_map(|(i, event)| Some((event.time?, event.record_id.unwrap_or(0), i)))
        .collect();
    order.sort_unstable();
    let first = order.first().map(|(time, ..)| *time);
    let mut restarts = Vec::new();
    for (time, _, index) in order {
        let Some(event) = events.list.get(index) else { continue };
        let machine = machines.entry(event.computer.to_ascii_lowercase()).or_default();
        if is_start(event) {
            if let Some(restart) = restart(facts, machine, &event.computer, time, index, first) {
                restarts.push(restart);
            }
            machine.started = Some(time);
            machine.stopped = None;
        } else if ancm::ancm(event)
            .is_some_and(|one| one.kind == AncmKind::Stopped && !one.is_scm())
        {
            machine.stopped = Some(time);
        }
    }
    together(&mut restarts);
    restarts
}

fn restart(
    facts: &Facts<'_>,
    machine: &Machine<'_>,
    computer: &str,
    at: Time,
    event: usize,
    first: Option<Time>,
) -> Option<Restart> {
    let (why, told, because) = cause(facts, machine, computer, at, event, first)?;
    let ended = because
        .filter(|_| why <= Why::FailedStart && why != Why::Deployment)
        .and_then(|i| facts.records.events.list.get(i)?.time)
        .or(machine.stopped);
    // Of a process that vanished nobody knows when: the two minutes before its successor are looked at.
    let from = match why {
        Why::Vanished => at.seconds() - 120,
        _ => ended.unwrap_or(at).seconds(),
    };
    Some(Restart {
        at,
        machine: computer.to_owned(),
        why,
        told,
        down: ended.map(|ended| at.seconds() - ended.seconds()).filter(|s| (0..=3600).contains(s)),
        errors: errors_between(facts.cube, facts.joins, computer, from - 2, at.seconds() + AFTER),
        event,
        because,
    })
}

/// Why the application was started at `at`; nothing where it is the first start that the log can show.
fn cause(
    facts: &Facts<'_>,
    machine: &Machine<'_>,
    computer: &str,
    at: Time,
    event: usize,
    first: Option<Time>,
) -> Option<(Why, String, Option<usize>)> {
    let events = &facts.records.events;
    let since = machine.started.map_or(at.0 - BEFORE_MS, |time| time.0.max(at.0 - BEFORE_MS));
    let own =
        machine.incidents.iter().filter(|one| one.range.end.0 > since && one.range.start <= at);
    // What lies just before explains better than what lies far before; of several things at once, the graver one.
    let by_event = own.filter_map(|one| Some((of(one)?, *one))).min_by_key(|(why, one)| {
        let before = at.0.saturating_sub(one.range.end.0);
        let just = before <= JUST_BEFORE_MS;
        (!just, if just { *why as i64 } else { before })
    });
    let deployment = facts.records.platform.deployments.iter().find(|one| {
        let seconds = at.seconds();
        one.range.start.seconds() - DEPLOYED_AFTER <= seconds
            && seconds <= one.range.end.seconds() + DEPLOYED_BEFORE
    });
    if let Some((why, incident)) = by_event
        && (why < Why::Deployment || deployment.is_none())
    {
        let told = incident.detail.clone().or_else(|| {
            let text = incident.exception.as_ref()?;
            Some(text.innermost()?.type_name.clone())
        });
        return Some((why, told.unwrap_or_default(), incident.events.first().copied()));
    }
    if let Some(one) = deployment {
        let because = by_event.and_then(|(_, one)| one.events.first().copied());
        return Some((Why::Deployment, format!("{} ({})", one.id, one.status), because));
    }
    let session =
        facts.records.platform.sessions.iter().find(|one| {
            one.intrusive && one.range.overlaps(TimeRange::new(Time(at.0 - 120_000), at))
        });
    if let Some(one) = session {
        return Some((Why::Session, one.tool.clone(), None));
    }
    if let Some(one) = facts.crashes.silent.ended.iter().find(|one| {
        one.range.end == at
            && events
                .list
                .get(one.event)
                .is_some_and(|event| event.computer.eq_ignore_ascii_case(computer))
    }) {
        return Some((Why::Vanished, String::new(), Some(one.event)));
    }
    if machine.started.is_some() {
        // The machine may have been started again between the two.
        return Some(boot(facts, computer, at).map_or_else(
            || (Why::Unknown, String::new(), None),
            |(why, told)| (why, told, Some(event)),
        ));
    }
    // A machine on which nothing was started before: the log begins here, or the site came to the machine.
    let is_new = events
        .boots
        .iter()
        .find(|boot| boot.computer.eq_ignore_ascii_case(computer) && boot.range.contains(at))
        .is_some_and(|boot| at.0 - boot.range.start.0 <= 120_000 && first < Some(boot.range.start));
    let told = boot(facts, computer, at).map(|(why, told)| (why, told, Some(event)));
    told.or_else(|| is_new.then(|| (Why::NewMachine, moved(facts, computer, at), Some(event))))
}

/// What an incident makes of a start that follows it.
fn of(incident: &Incident) -> Option<Why> {
    Some(match incident.kind {
        IncidentKind::Crash { phase: Phase::Startup }
        | IncidentKind::Exit { phase: Phase::Startup }
        | IncidentKind::StartupFailure
        | IncidentKind::RapidFail => Why::FailedStart,
        IncidentKind::Crash { .. } | IncidentKind::Exit { .. } => Why::Crash,
        IncidentKind::LimitRecycle => Why::Limit,
        IncidentKind::AppOffline => Why::AppOffline,
        IncidentKind::ConfigurationChange => Why::Configuration,
        IncidentKind::FileChange => Why::Files,
        IncidentKind::Shutdown | IncidentKind::PoolRecycle => Why::Pool,
        IncidentKind::Hang => Why::Hang,
        IncidentKind::DiagnosticSession => Why::Session,
        // It says how a process ended, and not why it had to.
        IncidentKind::UngracefulShutdown => return None,
    })
}

/// Whether the machine was started again before this.
fn boot(facts: &Facts<'_>, computer: &str, at: Time) -> Option<(Why, String)> {
    let boot = facts.records.events.boots.iter().find(|boot| {
        boot.computer.eq_ignore_ascii_case(computer)
            && boot.before.is_some()
            && boot.range.contains(at)
            && at.0 - boot.range.start.0 <= 120_000
    })?;
    let before = boot.before?;
    Some((
        Why::Rebooted,
        format!(
            "the machine was started at {}; its last event before that is of {}",
            boot.booted.format("%Y-%m-%d %H:%M:%S"),
            before.format("%Y-%m-%d %H:%M:%S")
        ),
    ))
}

/// Which machine is not heard of again when this one appears.
fn moved(facts: &Facts<'_>, computer: &str, at: Time) -> String {
    let boots = &facts.records.events.boots;
    let is_last = |one: &Boot| {
        boots.iter().all(|other| {
            !other.computer.eq_ignore_ascii_case(&one.computer) || other.range.end <= one.range.end
        })
    };
    let gone = boots.iter().find(|one| {
        !one.computer.eq_ignore_ascii_case(computer)
            && (one.range.end.seconds() - at.seconds()).abs() <= MOVED
            && is_last(one)
    });
    match gone {
        Some(one) => format!(
            "{} is not heard of after {}: moved, as it seems",
            one.computer,
            one.range.end.format("%H:%M:%S")
        ),
        None => "scaled out, or moved".to_owned(),
    }
}

/// Starts of several machines at once that nothing explains are one action upon the site: a restart, a changed setting.
fn together(restarts: &mut [Restart]) {
    let alone: Vec<bool> = restarts
        .iter()
        .map(|one| {
            let near = |other: &Restart| {
                other.why == Why::Unknown
                    && !other.machine.eq_ignore_ascii_case(&one.machine)
                    && (other.at.seconds() - one.at.seconds()).abs() <= TOGETHER
            };
            one.why != Why::Unknown || !restarts.iter().any(near)
        })
        .collect();
    for (restart, alone) in restarts.iter_mut().zip(alone) {
        if !alone {
            restart.why = Why::Together;
        }
    }
}

/// How many for which reason, most first.
pub(crate) fn tally(restarts: &[Restart]) -> Vec<(Why, u64)> {
    let mut counts: BTreeMap<Why, u64> = BTreeMap::new();
    for restart in restarts {
        *counts.entry(restart.why).or_default() += 1;
    }
    let mut counts: Vec<(Why, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(why, n)| (std::cmp::Reverse(*n), *why));
    counts
}

/// `3 after a crash, 1 by a deployment`.
pub(crate) fn sentence(tally: &[(Why, u64)]) -> String {
    let parts: Vec<String> =
        tally.iter().map(|(why, n)| format!("{} {}", thousands(*n), why.words())).collect();
    parts.join(", ")
}

impl Restart {
    /// The start, and its cause.
    pub(crate) fn evidence(&self, facts: &Facts<'_>) -> Vec<Evidence> {
        let events = &facts.records.events;
        let because = self.because.filter(|because| *because != self.event);
        because
            .and_then(|i| events.evidence(i, "before it", 1))
            .into_iter()
            .chain(events.evidence(self.event, "the start", 1))
            .collect()
    }
}

/// Every restart with its cause.
pub(crate) fn table(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "restarts",
        "Restarts of the application",
        &[
            ("When, UTC", false),
            ("Machine", false),
            ("Why", false),
            ("What is told of it", true),
            ("Down", false),
            ("Server errors", false),
        ],
    );
    let restarts = all(facts);
    table.caption = format!(
        "{}: {}",
        counted(restarts.len() as u64, "restart", "restarts"),
        sentence(&tally(&restarts))
    );
    table.rows = restarts
        .iter()
        .map(|one| Row {
            cells: vec![
                Cell::Time(one.at),
                Cell::Text(PartKind::Instance, facts.named(&one.machine)),
                Cell::text(one.why.words()),
                if one.told.is_empty() {
                    Cell::Absent
                } else {
                    Cell::text(shortened(&one.told, 120))
                },
                one.down.map_or(Cell::Absent, |s| Cell::text(duration_s(s.max(0) as u64))),
                if facts.http.is_some() { Cell::Count(one.errors) } else { Cell::Absent },
            ],
            evidence: one.evidence(facts),
        })
        .collect();
    table.notes.push(
        "Down is counted from the event that tells the end to the start; errors from the end to 40\u{a0}s after the start, \
         of the machine's own instance where that is known."
            .to_owned(),
    );
    table
}
