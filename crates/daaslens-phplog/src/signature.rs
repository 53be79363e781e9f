//! What makes two records the same error.

use crate::level::Level;
use crate::mask::{MAX_INPUT, mask, mask_sql};
use crate::path::{is_library, site_path};
use crate::record::Record;
use crate::trace::frame_file;
use crate::{decode, trace::Exception};
use std::fmt;

/// Longest message of a signature, in characters.
pub const MAX_MESSAGE: usize = 300;

/// What makes two records the same error. Equal for records that differ only in their values.
///
/// There are two grains: as returned by [`signature`], with the line (exact), and [`Signature::family`] without,
/// because a deployment moves lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// The level.
    pub level: Level,
    /// The class of the exception that reached the top.
    pub exception: Option<String>,
    /// The message without its values, at most [`MAX_MESSAGE`] characters.
    pub message: String,
    /// The file, from the root of the site on. See [`site_path`].
    pub file: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// For an exception that was thrown in a library: the innermost call that the application made,
    /// `Cart->add (lib/cart.php)`.
    pub frame: Option<String>,
}

impl Signature {
    /// The same error wherever a deployment moved it to.
    #[must_use]
    pub fn family(&self) -> Self {
        Self { line: None, ..self.clone() }
    }

    /// `lib/a.php:7`, or what there is of it.
    pub fn place(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) => String::new(),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.level.word().is_empty() {
            write!(f, "{}: ", self.level.word())?;
        }
        if let Some(exception) = &self.exception {
            let uncaught = if self.level == Level::Logged { "" } else { "Uncaught " };
            let colon = if self.message.is_empty() { "" } else { ": " };
            write!(f, "{uncaught}{exception}{colon}")?;
        }
        f.write_str(&self.message)?;
        if self.file.is_some() {
            write!(f, " in {}", self.place())?;
        }
        if let Some(frame) = &self.frame {
            write!(f, " from {frame}")?;
        }
        Ok(())
    }
}

/// The signature of a record. It depends on nothing but [`Record::text`], which is worth a cache: errors repeat.
pub fn signature(record: &Record<'_>) -> Signature {
    let top = record.exceptions().last();
    let message = match &top {
        Some(Exception { message, .. }) => masked(message),
        None if record.level() == Level::Slow => slow_calls(record),
        None if record.level() == Level::Database => masked_query(record.message()),
        None if record.level() == Level::Other => {
            // The word is all that tells such levels apart.
            cut(
                &format!("{}: {}", decode(record.level_word()), masked(record.message())),
                MAX_MESSAGE,
            )
        }
        None => masked(record.message()),
    };
    let file = record.file().map(|file| site_path(file));
    let thrown_in_library = file.as_deref().is_some_and(is_library);
    Signature {
        level: record.level(),
        exception: top.map(|top| {
            // In the JSON of a framework's log backslashes are doubled.
            let class = decode(bounded(top.class)).replace("\\\\", "\\");
            cut(&mask_class(&class), MAX_MESSAGE)
        }),
        message,
        frame: thrown_in_library.then(|| application_frame(record)).flatten(),
        file,
        line: record.line_in_file().filter(|_| record.level() != Level::Slow),
    }
}

/// The innermost calls of an entry of the slow log: where the time goes.
fn slow_calls(record: &Record<'_>) -> String {
    let calls = record.frames().take(3).map(|frame| decode(bounded(frame.function())).into_owned());
    cut(&mask(&calls.collect::<Vec<_>>().join(" \u{2190} ")), MAX_MESSAGE)
}

/// The innermost call of the top exception that stands in code of the application.
fn application_frame(record: &Record<'_>) -> Option<String> {
    let mut found: Option<(u32, String)> = None;
    for frame in record.frames() {
        if found.as_ref().is_some_and(|(exception, _)| *exception == frame.exception) {
            continue;
        }
        let Some(file) = frame_file(&frame).map(|file| site_path(file)) else { continue };
        if !is_library(&file) {
            let function = decode(bounded(frame.function())).into_owned();
            found = Some((frame.exception, format!("{} ({file})", cut(&mask(&function), 120))));
        }
    }
    found.map(|(_, frame)| frame)
}

fn masked(message: &[u8]) -> String {
    cut(&mask(&decode(bounded(message))), MAX_MESSAGE)
}

/// A database error of WordPress: `Unknown column 'x' for query SELECT … made by require('…'), …`.
fn masked_query(message: &[u8]) -> String {
    let text = decode(bounded(message));
    let Some((error, query)) = text.split_once(" for query ") else {
        return cut(&mask(&text), MAX_MESSAGE);
    };
    let query = query.split_once(" made by ").map_or(query, |(query, _)| query);
    cut(&format!("{} for query {}", mask(error), mask_sql(query)), MAX_MESSAGE)
}

fn mask_class(class: &str) -> String {
    class.chars().filter(|c| !c.is_control()).collect()
}

fn bounded(bytes: &[u8]) -> &[u8] {
    let Some(mut front) = bytes.get(..MAX_INPUT) else { return bytes };
    // Not in the middle of a character, which would change how the text is decoded.
    while let Some((last, rest)) = front.split_last()
        && !last.is_ascii()
    {
        front = rest;
    }
    front
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
