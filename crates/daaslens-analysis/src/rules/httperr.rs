//! Findings from HTTP.sys's error log: what it refused or lost, under the rule that each reason belongs to.

use daaslens_core::text::{counted, duration_s, percent, thousands, visible};
use daaslens_core::{Attribution, Cause, Confidence, Finding, Metric, Severity, TimeRange};

use super::{Conclusions, Rule};
use crate::correlate;
use crate::facts::Facts;
use crate::http::summary::app_sites;
use crate::hypotheses;
use crate::records::httperr::Burst;
use crate::signals::ClusterSignal;

/// Findings of one rule; the largest bursts.
const MOST: usize = 10;

/// From this share of what came in on, for [`CRITICAL_SECONDS`], users were failed in numbers.
const CRITICAL_SHARE: f64 = 0.05;
const CRITICAL_SECONDS: i64 = 60;

/// From so many on where no log of the server covers the time.
const CRITICAL_COUNT: u64 = 20;

/// The bursts of a rule's reasons, from `least` records on.
pub(super) fn conclude(facts: &Facts<'_>, rule: &Rule, least: u64, out: &mut Conclusions) {
    let mut bursts = facts.records.httperr.bursts(rule.id);
    bursts.retain(|burst| burst.count >= least);
    bursts.sort_by_key(|burst| (std::cmp::Reverse(burst.count), burst.range));
    out.findings.extend(bursts.iter().take(MOST).map(|burst| finding(facts, rule, burst)));
}

/// Requests in the server's own log meanwhile; `None` where it does not cover the time.
fn logged(facts: &Facts<'_>, range: TimeRange) -> Option<u64> {
    let seen = facts.http.and_then(|http| http.range)?;
    if range.start < seen.start || seen.end < range.end {
        return None;
    }
    let seconds = range.start.seconds()..=range.end.seconds();
    let lanes = app_sites(facts.cube).flat_map(|(_, site)| site.lanes().map(|(_, lane)| lane));
    let cells = lanes.flat_map(|lane| lane.course.cells());
    Some(cells.filter(|(at, ..)| seconds.contains(at)).map(|(_, ends, _)| u64::from(ends)).sum())
}

fn finding(facts: &Facts<'_>, rule: &Rule, burst: &Burst<'_>) -> Finding {
    let (lead, _) = burst.reasons[0];
    let seconds = burst.range.seconds() + 1;
    let logged = logged(facts, burst.range);
    let many = match logged {
        Some(logged) => burst.count as f64 >= CRITICAL_SHARE * (burst.count + logged) as f64,
        None => burst.count >= CRITICAL_COUNT,
    };
    let severity = match rule.id {
        // Rapid-fail protection: the site is off until somebody starts it.
        "crash-loop" => Severity::Critical,
        "process-recycle" if burst.count < 5 => Severity::Info,
        "process-recycle" => Severity::Warning,
        _ if many && seconds >= CRITICAL_SECONDS => Severity::Critical,
        _ => Severity::Warning,
    };
    let title = lead.about.title;
    let headline = format!(
        "{} \u{d7} {} of HTTP.sys within {}: {}{}",
        thousands(burst.count),
        lead.reason,
        duration_s(seconds.max(1).unsigned_abs()),
        title[..1].to_lowercase(),
        &title[1..],
    );
    let mut finding = Finding::new(rule.id, severity, Confidence::Likely, headline);
    finding.window = Some(burst.range);
    finding.impact = burst.count;
    if let [queue] = burst.queues.as_slice() {
        finding.subject.site = Some(visible(queue).into_owned());
    }
    finding.metrics = vec![
        ("count", Metric::Count(burst.count)),
        ("seconds", Metric::Count(seconds.max(0).unsigned_abs())),
    ];
    let others: Vec<String> = burst
        .reasons
        .iter()
        .skip(1)
        .map(|(known, n)| {
            format!("{} \u{d7} {} ({})", thousands(*n), known.reason, known.about.title)
        })
        .collect();
    let mut detail = vec![lead.about.means.to_owned()];
    if !others.is_empty() {
        detail.push(format!("Among them: {}.", others.join("; ")));
    }
    detail.push(match logged {
        Some(logged) => {
            finding.metrics.push(("requests", Metric::Count(logged)));
            format!(
                "They never reached the server's own log, which has {} in the same time: {} of all that came in.",
                counted(logged, "request", "requests"),
                percent(burst.count, burst.count + logged)
            )
        }
        None => "No log of the server's own covers that time, so that their share is not known.".to_owned(),
    });
    finding.detail = detail.join(" ");
    finding.causes = causes(facts, burst);
    if let Some(cause) = finding.causes.first() {
        finding.advice = hypotheses::advice(cause);
    }
    let known = lead.about.advice.iter().map(|line| (*line).to_owned());
    finding.advice.fix.splice(0..0, known);
    finding.evidence.clone_from(&burst.evidence);
    finding
}

/// What its reasons are a sign of, held against what else stands on the clock.
fn causes(facts: &Facts<'_>, burst: &Burst<'_>) -> Vec<Cause> {
    let signal = ClusterSignal {
        site: Vec::new(),
        family: None,
        range: burst.range,
        requests: burst.count,
        errors: burst.count,
        server_errors: burst.count,
        usual: (0, 0),
        excess: burst.count,
    };
    correlate::stall_causes(facts, &signal, &Attribution::default(), Vec::new())
}
