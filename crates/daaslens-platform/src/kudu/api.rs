//! Replies of Kudu's API that somebody saved: which one it is follows from its fields, as people name the files freely.

use daaslens_core::Time;
use serde_json::Value;

use crate::document::{Document, kept};
use crate::json;
use crate::parsed::{FaultKind, Faults, Parsed, Place};
use crate::stamp;

use super::InstanceJoin;
use super::page::prefix_of;
use super::settings::{Setting, of_object, versions};

/// The most items that are kept of a reply.
const MAX_ITEMS: usize = 1000;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// `api/environment`.
    Environment {
        /// The version of Kudu.
        version: String,
        /// When the site was last changed.
        site_last_modified: Option<Time>,
    },
    /// `api/settings`: the names, in the order of the alphabet. Most values are keys and connection strings.
    Settings {
        /// The names.
        names: Vec<String>,
        /// The few that are no secret, with their values.
        known: Vec<Setting>,
    },
    /// `api/diagnostics/settings`: the switches of application logging, in the order of the alphabet. Only yes, no and
    /// the known levels are kept.
    Logging {
        /// Name and value.
        switches: Vec<(String, String)>,
    },
    /// `api/diagnostics/runtime`.
    Runtime(Runtime),
    /// `api/processes` or `api/processes/<id>`, plain or in the shape of ARM.
    Processes(Vec<Process>),
}

impl Reply {
    /// The instances that it names both ways.
    pub fn joins(&self) -> Vec<InstanceJoin> {
        let Self::Processes(processes) = self else { return Vec::new() };
        let mut joins: Vec<InstanceJoin> = processes.iter().filter_map(Process::join).collect();
        joins.sort();
        joins.dedup();
        joins
    }
}

/// What is installed on the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// The system's name.
    pub os_name: Option<String>,
    /// The system's build.
    pub os_build: Option<String>,
    /// How many cores it has.
    pub cores: Option<u32>,
    /// The versions of Node.js.
    pub node: Vec<String>,
    /// The versions of .NET, of 32 and of 64 bits.
    pub dotnet: Vec<String>,
    /// The versions of the ASP.NET Core Module.
    pub aspnet_core_module: Vec<String>,
}

/// A process on the machine. Of its environment a few variables are kept, and its command line is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its name, `w3wp`.
    pub name: Option<String>,
    /// The machine (`machineName`, else `COMPUTERNAME`).
    pub machine: Option<String>,
    /// The first six hex digits of the instance.
    pub prefix: Option<String>,
    /// The plan (`WEBSITE_SKU`).
    pub sku: Option<String>,
    /// Whether it is Kudu's own.
    pub is_scm: bool,
    /// Whether it belongs to a web job.
    pub is_web_job: bool,
    /// The process that started it.
    pub parent: Option<u32>,
    /// When it began.
    pub start: Option<Time>,
    /// When this was asked.
    pub at: Option<Time>,
    /// Its CPU time so far, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// Its threads. Fields that are 0 are left out by Kudu, so that `None` may be 0.
    pub threads: Option<u64>,
    /// Its handles.
    pub handles: Option<u64>,
    /// Its working set in bytes.
    pub working_set: Option<u64>,
    /// Its private memory in bytes.
    pub private_memory: Option<u64>,
    /// The most that its working set ever was, in bytes.
    pub peak_working_set: Option<u64>,
    /// The site (`WEBSITE_SITE_NAME`).
    pub site: Option<String>,
    /// The settings in its environment that are no secret.
    pub known: Vec<Setting>,
}

impl Process {
    /// The instance under both of its names.
    pub fn join(&self) -> Option<InstanceJoin> {
        let (prefix, machine) = (self.prefix.clone()?, self.machine.clone()?);
        Some(InstanceJoin { prefix, machine, certain: true })
    }
}

/// Reads a reply. `None` where it is none of those above.
pub fn read_api(bytes: &[u8]) -> Parsed<Option<Reply>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let place = document.place(0);
    let reply =
        json::parse(&document, &mut faults).and_then(|root| reply(&root, place, &mut faults));
    if reply.is_none() && !document.is_empty() {
        faults.add(place, FaultKind::Unexpected { expected: "a reply of Kudu" });
    }
    Parsed::new(reply, faults)
}

