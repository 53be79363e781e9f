//! Counts along the time axis, to the second where that can be afforded.

use std::collections::BTreeMap;

use daaslens_core::Latency;

/// Cells in a block.
const CELLS: usize = 3600;

/// Blocks of one course before its cells are made coarser: eight days of seconds.
const MAX_BLOCKS: usize = 192;

/// Entries of the sparse table before the cells are made coarser.
const MAX_ERRORS: usize = 500_000;

/// The widths that a cell may have, in seconds.
const WIDTHS: [i64; 5] = [1, 10, 60, 600, 3600];

/// Families of failures that are counted apart; the order is that of [`Errors`].
pub(crate) const FAMILIES: [u16; 4] = [500, 502, 503, 504];

/// Failures in one cell: 5xx by family (no client aborts), then 4xx.
pub(crate) type Errors = [u32; 5];

/// The position of a status in [`Errors`]: 502, 503 and 504 have families of their own, every other 5xx is 500.
pub(crate) fn family(status: u16) -> Option<usize> {
    match status {
        502 => Some(1),
        503 => Some(2),
        504 => Some(3),
        500..=599 => Some(0),
        400..=499 => Some(4),
        _ => None,
    }
}

/// Requests of one site on one instance along the time axis.
///
/// A cell is one second, until the course has so many that memory asks for wider ones; the width depends on the
/// extent of the whole course alone, so that it is the same for any order of merging.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    /// Index into [`WIDTHS`].
    width: usize,
    blocks: BTreeMap<i64, Box<Block>>,
    errors: BTreeMap<i64, Errors>,
}

#[derive(Clone, Debug)]
struct Block {
    /// Requests that were completed in a cell.
    ends: [u32; CELLS],
    /// Requests that began in a cell.
    starts: [u32; CELLS],
}

impl Default for Block {
    fn default() -> Self {
        Self { ends: [0; CELLS], starts: [0; CELLS] }
    }
}

impl Course {
    /// Seconds in a cell.
    pub(crate) fn width(&self) -> i64 {
        WIDTHS[self.width]
    }

    /// Counts a request that was completed in second `end` and began in second `start`.
    #[inline]
    pub(crate) fn record(&mut self, start: i64, end: i64, family: Option<usize>) {
        let (block, cell) = self.place(end);
        self.block(block).ends[cell] += 1;
        let (block, cell) = self.place(start);
        self.block(block).starts[cell] += 1;
        if self.blocks.len() > MAX_BLOCKS {
            self.settle();
        }
        if let Some(family) = family {
            self.errors.entry(end.div_euclid(self.width())).or_default()[family] += 1;
            if self.errors.len() > MAX_ERRORS {
                self.widen();
            }
        }
    }

    #[inline]
    fn place(&self, second: i64) -> (i64, usize) {
        let cell = second.div_euclid(self.width());
        (cell.div_euclid(CELLS as i64), cell.rem_euclid(CELLS as i64) as usize)
    }

    fn block(&mut self, block: i64) -> &mut Block {
        self.blocks.entry(block).or_default()
    }

    /// Makes the cells wider until the course fits. When that happens makes no difference: a part of the course
    /// has no more blocks than the whole.
    pub(crate) fn settle(&mut self) {
        while (self.blocks.len() > MAX_BLOCKS || self.errors.len() > MAX_ERRORS)
            && self.width + 1 < WIDTHS.len()
        {
            self.widen();
        }
    }

    fn widen(&mut self) {
        if self.width + 1 >= WIDTHS.len() {
            return;
        }
        let factor = WIDTHS[self.width + 1] / WIDTHS[self.width];
        self.width += 1;
        for (block, old) in std::mem::take(&mut self.blocks) {
            for cell in 0..CELLS {
                if old.ends[cell] > 0 || old.starts[cell] > 0 {
                    let wide = (block * CELLS as i64 + cell as i64).div_euclid(factor);
                    let new = self.blocks.entry(wide.div_euclid(CELLS as i64)).or_default();
                    let to = wide.rem_euclid(CELLS as i64) as usize;
                    new.ends[to] += old.ends[cell];
                    new.starts[to] += old.starts[cell];
                }
            }
        }
        for (cell, old) in std::mem::take(&mut self.errors) {
            add(self.errors.entry(cell.div_euclid(factor)).or_default(), &old);
        }
    }

