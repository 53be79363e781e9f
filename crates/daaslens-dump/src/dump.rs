//! Everything that a minidump tells.

use std::fmt;
use std::ops::Range;

use daaslens_core::Time;
use daaslens_core::text::{bytes as in_bytes, counted, thousands};
use minidump::MinidumpSystemInfo;

use crate::comment::{self, Reason};
use crate::exception::{self, Exception, Story};
use crate::exports::{Exports, is_dense};
use crate::front::{Front, MAX_FRONT, Place, front};
use crate::groups::{self, Group};
use crate::handles::{self, Handles};
use crate::input::ReadAt;
use crate::memory::Memory;
use crate::modules::{self, ByAddress, Module, Unloaded};
use crate::process::{self, Bits, Process, System};
use crate::regions::{self, Counters, Regions};
use crate::runtime::{self, Runtime};
use crate::stack::{self, Frame, Walker};
use crate::threads::{self, Thread};

/// The flag of a dump with all memory.
const WITH_FULL_MEMORY: u64 = 2;

/// How much of each stack is worth picking out of a stream.
const STACK: u64 = 64 << 10;

/// How much of a library is: all of it, where it is one.
const MAX_LIBRARY: u64 = 16 << 20;

/// How much may be picked out of a stream.
const MAX_WANTED: u64 = 128 << 20;

/// What a minidump tells.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    /// When it was written.
    pub taken: Option<Time>,
    /// Whether it holds all memory of the process.
    pub is_full: bool,
    /// Bytes of the file.
    pub size: u64,
    /// The machine.
    pub system: Option<System>,
    /// The process.
    pub process: Process,
    /// Why it was written, where a tool says so.
    pub reason: Option<Reason>,
    /// The exception; none in a dump of a process that hangs or is looked at.
    pub exception: Option<Exception>,
    /// Where it was thrown.
    pub fault: Option<Frame>,
    /// The module that was unloaded from there before, where there is none now.
    pub fault_unloaded: Option<String>,
    /// The assertion that failed, where a tool wrote it down.
    pub assertion: Option<String>,
    /// The threads, in the order of the dump.
    pub threads: Vec<Thread>,
    /// Threads with equal stacks.
    pub groups: Vec<Group>,
    /// The modules, the program itself first.
    pub modules: Vec<Module>,
    /// Modules that were unloaded.
    pub unloaded: Vec<Unloaded>,
    /// The run times.
    pub runtimes: Vec<Runtime>,
    /// The address space.
    pub regions: Option<Regions>,
    /// What Windows counts for the process.
    pub counters: Option<Counters>,
    /// The handles.
    pub handles: Option<Handles>,
    /// What is missing or damaged.
    pub faults: Vec<Fault>,
}

/// What is missing in a dump, or damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no minidump: its header is missing or damaged.
    Header,
    /// The file ends before its content does.
    Cut {
        /// Bytes that are there.
        present: u64,
        /// Bytes that there should be at least.
        expected: u64,
    },
    /// Streams that the header promises and the directory lacks.
    Directory {
        /// How many.
        lost: u32,
    },
    /// A list that is not there as a whole.
    List {
        /// Of what.
        what: &'static str,
        /// Entries that were read.
        read: u64,
        /// Entries that there should be.
        of: u64,
    },
    /// Streams behind what is held of a dump.
    Front {
        /// Bytes that were read.
        read: u64,
    },
    /// Nothing says what system it comes from, so that no registers can be read.
    NoSystem,
    /// None of its parts can be read.
    Nothing,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("it begins like a minidump, but its header is damaged"),
            Self::Cut { present, expected } => write!(
                f,
                "it is cut off: {} of at least {} are there",
                in_bytes(*present),
                in_bytes(*expected)
            ),
            Self::Directory { lost } => write!(
                f,
                "{} of its directory cannot be read",
                counted(u64::from(*lost), "entry", "entries")
            ),
            Self::List { what, read, of } => {
                write!(f, "{} of {} {what} could be read", thousands(*read), thousands(*of))
            }
            Self::Front { read } => {
                write!(f, "only its first {} were looked at for its streams", in_bytes(*read))
            }
            Self::NoSystem => f.write_str("it does not say what system it comes from"),
            Self::Nothing => {
                f.write_str("it is a minidump by its header, but nothing in it can be read")
            }
        }
    }
}

