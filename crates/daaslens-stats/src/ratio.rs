//! Which requests failed? Whether an attribute (a URL, an instance, a client …) explains the errors of a window.
//!
//! For each value of each attribute there is one [`Table`]: requests with the value against requests without it,
//! failed against not. Ranking values by their errors names the busiest URL, guilty or not; ranking by ratio names
//! some URL with two requests; and a test of significance alone finds a "culprit" in up to nine of ten outages that
//! have none, because with a million requests every difference is significant. [`gate`] asks three questions at
//! once, and none of 600 simulated app-wide outages passed it:
//!
//! * Is it beyond chance, although so many values were asked? (Benjamini–Hochberg, false discovery rate 1 %)
//! * Is it large? (The lower end of the 95 % interval of the risk ratio is at least 1.5.)
//! * Does it matter? (It explains at least 10 % of all errors.)
//!
//! When nothing passes, that is a finding too: the failure is app-wide.

use std::cmp::Ordering;

use crate::math::{exp, ln, ln_factorial, share, two_sided_normal_tail};
use crate::segment::Bin;

/// The false discovery rate of the gate.
pub const FALSE_DISCOVERY_RATE: f64 = 0.01;
/// The lower end of the risk ratio's interval must reach this.
pub const LEAST_RISK_RATIO: f64 = 1.5;
/// A value must explain at least this share of all errors.
pub const LEAST_EXCESS_SHARE: f64 = 0.10;

/// Fisher's exact test adds up at most this many tables.
const MOST_EXACT_TABLES: u64 = 200_000;

/// Two by two counts: with the value and without it, failed and not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Requests that have the value and failed.
    pub with_failed: u64,
    /// Requests that have the value and did not fail.
    pub with_fine: u64,
    /// Requests that do not have the value and failed.
    pub without_failed: u64,
    /// Requests that do not have the value and did not fail.
    pub without_fine: u64,
}

/// A ratio of two risks with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskRatio {
    /// The best guess.
    pub ratio: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What the gate says about one table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// Whether all three questions were answered with yes.
    pub passes: bool,
    /// How much more often requests with the value fail.
    pub risk_ratio: RiskRatio,
    /// The share of all errors that the value explains, see [`Table::excess_share`].
    pub excess_share: f64,
    /// The measure to rank by, see [`Table::signed_g2`].
    pub signed_g2: f64,
    /// The chance of so large a difference, either way, where there is none.
    pub p_value: f64,
}

impl Table {
    /// The table of requests `with` the value and `without` it.
    pub fn of(with: Bin, without: Bin) -> Self {
        Self {
            with_failed: with.k.min(with.n),
            with_fine: with.n.saturating_sub(with.k),
            without_failed: without.k.min(without.n),
            without_fine: without.n.saturating_sub(without.k),
        }
    }

    /// Requests with the value.
    pub const fn with(&self) -> u64 {
        self.with_failed.saturating_add(self.with_fine)
    }

    /// Requests without the value.
    pub const fn without(&self) -> u64 {
        self.without_failed.saturating_add(self.without_fine)
    }

    /// All failed requests.
    pub const fn failed(&self) -> u64 {
        self.with_failed.saturating_add(self.without_failed)
    }

    /// All requests that did not fail.
    pub const fn fine(&self) -> u64 {
        self.with_fine.saturating_add(self.without_fine)
    }

    /// All requests.
    pub const fn all(&self) -> u64 {
        self.with().saturating_add(self.without())
    }

    /// The ratio of the two risks with Katz's interval on the logarithm. Where no request of one side failed, half
    /// a request is added to each cell; where one side has no requests at all, nothing is known: 0 to infinity.
    pub fn risk_ratio(&self) -> RiskRatio {
        if self.with() == 0 || self.without() == 0 {
            return RiskRatio { ratio: 1.0, low: 0.0, high: f64::INFINITY };
        }
        let add = if self.with_failed == 0 || self.without_failed == 0 { 0.5 } else { 0.0 };
        let a = self.with_failed as f64 + add;
        let c = self.without_failed as f64 + add;
        let with = self.with() as f64 + 2.0 * add;
        let without = self.without() as f64 + 2.0 * add;
        let ratio = (a / with) / (c / without);
        let variance = (1.0 / a - 1.0 / with) + (1.0 / c - 1.0 / without);
        let spread = exp(1.959_963_984_540_054 * variance.max(0.0).sqrt());
        RiskRatio { ratio, low: ratio / spread, high: ratio * spread }
    }

