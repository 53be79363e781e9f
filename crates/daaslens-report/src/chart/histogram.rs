//! A histogram of durations, small enough for a table cell.

use askama::Template;
use daaslens_core::Latency;

/// Quarter decades from 1 ms to 300 s and beyond.
const BARS: usize = 22;
/// Units of height.
const HEIGHT: u32 = 20;

/// Logarithmic across, square root up: a few slow requests stay visible beside many fast ones.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "charts/histogram.html")]
pub(crate) struct Histogram {
    /// Place, height, distance from the top.
    pub(crate) bars: Vec<(usize, u32, u32)>,
    /// What it says.
    pub(crate) label: String,
}

impl askama::filters::HtmlSafe for Histogram {}

impl Histogram {
    pub(crate) fn new(latency: &Latency) -> Self {
        let mut counts = [0_u64; BARS];
        for (ms, n) in latency.buckets() {
            let place = (f64::from(ms.max(1)).log10() * 4.0) as usize;
            if let Some(slot) = counts.get_mut(place.min(BARS - 1)) {
                *slot += u64::from(n);
            }
        }
        let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        let bars = counts
            .iter()
            .enumerate()
            .filter(|(_, n)| **n > 0)
            .map(|(place, n)| {
                let height = ((*n as f64 / most).sqrt() * f64::from(HEIGHT)).round() as u32;
                let height = height.clamp(2, HEIGHT);
                (place * 4, height, HEIGHT - height)
            })
            .collect();
        let text = |p| daaslens_core::text::duration_ms(u64::from(latency.percentile(p)));
        let label = format!(
            "Distribution from 1 ms to 300 s: half below {}, 99 % below {}",
            text(50.0),
            text(99.0)
        );
        Self { bars, label }
    }
}
