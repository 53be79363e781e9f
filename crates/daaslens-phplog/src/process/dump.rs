//! The process report and the debugger logs it is made of.

use super::markup::each_line;
use daaslens_core::Time;
use daaslens_core::time::days_from_civil;

/// The most processes that are kept of one file. IIS starts a few; a page of more is not one.
pub const MAX_PROCESSES: usize = 256;
/// The most threads that are kept of a process.
pub const MAX_THREADS: usize = 256;
/// The most frames that are kept of a stack.
pub const MAX_FRAMES: usize = 250;
/// The longest text that is kept: a path, a name.
const MAX_TEXT: usize = 512;

/// Settings that are kept; they hold no secret.
const SETTINGS: [&str; 13] = [
    "output_buffering",
    "memory_limit",
    "max_input_time",
    "track_errors",
    "display_errors",
    "display_startup_errors",
    "log_errors",
    "log_errors_max_len",
    "error_log",
    "upload_tmp_dir",
    "upload_max_filesize",
    "file_uploads",
    "variables_order",
];

/// What a file tells of processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessReport {
    /// The processes, in the order of the file.
    pub processes: Vec<Process>,
    /// Whether the report says itself that there was no process.
    pub says_none: bool,
    /// What could not be read.
    pub faults: Vec<ProcessFault>,
}

/// Something that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessFault {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub what: &'static str,
}

/// A `php-cgi` process at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The line at which it begins, counted from 1.
    pub line: u64,
    /// Its id.
    pub pid: Option<u32>,
    /// When the debugger looked, in UTC.
    pub time: Option<Time>,
    /// How long the process had run, in seconds.
    pub up_seconds: Option<u64>,
    /// The time it computed, kernel and user, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// Whether the debugger could not attach.
    pub not_examined: bool,
    /// Its threads, as the debugger lists them.
    pub threads: Vec<Thread>,
    /// The names of its modules, in lower case.
    pub modules: Vec<String>,
    /// How many handles it had open.
    pub handles: Option<u64>,
    /// The stack of PHP, innermost call first. Empty where no page was running, or PHP is newer than 5.
    pub calls: Vec<Frame>,
    /// Whether it said that no page was running.
    pub is_idle: bool,
    /// Whether the PHP side could not be read: PHP is newer than the tool.
    pub php_unreadable: bool,
    /// The request that it worked on.
    pub request: Option<Request>,
    /// Settings of PHP that hold no secret, as they were.
    pub settings: Vec<(&'static str, String)>,
    /// The last error of PHP: type, file and line. Its message may quote values, and is left out.
    pub last_error: Option<(String, Frame)>,
}

/// A thread of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its number in the debugger.
    pub number: u32,
    /// The time it computed in user mode, in milliseconds.
    pub user_ms: Option<u64>,
    /// `module!function`, or `module+0x12`, innermost first.
    pub frames: Vec<String>,
}

/// A call on the stack of PHP, or a place in a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function; `main` outside of any.
    pub function: String,
    /// The script.
    pub file: String,
    /// The line.
    pub line: Option<u32>,
}

/// A request, without query and cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// The path of the URL.
    pub path: String,
    /// The script.
    pub script: String,
}

/// Whether the file is a process report, or a log of the debugger on such a process.
pub fn sniff_processes(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or(bytes);
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    has(b"PHP Analysis Report")
        || has(b"Php Log Analysis Report")
        || has(b"* --------- General Info")
        || has(b"phpexts.dpcs")
}

/// Reads a process report, or a debugger log. `pid` is the id of the process, where the name of the file tells it.
///
/// Never fails. Takes time in proportion to the file.
pub fn read_processes(bytes: &[u8], pid: Option<u32>) -> ProcessReport {
    let mut reader = Reader::default();
    each_line(bytes, &mut |line, text| reader.line(line, text));
    reader.end();
    let mut report = reader.report;
    if let [one] = report.processes.as_mut_slice() {
        one.pid = one.pid.or(pid);
    }
    report
}

