//! Which of these files one is.

use crate::session::Tool;

/// A file that this crate reads, and which function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum What {
    /// `status.xml`, `status_complete.xml`: [`read_status`](crate::deployment::read_status).
    DeploymentStatus,
    /// `latest.json`: [`read_latest`](crate::deployment::read_latest).
    DeploymentLatest,
    /// `log.log`: [`read_log`](crate::deployment::read_log).
    DeploymentLog,
    /// `log.xml`: [`read_log_xml`](crate::deployment::read_log_xml).
    DeploymentLogXml,
    /// `active`: [`read_active`](crate::deployment::read_active).
    DeploymentActive,
    /// `manifest`: [`count_manifest`](crate::deployment::count_manifest).
    DeploymentManifest,
    /// A session of DaaS: [`session::read`](crate::session::read).
    Session,
    /// `PrivateSettings.*`: [`read_settings`](crate::daas::read_settings).
    Settings,
    /// A heartbeat: [`read_heartbeat`](crate::daas::read_heartbeat).
    Heartbeat,
    /// A cancellation: [`read_cancelled`](crate::daas::read_cancelled).
    Cancelled,
    /// A lock: [`read_lock`](crate::daas::read_lock).
    Lock,
    /// `*.diaglog`, `*.diagstatus`: [`read_diaglog`](crate::daas::read_diaglog).
    DiagLog,
    /// A session of CPU monitoring: [`monitoring::read_session`](crate::monitoring::read_session).
    CpuSession,
    /// A log of CPU monitoring: [`monitoring::read_log`](crate::monitoring::read_log).
    CpuLog,
    /// `*.customaction`, `*.customactioncompleted`: [`read_custom_action`](crate::monitoring::read_custom_action).
    CustomAction,
    /// An XML trace of Kudu: [`read_trace`](crate::kudu::read_trace).
    Trace,
    /// A text trace of Kudu: [`read_text_trace`](crate::kudu::read_text_trace).
    TextTrace,
    /// A reply of Kudu's API: [`read_api`](crate::kudu::read_api).
    Api,
    /// The environment page of Kudu: [`read_page`](crate::kudu::read_page).
    Page,
    /// An export of metrics: [`metrics::read`](crate::metrics::read).
    Metrics,
}

/// Says which file one is, from its path in small letters, with `/`, and its first bytes (a few thousand are plenty).
/// `None` for anything else. Content decides where it can; what has none of its own is known by its place.
pub fn recognise(path_lower: &str, head: &[u8]) -> Option<What> {
    let name = path_lower.rsplit('/').next().unwrap_or(path_lower);
    let folder = path_lower.get(..path_lower.len() - name.len()).unwrap_or_default();
    let head = head.get(..head.len().min(8192)).unwrap_or_default();
    by_content(head).or_else(|| by_place(folder, name, head))
}

fn by_content(head: &[u8]) -> Option<What> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let has = |needle: &str| memchr::memmem::find(head, needle.as_bytes()).is_some();
    let markup = [
        ("<deployment>", What::DeploymentStatus),
        ("<entries>", What::DeploymentLogXml),
        ("<Session>", What::Session),
        ("<step title=\"", What::Trace),
        ("<CancelledInstance", What::Cancelled),
        ("<DiagnosticSettings>", What::Settings),
    ];
    match text.first()? {
        b'<' => {
            // Only a declaration may stand before the root.
            let root = match memchr::memmem::find(text, b"?>") {
                Some(end) if text.starts_with(b"<?xml") => {
                    text.get(end + 2..).unwrap_or_default().trim_ascii_start()
                }
                _ => text,
            };
            let found = markup.iter().find(|(tag, _)| root.starts_with(tag.as_bytes()));
            if let Some((_, what)) = found {
                return Some(*what);
            }
            // Its menus are long: the text that matters may begin behind the first bytes.
            let is_page = has("System up time:") && has("Machine name:")
                || has("<title>Environment</title>") && has("appRoot = ");
            is_page.then_some(What::Page)
        }
        b'{' | b'[' => {
            // `[3/11/2026 02:14:07] Monitoring started [CPU=75%…`
            if text.starts_with(b"[") && has("] Monitoring started [CPU=") {
                return Some(What::CpuLog);
            }
            let key = |name: &str| has(&format!("\"{name}\""));
            if key("timeseries") && (key("timeStamp") || key("metadatavalues"))
                || key("metricName") && key("timeGrain")
                || key("resourceregion") && key("timespan")
            {
                return Some(What::Metrics);
            }
            if key("CpuThreshold") && key("SessionId") {
                return Some(What::CpuSession);
            }
            if key("SessionId") && key("Tool") || key("sessionId") && key("tool") {
                return Some(What::Session);
            }
            if key("OperationName") && key("AcquiredDateTime") {
                return Some(What::Lock);
            }
            if key("Instance") && key("ExpirationTime") {
                return Some(What::Heartbeat);
            }
            if key("Details") && has("\\\"ReceivedTime\\\"") || key("received_time") {
                return Some(What::DeploymentLatest);
            }
            let is_process = key("machineName") && key("href") || key("environment_variables");
            let is_api = is_process
                || key("siteLastModified")
                || key("nodejs") && key("System")
                || key("AzureDriveEnabled")
                || key("WEBSITE_SITE_NAME") && key("ScmType");
            is_api.then_some(What::Api)
        }
        _ => None,
    }
}

