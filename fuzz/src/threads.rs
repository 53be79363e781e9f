//! Thread dumps: no reader panics, all give the same twice, and none gives much more than it was given.

use daaslens_applog::threads;

/// How much longer than the input what was read may be when it is written out, names of fields included: in `stacks.json` one
/// stack may belong to many threads.
const FACTOR: usize = 20_000;
const BASE: usize = 100_000;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let first = format!("{:?}", threads::read(data));
    assert_eq!(first, format!("{:?}", threads::read(data)));
    assert!(first.len() <= BASE + FACTOR * data.len(), "{} of {}", first.len(), data.len());
}
