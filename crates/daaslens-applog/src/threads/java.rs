//! `jstack` and its kin: the text that a Java machine has printed since JDK 5.
//!
//! ```text
//! 2026-01-19 03:23:06
//! Full thread dump OpenJDK 64-Bit Server VM (17.0.2+8 mixed mode, sharing):
//!
//! "http-nio-80-exec-1" #22 daemon prio=5 os_prio=0 cpu=0.26ms elapsed=9.1s tid=0x0000 nid=0x1c waiting for monitor entry  [0x00]
//!    java.lang.Thread.State: BLOCKED (on object monitor)
//!         at shop.Cart.buy(Cart.java:3)
//!         - waiting to lock <0x00000000e0001000> (a java.lang.Object)
//!         - locked <0x00000000e0001010> (a shop.Store)
//!
//!    Locked ownable synchronizers:
//!         - None
//! ```
//!
//! The number of the operating system is hexadecimal up to JDK 18 and decimal from 19 on. Circles of threads stand at the
//! end, behind "Found one Java-level deadlock", and then the stacks of their threads once more, which are not counted twice.

use daaslens_core::Time;

use super::{
    Deadlock, DeadlockThread, Lock, MAX_DUMPS, MAX_FRAMES, State, Thread, ThreadDump, Threads,
    Writer, kept, lines,
};
use crate::stamp::{self, When};

/// Where the reader stands in a dump.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Threads and their stacks.
    Threads,
    /// Who waits for whom.
    Deadlock,
    /// The same stacks once more.
    Again,
}

pub(super) fn read(text: &str) -> Threads {
    let mut found = Threads::default();
    let mut part = Part::Threads;
    let mut thread: Option<Thread> = None;
    let mut synchronizers = false;
    let (mut time, mut pid) = (None, None);
    for (line, byte, content) in lines(text) {
        let bare = content.trim();
        if let Some(at) = content.find("Full thread dump ") {
            close(&mut found, &mut thread);
            part = Part::Threads;
            if found.dumps.len() == MAX_DUMPS {
                found.more_dumps += 1;
            } else {
                let mut dump = ThreadDump::new(Writer::Java, line, byte);
                let runtime = content.get(at + 17..).unwrap_or_default();
                (dump.time, dump.pid) = (time, pid);
                dump.runtime = kept(runtime.trim_end().trim_end_matches(':'));
                found.dumps.push(dump);
            }
            (time, pid) = (None, None);
            continue;
        }
        if let Some((stamp, len)) = stamp::parse(bare.as_bytes())
            && len == bare.len()
        {
            if let When::At(at) = stamp.when {
                time = Some(at);
            }
            continue;
        }
        // `jcmd` prints the process in front.
        if let Some(number) = bare.strip_suffix(':').and_then(|number| number.parse().ok()) {
            pid = Some(number);
            continue;
        }
        let Some(dump) = found.dumps.last_mut().filter(|_| found.more_dumps == 0) else { continue };
        if bare.starts_with("Found ") && bare.contains("Java-level deadlock") && bare.ends_with(':')
        {
            close(&mut found, &mut thread);
            if let Some(dump) = found.dumps.last_mut() {
                dump.deadlocks.push(Deadlock {
                    line,
                    byte,
                    is_stated: true,
                    ..Deadlock::default()
                });
            }
            part = Part::Deadlock;
            continue;
        }
        match part {
            Part::Deadlock if bare.starts_with("Java stack information for the threads") => {
                part = Part::Again;
            }
            Part::Deadlock => stated(dump, bare),
            // A further circle, or the end of them, which stands at the end of the dump.
            Part::Again if bare.starts_with("Found ") && bare.ends_with('.') => {
                part = Part::Threads;
            }
            Part::Again => {}
            Part::Threads => {
                if let Some(next) = header(content, line, byte) {
                    close(&mut found, &mut thread);
                    thread = Some(next);
                    synchronizers = false;
                } else if bare.starts_with("JNI global ref")
                    || bare.starts_with("Threads class SMR info")
                {
                    close(&mut found, &mut thread);
                } else if let Some(thread) = &mut thread {
                    detail(thread, bare, &mut synchronizers);
                }
            }
        }
    }
    close(&mut found, &mut thread);
    for dump in &mut found.dumps {
        dump.deadlocks.retain(|deadlock| !deadlock.threads.is_empty());
    }
    found
}

fn close(found: &mut Threads, thread: &mut Option<Thread>) {
    if let (Some(thread), Some(dump)) = (thread.take(), found.dumps.last_mut()) {
        dump.add(thread);
    }
}

/// What may stand behind the name of a thread: names may have quotation marks in them.
const BEHIND_NAME: [&str; 9] =
    ["#", "daemon ", "prio=", "os_prio=", "tid=", "nid=", "Id=", "[0x", "cpu="];