/// The sections, by how their headings begin in lower case.
const SECTIONS: [(&str, Section); 8] = [
    ("general info", Section::General),
    ("thread stack backtrace", Section::Threads),
    ("loaded modules", Section::Modules),
    ("handle information", Section::Handles),
    ("thread cpu usage", Section::Cpu),
    ("php call stacks", Section::Calls),
    ("php request info", Section::Request),
    ("php core global", Section::Settings),
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    None,
    General,
    Threads,
    Modules,
    Handles,
    Cpu,
    Calls,
    Request,
    Settings,
}

#[derive(Debug, Default)]
struct Reader {
    report: ProcessReport,
    open: Option<Process>,
    section: Section,
    /// A process that a line in front of its sections named.
    named: Option<u32>,
    error: (String, Frame),
}

impl Reader {
    fn line(&mut self, line: u64, text: &str) {
        if let Some(section) = heading(text) {
            // In front of a page's first process stands a list of all sections' names.
            if section == Section::General {
                self.end();
                self.open = Some(Process { line, pid: self.named.take(), ..Process::default() });
            }
            self.section = section;
            return;
        }
        if text.contains("No Php-cgi process was found") {
            self.report.says_none = true;
            return;
        }
        if text.contains("Unable to examine process") {
            self.end();
            let pid = number_in(text);
            self.fault(line, "the debugger could not look at this process");
            self.push(Process { line, pid, not_examined: true, ..Process::default() });
            return;
        }
        if text.contains("Error in Information Parse") || text.contains("Error Information") {
            self.fault(line, "the tool that made the report could not read this process");
            return;
        }
        if let Some(pid) = named(text) {
            self.named = Some(pid);
            // The heading of a process ends the sections of the one before it.
            self.section = if text.len() < 40 { Section::None } else { self.section };
            return;
        }
        let Some(process) = self.open.as_mut() else { return };
        match self.section {
            Section::None => {}
            Section::General => general(process, text),
            Section::Threads => threads(process, text),
            Section::Modules => modules(process, text),
            Section::Handles => {
                if let Some(count) = text.trim().strip_suffix(" Handles") {
                    process.handles = count.trim().parse().ok();
                }
            }
            Section::Cpu => cpu(process, text),
            Section::Calls => calls(process, text),
            Section::Request => request(process, text),
            Section::Settings => settings(process, &mut self.error, text),
        }
        if self.section == Section::Calls && text.contains("Error in reading") {
            process.php_unreadable = true;
        }
    }

    fn fault(&mut self, line: u64, what: &'static str) {
        if self.report.faults.len() < MAX_PROCESSES {
            self.report.faults.push(ProcessFault { line, what });
        }
    }

    fn push(&mut self, process: Process) {
        if self.report.processes.len() < MAX_PROCESSES {
            self.report.processes.push(process);
        }
    }

    /// Closes the process that is open. One of which nothing was told is the list of names in front.
    fn end(&mut self) {
        self.section = Section::None;
        let (kind, place) = std::mem::take(&mut self.error);
        let Some(mut process) = self.open.take() else { return };
        if !kind.is_empty() && !place.file.is_empty() {
            process.last_error = Some((kind, place));
        }
        let bare = Process { line: process.line, pid: process.pid, ..Process::default() };
        if process != bare {
            self.push(process);
        } else if self.named.is_none() {
            self.named = process.pid;
        }
    }
}

/// The section that a line opens: a heading of the page, or the comment that the debugger's script echoes.
fn heading(text: &str) -> Option<Section> {
    let bare = text.trim().trim_start_matches("0:000>").trim();
    let bare =
        bare.trim_start_matches(['*', '-', ' ']).trim_end_matches(['-', '*', ' ', ':', '\t']);
    let lower = bare.to_ascii_lowercase();
    if lower.len() > 50 {
        return None;
    }
    SECTIONS.iter().find(|(name, _)| lower.starts_with(name)).map(|(_, section)| *section)
}

