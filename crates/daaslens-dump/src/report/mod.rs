//! Reports that diagnostic tools made of dumps, traces and logs, and that lie in a bundle beside them.
//!
//! They hold what cannot be had without symbols and without the run time's own debugging library: managed stacks and
//! exceptions. What is taken from them is their findings, exceptions, the stacks that most threads have, and a deadlock
//! where they tell one. The pages themselves are not copied: they quote SQL, connection strings and request data.
//!
//! | file | tool |
//! |---|---|
//! | `*.mht` | DebugDiag, run by DaaS on its dumps: a web archive, its page in quoted-printable |
//! | `DiagCli.json` | the analyser of Visual Studio, run by newer versions of DaaS |
//! | `reportdata/stackDump.json` | DaaS on the output of `jstack` |
//! | `reportdata/*.json` | DaaS on a profiler trace |
//! | `EventLogAnalysisReport-*.html`, `HTTPLogAnalysisReport-*.html`, `PHPErrorLogAnalysisReport-*.html` | the first generation of DaaS |
//!
//! No file of DebugDiag was at hand when this was written, only descriptions of them. Its reader therefore asks for
//! little, and says so where it understood nothing.

mod debugdiag;
mod html;
mod json;

use daaslens_core::Time;
use daaslens_core::text::{shortened, visible};

/// The longest report that is read, in bytes. Longer ones are read up to here.
pub const MAX_REPORT: usize = 32 << 20;

/// Lines, exceptions and stacks that are kept of one report, each.
const MAX_ROWS: usize = 50;

/// Frames of a stack that are kept.
const MAX_FRAMES: usize = 24;

/// The longest text, in characters.
const MAX_TEXT: usize = 400;

/// Which tool made a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// DebugDiag.
    DebugDiag,
    /// The analyser of Visual Studio.
    VisualStudio,
    /// DaaS on `jstack`.
    Jstack,
    /// DaaS on a profiler trace.
    Profiler,
    /// The first generation of DaaS, on logs.
    FirstDaas,
}

impl Tool {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DebugDiag => "DebugDiag",
            Self::VisualStudio => "Visual Studio's dump analyser",
            Self::Jstack => "DaaS on jstack",
            Self::Profiler => "DaaS on a profiler trace",
            Self::FirstDaas => "DaaS, first generation",
        }
    }
}

/// How much a tool thinks that something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// Anything else.
    Note,
}

impl Gravity {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a tool found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub gravity: Gravity,
    /// Its words.
    pub text: String,
}

/// Exceptions of one type and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// `System.InvalidOperationException`.
    pub type_name: String,
    /// Its message.
    pub message: String,
    /// How many.
    pub count: u64,
    /// Its stack, the innermost call first.
    pub frames: Vec<String>,
}

/// Threads with equal stacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threads {
    /// How many.
    pub count: u64,
    /// Their state, where it is told.
    pub state: String,
    /// Their calls, the innermost first.
    pub frames: Vec<String>,
}

/// What was taken of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Who made it.
    pub tool: Tool,
    /// What it was made of: the name of a dump or log.
    pub of: Option<String>,
    /// The machine.
    pub machine: Option<String>,
    /// When the data are from, where it is told.
    pub time: Option<Time>,
    /// What it found, the gravest first.
    pub lines: Vec<Line>,
    /// The exceptions that it lists, most frequent first.
    pub exceptions: Vec<Thrown>,
    /// The stacks, that of most threads first.
    pub stacks: Vec<Threads>,
    /// Figures that it gives: sentences without a full stop.
    pub figures: Vec<String>,
    /// Its words about threads that wait for each other.
    pub deadlock: Option<String>,
}

impl Report {
    fn new(tool: Tool) -> Self {
        Self {
            tool,
            of: None,
            machine: None,
            time: None,
            lines: Vec::new(),
            exceptions: Vec::new(),
            stacks: Vec::new(),
            figures: Vec::new(),
            deadlock: None,
        }
    }

    /// Whether nothing of it was understood.
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
            && self.exceptions.is_empty()
            && self.stacks.is_empty()
            && self.figures.is_empty()
            && self.deadlock.is_none()
    }

    fn settled(mut self) -> Self {
        self.lines.sort_by_key(|line| line.gravity);
        self.lines.dedup();
        self.lines.truncate(MAX_ROWS);
        self.exceptions.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then_with(|| (&a.type_name, &a.message).cmp(&(&b.type_name, &b.message)))
        });
        self.exceptions.truncate(MAX_ROWS);
        self.stacks.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.frames.cmp(&b.frames)));
        self.stacks.truncate(MAX_ROWS);
        self
    }
}

/// What a file of a report is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A report.
    Report(Box<Report>),
    /// A part of one that tells nothing by itself: a page that loads its data, a style, an image.
    Part,
    /// A report by its name, of which nothing was understood.
    NotUnderstood(Tool),
}

/// What reads a file.
#[derive(Clone, Copy)]
enum Reader {
    DebugDiag,
    VisualStudio,
    Jstack,
    Profiler,
    FirstDaas,
}

fn reader(path: &str) -> Option<Reader> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is = |ends: [&str; 2]| ends.iter().any(|end| name.ends_with(end));
    if is([".mht", ".mhtml"]) {
        Some(Reader::DebugDiag)
    } else if name == "diagcli.json" {
        Some(Reader::VisualStudio)
    } else if name == "stackdump.json" {
        Some(Reader::Jstack)
    } else if json::PROFILER.contains(&name) {
        Some(Reader::Profiler)
    } else if is([".html", ".htm"]) && name.contains("analysisreport-") {
        Some(Reader::FirstDaas)
    } else {
        None
    }
}

/// Whether a file is one that [`read`] takes. `path` is in lower case, with `/`.
pub fn is_read(path: &str) -> bool {
    reader(path).is_some()
}

/// Reads a report. `path` is in lower case, with `/`.
pub fn read(path: &str, bytes: &[u8]) -> Read {
    let bytes = &bytes[..bytes.len().min(MAX_REPORT)];
    let name = path.rsplit('/').next().unwrap_or(path);
    let report = match reader(path) {
        Some(Reader::DebugDiag) => debugdiag::read(bytes),
        Some(Reader::VisualStudio) => json::visual_studio(bytes),
        Some(Reader::Jstack) => json::jstack(bytes),
        Some(Reader::Profiler) => json::profiler(name, bytes),
        Some(Reader::FirstDaas) => html::first_daas(bytes),
        None => return Read::Part,
    };
    let report = report.settled();
    if report.is_empty() {
        Read::NotUnderstood(report.tool)
    } else {
        Read::Report(Box::new(report))
    }
}

/// Text of a report as it is kept: one line, bounded.
fn kept(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&visible(line.as_bytes()), MAX_TEXT).into_owned()
}
