//! A reader of what applications write: trace files, console output, web jobs, containers; over bytes.
//!
//! # The promise
//!
//! Callers may pass arbitrary, untrusted bytes. No function of this crate panics or does IO. Nothing is ever an error:
//! any text is a record. The spans of the items, put one after the other, are the input, byte for byte, and how the
//! input is cut into blocks never changes what is read; both laws are property tests. A [`Reader`] keeps a few hundred
//! bytes, and its caller never more than [`MAX_RECORD`] beyond its block.
//!
//! # The domain, in short
//!
//! On App Service an application's own words lie in many places, each with a layout of its own, and each file mixes
//! what the framework, the application and the runtime print:
//!
//! ```text
//! LogFiles/Application/79e06d-6972-638297684447218361.txt    2026-01-19T03:23:06  PID[6972] Error       no stock
//! LogFiles/Application/diagnostics-20260119.txt              2026-01-19 03:23:06.405 +00:00 [Error] Shop.Cart: no stock
//! LogFiles/stdout_20260119032306_4200.log                    fail: Shop.Cart[0]
//!                                                                  no stock
//! site/wwwroot/iisnode/14b7dc-2908-stderr-1755298989113.txt  TypeError: no stock
//!                                                                at buy (C:\home\site\wwwroot\cart.js:3:9)
//! data/jobs/continuous/Mailer/job_log.txt                    [01/19/2026 03:23:06 > 79e06d: ERR ] no stock
//! LogFiles/2026_01_19_lw0sdlwk0001ab_default_docker.log      2026-01-19T03:23:06.405123456Z no stock
//! ```
//!
//! * **A record** begins with a line that has a time or a level in front. Lines without either belong to the record
//!   before where that has a time; behind other text a line belongs to it where it is indented, or goes on with an
//!   exception. Anything else is a record of its own, without a level. See [`Form`].
//! * **The layout is read word by word**, since people choose it: log4net, `NLog`, Serilog, logback, Spring, Tomcat,
//!   Python, winston and the platform's own are all covered by one reader.
//! * **Times.** App Service runs in UTC unless told otherwise, and most layouts name no zone: read as UTC, said in
//!   [`Record::zone`]. A console prints no time at all, or one without a date: then the day of the file's name counts,
//!   and what has no time takes that of the record before it; said in [`Record::dated`].
//! * **The name of a file** tells process, instance and start: [`file_name`].
//! * **Silence is no health.** The trace to files turns itself off after twelve hours, and ASP.NET Core's file logger
//!   stops for the day at 10 MB, both without a word.
//! * **Encoding.** UTF-8, or Windows-1252 where a record is no UTF-8. UTF-16 is transcoded before it gets here.
//!
//! # Example
//!
//! ```
//! use daaslens_applog::{Item, Level, Reader, file_name};
//!
//! let log = b"fail: Shop.Cart[0]\r\n      no stock\r\n      Shop.EmptyException: x\r\n         at Shop.Cart.Buy()\r\n";
//! let mut reader = Reader::new(file_name("LogFiles/stdout_20260119032306_4200.log"), log);
//! let mut records = Vec::new();
//! reader.read(log, true, &mut |item| if let Item::Record(record) = item { records.push(record) });
//! assert_eq!(records.len(), 1);
//! assert_eq!(records[0].level(), Some(Level::Error));
//! assert_eq!(records[0].category(), "Shop.Cart");
//! assert_eq!(records[0].headline(), "no stock");
//! assert_eq!(records[0].time().map(daaslens_core::Time::rfc3339).as_deref(), Some("2026-01-19T03:23:06Z"));
//! ```

#![warn(missing_docs)]

mod head;
mod json;
mod level;
mod open;
mod origin;
mod read;
mod record;
mod stamp;
mod text;
pub mod threads;

pub use head::Form;
pub use level::Level;
pub use origin::{FileName, Writer, file_name};
pub use read::{Item, MAX_RECORD, Reader};
pub use record::{Dated, Record, Uncaught, Zone};
