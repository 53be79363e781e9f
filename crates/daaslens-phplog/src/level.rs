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
    /// What a framework's logger (Monolog) wrote as an error: `production.ERROR: `, `[critical] `.
    Logged,
    /// `Warning`.
    Warning,
    /// A warning or an error of PHP's process manager, PHP-FPM.
    Manager,
    /// An entry of PHP-FPM's slow log.
    Slow,
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
    /// PHP-FPM, the process manager.
    Manager,
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
            Self::Logged => "Logged error",
            Self::Warning => "Warning",
            Self::Manager => "PHP-FPM",
            Self::Slow => "Slow request",
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
            Self::Warning | Self::Logged | Self::Manager | Self::Slow | Self::Other => {
                Gravity::Warning
            }
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
    if let Some(told) = manager(text) {
        return told;
    }
    if let Some((level, word, message)) = logger(text) {
        return (level, word, message);
    }
    if is_slow(text) {
        return (Level::Slow, b"", text);
    }
    if let Some(word) = wordpress_database(text) {
        let rest = text.get(word.len()..).unwrap_or_default();
        return (Level::Database, word, trim_start(rest.strip_prefix(b":").unwrap_or(rest)));
    }
    (Level::None, b"", text)
}

/// A message of PHP-FPM: `WARNING: [pool www] child 12 exited on signal 11 …`. What a script wrote on its standard error is
/// wrapped into one; it is unwrapped here.
fn manager(text: &[u8]) -> Option<(Level, &[u8], &[u8])> {
    const WORDS: [&[u8]; 5] = [b"ALERT", b"ERROR", b"WARNING", b"NOTICE", b"DEBUG"];
    const OPENINGS: [&[u8]; 6] = [
        b"[pool ",
        b"fpm is running",
        b"ready to handle connections",
        b"Terminating ...",
        b"exiting, bye-bye!",
        b"pid ",
    ];
    let word = WORDS.iter().find(|word| text.starts_with(word))?;
    let rest = text.get(word.len()..)?.strip_prefix(b": ")?;
    if !OPENINGS.iter().any(|opening| rest.starts_with(opening)) {
        return None;
    }
    let window = rest.get(..rest.len().min(512))?;
    if let Some(at) = memmem::find(window, b"said into std") {
        let said = rest.get(at..)?;
        let inner = memmem::find(said, b"PHP message: ")
            .and_then(|at| said.get(at + b"PHP message: ".len()..))
            .or_else(|| said.get(memchr::memchr(b'"', said)? + 1..))?;
        let inner = inner.strip_suffix(b", pipe is closed").unwrap_or(inner);
        let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
        return Some(if inner.starts_with(b"PHP ") {
            parse(inner)
        } else {
            (Level::None, b"", inner)
        });
    }
    let level = if matches!(*word, b"NOTICE" | b"DEBUG") { Level::None } else { Level::Manager };
    Some((level, text.get(..word.len())?, rest))
}

/// What Monolog writes, `production.ERROR: `, and Symfony's own logger, `[critical] `.
pub(crate) fn logger(text: &[u8]) -> Option<(Level, &[u8], &[u8])> {
    let window = text.get(..text.len().min(64))?;
    let (word, rest) = if text.first() == Some(&b'[') {
        let end = memchr::memchr(b']', window)?;
        (text.get(1..end)?, text.get(end + 1..)?.strip_prefix(b" ")?)
    } else {
        let end = memmem::find(window, b": ")?;
        (text.get(..end)?, text.get(end + 2..)?)
    };
    let name = if text.first() == Some(&b'[') {
        word
    } else {
        let dot = memchr::memrchr(b'.', word)?;
        let channel = word.get(..dot)?;
        let right = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if channel.is_empty() || !channel.iter().all(right) {
            return None;
        }
        word.get(dot + 1..).filter(|name| name.iter().all(u8::is_ascii_uppercase))?
    };
    let level = match name.to_ascii_lowercase().as_slice() {
        b"emergency" | b"alert" | b"critical" | b"error" => Level::Logged,
        b"warning" => Level::Warning,
        b"notice" | b"info" | b"debug" => Level::None,
        _ => return None,
    };
    Some((level, word, rest))
}

/// `[pool www] pid 12`, and below it the script.
fn is_slow(text: &[u8]) -> bool {
    let text = trim_start(text);
    let window = text.get(..text.len().min(256)).unwrap_or(text);
    window.starts_with(b"[pool ")
        && memmem::find(window, b"] pid ").is_some()
        && memmem::find(window, b"\nscript_filename = ").is_some()
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
        Level::Manager | Level::Slow => Origin::Manager,
        Level::Warning if !text.starts_with(b"PHP ") => Origin::Application,
        Level::None if text.starts_with(b"Xdebug: ") => Origin::Xdebug,
        Level::None if text.starts_with(b"PHP Startup: ") => Origin::Php,
        Level::None | Level::Logged => Origin::Application,
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
            ("production.ERROR: a", Level::Logged, "production.ERROR", "a"),
            ("app.WARNING: a", Level::Warning, "app.WARNING", "a"),
            ("app.INFO: a", Level::None, "app.INFO", "a"),
            ("[critical] a", Level::Logged, "critical", "a"),
            ("see a.ERROR: b", Level::None, "", "see a.ERROR: b"),
            ("[x] a", Level::None, "", "[x] a"),
            (
                "WARNING: [pool www] child 12 exited with code 255",
                Level::Manager,
                "WARNING",
                "[pool www] child 12 exited with code 255",
            ),
            ("NOTICE: fpm is running, pid 1", Level::None, "NOTICE", "fpm is running, pid 1"),
            ("ERROR: my own words", Level::None, "", "ERROR: my own words"),
            (
                "WARNING: [pool www] child 12 said into stderr: \"NOTICE: PHP message: PHP Warning:  a\", pipe is closed",
                Level::Warning,
                "Warning",
                "a",
            ),
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                (level, word.as_bytes(), message.as_bytes()),
                "{text}"
            );
        }
    }
}
