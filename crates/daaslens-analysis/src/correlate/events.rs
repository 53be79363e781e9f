//! What the event log says about a cluster: incidents near its onset, and what speaks for and against them.

use daaslens_core::text::{counted, duration_s, shortened, thousands, visible};
use daaslens_core::{Attribution, Cause, Evidence, Time, TimeRange};
use daaslens_eventlog::{Event, Incident, IncidentKind, Phase};

use super::{Looking, onset, sources};
use crate::crashes::{Group, is_death};
use crate::facts::Facts;
use crate::hypotheses::{self, State};
use crate::signals::ClusterSignal;

/// How far around a window an incident may lie to belong to it: a start may take two minutes, and a line is logged
/// when its request ends.
const BEFORE: i64 = 120;
const AFTER: i64 = 30;

/// How near to the onset a crash is that caused it.
const ONSET: i64 = 15;

/// How far around its onset a machine that was started again, or a process that vanished, is a suspect: a new machine
/// needs a minute or two before it serves.
const REPLACED_BEFORE: i64 = 180;
const REPLACED_AFTER: i64 = 60;

/// Exceptions of one kind that are worth a sentence beside a cluster.
const EXCEPTIONS: u64 = 3;

/// The window of a cluster with some room around it.
fn around(cluster: &ClusterSignal, before: i64, after: i64) -> TimeRange {
    TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - before),
        Time::from_seconds(cluster.range.end.seconds() + after),
    )
}

/// Whether a machine can be the one that fails: where the failures are on one instance, only that one's.
fn fits<'a>(facts: &'a Facts<'_>, attribution: &'a Attribution) -> impl Fn(&str) -> bool + 'a {
    let instance = attribution
        .factors
        .iter()
        .find(|factor| factor.dimension == "instance")
        .map(|one| one.value.as_str());
    move |computer| match (instance, facts.joins.instance(computer)) {
        (Some(instance), Some(join)) => join.instance == instance,
        _ => true,
    }
}

/// The incidents that belong to a cluster: around its window, on its instance where that is known.
fn incidents<'a>(
    facts: &'a Facts<'_>,
    cluster: &ClusterSignal,
    attribution: &Attribution,
) -> Vec<&'a Incident> {
    let window = around(cluster, BEFORE, AFTER);
    let fits = fits(facts, attribution);
    let incidents = &facts.records.events.incidents;
    incidents.iter().filter(|one| one.range.overlaps(window) && fits(&one.computer)).collect()
}

pub(super) fn look(looking: &mut Looking<'_>, cluster: &ClusterSignal, attribution: &Attribution) {
    const SIGNS: [(&str, &str); 8] = [
        (
            "crash-at-onset",
            "no crash of a process that was up is in the event log around the onset",
        ),
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
    let reach = around(cluster, BEFORE, AFTER);
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
        let when = lag(incident.range.start, cluster);
        format!(
            "{id} on {} at {}{what}: {when}",
            facts.named(&incident.computer),
            incident.range.start.format("%H:%M:%S")
        )
    };
    for (sign, nothing) in SIGNS {
        let own: Vec<&&Incident> =
            near.iter().filter(|one| is_sign(sign, one, is_lone(one, &near), cluster)).collect();
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
    vanished(looking, cluster, attribution);
    replaced(looking, cluster, attribution);
    exceptions(looking, cluster, attribution);
    let url = attribution
        .factors
        .iter()
        .find(|factor| factor.dimension == "url")
        .map(|one| one.value.as_str());
    if let Some(url) = url {
        let logged = facts.crashes.thrown.iter().find_map(|thrown| {
            let (exact, alike) = thrown.on_path(url);
            (exact + alike > 0).then(|| (thrown.title(), exact, alike))
        });
        if let Some((title, exact, alike)) = logged {
            // A path with ids in it is the same page as the template of the requests, as far as its shape tells.
            let how = if exact == 0 { ", told by the shape of the path" } else { "" };
            looking.present(
                "exception-logged-same-path",
                format!(
                    "{} of {} logged for that path{how}",
                    counted(exact + alike, "exception", "exceptions"),
                    shortened(&title, 100)
                ),
            );
        }
    }
}

/// When something was, beside the onset.
fn lag(time: Time, cluster: &ClusterSignal) -> String {
    match time.seconds() - cluster.range.start.seconds() {
        0 => format!("in the second of the {}", onset(cluster)),
        lag if lag < 0 => {
            format!("{} before the {}", duration_s(lag.unsigned_abs()), onset(cluster))
        }
        lag => format!("{} after the {}", duration_s(lag.unsigned_abs()), onset(cluster)),
    }
}

/// Processes that were replaced without a word when the errors began, with how common that is.
fn vanished(looking: &mut Looking<'_>, cluster: &ClusterSignal, attribution: &Attribution) {
    let facts = looking.facts;
    let silent = &facts.crashes.silent;
    if silent.started == 0 {
        return;
    }
    let fits = fits(facts, attribution);
    let window = around(cluster, ONSET, REPLACED_AFTER);
    let list = &facts.records.events.list;
    let near = silent.ended.iter().find(|one| {
        window.contains(one.range.end)
            && list.get(one.event).is_some_and(|event| fits(&event.computer))
    });
    match near.and_then(|one| Some((one, list.get(one.event)?))) {
        Some((one, event)) => looking.present(
            "process-vanished-event",
            format!(
                "the process on {} was replaced at {}, {}, and never said that it ended; so did {} of {} processes that \
                 were started",
                facts.named(&event.computer),
                one.range.end.format("%H:%M:%S"),
                lag(one.range.end, cluster),
                thousands(silent.ended.len() as u64),
                thousands(silent.started)
            ),
        ),
        None => looking.absent("process-vanished-event", String::new()),
    }
}

/// Machines that were started again or took over when the errors began.
fn replaced(looking: &mut Looking<'_>, cluster: &ClusterSignal, attribution: &Attribution) {
    let facts = looking.facts;
    let window = TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - REPLACED_BEFORE),
        Time::from_seconds(cluster.range.start.seconds() + REPLACED_AFTER),
    );
    let fits = fits(facts, attribution);
    let boots = &facts.records.events.boots;
    let near = boots.iter().find(|boot| {
        boot.before.is_some() && fits(&boot.computer) && window.contains(boot.range.start)
    });
    match near {
        Some(boot) => looking.present(
            "instance-replaced-event",
            format!(
                "machine {} was started at {} and shows its first event {}",
                facts.named(&boot.computer),
                boot.booted.format("%Y-%m-%d %H:%M:%S"),
                lag(boot.range.start, cluster)
            ),
        ),
        None => looking.absent("instance-replaced-event", String::new()),
    }
}

