//! A reader of PHP error logs (`php_errors.log`, `error_log`, `debug.log`), over bytes.
//!
//! # The promise
//!
//! Callers may pass arbitrary, untrusted bytes. No function of this crate panics or does IO, and none keeps more
//! than a small constant beside its input: records borrow the log, stack traces are parsed while one walks them,
//! and a [`Signature`] is cut to a fixed length. Nothing is ever an error: what can be understood becomes a
//! [`Record`], what cannot becomes [`Malformed`] with its place and a [`Fault`], so that the spans of the items, put
//! one after the other, are the input, byte for byte. How the input is cut never changes what is read. Both laws
//! are property tests.
//!
//! # The domain, in short
//!
//! PHP appends `[day-Mon-year time zone] message` and a line end to its log, in one write (`php_log_err`):
//!
//! ```text
//! [22-Nov-2025 05:42:11 Europe/Berlin] PHP Warning:  Undefined variable $total in C:\home\site\wwwroot\a.php on line 41
//! [22-Nov-2025 05:42:12 Europe/Berlin] PHP Fatal error:  Uncaught RuntimeException: no stock in C:\home\site\wwwroot\b.php:9
//! Stack trace:
//! #0 C:\home\site\wwwroot\c.php(31): reserve()
//! #1 {main}
//!   thrown in C:\home\site\wwwroot\b.php on line 9
//! [22-Nov-2025 05:42:13 Europe/Berlin] whatever the application gave to error_log()
//! ```
//!
//! * **A record is a stamped line with all lines up to the next stamped one.** Messages hold line ends of their
//!   own: stack traces, SQL, texts of the operating system (`… could not be found.\r\n in Unknown on line 0`).
//!   Xdebug 2 and 3 stamp each line of a stack trace; those lines belong to the record before them.
//! * **Line ends.** PHP 5 on Windows writes `\r\r\n`, later builds `\r\n`; inside a message they stay `\n`.
//! * **The stamp** has whole seconds and the name of a zone: an IANA name, `UTC`, an offset; PHP up to 5.2 wrote no
//!   zone. A file may mix zones: errors of module start-up are in UTC because the zone is not configured yet, and
//!   WordPress switches to UTC. See [`Stamp`] for what becomes of times that do not exist, or exist twice.
//! * **The level** is `PHP `, a word, a colon and two blanks. PHP folds core, compile and user errors into the same
//!   words. Text given to `error_log()` has no level.
//! * **Frameworks and PHP-FPM.** Monolog stamps `[2026-03-11 02:14:07] production.ERROR: ` and puts the exception into
//!   JSON behind the message; PHP-FPM writes `[11-Mar-2026 02:14:07] WARNING: [pool www] …` and wraps into such lines what a
//!   script printed; an entry of its slow log is a record too. See [`Level::Logged`], [`Level::Manager`], [`Level::Slow`].
//! * **The place** (`in F on line N`) ends the message, which may be on a later line than the stamp. Before PHP 8
//!   a message was cut at `log_errors_max_len` (1,024 bytes), its place with it.
//! * **Counts are lower bounds** where `ignore_repeated_errors` is on: PHP then drops repeats without a trace.
//! * **Encoding.** Mostly UTF-8; texts of the operating system come in the code page of the machine, in the same
//!   file. Bytes stay bytes here; [`decode`] makes text of them. UTF-16 (a log piped through PowerShell) is
//!   transcoded before it gets here.
//!
//! # Example
//!
//! ```
//! use daaslens_phplog::{Class, Item, class, plan, read, signature};
//!
//! let log = b"[24-Sep-2025 10:03:12 UTC] PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted \
//!             (tried to allocate 20480 bytes) in C:\\home\\site\\wwwroot\\a.php on line 7\r\n";
//! for chunk in plan(log, 1 << 20) {
//!     for item in read(log, &chunk) {
//!         let Item::Record(record) = item else { continue };
//!         assert_eq!(record.line_in_file(), Some(7));
//!         assert_eq!(class(&record), Class::Memory { limit: 134_217_728, tried: 20_480 });
//!         assert_eq!(
//!             signature(&record).to_string(),
//!             "Fatal error: Allowed memory size of # bytes exhausted (tried to allocate # bytes) in a.php:7"
//!         );
//!     }
//! }
//! ```

#![warn(missing_docs)]

mod class;
mod level;
mod mask;
mod path;
mod place;
pub mod process;
mod read;
mod record;
mod signature;
mod stamp;
mod text;
mod trace;
mod zone;

pub use class::{Class, class};
pub use level::{Gravity, Level, Origin};
pub use path::{is_library, site_path};
pub use read::{Chunk, Fault, Item, Items, Malformed, cut, plan, plan_in, read, sniff};
pub use record::Record;
pub use signature::{MAX_MESSAGE, Signature, signature};
pub use stamp::{Doubt, Stamp};
pub use text::decode;
pub use trace::{Exception, Exceptions, Frame, Frames};
pub use zone::AssumedZone;
