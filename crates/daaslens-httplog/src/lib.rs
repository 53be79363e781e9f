//! Readers of HTTP-side logs, over bytes.
//!
//! # The promise
//!
//! Callers may pass arbitrary, untrusted bytes. No function of this crate panics, does IO, or keeps more memory
//! than a small constant beside its input. Nothing is ever an error: what can be understood becomes a
//! [`Request`] (or, of [`httperr`], a record), and what cannot becomes an item with its place and a fault, so that
//! the spans of the items, put one after the other, are the input, byte for byte. The laws are tested with
//! `proptest` and held by a fuzz target.
//!
//! [`freb`] and [`error_page`] are documents about one request each: they are read whole, up to 32 MiB, with memory of a
//! small constant times that, and give what could be understood beside the faults with their places.
//!
//! # The domain, in short
//!
//! IIS writes a request when it *ends*: `date time` is the time of completion, and the start is that minus
//! `time-taken`. The columns are named by the last `#Fields:` line, which may change inside a file; values hold
//! no blanks (IIS writes `+` for them), an absent value is `-`, and no quoting exists. App Service always writes
//! the same 19 columns:
//!
//! ```text
//! #Software: Microsoft Internet Information Services 8.0
//! #Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken
//! ```
//!
//! # Example
//!
//! ```
//! use daaslens_httplog::Request;
//! use daaslens_httplog::w3c::{self, Item, State};
//!
//! let log = b"#Fields: date time cs-method cs-uri-stem sc-status time-taken\n\
//!             2026-03-11 02:14:07 GET /cart 503 12\n\
//!             2026-03-11 02:14:08 GET /ca";
//! let mut state = State::default();
//! let mut seen = Vec::new();
//! w3c::read(log, 0, &mut state, &mut |item| {
//!     seen.push(match item {
//!         Item::Record(record) => format!("{:?} {}", record.status(), record.uri_stem().unwrap_or_default()),
//!         Item::Directive(directive) => format!("#{}", directive.name),
//!         Item::Malformed(malformed) => malformed.fault.to_string(),
//!         Item::Blank(_) => String::new(),
//!     });
//! });
//! assert_eq!(seen, ["#Fields", "Some(503) /cart", "4 fields where 6 are declared"]);
//! ```

pub mod azure;
mod clock;
mod document;
pub mod error_page;
mod field;
pub mod freb;
pub mod httperr;
pub mod iis;
mod lines;
pub mod ncsa;
mod request;
pub mod w3c;

pub use document::{DocumentFault, DocumentFaultKind, Target};
pub use field::Field;
pub use lines::{Fault, Item, MAX_LINE, Malformed, newline};
pub use request::{Request, Vantage};
