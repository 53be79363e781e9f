//! Bytes as text: code pages and the colours of consoles.

use std::borrow::Cow;

/// Decodes UTF-8, and anything else as Windows-1252: console output of the .NET Framework comes in a code page.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// The length of an escape sequence at the start of `bytes`: colours, cursor, titles. 0 where there is none.
fn escape(bytes: &[u8]) -> usize {
    match bytes {
        [0x1b, b'[', rest @ ..] => {
            let len = rest.iter().take(32).take_while(|byte| (0x20..0x40).contains(*byte)).count();
            2 + len + usize::from(rest.get(len).is_some_and(|byte| (0x40..0x7f).contains(byte)))
        }
        [0x1b, b']', rest @ ..] => {
            let len = rest.iter().take(256).take_while(|byte| **byte >= 0x20).count();
            2 + len + usize::from(rest.get(len) == Some(&7))
        }
        [0x1b, ..] => 1,
        _ => 0,
    }
}

/// `bytes` without escape sequences.
pub(crate) fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(mut next) = memchr::memchr(0x1b, bytes) else { return Cow::Borrowed(bytes) };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    loop {
        out.extend_from_slice(bytes.get(at..next).unwrap_or_default());
        at = next + escape(bytes.get(next..).unwrap_or_default()).max(1);
        match memchr::memchr(0x1b, bytes.get(at..).unwrap_or_default()) {
            Some(found) => next = at + found,
            None => break,
        }
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// `line` without its end.
pub(crate) fn without_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    line.get(..end).unwrap_or_default()
}

/// Whether a line holds nothing: blanks, a byte order mark, or the NULs of a file that was made larger than its text.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go() {
        for (text, expected) in [
            ("\x1b[40m\x1b[32minfo\x1b[39m\x1b[22m\x1b[49m: a", "info: a"),
            ("\x1b]0;title\x07b", "b"),
            ("a\x1b", "a"),
            ("a\x1b[", "a"),
            ("\x1b[38;5;1mx\x1b[0m\x1b[K", "x"),
            ("plain", "plain"),
        ] {
            assert_eq!(plain(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
        assert_eq!(decode(b"Gr\xfc\xdfe"), "Grüße");
        assert_eq!(without_end(b"a\r\r\n"), b"a");
        assert!(is_blank(b"\0\0 \r\n") && !is_blank(b"a"));
    }
}
