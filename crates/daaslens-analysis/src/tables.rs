//! Tables of facts that have a section of their own in the report.
//!
//! Each table is a function of the facts; the list below is the order of the sections in the report. A table without
//! a row is left out.

mod app_logs;
mod dumps;
mod failed;
mod ground;
mod threads;
mod tool_reports;

use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::counted;
use daaslens_core::{PartKind, TimeRange};

use daaslens_httplog::Vantage;

use crate::facts::Facts;
use crate::http::trouble;
use crate::records::httperr;
use crate::records::platform::kudu::ActKind;
use crate::restarts;

/// The most rows that a table holds.
pub(crate) const MOST: usize = 200;

/// All tables, in the order in which they are shown.
const TABLES: &[fn(&Facts<'_>) -> Table] = &[
    app_logs::errors,
    app_logs::templates,
    threads::stacks,
    changes,
    restarts::table,
    failed::table,
    gateways,
    httperr::table,
    crate::rules::php_process::table,
    dumps::list,
    dumps::modules,
    dumps::threads,
    tool_reports::list,
    tool_reports::stacks,
    ground::ground,
    ground::processes,
];

pub(crate) fn all(facts: &Facts<'_>) -> Vec<Table> {
    let tables = TABLES.iter().map(|table| table(facts));
    tables
        .filter(|table| !table.rows.is_empty())
        .map(|mut table| {
            table.hidden += table.rows.len().saturating_sub(MOST) as u64;
            table.rows.truncate(MOST);
            table
        })
        .collect()
}

/// What gateways say went wrong behind them.
fn gateways(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "gateways",
        "What gateways say went wrong behind them",
        &[
            ("Gateway", true),
            ("Word", false),
            ("Requests", false),
            ("Answered with", false),
            ("First to last, UTC", true),
        ],
    );
    let mut total = 0;
    for (vantage, name) in
        [(Vantage::Gateway, "Application Gateway"), (Vantage::FrontDoor, "Front Door")]
    {
        let mut rows: Vec<_> = trouble::troubles(facts.cubes.of(vantage)).into_iter().collect();
        rows.sort_by_key(|(_, trouble)| std::cmp::Reverse(trouble.samples.count));
        for (word, trouble) in rows {
            total += trouble.samples.count;
            let statuses: Vec<String> = trouble
                .statuses
                .iter()
                .take(6)
                .map(|(code, n)| format!("{n} \u{d7} {code}"))
                .collect();
            let cells = vec![
                Cell::text(name),
                Cell::text(trouble::said(&word)),
                Cell::Count(trouble.samples.count),
                Cell::text(statuses.join(", ")),
                trouble.samples.range.map_or(Cell::Absent, Cell::Range),
            ];
            table.rows.push(Row { cells, evidence: Vec::new() });
        }
    }
    table.caption = format!(
        "{} with a word for what went wrong",
        daaslens_core::text::counted(total, "request", "requests")
    );
    table.notes.push(
        "Front Door writes status 0 where the origin did not answer in time; such a request is in no class of statuses."
            .to_owned(),
    );
    table
}

/// What was done to the site, in order of time: the first suspects of whoever looks for what changed.
fn changes(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "changes",
        "What was done to the site",
        &[("When, UTC", false), ("What", false), ("State", false), ("Where", true)],
    );
    let platform = &facts.records.platform;
    let mut rows = Vec::new();
    for one in &platform.deployments {
        let cells = vec![
            Cell::Range(one.range),
            Cell::text(format!("deployment {}", one.id)),
            Cell::text(one.status),
            Cell::Absent,
        ];
        rows.push((one.range, Row { cells, evidence: vec![one.evidence.clone()] }));
    }
    for one in &platform.sessions {
        let cells = vec![
            Cell::Range(one.range),
            Cell::text(format!("diagnostic session: {}", one.tool)),
            Cell::text(one.status),
            Cell::text(one.instances.join(", ")),
        ];
        rows.push((one.range, Row { cells, evidence: vec![one.evidence.clone()] }));
    }
    let done =
        platform.kudu.acts.iter().filter(|act| !matches!(act.kind, ActKind::Start | ActKind::Stop));
    for act in done {
        let cells = vec![
            Cell::Range(act.range),
            Cell::text(act.text.clone()),
            act.status.map_or(Cell::Absent, |status| Cell::text(status.to_string())),
            Cell::Text(PartKind::Instance, act.instance.clone()),
        ];
        rows.push((act.range, Row { cells, evidence: vec![act.evidence.clone()] }));
    }
    let asked = rows.len() - platform.deployments.len() - platform.sessions.len();
    for act in &platform.cpu.acts {
        let cells = vec![
            Cell::Range(act.range),
            Cell::text(format!("CPU monitoring: {}", act.text)),
            Cell::Absent,
            Cell::Text(PartKind::Instance, facts.named(&act.machine)),
        ];
        rows.push((act.range, Row { cells, evidence: vec![act.evidence.clone()] }));
    }
    for event in &facts.records.azure.events {
        let reason =
            if event.reason.is_empty() { String::new() } else { format!(": {}", event.reason) };
        let cells = vec![
            Cell::Time(event.time),
            Cell::text(format!("platform: {}{reason}", event.name)),
            Cell::Absent,
            Cell::Text(PartKind::Instance, event.instance.clone()),
        ];
        let row = Row { cells, evidence: vec![event.evidence.clone()] };
        rows.push((TimeRange::at(event.time), row));
    }
    // Whoever looks for what changed looks at the last things first.
    rows.sort_by_key(|(range, _)| std::cmp::Reverse(*range));
    table.caption = format!(
        "{}, {} and {}, as their records tell; the last ones first",
        counted(platform.deployments.len() as u64, "deployment", "deployments"),
        counted(platform.sessions.len() as u64, "diagnostic session", "diagnostic sessions"),
        counted(asked as u64, "thing asked of Kudu", "things asked of Kudu")
    );
    table.rows = rows.into_iter().map(|(_, row)| row).collect();
    table
}
