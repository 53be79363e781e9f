//! Everything in the input, listed and readable.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daaslens_core::text::visible;
use daaslens_core::{Origin, Source};
use encoding_rs::Encoding;

use crate::content::Content;
use crate::limits::{Budget, Limits};
use crate::lister::Lister;
use crate::text;

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
        let mut lister = Lister::new(options);
        let mut store = Self { sources: Vec::new(), inputs: Vec::new(), errors: Vec::new() };
        let mut names = HashMap::new();
        for path in paths {
            let name = unique(&mut names, last_component(path));
            let before = lister.items().len();
            if let Err(source) = lister.path(path, &name) {
                store.errors.push(Error { path: path.clone(), source });
            } else {
                let kind = input_kind(path.is_dir(), &name, &lister.items()[before..]);
                store.inputs.push(Input { name, kind });
            }
        }
        store.sources = lister.into_items().into_iter().map(Arc::new).collect();
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

/// A source.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) origin: Origin,
    pub(crate) size: u64,
    pub(crate) head: Vec<u8>,
    pub(crate) fault: Option<String>,
    pub(crate) missing: Option<String>,
    pub(crate) content: Content,
    /// The encoding, where it is read as UTF-8 and is something else.
    pub(crate) encoding: Option<&'static Encoding>,
    pub(crate) limits: Limits,
    pub(crate) budget: Arc<Budget>,
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

    fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }

    fn is_seekable(&self) -> bool {
        self.encoding.is_none() && self.content.is_seekable()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self.encoding {
            Some(_) => Err(io::ErrorKind::Unsupported.into()),
            None => self.content.read_at(offset, buffer),
        }
    }

    fn stream(&self, body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> io::Result<()> {
        self.content.read(&self.limits, &self.budget, &mut |reader| match self.encoding {
            Some(encoding) => body(&mut text::decoder(reader, encoding)),
            None => body(reader),
        })
    }
}
