//! What `php-cgi` processes were doing when somebody looked, and which PHP it is.

use std::fmt::Write as _;

use daaslens_core::text::{duration_s, shortened, visible};
use daaslens_core::{Evidence, Excerpt, Location, SourceId, TimeRange};
use daaslens_kb::{NameRole, Runtime, has_role};
use daaslens_phplog::process::{
    PhpInfo, Process, read_info, read_processes, sniff_info, sniff_processes,
};
use daaslens_phplog::site_path;

use super::Count;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct PhpProcesses {
    /// In order of time, then of the file.
    pub(crate) list: Vec<One>,
    pub(crate) infos: Vec<Info>,
    /// Files that were read, also those that say that there was no process.
    pub(crate) sources: u64,
}

/// A process at one moment.
#[derive(Debug)]
pub(crate) struct One {
    pub(crate) process: Process,
    pub(crate) state: State,
    /// The call of PHP that tells the state, or the native one: `mysqli_query`.
    pub(crate) call: String,
    /// The application's script and line in which it is: `shop.php:12`.
    pub(crate) place: String,
    pub(crate) evidence: Evidence,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    Database,
    Network,
    File,
    Lock,
    Sleep,
    Computing,
    Idle,
    /// The debugger could not look, or nothing was told.
    Unknown,
}

/// A `phpinfo()`.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) info: PhpInfo,
    pub(crate) evidence: Evidence,
}

impl State {
    /// What the process does, behind its name: `waits for a database`.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Database => "waits for a database",
            Self::Network => "waits for another server",
            Self::File => "waits for a file",
            Self::Lock => "waits for a lock",
            Self::Sleep => "sleeps",
            Self::Computing => "computes",
            Self::Idle => "is idle",
            Self::Unknown => "could not be looked at",
        }
    }

    /// Whether a request is in it, or may be.
    pub(crate) const fn is_busy(self) -> bool {
        !matches!(self, Self::Idle | Self::Unknown)
    }
}

/// The roles of names that tell a state, the more telling first: a driver of a database waits on a socket.
const TOLD: [(NameRole, State); 6] = [
    (NameRole::Idle, State::Idle),
    (NameRole::Database, State::Database),
    (NameRole::Network, State::Network),
    (NameRole::Lock, State::Lock),
    (NameRole::Sleep, State::Sleep),
    (NameRole::File, State::File),
];

/// How many frames of a native stack are looked at. What a thread waits for stands on top.
const NATIVE_FRAMES: usize = 12;
/// How many calls of PHP are looked at: wrappers of databases stand above what they wrap.
const CALLS: usize = 3;

impl PhpProcesses {
    pub(crate) fn read(bytes: &[u8], source: usize, path: &str, count: &mut Count) -> Self {
        let mut out = Self { sources: 1, ..Self::default() };
        let at = |line: u64| Location { source: SourceId(source as u32), byte: 0, line };
        let evidence = |line: u64, text: String| Evidence {
            at: at(line),
            note: String::new(),
            excerpt: Excerpt::text(text),
            alike: 1,
        };
        if sniff_info(bytes) && !sniff_processes(bytes) {
            match read_info(bytes) {
                Some(info) => {
                    count.records += 1;
                    let evidence = evidence(info.line, info_text(&info));
                    out.infos.push(Info { info, evidence });
                }
                None => count.fault(1, 0, "a phpinfo page without a version".to_owned()),
            }
            return out;
        }
        let report = read_processes(bytes, pid_of(path));
        for fault in &report.faults {
            count.fault(fault.line, 0, fault.what.to_owned());
        }
        if report.processes.is_empty() && report.faults.is_empty() && !report.says_none {
            count.fault(1, 0, "no process is told of".to_owned());
        }
        for process in report.processes {
            if process.not_examined {
                continue;
            }
            count.records += 1;
            if let Some(time) = process.time {
                TimeRange::extend(&mut count.range, time);
            }
            let (state, call) = state(&process);
            let place = place(&process);
            let text = process_text(&process, state, &call, &place);
            let evidence = evidence(process.line, text);
            out.list.push(One { process, state, call, place, evidence });
        }
        out
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.list.extend(other.list);
        self.infos.extend(other.infos);
        self.sources += other.sources;
    }

