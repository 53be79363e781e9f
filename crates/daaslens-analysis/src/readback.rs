//! Reading evidence back: what stands at a place of the input, taken apart as it was for the report.
//!
//! A report names its evidence by place. Whoever doubts a figure looks there, and has to see the same record, with
//! its values typed, so that it can be masked as in the report.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};

use daaslens_core::text::visible;
use daaslens_core::{Evidence, Excerpt, Kind, Source, Span};
use daaslens_eventlog::{Format, Log};
use daaslens_httplog::{MAX_LINE, Request};

use crate::blocks::{self, Block};
use crate::http::excerpt;
use crate::http::format::{Beside, Reader, Sink};
use crate::records::{
    self, applog, dumps, events, failed, httperr, metrics, php, php_process, platform, threads,
    tool_reports,
};

/// How much is read at once.
const BLOCK: usize = 1 << 20;

/// The most bytes of an event or of a record of several lines.
const LONGEST: u64 = 4 << 20;

/// A line (or event) that was read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, counted from 1.
    pub line: u64,
    /// The byte at which it begins.
    pub byte: u64,
    /// Its text; of a line that cannot be read as a record, why.
    pub excerpt: Excerpt,
}

impl Line {
    /// Its text as one, unmasked.
    pub fn text(&self) -> String {
        self.excerpt.0.iter().map(|part| part.text.as_str()).collect()
    }
}

/// Reads what stands at `places` (line, byte), in the order of the source. A place at which nothing begins gives
/// nothing. Of request logs, up to `context` lines before and after each of them are read too.
///
/// # Errors
/// What reading says, where it ended before the last place.
pub fn read_back(
    source: &dyn Source,
    places: &[(u64, u64)],
    context: u64,
) -> io::Result<Vec<Line>> {
    let places: BTreeSet<(u64, u64)> = places.iter().copied().collect();
    if let Some(Ok(reader)) = Reader::open(source.origin().kind, source.head()) {
        return requests(source, &reader.start(), &places, context);
    }
    if is_read_from_the_start(source) {
        return events_of(source, &places);
    }
    if source.origin().kind == Kind::PhpReport {
        return processes(source, &places);
    }
    if source.origin().kind == Kind::ThreadDump {
        return threads_of(source, &places);
    }
    if source.origin().kind == Kind::Dump {
        let excerpt = dumps::Dumps::excerpt(source)?;
        let wanted = places.contains(&(1, 0));
        return Ok(Vec::from_iter(wanted.then_some(Line { line: 1, byte: 0, excerpt })));
    }
    let mut lines = Vec::new();
    for &(line, byte) in &places {
        let mut bytes = Vec::new();
        source.stream(&mut |reader| {
            let skipped = io::copy(&mut Read::take(&mut *reader, byte), &mut io::sink())?;
            if skipped == byte {
                Read::take(reader, LONGEST).read_to_end(&mut bytes).map(drop)
            } else {
                Ok(())
            }
        })?;
        let excerpt = match source.origin().kind {
            Kind::EventLog => event(&bytes),
            Kind::AppLog => applog::read_back(&bytes, &source.origin().path),
            Kind::PhpLog => php_record(&bytes),
            Kind::FailedRequest => failed::Failed::excerpt(&bytes, true),
            Kind::DetailedError => failed::Failed::excerpt(&bytes, false),
            Kind::ToolReport => tool_reports::ToolReports::excerpt(&bytes, source.origin()),
            Kind::Metrics => metrics::read_back(&bytes),
            Kind::HttpErr => httperr::excerpt_at(&bytes),
            kind if platform::is_own(kind) => {
                platform::Platform::excerpt(&bytes, byte, source.origin())
            }
            _ => first_line(&bytes),
        };
        lines.extend(excerpt.map(|excerpt| Line { line, byte, excerpt }));
    }
    Ok(lines)
}

/// Whether the events of a source can only be read from its start: what its first bytes say is needed for the rest.
fn is_read_from_the_start(source: &dyn Source) -> bool {
    match source.origin().kind {
        Kind::Evtx => true,
        Kind::EventLog => Log::open(source.head()).format() != Format::Xml,
        _ => false,
    }
}

/// Events of a binary log, a table or JSON.
fn events_of(source: &dyn Source, places: &BTreeSet<(u64, u64)>) -> io::Result<Vec<Line>> {
    let mut bytes = Vec::new();
    source.stream(&mut |reader| {
        Read::take(reader, records::MAX_BYTES).read_to_end(&mut bytes).map(drop)
    })?;
    let wanted: BTreeMap<u64, u64> = places.iter().map(|(line, byte)| (*byte, *line)).collect();
    let lines = Log::open(&bytes).filter_map(|item| {
        let byte = item.span().start;
        let line = *wanted.get(&byte)?;
        Some(Line { line, byte, excerpt: event_excerpt(item)? })
    });
    Ok(lines.collect())
}

