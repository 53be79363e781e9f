//! The head of a record: what stands on its first line before the message.
//!
//! Loggers let people choose the layout, so that there are more layouts than loggers. Nearly all of them put the same
//! few things in front of the message, in some order: a time, a level, a thread or process, the name of a logger. The
//! line is read word by word, as long as words are such things; the rest is the message.

use std::ops::Range;

use crate::level::Level;
use crate::stamp::{self, Stamp};

/// How the first line of a record is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// `2026-01-19T03:23:06  PID[7288] Error       text`: .NET Framework's trace on App Service.
    Trace,
    /// A time, and mostly a level: most loggers.
    Dated,
    /// `fail: Shop.Cart[0]`, and the message on the next line: ASP.NET Core's console.
    Console,
    /// `<3>Shop.Cart[0] text`: the same for systemd.
    Systemd,
    /// One JSON object.
    Json,
    /// `[01/19/2026 03:23:06 > 1a2b3c: INFO] text`: the log of a web job.
    WebJob,
    /// A level and no time: `ERROR:root:text`, `[WARN] text`.
    Levelled,
    /// Text.
    Plain,
}

/// What was read off a first line; ranges count from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) form: Form,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) level: Option<Level>,
    pub(crate) category: Range<usize>,
    pub(crate) thread: Range<usize>,
    pub(crate) scope: Range<usize>,
    pub(crate) pid: Option<u32>,
    pub(crate) message: usize,
}

/// How far the head is looked at. What stands behind is message.
pub(crate) const LOOK: usize = 1024;
/// The longest name of a thread or logger.
const LONGEST_NAME: usize = 160;
/// The most words in front of a message.
const WORDS: usize = 10;

impl Head {
    pub(crate) const fn new(form: Form, message: usize) -> Self {
        Self {
            form,
            stamp: None,
            level: None,
            category: 0..0,
            thread: 0..0,
            scope: 0..0,
            pid: None,
            message,
        }
    }
}

/// Reads the head of a line; `None` where it has none. Looks at nothing but the line.
pub(crate) fn parse(line: &[u8]) -> Option<Head> {
    let line = line.get(..LOOK).unwrap_or(line);
    let first = *line.first()?;
    match first {
        b'0'..=b'9' => {
            let (stamp, at) = stamp::parse(line)?;
            // `12:00:00-lunch`, `2025-01-01 00:00:00x` are no times of a log.
            let next = line.get(at).copied().unwrap_or(b' ');
            if next.is_ascii_alphanumeric() || next == b'-' {
                return None;
            }
            Some(words(line, at, Some(stamp), false))
        }
        b'[' => bracketed(line),
        b'<' => systemd(line),
        b'A'..=b'Z' | b'a'..=b'z' => lettered(line),
        _ => None,
    }
}

fn systemd(line: &[u8]) -> Option<Head> {
    let (digit, close) = (*line.get(1)?, *line.get(2)?);
    if !(b'0'..=b'7').contains(&digit) || close != b'>' {
        return None;
    }
    let mut head = Head::new(Form::Systemd, 3);
    head.level = Level::of_number(u64::from(digit - b'0'), true);
    if let Some((name, end)) = numbered_name(line, 3) {
        head.category = name;
        head.message = skip_blanks(line, end);
    }
    Some(head)
}

