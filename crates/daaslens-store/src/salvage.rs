//! Zip archives without their end: members are found by the headers in front of them.
//!
//! A zip archive has the list of its members at its end. Kudu writes a dump while it is downloaded, so that a
//! download that breaks off has no list, and the sizes of a member stand behind its data (a *data descriptor*) instead
//! of in front of it. What is there can still be read: a header begins with `PK\x03\x04` and names the member, and
//! deflated data know their own end. Only a member that is *stored* without a size has an end that has to be searched:
//! it is where a descriptor says the very number of bytes and the checksum of what lies before it.
//!
//! # Promise
//!
//! Never fails, never panics. Memory is a constant (a buffer, and one name at a time beside the list). Work is linear:
//! a byte is inflated once, and looked at again only as long as [`AGAIN`] times the length of the range allows.

use std::ops::Range;

use daaslens_core::text::{counted, thousands};
use deflate64::InflaterManaged;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use memchr::memmem;

use crate::bytes::Bytes;
use crate::limits::{Budget, Limits};
use crate::zip_list::{Member, Method, is_zip, readable};

/// How often, on average, a byte may be looked at again after a member did not end as it should.
const AGAIN: u64 = 4;

/// How much is read at once.
const BLOCK: usize = 64 << 10;

/// No name of a file is longer than this; what claims so is no header.
const MAX_NAME: usize = 1024;

/// What stands in place of a size that is known only later, or elsewhere.
const UNKNOWN: u64 = u32::MAX as u64;

/// No member is shorter than its header.
pub(crate) const SHORTEST: u64 = 30;

const HEADER: &[u8] = b"PK\x03\x04";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
const ENTRY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

const ENDS_INSIDE: &str = "the archive ends inside it";
const DAMAGED: &str = "it is damaged";

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) members: Vec<Member>,
    /// How many of them are not whole.
    torn: u64,
    /// Whether the list of members, or a part of it, was met.
    list: bool,
}

impl Found {
    /// What the archive is, in the words of the report.
    pub(crate) fn describe(&self) -> String {
        let whole = self.members.len() as u64 - self.torn;
        let found = if self.torn == 0 {
            format!("{} were found by their own headers", counted(whole, "member", "members"))
        } else {
            format!(
                "{} and {} were found by their own headers",
                counted(whole, "whole member", "whole members"),
                counted(self.torn, "torn one", "torn ones")
            )
        };
        if self.list {
            format!("the list of its members is damaged: {found}")
        } else {
            format!(
                "it was cut off, its end is missing: {found}; what came after them is not in the file"
            )
        }
    }
}

/// The header in front of a member.
#[derive(Debug)]
pub(crate) struct LocalHeader {
    flags: u16,
    pub(crate) method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    /// Whether it says that the member is encrypted with AES.
    pub(crate) aes: bool,
    name: Vec<u8>,
    extra: Vec<u8>,
    /// Where the data begin.
    pub(crate) data: u64,
}

impl LocalHeader {
    /// The header that the list of an archive says to be at `at`, if there is a whole one.
    pub(crate) fn listed(bytes: &Bytes, at: u64) -> Option<Self> {
        Self::read(bytes, at, |_, _| true, |_| true)
    }

    /// The header at `at`, where its mark was met. Four bytes can stand anywhere by chance, or in their thousands on
    /// purpose, so it has to be plausible before more of it is read.
    fn met(bytes: &Bytes, at: u64) -> Option<Self> {
        Self::read(
            bytes,
            at,
            |method, name| matches!(method, 0..=20 | 93..=99) && (1..=MAX_NAME).contains(&name),
            |name| name.iter().all(|c| *c >= b' '),
        )
    }

