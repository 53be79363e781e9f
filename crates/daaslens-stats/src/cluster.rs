//! When did requests fail? Clusters of errors in time, to the second.
//!
//! The caller brings requests and errors per second (of one site and one family of errors); this module
//!
//! 1. puts them into bins of 60 seconds, or of 10 where the log is shorter than three hours,
//! 2. asks [`mod@crate::baseline`] what is usual and [`crate::segment`] where the ratio changes,
//!    The first search is a lenient one;
//! 3. keeps the segments that matter in practice: at least [`LEAST_ERRORS`] errors, and a ratio of at least three
//!    times the usual and [`LEAST_RATIO`]. A change can be beyond doubt and still not worth waking somebody up;
//! 4. cuts the bins around their boundaries into single seconds and searches again, so that the boundaries are
//!    the best ones *to the second*, all at once, by the same likelihood;
//! 5. joins what belongs together, and keeps apart what does not: see `join`;
//! 6. reports the window from the first to the last second with an error.
//!
//! How well this works is measured in `tests/it/accuracy.rs`, on generated traffic with known outages.

use std::ops::Range;

use crate::baseline::{Baseline, baseline};
use crate::math::{ln, share};
use crate::ratio::Table;
use crate::segment::{Bin, default_penalty, segments};

/// Fewer errors than this are no cluster.
pub const LEAST_ERRORS: u64 = 5;

/// Below this error ratio there is no cluster, however quiet the log is otherwise.
pub const LEAST_RATIO: f64 = 0.005;

/// A cluster's ratio is at least this many times the usual one, and two clusters whose ratios differ by more than
/// this factor are not joined.
pub const LEAST_CONTRAST: f64 = 3.0;

/// Clusters with at most this many seconds between them may be one.
pub const JOIN_SECONDS: i64 = 120;

/// A log shorter than this gets bins of 10 seconds.
const SHORT_LOG_SECONDS: i64 = 3 * 3600;

/// The first search asks for this part of the penalty only. A cluster of two minutes fills three bins, and the
/// successes at both ends of them dilute it; the second search, to the second, decides.
const ROUGH_PENALTY: f64 = 2.0 / 3.0;

/// In bins with so many times the usual requests the noise is checked once more, see [`Search::matters`].
const CROWDED: f64 = 1.5;

/// So many seconds on both sides of a boundary between bins are looked at one by one.
const REFINE_SECONDS: i64 = 300;

/// What happened in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Seconds since any epoch.
    pub second: i64,
    /// Requests that ended in it.
    pub requests: u64,
    /// Errors among them.
    pub errors: u64,
}

/// How willingly a change is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sensitivity {
    /// Finds fainter clusters, at the price of some more false alarms.
    High,
    /// Fewer than one false alarm in ten days, also on rough logs.
    #[default]
    Normal,
    /// For logs in which errors come in company so much that normal alarms too often.
    Low,
}

impl Sensitivity {
    /// The factor of [`default_penalty`].
    pub const fn penalty_factor(self) -> f64 {
        match self {
            Self::High => 2.0,
            Self::Normal => 3.0,
            Self::Low => 4.0,
        }
    }
}

/// What the user may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How willingly a change is seen.
    pub sensitivity: Sensitivity,
    /// The length of a bin; by the length of the log if `None`.
    pub bin_seconds: Option<u32>,
}

impl Config {
    /// The recipe as it is, with this sensitivity.
    pub const fn new(sensitivity: Sensitivity) -> Self {
        Self { sensitivity, bin_seconds: None }
    }
}

/// A window of raised error ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The second of its first error.
    pub first_second: i64,
    /// The second of its last error.
    pub last_second: i64,
    /// Errors from the first to the last second.
    pub errors: u64,
    /// Requests from the first to the last second.
    pub requests: u64,
}

impl Cluster {
    /// The share of requests that failed.
    pub fn ratio(&self) -> f64 {
        share(self.errors, self.requests)
    }

    /// Seconds from the first to the last, both included.
    pub const fn seconds(&self) -> u64 {
        self.last_second.abs_diff(self.first_second).saturating_add(1)
    }

    /// Errors beyond those that the usual ratio explains, rounded down.
    pub fn excess_errors(&self, usual_rate: f64) -> u64 {
        self.errors
            .saturating_sub((usual_rate.clamp(0.0, 1.0) * self.requests as f64).ceil() as u64)
    }
}

