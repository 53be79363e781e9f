//! `LogFiles/eventlog.xml` in the dialect of App Service.
//!
//! One root without a namespace, everything on one line but for the line breaks inside messages, insertion
//! strings without names, a `Level` that is the type of `ReportEvent` (1 error, 2 warning, 4 information), and
//! an `EventRecordID` that is the tick count of the machine, as a signed 32-bit number.

use daaslens_core::Time;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Time,
    /// `.NET Runtime`, `W3SVC-WP`, `IIS AspNetCore Module V2`, …
    pub provider: String,
    /// The event id.
    pub id: u32,
    /// The type: 0 success, 1 error, 2 warning, 4 information (for ASP.NET: 1 information, 3 error).
    pub level: u8,
    /// The machine name.
    pub computer: String,
    /// The insertion strings.
    pub data: Vec<String>,
    /// Binary data as hexadecimal digits; empty for none.
    pub binary: String,
}

/// Collects events and writes the file.
#[derive(Clone, Debug, Default)]
pub struct EventLogBuilder {
    events: Vec<Event>,
}

/// The version text of the ASP.NET Core Module's request handler.
const HANDLER: &str =
    "File Version: 20.0.26025.3. Description: IIS ASP.NET Core Module V2 Request Handler. Commit: ";
const MODULE: &str = "IIS AspNetCore Module V2";
const ROOT: &str = r"C:\home\site\wwwroot\";

impl EventLogBuilder {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds any event.
    pub fn push(&mut self, event: Event) -> &mut Self {
        self.events.push(event);
        self
    }

