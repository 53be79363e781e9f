//! What one event contributes to an incident.

use crate::ancm::{Ancm, AncmKind, ancm};
use crate::aspnet::web_death;
use crate::event::Event;
use crate::platform::{self, HttpPlatform, HttpPlatformKind};
use crate::runtime::runtime_death;
use crate::windows::{PoolKind, application_error, error_report, pool_event};
use daaslens_stacktrace::ExceptionText;

use super::IncidentKind;

/// What an event says.
pub(super) enum Said {
    /// A process is up.
    Started(Process),
    /// A process was stopped in good order.
    Stopped(Process),
    /// Something that is an incident, or a part of one.
    Note(Note),
}

/// Which process.
#[derive(Clone, Copy)]
pub(super) struct Process {
    pub(super) id: Option<u32>,
    /// It is not the worker, but one that the worker's module started.
    pub(super) out_of_process: bool,
}

/// What role an event has in an incident. One incident has at most one event of each of the first six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// The runtime's own report (1023–1028), or ASP.NET's (1325).
    ManagedDeath,
    /// Application Error.
    NativeDeath,
    /// WAS noticed.
    PoolDeath,
    /// Windows Error Reporting.
    Report,
    /// ANCM 1018, HttpPlatformHandler 1002.
    ModuleDeath,
    /// ANCM 1007 and relatives.
    StartFailed,
    /// ANCM 1011, 1035.
    Exited,
    /// Anything that stands for itself.
    Single(IncidentKind),
}

/// What an event contributes.
pub(super) struct Note {
    pub(super) role: Role,
    pub(super) process_id: Option<u32>,
    pub(super) process: Option<String>,
    pub(super) exception: Option<ExceptionText>,
    pub(super) code: Option<u32>,
    pub(super) detail: Option<String>,
    /// Whether it is Kudu and not the site.
    pub(super) scm: bool,
    /// The id of the event: several failures of a start are told by several ids, each once.
    pub(super) id: u32,
    /// What ties a native crash to its reports, which may come days later; empty where there is nothing.
    pub(super) report: String,
}

impl Note {
    const fn new(role: Role, id: u32) -> Self {
        let (process_id, process, exception, code, detail) = (None, None, None, None, None);
        let report = String::new();
        Self { role, process_id, process, exception, code, detail, scm: false, id, report }
    }
}

/// What the event says, if it says anything that matters here.
pub(super) fn said(event: &Event<'_>) -> Option<Said> {
    if let Some(report) = ancm(event) {
        return module(event, report);
    }
    if let Some(report) = platform::http_platform(event) {
        return Some(handler(event.id, report));
    }
    death(event).or_else(|| change(event)).map(Said::Note)
}

/// The ASP.NET Core Module.
fn module(event: &Event<'_>, report: Ancm) -> Option<Said> {
    let process = Process { id: report.process_id, out_of_process: report.out_of_process };
    let of_nobody =
        matches!(report.kind, AncmKind::UngracefulShutdown | AncmKind::ConfigurationChanged);
    if of_nobody && report.is_placeholder() {
        return Some(Said::Stopped(process));
    }
    let role = match report.kind {
        AncmKind::Started => return Some(Said::Started(process)),
        AncmKind::Stopped => return Some(Said::Stopped(process)),
        AncmKind::Note => return None,
        AncmKind::UnexpectedException => Role::ModuleDeath,
        AncmKind::Exited => Role::Exited,
        AncmKind::StartFailed | AncmKind::Misconfigured => Role::StartFailed,
        AncmKind::RapidFail => Role::Single(IncidentKind::RapidFail),
        AncmKind::AppOffline => Role::Single(IncidentKind::AppOffline),
        AncmKind::ConfigurationChanged => Role::Single(IncidentKind::ConfigurationChange),
        AncmKind::UngracefulShutdown => Role::Single(IncidentKind::UngracefulShutdown),
    };
    let mut note = Note::new(role, report.id);
    note.scm = report.is_scm();
    note.process_id = report.process_id;
    // The worker hosts what the module loads; out of process it is some other executable.
    if matches!(report.id, 1007 | 1011 | 1018 | 1031 | 1035) {
        let express = event.provider.contains("Express");
        note.process = Some(if express { "iisexpress.exe" } else { "w3wp.exe" }.to_owned());
    }
    note.code = report.exit_code.or(report.code);
    note.exception = Some(report.exception).filter(|exception| !exception.is_empty());
    Some(Said::Note(note))
}

