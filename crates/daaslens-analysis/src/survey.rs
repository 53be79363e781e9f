//! The first pass: every record of every log is read once, in parallel, and folded into one cube.
//!
//! Large files are cut into pieces that are read apart. A piece begins with the columns that the head of its file
//! declares; where those change inside the file, the pieces after the change were read with the wrong ones. That
//! is noticed when the pieces are put together (each leaves behind what its reader ended with), and then the file
//! is read again, front to back. It is rare: App Service never changes them.
//!
//! What is counted is commutative, so that workers keep a cube of their own and nothing depends on who read what.
//! A panic costs the source in which it happened, and nothing else.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, mem};

use daaslens_core::model::{FaultSample, SourceStatus};
use daaslens_core::text::visible;
use daaslens_core::{Kind, Source, Span, TimeRange};
use daaslens_httplog::w3c::Fault;
use daaslens_httplog::{Field, Request};
use rayon::ThreadPool;

use crate::blocks::{self, Block};
use crate::config::{Config, Progress};
use crate::copies;
use crate::http::cube::{Cubes, Fold};
use crate::http::format::{Beside, Reader, Sink};

/// How many faults of a source are shown.
const FAULTS: usize = 5;

/// What became of one source.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) status: SourceStatus,
    pub(crate) reason: Option<String>,
    /// The kind, as far as reading made it clearer.
    pub(crate) kind: Kind,
    pub(crate) tally: Tally,
    /// Bytes that were read; the declared size where none were.
    pub(crate) bytes: u64,
    /// Notes for the coverage section.
    pub(crate) notes: Vec<&'static str>,
    /// The instance that wrote it, as far as its name, its path or its records tell.
    pub(crate) instance: Option<String>,
    /// The site that it belongs to, where its content names just one.
    pub(crate) site: Option<String>,
}

/// What was counted of one source, whatever is in its records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) records: u64,
    /// Those of them that are no requests, in a log of requests.
    pub(crate) beside: u64,
    pub(crate) malformed: u64,
    pub(crate) recovered: u64,
    pub(crate) lines: u64,
    pub(crate) range: Option<TimeRange>,
    /// The first few, by place. Lines count from 0, inside their piece until the pieces are put together.
    faults: BTreeSet<(u64, u64, usize, String)>,
}

impl Tally {
    fn fault(&mut self, byte: u64, line: u64, piece: usize, fault: &str) {
        self.malformed += 1;
        if self.faults.len() < FAULTS || self.faults.last().is_some_and(|last| byte < last.0) {
            self.faults.insert((byte, line, piece, fault.to_owned()));
            if self.faults.len() > FAULTS {
                self.faults.pop_last();
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.records += other.records;
        self.beside += other.beside;
        self.malformed += other.malformed;
        self.recovered += other.recovered;
        self.lines += other.lines;
        self.range = TimeRange::merge(self.range, other.range);
        self.faults.extend(other.faults);
        while self.faults.len() > FAULTS {
            self.faults.pop_last();
        }
    }

    /// Takes over what another reader counted.
    pub(crate) fn set(&mut self, count: crate::records::Count) {
        self.records = count.records;
        self.malformed = count.malformed;
        self.recovered = count.recovered;
        self.range = count.range;
        self.faults = count
            .faults
            .into_iter()
            .map(|f| (f.byte, f.line.saturating_sub(1), 0, f.fault))
            .collect();
    }

    pub(crate) fn samples(&self) -> Vec<FaultSample> {
        let sample = |(byte, line, _, fault): &(u64, u64, usize, String)| FaultSample {
            line: line + 1,
            byte: *byte,
            fault: fault.clone(),
        };
        self.faults.iter().map(sample).collect()
    }
}

/// Everything that the first pass found.
pub(crate) struct Survey {
    pub(crate) cubes: Cubes,
    /// One per source, in the order of the sources.
    pub(crate) outcomes: Vec<Outcome>,
    /// Where to look for what happened at a time.
    pub(crate) index: Vec<Indexed>,
}

/// A log that was read, and when its pieces happened: what a second look needs.
#[derive(Clone, Debug)]
pub(crate) struct Indexed {
    pub(crate) source: usize,
    pub(crate) instance: String,
    /// What reads every piece but the first.
    pub(crate) head: Reader,
    pub(crate) pieces: Vec<IndexedPiece>,
}

/// A piece of a log that can be read by itself.
#[derive(Clone, Debug)]
pub(crate) struct IndexedPiece {
    /// Its bytes; all of them for a source that cannot be read by position, or whose columns change.
    pub(crate) bytes: Range<u64>,
    /// Whether it must be read front to back.
    pub(crate) streamed: bool,
    /// Lines before it.
    pub(crate) lines_before: u64,
    /// First to last dated record.
    pub(crate) range: Option<TimeRange>,
}

/// A log that is to be read.
struct Log {
    source: usize,
    /// Its reader, in the state after its head.
    head: Reader,
    pieces: Vec<Range<u64>>,
    instance: String,
}

/// What a piece left behind.
struct Seam {
    piece: usize,
    end: Reader,
    lines: u64,
    range: Option<TimeRange>,
}

/// What one worker counted of one log.
struct Part<'f> {
    log: usize,
    fold: Fold<'f>,
    tally: Tally,
    seams: Vec<Seam>,
    bytes: u64,
    error: Option<io::Error>,
    panicked: bool,
}

/// Parts of a log that wait for the others.
struct Waiting<'f> {
    pieces_left: usize,
    parts: Vec<Part<'f>>,
}