    /// Once everything is there: the page and the logs it is made of tell of the same processes.
    pub(crate) fn settle(&mut self) {
        self.list.sort_by_key(|one| (one.process.time, one.process.pid, one.evidence.at));
        self.list.dedup_by(|a, b| {
            a.process.pid.is_some()
                && (a.process.time, a.process.pid) == (b.process.time, b.process.pid)
                && a.process.time.is_some()
        });
        self.infos.sort_by_key(|info| info.evidence.at);
    }

    /// What a file tells at a line, as evidence shows it.
    pub(crate) fn excerpt(bytes: &[u8], line: u64, path: &str) -> Option<Excerpt> {
        let all = Self::read(bytes, 0, path, &mut Count::default());
        let evidence = all.list.into_iter().map(|one| one.evidence);
        evidence
            .chain(all.infos.into_iter().map(|info| info.evidence))
            .find(|evidence| evidence.at.line == line)
            .map(|evidence| evidence.excerpt)
    }
}

/// `PHP-CGI-1234.log`
fn pid_of(path: &str) -> Option<u32> {
    let name = path.rsplit(['/', '\\']).next()?.to_ascii_lowercase();
    name.strip_prefix("php-cgi-")?.strip_suffix(".log")?.parse().ok()
}

/// What a process does, and the call that tells it. The stack of PHP counts before the native one, which is there for every
/// version.
fn state(process: &Process) -> (State, String) {
    if process.is_idle {
        return (State::Idle, String::new());
    }
    for call in process.calls.iter().take(CALLS) {
        let told = TOLD.iter().find(|(role, _)| has_role(Runtime::Php, *role, &call.function));
        if let Some((_, state)) = told {
            return (*state, call.function.clone());
        }
    }
    // Requests are worked on by the first thread; the others belong to Windows and extensions.
    let frames = process.threads.first().map(|thread| thread.frames.as_slice()).unwrap_or_default();
    let top = frames.get(..frames.len().min(NATIVE_FRAMES)).unwrap_or(frames);
    for (role, state) in TOLD {
        let told = top.iter().find(|frame| {
            let (module, function) = frame.split_once('!').unwrap_or((frame, ""));
            has_role(Runtime::Native, role, &format!("{}!{function}", module.to_lowercase()))
        });
        if let Some(frame) = told {
            return (state, process.calls.first().map_or(frame.clone(), |c| c.function.clone()));
        }
    }
    match (process.calls.first(), frames.is_empty()) {
        (Some(call), _) => (State::Computing, call.function.clone()),
        (None, false) => (State::Computing, frames.first().cloned().unwrap_or_default()),
        (None, true) => (State::Unknown, String::new()),
    }
}

/// The first place in the application's own code; in a library where there is none.
fn place(process: &Process) -> String {
    let own = process.calls.iter().find(|call| {
        !call.file.is_empty() && !daaslens_phplog::is_library(&site_path(call.file.as_bytes()))
    });
    let call = own.or(process.calls.first());
    call.map_or_else(String::new, |call| {
        let file = site_path(call.file.as_bytes());
        call.line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"))
    })
}

fn process_text(process: &Process, state: State, call: &str, place: &str) -> String {
    let mut text =
        process.pid.map_or_else(|| "php-cgi ".to_owned(), |pid| format!("php-cgi {pid} "));
    text.push_str(state.words());
    if !call.is_empty() {
        text.push_str(" in ");
        text.push_str(&visible(call.as_bytes()));
    }
    if !place.is_empty() {
        text.push_str(" at ");
        text.push_str(&visible(place.as_bytes()));
    }
    if let Some(up) = process.up_seconds {
        let _ = write!(text, ", up {}", duration_s(up));
    }
    shortened(&text, 400).into_owned()
}

fn info_text(info: &PhpInfo) -> String {
    let mut text = format!("PHP {}", info.version);
    for (name, value) in &info.settings {
        let _ = write!(text, ", {name} {value}");
    }
    shortened(&visible(text.as_bytes()), 600).into_owned()
}
