//! What HTTP.sys refused, dropped or gave up: by reason, on the clock.

use std::collections::BTreeMap;

use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, percent, shortened, thousands, visible};
use daaslens_core::{Evidence, Excerpt, Location, Part, PartKind, SourceId, TimeRange};
use daaslens_httplog::httperr::{self, Column, Record, State};
use daaslens_httplog::{Item, newline};
use daaslens_kb::HttpErrClass;

use super::Count;
use crate::config::Config;
use crate::facts::Facts;
use crate::keys::{Keys, Merge};

/// Reasons that are told apart. HTTP.sys has some forty.
const MAX_REASONS: usize = 256;

/// Pools of one reason that are told apart.
const MAX_QUEUES: usize = 64;

/// The longest value that is shown, in characters.
const MAX_VALUE: usize = 200;

/// All of it.
#[derive(Debug)]
pub(crate) struct HttpErr {
    /// Files that were read.
    pub(crate) sources: u64,
    pub(crate) records: u64,
    pub(crate) range: Option<TimeRange>,
    reasons: Keys<Reason>,
}

/// One reason.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub(crate) count: u64,
    /// How many were answered with 503.
    pub(crate) unavailable: u64,
    pub(crate) range: Option<TimeRange>,
    /// By second.
    pub(crate) course: BTreeMap<i64, u32>,
    /// By pool.
    pub(crate) queues: Keys<u64>,
    /// The first by time and place.
    first: Option<(i64, Evidence)>,
}

impl Default for HttpErr {
    fn default() -> Self {
        Self { sources: 0, records: 0, range: None, reasons: Keys::new(MAX_REASONS) }
    }
}

impl Default for Reason {
    fn default() -> Self {
        Self {
            count: 0,
            unavailable: 0,
            range: None,
            course: BTreeMap::new(),
            queues: Keys::new(MAX_QUEUES),
            first: None,
        }
    }
}

impl Merge for Reason {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.unavailable += other.unavailable;
        self.range = TimeRange::merge(self.range, other.range);
        for (second, n) in other.course {
            *self.course.entry(second).or_default() += n;
        }
        self.queues.merge(other.queues);
        if let Some(theirs) = other.first {
            self.earlier(theirs);
        }
    }
}

impl Reason {
    fn earlier(&mut self, (second, evidence): (i64, Evidence)) {
        let is_first = self
            .first
            .as_ref()
            .is_none_or(|(known, mine)| (second, evidence.at) < (*known, mine.at));
        if is_first {
            self.first = Some((second, evidence));
        }
    }

    /// The first record, standing for all of them.
    pub(crate) fn evidence(&self, note: &str) -> Option<Evidence> {
        let (_, first) = self.first.as_ref()?;
        Some(Evidence { note: note.to_owned(), alike: self.count, ..first.clone() })
    }
}

impl HttpErr {
    pub(crate) fn read(bytes: &[u8], source: usize, config: &Config, count: &mut Count) -> Self {
        let mut all = Self { sources: 1, ..Self::default() };
        let mut state = State::new(newline(bytes));
        httperr::read(bytes, 0, &mut state, &mut |item| match item {
            Item::Record(record) => {
                count.records += 1;
                count.recovered += u64::from(record.is_recovered());
                TimeRange::extend(&mut count.range, record.time());
                let path = record.value(Column::Uri).unwrap_or_default();
                let path = path.split(|c| *c == b'?').next().unwrap_or_default();
                if config.filter.admits(Some(record.time()), path) {
                    all.add(&record, source);
                }
            }
            Item::Malformed(it) => {
                count.fault(it.row + 1, it.span.start, it.fault.to_string());
            }
            Item::Other(_) => {}
        });
        all
    }

