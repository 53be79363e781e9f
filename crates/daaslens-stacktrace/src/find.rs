//! Exceptions in any text.
//!
//! The lines of a stack are what gives an exception away: no other text looks like them. From the first one, the text is
//! searched upwards for the line that tells the type; from there on, the language's own reader takes over.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::lines::{Line, lines};
use crate::model::{ExceptionText, Language};
use crate::{dotnet, go, java, node, php, python, ruby};

/// How many lines above the first frame the type is looked for. Messages of databases have dozens.
const LOOK_BACK: usize = 64;

/// An exception inside of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its bytes, from the type to the last frame.
    pub span: Range<usize>,
    /// What it is.
    pub exception: ExceptionText,
}

/// All exceptions in a text, in order: each with its whole chain of causes, so that an inner one is not found again.
///
/// What stands before it on the same line (the head of a record) does not belong to it. A text in which nothing looks like
/// a stack is searched for an exception on one line: `System.TimeoutException: no answer`, with or without a stack that a
/// logger put behind it.
pub fn find(text: &str) -> Vec<Found> {
    let all: Vec<Line<'_>> = lines(text).collect();
    let mut found: Vec<Found> = Vec::new();
    let mut floor = 0;
    let mut at = 0;
    while let Some(line) = all.get(at) {
        at += 1;
        let Some(language) = language(line.text) else { continue };
        let above = all.get(floor.max(at.saturating_sub(LOOK_BACK))..at).unwrap_or_default();
        // Whatever comes of it, no line above this one is looked at again.
        floor = at;
        let start = head(language, above).unwrap_or(line.start);
        let rest = text.get(start..).unwrap_or_default();
        let (exception, used) = match language {
            Language::DotNet => dotnet::read(rest),
            Language::Java => java::read(rest),
            Language::Node => node::read(rest),
            Language::Python => python::read(rest),
            Language::Php => php::read(rest),
            Language::Ruby => ruby::read(rest),
            Language::Go => go::read(rest),
        };
        // One line alone that happens to look like a frame is none.
        let told = exception.frames.len() >= 2
            || !exception.frames.is_empty() && !exception.chain.is_empty();
        let end = start + used;
        if !told || end <= line.start {
            continue;
        }
        found.push(Found { span: start..end, exception });
        while all.get(at).is_some_and(|next| next.start < end) {
            at += 1;
        }
        floor = at;
    }
    if found.is_empty() {
        found.extend(on_one_line(&all));
    }
    found
}

/// Whose frame, or whose opening of frames, a line is.
fn language(line: &str) -> Option<Language> {
    let trimmed = line.trim_start();
    if trimmed.starts_with("at ") {
        if java::frame(line).is_some() {
            return Some(Language::Java);
        }
        if node::frame(line).is_some() {
            return Some(Language::Node);
        }
    }
    if trimmed.starts_with("File \"") && python::frame(line).is_some()
        || line.contains(python::OPENS)
    {
        return Some(Language::Python);
    }
    if trimmed.starts_with("#0 ") && php::frame(line).is_some() {
        return Some(Language::Php);
    }
    if go::opens_stack(line) {
        return Some(Language::Go);
    }
    if line.contains(":in ") && ruby::frame(line).is_some() {
        return Some(Language::Ruby);
    }
    dotnet::parse_frame(line).map(|_| Language::DotNet)
}

/// Where the exception begins whose first frame is the last of these lines.
fn head(language: Language, lines: &[Line<'_>]) -> Option<usize> {
    let (frame, above) = lines.split_last()?;
    match language {
        Language::Python => {
            let at = frame.text.find(python::OPENS)?;
            // The rails of a group belong to it.
            let front = frame.text.get(..at).unwrap_or_default();
            let bare =
                front.trim_start().trim_start_matches("+ ").trim_start_matches("Exception Group ");
            Some(if bare.trim().is_empty() { frame.start } else { frame.start + at })
        }
        Language::Ruby => {
            let rails = above
                .iter()
                .rev()
                .take_while(|line| line.is_blank() || ruby::header(line.text).is_some());
            rails.filter(|line| !line.is_blank()).map(|line| line.start).next()
        }
        Language::Go => {
            above.iter().rev().find_map(|line| Some(line.start + go::opens(line.text)?))
        }
        Language::Php => {
            let mut nearest = None;
            for line in above.iter().rev() {
                if let Some((at, _)) = php::header(line.text) {
                    return Some(line.start + at);
                }
                if nearest.is_none() && !php::opens_stack(line.text) && !line.is_blank() {
                    nearest = type_in(line.text).map(|at| line.start + at);
                    if nearest.is_some() {
                        break;
                    }
                }
            }
            nearest
        }
        Language::DotNet | Language::Java | Language::Node => typed(language, above),
    }
}

/// How many lines above its first frame an error of Node is looked for: its messages are short, and where none is found the
/// line above the frame is taken.
const LOOK_BACK_NODE: usize = 12;

/// The nearest line above that tells a type; of inner exceptions, which stand between, the one that they are inner to.
fn typed(language: Language, above: &[Line<'_>]) -> Option<usize> {
    let most = if language == Language::Node { LOOK_BACK_NODE } else { LOOK_BACK };
    let start = |line: &Line<'_>| line.start + line.indent();
    // A type of the application's own need not end in a word that all use.
    let mut nearest = None;
    let mut arrow = language == Language::Node;
    for line in above.iter().rev().take(most) {
        let trimmed = line.text.trim_start();
        if trimmed.starts_with("--->") {
            arrow = true;
            continue;
        }
        if trimmed == "Stack overflow." {
            return Some(start(line));
        }
        if let Some(at) = type_in(line.text) {
            return Some(line.start + at);
        }
        if arrow && nearest.is_none() && !line.is_blank() {
            nearest = Some(start(line));
        }
    }
    nearest
}

/// Where in a line the type of an exception begins.
fn type_in(line: &str) -> Option<usize> {
    static TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?:^|[\s\[("|>=:])((?:[\p{L}_$\\][\w`$]*[.+\\])*[\p{L}_$][\w`$]*(?:Exception|Error|Fault|Failure|Throwable)(?:`\d+)?(?:\[[^\]:]*\])?)(?: \[[A-Z_0-9]+\])?(?: \((?:0x[0-9A-Fa-f]+|-?\d+)\))?(?::(?:\s|$)|\s*$| --->)"#,
        )
        .ok()
    });
    static PLAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?:\s*|.*Uncaught |.*Rejection: |.*\] )(Error(?: \[[A-Z_0-9]+\])?: )").ok()
    });
    let found = TYPE.as_ref().and_then(|form| form.captures(line)?.get(1));
    let plain = PLAIN.as_ref().and_then(|form| form.captures(line)?.get(1));
    found.or(plain).map(|found| found.start())
}

/// The first exception that is told on one line, with or without a flattened stack.
fn on_one_line(all: &[Line<'_>]) -> Option<Found> {
    all.iter().find_map(|line| {
        let at = type_in(line.text)?;
        let told = line.text.get(at..)?;
        let dotted = told.split([':', ' ']).next()?.contains('.');
        if !dotted {
            return None;
        }
        let mut exception = dotnet::read_flat(told);
        if exception.frames.is_empty() && told.starts_with(|c: char| c.is_ascii_lowercase()) {
            // Packages are written small in Java and Python, namespaces large in .NET; those of Java are deeper.
            let deep = told.split(':').next()?.matches('.').count() > 1;
            exception.language = if deep { Language::Java } else { Language::Python };
        }
        (!exception.is_empty()).then(|| Found { span: line.start + at..line.end, exception })
    })
}
