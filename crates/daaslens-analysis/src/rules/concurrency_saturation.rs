#![doc = include_str!("concurrency_saturation.md")]

use std::collections::BTreeMap;

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_ms, duration_s, percent, thousands, visible};
use daaslens_core::{Attribution, Confidence, Finding, Metric, Severity, Subject, Time, TimeRange};

use super::{Conclusions, Rule, httperr};
use crate::correlate;
use crate::facts::Facts;
use crate::http::cube::{SiteCube, outcome_of};
use crate::http::summary::app_sites;
use crate::hypotheses::{self, Observation, State};
use crate::signals::ClusterSignal;
use crate::zoom::{Question, Reply};

pub(super) const RULE: Rule = Rule {
    id: "concurrency-saturation",
    doc: include_str!("concurrency_saturation.md"),
    questions,
    conclude,
};

/// Refusals of HTTP.sys in a burst, and of the server in a stretch, that are worth a finding.
const REFUSED: u64 = 5;

/// How many times the usual the requests in progress and their p95 are. What is refused at once is in progress for
/// no time at all and makes room: the number falls again while the limit holds.
const TIMES_IN_FLIGHT: f64 = 2.0;
const TIMES_P95: f64 = 3.0;

/// The least of either that is worth a look.
const LEAST_IN_FLIGHT: f64 = 4.0;
const LEAST_P95: u32 = 1000;

/// More requests than so many times the usual are a surge that is served, and no limit.
const MOST_SERVED: f64 = 1.5;

/// Minutes of a stretch; minutes inside of it that may look otherwise.
const LEAST_MINUTES: i64 = 5;
const MISSED: i64 = 1;

/// Minutes from which the usual is taken, and requests that such a minute has.
const USUAL_MINUTES: usize = 30;
const USUAL_REQUESTS: u64 = 5;

/// A limit: the highest number in progress of so many minutes in a row is within this share of the very highest.
const FLAT_MINUTES: usize = 4;
const FLAT: f64 = 0.9;
const FLAT_LEAST: u32 = 8;

/// Requests that were refused, of all, from which on users were failed in numbers.
const CRITICAL_SHARE: f64 = 0.05;

/// How long after the peak those are looked for that were in progress at it.
const RELEASE_SECONDS: i64 = 60;

/// Nothing began or ended for longer than this: what is in progress then says nothing of a limit.
const LONGEST_SECONDS: i64 = 86_400;

/// Lines of evidence.
const EVIDENCE: usize = 6;

/// A minute of a site.
#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    /// Requests in progress: summed over its seconds, and at most.
    in_flight: u64,
    most: u32,
    done: u64,
    p95: u32,
}

impl Minute {
    fn mean(self) -> f64 {
        self.in_flight as f64 / 60.0
    }
}

/// A stretch in which the requests in progress met a limit.
#[derive(Clone, Debug)]
struct Stretch {
    site: Vec<u8>,
    range: TimeRange,
    /// The most in progress, and when.
    peak: (u32, i64),
    /// The most in progress of a usual minute.
    usual_most: u32,
    p95: u32,
    usual_p95: u32,
    requests: u64,
    refused: u64,
    /// For how many minutes the number stood at its highest value.
    flat: usize,
}

/// The minutes of a site; `None` where they are not counted finely enough.
fn minutes(site: &SiteCube) -> Option<(BTreeMap<i64, Minute>, BTreeMap<i64, u32>)> {
    if site.latency_course.width() != 60 || site.lanes().any(|(_, lane)| lane.course.width() != 1) {
        return None;
    }
    let mut flow: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for (at, ends, starts) in site.lanes().flat_map(|(_, lane)| lane.course.cells()) {
        let cell = flow.entry(at).or_default();
        cell.0 += starts;
        cell.1 += ends;
    }
    let mut minutes: BTreeMap<i64, Minute> = BTreeMap::new();
    let mut peaks: BTreeMap<i64, u32> = BTreeMap::new();
    let mut now = 0_u32;
    let mut next = i64::MIN; // the first second that is not accounted for
    for (second, (starts, ends)) in flow {
        if now > 0 && second - next <= LONGEST_SECONDS {
            let mut at = next;
            while at < second {
                let end = (at.div_euclid(60) * 60 + 60).min(second);
                let minute = minutes.entry(at.div_euclid(60)).or_default();
                minute.in_flight += u64::from(now) * (end - at).unsigned_abs();
                minute.most = minute.most.max(now);
                at = end;
            }
        }
        now += starts;
        let minute = minutes.entry(second.div_euclid(60)).or_default();
        minute.in_flight += u64::from(now);
        minute.done += u64::from(ends);
        if now > minute.most {
            minute.most = now;
            peaks.insert(second.div_euclid(60), u32::try_from(second.rem_euclid(60)).unwrap_or(0));
        }
        now = now.saturating_sub(ends);
        next = second + 1;
    }
    for (at, latency) in site.latency_course.slots() {
        if let Some(minute) = minutes.get_mut(&at.div_euclid(60)) {
            minute.p95 = latency.percentile(95.0);
        }
    }
    Some((minutes, peaks))
}

