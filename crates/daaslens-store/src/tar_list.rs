//! Tar archives: their members, in the order in which they stand.
//!
//! A tar archive has no list; each member has a block of 512 bytes in front of it, and blocks of its own for what does
//! not fit in: a long name (GNU), or any value (pax). The end is a block of zeros.

use std::io::{self, Read, Seek};

use daaslens_core::text::counted;
use tar::{Entries, EntryType, PaxExtensions};

/// A block of the format.
pub(crate) const BLOCK: u64 = 512;

/// The most bytes of a long name or of the values of a member.
const MAX_VALUES: u64 = 1 << 20;

/// A member of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) start: u64,
    pub(crate) size: u64,
    /// Why it cannot be read.
    pub(crate) fault: Option<&'static str>,
}

/// What is in an archive.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) members: Vec<Member>,
    /// What is missing of it.
    pub(crate) missing: Option<String>,
    /// Where the last member ends.
    pub(crate) end: u64,
}

/// Whether bytes begin like a tar archive: the first block has the mark of POSIX or GNU, or a checksum that is right.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<512>() else { return false };
    let header = tar::Header::from_byte_slice(block);
    let field = |range: std::ops::Range<usize>| block[range].iter().map(|c| u32::from(*c)).sum();
    let sum: u32 = block.iter().map(|c| u32::from(*c)).sum::<u32>();
    let own: u32 = field(148..156);
    // The field of the sum itself counts as blanks.
    block[0] != 0 && header.cksum().is_ok_and(|said| said == sum - own + 8 * u32::from(b' '))
}

/// Lists the members of an archive that can be read at any place.
pub(crate) fn list<R: Read + Seek>(reader: R, most: usize) -> Listing {
    let mut archive = tar::Archive::new(reader);
    archive.entries_with_seek().map_or_else(|error| broken(&error), |entries| walk(entries, most))
}

/// Lists the members of an archive that is read front to back.
pub(crate) fn list_stream(reader: &mut dyn Read, most: usize) -> Listing {
    let mut archive = tar::Archive::new(reader);
    archive.entries().map_or_else(|error| broken(&error), |entries| walk(entries, most))
}

fn broken(error: &io::Error) -> Listing {
    Listing { missing: Some(describe(error, 0)), ..Listing::default() }
}

/// Lists `most` members at most, and one more if there are more. The library would read long names of any length into
/// memory, so the blocks that belong to a member are read here.
fn walk<R: Read>(entries: Entries<'_, R>, most: usize) -> Listing {
    let mut listing = Listing::default();
    let (mut long_name, mut values) = (None, Vec::new());
    for entry in entries.raw(true) {
        let count = listing.members.len() as u64;
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                listing.missing = Some(describe(&error, count));
                break;
            }
        };
        let (kind, size, start) =
            (entry.header().entry_type(), entry.size(), entry.raw_file_position());
        if matches!(kind, EntryType::GNULongName | EntryType::GNULongLink | EntryType::XHeader) {
            let mut bytes = Vec::new();
            let read = Read::take(&mut entry, MAX_VALUES).read_to_end(&mut bytes);
            if size > MAX_VALUES || read.is_err() {
                listing.missing = Some(stopped(count, "the name of the next is damaged"));
                break;
            }
            match kind {
                EntryType::GNULongName => long_name = Some(bytes),
                EntryType::XHeader => values = bytes,
                _ => {}
            }
            continue;
        }
        listing.end = start.saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
        let value = |key: &str| {
            let mut values = PaxExtensions::new(&values).filter_map(Result::ok);
            values
                .find(|value| value.key_bytes() == key.as_bytes())
                .map(|value| value.value_bytes())
        };
        let name = value("path")
            .map(<[u8]>::to_vec)
            .or_else(|| long_name.take())
            .unwrap_or_else(|| entry.path_bytes().into_owned());
        let name = String::from_utf8_lossy(&name).trim_end_matches('\0').replace('\\', "/");
        let sparse = kind.is_gnu_sparse()
            || value("GNU.sparse.major").is_some()
            || value("GNU.sparse.map").is_some();
        let large = value("size").is_some_and(|value| value != size.to_string().as_bytes());
        let fault = match kind {
            EntryType::Directory | EntryType::XGlobalHeader => None,
            _ if sparse => Some("it is a sparse file, which is not read"),
            _ if large => Some("its size stands in a place that is not read"),
            EntryType::Regular | EntryType::Continuous => None,
            EntryType::Link | EntryType::Symlink => {
                Some("it is a link, and links are not followed")
            }
            _ => Some("it is no regular file"),
        };
        let folder =
            kind == EntryType::Directory || kind == EntryType::XGlobalHeader || name.ends_with('/');
        // Behind these, where the next member begins cannot be told from the first block.
        let lost = large
            || kind.is_gnu_sparse()
                && entry.header().as_gnu().is_some_and(tar::GnuHeader::is_extended);
        (long_name, values) = (None, Vec::new());
        if !folder {
            listing.members.push(Member { name, start, size, fault });
        }
        if lost {
            listing.missing = Some(stopped(count + 1, "where the next begins cannot be told"));
            break;
        }
        if listing.members.len() > most {
            break;
        }
    }
    listing
}

fn describe(error: &io::Error, members: u64) -> String {
    let how = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it was cut off there",
        io::ErrorKind::FileTooLarge => "it inflates to more than is allowed",
        _ => "it is damaged there",
    };
    stopped(members, how)
}

fn stopped(members: u64, how: &str) -> String {
    format!(
        "{} could be listed: {how}, and what follows is not read",
        counted(members, "member", "members")
    )
}
