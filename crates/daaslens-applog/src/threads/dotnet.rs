//! Stacks of .NET: what DaaS's stack tracer writes, `dotnet-stack report`, and SOS's `!clrstack`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{MAX_FRAMES, Thread, ThreadDump, Threads, Writer, kept, lines};

/// `stacks.json`. Of threads with the same stack only the first has it; the others have its hash.
pub(super) fn read_daas(threads: &[Value]) -> Option<ThreadDump> {
    let mut dump = ThreadDump::new(Writer::Daas, 1, 0);
    let mut stacks: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let stack = |thread: &Value| -> Option<Vec<String>> {
        let frames = thread.get("CallStack")?.as_array()?;
        Some(frames.iter().take(MAX_FRAMES).filter_map(|frame| frame.as_str().map(kept)).collect())
    };
    for thread in threads {
        if let (Some(hash), Some(stack)) =
            (thread.get("CallStackHash").and_then(Value::as_i64), stack(thread))
        {
            stacks.entry(hash).or_insert(stack);
        }
    }
    for thread in threads {
        let number = |key: &str| thread.get(key).and_then(Value::as_u64);
        let is = |key: &str| thread.get(key).and_then(Value::as_bool).unwrap_or(false);
        let Some(os_id) = number("OSThreadId") else { continue };
        let hash = thread.get("CallStackHash").and_then(Value::as_i64);
        let frames = stack(thread).or_else(|| stacks.get(&hash?).cloned()).unwrap_or_default();
        let name = match (is("IsFinalizer"), number("ManagedThreadId")) {
            (true, _) => "finalizer".to_owned(),
            (false, Some(id)) => format!("managed thread {id}"),
            (false, None) => format!("thread {os_id}"),
        };
        dump.add(Thread {
            name,
            os_id: Some(os_id),
            is_background: is("IsBackground"),
            frames,
            ..Thread::default()
        });
    }
    (!dump.threads.is_empty()).then_some(dump)
}

/// `Thread (0x1A2B):` with indented frames, or `OS Thread Id: 0x1a2b (12)` with a table of frames.
pub(super) fn read_text(text: &str) -> Threads {
    let mut dump = ThreadDump::new(Writer::DotNet, 1, 0);
    let mut thread: Option<Thread> = None;
    for (line, byte, content) in lines(text) {
        let bare = content.trim();
        if let Some(next) = header(bare) {
            let next = Thread { line, byte, ..next };
            if let Some(thread) = thread.replace(next) {
                dump.add(thread);
            }
        } else if let Some(thread) = &mut thread
            && let Some(frame) = frame(content)
            && thread.frames.len() < MAX_FRAMES
        {
            thread.frames.push(kept(frame));
        }
    }
    if let Some(thread) = thread {
        dump.add(thread);
    }
    let has_frames = dump.threads.iter().any(|thread| !thread.frames.is_empty());
    Threads { dumps: has_frames.then_some(dump).into_iter().collect(), ..Threads::default() }
}

fn header(bare: &str) -> Option<Thread> {
    let number = match bare.strip_prefix("Thread (0x") {
        Some(rest) => rest.strip_suffix("):")?,
        None => bare.strip_prefix("OS Thread Id: 0x")?.split(' ').next()?,
    };
    let os_id = u64::from_str_radix(number, 16).ok()?;
    Some(Thread { name: format!("thread {os_id}"), os_id: Some(os_id), ..Thread::default() })
}

/// `  System.Private.CoreLib!System.Threading.Monitor.Wait(class System.Object)`, or a row of addresses and a name.
fn frame(content: &str) -> Option<&str> {
    let bare = content.trim();
    let mut words = bare.splitn(3, ' ');
    let is_address = |word: &str| {
        matches!(word.len(), 8 | 16) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if let (Some(first), Some(second), Some(rest)) = (words.next(), words.next(), words.next())
        && is_address(first)
        && is_address(second)
    {
        return Some(rest.trim());
    }
    if !content.starts_with(' ')
        || bare.is_empty()
        || bare == "CPU_TIME"
        || bare.starts_with("Child SP")
    {
        return None;
    }
    // The name of the module in front is not part of the name of the method.
    Some(bare.split_once('!').map_or(bare, |(_, method)| method))
}
