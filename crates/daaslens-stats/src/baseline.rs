//! What is usual here? The error ratio and the roughness of a log outside of its outages.
//!
//! The log that people download contains the outage they ask about, often a third of it, sometimes more. A mean
//! with a spread is useless then: an outage of eight hours lifts both until it hides itself. So the usual ratio is
//! taken from the *middle of the lower half* of windows, and then refined on the bins that look like it.

use crate::segment::Bin;

/// What is usual in a log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// The usual error ratio p0; at most [`HIGHEST_USUAL`].
    pub rate: f64,
    /// φ ≥ 1: how many times the variance of independent errors the variance of the bins is. Errors come in
    /// company (one page with three failing parts, one retrying client), so 1.5 to 3 are common.
    pub dispersion: f64,
}

/// An error ratio above this is never called usual. Where more of the log fails all the time, the log does not
/// show how the site was before, and it must not be taken as healthy for having failed from the first line on.
pub const HIGHEST_USUAL: f64 = 0.02;

/// Estimates what is usual in `bins` of `bin_seconds` each. Bins without requests may be in the series or not.
///
/// 1. Windows of 5 minutes, doubled up to 120 until the median window holds 5 errors (but at least 12 windows).
/// 2. The pooled ratio of the windows between the 25th and the 60th percentile of their ratio. Windows among them
///    that are ten times worse than those between the 10th and the 40th, and above 2 %, are left out: that is an
///    outage which fills half of the log.
/// 3. Once more on the bins whose ratio is at most ten times that, or 2 %; a single error in a bin with few
///    requests says nothing and stays.
/// 4. φ is Pearson's χ² over its degrees of freedom on the same bins, grouped.
pub fn baseline(bins: &[Bin], bin_seconds: u64) -> Baseline {
    let bins: Vec<Bin> = bins
        .iter()
        .filter(|bin| bin.n > 0)
        .map(|bin| Bin { n: bin.n, k: bin.k.min(bin.n) })
        .collect();
    let first_guess = window_ratio(&bins, bin_seconds).min(HIGHEST_USUAL);

    let limit = ordinary_limit(first_guess);
    let ordinary: Vec<Bin> = bins.iter().copied().filter(|bin| is_ordinary(*bin, limit)).collect();
    let rate = if ordinary.is_empty() { first_guess } else { Bin::sum(&ordinary).ratio() };
    let rate = rate.min(HIGHEST_USUAL);
    Baseline { rate, dispersion: dispersion(&ordinary, rate) }
}

/// Up to this ratio a bin belongs to the usual state with the ratio `usual`.
fn ordinary_limit(usual: f64) -> f64 {
    (10.0 * usual).max(HIGHEST_USUAL)
}

fn is_ordinary(bin: Bin, limit: f64) -> bool {
    bin.k <= 1 || bin.k as f64 <= limit * bin.n as f64
}

/// The pooled ratio of the middle of the lower half of windows.
fn window_ratio(bins: &[Bin], bin_seconds: u64) -> f64 {
    let windows = ranked_windows(bins, bin_seconds);
    let anchor = Bin::sum(percentiles(&windows, 10, 40)).ratio();
    let limit = ordinary_limit(anchor);
    let core = percentiles(&windows, 25, 60)
        .iter()
        .filter(|window| is_ordinary(**window, limit))
        .fold(Bin::default(), |sum, window| sum.plus(*window));
    if core.n == 0 { anchor } else { core.ratio() }
}

/// Windows of the length that the recipe asks for, by ascending ratio.
fn ranked_windows(bins: &[Bin], bin_seconds: u64) -> Vec<Bin> {
    let bin_seconds = bin_seconds.max(1);
    let length_of = |minutes: u64| usize::try_from(minutes * 60 / bin_seconds).unwrap_or(1).max(1);
    let longest = (bins.len() / 12).max(1);
    let mut minutes = 5;
    loop {
        let length = length_of(minutes).min(longest);
        let mut windows: Vec<Bin> = bins.chunks(length).map(Bin::sum).collect();
        let mut errors: Vec<u64> = windows.iter().map(|window| window.k).collect();
        errors.sort_unstable();
        let median = errors.get(errors.len() / 2).copied().unwrap_or(0);
        minutes *= 2;
        if median >= 5 || minutes > 120 || length == longest {
            windows.sort_by(|a, b| {
                let left = u128::from(a.k) * u128::from(b.n);
                let right = u128::from(b.k) * u128::from(a.n);
                left.cmp(&right)
            });
            return windows;
        }
    }
}

