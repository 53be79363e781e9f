//! Exceptions of Ruby, as the interpreter and Rails write them.
//!
//! ```text
//! /home/site/wwwroot/lib/cart.rb:12:in `load': no cart (Shop::NoCart)
//!     from /home/site/wwwroot/app.rb:40:in `block in <main>'
//!
//! Shop::NoCart (no cart):
//!
//! lib/cart.rb:12:in `load'
//! ```

use std::sync::LazyLock;

use regex::Regex;

use crate::lines::lines;
use crate::model::{
    ExceptionText, Language, MAX_FRAMES, RawFrame, Thrown, assembled, bounded, cut,
};

static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:\[\w+\]\s+)?(?:from )?((?:[A-Za-z]:)?[^\s:]+\.(?:rb|erb|ru|haml|slim|rake)|(?:[A-Za-z]:)?[^\s:]+/bin/[\w.-]+):(\d+):in [`'](.+?)'(?:: (.*))?$").ok()
});

/// Reads one line of a stack.
pub(crate) fn frame(line: &str) -> Option<RawFrame> {
    let found = FRAME.as_ref()?.captures(line)?;
    Some(RawFrame {
        method: cut(found.get(3)?.as_str()),
        file: Some(cut(found.get(1)?.as_str())),
        line: found.get(2)?.as_str().parse().ok(),
        of: 0,
    })
}

/// `Type (message):`, as Rails writes it above the stack.
pub(crate) fn header(line: &str) -> Option<Thrown> {
    let (name, rest) = line.trim().split_once(" (")?;
    let message = rest.strip_suffix("):")?;
    is_type(name).then(|| Thrown {
        type_name: cut(name),
        message: bounded(message),
        ..Thrown::default()
    })
}

fn is_type(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':')
}

/// An exception that begins at the start of `text`, and how many bytes belong to it.
pub(crate) fn read(text: &str) -> (ExceptionText, usize) {
    let mut thrown = Thrown::default();
    let mut frames: Vec<RawFrame> = Vec::new();
    let mut used = 0;
    for line in lines(text) {
        if let Some(frame) = frame(line.text) {
            if frames.is_empty()
                && let Some(told) = FRAME.as_ref().and_then(|form| form.captures(line.text)?.get(4))
            {
                thrown = told_behind(told.as_str());
            }
            if frames.len() < MAX_FRAMES {
                frames.push(frame);
            }
        } else if used == 0 {
            thrown = header(line.text).unwrap_or_default();
        } else if !frames.is_empty() {
            // A message of several lines ends in the type.
            match line.text.trim().strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
                Some((_, name))
                    if frames.len() == 1 && is_type(name) && thrown.type_name.is_empty() =>
                {
                    thrown.type_name = cut(name);
                }
                _ => break,
            }
        } else if line.is_blank() {
            continue;
        }
        used = line.end;
    }
    (assembled(Language::Ruby, vec![(thrown, frames)]), used)
}

/// `message (Type)`.
fn told_behind(text: &str) -> Thrown {
    match text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        Some((message, name)) if is_type(name) => {
            Thrown { type_name: cut(name), message: bounded(message), ..Thrown::default() }
        }
        _ => Thrown { message: bounded(text), ..Thrown::default() },
    }
}

/// A method without blocks around it and, as of Ruby 3.4, without its class: `block in Shop::Cart#load` is `load`.
pub(crate) fn name(method: &str) -> String {
    let inner = method.rsplit(" in ").next().unwrap_or(method);
    let inner = inner.rsplit(['#', '.']).next().unwrap_or(inner);
    // Compiled views carry numbers: `_app_views_cart_show_html_erb__1234567_8910`.
    let inner = inner.split("__").next().filter(|head| !head.is_empty()).unwrap_or(inner);
    match inner {
        "<main>" | "<top (required)>" => String::new(),
        inner => inner.to_owned(),
    }
}