fn lettered(line: &[u8]) -> Option<Head> {
    if let Some((stamp, at)) = stamp::parse(line) {
        return Some(words(line, at, Some(stamp), false));
    }
    if let Some(rest) = line.strip_prefix(b"npm ") {
        let word = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
        let level = match word {
            b"ERR!" | b"error" => Level::Error,
            b"WARN" | b"warn" => Level::Warning,
            _ => return None,
        };
        let mut head = Head::new(Form::Levelled, skip_blanks(line, 4 + word.len()));
        (head.level, head.category) = (Some(level), 0..3);
        return Some(head);
    }
    let word = line.iter().take(14).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let text = line.get(..word)?;
    let level = Level::of_word(text)?;
    let is_upper = text.iter().all(u8::is_ascii_uppercase);
    let is_lower = text.iter().all(u8::is_ascii_lowercase);
    match line.get(word).copied() {
        // `Error: no such file` is an exception of Node, not a level; `warning: …` of a compiler is one.
        Some(b':') if is_upper || is_lower => {
            // Python: `ERROR:root:text`.
            if let Some((name, end)) = name(line, word + 1)
                && line.get(end) == Some(&b':')
                && is_upper
            {
                let mut head = Head::new(Form::Levelled, end + 1);
                (head.level, head.category) = (Some(level), name);
                return Some(head);
            }
            let at = skip_blanks(line, word + 1);
            // ASP.NET Core: `info: Shop.Cart[0]`.
            if let Some((name, end)) = numbered_name(line, at) {
                let mut head = Head::new(Form::Console, skip_blanks(line, end));
                (head.level, head.category) = (Some(level), name);
                return Some(head);
            }
            let mut head = words(line, at, None, false);
            head.level = head.level.or(Some(level));
            Some(head)
        }
        Some(b' ' | b'\t' | b'|') if is_upper => {
            let at = skip_blanks(line, word);
            let (stamp, at) = match stamp::parse(line.get(at..).unwrap_or_default()) {
                Some((stamp, len)) => (Some(stamp), at + len),
                None => (None, word),
            };
            Some(words_behind(line, at, stamp, false, Some(level)))
        }
        _ => None,
    }
}

/// `[2020-09-25 14:07:53 +0000] …`, `[15:09:32 INF] …`, `[01/19/2026 03:23:06 > 1a2b3c: INFO] …`, `[ERROR] …`.
fn bracketed(line: &[u8]) -> Option<Head> {
    let close = memchr::memchr(b']', line.get(..200).unwrap_or(line))?;
    let inner = line.get(1..close)?;
    let Some((stamp, len)) = stamp::parse(inner) else {
        let level = Level::of_word(inner.trim_ascii())?;
        let mut at = close + 1;
        let mut stamp = None;
        let next = skip_blanks(line, at);
        let behind = line.get(next..).unwrap_or_default();
        let open = usize::from(behind.first() == Some(&b'['));
        if let Some((found, len)) = stamp::parse(behind.get(open..).unwrap_or_default()) {
            (stamp, at) = (Some(found), next + open + len);
            at += usize::from(open == 1 && line.get(at) == Some(&b']'));
        }
        return Some(words_behind(line, at, stamp, false, Some(level)));
    };
    let rest = inner.get(len..).unwrap_or_default();
    if let Some(behind) = rest.strip_prefix(b" > ") {
        // The level of a web job is padded, and `SYS` in front of it means that Kudu itself speaks.
        let colon = memchr::memchr(b':', behind)?;
        let words = behind.get(colon + 1..)?.trim_ascii();
        let word = words.rsplit(|byte| *byte == b' ').next()?;
        let mut head = Head::new(Form::WebJob, skip_blanks(line, close + 1));
        (head.stamp, head.level) = (Some(stamp), Level::of_word(word));
        let start = close - behind.len();
        head.thread = start..start + colon;
        if words.starts_with(b"SYS") {
            let at = start + colon + 1;
            let at = at + memchr::memmem::find(line.get(at..)?, b"SYS")?;
            head.category = at..at + 3;
        }
        return Some(head);
    }
    // Whatever else stands in the same brackets: the level, or `: INFO/MainProcess`.
    let mut level = None;
    for word in rest.split(|byte| b" :/,|".contains(byte)) {
        level = level.or_else(|| Level::of_word(word));
    }
    Some(words_behind(line, close + 1, Some(stamp), true, level))
}

fn words(line: &[u8], at: usize, stamp: Option<Stamp>, in_brackets: bool) -> Head {
    words_behind(line, at, stamp, in_brackets, None)
}

