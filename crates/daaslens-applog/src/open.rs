//! Where a record ends: which lines belong to the one before.

use crate::head::{self, Form, Head};
use crate::json;
use crate::level::Level;
use crate::text::is_blank;

/// How many lines are waited for the frames of an exception that nobody caught: its message may have several lines.
const LINES_BEFORE_FRAMES: u32 = 20;

/// A record whose end is looked for.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that the next line depends on"
)]
pub(crate) struct Open {
    /// A web job: Kudu stamps each line of an exception.
    is_job: bool,
    /// java.util.logging: the second line has the level in front.
    is_java_util: bool,
    /// It has a time and a message: whatever is no head of another record belongs to it.
    takes_all: bool,
    is_json: bool,
    /// Inside a Python traceback, up to the line that is not indented.
    in_traceback: bool,
    may_chain: bool,
    /// An exception that nobody caught: lines up to its frames belong to it.
    waits_for_frames: Option<u32>,
    has_frames: bool,
    is_blank_before: bool,
    ends_with_colon: bool,
    has_braces: bool,
}

impl Open {
    /// A record that begins with this line.
    pub(crate) fn new(first: &[u8]) -> Self {
        let head = head::parse(first);
        let is_json = head.is_none() && json::parse(first).is_some();
        let is = |of: fn(&Head) -> bool| head.as_ref().is_some_and(of);
        let takes_all = is(|head| matches!(head.form, Form::Trace | Form::Dated | Form::WebJob));
        let mut open = Self {
            is_job: is(|head| head.form == Form::WebJob),
            is_java_util: is(|head| head.form == Form::Dated && head.level.is_none())
                && first.first().is_some_and(u8::is_ascii_alphabetic),
            takes_all,
            is_json,
            in_traceback: false,
            may_chain: false,
            waits_for_frames: None,
            has_frames: false,
            is_blank_before: false,
            ends_with_colon: false,
            has_braces: false,
        };
        if !takes_all && !is_json {
            open.look(first);
            let begins = |words: &[u8]| first.starts_with(words);
            if begins(b"Unhandled exception")
                || begins(b"Unhandled Exception")
                || begins(b"Exception in thread")
                || begins(b"Stack overflow")
                || begins(b"Process terminated.")
                || is_place_in_script(first)
            {
                open.waits_for_frames = Some(0);
            }
        }
        open
    }

    /// Whether the next line belongs to it.
    pub(crate) fn takes(&mut self, line: &[u8]) -> bool {
        if is_blank(line) {
            self.is_blank_before = true;
            return true;
        }
        let first = line.first().copied().unwrap_or_default();
        let is_indented = matches!(first, b' ' | b'\t');
        let is_second = std::mem::take(&mut self.is_java_util);
        if !is_indented && (head::parse(line).is_some() || json::parse(line).is_some()) {
            return self.is_job && job_text(line).is_some()
                || is_second && level_in_front(line).is_some();
        }
        let belongs =
            if self.is_json { false } else { self.takes_all || self.continues(line, is_indented) };
        if belongs && !self.takes_all {
            self.look(line);
        }
        self.is_blank_before = false;
        belongs
    }

    fn continues(&mut self, line: &[u8], is_indented: bool) -> bool {
        if self.in_traceback && !is_indented {
            self.in_traceback = false;
            self.may_chain = true;
            return true;
        }
        let begins = |words: &[u8]| line.starts_with(words);
        if self.may_chain
            && (begins(b"During handling of")
                || begins(b"The above exception")
                || begins(b"Traceback "))
        {
            return true;
        }
        if let Some(lines) = self.waits_for_frames {
            if self.has_frames {
                self.waits_for_frames = None;
                return is_indented
                    || begins(b"Node.js v")
                    || begins(b"---")
                    || begins(b"}")
                    || self.has_braces;
            }
            self.waits_for_frames = Some(lines + 1);
            return lines < LINES_BEFORE_FRAMES;
        }
        is_indented
            || begins(b"---> ")
            || begins(b"--- End of")
            || begins(b"Caused by: ")
            || begins(b"Node.js v") && self.has_frames
            || self.has_braces && matches!(line.first(), Some(b'}' | b']' | b')'))
            || self.ends_with_colon && !self.is_blank_before && is_exception(line)
    }

    /// Remembers what the next line depends on.
    fn look(&mut self, line: &[u8]) {
        let bare = line.trim_ascii();
        if bare.starts_with(b"Traceback (most recent call last)") {
            self.in_traceback = true;
        }
        self.has_frames |= bare.starts_with(b"at ") && line.len() > bare.len();
        self.ends_with_colon = bare.last() == Some(&b':');
        self.has_braces = (self.has_braces || matches!(bare.last(), Some(b'{' | b'[' | b'(')))
            && bare.first() != Some(&b'}');
    }
}

/// The text of a web job's line that goes on with the one before it: a frame, an inner exception.
pub(crate) fn job_text(line: &[u8]) -> Option<&[u8]> {
    let head = head::parse(line).filter(|head| head.form == Form::WebJob)?;
    let close = line.get(..head.message)?.iter().rposition(|byte| *byte == b']')?;
    let text = line.get(close + 2..)?;
    let bare = text.trim_ascii_start();
    let goes_on = text.len() > bare.len() && (bare.starts_with(b"at ") || bare.starts_with(b"-"));
    goes_on.then_some(text)
}

/// The level in front of a line, and where its text begins: `SEVERE: no stock`.
pub(crate) fn level_in_front(line: &[u8]) -> Option<(Level, usize)> {
    let len = line.iter().take(14).take_while(|byte| byte.is_ascii_uppercase()).count();
    let level = Level::of_word(line.get(..len)?)?;
    line.get(len..)?.starts_with(b": ").then_some((level, len + 2))
}

/// `C:\home\site\wwwroot\app.js:12`, `node:internal/modules/cjs/loader:998`: Node before it shows the line at which an
/// exception that nobody caught was thrown.
pub(crate) fn is_place_in_script(line: &[u8]) -> bool {
    let digits = line.iter().rev().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    let Some(rest) = line.get(..line.len() - digits).and_then(|rest| rest.strip_suffix(b":"))
    else {
        return false;
    };
    let ends = [&b".js"[..], b".mjs", b".cjs", b".ts"].iter().any(|end| rest.ends_with(end));
    digits > 0 && (ends || rest.starts_with(b"node:")) && rest.len() < 300
}

/// `SyntaxError: Unexpected token`, `Shop.BadException: no stock`.
fn is_exception(line: &[u8]) -> bool {
    let len = line
        .iter()
        .take(160)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'))
        .count();
    let name = line.get(..len).unwrap_or_default();
    (name.ends_with(b"Error") || name.ends_with(b"Exception"))
        && line.get(len).is_none_or(|byte| matches!(byte, b':' | b' '))
}
