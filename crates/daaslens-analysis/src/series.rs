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
