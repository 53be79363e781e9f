//! The address space: what is committed, reserved and free, and how large the largest free block is.

use minidump::format as md;
use scroll::{LE, Pread};

use crate::front::Front;
use crate::process::Bits;

/// Regions that are counted. A large process has some 100,000.
const MAX_REGIONS: usize = 1 << 20;

const COMMIT: u32 = 0x1000;
const RESERVE: u32 = 0x2000;
const FREE: u32 = 0x1_0000;
const PRIVATE: u32 = 0x2_0000;
const MAPPED: u32 = 0x4_0000;
const EXECUTE: u32 = 0xf0;
const GUARD: u32 = 0x100;

/// Sums over the regions of the address space, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// How many regions there are.
    pub count: u64,
    /// Committed memory of its own.
    pub private: u64,
    /// Committed memory of files and shared sections.
    pub mapped: u64,
    /// Committed memory of programs and libraries.
    pub image: u64,
    /// Reserved, without memory behind it.
    pub reserved: u64,
    /// Free addresses.
    pub free: u64,
    /// How many free stretches there are.
    pub free_blocks: u64,
    /// The largest of them.
    pub largest_free: u64,
    /// The end of the address space: 2, 3 or 4 GB of a 32-bit process.
    pub end: u64,
}

impl Regions {
    /// All that is committed.
    pub const fn committed(&self) -> u64 {
        self.private.saturating_add(self.mapped).saturating_add(self.image)
    }

    /// Whether a 32-bit process is about to find no room: large blocks, which the .NET heap asks for by 16 to 64 MB,
    /// fail long before all addresses are taken.
    pub const fn is_short(&self, bits: Bits) -> bool {
        matches!(bits, Bits::B32) && self.count > 0 && self.largest_free < 64 << 20
    }
}

/// What Windows counts for the process, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The working set.
    pub working_set: u64,
    /// Its peak.
    pub peak_working_set: u64,
    /// Committed memory of its own ("private bytes").
    pub private: u64,
    /// Address space in use.
    pub virtual_size: u64,
    /// The peak of the committed memory.
    pub peak_commit: u64,
}

/// Stretches of addresses that can be executed, and whether an image lies there. In order.
#[derive(Debug, Default)]
pub(crate) struct Code {
    ranges: Vec<(u64, u64, bool)>,
    /// Whether the dump says anything about protection.
    pub(crate) is_known: bool,
}

/// What lies at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lies {
    /// Code of a module.
    Image,
    /// Code that was made at run time, as the .NET and other just-in-time compilers do.
    Generated,
    /// No code.
    Nowhere,
}

impl Code {
    pub(crate) fn find(&self, address: u64) -> Lies {
        let next = self.ranges.partition_point(|(start, ..)| *start <= address);
        match next.checked_sub(1).and_then(|i| self.ranges.get(i)) {
            Some((_, end, image)) if address < *end => {
                if *image {
                    Lies::Image
                } else {
                    Lies::Generated
                }
            }
            _ => Lies::Nowhere,
        }
    }
}

/// The map of the address space; `None` where the dump has none.
pub(crate) fn regions(front: &Front<'_>, bits: Bits) -> (Option<Regions>, Code) {
    let (raw, _) = front.sized_list::<md::MINIDUMP_MEMORY_INFO>(
        md::MINIDUMP_STREAM_TYPE::MemoryInfoListStream,
        MAX_REGIONS,
    );
    if raw.is_empty() {
        return (None, Code::default());
    }
    let mut sums = Regions::default();
    let mut code = Code { ranges: Vec::new(), is_known: true };
    // Windows ends the map of a 32-bit process with what lies above its addresses.
    let limit = if bits == Bits::B32 { 1 << 32 } else { u64::MAX };
    for region in raw.iter().filter(|region| region.base_address < limit) {
        let size = region.region_size.min(limit - region.base_address);
        sums.count += 1;
        let sum = match (region.state, region._type) {
            (COMMIT, PRIVATE) => &mut sums.private,
            (COMMIT, MAPPED) => &mut sums.mapped,
            (COMMIT, _) => &mut sums.image,
            (RESERVE, _) => &mut sums.reserved,
            (FREE, _) => {
                sums.free_blocks += 1;
                sums.largest_free = sums.largest_free.max(size);
                &mut sums.free
            }
            _ => continue,
        };
        *sum = sum.saturating_add(size);
        let end = region.base_address.saturating_add(size);
        sums.end = sums.end.max(end);
        let can_run = region.protection & EXECUTE != 0 && region.protection & GUARD == 0;
        if region.state == COMMIT && can_run {
            let image = !matches!(region._type, PRIVATE | MAPPED);
            code.ranges.push((region.base_address, end, image));
        }
    }
    code.ranges.sort_unstable();
    (Some(sums), code)
}

/// `MINIDUMP_PROCESS_VM_COUNTERS_1` and `_2`, of which the crate knows the number alone: revision, flags and page faults,
/// then sizes.
pub(crate) fn counters(front: &Front<'_>) -> Option<Counters> {
    let bytes = front.stream(md::MINIDUMP_STREAM_TYPE::ProcessVmCountersStream)?;
    let revision: u16 = bytes.pread_with(0, LE).ok()?;
    if !matches!(revision, 1 | 2) {
        return None;
    }
    let number = |i: usize| bytes.pread_with::<u64>(8 + 8 * i, LE).ok();
    // Two working sets, four quotas of the pools, page file and its peak; then the first revision has the private
    // bytes, and the second the peak and size of the address space before them.
    let (virtual_size, private) =
        if revision == 1 { (0, number(8)?) } else { (number(9)?, number(10)?) };
    Some(Counters {
        peak_working_set: number(0)?,
        working_set: number(1)?,
        peak_commit: number(7)?,
        virtual_size,
        private,
    })
}
