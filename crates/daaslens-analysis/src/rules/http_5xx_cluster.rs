#![doc = include_str!("http_5xx_cluster.md")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use daaslens_core::finding::{Closeup, CloseupRow};
use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_ms, duration_s, percent, thousands, visible};
use daaslens_core::{
    Attribution, Confidence, Factor, Finding, Metric, PartKind, Severity, Subject, Time, TimeRange,
};
use daaslens_stats::ratio::{self, Table};

use super::{Conclusions, Rule};
use crate::correlate;
use crate::facts::Facts;
use crate::http::cube::is_front_end_timeout;
use crate::http::{agent, trouble};
use crate::hypotheses::{self, Observation, State};
use crate::keys::{Keys, Merge as _};
use crate::signals::{ClusterSignal, Unseen};
use crate::zoom::{Question, Reply, Split};

pub(super) const RULE: Rule =
    Rule { id: "http-5xx-cluster", doc: include_str!("http_5xx_cluster.md"), questions, conclude };

/// From this share of failing requests on, for at least [`CRITICAL_SECONDS`], a cluster is critical.
const CRITICAL_SHARE: f64 = 0.05;
const CRITICAL_SECONDS: i64 = 60;

/// Sentences of advice on how to mend it.
const ADVICE: usize = 5;

/// Evidence lines of a cluster, and events beside them.
const EVIDENCE: usize = 6;
const EVENTS: usize = 4;

/// Bins of a close-up, and the widths that they may have.
const CLOSEUP_BINS: i64 = 160;
const CLOSEUP_WIDTHS: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 86_400];

/// Instances that a close-up shows.
const CLOSEUP_ROWS: usize = 6;

/// What is asked about the failing requests, in the order in which it is shown.
const DIMENSIONS: [(&str, PartKind); 6] = [
    ("instance", PartKind::Instance),
    ("url", PartKind::Path),
    ("client", PartKind::Address),
    ("method", PartKind::Plain),
    ("user-agent", PartKind::Text),
    ("host", PartKind::Host),
];

fn questions(facts: &Facts<'_>) -> Vec<Question> {
    let own = facts.clusters.iter().map(|cluster| (facts.vantage, cluster));
    own.chain(facts.unseen.iter().map(|one| (one.vantage, &one.cluster)))
        .map(|(vantage, cluster)| Question::Failures {
            vantage,
            site: cluster.site.clone(),
            range: around(cluster.range),
            window: cluster.range,
            family: cluster.family,
        })
        .collect()
}

/// The window and half of its length on either side, at least two minutes.
fn around(range: TimeRange) -> TimeRange {
    let margin = (range.seconds() / 2).max(120);
    TimeRange::new(
        Time::from_seconds(range.start.seconds() - margin),
        Time(Time::from_seconds(range.end.seconds() + margin).0 + 999),
    )
}