    fn add(&mut self, record: &Record<'_>, source: usize) {
        self.records += 1;
        TimeRange::extend(&mut self.range, record.time());
        let reason = record.reason().unwrap_or_default();
        let reason = self.reasons.value(shortened(&visible(reason), 40).as_bytes());
        reason.count += 1;
        reason.unavailable += u64::from(record.status() == Some(503));
        TimeRange::extend(&mut reason.range, record.time());
        let second = record.time().seconds();
        *reason.course.entry(second).or_default() += 1;
        if let Some(queue) = record.value(Column::Queue) {
            *reason.queues.value(queue) += 1;
        }
        let at = Location {
            source: SourceId(source as u32),
            byte: record.span().start,
            line: record.row() + 1,
        };
        if reason.first.as_ref().is_none_or(|(known, mine)| (second, at) < (*known, mine.at)) {
            let excerpt = excerpt(record);
            let evidence = Evidence { at, note: String::new(), excerpt, alike: 1 };
            reason.first = Some((second, evidence));
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.sources += other.sources;
        self.records += other.records;
        self.range = TimeRange::merge(self.range, other.range);
        self.reasons.merge(other.reasons);
    }

    /// Every reason with what was counted, by name; a reason that nobody knows has no class.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (&str, Option<HttpErrClass>, &Reason)> {
        self.reasons.sorted().into_iter().map(|(name, reason)| {
            let name = std::str::from_utf8(name).unwrap_or_default();
            (name, daaslens_kb::httperr(name).map(|known| known.class), reason)
        })
    }

    /// Records that say nothing of trouble: idle connections that were closed.
    pub(crate) fn noise(&self) -> u64 {
        self.reasons()
            .filter(|(_, class, _)| *class == Some(HttpErrClass::Noise))
            .map(|(.., reason)| reason.count)
            .sum()
    }
}

/// What HTTP.sys wrote, by reason: what is no everyday business first.
pub(crate) fn table(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "httperr",
        "What HTTP.sys refused, dropped or gave up",
        &[
            ("Reason", false),
            ("Times", false),
            ("With 503", true),
            ("When, UTC", false),
            ("What it means", true),
        ],
    );
    let log = &facts.records.httperr;
    let mut reasons: Vec<_> = log.reasons().collect();
    reasons.sort_by_key(|(name, class, reason)| {
        (*class == Some(HttpErrClass::Noise), std::cmp::Reverse(reason.count), *name)
    });
    for (name, _, reason) in reasons {
        let means = match daaslens_kb::httperr(name) {
            Some(known) => Cell::text(known.about.title),
            None => Cell::text("not documented"),
        };
        let name = if name.is_empty() { "(none)" } else { name };
        let cells = vec![
            Cell::text(name),
            Cell::Count(reason.count),
            Cell::Count(reason.unavailable),
            reason.range.map_or(Cell::Absent, Cell::Range),
            means,
        ];
        table.rows.push(Row { cells, evidence: reason.evidence("").into_iter().collect() });
    }
    let noise = log.noise();
    table.caption = format!(
        "{} in {}, of which {} ({}) are connections that were closed while idle: everyday business",
        counted(log.records, "record", "records"),
        counted(log.sources, "file", "files"),
        thousands(noise),
        percent(noise, log.records)
    );
    table.notes.push(
        "No request here stands in the log of the server, and none is counted among the requests."
            .to_owned(),
    );
    table
}

/// The record at the head of `bytes`, as the report shows it.
pub(crate) fn excerpt_at(bytes: &[u8]) -> Option<Excerpt> {
    let line = bytes.split_inclusive(|c| matches!(c, b'\n' | b'\r')).next()?;
    let mut found = None;
    httperr::read(line, 1, &mut State::new(b'\n'), &mut |item| match item {
        Item::Record(record) => found = Some(excerpt(&record)),
        Item::Malformed(it) => found = Some(Excerpt::text(it.fault.to_string())),
        Item::Other(_) => {}
    });
    found
}

