//! One JSON object per line: Serilog's compact form, ASP.NET Core's JSON console, pino and bunyan, logstash.
//!
//! Only time, level, logger, message and exception are kept. What else stands in the object (headers, users,
//! connection strings) is let go.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::level::Level;
use crate::stamp::{self, Stamp, When};
use daaslens_core::Time;

/// What was read off one object. Ranges are of `text`.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) text: String,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) level: Option<Level>,
    pub(crate) category: Range<usize>,
    pub(crate) thread: Range<usize>,
    pub(crate) scope: Range<usize>,
    pub(crate) pid: Option<u32>,
    pub(crate) message: usize,
}

const TIME: &[&str] =
    &["@t", "Timestamp", "timestamp", "@timestamp", "time", "ts", "datetime", "date", "asctime"];
const LEVEL: &[&str] =
    &["@l", "LogLevel", "Level", "level", "severity", "levelname", "log.level", "loglevel"];
const MESSAGE: &[&str] =
    &["@m", "RenderedMessage", "Message", "message", "msg", "@mt", "MessageTemplate", "event"];
const EXCEPTION: &[&str] = &[
    "@x",
    "Exception",
    "exception",
    "exc_info",
    "stack_trace",
    "stackTrace",
    "stack",
    "err",
    "error",
];
const CATEGORY: &[&str] = &["Category", "SourceContext", "logger_name", "logger", "Logger", "name"];
const THREAD: &[&str] = &["thread_name", "thread", "ThreadId"];
const PID: &[&str] = &["pid", "ProcessId", "process"];

/// Whether a line may be a record: it begins and ends like an object.
pub(crate) fn may_be(line: &[u8]) -> bool {
    line.first() == Some(&b'{') && line.trim_ascii_end().last() == Some(&b'}') && line.len() > 8
}

/// Reads a record; `None` where the line is no object, or not one of a log: a message with a level, a time or an
/// exception.
pub(crate) fn parse(line: &[u8]) -> Option<Object> {
    if !may_be(line) {
        return None;
    }
    let Value::Object(object) = serde_json::from_slice(line).ok()? else { return None };
    let stamp = first(&object, TIME).and_then(time);
    let level_value = first(&object, LEVEL);
    let level = level_value.and_then(level);
    let exception = first(&object, EXCEPTION).and_then(exception);
    let message = first(&object, MESSAGE);
    if message.is_none() && exception.is_none()
        || stamp.is_none() && level_value.is_none() && exception.is_none()
    {
        return None;
    }
    let properties =
        object.get("Properties").or_else(|| object.get("State")).and_then(Value::as_object);
    let nested = |keys: &[&str]| properties.and_then(|properties| first(properties, keys));
    let mut text = String::new();
    let mut part = |value: Option<&Value>| {
        let start = text.len();
        if let Some(value) = value {
            text.push_str(&shown(value));
            text.push('\n');
        }
        start..text.len().saturating_sub(1).max(start)
    };
    let category = part(first(&object, CATEGORY).or_else(|| nested(&["SourceContext"])));
    let thread = part(first(&object, THREAD));
    let path = first(&object, &["RequestPath"]).or_else(|| nested(&["RequestPath"]));
    let path = path.map(|path| Value::String(format!("RequestPath:{}", shown(path))));
    let scope = part(path.as_ref());
    let start = text.len();
    if let Some(message) = message {
        text.push_str(&shown(message));
    }
    if let Some(exception) = exception
        && !text.get(start..).is_some_and(|message| message.contains(&exception))
    {
        text.push('\n');
        text.push_str(&exception);
    }
    Some(Object {
        stamp,
        // Serilog leaves `Information` out, and writes nothing else without a level.
        level: level.or_else(|| {
            (object.contains_key("@t") && level_value.is_none()).then_some(Level::Info)
        }),
        category,
        thread,
        scope,
        pid: first(&object, PID).and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok()),
        message: start,
        text,
    })
}

fn first<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| object.get(*key).filter(|value| !value.is_null()))
}

