//! The text of a .NET exception, as `Exception.ToString()` and its relatives write it.
//!
//! ```text
//! System.InvalidOperationException: outer message, possibly of many lines
//!  ---> System.IO.IOException: inner message
//!    at Shop.Store.Read(String path) in D:\a\1\s\Store.cs:line 12
//!    --- End of inner exception stack trace ---
//!    at Shop.Cart.<LoadAsync>d__4.MoveNext()
//! --- End of stack trace from previous location ---
//!    at Shop.Program.<Main>(String[] args)
//! ```
//!
//! Types come outermost first and frames innermost first. .NET Framework writes all types on one line, some
//! loggers write everything on one line, and the words are those of the server's language.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::lines::lines;
use crate::model::{
    ExceptionText, MAX_CHAIN, MAX_FRAMES, RawFrame, Thrown, add_line, bounded, cut,
};
use crate::parse_code;

impl ExceptionText {
    /// Parses `text`. What stands before the exception is skipped, what stands after it is left alone.
    pub fn parse(text: &str) -> Self {
        Parser::default().run(&unflattened(text), false).0
    }

    /// Parses text that is known to begin with an exception, where any name is a type: after `Exception Info:`.
    pub fn parse_at_type(text: &str) -> Self {
        Parser::default().run(&unflattened(text), true).0
    }

    /// Parses what a program wrote on its consoles: the *last* unhandled exception counts, because that one ended it.
    pub fn parse_console(text: &str) -> Self {
        let at = ["Unhandled exception", "Unhandled Exception", "Stack overflow"]
            .iter()
            .filter_map(|marker| text.rfind(marker))
            .max();
        at.and_then(|at| text.get(at..)).map_or_else(|| Self::parse(text), Self::parse)
    }
}

/// Parses one line of a stack; `None` if it is none.
///
/// The word before the method is the server's: `at`, `bei`, `à` … It has to be followed by something with an
/// opening bracket and without a blank before it, which sentences do not have.
pub fn parse_frame(line: &str) -> Option<RawFrame> {
    const WORDS: [&str; 13] = [
        "at ", "bei ", "à ", "в ", "在 ", "場所 ", "위치: ", "em ", "en ", "w ", "in ", "vid ",
        "ved ",
    ];
    let line = line.trim();
    let rest = WORDS.iter().find_map(|word| line.strip_prefix(word))?.trim_start();
    let open = rest.find('(')?;
    let name = rest.get(..open)?;
    if name.is_empty() || !is_method(name) {
        return None;
    }
    let close = closing_bracket(rest, open).unwrap_or(rest.len());
    // Iterators are shown as `Shop.Cart.Items()+MoveNext()`.
    let mut end = close;
    while let Some(more) = rest.get(end..).filter(|more| more.starts_with("+MoveNext()")) {
        end += more.len().min("+MoveNext()".len());
    }
    let method = rest.get(..end)?;
    let (file, line) = rest.get(end..).map_or((None, None), place);
    Some(RawFrame { method: cut(method), file, line, of: 0 })
}

/// ` in D:\a\Store.cs:line 12`, in any language: a word, the path, a colon, a word, the number.
fn place(text: &str) -> (Option<String>, Option<u32>) {
    let Some((_, place)) = text.trim().split_once(' ') else {
        return (None, None);
    };
    match place.rsplit_once(':') {
        Some((file, tail)) if file.len() > 1 => {
            let digits = tail.trim_matches(|c: char| !c.is_ascii_digit());
            (Some(cut(file)), digits.parse().ok())
        }
        _ => (Some(cut(place)), None),
    }
}

/// Whether `name` could be a method: no blanks but inside generic arguments, and a dot, unless it is generated.
fn is_method(name: &str) -> bool {
    let mut depth = 0_i32;
    for c in name.chars() {
        match c {
            '[' | '<' => depth += 1,
            ']' | '>' => depth -= 1,
            c if c.is_whitespace() && depth <= 0 => return false,
            _ => {}
        }
    }
    name.contains(['.', '<', '+', '_'])
}

