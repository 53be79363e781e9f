//! What a reader gives: records that borrow their line, directives, faults.

use std::fmt;

use bstr::{BStr, ByteSlice};
use daaslens_core::{Span, Time};

use super::Schema;
use crate::lines::MAX_LINE;
use crate::request::number;
use crate::{Field, Request};

/// One piece of a log. The spans of all items tile the input.
#[derive(Clone, Copy, Debug)]
pub enum Item<'a> {
    /// A request.
    Record(Record<'a>),
    /// A line that starts with `#`.
    Directive(Directive<'a>),
    /// A line that is not understood.
    Malformed(Malformed<'a>),
    /// A blank line, a byte order mark, or NUL padding.
    Blank(Span),
}

impl Item<'_> {
    /// Where the item stands, its line end included.
    pub fn span(&self) -> Span {
        match self {
            Self::Record(record) => record.span,
            Self::Directive(directive) => directive.span,
            Self::Malformed(malformed) => malformed.span,
            Self::Blank(span) => *span,
        }
    }
}

/// A directive, `#Name: value`.
#[derive(Clone, Copy, Debug)]
pub struct Directive<'a> {
    /// Where it stands.
    pub span: Span,
    /// Its name.
    pub name: &'a BStr,
    /// Its value, trimmed.
    pub value: &'a BStr,
}

/// A line that could not be read as a record.
#[derive(Clone, Copy, Debug)]
pub struct Malformed<'a> {
    /// Where it stands.
    pub span: Span,
    /// How many lines of the bytes that were read stand before it.
    pub row: u64,
    /// The line, cut to the first [`MAX_LINE`] bytes.
    pub line: &'a BStr,
    /// What is wrong.
    pub fault: Fault,
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// The number of fields is not the declared one, and no reading of the line makes it so. A line that was cut
    /// while it was written looks like this.
    FieldCount {
        /// Columns of the schema.
        expected: u32,
        /// Fields of the line.
        found: u32,
    },
    /// There was no `#Fields:` line, and the line looks like none of the known layouts.
    NoSchema,
    /// The date or the time is none.
    Time,
    /// The status is no number of at most three digits.
    Status,
    /// The line is longer than any server writes.
    TooLong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldCount { expected, found } => {
                write!(f, "{found} fields where {expected} are declared")
            }
            Self::NoSchema => f.write_str("no #Fields line, and no known layout"),
            Self::Time => f.write_str("no valid date and time"),
            Self::Status => f.write_str("no valid status"),
            Self::TooLong => write!(f, "a line of more than {MAX_LINE} bytes"),
        }
    }
}

/// Where the fields of a line lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fields<'a> {
    /// The ends of fields that stand one blank apart.
    Ends(&'a [u32]),
    /// Starts and ends, for lines that needed a closer look.
    Ranges(&'a [(u32, u32)]),
}

/// A request, borrowed from its line. Fields are decoded when they are asked for; what is absent, `-` or not
/// a number is `None`, and [`Record::raw`] tells them apart.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub(crate) span: Span,
    pub(crate) row: u64,
    pub(crate) line: &'a [u8],
    pub(crate) fields: Fields<'a>,
    pub(crate) schema: &'a Schema,
    pub(crate) time: Option<Time>,
    pub(crate) status: Option<u16>,
    pub(crate) recovered: bool,
}

impl<'a> Record<'a> {
    /// The line without its end.
    pub fn line(&self) -> &'a BStr {
        self.line.as_bstr()
    }

    /// The columns of the line.
    pub fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// A field as it stands in the line; `None` where there is no such column.
    #[inline]
    pub fn raw(&self, field: Field) -> Option<&'a BStr> {
        self.at(self.schema.column(field)?)
    }

    /// The value of a column by its index.
    #[inline]
    pub fn at(&self, column: usize) -> Option<&'a BStr> {
        let (start, end) = match self.fields {
            Fields::Ends(ends) => {
                let start = if column == 0 { 0 } else { ends.get(column - 1)? + 1 };
                (start, *ends.get(column)?)
            }
            Fields::Ranges(ranges) => *ranges.get(column)?,
        };
        self.line.get(start as usize..end as usize).map(ByteSlice::as_bstr)
    }

    fn number(&self, field: Field) -> Option<u64> {
        number(self.raw(field)?)
    }
}

impl Request for Record<'_> {
    fn span(&self) -> Span {
        self.span
    }

    fn row(&self) -> u64 {
        self.row
    }

    fn is_recovered(&self) -> bool {
        self.recovered
    }

    /// `None` where the log carries no time.
    fn time(&self) -> Option<Time> {
        self.time
    }

    fn status(&self) -> Option<u16> {
        self.status
    }

    fn substatus(&self) -> Option<u32> {
        self.number(Field::Substatus).and_then(|n| u32::try_from(n).ok())
    }

    fn win32_status(&self) -> Option<u64> {
        self.number(Field::Win32Status)
    }

    fn time_taken_ms(&self) -> Option<u32> {
        let raw = self.raw(Field::TimeTaken)?;
        if self.schema.seconds {
            let text = raw.to_str().ok()?;
            let seconds: f64 = text.parse().ok()?;
            return (seconds.is_finite() && seconds >= 0.0)
                .then(|| (seconds * 1000.0).round().min(f64::from(u32::MAX)) as u32);
        }
        number(raw).map(|ms| u32::try_from(ms).unwrap_or(u32::MAX))
    }

    #[inline]
    fn value(&self, field: Field) -> Option<&BStr> {
        self.raw(field).filter(|value| !matches!(value.as_bytes(), b"" | b"-"))
    }

    fn columns(&self) -> usize {
        self.schema.columns()
    }

    fn column(&self, column: usize) -> Option<(Option<Field>, &BStr)> {
        Some((self.schema.field(column), self.at(column)?))
    }
}
