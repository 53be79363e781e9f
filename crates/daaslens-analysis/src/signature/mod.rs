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
//! * A detail is added where the type is too coarse: see [`detail`].
//! * Machinery (tasks, throwing, pipelines) is dropped, by lists of names in the knowledge base.
//! * The place of the throw and the first frame of the application's own both count: the former alone does not say
//!   who called, the latter alone is nearly always `Program.Main` when an application does not start.
//! * Without a stack the masked message counts.
//!
//! Line numbers are never part of it. The family is coarser: it lets go of the outer exception, the detail and the
//! library's own frames, so that variants of one bug in different builds and versions come together.

mod detail;
mod mask;
mod stack;

use daaslens_core::model::Frame;
use daaslens_eventlog::{ExceptionText, Thrown};
use daaslens_kb::{NameRole, Runtime, has_role};

pub(crate) use mask::mask;

use stack::Stack;

/// The longest text of a signature, in bytes.
const MAX_TEXT: usize = 300;
/// The longest name of one frame in it.
const MAX_FRAME: usize = 120;
/// The longest masked message.
const MAX_MESSAGE: usize = 200;
/// What every managed exception is to Windows. It tells nothing.
const MANAGED_EXCEPTIONS: [u32; 2] = [0xE043_4352, 0xE043_4F4D];

/// A crash or an exception, without what differs from one time to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The text that is equal for the same bug.
    pub(crate) exact: String,
    /// The text that is equal for variants of one bug.
    pub(crate) family: String,
    /// The type of the exception that began it, or the name of the code.
    pub(crate) exception: String,
    /// Its message, masked.
    pub(crate) message: String,
    /// The stack, the place of the throw first, without machinery.
    pub(crate) frames: Vec<Frame>,
}

/// The signature of a .NET exception. `code` is the exit or exception code, and counts where no type is known.
pub(crate) fn of_exception(text: &ExceptionText, code: Option<u32>) -> Signature {
    let (outer, thrown) = decisive(text);
    let stack = Stack::of(&text.frames, thrown.is_some_and(is_stack_overflow));
    let Some(thrown) = thrown else {
        return of_code(code, stack);
    };
    let message = bounded(&mask(&thrown.message.replace(['\r', '\n'], " ")), MAX_MESSAGE);
    let detail = detail::detail(thrown).map(|detail| format!("[{detail}]")).unwrap_or_default();
    let outer = outer.map(|outer| format!("{} > ", outer.type_name)).unwrap_or_default();
    let place = stack.place();
    let (exact, family) = if place.is_empty() {
        let says_nothing =
            has_role(Runtime::DotNet, NameRole::GenericMessage, thrown.message.trim());
        let told = if says_nothing { String::new() } else { format!(" : {message}") };
        let head = format!("{}{detail}{told}", thrown.type_name);
        (format!("{outer}{head}"), head)
    } else {
        let exact = format!("{outer}{}{detail} @ {}", thrown.type_name, place.join(" | "));
        (exact, format!("{} @ {}", thrown.type_name, stack.own_or_first()))
    };
    Signature {
        exact: bounded(&exact, MAX_TEXT),
        family: bounded(&family, MAX_TEXT),
        exception: thrown.type_name.clone(),
        message,
        frames: stack.frames,
    }
}

/// The signature of a native crash: module, place in it, exception code.
///
/// The offset changes with every build of the module, so it is left to the exact text. An address that is not inside
/// a module is chosen at random by Windows and left out.
pub(crate) fn of_native(module: &str, offset: Option<u64>, code: Option<u32>) -> Signature {
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
        frames: stack.frames,
    }
}

/// `STATUS_ACCESS_VIOLATION (0xC0000005)`.
fn code_name(code: u32) -> String {
    daaslens_kb::exception_code(code)
        .map_or_else(|| format!("0x{code:08X}"), |known| format!("{} (0x{code:08X})", known.name))
}

/// The exception that began it, and the outermost other one that says something of its own.
fn decisive(text: &ExceptionText) -> (Option<&Thrown>, Option<&Thrown>) {
    let says = |thrown: &&Thrown| {
        !thrown.type_name.is_empty()
            && !has_role(Runtime::DotNet, NameRole::Wrapper, &thrown.type_name)
    };
    let known = |thrown: &&Thrown| !thrown.type_name.is_empty();
    let until_root = text.chain.get(..=text.root).unwrap_or(&text.chain);
    // From the root outwards: a root without a type, or one that wraps what was not told, gives way.
    let thrown = until_root.iter().rev().find(says).or_else(|| until_root.iter().rev().find(known));
    let outer = thrown.and_then(|thrown| {
        let first = until_root.iter().find(says)?;
        (first.type_name != thrown.type_name).then_some(first)
    });
    (outer, thrown)
}

fn is_stack_overflow(thrown: &Thrown) -> bool {
    thrown.type_name == "System.StackOverflowException"
}

fn bounded(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let cut = text.get(..text.floor_char_boundary(max.saturating_sub(3))).unwrap_or_default();
    format!("{cut}…")
}

#[cfg(test)]
mod tests;
