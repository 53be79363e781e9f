//! Memory dumps: arbitrary bytes give a dump or a fault, the same one twice, and lists that fit into what was given.

use daaslens_dump::{Spots, name, read, wanted, what};

/// How much longer than the input what was read may be when it is written out for people.
const FACTOR: usize = 400;
const BASE: usize = 100_000;

/// Panics where a law is broken. The bytes are read as they are, and as the rest of a dump behind its first word.
pub fn check(data: &[u8]) {
    let _ = what(data);
    let _ = name::read(&String::from_utf8_lossy(data));
    one(data);
    one(&[b"MDMP\x93\xa7\0\0", data].concat());
}

fn one(data: &[u8]) {
    let whole = read(&data);
    let said = format!("{whole:?}");
    assert_eq!(said, format!("{:?}", read(&data)));
    assert!(said.len() <= BASE + FACTOR * data.len(), "{} bytes of {}", said.len(), data.len());
    if let Ok(dump) = whole {
        assert!(dump.threads.len() * 48 <= data.len() && dump.modules.len() * 108 <= data.len());
        assert!(dump.threads.iter().all(|thread| thread.frames.len() <= 64));
    }
    let size = data.len() as u64;
    let ranges = wanted(data, size * 2);
    assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
    assert!(ranges.iter().all(|range| range.start >= size && range.start < range.end));
    // A source that has its front alone.
    let _ = read(&Spots { size: size * 2, front: data.to_vec(), pieces: Vec::new() });
}