/// The clusters of a log, and what is around them.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// In order of time; no two overlap.
    pub clusters: Vec<Cluster>,
    /// What the search took as usual.
    pub baseline: Baseline,
    /// The counts outside of all clusters; its ratio is the one to report as usual.
    pub outside: Bin,
    /// The length of the bins of the first search.
    pub bin_seconds: u32,
}

/// Finds the clusters in `seconds`, which may be in any order, leave out seconds without requests and name a
/// second twice.
pub fn clusters(seconds: &[Second], config: Config) -> Clustering {
    let seconds = normalized(seconds);
    let bin_seconds = config.bin_seconds.unwrap_or_else(|| suitable_bin(&seconds)).max(1);

    let coarse = coarse_grid(&seconds, bin_seconds);
    let bins = bins_of(&seconds, &coarse);
    let usual = baseline(&bins, u64::from(bin_seconds));
    let mut search = Search {
        seconds: &seconds,
        usual,
        penalty: default_penalty(config.sensitivity.penalty_factor(), bins.len()),
        bin_seconds,
        typical_requests: typical_requests(&bins),
    };

    let rough = search.raised(&coarse, ROUGH_PENALTY);
    let clusters = if rough.is_empty() {
        Vec::new()
    } else {
        // A cluster of an hour at 1 % is not far enough from the usual to be left out of it at first sight, and it
        // would pass for roughness: a dispersion of 5 where there is none, and an edge that is off by 20 minutes.
        let elsewhere = bins_outside(&coarse, &bins, &rough);
        if 2 * elsewhere.len() >= bins.len() {
            search.usual = baseline(&elsewhere, u64::from(bin_seconds));
        }
        let fine = fine_grid(&seconds, &coarse, &rough);
        let found = search.raised(&fine, 1.0);
        join(&seconds, found, i64::from(bin_seconds))
    };

    let inside =
        clusters.iter().fold(Bin::default(), |sum, c| sum.plus(Bin { n: c.requests, k: c.errors }));
    let all = Bin::sum(&bins);
    Clustering {
        clusters,
        baseline: search.usual,
        outside: Bin { n: all.n.saturating_sub(inside.n), k: all.k.saturating_sub(inside.k) },
        bin_seconds,
    }
}

/// In order, each second once, none without requests, no more errors than requests.
fn normalized(seconds: &[Second]) -> Vec<Second> {
    let mut sorted: Vec<Second> = seconds.iter().copied().filter(|s| s.requests > 0).collect();
    sorted.sort_by_key(|s| s.second);
    sorted.dedup_by(|next, kept| {
        let same = next.second == kept.second;
        if same {
            kept.requests = kept.requests.saturating_add(next.requests);
            kept.errors = kept.errors.saturating_add(next.errors);
        }
        same
    });
    for second in &mut sorted {
        second.errors = second.errors.min(second.requests);
    }
    sorted
}

fn suitable_bin(seconds: &[Second]) -> u32 {
    let first = seconds.first().map_or(0, |s| s.second);
    let last = seconds.last().map_or(0, |s| s.second);
    if last.saturating_sub(first) < SHORT_LOG_SECONDS { 10 } else { 60 }
}

/// A bin as the range of its elements in the list of seconds.
type Grid = Vec<Range<usize>>;

/// Bins of equal length; those without requests are left out.
fn coarse_grid(seconds: &[Second], bin_seconds: u32) -> Grid {
    let bin_of = |second: &Second| second.second.div_euclid(i64::from(bin_seconds));
    let mut grid = Grid::new();
    for (index, second) in seconds.iter().enumerate() {
        match grid.last_mut() {
            Some(last) if seconds.get(last.start).map(bin_of) == Some(bin_of(second)) => {
                last.end = index + 1;
            }
            _ => grid.push(index..index + 1),
        }
    }
    grid
}

/// `coarse` with single seconds around the boundaries of the `rough` clusters.
fn fine_grid(seconds: &[Second], coarse: &Grid, rough: &[Range<usize>]) -> Grid {
    let mut around: Vec<Range<i64>> = Vec::new();
    for found in rough {
        for second in edge_seconds(seconds, found) {
            around.push(
                second.saturating_sub(REFINE_SECONDS)
                    ..second.saturating_add(REFINE_SECONDS).saturating_add(1),
            );
        }
    }
    around.sort_by_key(|range| (range.start, range.end));

    let mut grid = Grid::with_capacity(coarse.len());
    let mut around = around.into_iter().peekable();
    for bin in coarse {
        let [first, last] = edge_seconds(seconds, bin);
        while around.next_if(|range| range.end <= first).is_some() {}
        if around.peek().is_some_and(|range| range.start <= last) {
            grid.extend(bin.clone().map(|index| index..index + 1));
        } else {
            grid.push(bin.clone());
        }
    }
    grid
}

