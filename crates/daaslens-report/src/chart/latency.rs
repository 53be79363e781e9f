//! The lane of time taken: a band from p50 to p95 on a logarithmic scale.

use daaslens_core::text::duration_ms;

use super::timeline::{Data, Percentiles};
use super::{Lane, Stroke, Word, YTick};

/// Draws the lane. Client aborts are not in the data; empty bins break the lines.
pub(super) fn latency(data: &Data) -> Lane {
    const HEIGHT: u32 = 84;
    let filled = || data.latency.iter().flatten();
    let highest = filled().map(|p| p.p95.1).max().unwrap_or(0);
    let lowest = filled().map(|p| p.p50.0).min().unwrap_or(1);
    let mut lane = Lane {
        label: "Time taken".to_owned(),
        small: "p50, p95; log scale".to_owned(),
        class: "gap",
        height: HEIGHT,
        above: 14,
        title: "Time taken, p50 and p95, logarithmic scale".to_owned(),
        ..Lane::default()
    };
    if filled().next().is_none() {
        "No answered request.".clone_into(&mut lane.desc);
        lane.baseline = true;
        return lane;
    }
    let bottom = if lowest >= 10 { 1.0 } else { 0.0 };
    let top = f64::from(highest.max(1000)).log10() + 0.05;
    let y = |ms: u32| {
        let share = (f64::from(ms.max(1)).log10() - bottom) / (top - bottom);
        ((1.0 - share.clamp(0.0, 1.0)) * f64::from(2 * HEIGHT)).round() as i64
    };
    let (band, p50, p95) = latency_paths(data, y);
    lane.desc = format!(
        "p50 between {} and {}, p95 at most {}. Client aborts are left out.",
        duration_ms(u64::from(lowest)),
        duration_ms(u64::from(filled().map(|p| p.p50.1).max().unwrap_or(0))),
        duration_ms(u64::from(highest))
    );
    lane.strokes = vec![
        Stroke { class: "la", d: band },
        Stroke { class: "l9", d: p95 },
        Stroke { class: "l5", d: p50 },
    ];
    for (ms, text) in
        [(10, "10 ms"), (100, "100 ms"), (1000, "1 s"), (10_000, "10 s"), (100_000, "100 s")]
    {
        let at = y(ms) / 2;
        if f64::from(ms).log10() >= bottom && f64::from(ms).log10() <= top {
            lane.levels.push(at.to_string());
            lane.y_ticks.push(YTick { y: at.max(5).to_string(), text: text.to_owned() });
        }
    }
    if let Some(last) = data.latency.iter().rev().flatten().next() {
        let (mut a, b) = (y(last.p95.1) / 2 - 7, y(last.p50.0) / 2 + 9);
        a = a.max(4);
        for (at, text) in [(a, "p95"), (b.max(a + 12).min(i64::from(HEIGHT) + 8), "p50")] {
            lane.words.push(Word {
                class: "w e",
                x: "100".to_owned(),
                dx: -2,
                y: at.max(0) as u32,
                text: text.to_owned(),
                from: String::new(),
            });
        }
    }
    lane
}

/// The band between p50 and p95, the line of p50 and that of p95. The lines break at empty bins.
fn latency_paths(data: &Data, y: impl Fn(u32) -> i64) -> (String, String, String) {
    use std::fmt::Write as _;
    let (mut band, mut p50, mut p95) = (String::new(), String::new(), String::new());
    let width = data.latency_bins;
    let mut at = 0;
    while at < data.latency.len() {
        let run: Vec<Percentiles> = data.latency.iter().skip(at).map_while(|bin| *bin).collect();
        if run.is_empty() {
            at += 1;
            continue;
        }
        let x = at * width;
        line(&mut p50, x, width, run.iter().map(|p| (y(p.p50.0), y(p.p50.1))));
        line(&mut p95, x, width, run.iter().map(|p| (y(p.p95.0), y(p.p95.1))));
        // Forward along the top, back along the bottom.
        if let Some(first) = run.first() {
            let mut level = y(first.p95.1);
            let _ = write!(band, "M{x} {level}");
            for bin in &run {
                step(&mut band, y(bin.p95.1), &mut level);
                let _ = write!(band, "h{width}");
            }
            for bin in run.iter().rev() {
                step(&mut band, y(bin.p50.0), &mut level);
                let _ = write!(band, "h-{width}");
            }
            band.push('z');
        }
        at += run.len();
    }
    (band, p50, p95)
}

fn step(out: &mut String, to: i64, level: &mut i64) {
    use std::fmt::Write as _;
    if to != *level {
        let _ = write!(out, "v{}", to - *level);
        *level = to;
    }
}

pub(super) fn line(
    out: &mut String,
    x: usize,
    width: usize,
    levels: impl Iterator<Item = (i64, i64)>,
) {
    use std::fmt::Write as _;
    let mut current = None;
    let mut run = 0;
    for (low, high) in levels {
        let level = match current {
            None => {
                let _ = write!(out, "M{x} {low}");
                low
            }
            Some(level) => level,
        };
        if level != low || low != high {
            if run > 0 {
                let _ = write!(out, "h{run}");
            }
            run = 0;
            let mut at = level;
            step(out, low, &mut at);
            step(out, high, &mut at);
        }
        run += width;
        current = Some(high);
    }
    if run > 0 {
        let _ = write!(out, "h{run}");
    }
}
