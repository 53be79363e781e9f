//! Event logs as JSON: `Get-WinEvent` or `Get-EventLog` piped into `ConvertTo-Json`.
//!
//! The output is an array of objects, or one object where there was one event; Windows PowerShell puts the array into
//! another object at times (`{"value": […], "Count": 2}`). Each object is cut out by its braces and read by itself, so
//! that a file that ends in the middle, or two that were put together, lose only the object that is torn.

use daaslens_core::Span;
use memchr::{memchr, memchr_iter, memchr3};
use serde_json::Value;

use crate::MAX_EVENT;
use crate::clock::Order;
use crate::event::Event;
use crate::fault::Fault;
use crate::fields::{Draft, Field};
use crate::read::{Item, Malformed};

/// How many braces in a row may be opened without an event inside, before what they enclose is given up as a whole.
const MAX_WRAPPERS: u32 = 3;

/// The objects of a JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Objects<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
    /// Braces opened since the last event.
    wrappers: u32,
}

impl<'a> Objects<'a> {
    /// Objects, if the bytes begin like JSON.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Self> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        matches!(text.first(), Some(b'{' | b'[')).then_some(Self {
            bytes,
            at: 0,
            line: 1,
            wrappers: 0,
        })
    }

    fn rest(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    /// What begins at `start`, and where it ends.
    fn segment(&mut self, start: usize) -> (usize, Option<Result<Event<'static>, Fault>>) {
        if self.bytes.get(start) != Some(&b'{') {
            let end = memchr(b'{', self.rest(start)).map_or(self.bytes.len(), |at| start + at);
            let between = self.bytes.get(start..end).unwrap_or_default();
            let fault = (!is_punctuation(between)).then_some(Err(Fault::Stray));
            return (end, fault);
        }
        let limit = self.bytes.len().min(start + MAX_EVENT);
        let end = closing(self.bytes.get(start..limit).unwrap_or_default()).map(|n| start + n);
        let span = Span::new(start as u64, end.unwrap_or(limit) as u64);
        let event = match end {
            Some(end) => event(self.bytes.get(start..end).unwrap_or_default(), span, self.line),
            None if limit == self.bytes.len() => Err(Fault::Truncated),
            None => Err(Fault::TooLong { len: span.len() }),
        };
        if event.is_ok() {
            self.wrappers = 0;
            return (end.unwrap_or(limit), Some(event));
        }
        // An object that is no event may have events inside it.
        let inside = self.bytes.get(start + 1..end.unwrap_or(limit)).unwrap_or_default();
        if self.wrappers < MAX_WRAPPERS && memchr(b'{', inside).is_some() {
            self.wrappers += 1;
            return (start + 1, None);
        }
        self.wrappers = 0;
        (end.unwrap_or(limit), Some(event))
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let (start, line) = (self.at, self.line);
        let (end, item) = self.segment(start);
        let span = Span::new(start as u64, end as u64);
        self.line +=
            memchr_iter(b'\n', self.bytes.get(start..end).unwrap_or_default()).count() as u64;
        self.at = end;
        Some(match item {
            None => Item::Other(span),
            Some(Ok(event)) => Item::Event(Box::new(event)),
            Some(Err(fault)) => Item::Malformed(Malformed { span, line, fault }),
        })
    }
}

/// Whether there is only what stands between objects: brackets, commas, and the names of a wrapper.
fn is_punctuation(bytes: &[u8]) -> bool {
    let words = [&b"value"[..], b"count", b"events"];
    bytes
        .split(|byte| b" \t\r\n[]{},:\"\0\xef\xbb\xbf".contains(byte) || byte.is_ascii_digit())
        .all(|word| word.is_empty() || words.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// The length of the object at the head of `bytes`, if it is closed.
fn closing(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        at += memchr3(b'{', b'}', b'"', bytes.get(at..)?)?;
        match bytes.get(at)? {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => at += string(bytes.get(at..)?)?,
        }
        at += 1;
    }
}

/// How far behind the quote at the head of `bytes` the closing one is.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

fn event(bytes: &[u8], span: Span, line: u64) -> Result<Event<'static>, Fault> {
    let mut not_utf8 = false;
    let value: Value = if let Ok(text) = std::str::from_utf8(bytes) {
        serde_json::from_str(text)
    } else {
        not_utf8 = true;
        serde_json::from_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0)
    }
    .map_err(|_| Fault::NotJson)?;
    let mut draft = Draft::default();
    let Value::Object(members) = &value else { return Err(Fault::NotJson) };
    for (name, value) in members {
        let Some(field) = Field::of(name) else { continue };
        match (field, value) {
            (Field::Strings, value) => strings(value, &mut draft),
            (_, Value::String(text)) => draft.set(field, text, Order::default()),
            (_, Value::Number(number)) => draft.set(field, &number.to_string(), Order::default()),
            // A date that has been decorated: `{"value": "\/Date(1595374458918)\/", "DateTime": "…"}`.
            (Field::Time, Value::Object(date)) => {
                if let Some(Value::String(text)) = date.get("value") {
                    draft.set(field, text, Order::default());
                }
            }
            _ => {}
        }
    }
    let local = draft.local;
    let mut event = draft.finish(span, line)?;
    if local {
        event.faults.push(Fault::LocalTime);
    }
    if not_utf8 {
        event.faults.insert(0, Fault::NotUtf8);
    }
    Ok(event)
}

/// `[{"Value": "w3wp.exe"}, …]` of `Get-WinEvent`, `["w3wp.exe", …]` of `Get-EventLog`, either of them wrapped.
fn strings(value: &Value, draft: &mut Draft) {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(wrapper) => match wrapper.get("value") {
            Some(Value::Array(list)) => list,
            _ => return,
        },
        _ => return,
    };
    for one in list {
        match one {
            Value::Object(property) => match property.get("Value") {
                Some(Value::String(text)) => draft.push(text),
                Some(Value::Null) | None => draft.push(""),
                Some(other) => draft.push(&other.to_string()),
            },
            Value::String(text) => draft.push(text),
            Value::Null => draft.push(""),
            // Cut at the depth that `ConvertTo-Json` goes to: all that is left is the name of the type.
            other => draft.push(&other.to_string()),
        }
    }
}
