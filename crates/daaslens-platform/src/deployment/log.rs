//! The steps of a deployment: `log.log`, and `log.xml` of old builds.
//!
//! `log.log` is written by appending: time, message, id and type with commas between them, a leading tab for each level,
//! `&comma;` for a comma of the message, and `\n` written out for a line break. Only steps of the first level have an id.

use daaslens_core::{Time, TimeRange};

use crate::document::{Document, kept};
use crate::ends::Ends;
use crate::offline::Offline;
use crate::parsed::{FaultKind, Faults, Parsed, Place};
use crate::{stamp, xml};

/// The most entries that are kept of a log, half of them from its end.
pub const MAX_ENTRIES: usize = 2000;

/// What a deployment did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The steps, in the order of the file. See [`MAX_ENTRIES`].
    pub entries: Vec<Entry>,
    /// How many there were.
    pub found: u64,
    /// How many of them were errors.
    pub errors: u64,
    /// How many of them were warnings.
    pub warnings: u64,
    /// When `app_offline.htm` lay in the site, which then answered 503.
    pub offline: Vec<TimeRange>,
}

/// A step, or a line that it printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub time: Option<Time>,
    /// The message; free text.
    pub message: String,
    /// Its id, of steps of the first level.
    pub id: Option<String>,
    /// What it is, as it was written. A step is not marked when only what lies below it failed.
    pub kind: EntryType,
    /// How deep it lies; 0 for steps.
    pub depth: u32,
    /// Where it stands.
    pub place: Place,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryType {
    /// Something that was done.
    #[default]
    Message,
    /// A warning.
    Warning,
    /// An error; also each line that a script wrote to its standard error.
    Error,
}

impl EntryType {
    fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "0" => Some(Self::Message),
            "1" => Some(Self::Warning),
            "2" => Some(Self::Error),
            _ => None,
        }
    }
}

/// Reads `log.log`.
pub fn read_log(bytes: &[u8]) -> Parsed<Log> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let mut keeper = Keeper::new();
    for (place, line) in document.lines() {
        if line.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty() {
            continue;
        }
        match entry(line, place, &mut faults) {
            Some(entry) => keeper.add(entry),
            None => faults.add(place, FaultKind::Line),
        }
    }
    keeper.finish(&document, faults)
}

/// Reads `log.xml`: `<entries><entry time="" id="" type="0"><message>…</message>` and entries inside of entries.
pub fn read_log_xml(bytes: &[u8]) -> Parsed<Log> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let mut keeper = Keeper::new();
    let root = xml::parse(&document, &mut faults);
    if let Some(root) = root.filter(|root| root.name.eq_ignore_ascii_case("entries")) {
        let mut left: Vec<(u32, &xml::Element)> =
            root.children_named("entry").map(|entry| (0, entry)).collect();
        left.reverse();
        while let Some((depth, element)) = left.pop() {
            let place = document.place(element.at);
            let attribute = |name| element.attribute(name).unwrap_or_default();
            let kind = EntryType::read(attribute("type"));
            if kind.is_none() {
                faults.add(place, FaultKind::Word { field: "type" });
            }
            keeper.add(Entry {
                time: stamp::iso(attribute("time"), "time", place, &mut faults),
                message: kept(element.text_of("message")),
                id: Some(attribute("id")).filter(|id| !id.is_empty()).map(kept),
                kind: kind.unwrap_or_default(),
                depth,
                place,
            });
            let below = left.len();
            left.extend(element.children_named("entry").map(|entry| (depth + 1, entry)));
            if let Some(below) = left.get_mut(below..) {
                below.reverse();
            }
        }
    } else if !document.is_empty() {
        faults.add(document.place(0), FaultKind::Unexpected { expected: "a log of a deployment" });
    }
    keeper.finish(&document, faults)
}

/// A message may hold commas after all (builds before 2015 did not escape them), so it is what lies between the first
/// comma and the last two.
fn entry(line: &str, place: Place, faults: &mut Faults) -> Option<Entry> {
    let text = line.trim_start_matches('\t');
    let depth = u32::try_from(line.len() - text.len()).unwrap_or(u32::MAX);
    let (time, rest) = text.split_once(',')?;
    let (rest, kind) = rest.rsplit_once(',')?;
    let (message, id) = rest.rsplit_once(',')?;
    let kind = EntryType::read(kind)?;
    let time = stamp::iso(time, "time", place, faults);
    let message = kept(message).replace("&comma;", ",");
    Some(Entry {
        time,
        message,
        id: Some(id.trim()).filter(|id| !id.is_empty()).map(kept),
        kind,
        depth,
        place,
    })
}

/// Counts entries, and keeps the first and the last of them: the reason of a failure stands at the end.
struct Keeper {
    log: Log,
    entries: Ends<Entry>,
    offline: Offline,
}

impl Keeper {
    fn new() -> Self {
        let entries = Ends::new(MAX_ENTRIES);
        Self { log: Log::default(), entries, offline: Offline::default() }
    }

    fn add(&mut self, entry: Entry) {
        match entry.kind {
            EntryType::Error => self.log.errors += 1,
            EntryType::Warning => self.log.warnings += 1,
            EntryType::Message => {}
        }
        self.offline.see(entry.time, &entry.message);
        self.entries.add(entry);
    }

    fn finish(mut self, document: &Document<'_>, mut faults: Faults) -> Parsed<Log> {
        self.log.found = self.entries.found;
        self.log.offline = self.offline.finish();
        if self.log.found > MAX_ENTRIES as u64 {
            let kind = FaultKind::Capped {
                what: "entries",
                kept: MAX_ENTRIES as u64,
                found: Some(self.log.found),
            };
            faults.add(document.place(document.text().len()), kind);
        }
        self.log.entries = self.entries.into_list();
        Parsed::new(self.log, faults)
    }
}
