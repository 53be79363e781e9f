//! What applications logged: errors in groups, everything else in templates, and the processes that died.
//!
//! These files may be gigabytes, so that they are read in blocks, front to back, each file by one worker. What is
//! counted is commutative: of each group the evidence that stands first, whoever found it.

mod group;
mod template;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};

use daaslens_applog::{
    Dated, FileName, Item, Level, Reader, Record, Uncaught, Writer, Zone, file_name,
};
use daaslens_core::text::{counted, shortened, visible};
use daaslens_core::{Excerpt, Location, Origin, SourceId, Time, TimeRange};
use daaslens_signature::Signature;

use super::Count;
use crate::config::{Config, Progress};
use crate::keys::Keys;

pub(crate) use group::{Group, Told};
pub(crate) use template::{Template, clustered};

/// Groups of errors, and templates of everything else, that are kept.
const MAX_GROUPS: usize = 4_096;
const MAX_TEMPLATES: usize = 8_192;

/// How much is read at once.
const BLOCK: usize = 1 << 20;

/// The longest line that becomes a template, in bytes. What is behind it tells two of them apart no better.
const MAX_HEADLINE: usize = 400;

/// Lines whose template is remembered.
const REMEMBERED: usize = 20_000;

/// Exceptions whose signature is remembered.
const REMEMBERED_EXCEPTIONS: usize = 2_000;

/// The longest excerpt, in characters.
const EXCERPT: usize = 600;

/// What dies so soon after its start has not started: the limit of the ASP.NET Core Module.
const STARTING_MS: i64 = 120_000;

/// Frames and phrases that stand in the last words of what dies while it starts.
const STARTING: &[&str] = &[
    "Module._load",
    "Module._compile",
    "node:internal/modules/",
    "Hosting failed to start",
    "Application startup exception",
    "Host terminated unexpectedly",
    "Program.Main(",
    "Program.<Main>$(",
    "ModuleNotFoundError",
];

/// App Service's file logger stops at this size, until the next day.
const FILE_LOGGER_LIMIT: u64 = 10 << 20;

/// All of it.
#[derive(Debug)]
pub(crate) struct Apps {
    /// Files that were read.
    pub(crate) files: u64,
    pub(crate) records: u64,
    /// Records by level; those without one under `None`.
    pub(crate) levels: BTreeMap<Option<Level>, u64>,
    /// Files that hold what one process printed.
    pub(crate) outputs: u64,
    /// Records of the platform's own tools in the same places: no word of the application.
    pub(crate) foreign: u64,
    pub(crate) range: Option<TimeRange>,
    /// Errors and exceptions, by what makes two the same.
    pub(crate) groups: Keys<Group>,
    /// Everything else, by level and masked line.
    pub(crate) templates: Keys<Template>,
    /// Processes whose last words say that they died.
    pub(crate) deaths: Vec<Death>,
    /// Logs that stopped by a limit of their writer: the source, when, and why.
    pub(crate) stopped: Vec<Stopped>,
}

/// A process that died, as its own output says.
#[derive(Clone, Debug)]
pub(crate) struct Death {
    /// When: the time of its last words; that of its start where its output has no times.
    pub(crate) time: Time,
    /// Whether it is only the start that is known.
    pub(crate) is_start_time: bool,
    /// Whether it died while it started.
    pub(crate) is_start: bool,
    pub(crate) instance: Option<String>,
    pub(crate) pid: Option<u32>,
    pub(crate) signature: Signature,
    pub(crate) evidence: daaslens_core::Evidence,
}

/// A log that stopped by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stopped {
    pub(crate) source: usize,
    pub(crate) time: Option<Time>,
    pub(crate) why: &'static str,
}

impl Default for Apps {
    fn default() -> Self {
        Self {
            files: 0,
            records: 0,
            levels: BTreeMap::new(),
            outputs: 0,
            foreign: 0,
            range: None,
            groups: Keys::new(MAX_GROUPS),
            templates: Keys::new(MAX_TEMPLATES),
            deaths: Vec::new(),
            stopped: Vec::new(),
        }
    }
}

