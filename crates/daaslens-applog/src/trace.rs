//! Exceptions in text: where one begins and ends, and the language that wrote it.
//!
//! ```text
//! System.InvalidOperationException: no stock          Traceback (most recent call last):
//!  ---> System.IO.IOException: gone                     File "/app/cart.py", line 3, in buy
//!    at Shop.Cart.Buy(Int32 id)                       ValueError: no stock
//! java.lang.IllegalStateException: no stock           Error: no stock
//!         at shop.Cart.buy(Cart.java:3)                   at buy (C:\home\site\wwwroot\cart.js:3:9)
//! ```

/// Who wrote an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// .NET.
    DotNet,
    /// Java and what runs on its machine.
    Java,
    /// JavaScript under Node.
    Node,
    /// Python.
    Python,
    /// PHP.
    Php,
}

/// An exception in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception<'a> {
    /// Who wrote it.
    pub language: Language,
    /// The text, from its type to its last frame.
    pub text: &'a str,
    /// The type, as it is named: `System.IO.IOException`, `TypeError`.
    pub kind: &'a str,
    /// What it says, on one line.
    pub message: &'a str,
    /// Whether the text says that nobody caught it, so that the process or the request ended.
    pub is_unhandled: bool,
}

/// How many lines are looked at.
const LINES: usize = 400;

/// Phrases that say that nobody caught it.
const UNHANDLED: &[&str] = &[
    "Unhandled exception",
    "Unhandled Exception",
    "unhandled exception",
    "uncaught exception",
    "Uncaught ",
    "Exception in thread \"",
    "UnhandledPromiseRejection",
    "Host terminated unexpectedly",
    "Application startup exception",
    "Application has thrown",
];

/// Finds the first exception of a text.
pub(crate) fn find(text: &str) -> Option<Exception<'_>> {
    let mut offset = 0;
    for line in text.split_inclusive('\n').take(LINES) {
        let start = offset;
        offset += line.len();
        let bare = line.trim();
        if bare.starts_with("Traceback (most recent call last)") {
            return Some(python(text, start));
        }
        let Some((kind_at, kind)) = kind_in(bare) else { continue };
        let lead = line.find(bare).unwrap_or(0);
        let block = text.get(start + lead..)?;
        let after = bare.get(kind_at + kind.len()..).unwrap_or_default();
        let end = block_end(block);
        let frames = block.get(..end)?.get(bare.len()..).unwrap_or_default();
        let language = language(kind, frames)?;
        return Some(Exception {
            language,
            text: block.get(kind_at..end)?.trim_end(),
            kind,
            message: after_kind(after),
            is_unhandled: is_unhandled(text.get(..start + lead + kind_at).unwrap_or_default()),
        });
    }
    None
}

/// What stands behind a type: its message.
fn after_kind(text: &str) -> &str {
    // `SqlException (0x80131904): text`
    let text = match text.strip_prefix(" (") {
        Some(rest) => rest.split_once(')').map_or(text, |(_, rest)| rest),
        None => text,
    };
    text.trim_start_matches([':', ' ']).trim_end()
}

fn is_unhandled(before: &str) -> bool {
    UNHANDLED.iter().any(|phrase| before.contains(phrase))
}

fn python(text: &str, start: usize) -> Exception<'_> {
    let block = text.get(start..).unwrap_or_default();
    let mut end = 0;
    let mut last = "";
    for (number, line) in block.split_inclusive('\n').take(LINES * 4).enumerate() {
        let bare = line.trim_end();
        let is_inner = bare.is_empty()
            || bare.starts_with([' ', '\t'])
            || bare.starts_with("Traceback ")
            || bare.starts_with("During handling of")
            || bare.starts_with("The above exception");
        if number > 0 && !is_inner {
            // The last line of a traceback. Another traceback may follow; its last line is what reached the top.
            let chained = block.get(end + line.len()..).unwrap_or_default().trim_start();
            end += line.len();
            last = bare;
            if chained.starts_with("During handling of")
                || chained.starts_with("The above exception")
            {
                continue;
            }
            break;
        }
        end += line.len();
    }
    let (kind, message) = last.split_once(": ").unwrap_or((last, ""));
    Exception {
        language: Language::Python,
        text: block.get(..end).unwrap_or(block).trim_end(),
        kind: kind.trim_end_matches(':'),
        message,
        is_unhandled: is_unhandled(text.get(..start).unwrap_or_default()),
    }
}

/// The type of an exception in a line: a dotted name that ends like one, in front of a colon, a bracket or the end.
fn kind_in(line: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    // A few words may stand in front: `Unhandled exception. `, `Exception in thread "main" `.
    for _ in 0..40 {
        let rest = line.get(from..)?;
        let len = rest
            .find(|c: char| !(c.is_alphanumeric() || "._+`$".contains(c)))
            .unwrap_or(rest.len());
        let name = rest.get(..len)?.trim_end_matches('.');
        let next = rest.get(name.len()..).unwrap_or_default();
        let ends = next.is_empty()
            || next.starts_with(':')
            || next.starts_with(" (0x")
            || next.starts_with(" (");
        if ends && is_kind(name) {
            return Some((from, name));
        }
        let step = rest.get(len..)?.find(|c: char| c.is_alphanumeric()).map(|at| len + at)?;
        from += step.max(1);
    }
    None
}

fn is_kind(name: &str) -> bool {
    let short = name.rsplit(['.', '+', '$']).next().unwrap_or(name);
    let ends = |end: &str| short.len() >= end.len() && short.ends_with(end);
    name.len() <= 200
        && name.starts_with(|c: char| c.is_alphabetic())
        && short.starts_with(|c: char| c.is_uppercase())
        && !name.contains("..")
        && (ends("Exception") && short != "Exception" && name.len() > 9
            || name.contains('.') && (ends("Exception") || ends("Error") || ends("Fault"))
            || ends("Error") && (short.len() > 5 || name == "Error")
            || short == "UnhandledPromiseRejection")
}

