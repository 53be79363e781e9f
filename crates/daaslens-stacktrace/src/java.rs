//! Exceptions of Java's machine, as `Throwable.printStackTrace` and logback write them.
//!
//! ```text
//! Exception in thread "main" java.lang.IllegalStateException: no cart
//!     at com.example.shop.Cart.load(Cart.java:41)
//!     at com.example.shop.Main.main(Main.java:9)
//! Caused by: java.net.ConnectException: Connection refused
//!     at java.base/java.net.Socket.connect(Socket.java:633)
//!     ... 1 more
//! ```

use std::sync::LazyLock;

use regex::Regex;

use crate::lines::lines;
use crate::model::{
    ExceptionText, Language, MAX_CHAIN, MAX_FRAMES, RawFrame, Thrown, add_line, assembled, bounded,
    cut,
};

/// Words before the exception that was wrapped; the first two stand before an inner one, the last before an outer one.
const CAUSED: [&str; 2] = ["Caused by: ", "Cause: "];
const WRAPPED: &str = "Wrapped by: ";

/// Reads one line of a stack. The place in brackets tells Java from .NET: a file, `Native Method`, `Unknown Source`.
pub(crate) fn frame(line: &str) -> Option<RawFrame> {
    static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"^\s*at ((?:[\w.$@-]*/)*[\p{L}\w.$/<>-]+)\((?:([\w$-]+\.(?:java|kt|kts|scala|groovy|clj|jsp|tag))(?::(\d+))?|Native Method|Unknown Source|<generated>)\)",
        )
        .ok()
    });
    let found = FRAME.as_ref()?.captures(line)?;
    Some(RawFrame {
        method: cut(found.get(1)?.as_str()),
        file: found.get(2).map(|file| cut(file.as_str())),
        line: found.get(3).and_then(|line| line.as_str().parse().ok()),
        of: 0,
    })
}

/// An exception that begins at the start of `text`, and how many bytes belong to it.
pub(crate) fn read(text: &str) -> (ExceptionText, usize) {
    let mut blocks: Vec<(Thrown, Vec<RawFrame>)> = Vec::new();
    let mut used = 0;
    let mut in_stack = false;
    // What was suppressed is told with a deeper indent, its own causes with it.
    let mut suppressed: Option<usize> = None;
    let mut frames = 0;
    for line in lines(text) {
        let trimmed = line.text.trim();
        if let Some(indent) = suppressed {
            if line.indent() > indent {
                used = line.end;
                continue;
            }
            suppressed = None;
        }
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
        } else if blocks.is_empty() {
            blocks.push((header(trimmed), Vec::new()));
        } else if let Some(rest) = CAUSED.iter().find_map(|words| trimmed.strip_prefix(words)) {
            in_stack = false;
            if blocks.len() < MAX_CHAIN {
                blocks.push((header(rest), Vec::new()));
            }
        } else if let Some(rest) = trimmed.strip_prefix(WRAPPED) {
            in_stack = false;
            if blocks.len() < MAX_CHAIN {
                // Its frames follow it, so that it has to be the last one until they are read: turned around below.
                blocks.push((header(rest), vec![RawFrame { of: 1, ..RawFrame::default() }]));
            }
        } else if trimmed.starts_with("Suppressed: ") {
            suppressed = Some(line.indent());
        } else if in_stack {
            let more = trimmed.starts_with("... ") || trimmed.starts_with("[CIRCULAR REFERENCE");
            if !more {
                break;
            }
        } else if let Some((thrown, _)) = blocks.last_mut() {
            add_line(&mut thrown.message, line.text);
            if line.is_blank() {
                continue;
            }
        }
        used = line.end;
    }
    let mut inner_first = false;
    for (_, stack) in &mut blocks {
        if stack.first().is_some_and(|frame| frame.of == 1) {
            stack.remove(0);
            inner_first = true;
        }
    }
    if inner_first {
        blocks.reverse();
    }
    for (thrown, _) in &mut blocks {
        thrown.message.truncate(thrown.message.trim_end().len());
    }
    if let [(thrown, _)] = blocks.as_slice()
        && *thrown == Thrown::default()
    {
        let frames = blocks.into_iter().flat_map(|(_, frames)| frames).take(MAX_FRAMES).collect();
        return (ExceptionText { language: Language::Java, frames, ..Default::default() }, used);
    }
    (assembled(Language::Java, blocks), used)
}

/// `Type: message`, behind what announces it.
fn header(text: &str) -> Thrown {
    let text = text
        .strip_prefix("Exception in thread ")
        .and_then(|rest| rest.strip_prefix('"')?.split_once("\" "))
        .map_or(text, |(_, rest)| rest);
    let (type_name, message) = text.split_once(": ").unwrap_or((text.trim_end_matches(':'), ""));
    Thrown { type_name: cut(type_name), message: bounded(message), ..Thrown::default() }
}

/// A method without modules, numbering and what proxies add.
///
/// | from | to |
/// |---|---|
/// | `java.base/java.net.Socket.connect` | `java.net.Socket.connect` |
/// | `com.example.Cart$1.run`, `com.example.Cart.lambda$load$3` | `com.example.Cart.run`, `com.example.Cart.load` |
/// | `com.example.Cart$$EnhancerBySpringCGLIB$$1a2b.load` | `com.example.Cart.load` |
/// | `com.sun.proxy.$Proxy12.find` | `com.sun.proxy.$Proxy.find` |
pub(crate) fn name(method: &str) -> String {
    let method = method.rsplit('/').find(|part| part.contains('.')).unwrap_or(method);
    let mut out = String::with_capacity(method.len());
    for (at, segment) in method.split('.').enumerate() {
        if at > 0 {
            out.push('.');
        }
        out.push_str(&segment_name(segment));
    }
    out
}

fn segment_name(segment: &str) -> String {
    // Hidden classes end in an address: `Cart$$Lambda$12/0x0000000800c8`; the address went with the module.
    let segment = segment.split("$$").next().filter(|head| !head.is_empty()).unwrap_or(segment);
    if let Some(rest) = segment.strip_prefix("lambda$") {
        return rest.split('$').next().unwrap_or(rest).to_owned();
    }
    if let Some(rest) = segment.strip_prefix("$Proxy") {
        return format!("$Proxy{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    let mut parts = segment.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Anonymous classes and closures are numbered.
        let numbered = part.bytes().all(|byte| byte.is_ascii_digit());
        if !numbered && part != "anonfun" {
            out.push('$');
            out.push_str(part);
        }
    }
    for generated in ["GeneratedMethodAccessor", "GeneratedConstructorAccessor"] {
        if out.starts_with(generated) {
            generated.clone_into(&mut out);
        }
    }
    out
}
