//! The front of a minidump: header, directory and the streams, everything but the memory of the process.

use std::collections::BTreeMap;

use daaslens_core::text::visible;
use minidump::format as md;
use scroll::ctx::{SizeWith, TryFromCtx};
use scroll::{Endian, LE, Pread};

use crate::input::ReadAt;

/// The most bytes of the front that are held. Real ones have a few megabytes: 4,000 threads with their registers are
/// 5 MB, 100,000 ranges of memory another 6.
pub const MAX_FRONT: u64 = 64 << 20;

/// Streams of a directory that are looked at. Windows writes about twenty.
const MAX_STREAMS: u32 = 512;

/// How much is read to find the directory.
const PEEK: u64 = 64 << 10;

/// The longest name that is kept, in UTF-16 units.
const MAX_NAME: usize = 320;

/// Where a stream stands, as the directory says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) start: u64,
    pub(crate) size: u64,
}

/// Header and directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) flags: u64,
    /// Seconds since 1970; 0 where nobody said.
    pub(crate) stamp: u32,
    pub(crate) streams: BTreeMap<u32, Place>,
    /// Streams that the header promises and the directory lacks.
    pub(crate) lost: u32,
}

impl Layout {
    /// `None` where this is no minidump.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let header: md::MINIDUMP_HEADER = bytes.pread_with(0, LE).ok()?;
        if header.signature != md::MINIDUMP_SIGNATURE
            || header.version & 0xffff != md::MINIDUMP_VERSION
        {
            return None;
        }
        let mut layout =
            Self { flags: header.flags, stamp: header.time_date_stamp, ..Self::default() };
        let mut at = header.stream_directory_rva as usize;
        let mut read = 0;
        while read < header.stream_count.min(MAX_STREAMS) {
            let Ok(entry) = bytes.gread_with::<md::MINIDUMP_DIRECTORY>(&mut at, LE) else { break };
            read += 1;
            // Windows reserves entries that it does not need: type 0.
            if entry.stream_type != 0 {
                let place = Place {
                    start: u64::from(entry.location.rva),
                    size: u64::from(entry.location.data_size),
                };
                layout.streams.insert(entry.stream_type, place);
            }
        }
        layout.lost = header.stream_count - read;
        Some(layout)
    }

    /// Where the last stream ends.
    pub(crate) fn end(&self) -> u64 {
        self.streams.values().map(|place| place.start.saturating_add(place.size)).max().unwrap_or(0)
    }
}

/// The bytes of the front.
pub(crate) fn front(input: &dyn ReadAt) -> Vec<u8> {
    let bytes = read(input, input.size().min(PEEK));
    let len = front_len(&bytes, input.size());
    if len > bytes.len() as u64 { read(input, len) } else { bytes }
}

/// How long the front of a dump of `size` bytes is, by its first 64 kB.
pub fn front_len(bytes: &[u8], size: u64) -> u64 {
    let Some(layout) = Layout::of(bytes) else { return size.min(PEEK) };
    // A dump without full memory keeps its pieces of memory between the streams: all of it is front.
    let list = layout.streams.get(&(md::MINIDUMP_STREAM_TYPE::Memory64ListStream as u32));
    let memory = list.filter(|_| layout.lost == 0).map(|list| {
        // The list itself may stand behind what is at hand; memory is never before it.
        let at = usize::try_from(list.start.saturating_add(8)).unwrap_or(usize::MAX);
        bytes.pread_with::<u64>(at, LE).unwrap_or_else(|_| list.start.saturating_add(list.size))
    });
    memory.map_or(size, |memory| memory.max(layout.end())).min(size).min(MAX_FRONT)
}

fn read(input: &dyn ReadAt, len: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
    let n = input.read_at(0, &mut bytes);
    bytes.truncate(n);
    bytes
}

/// The front with its layout: what all readers of streams take.
#[derive(Debug)]
pub(crate) struct Front<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) layout: Layout,
    /// Bytes of the whole file.
    pub(crate) size: u64,
}

impl<'a> Front<'a> {
    pub(crate) fn new(bytes: &'a [u8], size: u64) -> Option<Self> {
        Some(Self { bytes, layout: Layout::of(bytes)?, size })
    }

