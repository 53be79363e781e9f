//! The second look: the records of the stretches that turned out to matter, read once more.
//!
//! What the cube cannot hold for every request (which client, which agent, the line itself) is needed only for a
//! few windows, and for a few places that the first pass has kept. Its index says which pieces of which logs hold
//! them; only those are read again, in parallel, for all questions at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use daaslens_core::text::visible;
use daaslens_core::{Evidence, Excerpt, Location, Source, SourceId, Span, TimeRange};
use daaslens_httplog::{Field, Request, Vantage};
use rayon::ThreadPool;

use crate::blocks::{self, Block};
use crate::config::Config;
use crate::http::course::family;
use crate::http::cube::{is_abort, outcome_key, outcome_of};
use crate::http::format::Sink;
use crate::http::{excerpt, template};
use crate::keys::{Keys, Merge};
use crate::survey::{Indexed, IndexedPiece};

/// Values of one dimension that are told apart.
const MAX_VALUES: usize = 4096;

/// Kinds of lines that are told apart as evidence.
const MAX_GROUPS: usize = 512;

/// Requests that had waited which are kept for one gap: the ones that began first.
const MAX_ENDED: usize = 65_536;

/// How many of them are kept with their line.
const ENDED_SHOWN: usize = 8;

/// From one in so many failures on, files that the server sends by itself fail like the application.
const FEW: u64 = 50;

/// A question about records.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// The failures of a site in a window, set against what was answered meanwhile.
    Failures {
        /// Where they were seen.
        vantage: Vantage,
        /// The lower-case site name.
        site: Vec<u8>,
        /// The stretch whose course is wanted.
        range: TimeRange,
        /// The stretch that the question is about, inside of it.
        window: TimeRange,
        /// As in [`family`]; `None` for all server errors.
        family: Option<usize>,
    },
    /// The requests that were in progress when a stretch began and ended in it: what a gap held back.
    Ended {
        /// Where they were seen.
        vantage: Vantage,
        /// The lower-case site name.
        site: Vec<u8>,
        /// One instance; `None` for all.
        instance: Option<String>,
        /// From the first completion after the gap on.
        range: TimeRange,
    },
    /// The records at some places: source and byte.
    At(BTreeSet<(usize, u64)>),
}

impl Question {
    /// Whether a piece may hold a record that is asked for.
    fn touches(&self, source: usize, piece: &IndexedPiece) -> bool {
        match self {
            Self::Failures { range, .. } | Self::Ended { range, .. } => {
                piece.range.is_some_and(|seen| range.overlaps(seen))
            }
            Self::At(places) => {
                let end = if piece.streamed { u64::MAX } else { piece.bytes.end };
                places.range((source, piece.bytes.start)..(source, end)).next().is_some()
            }
        }
    }
}

/// What the records say.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The records that were asked for, by what makes them alike.
    groups: Keys<Group>,
    /// For failures: per dimension, value → (failing, answered).
    pub(crate) dimensions: BTreeMap<&'static str, Keys<Split>>,
    /// The same for files that the server sends by itself, until it is known whether they fail like the rest.
    files: BTreeMap<&'static str, Keys<Split>>,
    files_total: Split,
    /// The records that were asked for by [`outcome_key`].
    outcomes: Keys<u64>,
    /// All that were asked for, and all that were answered meanwhile.
    pub(crate) total: Split,
    /// Per instance and second: requests and failures; for close-ups.
    pub(crate) course: BTreeMap<String, BTreeMap<i64, (u32, u32)>>,
    /// Requests that had waited, by when they began (milliseconds) and where they stand.
    pub(crate) ended: BTreeMap<(i64, Location), Ended>,
}

/// A request that had waited.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) end_second: i64,
    pub(crate) time_taken_ms: u32,
    /// Its line, for the few that began first.
    pub(crate) excerpt: Option<Excerpt>,
}

/// Failing and answered requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Split {
    pub(crate) failing: u64,
    pub(crate) answered: u64,
}

#[derive(Clone, Debug, Default)]
struct Group {
    count: u64,
    /// The first by place, with its text.
    first: Option<(Location, Excerpt)>,
}

impl Merge for Split {
    fn merge(&mut self, other: Self) {
        self.failing += other.failing;
        self.answered += other.answered;
    }
}

impl Merge for Group {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        if let Some(theirs) = other.first
            && self.first.as_ref().is_none_or(|mine| theirs.0 < mine.0)
        {
            self.first = Some(theirs);
        }
    }
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            groups: Keys::new(MAX_GROUPS),
            dimensions: BTreeMap::new(),
            files: BTreeMap::new(),
            files_total: Split::default(),
            outcomes: Keys::new(MAX_VALUES),
            total: Split::default(),
            course: BTreeMap::new(),
            ended: BTreeMap::new(),
        }
    }
}

