//! Codes and words behind markers in messages.

use daaslens_stacktrace::parse_code;

/// The code that follows the first `marker` in `text`, up to the next blank, quote or punctuation mark.
pub(crate) fn code_after(text: &str, marker: &str) -> Option<u32> {
    parse_code(word_after(text, marker)?)
}

/// The word that follows the first `marker` in `text`: quotes and blanks before it are skipped, and it ends at
/// the next one, or at punctuation.
pub(crate) fn word_after<'t>(text: &'t str, marker: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(marker)?;
    let rest = rest.trim_start_matches([' ', '\'', '"', '=', ':']);
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',' | ';' | '.' | ')' | ']'))
        .unwrap_or(rest.len());
    rest.get(..end).filter(|word| !word.is_empty())
}

/// The text between the quotes that follow the first `marker`. Values are not escaped, so one that holds a quote
/// ends early; the paths and names that stand there never do.
pub(crate) fn quoted_after<'t>(text: &'t str, marker: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(marker)?;
    let rest = rest.trim_start_matches([' ', '=', ':']).strip_prefix('\'')?;
    rest.split_once('\'').map(|(value, _)| value)
}