/// The language, by the type's name and by the frames that follow. A type without any frame counts where its name is a
/// dotted one: `Error: no such file` alone may be anything.
fn language(kind: &str, frames: &str) -> Option<Language> {
    for line in frames.lines().take(60) {
        let bare = line.trim_start();
        if let Some(frame) = bare.strip_prefix("at ") {
            let frame = frame.trim_end_matches(" {");
            let is_java = frame.contains(".java:")
                || frame.contains("(Native Method)")
                || frame.contains("(Unknown Source)")
                || frame.contains(".kt:")
                || frame.contains(".scala:");
            let is_node = frame.ends_with(|c: char| c == ')' || c.is_ascii_digit())
                && (frame.contains(".js:")
                    || frame.contains(".ts:")
                    || frame.contains(".mjs:")
                    || frame.contains(".cjs:")
                    || frame.contains("node:")
                    || frame.contains("<anonymous>"));
            return Some(if is_java {
                Language::Java
            } else if is_node {
                Language::Node
            } else {
                Language::DotNet
            });
        }
        if bare.starts_with('#') && bare.contains("): ") {
            return Some(Language::Php);
        }
    }
    if kind.starts_with("java") || kind.starts_with("org.") || kind.starts_with("com.") {
        Some(Language::Java)
    } else if kind.contains('.') && kind.starts_with(|c: char| c.is_uppercase()) {
        Some(Language::DotNet)
    } else if frames.contains("Node.js v") {
        Some(Language::Node)
    } else {
        None
    }
}

/// Where a block of frames ends: behind the last line that belongs to it.
fn block_end(block: &str) -> usize {
    let mut end = 0;
    let mut at = 0;
    let mut frames = false;
    let mut braces = false;
    for (number, line) in block.split_inclusive('\n').take(LINES * 4).enumerate() {
        at += line.len();
        let bare = line.trim();
        let is_frame = bare.starts_with("at ")
            || bare.starts_with("bei ")
            || bare.starts_with("\u{e0} ")
            || bare.starts_with('#') && bare.contains("): ");
        let belongs = number == 0
            || is_frame
            || bare.starts_with("---> ")
            || bare.starts_with("--- ")
            || bare.starts_with("Caused by: ")
            || bare.starts_with("Suppressed: ")
            || bare.starts_with("... ")
            || bare.starts_with("Next ")
            || bare.starts_with("(Inner Exception ");
        if is_frame && bare.ends_with('{') {
            braces = true;
        }
        frames |= is_frame;
        if belongs || braces {
            end = at;
            braces &= bare != "}";
        } else if frames {
            break;
        }
        // A message may have several lines; where no frame comes, it was none.
        if !frames && number > 20 {
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        find(text).map_or_else(
            || "-".to_owned(),
            |found| {
                format!(
                    "{:?}{} {}: {} ({} lines)",
                    found.language,
                    if found.is_unhandled { " unhandled" } else { "" },
                    found.kind,
                    found.message,
                    found.text.lines().count()
                )
            },
        )
    }

    #[test]
    fn languages_and_extents() {
        for (text, expected) in [
            (
                "no stock\nSystem.InvalidOperationException: gone\n ---> System.IO.IOException: x\n   at A.B(Int32 c) in C:\\a.cs:line 3\n   --- End of inner exception stack trace ---\n   at A.C()\nmore text",
                "DotNet System.InvalidOperationException: gone (5 lines)",
            ),
            (
                "Unhandled exception. System.Exception: x y\n   at Program.Main()",
                "DotNet unhandled System.Exception: x y (2 lines)",
            ),
            (
                "Microsoft.Data.SqlClient.SqlException (0x80131904): A network\nrelated error\n   at A.B()",
                "DotNet Microsoft.Data.SqlClient.SqlException: A network (3 lines)",
            ),
            (
                "Exception in thread \"main\" java.lang.IllegalStateException: x\n\tat shop.Cart.buy(Cart.java:3)\nCaused by: java.io.IOException: y\n\t... 12 more",
                "Java unhandled java.lang.IllegalStateException: x (4 lines)",
            ),
            (
                "Application has thrown an uncaught exception and is terminated:\nSyntaxError: Unexpected token >\n    at Module._compile (module.js:434:25)\n    at require (module.js:375:17)",
                "Node unhandled SyntaxError: Unexpected token > (3 lines)",
            ),
            (
                "C:\\home\\site\\wwwroot\\a.js:3\n  x.y();\n    ^\n\nTypeError: Cannot read properties of undefined (reading 'y')\n    at Object.<anonymous> (C:\\home\\site\\wwwroot\\a.js:3:5) {\n  code: 'X'\n}\n\nNode.js v18.16.0",
                "Node TypeError: Cannot read properties of undefined (reading 'y') (4 lines)",
            ),
            (
                "Exception in worker\nTraceback (most recent call last):\n  File \"/a.py\", line 3, in b\n    c()\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/a.py\", line 5, in b\nValueError: bad: worse\nnext",
                "Python ValueError: bad: worse (10 lines)",
            ),
            (
                "PHP Fatal error:  Uncaught RuntimeException: no stock in /a.php:9\nStack trace:\n#0 /b.php(31): reserve()\n#1 {main}",
                "Php unhandled RuntimeException: no stock in /a.php:9 (3 lines)",
            ),
            (
                "System.TimeoutException: too slow",
                "DotNet System.TimeoutException: too slow (1 lines)",
            ),
            ("Error: no such file", "-"),
            ("An exception was caught", "-"),
            ("No exceptions: all well", "-"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