impl Reply {
    fn merge(&mut self, other: Self) {
        self.groups.merge(other.groups);
        merge_dimensions(&mut self.dimensions, other.dimensions);
        merge_dimensions(&mut self.files, other.files);
        self.files_total.merge(other.files_total);
        self.outcomes.merge(other.outcomes);
        self.total.merge(other.total);
        for (instance, seconds) in other.course {
            let course = self.course.entry(instance).or_default();
            for (second, (requests, errors)) in seconds {
                let mine = course.entry(second).or_default();
                mine.0 += requests;
                mine.1 += errors;
            }
        }
        for (key, ended) in other.ended {
            self.waited(key, |shown| Ended { excerpt: ended.excerpt.filter(|_| shown), ..ended });
        }
    }

    /// Decides about files. A style sheet that is answered from the file system while the application fails is no
    /// control, or every page would stand out against it. Where files fail as well (the instance is bad, or a proxy
    /// before all of it) they are cases and controls like the rest; without their answers they would stand out.
    fn settle(&mut self) {
        let files = std::mem::take(&mut self.files);
        let mut total = std::mem::take(&mut self.files_total);
        if total.failing == 0 {
            return;
        }
        // One broken picture among a thousand failures does not make the others controls.
        let fail_alike = total.failing * FEW >= total.failing + self.total.failing;
        if !fail_alike {
            total.answered = 0;
        }
        self.total.merge(total);
        for (dimension, values) in files {
            let mine = self.dimensions.entry(dimension).or_insert_with(|| Keys::new(MAX_VALUES));
            for (value, split) in values.sorted() {
                if fail_alike {
                    mine.value(value).merge(*split);
                } else if split.failing > 0 {
                    mine.value(value).merge(Split { answered: 0, ..*split });
                }
            }
        }
    }

    /// Keeps a request that had waited, if it is among those that began first.
    fn waited(&mut self, key: (i64, Location), ended: impl FnOnce(bool) -> Ended) {
        let full = self.ended.len() >= MAX_ENDED;
        if full && self.ended.last_key_value().is_some_and(|(last, _)| *last < key) {
            return;
        }
        let shown = self.ended.keys().nth(ENDED_SHOWN - 1).is_none_or(|last| key < *last);
        self.ended.insert(key, ended(shown));
        if let Some((_, ended)) = self.ended.iter_mut().nth(ENDED_SHOWN) {
            ended.excerpt = None;
        }
        if full {
            self.ended.pop_last();
        }
    }

    /// The failing requests by `status.substatus.win32`, most frequent first.
    pub(crate) fn outcomes(&self) -> Vec<((u16, u32, u64), u64)> {
        let mut outcomes: Vec<_> = self
            .outcomes
            .sorted()
            .into_iter()
            .filter_map(|(key, n)| Some((outcome_of(key)?, *n)))
            .collect();
        outcomes.sort_by_key(|(key, n)| (std::cmp::Reverse(*n), *key));
        outcomes
    }

    /// The most telling lines: one of each kind, the most frequent kind first.
    pub(crate) fn evidence(&self, most: usize) -> Vec<Evidence> {
        let mut groups: Vec<_> = self
            .groups
            .sorted()
            .into_iter()
            .filter_map(|(_, group)| Some((group.count, group.first.as_ref()?)))
            .collect();
        groups.sort_by_key(|(count, (at, _))| (std::cmp::Reverse(*count), *at));
        groups
            .into_iter()
            .take(most)
            .map(|(alike, (at, excerpt))| Evidence {
                at: *at,
                note: String::new(),
                excerpt: excerpt.clone(),
                alike,
            })
            .collect()
    }
}

fn merge_dimensions(
    mine: &mut BTreeMap<&'static str, Keys<Split>>,
    theirs: BTreeMap<&'static str, Keys<Split>>,
) {
    for (dimension, values) in theirs {
        mine.entry(dimension).or_insert_with(|| Keys::new(MAX_VALUES)).merge(values);
    }
}

/// Answers all questions, in their order.
pub(crate) fn ask(
    sources: &[Arc<dyn Source>],
    index: &[Indexed],
    questions: &[Question],
    config: &Config,
    pool: &ThreadPool,
) -> Vec<Reply> {
    let jobs: Vec<(&Indexed, &IndexedPiece)> = index
        .iter()
        .flat_map(|log| log.pieces.iter().map(move |piece| (log, piece)))
        .filter(|(log, piece)| questions.iter().any(|question| question.touches(log.source, piece)))
        .collect();
    let next = AtomicUsize::new(0);
    let mut replies = vec![Reply::default(); questions.len()];
    let theirs = pool.broadcast(|_| {
        let mut look = Look {
            questions,
            config,
            replies: vec![Reply::default(); questions.len()],
            scratch: Vec::new(),
        };
        let mut buffer = Vec::new();
        while let Some((log, piece)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            // A source that fails now was read before, and its failure is known; its lines are missing as evidence.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                look.piece(&*sources[log.source], log, piece, &mut buffer)
            }));
        }
        look.replies
    });
    for worker in theirs {
        for (mine, theirs) in replies.iter_mut().zip(worker) {
            mine.merge(theirs);
        }
    }
    replies.iter_mut().for_each(Reply::settle);
    replies
}

