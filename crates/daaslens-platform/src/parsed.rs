//! What a reader gives back: what it understood, and what was wrong with the rest.

use std::fmt;

use crate::MAX_FAULTS;

/// What was understood of a file, and what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed<T> {
    /// What was understood.
    pub value: T,
    /// What was not, in the order in which it was met; at most [`MAX_FAULTS`].
    pub faults: Vec<Fault>,
}

impl<T> Parsed<T> {
    pub(crate) fn new(value: T, faults: Faults) -> Self {
        Self { value, faults: faults.list }
    }

    /// The same faults about another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Parsed<U> {
        Parsed { value: change(self.value), faults: self.faults }
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The byte, counted from 0.
    pub byte: u64,
    /// The line, counted from 1.
    pub line: u64,
}

/// Something that could not be read as it stands. Faults never quote the input, so that they can be shown as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: FaultKind,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.place.line, self.kind)
    }
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// There is nothing in the file. A process that dies between creating a file and writing it leaves such files.
    Empty,
    /// Another document than was expected.
    Unexpected {
        /// What was expected.
        expected: &'static str,
    },
    /// Bytes that are not the text they should be; each is read as `?`.
    NotText,
    /// The document ends in the middle. What stands before was read.
    Truncated,
    /// The markup is broken. What stands before was read.
    Markup,
    /// The JSON is broken. What stands before was read, as far as it makes a document.
    Json,
    /// A line that is no record.
    Line,
    /// A field that should be there is not.
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A time that cannot be understood.
    Time {
        /// The field.
        field: &'static str,
    },
    /// A word that is none of those that the field can have.
    Word {
        /// The field.
        field: &'static str,
    },
    /// A number that is none.
    Number {
        /// The field.
        field: &'static str,
    },
    /// There was more than is kept.
    Capped {
        /// Of what.
        what: &'static str,
        /// How much is kept.
        kept: u64,
        /// How much there was, where that was counted.
        found: Option<u64>,
    },
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::Unexpected { expected } => write!(f, "not {expected}"),
            Self::NotText => f.write_str("bytes that are not text"),
            Self::Truncated => f.write_str("the document is cut off"),
            Self::Markup => f.write_str("the markup is broken"),
            Self::Json => f.write_str("the JSON is broken"),
            Self::Line => f.write_str("the line is no record"),
            Self::Missing { field } => write!(f, "{field} is missing"),
            Self::Time { field } => write!(f, "{field} is no time that can be understood"),
            Self::Word { field } => write!(f, "{field} has a value that is not known"),
            Self::Number { field } => write!(f, "{field} is no number"),
            Self::Capped { what, kept, found: Some(found) } => {
                write!(f, "{found} {what}, the first {kept} were read")
            }
            Self::Capped { what, kept, found: None } => {
                write!(f, "more than {kept} {what}, the first were read")
            }
        }
    }
}

/// Collects faults, up to [`MAX_FAULTS`].
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    found: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, place: Place, kind: FaultKind) {
        self.found += 1;
        if self.list.len() < MAX_FAULTS {
            self.list.push(Fault { place, kind });
        } else if let Some(last) = self.list.last_mut() {
            let kept = MAX_FAULTS as u64 - 1;
            last.kind = FaultKind::Capped { what: "faults", kept, found: Some(self.found) };
        }
    }
}