    fn read(
        bytes: &Bytes,
        at: u64,
        shape: impl Fn(u16, usize) -> bool,
        named: impl Fn(&[u8]) -> bool,
    ) -> Option<Self> {
        let mut fixed = [0; 30];
        if bytes.read_at(at, &mut fixed).ok()? < fixed.len() || !fixed.starts_with(HEADER) {
            return None;
        }
        let (name_len, extra_len) =
            (usize::from(u16_at(&fixed, 26)?), usize::from(u16_at(&fixed, 28)?));
        let method = u16_at(&fixed, 8)?;
        if !shape(method, name_len) {
            return None;
        }
        let mut name = vec![0; name_len];
        if bytes.read_at(at + SHORTEST, &mut name).ok()? < name_len || !named(&name) {
            return None;
        }
        let mut extra = vec![0; extra_len];
        if bytes.read_at(at + SHORTEST + name_len as u64, &mut extra).ok()? < extra_len {
            return None;
        }
        let mut header = Self {
            flags: u16_at(&fixed, 6)?,
            method,
            crc: u32_at(&fixed, 14)?,
            packed: u64::from(u32_at(&fixed, 18)?),
            size: u64::from(u32_at(&fixed, 22)?),
            aes: false,
            name,
            extra: Vec::new(),
            data: at + SHORTEST + (name_len + extra_len) as u64,
        };
        let mut rest = extra.as_slice();
        while let (Some(id), Some(len)) = (u16_at(rest, 0), u16_at(rest, 2)) {
            let Some(field) = rest.get(4..4 + usize::from(len)) else { break };
            match id {
                // Sizes of 64 bits, each there only where the other place says that it is.
                1 => {
                    let mut at = 0;
                    for size in [&mut header.size, &mut header.packed] {
                        if *size == UNKNOWN
                            && let Some(large) = u64_at(field, at)
                        {
                            *size = large;
                            at += 8;
                        }
                    }
                }
                0x9901 => header.aes = true,
                _ => {}
            }
            rest = &rest[4 + usize::from(len)..];
        }
        header.aes |= header.method == 99;
        header.extra = extra;
        Some(header)
    }

    fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Whether the sizes stand behind the data.
    fn is_streamed(&self) -> bool {
        self.flags & 8 != 0
    }

    /// The name, as the library reads names: UTF-8, the name in a field of its own, or code page 437. The library is
    /// given the header of an empty member that is stored, since only its name is of interest here.
    fn name(&self) -> String {
        let mut header = HEADER.to_vec();
        header.extend(20_u16.to_le_bytes());
        header.extend((self.flags & 0x800).to_le_bytes());
        header.extend([0; 18]);
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend((self.extra.len() as u16).to_le_bytes());
        header.extend_from_slice(&self.name);
        header.extend_from_slice(&self.extra);
        let mut reader = header.as_slice();
        let read = zip::read::read_zipfile_from_stream_with_compressed_size(&mut reader, 0);
        let name = match &read {
            Ok(Some(member)) => member.name().ok().map(std::borrow::Cow::into_owned),
            _ => None,
        };
        name.unwrap_or_else(|| String::from_utf8_lossy(&self.name).into_owned()).replace('\\', "/")
    }
}

/// How far a member goes.
struct Extent {
    packed: u64,
    size: u64,
    crc: Option<u32>,
    torn: Option<String>,
}

impl Extent {
    fn whole(packed: u64, size: u64) -> Self {
        Self { packed, size, crc: None, torn: None }
    }

    fn torn(packed: u64, size: u64, reason: &str) -> Self {
        Self { packed, size, crc: None, torn: Some(reason.to_owned()) }
    }
}

/// Finds the members in a range of an archive, `most` at most and one more if there are more.
pub(crate) fn find(
    bytes: &Bytes,
    range: Range<u64>,
    limits: &Limits,
    budget: &Budget,
    most: usize,
) -> Found {
    let mut search = Search {
        bytes,
        end: range.end,
        limits,
        budget,
        again: (range.end - range.start.min(range.end)).saturating_mul(AGAIN),
    };
    let (mut found, mut at) = (Found::default(), range.start);
    while let Some((start, header)) = search.header(at, range.end) {
        let (extent, next) = search.extent(&header);
        at = next.max(start + 1);
        let name = header.name();
        if name.ends_with('/') && extent.size == 0 {
            continue;
        }
        let (method, fault) = match readable(header.is_encrypted(), header.aes, header.method) {
            Ok(method) => (method, None),
            Err(fault) => (Method::Stored, Some(fault)),
        };
        found.torn += u64::from(extent.torn.is_some());
        let Extent { packed, size, crc, torn } = extent;
        found.members.push(Member {
            name,
            size,
            start: header.data,
            packed,
            method,
            crc,
            fault,
            torn,
        });
        if found.members.len() > most {
            return found;
        }
    }
    found.list = search.has_list(at, range.end);
    found
}

struct Search<'a> {
    bytes: &'a Bytes,
    end: u64,
    limits: &'a Limits,
    budget: &'a Budget,
    /// How many bytes may still be looked at again.
    again: u64,
}

