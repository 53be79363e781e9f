#![doc = include_str!("metric_anomaly.md")]

mod front;

use daaslens_core::model::Clean;
use daaslens_core::text::{self, counted, duration_s, percent, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, Time, TimeRange};

use super::{Conclusions, Rule, no_questions};
use crate::correlate;
use crate::facts::Facts;
use crate::records::metrics::{Bucket, Measured, median};
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "metric-anomaly",
    doc: include_str!("metric_anomaly.md"),
    questions: no_questions,
    conclude,
};

/// The most findings of one kind.
const MOST: usize = 6;

/// Errors in a bucket that make a burst, and in all bursts that make a warning.
const BURST: f64 = 5.0;
const MANY: f64 = 20.0;

/// What is full, in per cent, and for how long, in seconds.
pub(crate) const CPU_FULL: f64 = 85.0;
pub(crate) const MEMORY_FULL: f64 = 90.0;
const LASTING: i64 = 300;

/// From here on an answer is slow, in seconds.
const SLOW: f64 = 1.0;

/// Buckets that a trend needs, and the parts in which it is looked at.
const TREND: usize = 20;
const PARTS: usize = 5;

/// Requests in a usual bucket, below which nothing can be said about requests that stay away.
const USUAL: f64 = 20.0;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let metrics = &facts.records.metrics;
    if metrics.files == 0 {
        return;
    }
    let before = out.findings.len();
    let checks: [fn(&Facts<'_>, &Measured) -> Option<Finding>; 9] = [
        errors,
        front::counted_elsewhere,
        cpu,
        memory_of_plan,
        queue,
        growth,
        loss,
        slowness,
        absence,
    ];
    for check in checks {
        let mut found: Vec<Finding> =
            metrics.series.iter().filter_map(|series| check(facts, series)).collect();
        found.sort_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.impact)));
        out.findings.extend(found.into_iter().take(MOST));
    }
    if out.findings.len() == before {
        let values: usize = metrics.series.iter().map(|series| series.values.len()).sum();
        let text = format!(
            "{} of {} show nothing unusual",
            counted(values as u64, "value", "values"),
            counted(metrics.series.len() as u64, "metric", "metrics")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// Runs of neighbouring buckets for which `is` holds; one bucket in between does not part them.
fn runs(series: &Measured, is: impl Fn(f64) -> bool) -> Vec<Vec<&Bucket>> {
    let mut runs: Vec<Vec<&Bucket>> = Vec::new();
    for value in series.values.iter().filter(|value| is(value.value)) {
        match runs.last_mut() {
            Some(run)
                if run.last().is_some_and(|last| {
                    value.time.seconds() - last.time.seconds() <= 2 * series.step
                }) =>
            {
                run.push(value);
            }
            _ => runs.push(vec![value]),
        }
    }
    runs
}

fn range(series: &Measured, values: &[&Bucket]) -> Option<TimeRange> {
    Some(TimeRange::new(values.first()?.time, series.end(values.last()?)))
}

fn name_is(series: &Measured, names: &[&str]) -> bool {
    names.iter().any(|name| series.name.eq_ignore_ascii_case(name))
}

/// A finding about some buckets of a series.
fn finding(
    series: &Measured,
    severity: Severity,
    headline: String,
    values: &[&Bucket],
    impact: f64,
) -> Option<Finding> {
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.window = range(series, values);
    if !series.instance.is_empty() {
        finding.subject.instance = Some(series.instance.clone());
    }
    finding.metrics = vec![
        ("count", Metric::Count(values.len() as u64)),
        ("buckets", Metric::Count(series.values.len() as u64)),
    ];
    finding.impact = impact.clamp(0.0, 1e15) as u64;
    let mut highest: Vec<&&Bucket> = values.iter().collect();
    highest.sort_by(|a, b| b.value.total_cmp(&a.value).then(a.time.cmp(&b.time)));
    finding.evidence = highest.into_iter().take(4).map(|value| series.evidence(value)).collect();
    finding.window.map(|_| finding)
}

/// Of what, in front of a headline's verb.
fn of(series: &Measured) -> String {
    match series.of() {
        of if of.is_empty() => String::new(),
        of => format!(" of {of}"),
    }
}

fn clock(time: Time) -> String {
    time.format("%H:%M")
}

fn errors(facts: &Facts<'_>, series: &Measured) -> Option<Finding> {
    if !name_is(series, &["Http5xx"]) || !series.is_sum {
        return None;
    }
    let limit = (series.median() + 6.0 * series.spread()).max(BURST - 0.5);
    let burst: Vec<&Bucket> = runs(series, |value| value > limit).concat();
    let total: f64 = burst.iter().map(|value| value.value).sum();
    let window = range(series, &burst)?;
    let requests: f64 = facts
        .records
        .metrics
        .named("Requests")
        .filter(|other| other.resource == series.resource && other.instance == series.instance)
        .flat_map(|other| &other.values)
        .filter(|value| burst.iter().any(|own| own.time == value.time))
        .map(|value| value.value)
        .sum();
    let base = if requests >= total {
        format!(" of {} requests in the same minutes", thousands(requests as u64))
    } else {
        String::new()
    };
    let headline = format!(
        "Http5xx{}: {} server errors{base}, {} to {}; usual {:.0} in {}",
        of(series),
        thousands(total as u64),
        clock(window.start),
        clock(window.end),
        series.median(),
        duration_s(series.step.max(0) as u64)
    );
    let severity = if total >= MANY { Severity::Warning } else { Severity::Info };
    let mut finding = finding(series, severity, headline, &burst, total)?;
    finding.metrics.push(("server_errors", Metric::Count(total as u64)));
    if requests >= total {
        finding.metrics.push(("requests", Metric::Count(requests as u64)));
    }
    Some(finding)
}

fn cpu(facts: &Facts<'_>, series: &Measured) -> Option<Finding> {
    let is = name_is(series, &["CpuPercentage", "Percentage CPU"]);
    let mut finding = full(series, is, CPU_FULL, "CPU")?;
    finding.causes = correlate::told(facts, &[("cpu-high", finding.headline.clone())]);
    let advice = "Find out what uses the processor: profile the busiest site of the plan";
    finding.advice.fix.push(advice.to_owned());
    Some(finding)
}

fn memory_of_plan(facts: &Facts<'_>, series: &Measured) -> Option<Finding> {
    let mut finding = full(series, name_is(series, &["MemoryPercentage"]), MEMORY_FULL, "Memory")?;
    finding.causes = correlate::told(facts, &[("memory-high", finding.headline.clone())]);
    let advice = "Find out what holds the memory: a dump of the largest process while it is high";
    finding.advice.collect_next.push(advice.to_owned());
    Some(finding)
}

/// A share that stays at its limit.
fn full(series: &Measured, is: bool, limit: f64, what: &str) -> Option<Finding> {
    let lasting = |run: &Vec<&Bucket>| run.len() as i64 * series.step >= LASTING;
    let runs: Vec<_> =
        runs(series, |value| is && value >= limit).into_iter().filter(lasting).collect();
    let values: Vec<&Bucket> = runs.concat();
    let highest = values.iter().map(|value| value.value).fold(0.0, f64::max);
    let seconds = values.len() as i64 * series.step;
    let headline = format!(
        "{what}{} at {limit:.0} % or more for {} of {}, up to {highest:.0} %; usual {:.0} %",
        of(series),
        duration_s(seconds.max(0) as u64),
        duration_s((series.values.len() as i64 * series.step).max(0) as u64),
        series.median()
    );
    finding(series, Severity::Warning, headline, &values, seconds as f64)
}

fn queue(_: &Facts<'_>, series: &Measured) -> Option<Finding> {
    if !name_is(series, &["HttpQueueLength", "RequestsInApplicationQueue"]) {
        return None;
    }
    let values: Vec<&Bucket> = series.values.iter().filter(|value| value.value > 0.0).collect();
    let highest = values.iter().map(|value| value.value).fold(0.0, f64::max);
    let often = values.len() * 20 >= series.values.len() || highest >= 10.0;
    if values.len() < 2 && highest < 10.0 {
        return None;
    }
    let headline = format!(
        "Requests{} waited in a queue in {} of {} ({}), on average up to {highest:.1} at once",
        of(series),
        thousands(values.len() as u64),
        counted(series.values.len() as u64, "bucket", "buckets"),
        percent(values.len() as u64, series.values.len() as u64)
    );
    let severity = if often { Severity::Warning } else { Severity::Info };
    let mut finding = finding(series, severity, headline, &values, highest)?;
    let advice =
        "Find out what requests wait for, or scale out: a queue means that all workers are busy";
    finding.advice.fix.push(advice.to_owned());
    Some(finding)
}

const MEMORY: [&str; 3] = ["MemoryWorkingSet", "AverageMemoryWorkingSet", "PrivateBytes"];

/// Memory that grows from part to part, and ends half as much again above where it began.
fn growth(_: &Facts<'_>, series: &Measured) -> Option<Finding> {
    if !name_is(series, &MEMORY) || series.values.len() < TREND {
        return None;
    }
    let parts: Vec<f64> = series
        .values
        .chunks(series.values.len().div_ceil(PARTS))
        .map(|part| median(part.iter().map(|value| value.value).collect()))
        .collect();
    let (first, last) = (*parts.first()?, *parts.last()?);
    let rises = parts.windows(2).all(|pair| pair[1] > pair[0]);
    if !rises || first <= 0.0 || last < 1.5 * first {
        return None;
    }
    let values = [series.values.first()?, series.values.last()?];
    let window = range(series, &values)?;
    let headline = format!(
        "{}{} grew from {} to {} in {} and was still growing",
        series.name,
        of(series),
        text::bytes(first as u64),
        text::bytes(last as u64),
        duration_s((window.seconds() + 1).max(0) as u64)
    );
    let mut finding = finding(series, Severity::Info, headline, &values, 1.0)?;
    let advice = "Take two memory dumps some time apart, and compare what grew";
    finding.advice.collect_next.push(advice.to_owned());
    Some(finding)
}

/// Memory that falls to half from one bucket to the next: the process was replaced.
fn loss(_: &Facts<'_>, series: &Measured) -> Option<Finding> {
    if !name_is(series, &MEMORY) {
        return None;
    }
    let falls = |pair: &&[Bucket]| {
        let [before, after] = pair else { return false };
        after.time.seconds() - before.time.seconds() <= 2 * series.step
            && before.value > 50e6
            && after.value < 0.5 * before.value
    };
    let pairs: Vec<&[Bucket]> = series.values.windows(2).filter(falls).collect();
    let values: Vec<&Bucket> = pairs.iter().filter_map(|pair| pair.last()).collect();
    let [before, after] = pairs.first().copied()? else { return None };
    let headline = format!(
        "{}{} fell to half or less at once {}, first from {} to {} at {}: a process was replaced",
        series.name,
        of(series),
        counted(values.len() as u64, "time", "times"),
        text::bytes(before.value.max(0.0) as u64),
        text::bytes(after.value.max(0.0) as u64),
        clock(after.time)
    );
    finding(series, Severity::Info, headline, &values, values.len() as f64)
}

fn slowness(_: &Facts<'_>, series: &Measured) -> Option<Finding> {
    if !name_is(series, &["HttpResponseTime", "AverageResponseTime"]) || series.values.len() < TREND
    {
        return None;
    }
    // The service measures seconds; an export that says milliseconds means it.
    let unit =
        if series.unit == daaslens_platform::metrics::Unit::Milliseconds { 1e-3 } else { 1.0 };
    let usual = series.median() * unit;
    let limit = (usual + 6.0 * series.spread() * unit).max(3.0 * usual).max(SLOW);
    let lasting = |run: &Vec<&Bucket>| run.len() >= 2;
    let values: Vec<&Bucket> = runs(series, |value| value * unit > limit)
        .into_iter()
        .filter(lasting)
        .collect::<Vec<_>>()
        .concat();
    let highest = values.iter().map(|value| value.value * unit).fold(0.0, f64::max);
    let window = range(series, &values)?;
    let headline = format!(
        "{}{}: {highest:.1} s on average at the most, {} to {}; usual {usual:.2} s",
        series.name,
        of(series),
        clock(window.start),
        clock(window.end),
    );
    finding(series, Severity::Warning, headline, &values, values.len() as f64)
}

/// Requests that stay away while no server error is counted: they did not reach a worker.
fn absence(facts: &Facts<'_>, series: &Measured) -> Option<Finding> {
    if !name_is(series, &["Requests"]) || !series.is_sum || !series.instance.is_empty() {
        return None;
    }
    let usual = series.median();
    if usual < USUAL || series.values.len() < TREND {
        return None;
    }
    let lasting = |run: &Vec<&Bucket>| run.len() >= 2 && run.len() * 4 <= series.values.len();
    let values: Vec<&Bucket> = runs(series, |value| value <= 0.2 * usual)
        .into_iter()
        .filter(lasting)
        .collect::<Vec<_>>()
        .concat();
    let window = range(series, &values)?;
    let errors = facts.records.metrics.named("Http5xx");
    let errors: Vec<&Measured> =
        errors.filter(|other| other.resource == series.resource && other.is_sum).collect();
    let failed: f64 = errors
        .iter()
        .flat_map(|other| &other.values)
        .filter(|value| window.contains(value.time))
        .map(|value| value.value)
        .sum();
    if errors.is_empty() || failed >= BURST {
        return None;
    }
    let highest = values.iter().map(|value| value.value).fold(0.0, f64::max);
    let headline = format!(
        "Requests{} fell to at most {highest:.0} in {}, {} to {} (usual {usual:.0}), and hardly a server error was \
         counted: they did not reach a worker, or nobody came",
        of(series),
        duration_s(series.step.max(0) as u64),
        clock(window.start),
        clock(window.end),
    );
    let missing = values.iter().map(|value| usual - value.value).sum();
    let mut finding = finding(series, Severity::Warning, headline, &values, missing)?;
    finding.confidence = Confidence::Possible;
    let advice = "Look at the log of a gateway, or at Service Health, for the same minutes";
    finding.advice.collect_next.push(advice.to_owned());
    Some(finding)
}
