//! The source `.NET Runtime`: the ends of processes, and, under the same name, what applications log.
//!
//! Ids 1023 and 1025 to 1028 are written by the runtime itself while the process dies. Id 1000 (or 0, or any
//! other) is written by `Microsoft.Extensions.Logging`, whose event log provider borrows the name of the source;
//! nine in ten events of a real file are of that kind, and none of them is a crash.

use crate::code::{code_after, word_after};
use crate::event::Event;
use daaslens_stacktrace::ExceptionText;
use daaslens_stacktrace::parse_code;

/// How the runtime ended a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Death {
    /// 1026: an exception that nobody caught.
    UnhandledException,
    /// 1025: the program called `Environment.FailFast`.
    FailFast,
    /// 1023: an error inside the runtime, mostly a heap that native code or a profiler corrupted.
    InternalError,
    /// 1027: the stack was used up.
    StackOverflow,
    /// 1028: a code contract failed.
    ContractFailed,
}

/// What the runtime says when it ends a process. It never names the process id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeDeath {
    /// How.
    pub death: Death,
    /// The executable: `w3wp.exe` in IIS; anything else may be a job or a tool and not the site.
    pub application: String,
    /// `v4.0.30319` of .NET Framework, or the version after `.NET Version:`.
    pub version: String,
    /// The exception, where it was a managed one, and the stack.
    pub exception: ExceptionText,
    /// The text after `Message:`, which `FailFast` was given.
    pub message: String,
    /// The native exception code, or the exit code of an internal error.
    pub code: Option<u32>,
    /// Where in the runtime's own library an internal error was: the same for the same defect and build.
    pub runtime_offset: Option<u64>,
}

/// Reads 1023 and 1025–1028.
pub fn runtime_death(event: &Event<'_>) -> Option<RuntimeDeath> {
    if !event.is_from(".NET Runtime") {
        return None;
    }
    let death = match event.id {
        1023 => Death::InternalError,
        1025 => Death::FailFast,
        1026 => Death::UnhandledException,
        1027 => Death::StackOverflow,
        1028 => Death::ContractFailed,
        _ => return None,
    };
    let text = event.text(0);
    let mut out = RuntimeDeath {
        death,
        application: line_value(text, "Application:").to_owned(),
        version: [".NET Version:", "Framework Version:", "CoreCLR Version:"]
            .iter()
            .map(|key| line_value(text, key))
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_owned(),
        exception: ExceptionText::default(),
        message: line_value(text, "Message:").to_owned(),
        code: None,
        runtime_offset: None,
    };
    if let Some((_, info)) = text.split_once("Exception Info:") {
        let info = info.trim_start();
        // `Exception Info: exception code c0000005, exception address 00007FFC…`: not a managed exception.
        if let Some(native) = info.strip_prefix("exception code") {
            out.code =
                native.trim_start().split([',', ' ', '\r', '\n']).next().and_then(parse_code);
            out.exception = ExceptionText::parse(info);
        } else {
            out.exception = ExceptionText::parse_at_type(info);
        }
    } else if let Some((_, stack)) = text.split_once("Stack:") {
        out.exception = ExceptionText::parse(stack);
    }
    if death == Death::InternalError {
        out.code = code_after(text, "exit code");
        // `at IP 00007FFD391326A1 (00007FFD38F60000) with exit code`: the address, and where the library begins.
        let address = word_after(text, " IP ").and_then(hexadecimal);
        let base = word_after(text, " (").and_then(hexadecimal);
        out.runtime_offset =
            address.zip(base).and_then(|(address, base)| address.checked_sub(base));
    }
    Some(out)
}

/// What an application wrote through `Microsoft.Extensions.Logging`. Not a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRecord {
    /// The logger, mostly the name of a class.
    pub category: String,
    /// The event id that the logger was given.
    pub event_id: Option<i64>,
    /// `RequestPath`, `TraceId` and whatever other scopes were open, in order.
    pub scopes: Vec<(String, String)>,
    /// The message.
    pub message: String,
    /// The exception, if one was logged.
    pub exception: ExceptionText,
    /// The text was too long and goes on in the next event of the same instant.
    pub continues: bool,
    /// The text is the rest of the event before it.
    pub continuation: bool,
}

/// The most scopes that are kept. The framework opens about eight.
pub const MAX_SCOPES: usize = 64;

