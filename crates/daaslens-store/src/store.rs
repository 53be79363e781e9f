//! Listing what is in the input, and reading it.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daaslens_core::text::visible;
use daaslens_core::{Kind, Origin, Source};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use walkdir::WalkDir;

use crate::archive::{Archive, is_zip};
use crate::bytes::{self, Bytes};
use crate::limits::{Budget, Limited, Limits};
use crate::recognise::{Subject, place, recognise};

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

/// How to open the input.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether archives are mapped; else they are read by position.
    pub map: bool,
    /// The limits against hostile archives.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { map: true, limits: Limits::default() }
    }
}

/// Everything in the input.
#[derive(Debug)]
pub struct Store {
    sources: Vec<Arc<Item>>,
    inputs: Vec<Input>,
    errors: Vec<Error>,
}

/// One path that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its last component.
    pub name: String,
    /// `daas`, `kudu-dump`, `logfiles`, `file` or `folder`.
    pub kind: &'static str,
}

/// A path that could not be opened at all.
#[derive(Debug)]
pub struct Error {
    /// The path as it was given.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.source)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl Store {
    /// Lists what is in `paths`. A path that cannot be opened is in [`Store::errors`] and does not stop the rest.
    pub fn open(paths: &[PathBuf], options: &Options) -> Self {
        let mut lister = Lister {
            options,
            budget: Budget::new(options.limits.total),
            items: Vec::new(),
            members: 0,
        };
        let mut store = Self { sources: Vec::new(), inputs: Vec::new(), errors: Vec::new() };
        let mut names = HashMap::new();
        for path in paths {
            let name = unique(&mut names, last_component(path));
            let before = lister.items.len();
            if let Err(source) = lister.path(path, &name) {
                store.errors.push(Error { path: path.clone(), source });
            } else {
                let kind = input_kind(path.is_dir(), &name, &lister.items[before..]);
                store.inputs.push(Input { name, kind });
            }
        }
        store.sources = lister.items.into_iter().map(Arc::new).collect();
        store.sources.sort_by(|a, b| a.origin.path.cmp(&b.origin.path));
        store
    }

    /// Every file and member, sorted by path.
    pub fn sources(&self) -> Vec<Arc<dyn Source>> {
        self.sources.iter().map(|item| Arc::clone(item) as Arc<dyn Source>).collect()
    }

    /// The paths that were opened.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The paths that could not be opened.
    pub fn errors(&self) -> &[Error] {
        &self.errors
    }
}

/// A second input of the same name gets a number, so that every source has a path of its own.
fn unique(names: &mut HashMap<String, u32>, name: String) -> String {
    let count = names.entry(name.clone()).or_insert(0);
    *count += 1;
    if *count == 1 { name } else { format!("{name} ({count})") }
}

/// The name by which an input is shown. `.` and `C:\` have none of their own and take that of the real path.
fn last_component(path: &Path) -> String {
    let name =
        |path: &Path| path.file_name().map(|name| visible(name.as_encoded_bytes()).into_owned());
    name(path)
        .or_else(|| path.canonicalize().ok().as_deref().and_then(name))
        .unwrap_or_else(|| "input".to_owned())
}

fn input_kind(folder: bool, name: &str, items: &[Item]) -> &'static str {
    let paths: Vec<String> = items
        .iter()
        .map(|item| format!("/{}", item.origin.path.replace("!/", "/").to_ascii_lowercase()))
        .collect();
    let any = |part: &str| paths.iter().any(|path| path.contains(part));
    if items.len() == 1 && !folder && !items[0].origin.path.contains("!/") {
        "file"
    } else if any("/daas/sessions/")
        || any("/daas/logs/")
        || any("/daas/heartbeats/")
        || any("/sessions/complete/")
    {
        "daas"
    } else if any("/deployments/") && any("/logfiles/") && !any("/site/deployments/")
        || name.starts_with("dump-")
    {
        "kudu-dump"
    } else if any("/logfiles/") || any("/rawlogs/") {
        "logfiles"
    } else {
        "folder"
    }
}

/// Where the bytes of a source are.
#[derive(Debug)]
enum Content {
    /// A plain file, opened anew for every job.
    File(PathBuf),
    /// Bytes that lie in an archive as they are.
    Stored(Bytes),
    /// A packed member of a zip archive.
    Member { archive: Archive, index: usize, packed: u64 },
    /// A gzip file of one or many parts.
    Gzip { inner: Box<Self>, packed: u64 },
    /// Nothing to read; the fault says why.
    None,
}

