//! Exceptions with their stacks, found in text and taken apart.
//!
//! # What these texts are
//!
//! Every runtime prints an exception in its own way, and loggers put the print anywhere: behind the head of a record,
//! indented, on one line, in a JSON string. What they have in common is a type, a message, what caused it, and the
//! calls that led there:
//!
//! | language | opens with | frames | causes |
//! |---|---|---|---|
//! | .NET | `Ns.XException (0x80131904): message` | `   at Ns.Type.Method(Int32 id) in C:\a.cs:line 3` | ` ---> Ns.YException: …` above the frames |
//! | Java | `Exception in thread "main" a.b.XException: message` | `\tat a.b.C.d(C.java:12)` | `Caused by: …` behind them |
//! | Node | `TypeError [CODE]: message` | `    at load (/home/site/wwwroot/cart.js:12:5)` | `[cause]: …` in braces behind them |
//! | Python | `Traceback (most recent call last):` | `  File "app.py", line 12, in load`, the innermost last | the cause first, then `During handling of the above …` |
//! | PHP | `Uncaught X: message in F:3`, or `[object] (X(code: 0): message at F:3)` | `#0 F(31): Cart->add()` | the cause first, then `Next Y: …`; `[previous exception]` |
//! | Ruby | `a.rb:3:in 'load': message (XError)` | `\tfrom a.rb:9:in 'main'` | |
//! | Go | `panic: message` | two lines for each call, below `goroutine 1 [running]:` | |
//!
//! # How to use it
//!
//! * [`find()`] takes any text (a record of a log with all its lines, a whole file) and gives every exception in it with its
//!   place and its language. It knows the languages apart by the form of their frames.
//! * [`ExceptionText::parse`] reads a text that is known to be one of .NET; [`ExceptionText::parse_console`] what a program
//!   wrote before it ended.
//! * [`ExceptionText::place`] names a frame so that the name stays the same from build to build.
//!
//! `daaslens-signature` makes one name for one bug out of an [`ExceptionText`].
//!
//! ```
//! let log = "2026-03-11 02:14:07 [ERR] Unhandled: System.TimeoutException: no answer\n   at Shop.Db.Open()\nnext line\n";
//! let found = daaslens_stacktrace::find(log);
//! assert_eq!(found[0].exception.chain[0].type_name, "System.TimeoutException");
//! assert_eq!(log.get(found[0].span.clone()), Some("System.TimeoutException: no answer\n   at Shop.Db.Open()\n"));
//! ```
//!
//! # What is promised
//!
//! Any text may be passed. Nothing here fails, panics or does IO; time grows linearly with the text. Spans are ascending, do
//! not overlap, and lie between characters. An exception has at most [`MAX_CHAIN`] causes and [`MAX_FRAMES`] frames, its
//! messages at most [`MAX_MESSAGE`] bytes each.

#![warn(missing_docs)]

mod code;
mod dotnet;
mod find;
mod go;
mod java;
mod lines;
mod method;
mod model;
mod node;
mod path;
mod php;
mod python;
mod ruby;

pub use code::parse_code;
pub use dotnet::parse_frame;
pub use find::{Found, find};
pub use method::normalise_frame;
pub use model::{
    ExceptionText, Language, MAX_CHAIN, MAX_FRAMES, MAX_MESSAGE, Place, RawFrame, Thrown,
};
pub use path::site_file;