fn by_place(folder: &str, name: &str, head: &[u8]) -> Option<What> {
    let under = |part: &str| {
        folder.starts_with(&format!("{part}/")) || folder.contains(&format!("/{part}/"))
    };
    let ends = |extension: &str| name.len() > extension.len() && name.ends_with(extension);
    if ends(".lock") && (under("daas") || under("sessions/active") || under("site/locks")) {
        return Some(What::Lock);
    }
    if ends(".diaglog") || ends(".diagstatus") {
        return Some(What::DiagLog);
    }
    if ends(".customaction") || ends(".customactioncompleted") {
        return Some(What::CustomAction);
    }
    if matches!(name, "privatesettings.json" | "privatesettings.xml") {
        return Some(What::Settings);
    }
    if under("deployments") && !under("deployments/tools") {
        match name {
            "status.xml" | "status_complete.xml" => return Some(What::DeploymentStatus),
            "log.log" => return Some(What::DeploymentLog),
            "log.xml" => return Some(What::DeploymentLogXml),
            "manifest" => return Some(What::DeploymentManifest),
            "active" => return Some(What::DeploymentActive),
            "latest.json" => return Some(What::DeploymentLatest),
            _ => {}
        }
    }
    if under("kudu/trace") || under("git/trace") {
        if crate::kudu::TraceName::read(name).is_some() {
            return Some(What::Trace);
        }
        if crate::kudu::machine_of_name(name).is_some() {
            return Some(What::TextTrace);
        }
    }
    let watches = ["active", "complete", "logs"].map(|part| format!("monitoring/{part}"));
    if under("daas/monitoring") || watches.iter().any(|part| under(part)) {
        if ends(".log") {
            return Some(What::CpuLog);
        }
        if ends(".json") {
            return Some(What::CpuSession);
        }
    }
    // The folder may be called anything; only sessions have such names.
    if crate::session::from_name(name).is_some() {
        return Some(What::Session);
    }
    if under("daas/heartbeats") || under("heartbeats") && !name.contains('.') {
        return Some(What::Heartbeat);
    }
    if under("daas/cancelled") || under("cancelled") && cancels(name) {
        return Some(What::Cancelled);
    }
    // A log of CPU monitoring that was rolled begins anywhere.
    let is_cpu = head.starts_with(b"[") && memchr::memmem::find(head, b") CPU:").is_some();
    (is_cpu && ends(".log")).then_some(What::CpuLog)
}

/// Whether a name is `<MACHINE>.<diagnoser without blanks>`.
fn cancels(name: &str) -> bool {
    name.split_once('.').is_some_and(|(_, tool)| Tool::read(tool) != Tool::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_content_wherever_it_lies() {
        for (head, expected) in [
            ("\u{feff}<?xml version=\"1.0\"?>\r\n<deployment>", What::DeploymentStatus),
            ("<Session>", What::Session),
            ("{\"Mode\": \"Collect\", \"SessionId\": \"x\", \"Tool\": \"y\"", What::Session),
            ("{\"SessionId\": \"x\", \"CpuThreshold\": 75", What::CpuSession),
            ("[3/11/2026 02:14:07] Monitoring started [CPU=75%, ", What::CpuLog),
            (
                "<!DOCTYPE html><title>Environment</title><script>appRoot = \"/\";</script>",
                What::Page,
            ),
        ] {
            assert_eq!(recognise("a/b.txt", head.as_bytes()), Some(expected), "{head}");
        }
    }

    #[test]
    fn by_place_where_there_is_no_content() {
        for (path, expected) in [
            ("dump.zip!/deployments/active", What::DeploymentActive),
            ("deployments/0123/log.log", What::DeploymentLog),
            ("data/daas/sessions/complete/190612_0810441234.xml", What::Session),
            ("data/daas/sessions/active/activesession.json.lock", What::Lock),
            ("renamed/active/240112_0935127841.json", What::Session),
            ("renamed/monitoring/active/240112_0935127841.json", What::CpuSession),
            ("renamed/heartbeats/rd0003ff1a2b3c", What::Heartbeat),
            ("renamed/cancelled/rd0003ff1a2b3c.memorydump", What::Cancelled),
            ("data/daas/logs/240112_0935127841/rd0003ff/diagstatus.diaglog", What::DiagLog),
            ("data/daas/monitoring/active/rd0003ff8a1b2c.log", What::CpuLog),
            ("kudu/trace/10-30-8-121-e49dad03-895a-4b91-bae3-311592074b5c.txt", What::TextTrace),
            ("logfiles/kudu/trace/2026-03-11t02-14-06_d10e51_010_get__200_0s.xml", What::Trace),
        ] {
            assert_eq!(recognise(path, b""), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_is_somebody_elses() {
        for (path, head) in [
            ("deployments/tools/deploy.cmd", "@echo off"),
            ("logfiles/eventlog.xml", "<Events><Event><System>"),
            ("logfiles/w3svc1/fr000001.xml", "<?xml version=\"1.0\"?><failedRequest url=\"/\">"),
            ("logfiles/kudu/trace/readme.txt", "hello"),
            ("site/wwwroot/active", "x"),
            ("appsettings.json", "{\"ConnectionStrings\": {}}"),
            ("x.html", "<html><title>Environment</title>"),
            ("", ""),
        ] {
            assert_eq!(recognise(path, head.as_bytes()), None, "{path}");
        }
    }
}
