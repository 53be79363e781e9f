//! A source that lies in memory: what readers of sources are tested with.

use daaslens_core::{Kind, Origin, Source};
use std::io::{self, Read};

/// How much of a source is its head, as in the store.
const HEAD: usize = 4096;

/// A source in memory.
#[derive(Clone, Debug)]
pub struct MemorySource {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it is and where it comes from.
    pub origin: Origin,
    /// Whether it is read by position, like a file, or front to back, like a packed member.
    pub is_seekable: bool,
}

impl MemorySource {
    /// A packed member of an archive at `path`.
    pub fn new(path: &str, kind: Kind, bytes: impl Into<Vec<u8>>) -> Self {
        let origin = Origin {
            path: path.to_owned(),
            kind,
            site: None,
            instance: None,
            machine: None,
            session: None,
        };
        Self { bytes: bytes.into(), origin, is_seekable: false }
    }

    /// The same as a file that is read by position.
    #[must_use]
    pub fn seekable(mut self) -> Self {
        self.is_seekable = true;
        self
    }
}

impl Source for MemorySource {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn head(&self) -> &[u8] {
        self.bytes.get(..HEAD).unwrap_or(&self.bytes)
    }

    fn fault(&self) -> Option<&str> {
        None
    }

    fn is_seekable(&self) -> bool {
        self.is_seekable
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_seekable {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let rest = usize::try_from(offset).ok().and_then(|at| self.bytes.get(at..));
        rest.unwrap_or_default().read(buffer)
    }

    fn stream(&self, body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> io::Result<()> {
        body(&mut self.bytes.as_slice())
    }
}
