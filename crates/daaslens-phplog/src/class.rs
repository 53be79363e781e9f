//! The kinds of errors that explain something about the request, the process or the deployment.

use crate::level::Level;
use crate::record::Record;
use bstr::ByteSlice;
use memchr::memmem;

/// What kind of error a record is. The most specific kind wins: a database that cannot be reached is
/// [`Class::Database`] also where the exception that says so was not caught.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// `memory_limit` was reached; sizes in bytes. Status 500.
    Memory {
        /// The limit.
        limit: u64,
        /// The allocation that did not fit any more; not the size of the leak.
        tried: u64,
    },
    /// The machine, or the address space of a 32-bit process, had no memory left; sizes in bytes.
    OutOfMemory {
        /// What the process already had.
        allocated: u64,
        /// The allocation that failed.
        tried: u64,
    },
    /// `max_execution_time` was reached. On Windows it counts waiting for others too.
    TimeLimit {
        /// The limit.
        seconds: u64,
    },
    /// `max_input_time` was reached, or an input limit.
    Input,
    /// Recursion without end: the stack limit of PHP 8.3, or the nesting level of Xdebug.
    Recursion,
    /// A database or its server: connection, query, or WordPress's own error.
    Database {
        /// The error number of the server, 1040, 1045, 2002, 2006 …
        code: Option<u32>,
    },
    /// A name or an address could not be reached, other than a database.
    Network,
    /// A file to include is not there. In a burst: a deployment is under way.
    Include,
    /// A function, method, class or constant that does not exist: a missing extension, or half a deployment.
    MissingSymbol,
    /// Something was null that must not be.
    NullAccess,
    /// An extension could not be loaded. Written at each start of a process, so it counts them.
    Extension,
    /// Another error of module start-up.
    Startup,
    /// Opcache or wincache, the shared memory of the PHP processes on Windows.
    Opcache,
    /// The disk is full, or a quota is.
    Disk,
    /// Sessions.
    Session,
    /// PHP is too old or too new for the installed packages.
    Composer,
    /// The file does not parse.
    Parse,
    /// Any other exception that nobody caught.
    Uncaught {
        /// The class of the exception that reached the top.
        class: String,
    },
    /// A process of PHP-FPM: its end, its limits.
    Manager,
    /// A request that PHP-FPM found slow.
    Slow,
    /// Will stop working in a later PHP.
    Deprecated,
    /// None of these.
    Other,
}

impl Class {
    /// The name of the kind, for tables: `memory-limit`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Memory { .. } => "memory-limit",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::TimeLimit { .. } => "time-limit",
            Self::Input => "input-limit",
            Self::Recursion => "recursion",
            Self::Database { .. } => "database",
            Self::Network => "network",
            Self::Include => "include",
            Self::MissingSymbol => "missing-symbol",
            Self::NullAccess => "null-access",
            Self::Extension => "extension",
            Self::Startup => "startup",
            Self::Opcache => "opcache",
            Self::Disk => "disk",
            Self::Session => "session",
            Self::Composer => "composer",
            Self::Parse => "parse",
            Self::Uncaught { .. } => "uncaught",
            Self::Manager => "process-manager",
            Self::Slow => "slow",
            Self::Deprecated => "deprecated",
            Self::Other => "other",
        }
    }
}

/// Longest piece of a message that is searched.
const MAX_SEARCHED: usize = 2048;

/// The kind of a record. It depends on nothing but [`Record::text`].
pub fn class(record: &Record<'_>) -> Class {
    let body = record.body();
    let text = body.get(..body.len().min(MAX_SEARCHED)).unwrap_or_default();
    let has = |needle: &str| memmem::find(text, needle.as_bytes()).is_some();
    let any = |needles: &[&str]| needles.iter().any(|needle| has(needle));

    match record.level() {
        Level::Manager => return Class::Manager,
        Level::Slow => return Class::Slow,
        _ => {}
    }
    // Text of the application may quote anything; PHP's own limits count only where PHP speaks.
    let php = !matches!(record.level(), Level::None | Level::Database);
    if php && let Some(limit) = limits(text) {
        return limit;
    }
    if record.level() == Level::Database {
        return database(text, &any).unwrap_or(Class::Database { code: None });
    }
    let loaded_twice = text.starts_with(b"Module ") && has("is already loaded");
    if loaded_twice || has("PHP Startup: ") || text.starts_with(b"Unable to load dynamic library") {
        return startup(&any);
    }
    if let Some(class) = opcache(&any).or_else(|| database(text, &any)) {
        return class;
    }
    if any(&["No space left on device", "disk quota", "There is not enough space on the disk"]) {
        return Class::Disk;
    }
    if has("Composer detected issues in your platform") {
        return Class::Composer;
    }
    if !php {
        return Class::Other;
    }
    if (any(&["require(", "require_once(", "include(", "include_once("])
        && has("ailed to open stream: No such"))
        || any(&["Failed opening required", "Failed opening '"])
    {
        return Class::Include;
    }
    if any(&[
        "getaddrinfo failed",
        "php_network_getaddresses",
        "No connection could be made",
        "Connection refused",
        "Connection timed out",
    ]) {
        return Class::Network;
    }
    let missing = [
        "Call to undefined function",
        "Call to undefined method",
        "Undefined constant \"",
        "\" not found",
        "' not found",
    ];
    if record.level() == Level::Fatal && any(&missing) {
        return Class::MissingSymbol;
    }
    if any(&["Call to a member function ", "Attempt to read property ", "Trying to get property "])
    {
        return Class::NullAccess;
    }
    if has("session_start()") || has("Failed to decode session") {
        return Class::Session;
    }
    if record.level() == Level::Parse || has("ParseError: ") {
        return Class::Parse;
    }
    if let Some(top) = record.exceptions().last() {
        let class = top.class.get(..top.class.len().min(256)).unwrap_or_default();
        // In the JSON of a framework's log backslashes are doubled.
        return Class::Uncaught { class: crate::decode(class).replace("\\\\", "\\") };
    }
    match record.level() {
        Level::Deprecated => Class::Deprecated,
        _ => Class::Other,
    }
}