impl LogRecord {
    /// The value of a scope.
    pub fn scope(&self, name: &str) -> Option<&str> {
        self.scopes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The path of the request that was being served.
    pub fn request_path(&self) -> Option<&str> {
        self.scope("RequestPath")
    }

    /// The id of the request: IIS's activity id, which failed-request traces have too.
    pub fn request_id(&self) -> Option<&str> {
        self.scope("RequestId")
    }

    /// Whether the framework says that nobody caught the exception: a request, or the connection of a page, failed
    /// of it. Applications log with these loggers never, and with their own also what they have handled.
    pub fn is_unhandled(&self) -> bool {
        const LOGGERS: [&str; 5] = [
            "Microsoft.AspNetCore.Components.Server.Circuits.CircuitHost",
            "Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware",
            "Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddleware",
            "Microsoft.AspNetCore.Server.IIS.Core.IISHttpServer",
            "Microsoft.AspNetCore.Server.Kestrel",
        ];
        LOGGERS.contains(&self.category.as_str())
            && self.message.to_ascii_lowercase().contains("unhandled exception")
    }

    /// Whether the record says that the host is about to stop because of what it logs: the event before a crash.
    pub fn stops_host(&self) -> bool {
        self.category.starts_with("Microsoft.Extensions.Hosting.Internal.Host")
            && self.message.contains("StopHost")
            || self.category.starts_with("Microsoft.AspNetCore.Hosting.Diagnostics")
                && self.message.starts_with("Application startup exception")
    }
}

/// Reads what `Microsoft.Extensions.Logging` wrote: `Category: …`, `EventId: …`, the scopes, a blank line, the
/// message, and the exception under `Exception:`.
pub fn log_record(event: &Event<'_>) -> Option<LogRecord> {
    // The source can be set by the application; `.NET Runtime` and `Application` are what it is without.
    let text = event.text(0);
    let continuation = text.starts_with("...");
    if runtime_death(event).is_some() {
        return None;
    }
    if !text.starts_with("Category: ") {
        return (continuation && event.is_from(".NET Runtime")).then(|| LogRecord {
            message: text.to_owned(),
            continuation,
            exception: ExceptionText::parse(text),
            continues: text.len() > 3 && text.trim_end().ends_with("..."),
            ..LogRecord::default()
        });
    }
    // A message that was cut ends in three dots, at about 31,800 characters; shorter ones end so by themselves.
    let mut record = LogRecord {
        continues: text.len() > 30_000 && text.trim_end().ends_with("..."),
        ..LogRecord::default()
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let Some((key, value)) =
            line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, "")))
        else {
            continue;
        };
        match key {
            "Category" => value.clone_into(&mut record.category),
            "EventId" => record.event_id = value.trim().parse().ok(),
            _ if record.scopes.len() < MAX_SCOPES => {
                record.scopes.push((key.to_owned(), value.to_owned()));
            }
            _ => {}
        }
    }
    // With the line break before it: an exception may come without any message.
    let rest = text.get(at.saturating_sub(1)..).unwrap_or_default();
    // The heading stands on a line of its own; the word inside a message does not.
    let heading = ["\nException: \n", "\nException: \r\n", "\nException:\n", "\nException:\r\n"]
        .iter()
        .find_map(|heading| rest.rfind(heading).map(|at| (at, heading.len())));
    let (message, exception) = match heading {
        Some((at, length)) => {
            (rest.get(..at).unwrap_or_default(), rest.get(at + length..).unwrap_or_default())
        }
        None => (rest, ""),
    };
    message.trim().clone_into(&mut record.message);
    record.exception = ExceptionText::parse_at_type(exception);
    Some(record)
}

/// 1022: a profiler (an APM agent, mostly) was loaded, or could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profiler {
    /// Whether it was loaded.
    pub loaded: bool,
    /// The class id in braces; `{324F817A-…}` is Application Insights.
    pub class_id: String,
    /// The process.
    pub process_id: Option<u32>,
    /// Why it was not loaded.
    pub code: Option<u32>,
}

/// Reads 1022.
pub fn profiler(event: &Event<'_>) -> Option<Profiler> {
    if !event.is_from(".NET Runtime") || event.id != 1022 {
        return None;
    }
    let text = event.text(0);
    Some(Profiler {
        loaded: text.contains("loaded successfully"),
        class_id: word_after(text, "CLSID:").unwrap_or_default().to_owned(),
        process_id: word_after(text, "Process ID (decimal)").and_then(|id| id.parse().ok()),
        code: code_after(text, "HRESULT:"),
    })
}

/// The rest of the line that begins with `key`.
pub(crate) fn line_value<'t>(text: &'t str, key: &str) -> &'t str {
    text.lines().find_map(|line| line.trim_start().strip_prefix(key)).map_or("", str::trim)
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
}
