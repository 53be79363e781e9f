//! Threads with equal stacks, together, and what they do.

use std::collections::BTreeMap;

use crate::modules::Module;
use crate::stack::Frame;
use crate::threads::Thread;

/// Groups that are kept, the busy and the large ones first.
const MAX_GROUPS: usize = 200;

/// Frames by which stacks are told apart; further out all threads of a pool look alike, and leftovers differ.
const DEPTH: usize = 12;

/// What a thread does, by the function that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The exception stopped it.
    Stopped,
    /// It runs code.
    Running,
    /// It waits for a lock that another thread holds.
    Lock,
    /// It waits for the network.
    Network,
    /// It waits for a file or a device.
    File,
    /// It waits for an event, a thread or a process.
    Wait,
    /// It sleeps for a set time.
    Sleep,
    /// It is in the system's library; the dump does not hold the name of the function. Most such threads wait.
    System,
    /// It waits for work.
    Idle,
    /// Its registers are not in the dump.
    Unknown,
}

impl State {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Stopped => "stopped by the exception",
            Self::Running => "running",
            Self::Lock => "waiting for a lock",
            Self::Network => "waiting for the network",
            Self::File => "waiting for a file or device",
            Self::Wait => "waiting",
            Self::Sleep => "sleeping",
            Self::System => "in the system, most likely waiting",
            Self::Idle => "idle",
            Self::Unknown => "unknown",
        }
    }

    /// Whether there is nothing to see.
    pub const fn is_idle(self) -> bool {
        matches!(self, Self::Idle | Self::Sleep)
    }
}

/// Threads with equal stacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they do.
    pub state: State,
    /// Their calls, the innermost first.
    pub frames: Vec<Frame>,
    /// Their ids, in the order of the dump.
    pub threads: Vec<u32>,
    /// The processor time of all of them, ms.
    pub cpu_ms: u64,
    /// Their names without digits, each once.
    pub names: Vec<String>,
}

/// Groups the threads: what runs and waits first, idle ones last; larger groups before smaller ones.
/// `stopped` is the thread that the exception stopped; it is a group of its own, and the first.
pub(crate) fn groups(threads: &[Thread], modules: &[Module], stopped: Option<u32>) -> Vec<Group> {
    let mut groups: BTreeMap<(bool, Vec<&str>), Group> = BTreeMap::new();
    for thread in threads {
        let key: Vec<&str> =
            thread.frames.iter().take(DEPTH).map(|frame| frame.text.as_str()).collect();
        let is_stopped = stopped == Some(thread.id);
        let group = groups.entry((is_stopped, key)).or_insert_with(|| Group {
            state: if is_stopped { State::Stopped } else { state(&thread.frames, modules) },
            frames: thread.frames.clone(),
            threads: Vec::new(),
            cpu_ms: 0,
            names: Vec::new(),
        });
        group.threads.push(thread.id);
        group.cpu_ms = group.cpu_ms.saturating_add(thread.cpu_total_ms());
        if let Some(name) = thread.name.as_deref().map(family)
            && group.names.len() < 4
            && !group.names.contains(&name)
        {
            group.names.push(name);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| {
        (
            group.state != State::Stopped,
            group.state.is_idle(),
            std::cmp::Reverse(group.threads.len()),
            std::cmp::Reverse(group.cpu_ms),
            group.threads.first().copied(),
        )
    });
    groups.truncate(MAX_GROUPS);
    groups
}

/// `.NET TP Worker #12` is one of `.NET TP Worker #`.
fn family(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '0'..='9' if out.ends_with('#') => {}
            '0'..='9' => out.push('#'),
            c => out.push(c),
        }
    }
    out
}