/// Reads everything.
pub(crate) fn run(
    sources: &[Arc<dyn Source>],
    config: &Config,
    pool: &ThreadPool,
    progress: &dyn Progress,
) -> Survey {
    let mut outcomes: Vec<Outcome> = sources.iter().map(|source| unread(&**source)).collect();
    let logs = plan(sources, config, &mut outcomes);
    let waiting: Vec<_> = logs
        .iter()
        .map(|log| Mutex::new(Waiting { pieces_left: log.pieces.len(), parts: Vec::new() }))
        .collect();
    let jobs: Vec<(usize, usize)> = logs
        .iter()
        .enumerate()
        .flat_map(|(log, l)| (0..l.pieces.len()).map(move |piece| (log, piece)))
        .collect();
    let next = AtomicUsize::new(0);
    let worker = Worker {
        sources,
        config,
        progress,
        logs: &logs,
        waiting: &waiting,
        jobs: &jobs,
        next: &next,
    };
    let mut cubes = Cubes::default();
    let mut index = Vec::new();
    for (theirs, done) in pool.broadcast(|_| worker.run()) {
        cubes.merge(theirs);
        for (outcome, indexed) in done {
            outcomes[indexed.source] = outcome;
            index.push(indexed);
        }
    }
    index.sort_by_key(|indexed| indexed.source);
    Survey { cubes, outcomes, index }
}

/// What is said of a source that is not read by the first pass.
fn unread(source: &dyn Source) -> Outcome {
    let kind = source.origin().kind;
    let (status, reason) = match source.fault() {
        Some(fault) if kind == Kind::ArchiveOther => {
            (SourceStatus::Skipped, Some(fault.to_owned()))
        }
        Some(fault) => (SourceStatus::Unreadable, Some(fault.to_owned())),
        None => match kind {
            Kind::NotALog => (SourceStatus::Skipped, Some("not a log".to_owned())),
            Kind::Empty => (SourceStatus::Skipped, Some("it is empty".to_owned())),
            kind if Reader::is_for(kind) => (SourceStatus::Read, None),
            Kind::W3cOther => {
                (SourceStatus::Skipped, Some("a W3C log, but not of web requests".to_owned()))
            }
            Kind::ToolReport => (
                SourceStatus::Skipped,
                Some("a part of a report, or a trace that takes its own tool to read".to_owned()),
            ),
            _ => (SourceStatus::Skipped, Some("known, and not read".to_owned())),
        },
    };
    Outcome {
        status,
        reason,
        kind,
        tally: Tally::default(),
        bytes: source.size(),
        notes: Vec::new(),
        instance: None,
        site: None,
    }
}