struct Look<'q> {
    questions: &'q [Question],
    config: &'q Config,
    replies: Vec<Reply>,
    scratch: Vec<u8>,
}

impl Look<'_> {
    fn piece(
        &mut self,
        source: &dyn Source,
        log: &Indexed,
        piece: &IndexedPiece,
        buffer: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        let (newline, chunk) = (log.head.newline(), self.config.chunk_size);
        let first = piece.streamed || piece.bytes.start == 0;
        let mut reader = if first { log.head.start() } else { log.head.clone() };
        let is_document = reader.is_document();
        let mut lines = piece.lines_before;
        let mut sink = |block: Block<'_>| match block {
            Block::TooLong(_) => lines += 1,
            Block::Lines(bytes, base) => {
                lines += reader.read(bytes, base, &mut Asked { look: self, log, before: lines });
            }
        };
        if is_document {
            source.stream(&mut |reader| blocks::whole(reader, buffer, &mut sink).map(drop))
        } else if piece.streamed {
            source.stream(&mut |reader| {
                blocks::stream(reader, chunk, newline, buffer, &mut sink).map(drop)
            })
        } else {
            blocks::piece(source, piece.bytes.clone(), newline, buffer, &mut sink).map(drop)
        }
    }

    fn record(&mut self, record: &impl Request, log: &Indexed, lines_before: u64) {
        let instance = record.instance().map(|name| visible(name));
        let instance = instance.as_deref().unwrap_or(&log.instance);
        let at = Location {
            source: SourceId(log.source as u32),
            byte: record.span().start,
            line: lines_before + record.row() + 1,
        };
        for (question, reply) in self.questions.iter().zip(&mut self.replies) {
            match question {
                Question::At(places) => {
                    if places.contains(&(log.source, at.byte)) {
                        reply.keep(record, at, instance, &mut self.scratch);
                    }
                }
                Question::Ended { vantage, site, instance: wanted, range } => {
                    let Some(time) = record.time().filter(|time| range.contains(*time)) else {
                        continue;
                    };
                    let stem = record.uri_stem().unwrap_or_default();
                    let taken = record.time_taken_ms().unwrap_or(0);
                    let began = time.0 - i64::from(taken);
                    // A web socket ends when its visitor leaves; that it ends now says nothing.
                    if began >= range.start.0
                        || record.status() == Some(101)
                        || wanted.as_ref().is_some_and(|one| one != instance)
                        || record.vantage() != *vantage
                        || !site.eq_ignore_ascii_case(record.site_name().unwrap_or_default())
                        || !self.config.filter.admits(Some(time), stem)
                    {
                        continue;
                    }
                    reply.keep(record, at, instance, &mut self.scratch);
                    reply.waited((began, at), |shown| Ended {
                        end_second: time.seconds(),
                        time_taken_ms: taken,
                        excerpt: shown.then(|| excerpt::of(record)),
                    });
                }
                Question::Failures { vantage, site, range, window, family: wanted } => {
                    let Some(time) = record.time().filter(|time| range.contains(*time)) else {
                        continue;
                    };
                    let stem = record.uri_stem().unwrap_or_default();
                    if record.vantage() != *vantage
                        || !site.eq_ignore_ascii_case(record.site_name().unwrap_or_default())
                        || !self.config.filter.admits(Some(time), stem)
                    {
                        continue;
                    }
                    let status = record.status().unwrap_or(0);
                    let abort = is_abort(record.win32_status().unwrap_or(0));
                    let error = (500..600).contains(&status) && !abort;
                    let asked = error && wanted.is_none_or(|wanted| family(status) == Some(wanted));
                    if !reply.course.contains_key(instance) {
                        reply.course.insert(instance.to_owned(), BTreeMap::new());
                    }
                    if let Some(course) = reply.course.get_mut(instance) {
                        let cell = course.entry(time.seconds()).or_default();
                        cell.0 += 1;
                        cell.1 += u32::from(asked);
                    }
                    if !window.contains(time) {
                        continue;
                    }
                    // What failed otherwise, or was given up, is neither a case nor a control.
                    if asked || !(error || abort) {
                        reply.split(record, instance, asked, &mut self.scratch);
                    }
                    if asked {
                        reply.keep(record, at, instance, &mut self.scratch);
                    }
                }
            }
        }
    }
}

