//! Thread dumps: what every thread of a process did at one moment.
//!
//! | writer | form |
//! |---|---|
//! | `jstack`, `jcmd Thread.print`, `kill -3` | text, JDK 5 to 25; DaaS pipes it through PowerShell, so that it is UTF-16 |
//! | `jcmd Thread.dump_to_file` | text, or JSON |
//! | Node's diagnostic report | JSON |
//! | DaaS's `stacks.json` | JSON: a stack stands with the first thread that has it, the others name its hash |
//! | `dotnet-stack report`, SOS `!clrstack` | text |
//!
//! Text without any thread in it gives no dump. The promise is that of the crate: nothing fails, nothing panics; what is
//! kept is at most a few times the input, and a dump has at most [`MAX_THREADS`] threads of [`MAX_FRAMES`] frames each;
//! those beyond are counted. Of a Node report the environment, the command line and the network are never kept.

mod cycles;
mod dotnet;
mod java;
mod java_file;
mod node;

use std::collections::BTreeMap;

use daaslens_core::Time;

use crate::text::decode;

/// The most threads of one dump that are kept.
pub const MAX_THREADS: usize = 20_000;
/// The most frames of one stack that are kept, the innermost first.
pub const MAX_FRAMES: usize = 128;
/// The most dumps of one file: some write one every few seconds.
pub const MAX_DUMPS: usize = 200;
/// The longest name or frame.
const MAX_NAME: usize = 400;

/// Who wrote a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Writer {
    /// A Java machine.
    Java,
    /// Node.
    Node,
    /// DaaS's stack tracer, for .NET.
    Daas,
    /// `dotnet-stack`, or SOS.
    DotNet,
}

impl Writer {
    /// The word in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Java => "Java thread dump",
            Self::Node => "Node report",
            Self::Daas => "stacks of the diagnostic service",
            Self::DotNet => ".NET stacks",
        }
    }
}

/// What a thread does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It runs, or waits inside of the operating system: the dump does not tell these apart.
    Runnable,
    /// It waits for a lock that another thread holds.
    Blocked,
    /// It waits to be woken.
    Waiting,
    /// It waits to be woken, or for a time to pass.
    TimedWaiting,
    /// It has not begun, or has ended.
    Gone,
    /// The dump does not say.
    #[default]
    Unknown,
}

impl State {
    /// The word in a report.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Runnable => "runnable",
            Self::Blocked => "blocked",
            Self::Waiting => "waiting",
            Self::TimedWaiting => "waiting for a time",
            Self::Gone => "not running",
            Self::Unknown => "unknown",
        }
    }
}

/// A lock, as the dump names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lock {
    /// Its address or number.
    pub id: String,
    /// Its class.
    pub class: String,
}

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its name; for .NET its number.
    pub name: String,
    /// The operating system's number of it.
    pub os_id: Option<u64>,
    /// What it does.
    pub state: State,
    /// Whether it keeps no process alive.
    pub is_background: bool,
    /// The innermost first.
    pub frames: Vec<String>,
    /// The lock it waits for.
    pub waits_for: Option<Lock>,
    /// Whether it waits to be woken on that lock, which it then gave back, and not to get it.
    pub waits_to_be_woken: bool,
    /// The locks it has.
    pub holds: Vec<Lock>,
    /// The line at which it stands, counted from 1; 0 in JSON.
    pub line: u64,
    /// The byte at which it stands.
    pub byte: u64,
}

/// Threads that wait for each other in a circle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deadlock {
    /// Each waits for a lock that the next one holds, the last one for one of the first.
    pub threads: Vec<DeadlockThread>,
    /// The line at which the writer says so, counted from 1; that of the first thread where only the locks do.
    pub line: u64,
    /// The byte of that line.
    pub byte: u64,
    /// Whether the writer says so.
    pub is_stated: bool,
}