/// Which sources are read, and in which pieces: the largest first, so that no worker is left with a large one at
/// the end.
fn plan(sources: &[Arc<dyn Source>], config: &Config, outcomes: &mut [Outcome]) -> Vec<Log> {
    let mut candidates = Vec::new();
    for (i, source) in sources.iter().enumerate() {
        if source.fault().is_some() {
            continue;
        }
        let head = match Reader::open(source.origin().kind, source.head()) {
            None => continue,
            Some(Ok(head)) => head,
            Some(Err(what)) => {
                if source.origin().kind == Kind::W3c {
                    outcomes[i].kind = Kind::W3cOther;
                }
                outcomes[i].status = SourceStatus::Skipped;
                outcomes[i].reason = Some(what.to_owned());
                continue;
            }
        };
        let instance = instance(&**source, &head);
        let machine = source.origin().machine.clone().unwrap_or_default();
        // Where each record names its own, each is asked.
        if !head.is_of_many() && !config.filter.admits_instance(&[&instance, &machine]) {
            outcomes[i].status = SourceStatus::Skipped;
            outcomes[i].reason = Some("another instance than the one asked for".to_owned());
            continue;
        }
        candidates.push((i, head, instance));
    }
    let indices: Vec<usize> = candidates.iter().map(|(i, ..)| *i).collect();
    for (copy, original) in copies::find(sources, &indices) {
        outcomes[copy].status = SourceStatus::Skipped;
        outcomes[copy].reason = Some(copies::reason(&*sources[original]));
    }
    let mut logs: Vec<Log> = candidates
        .into_iter()
        .filter(|(i, ..)| outcomes[*i].status == SourceStatus::Read)
        .map(|(source, head, instance)| {
            let size = sources[source].size();
            let pieces = if sources[source].is_seekable() && !head.is_document() {
                cut(size, config.chunk_size as u64)
            } else {
                cut(size, u64::MAX)
            };
            Log { source, head, pieces, instance }
        })
        .collect();
    logs.sort_by_key(|log| std::cmp::Reverse(sources[log.source].size()));
    logs
}

fn cut(size: u64, piece: u64) -> Vec<Range<u64>> {
    let piece = piece.max(1);
    let mut pieces: Vec<_> =
        (0..size.div_ceil(piece)).map(|i| i * piece..((i + 1) * piece).min(size)).collect();
    if pieces.is_empty() {
        pieces.push(0..0);
    }
    pieces
}

/// The instance of a log: the prefix of its name, else the machine that its path or its records name.
fn instance(source: &dyn Source, head: &Reader) -> String {
    let origin = source.origin();
    if let Some(name) = origin.instance.as_ref().or(origin.machine.as_ref()) {
        return name.clone();
    }
    if head.is_of_many() {
        return String::new();
    }
    let mut lines = source.head().split_inclusive(|c| *c == head.newline());
    let mut machine = Machine::default();
    if let Some(line) = lines.find(|line| !line.starts_with(b"#")) {
        head.clone().read(line, 1, &mut machine);
    }
    machine.0
}

/// The machine that a record names.
#[derive(Default)]
struct Machine(String);

impl Sink for Machine {
    fn request<R: Request>(&mut self, request: &R) {
        if let Some(name) = request.value(Field::ComputerName) {
            self.0 = visible(name).into_owned();
        }
    }

    fn malformed(&mut self, _: Span, _: u64, _: &dyn fmt::Display) {}
}

struct Worker<'f, 's> {
    sources: &'s [Arc<dyn Source>],
    config: &'f Config,
    progress: &'s dyn Progress,
    logs: &'s [Log],
    waiting: &'s [Mutex<Waiting<'f>>],
    jobs: &'s [(usize, usize)],
    next: &'s AtomicUsize,
}

