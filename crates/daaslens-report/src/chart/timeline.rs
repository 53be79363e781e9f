//! The timeline: every source on one clock, one lane below the other.

use daaslens_core::model::{Analysis, InstanceLane, Timeline, letter};
use daaslens_core::text::{duration_ms, percent, shortened, thousands};
use daaslens_core::{Time, TimeRange};

use super::latency::latency;
use super::marks::{axis_lane, bar, marks, shade};
use super::series;
use super::{Axis, Lane, Letter, Shade, Stroke, YTick, grouped, num, round_up, steps, whole};
use crate::words;

/// Most instances with a lane of their own.
const INSTANCES: usize = 12;
/// Most rows of the table under the chart.
const ROWS: usize = 48;

/// A chart with its table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    pub(crate) lanes: Vec<Lane>,
    /// How many bins it is wide.
    pub(crate) bins: usize,
    /// Zoom buttons: letter, from, to, in bins.
    pub(crate) zooms: Vec<(String, String, String)>,
    /// Numbers for the read-out, JSON of numbers only; empty where left out.
    pub(crate) data: String,
    /// What one row of the table stands for.
    pub(crate) row_is: String,
    /// The table: time, requests, 4xx, 5xx, in flight, p95.
    pub(crate) rows: Vec<[String; 6]>,
    /// How wide a bin is, in words.
    pub(crate) bin: String,
}

/// What is left of the timeline after down-sampling.
pub(super) struct Data {
    axis: Axis,
    bins: usize,
    /// How many bins of the model are one of these.
    factor: usize,
    seconds: u32,
    ok: Vec<u64>,
    client: Vec<u64>,
    server: Vec<u64>,
    flight: Vec<u64>,
    /// Start and end in bins, p50 lowest and highest, p95 lowest and highest.
    pub(super) latency: Vec<Option<Percentiles>>,
    pub(super) latency_bins: usize,
}

#[derive(Clone, Copy)]
pub(super) struct Percentiles {
    pub(super) p50: (u32, u32),
    pub(super) p95: (u32, u32),
}

/// Draws the timeline with at most `points` bins; `readout` says whether the script gets numbers.
pub(crate) fn timeline(analysis: &Analysis, points: usize, readout: bool) -> Option<Chart> {
    let timeline = analysis.timeline.as_ref()?;
    let data = sampled(timeline, points);
    let mut lanes = vec![letters(analysis, timeline, &data)];
    if analysis.http.is_some() {
        lanes.push(requests(&data));
        lanes.push(server_errors(&data));
        lanes.push(latency(&data));
        lanes.push(in_flight(&data));
    } else {
        lanes.push(Lane {
            label: "Requests".to_owned(),
            empty: "No HTTP log in this bundle",
            ..Lane::default()
        });
    }
    let measured = timeline.series.iter().take(series::LANES);
    lanes.extend(measured.map(|it| series::lane(it, &series::joined(it, data.factor, data.bins))));
    instances(timeline, &data, &mut lanes);
    let first = lanes.len();
    lanes.extend(timeline.rows.iter().map(|row| marks(row, &data.axis)));
    if let Some(lane) = lanes.get_mut(first) {
        (lane.class, lane.above) = ("row gap", 16);
    }
    lanes.push(axis_lane(&data.axis));
    let shades = shades(timeline, &data.axis);
    let grid: Vec<_> = data.axis.ticks().iter().map(|tick| num(tick.x)).collect();
    for (index, lane) in lanes.iter_mut().enumerate() {
        lane.id = format!("tl{index}");
        lane.bins = data.bins;
        if lane.empty.is_empty() && !lane.axis && index > 0 {
            lane.grid.clone_from(&grid);
            lane.shades.clone_from(&shades);
        }
    }
    let (row_is, rows) =
        if analysis.http.is_some() { table(&data) } else { (String::new(), Vec::new()) };
    Some(Chart {
        zooms: zooms(timeline, &data.axis),
        data: if readout && analysis.http.is_some() { numbers(&data) } else { String::new() },
        lanes,
        bins: data.bins,
        row_is,
        rows,
        bin: per(data.seconds),
    })
}

