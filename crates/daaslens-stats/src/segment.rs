//! Where does the error ratio of a series change? An exact change-point search on counts.
//!
//! The series is cut into segments of constant error ratio so that
//!
//! ```text
//! Σ over segments of deviance(segment) / φ  +  penalty · number of changes
//! ```
//!
//! is as small as it can be. The deviance of a segment with `k` errors of `n` requests is twice the negative
//! binomial log-likelihood at its own ratio, `-2 [k ln(k/n) + (n-k) ln((n-k)/n)]`; φ ≥ 1 divides it where the noise
//! is coarser than binomial (see [`mod@crate::baseline`]). No list of thresholds, no window length: a burst of 20
//! seconds and an outage of 8 hours come out of the same search.
//!
//! Two devices make the exact optimum cheap.
//!
//! * **Runs of error-free bins are one bin.** Inside such a run the cost is concave in the position of a boundary,
//!   so that a best boundary never falls inside it. A month of minutes with errors in 900 of them is a series of
//!   at most 1,801 bins. (This holds because φ is constant, a segment may be one bin long and the penalty does not
//!   depend on the lengths. The penalty keeps counting the original bins.)
//! * **Functional pruning** (FPOP: Maidstone, Hocking, Rigaill and Fearnhead 2017). Dynamic programming over the
//!   last change is quadratic; the pruning of PELT (Killick 2012) helps only where there are many changes, and a
//!   log in which every minute has errors and nothing ever changes is its worst case. Here the cost of each
//!   candidate for the last change is kept as a function of the log-odds θ, `n·ln(1+e^θ) - k·θ`, a convex curve; a
//!   candidate that is nowhere the lowest curve can never win again. Some ten candidates survive at any time,
//!   whatever the series looks like.
//!
//! Bins without requests cost nothing and change nothing; they may be in the series or be left out.

use crate::math::{exp, ln, softplus, x_ln_x};

/// The requests of one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// Requests.
    pub n: u64,
    /// Errors among them; more than `n` is taken as `n`.
    pub k: u64,
}

impl Bin {
    /// The error ratio; 0 without requests.
    pub fn ratio(self) -> f64 {
        crate::math::share(self.k, self.n)
    }

    /// Both counts added.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { n: self.n.saturating_add(other.n), k: self.k.saturating_add(other.k) }
    }

    /// The sum of bins.
    pub fn sum(bins: &[Self]) -> Self {
        bins.iter().fold(Self::default(), |sum, bin| sum.plus(*bin))
    }
}

/// Neighbouring bins with one error ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index of the first bin.
    pub start: usize,
    /// Index after the last bin.
    pub end: usize,
    /// Requests.
    pub n: u64,
    /// Errors.
    pub k: u64,
}

impl Segment {
    /// The counts alone.
    pub fn bin(self) -> Bin {
        Bin { n: self.n, k: self.k }
    }
}

/// The usual penalty of one change in a series of `bins` bins: `factor · ln(bins)`, `factor` 3 unless the user
/// wants more (2) or fewer (4) alarms. Series of fewer than 10 bins count as 10.
pub fn default_penalty(factor: f64, bins: usize) -> f64 {
    factor * ln(bins.max(10) as f64)
}

/// The best segmentation of `bins`: segments in order that tile the series without a gap.
///
/// `phi` below 1 counts as 1, a `penalty` that is negative or no number as 0. Among segmentations of equal cost
/// the one whose last segments are longest wins.
pub fn segments(bins: &[Bin], phi: f64, penalty: f64) -> Vec<Segment> {
    let points = collapse(bins);
    let scale = 2.0 / if phi > 1.0 { phi } else { 1.0 };
    let penalty = if penalty > 0.0 { penalty } else { 0.0 };
    let previous = last_changes(&points, scale, penalty);

    let mut found = Vec::new();
    let mut end = points.len() - 1;
    while end > 0 {
        let start = previous.get(end).copied().unwrap_or(0).min(end - 1);
        let (from, to) = (points[start], points[end]);
        found.push(Segment {
            start: from.index,
            end: to.index,
            n: to.sum.n - from.sum.n,
            k: to.sum.k - from.sum.k,
        });
        end = start;
    }
    found.reverse();
    found
}

