//! The shared time axis: the course of the site in bins that fit a page.

use std::collections::BTreeMap;

use daaslens_core::model::{Gap, InstanceLane, Timeline};
use daaslens_core::{Latency, Time, TimeRange};

use super::cube::Cube;
use super::summary::app_sites;

/// The most bins of a lane.
const MAX_BINS: i64 = 1500;

/// The widths that a bin may have.
const WIDTHS: [i64; 19] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400, 172_800,
    604_800, 2_592_000,
];

/// Requests that a bin of percentiles should rest on, in the median.
const LATENCY_SAMPLES: u64 = 200;

/// A minute counts as failing for an instance at this share and this many failures.
const FAILING: (u32, u32) = (20, 3);

/// Draws the course of all users' sites. `None` where nothing is dated.
pub(crate) fn timeline(cube: &Cube, window: TimeRange, gaps: &[Gap]) -> Timeline {
    let coarsest = app_sites(cube)
        .flat_map(|(_, site)| site.lanes().map(|(_, lane)| lane))
        .map(|lane| lane.course.width())
        .max();
    let slot = app_sites(cube).map(|(_, site)| site.latency_course.width()).max().unwrap_or(60);
    let step = slot.max(coarsest.unwrap_or(1));
    let start = window.start.seconds().div_euclid(step) * step;
    let length = window.end.seconds() - start + 1;
    let width = WIDTHS
        .into_iter()
        .find(|width| *width >= coarsest.unwrap_or(1) && length.div_euclid(*width) < MAX_BINS)
        .unwrap_or(WIDTHS[WIDTHS.len() - 1]);
    let bins = usize::try_from(length.div_euclid(width) + 1).unwrap_or(0).min(MAX_BINS as usize);
    let bin = |second: i64| {
        usize::try_from((second - start).div_euclid(width)).ok().filter(|bin| *bin < bins)
    };

    let mut line = Timeline {
        start: Time::from_seconds(start),
        bin_seconds: width as u32,
        ok: vec![0; bins],
        client_errors: vec![0; bins],
        server_errors: vec![0; bins],
        in_flight: vec![0; bins],
        ..Timeline::default()
    };
    let mut flow: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for (_, site) in app_sites(cube) {
        for lane in site.lanes().map(|(_, lane)| lane) {
            for (at, ends, starts) in lane.course.cells() {
                if let Some(bin) = bin(at) {
                    line.ok[bin] += ends;
                }
                let flow = flow.entry(at).or_default();
                flow.0 += starts;
                flow.1 += ends;
            }
            for (at, errors) in lane.course.errors() {
                if let Some(bin) = bin(at) {
                    line.client_errors[bin] += errors[4];
                    line.server_errors[bin] += errors[..4].iter().sum::<u32>();
                }
            }
        }
    }
    for ((ok, client), server) in
        line.ok.iter_mut().zip(&line.client_errors).zip(&line.server_errors)
    {
        *ok = ok.saturating_sub(client + server);
    }
    in_flight(&flow, start, width, &mut line.in_flight);
    latency(cube, start, width, length, &mut line);
    line.instances = lanes(cube, window, gaps);
    line
}

/// The most requests at once in each bin: begun and not yet completed, to the second.
fn in_flight(flow: &BTreeMap<i64, (u32, u32)>, start: i64, width: i64, out: &mut [u32]) {
    let mut now = 0u32;
    let mut next = 0; // the first bin that has not been reached
    for (second, (starts, ends)) in flow {
        let bin = usize::try_from((second - start).div_euclid(width))
            .unwrap_or(0)
            .min(out.len().saturating_sub(1));
        // What is in flight stays so, up to the bin in which something begins or ends next.
        for idle in out.iter_mut().take(bin + 1).skip(next) {
            *idle = (*idle).max(now);
        }
        now += starts;
        if let Some(most) = out.get_mut(bin) {
            *most = (*most).max(now);
        }
        now = now.saturating_sub(*ends);
        next = bin + 1;
    }
}

