//! Why a dump was written: the lines that procdump puts into its comment streams.
//!
//! ```text
//! *** "procdump.exe" -accepteula -r -dc "CPU above 75% for 30s" -ma 4242 D:\…      the command line: never kept
//! *** Unhandled exception: C0000005.ACCESS_VIOLATION                               the reason
//! *** via Process Snapshot
//! CPU above 75% for 30s                                                            what `-dc` was given
//! ```
//!
//! DaaS passes the description of its session, or the rule that its CPU monitoring was set to, as `-dc`.

use daaslens_core::text::{shortened, visible};
use minidump::format as md;

use crate::front::Front;

/// The longest comment that is looked at, in characters.
const MAX_COMMENT: usize = 16 << 10;

/// The longest line that is kept, in characters.
const MAX_LINE: usize = 200;

const COMMENT_A: u32 = md::MINIDUMP_STREAM_TYPE::CommentStreamA as u32;
const COMMENT_W: u32 = md::MINIDUMP_STREAM_TYPE::CommentStreamW as u32;

/// Why a dump was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What kind of reason.
    pub kind: ReasonKind,
    /// The words of the tool.
    pub text: String,
    /// The thread that used the processor most, where the reason is CPU.
    pub hottest_thread: Option<u32>,
    /// What the tool was told to write along (`-dc`).
    pub note: Option<String>,
    /// Whether the process was copied first, so that it stood still for moments and not for minutes.
    pub via_snapshot: bool,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReasonKind {
    /// Somebody asked for it.
    Manual,
    /// After a time.
    Timed,
    /// The process used more, or less, processor time than a limit.
    Cpu,
    /// It committed more, or less, memory than a limit.
    Commit,
    /// A performance counter passed a limit.
    Counter,
    /// An exception that may have been handled.
    FirstChance,
    /// An exception that ended the process.
    Unhandled,
    /// A window did not answer.
    Hung,
    /// The process ended.
    Termination,
    /// The debugger that Windows calls when a process crashes.
    JustInTime,
    /// Only a note.
    Noted,
}

impl ReasonKind {
    /// The reason as the end of "it was written …".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Manual => "by hand or by a session",
            Self::Timed => "after a set time",
            Self::Cpu => "because of the processor time that it used",
            Self::Commit => "because of the memory that it committed",
            Self::Counter => "because a performance counter passed its limit",
            Self::FirstChance => "when an exception was thrown, which may have been handled",
            Self::Unhandled => "because of an exception that nobody handled",
            Self::Hung => "because a window did not answer",
            Self::Termination => "when the process ended",
            Self::JustInTime => "by the debugger that Windows calls at a crash",
            Self::Noted => "by a tool that says nothing but its note",
        }
    }

    /// Whether the reason is a failure of the process by itself.
    pub const fn is_crash(self) -> bool {
        matches!(self, Self::Unhandled | Self::JustInTime)
    }
}

/// The beginnings of the lines, as procdump writes them.
const TEMPLATES: &[(&str, ReasonKind)] = &[
    ("Manual dump", ReasonKind::Manual),
    ("Timed dump", ReasonKind::Timed),
    ("Process exceeded", ReasonKind::Cpu),
    ("Process didn't utili", ReasonKind::Cpu),
    ("Process didn't exceed", ReasonKind::Commit),
    ("Process dropped below", ReasonKind::Commit),
    ("Counter ", ReasonKind::Counter),
    ("First chance exception", ReasonKind::FirstChance),
    ("Unhandled exception", ReasonKind::Unhandled),
    ("Debug Output String", ReasonKind::FirstChance),
    ("Hung window", ReasonKind::Hung),
    ("Process termination", ReasonKind::Termination),
    ("Just-In-Time debugger", ReasonKind::JustInTime),
];

