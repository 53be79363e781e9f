//! What happened around the onset of a cluster, on one clock: the observations from which causes are ranked.

mod cpu;
mod dumps;
mod events;
mod httperr;

use daaslens_core::text::{counted, duration_s, percent, shortened, thousands};
use daaslens_core::{Attribution, Cause, Kind, Time, TimeRange};
use daaslens_phplog::Class;
use daaslens_stats::poisson;

use crate::facts::Facts;
use crate::http::summary::app_sites;
use crate::hypotheses::{self, Observation, State};
use crate::records::php::Group as PhpGroup;
use crate::records::platform;
use crate::rules;
use crate::signals::ClusterSignal;
use crate::zoom::Reply;

pub(crate) use events::{crash_causes, evidence};
pub(crate) use httperr::refusals;

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

/// The causes of a cluster, best first; `seen` is what is known of it already.
pub(crate) fn causes(
    facts: &Facts<'_>,
    cluster: &ClusterSignal,
    reply: &Reply,
    attribution: &Attribution,
    seen: Vec<Observation>,
) -> Vec<Cause> {
    let mut looking = Looking { facts, seen };
    outcomes(&mut looking, reply);
    shape(&mut looking, cluster, reply, attribution);
    traffic(&mut looking, cluster);
    httperr::look(&mut looking, cluster);
    events::look(&mut looking, cluster, attribution);
    php(&mut looking, cluster, attribution);
    deployments(&mut looking, cluster);
    sessions(&mut looking, cluster);
    cpu::look(&mut looking, cluster);
    dumps::look(&mut looking, cluster);
    hypotheses::rank(&looking.seen, &sources(facts))
}

/// The causes of a stretch of time in which requests waited or were refused, best first: `seen` is what they show,
/// the rest lies beside them.
pub(crate) fn stall_causes(
    facts: &Facts<'_>,
    stall: &ClusterSignal,
    attribution: &Attribution,
    seen: Vec<Observation>,
) -> Vec<Cause> {
    let mut looking = Looking { facts, seen };
    httperr::look(&mut looking, stall);
    events::look(&mut looking, stall, attribution);
    deployments(&mut looking, stall);
    sessions(&mut looking, stall);
    cpu::look(&mut looking, stall);
    dumps::look(&mut looking, stall);
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
        (facts.records.httperr.sources > 0, "http-sys"),
        (facts.records.events.files > 0, "events"),
        (facts.records.php.sources > 0, "php"),
        (facts.has(Kind::Deployment), "deployments"),
        (facts.records.platform.shows_disturbances(), "sessions"),
        (
            !facts.records.platform.cpu.processes.is_empty()
                || !facts.records.metrics.series.is_empty(),
            "metrics",
        ),
        (!facts.records.dumps.list.is_empty(), "dumps"),
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

/// What an outcome says by itself, where it does.
pub(crate) fn outcome_sign(status: u16, substatus: u32, win32: u64) -> Option<&'static str> {
    let win32 = daaslens_kb::win32_of(win32);
    OUTCOMES.iter().find(|(_, is)| is(status, substatus, win32)).map(|(sign, _)| *sign)
}

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
    for lane in site.lanes().map(|(_, lane)| lane) {
        for (at, _, starts) in lane.course.cells() {
            if (start - 1800..start - 300).contains(&at) {
                before += u64::from(starts);
            } else if (start - 300..=start.max(end.min(start + 60))).contains(&at) {
                onset += u64::from(starts);
            }
        }
    }
    // A log that begins in that half hour has fewer minutes to compare with.
    let first =
        site.lanes().filter_map(|(_, lane)| lane.range).map(|range| range.start.seconds()).min();
    let compared = start - 300 - first.unwrap_or(start).max(start - 1800);
    let before_rate = before as f64 / (compared.max(60) as f64 / 60.0);
    let onset_rate = onset as f64 / ((end.min(start + 60) - start + 301) as f64 / 60.0);
    if before >= 25 && compared >= 300 {
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
    let platform = &facts.records.platform;
    match platform.disturbance(near) {
        Some(text) => looking.present("dump-or-profiler-at-onset", text),
        None if platform.shows_disturbances() => looking.absent(
            "dump-or-profiler-at-onset",
            "no dump and no profile was being made then".to_owned(),
        ),
        None => {}
    }
}

/// The causes of what is told by a few signs alone: each with the sentence that says so.
pub(crate) fn told(facts: &Facts<'_>, signs: &[(&'static str, String)]) -> Vec<Cause> {
    let seen: Vec<Observation> = signs
        .iter()
        .map(|(sign, text)| Observation { sign, state: State::Present, text: text.clone() })
        .collect();
    hypotheses::rank(&seen, &sources(facts))
}