#[derive(Debug)]
struct Item {
    origin: Origin,
    size: u64,
    head: Vec<u8>,
    fault: Option<String>,
    content: Content,
    /// Whether the bytes are UTF-16 and are read as UTF-8.
    utf16: bool,
    limits: Limits,
    budget: Arc<Budget>,
}

struct Lister<'a> {
    options: &'a Options,
    budget: Arc<Budget>,
    items: Vec<Item>,
    members: usize,
}

impl Lister<'_> {
    fn path(&mut self, path: &Path, name: &str) -> io::Result<()> {
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
        let mut head = vec![0; HEAD];
        let looked = Bytes::open(file, false).and_then(|bytes| bytes.read_at(0, &mut head));
        match looked {
            Err(error) => self.unopened(path, &error),
            Ok(n) => {
                head.truncate(n);
                if is_zip(&head) && !is_package(&path) {
                    match Bytes::open(file, self.options.map) {
                        Err(error) => self.unopened(path, &error),
                        Ok(bytes) => self.archive(&bytes, path, size, 1),
                    }
                } else {
                    self.leaf(Content::File(file.to_owned()), path, size, size, head);
                }
            }
        }
    }

    fn archive(&mut self, bytes: &Bytes, path: String, size: u64, depth: u32) {
        if depth > self.options.limits.depth {
            return self.sealed(path, size, "archives are nested deeper than is allowed");
        }
        let archive = match Archive::open(bytes) {
            Ok(archive) => archive,
            Err(fault) => return self.sealed(path, size, &fault),
        };
        if archive.overlaps() {
            return self.sealed(
                path,
                size,
                "its members overlap, as those of a decompression bomb do",
            );
        }
        for index in 0..archive.len() {
            let Some(member) = archive.member(index) else { continue };
            self.members += 1;
            if self.members > self.options.limits.members {
                return self.sealed(
                    path,
                    size,
                    "it has more members than are allowed; the rest is not read",
                );
            }
            let shown =
                format!("{path}!/{}", visible(member.name.trim_start_matches('/').as_bytes()));
            if let Some(fault) = &member.fault {
                self.unreadable(shown, fault);
                continue;
            }
            // The list of an archive may claim anything. A size that cannot be true would be planned for, and a
            // packed size that cannot be true would lift the limit that goes by it.
            let packed = member.packed.min(bytes.len());
            let stored = member.stored_at.filter(|_| member.size == member.packed);
            let (content, size) = match stored {
                Some(start) if start.saturating_add(member.size) > bytes.len() => {
                    self.unreadable(shown, "it is said to be longer than its archive");
                    continue;
                }
                Some(start) => {
                    let part = Bytes::Part(Box::new(bytes.clone()), start, member.size);
                    (Content::Stored(part), member.size)
                }
                // Where the two sizes of a stored member do not agree, the reader of archives is asked.
                None => {
                    let content = Content::Member { archive: archive.clone(), index, packed };
                    (content, member.size.min(self.options.limits.of_member(packed)))
                }
            };
            self.member(content, shown, size, packed, depth);
        }
    }

    fn member(&mut self, content: Content, path: String, size: u64, packed: u64, depth: u32) {
        let head = match self.look(&content) {
            Ok(head) => head,
            Err(error) => {
                let kind = Kind::NotALog;
                return self.push(
                    path,
                    kind,
                    size,
                    Vec::new(),
                    Some(error.to_string()),
                    content,
                    false,
                );
            }
        };
        if !is_zip(&head) || is_package(&path) {
            return self.leaf(content, path, size, packed, head);
        }
        let inner = match content {
            Content::Stored(bytes) => Ok(bytes),
            content => {
                let mut whole = Vec::new();
                let nested = self.options.limits.nested;
                read(&content, &self.options.limits, &self.budget, &mut |reader| {
                    Limited::at_most(reader, nested, &self.budget).read_to_end(&mut whole).map(drop)
                })
                .map(|()| Bytes::Memory(Arc::from(whole)))
            }
        };
        match inner {
            Ok(bytes) => self.archive(&bytes, path, size, depth + 1),
            Err(error) => self.sealed(path, size, &error.to_string()),
        }
    }

    /// A file that is no archive, or one part that is packed.
    fn leaf(&mut self, content: Content, path: String, size: u64, packed: u64, head: Vec<u8>) {
        if head.starts_with(&[0x1f, 0x8b]) {
            let content = Content::Gzip { inner: Box::new(content), packed };
            let (head, fault) = match self.look(&content) {
                Ok(head) => (head, None),
                Err(error) => (Vec::new(), Some(format!("it cannot be inflated: {error}"))),
            };
            return self.add(content, path, size, head, fault);
        }
        self.add(content, path, size, head, None);
    }

    fn add(
        &mut self,
        content: Content,
        path: String,
        size: u64,
        head: Vec<u8>,
        fault: Option<String>,
    ) {
        let utf16 = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
        let head = if utf16 { as_utf8(&head) } else { head };
        let lower = path.to_ascii_lowercase().replace("!/", "/");
        let name = lower.rsplit('/').next().unwrap_or_default();
        let kind =
            recognise(&Subject { path: &lower, name: name.trim_end_matches(".gz"), head: &head });
        self.push(path, kind, size, head, fault, content, utf16);
    }

    fn look(&self, content: &Content) -> io::Result<Vec<u8>> {
        let mut head = Vec::with_capacity(HEAD);
        read(content, &self.options.limits, &self.budget, &mut |reader| {
            reader.take(HEAD as u64).read_to_end(&mut head).map(drop)
        })?;
        Ok(head)
    }

    fn unopened(&mut self, path: String, error: &io::Error) {
        self.unreadable(path, &format!("it cannot be opened: {error}"));
    }

    fn unreadable(&mut self, path: String, fault: &str) {
        let lower = path.to_ascii_lowercase().replace("!/", "/");
        let name = lower.rsplit('/').next().unwrap_or_default();
        let kind = match recognise(&Subject { path: &lower, name, head: &[] }) {
            Kind::Empty => Kind::NotALog,
            kind => kind,
        };
        self.push(path, kind, 0, Vec::new(), Some(fault.to_owned()), Content::None, false);
    }

    fn sealed(&mut self, path: String, size: u64, fault: &str) {
        self.push(
            path,
            Kind::Archive,
            size,
            Vec::new(),
            Some(fault.to_owned()),
            Content::None,
            false,
        );
    }

    #[expect(clippy::too_many_arguments, reason = "the one place where an item is made")]
    fn push(
        &mut self,
        path: String,
        kind: Kind,
        size: u64,
        head: Vec<u8>,
        fault: Option<String>,
        content: Content,
        utf16: bool,
    ) {
        let place = place(&path.replace("!/", "/"));
        let origin = Origin {
            path,
            kind,
            site: None,
            instance: place.instance,
            machine: place.machine,
            session: place.session,
        };
        let (limits, budget) = (self.options.limits.clone(), Arc::clone(&self.budget));
        self.items.push(Item { origin, size, head, fault, content, utf16, limits, budget });
    }
}