/// Processes of a report on them, which is read as a whole.
fn processes(source: &dyn Source, places: &BTreeSet<(u64, u64)>) -> io::Result<Vec<Line>> {
    let mut bytes = Vec::new();
    source.stream(&mut |reader| {
        Read::take(reader, records::MAX_BYTES).read_to_end(&mut bytes).map(drop)
    })?;
    let path = &source.origin().path;
    let lines = places.iter().filter_map(|&(line, byte)| {
        let excerpt = php_process::PhpProcesses::excerpt(&bytes, line, path)?;
        Some(Line { line, byte, excerpt })
    });
    Ok(lines.collect())
}

/// Threads of a dump, which is read as a whole.
fn threads_of(source: &dyn Source, places: &BTreeSet<(u64, u64)>) -> io::Result<Vec<Line>> {
    let mut bytes = Vec::new();
    source.stream(&mut |reader| {
        Read::take(reader, records::MAX_BYTES).read_to_end(&mut bytes).map(drop)
    })?;
    let all = threads::ThreadDumps::evidence(&bytes, source.origin()).into_iter();
    let wanted = all.filter(|one| places.contains(&(one.at.line, one.at.byte)));
    let line = |one: Evidence| Line { line: one.at.line, byte: one.at.byte, excerpt: one.excerpt };
    Ok(wanted.map(line).collect())
}

/// Reads a request log from its start, because its columns may change inside, up to the last place.
fn requests(
    source: &dyn Source,
    start: &Reader,
    places: &BTreeSet<(u64, u64)>,
    context: u64,
) -> io::Result<Vec<Line>> {
    let Some(end) = places.iter().map(|(_, byte)| *byte).max() else { return Ok(Vec::new()) };
    let end = end.saturating_add(context.saturating_add(2).saturating_mul(MAX_LINE as u64));
    let wanted: BTreeSet<u64> = places.iter().map(|(line, _)| *line).collect();
    let last = wanted.last().map_or(0, |last| last.saturating_add(context));
    let (mut reader, newline, mut buffer) = (start.clone(), start.newline(), Vec::new());
    let mut found = Wanted { asked: wanted, context, before: 0, lines: Vec::new() };
    let mut sink = |block: Block<'_>| match block {
        Block::TooLong(_) => found.before += 1,
        Block::Lines(bytes, base) => found.before += reader.read(bytes, base, &mut found),
    };
    let result = source.stream(&mut |reader| {
        if start.is_document() {
            blocks::whole(reader, &mut buffer, &mut sink).map(drop)
        } else {
            let mut reader = Read::take(reader, end);
            blocks::stream(&mut reader, BLOCK, newline, &mut buffer, &mut sink).map(drop)
        }
    });
    match result {
        // What is damaged behind the last line that was asked for is of no interest here.
        Err(error) if found.before < last => Err(error),
        _ => Ok(found.lines),
    }
}

/// The lines that are asked for, as they come by.
struct Wanted {
    asked: BTreeSet<u64>,
    context: u64,
    /// Lines before those that are being read.
    before: u64,
    lines: Vec<Line>,
}

impl Wanted {
    fn take(&mut self, row: u64, byte: u64, excerpt: impl FnOnce() -> Excerpt) {
        let line = self.before + row + 1;
        let around = line.saturating_sub(self.context)..=line.saturating_add(self.context);
        if self.asked.range(around).next().is_some() {
            self.lines.push(Line { line, byte, excerpt: excerpt() });
        }
    }
}

impl Sink for Wanted {
    fn request<R: Request>(&mut self, request: &R) {
        self.take(request.row(), request.span().start, || excerpt::of(request));
    }

    fn malformed(&mut self, span: Span, row: u64, fault: &dyn fmt::Display) {
        // Whoever wrote a broken line may have put anything into it: it is not shown.
        self.take(row, span.start, || Excerpt::text(fault.to_string()));
    }

    fn beside(&mut self, record: &Beside<'_>) {
        if record.time.is_some() {
            self.take(record.at.row, record.at.span.start, record.excerpt);
        }
    }
}

/// The event at the head of `bytes`, in the order in which the report shows one.
fn event(bytes: &[u8]) -> Option<Excerpt> {
    event_excerpt(daaslens_eventlog::read_all(bytes).next()?)
}

fn event_excerpt(item: daaslens_eventlog::Item<'_>) -> Option<Excerpt> {
    match item {
        daaslens_eventlog::Item::Event(event) => Some(events::excerpt(&event)),
        daaslens_eventlog::Item::Malformed(malformed) => {
            Some(Excerpt::text(malformed.fault.to_string()))
        }
        daaslens_eventlog::Item::Other(_) => None,
    }
}

