//! Memory dumps: what each tells, and what is called a dump and is none.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read};

use daaslens_core::text::{bytes, counted};
use daaslens_core::{Evidence, Excerpt, Location, Origin, Source, SourceId, Time, TimeRange};
use daaslens_dump::name::{self, Name};
use daaslens_dump::{Dump, ReadAt, Spots, What, what};

use super::Count;
use crate::config::Config;

/// How much of a dump in an archive is inflated to find its stacks. What stands at its front is read in any case.
const STREAM_BUDGET: u64 = 2 << 30;

/// How much of a file is read at once, and how many such pieces are kept.
const PAGE: u64 = 64 << 10;
const PAGES: usize = 64;

/// All dumps.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    /// Minidumps.
    pub(crate) list: Vec<Taken>,
    /// What else is there as a dump.
    pub(crate) others: Vec<Other>,
    /// Files that are dumps by their kind, also those of which nothing could be read.
    pub(crate) files: u64,
}

/// A minidump and where it comes from.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) dump: Dump,
    /// The machine, by its folder or name.
    pub(crate) machine: Option<String>,
    /// The six hex digits of the instance, by its name.
    pub(crate) instance: Option<String>,
    /// The diagnostic session that took it.
    pub(crate) session: Option<String>,
    pub(crate) name: Name,
    pub(crate) at: Location,
}

/// A file that is called a dump, or is a dump of another kind.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) what: What,
    pub(crate) size: u64,
    pub(crate) at: Location,
}

impl Taken {
    /// When it was written.
    pub(crate) fn time(&self) -> Option<Time> {
        self.dump.taken.or(self.name.time)
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.dump.process.id.or(self.name.pid)
    }

    /// Its process, with `.exe` where the dump tells.
    pub(crate) fn process(&self) -> String {
        let program = self.dump.program().map(str::to_owned);
        program.or_else(|| self.name.process.clone()).unwrap_or_else(|| "a process".to_owned())
    }

    /// The dump as evidence.
    pub(crate) fn evidence(&self, note: &str) -> Evidence {
        let excerpt = Excerpt::text(self.line());
        Evidence { at: self.at, note: note.to_owned(), excerpt, alike: 1 }
    }

    /// The dump in one line.
    fn line(&self) -> String {
        let dump = &self.dump;
        let mut parts = vec![format!("minidump of {}", self.process())];
        parts.extend(self.pid().map(|pid| format!("process {pid}")));
        parts.extend(self.time().map(Time::rfc3339));
        parts.push(match (&dump.exception, &dump.fault) {
            (Some(exception), Some(fault)) => {
                format!("exception {:#010X} at {}", exception.code, fault.text)
            }
            _ => "no exception".to_owned(),
        });
        parts.push(counted(dump.threads.len() as u64, "thread", "threads"));
        parts.push(counted(dump.modules.len() as u64, "module", "modules"));
        parts.join(", ")
    }
}

/// What a file is.
enum Looked {
    Minidump(Box<Taken>),
    Damaged(String),
    Other(Other),
}

impl Dumps {
    pub(crate) fn read(
        source: &dyn Source,
        index: usize,
        config: &Config,
        count: &mut Count,
    ) -> io::Result<Self> {
        let mut dumps = Self { files: 1, ..Self::default() };
        match look(source, index, count)? {
            Looked::Minidump(taken) => {
                let machine = taken.machine.as_deref().unwrap_or_default();
                if config.filter.admits_time(taken.time())
                    && config.filter.admits_instance_or_unknown(machine)
                {
                    dumps.list.push(*taken);
                }
            }
            Looked::Damaged(fault) => count.fault(1, 0, fault),
            Looked::Other(other) => dumps.others.push(other),
        }
        Ok(dumps)
    }

    /// A dump as its evidence shows it.
    pub(crate) fn excerpt(source: &dyn Source) -> io::Result<Excerpt> {
        Ok(Excerpt::text(match look(source, 0, &mut Count::default())? {
            Looked::Minidump(taken) => taken.line(),
            Looked::Damaged(fault) => fault,
            Looked::Other(other) => other.what.words().to_owned(),
        }))
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.list.extend(other.list);
        self.others.extend(other.others);
        self.files += other.files;
    }

    /// Once everything is there: the same dump in two copies of a bundle counts once, as the one of which more is there.
    pub(crate) fn settle(&mut self) {
        let mut kept: BTreeMap<(Option<Time>, Option<u32>, String), Taken> = BTreeMap::new();
        let mut unnamed = Vec::new();
        for taken in std::mem::take(&mut self.list) {
            let machine = taken.machine.as_deref().unwrap_or_default().to_ascii_lowercase();
            let key = (taken.dump.taken, taken.dump.process.id, machine);
            match kept.get(&key) {
                _ if key.0.is_none() || key.1.is_none() => unnamed.push(taken),
                Some(known) if known.dump.size >= taken.dump.size => {}
                _ => {
                    kept.insert(key, taken);
                }
            }
        }
        self.list = kept.into_values().chain(unnamed).collect();
        self.list.sort_by_key(|taken| (taken.time(), taken.at));
        self.others.sort_by_key(|other| other.at);
    }
}

