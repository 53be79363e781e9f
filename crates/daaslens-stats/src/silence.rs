//! Did an instance fall silent while others went on? Gaps in its log that chance does not explain.
//!
//! A minute without errors because there was no request looks healthy in every list of errors. An instance that
//! handled forty requests a minute and then none for five minutes was taken out of rotation, crashed, or lost its
//! log; which of these, the caller finds out from events.

use crate::poisson;

/// A gap shorter than this is none.
pub const LEAST_MINUTES: usize = 3;
/// The gap's chance under the rate before it must be below this.
pub const MOST_CHANCE: f64 = 1e-9;
/// The rate is the median of so many minutes before the gap.
pub const TRAILING_MINUTES: usize = 60;
/// At least so many minutes must lie before the gap to tell a rate.
pub const LEAST_HISTORY: usize = 10;

/// An instance without requests while others had some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The index of the first minute without a request.
    pub first_minute: usize,
    /// The index of the last minute without a request.
    pub last_minute: usize,
    /// The median of requests per minute before.
    pub usual_per_minute: u64,
    /// Whether the instance spoke again. One that did not may have been scaled in.
    pub resumed: bool,
}

/// Finds the silences of an instance. Both series are requests per minute and begin at the same minute; `others`
/// is the sum of all other instances. Without others (a site on one instance) an instance that is silent cannot be
/// told from visitors who stayed away, so nothing is found.
///
/// The others are alive if they had requests in at least half of the minutes of the gap.
pub fn silences(instance: &[u64], others: &[u64]) -> Vec<Silence> {
    let mut found = Vec::new();
    let mut minute = 0;
    while let Some(count) = instance.get(minute) {
        if *count > 0 {
            minute += 1;
            continue;
        }
        let start = minute;
        let length = instance.iter().skip(start).take_while(|count| **count == 0).count();
        minute = start + length;
        // A log that goes on for the others and has ended for this one is as long as theirs.
        let resumed = minute < instance.len();
        let end = if resumed { minute } else { minute.max(others.len()) };
        found.extend(silence(instance, others, start, end, resumed));
    }
    if instance.last().is_some_and(|count| *count > 0) {
        found.extend(silence(instance, others, instance.len(), others.len(), false));
    }
    found
}

fn silence(
    instance: &[u64],
    others: &[u64],
    start: usize,
    end: usize,
    resumed: bool,
) -> Option<Silence> {
    if end.saturating_sub(start) < LEAST_MINUTES {
        return None;
    }
    let mut before = instance.get(start.saturating_sub(TRAILING_MINUTES)..start)?.to_vec();
    if before.len() < LEAST_HISTORY {
        return None;
    }
    before.sort_unstable();
    // The lower median: of two middle minutes the quieter one, so as not to exaggerate.
    let usual_per_minute = before.get((before.len() - 1) / 2).copied()?;
    if poisson::none(usual_per_minute as f64 * (end - start) as f64) >= MOST_CHANCE {
        return None;
    }
    let alive =
        others.get(start..end.min(others.len()))?.iter().filter(|count| **count > 0).count();
    (alive * 2 >= end - start).then_some(Silence {
        first_minute: start,
        last_minute: end - 1,
        usual_per_minute,
        resumed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A series from (minutes, requests in each).
    fn series(stretches: &[(usize, u64)]) -> Vec<u64> {
        stretches.iter().flat_map(|&(minutes, requests)| vec![requests; minutes]).collect()
    }

    fn check(instance: &[(usize, u64)], others: &[(usize, u64)], expected: &[Silence]) {
        assert_eq!(silences(&series(instance), &series(others)), expected);
    }

    const SILENCE: Silence =
        Silence { first_minute: 60, last_minute: 64, usual_per_minute: 40, resumed: true };

    #[test]
    fn silent_while_others_speak() {
        check(&[(60, 40), (5, 0), (60, 40)], &[(125, 30)], &[SILENCE]);
        // At five requests a minute three silent minutes are chance, five are not.
        check(&[(60, 5), (3, 0), (60, 5)], &[(123, 30)], &[]);
        check(
            &[(60, 5), (5, 0), (60, 5)],
            &[(125, 30)],
            &[Silence { usual_per_minute: 5, ..SILENCE }],
        );
    }

    #[test]
    fn never_heard_of_again() {
        let expected = Silence { last_minute: 199, resumed: false, ..SILENCE };
        check(&[(60, 40)], &[(200, 30)], &[expected]);
        check(&[(60, 40), (9, 0)], &[(200, 30)], &[expected]);
    }

    #[test]
    fn not_a_silence() {
        // Too short; nobody else; all are silent; nothing tells what was usual.
        check(&[(60, 40), (2, 0), (60, 40)], &[(122, 30)], &[]);
        check(&[(60, 40), (5, 0), (60, 40)], &[], &[]);
        check(&[(60, 40), (5, 0), (60, 40)], &[(60, 30), (5, 0), (60, 30)], &[]);
        check(&[(9, 40), (50, 0), (60, 40)], &[(119, 30)], &[]);
        check(&[], &[(200, 30)], &[]);
        check(&[], &[], &[]);
    }
}
