//! Drawings as SVG: axes, paths, and the lanes that charts are put together from.
//!
//! A lane has a fixed height in pixels and the width of its place. Its data stand in a nested drawing that is
//! stretched (`preserveAspectRatio="none"`), its marks and texts are placed in per cent, so the same bytes fit a
//! phone and a wide screen. All coordinates are numbers that the program made; text goes through the template's
//! escaping.

mod closeup;
mod histogram;
mod lane;
mod latency;
mod marks;
mod series;
mod timeline;

pub(crate) use closeup::{caption, closeup};
pub(crate) use histogram::Histogram;
pub(crate) use lane::{Bar, Dot, Lane, Letter, Shade, Stroke, Word, YTick};
pub(crate) use timeline::{Chart, timeline};

use daaslens_core::{Time, TimeRange};

/// The width that labels are laid out for, in pixels: the plot of a page at 1,280, and that of a phone.
const WIDE: f64 = 860.0;
const NARROW: f64 = 270.0;

/// A stretch of time from left to right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    start: i64,
    length: i64,
    bin: i64,
}

impl Axis {
    /// `bins` bins of `bin_seconds` from `start`. Never empty.
    pub(crate) fn new(start: Time, bin_seconds: u32, bins: usize) -> Self {
        let bin = i64::from(bin_seconds.max(1)) * 1000;
        Self { start: start.0, length: bin.saturating_mul(whole(bins.max(1) as u64)), bin }
    }

    /// Where `time` lies, 0–100, clamped.
    pub(crate) fn percent(&self, time: Time) -> f64 {
        let at = time.0.saturating_sub(self.start).clamp(0, self.length);
        at as f64 / self.length as f64 * 100.0
    }

    /// Where `time` lies, in bins, not clamped to the axis but to what a script can count with.
    pub(crate) fn bins(&self, time: Time) -> f64 {
        let at = time.0.saturating_sub(self.start) as f64 / self.bin as f64;
        at.clamp(-1e6, 1e6)
    }

    /// Whether any of `range` lies on the axis.
    pub(crate) fn shows(&self, range: TimeRange) -> bool {
        range.end.0 >= self.start && range.start.0 <= self.start.saturating_add(self.length)
    }

    /// Left end and width of `range` in per cent. A range ends with its last second, not before it.
    pub(crate) fn extent(&self, range: TimeRange) -> (f64, f64) {
        let left = self.percent(range.start);
        (left, (self.percent(Time(range.end.0.saturating_add(1000))) - left).max(0.0))
    }

    /// Labelled lines at round times, at most 13; every second one is marked as too many for a phone.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        const STEPS: [i64; 22] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
            86_400, 172_800, 604_800, 1_209_600, 2_592_000,
        ];
        let step = STEPS.iter().map(|s| s * 1000).find(|step| self.length / step <= 12);
        let step = step.unwrap_or_else(|| (self.length / 12).max(1));
        let days = self.length > 3 * 86_400_000;
        let mut ticks = Vec::new();
        let mut at = self.start.div_euclid(step) * step;
        if at < self.start {
            at += step;
        }
        let end = self.start.saturating_add(self.length);
        while at <= end && ticks.len() < 14 {
            let time = Time(at);
            let midnight = at.rem_euclid(86_400_000) == 0;
            let label = match () {
                () if days && step >= 86_400_000 => time.format("%-d %b"),
                () if days && midnight => time.format("%-d %b"),
                () if midnight && !ticks.is_empty() => time.format("%-d %b"),
                () if step < 60_000 => time.format("%H:%M:%S"),
                () => time.format("%H:%M"),
            };
            ticks.push(Tick { x: self.percent(time), label, odd: ticks.len() % 2 == 1 });
            at += step;
        }
        ticks
    }
}

/// A count as a signed number.
pub(crate) fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A labelled line.
#[derive(Clone, Debug)]
pub(crate) struct Tick {
    pub(crate) x: f64,
    pub(crate) label: String,
    pub(crate) odd: bool,
}

/// A number for an attribute: at most three digits, no trailing zeros, never `NaN`.
pub(crate) fn num(value: f64) -> String {
    if !value.is_finite() {
        return "0".to_owned();
    }
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" || text.is_empty() { "0".to_owned() } else { text.to_owned() }
}

