//! Tables of what diagnostic tools found: their reports, and the exceptions and stacks in them.

use daaslens_core::PartKind;
use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, shortened};

use crate::facts::Facts;
use crate::records::tool_reports::Made;

/// Lines of a report that are shown.
const LINES: usize = 8;

/// Stacks and exceptions of a report that are shown.
const STACKS: usize = 8;

/// Frames that are shown.
const FRAMES: usize = 6;

fn named(made: &Made, facts: &Facts<'_>) -> Cell {
    let machine = made.machine.as_ref();
    machine.map_or(Cell::Absent, |name| Cell::Text(PartKind::Instance, facts.named(name)))
}

/// The reports, with what each says first.
pub(super) fn list(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "tool-reports",
        "Reports of diagnostic tools in the bundle",
        &[
            ("Tool", false),
            ("Of", false),
            ("Machine", true),
            ("Gravity", false),
            ("What it says", false),
        ],
    );
    let reports = &facts.records.tool_reports;
    table.caption = counted(reports.list.len() as u64, "report", "reports");
    for made in &reports.list {
        let report = &made.report;
        let told = report.lines.iter().map(|line| (line.gravity.word(), line.text.clone()));
        let figures = (!report.figures.is_empty()).then(|| ("note", report.figures.join("; ")));
        let deadlock = report.deadlock.clone().filter(|_| report.lines.is_empty());
        let lines = deadlock.map(|text| ("error", text)).into_iter().chain(told).chain(figures);
        table.hidden += report.lines.len().saturating_sub(LINES) as u64;
        for (gravity, text) in lines.take(LINES) {
            let cells = vec![
                Cell::text(report.tool.name()),
                report.of.clone().map_or(Cell::Absent, Cell::text),
                named(made, facts),
                Cell::text(gravity),
                Cell::text(text.clone()),
            ];
            table.rows.push(Row { cells, evidence: vec![made.evidence(&made.line())] });
        }
    }
    if reports.not_understood > 0 {
        table.notes.push(format!(
            "{} not understood; open them in a browser.",
            counted(reports.not_understood, "further report was", "further reports were")
        ));
    }
    if !table.rows.is_empty() {
        table.notes.push(
            "The reports hold more than is told here, managed stacks among it: open the files that are named."
                .to_owned(),
        );
    }
    table
}

/// Exceptions and stacks that the reports list.
pub(super) fn stacks(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "tool-stacks",
        "Exceptions and stacks in those reports",
        &[
            ("Tool", true),
            ("Of", true),
            ("Count", false),
            ("What", false),
            ("Calls, the innermost first", false),
        ],
    );
    let (mut exceptions, mut stacks) = (0, 0);
    for made in &facts.records.tool_reports.list {
        let report = &made.report;
        let row = |count, what: String, frames: &[String]| {
            let more = if frames.len() > FRAMES { " ← …" } else { "" };
            let calls = frames.iter().take(FRAMES).cloned().collect::<Vec<_>>().join(" ← ");
            Row {
                cells: vec![
                    Cell::text(report.tool.name()),
                    report.of.clone().map_or(Cell::Absent, Cell::text),
                    Cell::Count(count),
                    Cell::text(what),
                    if calls.is_empty() {
                        Cell::Absent
                    } else {
                        Cell::text(format!("{calls}{more}"))
                    },
                ],
                evidence: vec![made.evidence(&made.line())],
            }
        };
        exceptions += report.exceptions.len() as u64;
        stacks += report.stacks.len() as u64;
        for one in report.exceptions.iter().take(STACKS) {
            let message = daaslens_signature::mask(&one.message);
            let what = format!("{}: {}", one.type_name, shortened(&message, 160));
            table.rows.push(row(one.count, what, &one.frames));
        }
        for one in report.stacks.iter().take(STACKS) {
            let state = if one.state.is_empty() { "threads" } else { &one.state };
            table.rows.push(row(one.count, state.to_owned(), &one.frames));
        }
    }
    table.hidden = (exceptions + stacks).saturating_sub(table.rows.len() as u64);
    table.caption = format!(
        "{} and {}",
        counted(exceptions, "exception", "exceptions"),
        counted(stacks, "distinct stack", "distinct stacks")
    );
    table
}
