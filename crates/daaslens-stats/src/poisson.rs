//! How surprising is a silence, a heap, a coincidence? Events that come independently at a known rate.

use crate::math::{at_least_one, exp, ln, ln_factorial};

/// The probability of no event at all where `mean` are expected.
pub fn none(mean: f64) -> f64 {
    exp(-mean.max(0.0))
}

/// The probability of `count` or more events where `mean` are expected.
pub fn at_least(count: u64, mean: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if mean.is_nan() || mean <= 0.0 {
        return 0.0;
    }
    if mean.is_infinite() {
        return 1.0;
    }
    if count as f64 > mean {
        sum_of_terms(count, mean, |k| Some(k + 1))
    } else {
        1.0 - sum_of_terms(count - 1, mean, |k| k.checked_sub(1))
    }
}

/// The chance that an event of a kind that happens `rate` times a minute falls into a window of `minutes` by pure
/// coincidence. "The deployment was four minutes before the outage" means much at one deployment a week and
/// nothing at one a quarter of an hour.
pub fn coincidence(rate: f64, minutes: f64) -> f64 {
    let mean = rate * minutes;
    if mean > 0.0 { at_least_one(mean) } else { 0.0 }
}

/// Adds up the probabilities of `from` and its successors, which lead away from the mean, until they no longer
/// count.
fn sum_of_terms(from: u64, mean: f64, next: impl Fn(u64) -> Option<u64>) -> f64 {
    let mut k = from;
    let mut term = exp(k as f64 * ln(mean) - mean - ln_factorial(k));
    let mut sum = 0.0;
    // The terms fall like those of a bell curve at least; a million of them cover a mean of 10^10.
    for _ in 0..1_000_000 {
        sum += term;
        let Some(following) = next(k) else { break };
        term *= if following > k { mean / following as f64 } else { k as f64 / mean };
        k = following;
        if term <= sum * 1e-17 {
            break;
        }
    }
    sum.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{found} {expected}");
    }

    #[test]
    fn tails() {
        close(at_least(1, 2.0), 1.0 - (-2.0_f64).exp());
        close(at_least(3, 1.0), 0.080_301_397);
        close(at_least(10, 2.0), 4.649_807e-5);
        close(at_least(2, 10.0), 0.999_500_6);
        assert!(at_least(50, 5.0) < 1e-30);
        // Half of the mass is above the mean, whatever the mean is.
        assert!((at_least(1_000_000_000, 1e9) - 0.5).abs() < 1e-4);
    }

    #[test]
    fn limits() {
        close(at_least(0, 0.0), 1.0);
        assert_eq!(at_least(1, 0.0).to_bits(), 0);
        assert_eq!(at_least(1, f64::NAN).to_bits(), 0);
        close(at_least(u64::MAX, f64::INFINITY), 1.0);
        close(none(20.0), 2.061_153_6e-9);
        close(none(-1.0), 1.0);
    }

    #[test]
    fn coincidences() {
        // One deployment a week, eleven minutes: one in a thousand.
        close(coincidence(1.0 / 10_080.0, 11.0), 0.001_090_675);
        // One recycle in ten minutes: more likely than not.
        assert!(coincidence(0.1, 11.0) > 0.66);
        assert_eq!(coincidence(0.0, 11.0).to_bits(), 0);
    }
}