/// The median of what is usual.
fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> Option<T> {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len() / 2).copied()
}

/// The stretches of all sites, and the sites that cannot be told.
fn stretches(facts: &Facts<'_>) -> (Vec<Stretch>, Vec<String>) {
    let mut found = Vec::new();
    let mut unchecked = Vec::new();
    for (name, site) in app_sites(facts.cube) {
        match minutes(site) {
            Some((minutes, peaks)) => of_site(name, site, &minutes, &peaks, &mut found),
            None => unchecked.push(format!(
                "concurrency-saturation: the requests of {} are counted in steps too wide for it, because the logs span \
                 so much time; analyse a shorter stretch.",
                visible(name)
            )),
        }
    }
    found.sort_by_key(|one: &Stretch| (one.range, one.site.clone()));
    (found, unchecked)
}

fn of_site(
    name: &[u8],
    site: &SiteCube,
    minutes: &BTreeMap<i64, Minute>,
    peaks: &BTreeMap<i64, u32>,
    found: &mut Vec<Stretch>,
) {
    let usual: Vec<Minute> =
        minutes.values().filter(|minute| minute.done >= USUAL_REQUESTS).copied().collect();
    if usual.len() < USUAL_MINUTES {
        return;
    }
    let of = |value: fn(&Minute) -> f64| median(usual.iter().map(value).collect()).unwrap_or(0.0);
    let in_flight = of(|minute| minute.mean());
    let most_usual = of(|minute| f64::from(minute.most));
    let (p95, done) = (of(|minute| f64::from(minute.p95)), of(|minute| minute.done as f64));
    let is_full = |minute: &Minute| {
        minute.mean() >= (TIMES_IN_FLIGHT * in_flight).max(LEAST_IN_FLIGHT)
            && f64::from(minute.p95) >= (TIMES_P95 * p95).max(f64::from(LEAST_P95))
            && minute.done as f64 <= MOST_SERVED * done
    };
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for (at, _) in minutes.iter().filter(|(_, minute)| is_full(minute)) {
        match runs.last_mut() {
            Some((_, last)) if at - *last <= MISSED + 1 => *last = *at,
            _ => runs.push((*at, *at)),
        }
    }
    for (first, last) in runs.into_iter().filter(|(first, last)| last - first + 1 >= LEAST_MINUTES)
    {
        let inside: Vec<Minute> = minutes.range(first..=last).map(|(_, minute)| *minute).collect();
        let most = inside.iter().map(|minute| minute.most).max().unwrap_or(0);
        let range =
            TimeRange::new(Time::from_seconds(first * 60), Time::from_seconds(last * 60 + 59));
        let refused = refused(site, range);
        let flat = flat(&inside, most);
        if flat < FLAT_MINUTES && refused < REFUSED {
            continue;
        }
        let peak = minutes.range(first..=last).find(|(_, minute)| minute.most == most);
        let peak = peak
            .map_or(first * 60, |(at, _)| at * 60 + i64::from(peaks.get(at).copied().unwrap_or(0)));
        found.push(Stretch {
            site: name.to_vec(),
            range,
            peak: (most, peak),
            usual_most: most_usual as u32,
            p95: inside.iter().map(|minute| minute.p95).max().unwrap_or(0),
            usual_p95: p95 as u32,
            requests: inside.iter().map(|minute| minute.done).sum(),
            refused,
            flat,
        });
    }
}

/// For how many minutes in a row the highest number in progress is that of the whole stretch, or nearly so.
fn flat(inside: &[Minute], most: u32) -> usize {
    if most < FLAT_LEAST {
        return 0;
    }
    let is_high = |minute: &Minute| f64::from(minute.most) >= FLAT * f64::from(most);
    inside.split(|minute| !is_high(minute)).map(<[Minute]>::len).max().unwrap_or(0)
}

/// Requests that were refused because a queue was full, where most 503 of the site are such.
fn refused(site: &SiteCube, range: TimeRange) -> u64 {
    let (mut full, mut all) = (0, 0);
    for (key, outcome) in site.outcomes.sorted() {
        let Some((503, substatus, _)) = outcome_of(key) else { continue };
        if outcome.range.is_some_and(|seen| seen.overlaps(range)) {
            all += outcome.requests;
            full += if (2..=4).contains(&substatus) { outcome.requests } else { 0 };
        }
    }
    if full * 2 <= all {
        return 0;
    }
    let seconds = range.start.seconds()..=range.end.seconds();
    let errors = site.lanes().flat_map(|(_, lane)| lane.course.errors());
    errors.filter(|(at, _)| seconds.contains(at)).map(|(_, errors)| u64::from(errors[2])).sum()
}

