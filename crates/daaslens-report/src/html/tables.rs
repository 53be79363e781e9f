//! The detail behind the cards: status codes, slow requests, crash signatures, PHP errors, events.

use daaslens_core::model::{Signature, SourceInfo};
use daaslens_core::text::{counted, duration_ms, percent, thousands};
use daaslens_core::{Latency, TimeRange};

use super::finding::{EvidenceRow, evidence};
use super::{View, cell, url};
use crate::chart::Histogram;
use crate::words;

/// A number for sorting with the text that is shown.
type Sorted = (u64, String);

/// A table with what is said where it is empty or cut.
pub(crate) struct Table<R> {
    pub(crate) caption: String,
    pub(crate) rows: Vec<R>,
    pub(crate) more: String,
    pub(crate) none: String,
}

pub(crate) struct StatusRow {
    pub(crate) bad: bool,
    pub(crate) code: String,
    pub(crate) count: u64,
    pub(crate) requests: String,
    pub(crate) share: String,
    pub(crate) share_value: u64,
    pub(crate) meaning: String,
    pub(crate) p50: String,
    pub(crate) p50_value: u32,
    pub(crate) when: String,
}

pub(crate) struct SlowRow {
    pub(crate) url: String,
    pub(crate) long: bool,
    pub(crate) total: u64,
    pub(crate) share: String,
    pub(crate) bar: u64,
    pub(crate) count: u64,
    pub(crate) requests: String,
    pub(crate) error_count: u64,
    pub(crate) errors: String,
    pub(crate) inside: String,
    pub(crate) p50: Sorted,
    pub(crate) p95: Sorted,
    pub(crate) p99: Sorted,
    pub(crate) histogram: Histogram,
}

pub(crate) struct SignatureRow {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) meta: String,
    pub(crate) message: String,
    pub(crate) frames: Vec<FrameRow>,
    pub(crate) facts: String,
    pub(crate) evidence: Vec<EvidenceRow>,
    pub(crate) evidence_count: String,
}

pub(crate) struct FrameRow {
    pub(crate) text: String,
    pub(crate) own: bool,
    pub(crate) repeat: String,
}

pub(crate) struct PhpRow {
    pub(crate) level: String,
    pub(crate) message: String,
    pub(crate) place: String,
    pub(crate) count: Sorted,
    pub(crate) day: Sorted,
    pub(crate) week: Sorted,
    pub(crate) when: String,
    pub(crate) evidence: Vec<EvidenceRow>,
}

pub(crate) struct EventRow {
    pub(crate) provider: String,
    pub(crate) id: u32,
    pub(crate) level: &'static str,
    pub(crate) count: Sorted,
    pub(crate) meaning: String,
    pub(crate) when: String,
    pub(crate) noise: bool,
    pub(crate) evidence: Vec<EvidenceRow>,
}

fn sorted(n: u64) -> Sorted {
    (n, thousands(n))
}

fn when(view: &View<'_>, range: Option<TimeRange>) -> String {
    range.map_or_else(|| "–".to_owned(), |range| words::span_in(range, view.analysis.window))
}

/// How many records of a kind were looked at where none was found.
fn read(sources: &[SourceInfo], kind: &str) -> String {
    let records = sources.iter().filter(|it| it.kind == kind).map(|it| it.records).sum();
    counted(records, "record", "records")
}

pub(super) fn status(view: &View<'_>) -> Option<Table<StatusRow>> {
    let http = view.analysis.http.as_ref()?;
    let errors = http.totals.server_errors;
    let rows: Vec<_> = http
        .outcomes
        .iter()
        .take(view.limits.rows)
        .map(|it| {
            let bad = it.is_server_error();
            StatusRow {
                bad,
                code: format!("{}.{}.{}", it.status, it.substatus, it.win32),
                count: it.requests,
                requests: thousands(it.requests),
                share: if bad { percent(it.requests, errors) } else { "–".to_owned() },
                share_value: if bad { it.requests } else { 0 },
                meaning: cell(&it.meaning),
                p50: it.p50.map_or_else(|| "–".to_owned(), |ms| duration_ms(u64::from(ms))),
                p50_value: it.p50.unwrap_or(0),
                when: words::span_in(it.range, view.analysis.window),
            }
        })
        .collect();
    let shown: u64 = rows.iter().map(|row| row.count).sum();
    let hidden = http.outcomes.len() - rows.len();
    Some(Table {
        caption: format!(
            "{} by status, substatus and win32 status; {} of them server errors",
            counted(http.totals.requests, "request", "requests"),
            thousands(errors)
        ),
        more: rest(
            hidden,
            http.totals.requests.saturating_sub(shown),
            http.totals.requests,
            "codes",
        ),
        rows,
        none: format!("None in {}.", counted(http.totals.requests, "request", "requests")),
    })
}