/// The requests of some lines, on their way to the questions.
struct Asked<'a, 'q> {
    look: &'a mut Look<'q>,
    log: &'a Indexed,
    /// Lines of the source before.
    before: u64,
}

impl Sink for Asked<'_, '_> {
    fn request<R: Request>(&mut self, request: &R) {
        self.look.record(request, self.log, self.before);
    }

    fn malformed(&mut self, _: Span, _: u64, _: &dyn fmt::Display) {}
}

/// Whether a path is one of a file that the server sends without asking the application.
fn is_static(stem: &[u8]) -> bool {
    const EXTENSIONS: [&str; 22] = [
        "css",
        "js",
        "map",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "webp",
        "avif",
        "svg",
        "ico",
        "woff",
        "woff2",
        "ttf",
        "eot",
        "mp4",
        "webm",
        "mp3",
        "pdf",
        "txt",
        "wasm",
        "webmanifest",
    ];
    let name = stem.rsplit(|c| *c == b'/').next().unwrap_or_default();
    name.iter().rposition(|c| *c == b'.').is_some_and(|dot| {
        EXTENSIONS
            .iter()
            .any(|extension| name[dot + 1..].eq_ignore_ascii_case(extension.as_bytes()))
    })
}

impl Reply {
    /// Keeps a record as evidence, or counts it to one that is like it.
    fn keep(&mut self, record: &impl Request, at: Location, instance: &str, scratch: &mut Vec<u8>) {
        let (status, substatus) = (record.status().unwrap_or(0), record.substatus().unwrap_or(0));
        let win32 = record.win32_status().unwrap_or(0);
        *self.outcomes.value(&outcome_key(status, substatus, win32)) += 1;
        let mut key = format!("{status}.{substatus}.{win32} {instance} ").into_bytes();
        key.extend_from_slice(template::of(record.uri_stem().unwrap_or_default(), scratch));
        let group = self.groups.value(&key);
        group.count += 1;
        if group.first.as_ref().is_none_or(|(first, _)| at < *first) {
            group.first = Some((at, excerpt::of(record)));
        }
    }

    fn split(
        &mut self,
        record: &impl Request,
        instance: &str,
        failing: bool,
        scratch: &mut Vec<u8>,
    ) {
        let one = Split { failing: u64::from(failing), answered: u64::from(!failing) };
        let stem = record.uri_stem().unwrap_or_default();
        let (total, dimensions) = if is_static(stem) {
            (&mut self.files_total, &mut self.files)
        } else {
            (&mut self.total, &mut self.dimensions)
        };
        total.merge(one);
        let mut add = |dimension: &'static str, value: &[u8]| {
            dimensions
                .entry(dimension)
                .or_insert_with(|| Keys::new(MAX_VALUES))
                .value(value)
                .merge(one);
        };
        add("url", template::of(stem, scratch));
        add("instance", instance.as_bytes());
        for (dimension, field) in
            [("client", Field::ClientIp), ("method", Field::Method), ("host", Field::Host)]
        {
            if let Some(value) = record.value(field) {
                add(dimension, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(byte: u64) -> Location {
        Location { source: SourceId(0), byte, line: byte }
    }

    fn reply(began: &[i64], first_byte: u64) -> Reply {
        let mut reply = Reply::default();
        for (byte, began) in (first_byte..).zip(began) {
            reply.waited((*began, place(byte)), |shown| Ended {
                end_second: 9,
                time_taken_ms: 1,
                excerpt: shown.then(Excerpt::default),
            });
        }
        reply
    }

    /// Which are there, and which of them have their line.
    fn shown(reply: &Reply) -> Vec<(i64, u64, bool)> {
        let one = |((began, at), one): (&(i64, Location), &Ended)| {
            (*began, at.byte, one.excerpt.is_some())
        };
        reply.ended.iter().map(one).collect()
    }

    proptest! {
        #[test]
        fn any_grouping_keeps_the_lines_of_those_that_began_first(
            began in prop::collection::vec(0_i64..30, 0..40),
            at in 0_usize..40,
        ) {
            let at = at.min(began.len());
            let whole = shown(&reply(&began, 0));
            let mut ab = reply(&began[..at], 0);
            ab.merge(reply(&began[at..], at as u64));
            let mut ba = reply(&began[at..], at as u64);
            ba.merge(reply(&began[..at], 0));
            prop_assert_eq!(&shown(&ab), &whole);
            prop_assert_eq!(&shown(&ba), &whole);
            for (i, (.., has_line)) in whole.iter().enumerate() {
                prop_assert_eq!(*has_line, i < ENDED_SHOWN);
            }
        }
    }
}
