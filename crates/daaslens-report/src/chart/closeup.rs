//! A window at fine bins: the rows that fail beside the rows that do not, all on one scale.

use daaslens_core::finding::Closeup;
use daaslens_core::model::Analysis;
use daaslens_core::text::{counted, percent, shortened, thousands};
use daaslens_core::{Finding, TimeRange};

use super::marks::{axis_lane, marks, shade};
use super::{Axis, Lane, Stroke, YTick, grouped, num, round_up, steps, whole};
use crate::words;

/// Most rows; the ones with most failures.
const ROWS: usize = 8;

/// Draws the close-up of a finding, with the deployments and crashes of its time above it.
pub(crate) fn closeup(
    analysis: &Analysis,
    finding: &Finding,
    closeup: &Closeup,
    id: &str,
    points: usize,
) -> Vec<Lane> {
    let all = closeup.rows.iter().map(|row| row.requests.len().max(row.errors.len())).max();
    let all = all.unwrap_or(0).max(1);
    let factor = all.div_ceil(points.max(1)).max(1);
    let bins = all.div_ceil(factor);
    let seconds = closeup.bin_seconds.max(1).saturating_mul(factor as u32);
    let axis = Axis::new(closeup.start, seconds, bins);
    let add = |a: u64, b: u64| a + b;
    let highest = closeup.rows.iter().flat_map(|row| grouped(&row.requests, factor, add)).max();
    let top = round_up(highest.unwrap_or(0));
    let mut lanes = Vec::new();
    if let Some(timeline) = &analysis.timeline {
        let rows = timeline.rows.iter().filter(|row| {
            matches!(row.kind, "deployment" | "crash" | "start" | "session" | "dump")
                && row.marks.iter().any(|mark| axis.shows(mark.range))
        });
        for row in rows {
            let mut lane = marks(row, &axis);
            let here = row.marks.iter().filter(|mark| axis.shows(mark.range)).count();
            lane.small = format!("{here} here");
            lanes.push(lane);
        }
    }
    // The suspects and the control: rows with most failures first stay in the order in which they came.
    let failed = |index: usize| {
        closeup
            .rows
            .get(index)
            .map_or(0, |row| row.errors.iter().map(|n| u64::from(*n)).sum::<u64>())
    };
    let mut order: Vec<usize> = (0..closeup.rows.len()).collect();
    if order.len() > ROWS {
        order.sort_by_key(|&index| (std::cmp::Reverse(failed(index)), index));
        order.truncate(ROWS);
        order.sort_unstable();
    }
    for (position, index) in order.into_iter().enumerate() {
        let Some(row) = closeup.rows.get(index) else { continue };
        let requests = grouped(&row.requests, factor, add);
        let errors = grouped(&row.errors, factor, add);
        let (n, bad) = (requests.iter().sum::<u64>(), errors.iter().sum::<u64>());
        let rate =
            if n >= 20 && bad > 0 { format!(" ({})", percent(bad, n)) } else { String::new() };
        lanes.push(Lane {
            label: shortened(&row.label, 24).into_owned(),
            small: format!("failed: {} of {}{rate}", thousands(bad), thousands(n)),
            class: "gap",
            height: 36,
            above: 14,
            title: format!("Requests of {}, failed ones in red", shortened(&row.label, 80)),
            desc: format!("{} of {} failed.", thousands(bad), counted(n, "request", "requests")),
            strokes: vec![
                Stroke { class: "f2", d: steps(&requests, top, 72) },
                Stroke { class: "f5", d: steps(&errors, top, 72) },
            ],
            baseline: true,
            y_ticks: if position == 0 {
                vec![
                    YTick { y: "36".to_owned(), text: "0".to_owned() },
                    YTick { y: "5".to_owned(), text: thousands(top) },
                ]
            } else {
                Vec::new()
            },
            ..Lane::default()
        });
    }
    lanes.push(axis_lane(&axis));
    let grid: Vec<_> = axis.ticks().iter().map(|tick| num(tick.x)).collect();
    let window: Option<TimeRange> = finding.window.filter(|range| axis.shows(*range));
    for (index, lane) in lanes.iter_mut().enumerate() {
        lane.id = format!("{id}-{index}");
        lane.bins = bins;
        if !lane.axis {
            lane.grid.clone_from(&grid);
            lane.shades = window.iter().map(|range| shade(*range, &axis)).collect();
        }
    }
    lanes
}

/// The caption under a close-up.
pub(crate) fn caption(closeup: &Closeup) -> String {
    let bins = closeup.rows.iter().map(|row| row.requests.len()).max().unwrap_or(0);
    let length = whole(bins as u64).saturating_mul(i64::from(closeup.bin_seconds) * 1000);
    let end = daaslens_core::Time(closeup.start.0.saturating_add(length));
    format!(
        "{} UTC, {} s a bar, the same scale in all rows",
        words::span(TimeRange::new(closeup.start, end)),
        closeup.bin_seconds
    )
}