impl<'f> Worker<'f, '_> {
    fn run(&self) -> (Cubes, Vec<(Outcome, Indexed)>) {
        let mut cubes = Cubes::default();
        let mut done = Vec::new();
        let mut buffer = Vec::new();
        let mut part: Option<Part<'f>> = None;
        loop {
            let job = self.jobs.get(self.next.fetch_add(1, Ordering::Relaxed)).copied();
            if part.as_ref().is_some_and(|part| job.is_none_or(|(log, _)| log != part.log))
                && let Some(part) = part.take()
            {
                self.hand_in(part, &mut cubes, &mut done, &mut buffer);
            }
            let Some((log, piece)) = job else { break };
            let part = part.get_or_insert_with(|| self.part(log));
            let result = catch_unwind(AssertUnwindSafe(|| self.piece(part, piece, &mut buffer)));
            match result {
                Ok(Ok(())) => {}
                Ok(Err(error)) => part.error = part.error.take().or(Some(error)),
                Err(_) => part.panicked = true,
            }
            // A piece that failed still counts as handed in.
            if part.seams.last().is_none_or(|seam| seam.piece != piece) {
                part.seams.push(Seam {
                    piece,
                    end: self.logs[log].head.clone(),
                    lines: 0,
                    range: None,
                });
            }
        }
        (cubes, done)
    }

    fn part(&self, log: usize) -> Part<'f> {
        let instance = self.logs[log].instance.clone();
        Part {
            log,
            fold: Fold::new(&self.config.filter, instance, self.logs[log].source),
            tally: Tally::default(),
            seams: Vec::new(),
            bytes: 0,
            error: None,
            panicked: false,
        }
    }

    fn piece(&self, part: &mut Part<'f>, index: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        let log = &self.logs[part.log];
        let source = &*self.sources[log.source];
        let mut reader = if index == 0 { log.head.start() } else { log.head.clone() };
        let mut lines = 0;
        let before = part.tally.range.take();
        let (fold, tally) = (&mut part.fold, &mut part.tally);
        let mut sink =
            |block: Block<'_>| lines += count(&block, index, lines, &mut reader, fold, tally);
        let read = if source.is_seekable() && !log.head.is_document() {
            let (piece, newline) = (log.pieces[index].clone(), log.head.newline());
            let len = piece.end - piece.start;
            let result = blocks::piece(source, piece, newline, buffer, &mut sink).map(|_| len);
            self.progress.advance(len);
            result
        } else {
            self.stream(source, &log.head, buffer, &mut sink)
        };
        part.tally.lines += lines;
        let range = part.tally.range;
        part.tally.range = TimeRange::merge(before, range);
        part.seams.push(Seam { piece: index, end: reader, lines, range });
        part.bytes += read?;
        Ok(())
    }

    fn stream(
        &self,
        source: &dyn Source,
        head: &Reader,
        buffer: &mut Vec<u8>,
        sink: &mut dyn FnMut(Block<'_>),
    ) -> io::Result<u64> {
        let mut total = 0;
        let result = source.stream(&mut |reader| {
            let mut counted = |block: Block<'_>| {
                if let Block::Lines(bytes, base) = &block {
                    total = base + bytes.len() as u64;
                    self.progress.advance(bytes.len() as u64);
                }
                sink(block);
            };
            if head.is_document() {
                return blocks::whole(reader, buffer, &mut counted).map(drop);
            }
            let (size, newline) = (self.config.chunk_size, head.newline());
            blocks::stream(reader, size, newline, buffer, &mut counted).map(drop)
        });
        result.map(|()| total)
    }

    /// Puts the parts of a log together once all of its pieces are read.
    fn hand_in(
        &self,
        part: Part<'f>,
        cubes: &mut Cubes,
        done: &mut Vec<(Outcome, Indexed)>,
        buffer: &mut Vec<u8>,
    ) {
        let log = part.log;
        let mut waiting = self.waiting[log].lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pieces_left -= part.seams.len();
        waiting.parts.push(part);
        if waiting.pieces_left > 0 {
            return;
        }
        let mut parts = mem::take(&mut waiting.parts);
        drop(waiting);
        let mut seams: Vec<Seam> =
            parts.iter_mut().flat_map(|part| mem::take(&mut part.seams)).collect();
        seams.sort_by_key(|seam| seam.piece);
        let mut head = self.logs[log].head.clone();
        let ends: Vec<&Reader> = seams.iter().map(|seam| &seam.end).collect();
        let again = head.again(&ends).filter(|_| !parts.iter().any(|part| part.panicked));
        if let Some(again) = again {
            head = again;
            let mut whole = self.part(log);
            let source = &*self.sources[self.logs[log].source];
            let mut reader = head.start();
            let mut lines = 0;
            let (fold, tally) = (&mut whole.fold, &mut whole.tally);
            let mut sink =
                |block: Block<'_>| lines += count(&block, 0, lines, &mut reader, fold, tally);
            let result =
                catch_unwind(AssertUnwindSafe(|| self.stream(source, &head, buffer, &mut sink)));
            whole.tally.lines = lines;
            match result {
                Ok(Ok(bytes)) => whole.bytes = bytes,
                Ok(Err(error)) => whole.error = Some(error),
                Err(_) => whole.panicked = true,
            }
            parts = vec![whole];
            seams.truncate(1);
            for seam in &mut seams {
                (seam.lines, seam.range) = (lines, parts[0].tally.range);
            }
        }
        let indexed = self.index(log, head, &seams);
        done.push((self.put_together(&indexed, parts, &seams, cubes), indexed));
    }

    fn index(&self, log: usize, head: Reader, seams: &[Seam]) -> Indexed {
        let log = &self.logs[log];
        let source = &self.sources[log.source];
        let streamed =
            !source.is_seekable() || log.head.is_document() || seams.len() < log.pieces.len();
        let mut lines_before = 0;
        let mut pieces = Vec::with_capacity(seams.len());
        for seam in seams {
            let bytes = if streamed { 0..source.size() } else { log.pieces[seam.piece].clone() };
            pieces.push(IndexedPiece { bytes, streamed, lines_before, range: seam.range });
            lines_before += seam.lines;
        }
        Indexed { source: log.source, instance: log.instance.clone(), head, pieces }
    }

    fn put_together(
        &self,
        log: &Indexed,
        parts: Vec<Part<'f>>,
        seams: &[Seam],
        cubes: &mut Cubes,
    ) -> Outcome {
        let source = &*self.sources[log.source];
        let mut outcome = unread(source);
        outcome.instance = Some(log.instance.clone()).filter(|name| !name.is_empty());
        if parts.iter().any(|part| part.panicked) {
            outcome.status = SourceStatus::Unreadable;
            outcome.reason = Some(
                "reading it failed by a defect of this program; nothing of it is counted"
                    .to_owned(),
            );
            return outcome;
        }
        let mut lines_before: Vec<u64> = Vec::with_capacity(seams.len());
        let mut lines = 0;
        for seam in seams {
            lines_before.push(lines);
            lines += seam.lines;
        }
        let mut error = None;
        let mut bytes = 0;
        let mut sites = BTreeSet::new();
        for part in parts {
            let mut tally = part.tally;
            tally.faults = tally
                .faults
                .into_iter()
                .map(|(byte, line, piece, fault)| {
                    (byte, line + lines_before.get(piece).copied().unwrap_or(0), piece, fault)
                })
                .collect();
            outcome.tally.merge(tally);
            let theirs = part.fold.finish();
            sites.extend(theirs.app_sites().take(2).map(|name| visible(name).into_owned()));
            cubes.merge(theirs);
            bytes += part.bytes;
            error = error.or(part.error);
        }
        outcome.site = sites.pop_first().filter(|name| sites.is_empty() && !name.is_empty());
        if let Some(error) = error {
            let read = outcome.tally.records > 0;
            outcome.status = if read { SourceStatus::Partial } else { SourceStatus::Unreadable };
            outcome.reason = Some(if read {
                format!("the rest could not be read: {error}")
            } else {
                format!("it could not be read: {error}")
            });
        } else {
            outcome.bytes = bytes;
        }
        outcome.notes.extend(log.head.notes());
        outcome.notes.extend(seams.last().map(|seam| seam.end.end_notes()).unwrap_or_default());
        outcome
    }
}