/// The smallest of 1, 2, 2.5, 5 × 10ⁿ that is at least `value`; whole numbers only, so 2.5 comes in from 25 on.
pub(crate) fn round_up(value: u64) -> u64 {
    let value = value.max(1);
    let mut decade = 1_u64;
    loop {
        for step in [10, 20, 25, 50] {
            let candidate = decade.saturating_mul(step) / 10;
            if candidate >= value && (decade * step).is_multiple_of(10) {
                return candidate;
            }
        }
        match decade.checked_mul(10) {
            Some(next) if next < u64::MAX / 100 => decade = next,
            _ => return value,
        }
    }
}

/// An area of steps from zero: one bin each, `height` units up for `top`. Runs of equal height are one stroke;
/// what is not zero is at least five units (2.5 pixels) high. Empty where all is zero.
pub(crate) fn steps(values: &[u64], top: u64, height: u32) -> String {
    use std::fmt::Write as _;
    let level = |value: u64| -> i64 {
        if value == 0 {
            return 0;
        }
        let share = value as f64 / top.max(1) as f64;
        ((share.min(1.0) * f64::from(height)).round() as i64).max(5)
    };
    let mut out = String::new();
    let mut current = 0;
    let mut run = 0_usize;
    for &value in values {
        let next = level(value);
        if next != current {
            flush(&mut out, &mut run, height);
            let _ = write!(out, "v{}", current - next);
            current = next;
        }
        run += 1;
    }
    if out.is_empty() && current == 0 {
        return String::new();
    }
    flush(&mut out, &mut run, height);
    if current != 0 {
        let _ = write!(out, "v{current}");
    }
    out.push('z');
    out
}

fn flush(out: &mut String, run: &mut usize, height: u32) {
    use std::fmt::Write as _;
    if out.is_empty() {
        let _ = write!(out, "M{run} {height}");
    } else if *run > 0 {
        let _ = write!(out, "h{run}");
    }
    *run = 0;
}

/// `values` in groups of `factor`, each made one by `join`.
pub(crate) fn grouped(values: &[u32], factor: usize, join: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    values
        .chunks(factor.max(1))
        .map(|group| group.iter().map(|&n| u64::from(n)).reduce(&join).unwrap_or(0))
        .collect()
}

/// About how wide a text of the chart is, in pixels.
fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 6.2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_merge_runs_and_show_the_smallest_count() {
        assert_eq!(steps(&[0, 0, 10, 10, 5, 0, 1], 10, 100), "M2 100v-100h2v50h1v50h1v-10h1v10z");
        assert_eq!(steps(&[1, 1], 1000, 100), "M0 100v-5h2v5z");
        assert_eq!(steps(&[0, 0, 0], 10, 100), "");
        assert_eq!(steps(&[], 0, 100), "");
    }

    #[test]
    fn tops_are_round() {
        let tops = [0, 1, 3, 6, 11, 21, 26, 99, 101, 333].map(round_up);
        assert_eq!(tops, [1, 1, 5, 10, 20, 25, 50, 100, 200, 500]);
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn an_axis_has_few_labels_and_no_nonsense() {
        let start = Time::parse("2026-03-11 22:30").unwrap();
        for (bin, bins) in [(60, 180), (1, 1), (1, 0), (86_400, 400), (u32::MAX, 1500), (60, 1440)]
        {
            let axis = Axis::new(start, bin, bins);
            let ticks = axis.ticks();
            assert!(ticks.len() <= 14, "{bin} × {bins}: {}", ticks.len());
            assert!(ticks.iter().all(|tick| (0.0..=100.0).contains(&tick.x)));
            assert!((0.0..=100.0).contains(&axis.percent(Time(i64::MAX))));
        }
        let labels: Vec<_> =
            Axis::new(start, 60, 180).ticks().into_iter().map(|tick| tick.label).collect();
        assert!(labels.contains(&"12 Mar".to_owned()), "{labels:?}");
        assert_eq!(num(f64::NAN), "0");
        assert_eq!(num(-0.0001), "0");
        assert_eq!(num(12.5), "12.5");
    }
}