/// `"name" #12 [1234] daemon prio=5 os_prio=0 tid=0x… nid=0x1c waiting on condition  [0x…]`
fn header(content: &str, line: u64, byte: u64) -> Option<Thread> {
    let rest = content.strip_prefix('"')?;
    let (name, behind) = rest.match_indices("\" ").find_map(|(at, _)| {
        let behind = rest.get(at + 2..)?.trim_start();
        BEHIND_NAME.iter().any(|word| behind.starts_with(word)).then(|| (rest.get(..at), behind))
    })?;
    let mut thread = Thread { name: kept(name?), line, byte, ..Thread::default() };
    let mut words = behind.split_ascii_whitespace();
    while let Some(word) = words.next() {
        if word == "daemon" {
            thread.is_background = true;
        } else if let Some(number) = word.strip_prefix("nid=") {
            thread.os_id = match number.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            };
            break;
        } else if word == "in" && behind.contains("Id=") {
            // The form of the management beans: `"t" Id=14 in BLOCKED on lock=…`.
            thread.state = words.next().map_or(State::Unknown, state);
        }
    }
    if thread.state == State::Unknown {
        // Threads of the machine itself have no line with their state.
        let says: String =
            words.take_while(|word| !word.starts_with('[')).collect::<Vec<_>>().join(" ");
        thread.state = match says.as_str() {
            "runnable" => State::Runnable,
            "waiting for monitor entry" => State::Blocked,
            "waiting on condition" | "in Object.wait()" => State::Waiting,
            "sleeping" => State::TimedWaiting,
            _ => State::Unknown,
        };
    }
    Some(thread)
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

/// A line below the head of a thread.
fn detail(thread: &mut Thread, bare: &str, synchronizers: &mut bool) {
    if let Some(rest) = bare.strip_prefix("java.lang.Thread.State: ") {
        thread.state = rest.split(' ').next().map_or(State::Unknown, state);
    } else if let Some(frame) = bare.strip_prefix("at ") {
        if thread.frames.len() < MAX_FRAMES {
            thread.frames.push(kept(frame));
        }
    } else if bare.starts_with("Locked ownable synchronizers") {
        *synchronizers = true;
    } else if let Some(rest) = bare.strip_prefix("- ") {
        let Some(lock) = lock(rest) else { return };
        if *synchronizers || rest.starts_with("locked <") {
            // In `Object.wait()` the lock that is waited on was given back.
            if thread.waits_for.as_ref() != Some(&lock) {
                thread.holds.push(lock);
            }
        } else if rest.starts_with("waiting to lock <")
            || rest.starts_with("parking to wait for ")
            || rest.starts_with("waiting on <")
            || rest.starts_with("waiting to re-lock ")
        {
            thread.waits_to_be_woken = rest.starts_with("waiting on <");
            thread.waits_for = Some(lock);
        }
    }
}

/// `<0x00000000e0001000> (a java.lang.Object)` in a line.
fn lock(text: &str) -> Option<Lock> {
    let (_, rest) = text.split_once('<')?;
    let (id, rest) = rest.split_once('>')?;
    let class = rest
        .split_once("(a ")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map_or("", |(class, _)| class);
    // The record of a lock of Java's own library names its class.
    Some(Lock { id: kept(id), class: kept(class) })
}

/// A line of the block that says who waits for whom.
fn stated(dump: &mut ThreadDump, bare: &str) {
    let Some(deadlock) = dump.deadlocks.last_mut() else { return };
    if let Some(name) = bare.strip_prefix('"').and_then(|rest| rest.strip_suffix("\":")) {
        let known = dump.threads.iter().find(|thread| thread.name == kept(name));
        let frames =
            known.map_or_else(Vec::new, |thread| thread.frames.iter().take(6).cloned().collect());
        deadlock.threads.push(DeadlockThread {
            name: kept(name),
            waits_for: Lock::default(),
            frames,
        });
        return;
    }
    let Some(last) = deadlock.threads.last_mut() else { return };
    // `waiting to lock monitor 0x… (object 0x…, a java.lang.Object),`, `waiting for ownable synchronizer 0x…, (a X),`
    if bare.starts_with("waiting to lock monitor ")
        || bare.starts_with("waiting for ownable synchronizer ")
    {
        let id = match bare.split_once("(object ") {
            Some((_, rest)) => rest.split([',', ')']).next(),
            None => bare.split(' ').find(|word| word.starts_with("0x")),
        };
        let class = bare.split_once("a ").map_or("", |_| {
            bare.rsplit_once(" a ")
                .or_else(|| bare.rsplit_once("(a "))
                .map_or("", |(_, class)| class)
        });
        last.waits_for = Lock {
            id: kept(id.unwrap_or_default().trim_end_matches(',')),
            class: kept(class.trim_end_matches([',', ')', ' '])),
        };
    }
}

/// A time in ISO form.
pub(super) fn time(text: &str) -> Option<Time> {
    match stamp::parse(text.trim().as_bytes())?.0.when {
        When::At(time) => Some(time),
        _ => None,
    }
}