/// The reason that the comments of a dump give.
pub(crate) fn reason(front: &Front<'_>) -> Option<Reason> {
    let narrow = front.raw(COMMENT_A).map(|bytes| {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()).min(MAX_COMMENT);
        lines(&String::from_utf8_lossy(&bytes[..end]))
    });
    let wide = front.raw(COMMENT_W).map(|bytes| {
        let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let units = units.take_while(|unit| *unit != 0).take(MAX_COMMENT);
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        lines(&text)
    });
    // Both are written by current versions, with the same text.
    parse(&wide.filter(|lines| !lines.is_empty()).or(narrow)?)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn parse(lines: &[String]) -> Option<Reason> {
    let mut reason: Option<(ReasonKind, String)> = None;
    let mut note = None;
    let mut via_snapshot = false;
    let mut hottest_thread = None;
    for line in lines {
        let told = line.trim_start_matches('*').trim_start();
        let is_told = line.starts_with('*');
        if told.starts_with("via Process Reflection") || told.starts_with("via Process Snapshot") {
            via_snapshot = true;
        } else if let Some((_, kind)) = TEMPLATES.iter().find(|(begin, _)| told.starts_with(begin))
        {
            let kind = if told.contains("commit usage") { ReasonKind::Commit } else { *kind };
            hottest_thread = hottest_thread.or_else(|| hottest(told));
            // What a program sent to its debugger is its own text, and what a window is called its user's.
            let text = match kind {
                _ if told.starts_with("Debug Output") => "Debug Output String".to_owned(),
                _ => kept(told),
            };
            reason.get_or_insert((kind, text));
        } else if !is_told && note.is_none() && !looks_like_a_command(line) {
            note = Some(kept(line));
        }
    }
    let (kind, text) = match (reason, &note) {
        (Some(reason), _) => reason,
        (None, Some(_)) => (ReasonKind::Noted, String::new()),
        (None, None) => return None,
    };
    // Text that a program sent to its debugger may go on in the next line.
    let note = note.filter(|_| !text.starts_with("Debug Output"));
    Some(Reason { kind, text, hottest_thread, note, via_snapshot })
}

fn kept(line: &str) -> String {
    shortened(&visible(line.as_bytes()), MAX_LINE).into_owned()
}

/// A command line may hold paths of somebody's own machine, and keys.
fn looks_like_a_command(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    lower.contains("procdump") || lower.contains(".exe") || lower.starts_with(['"', '-', '/'])
}

/// `Hottest Thread: 4711 (0x1267).`
fn hottest(line: &str) -> Option<u32> {
    let rest = line.split_once("Hottest Thread:")?.1.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_procdump_are_understood() {
        let cases = [
            (
                "\r\n*** \"D:\\tools\\procdump.exe\" -accepteula -r -ma -dc \"DaaS\" 4242 d:\\x\r\n*** Manual dump\r\n\
                 *** via Process Snapshot\r\nDaaS\r\n",
                ReasonKind::Manual,
                "Manual dump",
                None,
                Some("DaaS"),
                true,
            ),
            (
                "*** Process exceeded 75% CPU (system scale) for 30 seconds. Value: 93%. Hottest Thread: 4711 (0x1267).",
                ReasonKind::Cpu,
                "Process exceeded 75% CPU (system scale) for 30 seconds. Value: 93%. Hottest Thread: 4711 (0x1267).",
                Some(4711),
                None,
                false,
            ),
            (
                "*** Process exceeded 1500 MB commit usage for 10 seconds: 1733 MB",
                ReasonKind::Commit,
                "Process exceeded 1500 MB commit usage for 10 seconds: 1733 MB",
                None,
                None,
                false,
            ),
            (
                "*** Unhandled exception: C0000005.ACCESS_VIOLATION",
                ReasonKind::Unhandled,
                "Unhandled exception: C0000005.ACCESS_VIOLATION",
                None,
                None,
                false,
            ),
            (
                "*** Debug Output String: pwd=x",
                ReasonKind::FirstChance,
                "Debug Output String",
                None,
                None,
                false,
            ),
            (
                "CPU above 75% for 30s",
                ReasonKind::Noted,
                "",
                None,
                Some("CPU above 75% for 30s"),
                false,
            ),
        ];
        for (text, kind, words, hottest_thread, note, via_snapshot) in cases {
            let expected = Reason {
                kind,
                text: words.to_owned(),
                hottest_thread,
                note: note.map(str::to_owned),
                via_snapshot,
            };
            assert_eq!(parse(&lines(text)), Some(expected), "{text}");
        }
        assert_eq!(parse(&lines("*** procdump -ma 1 c:\\secret\r\n")), None);
    }
}
