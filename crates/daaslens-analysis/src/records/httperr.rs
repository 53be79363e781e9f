//! What HTTP.sys refused, dropped or gave up: by reason, on the clock.

use std::collections::BTreeMap;

use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, percent, shortened, thousands, visible};
use daaslens_core::{Evidence, Excerpt, Location, Part, PartKind, SourceId, Time, TimeRange};
use daaslens_httplog::httperr::{self, Column, Record, State};
use daaslens_httplog::{Item, newline};

use super::Count;
use crate::config::Config;
use crate::facts::Facts;
use crate::keys::{Keys, Merge};

/// Reasons that are told apart. HTTP.sys has some forty.
const MAX_REASONS: usize = 256;

/// Pools of one reason that are told apart.
const MAX_QUEUES: usize = 64;

/// Records this far apart, in seconds, are of two bursts.
const APART: i64 = 600;

/// Stretches of [`APART`] seconds of one reason whose first record is kept.
const MAX_SAMPLES: usize = 4096;

/// The port of device discovery: that nobody listens there any more is everyday business on every Windows machine.
const DISCOVERY: &[u8] = b"5357";

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
    /// Of each stretch of [`APART`] seconds the first record by time and place; of more than [`MAX_SAMPLES`]
    /// stretches the earliest.
    samples: BTreeMap<i64, (i64, Evidence)>,
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
            samples: BTreeMap::new(),
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
        for (second, evidence) in other.samples.into_values() {
            self.sample(second, evidence.at, || evidence);
        }
    }
}

impl Reason {
    fn sample(&mut self, second: i64, at: Location, evidence: impl FnOnce() -> Evidence) {
        let stretch = second.div_euclid(APART);
        let known = self.samples.get(&stretch);
        if known.is_none_or(|(first, mine)| (second, at) < (*first, mine.at)) {
            self.samples.insert(stretch, (second, evidence()));
            if self.samples.len() > MAX_SAMPLES {
                self.samples.pop_last();
            }
        }
    }

    /// The first record of a stretch of time, standing for `alike`.
    fn evidence(&self, range: TimeRange, alike: u64) -> Option<Evidence> {
        let (from, to) = (range.start.seconds(), range.end.seconds());
        let (_, first) = self
            .samples
            .range(from.div_euclid(APART)..=to.div_euclid(APART))
            .map(|(_, sample)| sample)
            .find(|(second, _)| (from..=to).contains(second))?;
        Some(Evidence { alike, ..first.clone() })
    }
}

/// Records of one trouble that lie close together.
#[derive(Clone, Debug)]
pub(crate) struct Burst<'a> {
    pub(crate) range: TimeRange,
    pub(crate) count: u64,
    /// By reason, the most frequent first.
    pub(crate) reasons: Vec<(&'static daaslens_kb::HttpErr, u64)>,
    /// A record of each.
    pub(crate) evidence: Vec<Evidence>,
    /// The pools of all its reasons.
    pub(crate) queues: Vec<&'a [u8]>,
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
        let mut name = shortened(&visible(reason), 40).into_owned();
        if name == "N/A" && record.value(Column::ServerPort).is_some_and(|port| port == DISCOVERY) {
            name.push_str(OF_DISCOVERY);
        }
        let reason = self.reasons.value(name.as_bytes());
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
        reason.sample(second, at, || {
            let excerpt = excerpt(record);
            Evidence { at, note: String::new(), excerpt, alike: 1 }
        });
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.sources += other.sources;
        self.records += other.records;
        self.range = TimeRange::merge(self.range, other.range);
        self.reasons.merge(other.reasons);
    }

    /// Every reason with what is known of it and what was counted, by name.
    fn reasons(
        &self,
    ) -> impl Iterator<Item = (&str, Option<&'static daaslens_kb::HttpErr>, &Reason)> {
        self.reasons.sorted().into_iter().map(|(name, reason)| {
            let name = std::str::from_utf8(name).unwrap_or_default();
            (name, daaslens_kb::httperr(name), reason)
        })
    }

    /// Records that say nothing of trouble: idle connections that were closed, device discovery.
    fn noise(&self) -> u64 {
        self.reasons()
            .filter(|(name, known, _)| is_noise(name, *known))
            .map(|(.., r)| r.count)
            .sum()
    }

    /// How often reasons that are a sign were written in a stretch of time, the most frequent first.
    pub(crate) fn signs(
        &self,
        sign: &str,
        range: TimeRange,
    ) -> Vec<(&'static daaslens_kb::HttpErr, u64)> {
        let seconds = range.start.seconds()..=range.end.seconds();
        let mut seen: Vec<_> = self
            .reasons()
            .filter_map(|(_, known, reason)| {
                let known = known.filter(|known| known.sign == Some(sign))?;
                let n = reason.course.range(seconds.clone()).map(|(_, n)| u64::from(*n)).sum();
                (n > 0).then_some((known, n))
            })
            .collect();
        seen.sort_by_key(|(known, n)| (std::cmp::Reverse(*n), known.reason));
        seen
    }

    /// A record of each reason that is a sign, from a stretch of time.
    pub(crate) fn evidence(&self, range: TimeRange) -> Vec<Evidence> {
        let seconds = range.start.seconds()..=range.end.seconds();
        self.reasons()
            .filter(|(_, known, _)| known.is_some_and(|known| known.sign.is_some()))
            .filter_map(|(.., reason)| {
                let n = reason.course.range(seconds.clone()).map(|(_, n)| u64::from(*n)).sum();
                reason.evidence(range, n)
            })
            .collect()
    }

    /// The bursts of the reasons of which a rule makes findings, in order of time.
    pub(crate) fn bursts(&self, rule: &str) -> Vec<Burst<'_>> {
        let own: Vec<_> = self
            .reasons()
            .filter_map(|(_, known, reason)| {
                Some((known.filter(|known| known.rule == Some(rule))?, reason))
            })
            .collect();
        let mut course: BTreeMap<i64, Vec<(usize, u32)>> = BTreeMap::new();
        for (i, (_, reason)) in own.iter().enumerate() {
            for (second, n) in &reason.course {
                course.entry(*second).or_default().push((i, *n));
            }
        }
        let mut bursts: Vec<(TimeRange, Vec<u64>)> = Vec::new();
        for (second, counts) in course {
            let time = Time::from_seconds(second);
            match bursts.last_mut() {
                Some((range, _)) if second - range.end.seconds() <= APART => range.end = time,
                _ => bursts.push((TimeRange::at(time), vec![0; own.len()])),
            }
            let Some((_, totals)) = bursts.last_mut() else { continue };
            for (i, n) in counts {
                totals[i] += u64::from(n);
            }
        }
        bursts
            .into_iter()
            .map(|(range, totals)| {
                let mut seen: Vec<_> = own.iter().zip(totals).filter(|(_, n)| *n > 0).collect();
                seen.sort_by_key(|((known, _), n)| (std::cmp::Reverse(*n), known.reason));
                let mut queues: Vec<&[u8]> = seen
                    .iter()
                    .flat_map(|((_, reason), _)| reason.queues.sorted())
                    .map(|(queue, _)| queue)
                    .collect();
                queues.sort_unstable();
                queues.dedup();
                Burst {
                    range,
                    count: seen.iter().map(|(_, n)| *n).sum(),
                    reasons: seen.iter().map(|((known, _), n)| (*known, *n)).collect(),
                    evidence: seen.iter().filter_map(|((_, r), n)| r.evidence(range, *n)).collect(),
                    queues,
                }
            })
            .collect()
    }
}