impl Search<'_> {
    /// Visits every place between two places where one of the marks of the format may stand, until something is found.
    fn marks<T>(
        &self,
        mut at: u64,
        end: u64,
        mut visit: impl FnMut(u64, &[u8]) -> Option<T>,
    ) -> Option<T> {
        let mut block = vec![0; BLOCK];
        while at < end {
            let want = BLOCK.min(usize::try_from(end - at).unwrap_or(BLOCK));
            let n = self.bytes.read_at(at, &mut block[..want]).ok()?;
            for place in memmem::find_iter(&block[..n], b"PK") {
                if let Some(mark) = block[..n].get(place..place + 4)
                    && let Some(found) = visit(at + place as u64, mark)
                {
                    return Some(found);
                }
            }
            if n < want || n < 4 || at + n as u64 >= end {
                return None;
            }
            // A mark may lie across two blocks.
            at += n as u64 - 3;
        }
        None
    }

    /// The first header between two places.
    fn header(&self, at: u64, end: u64) -> Option<(u64, LocalHeader)> {
        self.marks(at, end, |at, mark| {
            let header = (mark == HEADER).then(|| LocalHeader::met(self.bytes, at)).flatten()?;
            (header.data <= self.end).then_some((at, header))
        })
    }

    /// Whether a part of the list of members stands between two places.
    fn has_list(&self, at: u64, end: u64) -> bool {
        self.marks(at, end, |_, mark| (mark == ENTRY || mark == END).then_some(())).is_some()
    }

    /// How far the member behind a header goes, and where to look for the next one.
    fn extent(&mut self, header: &LocalHeader) -> (Extent, u64) {
        let left = self.end - header.data;
        let says = header.packed > 0 && !(header.is_streamed() && header.packed == UNKNOWN);
        if says || !header.is_streamed() && header.method == 0 {
            let crc = (!header.is_streamed() || header.crc != 0).then_some(header.crc);
            let torn = (header.packed > left).then(|| {
                let (there, of) = (thousands(left), thousands(header.packed));
                format!("{ENDS_INSIDE}: {there} of its {of} packed bytes are there")
            });
            let packed = header.packed.min(left);
            let size = if header.method == 0 { packed } else { header.size };
            return (Extent { packed, size, crc, torn }, header.data + packed);
        }
        match readable(header.is_encrypted(), header.aes, header.method) {
            Ok(Method::Stored) => self.stored(header.data),
            Ok(method) => self.inflated(header.data, method),
            // What is not read needs no end; the next member has a header.
            Err(_) => (Extent::whole(0, 0), header.data),
        }
    }

    /// A packed member without a size: it is inflated to find its end.
    fn inflated(&mut self, start: u64, method: Method) -> (Extent, u64) {
        let left = self.end - start;
        let measured = self.measure(start, method);
        let Measured { used, size, .. } = measured;
        let end = start + used;
        match measured.end {
            End::Whole => {
                // Deflate64's decoder looks ahead and takes some bytes more than it needs.
                let near = if method == Method::Deflate64 {
                    end.saturating_sub(8).max(start)
                } else {
                    end
                };
                let damaged = self.descriptor_crc(near, end).is_some_and(|crc| crc != measured.crc);
                let mut extent = Extent::whole(used, size);
                extent.torn =
                    damaged.then(|| "its checksum does not match: it is damaged".to_owned());
                return (extent, near);
            }
            End::Bomb => {
                return (Extent::torn(used, size, "it inflates to more than is allowed"), end);
            }
            End::Broken => {}
        }
        // What was inflated behind the damage may be other members. An archive that lies packed in this one shows
        // headers of its own, and is left alone.
        if !is_zip(&measured.head) && used <= self.again {
            self.again -= used;
            if let Some((next, _)) = self.header(start, end) {
                return (Extent::torn(next - start, size, DAMAGED), next);
            }
        }
        let reason = if used < left { DAMAGED } else { ENDS_INSIDE };
        (Extent::torn(used, size, reason), end)
    }

    /// Inflates a member to its end, or to where it cannot be inflated.
    fn measure(&self, start: u64, method: Method) -> Measured {
        let mut inflater = Inflater::new(method);
        let (mut input, mut output) = (vec![0; BLOCK], vec![0; BLOCK]);
        let (mut from, mut to) = (0, 0);
        let (mut crc, mut head) = (Crc::new(), Vec::new());
        let (mut used, mut size) = (0_u64, 0_u64);
        let end = loop {
            if from == to {
                let at = start + used;
                let want = BLOCK.min(usize::try_from(self.end - at).unwrap_or(BLOCK));
                (from, to) = (0, self.bytes.read_at(at, &mut input[..want]).unwrap_or(0));
            }
            let step = inflater.step(&input[from..to], &mut output);
            from += step.used;
            used += step.used as u64;
            size += step.made as u64;
            crc.update(&output[..step.made]);
            if head.len() < 4 {
                head.extend_from_slice(&output[..step.made.min(4)]);
            }
            if size > self.limits.of_member(used) || !self.budget.take(step.made as u64) {
                break End::Bomb;
            }
            if step.ended {
                break End::Whole;
            }
            if step.broken || step.used == 0 && step.made == 0 {
                break End::Broken;
            }
        };
        Measured { used, size, crc: crc.sum(), end, head }
    }

    /// The checksum in the descriptor that begins between two places, if there is one with a mark.
    fn descriptor_crc(&self, near: u64, end: u64) -> Option<u32> {
        let mut bytes = [0; 24];
        let n = self.bytes.read_at(near, &mut bytes).ok()?;
        let at = memmem::find(&bytes[..n], DESCRIPTOR)?;
        (near + at as u64 <= end).then(|| u32_at(&bytes, at + 4)).flatten()
    }

    /// A stored member without a size: its end is where a descriptor says its very length and checksum.
    fn stored(&mut self, start: u64) -> (Extent, u64) {
        if let Some(packed) = self.described(start) {
            return (Extent::whole(packed, packed), start + packed);
        }
        let left = self.end - start;
        let mut head = [0; 4];
        let nested = self.bytes.read_at(start, &mut head).is_ok() && is_zip(&head);
        match self.header(start, self.end) {
            Some((next, _)) if !nested => {
                let packed = next - start;
                let torn =
                    "where it ends is written nowhere: it is taken to end at the next member";
                (Extent::torn(packed, packed, torn), next)
            }
            _ => (Extent::torn(left, left, ENDS_INSIDE), self.end),
        }
    }

    /// How long a stored member is by the descriptor behind it.
    fn described(&mut self, start: u64) -> Option<u64> {
        let end = self.end.min(start.saturating_add(self.again));
        let (mut crc, mut done) = (Crc::new(), start);
        let mut block = vec![0; BLOCK];
        // A descriptor without a mark of its own lies right in front of what has one, or at the end.
        let mut behind = |mark: u64| {
            [mark, mark.saturating_sub(12), mark.saturating_sub(20)].into_iter().find_map(|place| {
                let claimed = self.descriptor(place, place.checked_sub(start)?)?;
                while done < place {
                    let want = BLOCK.min(usize::try_from(place - done).unwrap_or(BLOCK));
                    let n = self.bytes.read_at(done, &mut block[..want]).ok().filter(|n| *n > 0)?;
                    crc.update(&block[..n]);
                    done += n as u64;
                }
                (done == place && crc.sum() == claimed).then_some(place - start)
            })
        };
        let length = self.marks(start, end, |mark, _| behind(mark));
        // At the end, a part of the next mark may be left.
        let length = length.or_else(|| (0..4).rev().find_map(|part| behind(end - part)));
        if length.is_none() {
            self.again -= end - start;
        }
        length
    }

    /// The checksum in the descriptor at `place`, if it is one of a stored member of this length.
    fn descriptor(&self, place: u64, length: u64) -> Option<u32> {
        let mut bytes = [0; 24];
        let n = self.bytes.read_at(place, &mut bytes).ok()?;
        let bytes = bytes[..n].strip_prefix(DESCRIPTOR).unwrap_or(&bytes[..n]);
        let short = [4, 8].map(|at| u32_at(bytes, at).map(u64::from));
        let wide = [4, 12].map(|at| u64_at(bytes, at));
        (short == [Some(length); 2] || wide == [Some(length); 2])
            .then(|| u32_at(bytes, 0))
            .flatten()
    }
}