impl Dump {
    /// The thread that the exception stopped.
    pub fn crashed_thread(&self) -> Option<&Thread> {
        let id = self.exception.as_ref()?.thread;
        self.threads.iter().find(|thread| thread.id == id)
    }

    /// The module in which the exception was thrown.
    pub fn fault_module(&self) -> Option<&Module> {
        self.modules.get(self.fault.as_ref()?.module?)
    }

    /// The first call of the stopped thread that neither Windows nor a run time made: who is to be looked at first.
    pub fn suspect(&self) -> Option<(&Frame, &Module)> {
        let frames = &self.crashed_thread()?.frames;
        let knows_homes = self.system.as_ref().is_some_and(System::is_windows);
        frames.iter().take_while(|_| knows_homes).find_map(|frame| {
            let module = self.modules.get(frame.module?)?;
            module.home.is_third_party().then_some((frame, module))
        })
    }

    /// The name of the program.
    pub fn program(&self) -> Option<&str> {
        self.modules.first().map(|module| module.name.as_str())
    }

    /// How wide the addresses of the process are.
    pub fn bits(&self) -> Bits {
        self.system.as_ref().map_or(Bits::Unknown, |system| system.bits)
    }
}

/// Reads a minidump.
///
/// # Errors
/// [`Fault::Header`] where it is none, [`Fault::Nothing`] where it is one without anything in it. Everything else that is
/// wrong with it stands in [`Dump::faults`].
pub fn read(input: &dyn ReadAt) -> Result<Dump, Fault> {
    let bytes = front(input);
    let front = Front::new(&bytes, input.size()).ok_or(Fault::Header)?;
    let memory = Memory::new(&front, input);
    let system = process::system(&front);
    let (raw_system, system) =
        system.map_or((None, None), |(raw, system)| (Some(raw), Some(system)));
    let bits = system.as_ref().map_or(Bits::Unknown, |system| system.bits);
    let (modules, declared_modules) = modules::modules(&front);
    let (threads, declared_threads) = threads::threads(&front);
    let (regions, code) = regions::regions(&front, bits);
    let unloaded = modules::unloaded(&front);
    let mut dump = Dump {
        taken: Some(i64::from(front.layout.stamp))
            .filter(|stamp| *stamp > 0)
            .map(Time::from_seconds),
        is_full: front.layout.flags & WITH_FULL_MEMORY != 0,
        size: input.size(),
        process: process::process(&front),
        reason: comment::reason(&front),
        assertion: modules::assertion(&front),
        runtimes: runtime::runtimes(&modules),
        counters: regions::counters(&front),
        handles: handles::handles(&front),
        faults: faults(&front, &memory, raw_system.is_some()),
        regions,
        ..Dump::default()
    };
    for (what, read, of) in [
        ("modules", modules.len() as u64, declared_modules),
        ("threads", threads.len() as u64, declared_threads),
    ] {
        if read < of {
            dump.faults.push(Fault::List { what, read, of });
        }
    }
    let mut walker = Walker {
        memory: &memory,
        modules: &modules,
        by_address: ByAddress::new(&modules),
        code,
        bits,
        exports: Exports::default(),
        words: stack::WORDS,
    };
    let mut context_of_exception = None;
    if let Some((exception, raw)) = exception::exception(&front, raw_system.as_ref(), bits) {
        let fault = walker.place(exception.address);
        if fault.module.is_none() {
            let gone = unloaded.iter().find(|module| {
                exception.address.checked_sub(module.base).is_some_and(|at| at < module.size)
            });
            dump.fault_unloaded = gone.map(|module| module.name.clone());
        }
        context_of_exception = Some((exception.thread, threads::context(raw.raw.thread_context)));
        dump.fault = Some(fault);
        dump.exception = Some(exception);
    }
    dump.threads =
        with_calls(&front, threads, raw_system.as_ref(), context_of_exception, &mut walker);
    threads::starts(&front, &mut dump.threads, &mut walker);
    if let Some(exception) = dump.exception.as_ref() {
        // Some tools write no address; where the thread stands is then where it was thrown.
        let first = dump.crashed_thread().and_then(|thread| thread.frames.first());
        let untold = exception.address == 0 && !matches!(exception.story, Story::Access { .. });
        if let (true, Some(first)) = (untold, first) {
            dump.fault = Some(first.clone());
        }
    }
    let stopped = dump.exception.as_ref().map(|exception| exception.thread);
    dump.groups = groups::groups(&dump.threads, &modules, stopped);
    dump.modules = modules;
    dump.unloaded = unloaded;
    dump.system = system;
    let tells = dump.system.is_some()
        || dump.exception.is_some()
        || dump.reason.is_some()
        || !dump.modules.is_empty()
        || !dump.threads.is_empty();
    if tells { Ok(dump) } else { Err(Fault::Nothing) }
}

