//! How much a line matters to whoever wrote it.

/// The levels that loggers have in common, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `trce`, `verbose`, `finest`.
    Trace,
    /// `dbug`, `fine`.
    Debug,
    /// `info`, `notice`.
    Info,
    /// `warn`.
    Warning,
    /// `fail`, `error`, `severe`.
    Error,
    /// `crit`, `fatal`, `emergency`.
    Critical,
}

impl Level {
    /// The word in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// Whether the writer says that something failed.
    pub const fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::Critical)
    }

    /// The level that a word names, in any case, whoever wrote it: ASP.NET Core `fail`, Serilog `FTL`, Java `SEVERE`.
    pub fn of_word(word: &[u8]) -> Option<Self> {
        let mut lower = [0; 13];
        let lower = lower.get_mut(..word.len())?;
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"trace" | b"trc" | b"trce" | b"verbose" | b"vrb" | b"finest" | b"finer" | b"silly" => {
                Self::Trace
            }
            b"debug" | b"dbg" | b"dbug" | b"fine" => Self::Debug,
            b"info" | b"information" | b"inf" | b"notice" | b"informational" => Self::Info,
            b"warn" | b"warning" | b"wrn" => Self::Warning,
            b"error" | b"err" | b"fail" | b"severe" | b"failure" => Self::Error,
            b"critical" | b"crit" | b"crt" | b"fatal" | b"ftl" | b"emergency" | b"emerg"
            | b"alert" | b"panic" => Self::Critical,
            _ => return None,
        })
    }

    /// The level of a number: 10 to 60 as pino and bunyan count, 0 to 7 as syslog does.
    pub(crate) fn of_number(number: u64, syslog: bool) -> Option<Self> {
        Some(match (number, syslog) {
            (0..=2, true) | (60, false) => Self::Critical,
            (3, true) | (50, false) => Self::Error,
            (4, true) | (40, false) => Self::Warning,
            (5 | 6, true) | (30, false) => Self::Info,
            (7, true) | (20, false) => Self::Debug,
            (10, false) => Self::Trace,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_all_loggers() {
        for (word, expected) in [
            ("fail", Some(Level::Error)),
            ("FTL", Some(Level::Critical)),
            ("Information", Some(Level::Info)),
            ("informational", Some(Level::Info)),
            ("SEVERE", Some(Level::Error)),
            ("Verbose", Some(Level::Trace)),
            ("failed", None),
            ("informationally", None),
            ("", None),
        ] {
            assert_eq!(Level::of_word(word.as_bytes()), expected, "{word}");
        }
        assert_eq!(Level::of_number(50, false), Some(Level::Error));
        assert_eq!(Level::of_number(2, true), Some(Level::Critical));
        assert_eq!(Level::of_number(5, false), None);
    }
}