/// `php-cgi-1234`, `PHP-CGI 1234`, `Process Id: 1234`: the id of the process that the following sections are about.
fn named(text: &str) -> Option<u32> {
    let lower = text.trim().to_ascii_lowercase();
    let rest = ["php-cgi", "process id", "pid"].iter().find_map(|word| lower.strip_prefix(word))?;
    let rest = rest.trim_start_matches(".exe").trim_start_matches(|c: char| " -:#(=".contains(c));
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(..digits)?.parse().ok()
}

fn number_in(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
}

/// `name: value` with any number of blanks.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = text.trim().strip_prefix(name)?.trim_start();
    Some(rest.strip_prefix(':')?.trim())
}

fn general(process: &mut Process, text: &str) {
    if let Some(told) = value(text, "Debug session time") {
        process.time = debugger_time(told);
    } else if let Some(told) = value(text, "Process Uptime") {
        process.up_seconds = days_and_time(told).map(|ms| ms / 1000);
    } else if let Some(told) = value(text, "Kernel time").or_else(|| value(text, "User time")) {
        let ms = days_and_time(told);
        process.cpu_ms = ms.map(|ms| process.cpu_ms.unwrap_or(0).saturating_add(ms));
    }
}

/// `0 days 0:05:12.345`, in milliseconds.
fn days_and_time(text: &str) -> Option<u64> {
    let (days, rest) = text.split_once(" days ")?;
    let mut parts = rest.trim().split(':');
    let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let (seconds, fraction) = parts.next().map(|s| s.split_once('.').unwrap_or((s, "0")))?;
    let ms: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let days: u64 = days.trim().parse().ok()?;
    let seconds = days
        .checked_mul(86_400)?
        .checked_add(hours.checked_mul(3600)?)?
        .checked_add(minutes.checked_mul(60)?)?
        .checked_add(seconds.parse().ok()?)?;
    seconds.checked_mul(1000)?.checked_add(ms)
}

/// `Tue Mar 11 02:14:07.123 2014 (UTC + 0:00)`.
fn debugger_time(text: &str) -> Option<Time> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_whitespace().skip(1);
    let month = words.next()?;
    let month = MONTHS.iter().position(|known| *known == month)? as u32 + 1;
    let day: u32 = words.next()?.parse().ok()?;
    let clock = words.next()?;
    let year: i32 = words.next()?.parse().ok()?;
    let mut parts = clock.split(['.', ':']).map(str::parse::<i64>);
    let mut next = || parts.next().and_then(Result::ok);
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    let offset = text.split_once("(UTC").map_or(0, |(_, rest)| {
        let digits: String = rest.chars().filter(|c| c.is_ascii_digit() || *c == ':').collect();
        let (hours, minutes) = digits.split_once(':').unwrap_or((&digits, "0"));
        let minutes = hours.parse::<i64>().unwrap_or(0) * 60 + minutes.parse::<i64>().unwrap_or(0);
        if rest.contains('-') { -minutes } else { minutes }
    });
    let fits = (0..24).contains(&hours)
        && (0..60).contains(&minutes)
        && (0..60).contains(&seconds)
        && (1990..2100).contains(&year)
        && offset.abs() < 1440;
    let days = days_from_civil(year, month, day).filter(|_| fits)?;
    Some(Time::from_seconds(days * 86_400 + hours * 3600 + (minutes - offset) * 60 + seconds))
}

/// `.  0  Id: 1a2c.1b30 Suspend: 1 …` opens a thread; a frame ends in `module!function+0x12`. Of the numbers in between,
/// which are memory, nothing is kept.
fn threads(process: &mut Process, text: &str) {
    let trimmed = text.trim().trim_start_matches(['.', '#']).trim_start();
    if let Some((number, rest)) = trimmed.split_once(' ')
        && let Some(ids) = rest.trim_start().strip_prefix("Id: ")
        && let Ok(number) = number.parse::<u32>()
    {
        let id = ids.split(['.', ' ']).next().unwrap_or_default();
        process.pid = u32::from_str_radix(id, 16).ok().or(process.pid);
        if process.threads.len() < MAX_THREADS {
            process.threads.push(Thread { number, ..Thread::default() });
        }
        return;
    }
    // Behind the symbol may stand a source: ` [c:\php\main.c @ 12]`.
    let symbol = text.split(" [").next().unwrap_or_default().split_whitespace().next_back();
    let Some(symbol) = symbol.filter(|symbol| is_symbol(symbol)) else { return };
    if let Some(thread) = process.threads.last_mut()
        && thread.frames.len() < MAX_FRAMES
    {
        let name =
            symbol.split_once('!').map_or(symbol, |_| symbol.split("+0x").next().unwrap_or(symbol));
        thread.frames.push(bounded(name));
    }
}