/// The first and the last second of a range.
fn edge_seconds(seconds: &[Second], range: &Range<usize>) -> [i64; 2] {
    [range.start, range.end.saturating_sub(1)].map(|i| seconds.get(i).map_or(0, |s| s.second))
}

/// The bins that are not part of a rough cluster.
fn bins_outside(grid: &Grid, bins: &[Bin], rough: &[Range<usize>]) -> Vec<Bin> {
    let mut rough = rough.iter().peekable();
    let mut outside = Vec::new();
    for (range, bin) in grid.iter().zip(bins) {
        while rough.next_if(|found| found.end <= range.start).is_some() {}
        if rough.peek().is_none_or(|found| range.end <= found.start) {
            outside.push(*bin);
        }
    }
    outside
}

fn bin_of(seconds: &[Second], range: &Range<usize>) -> Bin {
    seconds
        .get(range.clone())
        .unwrap_or(&[])
        .iter()
        .fold(Bin::default(), |sum, second| sum.plus(Bin { n: second.requests, k: second.errors }))
}

fn bins_of(seconds: &[Second], grid: &Grid) -> Vec<Bin> {
    grid.iter().map(|range| bin_of(seconds, range)).collect()
}

/// The median of requests in a bin.
fn typical_requests(bins: &[Bin]) -> u64 {
    let mut requests: Vec<u64> = bins.iter().map(|bin| bin.n).collect();
    requests.sort_unstable();
    requests.get(requests.len() / 2).copied().unwrap_or(0)
}

/// What both searches share.
struct Search<'a> {
    seconds: &'a [Second],
    usual: Baseline,
    penalty: f64,
    bin_seconds: u32,
    typical_requests: u64,
}

impl Search<'_> {
    /// The segments of `grid` that pass the practical filter, as ranges of seconds.
    fn raised(&self, grid: &Grid, part_of_penalty: f64) -> Vec<Range<usize>> {
        let bins = bins_of(self.seconds, grid);
        let penalty = self.penalty * part_of_penalty;
        segments(&bins, self.usual.dispersion, penalty)
            .iter()
            .filter_map(|segment| {
                let first = grid.get(segment.start)?;
                let last = grid.get(segment.end.checked_sub(1)?)?;
                let range = first.start..last.end;
                self.matters(segment.bin(), &range, penalty).then_some(range)
            })
            .collect()
    }

    /// The practical filter. In a burst of traffic it also asks for a deviance that pays for both boundaries under
    /// the dispersion of a *crowded* bin: errors in company grow with the crowd (a beta-binomial's φ is
    /// `1 + (n - 1) ρ`), so that φ of ordinary minutes makes a newsletter's five busy ones look like an outage.
    fn matters(&self, counts: Bin, range: &Range<usize>, penalty: f64) -> bool {
        let least = (LEAST_CONTRAST * self.usual.rate).max(LEAST_RATIO);
        if counts.k < LEAST_ERRORS || counts.ratio() < least {
            return false;
        }
        let [first, last] = edge_seconds(self.seconds, range);
        let bins = (last.abs_diff(first) as f64 + 1.0) / f64::from(self.bin_seconds);
        let crowd = counts.n as f64 / bins.max(1.0) / self.typical_requests.max(1) as f64;
        if crowd <= CROWDED {
            return true;
        }
        let dispersion = 1.0 + (self.usual.dispersion - 1.0) * crowd;
        let rate = self.usual.rate.max(f64::MIN_POSITIVE);
        deviance_from(counts, rate) / dispersion >= 2.0 * penalty
    }
}

/// Twice the log-likelihood that the counts' own ratio gains over `rate`.
fn deviance_from(counts: Bin, rate: f64) -> f64 {
    let term = |observed: u64, expected: f64| {
        if observed == 0 { 0.0 } else { observed as f64 * ln(observed as f64 / expected) }
    };
    let n = counts.n as f64;
    2.0 * (term(counts.k, n * rate) + term(counts.n.saturating_sub(counts.k), n * (1.0 - rate)))
}

