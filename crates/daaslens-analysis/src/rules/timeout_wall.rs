#![doc = include_str!("timeout_wall.md")]

use std::collections::BTreeMap;

use daaslens_core::model::{Clean, Http};
use daaslens_core::text::{counted, duration_s, thousands, visible};
use daaslens_core::{
    Attribution, Confidence, Factor, Finding, Metric, PartKind, Severity, TimeRange,
};
use daaslens_stats::ratio::Table;
use daaslens_stats::wall::{self, Wall};

use super::{Conclusions, Rule};
use crate::correlate;
use crate::facts::Facts;
use crate::http::samples::Samples;
use crate::http::summary::app_sites;
use crate::zoom::{Question, Reply};

pub(super) const RULE: Rule =
    Rule { id: "timeout-wall", doc: include_str!("timeout_wall.md"), questions, conclude };

/// From how many requests on a wall is a defect.
const CUTOFFS: u64 = 5;
const AT_LIMIT: u64 = 20;

/// Piles of durations of all paths that are not long by nature.
fn walls(http: &Http) -> Vec<Wall> {
    let mut seconds = vec![0u64; 260];
    for url in http.urls.iter().filter(|url| !url.long_by_nature) {
        for (ms, n) in url.latency.buckets() {
            // Buckets are narrower than a second up to two minutes; beyond they are at most four seconds wide.
            if let Some(count) = seconds.get_mut((ms / 1000) as usize) {
                *count += u64::from(n);
            }
        }
    }
    // The front end's limit is told by aborts and by its own substatus, and is said once.
    wall::walls(&seconds).into_iter().filter(|wall| wall.limit_seconds < 200).collect()
}

/// The requests at a limit, of all sites.
fn at(facts: &Facts<'_>, limit: u32) -> Samples {
    let mut all = Samples::default();
    for (_, site) in app_sites(facts.cube) {
        if let Some(samples) = site.at_limit.get(&limit) {
            all.merge(samples.clone());
        }
    }
    all
}

/// The requests that the front end cut off, of all sites.
fn cut(facts: &Facts<'_>) -> Samples {
    let mut all = Samples::default();
    for (_, site) in app_sites(facts.cube) {
        all.merge(site.cut_off.clone());
    }
    all
}

fn questions(facts: &Facts<'_>) -> Vec<Question> {
    let Some(http) = facts.http else { return Vec::new() };
    let mut samples: Vec<Samples> =
        walls(http).iter().map(|wall| at(facts, wall.limit_seconds)).collect();
    samples.push(cut(facts));
    samples.iter().map(|samples| Question::At(samples.places().collect())).collect()
}

fn conclude(facts: &Facts<'_>, replies: &[Reply], out: &mut Conclusions) {
    let (Some(http), Some(window)) = (facts.http, facts.window) else { return };
    let walls = walls(http);
    let mut replies = replies.iter();
    for (wall, reply) in walls.iter().zip(&mut replies) {
        let seen = at(facts, wall.limit_seconds).range.unwrap_or(window);
        out.findings.push(at_limit(wall, http, seen, reply));
    }
    if http.totals.cutoffs > 0 {
        let mut finding = cut_off(facts, http, cut(facts).range.unwrap_or(window));
        finding.evidence = replies.next().map_or_else(Vec::new, |reply| reply.evidence(6));
        out.findings.push(finding);
    } else if walls.is_empty() && http.latency.count() > 0 {
        let text = format!(
            "no pile of durations at a common limit, and none of {} was cut off at 230 s",
            counted(http.totals.requests, "request", "requests")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// The path of which most cut-off requests are, if there is one.
fn blamed(facts: &Facts<'_>) -> Option<Factor> {
    let mut urls: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (_, site) in app_sites(facts.cube) {
        for (url, cube) in site.urls.sorted() {
            let row = urls.entry(visible(url).into_owned()).or_default();
            row.0 += cube.cut_off;
            row.1 += cube.requests;
        }
    }
    let (cut, requests) = urls.values().fold((0, 0), |all, row| (all.0 + row.0, all.1 + row.1));
    let (url, (own, of)) =
        urls.into_iter().max_by_key(|(url, row)| (row.0, std::cmp::Reverse(url.clone())))?;
    if own < CUTOFFS || own * 4 < cut * 3 {
        return None;
    }
    let table = Table {
        with_failed: own,
        with_fine: of - own,
        without_failed: cut - own,
        without_fine: (requests - of) - (cut - own),
    };
    Some(Factor {
        dimension: "url",
        value: url,
        kind: PartKind::Path,
        failing: (own, cut),
        answered: (of - own, requests - cut),
        risk_ratio_low: table.risk_ratio().low,
        excess_share: table.excess_share(),
    })
}

fn at_limit(wall: &Wall, http: &Http, window: TimeRange, reply: &Reply) -> Finding {
    let severity = if wall.requests >= AT_LIMIT { Severity::Warning } else { Severity::Info };
    let headline = format!(
        "{} of {} end at {}, like at a limit",
        thousands(wall.requests),
        counted(http.totals.requests, "request", "requests"),
        duration_s(u64::from(wall.limit_seconds))
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Possible, headline);
    finding.window = Some(window);
    finding.metrics = vec![
        ("count", Metric::Count(wall.requests)),
        ("requests", Metric::Count(http.totals.requests)),
        ("limit_ms", Metric::Millis(u64::from(wall.limit_seconds) * 1000)),
    ];
    finding.impact = wall.requests;
    finding.advice.fix.push(
        "Find whose limit it is (database command, HTTP client, FastCGI, request queue) and what does not answer in time"
            .to_owned(),
    );
    finding.evidence = reply.evidence(4);
    finding
}

fn cut_off(facts: &Facts<'_>, http: &Http, window: TimeRange) -> Finding {
    let cutoffs = http.totals.cutoffs;
    let together: u64 =
        app_sites(facts.cube).flat_map(|(_, site)| site.cancelled_together()).map(|(_, n)| n).sum();
    let severity = if cutoffs >= CUTOFFS { Severity::Warning } else { Severity::Info };
    let headline = format!(
        "{} of {} were cut off before they were answered",
        thousands(cutoffs),
        counted(http.totals.requests, "request", "requests")
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.detail = format!(
        "{} at the front end's limit of some 230 s; {} cancelled together with those of other clients.",
        thousands(cutoffs - together.min(cutoffs)),
        thousands(together)
    );
    let mut signs = vec![("outcome-front-end-timeout", finding.headline.clone())];
    if let Some(factor) = blamed(facts) {
        finding.subject.url = Some(factor.value.clone());
        signs.push((
            "one-url",
            format!("{} of {} of them are of {}", factor.failing.0, factor.failing.1, factor.value),
        ));
        finding.attribution = Some(Attribution { factors: vec![factor], even: Vec::new() });
    }
    finding.causes = correlate::told(facts, &signs);
    finding.window = Some(window);
    finding.metrics =
        vec![("count", Metric::Count(cutoffs)), ("requests", Metric::Count(http.totals.requests))];
    finding.impact = cutoffs;
    finding.advice.mitigate.push(
        "Auto-heal by slow requests (more than 180 s); a rule by status does not see what the front end cuts off".to_owned(),
    );
    finding.advice.fix.push(
        "Answer within 230 s: move long work to the background and let the client ask for its result".to_owned(),
    );
    finding
}
