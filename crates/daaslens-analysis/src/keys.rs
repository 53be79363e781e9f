//! Tables of text keys that stay bounded whatever the input holds, with the same result for any grouping of it.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

/// A value per key, for at most a given number of keys.
///
/// Each key has a *level*, the number of trailing zeros of a fixed-seed hash. When there are too many keys the
/// table raises its own level and gives up the keys below it: about half of them. Whether a key survives depends
/// on the set of all keys alone, not on the order in which they came or on how the input was shared out, and the
/// values of those that survive are complete. What was given up is summed in [`Keys::rest`].
///
/// Look-ups use a hash with a random seed, since the keys are chosen by whoever sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Keys<V> {
    table: HashTable<Entry<V>>,
    hasher: DefaultHashBuilder,
    cap: usize,
    level: u32,
    rest: V,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    hash: u64,
    key: Box<[u8]>,
    value: V,
}

/// What a value per key must be able to do.
pub(crate) trait Merge {
    /// Adds what `other` counted.
    fn merge(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }
}

impl<V: Default + Merge> Keys<V> {
    /// An empty table for at most `cap` keys.
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            cap,
            level: 0,
            rest: V::default(),
        }
    }

    /// The value of `key`, or where to count what has no place of its own.
    #[inline]
    pub(crate) fn value(&mut self, key: &[u8]) -> &mut V {
        let hash = self.hasher.hash_one(key);
        let Self { table, cap, level, rest, .. } = self;
        let absent = match table.find_entry(hash, |entry| *entry.key == *key) {
            Ok(entry) => return &mut entry.into_mut().value,
            Err(absent) => absent,
        };
        let table = absent.into_table();
        if level_of(key) >= *level {
            insert(table, Entry { hash, key: key.into(), value: V::default() }, *cap, level, rest);
            if level_of(key) >= *level
                && let Some(entry) = table.find_mut(hash, |entry| *entry.key == *key)
            {
                return &mut entry.value;
            }
        }
        rest
    }

    /// Adds all of `other`.
    pub(crate) fn merge(&mut self, other: Self) {
        if other.level > self.level {
            raise(&mut self.table, other.level, &mut self.level, &mut self.rest);
        }
        self.rest.merge(other.rest);
        for Entry { key, value, .. } in other.table {
            if level_of(&key) < self.level {
                self.rest.merge(value);
                continue;
            }
            // The other table has a seed of its own.
            let hash = self.hasher.hash_one(&*key);
            match self.table.find_mut(hash, |mine| mine.key == key) {
                Some(mine) => mine.value.merge(value),
                None => {
                    insert(
                        &mut self.table,
                        Entry { hash, key, value },
                        self.cap,
                        &mut self.level,
                        &mut self.rest,
                    );
                }
            }
        }
    }

    /// Every key with its value, sorted by key.
    pub(crate) fn sorted(&self) -> Vec<(&[u8], &V)> {
        let mut all: Vec<_> = self.table.iter().map(|entry| (&*entry.key, &entry.value)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }

    /// What the keys that were given up had counted; `None` where none was.
    pub(crate) fn rest(&self) -> Option<&V> {
        (self.level > 0).then_some(&self.rest)
    }
}

fn insert<V: Merge>(
    table: &mut HashTable<Entry<V>>,
    entry: Entry<V>,
    cap: usize,
    level: &mut u32,
    rest: &mut V,
) {
    table.insert_unique(entry.hash, entry, |entry| entry.hash);
    while table.len() > cap {
        raise(table, *level + 1, level, rest);
    }
}

/// Gives up the keys below a level.
fn raise<V: Merge>(table: &mut HashTable<Entry<V>>, to: u32, level: &mut u32, rest: &mut V) {
    *level = to;
    for gone in table.extract_if(|entry| level_of(&entry.key) < to) {
        rest.merge(gone.value);
    }
}

/// The level of a key: how many trailing zeros its fixed-seed hash has (FNV-1a with a final mix, so that the low
/// bits are worth something).
fn level_of(key: &[u8]) -> u32 {
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            let mut x = self.0;
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.write(key);
    hash.finish().trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fill(keys: &[u16]) -> Keys<u64> {
        let mut table = Keys::new(16);
        for key in keys {
            *table.value(&key.to_le_bytes()) += 1;
        }
        table
    }

    fn shown(table: &Keys<u64>) -> (Vec<(Vec<u8>, u64)>, Option<u64>) {
        (table.sorted().into_iter().map(|(k, v)| (k.to_vec(), *v)).collect(), table.rest().copied())
    }

    proptest! {
        #[test]
        fn any_grouping_gives_the_same_table(keys in prop::collection::vec(0u16..200, 0..400), at in 0usize..400) {
            let (a, b) = keys.split_at(at.min(keys.len()));
            let whole = fill(&keys);
            let (mut ab, mut ba) = (fill(a), fill(b));
            ab.merge(fill(b));
            ba.merge(fill(a));
            prop_assert_eq!(shown(&ab), shown(&whole));
            prop_assert_eq!(shown(&ba), shown(&whole));
            let counted: u64 = whole.sorted().iter().map(|(_, n)| **n).sum();
            prop_assert_eq!(counted + whole.rest().copied().unwrap_or(0), keys.len() as u64);
            prop_assert!(whole.sorted().len() <= 16);
            // What is kept is exact.
            for (key, n) in whole.sorted() {
                let exact = keys.iter().filter(|k| k.to_le_bytes() == *key).count() as u64;
                prop_assert_eq!(*n, exact);
            }
        }
    }
}
