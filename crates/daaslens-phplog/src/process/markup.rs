//! Text out of a page: tags away, entities resolved, the lines counted.

use memchr::memchr;

/// Tags that end a line of text.
const BREAKS: [&[u8]; 12] =
    [b"br", b"p", b"div", b"tr", b"table", b"h1", b"h2", b"h3", b"h4", b"li", b"pre", b"title"];

/// How far the end of a tag is looked for. A bracket without one is text.
const MAX_TAG: usize = 4096;

/// Gives `take` every line that is not blank, with the line of the file at which it ends, counted from 1. Tags count only
/// where the file is a page; a cell ends in a tab. What stands in `script` and `style` is no text.
pub(crate) fn each_line(bytes: &[u8], take: &mut dyn FnMut(u64, &str)) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let page = is_page(bytes);
    let mut out = Lines { take, text: Vec::new(), line: 1 };
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b'\n' => {
                out.end();
                out.line += 1;
                rest = tail;
            }
            b'<' if page => rest = tag(tail, &mut out),
            b'&' if page => {
                let (text, length) = entity(rest);
                out.text.extend_from_slice(text.as_bytes());
                rest = rest.get(length..).unwrap_or_default();
            }
            _ => {
                let end = rest
                    .iter()
                    .skip(1)
                    .position(|b| *b == b'\n' || page && matches!(b, b'<' | b'&'))
                    .map_or(rest.len(), |at| at + 1);
                let (text, behind) = rest.split_at(end);
                out.text.extend_from_slice(text);
                rest = behind;
            }
        }
    }
    out.end();
}

/// Whether the file begins like a page.
pub(crate) fn is_page(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(256)).unwrap_or(bytes).trim_ascii_start();
    start.starts_with(b"<")
}

struct Lines<'t> {
    take: &'t mut dyn FnMut(u64, &str),
    text: Vec<u8>,
    line: u64,
}

impl Lines<'_> {
    fn end(&mut self) {
        let text = crate::decode(&self.text);
        let text = text.trim_matches(['\r', ' ', '\0']);
        if !text.trim().is_empty() {
            (self.take)(self.line, text);
        }
        self.text.clear();
    }
}

/// Takes the tag whose opening bracket was just taken; returns what follows it.
fn tag<'a>(tail: &'a [u8], out: &mut Lines<'_>) -> &'a [u8] {
    let Some(end) = memchr(b'>', tail.get(..tail.len().min(MAX_TAG)).unwrap_or(tail)) else {
        // A bracket that no tag follows is text.
        out.text.push(b'<');
        return tail;
    };
    let (inner, behind) = tail.split_at(end);
    let behind = behind.get(1..).unwrap_or_default();
    let name = inner.strip_prefix(b"/").unwrap_or(inner);
    let length = name.iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = name.get(..length).unwrap_or_default().to_ascii_lowercase();
    let is_tag = !name.is_empty() || inner.starts_with(b"!");
    if !is_tag {
        out.text.push(b'<');
        return tail;
    }
    let newlines = memchr::memchr_iter(b'\n', inner).count() as u64;
    if BREAKS.contains(&name.as_slice()) {
        out.end();
    } else if matches!(name.as_slice(), b"td" | b"th") && inner.starts_with(b"/") {
        out.text.push(b'\t');
    }
    out.line += newlines;
    if matches!(name.as_slice(), b"script" | b"style") && !inner.starts_with(b"/") {
        let at = memchr::memmem::find_iter(behind, b"</")
            .find(|at| {
                let closing = behind.get(at + 2..at + 2 + name.len());
                closing.is_some_and(|closing| closing.eq_ignore_ascii_case(&name))
            })
            .unwrap_or(behind.len());
        let (skipped, rest) = behind.split_at(at);
        out.line += memchr::memchr_iter(b'\n', skipped).count() as u64;
        return rest;
    }
    behind
}

/// The text of an entity at the start of `rest`, and its length.
fn entity(rest: &[u8]) -> (String, usize) {
    let window = rest.get(..rest.len().min(12)).unwrap_or(rest);
    let Some(end) = memchr(b';', window) else { return ("&".to_owned(), 1) };
    let name = window.get(1..end).and_then(|name| std::str::from_utf8(name).ok());
    let text = match name {
        Some("amp") => "&".to_owned(),
        Some("lt") => "<".to_owned(),
        Some("gt") => ">".to_owned(),
        Some("quot") => "\"".to_owned(),
        Some("apos") => "'".to_owned(),
        Some("nbsp") => " ".to_owned(),
        Some(number) => {
            let code =
                number.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16).ok(),
                    None => number.parse().ok(),
                });
            match code.and_then(char::from_u32) {
                Some(c) => c.to_string(),
                None => return ("&".to_owned(), 1),
            }
        }
        None => return ("&".to_owned(), 1),
    };
    (text, end + 1)
}

#[cfg(test)]
mod tests {
    use super::each_line;

    #[test]
    fn text_of_a_page_and_of_a_log() {
        let shown = |bytes: &[u8]| -> Vec<(u64, String)> {
            let mut lines = Vec::new();
            each_line(bytes, &mut |line, text| lines.push((line, text.to_owned())));
            lines
        };
        let page = b"<!DOCTYPE html>\n<html><style>a < b\n</style><h2>A &amp; B</h2>\n<tr><td>k</td><td\n>v &lt;1&#62;</td></tr>x<br/>y < z &none; &";
        assert_eq!(
            shown(page),
            [
                (3, "A & B".to_owned()),
                (5, "k\tv <1>\t".to_owned()),
                (5, "x".to_owned()),
                (5, "y < z &none; &".to_owned()),
            ]
        );
        assert_eq!(shown(b"a <b>\r\n\r\n  c\n"), [(1, "a <b>".to_owned()), (3, "c".to_owned())]);
    }
}
