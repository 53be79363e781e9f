//! Do requests pile up at a timeout? Peaks of the latency histogram where somebody's patience ends.
//!
//! Latencies fall off smoothly. A heap at 230 seconds is the front end of Azure App Service, one at 110 seconds
//! ASP.NET's `executionTimeout`, one at 120 seconds the ASP.NET Core Module, one at 30 seconds a database driver:
//! requests that did not end but were ended.

/// The usual limits, in seconds.
pub const USUAL_LIMITS: [u32; 9] = [30, 60, 70, 90, 100, 110, 120, 230, 240];
/// A heap lies within so many seconds of its limit.
pub const TOLERANCE: u32 = 3;
/// Fewer requests than this are no heap.
pub const LEAST_REQUESTS: u64 = 5;
/// A heap is so many times as high as what is beside it.
pub const LEAST_CONTRAST: u64 = 5;

/// What is beside a heap reaches so many seconds from its limit.
const BESIDE: u32 = 10;

/// A heap of requests at a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wall {
    /// The limit at which it stands, one of [`USUAL_LIMITS`].
    pub limit_seconds: u32,
    /// The whole second of time-taken with the most requests; the shortest among equals.
    pub mode_seconds: u32,
    /// Requests within [`TOLERANCE`] of the limit.
    pub requests: u64,
}

/// Finds the walls in a histogram: `seconds[s]` requests took from `s` to less than `s + 1` seconds. Seconds beyond
/// the end of the slice count as without requests; 251 entries are enough.
///
/// Of two limits whose neighbourhoods meet (230 and 240, say) each is compared with what lies outside of both, and a
/// heap belongs to the limit that is nearer.
pub fn walls(seconds: &[u64]) -> Vec<Wall> {
    USUAL_LIMITS.iter().filter_map(|limit| wall_at(*limit, seconds)).collect()
}

fn wall_at(limit: u32, seconds: &[u64]) -> Option<Wall> {
    let count = |second: u32| seconds.get(second as usize).copied().unwrap_or(0);
    let inside = limit - TOLERANCE..=limit + TOLERANCE;
    let requests = inside.clone().map(count).fold(0, u64::saturating_add);
    let mode_seconds = inside.clone().rev().max_by_key(|second| count(*second))?;

    let mut beside = 0_u64;
    let mut beside_seconds = 0_u64;
    for second in limit - BESIDE..=limit + BESIDE {
        let at_a_limit = USUAL_LIMITS.iter().any(|other| other.abs_diff(second) <= TOLERANCE);
        if !at_a_limit {
            beside = beside.saturating_add(count(second));
            beside_seconds += 1;
        }
    }
    let inside_seconds = u128::from(2 * TOLERANCE + 1);
    let stands_out = u128::from(requests) * u128::from(beside_seconds)
        >= u128::from(LEAST_CONTRAST) * u128::from(beside) * inside_seconds;
    (requests >= LEAST_REQUESTS && stands_out).then_some(Wall {
        limit_seconds: limit,
        mode_seconds,
        requests,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A histogram of `background(second)` with some seconds set.
    fn check(
        background: impl Fn(u64) -> u64,
        heaps: &[(usize, u64)],
        expected: &[(u32, u32, u64)],
    ) {
        let mut seconds: Vec<u64> = (0..251).map(background).collect();
        for &(second, requests) in heaps {
            seconds[second] = requests;
        }
        let found: Vec<_> = walls(&seconds)
            .iter()
            .map(|wall| (wall.limit_seconds, wall.mode_seconds, wall.requests))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn heaps_at_limits() {
        check(|_| 0, &[], &[]);
        check(|_| 0, &[(230, 4)], &[]);
        check(|_| 0, &[(230, 3), (231, 2)], &[(230, 230, 5)]);
        check(
            |_| 0,
            &[(110, 9), (120, 7), (240, 5)],
            &[(110, 110, 9), (120, 120, 7), (240, 240, 5)],
        );
        // Not a limit that anybody has.
        check(|_| 0, &[(150, 90)], &[]);
    }

    #[test]
    fn a_smooth_tail_has_no_walls() {
        check(|second| 1_000_000 / (1 + second * second), &[], &[]);
        check(|second| 1_000_000 / (1 + second * second), &[(100, 4_000)], &[(100, 100, 4_600)]);
        check(|_| 7, &[(60, 20)], &[]);
    }

    #[test]
    fn a_short_or_hostile_histogram() {
        assert_eq!(walls(&[]), []);
        assert_eq!(walls(&[9; 28]), []);
        assert_eq!(walls(&[u64::MAX; 251]), []);
    }
}