/// The part of `ranked` between two percentiles; at least one element where there is any.
fn percentiles(ranked: &[Bin], low: usize, high: usize) -> &[Bin] {
    let from = (ranked.len() * low / 100).min(ranked.len().saturating_sub(1));
    let to = (ranked.len() * high).div_ceil(100).max(from + 1).min(ranked.len());
    ranked.get(from..to).unwrap_or(&[])
}

/// Pearson's χ² over its degrees of freedom, on groups of neighbouring bins that are large enough for it: one error
/// is expected in each at least. Without the grouping a single request that failed, alone in its bin, is worth
/// hundreds of thousands where errors are rare. One standard error is taken off: a log with two dozen errors cannot
/// tell 1.3 from 1, and what it cannot tell must not hide a small cluster.
fn dispersion(bins: &[Bin], rate: f64) -> f64 {
    let variance = rate * (1.0 - rate);
    let mut groups = 0_u32;
    let mut chi_square = 0.0;
    let mut group = Bin::default();
    for bin in bins {
        group = group.plus(*bin);
        let n = group.n as f64;
        if n * rate >= 1.0 {
            let difference = group.k as f64 - rate * n;
            chi_square += difference * difference / (n * variance);
            groups += 1;
            group = Bin::default();
        }
    }
    if groups < 2 {
        return 1.0;
    }
    let degrees = f64::from(groups - 1);
    (chi_square / degrees - (2.0 / degrees).sqrt()).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `minutes` bins of 600 requests with errors at the ratio of `per_10_000`, evenly spread over the bins.
    fn minutes(minutes: u64, per_10_000: u64) -> Vec<Bin> {
        let mut owed = 0;
        (0..minutes)
            .map(|_| {
                owed += 600 * per_10_000;
                let k = owed / 10_000;
                owed %= 10_000;
                Bin { n: 600, k }
            })
            .collect()
    }

    fn check(bins: &[Bin], rate: f64, dispersion: std::ops::Range<f64>) {
        let found = baseline(bins, 60);
        assert!((found.rate - rate).abs() <= 0.1 * rate, "rate {} of {rate}", found.rate);
        assert!(dispersion.contains(&found.dispersion), "dispersion {}", found.dispersion);
    }

    #[test]
    fn outages_do_not_raise_the_usual() {
        check(&minutes(1440, 20), 0.002, 1.0..1.01);
        // A third, a half and three fifths of the log.
        for (clean, bad, ratio) in [(960, 480, 3_000), (720, 720, 3_000), (600, 840, 10_000)] {
            check(
                &[minutes(clean / 2, 20), minutes(bad, ratio), minutes(clean / 2, 20)].concat(),
                0.002,
                1.0..1.1,
            );
        }
        // Half of the log at 5 %, over nothing at all.
        check(&[minutes(700, 0), minutes(700, 500)].concat(), 0.0, 1.0..1.01);
    }

    #[test]
    fn few_errors() {
        check(&[], 0.0, 1.0..1.01);
        check(&minutes(1, 0), 0.0, 1.0..1.01);
        check(&minutes(1440, 0), 0.0, 1.0..1.01);
        // 18 requests a minute and one error an hour: above 2 % in its minute, and usual all the same.
        let quiet: Vec<_> = (0..1440).map(|i| Bin { n: 18, k: u64::from(i % 60 == 7) }).collect();
        check(&quiet, 1.0 / 1080.0, 1.0..1.1);
    }

    #[test]
    fn failing_all_the_time_is_not_usual() {
        check(&minutes(300, 10_000), HIGHEST_USUAL, 1.0..f64::INFINITY);
        check(&minutes(300, 150), 0.015, 1.0..1.1);
    }

    /// Ten errors in every tenth bin instead of one in each: ten times the variance.
    #[test]
    fn errors_in_company_raise_the_dispersion() {
        let bins: Vec<_> =
            (0..1000).map(|i| Bin { n: 1000, k: if i % 10 == 0 { 10 } else { 0 } }).collect();
        let found = baseline(&bins, 60);
        assert!((8.5..9.5).contains(&found.dispersion), "{}", found.dispersion);
    }
}