fn sampled(timeline: &Timeline, points: usize) -> Data {
    let all = [&timeline.ok, &timeline.client_errors, &timeline.server_errors, &timeline.in_flight]
        .map(Vec::len)
        .into_iter()
        .max()
        .unwrap_or(0)
        .max(1);
    let factor = all.div_ceil(points.max(1)).max(1);
    let bins = all.div_ceil(factor);
    let seconds = timeline.bin_seconds.max(1).saturating_mul(factor as u32);
    let add = |a: u64, b: u64| a + b;
    let mut counts = [&timeline.ok, &timeline.client_errors, &timeline.server_errors]
        .map(|values| grouped(values, factor, add));
    let mut flight = grouped(&timeline.in_flight, factor, u64::max);
    for values in counts.iter_mut().chain([&mut flight]) {
        values.resize(bins, 0);
    }
    let [ok, client, server] = counts;
    let latency_seconds = timeline.latency_bin_seconds.max(timeline.bin_seconds).max(1);
    // Latency bins are never split, and joined only as far as the others are.
    let join = (seconds / latency_seconds).max(1) as usize;
    let latency = timeline
        .latency
        .chunks(join)
        .map(|group| {
            let filled = || group.iter().flatten();
            let p50 = (filled().map(|p| p.0).min()?, filled().map(|p| p.0).max()?);
            let p95 = (filled().map(|p| p.1).min()?, filled().map(|p| p.1).max()?);
            Some(Percentiles { p50, p95 })
        })
        .collect();
    Data {
        axis: Axis::new(timeline.start, seconds, bins),
        bins,
        factor,
        seconds,
        ok,
        client,
        server,
        flight,
        latency,
        latency_bins: (latency_seconds.saturating_mul(join as u32) / seconds).max(1) as usize,
    }
}

impl Data {
    fn total(&self, bin: usize) -> u64 {
        [&self.ok, &self.client, &self.server].iter().filter_map(|v| v.get(bin)).sum()
    }

    fn time(&self, bin: usize) -> Time {
        Time(self.axis.start.saturating_add(self.axis.bin.saturating_mul(whole(bin as u64))))
    }

    fn percentiles(&self, bin: usize) -> Option<Percentiles> {
        self.latency.get(bin / self.latency_bins).copied().flatten()
    }

    fn peak(&self, values: &[u64]) -> (u64, Time) {
        let peak = values.iter().copied().max().unwrap_or(0);
        let at = values.iter().position(|v| *v == peak).unwrap_or(0);
        (peak, self.time(at))
    }
}

