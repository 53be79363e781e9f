//! Walks the input and lists what is in it: folders, files, archives, and archives in archives.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use daaslens_core::text::{bytes as in_bytes, visible};
use daaslens_core::{Kind, Origin};
use flate2::read::GzDecoder;
use walkdir::WalkDir;

use crate::bytes::{self, Bytes};
use crate::content::Content;
use crate::limits::{Budget, too_large};
use crate::recognise::{Subject, place, recognise};
use crate::store::{Item, Options};
use crate::tar_list::{self, is_tar};
use crate::text;
use crate::zip_list::{self, Method, is_zip};

/// How many bytes of a source are looked at to recognise it.
const HEAD: usize = 4096;

/// Packages of programs, which are zip archives without logs in them.
const PACKAGES: [&str; 13] = [
    "jar",
    "war",
    "ear",
    "nupkg",
    "snupkg",
    "whl",
    "docx",
    "xlsx",
    "pptx",
    "odt",
    "apk",
    "vsix",
    "diagsession",
];

/// Archives of other kinds, by their first bytes: somebody packed the download once more.
const FOREIGN: [(&[u8], &str); 6] = [
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"MSCF\0\0\0\0", "a cabinet"),
    (b"\xfd7zXZ\0", "packed with xz"),
    (b"BZh", "packed with bzip2"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
];

/// An archive, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Zip,
    Tar,
    Gzip,
}

/// What is known of a source when it is listed.
#[derive(Default)]
struct Known {
    size: u64,
    head: Vec<u8>,
    fault: Option<String>,
    missing: Option<String>,
    encoding: Option<&'static encoding_rs::Encoding>,
}

pub(crate) struct Lister<'a> {
    options: &'a Options,
    budget: Arc<Budget>,
    items: Vec<Item>,
    /// Every path that was given, and how often.
    paths: HashMap<String, u32>,
    members: usize,
    /// The bytes of archives that are held in memory.
    held: u64,
}