impl Apps {
    /// Reads a source front to back. Returns what it holds, how many bytes were read, and why these are not all.
    pub(crate) fn read(
        source: &dyn daaslens_core::Source,
        index: usize,
        config: &Config,
        progress: &dyn Progress,
        count: &mut Count,
    ) -> io::Result<(Self, u64)> {
        let origin = source.origin();
        let mut file = File::new(index, origin, config);
        count.instance.clone_from(&file.instance);
        let mut reader = Reader::new(file.name.clone(), source.head());
        let mut buffer = Vec::new();
        let mut total = 0;
        let result = source.stream(&mut |stream| {
            loop {
                let kept = buffer.len();
                let read = Read::take(&mut *stream, BLOCK as u64).read_to_end(&mut buffer);
                let fresh = buffer.len() - kept;
                total += fresh as u64;
                progress.advance(fresh as u64);
                let is_end = read.is_err() || fresh == 0;
                let used = reader.read(&buffer, is_end, &mut |item| file.item(&item, count));
                buffer.drain(..used);
                if is_end {
                    return read.map(drop);
                }
            }
        });
        if file.is_zone_assumed {
            count.notes.push("its times name no zone; read as UTC");
        }
        let apps = file.finish(total);
        match result {
            // What was read before the damage is worth having.
            Err(error) if total > 0 => {
                count.cut = Some(format!("the rest could not be read: {error}"));
                Ok((apps, total))
            }
            Err(error) => Err(error),
            Ok(()) => Ok((apps, total)),
        }
    }

    /// Node's reports of an exception or a fatal error are last words too.
    pub(crate) fn add_reports(&mut self, dumps: &super::threads::ThreadDumps) {
        for taken in &dumps.list {
            let ended = matches!(taken.trigger.as_str(), "Exception" | "FatalError" | "OOMError");
            let (true, Some(time)) = (ended, taken.time) else { continue };
            let signature = taken.exception.clone().unwrap_or_else(|| Signature {
                exact: taken.trigger.clone(),
                family: taken.trigger.clone(),
                exception: taken.trigger.clone(),
                ..Signature::default()
            });
            self.outputs += 1;
            self.deaths.push(Death {
                time,
                is_start_time: false,
                is_start: false,
                instance: taken.machine.clone(),
                pid: taken.pid,
                signature,
                evidence: taken.own_evidence(),
            });
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.records += other.records;
        self.outputs += other.outputs;
        self.foreign += other.foreign;
        for (level, n) in other.levels {
            *self.levels.entry(level).or_default() += n;
        }
        self.range = TimeRange::merge(self.range, other.range);
        self.groups.merge(other.groups);
        self.templates.merge(other.templates);
        self.deaths.extend(other.deaths);
        self.stopped.extend(other.stopped);
    }

    /// Once everything is there.
    pub(crate) fn settle(&mut self) {
        self.deaths.sort_by_key(|death| (death.time, death.evidence.at));
        self.stopped.sort();
    }

    /// What the logs of the application cannot tell, because their writers stopped: sentences.
    pub(crate) fn what_stopped(&self) -> Vec<String> {
        let mut reasons: BTreeMap<&str, Vec<&Stopped>> = BTreeMap::new();
        for one in &self.stopped {
            reasons.entry(one.why).or_default().push(one);
        }
        let sentence = |(why, all): (&str, Vec<&Stopped>)| {
            let last = all.iter().filter_map(|one| one.time).max();
            format!(
                "What the application logged after its log had stopped: {why}; {}{}.",
                counted(all.len() as u64, "log ends so", "logs end so"),
                last.map_or_else(String::new, |last| format!(", the last at {}", last.rfc3339()))
            )
        };
        reasons.into_iter().map(sentence).collect()
    }

    /// Errors and exceptions, the most frequent first.
    pub(crate) fn errors(&self) -> Vec<&Group> {
        let mut groups: Vec<(&[u8], &Group)> = self.groups.sorted();
        groups.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// How many records are errors.
    pub(crate) fn error_count(&self) -> u64 {
        let known: u64 = self.groups.sorted().iter().map(|(_, group)| group.count).sum();
        known + self.groups.rest().map_or(0, |rest| rest.count)
    }

    /// A text that another reader found, with what it knows of it.
    pub(crate) fn add(&mut self, said: &Said<'_>, memory: &mut Memory) {
        self.records += 1;
        *self.levels.entry(said.level).or_default() += 1;
        if let Some(time) = said.time {
            TimeRange::extend(&mut self.range, time);
        }
        let signature = memory.signature(said.text);
        let is_error = said.level.is_some_and(Level::is_error)
            || said.uncaught.is_some()
            || said.level.is_none() && signature.is_some();
        let headline = said.text.trim_start().lines().next().unwrap_or_default();
        if is_error {
            let key = match &signature {
                Some(signature) => format!("x\0{}", signature.exact),
                None => format!("t\0{}\0{}", said.category, memory.template(headline)),
            };
            let told =
                Told { said, signature: signature.as_ref(), template: memory.template(headline) };
            self.groups.value(key.as_bytes()).add(&told);
        } else {
            let level = said.level.map_or("", Level::word);
            let template = memory.template(headline);
            self.templates.value(format!("{level}\0{template}").as_bytes()).add(said);
        }
    }
}

/// What a log says, whoever read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) at: Location,
    pub(crate) time: Option<Time>,
    /// Whether the time is written with it, and not taken from what stands before it.
    pub(crate) is_dated: bool,
    pub(crate) level: Option<Level>,
    pub(crate) category: &'a str,
    pub(crate) text: &'a str,
    pub(crate) request_path: Option<&'a str>,
    pub(crate) pid: Option<u32>,
    pub(crate) instance: Option<&'a str>,
    /// What ended, where it says that nobody caught an exception.
    pub(crate) uncaught: Option<Uncaught>,
}

impl<'a> Said<'a> {
    pub(crate) fn of(record: &'a Record<'_>, source: usize) -> Self {
        Self {
            at: Location {
                source: SourceId(source as u32),
                byte: record.span().start,
                line: record.line(),
            },
            time: record.time(),
            is_dated: record.dated() == Dated::Written,
            level: record.level(),
            category: record.category(),
            text: record.message(),
            request_path: record.request_path(),
            pid: record.pid(),
            instance: None,
            uncaught: record.uncaught(),
        }
    }

