//! What the platform did to the process: limits, changed files, the module for other languages, diagnostics.

use crate::code::{code_after, quoted_after, word_after};
use crate::event::Event;

/// A limit of auto-heal (or of the pool) was hit and a new process requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitHit {
    /// Which: `Percent Memory`, `Memory`, `Status Code`, `Total Requests`, `Slow Requests`, `Startup Failures` …
    pub limit: String,
    /// Whether a recycle was requested; the other action only writes the event.
    pub recycles: bool,
    /// The first figure, as with `Memory Used: 3453165568`.
    pub used: Option<u64>,
    /// What it is compared with: `out of 3757625344 available`.
    pub of: Option<u64>,
    /// The threshold in per cent: `Exceeded 90 Percent`.
    pub percent: Option<u64>,
    /// The sentence.
    pub text: String,
}

/// Reads `W3SVC-WP` 2299 and `IIS-Process-Monitoring` 9020.
pub fn limit_hit(event: &Event<'_>) -> Option<LimitHit> {
    let recycles = if is_worker(event) && event.id == 2299 {
        true
    } else if event.is_from("IIS-Process-Monitoring") && event.id == 9020 {
        false
    } else {
        return None;
    };
    let text = event.text(0).trim();
    let number = |marker: &str| word_after(text, marker).and_then(|word| word.parse().ok());
    Some(LimitHit {
        limit: text
            .split_once('\'')
            .and_then(|(_, rest)| rest.split_once('\''))
            .map_or("", |(limit, _)| limit)
            .to_owned(),
        recycles: recycles || text.contains("recycle"),
        used: number("Used"),
        of: number("out of"),
        percent: number("Exceeded"),
        text: text.to_owned(),
    })
}

/// The worker's own source: its short name on App Service, its long one in Windows.
pub fn is_worker(event: &Event<'_>) -> bool {
    event.is_from("W3SVC-WP")
        || event.is_from("Microsoft-Windows-IIS-W3SVC-WP")
        || event.is_from("HostableWebCore")
}

/// Whether the worker could not be set up: a module or the configuration cannot be loaded, and all requests get 503.
pub fn worker_setup_failed(event: &Event<'_>) -> bool {
    is_worker(event) && matches!(event.id, 2268 | 2276 | 2278 | 2280 | 2282 | 2297 | 2307)
}

/// Why files or configuration made the application start anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// `HostingEnvironment initiated shutdown`, `CONFIG change`, `Change Notification for critical directories` …
    pub reason: String,
    /// Whether a change of files or configuration is the reason, and not idleness or a stop.
    pub changed: bool,
}

/// Reads the shutdown messages that ASP.NET leaves as `.NET Runtime` 0, and the recycle of a stale package.
pub fn shutdown(event: &Event<'_>) -> Option<Shutdown> {
    let text = event.text(0);
    if event.is_from(".NET Runtime") && event.id == 0 {
        let reason = match text.split_once("_shutDownMessage=") {
            Some((_, rest)) => rest.lines().find(|line| !line.trim().is_empty())?.trim(),
            None if text.contains("File Change Notification Error") => text.lines().next()?.trim(),
            None => return None,
        };
        // All reasons stand in the text, one a line: `Change Notification for critical directories.`,
        // `bin dir change or directory rename`, `CONFIG change`, `Overwhelming Change Notification in …`.
        let changed = ["hange", "rename"].iter().any(|word| text.contains(word))
            && !text.contains("IdleTimeout");
        return Some(Shutdown { reason: reason.to_owned(), changed });
    }
    if event.is_from("ZipFS") && text.contains("stale zip") {
        return Some(Shutdown { reason: text.trim().to_owned(), changed: true });
    }
    None
}

/// What the module for Java, Node.js, Python and others reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpPlatform {
    /// What happened.
    pub kind: HttpPlatformKind,
    /// The process: its id or its path, as written.
    pub process: String,
    /// The port it should listen on.
    pub port: Option<u16>,
    /// How it ended, or why it could not be started.
    pub code: Option<u32>,
}

/// The events of HttpPlatformHandler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpPlatformKind {
    /// 1000: the process could not be started, or did not listen in time.
    StartFailed,
    /// 1001: it was started. Event Viewer shows the id as "Recursion too deep; the stack overflowed", because the
    /// message table is missing; that is no crash.
    Started,
    /// 1002: it crashed.
    Crashed,
    /// 1003: it failed too often within a minute.
    RapidFail,
    /// 1004: the configuration is wrong.
    Misconfigured,
}

/// Reads 1000–1004. The chatter under 2000 is not read.
pub fn http_platform(event: &Event<'_>) -> Option<HttpPlatform> {
    if !event.is_from("HttpPlatformHandler") {
        return None;
    }
    let kind = match event.id {
        1000 => HttpPlatformKind::StartFailed,
        1001 => HttpPlatformKind::Started,
        1002 => HttpPlatformKind::Crashed,
        1003 => HttpPlatformKind::RapidFail,
        1004 => HttpPlatformKind::Misconfigured,
        _ => return None,
    };
    let text = event.text(0);
    Some(HttpPlatform {
        kind,
        process: quoted_after(text, "rocess").unwrap_or_default().to_owned(),
        port: quoted_after(text, "port").and_then(|port| port.parse().ok()),
        code: ["exit Code =", "exit code =", "ErrorCode =", "Error Code ="]
            .iter()
            .find_map(|marker| code_after(text, marker)),
    })
}

/// Whether a tool for diagnostics was started here: it pauses processes, or dumps and ends them.
pub fn is_diagnostic_session(event: &Event<'_>) -> bool {
    let text = event.text(0).trim_start();
    event.is_from("Application")
        && ["DaasConsole", "DaaSConsole", "DiagLauncher"].iter().any(|tool| text.starts_with(tool))
}