/// What exceptions say while the requests failed: memory, pools, other servers.
fn exceptions(looking: &mut Looking<'_>, cluster: &ClusterSignal, attribution: &Attribution) {
    use daaslens_kb::ExceptionClass;
    let facts = looking.facts;
    let events = &facts.records.events;
    let fits = fits(facts, attribution);
    let window = around(cluster, AFTER, AFTER);
    let within = |event: &Event<'_>| {
        event.time.is_some_and(|time| window.contains(time)) && fits(&event.computer)
    };
    for (sign, class) in [
        ("out-of-memory-event", ExceptionClass::Memory),
        ("pool-exhausted-event", ExceptionClass::Pool),
        ("dependency-exception-event", ExceptionClass::Dependency),
    ] {
        let mut found = 0;
        let mut most: Option<(u64, String)> = None;
        let logged = facts.crashes.thrown.iter().filter_map(|one| {
            let known = one.known.filter(|known| known.class == class)?;
            let events = one.events.iter().filter_map(|i| events.list.get(*i));
            Some((events.filter(|event| within(event)).count() as u64, known, one.title()))
        });
        let fatal = facts.crashes.groups.iter().filter_map(|one| {
            let known = one.known.filter(|known| known.class == class)?;
            let near = one
                .all(facts)
                .filter(|one| window.contains(one.range.start) && fits(&one.computer));
            Some((near.count() as u64, known, one.title()))
        });
        for (n, known, title) in logged.chain(fatal).filter(|(n, ..)| *n > 0) {
            found += n;
            if most.as_ref().is_none_or(|(most, _)| n > *most) {
                let what = known.about.title;
                most = Some((n, format!("{what} ({})", shortened(&title, 100))));
            }
        }
        // A process that runs out of memory logs it once, if at all.
        let enough = if class == ExceptionClass::Memory { 1 } else { EXCEPTIONS };
        match most {
            Some((_, what)) if found >= enough => looking.present(
                sign,
                format!(
                    "{} within {} of the window: {what}",
                    counted(found, "exception", "exceptions"),
                    duration_s(AFTER as u64)
                ),
            ),
            _ => looking.absent(sign, String::new()),
        }
    }
}

/// Whether a range of events reaches over a window, with some slack: a quiet log has no event for minutes.
fn covers(range: TimeRange, window: TimeRange) -> bool {
    const SLACK: i64 = 3 * 3600 * 1000;
    range.start.0 - SLACK <= window.start.0 && window.end.0 <= range.end.0 + SLACK
}

/// Whether it is the only death of its machine in that time. A start that fails once, and then never again, says little
/// of the start: whatever made the process end before it is what the requests ran into.
fn is_lone(incident: &Incident, near: &[&Incident]) -> bool {
    let deaths = near
        .iter()
        .filter(|one| is_death(one.kind) && one.computer.eq_ignore_ascii_case(&incident.computer));
    deaths.count() == 1
}

fn is_sign(sign: &str, incident: &Incident, is_lone: bool, cluster: &ClusterSignal) -> bool {
    let lag = incident.range.start.seconds() - cluster.range.start.seconds();
    let at_onset = (-ONSET..=ONSET).contains(&lag) || cluster.range.contains(incident.range.start);
    match incident.kind {
        IncidentKind::Crash { phase } | IncidentKind::Exit { phase } => match sign {
            "crash-at-onset" => at_onset && (phase != Phase::Startup || is_lone),
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
