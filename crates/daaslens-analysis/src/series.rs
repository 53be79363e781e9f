//! What was measured over time, beside the requests.

use daaslens_core::PartKind;
use daaslens_core::model::{Series, Timeline, Unit};

use crate::facts::Facts;
use crate::records::platform::cpu::Process;

/// The most processes that are drawn, the busiest first: beyond these, lines are only a thicket.
const MOST: usize = 6;

/// The CPU of each process that was watched.
pub(crate) fn cpu(facts: &Facts<'_>, timeline: &Timeline) -> Vec<Series> {
    let mut busiest: Vec<(f64, &Process)> = facts
        .records
        .platform
        .cpu
        .processes
        .iter()
        .map(|process| {
            (process.points.iter().map(|(_, percent)| f64::from(*percent)).sum(), process)
        })
        .collect();
    busiest.sort_by(|a, b| b.0.total_cmp(&a.0));
    let series = busiest.into_iter().take(MOST).map(|(_, process)| {
        let points = process.points.iter().map(|(time, percent)| (*time, f64::from(*percent)));
        let step = u32::try_from(process.interval).unwrap_or(1);
        Series {
            what: "CPU",
            of: format!("{} ({}) on {}", process.name, process.pid, facts.named(&process.machine)),
            kind: PartKind::Text,
            unit: Unit::Percent,
            limit: process.threshold.map(f64::from),
            bins: timeline.binned(points, step),
        }
    });
    // What was measured outside of the time that is drawn has no line.
    series.filter(|series| series.bins.iter().any(Option::is_some)).collect()
}

/// Metrics that are drawn: name, label, unit, what a value is multiplied with, and the limit of the platform.
const DRAWN: [(&str, &str, Unit, f64, Option<f64>); 11] = [
    ("CpuPercentage", "CPU of the plan", Unit::Percent, 1.0, Some(100.0)),
    ("MemoryPercentage", "Memory of the plan", Unit::Percent, 1.0, Some(100.0)),
    ("CpuTime", "CPU time in a bucket", Unit::Millis, 1000.0, None),
    ("MemoryWorkingSet", "Memory working set", Unit::Bytes, 1.0, None),
    ("AverageMemoryWorkingSet", "Memory working set", Unit::Bytes, 1.0, None),
    ("PrivateBytes", "Private memory", Unit::Bytes, 1.0, None),
    ("HttpResponseTime", "Response time", Unit::Millis, 1000.0, None),
    ("Requests", "Requests in a bucket", Unit::Count, 1.0, None),
    ("Http5xx", "Http5xx in a bucket", Unit::Count, 1.0, None),
    ("HttpQueueLength", "Requests in the queue", Unit::Count, 1.0, None),
    ("RequestsInApplicationQueue", "Requests in the queue", Unit::Count, 1.0, None),
];

/// The most series of one metric that are drawn.
const MOST_OF_ONE: usize = 4;

/// The metrics of the platform, of the whole site first, then of its instances.
pub(crate) fn metrics(facts: &Facts<'_>, timeline: &Timeline) -> Vec<Series> {
    let metrics = &facts.records.metrics;
    let mut all = Vec::new();
    for (name, what, unit, factor, limit) in DRAWN {
        let drawn = metrics.named(name).map(|one| {
            let in_ms = one.unit == daaslens_platform::metrics::Unit::Milliseconds;
            let factor = if in_ms { 1.0 } else { factor };
            let points = one.values.iter().map(|value| (value.time, value.value * factor));
            Series {
                what,
                of: one.of(),
                kind: if one.is_site_alone() { PartKind::Site } else { PartKind::Text },
                unit,
                limit,
                bins: timeline.binned(points, u32::try_from(one.step).unwrap_or(60)),
            }
        });
        // What was measured outside of the time that is drawn has no line.
        all.extend(
            drawn.filter(|series| series.bins.iter().any(Option::is_some)).take(MOST_OF_ONE),
        );
    }
    all
}