fn rest(hidden: usize, part: u64, whole: u64, what: &str) -> String {
    if hidden == 0 {
        return String::new();
    }
    format!("+ {} more {what}, share {}", thousands(hidden as u64), percent(part, whole))
}

pub(super) fn slow(view: &View<'_>) -> Option<Table<SlowRow>> {
    let http = view.analysis.http.as_ref()?;
    let other = http.other_urls.unwrap_or_default();
    let total: u64 = http.urls.iter().map(|it| it.total_ms).sum::<u64>() + other.total_ms;
    let most = http.urls.iter().map(|it| it.total_ms).max().unwrap_or(0).max(1);
    let lettered = view.analysis.findings.iter().any(|it| it.letter.is_some());
    let rows: Vec<_> = http
        .urls
        .iter()
        .take(view.limits.rows)
        .map(|it| {
            let p = |latency: &Latency, p| {
                let ms = u64::from(latency.percentile(p));
                if latency.count() == 0 { (0, "–".to_owned()) } else { (ms, duration_ms(ms)) }
            };
            SlowRow {
                url: url(&it.url),
                long: it.long_by_nature,
                total: it.total_ms,
                share: percent(it.total_ms, total),
                bar: (u128::from(it.total_ms) * 100 / u128::from(most)) as u64,
                count: it.requests,
                requests: thousands(it.requests),
                error_count: it.server_errors,
                errors: match it.server_errors {
                    0 => "0".to_owned(),
                    n if it.requests < 20 => format!("{n} of {}", it.requests),
                    n => format!("{} ({})", thousands(n), percent(n, it.requests)),
                },
                inside: match it.in_clusters {
                    n if lettered && n > 0 => format!("{} in incidents", thousands(n)),
                    _ => String::new(),
                },
                p50: p(&it.latency, 50.0),
                p95: p(&it.latency, 95.0),
                p99: p(&it.latency, 99.0),
                histogram: Histogram::new(&it.latency),
            }
        })
        .collect();
    let shown: u64 = rows.iter().map(|row| row.total).sum();
    let mut more = rest(http.urls.len() - rows.len(), total.saturating_sub(shown), total, "paths");
    if other.requests > 0 {
        let requests = counted(other.requests, "request", "requests");
        more = format!(
            "{more} {requests} of further paths are counted together as one row (“other”), which is in that share."
        );
    }
    Some(Table {
        caption: format!(
            "{} with variable parts as {{…}}, by share of {} of time taken",
            counted(http.urls.len() as u64, "path", "paths"),
            duration_ms(total)
        ),
        none: format!("No path in {}.", counted(http.totals.requests, "request", "requests")),
        rows,
        more: more.trim().to_owned(),
    })
}

pub(super) fn signatures(view: &View<'_>) -> Option<Table<SignatureRow>> {
    let events = view.analysis.events.as_ref()?;
    let all: u64 = events.signatures.iter().map(|it| it.count).sum();
    let crashes: u64 = events.signatures.iter().filter(|it| it.crash).map(|it| it.count).sum();
    let rows: Vec<_> = events
        .signatures
        .iter()
        .take(view.limits.rows.min(12))
        .map(|it| signature(view, it))
        .collect();
    let shown: u64 = events.signatures.iter().take(rows.len()).map(|it| it.count).sum();
    Some(Table {
        caption: format!(
            "{} from {}; {} ended a process. The deciding frame stands first, the application’s own frames are plain, memory contents are never shown.",
            counted(events.signatures.len() as u64, "signature", "signatures"),
            counted(all, "exception or crash", "exceptions and crashes"),
            thousands(crashes)
        ),
        more: rest(
            events.signatures.len() - rows.len(),
            all.saturating_sub(shown),
            all,
            "signatures",
        ),
        rows,
        none: format!("None in {}.", counted(events.events, "event", "events")),
    })
}

