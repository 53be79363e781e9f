//! Where something stands in the input.

/// A half-open range of bytes, `start..end`, counted from the start of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

impl Span {
    /// The range `start..end`.
    pub const fn new(start: u64, end: u64) -> Self {
        Self { start, end }
    }

    /// How many bytes the range holds.
    pub const fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether the range holds nothing.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The same range, `by` bytes further on.
    #[must_use]
    pub const fn shifted(self, by: u64) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }
}

/// One text or binary stream of the input: a file, a member of an archive. An index into the list of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

impl SourceId {
    /// The position in the list of sources.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A place in a source, as evidence names it. Ordered by source, then byte: the tie-break of every ranking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The source.
    pub source: SourceId,
    /// The byte at which the line (or event) begins, counted from 0.
    pub byte: u64,
    /// The line, counted from 1.
    pub line: u64,
}
