//! Where it happened: ` in /f.php on line 7` or ` in /f.php:7` at the end of a message.

use crate::read::trim_end;
use memchr::memmem;

/// A file and a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a [u8],
    pub(crate) line: u32,
}

/// Longest tail in which a place is looked for: no path is longer, and a message of megabytes costs no more than
/// a short one.
const MAX_TAIL: usize = 4096;

/// Splits the place off the end of a message.
pub(crate) fn at_end(message: &[u8]) -> Option<(&[u8], Place<'_>)> {
    let message = trim_end(message);
    let (front, number) = trailing_number(message)?;
    if let Some(front) = front.strip_suffix(b" on line ") {
        let (text, file) = split_in(front, false)?;
        return Some((text, Place { file: without_eval(file), line: number }));
    }
    let front = front.strip_suffix(b":")?;
    let (text, file) = split_in(front, true)?;
    Some((text, Place { file, line: number }))
}

/// Reads `/f.php on line 7`.
pub(crate) fn on_line(text: &[u8]) -> Option<Place<'_>> {
    let (front, line) = trailing_number(trim_end(text))?;
    let file = front.strip_suffix(b" on line ")?;
    Some(Place { file: without_eval(file), line })
}

/// Splits `text in file` at the last ` in ` that a path follows, because both messages and paths may hold the
/// word: `syntax error in C:\made in china\a.php`. Where no path follows any, the last one is taken, unless a
/// path is required.
fn split_in(text: &[u8], path_only: bool) -> Option<(&[u8], &[u8])> {
    const IN: &[u8] = b" in ";
    let from = text.len().saturating_sub(MAX_TAIL);
    let tail = text.get(from..)?;
    let mut last = None;
    for at in memmem::rfind_iter(tail, IN) {
        let file = tail.get(at + IN.len()..)?;
        if is_path(file) {
            return Some((text.get(..from + at)?, file));
        }
        last = last.or(Some((text.get(..from + at)?, file)));
    }
    // A message without text is nothing but its place, `in /f.php on line 7` on a line of its own.
    if let Some(file) = text.strip_prefix(b"in ").filter(|file| is_path(file)) {
        return Some((b"", file));
    }
    last.filter(|(_, file)| !path_only && !file.contains(&b'\n'))
}

/// Whether `text` begins like the file of an error: absolute, `Unknown`, a stream (`phar://`), or PHP's names for
/// code without a file.
pub(crate) fn is_path(text: &[u8]) -> bool {
    match text {
        [b'/', ..] | [b'\\', b'\\', ..] => true,
        [drive, b':', b'\\' | b'/', ..] => drive.is_ascii_alphabetic(),
        _ => {
            const NAMES: [&[u8]; 5] = [
                b"Unknown",
                b"Command line code",
                b"php shell code",
                b"Standard input code",
                b"[no active file]",
            ];
            let scheme = text.iter().take(16).take_while(|b| b.is_ascii_lowercase()).count();
            NAMES.iter().any(|name| text.starts_with(name))
                || (scheme > 1 && text.get(scheme..).is_some_and(|rest| rest.starts_with(b"://")))
        }
    }
}

/// `/f.php(12) : eval()'d code` is `/f.php`; the line counts inside of the evaluated code.
fn without_eval(file: &[u8]) -> &[u8] {
    memmem::find(file, b") : eval()'d code")
        .or_else(|| memmem::find(file, b") : runtime-created function"))
        .and_then(|end| file.get(..end))
        .and_then(|front| front.get(..memchr::memrchr(b'(', front)?))
        .unwrap_or(file)
}

/// Splits the number off the end of `text`.
pub(crate) fn trailing_number(text: &[u8]) -> Option<(&[u8], u32)> {
    let digits = text.iter().rev().take(11).take_while(|b| b.is_ascii_digit()).count();
    let (front, number) = text.split_at_checked(text.len().checked_sub(digits)?)?;
    Some((front, std::str::from_utf8(number).ok()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place = |text: &'static str| {
            at_end(text.as_bytes()).map(|(message, place)| {
                let text = |bytes| std::str::from_utf8(bytes).unwrap();
                (text(message), text(place.file), place.line)
            })
        };
        assert_eq!(place("a in /b.php on line 7"), Some(("a", "/b.php", 7)));
        assert_eq!(
            place("a in C:\\made in x\\b.php on line 7\r\n"),
            Some(("a", "C:\\made in x\\b.php", 7))
        );
        assert_eq!(place("x in y in b.php on line 7"), Some(("x in y", "b.php", 7)));
        assert_eq!(place("a in Unknown on line 0"), Some(("a", "Unknown", 0)));
        assert_eq!(place("a in C:\\b.php:7"), Some(("a", "C:\\b.php", 7)));
        assert_eq!(place("a in phar:///b.phar/c.php:7"), Some(("a", "phar:///b.phar/c.php", 7)));
        assert_eq!(place("a in /b.php(12) : eval()'d code on line 3"), Some(("a", "/b.php", 3)));
        assert_eq!(
            place("must be int, called in /a.php on line 3 and defined in /b.php:5"),
            Some(("must be int, called in /a.php on line 3 and defined", "/b.php", 5))
        );
        assert_eq!(place("failed in step:3"), None);
        assert_eq!(place("a in /b.php on line 99999999999"), None);
        assert_eq!(place("a in /b.php on li"), None);
        assert_eq!(place(""), None);
    }
}
