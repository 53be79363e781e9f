//! Failed requests one by one, as traces and error pages tell of them.

use std::cmp::Reverse;

use daaslens_core::PartKind;
use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, duration_ms, shortened, visible};

use crate::facts::Facts;
use crate::records::failed;

/// Failed requests one by one: what the log does not tell of them.
pub(super) fn table(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "failed-requests",
        "Failed requests, as traces and error pages tell",
        &[
            ("When, UTC", false),
            ("Path", false),
            ("Status", false),
            ("Set by", false),
            ("Error code", true),
            ("Took", false),
            ("Longest part", true),
            ("Covered", true),
            ("Alike", true),
        ],
    );
    let records = &facts.records.failed;
    let code = |code: u32| match code {
        0 => Cell::Absent,
        code => Cell::Text(PartKind::Plain, format!("0x{code:08X}")),
    };
    let path = |path: &str| {
        let path = shortened(&visible(path.as_bytes()), 200).into_owned();
        Cell::Text(PartKind::Path, path)
    };
    let status = |one| Cell::Text(PartKind::Plain, failed::status(one));
    for one in &records.traces {
        let trace = &one.trace;
        let by = trace.error.as_ref().map_or(Cell::Absent, |error| {
            let stage = failed::notification_name(&error.notification);
            Cell::text(format!("{}, {stage}", error.module))
        });
        let cells = vec![
            trace.request().map_or(Cell::Absent, Cell::Range),
            path(&trace.target.path),
            one.status().map_or(Cell::Absent, status),
            by,
            code(trace.error.as_ref().map_or(0, |error| error.code)),
            trace.time_taken_ms.map_or(Cell::Absent, Cell::Millis),
            trace.stages.first().map_or(Cell::Absent, |(stage, ms)| {
                Cell::text(format!("{}: {}", duration_ms(*ms), failed::stage(stage)))
            }),
            Cell::Millis(trace.covered_ms()),
            Cell::Count(1),
        ];
        table.rows.push(Row { cells, evidence: vec![one.evidence(String::new())] });
    }
    let mut pages: Vec<(&failed::OnePage, u64)> = Vec::new();
    for one in &records.pages {
        match pages.iter_mut().find(|(other, _)| other.page == one.page) {
            Some((_, alike)) => *alike += 1,
            None => pages.push((one, 1)),
        }
    }
    pages.sort_by_key(|(page, alike)| (Reverse(*alike), page.at));
    for (one, alike) in pages {
        let page = &one.page;
        let by = page.module.as_ref().map_or(Cell::Absent, |module| {
            Cell::text(match &page.notification {
                Some(stage) => format!("{module}, {stage}"),
                None => module.clone(),
            })
        });
        let mut cells = vec![
            Cell::Absent,
            path(one.path()),
            status((page.status, page.substatus)),
            by,
            code(page.code.unwrap_or(0)),
        ];
        cells.extend([Cell::Absent, Cell::Absent, Cell::Absent, Cell::Count(alike)]);
        table.rows.push(Row { cells, evidence: vec![one.evidence(alike)] });
    }
    table.caption = format!(
        "{} and {}; App Service keeps the last 50 of each",
        counted(records.traces.len() as u64, "failed request trace", "failed request traces"),
        counted(records.pages.len() as u64, "detailed error page", "detailed error pages")
    );
    table
}