/// One past the bracket that closes the one at `open`.
fn closing_bracket(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Puts the line breaks back that a logger took out: only where no line is a frame, but frames are inside lines.
fn unflattened(text: &str) -> Cow<'_, str> {
    static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"[ \t]+(at [A-Za-z_<][^\s()]*[.+][^\s()]*\(|---> |--- End of )").ok()
    });
    if !text.contains(" at ") || text.lines().any(|line| parse_frame(line).is_some()) {
        return Cow::Borrowed(text);
    }
    FRAME.as_ref().map_or(Cow::Borrowed(text), |frame| frame.replace_all(text, "\n $1"))
}

#[derive(Default)]
struct Parser {
    out: ExceptionText,
    /// The exceptions whose stacks have not ended yet, outermost first.
    open: Vec<Open>,
    /// How many were open where each numbered member of an aggregate began: there `<---` leads back.
    members: Vec<usize>,
    /// The line above, where it could be an exception by its form alone.
    above: Option<Thrown>,
    /// Whether the last line belonged to a stack and not to a message.
    in_stack: bool,
    root_known: bool,
}

#[derive(Clone, Copy)]
struct Open {
    /// The index in the chain.
    at: usize,
    /// An aggregate tells its first member twice; the second time is skipped.
    repeated: bool,
}

impl Parser {
    /// The exception, and how many bytes of the text belong to it.
    fn run(mut self, text: &str, any_type: bool) -> (ExceptionText, usize) {
        let mut used = 0;
        for one in lines(text) {
            let line = one.text;
            if !self.line(line, any_type) {
                break;
            }
            if !one.is_blank() {
                used = one.end;
            }
            if line.trim_end().ends_with("<---")
                && let Some(length) = self.members.pop()
            {
                self.open.truncate(length);
                self.in_stack = true;
            }
        }
        self.know_root();
        for thrown in &mut self.out.chain {
            thrown.message.truncate(thrown.message.trim_end().len());
        }
        (self.out, used)
    }

    /// Takes one line; `false` once the exception is over.
    fn line(&mut self, line: &str, any_type: bool) -> bool {
        let trimmed = line.trim();
        if let Some(frame) = parse_frame(line) {
            self.in_stack = true;
            self.know_root();
            let Open { at, repeated } =
                self.open.last().copied().unwrap_or(Open { at: 0, repeated: false });
            if !repeated && self.out.frames.len() < MAX_FRAMES {
                self.out.frames.push(RawFrame { of: at, ..frame });
            }
            return true;
        }
        if let Some(rest) = trimmed.strip_prefix("--->") {
            // What has an inner exception is one, whatever it is called.
            if let Some(outer) = self.above.take().filter(|_| self.out.chain.is_empty()) {
                self.push(outer, false);
            }
            self.inner(rest.trim_end_matches("<---").trim());
            return true;
        }
        if is_separator(trimmed) {
            // The end of an inner stack is the one separator that is indented; the other marks the same
            // exception on its way through an `await`. The words are localised, so they count only where a
            // logger flattened the text and the indent is ours.
            let rethrown = trimmed.contains("previous location");
            self.know_root();
            self.in_stack = true;
            if self.open.len() > 1 && line.starts_with(' ') && !rethrown {
                self.open.pop();
            }
            return true;
        }
        if self.in_stack {
            // The stack of a stack overflow tells how often a cycle repeats, and a pair of dashes frames it.
            return trimmed.is_empty()
                || trimmed.starts_with("Repeat ")
                || trimmed.trim_start_matches('-').is_empty()
                || trimmed == "<---";
        }
        if matches!(trimmed, "Stack:" | "StackTrace:" | "Stack Trace:") {
            return true;
        }
        if self.out.chain.is_empty() {
            self.first(trimmed, any_type);
            return true;
        }
        let mut parts = line.trim_end_matches("<---").split(" ---> ");
        if let (Some(more), Some(&Open { at, repeated: false })) = (parts.next(), self.open.last())
            && let Some(thrown) = self.out.chain.get_mut(at)
        {
            add_line(&mut thrown.message, more);
        }
        for part in parts {
            self.inner(part.trim());
        }
        true
    }

    /// The first frame, or the first end of a stack, stands below the exception that began it all.
    fn know_root(&mut self) {
        if !self.root_known {
            self.root_known = true;
            self.out.root = self.open.last().map_or(0, |open| open.at);
        }
    }

