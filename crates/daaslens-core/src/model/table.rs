//! Tables of facts beside the findings.

use crate::{Evidence, PartKind, Time, TimeRange};

/// A table of facts that has a section of its own in the report: memory dumps, templates of an application's log.
/// One type for all of them, so that a new kind of file needs no template and no new masking.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// In kebab-case, unique: the anchor in the page and the name in findings.json.
    pub id: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The total, with its unit and base: a sentence without a full stop.
    pub caption: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, the most telling first. Each has a cell for every column.
    pub rows: Vec<Row>,
    /// Rows that are not held.
    pub hidden: u64,
    /// What is said below it: sentences.
    pub notes: Vec<String>,
}

impl Table {
    /// A table with its columns: name, whether it may be left out on a small screen.
    pub fn new(id: &'static str, title: &'static str, columns: &[(&'static str, bool)]) -> Self {
        let columns = columns.iter().map(|&(name, is_minor)| Column { name, is_minor }).collect();
        Self { id, title, columns, ..Self::default() }
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading, with the unit where the cells do not tell it.
    pub name: &'static str,
    /// Whether it may be left out on a small screen.
    pub is_minor: bool,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// One per column.
    pub cells: Vec<Cell>,
    /// Where it stands; may be empty.
    pub evidence: Vec<Evidence>,
}

/// A cell. Renderers format it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Not known, or does not apply.
    #[default]
    Absent,
    /// A text and what kind it is.
    Text(PartKind, String),
    /// A count.
    Count(u64),
    /// A size in bytes.
    Bytes(u64),
    /// A duration in milliseconds.
    Millis(u64),
    /// A share between 0 and 1.
    Ratio(f64),
    /// An instant.
    Time(Time),
    /// A stretch of time.
    Range(TimeRange),
}

impl Cell {
    /// Words of the program's own, or free text of the input: searched for secrets like any text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(PartKind::Text, text.into())
    }

    /// Whether it is aligned as a number.
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Bytes(_) | Self::Millis(_) | Self::Ratio(_))
    }
}
