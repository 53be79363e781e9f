//! Arbitrary bytes: no panic, bounded lists, and what is cut off still tells what is there.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::describe;
use crate::made::fixtures;

/// Reads and describes; the text of a dump is bounded by its size.
fn survives(bytes: &[u8]) {
    if let Ok(dump) = daaslens_dump::read(&bytes) {
        let said = describe(&dump);
        assert!(said.len() < 1_000_000, "{}", said.len());
        assert!(dump.threads.len() <= bytes.len() / 48 && dump.modules.len() <= bytes.len() / 108);
    }
    let _ = daaslens_dump::wanted(bytes, bytes.len() as u64);
}

#[test]
fn every_beginning_is_survived_and_tells_no_less_than_a_shorter_one() {
    for (name, bytes) in fixtures() {
        let mut before = (0, 0, false);
        for len in (0..bytes.len()).step_by(13) {
            survives(&bytes[..len]);
            let Ok(dump) = daaslens_dump::read(&&bytes[..len]) else { continue };
            let now = (dump.modules.len(), dump.threads.len(), dump.exception.is_some());
            assert!(now.0 >= before.0 && now.1 >= before.1 && now.2 >= before.2, "{name} {len}");
            before = now;
            assert!(dump.faults.iter().any(|fault| fault.to_string().contains("cut off")));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_dumps_are_survived(
        which in 0_usize..4,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), 0_usize..3), 1..12),
        len in any::<prop::sample::Index>(),
    ) {
        let (_, mut bytes) = fixtures().swap_remove(which);
        for (at, value, kind) in damage {
            let at = at.index(bytes.len() - 4);
            let value = match kind {
                0 => value,
                1 => u32::MAX - (value & 0xff),
                _ => value & 0xfff,
            };
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        survives(&bytes);
        survives(&bytes[..len.index(bytes.len())]);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        survives(&bytes);
        let mut dump = b"MDMP\x93\xa7\0\0".to_vec();
        dump.extend(bytes);
        survives(&dump);
    }
}

/// A header, a directory of `streams` (type, start, size), then zeros up to `len`.
fn hostile(streams: &[(u32, u32, u32)], len: usize) -> Vec<u8> {
    let mut bytes = b"MDMP\x93\xa7\0\0".to_vec();
    bytes.extend((streams.len() as u32).to_le_bytes());
    bytes.extend(32_u32.to_le_bytes());
    bytes.extend([0; 16]);
    for (kind, start, size) in streams {
        for word in [kind, size, start] {
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes.resize(len.max(bytes.len()), 0);
    bytes
}

fn put(bytes: &mut [u8], at: usize, words: &[u32]) {
    for (i, word) in words.iter().enumerate() {
        bytes[at + 4 * i..at + 4 * i + 4].copy_from_slice(&word.to_le_bytes());
    }
}

fn in_time(bytes: &[u8]) {
    let start = Instant::now();
    survives(bytes);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

/// Every stream over the same megabytes, with counts that promise more than there is.
#[test]
fn huge_counts_and_streams_that_overlap_are_bounded() {
    let len = 4 << 20;
    let all: Vec<(u32, u32, u32)> =
        [3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 21, 22, 24, 0x4767_0002]
            .map(|kind| (kind, 0x1000, u32::MAX))
            .to_vec();
    let mut bytes = hostile(&all, len);
    for filler in [0_u8, 0xff, 0x40] {
        bytes[0x1000..].fill(filler);
        in_time(&bytes);
        put(&mut bytes, 0x1000, &[u32::MAX; 4]);
        in_time(&bytes);
        put(&mut bytes, 0x1000, &[16, 48, u32::MAX, 0]);
        in_time(&bytes);
    }
}

/// A million threads that name one text of a megabyte, and modules that do the same: names are cut, lists are capped.
#[test]
fn a_text_that_many_share_is_copied_in_part() {
    let len = 24 << 20;
    let mut bytes = hostile(
        &[(3, 0x10_0000, 16 << 20), (4, 0x10_0000, 16 << 20), (24, 0x10_0000, 16 << 20)],
        len,
    );
    let text = len - (1 << 20);
    bytes[text..].fill(b'a');
    put(&mut bytes, text, &[1 << 20]);
    let words = vec![text as u32; (16 << 20) / 4];
    put(&mut bytes, 0x10_0000, &words);
    put(&mut bytes, 0x10_0000, &[u32::MAX]);
    in_time(&bytes);
}

/// Frame pointers that lead back, and stacks that lie over each other, end.
#[test]
fn chains_that_turn_in_a_circle_end() {
    let (_, mut bytes) = fixtures().swap_remove(2);
    let original = bytes.clone();
    let stack: Vec<u8> = [0x51_0010_u32, 0x7700_1078].map(u32::to_le_bytes).concat();
    let at = bytes.windows(8).position(|window| window == stack.as_slice()).unwrap();
    for next in [0x51_0000_u32, 0x51_0001, 0x50_fff8, u32::MAX] {
        bytes[at..at + 4].copy_from_slice(&next.to_le_bytes());
        in_time(&bytes);
    }
    assert!(daaslens_dump::read(&original.as_slice()).is_ok());
}
