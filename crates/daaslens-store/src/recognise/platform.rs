//! What the platform's own tools leave behind: deployments, DaaS, Kudu.
//!
//! People rename the folder, or zip a part of it, so that no rule goes by the root: what has content of its own is known
//! by it, and what has none by the last folders of its path. A file of no bytes, `Sessions/Active/240112_0935127841.json`
//! say, is all that some sessions left.

use daaslens_core::Kind;

use super::{Rule, Subject, is_session_id};

/// By content.
pub(super) const CONTENT: &[Rule] = &[
    (Kind::Deployment, |s| root(s, "<deployment>") || root(s, "<entries>")),
    (Kind::Session, |s| {
        root(s, "<Session>")
            || is_json(s)
                && (key(s, "SessionId") && key(s, "Tool") || key(s, "sessionId") && key(s, "tool"))
    }),
    (Kind::Daas, |s| root(s, "<CancelledInstance") || root(s, "<DiagnosticSettings>")),
    (Kind::Daas, |s| s.starts("[") && s.has("] Monitoring started [CPU=")),
    (Kind::Daas, |s| is_json(s) && key(s, "CpuThreshold") && key(s, "SessionId")),
    (Kind::Daas, |s| is_json(s) && key(s, "Instance") && key(s, "ExpirationTime")),
    // DaaS and Kudu lock in the same way; Kudu's locks lie beside the site.
    (Kind::Kudu, |s| is_lock(s) && s.under("locks")),
    (Kind::Daas, is_lock),
    (Kind::Deployment, |s| {
        is_json(s)
            && (key(s, "Details") && s.has("\\\"ReceivedTime\\\"") || key(s, "received_time"))
    }),
    (Kind::Kudu, |s| root(s, "<step title=\"")),
    (Kind::Kudu, |s| {
        s.is_xml()
            && (s.has("System up time:") && s.has("Machine name:")
                || s.has("<title>Environment</title>") && s.has("appRoot = "))
    }),
    (Kind::Kudu, |s| is_json(s) && is_reply(s)),
];

/// By name and place.
pub(super) const NAME: &[Rule] = &[
    // Of CPU monitoring, whose sessions are called like the others.
    (Kind::Daas, is_monitoring),
    (Kind::Session, |s| {
        let stem = s.name.split('.').next().unwrap_or_default();
        is_session_id(stem) && (s.ends(".json") || s.ends(".xml"))
    }),
    (Kind::Session, |s| s.under("daas/sessions") && (s.ends(".json") || s.ends(".xml"))),
    (Kind::ToolReport, |s| {
        s.under("daas/reports")
            || s.under("reports") && in_session(s)
            || [".mht", ".diagsession", ".etl", ".jfr"].iter().any(|e| s.ends(e))
            || s.name == "stacks.json" && in_session(s)
            || matches!(s.name, "diagcli.json" | "stackdump.json")
            || s.under("reportdata") && s.ends(".json")
            || s.name.contains("analysisreport-") && s.ends(".html")
    }),
    (Kind::Daas, |s| {
        s.under("daas/heartbeats")
            || s.under("heartbeats") && super::is_machine(s.name)
            || s.under("daas/cancelled")
            || s.under("cancelled") && s.name.split('.').next().is_some_and(super::is_machine)
            || s.under("daas/monitoring")
            || [".diaglog", ".diagstatus", ".customaction", ".customactioncompleted"]
                .iter()
                .any(|e| s.ends(e))
            || matches!(s.name, "privatesettings.json" | "privatesettings.xml")
            || s.under("daas/configuration")
            || s.ends(".lock") && (s.under("daas") || s.under("sessions/active"))
    }),
    (Kind::Kudu, |s| s.ends(".lock") && s.under("site/locks")),
    (Kind::Deployment, |s| {
        s.under("deployments")
            && !s.under("deployments/tools")
            && matches!(
                s.name,
                "status.xml"
                    | "status_complete.xml"
                    | "log.log"
                    | "log.xml"
                    | "manifest"
                    | "active"
                    | "pending"
                    | "latest.json"
            )
    }),
    (Kind::Kudu, |s| s.under("kudu/trace") || s.under("kudu/deployment") || s.under("git/trace")),
];

fn is_monitoring(s: &Subject<'_>) -> bool {
    let own = s.under("monitoring/active")
        || s.under("monitoring/complete")
        || s.under("monitoring/logs")
        || s.under("monitoring/analysis");
    own && [".json", ".log", ".lock", ".request", ".inprogress"].iter().any(|e| s.ends(e))
        // A rolled log begins anywhere: `[3/11/2026 02:14:37] w3wp(6780) CPU:92.10 %`.
        || s.ends(".log") && s.starts("[") && s.has(") CPU:")
}

/// Whether a folder of the path is called like a session.
fn in_session(s: &Subject<'_>) -> bool {
    s.path.split('/').any(is_session_id)
}

/// Whether the document begins with `tag`; a declaration may stand before it.
fn root(s: &Subject<'_>, tag: &str) -> bool {
    let text = s.trimmed();
    let text = match memchr::memmem::find(text, b"?>") {
        Some(end) if text.starts_with(b"<?xml") => text[end + 2..].trim_ascii_start(),
        _ => text,
    };
    text.starts_with(tag.as_bytes())
}

fn is_json(s: &Subject<'_>) -> bool {
    s.starts("{") || s.starts("[")
}

fn key(s: &Subject<'_>, name: &str) -> bool {
    s.has(&format!("\"{name}\""))
}

fn is_lock(s: &Subject<'_>) -> bool {
    is_json(s) && key(s, "OperationName") && key(s, "AcquiredDateTime")
}

/// The replies of Kudu that people save; their names are free.
fn is_reply(s: &Subject<'_>) -> bool {
    key(s, "machineName") && key(s, "href")
        || key(s, "environment_variables")
        || key(s, "siteLastModified")
        || key(s, "nodejs") && key(s, "System")
        || key(s, "AzureDriveEnabled")
        || key(s, "WEBSITE_SITE_NAME") && key(s, "ScmType")
}
