//! The platform's own count of server errors against the worker's log.

use std::collections::BTreeMap;

use daaslens_core::text::thousands;
use daaslens_core::{Finding, Metric, Severity};
use daaslens_httplog::Vantage;

use crate::correlate;
use crate::facts::Facts;
use crate::http::silence;
use crate::records::metrics::Measured;

/// Errors that the worker did not log, from which they are told.
const UNSEEN: u64 = 5;

/// The platform counted more server errors than the worker's log holds.
pub(super) fn counted_elsewhere(facts: &Facts<'_>, series: &Measured) -> Option<Finding> {
    let is_site = series.is_sum && !series.is_plan && series.instance.is_empty();
    let is_worker = matches!(facts.vantage, Vantage::Worker | Vantage::HttpLogs);
    if !is_site || !is_worker || !series.name.eq_ignore_ascii_case("Http5xx") {
        return None;
    }
    let worker = facts.cubes.of(facts.vantage);
    let ours = silence::range(worker)?;
    let mut logged: BTreeMap<i64, u64> = BTreeMap::new();
    // The platform counts the management site too, and what clients gave up.
    for (_, site) in worker.sites.sorted() {
        for (_, lane) in site.lanes() {
            for (at, errors) in lane.course.errors() {
                *logged.entry(at).or_default() +=
                    errors.iter().take(4).map(|&n| u64::from(n)).sum::<u64>();
            }
        }
    }
    let (mut metric, mut log, mut values) = (0.0, 0, Vec::new());
    for value in &series.values {
        let end = series.end(value);
        if value.time.seconds() < ours.start.seconds() || end.seconds() > ours.end.seconds() {
            continue;
        }
        let own: u64 = logged.range(value.time.seconds()..=end.seconds()).map(|(_, n)| n).sum();
        metric += value.value;
        log += own;
        if value.value >= 1.0 && value.value > 1.2 * own as f64 {
            values.push(value);
        }
    }
    let missing = metric - log as f64;
    if missing < UNSEEN as f64 || missing < 0.2 * metric || values.is_empty() {
        return None;
    }
    let headline = format!(
        "Azure Monitor counted {} server errors{} where the worker's log holds {}",
        thousands(metric as u64),
        super::of(series),
        thousands(log)
    );
    let mut finding = super::finding(series, Severity::Warning, headline, &values, missing)?;
    finding.metrics.push(("server_errors", Metric::Count(missing as u64)));
    finding.detail = String::from(
        "They were answered before the log was reached, or the log of an instance is not in the bundle.",
    );
    let told = finding.headline.clone();
    finding.causes = correlate::told(facts, &[("errors-elsewhere-only", told)]);
    Some(finding)
}
