//! Stretches in which an instance that was busy has no line.

use std::collections::BTreeMap;

use daaslens_core::model::Gap;
use daaslens_core::text::duration_s;
use daaslens_core::{Time, TimeRange};

use super::cube::Cube;
use super::summary::app_sites;

/// Shorter silences are looked at by `http-silence`, which asks whether the site served; this is about what the
/// bundle cannot show.
const MIN_SECONDS: i64 = 15 * 60;

/// How unlikely a silence must be by chance, as the exponent of e: a billion to one.
const UNLIKELY: f64 = -20.7;

/// The gaps of all instances, those of all together first.
pub(crate) fn gaps(cube: &Cube, window: TimeRange) -> Vec<Gap> {
    // SCM and platform traffic count here: they say that the worker was up and its log was written.
    let mut seconds: BTreeMap<&str, Vec<(i64, u32)>> = BTreeMap::new();
    for (_, site) in app_sites(cube)
        .chain(cube.sites.sorted().into_iter().filter(|(name, _)| super::cube::is_scm(name)))
    {
        for (name, lane) in site.lanes() {
            let own = seconds.entry(name).or_default();
            own.extend(
                lane.course
                    .cells()
                    .filter(|(_, ends, _)| *ends > 0)
                    .map(|(at, ends, _)| (at, ends)),
            );
        }
    }
    for own in seconds.values_mut() {
        own.sort_unstable();
    }
    let mut all: Vec<(i64, u32)> = seconds.values().flatten().copied().collect();
    all.sort_unstable();
    let mut gaps: Vec<Gap> = silences(&all)
        .into_iter()
        .map(|range| Gap { instance: None, range, reason: "No instance wrote a line.".to_owned() })
        .collect();
    let several = seconds.len() > 1;
    if several {
        for (name, own) in &seconds {
            for range in silences(own) {
                if gaps.iter().any(|gap| gap.instance.is_none() && gap.range.overlaps(range)) {
                    continue;
                }
                let others: u64 = seconds
                    .iter()
                    .filter(|(other, _)| *other != name)
                    .flat_map(|(_, other)| other)
                    .filter(|(at, _)| range.contains(Time::from_seconds(*at)))
                    .map(|(_, n)| u64::from(*n))
                    .sum();
                gaps.push(Gap {
                    instance: Some((*name).to_owned()),
                    range,
                    reason: reason(range, others, window),
                });
            }
        }
    }
    gaps
}

fn reason(range: TimeRange, others: u64, window: TimeRange) -> String {
    let share = range.seconds() * 100 / window.seconds().max(1);
    format!(
        "Other instances logged {others} requests in these {} ({share} % of the window).",
        duration_s(range.seconds().max(0) as u64),
    )
}

/// Silences inside a series of (second, requests) that its own rate makes unlikely.
fn silences(series: &[(i64, u32)]) -> Vec<TimeRange> {
    let (Some(first), Some(last)) = (series.first(), series.last()) else { return Vec::new() };
    let requests: f64 = series.iter().map(|(_, n)| f64::from(*n)).sum();
    let busy: i64 = (last.0 - first.0 + 1).max(1);
    // The rate outside of long pauses, so that a gap does not lower the rate that finds it. Long is what is long
    // for this series: a site that is asked once in a quarter of an hour has no pauses.
    let mut pauses: Vec<i64> = series.windows(2).map(|w| w[1].0 - w[0].0).collect();
    pauses.sort_unstable();
    let usual = pauses.get(pauses.len() / 2).copied().unwrap_or(0);
    let paused: i64 = pauses.iter().filter(|pause| **pause >= MIN_SECONDS.max(10 * usual)).sum();
    let rate = requests / (busy - paused).max(60) as f64;
    series
        .windows(2)
        .map(|w| (w[0].0, w[1].0))
        .filter(|(from, to)| to - from >= MIN_SECONDS && -rate * (to - from) as f64 <= UNLIKELY)
        .map(|(from, to)| TimeRange::new(Time::from_seconds(from), Time::from_seconds(to)))
        .collect()
}

/// First to last request of all sites.
pub(crate) fn range(cube: &Cube) -> Option<TimeRange> {
    let lanes = app_sites(cube).flat_map(|(_, site)| site.lanes().map(|(_, lane)| lane));
    lanes.fold(None, |range, lane| TimeRange::merge(range, lane.range))
}

/// The share of the window for which some instance has a log, from the first request on: what lies before it
/// (events go back for weeks) is not what the logs are to show, but what lies after it is.
pub(crate) fn share(cube: &Cube, window: TimeRange, gaps: &[Gap]) -> f64 {
    let Some(range) = range(cube) else { return 0.0 };
    let silent: i64 =
        gaps.iter().filter(|gap| gap.instance.is_none()).map(|gap| gap.range.seconds()).sum();
    let covered = (range.seconds() + 1 - silent).max(0);
    let whole = (window.end.seconds() - range.start.seconds() + 1).max(1);
    (covered as f64 / whole as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_of_a_busy_series_is_a_silence_and_one_of_a_quiet_series_is_not() {
        let busy: Vec<_> = (0..3600).map(|s| (s, 1)).chain((5400..7200).map(|s| (s, 1))).collect();
        assert_eq!(
            silences(&busy),
            [TimeRange::new(Time::from_seconds(3599), Time::from_seconds(5400))]
        );
        let quiet: Vec<_> = (0..20).map(|i| (i * 1000, 1)).collect();
        assert_eq!(silences(&quiet), []);
    }
}
