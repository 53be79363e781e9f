//! Thread dumps: what all threads of a process did at one moment, in groups of equal stacks.

use std::collections::BTreeMap;

use daaslens_applog::file_name;
use daaslens_applog::threads::{self, State, Thread, ThreadDump, Writer};
use daaslens_core::text::{counted, shortened, visible};
use daaslens_core::{Evidence, Excerpt, Location, Origin, SourceId, Time, TimeRange};
use daaslens_kb::{NameRole, Runtime, has_role};
use daaslens_signature::Signature;

use super::Count;

/// Groups of one dump that are kept.
const MAX_STACKS: usize = 60;

/// Frames of a stack that are shown.
const FRAMES: usize = 8;

/// How far into a stack it is looked for what the thread waits for.
const LOOK: usize = 24;

/// All dumps.
#[derive(Debug, Default)]
pub(crate) struct ThreadDumps {
    pub(crate) files: u64,
    pub(crate) list: Vec<Taken>,
}

/// One dump.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) writer: Writer,
    pub(crate) time: Option<Time>,
    pub(crate) pid: Option<u32>,
    /// The machine or instance.
    pub(crate) machine: Option<String>,
    pub(crate) runtime: String,
    pub(crate) trigger: String,
    pub(crate) threads: u64,
    pub(crate) states: BTreeMap<State, u64>,
    /// The most frequent first.
    pub(crate) stacks: Vec<Stack>,
    /// Groups beyond those that are kept.
    pub(crate) more_stacks: u64,
    pub(crate) pools: Vec<Pool>,
    pub(crate) deadlocks: Vec<threads::Deadlock>,
    pub(crate) figures: BTreeMap<String, u64>,
    /// The exception that led to it.
    pub(crate) exception: Option<Signature>,
    pub(crate) at: Location,
}

/// Threads that do the same.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) count: u64,
    /// The name of the first of them.
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) wait: Wait,
    /// The innermost first, names alone.
    pub(crate) frames: Vec<String>,
    pub(crate) at: Location,
}

/// Threads of one name but for their numbers, and what most of them wait for.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) threads: u64,
    pub(crate) idle: u64,
    /// How many do the same, what, and where.
    pub(crate) alike: u64,
    pub(crate) wait: Wait,
    pub(crate) frames: Vec<String>,
    pub(crate) at: Location,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Wait {
    Work,
    Database,
    Network,
    File,
    Lock,
    Sleep,
    Nothing,
}

/// In the order in which they are looked for: who asks a database waits in a socket or on a lock for it.
const WAITS: [(NameRole, Wait); 6] = [
    (NameRole::Idle, Wait::Work),
    (NameRole::Database, Wait::Database),
    (NameRole::Network, Wait::Network),
    (NameRole::File, Wait::File),
    (NameRole::Sleep, Wait::Sleep),
    (NameRole::Lock, Wait::Lock),
];

impl Wait {
    /// In words, behind "waits for".
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Database => "a database",
            Self::Network => "another server",
            Self::File => "a file",
            Self::Lock => "a lock or a task",
            Self::Sleep => "a time to pass",
            Self::Nothing => "nothing that is known",
        }
    }

    fn of(runtime: Runtime, thread: &Thread, names: &[String]) -> Self {
        let known = WAITS
            .iter()
            .find(|(role, _)| names.iter().take(LOOK).any(|name| has_role(runtime, *role, name)));
        match (known, thread.state) {
            (None, State::Blocked) => Self::Lock,
            // Who runs inside of a lock's method has got it.
            (Some((_, Self::Lock)), State::Runnable) | (None, _) => Self::Nothing,
            (Some((_, wait)), _) => *wait,
        }
    }
}

impl Taken {
    /// The process in words.
    pub(crate) fn process(&self) -> String {
        match (self.pid, &self.machine) {
            (Some(pid), Some(machine)) => format!("process {pid} on {machine}"),
            (Some(pid), None) => format!("process {pid}"),
            (None, Some(machine)) => format!("a process on {machine}"),
            (None, None) => "a process".to_owned(),
        }
    }

