//! Node's diagnostic report: `report.20260119.032306.4711.0.001.json`.
//!
//! It is written for an uncaught exception, a fatal error, a signal or on demand. It holds all environment variables, the
//! command line and the network of the machine, secrets among them: of these nothing is kept.

use std::collections::BTreeMap;

use daaslens_core::Time;
use serde_json::{Map, Value};

use super::{MAX_FRAMES, State, Thread, ThreadDump, Writer, java, kept};

pub(super) fn read(object: &Map<String, Value>) -> Option<ThreadDump> {
    let header = object.get("header")?.as_object()?;
    header.get("nodejsVersion").or_else(|| header.get("reportVersion"))?;
    let text = |key: &str| header.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut dump = ThreadDump::new(Writer::Node, 1, 0);
    // Milliseconds since 1970, as a text; the other form is local time.
    dump.time = text("dumpEventTimeStamp")
        .parse()
        .ok()
        .map(Time)
        .or_else(|| java::time(text("dumpEventTime")));
    dump.pid =
        header.get("processId").and_then(Value::as_u64).and_then(|pid| u32::try_from(pid).ok());
    dump.runtime = kept(&format!("Node {}", text("nodejsVersion")));
    dump.trigger = kept(text("trigger"));
    let stack = object.get("javascriptStack").and_then(Value::as_object);
    let message = stack.and_then(|stack| stack.get("message")?.as_str()).unwrap_or_default();
    let frames: Vec<&str> = stack
        .and_then(|stack| stack.get("stack")?.as_array())
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::trim)
        .collect();
    let is_exception = !message.is_empty() && !message.starts_with("No stack");
    if is_exception && matches!(dump.trigger.as_str(), "Exception" | "FatalError" | "OOMError") {
        let mut lines = vec![message.trim().to_owned()];
        lines.extend(
            frames
                .iter()
                .take(MAX_FRAMES)
                .map(|frame| format!("    at {}", frame.strip_prefix("at ").unwrap_or(frame))),
        );
        dump.exception = lines.join("\n");
    }
    dump.add(Thread {
        name: "JavaScript".to_owned(),
        state: State::Runnable,
        frames: frames
            .iter()
            .take(MAX_FRAMES)
            .map(|frame| kept(frame.strip_prefix("at ").unwrap_or(frame)))
            .collect(),
        ..Thread::default()
    });
    for worker in object.get("workers").and_then(Value::as_array).into_iter().flatten() {
        if let Some(mut other) = worker.as_object().and_then(read) {
            for (number, thread) in other.threads.iter_mut().enumerate() {
                thread.name = format!("worker {}", dump.threads.len() + number);
            }
            for thread in other.threads {
                dump.add(thread);
            }
        }
    }
    dump.figures = figures(object);
    Some(dump)
}

fn figures(object: &Map<String, Value>) -> BTreeMap<String, u64> {
    let mut figures = BTreeMap::new();
    let heap = object.get("javascriptHeap").and_then(Value::as_object);
    let of = |keys: &[&str]| keys.iter().find_map(|key| heap?.get(*key)?.as_u64());
    for (name, keys) in [
        ("heap-used", &["usedMemory", "usedHeapSize", "totalUsedMemory"][..]),
        ("heap-limit", &["memoryLimit", "heapSizeLimit"]),
        ("heap-total", &["totalMemory", "totalHeapSize"]),
    ] {
        if let Some(value) = of(keys) {
            figures.insert(name.to_owned(), value);
        }
    }
    let usage = object.get("resourceUsage").and_then(Value::as_object);
    if let Some(resident) = usage.and_then(|usage| usage.get("rss")?.as_u64()) {
        figures.insert("resident".to_owned(), resident);
    }
    for handle in object.get("libuv").and_then(Value::as_array).into_iter().flatten() {
        let kind = handle.get("type").and_then(Value::as_str).unwrap_or_default();
        let is_active = handle.get("is_active").and_then(Value::as_bool).unwrap_or(false);
        let is_word = !kind.is_empty()
            && kind.len() < 20
            && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if is_active && is_word && kind != "loop" {
            *figures.entry(format!("handles-{kind}")).or_default() += 1;
        }
    }
    figures
}