fn questions(facts: &Facts<'_>) -> Vec<Question> {
    let question = |one: &Stretch| Question::Ended {
        vantage: facts.vantage,
        site: one.site.clone(),
        instance: None,
        range: TimeRange::new(
            Time::from_seconds(one.peak.1),
            Time::from_seconds(one.peak.1 + RELEASE_SECONDS),
        ),
    };
    stretches(facts).0.iter().map(question).collect()
}

fn conclude(facts: &Facts<'_>, replies: &[Reply], out: &mut Conclusions) {
    httperr::conclude(facts, &RULE, REFUSED, out);
    let (stretches, unchecked) = stretches(facts);
    for (one, reply) in stretches.iter().zip(replies) {
        out.findings.push(finding(facts, one, reply));
    }
    if let Some(http) = facts.http
        && out.findings.is_empty()
        && unchecked.is_empty()
        && http.totals.requests > 0
    {
        let text = format!(
            "{}, never {LEAST_MINUTES} minutes at a limit of how many are in progress",
            counted(http.totals.requests, "request", "requests")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
    out.not_checked.extend(unchecked);
}

fn finding(facts: &Facts<'_>, one: &Stretch, reply: &Reply) -> Finding {
    let seconds = (one.range.seconds() + 1).unsigned_abs();
    let many = one.refused as f64 >= CRITICAL_SHARE * one.requests as f64;
    let severity =
        if one.refused >= REFUSED && many { Severity::Critical } else { Severity::Warning };
    let what = if one.refused >= REFUSED {
        format!("and {} were refused because a queue was full", thousands(one.refused))
    } else {
        "and the number met a limit".to_owned()
    };
    let headline = format!(
        "Up to {} in progress at once for {}, usually up to {}: p95 {} instead of {}, {what}",
        counted(u64::from(one.peak.0), "request", "requests"),
        duration_s(seconds),
        thousands(u64::from(one.usual_most)),
        duration_ms(u64::from(one.p95)),
        duration_ms(u64::from(one.usual_p95)),
    );
    let confidence = if one.refused >= REFUSED { Confidence::Likely } else { Confidence::Possible };
    let mut finding = Finding::new(RULE.id, severity, confidence, headline);
    finding.window = Some(one.range);
    finding.impact = one.requests;
    finding.subject = Subject {
        site: Some(visible(&one.site).into_owned()).filter(|site| !site.is_empty()),
        ..Subject::default()
    };
    finding.metrics = vec![
        ("in_flight", Metric::Count(u64::from(one.peak.0))),
        ("usual_in_flight", Metric::Count(u64::from(one.usual_most))),
        ("requests", Metric::Count(one.requests)),
        ("refused", Metric::Count(one.refused)),
        ("seconds", Metric::Count(seconds)),
    ];
    finding.detail = format!(
        "{} were answered in that time, {} of them refused. The lines below are of requests that were in progress at \
         the peak, at {}: they held the places.",
        counted(one.requests, "request", "requests"),
        percent(one.refused, one.requests),
        Time::from_seconds(one.peak.1).format("%H:%M:%S"),
    );
    let signal = ClusterSignal {
        site: one.site.clone(),
        family: None,
        range: one.range,
        requests: one.requests,
        errors: 0,
        server_errors: 0,
        usual: (0, 0),
        excess: 0,
    };
    let seen = signs(one);
    finding.causes = correlate::stall_causes(facts, &signal, &Attribution::default(), seen);
    if let Some(cause) = finding.causes.first() {
        finding.advice = hypotheses::advice(cause);
    }
    finding.evidence = reply.evidence(EVIDENCE);
    finding
}

/// What the requests themselves say about the cause.
fn signs(one: &Stretch) -> Vec<Observation> {
    let mut seen = vec![Observation {
        sign: "slow-before",
        state: State::Present,
        text: format!(
            "requests waited: p95 {}, usually {}",
            duration_ms(u64::from(one.p95)),
            duration_ms(u64::from(one.usual_p95))
        ),
    }];
    if one.flat >= FLAT_MINUTES {
        seen.push(Observation {
            sign: "in-flight-plateau",
            state: State::Present,
            text: format!(
                "the number in progress stood at about {} for {} minutes",
                thousands(u64::from(one.peak.0)),
                one.flat
            ),
        });
    }
    if one.refused >= REFUSED {
        seen.push(Observation {
            sign: "outcome-queue-full",
            state: State::Present,
            text: format!("{} were refused because a queue was full", thousands(one.refused)),
        });
    }
    seen
}