/// Reads a file that is a dump by its kind.
fn look(source: &dyn Source, index: usize, count: &mut Count) -> io::Result<Looked> {
    let at = Location { source: SourceId(index as u32), byte: 0, line: 1 };
    let what = what(source.head());
    if what != What::Minidump {
        count.skipped = Some(format!("it is {}; only that is said of it", what.words()));
        count.range = what.time().map(TimeRange::at);
        return Ok(Looked::Other(Other { what, size: source.size(), at }));
    }
    let (read, unread) = if source.is_seekable() {
        (daaslens_dump::read(&Paged::new(source)), None)
    } else {
        let (spots, unread) = stream(source)?;
        (daaslens_dump::read(&spots), unread)
    };
    let dump = match read {
        Ok(dump) => dump,
        Err(fault) => return Ok(Looked::Damaged(fault.to_string())),
    };
    count.records = 1;
    let cut: Vec<String> = dump.faults.iter().map(ToString::to_string).chain(unread).collect();
    count.cut = Some(cut.join("; ")).filter(|cut| !cut.is_empty());
    let taken = Taken::new(dump, source.origin(), at);
    count.range = taken.time().map(TimeRange::at);
    Ok(Looked::Minidump(Box::new(taken)))
}

impl Taken {
    fn new(dump: Dump, origin: &Origin, at: Location) -> Self {
        let file = origin.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = name::read(file);
        Self {
            machine: name.machine.clone().or_else(|| origin.machine.clone()),
            instance: name.instance.clone().or_else(|| origin.instance.clone()),
            session: origin.session.clone(),
            dump,
            name,
            at,
        }
    }
}

/// A file read by position. The reader of stacks asks for a few bytes at a time, often near each other.
struct Paged<'a> {
    source: &'a dyn Source,
    pages: RefCell<BTreeMap<u64, Vec<u8>>>,
}

impl<'a> Paged<'a> {
    fn new(source: &'a dyn Source) -> Self {
        Self { source, pages: RefCell::default() }
    }

    fn page(&self, start: u64) -> Vec<u8> {
        let mut page = vec![0; PAGE as usize];
        let n = self.source.read_at(start, &mut page).unwrap_or(0);
        page.truncate(n);
        page
    }
}

impl ReadAt for Paged<'_> {
    fn size(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> usize {
        if buffer.len() as u64 > PAGE {
            return self.source.read_at(at, buffer).unwrap_or(0);
        }
        let mut pages = self.pages.borrow_mut();
        let mut done = 0;
        while done < buffer.len() {
            let now = at.saturating_add(done as u64);
            let start = now - now % PAGE;
            if pages.len() >= PAGES && !pages.contains_key(&start) {
                pages.clear();
            }
            let page = pages.entry(start).or_insert_with(|| self.page(start));
            let rest = page.get((now - start) as usize..).unwrap_or_default();
            let n = rest.len().min(buffer.len() - done);
            buffer[done..done + n].copy_from_slice(&rest[..n]);
            done += n;
            if n == 0 {
                break;
            }
        }
        done
    }
}

/// Reads the front of a dump in an archive, then, within the budget, the pieces that hold stacks and names of functions.
/// Also says what was not read.
fn stream(source: &dyn Source) -> io::Result<(Spots, Option<String>)> {
    let mut spots = Spots { size: source.size(), ..Spots::default() };
    let mut unread = None;
    let result = source.stream(&mut |reader| {
        Read::take(&mut *reader, PAGE).read_to_end(&mut spots.front)?;
        let len = daaslens_dump::front_len(&spots.front, spots.size);
        let left = len.saturating_sub(spots.front.len() as u64);
        Read::take(&mut *reader, left).read_to_end(&mut spots.front)?;
        let mut at = spots.front.len() as u64;
        for range in daaslens_dump::wanted(&spots.front, spots.size) {
            if range.end > STREAM_BUDGET {
                break;
            }
            let skipped = range.start.saturating_sub(at);
            at += io::copy(&mut Read::take(&mut *reader, skipped), &mut io::sink())?;
            let mut piece = Vec::new();
            let len = range.end.saturating_sub(range.start);
            at += Read::take(&mut *reader, len).read_to_end(&mut piece)? as u64;
            spots.pieces.push((range.start, piece));
        }
        if at < spots.size {
            unread = Some(format!(
                "it is packed, so that only its first {} of {} were looked at",
                bytes(at),
                bytes(spots.size)
            ));
        }
        Ok(())
    });
    match result {
        // What was read before the damage is worth having.
        Err(error) if !spots.front.is_empty() => {
            Ok((spots, Some(format!("the rest could not be read: {error}"))))
        }
        Err(error) => Err(error),
        Ok(()) => Ok((spots, unread)),
    }
}
