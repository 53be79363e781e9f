//! A few places in the input that stand for many: what the first pass keeps so that evidence can be read back
//! without reading everything again.

use std::collections::BTreeSet;

use daaslens_core::{Time, TimeRange};

/// Places that are kept of one kind.
const KEPT: usize = 8;

/// How many there are of a kind, when, and where a few of them stand.
///
/// Which ones are kept is decided by a fixed hash of the place: any grouping of the input keeps the same ones, and
/// they are spread over the whole of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    pub(crate) count: u64,
    pub(crate) range: Option<TimeRange>,
    /// Hash, source, byte.
    kept: BTreeSet<(u64, usize, u64)>,
}

impl Samples {
    /// Adds the record at a place.
    pub(crate) fn add(&mut self, source: usize, byte: u64, time: Option<Time>) {
        self.count += 1;
        if let Some(time) = time {
            TimeRange::extend(&mut self.range, time);
        }
        let hash = mix(byte ^ (source as u64).rotate_left(40));
        if self.kept.len() < KEPT || self.kept.last().is_some_and(|last| hash < last.0) {
            self.kept.insert((hash, source, byte));
            if self.kept.len() > KEPT {
                self.kept.pop_last();
            }
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.range = TimeRange::merge(self.range, other.range);
        self.kept.extend(other.kept);
        while self.kept.len() > KEPT {
            self.kept.pop_last();
        }
    }

    /// The places that are kept: source and byte.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, u64)> {
        self.kept.iter().map(|(_, source, byte)| (*source, *byte))
    }
}

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_grouping_keeps_the_same_places(places in prop::collection::vec((0usize..3, 0u64..1000), 0..60), at in 0usize..60) {
            let fill = |places: &[(usize, u64)]| {
                let mut samples = Samples::default();
                for (source, byte) in places {
                    samples.add(*source, *byte, None);
                }
                samples
            };
            let (a, b) = places.split_at(at.min(places.len()));
            let (mut ab, mut ba, whole) = (fill(a), fill(b), fill(&places));
            ab.merge(fill(b));
            ba.merge(fill(a));
            prop_assert!(ab.places().eq(whole.places()) && ba.places().eq(whole.places()));
            prop_assert_eq!(ab.count, whole.count);
        }
    }
}