/// What inflating a member to its end showed.
struct Measured {
    used: u64,
    size: u64,
    crc: u32,
    end: End,
    /// The first bytes of it.
    head: Vec<u8>,
}

enum End {
    /// The end that the data themselves name.
    Whole,
    /// The end of the archive, or damage.
    Broken,
    /// A limit.
    Bomb,
}

/// A decoder that tells how much it takes.
enum Inflater {
    Deflate(Decompress),
    Deflate64(Box<InflaterManaged>),
}

struct Step {
    used: usize,
    made: usize,
    ended: bool,
    broken: bool,
}

impl Inflater {
    fn new(method: Method) -> Self {
        match method {
            Method::Deflate64 => Self::Deflate64(Box::new(InflaterManaged::new())),
            _ => Self::Deflate(Decompress::new(false)),
        }
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Step {
        match self {
            Self::Deflate(inflater) => {
                let (before_in, before_out) = (inflater.total_in(), inflater.total_out());
                let status = inflater.decompress(input, output, FlushDecompress::None);
                Step {
                    used: (inflater.total_in() - before_in) as usize,
                    made: (inflater.total_out() - before_out) as usize,
                    ended: matches!(status, Ok(Status::StreamEnd)),
                    broken: status.is_err(),
                }
            }
            Self::Deflate64(inflater) => {
                let result = inflater.inflate(input, output);
                Step {
                    used: result.bytes_consumed,
                    made: result.bytes_written,
                    ended: inflater.finished() && !result.data_error,
                    broken: result.data_error,
                }
            }
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