/// A place where a boundary may fall: before bin `index`, after `sum`.
#[derive(Clone, Copy)]
struct Point {
    index: usize,
    sum: Bin,
}

/// More requests than this in one bin (35 years at 1,000 a second) are taken as this, so that no sum overflows.
const MOST: u64 = 1 << 40;

/// All places where a boundary may fall: not inside a run of error-free bins.
fn collapse(bins: &[Bin]) -> Vec<Point> {
    let mut points = vec![Point { index: 0, sum: Bin::default() }];
    let mut sum = Bin::default();
    let mut in_free_run = false;
    for (index, bin) in bins.iter().enumerate() {
        let free = bin.k == 0 || bin.n == 0;
        let n = bin.n.min(MOST);
        sum = sum.plus(Bin { n, k: bin.k.min(n) });
        let after = Point { index: index + 1, sum };
        match points.last_mut() {
            Some(last) if free && in_free_run => *last = after,
            _ => points.push(after),
        }
        in_free_run = free;
    }
    points
}

/// Log-odds beyond this bound are certainty: `e^-60` of the requests of a century is less than one.
const THETA_BOUND: f64 = 60.0;

/// The end of an interval of log-odds, with what the cost needs there.
#[derive(Clone, Copy)]
struct Edge {
    theta: f64,
    softplus: f64,
}

impl Edge {
    fn at(theta: f64) -> Self {
        Self { theta, softplus: softplus(theta) }
    }

    /// The error ratio, `e^θ / (1 + e^θ)`.
    fn ratio(self) -> f64 {
        exp(self.theta - self.softplus)
    }
}

/// Log-odds for which the last change at `origin` is the best so far.
#[derive(Clone, Copy)]
struct Piece {
    low: Edge,
    high: Edge,
    origin: usize,
}

/// The excess of a candidate's cost over a threshold as a function of the log-odds; convex.
struct Excess {
    constant: f64,
    scale: f64,
    n: f64,
    k: f64,
    tolerance: f64,
}

impl Excess {
    fn value(&self, at: Edge) -> f64 {
        self.constant + self.scale * (self.n * at.softplus - self.k * at.theta)
    }

    fn slope(&self, at: Edge) -> f64 {
        self.scale * (self.n * at.ratio() - self.k)
    }

    /// The part of `low..high` where the excess is not positive, or a little more than that: Newton's steps on a
    /// convex curve approach a root from outside and never pass it, so that stopping early keeps too much, which
    /// costs time, and never too little, which would cost the optimum.
    fn not_positive(&self, low: Edge, high: Edge) -> Option<(Edge, Edge)> {
        let low = self.approach(low, high, 1.0)?;
        let high = self.approach(high, low, -1.0)?;
        Some((low, high))
    }

    fn approach(&self, from: Edge, limit: Edge, direction: f64) -> Option<Edge> {
        let mut at = from;
        for _ in 0..40 {
            let value = self.value(at);
            if value <= self.tolerance {
                return Some(at);
            }
            let slope = self.slope(at);
            if slope * direction >= 0.0 {
                // The lowest value of the interval is here, and it is too high.
                return None;
            }
            let next = at.theta - value / slope;
            if (limit.theta - next) * direction <= 0.0 {
                return None;
            }
            if (next - at.theta).abs() < 1e-9 {
                return Some(at);
            }
            at = Edge::at(next);
        }
        Some(at)
    }
}

