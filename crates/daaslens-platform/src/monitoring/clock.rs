//! Times of a clock with twelve hours that does not say which half of the day it means.
//!
//! CPU monitoring writes `[3/11/2026 02:14:07]` for both 02:14 and 14:14. Its lines come every few seconds and in order, so
//! that the halves follow from the moments when the clock passes twelve. They are found as the cheapest way through all
//! lines, where a long pause costs, and a step back costs more. A log that never passes twelve fits both halves of its
//! day; then a time that is known from elsewhere decides.

use daaslens_core::Time;

/// A time that is known from elsewhere: the session's own, or when the file was last written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// When the log began, about.
    pub start: Option<Time>,
    /// When it ended, about.
    pub end: Option<Time>,
}

/// How sure the halves of the day are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// Only one way fits, or the clock has 24 hours after all.
    #[default]
    Certain,
    /// Both halves fit, and a [`Hint`] decided.
    Hinted,
    /// Both halves fit. The first half of the day was taken; it may be twelve hours later.
    Guessed,
}

/// Half a day.
const HALF: i64 = 43_200;
/// A pause that makes a way dearer, in seconds. Monitoring looks at least once a minute, and pauses while it dumps.
const PAUSE: i64 = 600;
/// What a step back costs, in pauses. Two threads may write in the wrong order by some seconds; that is none.
const STEP_BACK: u32 = 4;
const SLACK: i64 = 5;

/// Finds the half of each line, from its day and its time on the clock (seconds since the epoch as if it were the first
/// half).
pub(super) fn resolve(first_halves: &[i64], hint: Hint) -> (Vec<bool>, Clock) {
    let (Some(first), Some(last)) = (first_halves.first(), first_halves.last()) else {
        return (Vec::new(), Clock::Certain);
    };
    // The best way from either half of the first line to either half of the last.
    let ways: Vec<Way> =
        [false, true].into_iter().flat_map(|from| ways(first_halves, from)).collect();
    let least = ways.iter().map(|way| way.cost).min().unwrap_or_default();
    let best: Vec<&Way> = ways.iter().filter(|way| way.cost == least).collect();
    let time = |line: i64, second: bool| line + if second { HALF } else { 0 };
    let distance = |way: &Way| {
        let far = |hint: Option<Time>, at: i64| hint.map_or(0, |hint| hint.seconds().abs_diff(at));
        far(hint.start, time(*first, way.from)) + far(hint.end, time(*last, way.to))
    };
    let nearest = best.iter().map(|way| distance(way)).min().unwrap_or_default();
    let near: Vec<&&Way> = best.iter().filter(|way| distance(way) == nearest).collect();
    // A log in the middle of a long session is as near to its start and end in one half as in the other.
    let clock = match (best.len(), near.len()) {
        (1, _) => Clock::Certain,
        (_, 1) => Clock::Hinted,
        _ => Clock::Guessed,
    };
    // The first of equals is the one in the first half of the day.
    (near.first().map(|way| way.halves.clone()).unwrap_or_default(), clock)
}

struct Way {
    from: bool,
    to: bool,
    cost: u32,
    halves: Vec<bool>,
}

/// The cheapest ways that begin in the half `from`, to either half of the last line.
fn ways(lines: &[i64], from: bool) -> Vec<Way> {
    let mut costs = [u32::MAX; 2];
    costs[usize::from(from)] = 0;
    // For each line and half, the half of the line before.
    let mut back: Vec<[bool; 2]> = Vec::with_capacity(lines.len());
    for pair in lines.windows(2) {
        let [before, after] = pair else { continue };
        let mut next = [u32::MAX; 2];
        let mut came = [false; 2];
        for to in [false, true] {
            for half in [false, true] {
                let gap = (after + i64::from(to) * HALF) - (before + i64::from(half) * HALF);
                let step = match gap {
                    ..0 if gap < -SLACK => STEP_BACK,
                    PAUSE.. => 1,
                    _ => 0,
                };
                let cost = costs[usize::from(half)].saturating_add(step);
                if cost < next[usize::from(to)] {
                    next[usize::from(to)] = cost;
                    came[usize::from(to)] = half;
                }
            }
        }
        costs = next;
        back.push(came);
    }
    let way = |to: bool| {
        let mut halves = vec![to];
        let mut half = to;
        for came in back.iter().rev() {
            half = came[usize::from(half)];
            halves.push(half);
        }
        halves.reverse();
        Way { from, to, cost: costs[usize::from(to)], halves }
    };
    [false, true].into_iter().map(way).filter(|way| way.cost < u32::MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(times: &[&str], hint: Hint, clock: Clock) {
        let times: Vec<i64> =
            times.iter().map(|time| Time::parse(time).unwrap().seconds()).collect();
        let folded: Vec<i64> = times.iter().map(|time| fold(*time)).collect();
        let (halves, found) = resolve(&folded, hint);
        let unfolded: Vec<i64> = folded
            .iter()
            .zip(halves)
            .map(|(time, second)| time + if second { HALF } else { 0 })
            .collect();
        assert_eq!(unfolded, times);
        assert_eq!(found, clock);
    }

    /// What the log keeps of a time.
    fn fold(time: i64) -> i64 {
        time - if time.rem_euclid(86_400) >= HALF { HALF } else { 0 }
    }

    #[test]
    fn passing_noon_tells_both_halves() {
        check(
            &["2026-03-11T11:59:50Z", "2026-03-11T12:00:05Z", "2026-03-11T12:00:20Z"],
            Hint::default(),
            Clock::Certain,
        );
    }

    #[test]
    fn passing_midnight_tells_both_halves() {
        check(
            &["2026-03-11T23:59:50Z", "2026-03-12T00:00:05Z", "2026-03-12T00:00:20Z"],
            Hint::default(),
            Clock::Certain,
        );
    }

    #[test]
    fn a_hint_tells_what_passes_nothing() {
        let times = ["2026-03-11T14:14:07Z", "2026-03-11T14:14:22Z"];
        let end = Time::parse("2026-03-11T15:00:00Z");
        check(&times, Hint { start: None, end }, Clock::Hinted);
        let times = ["2026-03-11T02:14:07Z", "2026-03-11T02:14:22Z"];
        check(&times, Hint::default(), Clock::Guessed);
    }

    proptest! {
        #[test]
        fn a_steady_log_that_passes_twelve_is_read_back(start in 0i64..4_000_000_000, step in 1i64..300) {
            let times: Vec<i64> = (0..=HALF / step + 1).map(|n| start + n * step).collect();
            let folded: Vec<i64> = times.iter().map(|time| fold(*time)).collect();
            let (halves, clock) = resolve(&folded, Hint::default());
            prop_assert_eq!(clock, Clock::Certain);
            for ((time, folded), second) in times.iter().zip(folded).zip(halves) {
                prop_assert_eq!(*time, folded + if second { HALF } else { 0 });
            }
        }
    }
}