/// Reads on, word by word. Where no level comes, what looked like thread or logger was message.
fn words_behind(
    line: &[u8],
    start: usize,
    stamp: Option<Stamp>,
    in_brackets: bool,
    level: Option<Level>,
) -> Head {
    let form = if stamp.is_some() { Form::Dated } else { Form::Levelled };
    let mut walk = Walk {
        line,
        at: start,
        head: Head::new(form, start),
        piped: false,
        in_brackets,
        is_file_logger: false,
    };
    (walk.head.stamp, walk.head.level) = (stamp, level);
    for _ in 0..WORDS {
        if !walk.word() {
            break;
        }
    }
    let mut head = walk.head;
    if head.level.is_none() && head.form != Form::Trace {
        let kept = if in_brackets { head.pid } else { None };
        let mut bare = Head::new(form, behind_separator(line, start));
        (bare.stamp, bare.pid) = (stamp, kept);
        if kept.is_some() {
            bare.message = head.message;
        }
        return bare;
    }
    head.message = skip_blanks(line, walk.at);
    head
}

struct Walk<'a> {
    line: &'a [u8],
    at: usize,
    head: Head,
    piped: bool,
    in_brackets: bool,
    /// The level is a whole word in brackets, as App Service's file logger writes it; Serilog's has three letters.
    is_file_logger: bool,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    /// Takes one more word of the head; `false` where the message begins.
    fn word(&mut self) -> bool {
        self.at = skip_blanks(self.line, self.at);
        let rest = self.rest();
        match rest.first() {
            None => false,
            Some(b'|') => {
                self.piped = true;
                self.at += 1;
                true
            }
            Some(b'-' | b':' | b'>') => {
                let run = rest.iter().take_while(|byte| **byte == rest[0]).count();
                let is_separator = run <= 3
                    && rest.get(run).is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'['));
                if is_separator {
                    self.at += run;
                    self.head.message = self.at;
                }
                // Behind the logger, a separator ends the head.
                is_separator && self.head.category.is_empty()
            }
            Some(b'[') => self.bracket(),
            Some(b'P') if rest.starts_with(b"PID[") => self.process(),
            Some(_) => self.bare(),
        }
    }

    fn process(&mut self) -> bool {
        let digits: &[u8] = self.rest().get(4..).unwrap_or_default();
        let len = digits.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        let Some(pid) = number(digits.get(..len).unwrap_or_default()) else { return false };
        if digits.get(len) != Some(&b']') {
            return false;
        }
        self.at += 4 + len + 1;
        (self.head.pid, self.head.form) = (Some(pid), Form::Trace);
        let at = skip_blanks(self.line, self.at);
        let word = self.line.get(at..).unwrap_or_default();
        let len = word.iter().take(14).take_while(|byte| byte.is_ascii_alphabetic()).count();
        self.head.level = Level::of_word(word.get(..len).unwrap_or_default());
        if self.head.level.is_some() {
            self.at = at + len;
        }
        false
    }

    fn bracket(&mut self) -> bool {
        let rest = self.rest();
        let Some(close) = memchr::memchr(b']', rest.get(..LONGEST_NAME).unwrap_or(rest)) else {
            return false;
        };
        let inner = rest.get(1..close).unwrap_or_default();
        let range = self.at + 1..self.at + close;
        let text = inner.trim_ascii();
        // The host of Functions puts the function behind the level: `[Info,Timer]`.
        let word = text.split(|byte| *byte == b',').next().unwrap_or_default();
        if self.head.level.is_none()
            && let Some(level) = Level::of_word(word)
        {
            self.head.level = Some(level);
            if word.len() < text.len() {
                self.head.category = self.at + 1 + word.len() + 1..self.at + close;
            }
            let has_zone = self.head.stamp.is_some_and(|stamp| stamp.offset.is_some());
            self.is_file_logger = has_zone && text.len() > 3;
        } else if text.is_empty() || text == b"(null)" || text == b"-" {
            // Nothing is known of it.
        } else if text.iter().all(u8::is_ascii_digit) && self.in_brackets && self.head.pid.is_none()
        {
            self.head.pid = number(text);
            self.head.message = self.at + close + 1;
        } else if self.head.thread.is_empty() && self.head.category.is_empty() {
            // `[main]`, `[12]`, `[.NET ThreadPool Worker]`: behind the level only what has no blank in it.
            if self.head.level.is_some() && text.contains(&b' ') {
                return false;
            }
            self.head.thread = range;
        } else if self.head.category.is_empty() && is_name(text) {
            self.head.category = range;
        } else {
            return false;
        }
        self.at += close + 1;
        true
    }

    fn bare(&mut self) -> bool {
        let rest = self.rest();
        if self.piped {
            let end = memchr::memchr(b'|', rest.get(..LONGEST_NAME).unwrap_or(rest));
            let Some(end) = end else { return false };
            return self.field(end);
        }
        let len = rest.iter().take_while(|byte| !b" \t|[".contains(byte)).count();
        let token = rest.get(..len).unwrap_or_default();
        let word = token.strip_suffix(b":").unwrap_or(token);
        if self.head.level.is_none()
            && let Some(level) = Level::of_word(word)
            && (word.len() < token.len() || word.iter().all(u8::is_ascii_uppercase))
        {
            self.head.level = Some(level);
            self.at += len;
            if let Some((name, end)) = numbered_name(self.line, skip_blanks(self.line, self.at)) {
                (self.head.category, self.at) = (name, end);
                self.head.form = Form::Console;
                return false;
            }
            return true;
        }
        // Spring: `ERROR 1234 --- [thread] logger : text`.
        if token.len() <= 7 && token.iter().all(u8::is_ascii_digit) && self.head.pid.is_none() {
            let behind = self.rest().get(len..).unwrap_or_default().trim_ascii_start();
            if self.head.level.is_none() || behind.starts_with(b"---") {
                self.head.pid = number(token);
                self.at += len;
                return true;
            }
        }
        self.logger()
    }

    /// A field between bars: `|ERROR|Shop.Cart|text`.
    fn field(&mut self, end: usize) -> bool {
        let range = self.at..self.at + end;
        let text = self.line.get(range.clone()).unwrap_or_default().trim_ascii();
        if self.head.level.is_none()
            && let Some(level) = Level::of_word(text)
        {
            self.head.level = Some(level);
        } else if self.head.level.is_none() && self.head.thread.is_empty() {
            self.head.thread = range;
        } else if self.head.category.is_empty() && is_name(text) {
            self.head.category = self.at..self.at + text.len();
        } else {
            return false;
        }
        self.at += end + 1;
        // What stands behind the logger is the message.
        self.head.category.is_empty()
    }

    /// The name of a logger, told by what follows it.
    fn logger(&mut self) -> bool {
        let Some((range, end)) = name(self.line, self.at) else { return false };
        let behind = self.line.get(end..).unwrap_or_default();
        let blanks = behind.iter().take_while(|byte| **byte == b' ').count();
        let next = behind.get(blanks..).unwrap_or_default();
        if self.head.level.is_none() {
            // A name in front of the level: `shop.cart - ERROR - text`, `main ERROR text`.
            let next = next.strip_prefix(b"- ").unwrap_or(next);
            let len = next.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
            let is_level = Level::of_word(next.get(..len).unwrap_or_default()).is_some();
            if is_level && self.head.category.is_empty() {
                let behind = end + blanks;
                self.at = behind + usize::from(self.line.get(behind) == Some(&b'-'));
                self.head.category = range;
                return true;
            }
            return false;
        }
        if !self.head.category.is_empty() {
            return false;
        }
        let text = self.line.get(range.clone()).unwrap_or_default();
        let is_dotted = text.contains(&b'.');
        if behind.first() == Some(&b':') && (is_dotted || self.is_file_logger) {
            self.at = end + 1;
        } else if blanks > 0 && (next.starts_with(b"- ") || next.starts_with(b": ")) {
            self.at = end + blanks + 1;
        } else if blanks > 0 && next.starts_with(b"=> ") {
            self.scopes(end + blanks);
        } else if blanks > 0
            && next.starts_with(b"[")
            && let Some(close) = memchr::memchr(b']', next.get(..LONGEST_NAME).unwrap_or(next))
            && next.get(close + 1..).is_some_and(|rest| rest.starts_with(b" - "))
        {
            // log4net's context: `Logger [(null)] - text`.
            self.at = end + blanks + close + 3;
        } else {
            return false;
        }
        self.head.category = range;
        false
    }

    /// `Category => scope => scope:`, and the message on the next line.
    fn scopes(&mut self, start: usize) {
        let end = self.line.trim_ascii_end().len();
        let colon = usize::from(self.line.get(..end).is_some_and(|line| line.ends_with(b":")));
        self.head.scope = start..end.saturating_sub(colon).max(start);
        self.at = end;
    }
}