/// Reads a block into the fold. Returns how many lines it had.
fn count(
    block: &Block<'_>,
    piece: usize,
    before: u64,
    reader: &mut Reader,
    fold: &mut Fold<'_>,
    tally: &mut Tally,
) -> u64 {
    match block {
        Block::TooLong(span) => {
            tally.fault(span.start, before, piece, &Fault::TooLong.to_string());
            1
        }
        Block::Lines(bytes, base) => {
            reader.read(bytes, *base, &mut Counted { piece, before, fold, tally })
        }
    }
}

/// The records of a block, on their way to be counted.
struct Counted<'a, 'f> {
    piece: usize,
    /// Lines of the piece before.
    before: u64,
    fold: &'a mut Fold<'f>,
    tally: &'a mut Tally,
}

impl Sink for Counted<'_, '_> {
    #[inline]
    fn request<R: Request>(&mut self, request: &R) {
        self.tally.records += 1;
        self.tally.recovered += u64::from(request.is_recovered());
        if let Some(time) = request.time() {
            TimeRange::extend(&mut self.tally.range, time);
        }
        self.fold.record(request);
    }

    fn malformed(&mut self, span: Span, row: u64, fault: &dyn fmt::Display) {
        // Not its text: a torn line has no columns by which secrets in it could be masked.
        self.tally.fault(span.start, self.before + row, self.piece, &fault.to_string());
    }

    fn beside(&mut self, record: &Beside<'_>) {
        self.tally.records += 1;
        self.tally.beside += 1;
        if let Some(time) = record.time {
            TimeRange::extend(&mut self.tally.range, time);
        }
    }
}
