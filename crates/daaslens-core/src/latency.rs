//! Latencies in log buckets: exact merge, relative error under 1 %.

/// Sub-buckets per octave.
const SUB: u32 = 64;
/// Values below this are kept exactly.
const EXACT: u32 = 2 * SUB;
/// Log2 of [`SUB`].
const SUB_BITS: u32 = SUB.ilog2();

/// A histogram of durations in milliseconds.
///
/// Values under 128 ms have a bucket each; above, every octave is cut into 64 buckets, whose mid-point is at
/// most 0.8 % away from any value in it. The counts of two histograms are added, so a merge is exact,
/// commutative and associative, whatever the order.
///
/// The buckets grow with the largest value seen, so that a histogram of short requests costs a few hundred bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    counts: Vec<u32>,
    count: u64,
    sum: u64,
    max: u32,
}

impl Latency {
    /// Adds one duration.
    pub fn record(&mut self, ms: u32) {
        self.add(bucket(ms), 1);
        self.count += 1;
        self.sum += u64::from(ms);
        self.max = self.max.max(ms);
    }

    fn add(&mut self, bucket: usize, n: u32) {
        if bucket >= self.counts.len() {
            // Grown in steps, so that a slowly rising maximum does not reallocate each time.
            self.counts.resize((bucket + 1).next_multiple_of(SUB as usize), 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(n);
    }

    /// Adds all durations of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, &n) in other.counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            self.add(bucket, n);
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// How many durations were added. Exact.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of the durations, in ms. Exact.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The largest duration, in ms. Exact; 0 where there is none.
    pub fn max(&self) -> u32 {
        self.max
    }

    /// The mean in ms; 0 where there is none.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The percentile `p` (0–100) by nearest rank, in ms, at most 0.8 % off; 0 where there is none.
    pub fn percentile(&self, p: f64) -> u32 {
        if self.count == 0 {
            return 0;
        }
        let rank = ((p / 100.0 * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        for (bucket, &n) in self.counts.iter().enumerate() {
            seen += u64::from(n);
            if seen >= rank {
                return midpoint(bucket).min(self.max);
            }
        }
        self.max
    }

    /// How many durations were at least `ms`. Exact where `ms` is the lower edge of a bucket (powers of two, and
    /// anything up to 128), else off by at most the bucket that holds `ms`.
    pub fn count_at_least(&self, ms: u32) -> u64 {
        self.counts.iter().skip(bucket(ms)).map(|&n| u64::from(n)).sum()
    }

    /// The filled buckets as (lowest value, count), in order.
    pub fn buckets(&self) -> impl Iterator<Item = (u32, u32)> {
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, n)| **n > 0)
            .map(|(bucket, &n)| (lowest(bucket), n))
    }
}

fn bucket(ms: u32) -> usize {
    if ms < EXACT {
        return ms as usize;
    }
    let octave = ms.ilog2() - SUB_BITS; // 1 for 128..256
    (octave * SUB + (ms >> octave)) as usize
}

fn lowest(bucket: usize) -> u32 {
    let bucket = bucket as u32;
    if bucket < EXACT {
        return bucket;
    }
    let octave = bucket / SUB - 1;
    (bucket - octave * SUB) << octave
}

fn midpoint(bucket: usize) -> u32 {
    let low = lowest(bucket);
    if low < EXACT {
        return low;
    }
    let width = 1u32 << (low.ilog2() - SUB_BITS);
    low + (width - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_histogram_is_all_zero() {
        let empty = Latency::default();
        assert_eq!((empty.count(), empty.max(), empty.percentile(99.0)), (0, 0, 0));
        assert!(empty.mean().abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_value(ms in any::<u32>()) {
            let bucket = bucket(ms);
            prop_assert!(lowest(bucket) <= ms);
            prop_assert!(bucket + 1 > 64 * 27 || ms < lowest(bucket + 1) || lowest(bucket + 1) == 0);
            let off = (f64::from(midpoint(bucket)) - f64::from(ms)).abs();
            prop_assert!(off <= 0.008 * f64::from(ms));
        }

        #[test]
        fn percentiles_are_within_one_percent(mut values in prop::collection::vec(0u32..400_000, 1..300), p in 0.0f64..100.0) {
            let mut latency = Latency::default();
            for &value in &values {
                latency.record(value);
            }
            values.sort_unstable();
            let rank = ((p / 100.0 * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = f64::from(values[rank - 1]);
            prop_assert!((f64::from(latency.percentile(p)) - exact).abs() <= 0.01 * exact);
        }

        #[test]
        fn merging_is_adding(a in prop::collection::vec(any::<u32>(), 0..50), b in prop::collection::vec(any::<u32>(), 0..50)) {
            let fill = |values: &[u32]| {
                let mut latency = Latency::default();
                for &ms in values {
                    latency.record(ms);
                }
                latency
            };
            let (mut ab, mut ba, all) = (fill(&a), fill(&b), fill(&[a.clone(), b.clone()].concat()));
            ab.merge(&fill(&b));
            ba.merge(&fill(&a));
            prop_assert_eq!(&ab, &all);
            prop_assert_eq!(&ba, &all);
        }
    }
}
