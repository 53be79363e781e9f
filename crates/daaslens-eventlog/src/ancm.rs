//! The ASP.NET Core Module: IIS's side of an ASP.NET Core application.
//!
//! Version 1 writes one string; version 2 writes three, the second with the process id and the third with the
//! version of the module. The request handler ships with ASP.NET Core, so that its major version less ten is the
//! application's (18 is .NET 8); the shim's is 13.

use crate::code::{code_after, quoted_after, word_after};
use crate::event::Event;
use daaslens_stacktrace::ExceptionText;
use daaslens_stacktrace::parse_code;

/// What the module reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AncmKind {
    /// 1001, 1032: the application was started.
    Started,
    /// 1006, 1030, 1033: the application was stopped in good order.
    Stopped,
    /// 1005: it did not stop in time, because requests hang.
    UngracefulShutdown,
    /// 1018: an exception ended the process, before or after its start.
    UnexpectedException,
    /// 1011, 1035: `Main` returned, or called `Exit`.
    Exited,
    /// 1000 (out of process), 1007, 1010, 1014–1017, 1019, 1020, 1027–1029, 1031: it could not be started.
    StartFailed,
    /// 1004, 1008, 1009, 1013, 1034: it is configured so that it cannot be started.
    Misconfigured,
    /// 1003: it failed so often within a minute that it is no longer tried.
    RapidFail,
    /// 1012: `app_offline.htm` was put there: a deployment, mostly.
    AppOffline,
    /// 1021, 1022: the configuration changed.
    ConfigurationChanged,
    /// 1002, 1023–1026, 1036 and what is newer than this list.
    Note,
}

/// One event of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancm {
    /// What it reports.
    pub kind: AncmKind,
    /// The id.
    pub id: u32,
    /// Whether the module starts the application as a process of its own.
    pub out_of_process: bool,
    /// `MACHINE/WEBROOT/APPHOST/SITE` or `/LM/W3SVC/<id>/ROOT`; for [`AncmKind::Started`] its folder.
    pub application: String,
    /// The folder, where it is named besides.
    pub physical_root: String,
    /// The worker process; out of process, the one that was started, where it is named.
    pub process_id: Option<u32>,
    /// `18.0.25191.17`.
    pub file_version: String,
    /// `ErrorCode`, `exception code` or hostfxr's `Return code`.
    pub code: Option<u32>,
    /// The exit code of `Main` or of the started process.
    pub exit_code: Option<u32>,
    /// What the program wrote on its consoles, as far as the module kept it: the first or the last 30 KB.
    pub console: String,
    /// The exception that the console tells of.
    pub exception: ExceptionText,
    /// The first line of the text.
    pub headline: String,
}

impl Ancm {
    /// Whether it is Kudu, whose application ids have `~1` before the name of the site.
    pub fn is_scm(&self) -> bool {
        self.application.rsplit('/').next().is_some_and(|site| site.starts_with("~1"))
            || self.physical_root.contains(r"\SiteExtensions\Kudu")
            || self.application.contains(r"\SiteExtensions\Kudu")
    }

    /// Whether it is a worker of Azure Functions that waits, warm, for an application to be put into it. Such a
    /// worker is stopped, mostly slowly, each time one is, and nobody's request is in it.
    pub fn is_placeholder(&self) -> bool {
        const NAME: &str = "MAWSFNPLACEHOLDER";
        let site = self.application.rsplit('/').next().unwrap_or_default();
        site.get(..NAME.len()).is_some_and(|start| start.eq_ignore_ascii_case(NAME))
    }

    /// The framework that is missing, where hostfxr says so: its name and version.
    pub fn missing_framework(&self) -> Option<(&str, &str)> {
        let (_, rest) = self.console.split_once("Framework: '")?;
        let (name, rest) = rest.split_once('\'')?;
        let version = rest.split_once("version '").and_then(|(_, rest)| rest.split_once('\''));
        Some((name, version.map_or("", |(version, _)| version)))
    }
}

/// Reads an event of the module, of either version, of IIS or IIS Express.
pub fn ancm(event: &Event<'_>) -> Option<Ancm> {
    let module = event.provider.strip_prefix("IIS ")?;
    let module = module.strip_prefix("Express ").unwrap_or(module);
    if !matches!(module, "AspNetCore Module" | "AspNetCore Module V2") {
        return None;
    }
    let kind = match event.id {
        1001 | 1032 => AncmKind::Started,
        1006 | 1030 | 1033 => AncmKind::Stopped,
        1005 => AncmKind::UngracefulShutdown,
        1018 => AncmKind::UnexpectedException,
        1011 | 1035 => AncmKind::Exited,
        1000 | 1007 | 1010 | 1014..=1017 | 1019 | 1020 | 1027..=1029 | 1031 => {
            AncmKind::StartFailed
        }
        1004 | 1008 | 1009 | 1013 | 1034 => AncmKind::Misconfigured,
        1003 => AncmKind::RapidFail,
        1012 => AncmKind::AppOffline,
        1021 | 1022 => AncmKind::ConfigurationChanged,
        _ => AncmKind::Note,
    };
    let text = event.text(0);
    let out_of_process = matches!(event.id, 1000..=1003 | 1006 | 1020 | 1030);
    let console = console(text);
    // `ErrorCode = '0x80004005 : 80008081.`: the second one is the exit code, and the last quote is missing.
    let codes =
        text.split_once("ErrorCode").map(|(_, rest)| rest.split_once('\'').unwrap_or(("", rest)).1);
    let (code, second) = match codes {
        Some(codes) => {
            let codes = codes.split(['\'', '\r', '\n', ',']).next().unwrap_or_default();
            let (first, second) = codes.split_once(" : ").unwrap_or((codes, ""));
            (parse_code(first), parse_code(second))
        }
        None => (
            code_after(text, "exception code =").or_else(|| code_after(text, "Return code:")),
            None,
        ),
    };
    let started = word_after(text, "started process").and_then(|id| id.parse().ok());
    let worker = word_after(event.text(1), "Process Id:").and_then(|id| id.parse().ok());
    Some(Ancm {
        kind,
        id: event.id,
        out_of_process,
        application: quoted_after(text, "pplication").unwrap_or_default().to_owned(),
        physical_root: quoted_after(text, "physical root").unwrap_or_default().to_owned(),
        process_id: started.or(worker),
        file_version: line_version(event.text(2)).to_owned(),
        code,
        exit_code: code_after(text, "exit code =").or(second),
        exception: ExceptionText::parse_console(console),
        console: console.to_owned(),
        headline: text.lines().next().unwrap_or_default().trim().to_owned(),
    })
}

/// What follows the words that announce captured output; for 1007 and 1031 the exception message, which is
/// hostfxr's output.
fn console(text: &str) -> &str {
    ["captured stdout and stderr logs:", "Exception message:", "stdout and stderr logs:"]
        .iter()
        .find_map(|marker| text.split_once(marker))
        .map_or("", |(_, rest)| rest.trim())
}

/// `File Version: 18.0.25191.17. Description: …`.
fn line_version(text: &str) -> &str {
    let Some((_, rest)) = text.split_once("File Version: ") else {
        return "";
    };
    let rest = rest.split(". ").next().unwrap_or(rest);
    rest.trim_end_matches('.')
}