fn time(value: &Value) -> Option<Stamp> {
    match value {
        Value::String(text) => stamp::parse(text.as_bytes()).map(|(stamp, _)| stamp),
        Value::Number(number) => {
            // Seconds or milliseconds since 1970; anything else is no time.
            let number = number.as_f64()?;
            let ms = if (1e9..1e10).contains(&number) { number * 1000.0 } else { number };
            let fits = (1e12..1e13).contains(&ms);
            fits.then_some(Stamp { when: When::At(Time(ms as i64)), offset: Some(0), digits: 3 })
        }
        _ => None,
    }
}

fn level(value: &Value) -> Option<Level> {
    match value {
        Value::String(text) => Level::of_word(text.as_bytes()),
        Value::Number(number) => Level::of_number(number.as_u64()?, false),
        Value::Object(object) => object.get("name").and_then(level),
        _ => None,
    }
}

/// A text, or an object with a type, a message and a stack.
fn exception(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.contains('\n') || text.contains("Exception") => {
            Some(text.clone())
        }
        Value::Object(object) => {
            let stack = first(
                object,
                &["stack", "StackTrace", "stack_trace", "stackTrace", "StackTraceString"],
            );
            let stack = stack.and_then(Value::as_str).unwrap_or_default();
            let kind = first(object, &["Type", "type", "ClassName", "name", "class"]);
            let kind = kind.and_then(Value::as_str).unwrap_or_default();
            let said = first(object, &["Message", "message", "msg"]).and_then(Value::as_str);
            if stack.is_empty() && kind.is_empty() {
                return None;
            }
            // Node's stack begins with type and message.
            let has_head =
                !kind.is_empty() && stack.starts_with(kind) || stack.starts_with("Error");
            if has_head {
                return Some(stack.to_owned());
            }
            Some(format!("{kind}: {}\n{stack}", said.unwrap_or_default()).trim_end().to_owned())
        }
        _ => None,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) => object.get("name").map(shown).unwrap_or_default(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let Some(object) = parse(line.as_bytes()) else { return "-".to_owned() };
        let text = |range: &Range<usize>| object.text.get(range.clone()).unwrap_or_default();
        let when = match object.stamp.map(|stamp| stamp.when) {
            Some(When::At(time)) => time.rfc3339(),
            other => format!("{other:?}"),
        };
        format!(
            "{when} {} [{}] ({}) {:?} {:?}",
            object.level.map_or("-", Level::word),
            text(&object.category),
            text(&object.scope),
            object.pid,
            object.text.get(object.message..).unwrap_or_default(),
        )
    }

    #[test]
    fn objects_of_all_loggers() {
        for (line, expected) in [
            (
                r#"{"@t":"2025-11-29T02:00:43.42Z","@mt":"Sold {Id}","Id":4,"SourceContext":"Shop.Cart"}"#,
                r#"2025-11-29T02:00:43.420Z info [Shop.Cart] () None "Sold {Id}""#,
            ),
            (
                r#"{"@t":"2025-11-29T02:00:43Z","@l":"Error","@m":"bad","@x":"System.Exception: x\n   at A.B()","RequestPath":"/buy"}"#,
                r#"2025-11-29T02:00:43Z error [] (RequestPath:/buy) None "bad\nSystem.Exception: x\n   at A.B()""#,
            ),
            (
                r#"{"EventId":0,"LogLevel":"Critical","Category":"Shop.Cart","Message":"gone","State":{"Message":"gone"}}"#,
                r#"None critical [Shop.Cart] () None "gone""#,
            ),
            (
                r#"{"level":50,"time":1531171074631,"pid":657,"hostname":"x","msg":"refused","err":{"type":"Error","message":"no","stack":"Error: no\n    at f (a.js:1:2)"}}"#,
                r#"2018-07-09T21:17:54.631Z error [] () Some(657) "refused\nError: no\n    at f (a.js:1:2)""#,
            ),
            (
                r#"{"@timestamp":"2020-09-25T14:07:53.123+02:00","level":"WARN","logger_name":"c.e.Shop","message":"m"}"#,
                r#"2020-09-25T12:07:53.123Z warning [c.e.Shop] () None "m""#,
            ),
            (r#"{"a":1,"message":"no log"}"#, "-"),
            (r#"{"level":"info"}"#, "-"),
            (r#"{"level":"info","message":"torn"#, "-"),
            ("{}", "-"),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }
}
