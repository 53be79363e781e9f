//! Where the bytes of a source are, and how they are read.

use std::io::{self, BufReader, Read};
use std::path::PathBuf;

use deflate64::Deflate64Decoder;
use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};

use crate::bytes::{self, Bytes};
use crate::limits::{Budget, Limited, Limits};
use crate::zip_list::Method;

/// Where the bytes of a source are.
#[derive(Debug)]
pub(crate) enum Content {
    /// A plain file, opened anew for every job.
    File(PathBuf),
    /// Bytes that lie in an archive as they are.
    Stored(Bytes),
    /// A packed member of a zip archive, and the checksum that it should have.
    Packed { bytes: Bytes, method: Method, crc: Option<u32> },
    /// A gzip file of one or many parts.
    Gzip { inner: Box<Self>, packed: u64 },
    /// The beginning of something, and why the rest is not there.
    Torn { inner: Box<Self>, reason: String },
    /// Nothing to read; the fault says why.
    None,
}

impl Content {
    /// Reads the bytes front to back, packed ones within the limits.
    pub(crate) fn read(
        &self,
        limits: &Limits,
        budget: &Budget,
        body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::File(path) => body(&mut bytes::open(path)?),
            Self::Stored(bytes) => body(&mut bytes.reader()),
            Self::Packed { bytes, method, crc } => {
                let packed: Box<dyn Read> = match method {
                    Method::Stored => Box::new(bytes.reader()),
                    Method::Deflate => Box::new(DeflateDecoder::new(bytes.reader())),
                    Method::Deflate64 => {
                        Box::new(Deflate64Decoder::with_buffer(BufReader::new(bytes.reader())))
                    }
                };
                let checked = Checked { inner: packed, sum: Crc::new(), expected: *crc };
                body(&mut Limited::new(checked, bytes.len(), limits, budget))
            }
            Self::Gzip { inner, packed } => inner.read(limits, budget, &mut |reader| {
                body(&mut Limited::new(MultiGzDecoder::new(reader), *packed, limits, budget))
            }),
            Self::Torn { inner, reason } => {
                inner.read(limits, budget, &mut |reader| body(&mut Torn { inner: reader, reason }))
            }
            Self::None => Err(io::Error::new(io::ErrorKind::NotFound, "there is nothing to read")),
        }
    }

    /// Whether it can be read at any place.
    pub(crate) fn is_seekable(&self) -> bool {
        matches!(self, Self::File(_) | Self::Stored(_))
    }

    /// Reads at a place.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            // Opened for each read: a bundle has more files than a process may hold open, and an open costs
            // microseconds beside a read of megabytes.
            Self::File(path) => Bytes::open(path, false)?.read_at(offset, buffer),
            Self::Stored(bytes) => bytes.read_at(offset, buffer),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// A reader that says at the end whether the checksum was right. Deflated data that break off look to a decoder like
/// data that end.
struct Checked<R> {
    inner: R,
    sum: Crc,
    expected: Option<u32>,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.sum.update(&buffer[..n]);
        if n == 0 && !buffer.is_empty() && self.expected.is_some_and(|sum| sum != self.sum.sum()) {
            let reason = "its checksum does not match: it is damaged";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(n)
    }
}

/// A reader that says at the end that it is not the end.
struct Torn<'a, R> {
    inner: R,
    reason: &'a str,
}

impl<R: Read> Read for Torn<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(0) if !buffer.is_empty() => {}
            Err(error)
                if !matches!(
                    error.kind(),
                    io::ErrorKind::FileTooLarge | io::ErrorKind::Interrupted
                ) => {}
            result => return result,
        }
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, self.reason))
    }
}
