//! Errors of Node, as `util.inspect` and `error.stack` write them.
//!
//! ```text
//! TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be of type string
//!     at load (/home/site/wwwroot/lib/cart.js:12:5)
//!     at async /home/site/wwwroot/server.js:40:3 {
//!   code: 'ERR_INVALID_ARG_TYPE',
//!   [cause]: Error: inner
//!       at …
//! }
//! ```

use std::sync::LazyLock;

use regex::Regex;

use crate::lines::lines;
use crate::model::{
    ExceptionText, Language, MAX_CHAIN, MAX_FRAMES, RawFrame, Thrown, add_line, assembled, bounded,
    cut,
};

/// How many lines of properties are read. Errors of HTTP clients hold the whole request.
const MAX_PROPERTIES: usize = 200;

/// Reads one line of a stack.
pub(crate) fn frame(line: &str) -> Option<RawFrame> {
    static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"^\s*at (?:async )?(?:(?:new )?([^()]*?) ?\()?((?:file:///?|node:|webpack:/*|[A-Za-z]:[\\/])?[^:()]*(?:\([^()]*\)[^:()]*)?):(\d+):(\d+)\)?(?: \{)?\s*$|^\s*at (?:async )?(?:new )?([^()]+?) \((<anonymous>|native|index \d+)\)(?: \{)?\s*$",
        )
        .ok()
    });
    let found = FRAME.as_ref()?.captures(line)?;
    if let Some(method) = found.get(5) {
        return Some(RawFrame {
            method: cut(method.as_str()),
            file: Some("<anonymous>".to_owned()),
            ..RawFrame::default()
        });
    }
    Some(RawFrame {
        method: found.get(1).map(|method| cut(method.as_str())).unwrap_or_default(),
        file: Some(cut(found.get(2)?.as_str())),
        line: found.get(3)?.as_str().parse().ok(),
        of: 0,
    })
}

/// An error that begins at the start of `text`, and how many bytes belong to it.
pub(crate) fn read(text: &str) -> (ExceptionText, usize) {
    let mut blocks: Vec<(Thrown, Vec<RawFrame>)> = Vec::new();
    let mut used = 0;
    let mut in_stack = false;
    // The indent of the braces that hold properties, and how many lines of them were read.
    let mut braces: Vec<usize> = Vec::new();
    let mut properties = 0;
    let mut frames = 0;
    for line in lines(text) {
        let trimmed = line.text.trim();
        if let Some(frame) = frame(line.text) {
            in_stack = true;
            if blocks.is_empty() {
                blocks.push((Thrown::default(), Vec::new()));
            }
            if let Some((_, stack)) = blocks.last_mut()
                && frames < 4 * MAX_FRAMES
            {
                frames += 1;
                stack.push(frame);
            }
            if trimmed.ends_with(" {") {
                braces.push(line.indent());
            }
        } else if blocks.is_empty() {
            blocks.push((header(trimmed), Vec::new()));
        } else if in_stack && !braces.is_empty() {
            properties += 1;
            if properties > MAX_PROPERTIES {
                break;
            }
            if trimmed == "}" || trimmed == "}," {
                // Frames stand four blanks deeper than the brace that closes them, the braces of a property less.
                if braces.last().is_some_and(|indent| line.indent() + 4 <= *indent) {
                    braces.pop();
                }
            } else if let Some(rest) =
                ["code: '", "\"code\": \""].iter().find_map(|key| trimmed.strip_prefix(key))
            {
                let word = rest.split(['\'', '"']).next().unwrap_or_default();
                if let Some((thrown, _)) = blocks.last_mut()
                    && thrown.word.is_none()
                    && is_word(word)
                {
                    thrown.word = Some(word.to_owned());
                }
            } else if let Some(rest) = trimmed.strip_prefix("[cause]: ").or_else(|| error(trimmed))
                && blocks.len() < MAX_CHAIN
            {
                in_stack = false;
                blocks.push((header(rest), Vec::new()));
            }
        } else if in_stack {
            let cause = ["caused by: ", "Caused by: ", "[cause]: "];
            let Some(rest) = cause.iter().find_map(|words| trimmed.strip_prefix(words)) else {
                // `... 12 lines matching cause stack trace ...`
                if trimmed.starts_with("... ") && trimmed.ends_with(" ...") {
                    used = line.end;
                    continue;
                }
                break;
            };
            if blocks.len() >= MAX_CHAIN {
                break;
            }
            in_stack = false;
            blocks.push((header(rest), Vec::new()));
        } else if let Some((thrown, _)) = blocks.last_mut() {
            add_line(&mut thrown.message, line.text);
            if line.is_blank() {
                continue;
            }
        }
        used = line.end;
    }
    for (thrown, _) in &mut blocks {
        thrown.message.truncate(thrown.message.trim_end().len());
    }
    (assembled(Language::Node, blocks), used)
}

/// An error inside of another one's properties: a member of an `AggregateError`.
fn error(text: &str) -> Option<&str> {
    let name = text.split([':', ' ']).next()?;
    (text.len() > name.len() && name.ends_with("Error") && !name.contains(['\'', '"']))
        .then_some(text)
}

/// `Type: message`, `Type [CODE]: message`.
fn header(text: &str) -> Thrown {
    let text =
        ["Uncaught ", "(node) "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text);
    let (head, message) = text.split_once(": ").unwrap_or((text.trim_end_matches(':'), ""));
    let (name, word) = match head.split_once(" [") {
        Some((name, code)) => (name, code.strip_suffix(']').filter(|code| is_word(code))),
        None => (head, None),
    };
    let is_type =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_$.".contains(c));
    if !is_type {
        return Thrown { message: bounded(text), ..Thrown::default() };
    }
    Thrown {
        type_name: cut(name),
        message: bounded(message),
        word: word.map(str::to_owned),
        ..Thrown::default()
    }
}

/// `ECONNREFUSED`, `ERR_HTTP_HEADERS_SENT`, `ER_LOCK_DEADLOCK`, `42P01`.
fn is_word(code: &str) -> bool {
    (3..=48).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// A function without what it is called on: `Object.load` is `load`, `Layer.handle [as handle_request]` is `Layer.handle`.
pub(crate) fn name(method: &str) -> String {
    let method = method.split(" [as ").next().unwrap_or(method).trim();
    let method =
        ["async ", "new "].iter().find_map(|word| method.strip_prefix(word)).unwrap_or(method);
    let method = ["Object.", "Function.", "Module.", "exports.", "global."]
        .iter()
        .find_map(|word| method.strip_prefix(word))
        .unwrap_or(method);
    match method {
        "<anonymous>" | "anonymous" | "null" | "undefined" | "eval" => String::new(),
        method => method.trim_end_matches(".<anonymous>").to_owned(),
    }
}

/// A file from the root of the site on. Node's own were told as `fs.js` and `internal/timers.js` before version 15.
pub(crate) fn file(file: &str) -> String {
    let own = !file.contains(['/', '\\', '<']) || file.starts_with("internal/");
    match file.strip_suffix(".js") {
        Some(name) if own => format!("node:{name}"),
        _ => crate::site_file(file),
    }
}
