//! May the silence be trusted? What was checked, what could not be, and what became of every file.

use std::collections::BTreeMap;

use daaslens_core::TimeRange;
use daaslens_core::model::{Analysis, SourceInfo, SourceStatus};
use daaslens_core::text::{bytes, counted, percent, thousands};

use super::{View, cell, more};
use crate::words;

/// More sources of one kind than this stand in one row, with a list of the files.
const GROUP: usize = 40;

/// One file, or all of a kind.
#[derive(Default)]
pub(crate) struct SourceRow {
    pub(crate) path: String,
    pub(crate) files: Vec<String>,
    pub(crate) kind: &'static str,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) records: String,
    pub(crate) malformed: String,
    pub(crate) faults: Vec<String>,
    pub(crate) bytes: String,
    pub(crate) when: String,
}

type Checks = (Vec<(String, &'static str)>, Vec<String>, String);

/// What was checked and is clean, what could not be checked, and what of it is not shown.
pub(super) fn checks(view: &View<'_>) -> Checks {
    let coverage = &view.analysis.coverage;
    let most = view.limits.listed.min(200);
    let clean = coverage
        .checked_clean
        .iter()
        .take(most)
        .map(|it| {
            (if it.text.is_empty() { "Nothing found".to_owned() } else { cell(&it.text) }, it.rule)
        })
        .collect();
    let not_checked: Vec<_> =
        coverage.not_checked.iter().take(most).map(|it| view.text(it)).collect();
    let more = more(coverage.not_checked.len(), not_checked.len(), "could not be checked");
    (clean, not_checked, more)
}

/// What is said where nothing is known to be missing.
pub(super) fn all_checked(analysis: &Analysis) -> &'static str {
    if analysis.totals.recognised_bytes == 0 {
        "Nothing could be checked: nothing of a known kind was read."
    } else {
        "Every check that the program knows had its data."
    }
}

pub(super) fn lead(analysis: &Analysis) -> String {
    let totals = &analysis.totals;
    let readable = match totals.recognised_bytes {
        0 => "nothing of a kind that is read".to_owned(),
        all => format!(
            "{} of what is of a known kind could be read",
            percent(totals.readable_bytes, all)
        ),
    };
    let http = match &analysis.http {
        Some(_) => {
            format!("HTTP logs cover {} of the window", words::share(analysis.coverage.http_share))
        }
        None => "there is no HTTP log".to_owned(),
    };
    format!(
        "{} in {}: {readable}; {http}. {} of {} could not be read.",
        counted(totals.sources, "source", "sources"),
        bytes(totals.bytes),
        counted(totals.malformed, "line", "lines"),
        counted(totals.records + totals.malformed, "record", "records")
    )
}

pub(super) fn gaps(view: &View<'_>) -> Vec<[String; 3]> {
    view.analysis
        .coverage
        .gaps
        .iter()
        .take(view.limits.rows)
        .map(|it| {
            [
                it.instance.as_deref().map_or_else(|| "all".to_owned(), cell),
                format!(
                    "{} ({})",
                    words::span_in(it.range, view.analysis.window),
                    words::lasting(it.range)
                ),
                cell(&it.reason),
            ]
        })
        .collect()
}

pub(super) fn gaps_caption(view: &View<'_>) -> String {
    let all = view.analysis.coverage.gaps.len();
    let shown = all.min(view.limits.rows);
    let cut = if shown < all { format!(", the first {shown}") } else { String::new() };
    format!("{} in the logs{cut}", counted(all as u64, "gap", "gaps"))
}

pub(super) fn caption(analysis: &Analysis) -> String {
    let count = |status| analysis.sources.iter().filter(|it| it.status == status).count() as u64;
    format!(
        "{}: {} read, {} in part, {} skipped, {} unreadable",
        counted(analysis.sources.len() as u64, "source", "sources"),
        thousands(count(SourceStatus::Read)),
        thousands(count(SourceStatus::Partial)),
        thousands(count(SourceStatus::Skipped)),
        thousands(count(SourceStatus::Unreadable))
    )
}

/// Every source: what went wrong first, then by path; many of one kind in one row that lists them.
pub(super) fn sources(view: &View<'_>) -> (Vec<SourceRow>, String) {
    let mut kinds: BTreeMap<&'static str, Vec<&SourceInfo>> = BTreeMap::new();
    for source in &view.analysis.sources {
        kinds.entry(source.kind).or_default().push(source);
    }
    let most = if view.limits.files { GROUP } else { 1 };
    let mut single = Vec::new();
    let mut groups = Vec::new();
    for (kind, members) in kinds {
        if members.len() > most {
            groups.push(group(view, kind, &members));
        } else {
            single.extend(members);
        }
    }
    let rank = |it: &SourceInfo| match it.status {
        SourceStatus::Unreadable => 0,
        SourceStatus::Partial => 1,
        SourceStatus::Read => 2,
        SourceStatus::Skipped => 3,
    };
    single.sort_by(|a, b| (rank(a), &a.path).cmp(&(rank(b), &b.path)));
    let all = single.len() + groups.len();
    let rows: Vec<_> =
        single.into_iter().map(|it| row(view, it)).chain(groups).take(view.limits.listed).collect();
    let more = more(all, rows.len(), "rows");
    (rows, more)
}

fn row(view: &View<'_>, source: &SourceInfo) -> SourceRow {
    let mut faults: Vec<_> = source
        .faults
        .iter()
        .take(view.limits.rows.min(8))
        .map(|it| format!("line {}, byte {}: {}", it.line, it.byte, cell(&it.fault)))
        .collect();
    if source.malformed > faults.len() as u64 && !faults.is_empty() {
        faults.push(format!("… {} in all", thousands(source.malformed)));
    }
    let recovered = match source.recovered {
        0 => String::new(),
        n => format!(", {} mended", thousands(n)),
    };
    SourceRow {
        path: cell(&source.path),
        kind: source.kind,
        status: source.status.word().to_owned(),
        reason: source.reason.as_deref().map(cell).unwrap_or_default(),
        records: format!("{}{recovered}", thousands(source.records)),
        malformed: thousands(source.malformed),
        faults,
        bytes: bytes(source.bytes),
        when: when(view, source.range),
        files: Vec::new(),
    }
}

fn when(view: &View<'_>, range: Option<TimeRange>) -> String {
    range.map_or_else(|| "–".to_owned(), |range| words::span_in(range, view.analysis.window))
}

fn group(view: &View<'_>, kind: &'static str, members: &[&SourceInfo]) -> SourceRow {
    let sum = |pick: fn(&SourceInfo) -> u64| members.iter().map(|it| pick(it)).sum::<u64>();
    let mut statuses: BTreeMap<&'static str, u64> = BTreeMap::new();
    for it in members {
        *statuses.entry(it.status.word()).or_default() += 1;
    }
    let statuses: Vec<_> =
        statuses.into_iter().map(|(word, n)| format!("{} {word}", thousands(n))).collect();
    let largest = members.iter().max_by_key(|it| (it.bytes, std::cmp::Reverse(&it.path)));
    let worst = members
        .iter()
        .filter(|it| it.malformed > 0)
        .max_by_key(|it| (it.malformed, std::cmp::Reverse(&it.path)));
    let extremes = [
        largest.map(|it| format!("largest: {} ({})", cell(&it.path), bytes(it.bytes))),
        worst.map(|it| format!("most malformed: {} ({})", cell(&it.path), thousands(it.malformed))),
    ];
    let files = if view.limits.files {
        members
            .iter()
            .map(|it| {
                let reason =
                    it.reason.as_deref().map(|it| format!(", {}", cell(it))).unwrap_or_default();
                format!(
                    "{}: {}{reason}, {}, {} malformed, {}",
                    cell(&it.path),
                    it.status.word(),
                    counted(it.records, "record", "records"),
                    thousands(it.malformed),
                    bytes(it.bytes)
                )
            })
            .collect()
    } else {
        Vec::new()
    };
    SourceRow {
        path: counted(members.len() as u64, "file", "files"),
        files,
        kind,
        status: statuses.join(", "),
        reason: extremes.into_iter().flatten().collect::<Vec<_>>().join("; "),
        records: thousands(sum(|it| it.records)),
        malformed: thousands(sum(|it| it.malformed)),
        faults: Vec::new(),
        bytes: bytes(sum(|it| it.bytes)),
        when: when(view, members.iter().fold(None, |all, it| TimeRange::merge(all, it.range))),
    }
}
