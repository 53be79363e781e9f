//! How much an archive may make of itself.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The limits against hostile archives. The defaults are far beyond any real bundle.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Archives inside archives: a zip in a zip in a zip is depth 3.
    pub depth: u32,
    /// Members of all archives together.
    pub members: usize,
    /// How much larger than its packed form a member may be, beyond the first [`Limits::ratio_from`] bytes. Real
    /// logs reach 30, a log that is mostly NUL padding 1,000.
    pub ratio: u64,
    /// Members smaller than this are not held to the ratio.
    pub ratio_from: u64,
    /// The largest packed archive inside an archive (a `.tar.gz` is one); it is held in memory.
    pub nested: u64,
    /// How much all archives that are held in memory may take together.
    pub held: u64,
    /// Bytes that all members together may inflate to.
    pub total: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 4,
            members: 200_000,
            ratio: 200,
            ratio_from: 256 << 20,
            nested: 1 << 30,
            held: 4 << 30,
            total: 2 << 40,
        }
    }
}

impl Limits {
    /// How far a member of `packed` bytes may inflate.
    pub(crate) fn of_member(&self, packed: u64) -> u64 {
        packed.saturating_mul(self.ratio).max(self.ratio_from)
    }
}

/// What is left of [`Limits::total`], shared by all readers.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicU64::new(0) })
    }

    /// Whether `n` more bytes may be read.
    pub(crate) fn take(&self, n: u64) -> bool {
        self.used.fetch_add(n, Ordering::Relaxed).saturating_add(n) <= self.limit
    }
}

/// A reader of inflated bytes that stops at the limits.
pub(crate) struct Limited<'a, R> {
    inner: R,
    left: u64,
    budget: &'a Budget,
}

impl<'a, R: Read> Limited<'a, R> {
    /// For a member of `packed` bytes.
    pub(crate) fn new(inner: R, packed: u64, limits: &Limits, budget: &'a Budget) -> Self {
        Self { inner, left: limits.of_member(packed), budget }
    }
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if n as u64 > self.left {
            return Err(too_large(
                "it inflates to more than the allowed multiple of its packed size",
            ));
        }
        self.left -= n as u64;
        if !self.budget.take(n as u64) {
            return Err(too_large("all archives together inflate to more than is allowed"));
        }
        Ok(n)
    }
}

/// The error of a limit that is exceeded.
pub(crate) fn too_large(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, reason)
}
