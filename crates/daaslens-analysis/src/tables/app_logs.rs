//! What the application logged: errors by signature, everything else by template.

use daaslens_applog::Level;
use daaslens_core::PartKind;
use daaslens_core::model::{Cell, Row, Table};
use daaslens_core::text::{counted, shortened, thousands, visible};

use super::MOST;
use crate::facts::Facts;
use crate::records::applog::{Group, clustered};

/// Evidence of a row.
const EVIDENCE: usize = 2;

/// Errors and exceptions, the most frequent first.
pub(super) fn errors(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "app-errors",
        "What the application logged as errors",
        &[
            ("What", false),
            ("Count", false),
            ("Level", true),
            ("When, UTC", false),
            ("Instances", true),
            ("Processes", true),
            ("Path of the request", true),
        ],
    );
    let apps = &facts.records.apps;
    let groups = apps.errors();
    table.caption = format!(
        "{} of {} of the application's logs, in {}",
        counted(apps.error_count(), "error", "errors"),
        counted(apps.records, "record", "records"),
        counted(groups.len() as u64, "group", "groups")
    );
    table.hidden = groups.len().saturating_sub(MOST) as u64;
    for group in groups.into_iter().take(MOST) {
        let path = Group::most(&group.paths);
        let cells = vec![
            Cell::text(shortened(&group.title(), 240)),
            Cell::Count(group.count),
            Cell::text(group.level.map_or("none", Level::word)),
            group.range.map_or(Cell::Absent, Cell::Range),
            Cell::Text(PartKind::Instance, names(group)),
            Cell::Count(group.pids.sorted().len() as u64),
            path.map_or(Cell::Absent, |(path, _)| Cell::Text(PartKind::Path, path)),
        ];
        let evidence = group.shown().into_iter().take(EVIDENCE).collect();
        table.rows.push(Row { cells, evidence });
    }
    if let Some(rest) = apps.groups.rest() {
        table.notes.push(format!(
            "There were more kinds of errors than are kept: {} records are counted in no row.",
            thousands(rest.count)
        ));
    }
    table
}

/// The instances of a group: the first few by name.
fn names(group: &Group) -> String {
    let all = group.instances.sorted();
    let mut names: Vec<String> =
        all.iter().take(4).map(|(name, _)| visible(name).into_owned()).collect();
    if all.len() > names.len() {
        names.push(format!("and {} more", all.len() - names.len()));
    }
    names.join(", ")
}

/// Lines of other levels, those that agree in most of their words as one.
pub(super) fn templates(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "app-templates",
        "What else the application logged",
        &[
            ("Line, without its values", false),
            ("Count", false),
            ("Level", true),
            ("When, UTC", false),
        ],
    );
    let apps = &facts.records.apps;
    let all = apps.templates.sorted();
    let named: Vec<_> = all
        .iter()
        .filter_map(|(key, template)| Some((std::str::from_utf8(key).ok()?, *template)))
        .collect();
    let clusters = clustered(named);
    let lines: u64 = clusters.iter().map(|(_, template)| template.count).sum();
    table.caption = format!(
        "{} of {} in {}; the highest level first",
        counted(lines, "record", "records"),
        counted(apps.records, "record", "records"),
        counted(clusters.len() as u64, "template", "templates")
    );
    table.hidden = clusters.len().saturating_sub(MOST) as u64;
    for (text, template) in clusters.into_iter().take(MOST) {
        let cells = vec![
            Cell::text(shortened(&visible(text.as_bytes()), 240)),
            Cell::Count(template.count),
            Cell::text(template.level.map_or("none", Level::word)),
            template.range.map_or(Cell::Absent, Cell::Range),
        ];
        let evidence = template.evidence.into_iter().collect();
        table.rows.push(Row { cells, evidence });
    }
    if let Some(rest) = apps.templates.rest() {
        table.notes.push(format!(
            "There were more kinds of lines than are kept: {} records are counted in no row.",
            thousands(rest.count)
        ));
    }
    table
}