fn reply(root: &Value, place: Place, faults: &mut Faults) -> Option<Reply> {
    if let Some(list) = root.as_array().or_else(|| json::field(root, "value")?.as_array()) {
        if list.len() > MAX_ITEMS {
            let found = Some(list.len() as u64);
            let kind = FaultKind::Capped { what: "processes", kept: MAX_ITEMS as u64, found };
            faults.add(place, kind);
        }
        let processes: Vec<Process> =
            list.iter().take(MAX_ITEMS).filter_map(|item| process(item, place, faults)).collect();
        return (!processes.is_empty()).then_some(Reply::Processes(processes));
    }
    if let Some(process) = process(root, place, faults) {
        return Some(Reply::Processes(vec![process]));
    }
    // ARM wraps each in `properties`.
    let root = json::field(root, "properties").filter(|inner| inner.is_object()).unwrap_or(root);
    let has = |name: &str| json::field(root, name).is_some();
    if has("siteLastModified") && has("version") {
        return Some(Reply::Environment {
            version: json::text(root, "version").unwrap_or_default(),
            site_last_modified: json::time(
                root,
                "siteLastModified",
                "siteLastModified",
                place,
                faults,
            ),
        });
    }
    if let Some(system) = json::field(root, "System").filter(|_| has("nodejs")) {
        let cores = json::number(system, "cores");
        return Some(Reply::Runtime(Runtime {
            os_name: json::text(system, "os_name"),
            os_build: json::text(system, "os_build_lab_ex"),
            cores: cores.and_then(|cores| u32::try_from(cores).ok()),
            node: versions(json::field(root, "nodejs")),
            dotnet: {
                let both = ["DotNetCore32", "DotNetCore64"].map(|name| json::field(root, name));
                versions(Some(&both.into_iter().flatten().cloned().collect()))
            },
            aspnet_core_module: versions(json::field(root, "AspNetCoreModule")),
        }));
    }
    let object = root.as_object()?;
    let mut names: Vec<&String> = object.keys().collect();
    names.sort_unstable();
    let capped = names.len().min(MAX_ITEMS);
    let starts = |start: &str| names.iter().any(|name| name.starts_with(start));
    if starts("AzureDrive") || starts("AzureTable") || starts("AzureBlob") {
        let switches = names.iter().take(capped).filter_map(|name| {
            let value = match object.get(*name)? {
                Value::Bool(value) => value.to_string(),
                Value::String(word) => level(word)?.to_owned(),
                _ => return None,
            };
            Some((kept(name), value))
        });
        return Some(Reply::Logging { switches: switches.collect() });
    }
    let is_flat = object.values().all(|value| matches!(value, Value::String(_) | Value::Null));
    let is_settings = starts("WEBSITE_") || starts("SCM_") || starts("FUNCTIONS_");
    (is_flat && is_settings).then(|| Reply::Settings {
        names: names.iter().take(capped).map(|name| kept(name)).collect(),
        known: of_object(root),
    })
}

fn process(item: &Value, place: Place, faults: &mut Faults) -> Option<Process> {
    let value = json::field(item, "properties").unwrap_or(item);
    let pid = u32::try_from(json::number(value, "id")?).ok()?;
    let machine = json::text(value, "machineName");
    let variables = json::field(value, "environment_variables");
    if machine.is_none() && variables.is_none() && json::field(value, "href").is_none() {
        return None;
    }
    let variable = |name: &str| variables.and_then(|variables| json::text(variables, name));
    Some(Process {
        pid,
        name: json::text(value, "name"),
        machine: machine.or_else(|| variable("COMPUTERNAME")),
        prefix: variable("WEBSITE_INSTANCE_ID").as_deref().and_then(prefix_of),
        sku: variable("WEBSITE_SKU"),
        is_scm: json::flag(value, "is_scm_site").unwrap_or(false),
        is_web_job: json::flag(value, "is_webjob").unwrap_or(false),
        parent: json::text(value, "parent").as_deref().and_then(last_number),
        start: json::time(value, "start_time", "start_time", place, faults),
        at: json::time(value, "time_stamp", "time_stamp", place, faults),
        cpu_ms: json::text(value, "total_cpu_time").as_deref().and_then(stamp::time_span),
        threads: json::number(value, "thread_count"),
        handles: json::number(value, "handle_count"),
        working_set: json::number(value, "working_set"),
        private_memory: json::number(value, "private_memory"),
        peak_working_set: json::number(value, "peak_working_set"),
        site: variable("WEBSITE_SITE_NAME"),
        known: variables.map(of_object).unwrap_or_default(),
    })
}

/// `https://…/api/processes/7412` → 7412.
fn last_number(href: &str) -> Option<u32> {
    let last = href.rsplit('/').next()?;
    stamp::number(last).filter(|_| !last.is_empty())
}

fn level(word: &str) -> Option<&'static str> {
    ["Off", "Error", "Warning", "Information", "Verbose"]
        .into_iter()
        .find(|level| level.eq_ignore_ascii_case(word))
}