    fn evidence(&self, at: Location, text: &str, alike: u64) -> Evidence {
        let excerpt = Excerpt::text(shortened(&visible(text.as_bytes()), 600));
        Evidence { at, note: self.writer.word().to_owned(), excerpt, alike }
    }

    /// A group of threads as evidence.
    pub(crate) fn stack_evidence(&self, stack: &Stack) -> Evidence {
        let text = format!("{} ({}): {}", stack.name, stack.state.word(), stack.frames.join(", "));
        self.evidence(stack.at, &text, stack.count)
    }

    /// A pool as evidence.
    pub(crate) fn pool_evidence(&self, pool: &Pool) -> Evidence {
        self.evidence(pool.at, &format!("{}: {}", pool.name, pool.frames.join(", ")), pool.alike)
    }

    /// Threads that wait for each other as evidence.
    pub(crate) fn deadlock_evidence(&self, circle: &threads::Deadlock) -> Evidence {
        let names: Vec<&str> = circle.threads.iter().map(|thread| thread.name.as_str()).collect();
        let at = Location { byte: circle.byte, line: circle.line, ..self.at };
        self.evidence(at, &format!("a deadlock of {}", names.join(", ")), 1)
    }

    /// The dump as evidence.
    pub(crate) fn own_evidence(&self) -> Evidence {
        let told = self.exception.as_ref().map_or("", |signature| signature.exact.as_str());
        let text = format!(
            "{} {} {} {told}",
            self.runtime,
            self.trigger,
            counted(self.threads, "thread", "threads")
        );
        self.evidence(self.at, text.trim(), 1)
    }
}

impl ThreadDumps {
    /// What a file holds, as evidence shows it, with its places: circles before groups of threads, and these before the
    /// dump as a whole, since a finding that names one place means the nearest.
    pub(crate) fn evidence(bytes: &[u8], origin: &Origin) -> Vec<Evidence> {
        let all = Self::read(bytes, 0, origin, &mut Count::default());
        let of = |one: &Taken| {
            let circles = one.deadlocks.iter().map(|circle| one.deadlock_evidence(circle));
            let pools = one.pools.iter().map(|pool| one.pool_evidence(pool));
            let stacks = one.stacks.iter().map(|stack| one.stack_evidence(stack));
            let own = std::iter::once(one.own_evidence());
            circles.chain(pools).chain(stacks).chain(own).collect::<Vec<_>>()
        };
        all.list.iter().flat_map(of).collect()
    }

    pub(crate) fn read(bytes: &[u8], source: usize, origin: &Origin, count: &mut Count) -> Self {
        let found = threads::read(bytes);
        let name = file_name(&origin.path);
        let machine = super::applog::instance(origin, &name);
        count.instance.clone_from(&machine);
        let mut all = Self { files: 1, list: Vec::new() };
        for (line, byte, what) in found.faults {
            count.fault(line, byte, what.to_owned());
        }
        for dump in found.dumps {
            count.records += dump.threads.len() as u64 + dump.more_threads;
            if let Some(time) = dump.time {
                TimeRange::extend(&mut count.range, time);
            }
            let one = taken(&dump, source, machine.clone());
            all.list.push(Taken { pid: one.pid.or(name.pid), ..one });
        }
        if found.more_dumps > 0 {
            count.cut = Some(format!(
                "{} more in it are not read",
                counted(found.more_dumps, "dump", "dumps")
            ));
        }
        all
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.list.extend(other.list);
    }

    /// Once everything is there.
    pub(crate) fn settle(&mut self) {
        self.list.sort_by_key(|taken| (taken.time, taken.at));
    }
}

/// The name of a frame: without arguments, file and module.
fn frame_name(frame: &str) -> String {
    let name = frame.split('(').next().unwrap_or(frame).trim();
    // SOS writes what it is in brackets before it.
    let name = name.rsplit("] ").next().unwrap_or(name);
    // Java: `java.base/java.lang.Object.wait0`.
    let name = match name.split_once('/') {
        Some((module, rest)) if !module.contains(' ') && rest.contains('.') => rest,
        _ => name,
    };
    name.rsplit("//").next().unwrap_or(name).to_owned()
}

/// The name of a thread without its numbers: `http-nio-80-exec-#`.
fn pool_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    shortened(&out, 80).into_owned()
}