fn is_symbol(word: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty() && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    };
    match word.split_once('!') {
        Some((module, function)) => name(module) && !function.is_empty(),
        None => word.split_once("+0x").is_some_and(|(module, _)| name(module)),
    }
}

/// `00400000 0040d000   php_cgi    (deferred)`.
fn modules(process: &mut Process, text: &str) {
    let mut words = text.split_whitespace();
    let is_address =
        |word: &str| word.len() >= 8 && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'`');
    if words.next().is_some_and(is_address)
        && words.next().is_some_and(is_address)
        && let Some(name) = words.next()
        && process.modules.len() < MAX_THREADS
    {
        process.modules.push(bounded(&name.to_lowercase()));
    }
}

/// `  0:1b30      0 days 0:00:01.234`, of user mode. The table of kernel mode comes behind it.
fn cpu(process: &mut Process, text: &str) {
    let Some((number, rest)) = text.trim().split_once(':') else { return };
    let (Ok(number), Some((_, told))) = (number.trim().parse::<u32>(), rest.split_once(' ')) else {
        return;
    };
    let ms = days_and_time(told.trim());
    if let Some(thread) = process.threads.iter_mut().find(|thread| thread.number == number)
        && thread.user_ms.is_none()
    {
        thread.user_ms = ms;
    }
}

/// `00  mysqli_query   D:\home\site\wwwroot\db.php @12`.
fn calls(process: &mut Process, text: &str) {
    if text.contains("no PHP page currently executing") {
        process.is_idle = true;
        return;
    }
    let Some((number, rest)) = text.trim().split_once([' ', '\t']) else { return };
    let is_row = number.len() == 2 && number.bytes().all(|b| b.is_ascii_hexdigit());
    let rest = rest.trim();
    let Some((function, place)) = rest.split_once([' ', '\t']).filter(|_| is_row) else { return };
    if process.calls.len() < MAX_FRAMES {
        let (file, line) = place.rsplit_once('@').unwrap_or((place, ""));
        process.calls.push(Frame {
            function: bounded(function),
            file: bounded(file.trim()),
            line: line.trim().parse().ok(),
        });
    }
}

/// `request_uri : /shop.php?id=7`; query and cookies are not looked at.
fn request(process: &mut Process, text: &str) {
    let Some((name, told)) = text.split_once(':') else { return };
    let told = told.trim();
    if told.is_empty() || told.contains("Error in reading") || told == "(null)" {
        return;
    }
    let name = name.trim();
    if !matches!(name, "request_method" | "request_uri" | "path_translated") {
        return;
    }
    let request = process.request.get_or_insert_with(Request::default);
    match name {
        "request_method" => request.method = bounded(told),
        "request_uri" => request.path = bounded(told.split(['?', '#']).next().unwrap_or_default()),
        _ => request.script = bounded(told),
    }
}

fn settings(process: &mut Process, error: &mut (String, Frame), text: &str) {
    let Some((name, told)) = text.split_once(':') else { return };
    let (name, told) = (name.trim(), told.trim());
    if told.is_empty() || told.contains("Error in reading") || told == "(null)" {
        return;
    }
    match name {
        "last_error_type" => error.0 = bounded(told),
        "last_error_file" => error.1.file = bounded(told),
        "last_error_lineno" => error.1.line = told.parse().ok(),
        _ => {
            if let Some(known) = SETTINGS.iter().find(|known| **known == name)
                && process.settings.iter().all(|(have, _)| have != known)
            {
                process.settings.push((known, bounded(told)));
            }
        }
    }
}

fn bounded(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text).to_owned()
}
