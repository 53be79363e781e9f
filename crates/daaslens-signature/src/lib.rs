//! One name for one bug.
//!
//! The same bug throws with another order number, from another build with other line numbers, through one more
//! `await`, on another machine, in another language; and two different bugs throw the same type from the same
//! `Main`. A signature keeps what stays the same and tells apart:
//!
//! ```text
//! System.IO.FileNotFoundException[prices.json] @ Shop.Store.Read | Shop.Cart.LoadAsync
//! └ what began it, not what wrapped it ┘└ detail ┘  └ threw ┘        └ first own frame ┘
//! ```
//!
//! * Of a chain the exception that began it counts. One further out is named before it where it is no mere wrapper.
//! * A detail is added where the type is too coarse: the number of a SQL error, the name of a missing file.
//! * Machinery (tasks, throwing, pipelines) is dropped, by lists of names in the knowledge base (`signatures.toml`), which
//!   are kept for each runtime.
//! * The place of the throw and the first frame of the application's own both count: the former alone does not say
//!   who called, the latter alone is nearly always `Program.Main` when an application does not start.
//! * Without a stack the masked message counts.
//!
//! Line numbers are never part of it. The family is coarser: it lets go of the outer exception, the detail and the
//! library's own frames, so that variants of one bug in different builds and versions come together.
//!
//! # How to use it
//!
//! * Any text that may hold exceptions (a record of an application's log, with all its lines): [`find`] gives each one with
//!   its place in the text, its language and its signature.
//! * A parsed exception: [`of_exception`].
//! * A stack that was told without an exception (a thread of a dump): [`of_stack`], names innermost first.
//! * A native crash: [`of_native`].
//! * A line that is no exception: [`mask()`] takes out what differs from one time to the next; [`mask_values`] leaves the names
//!   of types and files that a person has to know.
//!
//! ```
//! let text = "[ERR] System.TimeoutException: no answer in 30 s\n   at Shop.Db.<OpenAsync>d__4.MoveNext() in C:\\a.cs:line 7\n";
//! let found = daaslens_signature::find(text);
//! assert_eq!(found[0].signature.exact, "System.TimeoutException @ Shop.Db.OpenAsync");
//! assert_eq!(found[0].signature.message, "no answer in {n} s");
//! ```
//!
//! # What is promised
//!
//! Any text may be passed. Nothing here fails, panics or does IO. Signatures and messages are of bounded length, hold no
//! line end, and depend on nothing but the text. Values of users are masked in them; arguments of calls are never part of
//! them.

#![warn(missing_docs)]

mod detail;
mod mask;
mod stack;

use std::ops::Range;

use daaslens_core::model::Frame;
use daaslens_kb::{NameRole, Runtime, has_role};
use daaslens_stacktrace::{ExceptionText, Language, Thrown};

pub use mask::{mask, mask_values};

use stack::Stack;

/// The longest text of a signature, in bytes.
pub const MAX_TEXT: usize = 300;
/// The longest name of one frame in it.
pub const MAX_FRAME: usize = 120;
/// The longest masked message.
pub const MAX_MESSAGE: usize = 200;
/// What every managed exception is to Windows. It tells nothing.
const MANAGED_EXCEPTIONS: [u32; 2] = [0xE043_4352, 0xE043_4F4D];

/// A crash or an exception, without what differs from one time to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The text that is equal for the same bug.
    pub exact: String,
    /// The text that is equal for variants of one bug.
    pub family: String,
    /// The type of the exception that began it, or the name of the code.
    pub exception: String,
    /// Its message, without values; the names of types and files that it names stay.
    pub message: String,
    /// The stack, the place of the throw first, without machinery.
    pub frames: Vec<Frame>,
}

impl Signature {
    /// Hides a name in the message that another one of the same signature does not have.
    pub fn tell_only_what_is_common(&mut self, other: &Self) {
        if self.message != other.message {
            self.message = bounded(&mask(&self.message), MAX_MESSAGE);
        }
    }
}