fn per(seconds: u32) -> String {
    match seconds {
        1 => "second".to_owned(),
        60 => "minute".to_owned(),
        3600 => "hour".to_owned(),
        86_400 => "day".to_owned(),
        s if s % 3600 == 0 => format!("{} h", s / 3600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

fn requests(data: &Data) -> Lane {
    let totals: Vec<u64> = (0..data.bins).map(|bin| data.total(bin)).collect();
    let errors: Vec<u64> = data.client.iter().zip(&data.server).map(|(a, b)| a + b).collect();
    let (peak, at) = data.peak(&totals);
    let top = round_up(peak);
    Lane {
        label: "Requests".to_owned(),
        small: format!("per {}, by status", per(data.seconds)),
        height: 84,
        above: 4,
        title: format!("Requests per {} by status class", per(data.seconds)),
        desc: format!(
            "{} requests in all; at most {} per {}, at {} UTC.",
            thousands(totals.iter().sum()),
            thousands(peak),
            per(data.seconds),
            words::span(TimeRange::at(at))
        ),
        strokes: vec![
            Stroke { class: "f2", d: steps(&totals, top, 168) },
            Stroke { class: "f4", d: steps(&errors, top, 168) },
            Stroke { class: "f5", d: steps(&data.server, top, 168) },
        ],
        baseline: true,
        y_ticks: linear_ticks(top, 84, true),
        ..Lane::default()
    }
}

fn server_errors(data: &Data) -> Lane {
    let (peak, at) = data.peak(&data.server);
    let all: u64 = data.server.iter().sum();
    let top = round_up(peak);
    Lane {
        label: "Server errors".to_owned(),
        small: format!("5xx per {}", per(data.seconds)),
        class: "gap",
        height: 46,
        above: 14,
        title: format!("Server errors (5xx) per {}", per(data.seconds)),
        desc: if all == 0 {
            "None.".to_owned()
        } else {
            format!(
                "{} in all; at most {} per {}, at {} UTC.",
                thousands(all),
                thousands(peak),
                per(data.seconds),
                words::span(TimeRange::at(at))
            )
        },
        strokes: vec![Stroke { class: "f5", d: steps(&data.server, top, 92) }],
        baseline: true,
        y_ticks: if all == 0 { linear_ticks(0, 46, false) } else { linear_ticks(top, 46, false) },
        ..Lane::default()
    }
}

fn in_flight(data: &Data) -> Lane {
    let (peak, at) = data.peak(&data.flight);
    let top = round_up(peak);
    Lane {
        label: "In flight".to_owned(),
        small: "most at once".to_owned(),
        class: "gap",
        height: 46,
        above: 14,
        title: format!("Requests in flight, highest per {}", per(data.seconds)),
        desc: format!(
            "At most {} at once, at {} UTC. A request is in flight from its logged time minus its time taken.",
            thousands(peak),
            words::span(TimeRange::at(at))
        ),
        strokes: vec![Stroke { class: "fl", d: steps(&data.flight, top, 92) }],
        baseline: true,
        y_ticks: linear_ticks(top, 46, false),
        ..Lane::default()
    }
}

fn linear_ticks(top: u64, height: u32, middle: bool) -> Vec<YTick> {
    let tick = |y: u32, text: String| YTick { y: y.to_string(), text };
    let mut ticks = vec![tick(height, "0".to_owned())];
    if top > 0 {
        if middle && top.is_multiple_of(2) {
            ticks.push(tick(height / 2, thousands(top / 2)));
        }
        ticks.push(tick(5, compact(top)));
    }
    ticks
}

/// `12,000` as `12 k`: the gutter of a phone is narrow.
fn compact(n: u64) -> String {
    match n {
        0..10_000 => thousands(n),
        10_000..10_000_000 if n.is_multiple_of(1000) => format!("{} k", thousands(n / 1000)),
        _ if n.is_multiple_of(1_000_000) => format!("{} M", thousands(n / 1_000_000)),
        _ => format!("{} k", thousands(n / 1000)),
    }
}

fn shades(timeline: &Timeline, axis: &Axis) -> Vec<Shade> {
    let shown = timeline.clusters.iter().filter(|cluster| axis.shows(cluster.range));
    shown.map(|cluster| shade(cluster.range, axis)).collect()
}

fn letters(analysis: &Analysis, timeline: &Timeline, data: &Data) -> Lane {
    let mut lane = Lane { height: 22, ..Lane::default() };
    let mut rows: Vec<f64> = Vec::new();
    for cluster in timeline.clusters.iter().filter(|cluster| data.axis.shows(cluster.range)) {
        let (left, width) = data.axis.extent(cluster.range);
        let name = letter(cluster.letter);
        let box_width = 12 + 8 * name.len() as u32;
        // Letters that would overlap step down a row; laid out for a small screen.
        let x = left + width / 2.0;
        let place = x / 100.0 * 480.0;
        let free = rows.iter().position(|end| place - f64::from(box_width) / 2.0 > *end);
        let row = free.unwrap_or_else(|| rows.len().min(7));
        let end = place + f64::from(box_width) / 2.0 + 2.0;
        match rows.get_mut(row) {
            Some(slot) => *slot = end,
            None => rows.push(end),
        }
        let finding = analysis.findings.iter().position(|it| it.letter == Some(cluster.letter));
        lane.letters.push(Letter {
            text: name,
            anchor: finding.map_or_else(String::new, |index| format!("F{}", index + 1)),
            x: num(x),
            y: 2 + 20 * row as u32,
            width: box_width,
            from: num(data.axis.bins(cluster.range.start)),
            to: num(data.axis.bins(cluster.range.end)),
        });
    }
    lane.height = 2 + 20 * (rows.len().max(1) as u32);
    lane
}

fn instances(timeline: &Timeline, data: &Data, lanes: &mut Vec<Lane>) {
    let length = |ranges: &[TimeRange]| ranges.iter().map(|r| r.seconds().max(1)).sum::<i64>();
    let mut order: Vec<(usize, &InstanceLane)> = timeline.instances.iter().enumerate().collect();
    let mut others = Vec::new();
    if order.len() > INSTANCES {
        order.sort_by_key(|(index, it)| (-length(&it.failing), -length(&it.gaps), *index));
        others = order.split_off(INSTANCES - 1);
        order.sort_by_key(|(index, _)| *index);
    }
    let merged = (!others.is_empty()).then(|| InstanceLane {
        name: format!("{} others", others.len()),
        covered: others.iter().flat_map(|(_, it)| it.covered.clone()).collect(),
        gaps: Vec::new(),
        failing: others.iter().flat_map(|(_, it)| it.failing.clone()).collect(),
    });
    if !timeline.instances.is_empty() {
        lanes.push(Lane {
            label: "Instances".to_owned(),
            small: thousands(timeline.instances.len() as u64),
            class: "row gap",
            height: 16,
            above: 16,
            ..Lane::default()
        });
    }
    let shown = order.into_iter().map(|(_, it)| it).chain(merged.as_ref());
    lanes.extend(shown.map(|instance| instance_lane(instance, &data.axis)));
}

fn instance_lane(instance: &InstanceLane, axis: &Axis) -> Lane {
    let mut bars = Vec::new();
    for (class, ranges) in
        [("cov", &instance.covered), ("hat", &instance.gaps), ("f5", &instance.failing)]
    {
        for range in ranges.iter().filter(|range| axis.shows(**range)).take(400) {
            bars.push(bar(class, *range, axis, 3, 9));
        }
    }
    let count =
        |n: usize, one: &str, many: &str| format!("{n} {}", words::plural(n as u64, one, many));
    Lane {
        label: shortened(&instance.name, 20).into_owned(),
        small: String::new(),
        class: "row in",
        height: 15,
        title: format!("Log of instance {}", instance.name),
        desc: format!(
            "{} without a log, {} with failures of 5 % and more.",
            count(instance.gaps.len(), "stretch", "stretches"),
            count(instance.failing.len(), "stretch", "stretches")
        ),
        bars,
        ..Lane::default()
    }
}

fn zooms(timeline: &Timeline, axis: &Axis) -> Vec<(String, String, String)> {
    let shown = timeline.clusters.iter().filter(|cluster| axis.shows(cluster.range)).take(8);
    shown
        .map(|cluster| {
            // The incident with twice its length around it, and never less than twelve bins.
            let (a, b) = (axis.bins(cluster.range.start), axis.bins(cluster.range.end));
            let margin = (b - a).max(6.0);
            let end = axis.length as f64 / axis.bin as f64;
            let (a, b) = ((a - margin).floor().max(0.0), (b + margin).ceil().min(end));
            (letter(cluster.letter), num(a), num(b))
        })
        .collect()
}

/// Numbers only: nothing of the input can be in there.
fn numbers(data: &Data) -> String {
    let list = |values: &mut dyn Iterator<Item = i64>| {
        values.map(|n| n.to_string()).collect::<Vec<_>>().join(",")
    };
    let totals = list(&mut (0..data.bins).map(|bin| whole(data.total(bin))));
    let errors = list(&mut data.server.iter().map(|n| whole(*n)));
    let flight = list(&mut data.flight.iter().map(|n| whole(*n)));
    let ms = |pick: fn(&Percentiles) -> u32| {
        list(&mut data.latency.iter().map(|p| p.as_ref().map_or(-1, |p| i64::from(pick(p)))))
    };
    format!(
        "{{\"start\":{},\"bin\":{},\"wide\":{},\"n\":[{totals}],\"e\":[{errors}],\"f\":[{flight}],\"p\":[{}],\"q\":[{}]}}",
        data.axis.start.div_euclid(1000),
        data.seconds,
        data.latency_bins,
        ms(|p| p.p50.1),
        ms(|p| p.p95.1)
    )
}

fn table(data: &Data) -> (String, Vec<[String; 6]>) {
    const STEPS: [usize; 10] = [60, 300, 900, 1800, 3600, 7200, 21_600, 86_400, 604_800, 2_592_000];
    let seconds = data.seconds as usize;
    let length = data.bins.saturating_mul(seconds);
    let step = STEPS.into_iter().find(|step| {
        *step >= seconds && step.is_multiple_of(seconds) && length.div_ceil(*step) < ROWS
    });
    let group = step.map_or_else(|| data.bins.div_ceil(ROWS), |step| step / seconds).max(1);
    // Rows begin at round times where the step is round.
    let offset = match step {
        Some(step) => {
            (data.axis.start.div_euclid(1000).rem_euclid(whole(step as u64))) as usize / seconds
        }
        None => 0,
    };
    let mut rows = Vec::new();
    let mut bin = 0;
    while bin < data.bins {
        let end = (bin + group - if bin == 0 { offset % group } else { 0 }).min(data.bins);
        let sum = |values: &[u64]| values.iter().take(end).skip(bin).sum::<u64>();
        let all: u64 = (bin..end).map(|bin| data.total(bin)).sum();
        let (client, server) = (sum(&data.client), sum(&data.server));
        let p95 = (bin..end).filter_map(|bin| data.percentiles(bin)).map(|p| p.p95.1).max();
        rows.push([
            data.time(bin).format("%Y-%m-%d %H:%M"),
            thousands(all),
            thousands(client),
            if all == 0 {
                "0".to_owned()
            } else {
                format!("{} ({})", thousands(server), percent(server, all))
            },
            thousands(data.flight.iter().take(end).skip(bin).copied().max().unwrap_or(0)),
            p95.map_or_else(|| "–".to_owned(), |ms| duration_ms(u64::from(ms))),
        ]);
        bin = end.max(bin + 1);
    }
    (per((group * seconds).min(u32::MAX as usize) as u32), rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn down_sampling_adds_counts_and_keeps_extremes() {
        let timeline = Timeline {
            bin_seconds: 60,
            latency_bin_seconds: 60,
            ok: vec![1, 2, 3, 4, 5],
            in_flight: vec![9, 1, 1, 7, 2],
            latency: vec![Some((10, 20)), None, Some((5, 90)), Some((6, 80)), None],
            ..Timeline::default()
        };
        let data = sampled(&timeline, 3);
        assert_eq!((data.bins, data.seconds), (3, 120));
        assert_eq!(data.ok, [3, 7, 5]);
        assert_eq!(data.flight, [9, 7, 2]);
        let kept: Vec<_> = data.latency.iter().map(|p| p.map(|p| (p.p50, p.p95))).collect();
        assert_eq!(kept, [Some(((10, 10), (20, 20))), Some(((5, 6), (80, 90))), None]);
    }
}