/// Makes clusters of raised segments: trims them to their errors and joins those that are one event.
///
/// * Two segments at most [`JOIN_SECONDS`] apart whose ratios are within a factor of [`LEAST_CONTRAST`], as far as
///   their counts can tell, are one cluster, with all that lies between them. A site that fails at 30 %, at 60 %
///   and at 40 % of its requests has one problem.
/// * A segment shorter than a bin that touches a larger one is its ramp. An outage often begins with some seconds
///   in which only the requests to one of several workers fail.
/// * All others stay apart: two bursts four minutes apart may have two causes, and so may an hour at 1 % with three
///   minutes at 100 % behind it.
fn join(seconds: &[Second], found: Vec<Range<usize>>, bin_seconds: i64) -> Vec<Cluster> {
    let trimmed: Vec<Group> =
        found.into_iter().filter_map(|span| Group::of(seconds, span)).collect();
    let ramps_joined = join_where(seconds, trimmed, bin_seconds, |before, after| {
        let (smaller, larger) =
            if before.counts.k <= after.counts.k { (before, after) } else { (after, before) };
        smaller.last - smaller.first < bin_seconds && larger.counts.k >= smaller.counts.k
    });
    let joined = join_where(seconds, ramps_joined, JOIN_SECONDS, Group::is_like);
    joined
        .into_iter()
        .map(|group| Cluster {
            first_second: group.first,
            last_second: group.last,
            errors: group.counts.k,
            requests: group.counts.n,
        })
        .collect()
}

/// A cluster in the making.
#[derive(Clone, Debug)]
struct Group {
    /// The seconds of the segments, also those before the first and after the last error. Distances are taken from
    /// here: at one error in a minute two segments that touch may have two minutes between their errors.
    span: Range<usize>,
    first: i64,
    last: i64,
    counts: Bin,
}

impl Group {
    /// `span` with the window and the counts from its first to its last error.
    fn of(seconds: &[Second], span: Range<usize>) -> Option<Self> {
        let has_errors = |index: &usize| seconds.get(*index).is_some_and(|s| s.errors > 0);
        let start = span.clone().find(has_errors)?;
        let end = span.clone().rfind(has_errors)? + 1;
        let [first, last] = edge_seconds(seconds, &(start..end));
        let counts = bin_of(seconds, &(start..end));
        Some(Self { span, first, last, counts })
    }

    /// Seconds from the end of `earlier` to the beginning of this one.
    fn distance_from(&self, earlier: &Self, seconds: &[Second]) -> i64 {
        let [_, end] = edge_seconds(seconds, &earlier.span);
        let [start, _] = edge_seconds(seconds, &self.span);
        start.saturating_sub(end)
    }

    /// Whether the ratios are within the factor, as far as the counts can tell.
    fn is_like(&self, other: &Self) -> bool {
        let (low, high) = if self.counts.ratio() <= other.counts.ratio() {
            (self.counts, other.counts)
        } else {
            (other.counts, self.counts)
        };
        Table::of(high, low).risk_ratio().low <= LEAST_CONTRAST
    }
}

