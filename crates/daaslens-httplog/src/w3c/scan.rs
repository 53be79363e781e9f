//! Finding the blanks and line ends of a block, 64 bytes at a time.
//!
//! A log line has some 20 blanks in 460 bytes: too many for `memchr` once per field, so the positions of both
//! bytes are taken from one bit mask. The comparison of 16 bytes at once is safe code; the compiler emits the
//! same instructions as for intrinsics.

use wide::u8x16;

/// A blank or a line end.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    /// The byte.
    pub(crate) at: usize,
    /// Whether it ends the line.
    pub(crate) newline: bool,
}

/// Walks over the blanks and line ends of `bytes`.
pub(crate) struct Marks<'a> {
    bytes: &'a [u8],
    newline: u8,
    base: usize,
    next: usize,
    any: u64,
    ends: u64,
}

impl<'a> Marks<'a> {
    pub(crate) fn new(bytes: &'a [u8], newline: u8) -> Self {
        Self { bytes, newline, base: 0, next: 0, any: 0, ends: 0 }
    }

    #[inline]
    fn load(&mut self) -> bool {
        let Some(rest) = self.bytes.get(self.next..).filter(|rest| !rest.is_empty()) else {
            return false;
        };
        self.base = self.next;
        if let Some(block) = rest.first_chunk::<64>() {
            (self.any, self.ends) = masks(block, self.newline);
            self.next += 64;
        } else {
            let mut block = [0; 64];
            block[..rest.len()].copy_from_slice(rest);
            (self.any, self.ends) = masks(&block, self.newline);
            self.next += rest.len();
        }
        true
    }
}

impl Iterator for Marks<'_> {
    type Item = Mark;

    #[inline]
    fn next(&mut self) -> Option<Mark> {
        while self.any == 0 {
            if !self.load() {
                return None;
            }
        }
        let bit = self.any.trailing_zeros();
        self.any &= self.any - 1;
        Some(Mark { at: self.base + bit as usize, newline: self.ends >> bit & 1 != 0 })
    }
}

/// One bit for each blank or line end, and one for each line end.
#[inline]
fn masks(block: &[u8; 64], newline: u8) -> (u64, u64) {
    let (blank, newline) = (u8x16::splat(b' '), u8x16::splat(newline));
    let (mut blanks, mut ends) = (0, 0);
    let (quarters, _) = block.as_chunks::<16>();
    for (i, quarter) in quarters.iter().enumerate() {
        let quarter = u8x16::new(*quarter);
        blanks |= u64::from(equal(quarter, blank)) << (16 * i);
        ends |= u64::from(equal(quarter, newline)) << (16 * i);
    }
    (blanks | ends, ends)
}

#[inline]
fn equal(a: u8x16, b: u8x16) -> u32 {
    a.simd_eq(b).to_bitmask()
}