/// For each point the start of the last segment of the best segmentation up to it.
fn last_changes(points: &[Point], scale: f64, penalty: f64) -> Vec<usize> {
    let mut best_cost = vec![-penalty];
    let mut previous = vec![0];
    let everything = (Edge::at(-THETA_BOUND), Edge::at(THETA_BOUND));
    let mut pieces = vec![Piece { low: everything.0, high: everything.1, origin: 0 }];
    let mut minima: Vec<f64> = Vec::new();
    let mut next_pieces: Vec<Piece> = Vec::new();

    for (now, point) in points.iter().enumerate().skip(1) {
        minima.clear();
        let (mut lowest, mut winner) = (f64::INFINITY, 0);
        for piece in &pieces {
            let n = point.sum.n - points[piece.origin].sum.n;
            let k = point.sum.k - points[piece.origin].sum.k;
            let deviance = scale * (x_ln_x(n) - x_ln_x(k) - x_ln_x(n.saturating_sub(k)));
            let total = best_cost[piece.origin] + penalty + deviance;
            let tolerance = tolerance(total);
            if total < lowest - tolerance || (total <= lowest + tolerance && piece.origin < winner)
            {
                winner = piece.origin;
            }
            lowest = lowest.min(total);
            minima.push(total);
        }
        best_cost.push(lowest);
        previous.push(winner);

        // From here on `now` is a candidate too, at the same cost for all log-odds.
        let threshold = lowest + penalty;
        let tolerance = tolerance(threshold);
        next_pieces.clear();
        for (piece, minimum) in pieces.iter().zip(&minima) {
            let kept = if *minimum > threshold + tolerance {
                None
            } else {
                let from = points[piece.origin].sum;
                let excess = Excess {
                    constant: best_cost[piece.origin] + penalty - threshold,
                    scale,
                    n: (point.sum.n - from.n) as f64,
                    k: (point.sum.k - from.k) as f64,
                    tolerance,
                };
                excess.not_positive(piece.low, piece.high)
            };
            match kept {
                None => give(&mut next_pieces, piece.low, piece.high, now),
                Some((low, high)) => {
                    give(&mut next_pieces, piece.low, low, now);
                    next_pieces.push(Piece { low, high, origin: piece.origin });
                    give(&mut next_pieces, high, piece.high, now);
                }
            }
        }
        std::mem::swap(&mut pieces, &mut next_pieces);
    }
    previous
}

/// Gives the log-odds from `low` to `high` to the candidate `origin`; an empty interval is nothing.
fn give(pieces: &mut Vec<Piece>, low: Edge, high: Edge, origin: usize) {
    if low.theta >= high.theta {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.origin == origin => last.high = high,
        _ => pieces.push(Piece { low, high, origin }),
    }
}