impl<'a> Lister<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self {
            options,
            budget: Budget::new(options.limits.total),
            items: Vec::new(),
            paths: HashMap::new(),
            members: 0,
            held: 0,
        }
    }

    /// What was listed so far.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(crate) fn into_items(self) -> Vec<Item> {
        self.items
    }

    /// Lists a path that was given, under a name.
    pub(crate) fn path(&mut self, path: &Path, name: &str) -> io::Result<()> {
        #[expect(clippy::disallowed_methods, reason = "this crate is the one that looks at files")]
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            self.folder(path, name);
        } else {
            bytes::open(path)?;
            self.file(path, name.to_owned(), metadata.len());
        }
        Ok(())
    }

    fn folder(&mut self, root: &Path, name: &str) {
        for entry in WalkDir::new(root).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error
                        .path()
                        .map_or_else(|| name.to_owned(), |path| shown(root, path, name));
                    self.unreadable(path, &format!("it cannot be listed: {error}"));
                    continue;
                }
            };
            let path = shown(root, entry.path(), name);
            let kind = entry.file_type();
            if kind.is_symlink() {
                self.unreadable(path, "it is a link, and links are not followed");
            } else if kind.is_file() {
                let size = entry.metadata().map_or(0, |metadata| metadata.len());
                self.file(entry.path(), path, size);
            } else if !kind.is_dir() {
                self.unreadable(path, "it is no regular file");
            }
        }
    }

    fn file(&mut self, file: &Path, path: String, size: u64) {
        // Looked at first, so that a file that cannot be opened says so.
        match Bytes::open(file, false).and_then(|bytes| bytes.read_at(0, &mut [0])) {
            Err(error) => self.unreadable(path, &format!("it cannot be opened: {error}")),
            Ok(_) => self.entry(Content::File(file.to_owned()), path, size, size, 0),
        }
    }

    /// A file, or a member of an archive: an archive itself, or something to be read. `depth` is the number of
    /// archives around it.
    fn entry(&mut self, content: Content, path: String, size: u64, packed: u64, depth: u32) {
        let (head, error) = self.look(&content);
        if let Some(error) = error
            && head.is_empty()
        {
            let fault = Some(error.to_string());
            return self.push(
                path,
                Kind::NotALog,
                Known { size, fault, ..Known::default() },
                content,
            );
        }
        match container(&head, &path) {
            Some(Container::Zip) => match self.random_access(&content) {
                Ok((bytes, cut)) => self.zip(&bytes, path, size, depth + 1, cut),
                Err(error) => self.sealed(path, size, &error.to_string()),
            },
            Some(Container::Tar) => self.tar(&content, path, size, depth + 1),
            Some(Container::Gzip) => self.gzip(content, path, size, packed, depth, &head),
            None => self.leaf(content, path, size, head),
        }
    }

    /// A gzip file: of an archive, or of one file.
    fn gzip(
        &mut self,
        content: Content,
        path: String,
        size: u64,
        packed: u64,
        depth: u32,
        gz: &[u8],
    ) {
        let content = Content::Gzip { inner: Box::new(content), packed };
        let (head, error) = self.look(&content);
        if let Some(error) = error
            && head.is_empty()
        {
            let fault = Some(format!("it cannot be inflated: {error}"));
            return self.add(content, path, Known { size, fault, ..Known::default() });
        }
        let stem = path.strip_suffix(".gz").unwrap_or(&path);
        if let Some(inner) = container(&head, stem) {
            if inner == Container::Gzip && depth >= self.options.limits.depth {
                return self.sealed(path, size, "archives are nested deeper than is allowed");
            }
            let depth = depth + u32::from(inner == Container::Gzip);
            return self.entry(content, path, size, packed, depth);
        }
        // The file may have been renamed since it was packed; the name inside tells what it was.
        let name = GzDecoder::new(gz).header().and_then(|header| header.filename()).map(|name| {
            let name: String = name.iter().map(|c| char::from(*c)).collect();
            visible(name.rsplit(['/', '\\']).next().unwrap_or_default().as_bytes()).into_owned()
        });
        let own = stem.rsplit('/').next().unwrap_or_default();
        let path = match name {
            Some(name) if !name.is_empty() && !own.eq_ignore_ascii_case(&name) => {
                format!("{path}!/{name}")
            }
            _ => path,
        };
        self.leaf(content, path, size, head);
    }

    fn zip(&mut self, bytes: &Bytes, path: String, size: u64, depth: u32, cut: Option<String>) {
        let limits = &self.options.limits;
        if depth > limits.depth {
            return self.sealed(path, size, "archives are nested deeper than is allowed");
        }
        let most = limits.members.saturating_sub(self.members);
        let listing = match zip_list::list(bytes, limits, &self.budget, most) {
            Ok(listing) => listing,
            Err(fault) => return self.sealed(path, size, &fault),
        };
        let mut missing = listing.missing;
        if let Some(cut) = cut {
            missing =
                Some(missing.map_or_else(|| cut.clone(), |missing| format!("{missing} ({cut})")));
        }
        let (before, mut unread) = (self.items.len(), size);
        for member in listing.members {
            if !self.may_list() {
                missing = Some(MORE_MEMBERS.to_owned());
                break;
            }
            unread = unread.saturating_sub(member.packed);
            let shown = inside(&path, &member.name);
            if let Some(fault) = &member.fault {
                self.unreadable(shown, fault);
                continue;
            }
            if member.start.saturating_add(member.packed) > bytes.len() {
                self.unreadable(shown, "it is said to be longer than its archive");
                continue;
            }
            let packed = member.packed;
            let part = Bytes::Part(Box::new(bytes.clone()), member.start, packed);
            // The list of an archive may claim anything, and a size that cannot be true would be planned for.
            let (mut content, size) = match member.method {
                Method::Stored => (Content::Stored(part), packed),
                method => (
                    Content::Packed { bytes: part, method, crc: member.crc },
                    member.size.min(self.options.limits.of_member(packed)),
                ),
            };
            if let Some(reason) = member.torn {
                content = Content::Torn { inner: Box::new(content), reason };
            }
            self.entry(content, shown, size, packed, depth);
        }
        self.close(path, before, unread, missing);
    }

    fn tar(&mut self, content: &Content, path: String, size: u64, depth: u32) {
        let limits = &self.options.limits;
        if depth > limits.depth {
            return self.sealed(path, size, "archives are nested deeper than is allowed");
        }
        let most = limits.members.saturating_sub(self.members);
        let (bytes, over, listing) = match self.tar_members(content, most) {
            Ok(found) => found,
            Err(error) => return self.sealed(path, size, &error.to_string()),
        };
        let held = bytes.len();
        let cut = !over && listing.end > held;
        let missing_mark = !over && listing.end.saturating_add(tar_list::BLOCK) > held;
        let mut missing = if cut {
            Some("it was cut off inside its last member".to_owned())
        } else if missing_mark && listing.missing.is_none() {
            Some("it has no end mark: it may have been cut off after its last member".to_owned())
        } else {
            listing.missing
        };
        let (before, mut unread) = (self.items.len(), size);
        for member in listing.members {
            if !self.may_list() {
                missing = Some(MORE_MEMBERS.to_owned());
                break;
            }
            unread = unread.saturating_sub(member.size);
            let shown = inside(&path, &member.name);
            if let Some(fault) = member.fault {
                self.unreadable(shown, fault);
                continue;
            }
            let left = held.saturating_sub(member.start).min(member.size);
            let part = Bytes::Part(Box::new(bytes.clone()), member.start.min(held), left);
            let mut content = Content::Stored(part);
            if left < member.size && over {
                let held = in_bytes(held);
                let fault = format!(
                    "it lies behind the first {held} of a packed archive, which are held in memory: unpack the \
                     archive, and give the folder"
                );
                self.unreadable(shown, &fault);
                continue;
            } else if left < member.size {
                let reason = "the archive ends inside it".to_owned();
                content = Content::Torn { inner: Box::new(content), reason };
            }
            self.entry(content, shown, left, left, depth);
        }
        self.close(path, before, unread, missing);
    }

    /// The bytes of a tar archive, whether there are more than may be held, and its members.
    fn tar_members(
        &mut self,
        content: &Content,
        most: usize,
    ) -> io::Result<(Bytes, bool, tar_list::Listing)> {
        if let Some(bytes) = self.in_place(content)? {
            let listing = tar_list::list(bytes.reader(), most);
            return Ok((bytes, false, listing));
        }
        let (mut held, mut listing) = (Vec::new(), tar_list::Listing::default());
        let (room, mut over) = (self.room(), false);
        content.read(&self.options.limits, &self.budget, &mut |reader| {
            let mut tee = Tee { inner: reader, held: &mut held, room, over: &mut over };
            listing = tar_list::list_stream(&mut tee, most);
            Ok(())
        })?;
        self.held += held.len() as u64;
        Ok((Bytes::Memory(Arc::from(held)), over, listing))
    }

    /// How much more may be held in memory for one archive.
    fn room(&self) -> u64 {
        let limits = &self.options.limits;
        limits.nested.min(limits.held.saturating_sub(self.held))
    }

    /// The bytes of something that can be read at any place as it is.
    fn in_place(&self, content: &Content) -> io::Result<Option<Bytes>> {
        Ok(match content {
            Content::File(path) => Some(Bytes::open(path, self.options.map)?),
            Content::Stored(bytes) => Some(bytes.clone()),
            Content::Torn { inner, .. } => self.in_place(inner)?,
            _ => None,
        })
    }

    /// The bytes of something, held in memory where they are packed, and why they are not all of them.
    fn random_access(&mut self, content: &Content) -> io::Result<(Bytes, Option<String>)> {
        let cut = |content: &Content| match content {
            Content::Torn { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        if let Some(bytes) = self.in_place(content)? {
            return Ok((bytes, cut(content)));
        }
        let (room, mut whole) = (self.room(), Vec::new());
        let read = content.read(&self.options.limits, &self.budget, &mut |reader| {
            Read::take(&mut *reader, room).read_to_end(&mut whole)?;
            if reader.read(&mut [0])? > 0 {
                let reason = if room < self.options.limits.nested {
                    "archives inside archives are larger together than may be held in memory"
                } else {
                    "it is larger than an archive inside an archive may be"
                };
                return Err(too_large(reason));
            }
            Ok(())
        });
        self.held += whole.len() as u64;
        match read {
            Ok(()) => Ok((Bytes::Memory(Arc::from(whole)), None)),
            // What was read of one that is cut off is worth having.
            Err(error) if error.kind() != io::ErrorKind::FileTooLarge && !whole.is_empty() => {
                Ok((Bytes::Memory(Arc::from(whole)), Some(error.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    /// Counts a member; false where there were too many.
    fn may_list(&mut self) -> bool {
        self.members += 1;
        self.members <= self.options.limits.members
    }

    /// A file that is no archive that is read.
    fn leaf(&mut self, content: Content, path: String, size: u64, head: Vec<u8>) {
        let foreign = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic));
        if let Some((_, what)) = foreign {
            let fault =
                Some(format!("it is {what}, which is not read: unpack it, and give the folder"));
            let known = Known { size, fault, ..Known::default() };
            return self.push(path, Kind::ArchiveOther, known, Content::None);
        }
        let is_named = path.rsplit_once('.').is_some_and(|(_, ext)| {
            ["zip", "tar", "tgz", "gz"].iter().any(|known| ext.eq_ignore_ascii_case(known))
        });
        let before = self.items.len();
        self.add(content, path, Known { size, head, ..Known::default() });
        // A page of an error, say, that was saved under the name of the download.
        if let Some(item) = self.items.get_mut(before)
            && is_named
            && item.origin.kind == Kind::NotALog
            && !matches!(item.content, Content::Gzip { .. })
        {
            item.origin.kind = Kind::Archive;
            item.fault = Some("it has the name of an archive and is none".to_owned());
        }
    }

    fn add(&mut self, content: Content, path: String, mut known: Known) {
        known.encoding = text::encoding(&known.head);
        if let Some(encoding) = known.encoding {
            known.head = text::as_utf8(&known.head, encoding);
        }
        let lower = path.to_ascii_lowercase().replace("!/", "/");
        let name = lower.rsplit('/').next().unwrap_or_default();
        let name = name.trim_end_matches(".gz");
        let kind = recognise(&Subject { path: &lower, name, head: &known.head });
        self.push(path, kind, known, content);
    }

    /// The first bytes, and why they are not all of them.
    fn look(&self, content: &Content) -> (Vec<u8>, Option<io::Error>) {
        let mut head = Vec::with_capacity(HEAD);
        let result = content.read(&self.options.limits, &self.budget, &mut |reader| {
            reader.take(HEAD as u64).read_to_end(&mut head).map(drop)
        });
        // An archive may have a million members of a few bytes: each keeps what it has, and no room for more.
        head.shrink_to_fit();
        (head, result.err())
    }

    fn unreadable(&mut self, path: String, fault: &str) {
        let lower = path.to_ascii_lowercase().replace("!/", "/");
        let name = lower.rsplit('/').next().unwrap_or_default();
        let kind = match recognise(&Subject { path: &lower, name, head: &[] }) {
            Kind::Empty => Kind::NotALog,
            kind => kind,
        };
        let fault = Some(fault.to_owned());
        self.push(path, kind, Known { fault, ..Known::default() }, Content::None);
    }

    /// An archive of which nothing is read.
    fn sealed(&mut self, path: String, size: u64, fault: &str) {
        let fault = Some(fault.to_owned());
        self.push(path, Kind::Archive, Known { size, fault, ..Known::default() }, Content::None);
    }

    /// An archive whose members are listed, from the item `before` on. It is listed itself where something is missing
    /// of it, with the bytes that belong to none of the members, or where it has none.
    fn close(&mut self, path: String, before: usize, unread: u64, missing: Option<String>) {
        if missing.is_some() {
            let known = Known { size: unread, missing, ..Known::default() };
            self.push(path, Kind::Archive, known, Content::None);
        } else if self.items.len() == before {
            self.push(
                path,
                Kind::Empty,
                Known::default(),
                Content::Stored(Bytes::Memory(Arc::from([]))),
            );
        }
    }

    fn push(&mut self, path: String, kind: Kind, known: Known, content: Content) {
        let place = place(&path.replace("!/", "/"));
        let origin = Origin {
            path: self.unique(path),
            kind,
            site: place.site,
            instance: place.instance,
            machine: place.machine,
            session: place.session,
        };
        let Known { size, head, fault, missing, encoding } = known;
        let (limits, budget) = (self.options.limits.clone(), Arc::clone(&self.budget));
        self.items.push(Item {
            origin,
            size,
            head,
            fault,
            missing,
            content,
            encoding,
            limits,
            budget,
        });
    }

    /// A name that stands twice in an archive gets a number, so that each of its members has a path of its own.
    fn unique(&mut self, path: String) -> String {
        let count = self.paths.entry(path.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            return path;
        }
        let mut number = *count;
        loop {
            let numbered = format!("{path} ({number})");
            if !self.paths.contains_key(&numbered) {
                self.paths.insert(numbered.clone(), 1);
                return numbered;
            }
            number += 1;
        }
    }
}

const MORE_MEMBERS: &str = "it has more members than are allowed; the rest is not read";

fn container(head: &[u8], path: &str) -> Option<Container> {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let is_named_zip = extension.as_deref() == Some("zip");
    let is_package = extension.as_deref().is_some_and(|extension| PACKAGES.contains(&extension));
    if is_zip(head) {
        return (!is_package).then_some(Container::Zip);
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Some(Container::Gzip);
    }
    if is_tar(head) {
        return Some(Container::Tar);
    }
    // Something stands in front of the archive, the headers of a reply, say.
    (is_named_zip && memchr::memmem::find(head, b"PK\x03\x04").is_some()).then_some(Container::Zip)
}

/// The path of a member of an archive.
fn inside(path: &str, name: &str) -> String {
    format!("{path}!/{}", visible(name.trim_start_matches('/').as_bytes()))
}

/// `name/relative/path`, with `/` on every system.
fn shown(root: &Path, path: &Path, name: &str) -> String {
    let mut out = name.to_owned();
    for part in path.strip_prefix(root).unwrap_or(path).components() {
        out.push('/');
        out.push_str(&visible(part.as_os_str().as_encoded_bytes()));
    }
    out
}

/// A reader that keeps the first bytes of what passes through it.
struct Tee<'a, R> {
    inner: R,
    held: &'a mut Vec<u8>,
    room: u64,
    /// Whether there were more than are kept.
    over: &'a mut bool,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let keep = n.min(usize::try_from(self.room).unwrap_or(usize::MAX));
        self.held.extend_from_slice(&buffer[..keep]);
        self.room -= keep as u64;
        *self.over |= keep < n;
        Ok(n)
    }
}