    /// How many events there are.
    pub fn len(&self) -> u64 {
        self.events.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    fn module(
        &mut self,
        at: Time,
        id: u32,
        level: u8,
        computer: &str,
        process: u32,
        text: String,
    ) -> &mut Self {
        let data = vec![text, format!("Process Id: {process}."), HANDLER.into()];
        self.event(at, MODULE, id, level, computer, data)
    }

    fn event(
        &mut self,
        at: Time,
        provider: &str,
        id: u32,
        level: u8,
        computer: &str,
        data: Vec<String>,
    ) -> &mut Self {
        let (provider, computer) = (provider.into(), computer.into());
        self.push(Event { at, provider, id, level, computer, data, binary: String::new() })
    }

    /// 1032: an in-process ASP.NET Core application started.
    pub fn started(&mut self, at: Time, computer: &str, process: u32) -> &mut Self {
        self.module(
            at,
            1032,
            4,
            computer,
            process,
            format!("Application '{ROOT}' started successfully."),
        )
    }

    /// 1033: it has shut down.
    pub fn shut_down(&mut self, at: Time, computer: &str, process: u32, site: &str) -> &mut Self {
        let text =
            format!("Application 'MACHINE/WEBROOT/APPHOST/{}' has shutdown.", site.to_uppercase());
        self.module(at, 1033, 4, computer, process, text)
    }

    /// 1012: it was recycled because a deployment put `app_offline.htm` there.
    pub fn app_offline(&mut self, at: Time, computer: &str, process: u32) -> &mut Self {
        let text =
            format!("Application '{ROOT}' was recycled after detecting the app_offline.htm file.");
        self.module(at, 1012, 4, computer, process, text)
    }

    /// The three events of a crash: .NET Runtime 1026 with the stack, then 1018 and 1007 of the module.
    pub fn crash(
        &mut self,
        at: Time,
        computer: &str,
        process: u32,
        exception: &str,
        frames: &[&str],
    ) -> &mut Self {
        let mut stack = String::new();
        for frame in frames {
            let _ = write!(stack, "\r\n   at {frame}");
        }
        let report = format!(
            "Application: w3wp.exe\r\nCoreCLR Version: 8.0.1925.36514\r\n.NET Version: 8.0.19\r\nDescription: The process was \
             terminated due to an unhandled exception.\r\nException Info: {exception}{stack}\r\n"
        );
        self.event(at, ".NET Runtime", 1026, 1, computer, vec![report]);
        let unexpected = format!(
            "Application '{ROOT}' with physical root '{ROOT}' hit unexpected managed exception, exception code = '0xe0434352'. \
             Last 30KB characters of captured stdout and stderr logs:\r\nUnhandled exception. {exception}{stack}"
        );
        self.module(at, 1018, 1, computer, process, unexpected);
        let failed = format!(
            "Application '{ROOT}' with physical root '{ROOT}' failed to load coreclr. Exception message:\r\nCLR worker thread \
             exited prematurely"
        );
        self.module(Time(at.0 + 31), 1007, 1, computer, process, failed)
    }

    /// 2299: auto-heal asks for a recycle because `limit` (`Percent Memory`, `Slow Requests`, …) was hit.
    pub fn limit_recycle(
        &mut self,
        at: Time,
        computer: &str,
        limit: &str,
        detail: &str,
    ) -> &mut Self {
        let text = format!("Worker Process requested recycle due to '{limit}' limit. {detail}");
        self.event(at, "W3SVC-WP", 2299, 1, computer, vec![text])
    }

    /// ASP.NET 1309: an unhandled exception of a request, with its thirty insertion strings.
    pub fn unhandled(
        &mut self,
        at: Time,
        computer: &str,
        url: &str,
        exception: &str,
        message: &str,
    ) -> &mut Self {
        let local = at.format("%-m/%-d/%Y %-I:%M:%S %p");
        let stack = "   at Contoso.Web.Default.Page_Load(Object sender, EventArgs e)\r\n   at System.Web.UI.Control.OnLoad(EventArgs e)";
        let path = url
            .split_once("//")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
            .unwrap_or("/");
        let data = [
            "3005",
            "An unhandled exception has occurred.",
            &local,
            &local,
            "6f1f3f8c4f0d4c5b9a0e6a6f9d2b7c11",
            "24",
            "3",
            "0",
            "/LM/W3SVC/1273337584/ROOT-1-133860524000000000",
            "Full",
            "/",
            ROOT,
            computer,
            "",
            "7412",
            "w3wp.exe",
            r"IIS APPPOOL\contoso",
            exception,
            &format!("{message}\r\n{stack}"),
            url,
            path,
            "203.0.113.9",
            "",
            "False",
            "",
            r"IIS APPPOOL\contoso",
            "31",
            r"IIS APPPOOL\contoso",
            "False",
            stack,
        ];
        self.event(at, "ASP.NET 4.0.30319.0", 1309, 2, computer, data.map(String::from).to_vec())
    }

    /// W3SVC-WP 2284: failed request tracing could not write. Noise, and the most frequent event there is.
    pub fn tracing_noise(&mut self, at: Time, computer: &str) -> &mut Self {
        self.push(Event {
            at,
            provider: "W3SVC-WP".into(),
            id: 2284,
            level: 2,
            computer: computer.into(),
            data: vec!["8".into(), "5".into()],
            binary: "50000780".into(),
        })
    }

    /// The file, events in the order of their time.
    pub fn finish(mut self) -> Vec<u8> {
        self.events.sort_by_key(|event| event.at);
        // Every machine has booted at a time of its own; its ticks count from there.
        let mut boots: BTreeMap<&str, i64> = BTreeMap::new();
        for event in &self.events {
            let offset =
                86_400_000 + event.computer.bytes().map(|b| i64::from(b) * 977_311).sum::<i64>();
            boots.entry(&event.computer).or_insert(event.at.0 - offset);
        }
        let mut xml = String::from("<Events>");
        for event in &self.events {
            let ticks = (event.at.0 - boots[event.computer.as_str()]) as i32;
            let _ = write!(
                xml,
                "<Event><System><Provider Name=\"{}\"/><EventID>{}</EventID><Level>{}</Level><Task>0</Task>\
                 <Keywords>Keywords</Keywords><TimeCreated SystemTime=\"{}\"/><EventRecordID>{ticks}</EventRecordID>\
                 <Channel>Application</Channel><Computer>{}</Computer><Security/></System><EventData>",
                escaped(&event.provider),
                event.id,
                event.level,
                event.at.format("%Y-%m-%dT%H:%M:%SZ"),
                escaped(&event.computer),
            );
            for data in &event.data {
                let _ = write!(xml, "<Data>{}</Data>", escaped(data));
            }
            if !event.binary.is_empty() {
                let _ = write!(xml, "<Binary>{}</Binary>", event.binary);
            }
            xml.push_str("</EventData></Event>");
        }
        xml.push_str("</Events>");
        xml.into_bytes()
    }
}

/// The platform escapes these three and no others.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_looks_as_the_platform_writes_it() {
        let mut log = EventLogBuilder::new();
        let at = Time::parse("2025-08-15T20:43:36Z").unwrap();
        log.tracing_noise(at, "wn0xsdwk0000E4");
        let xml = String::from_utf8(log.finish()).unwrap();
        let ticks: String = xml
            .split_once("<EventRecordID>")
            .and_then(|(_, rest)| rest.split_once('<'))
            .map(|(ticks, _)| ticks.to_owned())
            .unwrap();
        assert!(ticks.parse::<i32>().is_ok());
        assert_eq!(
            xml.replace(&ticks, "TICKS"),
            "<Events><Event><System><Provider Name=\"W3SVC-WP\"/><EventID>2284</EventID><Level>2</Level><Task>0</Task>\
             <Keywords>Keywords</Keywords><TimeCreated SystemTime=\"2025-08-15T20:43:36Z\"/><EventRecordID>TICKS</EventRecordID>\
             <Channel>Application</Channel><Computer>wn0xsdwk0000E4</Computer><Security/></System>\
             <EventData><Data>8</Data><Data>5</Data><Binary>50000780</Binary></EventData></Event></Events>"
        );
    }

    #[test]
    fn ticks_follow_the_clock_of_their_machine() {
        let mut log = EventLogBuilder::new();
        let at = Time::parse("2025-08-15T20:43:36Z").unwrap();
        log.started(Time(at.0 + 5_000), "RD1", 7).started(at, "RD1", 7).started(at, "RD2", 7);
        let xml = String::from_utf8(log.finish()).unwrap();
        let ticks: Vec<i64> = xml
            .split("<EventRecordID>")
            .skip(1)
            .map(|rest| rest.split_once('<').unwrap().0.parse().unwrap())
            .collect();
        assert_eq!(ticks[2] - ticks[0], 5_000);
        assert_ne!(ticks[0], ticks[1]);
    }

    #[test]
    fn a_crash_is_three_events_and_an_unhandled_exception_has_thirty_strings() {
        let mut log = EventLogBuilder::new();
        let at = Time::parse("2025-08-15T20:43:36Z").unwrap();
        log.crash(
            at,
            "RD1",
            7,
            "System.InvalidOperationException: <boom> & more",
            &["A.B.C(String s)"],
        );
        log.unhandled(
            at,
            "RD1",
            "https://contoso.azurewebsites.net/a?b=1",
            "HttpException",
            "late",
        );
        assert_eq!(
            log.events.iter().map(|event| event.id).collect::<Vec<_>>(),
            [1026, 1018, 1007, 1309]
        );
        assert_eq!(log.events[3].data.len(), 30);
        assert_eq!(log.events[3].data[20], "/a?b=1");
        let xml = String::from_utf8(log.finish()).unwrap();
        assert!(xml.contains("&lt;boom&gt; &amp; more\r\n   at A.B.C(String s)"));
    }
}