/// The record at the head of `bytes`, as the report shows it.
fn php_record(bytes: &[u8]) -> Option<Excerpt> {
    let chunk = daaslens_phplog::plan(bytes, usize::MAX).into_iter().next()?;
    match daaslens_phplog::read(bytes, &chunk).next()? {
        daaslens_phplog::Item::Record(record) => Some(php::excerpt(&record)),
        daaslens_phplog::Item::Malformed(malformed) => {
            Some(Excerpt::text(malformed.fault.to_string()))
        }
        daaslens_phplog::Item::Blank(_) => None,
    }
}

fn first_line(bytes: &[u8]) -> Option<Excerpt> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (!line.is_empty()).then(|| Excerpt::text(visible(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::PartKind;
    use daaslens_testkit::MemorySource;

    fn memory(kind: Kind, bytes: &[u8]) -> MemorySource {
        MemorySource::new("", kind, bytes)
    }

    fn texts(
        source: &MemorySource,
        places: &[(u64, u64)],
        context: u64,
    ) -> Vec<(u64, u64, String)> {
        let lines = read_back(source, places, context).unwrap();
        lines.iter().map(|line| (line.line, line.byte, line.text())).collect()
    }

    const LOG: &[u8] = b"#Fields: cs-method cs-uri-stem sc-status\n\
        GET /a 200\n\
        GET /b 503\n\
        #Fields: sc-status cs-uri-stem\n\
        GET broken line here\n\
        503 /c\n\
        200 /d\n";

    #[test]
    fn requests_are_found_by_line_also_where_the_columns_change() {
        let source = memory(Kind::W3c, LOG);
        let found = texts(&source, &[(3, 52), (6, 115)], 0);
        assert_eq!(found, [(3, 52, "GET /b 503".to_owned()), (6, 115, "503 /c".to_owned())]);
        let lines = read_back(&source, &[(6, 115)], 0).unwrap();
        let path = lines[0].excerpt.0.iter().find(|part| part.text == "/c");
        assert_eq!(path.map(|part| part.kind), Some(PartKind::Path));
    }

    #[test]
    fn context_leaves_out_directives_and_the_text_of_broken_lines() {
        let source = memory(Kind::W3c, LOG);
        let found: Vec<_> = texts(&source, &[(6, 115)], 3)
            .into_iter()
            .map(|(line, _, text)| (line, text))
            .collect();
        let expected =
            [(3, "GET /b 503"), (5, "4 fields where 2 are declared"), (6, "503 /c"), (7, "200 /d")];
        assert_eq!(found, expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(texts(&source, &[(90, 5000)], 0), []);
    }

    #[test]
    fn events_and_php_records_are_found_by_byte() {
        let events: &[u8] = b"<Events><Event><System><Provider Name=\"W3SVC-WP\"/><EventID>2299</EventID>\
            <TimeCreated SystemTime=\"2026-03-11T02:14:07Z\"/><Computer>dw1sdwk000ASY</Computer></System>\
            <EventData><Data>one</Data><Data>two</Data></EventData></Event></Events>";
        let found = texts(&memory(Kind::EventLog, events), &[(1, 8)], 0);
        assert_eq!(
            found,
            [(1, 8, "2026-03-11T02:14:07Z dw1sdwk000ASY W3SVC-WP 2299 one | two".to_owned())]
        );
        let table: &[u8] =
            b"ProviderName,Id,TimeCreated,Message\nWAS,5002,2026-03-11T02:14:07Z,\"Pool 'a'\"\n\
            WAS,5186,2026-03-11T02:14:08Z,x\n";
        let found = texts(&memory(Kind::EventLog, table), &[(2, 36), (9, 1)], 0);
        assert_eq!(found, [(2, 36, "2026-03-11T02:14:07Z  WAS 5002 a".to_owned())]);
        let log: &[u8] = b"[22-Nov-2025 05:42:11 UTC] PHP Warning:  a in b.php on line 1\n\
            [22-Nov-2025 05:42:12 UTC] PHP Fatal error:  c\nsecond line\n[22-Nov-2025 05:42:13 UTC] d\n";
        let found = texts(&memory(Kind::PhpLog, log), &[(2, 62)], 0);
        assert_eq!(found, [(2, 62, "PHP Fatal error:  c second line".to_owned())]);
        assert_eq!(texts(&memory(Kind::PhpLog, log), &[(9, 9999)], 0), []);
        assert_eq!(
            texts(&memory(Kind::AppLog, b"a\r\nb c\r\n"), &[(2, 3)], 0),
            [(2, 3, "b c".to_owned())]
        );
    }
}
