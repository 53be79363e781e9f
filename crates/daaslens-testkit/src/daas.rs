//! Sessions of DaaS: XML of the first generation, JSON of the second.

use crate::deployments::stamp;
use crate::{Bundle, Instance};
use daaslens_core::Time;
use serde_json::json;
use std::fmt::Write as _;

/// One file that a session collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectedLog {
    /// Which of the session's instances collected it: an index into [`DaasSessionBuilder::instances`].
    pub instance: usize,
    /// The name of the file.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// One session with what it collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaasSessionBuilder {
    /// The site.
    pub site: String,
    /// When it began.
    pub started: Time,
    /// When it was done.
    pub ended: Time,
    /// The diagnoser: `MemoryDump`, `Profiler` (second generation); `Http Logs`, `PHP Error Logs`,
    /// `Event Viewer Logs`, `Memory Dump` (first).
    pub tool: String,
    /// Why it was started; empty for none. An auto-heal rule writes its reason here.
    pub description: String,
    /// The instances asked.
    pub instances: Vec<Instance>,
    /// What was collected.
    pub logs: Vec<CollectedLog>,
    /// What went wrong while collecting.
    pub errors: Vec<String>,
}

impl DaasSessionBuilder {
    /// The id: `yyMMdd_HHmmssffff` of the start.
    pub fn id(&self) -> String {
        session_stamp(self.started)
    }

    /// Adds session file and logs in the layout of the second generation, under `root` (`data/DaaS`).
    pub fn add_v2(&self, bundle: &mut Bundle, root: &str) {
        let id = self.id();
        let active: Vec<serde_json::Value> = self
            .instances
            .iter()
            .enumerate()
            .map(|(index, instance)| {
                let logs: Vec<serde_json::Value> = self
                    .logs
                    .iter()
                    .filter(|log| log.instance == index)
                    .map(|log| {
                        json!({
                            "StartTime": stamp(self.ended),
                            "Name": log.name,
                            "PartialPath": format!("Data/DaaS/Logs/{id}/{}/{}", instance.machine, log.name),
                            "Size": log.bytes.len(),
                            "Reports": [],
                            "TempPath": format!(r"C:\local\Temp\Logs\{id}\{}\{}", instance.machine, log.name),
                            "RelativePath": null,
                        })
                    })
                    .collect();
                json!({
                    "Name": instance.machine,
                    "Status": "Complete",
                    "Logs": logs,
                    "CollectorErrors": self.errors,
                    "AnalyzerErrors": [],
                    "CollectorStatusMessages": [],
                    "AnalyzerStatusMessages": [],
                })
            })
            .collect();
        let session = json!({
            "Mode": "Collect",
            "SessionId": id,
            "Description": if self.description.is_empty() { serde_json::Value::Null } else { self.description.clone().into() },
            "Status": "Complete",
            "StartTime": stamp(self.started),
            "EndTime": stamp(self.ended),
            "Tool": self.tool,
            "ToolParams": null,
            "Instances": self.instances.iter().map(|instance| instance.machine.as_str()).collect::<Vec<_>>(),
            "ActiveInstances": active,
            "BlobStorageHostName": null,
            "DefaultScmHostName": format!("{}.scm.azurewebsites.net", self.site.to_lowercase()),
        });
        bundle.add(format!("{root}/Sessions/Complete/{id}.json"), format!("{session:#}"));
        for log in &self.logs {
            let Some(instance) = self.instances.get(log.instance) else { continue };
            bundle.add(
                format!("{root}/Logs/{id}/{}/{}", instance.machine, log.name),
                log.bytes.clone(),
            );
        }
        bundle.add(
            format!("{root}/PrivateSettings.json"),
            "{\r\n  // overrides of DiagnosticSettings.json go here\r\n}\r\n",
        );
    }