/// An exception inside of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its bytes, from the type to the last frame.
    pub span: Range<usize>,
    /// Whose it is.
    pub language: Language,
    /// What it is.
    pub signature: Signature,
}

/// All exceptions in a text, in order. See [`daaslens_stacktrace::find`].
pub fn find(text: &str) -> Vec<Found> {
    let found = daaslens_stacktrace::find(text).into_iter();
    found
        .map(|found| Found {
            span: found.span,
            language: found.exception.language,
            signature: of_exception(&found.exception, None),
        })
        .collect()
}

/// The lists of names for a language.
pub const fn runtime(language: Language) -> Runtime {
    match language {
        Language::Java => Runtime::Java,
        Language::Node => Runtime::Node,
        Language::Python => Runtime::Python,
        Language::Php => Runtime::Php,
        Language::Ruby => Runtime::Ruby,
        Language::Go => Runtime::Go,
        _ => Runtime::DotNet,
    }
}

/// The signature of an exception. `code` is the exit or exception code, and counts where no type is known.
pub fn of_exception(text: &ExceptionText, code: Option<u32>) -> Signature {
    let runtime = runtime(text.language);
    let (outer, thrown) = decisive(text);
    let stack = Stack::of(text, thrown.is_some_and(is_stack_overflow));
    let Some(thrown) = thrown else {
        return of_code(code, stack);
    };
    let one_line = |thrown: &Thrown| thrown.message.replace(['\r', '\n'], " ");
    let message = bounded(&mask(one_line(thrown).trim()), MAX_MESSAGE);
    let detail = detail::detail(text.language, thrown);
    let detail = detail.map(|detail| format!("[{detail}]")).unwrap_or_default();
    let outer = outer.map(|outer| format!("{} > ", outer.type_name)).unwrap_or_default();
    let type_name = if thrown.type_name.is_empty() { "exception" } else { &thrown.type_name };
    let place = stack.place();
    let (exact, family) = if place.is_empty() {
        let says_nothing = has_role(runtime, NameRole::GenericMessage, thrown.message.trim());
        let told = if says_nothing || detail.contains(message.as_str()) {
            String::new()
        } else {
            format!(" : {message}")
        };
        let head = format!("{type_name}{detail}{told}");
        (format!("{outer}{head}"), head)
    } else {
        let exact = format!("{outer}{type_name}{detail} @ {}", place.join(" | "));
        (exact, format!("{type_name} @ {}", stack.own_or_first()))
    };
    let shown = told_best(&text.chain, thrown);
    Signature {
        exact: bounded(&exact, MAX_TEXT),
        family: bounded(&family, MAX_TEXT),
        exception: shown.type_name.clone(),
        message: bounded(&mask_values(one_line(shown).trim()), MAX_MESSAGE),
        frames: stack.frames(),
    }
}

/// The exception that is shown to people. A refused connection to a database begins with a bare Win32 error, "the
/// system cannot find the file specified"; what was asked for is told by the exception around it.
fn told_best<'a>(chain: &'a [Thrown], thrown: &'a Thrown) -> &'a Thrown {
    if thrown.type_name != "System.ComponentModel.Win32Exception" {
        return thrown;
    }
    chain
        .iter()
        .take_while(|one| !std::ptr::eq(*one, thrown))
        .filter(|one| says(Runtime::DotNet, one) && !one.message.is_empty())
        .last()
        .unwrap_or(thrown)
}

/// Whether it is more than the wrapping of another one.
fn says(runtime: Runtime, thrown: &Thrown) -> bool {
    !thrown.type_name.is_empty() && !has_role(runtime, NameRole::Wrapper, &thrown.type_name)
}

