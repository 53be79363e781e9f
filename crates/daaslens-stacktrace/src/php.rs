//! Exceptions of PHP, as PHP itself, Monolog and Laravel write them.
//!
//! ```text
//! PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] refused in C:\home\site\wwwroot\db.php:9
//! Stack trace:
//! #0 C:\home\site\wwwroot\db.php(9): PDO->__construct('mysql:host=…')
//! #1 C:\home\site\wwwroot\index.php(3): connect()
//! #2 {main}
//!
//! Next Shop\NoStock: … in C:\home\site\wwwroot\shop.php:4
//! ```
//!
//! A line of PHP's stack tells a call and where it was called *from*. What is made of it here is what other languages
//! tell: a function, and where in it.

use crate::lines::lines;
use crate::model::{
    ExceptionText, Language, MAX_CHAIN, MAX_FRAMES, RawFrame, Thrown, assembled, bounded, cut,
};

/// `#0 F(31): Cart->add()`, `#1 [internal function]: f()`, `#2 {main}`: the call and where it was made.
pub(crate) fn frame(line: &str) -> Option<RawFrame> {
    let rest = line.trim().strip_prefix('#')?;
    let digits = rest.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let rest = rest.get(digits..).filter(|_| digits > 0)?.strip_prefix(' ')?;
    if rest.starts_with("{main}") {
        return Some(RawFrame { method: "{main}".to_owned(), ..RawFrame::default() });
    }
    if let Some(call) = rest.strip_prefix("[internal function]: ") {
        return Some(RawFrame { method: plain(call), ..RawFrame::default() });
    }
    // A path may hold brackets, `C:\Program Files (x86)\f.php(31): `; digits and a colon tell them apart.
    rest.match_indices('(').find_map(|(at, _)| {
        let behind = rest.get(at + 1..)?;
        let digits = behind.bytes().take(9).take_while(u8::is_ascii_digit).count();
        let call = behind.get(digits..).filter(|_| digits > 0)?.strip_prefix("): ")?;
        Some(RawFrame {
            method: plain(call),
            file: Some(plain(rest.get(..at)?)),
            line: behind.get(..digits)?.parse().ok(),
            of: 0,
        })
    })
}

/// Laravel puts the stack into a JSON string, in which backslashes are doubled.
fn plain(text: &str) -> String {
    cut(text).replace("\\\\", "\\")
}

/// Whether a line opens a stack.
pub(crate) fn opens_stack(line: &str) -> bool {
    matches!(line.trim(), "Stack trace:" | "[stacktrace]")
}

/// The exception in a line that tells one, and where it begins: `Uncaught X: m in F:3`, `[object] (X(code: 0): m at F:3)`.
pub(crate) fn header(line: &str) -> Option<(usize, Head)> {
    let at = |words: &str| line.find(words).map(|at| (at, at + words.len()));
    if let Some((start, behind)) = at("[object] (") {
        let text = line.get(behind..)?;
        let (class, rest) = text.split_once("(code: ")?;
        let (_, rest) = rest.split_once("): ").or_else(|| rest.split_once(") "))?;
        let rest = rest.trim_end().trim_end_matches(['"', '}', ')']);
        let (message, place) = rest.rsplit_once(" at ").unwrap_or((rest, ""));
        return Some((start, Head::new(&plain(class), &plain(message), &plain(place))));
    }
    if let Some((start, behind)) = at("Uncaught PHP Exception ") {
        let text = line.get(behind..)?;
        let (class, rest) = text.split_once(':').unwrap_or((text, ""));
        let (message, place) = rest.split_once("\" at ").unwrap_or((rest, ""));
        let place = place.split(" {").next().unwrap_or(place).replacen(" line ", ":", 1);
        return Some((start, Head::new(class, message.trim().trim_matches('"'), &place)));
    }
    if let Some((start, behind)) = at("Uncaught ") {
        return Some((start, thrown(line.get(behind..)?)));
    }
    if let Some(rest) = line.trim_start().strip_prefix("Next ") {
        return Some((0, thrown(rest)));
    }
    None
}

/// An exception and where it was thrown.
#[derive(Debug, Default)]
pub(crate) struct Head {
    thrown: Thrown,
    file: Option<String>,
    line: Option<u32>,
}

impl Head {
    fn new(class: &str, message: &str, place: &str) -> Self {
        let (file, line) = place.trim().rsplit_once(':').unwrap_or((place.trim(), ""));
        Self {
            thrown: Thrown {
                type_name: cut(class.trim()),
                message: bounded(message),
                ..Thrown::default()
            },
            file: Some(cut(file)).filter(|file| !file.is_empty()),
            line: line.parse().ok(),
        }
    }
}

