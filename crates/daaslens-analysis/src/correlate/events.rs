//! What the event log says about a cluster: incidents near its onset, and what speaks for and against them.

use daaslens_core::text::{counted, duration_s, shortened, thousands, visible};
use daaslens_core::{Attribution, Cause, Evidence, Time, TimeRange};
use daaslens_eventlog::{Incident, IncidentKind, Phase};

use super::{Looking, onset, sources};
use crate::crashes::Group;
use crate::facts::Facts;
use crate::hypotheses::{self, State};
use crate::signals::ClusterSignal;

/// How far around a window an incident may lie to belong to it: a start may take two minutes, and a line is logged
/// when its request ends.
const BEFORE: i64 = 120;
const AFTER: i64 = 30;

/// How near to the onset a crash is that caused it.
const ONSET: i64 = 15;

/// The incidents that belong to a cluster: around its window, on its instance where that is known.
fn incidents<'a>(
    facts: &'a Facts<'_>,
    cluster: &ClusterSignal,
    attribution: &Attribution,
) -> Vec<&'a Incident> {
    let window = TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - BEFORE),
        Time::from_seconds(cluster.range.end.seconds() + AFTER),
    );
    let instance = attribution
        .factors
        .iter()
        .find(|factor| factor.dimension == "instance")
        .map(|one| one.value.as_str());
    let fits = |incident: &Incident| match (instance, facts.joins.instance(&incident.computer)) {
        (Some(instance), Some(join)) => join.instance == instance,
        _ => true,
    };
    facts
        .records
        .events
        .incidents
        .iter()
        .filter(|one| one.range.overlaps(window) && fits(one))
        .collect()
}

pub(super) fn look(looking: &mut Looking<'_>, cluster: &ClusterSignal, attribution: &Attribution) {
    const SIGNS: [(&str, &str); 8] = [
        ("crash-at-onset", "no crash is in the event log around the onset"),
        ("crash-loop", ""),
        ("start-failure-event", "no failed start is in the event log around it"),
        ("limit-recycle-event", "no auto-heal limit was hit around it"),
        ("app-offline-event", ""),
        ("config-change-event", ""),
        ("file-change-event", ""),
        ("shutdown-event", ""),
    ];
    let facts = looking.facts;
    let events = &facts.records.events;
    let reach = TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - BEFORE),
        Time::from_seconds(cluster.range.end.seconds() + AFTER),
    );
    if events.files == 0 || events.range.is_none_or(|range| !covers(range, reach)) {
        let why = if events.files == 0 {
            "the bundle holds no event log"
        } else {
            "the event log does not reach that time"
        };
        looking.add("crash-at-onset", State::Unknown, format!("crashes and recycles: {why}"));
        return;
    }
    let near = incidents(facts, cluster, attribution);
    let tell = |incident: &Incident| {
        let first = incident.events.first().and_then(|i| events.list.get(*i));
        let id = first.map_or_else(String::new, |event| format!("{} {}", event.provider, event.id));
        let what = incident.exception.as_ref().map_or_else(String::new, |text| {
            let signature = daaslens_signature::of_exception(text, incident.code);
            format!(", {}", signature.exception)
        });
        let lag = incident.range.start.seconds() - cluster.range.start.seconds();
        let when = match lag {
            0 => format!("in the second of the {}", onset(cluster)),
            lag if lag < 0 => {
                format!("{} before the {}", duration_s(lag.unsigned_abs()), onset(cluster))
            }
            lag => format!("{} after the {}", duration_s(lag.unsigned_abs()), onset(cluster)),
        };
        format!(
            "{id} on {} at {}{what}: {when}",
            facts.named(&incident.computer),
            incident.range.start.format("%H:%M:%S")
        )
    };
    for (sign, nothing) in SIGNS {
        let own: Vec<&&Incident> =
            near.iter().filter(|incident| is_sign(sign, incident, cluster)).collect();
        let enough = if sign == "crash-loop" {
            own.len() >= crate::crashes::LOOP_COUNT
        } else {
            !own.is_empty()
        };
        match own.first() {
            Some(first) if enough => {
                let more = own.len() - 1;
                let and = if more > 0 { format!(", and {more} more") } else { String::new() };
                looking.present(sign, format!("{}{and}", tell(first)));
                if sign == "limit-recycle-event"
                    && first.detail.as_ref().is_some_and(|what| what.contains("emory"))
                {
                    looking.present("memory-limit-event", tell(first));
                }
            }
            _ => looking.absent(sign, nothing.to_owned()),
        }
    }
    let url = attribution
        .factors
        .iter()
        .find(|factor| factor.dimension == "url")
        .map(|one| one.value.as_str());
    if let Some(url) = url {
        let logged = facts.crashes.thrown.iter().find_map(|thrown| {
            let n = thrown.paths.get(url)?;
            Some((thrown.title(), *n))
        });
        if let Some((title, n)) = logged {
            looking.present(
                "exception-logged-same-path",
                format!(
                    "{} of {} logged for that path",
                    counted(n, "exception", "exceptions"),
                    shortened(&title, 100)
                ),
            );
        }
    }
}