/// What PHP stops a request for.
fn limits(text: &[u8]) -> Option<Class> {
    if let Some(rest) = after(text, "Allowed memory size of ") {
        let tried = after(rest, "(tried to allocate ").and_then(number).unwrap_or(0);
        return Some(Class::Memory { limit: number(rest)?, tried });
    }
    if let Some(rest) = after(text, "Out of memory (allocated ") {
        let tried = after(rest, "(tried to allocate ").and_then(number).unwrap_or(0);
        return Some(Class::OutOfMemory { allocated: number(rest)?, tried });
    }
    if let Some(rest) = after(text, "Maximum execution time of ") {
        return Some(Class::TimeLimit { seconds: number(rest)? });
    }
    let has = |needle: &str| memmem::find(text, needle.as_bytes()).is_some();
    if has("Maximum call stack size of ") || has("Maximum function nesting level of ") {
        return Some(Class::Recursion);
    }
    (has("max_input_") || has("Maximum input")).then_some(Class::Input)
}

fn startup(any: &dyn Fn(&[&str]) -> bool) -> Class {
    if let Some(opcache) = opcache(any) {
        return opcache;
    }
    let extension = [
        "Unable to load dynamic library",
        "Unable to initialize module",
        "is already loaded",
        "undefined symbol",
        "Cannot load module",
        "Invalid library",
    ];
    if any(&extension) { Class::Extension } else { Class::Startup }
}

fn opcache(any: &dyn Fn(&[&str]) -> bool) -> Option<Class> {
    any(&[
        "Unable to reattach to base address",
        "Opcode handlers are unusable",
        "Zend OPcache",
        "VirtualProtect() failed",
        "Base address marks unusable memory region",
        "wincache",
    ])
    .then_some(Class::Opcache)
}

fn database(text: &[u8], any: &dyn Fn(&[&str]) -> bool) -> Option<Class> {
    // `SQLSTATE[HY000] [2002] …` (connection), `SQLSTATE[42S02]: …: 1146 Table …` (statement).
    if let Some(state) = after(text, "SQLSTATE[") {
        let code = after(state, "] [").filter(|_| state.find_byte(b'[').is_some_and(|at| at < 12));
        let code = code.or_else(|| after(state, "]: ").and_then(|rest| after(rest, ": ")));
        return Some(Class::Database { code: code.and_then(code_number) });
    }
    // `mysqli_connect(): (HY000/1045): Access denied`
    if let Some(rest) = after(text, "(HY000/") {
        return Some(Class::Database { code: code_number(rest) });
    }
    let known = [
        ("MySQL server has gone away", Some(2006)),
        ("Too many connections", Some(1040)),
        ("Lost connection to MySQL server", Some(2013)),
    ];
    if let Some((_, code)) = known.iter().find(|(needle, _)| any(&[needle])) {
        return Some(Class::Database { code: *code });
    }
    any(&[
        "mysqli_connect()",
        "mysqli::real_connect()",
        "mysql_connect()",
        "pg_connect()",
        "sqlsrv_connect()",
    ])
    .then_some(Class::Database { code: None })
}

fn after<'a>(text: &'a [u8], needle: &str) -> Option<&'a [u8]> {
    memmem::find(text, needle.as_bytes()).and_then(|at| text.get(at + needle.len()..))
}

fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

fn code_number(text: &[u8]) -> Option<u32> {
    number(text).and_then(|code| u32::try_from(code).ok())
}