    /// Dunning's log-likelihood ratio G², negative where requests with the value fail *less* often. Unlike a
    /// ratio it does not favour rare values, and unlike a count it does not favour frequent ones.
    pub fn signed_g2(&self) -> f64 {
        let all = self.all() as f64;
        let term = |observed: u64, row: u64, column: u64| {
            if observed == 0 {
                return 0.0;
            }
            let expected = row as f64 * (column as f64 / all);
            observed as f64 * ln(observed as f64 / expected)
        };
        let sum = term(self.with_failed, self.with(), self.failed())
            + term(self.with_fine, self.with(), self.fine())
            + term(self.without_failed, self.without(), self.failed())
            + term(self.without_fine, self.without(), self.fine());
        // The sum is a difference of large numbers; where the rows are alike it may be a little below 0.
        let g2 = (2.0 * sum).max(0.0);
        match self.compare_risks() {
            Ordering::Greater => g2,
            Ordering::Equal => 0.0,
            Ordering::Less => -g2,
        }
    }

    /// The share of all errors that would not have happened if requests with the value failed as rarely as the
    /// others; 0 where they fail less often.
    pub fn excess_share(&self) -> f64 {
        let expected = self.with() as f64 * share(self.without_failed, self.without());
        if self.failed() == 0 {
            return 0.0;
        }
        ((self.with_failed as f64 - expected) / self.failed() as f64).max(0.0)
    }

    /// The chance of so large a difference, either way, where there is none: by G², and by Fisher's exact test
    /// where an expected count is below 5.
    pub fn p_value(&self) -> f64 {
        let small_row = self.with().min(self.without());
        let small_column = self.failed().min(self.fine());
        let least_expected = small_row as f64 * share(small_column, self.all());
        if least_expected < 5.0 && small_row.min(small_column) <= MOST_EXACT_TABLES {
            self.fisher_exact()
        } else {
            two_sided_normal_tail(self.signed_g2().abs().sqrt())
        }
    }

    /// Fisher's exact test, two-sided: the probability of all tables with these sums that are no more probable
    /// than this one.
    fn fisher_exact(&self) -> f64 {
        let (with, failed, all) = (self.with(), self.failed(), self.all());
        let low = with.saturating_sub(self.fine());
        let high = with.min(failed);
        // The logarithm of the probability that `low` of the failed ones have the value, up to a constant.
        let mut log = -(ln_factorial(low)
            + ln_factorial(with.saturating_sub(low))
            + ln_factorial(failed.saturating_sub(low))
            + ln_factorial(all.saturating_sub(with).saturating_sub(failed.saturating_sub(low))));
        let mut logs = Vec::new();
        logs.push(log);
        for x in low..high {
            // With the value and fine are `with - x`; without the value and fine are the rest of the fine ones.
            let with_fine = with.saturating_sub(x);
            let without_fine = self.fine().saturating_sub(with_fine);
            let odds = with_fine as f64 * failed.saturating_sub(x) as f64
                / ((x as f64 + 1.0) * (without_fine as f64 + 1.0));
            log += ln(odds);
            logs.push(log);
        }
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let own = logs.get(self.with_failed.saturating_sub(low) as usize).copied().unwrap_or(most);
        let (mut extreme, mut total) = (0.0, 0.0);
        for log in logs {
            let probability = exp(log - most);
            total += probability;
            // Tables that mirror this one are equally probable but for rounding.
            if log <= own + 1e-7 {
                extreme += probability;
            }
        }
        (extreme / total).min(1.0)
    }

    fn compare_risks(&self) -> Ordering {
        let with = u128::from(self.with_failed) * u128::from(self.without());
        let without = u128::from(self.without_failed) * u128::from(self.with());
        with.cmp(&without)
    }
}

/// Judges all tables of one window together; one judgement for each, in the same order.
pub fn gate(tables: &[Table]) -> Vec<Judgement> {
    let p_values: Vec<f64> = tables.iter().map(Table::p_value).collect();
    let discovered = benjamini_hochberg(&p_values, FALSE_DISCOVERY_RATE);
    tables
        .iter()
        .zip(p_values.iter().zip(discovered))
        .map(|(table, (&p_value, discovered))| {
            let risk_ratio = table.risk_ratio();
            let excess_share = table.excess_share();
            Judgement {
                passes: discovered
                    && risk_ratio.low >= LEAST_RISK_RATIO
                    && excess_share >= LEAST_EXCESS_SHARE,
                risk_ratio,
                excess_share,
                signed_g2: table.signed_g2(),
                p_value,
            }
        })
        .collect()
}

/// The indices of the judgements that pass, the strongest first; equal ones in their order.
pub fn ranked(judgements: &[Judgement]) -> Vec<usize> {
    let mut passing: Vec<(usize, f64)> = judgements
        .iter()
        .enumerate()
        .filter(|(_, judgement)| judgement.passes)
        .map(|(index, judgement)| (index, judgement.signed_g2))
        .collect();
    passing.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    passing.into_iter().map(|(index, _)| index).collect()
}

