#![doc = include_str!("slow_url.md")]

use std::collections::BTreeSet;

use daaslens_core::model::{Clean, Http, Url};
use daaslens_core::text::{counted, duration_ms, percent, shortened, visible};
use daaslens_core::{Confidence, Finding, Latency, Metric, Severity, TimeRange};

use super::{Conclusions, Rule};
use crate::correlate;
use crate::facts::Facts;
use crate::http::summary::app_sites;
use crate::zoom::{Question, Reply};

pub(super) const RULE: Rule =
    Rule { id: "slow-url", doc: include_str!("slow_url.md"), questions, conclude };

/// Fewer requests say nothing about a percentile.
const MIN_REQUESTS: u64 = 20;

/// Shares of the total time and 95th percentiles from which a path is named, and from which it is a defect.
const NAMED: (f64, u32) = (0.05, 1_000);
const DEFECT: (f64, u32) = (0.10, 5_000);

/// How much slower than all others a defect must be.
const SLOWER: u32 = 3;

/// Evidence lines of a path.
const EVIDENCE: usize = 4;

/// The most paths that are named.
const MOST: usize = 5;

struct Slow<'a> {
    url: &'a Url,
    share: f64,
    excess_ms: u64,
    p95: u32,
    others_p95: u32,
}

fn slow<'a>(http: &'a Http) -> Vec<Slow<'a>> {
    let rest = http.other_urls.map_or(0, |rest| rest.total_ms);
    let total: u64 = http.urls.iter().map(|url| url.total_ms).sum::<u64>() + rest;
    let mut slow: Vec<Slow<'a>> = http
        .urls
        .iter()
        .filter(|url| !url.long_by_nature && url.latency.count() >= MIN_REQUESTS)
        .map(|url| Slow {
            url,
            share: url.total_ms as f64 / total.max(1) as f64,
            excess_ms: excess(&url.latency),
            p95: url.latency.percentile(95.0),
            others_p95: others(http, url),
        })
        .filter(|slow| slow.share >= NAMED.0 && slow.p95 >= NAMED.1)
        .collect();
    slow.sort_by(|a, b| {
        b.url.total_ms.cmp(&a.url.total_ms).then_with(|| a.url.url.cmp(&b.url.url))
    });
    slow.truncate(MOST);
    slow
}

/// Time beyond three times the median: what the path costs more than it usually does.
fn excess(latency: &Latency) -> u64 {
    let median = u64::from(latency.percentile(50.0));
    let beyond = |(ms, n): (u32, u32)| {
        let ms = u64::from(ms);
        if ms > 3 * median { (ms - median) * u64::from(n) } else { 0 }
    };
    latency.buckets().map(beyond).sum()
}

fn others(http: &Http, own: &Url) -> u32 {
    let mut others = Latency::default();
    for url in http.urls.iter().filter(|url| url.url != own.url && !url.long_by_nature) {
        others.merge(&url.latency);
    }
    others.percentile(95.0)
}

impl Slow<'_> {
    fn is_defect(&self) -> bool {
        self.share >= DEFECT.0 && self.p95 >= DEFECT.1 && self.p95 >= SLOWER * self.others_p95
    }
}

fn questions(facts: &Facts<'_>) -> Vec<Question> {
    let Some(http) = facts.http else { return Vec::new() };
    slow(http).iter().map(|slow| Question::At(places(facts, slow.url))).collect()
}

/// Where requests of this path stand that took a second or more.
fn places(facts: &Facts<'_>, url: &Url) -> BTreeSet<(usize, u64)> {
    let all = app_sites(facts.cube).flat_map(|(_, site)| site.urls.sorted());
    let own = all
        .filter(|(template, _)| *visible(template) == *url.url)
        .filter_map(|(_, cube)| cube.slow.as_ref());
    own.flat_map(|samples| samples.places()).take(EVIDENCE).collect()
}

fn conclude(facts: &Facts<'_>, replies: &[Reply], out: &mut Conclusions) {
    let (Some(http), Some(window)) = (facts.http, facts.window) else { return };
    let slow = slow(http);
    for (slow, reply) in slow.iter().zip(replies) {
        out.findings.push(finding(facts, slow, http, window, reply));
    }
    if slow.is_empty() && http.latency.count() > 0 {
        let text = format!(
            "no path takes {} at the 95th percentile and {:.0} % of the total time of {}",
            duration_ms(u64::from(NAMED.1)),
            NAMED.0 * 100.0,
            counted(http.totals.requests, "request", "requests")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

fn finding(
    facts: &Facts<'_>,
    slow: &Slow<'_>,
    http: &Http,
    window: TimeRange,
    reply: &Reply,
) -> Finding {
    let url = slow.url;
    let severity = if slow.is_defect() { Severity::Warning } else { Severity::Info };
    let share = percent((slow.share * 100_000.0) as u64, 100_000);
    let headline = format!(
        "{} is slow: p95 {}, {share} of the time of all requests",
        shortened(&url.url, 80),
        duration_ms(u64::from(slow.p95)),
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.detail = format!(
        "Median {}, p99 {}, of {}. All other paths: p95 {}.",
        duration_ms(u64::from(url.latency.percentile(50.0))),
        duration_ms(u64::from(url.latency.percentile(99.0))),
        counted(url.requests, "request", "requests"),
        duration_ms(u64::from(slow.others_p95)),
    );
    finding.window = Some(window);
    finding.subject.url = Some(url.url.clone());
    if let [site] = http.sites.as_slice() {
        finding.subject.site = Some(site.name.clone()).filter(|name| !name.is_empty());
    }
    finding.metrics = vec![
        ("requests", Metric::Count(url.requests)),
        ("p50_ms", Metric::Millis(u64::from(url.latency.percentile(50.0)))),
        ("p95_ms", Metric::Millis(u64::from(slow.p95))),
        ("p99_ms", Metric::Millis(u64::from(url.latency.percentile(99.0)))),
        ("total_ms", Metric::Millis(url.total_ms)),
        ("share_of_time", Metric::Ratio(slow.share)),
        ("excess_ms", Metric::Millis(slow.excess_ms)),
    ];
    finding.causes = correlate::told(facts, &[("one-url", finding.headline.clone())]);
    finding.impact = url.latency.count_at_least(DEFECT.1);
    finding.advice.fix.push(format!(
        "Find what {} waits for: profile it, or log the time of each call it makes; give every call a timeout",
        shortened(&url.url, 80)
    ));
    finding.advice.collect_next.push(
        "A profiler trace (60 s) or failed request traces with a time limit while it is slow"
            .to_owned(),
    );
    finding.evidence = reply.evidence(EVIDENCE);
    finding
}