fn is_package(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, ext)| PACKAGES.iter().any(|package| ext.eq_ignore_ascii_case(package)))
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

fn as_utf8(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    // The last character may be cut; what was decoded before it stays.
    let _ = decoder(bytes).read_to_end(&mut out);
    out
}

fn decoder<R: Read>(reader: R) -> impl Read {
    DecodeReaderBytesBuilder::new().bom_sniffing(true).strip_bom(true).build(reader)
}

/// Reads the bytes of `content`, packed ones within the limits.
fn read(
    content: &Content,
    limits: &Limits,
    budget: &Budget,
    body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    match content {
        Content::File(path) => body(&mut bytes::open(path)?),
        Content::Stored(bytes) => body(&mut bytes.reader()),
        Content::Member { archive, index, packed } => archive
            .read(*index, &mut |reader| body(&mut Limited::new(reader, *packed, limits, budget))),
        Content::Gzip { inner, packed } => read(inner, limits, budget, &mut |reader| {
            body(&mut Limited::new(MultiGzDecoder::new(reader), *packed, limits, budget))
        }),
        Content::None => Err(io::Error::new(io::ErrorKind::NotFound, "there is nothing to read")),
    }
}

impl Source for Item {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn head(&self) -> &[u8] {
        &self.head
    }

    fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    fn is_seekable(&self) -> bool {
        !self.utf16 && matches!(self.content, Content::File(_) | Content::Stored(_))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.content {
            _ if self.utf16 => Err(io::ErrorKind::Unsupported.into()),
            // Opened for each read: a bundle has more files than a process may hold open, and an open costs
            // microseconds beside a read of megabytes.
            Content::File(path) => Bytes::open(path, false)?.read_at(offset, buffer),
            Content::Stored(bytes) => bytes.read_at(offset, buffer),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn stream(&self, body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> io::Result<()> {
        read(&self.content, &self.limits, &self.budget, &mut |reader| {
            if self.utf16 { body(&mut decoder(reader)) } else { body(reader) }
        })
    }
}
