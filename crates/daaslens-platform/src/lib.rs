//! What App Service's own tools leave beside the logs, over bytes.
//!
//! Kudu (the site's management side) writes a record of each deployment and a trace of each thing it is asked to do;
//! DaaS (the diagnostics tool) writes a record of each session, and a log while it watches the CPU. None of them is a
//! log of the application, but they say what was *done* to it: deployments, restarts, memory dumps that froze it.
//! Those are the first suspects when it answered 502 or 503.
//!
//! | module | files |
//! |---|---|
//! | [`deployment`] | `deployments/<id>/{status.xml,status_complete.xml,log.log,log.xml,manifest}`, `active`, `latest.json` |
//! | [`session`] | `DaaS/Sessions/**` of both generations, and sessions of which only the folders are left |
//! | [`daas`] | settings, heartbeats, cancellations, lock files, `.diaglog` |
//! | [`monitoring`] | CPU monitoring: its sessions, its logs, what it did |
//! | [`kudu`] | traces of Kudu (XML and text), replies of its API, its environment page |
//! | [`metrics`] | exports of Azure Monitor metrics |
//! | [`recognise()`] | which of them a file is |
//!
//! # What is promised
//!
//! Callers may pass arbitrary, untrusted bytes. Nothing here does IO, fails or panics. Each function gives what could be
//! understood and the [`Fault`]s with their places ([`Parsed`]). Documents are read up to [`MAX_DOCUMENT`] bytes, lists
//! are kept up to a number that the function names, texts up to [`MAX_TEXT`] characters; memory is bounded by a constant
//! times the input, and time is linear in it.
//!
//! # Secrets
//!
//! These files are full of them: keys to storage accounts, connection strings, cookies, the whole environment of a
//! process. What is never needed is never kept: signatures, values of settings, all variables but a few switches, queries of
//! URLs, request headers. What names a person or a host stands in fields of its own (`person`, `hosts`, `host`, `site`),
//! so that a caller can leave it out. Messages, titles of steps and errors are text like that of any log, to be masked
//! like it.

pub mod daas;
pub mod deployment;
mod document;
mod ends;
mod json;
pub mod kudu;
pub mod metrics;
pub mod monitoring;
mod offline;
mod parsed;
mod recognise;
pub mod session;
mod stamp;
mod xml;

pub use parsed::{Fault, FaultKind, Parsed, Place};
pub use recognise::{What, recognise};
pub use session::Tool;

/// The longest document (XML, JSON, HTML) that is read, in bytes. What is longer is read up to here.
pub const MAX_DOCUMENT: usize = 16 << 20;
/// The longest text that is kept of a field, in characters.
pub const MAX_TEXT: usize = 4096;
/// The most faults that are listed for one file. More are counted in the last of them.
pub const MAX_FAULTS: usize = 100;