    /// A line before the exception: either it opens it, or it is skipped.
    fn first(&mut self, line: &str, any_type: bool) {
        const ANNOUNCEMENTS: [&str; 6] = [
            "Unhandled exception.",
            "Unhandled Exception:",
            "Exception Info:",
            "Exception information:",
            "Application startup exception:",
            "Exception:",
        ];
        let announced = ANNOUNCEMENTS.iter().find_map(|words| line.strip_prefix(words));
        let mut parts = announced.unwrap_or(line).trim().split(" ---> ");
        let Some(first) = parts.next() else {
            return;
        };
        if first == "Stack overflow." {
            let type_name = "System.StackOverflowException".to_owned();
            self.push(Thrown { type_name, ..Thrown::default() }, false);
            self.in_stack = true;
            return;
        }
        self.above = None;
        let Some(thrown) = header(first) else {
            return;
        };
        if any_type || announced.is_some() || is_exception_name(&thrown.type_name) {
            self.push(thrown, false);
            for part in parts {
                self.inner(part.trim());
            }
        } else {
            self.above = Some(thrown).filter(|thrown| thrown.type_name.contains('.'));
        }
    }

    /// `Type: message` behind an arrow.
    fn inner(&mut self, text: &str) {
        let member = text.strip_prefix("(Inner Exception #");
        let text = match member {
            Some(rest) => rest.split_once(')').map_or(rest, |(_, rest)| rest).trim_start(),
            None => text,
        };
        if member.is_some() {
            self.members.push(self.open.len());
        }
        let mut parts = text.split(" ---> ");
        let Some(first) = parts.next() else {
            return;
        };
        let thrown = header(first)
            .unwrap_or_else(|| Thrown { message: bounded(first), ..Thrown::default() });
        self.push(thrown, member.is_some());
        for part in parts {
            let thrown = header(part.trim())
                .unwrap_or_else(|| Thrown { message: bounded(part.trim()), ..Thrown::default() });
            self.push(thrown, false);
        }
    }

    fn push(&mut self, thrown: Thrown, member: bool) {
        self.in_stack = false;
        let chain = &mut self.out.chain;
        let known = chain.iter().position(|known| {
            member
                && known.type_name == thrown.type_name
                && known.message.starts_with(&thrown.message)
        });
        let at = known.unwrap_or(chain.len());
        let repeated = known.is_some() || chain.len() >= MAX_CHAIN;
        if known.is_none() && chain.len() < MAX_CHAIN {
            chain.push(thrown);
        }
        self.open.push(Open { at: at.min(MAX_CHAIN - 1), repeated });
    }
}

/// `Type`, `Type: message`, `Type (0x80131904): message`.
fn header(text: &str) -> Option<Thrown> {
    static HEADER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?s)^([\p{L}_][\w`]*(?:[.+][\p{L}_][\w`]*)*(?:\[[^:]*\])?)(?: \((0x[0-9A-Fa-f]+|-?\d+)\))?(?::(.*))?$",
        )
        .ok()
    });
    let found = HEADER.as_ref()?.captures(text)?;
    Some(Thrown {
        type_name: cut(found.get(1)?.as_str()),
        code: found.get(2).and_then(|code| parse_code(code.as_str())),
        message: found.get(3).map(|text| bounded(text.as_str().trim_start())).unwrap_or_default(),
        word: None,
    })
}

/// Names of exceptions end in a handful of words; without that test every `Category: text` would be one.
fn is_exception_name(name: &str) -> bool {
    let name = name
        .split('[')
        .next()
        .unwrap_or(name)
        .trim_end_matches(|c: char| c == '`' || c.is_ascii_digit());
    ["Exception", "Error", "Fault", "Failure"].iter().any(|end| name.ends_with(end))
        && !matches!(name, "Exception" | "Error" | "Fault" | "Failure")
}

fn is_separator(line: &str) -> bool {
    line.len() > 7 && line.starts_with("--- ") && line.ends_with(" ---")
}

/// An exception that begins at the start of `text`, and how many bytes belong to it.
pub(crate) fn read(text: &str) -> (ExceptionText, usize) {
    Parser::default().run(text, true)
}

/// An exception with its stack on one line.
pub(crate) fn read_flat(line: &str) -> ExceptionText {
    Parser::default().run(&unflattened(line), true).0
}
