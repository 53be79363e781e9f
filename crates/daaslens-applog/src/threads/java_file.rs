//! `jcmd Thread.dump_to_file`: the dump of JDK 19 and later that also holds virtual threads, as text or JSON.
//!
//! ```text
//! 4711
//! 2026-01-19T03:23:06.405Z
//! 21.0.1+12-LTS
//!
//! #1 "main"
//!       java.base/java.lang.Object.wait0(Native Method)
//!       shop.Cart.buy(Cart.java:3)
//!
//! #22 "" virtual
//!       shop.Cart.sell(Cart.java:9)
//! ```
//!
//! It names no state and no lock before JDK 24.

use serde_json::{Map, Value};

use super::{Lock, MAX_FRAMES, State, Thread, ThreadDump, Threads, Writer, java, kept, lines};

/// Whether a text begins like one.
fn is_one(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_pid = lines
        .next()
        .is_some_and(|line| (1..=8).contains(&line.len()) && line.iter().all(u8::is_ascii_digit));
    is_pid
        && lines
            .next()
            .and_then(|line| std::str::from_utf8(line).ok())
            .is_some_and(|line| java::time(line).is_some())
}

pub(super) fn read_text(text: &str) -> Threads {
    let mut found = Threads::default();
    if !is_one(text.trim_start().as_bytes()) {
        return found;
    }
    let mut dump = ThreadDump::new(Writer::Java, 1, 0);
    let mut thread: Option<Thread> = None;
    let mut heads = 0;
    for (line, byte, content) in lines(text) {
        let bare = content.trim();
        if bare.is_empty() {
            continue;
        }
        if let Some(next) = header(bare, line, byte) {
            dump.threads.reserve(1);
            if let Some(thread) = thread.replace(next) {
                dump.add(thread);
            }
        } else if let Some(thread) = &mut thread {
            if thread.frames.len() < MAX_FRAMES && content.starts_with(' ') {
                thread.frames.push(kept(bare.strip_prefix("at ").unwrap_or(bare)));
            }
        } else {
            match heads {
                0 => dump.pid = bare.parse().ok(),
                1 => dump.time = java::time(bare),
                2 => dump.runtime = kept(&format!("Java {bare}")),
                _ => {}
            }
            heads += 1;
        }
    }
    if let Some(thread) = thread {
        dump.add(thread);
    }
    if !dump.threads.is_empty() {
        found.dumps.push(dump);
    }
    found
}

/// `#22 "name" virtual`, `#22 "name" RUNNABLE 2026-…`
fn header(bare: &str, line: u64, byte: u64) -> Option<Thread> {
    let rest = bare.strip_prefix('#')?;
    let (number, rest) = rest.split_once(' ')?;
    let id: u64 = number.parse().ok()?;
    let rest = rest.strip_prefix('"')?;
    let end = rest.rfind('"')?;
    let name = rest.get(..end)?;
    let behind = rest.get(end + 1..)?;
    let name = match (name.is_empty(), behind.contains("virtual")) {
        (true, true) => format!("virtual thread {id}"),
        (true, false) => format!("thread {id}"),
        _ => name.to_owned(),
    };
    let state = behind.split_ascii_whitespace().map(state).find(|state| *state != State::Unknown);
    let (name, state) = (kept(&name), state.unwrap_or_default());
    Some(Thread { name, state, line, byte, ..Thread::default() })
}

fn state(word: &str) -> State {
    match word {
        "RUNNABLE" => State::Runnable,
        "BLOCKED" => State::Blocked,
        "WAITING" => State::Waiting,
        "TIMED_WAITING" => State::TimedWaiting,
        "NEW" | "TERMINATED" => State::Gone,
        _ => State::Unknown,
    }
}

pub(super) fn read_json(object: &Map<String, Value>) -> Option<ThreadDump> {
    let body = object.get("threadDump")?.as_object()?;
    let mut dump = ThreadDump::new(Writer::Java, 1, 0);
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    dump.pid = number(body.get("processId")).and_then(|pid| u32::try_from(pid).ok());
    dump.time = java::time(text("time"));
    dump.runtime = kept(&format!("Java {}", text("runtimeVersion")));
    let containers = body.get("threadContainers")?.as_array()?;
    let threads = containers.iter().filter_map(|container| container.get("threads")?.as_array());
    for one in threads.flatten() {
        let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        let id = number(one.get("tid")).unwrap_or_default();
        let name = match (text("name"), one.get("virtual").and_then(Value::as_bool)) {
            ("", Some(true)) => format!("virtual thread {id}"),
            ("", _) => format!("thread {id}"),
            (name, _) => name.to_owned(),
        };
        let frames = one.get("stack").and_then(Value::as_array);
        let waits = one.get("blockedOn").or_else(|| one.get("waitingOn")).and_then(Value::as_str);
        let holds = one.get("monitorsOwned").and_then(Value::as_array);
        let held =
            holds.into_iter().flatten().filter_map(|at| at.get("locks")?.as_array()).flatten();
        dump.add(Thread {
            name: kept(&name),
            state: state(text("state")),
            frames: frames
                .into_iter()
                .flatten()
                .take(MAX_FRAMES)
                .filter_map(|frame| frame.as_str().map(kept))
                .collect(),
            waits_for: waits.map(lock),
            holds: held.filter_map(|held| held.as_str().map(lock)).collect(),
            ..Thread::default()
        });
    }
    (!dump.threads.is_empty()).then_some(dump)
}

/// `java.lang.Object@2f7a2457`
fn lock(text: &str) -> Lock {
    let class = text.rsplit_once('@').map_or(text, |(class, _)| class);
    Lock { id: kept(text), class: kept(class) }
}

/// Numbers are written as texts before JDK 24.
fn number(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