/// Costs closer than this are equal: sums of logarithms are exact to about 13 digits.
fn tolerance(cost: f64) -> f64 {
    1e-10 * (1.0 + cost.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bins(counts: &[(u64, u64)]) -> Vec<Bin> {
        counts.iter().map(|&(n, k)| Bin { n, k }).collect()
    }

    fn deviance(bin: Bin) -> f64 {
        2.0 * (x_ln_x(bin.n) - x_ln_x(bin.k) - x_ln_x(bin.n - bin.k))
    }

    fn cost(found: &[Segment], phi: f64, penalty: f64) -> f64 {
        let deviances: f64 = found.iter().map(|s| deviance(s.bin()) / phi).sum();
        deviances + penalty * (found.len() as f64 - 1.0)
    }

    /// Optimal partitioning as in the textbook: all bins, all last changes, no pruning.
    fn naive_optimum(bins: &[Bin], phi: f64, penalty: f64) -> f64 {
        let mut best = vec![-penalty];
        for end in 1..=bins.len() {
            let mut sum = Bin::default();
            let mut lowest = f64::INFINITY;
            for start in (0..end).rev() {
                sum = sum.plus(bins[start]);
                lowest = lowest.min(best[start] + penalty + deviance(sum) / phi);
            }
            best.push(lowest);
        }
        best[bins.len()]
    }

    /// Series with several levels, empty bins, long error-free runs and total outages.
    fn series(longest: usize) -> impl Strategy<Value = Vec<Bin>> {
        let stretch = (
            1_usize..=longest,
            prop_oneof![Just(0_u64), 1_u64..20, 1_u64..2_000],
            prop_oneof![Just(0_u32), 1_u32..50, 1_u32..1_000, Just(1_000_u32)],
            any::<u64>(),
        )
            .prop_map(|(length, most, per_mille, seed)| {
                let mut state = seed;
                let mut draw = move |below: u64| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 33) % below.max(1)
                };
                (0..length)
                    .map(|_| {
                        let n = draw(most + 1);
                        let k = (0..n).filter(|_| draw(1_000) < u64::from(per_mille)).count();
                        Bin { n, k: k as u64 }
                    })
                    .collect::<Vec<_>>()
            });
        prop::collection::vec(stretch, 0..8).prop_map(|stretches| stretches.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        /// The two devices (collapsed runs, functional pruning) change nothing: the cost is the optimum.
        #[test]
        fn the_optimum_is_exact(
            bins in series(40),
            phi in prop_oneof![Just(1.0), 1.0..6.0_f64],
            penalty in prop_oneof![Just(0.0), 0.1..40.0_f64],
        ) {
            let found = segments(&bins, phi, penalty);
            if bins.is_empty() {
                prop_assert!(found.is_empty());
                return Ok(());
            }
            let (ours, optimum) = (cost(&found, phi, penalty), naive_optimum(&bins, phi, penalty));
            prop_assert!(
                (ours - optimum).abs() <= 1e-8 * (1.0 + optimum.abs()),
                "ours {ours}, optimum {optimum}"
            );
        }

        #[test]
        fn segments_tile_the_series(bins in series(60), penalty in 0.0..40.0_f64) {
            let found = segments(&bins, 1.0, penalty);
            let mut at = 0;
            for segment in &found {
                prop_assert_eq!(segment.start, at);
                prop_assert!(segment.end > segment.start);
                prop_assert_eq!(segment.bin(), Bin::sum(&bins[segment.start..segment.end]));
                at = segment.end;
            }
            prop_assert_eq!(at, bins.len());
        }

        /// Errors and successes change places, and nothing else changes.
        #[test]
        fn errors_and_successes_are_alike(bins in series(20), penalty in 0.1..40.0_f64) {
            let mirrored: Vec<_> = bins.iter().map(|b| Bin { n: b.n, k: b.n - b.k }).collect();
            let (a, b) = (segments(&bins, 1.0, penalty), segments(&mirrored, 1.0, penalty));
            let (a, b) = (cost(&a, 1.0, penalty), cost(&b, 1.0, penalty));
            prop_assert!((a - b).abs() <= 1e-8 * (1.0 + a.abs()), "{} {}", a, b);
        }
    }

    #[test]
    fn a_burst_is_a_segment() {
        let series = bins(&[(100, 0), (0, 0), (100, 1), (100, 0), (90, 60), (80, 50), (100, 0)]);
        let found = segments(&series, 1.0, default_penalty(3.0, series.len()));
        assert_eq!(
            found,
            [
                Segment { start: 0, end: 4, n: 300, k: 1 },
                Segment { start: 4, end: 6, n: 170, k: 110 },
                Segment { start: 6, end: 7, n: 100, k: 0 },
            ]
        );
    }

    #[test]
    fn odd_input_is_no_problem() {
        assert_eq!(segments(&[], 1.0, 1.0), []);
        let one = [Segment { start: 0, end: 2, n: 0, k: 0 }];
        assert_eq!(segments(&bins(&[(0, 0), (0, 0)]), f64::NAN, f64::NAN), one);
        // More errors than requests, and counts that do not fit a sum.
        let found = segments(&bins(&[(1, 5), (u64::MAX, u64::MAX), (u64::MAX, 0)]), 0.0, -1.0);
        assert_eq!(found.last().map(|segment| segment.end), Some(3));
    }

    /// A hundred thousand bins with errors in each and no change is where pruning by changes alone takes hours.
    #[test]
    fn errors_everywhere_are_no_problem() {
        let mut state = 7_u64;
        let series: Vec<_> = (0..100_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                Bin { n: 600, k: 1 + (state >> 33) % 40 }
            })
            .collect();
        let points = collapse(&series);
        assert_eq!(points.len(), 100_001);
        let found = segments(&series, 8.0, default_penalty(3.0, series.len()));
        assert_eq!(found.len(), 1);
        // Even a penalty of nothing, under which every bin is a segment, stays cheap.
        assert!(segments(&series, 1.0, 0.0).len() > 90_000);
    }
}