    /// Adds all of `other`.
    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.width < other.width {
            self.widen();
        }
        while other.width < self.width {
            other.widen();
        }
        for (block, theirs) in other.blocks {
            let mine = self.block(block);
            for cell in 0..CELLS {
                mine.ends[cell] += theirs.ends[cell];
                mine.starts[cell] += theirs.starts[cell];
            }
        }
        for (cell, errors) in other.errors {
            add(self.errors.entry(cell).or_default(), &errors);
        }
        self.settle();
    }

    /// Every cell in which something was completed or began, as (first second, completed, begun), in order.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (i64, u32, u32)> {
        let width = self.width();
        self.blocks.iter().flat_map(move |(block, counts)| {
            (0..CELLS).filter_map(move |cell| {
                let (ends, starts) = (counts.ends[cell], counts.starts[cell]);
                (ends > 0 || starts > 0).then_some((
                    (block * CELLS as i64 + cell as i64) * width,
                    ends,
                    starts,
                ))
            })
        })
    }

    /// Every cell with failures, as (first second, failures), in order.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (i64, &Errors)> {
        let width = self.width();
        self.errors.iter().map(move |(cell, errors)| (cell * width, errors))
    }
}

fn add(to: &mut Errors, from: &Errors) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// Latency along the time axis: one histogram a slot, wider slots when there are too many.
#[derive(Clone, Debug, Default)]
pub(crate) struct LatencyCourse {
    width: usize,
    slots: BTreeMap<i64, Latency>,
}

impl LatencyCourse {
    const WIDTHS: [i64; 6] = [60, 300, 1800, 7200, 43_200, 172_800];
    const MAX_SLOTS: usize = 2880;

    /// Seconds in a slot.
    pub(crate) fn width(&self) -> i64 {
        Self::WIDTHS[self.width]
    }

    #[inline]
    pub(crate) fn record(&mut self, second: i64, ms: u32) {
        self.slots.entry(second.div_euclid(self.width())).or_default().record(ms);
        if self.slots.len() > Self::MAX_SLOTS {
            self.widen();
        }
    }

    fn widen(&mut self) {
        if self.width + 1 < Self::WIDTHS.len() {
            let factor = Self::WIDTHS[self.width + 1] / Self::WIDTHS[self.width];
            self.width += 1;
            for (slot, latency) in std::mem::take(&mut self.slots) {
                self.slots.entry(slot.div_euclid(factor)).or_default().merge(&latency);
            }
        }
    }

    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.width < other.width {
            self.widen();
        }
        while other.width < self.width {
            other.widen();
        }
        for (slot, latency) in other.slots {
            self.slots.entry(slot).or_default().merge(&latency);
        }
        while self.slots.len() > Self::MAX_SLOTS && self.width + 1 < Self::WIDTHS.len() {
            self.widen();
        }
    }

    /// Every slot as (first second, latency), in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (i64, &Latency)> {
        let width = self.width();
        self.slots.iter().map(move |(slot, latency)| (slot * width, latency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(course: &Course) -> String {
        let cells: Vec<_> = course.cells().collect();
        format!("{} {cells:?} {:?}", course.width(), course.errors().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn any_grouping_gives_the_same_course(
            records in prop::collection::vec((0i64..4_000_000, 0i64..300, prop::option::of(0usize..5)), 0..60),
            at in 0usize..60,
        ) {
            let fill = |records: &[(i64, i64, Option<usize>)]| {
                let mut course = Course::default();
                for (end, took, family) in records {
                    course.record(end - took, *end, *family);
                }
                course.settle();
                course
            };
            let (a, b) = records.split_at(at.min(records.len()));
            let whole = fill(&records);
            let (mut ab, mut ba) = (fill(a), fill(b));
            ab.merge(fill(b));
            ba.merge(fill(a));
            prop_assert_eq!(shown(&ab), shown(&whole));
            prop_assert_eq!(shown(&ba), shown(&whole));
        }
    }

    #[test]
    fn a_year_is_kept_in_wider_cells() {
        let mut course = Course::default();
        for hour in 0..24 * 365 {
            course.record(hour * 3600, hour * 3600 + 1, Some(2));
        }
        course.settle();
        assert_eq!(course.width(), 60);
        assert_eq!(course.cells().map(|(_, ends, _)| u64::from(ends)).sum::<u64>(), 24 * 365);
        assert_eq!(course.errors().map(|(_, errors)| errors[2]).sum::<u32>(), 24 * 365);
    }
}
