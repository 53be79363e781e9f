#![doc = include_str!("client_aborts.md")]

use daaslens_core::model::{Clean, Http};
use daaslens_core::text::{counted, duration_ms, percent, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, TimeRange};

use super::{Conclusions, Rule};
use crate::correlate;
use crate::facts::Facts;
use crate::http::cube::is_abort;
use crate::http::summary::app_sites;
use crate::zoom::{Question, Reply};

pub(super) const RULE: Rule =
    Rule { id: "client-aborts", doc: include_str!("client_aborts.md"), questions, conclude };

/// Shares in per cent and counts from which aborts are named, and from which they are a defect.
const NAMED: (u64, u64) = (1, 20);
const DEFECT: (u64, u64) = (5, 50);

/// A visitor who gives up after this long has waited.
const WAITED_MS: u32 = 10_000;

fn are_named(http: &Http) -> bool {
    let (aborts, requests) = (http.totals.client_aborts, http.totals.requests);
    aborts >= NAMED.1 && aborts * 100 >= requests * NAMED.0
}

fn questions(facts: &Facts<'_>) -> Vec<Question> {
    if !facts.http.is_some_and(are_named) {
        return Vec::new();
    }
    let places = app_sites(facts.cube).flat_map(|(_, site)| site.aborts.places()).take(8).collect();
    vec![Question::At(places)]
}

fn conclude(facts: &Facts<'_>, replies: &[Reply], out: &mut Conclusions) {
    let (Some(http), Some(window)) = (facts.http, facts.window) else { return };
    let aborts = http.totals.client_aborts;
    if are_named(http) {
        let seen = app_sites(facts.cube)
            .fold(None, |seen, (_, site)| TimeRange::merge(seen, site.aborts.range));
        out.findings.push(finding(facts, http, seen.unwrap_or(window), replies));
    } else if http.totals.requests > 0 {
        let text = format!(
            "{} of {} given up by the client ({})",
            thousands(aborts),
            counted(http.totals.requests, "request", "requests"),
            percent(aborts, http.totals.requests)
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// The median time after which requests were given up, from the outcomes.
fn median(http: &Http) -> u32 {
    let mut medians: Vec<(u32, u64)> = http
        .outcomes
        .iter()
        .filter(|outcome| is_abort(outcome.win32))
        .filter_map(|outcome| Some((outcome.p50?, outcome.requests)))
        .collect();
    medians.sort_unstable();
    let half = medians.iter().map(|(_, n)| n).sum::<u64>() / 2;
    let mut seen = 0;
    medians
        .into_iter()
        .find(|(_, n)| {
            seen += n;
            seen > half
        })
        .map_or(0, |(ms, _)| ms)
}

fn finding(facts: &Facts<'_>, http: &Http, window: TimeRange, replies: &[Reply]) -> Finding {
    let (aborts, requests) = (http.totals.client_aborts, http.totals.requests);
    let median = median(http);
    let defect = aborts >= DEFECT.1 && aborts * 100 >= requests * DEFECT.0 && median >= WAITED_MS;
    let severity = if defect { Severity::Warning } else { Severity::Info };
    let headline = format!(
        "Clients gave up {} of {} ({}), half of them after {} or more",
        thousands(aborts),
        counted(requests, "request", "requests"),
        percent(aborts, requests),
        duration_ms(u64::from(median))
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.window = Some(window);
    finding.metrics = vec![
        ("count", Metric::Count(aborts)),
        ("requests", Metric::Count(requests)),
        ("cutoffs", Metric::Count(http.totals.cutoffs)),
        ("p50_ms", Metric::Millis(u64::from(median))),
    ];
    finding.causes = correlate::told(facts, &[("many-aborts", finding.headline.clone())]);
    finding.impact = aborts;
    if defect {
        finding.advice.fix.push("Look at the slow paths first: those who wait give up".to_owned());
    }
    finding.evidence = replies.iter().flat_map(|reply| reply.evidence(4)).take(4).collect();
    finding
}
