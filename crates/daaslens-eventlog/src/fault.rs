//! What can be wrong with an event.

use std::fmt;

/// Why an event could not be read, or what had to be put up with to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The event has no end: the next one begins, the root closes, or the file ends.
    Truncated,
    /// Longer than [`MAX_EVENT`](crate::MAX_EVENT). The writer caps a text at 32 k characters, so this is damage.
    TooLong {
        /// Its length in bytes.
        len: u64,
    },
    /// Text outside any event: the tail of an event whose head is lost, or another format altogether.
    Stray,
    /// The markup inside the event is broken.
    Markup {
        /// How many bytes into the event.
        offset: u64,
        /// What the XML reader found.
        what: &'static str,
    },
    /// Well-formed, but it names neither a provider nor an event id.
    NoSystem,
    /// Not UTF-8; it was read as Windows-1252. The event was read.
    NotUtf8,
    /// A bare `&`, or a reference to something that XML does not know; it was kept as it stands. The event was read.
    BadReference,
    /// Control characters that XML forbids; they were kept. The event was read.
    ControlCharacter,
    /// More strings than [`MAX_DATA`](crate::MAX_DATA); the rest was dropped. The event was read.
    TooManyStrings {
        /// How many there were.
        found: u32,
    },
    /// There is no time, or none that can be understood. The event was read.
    NoTime,
    /// The time has no date (files of 2013 have `12:49:19 AM`); it was taken from the event's own text where that
    /// has one. The event was read.
    NoDate,
    /// The time names no zone and is in the culture of a machine; it was read as UTC. The event was read.
    LocalTime,
    /// A row of a table has too few columns.
    Columns {
        /// How many it has.
        found: u32,
        /// How many its header names.
        declared: u32,
    },
    /// An object that is not JSON.
    NotJson,
    /// A record of a binary log that cannot be decoded.
    BadRecord,
    /// 64 KiB of a binary log that cannot be decoded.
    BadChunk,
    /// This build does not read binary logs.
    Unsupported,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the event is cut off"),
            Self::TooLong { len } => write!(f, "the event is {len} bytes long"),
            Self::Stray => f.write_str("text outside any event"),
            Self::Markup { offset, what } => write!(f, "{what}, {offset} bytes into the event"),
            Self::NoSystem => f.write_str("neither a provider nor an event id"),
            Self::NotUtf8 => f.write_str("not UTF-8, read as Windows-1252"),
            Self::BadReference => f.write_str("a bare or unknown `&`"),
            Self::ControlCharacter => f.write_str("control characters"),
            Self::TooManyStrings { found } => write!(f, "{found} strings"),
            Self::NoTime => f.write_str("no time that can be understood"),
            Self::NoDate => f.write_str("the time has no date"),
            Self::LocalTime => f.write_str("a local time without a zone, read as UTC"),
            Self::Columns { found, declared } => {
                write!(f, "{found} columns where {declared} are declared")
            }
            Self::NotJson => f.write_str("not JSON"),
            Self::BadRecord => f.write_str("a record that cannot be decoded"),
            Self::BadChunk => f.write_str("a chunk that cannot be decoded"),
            Self::Unsupported => f.write_str("binary logs are not read by this build"),
        }
    }
}