/// Whether a range of events reaches over a window, with some slack: a quiet log has no event for minutes.
fn covers(range: TimeRange, window: TimeRange) -> bool {
    const SLACK: i64 = 3 * 3600 * 1000;
    range.start.0 - SLACK <= window.start.0 && window.end.0 <= range.end.0 + SLACK
}

fn is_sign(sign: &str, incident: &Incident, cluster: &ClusterSignal) -> bool {
    let lag = incident.range.start.seconds() - cluster.range.start.seconds();
    let at_onset = (-ONSET..=ONSET).contains(&lag) || cluster.range.contains(incident.range.start);
    match incident.kind {
        IncidentKind::Crash { phase } | IncidentKind::Exit { phase } => match sign {
            "crash-at-onset" => at_onset && phase != Phase::Startup,
            "crash-loop" => phase != Phase::Startup,
            "start-failure-event" => phase == Phase::Startup,
            _ => false,
        },
        IncidentKind::StartupFailure => sign == "start-failure-event",
        IncidentKind::RapidFail => sign == "crash-loop",
        // A recycle long after the onset is what auto-heal did about it, and not why it began.
        IncidentKind::LimitRecycle => sign == "limit-recycle-event" && lag <= 60,
        IncidentKind::AppOffline => sign == "app-offline-event",
        IncidentKind::ConfigurationChange => sign == "config-change-event",
        IncidentKind::FileChange => sign == "file-change-event",
        IncidentKind::Shutdown | IncidentKind::PoolRecycle | IncidentKind::UngracefulShutdown => {
            sign == "shutdown-event"
        }
        IncidentKind::Hang | IncidentKind::DiagnosticSession => false,
    }
}

/// Events that belong to a cluster, as evidence.
pub(crate) fn evidence(
    facts: &Facts<'_>,
    cluster: &ClusterSignal,
    attribution: &Attribution,
    most: usize,
) -> Vec<Evidence> {
    let near = incidents(facts, cluster, attribution);
    let telling = near.iter().filter(|incident| {
        incident.kind.is_failure()
            || matches!(incident.kind, IncidentKind::LimitRecycle | IncidentKind::AppOffline)
    });
    telling
        .flat_map(|incident| incident.events.iter().take(2))
        .filter_map(|i| facts.records.events.evidence(*i, "", 1))
        .take(most)
        .collect()
}

/// The causes of crashes of one signature.
pub(crate) fn crash_causes(group: &Group, facts: &Facts<'_>) -> Vec<Cause> {
    let mut looking = Looking { facts, seen: Vec::new() };
    let count = group.incidents.len();
    let machines = group.machines(facts);
    let first = group.all(facts).next();
    if let Some(first) = first {
        looking.present(
            "crash-at-onset",
            format!(
                "{} from {} on: {}",
                counted(count as u64, "crash", "crashes"),
                first.range.start.format("%H:%M:%S"),
                shortened(&group.title(), 120)
            ),
        );
    }
    let disturbed = group.disturbed(facts);
    if disturbed > 0 {
        let errors = group.errors(facts);
        let text = if errors > 0 {
            format!(
                "{} of {count} are followed by failed requests of the same instance, {} in all",
                disturbed,
                thousands(errors)
            )
        } else {
            format!(
                "{disturbed} of {count} are followed by a pause in the requests of the same instance"
            )
        };
        looking.present(if errors > 0 { "outcome-backend-gone" } else { "silence-before" }, text);
    }
    if crate::crashes::is_burst(group, facts) {
        looking.present(
            "crash-loop",
            format!(
                "at least {} within {} on one machine",
                crate::crashes::LOOP_COUNT,
                duration_s(crate::crashes::LOOP_SECONDS as u64)
            ),
        );
    } else {
        looking.absent("crash-loop", "the crashes lie far apart".to_owned());
    }
    let all = facts.http.map_or(0, |http| http.instances.len());
    if let [(machine, _)] = machines.as_slice()
        && all > 1
    {
        looking.present(
            "one-instance",
            format!("all on {}", visible(facts.named(machine).as_bytes())),
        );
    }
    hypotheses::rank(&looking.seen, &sources(facts))
}
