//! JSON as people and crashed programs leave it: with comments, with a comma too many, cut off in the middle.

use daaslens_core::Time;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::document::{Document, kept};
use crate::parsed::{FaultKind, Faults, Place};
use crate::stamp;

/// The most values that are read of a document. Each costs memory far beyond its bytes: `{"":0}` takes hundreds.
const MAX_VALUES: usize = 250_000;

/// Reads a document. What is cut off is read as far as whole values go.
pub(crate) fn parse(document: &Document<'_>, faults: &mut Faults) -> Option<Value> {
    if document.is_empty() {
        return None;
    }
    let text = without_comments(document.text());
    let text = text.trim_end_matches(|c: char| c == '\0' || c.is_whitespace());
    let mut values = memchr::memchr3_iter(b'{', b'[', b',', text.as_bytes());
    if let Some(at) = values.nth(MAX_VALUES) {
        let kind = FaultKind::Capped { what: "values", kept: MAX_VALUES as u64, found: None };
        faults.add(document.place(at), kind);
        return closed(text.get(..at)?).and_then(|text| serde_json::from_str(&text).ok());
    }
    let error = match serde_json::from_str(text) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let offset = offset(text, error.line(), error.column());
    let kind = if error.is_eof() { FaultKind::Truncated } else { FaultKind::Json };
    faults.add(document.place(offset), kind);
    let end = if error.is_eof() { text.len() } else { offset };
    // The error may stand behind the value that it is about; cutting before the last comma leaves whole values.
    closed(text.get(..end)?).and_then(|text| serde_json::from_str(&text).ok())
}

/// The text of a document, comments blanked and padding behind it cut off. Offsets stay.
pub(crate) fn clean(document: &Document<'_>) -> String {
    let mut text = without_comments(document.text());
    text.truncate(text.trim_end_matches(|c: char| c == '\0' || c.is_whitespace()).len());
    text
}

/// The documents of a text in which several follow one another. A document that is cut off at the end, or broken,
/// comes as a copy that is closed, with the offset at which it begins.
pub(crate) fn several<'t>(
    text: &'t str,
    document: &Document<'_>,
    faults: &mut Faults,
) -> (Vec<&'t RawValue>, Option<(usize, String)>) {
    let mut values = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        // Lists that somebody took apart leave commas behind.
        let blank =
            rest.len() - rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace()).len();
        at += blank;
        let rest = text.get(at..).unwrap_or_default();
        if rest.is_empty() {
            return (values, None);
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&'t RawValue>();
        match stream.next() {
            Some(Ok(value)) => {
                values.push(value);
                at += stream.byte_offset();
            }
            Some(Err(error)) => {
                let offset = at + offset(rest, error.line(), error.column());
                let kind = if error.is_eof() { FaultKind::Truncated } else { FaultKind::Json };
                faults.add(document.place(offset), kind);
                let end = if error.is_eof() { text.len() } else { offset };
                return (values, text.get(at..end).and_then(closed).map(|text| (at, text)));
            }
            None => return (values, None),
        }
    }
}

/// Blanks comments and commas before a closing bracket, so that offsets stay.
fn without_comments(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let bytes = text.as_bytes();
    let mut comma = None;
    let mut at = 0;
    while let Some(&c) = bytes.get(at) {
        let end = match (c, bytes.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                end_of_string(bytes, at)
            }
            (b'/', Some(b'/')) => {
                let rest = bytes.get(at..).unwrap_or_default();
                let end = memchr::memchr(b'\n', rest).map_or(bytes.len(), |len| at + len);
                blank(&mut out, at, end);
                end
            }
            (b'/', Some(b'*')) => {
                let rest = bytes.get(at + 2..).unwrap_or_default();
                let end = memchr::memmem::find(rest, b"*/").map_or(bytes.len(), |len| at + len + 4);
                blank(&mut out, at, end);
                end
            }
            (b',', _) => {
                comma = Some(at);
                at + 1
            }
            (b'}' | b']', _) => {
                if let Some(comma) = comma.take() {
                    blank(&mut out, comma, comma + 1);
                }
                at + 1
            }
            (c, _) => {
                if !c.is_ascii_whitespace() {
                    comma = None;
                }
                at + 1
            }
        };
        at = end;
    }
    // Only whole characters were overwritten, by blanks.
    String::from_utf8(out).unwrap_or_default()
}

