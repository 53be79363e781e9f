//! Tracebacks of Python: the outermost call first, the exception last, its cause in front of it.
//!
//! ```text
//! Traceback (most recent call last):
//!   File "/home/site/wwwroot/shop/store.py", line 12, in read
//!     return self.items[name]
//! KeyError: 'prices'
//!
//! During handling of the above exception, another exception occurred:
//!
//! Traceback (most recent call last):
//!   File "/home/site/wwwroot/app.py", line 40, in checkout
//!     prices = store.read("prices")
//! shop.errors.NoPrices: nothing to read
//! ```

use std::iter::Peekable;

use crate::lines::{Line, lines};
use crate::model::{
    ExceptionText, Language, MAX_CHAIN, MAX_FRAMES, RawFrame, Thrown, add_line, assembled, bounded,
    cut,
};

/// What opens the frames of an exception.
pub(crate) const OPENS: &str = "Traceback (most recent call last):";

const BETWEEN: [&str; 2] = [
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
];

/// How many lines of a message are looked through for the words that announce a further exception.
const LOOK_AHEAD: usize = 30;

/// `  File "app.py", line 12, in load`.
pub(crate) fn frame(line: &str) -> Option<RawFrame> {
    let rest = line.trim_start().strip_prefix("File \"")?;
    let (file, rest) = rest.split_once("\", line ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = rest.split_at_checked(digits)?;
    let function = rest.strip_prefix(", in ").unwrap_or_default().trim();
    Some(RawFrame {
        method: cut(function),
        file: Some(cut(file)),
        line: number.parse().ok(),
        of: 0,
    })
}

/// A traceback that begins at the start of `text`, with those that follow from it, and how many bytes belong to them.
pub(crate) fn read(text: &str) -> (ExceptionText, usize) {
    let mut rest = lines(text).peekable();
    // The cause first.
    let mut blocks: Vec<(Thrown, Vec<RawFrame>)> = Vec::new();
    let mut members: Vec<(Thrown, Vec<RawFrame>)> = Vec::new();
    let mut used = 0;
    while let Some((block, end)) = block(&mut rest) {
        used = end;
        blocks.push(block);
        if let Some((member, end)) = member(&mut rest) {
            used = end;
            members.push(member);
            break;
        }
        if blocks.len() >= MAX_CHAIN || !goes_on(&mut rest, &mut blocks, text, used) {
            break;
        }
    }
    blocks.reverse();
    // The first member of a group began it.
    blocks.extend(members);
    (assembled(Language::Python, blocks), used)
}

/// The text of a line without the rails of an exception group: `  | `, `  + `, `    +-+---- 1 ----`.
fn bare<'t>(line: &Line<'t>) -> &'t str {
    let trimmed = line.text.trim_start();
    match trimmed.strip_prefix(['|', '+']) {
        Some(rest) => rest.strip_prefix(' ').unwrap_or(rest),
        None => line.text,
    }
}

/// One traceback with the exception at its end, and where that ends.
fn block<'t>(
    rest: &mut Peekable<impl Iterator<Item = Line<'t>>>,
) -> Option<((Thrown, Vec<RawFrame>), usize)> {
    let opening = rest.next_if(|line| line.text.contains(OPENS) || frame(line.text).is_some())?;
    let mut frames: Vec<RawFrame> = frame(opening.text).into_iter().collect();
    let depth = bare(&opening).len() - bare(&opening).trim_start().len();
    let mut thrown = Thrown::default();
    let mut end = opening.end;
    while let Some(line) = rest.next_if(|line| !line.text.contains(OPENS)) {
        let text = bare(&line);
        if let Some(frame) = frame(text) {
            if frames.len() >= 4 * MAX_FRAMES {
                frames.remove(0);
            }
            frames.push(frame);
            end = line.end;
            continue;
        }
        let indent = text.len() - text.trim_start().len();
        // Source lines and marks under them stand deeper than the frame.
        if indent > depth + 1 || text.trim().is_empty() {
            if !text.trim().is_empty() {
                end = line.end;
            }
            continue;
        }
        thrown = header(text.trim());
        end = line.end;
        break;
    }
    frames.reverse();
    frames.truncate(MAX_FRAMES);
    // Comprehensions are frames of their own before 3.12.
    frames.retain(|frame| {
        !matches!(frame.method.as_str(), "<listcomp>" | "<dictcomp>" | "<setcomp>" | "<genexpr>")
    });
    Some(((thrown, frames), end))
}

/// The first member of an exception group, where one follows.
fn member<'t>(
    rest: &mut Peekable<impl Iterator<Item = Line<'t>>>,
) -> Option<((Thrown, Vec<RawFrame>), usize)> {
    let opening = rest.peek()?.text.trim_start();
    if !(opening.starts_with("+-+---") && opening.contains(" 1 ")) {
        return None;
    }
    rest.next();
    let found = block(rest)?;
    let mut end = found.1;
    // The others are siblings, and told only up to the end of the rails.
    while let Some(line) = rest.next_if(|line| line.text.trim_start().starts_with(['|', '+'])) {
        end = line.end;
    }
    Some((found.0, end))
}

/// Whether a further exception follows from the last one. The lines between belong to its message.
fn goes_on<'t>(
    rest: &mut Peekable<impl Iterator<Item = Line<'t>>>,
    blocks: &mut [(Thrown, Vec<RawFrame>)],
    text: &str,
    used: usize,
) -> bool {
    let behind = text.get(used..).unwrap_or_default();
    let between = lines(behind)
        .take(LOOK_AHEAD)
        .take_while(|line| !line.text.contains(OPENS))
        .position(|line| BETWEEN.contains(&bare(&line).trim()));
    let Some(between) = between else { return false };
    for _ in 0..between {
        if let (Some(line), Some((thrown, _))) = (rest.next(), blocks.last_mut()) {
            add_line(&mut thrown.message, line.text);
        }
    }
    if let Some((thrown, _)) = blocks.last_mut() {
        thrown.message.truncate(thrown.message.trim_end().len());
    }
    rest.next();
    while rest.next_if(Line::is_blank).is_some() {}
    rest.peek().is_some_and(|line| line.text.contains(OPENS))
}

/// `shop.errors.NoPrices: message`, or the name alone.
fn header(text: &str) -> Thrown {
    let (name, message) = text.split_once(": ").unwrap_or((text.trim_end_matches(':'), ""));
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._".contains(c));
    if !is_name {
        return Thrown { message: bounded(text), ..Thrown::default() };
    }
    Thrown { type_name: cut(name), message: bounded(message), ..Thrown::default() }
}