/// What is put behind a reason of device discovery.
const OF_DISCOVERY: &str = " (port 5357)";

fn is_noise(name: &str, known: Option<&daaslens_kb::HttpErr>) -> bool {
    known.is_some_and(daaslens_kb::HttpErr::noise) || name.ends_with(OF_DISCOVERY)
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
    reasons.sort_by_key(|(name, known, reason)| {
        (is_noise(name, *known), std::cmp::Reverse(reason.count), *name)
    });
    for (name, known, reason) in reasons {
        let means = match known {
            Some(known) => Cell::text(known.about.title),
            None if is_noise(name, known) => Cell::text("Device discovery, of no concern"),
            None => Cell::text("not documented"),
        };
        let evidence = reason.range.and_then(|range| reason.evidence(range, reason.count));
        let name = if name.is_empty() { "(none)" } else { name };
        let cells = vec![
            Cell::text(name),
            Cell::Count(reason.count),
            Cell::Count(reason.unavailable),
            reason.range.map_or(Cell::Absent, Cell::Range),
            means,
        ];
        table.rows.push(Row { cells, evidence: evidence.into_iter().collect() });
    }
    let noise = log.noise();
    table.caption = format!(
        "{} in {}, of which {} ({}) are everyday business: idle connections that were closed, device discovery",
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
        let seen: Vec<_> = all
            .reasons()
            .map(|(name, known, r)| (name, known.is_some(), r.count, r.unavailable))
            .collect();
        assert_eq!(
            seen,
            [
                ("QueueFull", true, 4, 4),
                ("Timer_ConnectionIdle", true, 2, 0),
                ("Timer_Moonshine", false, 2, 0),
            ]
        );
        let bursts = all.bursts("concurrency-saturation");
        assert_eq!(bursts.len(), 1);
        assert_eq!((bursts[0].count, bursts[0].queues.as_slice()), (4, &[&b"contoso"[..]][..]));
        assert_eq!(bursts[0].range, TimeRange::at(Time::from_seconds(1_773_195_247)));
        let at = &bursts[0].evidence[0];
        assert_eq!((at.at.source, at.at.line, at.alike), (SourceId(0), 1, 4));
    }

    #[test]
    fn a_pause_of_ten_minutes_parts_two_bursts() {
        let line = |time: &str| {
            format!("2026-03-11 {time} 192.0.2.7 5 10.0.0.4 80 HTTP/1.1 GET / 503 2 QueueFull x\n")
        };
        let log: String = ["02:00:00", "02:10:00", "02:20:01", "02:20:02"].map(line).concat();
        let all = HttpErr::read(log.as_bytes(), 0, &config(), &mut Count::default());
        let bursts = all.bursts("concurrency-saturation");
        let seen: Vec<_> = bursts
            .iter()
            .map(|one| (one.range.seconds(), one.count, one.evidence[0].at.line))
            .collect();
        assert_eq!(seen, [(600, 2, 1), (1, 2, 3)]);
        let sign = all.signs("httperr-queue-full", bursts[1].range);
        assert_eq!(
            sign.iter().map(|(known, n)| (known.reason, *n)).collect::<Vec<_>>(),
            [("QueueFull", 2)]
        );
    }

    #[test]
    fn device_discovery_is_noise() {
        let log = b"2026-03-11 02:00:00 192.0.2.7 5 10.0.0.4 5357 HTTP/1.1 GET /x 503 - N/A -\n";
        let all = HttpErr::read(log, 0, &config(), &mut Count::default());
        assert_eq!((all.noise(), all.bursts("http-silence").len()), (1, 0));
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
