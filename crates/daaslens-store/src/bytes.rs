//! Random access to a file or to bytes in memory: what archives and dumps need.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

/// Bytes that can be read at any position, cheap to clone.
#[derive(Clone)]
pub(crate) enum Bytes {
    /// A file, mapped.
    Map(Arc<Mmap>),
    /// A file, read by position: for network drives, and files that are still being written.
    File(Arc<File>, u64),
    /// An archive that was inside another one.
    Memory(Arc<[u8]>),
    /// A stored member of an archive: a part of other bytes.
    Part(Box<Self>, u64, u64),
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

impl Bytes {
    /// Opens a file for random access.
    pub(crate) fn open(path: &Path, map: bool) -> io::Result<Self> {
        let file = open(path)?;
        let len = file.metadata()?.len();
        if !map || len == 0 {
            return Ok(Self::File(Arc::new(file), len));
        }
        // SAFETY: the map is only read. A file that is changed meanwhile changes under us, which the parsers
        // stand, since they hold no promise about the bytes across two reads; one that is cut short meanwhile
        // can end the process on Unix, which is why plain logs are never mapped and `--no-mmap` exists.
        #[expect(unsafe_code, reason = "mapping a file is unsafe by nature; see the comment")]
        let map = unsafe { Mmap::map(&file) };
        Ok(map.map_or_else(|_| Self::File(Arc::new(file), len), |map| Self::Map(Arc::new(map))))
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Map(map) => map.len() as u64,
            Self::File(_, len) | Self::Part(_, _, len) => *len,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Reads as much as fits or is left.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from_slice = |bytes: &[u8], buffer: &mut [u8]| {
            let rest =
                usize::try_from(offset).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
            let n = rest.len().min(buffer.len());
            buffer[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        };
        match self {
            Self::Map(map) => from_slice(map, buffer),
            Self::Memory(bytes) => from_slice(bytes, buffer),
            Self::File(file, _) => read_full_at(file, offset, buffer),
            Self::Part(whole, start, len) => {
                let left = usize::try_from(len.saturating_sub(offset)).unwrap_or(usize::MAX);
                let n = left.min(buffer.len());
                if n == 0 {
                    return Ok(0);
                }
                whole.read_at(start + offset, &mut buffer[..n])
            }
        }
    }

    /// A reader of its own, at the start.
    pub(crate) fn reader(&self) -> Cursor {
        Cursor { bytes: self.clone(), at: 0 }
    }
}

/// Opens a file for reading. On Windows the standard library shares it with writers and deleters, so a log that
/// is being written can be read.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    #[expect(clippy::disallowed_methods, reason = "this crate is the one that opens files")]
    File::open(path)
}

/// Fills `buffer` from `offset`, or stops at the end of the file.
fn read_full_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read_some_at(file, offset + done as u64, &mut buffer[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(unix)]
fn read_some_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_some_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// A reader over [`Bytes`] with a position of its own, so that members of one archive are read in parallel.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    bytes: Bytes,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read_at(self.at, buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at =
            at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.at)
    }
}