/// The record in the order of its columns, its reason strong.
fn excerpt(record: &Record<'_>) -> Excerpt {
    let mut parts: Vec<Part> = Vec::new();
    let mut add = |kind, text: &[u8], strong| {
        let text = shortened(&visible(text), MAX_VALUE).into_owned();
        let absent = text.is_empty() || text == "-";
        parts.push(Part { kind: if absent { PartKind::Plain } else { kind }, text, strong });
    };
    for (i, (column, value)) in record.values().enumerate() {
        if i > 0 {
            add(PartKind::Plain, b" ", false);
        }
        match column {
            Column::ClientIp | Column::ServerIp => add(PartKind::Address, value, false),
            Column::Queue => add(PartKind::Site, value, false),
            Column::Uri => {
                let path = value.iter().position(|c| *c == b'?').unwrap_or(value.len());
                add(PartKind::Path, &value[..path], true);
                if path < value.len() {
                    add(PartKind::Plain, b"?", false);
                    add(PartKind::Query, &value[path + 1..], false);
                }
            }
            Column::Reason | Column::Status => add(PartKind::Plain, value, true),
            Column::Method => add(PartKind::Text, value, false),
            _ => add(PartKind::Plain, value, false),
        }
    }
    Excerpt(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::Time;

    const LOG: &[u8] = b"2026-03-11 02:14:07 192.0.2.7 50211 10.0.0.4 80 HTTP/1.1 GET /cart?id=1 503 2 QueueFull contoso\n\
        2026-03-11 02:14:07 192.0.2.7 50211 10.0.0.4 80 HTTP/1.1 GET /b 503 2 QueueFull contoso\n\
        2026-03-11 02:14:09 192.0.2.8 50213 10.0.0.4 80 - - - - - Timer_ConnectionIdle -\n\
        2026-03-11 02:14:10 192.0.2.8 50213 10.0.0.4 80 - - - - - Timer_Moonshine -\n\
        broken\n";

    fn config() -> Config {
        Config {
            threads: 1,
            chunk_size: 1,
            filter: crate::Filter::default(),
            sensitivity: crate::Sensitivity::Normal,
        }
    }

    #[test]
    fn records_are_counted_by_reason_and_noise_is_noise() {
        let mut count = Count::default();
        let mut all = HttpErr::read(LOG, 0, &config(), &mut count);
        assert_eq!((count.records, count.malformed, all.records, all.noise()), (4, 1, 4, 1));
        all.merge(HttpErr::read(LOG, 1, &config(), &mut count));
        let seen: Vec<_> =
            all.reasons().map(|(name, class, r)| (name, class, r.count, r.unavailable)).collect();
        assert_eq!(
            seen,
            [
                ("QueueFull", Some(HttpErrClass::Limit), 4, 4),
                ("Timer_ConnectionIdle", Some(HttpErrClass::Noise), 2, 0),
                ("Timer_Moonshine", None, 2, 0),
            ]
        );
        let (_, _, full) = all.reasons().next().unwrap();
        let evidence = full.evidence("").unwrap();
        assert_eq!((evidence.at.source, evidence.at.line, evidence.alike), (SourceId(0), 1, 4));
        assert_eq!(full.range.unwrap().start, Time::from_seconds(1_773_195_247));
        assert_eq!(full.queues.sorted(), [(&b"contoso"[..], &4)]);
    }

    #[test]
    fn what_is_secret_in_a_record_is_typed_as_such() {
        let excerpt = excerpt_at(LOG).unwrap();
        let kinds: Vec<_> = excerpt
            .0
            .iter()
            .filter(|part| part.kind != PartKind::Plain)
            .map(|part| (part.kind, part.text.as_str()))
            .collect();
        assert_eq!(
            kinds,
            [
                (PartKind::Address, "192.0.2.7"),
                (PartKind::Address, "10.0.0.4"),
                (PartKind::Text, "GET"),
                (PartKind::Path, "/cart"),
                (PartKind::Query, "id=1"),
                (PartKind::Site, "contoso"),
            ]
        );
    }
}
