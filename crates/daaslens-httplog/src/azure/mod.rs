//! Resource logs of Azure, and what a workspace exports of them.
//!
//! A diagnostic setting sends what a service logs to a storage account (`PT1H.json`, one record a line, appended during
//! the hour, so that the last line may be cut), to an event hub (`{"records":[…]}`), or to a workspace, from where the
//! portal exports a CSV, the command line a list, and the API a table. All of them are read, also pretty-printed, and
//! each record says by its category what it is:
//!
//! | category | item |
//! |---|---|
//! | `AppServiceHTTPLogs` | a [`Record`] as the worker saw it; milliseconds |
//! | `ApplicationGatewayAccessLog` | a [`Record`] as the gateway saw it; seconds, milliseconds from the first generation |
//! | `FrontDoorAccessLog`, `FrontdoorAccessLog` | a [`Record`] as the edge saw it; seconds |
//! | `AppServiceConsoleLogs`, `AppServiceAppLogs` | a [`Line`] |
//! | `AppServicePlatformLogs` | an [`Event`] |
//! | anything else | [`Item::Other`] |
//!
//! `properties` is an object, or an object written as text; numbers may be text; what is absent is missing, empty or
//! `-`. Nothing of that matters to who asks.
//!
//! ```
//! use daaslens_httplog::Request;
//! use daaslens_httplog::azure::{Item, Layout, Reader};
//!
//! let log = br#"{"time":"2026-03-11T02:14:07.1234567Z","category":"AppServiceHTTPLogs","properties":
//!     "{\"CsMethod\":\"GET\",\"CsUriStem\":\"\\/cart\",\"ScStatus\":\"503\",\"TimeTaken\":12}"}"#;
//! let mut reader = Reader::new(Layout::of(log).expect("a resource log"));
//! let mut seen = Vec::new();
//! let mut sink = |item: Item<'_>| {
//!     if let Item::Request(request) = item {
//!         seen.push(format!("{:?} {}", request.status(), request.uri_stem().unwrap_or_default()));
//!     }
//! };
//! reader.read(log, 0, &mut sink);
//! reader.finish(&mut sink);
//! assert_eq!(seen, ["Some(503) /cart"]);
//! ```

mod frame;
mod name;
mod read;
mod record;
mod table;
mod value;

pub use read::{Layout, Reader, Shape};
pub use record::{Event, Fault, Item, Line, NO_ANSWER, Place, Record, Stream};

/// The longest record that is read, in bytes. Services cut what they log far below.
pub const MAX_RECORD: usize = 1 << 20;

#[cfg(test)]
mod tests;
