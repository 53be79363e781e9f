//! What happened around the onset of a cluster, on one clock: the observations from which causes are ranked.

use daaslens_core::text::{counted, duration_s, percent, shortened, thousands, visible};
use daaslens_core::{Attribution, Cause, Evidence, Kind, Time, TimeRange};
use daaslens_eventlog::{Incident, IncidentKind, Phase};
use daaslens_phplog::Class;
use daaslens_stats::poisson;

use crate::crashes::Group;
use crate::facts::Facts;
use crate::http::summary::app_sites;
use crate::hypotheses::{self, Observation, State};
use crate::records::php::Group as PhpGroup;
use crate::records::platform;
use crate::rules;
use crate::signals::ClusterSignal;
use crate::zoom::Reply;

/// How far around a window an incident may lie to belong to it: a start may take two minutes, and a line is logged
/// when its request ends.
const BEFORE: i64 = 120;
const AFTER: i64 = 30;

/// How near to the onset a crash is that caused it.
const ONSET: i64 = 15;

/// A deployment this long before the onset is a suspect.
const DEPLOYED: i64 = 600;

/// The share of the failures that makes an outcome theirs.
const MOST: f64 = 0.5;

/// What is looked at, collected.
struct Looking<'a> {
    facts: &'a Facts<'a>,
    seen: Vec<Observation>,
}

impl Looking<'_> {
    fn add(&mut self, sign: &'static str, state: State, text: String) {
        self.seen.push(Observation { sign, state, text });
    }

    fn present(&mut self, sign: &'static str, text: String) {
        self.add(sign, State::Present, text);
    }

    fn absent(&mut self, sign: &'static str, text: String) {
        self.add(sign, State::Absent, text);
    }
}

/// The causes of a cluster, best first.
pub(crate) fn causes(
    facts: &Facts<'_>,
    cluster: &ClusterSignal,
    reply: &Reply,
    attribution: &Attribution,
) -> Vec<Cause> {
    let mut looking = Looking { facts, seen: Vec::new() };
    outcomes(&mut looking, reply);
    shape(&mut looking, cluster, reply, attribution);
    traffic(&mut looking, cluster);
    events(&mut looking, cluster, attribution);
    php(&mut looking, cluster, attribution);
    deployments(&mut looking, cluster);
    sessions(&mut looking, cluster);
    hypotheses::rank(&looking.seen, &sources(facts))
}

/// The causes of a stall, best first: `seen` is what its requests show, the rest lies beside them.
pub(crate) fn stall_causes(
    facts: &Facts<'_>,
    stall: &ClusterSignal,
    attribution: &Attribution,
    seen: Vec<Observation>,
) -> Vec<Cause> {
    let mut looking = Looking { facts, seen };
    events(&mut looking, stall, attribution);
    deployments(&mut looking, stall);
    sessions(&mut looking, stall);
    hypotheses::rank(&looking.seen, &sources(facts))
}

/// What the lag of an event is counted from.
fn onset(cluster: &ClusterSignal) -> &'static str {
    if cluster.errors == 0 { "last answer" } else { "first failure" }
}