fn conclude(facts: &Facts<'_>, replies: &[Reply], out: &mut Conclusions) {
    for (letter, (cluster, reply)) in facts.clusters.iter().zip(replies).enumerate() {
        let mut finding = finding(facts, cluster, reply, Vec::new());
        finding.letter = Some(letter as u32);
        out.findings.push(finding);
    }
    for (one, reply) in facts.unseen.iter().zip(replies.iter().skip(facts.clusters.len())) {
        out.findings.push(unseen(facts, one, reply));
    }
    if let Some(http) = facts.http
        && out.findings.is_empty()
        && http.totals.requests > 0
    {
        let text = format!(
            "{} of {} failed, never more than usual in a row",
            thousands(http.totals.server_errors),
            counted(http.totals.requests, "request", "requests")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// A cluster that only another vantage saw: what was answered before the worker, or instead of it.
fn unseen(facts: &Facts<'_>, one: &Unseen, reply: &Reply) -> Finding {
    let (errors, requests) = one.known;
    let (theirs, ours) = (one.vantage.name(), facts.vantage.name());
    let known = format!(
        "{ours} has {} in the same window",
        counted(errors, "server error", "server errors")
    );
    let mut seen = vec![Observation {
        sign: "errors-elsewhere-only",
        state: State::Present,
        text: format!("{theirs} has {} failures; {known}", thousands(one.cluster.errors)),
    }];
    if let Some(ms) = one.median_ms.filter(|ms| is_front_end_timeout(*ms)) {
        seen.push(Observation {
            sign: "outcome-front-end-timeout",
            state: State::Present,
            text: format!("half of them took {} or more", duration_ms(u64::from(ms))),
        });
    }
    let mut finding = finding(facts, &one.cluster, reply, seen);
    finding.headline = format!("{} in {theirs} alone; {known}", finding.headline);
    let _ = write!(
        finding.detail,
        " {theirs} is written in front of the worker: what it answered by itself never reached {ours}, which has {} \
         there meanwhile.",
        counted(requests, "request", "requests")
    );
    finding.metrics.push(("known_errors", Metric::Count(errors)));
    trouble::tell(&mut finding, facts.cubes.of(one.vantage));
    finding
}

fn finding(
    facts: &Facts<'_>,
    cluster: &ClusterSignal,
    reply: &Reply,
    seen: Vec<Observation>,
) -> Finding {
    let attribution = attribution(reply);
    let lead = attribution.factors.first();
    let seconds = cluster.range.seconds() + 1;
    let rows = instances(reply, cluster.range);
    let bad_instance =
        rows.values().any(|split| share(*split) >= CRITICAL_SHARE && split.failing >= 5);
    let critical =
        seconds >= CRITICAL_SECONDS && (cluster.ratio() >= CRITICAL_SHARE || bad_instance);
    let severity = if critical { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline(cluster, lead));
    finding.window = Some(cluster.range);
    finding.impact = cluster.errors;
    finding.detail = detail(cluster, reply);
    finding.subject = Subject {
        site: Some(visible(&cluster.site).into_owned()).filter(|site| !site.is_empty()),
        status: cluster.status(),
        url: of(&attribution, "url"),
        instance: of(&attribution, "instance"),
        ..Subject::default()
    };
    let rate = cluster.usual.0 as f64 / cluster.usual.1.max(1) as f64;
    finding.metrics = vec![
        ("errors", Metric::Count(cluster.errors)),
        ("requests", Metric::Count(cluster.requests)),
        ("server_errors", Metric::Count(cluster.server_errors)),
        ("excess_errors", Metric::Count(cluster.excess)),
        ("error_rate", Metric::Ratio(cluster.ratio())),
        ("baseline_rate", Metric::Ratio(rate)),
        ("seconds", Metric::Count(seconds.max(0) as u64)),
    ];
    finding.causes = correlate::causes(facts, cluster, reply, &attribution, seen);
    advise(&mut finding, reply, facts);
    finding.evidence = reply.evidence(EVIDENCE);
    finding.evidence.extend(correlate::refusals(facts, cluster));
    finding.evidence.extend(correlate::evidence(facts, cluster, &attribution, EVENTS));
    finding.closeup = closeup(cluster, reply);
    finding.attribution = Some(attribution);
    finding
}

fn share(split: Split) -> f64 {
    split.failing as f64 / (split.failing + split.answered).max(1) as f64
}

/// Failing and answered requests by instance inside the window.
fn instances(reply: &Reply, window: TimeRange) -> BTreeMap<&str, Split> {
    let mut rows: BTreeMap<&str, Split> = BTreeMap::new();
    for (instance, course) in &reply.course {
        let row = rows.entry(instance).or_default();
        for (_, (requests, errors)) in course.range(window.start.seconds()..=window.end.seconds()) {
            row.failing += u64::from(*errors);
            row.answered += u64::from(requests - errors);
        }
    }
    rows
}

fn of(attribution: &Attribution, dimension: &str) -> Option<String> {
    attribution
        .factors
        .iter()
        .find(|factor| factor.dimension == dimension)
        .map(|factor| factor.value.clone())
}

fn headline(cluster: &ClusterSignal, lead: Option<&Factor>) -> String {
    let scope = match lead {
        Some(factor) if factor.dimension == "instance" => format!(" on instance {}", factor.value),
        Some(factor) if factor.dimension == "url" => format!(" for {}", factor.value),
        _ => String::new(),
    };
    let usual = if cluster.usual.0 == 0 {
        "usually none".to_owned()
    } else {
        format!("usual {}", percent(cluster.usual.0, cluster.usual.1))
    };
    let failed = if cluster.requests < 20 {
        format!("{} of {} requests failed", cluster.errors, cluster.requests)
    } else {
        format!(
            "{} of {} requests failed ({})",
            thousands(cluster.errors),
            thousands(cluster.requests),
            percent(cluster.errors, cluster.requests)
        )
    };
    let seconds = (cluster.range.seconds() + 1).max(1) as u64;
    format!("{}{scope} for {}: {failed}, {usual}", cluster.word(), duration_s(seconds))
}

fn detail(cluster: &ClusterSignal, reply: &Reply) -> String {
    let codes: Vec<String> = reply
        .outcomes()
        .into_iter()
        .take(3)
        .map(|((status, sub, win32), n)| {
            let words = daaslens_kb::outcome(status, sub, win32).words;
            // A win32 status that is logged as an HRESULT is known by its low word: 12030, not 2147954430.
            let win32 = daaslens_kb::win32_of(win32);
            format!("{status}.{sub}.{win32} \u{d7} {} ({words})", thousands(n))
        })
        .collect();
    let mut text = codes.join("; ");
    if !text.is_empty() {
        text.push('.');
    }
    let other = cluster.server_errors - cluster.errors.min(cluster.server_errors);
    if other > 0 {
        let other = counted(other, "server error", "server errors");
        text.push(' ');
        text.push_str(&other);
        text.push_str(" of other families in the same window.");
    }
    text
}

/// Which value of which dimension sets the failing requests apart, if one does.
fn attribution(reply: &Reply) -> Attribution {
    let total = reply.total;
    let mut rows: Vec<(&'static str, PartKind, String, Split)> = Vec::new();
    for (dimension, kind) in DIMENSIONS {
        let mut values: BTreeMap<String, Split> = BTreeMap::new();
        for (value, split) in reply.dimensions.get(dimension).map(Keys::sorted).unwrap_or_default()
        {
            // Agents differ in every version; their families are what a client is.
            let value = if dimension == "user-agent" {
                agent::family(value)
            } else {
                visible(value).into_owned()
            };
            values.entry(value).or_default().merge(*split);
        }
        // A value that all requests have in common sets nothing apart.
        rows.extend(
            values
                .into_iter()
                .filter(|(_, split)| {
                    split.failing + split.answered < total.failing + total.answered
                })
                .map(|(value, split)| (dimension, kind, value, split)),
        );
    }
    let tables: Vec<Table> = rows
        .iter()
        .map(|(_, _, _, split)| Table {
            with_failed: split.failing,
            with_fine: split.answered,
            without_failed: total.failing - split.failing,
            without_fine: total.answered - split.answered,
        })
        .collect();
    let judged = ratio::gate(&tables);
    let factor = |i: usize| {
        let (dimension, kind, value, split) = &rows[i];
        Factor {
            dimension,
            value: value.clone(),
            kind: *kind,
            failing: (split.failing, total.failing),
            answered: (split.answered, total.answered),
            risk_ratio_low: judged[i].risk_ratio.low,
            excess_share: judged[i].excess_share,
        }
    };
    let mut attribution = Attribution::default();
    let mut seen = BTreeSet::new();
    for i in ratio::ranked(&judged).into_iter().filter(|i| judged[*i].passes) {
        if attribution.factors.len() < 3 && seen.insert(rows[i].0) {
            attribution.factors.push(factor(i));
        }
    }
    for (dimension, kind) in DIMENSIONS {
        let has_values =
            reply.dimensions.get(dimension).is_some_and(|values| values.sorted().len() > 1);
        if seen.contains(dimension) || !has_values {
            continue;
        }
        let largest = (0..rows.len())
            .filter(|i| rows[*i].0 == dimension && rows[*i].3.failing > 0)
            .map(|i| judged[i].risk_ratio.low)
            .fold(0.0, f64::max);
        attribution.even.push(Factor {
            dimension,
            value: String::new(),
            kind,
            failing: (0, total.failing),
            answered: (0, total.answered),
            risk_ratio_low: largest,
            excess_share: 0.0,
        });
    }
    attribution
}

fn advise(finding: &mut Finding, reply: &Reply, facts: &Facts<'_>) {
    if let Some(cause) = finding.causes.first() {
        finding.advice = hypotheses::advice(cause);
    }
    if let Some(((status, sub, win32), _)) = reply.outcomes().first().copied() {
        let known = daaslens_kb::outcome(status, sub, win32).advice();
        let fix = &mut finding.advice.fix;
        for line in known
            .iter()
            .filter(|line| fix.len() < ADVICE && !fix.iter().any(|old| old == *line))
            .collect::<Vec<_>>()
        {
            fix.push((*line).to_owned());
        }
    }
    let several = facts.http.is_some_and(|http| http.instances.len() > 1);
    if let (Some(instance), true) = (&finding.subject.instance, several) {
        finding.advice.mitigate.insert(
            0,
            format!("Restart or replace instance {instance} alone (Advanced Application Restart); the others answer"),
        );
    }
    if finding.advice.mitigate.is_empty() {
        finding.advice.mitigate.push(
            "Restart the site if the failures go on; take thread stacks or a dump first, a restart destroys them".to_owned(),
        );
    }
    finding.advice.collect_next.push(
        "Http5xx, Requests and HttpResponseTime of this window in Azure Monitor, to see what the front end answered by itself"
            .to_owned(),
    );
}

/// The window at fine bins, one row per instance: those that fail beside those that do not.
fn closeup(cluster: &ClusterSignal, reply: &Reply) -> Option<Closeup> {
    let range = around(cluster.range);
    let length = range.seconds() + 1;
    let width =
        CLOSEUP_WIDTHS.into_iter().find(|width| length.div_euclid(*width) < CLOSEUP_BINS)?;
    let start = range.start.seconds().div_euclid(width) * width;
    let bins = usize::try_from((range.end.seconds() - start).div_euclid(width) + 1).ok()?;
    let mut rows: BTreeMap<&str, CloseupRow> = BTreeMap::new();
    for (instance, course) in &reply.course {
        let row = rows.entry(instance).or_insert_with(|| CloseupRow {
            label: instance.clone(),
            kind: PartKind::Instance,
            requests: vec![0; bins],
            errors: vec![0; bins],
        });
        for (second, (requests, errors)) in course {
            let Ok(bin) = usize::try_from((second - start).div_euclid(width)) else { continue };
            if let (Some(all), Some(failed)) = (row.requests.get_mut(bin), row.errors.get_mut(bin))
            {
                *all += requests;
                *failed += errors;
            }
        }
    }
    let mut rows: Vec<CloseupRow> = rows.into_values().collect();
    rows.sort_by_key(|row| {
        std::cmp::Reverse(row.errors.iter().map(|&n| u64::from(n)).sum::<u64>())
    });
    if rows.len() > CLOSEUP_ROWS {
        let rest = rows.split_off(CLOSEUP_ROWS - 1);
        let mut other = CloseupRow {
            label: format!("{} others", rest.len()),
            kind: PartKind::Plain,
            requests: vec![0; bins],
            errors: vec![0; bins],
        };
        for row in rest {
            for bin in 0..bins {
                other.requests[bin] += row.requests[bin];
                other.errors[bin] += row.errors[bin];
            }
        }
        rows.push(other);
    }
    (!rows.is_empty()).then_some(Closeup {
        start: Time::from_seconds(start),
        bin_seconds: width as u32,
        rows,
    })
}
