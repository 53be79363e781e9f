//! Tables of facts that have no section of their own making: dumps, modules, templates of an application's log.

use daaslens_core::PartKind;
use daaslens_core::model::{Cell, Table};
use daaslens_core::text::{bytes, duration_ms, thousands};

use super::finding::{EvidenceRow, evidence};
use super::{View, cell, more, url};
use crate::words;

/// A section with one table.
pub(crate) struct Facts {
    /// One of the program's own names.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) caption: String,
    pub(crate) columns: Vec<Head>,
    pub(crate) rows: Vec<Line>,
    pub(crate) more: String,
    pub(crate) notes: Vec<String>,
}

/// A heading.
pub(crate) struct Head {
    pub(crate) name: &'static str,
    pub(crate) is_number: bool,
    pub(crate) is_minor: bool,
    /// Whether sorting by it makes sense.
    pub(crate) is_sorted: bool,
}

/// A row.
pub(crate) struct Line {
    pub(crate) cells: Vec<Value>,
    pub(crate) evidence: Vec<EvidenceRow>,
}

/// A cell as text, with the number by which it is sorted.
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) sort: String,
    pub(crate) is_code: bool,
    pub(crate) is_number: bool,
    pub(crate) is_minor: bool,
}

pub(super) fn all(view: &View<'_>) -> Vec<Facts> {
    view.analysis.tables.iter().map(|table| one(view, table)).collect()
}

fn one(view: &View<'_>, table: &Table) -> Facts {
    let numeric = |index: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.cells.get(index));
        cells.clone().any(Cell::is_number)
            && cells.all(|cell| cell.is_number() || *cell == Cell::Absent)
    };
    let columns: Vec<Head> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| Head {
            name: column.name,
            is_number: numeric(index),
            is_minor: column.is_minor && index > 0,
            is_sorted: numeric(index),
        })
        .collect();
    let rows: Vec<Line> = table
        .rows
        .iter()
        .take(view.limits.rows)
        .map(|row| Line {
            cells: columns
                .iter()
                .zip(&row.cells)
                .map(|(head, cell)| value(view, head, cell))
                .collect(),
            evidence: evidence(view, &row.evidence),
        })
        .collect();
    let held = table.rows.len() + usize::try_from(table.hidden).unwrap_or(usize::MAX / 2);
    Facts {
        id: table.id,
        title: table.title,
        caption: view.text(&table.caption),
        more: if table.hidden > 0 {
            format!("+ {} more rows.", thousands((held - rows.len()) as u64))
        } else {
            more(held, rows.len(), "rows")
        },
        columns,
        rows,
        notes: view.texts(&table.notes),
    }
}

fn value(view: &View<'_>, head: &Head, from: &Cell) -> Value {
    let (text, sort) = match from {
        Cell::Absent => ("–".to_owned(), String::new()),
        Cell::Text(PartKind::Path | PartKind::Url, text) => (url(text), String::new()),
        Cell::Text(_, text) => (cell(text), String::new()),
        Cell::Count(n) => (thousands(*n), n.to_string()),
        Cell::Bytes(n) => (bytes(*n), n.to_string()),
        Cell::Millis(n) => (duration_ms(*n), n.to_string()),
        Cell::Ratio(share) => (words::share(*share), format!("{share:.6}")),
        Cell::Time(time) => (words::time_in(*time, view.analysis.window), time.0.to_string()),
        Cell::Range(range) => {
            (words::span_in(*range, view.analysis.window), range.start.0.to_string())
        }
    };
    Value {
        text,
        sort,
        is_code: matches!(from, Cell::Text(PartKind::Path | PartKind::Url, _)),
        is_number: head.is_number,
        is_minor: head.is_minor,
    }
}
