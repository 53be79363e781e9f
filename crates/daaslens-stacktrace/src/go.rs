//! Panics of Go: the message first, then the stack of the goroutine that panicked, two lines for each call.
//!
//! ```text
//! panic: runtime error: index out of range [5] with length 3
//!
//! goroutine 1 [running]:
//! main.(*Store).Read(0xc000012345, {0x1, 0x2})
//!     /home/site/wwwroot/store.go:12 +0x1d
//! created by net/http.(*Server).Serve in goroutine 1
//!     /usr/local/go/src/net/http/server.go:3086 +0x5cb
//! ```

use crate::lines::lines;
use crate::model::{
    ExceptionText, Language, MAX_FRAMES, RawFrame, Thrown, assembled, bounded, cut,
};

/// What opens the stack.
pub(crate) fn opens_stack(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("goroutine ") && line.ends_with("]:")
}

/// Where the words that open a panic begin in a line.
pub(crate) fn opens(line: &str) -> Option<usize> {
    ["panic: ", "fatal error: "].iter().filter_map(|words| line.find(words)).min()
}

/// A panic that begins at the start of `text`, and how many bytes belong to it.
pub(crate) fn read(text: &str) -> (ExceptionText, usize) {
    let mut thrown = Thrown::default();
    let mut frames: Vec<RawFrame> = Vec::new();
    let mut used = 0;
    let mut in_stack = false;
    let mut call: Option<String> = None;
    for line in lines(text) {
        let trimmed = line.text.trim();
        if !in_stack {
            if opens_stack(line.text) {
                in_stack = true;
            } else if used == 0 {
                let (kind, message) = trimmed.split_once(": ").unwrap_or((trimmed, ""));
                thrown.type_name = cut(kind);
                thrown.message = bounded(message.trim_end_matches(" [recovered]"));
            } else if line.is_blank() {
                continue;
            }
        } else if let Some(name) = call.take() {
            let place = trimmed.split(' ').next().unwrap_or_default();
            let Some((file, number)) = place.rsplit_once(':') else { break };
            if !line.text.starts_with(['\t', ' ']) {
                break;
            }
            if frames.len() < MAX_FRAMES {
                frames.push(RawFrame {
                    method: name,
                    file: Some(cut(file)),
                    line: number.parse().ok(),
                    of: 0,
                });
            }
        } else if line.is_blank() {
            break;
        } else if trimmed.ends_with(')') && !line.text.starts_with([' ', '\t']) {
            call = Some(cut(trimmed));
        } else if let Some(rest) = trimmed.strip_prefix("created by ") {
            call = Some(cut(rest.split(" in goroutine ").next().unwrap_or(rest)));
        } else {
            break;
        }
        used = line.end;
    }
    (assembled(Language::Go, vec![(thrown, frames)]), used)
}

/// A function without its arguments, generic instantiation and the numbers of closures: `main.load[...].func1.2(0x1)` is
/// `main.load.func`.
pub(crate) fn name(method: &str) -> String {
    // The receiver stands in brackets too: the arguments are the last ones.
    let mut depth = 0_i32;
    let open = method.char_indices().rev().find_map(|(at, c)| {
        depth += i32::from(c == ')') - i32::from(c == '(');
        (c == '(' && depth == 0).then_some(at)
    });
    let name =
        open.filter(|_| method.ends_with(')')).and_then(|at| method.get(..at)).unwrap_or(method);
    let name = name.replace("[...]", "");
    let (package, rest) =
        name.rsplit_once('/').map_or(("", name.as_str()), |(front, rest)| (front, rest));
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('.') {
        let numbered = part.bytes().all(|byte| byte.is_ascii_digit());
        let closure = part
            .strip_prefix("func")
            .is_some_and(|tail| !tail.is_empty() && tail.bytes().all(|byte| byte.is_ascii_digit()));
        if closure && parts.last() != Some(&"func") {
            parts.push("func");
        } else if !closure && !numbered {
            parts.push(part.split('-').next().unwrap_or(part));
        }
    }
    let rest = parts.join(".");
    if package.is_empty() { rest } else { format!("{package}/{rest}") }
}