    /// In one line: what it says, and the exception behind it, without the arguments of calls.
    pub(crate) fn excerpt(&self) -> Excerpt {
        let mut lines = self.text.trim_start().lines();
        let mut shown =
            visible(lines.next().unwrap_or_default().trim_end().as_bytes()).into_owned();
        if let Some(found) = may_hold_exception(self.text)
            .then(|| daaslens_signature::find(self.text))
            .and_then(|found| found.into_iter().next())
        {
            let Signature { exception, frames, .. } = &found.signature;
            let told = self.text.get(found.span.start..).unwrap_or_default();
            let told = told.lines().next().unwrap_or_default().trim();
            if !shown.contains(exception.as_str()) && !told.is_empty() {
                shown = format!("{shown} \u{2190} {}", visible(told.as_bytes()));
            }
            for (number, frame) in frames.iter().take(4).enumerate() {
                shown.push_str(if number == 0 { " \u{2190} " } else { ", " });
                shown.push_str(&visible(frame.text.as_bytes()));
            }
        }
        let level = self.level.map_or_else(String::new, |level| format!("[{}] ", level.word()));
        let category = if self.category.is_empty() {
            String::new()
        } else {
            format!("{}: ", visible(self.category.as_bytes()))
        };
        Excerpt::text(shortened(&format!("{level}{category}{shown}"), EXCERPT))
    }
}

/// Whether it is worth looking for an exception.
fn may_hold_exception(text: &str) -> bool {
    ["Exception", "Error", "Traceback", "\n", "panic"]
        .iter()
        .any(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
}

/// What was worked out once, and need not be again.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    templates: HashMap<String, String>,
    signatures: HashMap<String, Option<Signature>>,
}

impl Memory {
    fn template(&mut self, headline: &str) -> String {
        let headline = headline.trim();
        let headline =
            headline.get(..headline.floor_char_boundary(MAX_HEADLINE)).unwrap_or(headline);
        let Some(shape) = shape(headline) else { return daaslens_signature::mask(headline) };
        if let Some(known) = self.templates.get(&shape) {
            return known.clone();
        }
        let template = daaslens_signature::mask(headline);
        if self.templates.len() < REMEMBERED {
            self.templates.insert(shape, template.clone());
        }
        template
    }

    fn signature(&mut self, text: &str) -> Option<Signature> {
        if !may_hold_exception(text) {
            return None;
        }
        if let Some(known) = self.signatures.get(text) {
            return known.clone();
        }
        let found = daaslens_signature::find(text).into_iter().next().map(|found| found.signature);
        if self.signatures.len() < REMEMBERED_EXCEPTIONS {
            self.signatures.insert(text.to_owned(), found.clone());
        }
        found
    }
}

/// A line with every digit of its numbers as `0`: two lines of one shape have one template, and most lines of a log
/// have a shape that was there before. `None` where masking looks at the values of digits: addresses, error codes.
fn shape(line: &str) -> Option<String> {
    let mut shape = Vec::with_capacity(line.len());
    let mut in_word = false;
    let mut in_number = false;
    let bytes = line.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let is_digit = byte.is_ascii_digit();
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        let looks =
            *byte == b'.' && at > 0 && bytes[at - 1].is_ascii_digit() && next.is_ascii_digit()
                || *byte == b'0' && matches!(next, b'x' | b'X');
        if looks {
            return None;
        }
        in_number = is_digit && (in_number || !in_word);
        shape.push(if in_number { b'0' } else { *byte });
        in_word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'}') || *byte >= 0x80;
    }
    String::from_utf8(shape).ok()
}

/// One file that is being read.
struct File<'a> {
    source: usize,
    name: FileName,
    instance: Option<String>,
    is_foreign: bool,
    config: &'a Config,
    apps: Apps,
    memory: Memory,
    last_death: Option<Death>,
    is_zone_assumed: bool,
}

