//! When did everything stand still? Gaps without a completed request while requests were in progress.
//!
//! IIS writes a line when a request *ends*. While a process is suspended for a dump, collects garbage, or waits for
//! a database that answers nobody, no line is written; then all waiting requests end within a second or two, each
//! with a time-taken of about the gap. That picture, a silence that chance does not explain with a release behind
//! it, is a stall. Silence without a release is not (nobody may have come), nor is a heap of slow requests that
//! ended while others went on.
//!
//! What it sees: stalls of 10 seconds or more at two requests a second or more. Stalls of 5 seconds cannot be told
//! from chance reliably, nor can 30 seconds at one request in two seconds.

use crate::poisson;

/// A gap shorter than this is none.
pub const LEAST_SECONDS: usize = 5;
/// The gap's chance under the rate before it must be below this.
pub const MOST_CHANCE: f64 = 1e-6;
/// At least so many requests must have been in progress at once.
pub const LEAST_IN_FLIGHT: u64 = 5;
/// The rate is taken from so many seconds before the gap.
pub const TRAILING_SECONDS: usize = 300;

/// What a site or an instance did, second by second.
#[derive(Clone, Copy, Debug)]
pub struct Activity<'a> {
    /// The second to which index 0 of both series belongs, since any epoch.
    pub first_second: i64,
    /// Requests that ended in the second.
    pub completions: &'a [u32],
    /// Requests that were in progress at any time in the second; [`in_flight`] makes it.
    pub in_flight: &'a [u32],
}

impl Activity<'_> {
    /// The second at `index` of the series.
    fn second(&self, index: usize) -> i64 {
        self.first_second.saturating_add_unsigned(index as u64)
    }
}

/// One request as the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The second in which it ended, since the same epoch.
    pub end_second: i64,
    /// How long it took.
    pub time_taken_ms: u32,
}

impl Request {
    /// The second in which it began: the logged second (which says no more than that the request ended within it)
    /// less the time taken, rounded down.
    pub const fn start_second(&self) -> i64 {
        let seconds = self.time_taken_ms.div_ceil(1000);
        self.end_second.saturating_sub(seconds as i64)
    }
}

/// A gap in which nothing ended, and what was behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// The first second without a completion.
    pub first_second: i64,
    /// The last second without a completion.
    pub last_second: i64,
    /// The most requests that were in progress in any of these seconds.
    pub in_flight: u32,
    /// Requests that had waited and ended right after the gap.
    pub released: u32,
    /// The index, among the requests handed in, of the one released that began first: the prime suspect, the
    /// others being victims. Among equals the first one in the list.
    pub oldest: usize,
}

/// For each second from `first_second` on how many of `requests` were in progress at any time in it.
pub fn in_flight(requests: &[Request], first_second: i64, seconds: usize) -> Vec<u32> {
    let mut changes = vec![0_i64; seconds.saturating_add(1)];
    let index_of = |second: i64| {
        usize::try_from(second.saturating_sub(first_second)).unwrap_or(0).min(seconds)
    };
    for request in requests {
        if request.end_second < first_second {
            continue;
        }
        if let Some(begin) = changes.get_mut(index_of(request.start_second())) {
            *begin += 1;
        }
        if let Some(after) = changes.get_mut(index_of(request.end_second.saturating_add(1))) {
            *after -= 1;
        }
    }
    changes.pop();
    let mut now = 0;
    changes
        .into_iter()
        .map(|change| {
            now += change;
            u32::try_from(now).unwrap_or(if now < 0 { 0 } else { u32::MAX })
        })
        .collect()
}

/// Finds the stalls. `requests` need to be those that ended near a gap only, in any order; all will do.
///
/// A gap at the beginning or the end of the series is not a stall: nothing tells the rate before it, or nothing was
/// released.
pub fn stalls(activity: Activity<'_>, requests: &[Request]) -> Vec<Stall> {
    let mut by_end: Vec<usize> = Vec::new();
    let mut found = Vec::new();
    for (start, end) in gaps(activity.completions) {
        let Some(peak) = standing(&activity, start, end) else { continue };
        if by_end.is_empty() {
            by_end = (0..requests.len()).collect();
            by_end.sort_by_key(|index| (requests.get(*index).map(|r| r.end_second), *index));
        }
        if let Some((released, oldest)) = release(&activity, start, end, requests, &by_end) {
            found.push(Stall {
                first_second: activity.second(start),
                last_second: activity.second(end - 1),
                in_flight: peak,
                released,
                oldest,
            });
        }
    }
    found
}

/// Stretches `start..end` without completions that are long enough and have completions on both sides.
fn gaps(completions: &[u32]) -> Vec<(usize, usize)> {
    let mut gaps = Vec::new();
    let mut last_completion = None;
    for (second, &count) in completions.iter().enumerate() {
        if count == 0 {
            continue;
        }
        if let Some(last) = last_completion
            && second - last > LEAST_SECONDS
        {
            gaps.push((last + 1, second));
        }
        last_completion = Some(second);
    }
    gaps
}

