//! Windows events: App Service's `eventlog.xml`, and what Windows' own tools keep and export.
//!
//! # What these files are
//!
//! On App Service, what programs write to the Application event log ends up in `LogFiles/eventlog.xml`, one file
//! for all instances of a site and for its SCM site (Kudu). It is one line of XML without a namespace:
//!
//! ```text
//! <Events><Event><System><Provider Name="W3SVC-WP"/><EventID>2299</EventID><Level>1</Level><Task>0</Task>
//! <Keywords>Keywords</Keywords><TimeCreated SystemTime="2026-03-11T02:14:07Z"/>
//! <EventRecordID>59282687</EventRecordID><Channel>Application</Channel><Computer>dw1sdwk000ASY</Computer>
//! <Security/></System><EventData><Data>…</Data><Binary>02000780</Binary></EventData></Event>…</Events>
//! ```
//!
//! At 1 MiB it becomes `eventlog.prev.xml` and a new one begins: the two cover three months of a quiet site, or
//! twelve minutes of one that logs much. What a reader has to know:
//!
//! * `Level` is not Windows' level, `EventRecordID` is not the number of a record. See [`Dialect`], [`Event::level`]
//!   and [`Event::boot`].
//! * Messages are not rendered. Some providers put the whole text into one string, others only what belongs into
//!   the blanks of a template; for those, [`runtime`], [`aspnet`], [`ancm`], [`platform`] and [`windows`] know which
//!   string means what.
//! * The file is rewritten as a whole by many machines at once. Under load events are lost, so that the absence of
//!   events proves little, and at times a write is cut off and the file is broken for good. The platform's own
//!   reader then gives up on the file; this one loses the event that is torn.
//! * Native crashes leave no event there: neither Application Error nor the pool manager's events exist on App
//!   Service. In exports from servers they do.
//!
//! # What comes from servers
//!
//! People who have a server, and no App Service, send what they can get: `System.evtx` and `Application.evtx`, the
//! XML of `wevtutil`, a table that Event Viewer saved, a table or JSON of `Get-WinEvent`, a folder with `Report.wer`.
//! [`Log`] reads any of them by its content. Levels are Windows' own there, times are local and without a zone in
//! tables, and where there is nothing but the rendered message, the strings are found in it again.
//!
//! # How to read one
//!
//! [`decode`] turns UTF-16 into UTF-8, and [`Log`] reads a log in any form. Of XML, [`plan`] cuts the bytes into
//! pieces, and [`read()`] yields the [`Item`]s of a piece. [`incident::fold`] makes incidents out of events, and
//! [`incident::vanished`] lists the processes that were replaced without a word. Exceptions and their stacks are taken
//! apart by `daaslens-stacktrace`.
//!
//! # What is promised
//!
//! It is safe to pass arbitrary bytes. Nothing here fails or panics, or does IO; the spans of all items tile the
//! input; and items of XML do not depend on how the input was cut. A chunk of a binary log is decoded as a whole,
//! 64 KiB into 8 MiB of XML at most. Time grows linearly with the input. Memory is bounded by
//! a constant times the size of one event, which is at most [`MAX_EVENT`], with at most [`MAX_DATA`] strings;
//! stacks are cut at [`daaslens_stacktrace::MAX_FRAMES`] frames, chains at [`daaslens_stacktrace::MAX_CHAIN`] exceptions.

pub mod ancm;
pub mod aspnet;
#[cfg(feature = "evtx")]
mod binary;
mod clock;
mod code;
mod event;
mod fault;
mod fields;
pub mod incident;
mod json;
mod log;
mod parse;
pub mod platform;
mod read;
mod rendered;
mod report;
pub mod runtime;
mod scan;
mod table;
pub mod windows;

pub use event::{Datum, Dialect, Event, Level};
pub use fault::Fault;
pub use incident::{Incident, IncidentKind, Phase};
pub use log::{Clock, Format, Log};
pub use read::{Chunk, Item, Items, Malformed, decode, plan, read, read_all};

/// The longest event that is read, in bytes.
pub const MAX_EVENT: usize = 1 << 20;
/// The most insertion strings that are kept of one event.
pub const MAX_DATA: usize = 512;