fn signature(view: &View<'_>, it: &Signature) -> SignatureRow {
    let named = |list: &[(String, u64)], what: &str| {
        let some: Vec<_> = list
            .iter()
            .take(5)
            .map(|(name, n)| format!("{} ({})", url(name), thousands(*n)))
            .collect();
        let more =
            if list.len() > 5 { format!(" and {} more", list.len() - 5) } else { String::new() };
        if some.is_empty() { String::new() } else { format!("{what} {}{more}. ", some.join(", ")) }
    };
    let title = if it.exception.is_empty() { &it.text } else { &it.exception };
    SignatureRow {
        id: format!("S{}", it.id),
        title: cell(title),
        meta: format!(
            "{}{} · {}",
            counted(it.count, "time", "times"),
            if it.crash { ", the process ended" } else { "" },
            when(view, it.range)
        ),
        message: view.text(if it.message.is_empty() { &it.text } else { &it.message }),
        frames: it
            .frames
            .iter()
            .take(16)
            .map(|frame| FrameRow {
                text: cell(&frame.text),
                own: frame.own,
                repeat: if frame.repeat > 1 {
                    format!("(repeats {} times)", thousands(frame.repeat))
                } else {
                    String::new()
                },
            })
            .collect(),
        facts: format!("{}{}", named(&it.instances, "On"), named(&it.paths, "Requests:"))
            .trim()
            .to_owned(),
        evidence: evidence(view, &it.evidence),
        evidence_count: counted(it.evidence.len() as u64, "place", "places"),
    }
}

pub(super) fn php(view: &View<'_>) -> Option<Table<PhpRow>> {
    let php = view.analysis.php.as_ref()?;
    let rows: Vec<_> = php
        .groups
        .iter()
        .take(view.limits.rows)
        .map(|it| PhpRow {
            level: cell(&it.level),
            message: cell(&it.message),
            place: url(&it.place),
            count: sorted(it.count),
            day: sorted(it.recent.0),
            week: sorted(it.recent.1),
            when: when(view, it.range),
            evidence: evidence(view, &it.evidence),
        })
        .collect();
    let shown: u64 = rows.iter().map(|row| row.count.0).sum();
    let levels: Vec<_> = php
        .levels
        .iter()
        .take(8)
        .map(|(level, n)| format!("{} × {}", thousands(*n), cell(level)))
        .collect();
    let levels = if levels.is_empty() { String::new() } else { format!(": {}", levels.join(", ")) };
    Some(Table {
        caption: format!("{}{levels}", counted(php.records, "PHP record", "PHP records")),
        more: rest(
            php.groups.len() - rows.len(),
            php.records.saturating_sub(shown),
            php.records,
            "groups",
        ),
        rows,
        none: format!("None in {}.", read(&view.analysis.sources, "php")),
    })
}

pub(super) fn php_pages(view: &View<'_>) -> String {
    let pages = view.analysis.php.as_ref().map(|php| php.pages.as_slice()).unwrap_or_default();
    let pages: Vec<_> = pages
        .iter()
        .take(5)
        .map(|(page, n)| format!("{} ({})", url(page), thousands(*n)))
        .collect();
    pages.join(", ")
}

pub(super) fn events(view: &View<'_>) -> Option<Table<EventRow>> {
    let events = view.analysis.events.as_ref()?;
    let rows: Vec<_> = events
        .groups
        .iter()
        .take(view.limits.rows)
        .map(|it| EventRow {
            provider: cell(&it.provider),
            id: it.id,
            level: it.level,
            count: sorted(it.count),
            meaning: if it.meaning.is_empty() {
                "not in the catalogue".to_owned()
            } else {
                cell(&it.meaning)
            },
            when: when(view, it.range),
            noise: it.noise,
            evidence: evidence(view, it.example.as_slice()),
        })
        .collect();
    let shown: u64 = rows.iter().map(|row| row.count.0).sum();
    let levels: Vec<_> =
        events.levels.iter().map(|(level, n)| format!("{} {level}", thousands(*n))).collect();
    let levels = if levels.is_empty() { String::new() } else { format!(": {}", levels.join(", ")) };
    Some(Table {
        caption: format!(
            "{}{levels}. Grey rows are noise: they say nothing about the site’s health",
            counted(events.events, "event", "events")
        ),
        more: rest(
            events.groups.len() - rows.len(),
            events.events.saturating_sub(shown),
            events.events,
            "kinds",
        ),
        rows,
        none: format!("None in {}.", counted(events.events, "event", "events")),
    })
}