/// The kinds of sources that the bundle holds, in the words of the hypotheses.
fn sources(facts: &Facts<'_>) -> Vec<&'static str> {
    let mut sources = Vec::new();
    for (present, word) in [
        (facts.http.is_some(), "http"),
        (facts.records.events.files > 0, "events"),
        (facts.records.php.sources > 0, "php"),
        (facts.has(Kind::Deployment), "deployments"),
        (facts.has(Kind::Session), "sessions"),
    ] {
        if present {
            sources.push(word);
        }
    }
    sources
}

/// Whether a status, substatus and reduced win32 status are an outcome.
type IsOutcome = fn(u16, u32, u64) -> bool;

/// Outcomes that say by themselves what happened.
const OUTCOMES: [(&str, IsOutcome); 9] = [
    ("outcome-backend-gone", |status, sub, win32| {
        status == 502 && sub == 3 && matches!(win32, 12029..=12031 | 12152 | 109)
            || status == 500 && sub == 1013 && win32 == 109
    }),
    ("outcome-backend-timeout", |status, sub, win32| {
        status == 502 && sub == 3 && matches!(win32, 12002 | 1460)
            || status == 500 && sub == 0 && win32 == 258
    }),
    ("outcome-process-died", |status, sub, win32| {
        status == 500 && (sub == 0 && win32 == 255 || matches!(sub, 1000 | 1002))
    }),
    ("outcome-queue-full", |status, sub, _| {
        status == 503 && (2..=4).contains(&sub) || status == 500 && sub == 13
    }),
    ("outcome-start-failure", |status, sub, _| {
        status == 500 && (30..=38).contains(&sub) || status == 502 && sub == 5
    }),
    ("outcome-recycling", |status, sub, _| {
        status == 503 && matches!(sub, 0 | 1001) || status == 500 && matches!(sub, 11 | 12)
    }),
    ("outcome-front-end-timeout", |status, sub, _| status == 500 && sub == 121),
    ("outcome-app-error", |status, sub, win32| status == 500 && sub == 0 && win32 == 0),
    ("outcome-rewrite-or-config", |status, sub, _| {
        status == 500 && (sub == 19 || (50..=53).contains(&sub))
    }),
];

fn outcomes(looking: &mut Looking<'_>, reply: &Reply) {
    let outcomes = reply.outcomes();
    let all: u64 = outcomes.iter().map(|(_, n)| n).sum();
    for (sign, is) in &OUTCOMES {
        let own: Vec<&((u16, u32, u64), u64)> = outcomes
            .iter()
            .filter(|((status, sub, win32), _)| is(*status, *sub, daaslens_kb::win32_of(*win32)))
            .collect();
        let n: u64 = own.iter().map(|(_, n)| n).sum();
        if n as f64 >= MOST * all as f64 && n > 0 {
            let ((status, sub, win32), _) = own[0];
            let words = daaslens_kb::outcome(*status, *sub, *win32).words;
            let win32 = daaslens_kb::win32_of(*win32);
            looking.present(
                sign,
                format!(
                    "{} of {} failures end as {status}.{sub}.{win32}: {words}",
                    thousands(n),
                    thousands(all)
                ),
            );
        } else {
            looking.absent(sign, String::new());
        }
    }
}

fn shape(
    looking: &mut Looking<'_>,
    cluster: &ClusterSignal,
    reply: &Reply,
    attribution: &Attribution,
) {
    let factor =
        |dimension: &str| attribution.factors.iter().find(|factor| factor.dimension == dimension);
    let several = reply.dimensions.get("instance").is_some_and(|values| values.sorted().len() > 1);
    match factor("instance") {
        Some(one) => looking.present(
            "one-instance",
            format!(
                "{} of {} failures are on instance {}",
                thousands(one.failing.0),
                thousands(one.failing.1),
                one.value
            ),
        ),
        None if several => {
            looking.absent(
                "one-instance",
                "the failures are spread over the instances like the traffic".to_owned(),
            );
            looking.present("all-instances-alike", "all instances fail alike".to_owned());
        }
        None => {}
    }
    match factor("url") {
        Some(one) => looking.present(
            "one-url",
            format!(
                "{} of {} failures are of {}",
                thousands(one.failing.0),
                thousands(one.failing.1),
                shortened(&one.value, 80)
            ),
        ),
        None => looking.absent("one-url", "no path stands out among the failures".to_owned()),
    }
    match factor("client") {
        Some(one) => looking.present(
            "one-client",
            format!(
                "{} of {} failures are of one client, {}",
                thousands(one.failing.0),
                thousands(one.failing.1),
                one.value
            ),
        ),
        None => looking.absent("one-client", String::new()),
    }
    if attribution.factors.is_empty() {
        looking.present(
            "app-wide",
            "nothing sets the failing requests apart from the answered ones".to_owned(),
        );
    }
    let total = reply.total;
    if total.answered * 50 <= total.failing && total.failing >= 5 {
        looking.present(
            "all-dynamic-fail",
            format!(
                "{} of {} requests of the application failed",
                thousands(total.failing),
                thousands(total.failing + total.answered)
            ),
        );
    } else {
        let text = format!(
            "{} of the application were answered meanwhile ({})",
            counted(total.answered, "request", "requests"),
            percent(total.answered, total.failing + total.answered)
        );
        looking.absent("all-dynamic-fail", text);
    }
    let _ = cluster;
}

/// Requests per minute, and slowness, before and in the window.
fn traffic(looking: &mut Looking<'_>, cluster: &ClusterSignal) {
    let facts = looking.facts;
    let Some((_, site)) = app_sites(facts.cube).find(|(name, _)| *name == cluster.site.as_slice())
    else {
        return;
    };
    let (start, end) = (cluster.range.start.seconds(), cluster.range.end.seconds());
    let mut before = 0u64;
    let mut onset = 0u64;
    for lane in site.lanes.values() {
        for (at, _, starts) in lane.course.cells() {
            if (start - 1800..start - 300).contains(&at) {
                before += u64::from(starts);
            } else if (start - 300..=start.max(end.min(start + 60))).contains(&at) {
                onset += u64::from(starts);
            }
        }
    }
    let before_rate = before as f64 / 25.0;
    let onset_rate = onset as f64 / ((end.min(start + 60) - start + 301) as f64 / 60.0);
    if before >= 25 {
        if onset_rate >= 2.0 * before_rate {
            looking.present(
                "traffic-rise",
                format!("{onset_rate:.0} requests a minute around the onset, {before_rate:.0} in the half hour before"),
            );
        } else {
            looking.absent(
                "traffic-rise",
                format!("traffic was as usual: {onset_rate:.0} requests a minute around the onset, {before_rate:.0} before"),
            );
        }
    }
    let mut slots = daaslens_core::Latency::default();
    for (at, slot) in site.latency_course.slots() {
        if start - 300 < at + site.latency_course.width() && at < start {
            slots.merge(slot);
        }
    }
    let mut calm = daaslens_core::Latency::default();
    for (at, slot) in site.latency_course.slots() {
        if at + site.latency_course.width() < start - 900 {
            calm.merge(slot);
        }
    }
    if slots.count() >= 20 && calm.count() >= 100 {
        let (now, usual) = (slots.percentile(95.0), calm.percentile(95.0).max(1));
        let text = |what: &str| {
            format!(
                "{what}: p95 {} in the five minutes before the onset, {} before that",
                daaslens_core::text::duration_ms(u64::from(now)),
                daaslens_core::text::duration_ms(u64::from(usual))
            )
        };
        if now >= 3 * usual && now >= 500 {
            looking.present("slow-before", text("requests grew slow first"));
        } else {
            looking.absent("slow-before", text("requests were not slow before"));
        }
    }
}

/// The incidents that belong to a cluster: around its window, on its instance where that is known.
pub(crate) fn incidents<'a>(
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

fn events(looking: &mut Looking<'_>, cluster: &ClusterSignal, attribution: &Attribution) {
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
            let signature = crate::signature::of_exception(text, incident.code);
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

fn php(looking: &mut Looking<'_>, cluster: &ClusterSignal, attribution: &Attribution) {
    let facts = looking.facts;
    let php = &facts.records.php;
    let pages =
        attribution.factors.iter().any(|factor| factor.value.to_ascii_lowercase().contains(".php"))
            || facts.http.is_some_and(|http| {
                http.urls.iter().any(|url| url.url.to_ascii_lowercase().ends_with(".php"))
            });
    if php.sources > 0 || pages {
        looking.present("php-site", String::new());
    } else {
        looking.absent("php-site", String::new());
    }
    if php.sources == 0 {
        return;
    }
    let window = TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - 5),
        Time::from_seconds(cluster.range.end.seconds() + 5),
    );
    let url = attribution
        .factors
        .iter()
        .find(|factor| factor.dimension == "url")
        .map(|one| one.value.to_ascii_lowercase());
    let mut fatals = 0;
    let mut same = 0;
    let mut leading: Option<(u64, String)> = None;
    for (signature, group) in php.groups.iter().filter(|(_, group)| rules::is_fatal(group)) {
        let n = group.within(window);
        fatals += n;
        if n > leading.as_ref().map_or(0, |(most, _)| *most) {
            leading = Some((n, signature.to_string()));
        }
        let file = signature
            .file
            .as_ref()
            .map(|file| format!("/{}", file.trim_start_matches('/').to_ascii_lowercase()));
        if let (Some(url), Some(file)) = (&url, &file)
            && (file.ends_with(url.as_str()) || url.ends_with(file.as_str()))
        {
            same += n;
        }
    }
    let what = leading
        .as_ref()
        .map_or_else(String::new, |(_, text)| format!(", most of them: {}", shortened(text, 140)));
    if fatals * 3 >= cluster.errors && fatals >= 3 {
        looking.present(
            "php-fatal-same-window",
            format!(
                "{} beside {}{what}",
                counted(fatals, "PHP fatal error", "PHP fatal errors"),
                counted(cluster.errors, "failure", "failures")
            ),
        );
    } else {
        looking.absent(
            "php-fatal-same-window",
            format!("{} in the PHP log meanwhile", counted(fatals, "fatal error", "fatal errors")),
        );
    }
    if same * 3 >= cluster.errors && same >= 3 {
        looking.present(
            "php-fatal-same-url",
            format!("{} of them in the file of that path", thousands(same)),
        );
    }
    for (sign, is) in [
        (
            "php-memory",
            (|class: &Class| matches!(class, Class::Memory { .. } | Class::OutOfMemory { .. }))
                as fn(&Class) -> bool,
        ),
        ("php-time-limit", |class| matches!(class, Class::TimeLimit { .. })),
        ("php-database", |class| matches!(class, Class::Database { .. })),
        ("php-include-missing", |class| matches!(class, Class::Include | Class::MissingSymbol)),
        ("php-startup-error", |class| matches!(class, Class::Extension | Class::Startup)),
    ] {
        let n: u64 = php
            .groups
            .values()
            .filter(|group: &&PhpGroup| group.class.as_ref().is_some_and(is))
            .map(|group| group.within(window))
            .sum();
        if n >= 3 && n * 10 >= cluster.errors {
            let word = php
                .groups
                .values()
                .find_map(|group| group.class.as_ref().filter(|class| is(class)).map(Class::word));
            looking.present(
                sign,
                format!("{} \u{d7} {} in the PHP log", thousands(n), word.unwrap_or_default()),
            );
        }
    }
}

