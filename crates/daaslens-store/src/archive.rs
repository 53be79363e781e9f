//! Zip archives: their members, each readable by itself and in parallel.

use std::io::{self, Read};
use std::sync::Arc;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::bytes::{Bytes, Cursor};

/// An archive whose members can be read at the same time: a clone shares the list of members and has a cursor
/// of its own.
#[derive(Clone)]
pub(crate) struct Archive {
    zip: Arc<ZipArchive<Cursor>>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive({} members)", self.zip.len())
    }
}

/// What the list of an archive says of a member.
#[derive(Debug)]
pub(crate) struct Member {
    /// The name, with `/`.
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) packed: u64,
    /// Where the bytes lie, if they are stored as they are.
    pub(crate) stored_at: Option<u64>,
    /// Why it cannot be read.
    pub(crate) fault: Option<String>,
}

/// Whether bytes begin like a zip archive, one without members included.
pub(crate) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

impl Archive {
    pub(crate) fn open(bytes: &Bytes) -> Result<Self, String> {
        let zip = ZipArchive::new(bytes.reader()).map_err(|error| describe(&error))?;
        Ok(Self { zip: Arc::new(zip) })
    }

    pub(crate) fn len(&self) -> usize {
        self.zip.len()
    }

    /// Whether members share bytes of the file: the trick by which a small archive holds petabytes.
    pub(crate) fn overlaps(&self) -> bool {
        let mut zip = ZipArchive::clone(&self.zip);
        zip.has_overlapping_entries().unwrap_or(false)
    }

    /// The member at an index; `None` for folders.
    pub(crate) fn member(&self, index: usize) -> Option<Member> {
        let name = match self.zip.name_for_index(index) {
            Some(Ok(name)) => name.replace('\\', "/"),
            Some(Err(_)) | None => format!("member {index}, its name unreadable"),
        };
        let mut zip = ZipArchive::clone(&self.zip);
        let member = match zip.by_index_raw(index) {
            Err(error) => {
                Member { name, size: 0, packed: 0, stored_at: None, fault: Some(describe(&error)) }
            }
            Ok(file) if file.is_dir() || name.ends_with('/') => return None,
            Ok(file) => {
                let method = file.compression();
                let fault = if file.encrypted() {
                    Some("it is encrypted".to_owned())
                } else if !matches!(
                    method,
                    CompressionMethod::Stored
                        | CompressionMethod::Deflated
                        | CompressionMethod::Deflate64
                ) {
                    Some(format!("it is packed by a method that is not read ({method})"))
                } else {
                    None
                };
                let stored = method == CompressionMethod::Stored && fault.is_none();
                Member {
                    size: file.size(),
                    packed: file.compressed_size(),
                    stored_at: if stored { file.data_start() } else { None },
                    name,
                    fault,
                }
            }
        };
        Some(member)
    }

    /// Reads a member from its start.
    pub(crate) fn read(
        &self,
        index: usize,
        body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut zip = ZipArchive::clone(&self.zip);
        let mut file = zip.by_index(index).map_err(|error| io::Error::other(describe(&error)))?;
        body(&mut file)
    }
}

fn describe(error: &ZipError) -> String {
    match error {
        ZipError::Io(error) => format!("it cannot be read as a zip archive: {error}"),
        error => format!("it is no whole zip archive: {error}"),
    }
}