/// Reads the calls of each thread; those of the stopped one from where the exception stopped it, since by the time of
/// the dump it waits for the dump.
fn with_calls(
    front: &Front<'_>,
    threads: Vec<(Thread, Place)>,
    system: Option<&MinidumpSystemInfo>,
    exception: Option<(u32, Place)>,
    walker: &mut Walker<'_>,
) -> Vec<Thread> {
    let mut read = |(mut thread, place): (Thread, Place)| {
        let place = exception
            .filter(|(id, place)| *id == thread.id && place.size > 0)
            .map_or(place, |(_, place)| place);
        let registers = system.and_then(|system| threads::registers(front, place, system));
        thread.frames = registers.map_or_else(Vec::new, |registers| walker.walk(&registers));
        thread
    };
    threads.into_iter().map(&mut read).collect()
}

fn faults(front: &Front<'_>, memory: &Memory<'_>, has_system: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    let expected = front.layout.end().max(memory.end);
    if expected > front.size {
        faults.push(Fault::Cut { present: front.size, expected });
    }
    if front.layout.lost > 0 {
        faults.push(Fault::Directory { lost: front.layout.lost });
    }
    if front.bytes.len() as u64 == MAX_FRONT && front.layout.end().min(front.size) > MAX_FRONT {
        faults.push(Fault::Front { read: MAX_FRONT });
    }
    if !has_system {
        faults.push(Fault::NoSystem);
    }
    faults
}

/// Which stretches of the file [`read`] would look at beyond its front, in order: for sources that can only be read from
/// front to back. `front` is the beginning of the file.
pub fn wanted(bytes: &[u8], size: u64) -> Vec<Range<u64>> {
    let nothing: &[u8] = &[];
    let Some(front) = Front::new(bytes, size) else { return Vec::new() };
    let memory = Memory::new(&front, &nothing);
    let Some((system, _)) = process::system(&front) else { return Vec::new() };
    let mut wanted: Vec<Range<u64>> = Vec::new();
    let exception = exception::exception(&front, Some(&system), Bits::Unknown);
    let crashed = exception.map(|(_, raw)| threads::context(raw.raw.thread_context));
    let places = crashed.into_iter().chain(threads::threads(&front).0.into_iter().map(|(_, p)| p));
    for place in places {
        if let Some(registers) = threads::registers(&front, place, &system) {
            wanted.extend(memory.places(registers.stack, STACK));
        }
    }
    for module in modules::modules(&front).0.iter().filter(|module| is_dense(module)) {
        wanted.extend(memory.places(module.base, module.size.min(MAX_LIBRARY)));
    }
    let mut left = MAX_WANTED;
    wanted.retain_mut(|range| {
        range.start = range.start.max(bytes.len() as u64);
        let fits = range.start < range.end && range.end - range.start <= left;
        if fits {
            left -= range.end - range.start;
        }
        fits
    });
    wanted.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<u64>> = Vec::with_capacity(wanted.len());
    for range in wanted {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
