//! Zip archives: their members, off the list at the end of the archive.
//!
//! Where that list is missing or damaged, or does not name all that is there, the members are found by the headers in
//! front of them; see [`crate::salvage`].

use std::collections::HashSet;
use std::ops::Range;

use daaslens_core::text::counted;
use zip::read::ZipFileEntry;
use zip::result::{ZipError, ZipResult};
use zip::{CompressionMethod, ZipArchive};

use crate::bytes::Bytes;
use crate::limits::{Budget, Limits};
use crate::salvage::{self, LocalHeader};

/// How a member is packed, of what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Stored,
    Deflate,
    /// What Windows Explorer writes for files above 2 GB.
    Deflate64,
}

/// A member of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The name, with `/`.
    pub(crate) name: String,
    /// How long it is when it is read, as far as the archive says so truly.
    pub(crate) size: u64,
    /// Where its packed bytes begin.
    pub(crate) start: u64,
    /// How many they are.
    pub(crate) packed: u64,
    pub(crate) method: Method,
    /// The checksum of what is read.
    pub(crate) crc: Option<u32>,
    /// Why it cannot be read.
    pub(crate) fault: Option<String>,
    /// Why it ends before its time.
    pub(crate) torn: Option<String>,
}

/// What is in an archive.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) members: Vec<Member>,
    /// What is missing of it, or not sure.
    pub(crate) missing: Option<String>,
}

/// How a member is packed, or why it is not read.
pub(crate) fn readable(encrypted: bool, aes: bool, method: u16) -> Result<Method, String> {
    match (encrypted, aes, method) {
        (_, true, _) => Err("it is encrypted (AES)".to_owned()),
        (true, false, _) => Err("it is encrypted".to_owned()),
        (_, _, 0) => Ok(Method::Stored),
        (_, _, 8) => Ok(Method::Deflate),
        (_, _, 9) => Ok(Method::Deflate64),
        _ => Err(format!("it is packed by a method that is not read ({method})")),
    }
}

/// Whether bytes begin like a zip archive, one without members included.
pub(crate) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// A member by the list of an archive, where its header begins and where its data end; `None` for a folder.
type Listed = (Range<u64>, Option<Member>);

/// Lists the members of an archive, `most` at most and one more if there are more.
///
/// # Errors
/// Why nothing of it can be read.
pub(crate) fn list(
    bytes: &Bytes,
    limits: &Limits,
    budget: &Budget,
    most: usize,
) -> Result<Listing, String> {
    let (listed, end, twice) = match by_list(bytes, most) {
        Ok(found) => found,
        Err(error) => {
            let found = salvage::find(bytes, 0..bytes.len(), limits, budget, most);
            if found.members.is_empty() {
                return Err(describe(&error));
            }
            let missing = Some(found.describe());
            return Ok(Listing { members: found.members, missing });
        }
    };
    let mut ranges: Vec<Range<u64>> = listed.iter().map(|(range, _)| range.clone()).collect();
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    // The trick by which a small archive holds petabytes.
    if ranges.iter().any(|range| range.end > end)
        || ranges.windows(2).any(|pair| pair[0].end > pair[1].start || pair[0] == pair[1])
    {
        return Err("its members overlap, as those of a decompression bomb do".to_owned());
    }
    let mut members: Vec<Member> = listed.into_iter().filter_map(|(_, member)| member).collect();
    let count = members.len();
    // The list does not name everything where archives were joined to one (`copy /b a.zip + b.zip c.zip`), a download
    // was taken up again at the wrong byte, or a name stands twice: the library keeps the last of them.
    let ends = std::iter::once(0).chain(ranges.iter().map(|range| range.end));
    let starts = ranges.iter().map(|range| range.start).chain(Some(bytes.len()));
    for gap in ends.zip(starts).map(|(end, start)| end..start) {
        if gap.end - gap.start > salvage::SHORTEST && members.len() <= most {
            let most = most - members.len();
            members.extend(salvage::find(bytes, gap, limits, budget, most).members);
        }
    }
    let names: HashSet<&str> = members[..count].iter().map(|m| m.name.as_str()).collect();
    let unlisted = members[count..]
        .iter()
        .filter(|member| !(twice && names.contains(member.name.as_str())))
        .count() as u64;
    let missing = (unlisted > 0).then(|| {
        let unlisted = counted(unlisted, "member", "members");
        format!(
            "its list does not name all that is in it: {unlisted} were found by their own headers"
        )
    });
    Ok(Listing { members, missing })
}

/// The members by the list, where the list begins, and whether a name stands in it twice.
fn by_list(bytes: &Bytes, most: usize) -> ZipResult<(Vec<Listed>, u64, bool)> {
    let zip = ZipArchive::new(bytes.reader())?;
    let mut listed = Vec::new();
    for index in 0..zip.len().min(most.saturating_add(1)) {
        let entry = zip.by_index_data(index)?;
        let name = name(&entry);
        let start = entry.header_start();
        let header = LocalHeader::listed(bytes, start);
        let data = header.as_ref().map_or(start, |header| header.data);
        let end = data.saturating_add(entry.compressed_size());
        let is_folder = name.ends_with('/') || entry.is_dir();
        let member = (!is_folder).then(|| member(header.as_ref(), &entry, name));
        listed.push((start..if header.is_some() { end } else { start }, member));
    }
    Ok((listed, zip.central_directory_start(), zip.has_duplicate_names()))
}

fn name(entry: &ZipFileEntry<'_>) -> String {
    let name = entry.name().map(std::borrow::Cow::into_owned);
    let name = name.unwrap_or_else(|_| String::from_utf8_lossy(entry.name_raw()).into_owned());
    name.replace('\\', "/")
}

fn member(header: Option<&LocalHeader>, entry: &ZipFileEntry<'_>, name: String) -> Member {
    let damaged = || Err("the header in front of it is damaged".to_owned());
    let method = header.map_or_else(damaged, |header| {
        let method = match entry.compression() {
            CompressionMethod::Stored => 0,
            CompressionMethod::Deflated => 8,
            CompressionMethod::Deflate64 => 9,
            _ => header.method,
        };
        readable(entry.encrypted(), header.aes, method)
    });
    let (method, fault) = method.map_or_else(|fault| (Method::Stored, Some(fault)), |m| (m, None));
    let packed = entry.compressed_size();
    // Of the two sizes that should be the same, the one by which the bytes were found is right.
    let size = if method == Method::Stored { packed } else { entry.size() };
    let start = header.map_or(0, |header| header.data);
    Member { name, size, start, packed, method, crc: Some(entry.crc32()), fault, torn: None }
}

fn describe(error: &ZipError) -> String {
    match error {
        ZipError::Io(error) => format!("it cannot be read as a zip archive: {error}"),
        error => format!("it is no whole zip archive: {error}"),
    }
}
