//! The memory of the process, as far as the dump holds it.
//!
//! This reader is our own since the one of the crate gives up the whole list when one range passes the end of the file,
//! and a file that is cut off always has one that does. Here such a range ends where the file does.

use minidump::format as md;
use scroll::{LE, Pread};

use crate::front::Front;
use crate::input::ReadAt;

/// Ranges that are kept. A large process has some 100,000.
const MAX_RANGES: usize = 1 << 20;

/// Places of one stretch of addresses that are given: a library has a dozen sections.
const MAX_PLACES: usize = 256;

/// Bytes of a stretch of addresses, and where they stand in the file.
#[derive(Clone, Copy, Debug)]
struct Range {
    start: u64,
    len: u64,
    file: u64,
}

/// Memory by address.
pub(crate) struct Memory<'a> {
    input: &'a dyn ReadAt,
    /// By address.
    ranges: Vec<Range>,
    /// Bytes of memory that the dump says it holds.
    pub(crate) declared: u64,
    /// Where the last of them ends in the file.
    pub(crate) end: u64,
}

impl<'a> Memory<'a> {
    pub(crate) fn new(front: &Front<'_>, input: &'a dyn ReadAt) -> Self {
        let mut memory = Self { input, ranges: Vec::new(), declared: 0, end: 0 };
        memory.full(front);
        memory.pieces(front);
        memory.ranges.sort_by_key(|range| (range.start, range.len));
        memory
    }

    /// The list of a dump with full memory: the bytes of all ranges follow each other.
    fn full(&mut self, front: &Front<'_>) {
        let Some(bytes) = front.stream(md::MINIDUMP_STREAM_TYPE::Memory64ListStream) else {
            return;
        };
        let number = |at| bytes.pread_with::<u64>(at, LE).ok();
        let (Some(count), Some(mut file)) = (number(0), number(8)) else { return };
        let count = usize::try_from(count).unwrap_or(MAX_RANGES).min(MAX_RANGES);
        for entry in bytes.get(16..).unwrap_or_default().chunks_exact(16).take(count) {
            let start = entry.pread_with(0, LE).unwrap_or(0);
            let len = entry.pread_with(8, LE).unwrap_or(0);
            let Some(end) = file.checked_add(len) else { break };
            self.add(front, Range { start, len, file });
            file = end;
        }
    }

    /// The list of a small dump, whose pieces lie anywhere, and the stacks that its threads name.
    fn pieces(&mut self, front: &Front<'_>) {
        let (pieces, _) = front.list::<md::MINIDUMP_MEMORY_DESCRIPTOR>(
            md::MINIDUMP_STREAM_TYPE::MemoryListStream,
            MAX_RANGES,
        );
        let (threads, _) = front
            .list::<md::MINIDUMP_THREAD>(md::MINIDUMP_STREAM_TYPE::ThreadListStream, MAX_RANGES);
        for piece in pieces.iter().chain(threads.iter().map(|thread| &thread.stack)) {
            // Windows leaves the place of a stack empty where the list of memory has it.
            if piece.memory.rva != 0 {
                self.add(
                    front,
                    Range {
                        start: piece.start_of_memory_range,
                        len: u64::from(piece.memory.data_size),
                        file: u64::from(piece.memory.rva),
                    },
                );
            }
        }
    }

    fn add(&mut self, front: &Front<'_>, mut range: Range) {
        self.declared = self.declared.saturating_add(range.len);
        self.end = self.end.max(range.file.saturating_add(range.len));
        range.len = range.len.min(front.size.saturating_sub(range.file));
        if range.len > 0 && range.start.checked_add(range.len).is_some() {
            self.ranges.push(range);
        }
    }

    /// The range that holds an address: its end, and where the address stands in the file.
    fn find(&self, address: u64) -> Option<(u64, u64)> {
        let next = self.ranges.partition_point(|range| range.start <= address);
        // The stack of a thread may stand in the list too, and a shorter one hide a longer one.
        let near = self.ranges[next.saturating_sub(4)..next].iter().rev();
        near.filter(|range| address - range.start < range.len)
            .map(|range| (range.start + range.len, range.file + (address - range.start)))
            .max()
    }

    /// Reads at an address, as much as fits and follows in one stretch.
    pub(crate) fn read(&self, address: u64, buffer: &mut [u8]) -> usize {
        let Some((end, file)) = self.find(address) else { return 0 };
        let len = usize::try_from(end - address).unwrap_or(usize::MAX).min(buffer.len());
        self.input.read_at(file, &mut buffer[..len])
    }

    /// Up to `most` bytes from an address on.
    pub(crate) fn bytes(&self, address: u64, most: usize) -> Vec<u8> {
        let Some((end, _)) = self.find(address) else { return Vec::new() };
        let len = usize::try_from(end - address).unwrap_or(usize::MAX).min(most);
        let mut bytes = vec![0; len];
        let n = self.read(address, &mut bytes);
        bytes.truncate(n);
        bytes
    }

    /// Where the memory of a stretch of addresses stands in the file, as far as the dump holds it.
    pub(crate) fn places(&self, address: u64, len: u64) -> Vec<std::ops::Range<u64>> {
        let end = address.saturating_add(len);
        let first = self.ranges.partition_point(|range| range.start <= address).saturating_sub(1);
        let ranges = self.ranges[first..].iter().take_while(|range| range.start < end);
        let inside = ranges.filter(|range| range.start + range.len > address);
        inside
            .map(|range| {
                let skipped = address.saturating_sub(range.start);
                let len = (range.start + range.len).min(end) - range.start;
                range.file + skipped..range.file + len
            })
            .take(MAX_PLACES)
            .collect()
    }
}
