//! The tables of facts.

use daaslens_core::model::{self, Analysis, Cell};
use serde::Serialize;

use super::{EvidenceRow, Window, evidence};

/// A table: the values of a row stand in the order of the columns.
#[derive(Serialize)]
pub(super) struct Table<'a> {
    caption: &'a str,
    columns: Vec<&'static str>,
    hidden: u64,
    id: &'static str,
    notes: &'a [String],
    rows: Vec<Row<'a>>,
    title: &'static str,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<EvidenceRow<'a>>,
    values: Vec<Value<'a>>,
}

/// Counts, bytes and milliseconds are numbers, shares numbers between 0 and 1, times text.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Absent,
    Text(&'a str),
    Number(u64),
    Ratio(f64),
    Time(String),
    Range(Window),
}

pub(super) fn tables(analysis: &Analysis) -> Vec<Table<'_>> {
    analysis
        .tables
        .iter()
        .map(|table| Table {
            caption: &table.caption,
            columns: table.columns.iter().map(|column| column.name).collect(),
            hidden: table.hidden,
            id: table.id,
            notes: &table.notes,
            rows: table.rows.iter().map(|row| one(analysis, row)).collect(),
            title: table.title,
        })
        .collect()
}

fn one<'a>(analysis: &'a Analysis, row: &'a model::Row) -> Row<'a> {
    Row {
        evidence: row.evidence.iter().map(|it| evidence(analysis, it)).collect(),
        values: row.cells.iter().map(value).collect(),
    }
}

fn value(cell: &Cell) -> Value<'_> {
    match cell {
        Cell::Absent => Value::Absent,
        Cell::Text(_, text) => Value::Text(text),
        Cell::Count(n) | Cell::Bytes(n) | Cell::Millis(n) => Value::Number(*n),
        Cell::Ratio(share) => Value::Ratio(super::ratio(*share)),
        Cell::Time(time) => Value::Time(time.rfc3339()),
        Cell::Range(range) => Value::Range(super::window(*range)),
    }
}