fn deployments(looking: &mut Looking<'_>, cluster: &ClusterSignal) {
    let facts = looking.facts;
    let deployments = &facts.records.platform.deployments;
    if !facts.has(Kind::Deployment) {
        looking.add(
            "deployment-just-before",
            State::Unknown,
            "deployments: the bundle holds no records of them".to_owned(),
        );
        return;
    }
    let start = cluster.range.start.seconds();
    let before = platform::last_before(deployments, cluster.range.start)
        .filter(|one| start - one.range.end.seconds() <= DEPLOYED);
    match before {
        Some(one) => {
            let minutes =
                facts.window.map_or(60.0, |window| (window.seconds() as f64 / 60.0).max(60.0));
            let rate = deployments.len() as f64 / minutes;
            let chance = poisson::coincidence(rate, DEPLOYED as f64 / 60.0);
            let lag = (start - one.range.end.seconds()).max(0) as u64;
            looking.present(
                "deployment-just-before",
                format!(
                    "deployment {} ended {}, {} before the {}; chance of coincidence {}",
                    shortened(&one.id, 12),
                    one.range.end.format("%H:%M:%S"),
                    duration_s(lag),
                    onset(cluster),
                    percent((chance * 1000.0).round() as u64, 1000)
                ),
            );
        }
        None => looking.absent(
            "deployment-just-before",
            format!("no deployment ended in the {} before it", duration_s(DEPLOYED as u64)),
        ),
    }
}

fn sessions(looking: &mut Looking<'_>, cluster: &ClusterSignal) {
    let facts = looking.facts;
    let near = TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - 60),
        Time::from_seconds(cluster.range.start.seconds() + 10),
    );
    let freezing = |tool: &str| {
        ["dump", "profil", "stack", "jmap"]
            .iter()
            .any(|word| tool.to_ascii_lowercase().contains(word))
    };
    if let Some(session) = facts
        .records
        .platform
        .sessions
        .iter()
        .find(|one| one.range.overlaps(near) && freezing(&one.tool))
    {
        looking.present(
            "dump-or-profiler-at-onset",
            format!(
                "session {} ({}) ran from {}",
                session.id,
                session.tool,
                session.range.start.format("%H:%M:%S")
            ),
        );
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

/// The causes of what is told by a few signs alone: each with the sentence that says so.
pub(crate) fn told(facts: &Facts<'_>, signs: &[(&'static str, String)]) -> Vec<Cause> {
    let seen: Vec<Observation> = signs
        .iter()
        .map(|(sign, text)| Observation { sign, state: State::Present, text: text.clone() })
        .collect();
    hypotheses::rank(&seen, &sources(facts))
}