/// One thread of a circle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadlockThread {
    /// Its name.
    pub name: String,
    /// What it waits for.
    pub waits_for: Lock,
    /// Its innermost frames.
    pub frames: Vec<String>,
}

/// All threads at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadDump {
    /// Who wrote it.
    pub writer: Writer,
    /// The line at which it begins, counted from 1.
    pub line: u64,
    /// The byte at which it begins.
    pub byte: u64,
    /// When; Java names no zone, read as UTC.
    pub time: Option<Time>,
    /// The process.
    pub pid: Option<u32>,
    /// The virtual machine and its version.
    pub runtime: String,
    /// Why it was written: a signal, a fatal error.
    pub trigger: String,
    /// The exception that led to it, with its stack.
    pub exception: String,
    /// The threads, in their order.
    pub threads: Vec<Thread>,
    /// Threads beyond [`MAX_THREADS`].
    pub more_threads: u64,
    /// Circles.
    pub deadlocks: Vec<Deadlock>,
    /// Figures by name: bytes of the heap, open handles.
    pub figures: BTreeMap<String, u64>,
}

impl ThreadDump {
    fn new(writer: Writer, line: u64, byte: u64) -> Self {
        Self {
            writer,
            line,
            byte,
            time: None,
            pid: None,
            runtime: String::new(),
            trigger: String::new(),
            exception: String::new(),
            threads: Vec::new(),
            more_threads: 0,
            deadlocks: Vec::new(),
            figures: BTreeMap::new(),
        }
    }

    fn add(&mut self, thread: Thread) {
        if self.threads.len() < MAX_THREADS {
            self.threads.push(thread);
        } else {
            self.more_threads += 1;
        }
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Threads {
    /// The dumps, in their order.
    pub dumps: Vec<ThreadDump>,
    /// Dumps beyond [`MAX_DUMPS`].
    pub more_dumps: u64,
    /// What could not be read: line, byte, what.
    pub faults: Vec<(u64, u64, &'static str)>,
}

/// Reads all dumps of a file.
pub fn read(bytes: &[u8]) -> Threads {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut threads = match bytes.trim_ascii_start().first() {
        Some(b'{' | b'[') => json(bytes),
        _ => text(bytes),
    };
    for dump in &mut threads.dumps {
        let found = cycles::find(&dump.threads);
        let stated = std::mem::take(&mut dump.deadlocks);
        dump.deadlocks = cycles::merge(stated, found);
    }
    threads
}

fn text(bytes: &[u8]) -> Threads {
    let text = decode(bytes);
    let mut found = java::read(&text);
    if found.dumps.is_empty() {
        found = java_file::read_text(&text);
    }
    if found.dumps.is_empty() {
        found = dotnet::read_text(&text);
    }
    found
}

fn json(bytes: &[u8]) -> Threads {
    let value: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => {
            // Never the text of the error: it may quote the input.
            let line = error.line() as u64;
            return Threads {
                faults: vec![(line, 0, "no JSON from here on")],
                ..Threads::default()
            };
        }
    };
    let dump = match &value {
        serde_json::Value::Array(threads) => dotnet::read_daas(threads),
        serde_json::Value::Object(object) => {
            node::read(object).or_else(|| java_file::read_json(object))
        }
        _ => None,
    };
    Threads { dumps: dump.into_iter().collect(), ..Threads::default() }
}

/// A text that is kept, cut.
fn kept(text: &str) -> String {
    let text = text.trim();
    text.get(..text.floor_char_boundary(MAX_NAME)).unwrap_or(text).to_owned()
}

/// The lines of a text with their number (from 1) and their byte.
fn lines(text: &str) -> impl Iterator<Item = (u64, u64, &str)> {
    let mut byte = 0;
    text.split_inclusive('\n').enumerate().map(move |(number, line)| {
        let at = byte;
        byte += line.len() as u64;
        (number as u64 + 1, at, line.trim_end_matches(['\r', '\n']))
    })
}