/// A name at `at`, up to what cannot be part of one, and where it ends. A colon at its end is not part of it.
fn name(line: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let rest = line.get(at..)?;
    let len = rest.iter().take(LONGEST_NAME + 1).take_while(|byte| in_name(**byte)).count();
    let text = rest.get(..len)?;
    is_name(text).then_some((at..at + len, at + len))
}

/// `Shop.Cart[0]` at `at`, at the end of a line or before a blank: the name, and where the whole ends.
fn numbered_name(line: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let (range, end) = name(line, at)?;
    let rest = line.get(end..)?.strip_prefix(b"[")?;
    let digits =
        rest.iter().take(11).take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
    let close = end + 1 + digits;
    let next = line.get(close + 1).copied().unwrap_or(b' ');
    (digits > 0 && line.get(close) == Some(&b']') && next.is_ascii_whitespace())
        .then_some((range, close + 1))
}

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._$-+`/#@<>,*".contains(&byte) || byte >= 0x80
}

fn is_name(text: &[u8]) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text.iter().all(|byte| in_name(*byte))
        && text.iter().any(u8::is_ascii_alphabetic)
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn skip_blanks(line: &[u8], at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Behind blanks and one mark that only separates: `- `, `: `, `| `.
fn behind_separator(line: &[u8], at: usize) -> usize {
    let at = skip_blanks(line, at);
    match line.get(at..at + 2) {
        Some([b'-' | b':' | b'|', b' ']) => skip_blanks(line, at + 2),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        let Some(head) = parse(line.as_bytes()) else { return "-".to_owned() };
        let text = |range: &Range<usize>| line.get(range.clone()).unwrap_or_default();
        format!(
            "{:?} {} [{}] ({}) {} {:?}{}",
            head.form,
            head.level.map_or("-", Level::word),
            text(&head.category),
            text(&head.thread),
            head.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
            line.get(head.message..).unwrap_or_default(),
            if head.scope.is_empty() {
                String::new()
            } else {
                format!(" scope {}", text(&head.scope))
            },
        )
    }

    #[test]
    fn layouts() {
        for (line, expected) in [
            // App Service's own.
            ("2026-01-19T03:23:06  PID[7288] Information text", "Trace info [] () 7288 \"text\""),
            ("2026-01-19T03:23:06  PID[7288] Verbose     a: b", "Trace trace [] () 7288 \"a: b\""),
            (
                "2025-12-02 15:09:32.405 +00:00 [Error] Shop.Cart: no stock",
                "Dated error [Shop.Cart] () - \"no stock\"",
            ),
            (
                "2025-12-02 15:09:32.405 +00:00 [Warning] Program: x",
                "Dated warning [Program] () - \"x\"",
            ),
            (
                "2025-12-02 15:09:32.405 +00:00 [Information] Shop.Cart => RequestPath:/x => Buy:",
                "Dated info [Shop.Cart] () - \"\" scope => RequestPath:/x => Buy",
            ),
            (
                "2019-04-01T19:32:14.101 [Info] Host Status: {",
                "Dated info [] () - \"Host Status: {\"",
            ),
            (
                "[01/19/2026 03:23:06 > 1a2b3c: SYS INFO] Status changed to Running",
                "WebJob info [SYS] (1a2b3c) - \"Status changed to Running\"",
            ),
            ("[01/19/2026 03:23:06 > 1a2b3c: ERR ] text", "WebJob error [] (1a2b3c) - \"text\""),
            ("2023-06-19T20:53:21.550Z INFO  - Container x", "Dated info [] () - \"Container x\""),
            ("2019-03-23T22:18:47", "Dated - [] () - \"\""),
            (
                "2019-04-01T19:32:14.101 [Info,Timer] Function started",
                "Dated info [Timer] () - \"Function started\"",
            ),
            // ASP.NET Core.
            (
                "info: Microsoft.Hosting.Lifetime[14]",
                "Console info [Microsoft.Hosting.Lifetime] () - \"\"",
            ),
            ("fail: Shop.Cart[0] no stock", "Console error [Shop.Cart] () - \"no stock\""),
            ("15:09:32 crit: Shop.Cart[-1]", "Console critical [Shop.Cart] () - \"\""),
            ("<3>Shop.Cart[0] no stock", "Systemd error [Shop.Cart] () - \"no stock\""),
            // Loggers of .NET.
            (
                "2014-11-15 15:57:04,123 [12] ERROR Shop.Cart [(null)] - msg",
                "Dated error [Shop.Cart] (12) - \"msg\"",
            ),
            (
                "2014-11-15 15:57:04.1234|ERROR|Shop.Cart|msg|",
                "Dated error [Shop.Cart] () - \"msg|\"",
            ),
            ("2025-11-29 02:00:43.422 +00:00 [ERR] msg: x", "Dated error [] () - \"msg: x\""),
            ("[02:00:43 INF] Now listening", "Dated info [] () - \"Now listening\""),
            ("[02:00:43 ERR] <s:Shop.Cart> bad", "Dated error [] () - \"<s:Shop.Cart> bad\""),
            // Java.
            (
                "2020-09-25 14:07:53.123  ERROR 1234 --- [nio-8080-exec-1] c.e.Shop : msg",
                "Dated error [c.e.Shop] (nio-8080-exec-1) 1234 \"msg\"",
            ),
            (
                "25-Sep-2020 14:07:53.123 SEVERE [main] org.apache.Tomcat.start msg",
                "Dated error [] (main) - \"org.apache.Tomcat.start msg\"",
            ),
            (
                "14:07:53.123 [main] WARN  c.e.Shop - msg",
                "Dated warning [c.e.Shop] (main) - \"msg\"",
            ),
            ("2020-09-25 14:07:53,123 main ERROR msg", "Dated error [main] () - \"msg\""),
            // Python.
            (
                "[2020-09-25 14:07:53 +0000] [12] [CRITICAL] WORKER TIMEOUT (pid:9)",
                "Dated critical [] () 12 \"WORKER TIMEOUT (pid:9)\"",
            ),
            (
                "2020-09-25 14:07:53,123 - shop.cart - ERROR - msg",
                "Dated error [shop.cart] () - \"msg\"",
            ),
            ("[2020-09-25 14:07:53,123: WARNING/MainProcess] msg", "Dated warning [] () - \"msg\""),
            ("ERROR:root:no stock", "Levelled error [root] () - \"no stock\""),
            (
                "INFO:     Started server process [1]",
                "Levelled info [] () - \"Started server process [1]\"",
            ),
            (
                "ERROR 2020-09-25 14:07:53,123 views no stock",
                "Dated error [] () - \"views no stock\"",
            ),
            // Node.
            ("npm ERR! code ELIFECYCLE", "Levelled error [npm] () - \"code ELIFECYCLE\""),
            ("error: no stock", "Levelled error [] () - \"no stock\""),
            ("[WARN] 2024-01-01T00:00:00Z x", "Dated warning [] () - \"x\""),
            ("[ERROR] no stock", "Levelled error [] () - \"no stock\""),
            // A time and nothing else that is known.
            ("2024-01-01 00:00:00 - 500 items [a] b", "Dated - [] () - \"500 items [a] b\""),
            ("2024-01-01 00:00:00: [Cart] sold", "Dated - [] () - \"[Cart] sold\""),
            (
                "2014/11/15 15:57:04 [error] 12#3: *4 open() failed",
                "Dated error [] () - \"12#3: *4 open() failed\"",
            ),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }

    #[test]
    fn no_heads() {
        for line in [
            "",
            "Error: no such file",
            "Hello",
            "   at Shop.Cart.Buy()",
            "{\"a\": 1}",
            "[object Object]",
            "<html>",
            "12:00:00-lunch",
            "information about us",
            "fail",
            "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700]",
        ] {
            assert_eq!(shown(line), "-", "{line}");
        }
    }
}