fn taken(dump: &ThreadDump, source: usize, machine: Option<String>) -> Taken {
    let runtime = match dump.writer {
        Writer::Java => Runtime::Java,
        Writer::Node => Runtime::Node,
        Writer::Daas | Writer::DotNet => Runtime::DotNet,
    };
    let place = |line, byte| Location { source: SourceId(source as u32), byte, line };
    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    let mut stacks: BTreeMap<(Vec<String>, State), Stack> = BTreeMap::new();
    let mut pools: BTreeMap<String, BTreeMap<Vec<String>, Pool>> = BTreeMap::new();
    for thread in &dump.threads {
        *states.entry(thread.state).or_default() += 1;
        let names: Vec<String> = thread.frames.iter().take(LOOK).map(|f| frame_name(f)).collect();
        if names.is_empty() {
            continue;
        }
        let wait = Wait::of(runtime, thread, &names);
        let frames: Vec<String> = names.iter().take(FRAMES).cloned().collect();
        let at = place(thread.line, thread.byte);
        let pool = match dump.writer {
            // Threads of .NET have no names worth speaking of: those of the pool are the background ones.
            Writer::Daas | Writer::DotNet => "thread pool".to_owned(),
            _ => pool_name(&thread.name),
        };
        let own =
            pools.entry(pool.clone()).or_default().entry(frames.clone()).or_insert_with(|| Pool {
                name: pool,
                threads: 0,
                idle: 0,
                alike: 0,
                wait,
                frames: frames.clone(),
                at,
            });
        own.alike += 1;
        stacks
            .entry((names, thread.state))
            .or_insert_with(|| Stack {
                count: 0,
                name: thread.name.clone(),
                state: thread.state,
                wait,
                frames,
                at,
            })
            .count += 1;
    }
    let mut stacks: Vec<Stack> = stacks.into_values().collect();
    stacks.sort_by(|a, b| {
        (a.wait == Wait::Work, b.count, a.at).cmp(&(b.wait == Wait::Work, a.count, b.at))
    });
    let more_stacks = stacks.len().saturating_sub(MAX_STACKS) as u64;
    stacks.truncate(MAX_STACKS);
    let found = daaslens_signature::find(&dump.exception).into_iter().next();
    Taken {
        writer: dump.writer,
        time: dump.time,
        pid: dump.pid,
        machine,
        runtime: dump.runtime.clone(),
        trigger: dump.trigger.clone(),
        threads: dump.threads.len() as u64 + dump.more_threads,
        states,
        stacks,
        more_stacks,
        pools: pools.into_values().filter_map(busiest).collect(),
        deadlocks: dump.deadlocks.clone(),
        figures: dump.figures.clone(),
        exception: found.map(|found| found.signature),
        at: place(dump.line, dump.byte),
    }
}

/// A pool by what most of its threads that are not idle do.
fn busiest(groups: BTreeMap<Vec<String>, Pool>) -> Option<Pool> {
    let threads = groups.values().map(|group| group.alike).sum();
    let idle = groups.values().filter(|group| group.wait == Wait::Work).map(|g| g.alike).sum();
    let busy = groups.into_values().filter(|group| group.wait != Wait::Work);
    let most = busy.max_by(|a, b| a.alike.cmp(&b.alike).then_with(|| b.at.cmp(&a.at)))?;
    Some(Pool { threads, idle, ..most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_frames_and_pools() {
        for (frame, expected) in [
            ("java.base/java.lang.Object.wait0(Native Method)", "java.lang.Object.wait0"),
            (
                "sun.nio.ch.SocketDispatcher.read0(java.base@21.0.1/Native Method)",
                "sun.nio.ch.SocketDispatcher.read0",
            ),
            (
                "System.Threading.Monitor.Wait(System.Object, Int32)",
                "System.Threading.Monitor.Wait",
            ),
            (
                "[HelperMethodFrame_1OBJ] System.Threading.Monitor.ReliableEnter(System.Object)",
                "System.Threading.Monitor.ReliableEnter",
            ),
        ] {
            assert_eq!(frame_name(frame), expected);
        }
        assert_eq!(pool_name("http-nio-8080-exec-12"), "http-nio-#-exec-#");
    }
}