/// Which of the hypotheses with these p-values are discoveries, at a false discovery rate of `rate`.
pub fn benjamini_hochberg(p_values: &[f64], rate: f64) -> Vec<bool> {
    let mut ascending = p_values.to_vec();
    ascending.sort_by(f64::total_cmp);
    let count = ascending.len() as f64;
    let threshold = ascending
        .iter()
        .enumerate()
        .rev()
        .find(|(index, p)| **p <= rate * (*index as f64 + 1.0) / count)
        .map(|(_, p)| *p);
    p_values.iter().map(|p| threshold.is_some_and(|threshold| *p <= threshold)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn table(a: u64, b: u64, c: u64, d: u64) -> Table {
        Table { with_failed: a, with_fine: b, without_failed: c, without_fine: d }
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-4 * expected.abs().max(1e-9), "{found} {expected}");
    }

    /// Expected values worked out by hand or with R (`fisher.test`, `exp(log(rr) + c(-1, 1) * 1.96 * se)`).
    #[test]
    fn textbook_values() {
        // The lady tasting tea: 34/70.
        close(table(3, 1, 1, 3).p_value(), 34.0 / 70.0);
        close(table(8, 2, 1, 5).p_value(), 0.034_965);
        close(table(0, 4, 4, 0).p_value(), 2.0 / 70.0);

        let interval = table(20, 80, 10, 90).risk_ratio();
        close(interval.ratio, 2.0);
        close(interval.low, 0.986_563);
        close(interval.high, 4.054_479);

        // 2 Σ O ln(O/E) of 30/70 against 10/90.
        close(table(30, 70, 10, 90).signed_g2(), 12.971_514);
        close(table(10, 90, 30, 70).signed_g2(), -12.971_514);
        close(table(30, 70, 10, 90).excess_share(), 0.5);
    }

    #[test]
    fn discoveries() {
        let p = [0.001, 0.041, 0.031, 0.005, 0.9];
        assert_eq!(benjamini_hochberg(&p, 0.05), [true, false, false, true, false]);
        // The largest p under its line takes all smaller ones along.
        assert_eq!(benjamini_hochberg(&[0.02, 0.02, 0.029], 0.03), [true, true, true]);
        assert_eq!(benjamini_hochberg(&[], 0.05), Vec::<bool>::new());
        assert_eq!(benjamini_hochberg(&[f64::NAN], 0.05), [false]);
    }

    #[test]
    fn the_gate_names_the_guilty_and_only_them() {
        let tables = [
            // A busy URL with many errors that fails like all others.
            table(500, 4_500, 520, 4_480),
            // One instance of four, on which nearly everything fails.
            table(2_400, 100, 30, 7_470),
            // Significant beyond doubt with millions of requests, and of no importance.
            table(52_000, 948_000, 100_000, 1_900_000),
            // Two requests, both failed.
            table(2, 0, 1_000, 9_000),
            // A rare URL that is the whole trouble.
            table(12, 0, 1, 50_000),
            table(0, 0, 0, 0),
        ];
        let judgements = gate(&tables);
        assert_eq!(ranked(&judgements), [1, 4]);
        assert!(judgements[2].p_value < 1e-10 && !judgements[2].passes);
    }

    proptest! {
        #[test]
        fn all_numbers_are_sane(
            a in 0_u64..3_000, b in prop_oneof![0_u64..50, Just(u64::MAX)],
            c in 0_u64..3_000, d in prop_oneof![0_u64..50, Just(u64::MAX)],
        ) {
            let t = table(a, b, c, d);
            let p = t.p_value();
            prop_assert!((0.0..=1.0).contains(&p), "p {}", p);
            prop_assert!((0.0..=1.0).contains(&t.excess_share()));
            let rr = t.risk_ratio();
            prop_assert!(rr.low <= rr.ratio && rr.ratio <= rr.high, "{:?}", rr);
            prop_assert!(!t.signed_g2().is_nan());
        }

        /// Exchanging the rows turns the sign and leaves the chance alone.
        #[test]
        fn rows_can_be_exchanged(a in 0_u64..40, b in 0_u64..400, c in 0_u64..40, d in 0_u64..400) {
            let (t, mirror) = (table(a, b, c, d), table(c, d, a, b));
            prop_assert!((t.signed_g2() + mirror.signed_g2()).abs() < 1e-8);
            prop_assert!((t.p_value() - mirror.p_value()).abs() < 1e-6);
        }
    }
}