impl<'a> File<'a> {
    fn new(source: usize, origin: &Origin, config: &'a Config) -> Self {
        let name = file_name(&origin.path);
        let instance = instance(origin, &name);
        // The diagnostic service is a web job too, the trace listener logs its own trouble, and Kudu's editor its work.
        let is_foreign = name.writer == Writer::LoggingErrors
            || name.job.as_deref().is_some_and(|job| job.eq_ignore_ascii_case("daas"))
            || origin.path.to_ascii_lowercase().contains("/monaco/");
        let outputs = u64::from(name.writer.is_per_process());
        let apps = Apps { files: 1, outputs, ..Apps::default() };
        Self {
            source,
            name,
            instance,
            is_foreign,
            config,
            apps,
            memory: Memory::default(),
            last_death: None,
            is_zone_assumed: false,
        }
    }

    fn item(&mut self, item: &Item<'_>, count: &mut Count) {
        let Item::Record(record) = item else { return };
        count.records += 1;
        count.recovered += u64::from(record.recovered());
        let tells = match record.dated() {
            Dated::Written => true,
            Dated::FileName => !self.name.only_day,
            Dated::Before | Dated::Unknown => false,
        };
        if let Some(time) = record.time().filter(|_| tells) {
            TimeRange::extend(&mut count.range, time);
            self.is_zone_assumed |= record.zone() == Zone::Assumed;
        }
        if record.message().contains("The trace listener is disabled after running too long") {
            let why = "the trace to files turns itself off after twelve hours";
            self.apps.stopped.push(Stopped { source: self.source, time: record.time(), why });
        }
        let filter = &self.config.filter;
        let name = self.instance.as_deref().unwrap_or_default();
        if !filter.admits_time(record.time()) || !filter.admits_instance_or_unknown(name) {
            return;
        }
        if self.is_foreign {
            self.apps.foreign += 1;
            return;
        }
        let said = Said {
            instance: self.instance.as_deref(),
            pid: record.pid().or(self.name.pid),
            ..Said::of(record, self.source)
        };
        self.apps.add(&said, &mut self.memory);
        if self.name.writer.is_per_process() && said.uncaught == Some(Uncaught::Process) {
            self.last_death = death(&said, &self.name, &mut self.memory).or(self.last_death.take());
        }
    }

    fn finish(mut self, bytes: u64) -> Apps {
        if self.name.writer == Writer::FileLogger && bytes >= FILE_LOGGER_LIMIT {
            let why = "the file logger stops for the day at 10 MB";
            let time = self.apps.range.map(|range| range.end);
            self.apps.stopped.push(Stopped { source: self.source, time, why });
        }
        self.apps.deaths.extend(self.last_death.take());
        self.apps
    }
}

/// The last words of a process.
fn death(said: &Said<'_>, name: &FileName, memory: &mut Memory) -> Option<Death> {
    let time = said.time?;
    let signature = memory.signature(said.text).unwrap_or_else(|| {
        let headline = said.text.trim_start().lines().next().unwrap_or_default();
        let exact = memory.template(headline);
        Signature { family: exact.clone(), message: exact.clone(), exact, ..Signature::default() }
    });
    let soon = name.start.is_some_and(|start| time.0 - start.0 <= STARTING_MS) && said.is_dated;
    let is_start = soon || STARTING.iter().any(|word| said.text.contains(word));
    Some(Death {
        time,
        is_start_time: !said.is_dated,
        is_start,
        instance: said.instance.map(str::to_owned),
        pid: name.pid,
        signature,
        evidence: group::evidence(said),
    })
}

/// The instance or machine that wrote a file.
pub(crate) fn instance(origin: &Origin, name: &FileName) -> Option<String> {
    name.instance
        .clone()
        .or_else(|| origin.instance.clone())
        .or_else(|| origin.machine.clone())
        .or_else(|| name.machine.clone())
}

/// The record at the head of `bytes`, as the report shows it.
pub(crate) fn read_back(bytes: &[u8], path: &str) -> Option<Excerpt> {
    let mut found = None;
    let mut reader = Reader::new(file_name(path), bytes);
    reader.read(bytes, true, &mut |item| {
        if let (Item::Record(record), None) = (&item, &found) {
            found = Some(Said::of(record, 0).excerpt());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is remembered is what masking gives.
        #[test]
        fn templates_are_those_of_the_masker(lines in prop::collection::vec("[0-9a-fx'./: TZ{}_-]{0,24}", 1..40)) {
            let mut memory = Memory::default();
            for line in &lines {
                prop_assert_eq!(memory.template(line), daaslens_signature::mask(line.trim()));
            }
        }
    }
}