/// HttpPlatformHandler.
fn handler(id: u32, report: HttpPlatform) -> Said {
    let process_id = report.process.parse().ok();
    let role = match report.kind {
        HttpPlatformKind::Started => {
            return Said::Started(Process { id: process_id, out_of_process: true });
        }
        HttpPlatformKind::Crashed => Role::ModuleDeath,
        HttpPlatformKind::StartFailed | HttpPlatformKind::Misconfigured => Role::StartFailed,
        HttpPlatformKind::RapidFail => Role::Single(IncidentKind::RapidFail),
    };
    let mut note = Note::new(role, id);
    note.process_id = process_id;
    note.process =
        Some(report.process).filter(|process| !process.is_empty() && process_id.is_none());
    note.code = report.code;
    Said::Note(note)
}

/// The runtime's, ASP.NET's and Windows' own reports of a process's death.
fn death(event: &Event<'_>) -> Option<Note> {
    let id = event.id;
    if let Some(death) = runtime_death(event) {
        let mut note = Note::new(Role::ManagedDeath, id);
        note.process = Some(death.application).filter(|name| !name.is_empty());
        note.code = death.code;
        note.exception = Some(death.exception).filter(|exception| !exception.is_empty());
        note.detail = Some(death.message).filter(|message| !message.is_empty());
        return Some(note);
    }
    if let Some(death) = web_death(event) {
        let mut note = Note::new(Role::ManagedDeath, id);
        note.process_id = death.process_id;
        note.exception = Some(death.exception).filter(|exception| !exception.is_empty());
        return Some(note);
    }
    if let Some(error) = application_error(event) {
        let mut note = Note::new(Role::NativeDeath, id);
        note.process_id = error.process_id;
        note.process = Some(error.application);
        note.code = error.code;
        note.detail = Some(error.module);
        note.report = error.report_id;
        return Some(note);
    }
    let report = error_report(event)?;
    let role = if report.hung { Role::Single(IncidentKind::Hang) } else { Role::Report };
    let mut note = Note::new(role, id);
    note.process = Some(report.application).filter(|name| !name.is_empty());
    note.code = report.code;
    // Of a managed crash the assembly says less than the exception.
    note.exception =
        Some(ExceptionText::parse_at_type(&report.exception)).filter(|text| !text.is_empty());
    note.detail = Some(report.module).filter(|_| note.exception.is_none());
    note.report = report.report_id;
    Some(note)
}

/// What the platform did, and what stands for itself.
fn change(event: &Event<'_>) -> Option<Note> {
    let id = event.id;
    if let Some(report) = pool_event(event) {
        let role = match report.kind {
            PoolKind::Died => Role::PoolDeath,
            PoolKind::Hung => Role::Single(IncidentKind::Hang),
            PoolKind::StartedTooSlowly => Role::StartFailed,
            PoolKind::StoppedTooSlowly => Role::Single(IncidentKind::UngracefulShutdown),
            PoolKind::Disabled => Role::Single(IncidentKind::RapidFail),
            PoolKind::Recycled => Role::Single(IncidentKind::PoolRecycle),
        };
        let mut note = Note::new(role, id);
        note.process_id = report.process_id;
        note.code = report.code;
        note.process = Some("w3wp.exe".to_owned());
        return Some(note);
    }
    if let Some(limit) = platform::limit_hit(event) {
        let mut note = Note::new(Role::Single(IncidentKind::LimitRecycle), id);
        note.detail = Some(limit.limit);
        return Some(note);
    }
    if let Some(shutdown) = platform::shutdown(event) {
        let kind = match &shutdown {
            shutdown if !shutdown.changed => IncidentKind::Shutdown,
            shutdown if shutdown.reason.to_ascii_uppercase().contains("CONFIG") => {
                IncidentKind::ConfigurationChange
            }
            _ => IncidentKind::FileChange,
        };
        let mut note = Note::new(Role::Single(kind), id);
        note.detail = Some(shutdown.reason);
        return Some(note);
    }
    if platform::worker_setup_failed(event) {
        let mut note = Note::new(Role::StartFailed, id);
        note.code = event.binary_code();
        note.detail = Some(event.text(0).to_owned());
        return Some(note);
    }
    platform::is_diagnostic_session(event)
        .then(|| Note::new(Role::Single(IncidentKind::DiagnosticSession), id))
}
