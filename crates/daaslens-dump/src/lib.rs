//! Memory dumps, and the reports that diagnostic tools made of them.
//!
//! # What a minidump is
//!
//! `dbghelp`, which procdump, Kudu, Windows Error Reporting and Task Manager all use, writes one layout for every size,
//! from 16 kB to many gigabytes:
//!
//! ```text
//! header ── directory ── streams: system, process, modules, threads, exception, handles, memory map, comments …
//!                        └ with their strings and the registers of each thread
//!           memory of the process, range after range, as far as it was asked for
//! ```
//!
//! Everything that is told without symbols stands in front of the memory: that part, the *front*, is a few megabytes
//! also in a dump of 10 GB, and is all that is held in memory here. Of the memory itself only the stacks are looked at,
//! and the tables of names that system libraries export. Therefore a dump that was cut off while it was uploaded (they
//! are large, connections are not) still tells its exception, modules and threads, and so does one inside an archive,
//! which cannot be read at will.
//!
//! | module | what it tells |
//! |---|---|
//! | [`what()`] | what a `.dmp` really is: also Java heaps, ELF cores, kernel dumps, error pages saved as `.dmp` |
//! | [`read()`] | everything of a minidump: [`Dump`] |
//! | [`report`] | DebugDiag's `.mht`, `DiagCli.json`, the profiler's `reportdata`, `stackDump.json`, the old HTML reports |
//! | [`name`] | machine, process, id and time off the names that the tools give to dumps |
//!
//! The layouts of the records, the registers and the reasons of exceptions come from the crate `minidump`. Its lists are
//! not used: they let go of a whole list where one entry is damaged, and copy as much as a hostile entry asks for.
//!
//! # What is promised
//!
//! Callers may pass arbitrary, untrusted bytes. Nothing here does IO but through the [`ReadAt`] that it was given, or
//! panics. What is not there is `None` or missing from a list, and a [`Fault`] says so; lists are bounded by constants,
//! at most [`MAX_FRONT`] bytes of a dump are held at a time, and the work on stacks has a budget of words.
//!
//! # Secrets
//!
//! A dump holds everything that the process held. Texts that are kept are names of modules, threads, exported functions
//! and types of handles, and the lines in which a dump tool says why it wrote the dump. Command lines, environments,
//! names of handles and the contents of memory are never kept.

mod comment;
mod dump;
mod exception;
mod exports;
mod front;
mod groups;
mod handles;
mod input;
mod memory;
mod modules;
pub mod name;
mod process;
mod regions;
pub mod report;

mod runtime;
mod stack;
mod threads;
mod what;

pub use comment::{Reason, ReasonKind};
pub use dump::{Dump, Fault, read, wanted};
pub use exception::{Access, Exception, Story};
pub use front::{MAX_FRONT, front_len};
pub use groups::{Group, State};
pub use handles::Handles;
pub use input::{ReadAt, Spots};
pub use modules::{Home, Module, Unloaded};
pub use process::{Bits, Process, System};
pub use regions::{Counters, Regions};
pub use runtime::{Runtime, RuntimeKind};
pub use stack::{Frame, Trust};
pub use threads::Thread;
pub use what::{What, what};