/// Joins each group with an earlier one that ends at most `distance` seconds before it and of which `belongs` says
/// so, together with what lies between; over and over, until nothing changes.
fn join_where(
    seconds: &[Second],
    groups: Vec<Group>,
    distance: i64,
    belongs: impl Fn(&Group, &Group) -> bool,
) -> Vec<Group> {
    let mut joined: Vec<Group> = Vec::with_capacity(groups.len());
    for group in groups {
        let mut group = group;
        loop {
            let partner = joined
                .iter()
                .enumerate()
                .rev()
                .take_while(|(_, earlier)| group.distance_from(earlier, seconds) <= distance)
                .find(|(_, earlier)| belongs(earlier, &group))
                .map(|(index, earlier)| (index, earlier.span.start));
            let Some((index, start)) = partner else { break };
            joined.truncate(index);
            match Group::of(seconds, start..group.span.end) {
                Some(whole) => group = whole,
                None => break,
            }
        }
        joined.push(group);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line a stretch: seconds, requests in each, errors in each.
    fn log(stretches: &[(i64, u64, u64)]) -> Vec<Second> {
        let mut seconds = Vec::new();
        let mut now = 1_700_000_000;
        for &(length, requests, errors) in stretches {
            seconds.extend((0..length).map(|i| Second { second: now + i, requests, errors }));
            now += length;
        }
        seconds
    }

    /// The clusters as (first second of the log = 0, last, errors, requests).
    fn check(seconds: &[Second], expected: &[(i64, i64, u64, u64)]) {
        let found = clusters(seconds, Config::new(Sensitivity::Normal));
        let start = seconds.iter().map(|s| s.second).min().unwrap_or(0);
        let short: Vec<_> = found
            .clusters
            .iter()
            .map(|c| (c.first_second - start, c.last_second - start, c.errors, c.requests))
            .collect();
        assert_eq!(short, expected, "{found:?}");
    }

    #[test]
    fn nothing_and_next_to_nothing() {
        check(&[], &[]);
        check(&log(&[(1, 0, 0)]), &[]);
        check(&log(&[(100, 10, 0)]), &[]);
        check(&log(&[(1, 1, 1)]), &[]);
        check(&log(&[(86_400, 5, 0)]), &[]);
    }

    #[test]
    fn an_outage_is_found_to_the_second() {
        check(&log(&[(10_007, 5, 0), (185, 4, 4), (70_000, 5, 0)]), &[(10_007, 10_191, 740, 740)]);
        check(&log(&[(1_003, 5, 0), (23, 4, 2), (2_000, 5, 0)]), &[(1_003, 1_025, 46, 92)]);
    }

    #[test]
    fn failing_from_the_first_to_the_last_line() {
        check(&log(&[(600, 3, 3)]), &[(0, 599, 1_800, 1_800)]);
        check(&log(&[(90_000, 10, 3)]), &[(0, 89_999, 270_000, 900_000)]);
        check(&log(&[(6, 1, 1)]), &[(0, 5, 6, 6)]);
    }

    #[test]
    fn bursts_apart_stay_apart() {
        check(
            &log(&[(20_000, 5, 0), (60, 5, 4), (240, 5, 0), (60, 5, 4), (20_000, 5, 0)]),
            &[(20_000, 20_059, 240, 300), (20_300, 20_359, 240, 300)],
        );
    }

    #[test]
    fn levels_of_one_outage_are_joined() {
        check(
            &log(&[(20_000, 5, 0), (200, 5, 2), (90, 5, 0), (300, 5, 4), (20_000, 5, 0)]),
            &[(20_000, 20_589, 1_600, 2_950)],
        );
    }

    #[test]
    fn a_ramp_belongs_to_its_outage() {
        check(
            &log(&[(20_000, 50, 0), (20, 50, 5), (300, 50, 50), (20_000, 50, 0)]),
            &[(20_000, 20_319, 15_100, 16_000)],
        );
    }

    #[test]
    fn a_faint_hour_and_a_total_outage_are_two() {
        check(
            &log(&[(20_000, 100, 0), (3_600, 100, 1), (180, 100, 100), (20_000, 100, 0)]),
            &[(20_000, 23_599, 3_600, 360_000), (23_600, 23_779, 18_000, 18_000)],
        );
    }

    /// Lines of several instances come in any order, and a clock that was reset dates one of them 1970.
    #[test]
    fn the_order_of_seconds_does_not_matter() {
        let seconds = log(&[(20_000, 5, 0), (60, 5, 4), (20_000, 5, 0)]);
        let whole = clusters(&seconds, Config::new(Sensitivity::Normal));
        let mut shuffled: Vec<Second> = seconds
            .iter()
            .flat_map(|s| [Second { requests: 2, errors: 0, ..*s }, Second { requests: 3, ..*s }])
            .rev()
            .collect();
        shuffled.swap(5, 30_000);
        // Errors above the requests of their line, taken together with the other lines of the second, are fine.
        assert_eq!(clusters(&shuffled, Config::new(Sensitivity::Normal)), whole);

        let stray = [
            Second { second: i64::MIN, requests: 1, errors: 0 },
            Second { second: 0, requests: 1, errors: 0 },
            Second { second: i64::MAX, requests: 1, errors: 1 },
        ];
        shuffled.extend(stray);
        assert_eq!(clusters(&shuffled, Config::new(Sensitivity::Normal)).clusters, whole.clusters);
    }

    #[test]
    fn the_rest_is_counted() {
        let found = clusters(
            &log(&[(20_000, 5, 0), (60, 5, 4), (20_000, 5, 0), (1, 5, 1)]),
            Config::new(Sensitivity::Normal),
        );
        assert_eq!(found.outside, Bin { n: 200_005, k: 1 });
        assert_eq!(found.bin_seconds, 60);
        assert_eq!(found.clusters.first().map(|c| c.excess_errors(0.01)), Some(237));
    }

    /// Two weeks with an outage of a minute in every hour.
    #[test]
    fn many_clusters_in_a_long_log() {
        let hour = [(3_000, 2, 0), (1, 2, 1), (239, 2, 0), (60, 2, 2), (300, 2, 0)];
        let stretches: Vec<_> = hour.iter().copied().cycle().take(5 * 24 * 14).collect();
        let found = clusters(&log(&stretches), Config::new(Sensitivity::Normal)).clusters;
        assert_eq!(found.len(), 24 * 14);
        assert!(found.iter().all(|c| c.errors == 120 && c.seconds() == 60));
    }
}