fn blank(out: &mut [u8], start: usize, end: usize) {
    let end = end.min(out.len());
    for byte in out.get_mut(start..end).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// One past the end of the string that begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// `text`, which is cut off, up to its last whole value, with the brackets that are open closed.
fn closed(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut open: Vec<u8> = Vec::new();
    // Where the document can be ended. Each bracket moves it, so that the same brackets are open there as at the end.
    let mut cut = None;
    let mut at = 0;
    while let Some(&c) = bytes.get(at) {
        match c {
            b'"' => {
                at = end_of_string(bytes, at);
                continue;
            }
            b'{' | b'[' => {
                open.push(if c == b'{' { b'}' } else { b']' });
                cut = Some(at + 1);
            }
            b'}' | b']' => {
                open.pop();
                cut = Some(at + 1);
            }
            b',' => cut = Some(at),
            _ => {}
        }
        at += 1;
    }
    let mut text = text.get(..cut?)?.to_owned();
    text.extend(open.iter().rev().map(|c| char::from(*c)));
    Some(text)
}

/// The offset of a line and column, both counted from 1; columns are bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match memchr::memchr(b'\n', text.as_bytes().get(start..).unwrap_or_default()) {
            Some(len) => start += len + 1,
            None => return text.len(),
        }
    }
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A field of an object. Newtonsoft writes `SessionId`, the APIs `sessionId` or `session_id`: names are compared
/// without case and `_`.
pub(crate) fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| is_same(key, name)).map(|(_, v)| v))
}

fn is_same(a: &str, b: &str) -> bool {
    let fold = |c: &u8| c.to_ascii_lowercase();
    let a = a.as_bytes().iter().filter(|c| **c != b'_').map(fold);
    let b = b.as_bytes().iter().filter(|c| **c != b'_').map(fold);
    a.eq(b)
}

/// The text of a field; `None` where it is missing, null, blank or no text.
pub(crate) fn text(value: &Value, name: &str) -> Option<String> {
    let text = field(value, name)?.as_str()?;
    (!text.trim().is_empty()).then(|| kept(text))
}

/// A number of a field, which may be written as text or with a fraction.
pub(crate) fn number(value: &Value, name: &str) -> Option<u64> {
    match field(value, name)? {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().filter(|n| *n >= 0.0 && *n < 9e15).map(|n| n as u64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Yes or no.
pub(crate) fn flag(value: &Value, name: &str) -> Option<bool> {
    match field(value, name)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// A time of a field; see [`stamp::iso`].
pub(crate) fn time(
    value: &Value,
    name: &str,
    field_name: &'static str,
    place: Place,
    faults: &mut Faults,
) -> Option<Time> {
    stamp::iso(field(value, name)?.as_str()?, field_name, place, faults)
}

/// The items of a list; none where there is no list.
pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    field(value, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parsed;
    use serde_json::json;

    fn check(text: &str, expected: &Value, faults: &[FaultKind]) {
        let mut found = Faults::default();
        let document = Document::new(text.as_bytes(), &mut found);
        let value = parse(&document, &mut found).unwrap_or_default();
        assert_eq!(&value, expected, "{text}");
        let kinds: Vec<FaultKind> =
            Parsed::new((), found).faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(kinds, faults, "{text}");
    }

    #[test]
    fn comments_and_spare_commas_are_no_fault() {
        check("{ // \"a\": 1\n \"b\": \"//\", /* , */ }", &json!({"b": "//"}), &[]);
        check("[1,2,\n]", &json!([1, 2]), &[]);
    }

    #[test]
    fn what_is_cut_off_is_read_up_to_its_last_whole_value() {
        let cut = [FaultKind::Truncated];
        check(r#"{"a": 1, "b": [1, {"c": "x,"#, &json!({"a": 1, "b": [1, {}]}), &cut);
        check(r#"{"a": {"b": 2}, "c"#, &json!({"a": {"b": 2}}), &cut);
        check(r#"{"a": 12"#, &json!({}), &cut);
        check(r#"{"a": 1, "b": oops}"#, &json!({"a": 1}), &[FaultKind::Json]);
    }
}
