//! Message patterns: literal text with `{}` where anything may stand.
//!
//! `Maximum execution time of {} seconds exceeded` is found anywhere in a message. A placeholder takes at least
//! one character, and may be named for the reader (`{limit}`). There are no other operators, so a pattern needs
//! no compilation: its literal pieces are looked for from left to right, which is complete because a placeholder
//! may be of any length. The build script checks each sample with the very function that is used later.

/// Whether `text` holds what `pattern` describes. Takes time in proportion to the text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    let mut gap = false;
    for piece in pieces(pattern) {
        match piece {
            Piece::Placeholder => {
                // Two placeholders in a row need two characters.
                if gap && !skip(&mut rest) {
                    return false;
                }
                gap = true;
            }
            Piece::Literal(literal) => {
                if gap && !skip(&mut rest) {
                    return false;
                }
                gap = false;
                let Some((_, after)) = rest.split_once(literal) else { return false };
                rest = after;
            }
        }
    }
    !gap || !rest.is_empty()
}

/// A piece of a pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece<'a> {
    /// Text that must stand there.
    Literal(&'a str),
    /// Where anything may stand.
    Placeholder,
}

/// The pieces of a pattern, from left to right.
pub(crate) fn pieces(pattern: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = pattern;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix('{').and_then(placeholder) {
            rest = after;
            return Some(Piece::Placeholder);
        }
        let end = rest
            .match_indices('{')
            .find(|&(at, _)| rest.get(at + 1..).and_then(placeholder).is_some())
            .map_or(rest.len(), |(at, _)| at);
        let (literal, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Literal(literal))
    })
}

/// What follows the placeholder whose opening brace was just taken. PHP itself writes `{main}` and `{closure}`:
/// in a pattern they are placeholders too, which matches them as well.
fn placeholder(after_brace: &str) -> Option<&str> {
    let (name, after) = after_brace.split_once('}')?;
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then_some(after)
}

fn skip(rest: &mut &str) -> bool {
    let mut characters = rest.chars();
    let any = characters.next().is_some();
    *rest = characters.as_str();
    any
}