    /// The bytes of a stream, as far as they are there.
    pub(crate) fn stream(&self, kind: md::MINIDUMP_STREAM_TYPE) -> Option<&'a [u8]> {
        self.raw(kind as u32)
    }

    /// The bytes of a stream by the number of its type.
    pub(crate) fn raw(&self, kind: u32) -> Option<&'a [u8]> {
        let place = self.layout.streams.get(&kind)?;
        let start = usize::try_from(place.start).ok()?;
        let rest = self.bytes.get(start..)?;
        Some(&rest[..rest.len().min(usize::try_from(place.size).unwrap_or(usize::MAX))])
    }

    /// A stream through the reader of the crate, for records of a fixed size.
    pub(crate) fn typed<S: minidump::MinidumpStream<'a>>(
        &self,
        system: Option<&minidump::MinidumpSystemInfo>,
    ) -> Option<S> {
        S::read(self.raw(S::STREAM_TYPE)?, self.bytes, LE, system).ok()
    }

    /// The entries of a list that begins with their number, as many as are there, and how many there should be.
    ///
    /// Breakpad pads the number to eight bytes; the declared size of the stream tells.
    pub(crate) fn list<T: Entry<'a>>(
        &self,
        kind: md::MINIDUMP_STREAM_TYPE,
        most: usize,
    ) -> (Vec<T>, u64) {
        let Some(bytes) = self.stream(kind) else { return (Vec::new(), 0) };
        let Ok(count) = bytes.pread_with::<u32>(0, LE) else { return (Vec::new(), 0) };
        let size = T::size_with(&LE);
        let declared = self.layout.streams.get(&(kind as u32)).map_or(0, |place| place.size);
        let padded = declared == u64::from(count) * size as u64 + 8;
        let start = if padded { 8 } else { 4 };
        (entries(bytes, start, size, (count as usize).min(most)), u64::from(count))
    }

    /// The entries of a list that begins with the sizes of its header and of an entry.
    pub(crate) fn sized_list<T: Entry<'a>>(
        &self,
        kind: md::MINIDUMP_STREAM_TYPE,
        most: usize,
    ) -> (Vec<T>, u64) {
        let none = (Vec::new(), 0);
        let Some(bytes) = self.stream(kind) else { return none };
        let number = |at| bytes.pread_with::<u32>(at, LE).ok();
        let (Some(header), Some(size), Some(count)) = (number(0), number(4), number(8)) else {
            return none;
        };
        if (size as usize) < T::size_with(&LE) || header < 12 {
            return none;
        }
        let most = (count as usize).min(most);
        (entries(bytes, header as usize, size as usize, most), u64::from(count))
    }

    /// The text at a place: its length in bytes, then UTF-16.
    pub(crate) fn text(&self, at: u64) -> Option<String> {
        let at = usize::try_from(at).ok().filter(|at| *at > 0)?;
        let len = self.bytes.pread_with::<u32>(at, LE).ok()? as usize;
        let bytes = self.bytes.get(at.checked_add(4)?..)?;
        Some(utf16(&bytes[..bytes.len().min(len)], MAX_NAME))
    }
}

/// A record of a list.
pub(crate) trait Entry<'a>:
    TryFromCtx<'a, Endian, [u8], Error = scroll::Error> + SizeWith<Endian>
{
}

impl<'a, T> Entry<'a> for T where
    T: TryFromCtx<'a, Endian, [u8], Error = scroll::Error> + SizeWith<Endian>
{
}

fn entries<'a, T: Entry<'a>>(bytes: &'a [u8], start: usize, stride: usize, most: usize) -> Vec<T> {
    let rest = bytes.get(start..).unwrap_or_default();
    rest.chunks(stride.max(1)).take(most).map_while(|entry| entry.pread_with(0, LE).ok()).collect()
}

/// UTF-16, up to `most` units or a NUL, made visible.
pub(crate) fn utf16(bytes: &[u8], most: usize) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .take_while(|unit| *unit != 0)
        .take(most);
    let text: String =
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    visible(text.as_bytes()).into_owned()
}