/// `X: message in F:3`, and `exception 'X' with message 'm' in F:3` of PHP 5.
fn thrown(text: &str) -> Head {
    let text = text.trim_end();
    let (head, place) = match text.rsplit_once(" in ") {
        Some((head, place))
            if !place.contains('\n')
                && place.rsplit_once(':').is_some_and(|(_, line)| line.parse::<u32>().is_ok()) =>
        {
            (head, place)
        }
        _ => (text, ""),
    };
    if let Some(old) = head.strip_prefix("exception '") {
        let (class, rest) = old.split_once('\'').unwrap_or((old, ""));
        let message = rest.strip_prefix(" with message '").unwrap_or(rest);
        return Head::new(class, message.strip_suffix('\'').unwrap_or(message), place);
    }
    let (class, message) = head.split_once(": ").unwrap_or((head, ""));
    // `class@anonymous\0/f.php:3$0`: what follows the NUL differs from deployment to deployment.
    Head::new(class.split('\0').next().unwrap_or(class), message, place)
}

/// An exception that begins at the start of `text`, and how many bytes belong to it.
pub(crate) fn read(text: &str) -> (ExceptionText, usize) {
    let mut blocks: Vec<(Head, Vec<RawFrame>)> = Vec::new();
    let mut used = 0;
    // PHP tells the cause first, Laravel last.
    let mut cause_first = true;
    let mut in_stack = false;
    for line in lines(text) {
        let trimmed = line.text.trim();
        if let Some(frame) = frame(line.text) {
            in_stack = true;
            if blocks.is_empty() {
                blocks.push((Head::default(), Vec::new()));
            }
            if let Some((_, calls)) = blocks.last_mut()
                && calls.len() < MAX_FRAMES
            {
                calls.push(frame);
            }
        } else if let Some((_, head)) = header(line.text)
            && (blocks.is_empty() || in_stack)
        {
            if blocks.len() >= MAX_CHAIN {
                break;
            }
            cause_first &= !trimmed.contains("[object] (");
            in_stack = false;
            blocks.push((head, Vec::new()));
        } else if blocks.is_empty() {
            blocks.push((thrown(trimmed), Vec::new()));
        } else if opens_stack(line.text)
            || trimmed.starts_with("thrown in ")
            || trimmed == "[previous exception]"
            || trimmed == "\"}"
        {
            in_stack |= !opens_stack(line.text);
        } else if trimmed.is_empty() {
            continue;
        } else if in_stack {
            break;
        } else {
            // A message of several lines: its place ends the last one.
            if let Some((head, _)) = blocks.last_mut() {
                let told = format!("{}\n{}", head.thrown.message, line.text);
                let rest = thrown(&format!("x: {told}"));
                head.thrown.message = rest.thrown.message;
                if head.file.is_none() {
                    (head.file, head.line) = (rest.file, rest.line);
                }
            }
        }
        used = line.end;
    }
    if cause_first {
        blocks.reverse();
    }
    let blocks = blocks.into_iter().map(|(head, calls)| {
        let frames = shifted(head.file, head.line, calls);
        (head.thrown, frames)
    });
    (assembled(Language::Php, blocks.collect()), used)
}

/// Functions with the place in them, out of calls with the place they were made from.
fn shifted(file: Option<String>, line: Option<u32>, calls: Vec<RawFrame>) -> Vec<RawFrame> {
    let mut at = (file, line);
    let mut frames = Vec::with_capacity(calls.len() + 1);
    for call in calls {
        let here = std::mem::replace(&mut at, (call.file, call.line));
        frames.push(RawFrame { method: call.method, file: here.0, line: here.1, of: 0 });
    }
    if at.0.is_some() {
        frames.push(RawFrame { method: String::new(), file: at.0, line: at.1, of: 0 });
    }
    frames
}

/// A function without its arguments and the numbering of closures: `{closure:/f.php:3-9}` is `{closure}`.
pub(crate) fn name(method: &str) -> String {
    let method = method.trim();
    if method == "{main}" {
        return String::new();
    }
    if let Some(at) = method.find("{closure") {
        return format!("{}{{closure}}", method.get(..at).unwrap_or_default());
    }
    let name = method.split('(').next().unwrap_or(method);
    // What is included is told as a call.
    match name {
        "include" | "include_once" | "require" | "require_once" => String::new(),
        name => name.split('\0').next().unwrap_or(name).to_owned(),
    }
}