    /// Adds session file and logs in the layout of the first generation, under `root`. `collector` is the
    /// folder name of the collector, `HttpLogsCollector` for `Http Logs`.
    pub fn add_v1(&self, bundle: &mut Bundle, root: &str, collector: &str) {
        let (id, end) = (self.id(), session_stamp(self.ended));
        let site: String = self.site.chars().take(10).collect();
        let day = self.ended.format("%y-%m-%d");
        let mut logs = String::new();
        for log in &self.logs {
            let Some(instance) = self.instances.get(log.instance) else { continue };
            let path = format!(
                "Logs/{site}/{day}/{}/{collector}/{id}/{end}/{}",
                instance.machine, log.name
            );
            let _ = write!(
                logs,
                "\r\n        <Log Path=\"{}\" AnalysisStarted=\"{}\" FileSize=\"{}\" BlobSasUri=\"\" InstanceAnalyzing=\"\" />",
                path.replace('/', "\\"),
                stamp(self.ended),
                log.bytes.len()
            );
            bundle.add(format!("{root}/{path}"), log.bytes.clone());
        }
        let machines: Vec<&str> =
            self.instances.iter().map(|instance| instance.machine.as_str()).collect();
        let mut collected = String::new();
        for machine in &machines {
            let _ = write!(collected, "<Instance>{machine}</Instance>");
        }
        let mut errors = String::new();
        for error in &self.errors {
            let _ = write!(errors, "<Error>{error}</Error>");
        }
        let xml = format!(
            "<Session>\r\n  <SessionId>{id}</SessionId>\r\n  <SiteName>{}</SiteName>\r\n  <TimeRange><StartTime>{}</StartTime>\
             <EndTime>{}</EndTime></TimeRange>\r\n  <Status>Complete</Status>\r\n  <Description>{}</Description>\r\n  \
             <BlobSasUri></BlobSasUri>\r\n  <Instances>{}</Instances>\r\n  <Diagnosers>\r\n    <Diagnoser Name=\"{}\">\r\n      \
             <InstancesCollected>{collected}</InstancesCollected>\r\n      <Collector Status=\"Complete\" RunCount=\"1\" \
             FailureCount=\"{}\">{errors}</Collector>\r\n      <Analyzer Status=\"Complete\" RunCount=\"1\" FailureCount=\"0\" \
             AnalyzerStartTime=\"{}\" />\r\n      <Logs>{logs}\r\n      </Logs>\r\n    </Diagnoser>\r\n  </Diagnosers>\r\n</Session>",
            self.site,
            stamp(self.started),
            stamp(self.ended),
            self.description,
            machines.join(","),
            self.tool,
            self.errors.len(),
            stamp(self.ended),
        );
        bundle.add(format!("{root}/Sessions/Complete/{id}.xml"), xml);
        for machine in machines {
            let beat = json!({"Instance": {"Name": machine}, "ExpirationTime": stamp(Time(self.ended.0 + 300_000))});
            bundle.add(format!("{root}/Heartbeats/{machine}"), beat.to_string());
        }
    }
}

/// `yyMMdd_HHmmssffff`: four digits of fraction.
fn session_stamp(at: Time) -> String {
    format!("{}{:03}0", at.format("%y%m%d_%H%M%S"), at.0.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Random;

    fn session() -> DaasSessionBuilder {
        let started = Time(Time::parse("2024-01-12T09:35:12Z").unwrap().0 + 784);
        DaasSessionBuilder {
            site: "contoso-travel".into(),
            started,
            ended: Time(started.0 + 120_000),
            tool: "Http Logs".into(),
            description: "InvokedViaDaasApi".into(),
            instances: vec![Instance::random(&mut Random::new(1))],
            logs: vec![CollectedLog { instance: 0, name: "a.log".into(), bytes: b"x".to_vec() }],
            errors: vec![],
        }
    }

    #[test]
    fn the_second_generation_files_by_session_and_machine() {
        let (mut bundle, session) = (Bundle::default(), session());
        session.add_v2(&mut bundle, "data/DaaS");
        let machine = &session.instances[0].machine;
        let paths: Vec<&str> = bundle.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "data/DaaS/Sessions/Complete/240112_0935127840.json",
                &format!("data/DaaS/Logs/240112_0935127840/{machine}/a.log"),
                "data/DaaS/PrivateSettings.json",
            ]
        );
        let json: serde_json::Value = serde_json::from_slice(&bundle.files()[0].bytes).unwrap();
        assert_eq!(
            json["ActiveInstances"][0]["Logs"][0]["PartialPath"],
            format!("Data/DaaS/Logs/240112_0935127840/{machine}/a.log")
        );
        assert_eq!(json["StartTime"], "2024-01-12T09:35:12.7840000Z");
    }

    #[test]
    fn the_first_generation_files_by_site_and_day() {
        let (mut bundle, session) = (Bundle::default(), session());
        session.add_v1(&mut bundle, "DaaS", "HttpLogsCollector");
        let machine = &session.instances[0].machine;
        let path = format!(
            "DaaS/Logs/contoso-tr/24-01-12/{machine}/HttpLogsCollector/240112_0935127840/240112_0937127840/a.log"
        );
        assert_eq!(bundle.files()[0].path, path);
        assert_eq!(bundle.files()[1].path, "DaaS/Sessions/Complete/240112_0935127840.xml");
        let xml = String::from_utf8_lossy(&bundle.files()[1].bytes);
        assert!(xml.contains(r#"<Log Path="Logs\contoso-tr\24-01-12\"#), "{xml}");
    }
}