/// The peak of requests in progress, if the gap is beyond chance and somebody waited.
fn standing(activity: &Activity<'_>, start: usize, end: usize) -> Option<u32> {
    let trailing = activity.completions.get(start.saturating_sub(TRAILING_SECONDS)..start)?;
    let completed: u64 = trailing.iter().map(|count| u64::from(*count)).sum();
    let rate = completed as f64 / trailing.len().max(1) as f64;
    if poisson::none(rate * (end - start) as f64) >= MOST_CHANCE {
        return None;
    }
    let peak = activity.in_flight.get(start..end)?.iter().copied().max()?;
    (u64::from(peak) >= LEAST_IN_FLIGHT).then_some(peak)
}

/// How many were released right after the gap, and which of them began first; `None` if they are less than 60 % of
/// those in progress.
fn release(
    activity: &Activity<'_>,
    start: usize,
    end: usize,
    requests: &[Request],
    by_end: &[usize],
) -> Option<(u32, usize)> {
    let gap = end - start;
    // Within two seconds or a tenth of the gap, whichever is longer.
    let grace = gap.div_ceil(10).max(2);
    let least_ms = gap as u64 * 300;
    let resumed = activity.second(end);
    let end_of = |index: &usize| requests.get(*index).map_or(i64::MAX, |r| r.end_second);
    let from = by_end.partition_point(|index| end_of(index) < resumed);
    let to = by_end.partition_point(|index| end_of(index) <= activity.second(end + grace));

    let mut released = 0_u32;
    let mut oldest: Option<(i64, usize)> = None;
    for &index in by_end.get(from..to).unwrap_or(&[]) {
        let Some(request) = requests.get(index) else { continue };
        let began = request
            .end_second
            .saturating_mul(1000)
            .saturating_sub(i64::from(request.time_taken_ms));
        if u64::from(request.time_taken_ms) < least_ms || began >= resumed.saturating_mul(1000) {
            continue;
        }
        released = released.saturating_add(1);
        if oldest.is_none_or(|best| (began, index) < best) {
            oldest = Some((began, index));
        }
    }
    let waiting = activity.in_flight.get(end - 1).copied()?.max(1);
    // 3/5 of those in progress in the last second of the gap.
    let enough = u64::from(released) * 5 >= u64::from(waiting) * 3;
    oldest.filter(|_| enough).map(|(_, index)| (released, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten minutes of three requests a second of 200 ms; whoever comes between seconds `from` and `to` waits.
    fn traffic(from: i64, to: i64) -> Vec<Request> {
        (0..600)
            .flat_map(|second| {
                let (end, time_taken_ms) = if (from..to).contains(&second) {
                    (to, u32::try_from((to - second) * 1000).unwrap())
                } else {
                    (second, 200)
                };
                [Request { end_second: end, time_taken_ms }; 3]
            })
            .collect()
    }

    fn completions(requests: &[Request], seconds: usize) -> Vec<u32> {
        let mut counts = vec![0; seconds];
        for request in requests {
            if let Some(count) = counts.get_mut(usize::try_from(request.end_second).unwrap()) {
                *count += 1;
            }
        }
        counts
    }

    fn find(requests: &[Request]) -> Vec<Stall> {
        let completions = completions(requests, 700);
        let in_flight = in_flight(requests, 0, 700);
        stalls(
            Activity { first_second: 0, completions: &completions, in_flight: &in_flight },
            requests,
        )
    }

    #[test]
    fn a_stall_has_a_release_behind_it() {
        // 60 wait, and the 3 that ended in the first second after the gap began in its last. Those who came last
        // waited for less than a third of the gap and are not counted as released.
        let expected =
            Stall { first_second: 300, last_second: 319, in_flight: 63, released: 45, oldest: 900 };
        assert_eq!(find(&traffic(300, 320)), [expected]);
    }

    #[test]
    fn a_silence_without_waiting_requests_is_none() {
        let mut quiet = traffic(0, 0);
        quiet.retain(|request| !(300..360).contains(&request.end_second));
        assert_eq!(find(&quiet), []);
    }

    #[test]
    fn short_gaps_and_the_ends_of_the_log_are_none() {
        assert_eq!(find(&traffic(300, 304)), []);
        assert_eq!(find(&traffic(0, 30)), []);
        assert_eq!(find(&[]), []);
    }

    /// Slow requests that end together while nobody else came, of a rate at which that is chance.
    #[test]
    fn chance_is_none() {
        let sparse: Vec<_> =
            (0..60).map(|i| Request { end_second: i * 10, time_taken_ms: 60_000 }).collect();
        assert_eq!(find(&sparse), []);
    }

    #[test]
    fn progress_is_counted_from_start_to_end() {
        let requests = [
            Request { end_second: 3, time_taken_ms: 2_000 },
            Request { end_second: 4, time_taken_ms: 0 },
            Request { end_second: 2, time_taken_ms: 4_000_000 },
            Request { end_second: -7, time_taken_ms: 1 },
            Request { end_second: i64::MAX, time_taken_ms: u32::MAX },
        ];
        assert_eq!(in_flight(&requests, 0, 6), [1, 2, 2, 1, 1, 0]);
        assert_eq!(in_flight(&requests, i64::MIN, 2), [0, 0]);
    }
}
