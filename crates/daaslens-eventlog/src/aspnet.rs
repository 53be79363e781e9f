//! The source `ASP.NET 4.0.30319.0`: what .NET Framework's ASP.NET reports.
//!
//! The events of its health monitoring have thirty strings in a fixed order and no text around them; the order is
//! that of `EventlogProvider.cs`. 1325 is different: one text, and the process is gone.

use crate::event::{Event, is_asp_net};
use crate::runtime::line_value;
use daaslens_stacktrace::{ExceptionText, Thrown, parse_frame};

/// A request (1309) or the application (1310) failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebError {
    /// ASP.NET's own code: 3005 is an unhandled exception, 3001 a time-out, 3006–3008 parser, compiler, configuration.
    pub code: Option<u32>,
    /// What the code means, in the server's language.
    pub message: String,
    /// 50001–50017: why the application shut down.
    pub detail_code: Option<u32>,
    /// `/LM/W3SVC/<site>/ROOT-<n>-<start>`.
    pub app_domain: String,
    /// The path of the application in the site.
    pub virtual_path: String,
    /// Its folder.
    pub physical_path: String,
    /// The process.
    pub process_id: Option<u32>,
    /// Its name.
    pub process: String,
    /// The exception and its stack. Only the outermost has a type, without namespace.
    pub exception: ExceptionText,
    /// The request: its URL, decoded.
    pub url: String,
    /// The path of the request.
    pub path: String,
    /// The client's address.
    pub client: String,
    /// The user.
    pub user: String,
}

impl WebError {
    /// Whether the client just went away, which is no fault of the site: 0x800704CD, 0x80070057 and 0x800703E3 of
    /// "the remote host closed the connection".
    pub fn client_gone(&self) -> bool {
        let message = self.exception.outermost().map_or("", |thrown| thrown.message.as_str());
        ["0x800704CD", "0x800703E3"].iter().any(|code| message.contains(code))
            || message.contains("0x80070057") && message.contains("remote host closed")
    }
}

/// Reads 1309 and 1310, and the failure audits 1314–1316, which have the same first strings.
pub fn web_error(event: &Event<'_>) -> Option<WebError> {
    if !is_asp_net(&event.provider) || !matches!(event.id, 1309 | 1310 | 1314..=1316) {
        return None;
    }
    let text = |index: usize| event.text(index).trim().to_owned();
    let number = |index: usize| event.text(index).trim().parse().ok();
    // Audits end after the request; their strings from 17 on are the request itself.
    let failed = matches!(event.id, 1309 | 1310);
    let request = if failed { 19 } else { 17 };
    Some(WebError {
        code: number(0),
        message: text(1),
        detail_code: number(7),
        app_domain: text(8),
        virtual_path: text(10),
        physical_path: text(11),
        process_id: number(14),
        process: text(15),
        exception: if failed {
            blocks(event.text(17).trim(), event.text(18))
        } else {
            ExceptionText::default()
        },
        url: text(request),
        path: text(request + 1),
        client: text(request + 2),
        user: text(request + 3),
    })
}

/// Message and stack of the outer exception, a blank line, message and stack of the inner one, and so on.
fn blocks(type_name: &str, text: &str) -> ExceptionText {
    use daaslens_stacktrace::{MAX_CHAIN, MAX_FRAMES, MAX_MESSAGE};
    let mut out = ExceptionText::default();
    let mut stacks: Vec<Vec<_>> = Vec::new();
    let mut in_stack = true;
    for line in text.lines() {
        if let Some(frame) = parse_frame(line) {
            in_stack = true;
            if out.chain.is_empty() {
                out.chain.push(Thrown::default());
                stacks.push(Vec::new());
            }
            let of = out.chain.len() - 1;
            if let Some(stack) = stacks.last_mut()
                && stack.len() < MAX_FRAMES
            {
                stack.push(daaslens_stacktrace::RawFrame { of, ..frame });
            }
        } else if line.trim().is_empty() || line.trim_start().starts_with("--- ") {
            // Blank lines part the blocks, and stand in messages too: only text after a stack opens a block.
        } else if in_stack {
            in_stack = false;
            if out.chain.len() >= MAX_CHAIN {
                break;
            }
            out.chain.push(Thrown { message: line.trim().to_owned(), ..Thrown::default() });
            stacks.push(Vec::new());
        } else if let Some(thrown) = out.chain.last_mut()
            && thrown.message.len() < MAX_MESSAGE
        {
            thrown.message.push('\n');
            thrown.message.push_str(line.trim_end());
        }
    }
    for thrown in &mut out.chain {
        thrown.message.truncate(thrown.message.floor_char_boundary(MAX_MESSAGE));
    }
    if !type_name.is_empty() {
        match out.chain.first_mut() {
            Some(outer) => type_name.clone_into(&mut outer.type_name),
            None => {
                out.chain.push(Thrown { type_name: type_name.to_owned(), ..Thrown::default() });
            }
        }
    }
    // Innermost first, as everywhere else.
    out.root = out.chain.len().saturating_sub(1);
    out.frames = stacks.into_iter().rev().flatten().take(MAX_FRAMES).collect();
    out
}

/// 1325: an exception outside any request ended the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebDeath {
    /// `/LM/W3SVC/<site>/ROOT`.
    pub application: String,
    /// The process.
    pub process_id: Option<u32>,
    /// The exception, and the ones inside it.
    pub exception: ExceptionText,
}

/// Reads 1325: blocks of `Exception:`, `Message:` and `StackTrace:`, one for each exception of the chain.
pub fn web_death(event: &Event<'_>) -> Option<WebDeath> {
    if !is_asp_net(&event.provider) || event.id != 1325 {
        return None;
    }
    // The first string is the sentence, the second the blocks; some versions have both in one.
    let text = event.data.iter().map(|datum| &*datum.text).collect::<Vec<_>>().join("\n");
    let mut out = WebDeath {
        application: line_value(&text, "Application ID:").to_owned(),
        process_id: line_value(&text, "Process ID:").parse().ok(),
        exception: ExceptionText::default(),
    };
    let mut stacks: Vec<Vec<_>> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim();
        let stack_line = trimmed.strip_prefix("StackTrace:").unwrap_or(line);
        if let Some(type_name) = trimmed.strip_prefix("Exception:") {
            if out.exception.chain.len() >= daaslens_stacktrace::MAX_CHAIN {
                break;
            }
            let type_name = type_name.trim().to_owned();
            out.exception.chain.push(Thrown { type_name, ..Thrown::default() });
            stacks.push(Vec::new());
        } else if let Some(message) = trimmed.strip_prefix("Message:") {
            if let Some(thrown) = out.exception.chain.last_mut() {
                let message = message.trim();
                let end = message.floor_char_boundary(daaslens_stacktrace::MAX_MESSAGE);
                message.get(..end).unwrap_or_default().clone_into(&mut thrown.message);
            }
        } else if let Some(frame) = parse_frame(stack_line)
            && let Some(stack) = stacks.last_mut()
            && stack.len() < daaslens_stacktrace::MAX_FRAMES
        {
            let of = out.exception.chain.len().saturating_sub(1);
            stack.push(daaslens_stacktrace::RawFrame { of, ..frame });
        }
    }
    out.exception.root = out.exception.chain.len().saturating_sub(1);
    out.exception.frames =
        stacks.into_iter().rev().flatten().take(daaslens_stacktrace::MAX_FRAMES).collect();
    Some(out)
}
