//! The level of a record: what stands between `PHP ` and the colon.

use memchr::memmem;

/// The level of a record, most severe first.
///
/// PHP has 15 error types but eight words for them: core, compile and user errors are written like their plain
/// forms. Between PHP 7 and 8 many notices became warnings, so a level alone does not compare across an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `Fatal error`: the request ended here.
    Fatal,
    /// `Parse error`: the file could not be compiled, so each request that needs it ends.
    Parse,
    /// `Recoverable fatal error`, before PHP 7 `Catchable fatal error`: ends the request unless a handler took it.
    Recoverable,
    /// `WordPress database error`, in whatever language the site speaks.
    Database,
    /// `Unknown error`, the word PHP has for a type it does not know.
    Unknown,
    /// `Warning`.
    Warning,
    /// `Notice`.
    Notice,
    /// `Strict Standards`, before PHP 8.
    Strict,
    /// `Deprecated`.
    Deprecated,
    /// `PHP `, some other word, a colon.
    Other,
    /// No level: text that the application gave to `error_log()`, or that an extension wrote.
    None,
}

/// How much a level says about the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gravity {
    /// The request failed, or something it needed did. A fatal error gives status 500, or 200 and half a page
    /// where output had already been sent.
    Error,
    /// Worth reading.
    Warning,
    /// Noise, unless something else points at it.
    Info,
}

/// Who wrote the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// PHP itself.
    Php,
    /// The database layer of WordPress.
    WordPress,
    /// `Xdebug: [Step Debug] …`.
    Xdebug,
    /// The application, through `error_log()`.
    Application,
}

const WORDS: [(&[u8], Level); 9] = [
    (b"Warning", Level::Warning),
    (b"Notice", Level::Notice),
    (b"Deprecated", Level::Deprecated),
    (b"Fatal error", Level::Fatal),
    (b"Parse error", Level::Parse),
    (b"Strict Standards", Level::Strict),
    (b"Recoverable fatal error", Level::Recoverable),
    (b"Catchable fatal error", Level::Recoverable),
    (b"Unknown error", Level::Unknown),
];

/// Longest word that is taken for an unknown level.
const MAX_WORD: usize = 40;

impl Level {
    /// The word that PHP writes; empty for [`Level::None`] and [`Level::Other`].
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fatal => "Fatal error",
            Self::Parse => "Parse error",
            Self::Recoverable => "Recoverable fatal error",
            Self::Database => "WordPress database error",
            Self::Unknown => "Unknown error",
            Self::Warning => "Warning",
            Self::Notice => "Notice",
            Self::Strict => "Strict Standards",
            Self::Deprecated => "Deprecated",
            Self::Other | Self::None => "",
        }
    }

    /// How much the level says about the request.
    pub const fn gravity(self) -> Gravity {
        match self {
            Self::Fatal | Self::Parse | Self::Recoverable | Self::Database | Self::Unknown => {
                Gravity::Error
            }
            Self::Warning | Self::Other => Gravity::Warning,
            Self::Notice | Self::Strict | Self::Deprecated | Self::None => Gravity::Info,
        }
    }
}

/// Reads the level at the start of `text`: the level, its word, and what follows.
pub(crate) fn parse(text: &[u8]) -> (Level, &[u8], &[u8]) {
    if let Some(after) = text.strip_prefix(b"PHP ") {
        for (word, level) in WORDS {
            if let Some(message) = after.strip_prefix(word).and_then(|rest| rest.strip_prefix(b":"))
            {
                return (level, after.get(..word.len()).unwrap_or_default(), trim_start(message));
            }
        }
        if let Some((word, message)) = other_word(after) {
            return (Level::Other, word, message);
        }
    }
    if let Some(word) = wordpress_database(text) {
        let rest = text.get(word.len()..).unwrap_or_default();
        return (Level::Database, word, trim_start(rest.strip_prefix(b":").unwrap_or(rest)));
    }
    (Level::None, b"", text)
}

/// A level this crate does not know: one to three words, the first with a capital, a colon and a blank.
/// `PHP Startup:` and `PHP Stack trace:` open messages; they are no levels.
fn other_word(after: &[u8]) -> Option<(&[u8], &[u8])> {
    let window = after.get(..after.len().min(MAX_WORD + 1))?;
    let (word, _) = window.split_at_checked(memchr::memchr(b':', window)?)?;
    let message = after.get(word.len() + 1..)?.strip_prefix(b" ")?;
    let mut words = word.split(|b| *b == b' ');
    let first = words.next()?;
    let is_word = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_lowercase);
    let capital = first.first().is_some_and(u8::is_ascii_uppercase);
    let known = matches!(word, b"Startup" | b"Stack trace" | b"Message");
    let others = words.clone().count() <= 2 && words.all(is_word);
    (capital && is_word(first.get(1..)?) && others && !known).then(|| (word, trim_start(message)))
}

/// The opening of a WordPress database error. The sentence is translated with the site (`Ошибка базы данных
/// WordPress … ответ на запрос …`), so what is looked for is the name of WordPress near the start and an SQL
/// statement with its caller behind it; the returned word then ends with the name.
fn wordpress_database(text: &[u8]) -> Option<&[u8]> {
    const ENGLISH: &[u8] = b"WordPress database error";
    const SQL: [&[u8]; 10] = [
        b"SELECT ",
        b"INSERT ",
        b"UPDATE ",
        b"DELETE ",
        b"REPLACE ",
        b"SHOW ",
        b"CREATE ",
        b"ALTER ",
        b"DESCRIBE ",
        b"DROP ",
    ];
    if text.starts_with(ENGLISH) {
        return text.get(..ENGLISH.len());
    }
    let start = text.get(..text.len().min(96))?;
    let end = memmem::find(start, b"WordPress")? + b"WordPress".len();
    let rest = text.get(end..text.len().min(4096))?;
    let sql = SQL.iter().filter_map(|verb| memmem::find(rest, verb)).min()?;
    memmem::find(rest.get(sql..)?, b"require").and_then(|_| text.get(..end))
}

pub(crate) fn origin(level: Level, text: &[u8]) -> Origin {
    match level {
        Level::Database => Origin::WordPress,
        Level::None if text.starts_with(b"Xdebug: ") => Origin::Xdebug,
        Level::None if text.starts_with(b"PHP Startup: ") => Origin::Php,
        Level::None => Origin::Application,
        _ => Origin::Php,
    }
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    text.get(blanks..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        for (text, level, word, message) in [
            ("PHP Fatal error:  a", Level::Fatal, "Fatal error", "a"),
            ("PHP Warning: one blank", Level::Warning, "Warning", "one blank"),
            ("PHP Warning:  PHP Startup: x", Level::Warning, "Warning", "PHP Startup: x"),
            ("PHP Catchable fatal error:  a", Level::Recoverable, "Catchable fatal error", "a"),
            ("PHP Core error:  a", Level::Other, "Core error", "a"),
            ("PHP Startup: x", Level::None, "", "PHP Startup: x"),
            ("PHP is: fine", Level::None, "", "PHP is: fine"),
            ("Warning: not PHP's", Level::None, "", "Warning: not PHP's"),
            ("WordPress database error x", Level::Database, "WordPress database error", "x"),
            (
                "Ошибка базы данных WordPress x SELECT 1 (require('a'))",
                Level::Database,
                "Ошибка базы данных WordPress",
                "x SELECT 1 (require('a'))",
            ),
            ("hello WordPress", Level::None, "", "hello WordPress"),
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                (level, word.as_bytes(), message.as_bytes()),
                "{text}"
            );
        }
    }
}