fn latency(cube: &Cube, start: i64, bin: i64, length: i64, line: &mut Timeline) {
    let mut slots: BTreeMap<i64, Latency> = BTreeMap::new();
    let mut slot_width = 60;
    for (_, site) in app_sites(cube) {
        slot_width = slot_width.max(site.latency_course.width());
        for (at, latency) in site.latency_course.slots() {
            slots.entry(at).or_default().merge(latency);
        }
    }
    let unit = least_common_multiple(slot_width, bin);
    let binned = |width: i64| {
        let mut bins: BTreeMap<i64, Latency> = BTreeMap::new();
        for (at, latency) in &slots {
            bins.entry((at - start).div_euclid(width)).or_default().merge(latency);
        }
        bins
    };
    let mut width = unit;
    let mut bins = binned(width);
    for factor in [2, 5, 10, 15, 30, 60] {
        let mut counts: Vec<u64> = bins.values().map(Latency::count).collect();
        counts.sort_unstable();
        let median = counts.get(counts.len() / 2).copied().unwrap_or(0);
        if median >= LATENCY_SAMPLES || length / (unit * factor) < 12 {
            break;
        }
        width = unit * factor;
        bins = binned(width);
    }
    let count = usize::try_from(length.div_euclid(width) + 1).unwrap_or(0).min(MAX_BINS as usize);
    line.latency_bin_seconds = u32::try_from(width).unwrap_or(u32::MAX);
    line.latency = (0..count as i64)
        .map(|i| {
            let latency = bins.get(&i).filter(|latency| latency.count() > 0)?;
            Some((latency.percentile(50.0), latency.percentile(95.0)))
        })
        .collect();
}

fn least_common_multiple(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x.max(1) * b
}

fn lanes(cube: &Cube, window: TimeRange, gaps: &[Gap]) -> Vec<InstanceLane> {
    let mut minutes: BTreeMap<&str, BTreeMap<i64, (u32, u32)>> = BTreeMap::new();
    let mut ranges: BTreeMap<&str, Option<TimeRange>> = BTreeMap::new();
    for (_, site) in app_sites(cube) {
        for (name, lane) in site.lanes() {
            let range = ranges.entry(name).or_default();
            *range = TimeRange::merge(*range, lane.range);
            let minutes = minutes.entry(name).or_default();
            for (at, ends, _) in lane.course.cells() {
                minutes.entry(at.div_euclid(60)).or_default().0 += ends;
            }
            for (at, errors) in lane.course.errors() {
                minutes.entry(at.div_euclid(60)).or_default().1 += errors[..4].iter().sum::<u32>();
            }
        }
    }
    let mut lanes = Vec::new();
    for (name, range) in ranges {
        let Some(range) = range else { continue };
        let own: Vec<TimeRange> = gaps
            .iter()
            .filter(|gap| gap.instance.as_deref().is_none_or(|g| g == name))
            .map(|gap| gap.range)
            .collect();
        let mut covered = vec![range];
        for gap in &own {
            covered = covered.into_iter().flat_map(|part| without(part, *gap)).collect();
        }
        let mut failing: Vec<TimeRange> = Vec::new();
        for (minute, (requests, errors)) in minutes.get(name).into_iter().flatten() {
            if *errors >= FAILING.1 && errors * FAILING.0 >= *requests {
                let minute = TimeRange::new(
                    Time::from_seconds(minute * 60),
                    Time::from_seconds(minute * 60 + 59),
                );
                match failing.last_mut() {
                    Some(last) if minute.start.seconds() - last.end.seconds() <= 1 => {
                        last.end = minute.end;
                    }
                    _ => failing.push(minute),
                }
            }
        }
        let gaps = own.into_iter().filter(|gap| gap.overlaps(window)).collect();
        lanes.push(InstanceLane { name: name.to_owned(), covered, gaps, failing });
    }
    lanes
}

fn without(range: TimeRange, hole: TimeRange) -> Vec<TimeRange> {
    if !range.overlaps(hole) {
        return vec![range];
    }
    let mut parts = Vec::new();
    if range.start < hole.start {
        parts.push(TimeRange::new(range.start, hole.start));
    }
    if hole.end < range.end {
        parts.push(TimeRange::new(hole.end, range.end));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_flight_stays_so_until_it_ends() {
        // Two requests begin at second 0; one ends at 1, the other at 7.
        let flow = BTreeMap::from([(0, (2, 0)), (1, (0, 1)), (7, (0, 1))]);
        let mut out = vec![0; 5];
        in_flight(&flow, 0, 2, &mut out);
        assert_eq!(out, [2, 1, 1, 1, 0]);
    }
}