/// The signature of a native crash: module, place in it, exception code.
///
/// The offset changes with every build of the module, so it is left to the exact text. An address that is not inside
/// a module is chosen at random by Windows and left out.
pub fn of_native(module: &str, offset: Option<u64>, code: Option<u32>) -> Signature {
    let module = module.rsplit(['\\', '/']).next().unwrap_or(module).trim().to_lowercase();
    let known = !module.is_empty() && module != "unknown" && module != "unloaded";
    let exception = code.map(code_name).unwrap_or_default();
    let name = if known { module.as_str() } else { "unknown module" };
    let place = match offset {
        Some(offset) if known => format!("{name}+0x{offset:x}"),
        _ => name.to_owned(),
    };
    let join = |place: &str| match exception.as_str() {
        "" => place.to_owned(),
        exception => format!("{exception} @ {place}"),
    };
    Signature {
        exact: bounded(&join(&place), MAX_TEXT),
        family: bounded(&join(name), MAX_TEXT),
        message: String::new(),
        frames: if known {
            let own = !has_role(Runtime::Native, NameRole::Framework, &module);
            vec![Frame { text: bounded(&place, MAX_FRAME), own, repeat: 1 }]
        } else {
            Vec::new()
        },
        exception,
    }
}

/// The signature of a stack that was told without an exception, innermost frame first: of a thread in a dump, say. Native
/// frames are `module!function` or `module+0x12`, others as their language writes them, without the word before them.
pub fn of_stack<'a>(
    runtime: Runtime,
    frames: impl IntoIterator<Item = &'a str>,
    code: Option<u32>,
) -> Signature {
    of_code(code, Stack::of_names(runtime, frames))
}

/// A stack or a code without an exception.
fn of_code(code: Option<u32>, stack: Stack) -> Signature {
    let exception = code
        .filter(|code| !MANAGED_EXCEPTIONS.contains(code))
        .map_or_else(|| "unknown exception".to_owned(), code_name);
    let place = stack.place();
    let (exact, family) = if place.is_empty() {
        (exception.clone(), exception.clone())
    } else {
        (
            format!("{exception} @ {}", place.join(" | ")),
            format!("{exception} @ {}", stack.own_or_first()),
        )
    };
    Signature {
        exact: bounded(&exact, MAX_TEXT),
        family: bounded(&family, MAX_TEXT),
        exception,
        message: String::new(),
        frames: stack.frames(),
    }
}

/// `STATUS_ACCESS_VIOLATION (0xC0000005)`.
fn code_name(code: u32) -> String {
    daaslens_kb::exception_code(code)
        .map_or_else(|| format!("0x{code:08X}"), |known| format!("{} (0x{code:08X})", known.name))
}

/// The exception that began it, and the outermost other one that says something of its own.
fn decisive(text: &ExceptionText) -> (Option<&Thrown>, Option<&Thrown>) {
    let runtime = runtime(text.language);
    let says = |thrown: &&Thrown| says(runtime, thrown);
    let known = |thrown: &&Thrown| !thrown.type_name.is_empty();
    let told = |thrown: &&Thrown| !thrown.message.is_empty();
    let until_root = text.chain.get(..=text.root).unwrap_or(&text.chain);
    // From the root outwards: a root without a type, or one that wraps what was not told, gives way.
    let thrown = until_root
        .iter()
        .rev()
        .find(says)
        .or_else(|| until_root.iter().rev().find(known))
        .or_else(|| until_root.iter().rev().find(told));
    let outer = thrown.and_then(|thrown| {
        let first = until_root.iter().find(says)?;
        (first.type_name != thrown.type_name).then_some(first)
    });
    (outer, thrown)
}

fn is_stack_overflow(thrown: &Thrown) -> bool {
    ["System.StackOverflowException", "java.lang.StackOverflowError", "RecursionError"]
        .contains(&thrown.type_name.as_str())
        || thrown.type_name == "RangeError" && thrown.message.contains("call stack size")
        || thrown.message == "stack overflow"
}

/// One line of bounded length: names and places may go over a line's end in damaged text.
fn bounded(text: &str, max: usize) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if text.len() <= max {
        return text;
    }
    let cut = text.get(..text.floor_char_boundary(max.saturating_sub(3))).unwrap_or_default();
    format!("{cut}…")
}

#[cfg(test)]
mod tests;