/// What a thread does.
pub(crate) fn state(frames: &[Frame], modules: &[Module]) -> State {
    let Some(first) = frames.first() else { return State::Unknown };
    let module = |frame: &Frame| frame.module.and_then(|i| modules.get(i)).map(Module::stem);
    let near = &frames[..frames.len().min(6)];
    let is_in =
        |names: &[&str]| near.iter().filter_map(module).any(|stem| names.contains(&stem.as_str()));
    let calls = |begin: &str| {
        near.iter().any(|frame| frame.function.as_ref().is_some_and(|name| name.starts_with(begin)))
    };
    let networking = is_in(&["mswsock", "ws2_32", "winhttp", "wininet"]);
    let Some(function) = &first.function else {
        return match module(first).as_deref() {
            Some("ntdll" | "win32u" | "wow64cpu" | "wow64") => State::System,
            _ => State::Running,
        };
    };
    match function.as_str() {
        "NtWaitForWorkViaWorkerFactory" | "NtRemoveIoCompletion" | "NtRemoveIoCompletionEx" => {
            State::Idle
        }
        "NtDelayExecution" => State::Sleep,
        "NtUserGetMessage" | "NtUserMsgWaitForMultipleObjectsEx" => State::Idle,
        _ if function.starts_with("NtWaitFor") || function == "NtSignalAndWaitForSingleObject" => {
            if calls("RtlEnterCriticalSection") || calls("RtlAcquireSRWLock") {
                State::Lock
            } else if networking {
                State::Network
            } else {
                State::Wait
            }
        }
        "NtDeviceIoControlFile" if networking => State::Network,
        "NtDeviceIoControlFile"
        | "NtReadFile"
        | "NtWriteFile"
        | "NtFsControlFile"
        | "NtCreateFile"
        | "NtOpenFile"
        | "NtFlushBuffersFile"
        | "NtQueryDirectoryFile" => State::File,
        _ => State::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::Home;
    use crate::stack::Trust;

    #[test]
    fn equal_stacks_come_together_and_idle_ones_last() {
        let module = |name: &str| Module {
            name: name.to_owned(),
            path: String::new(),
            base: 0,
            size: 0,
            version: None,
            stamp: 0,
            home: Home::Windows,
        };
        let modules = [module("ntdll.dll"), module("mswsock.dll"), module("app.dll")];
        let frame = |index: usize, function: Option<&str>| Frame {
            text: format!("{}!{}", modules[index].name, function.unwrap_or("?")),
            module: Some(index),
            function: function.map(str::to_owned),
            trust: Trust::Scan,
            repeat: 1,
        };
        let thread = |id, name: &str, frames| Thread {
            id,
            name: Some(name.to_owned()),
            cpu_ms: Some((10, 5)),
            frames,
            ..Thread::default()
        };
        let idle = || vec![frame(0, Some("NtRemoveIoCompletion"))];
        let wait = || vec![frame(0, Some("NtWaitForSingleObject")), frame(1, None)];
        let lock = vec![
            frame(0, Some("NtWaitForAlertByThreadId")),
            frame(0, Some("RtlEnterCriticalSection")),
        ];
        let threads = [
            thread(1, "IO 1", idle()),
            thread(2, "IO 22", idle()),
            thread(3, "x", idle()),
            thread(4, "W", wait()),
            thread(5, "W", wait()),
            thread(6, "L", lock),
            thread(7, "R", vec![frame(2, None)]),
            thread(8, "S", vec![frame(0, None)]),
            thread(9, "U", Vec::new()),
        ];
        let found: Vec<_> = groups(&threads, &modules, Some(3))
            .into_iter()
            .map(|group| (group.state, group.threads, group.names.join(","), group.cpu_ms))
            .collect();
        let expected = [
            (State::Stopped, vec![3], "x", 15),
            (State::Network, vec![4, 5], "W", 30),
            (State::Lock, vec![6], "L", 15),
            (State::Running, vec![7], "R", 15),
            (State::System, vec![8], "S", 15),
            (State::Unknown, vec![9], "U", 15),
            (State::Idle, vec![1, 2], "IO #", 30),
        ]
        .map(|(state, threads, names, cpu)| (state, threads, names.to_owned(), cpu));
        assert_eq!(found, expected);
    }
}
