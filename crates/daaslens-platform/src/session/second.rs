//! The JSON of the second generation, as it lies on the disk and as the API replies it.
//!
//! `TempPath` and `RelativePath` are never read: the one is a folder of a machine that is gone, the other may carry the
//! key to a storage account.

use serde_json::Value;

use crate::document::{Document, some, without_query};
use crate::parsed::{FaultKind, Faults, Place};
use crate::{json, stamp};

use super::{
    Generation, Hosts, Log, MAX_PARTS, MAX_SESSIONS, Mode, Report, Run, Session, Status, Tool,
    entry_pages, is_local, name_of,
};

pub(super) fn read(document: &Document<'_>, faults: &mut Faults) -> Vec<Session> {
    let Some(root) = json::parse(document, faults) else { return Vec::new() };
    let place = document.place(0);
    let many = match &root {
        Value::Array(items) => items.as_slice(),
        root => match json::field(root, "value") {
            Some(Value::Array(items)) => items.as_slice(),
            _ => std::slice::from_ref(root),
        },
    };
    if many.len() > MAX_SESSIONS {
        let kind = FaultKind::Capped {
            what: "sessions",
            kept: MAX_SESSIONS as u64,
            found: Some(many.len() as u64),
        };
        faults.add(place, kind);
    }
    many.iter().take(MAX_SESSIONS).filter_map(|item| session(item, place, faults)).collect()
}

fn session(item: &Value, place: Place, faults: &mut Faults) -> Option<Session> {
    // ARM wraps each in `properties`.
    let value = json::field(item, "properties").unwrap_or(item);
    let id = json::text(value, "SessionId")?;
    let mode = json::text(value, "Mode");
    let known_mode = mode.as_deref().and_then(Mode::read);
    if mode.is_some() && known_mode.is_none() {
        faults.add(place, FaultKind::Word { field: "Mode" });
    }
    let name = json::text(value, "Tool");
    let tool = name.as_deref().map(Tool::read);
    if name.is_none() {
        faults.add(place, FaultKind::Missing { field: "Tool" });
    }
    let start = json::time(value, "StartTime", "StartTime", place, faults);
    let blob = json::text(value, "BlobStorageHostName");
    let runs = items(value, "ActiveInstances", "runs", place, faults);
    Some(Session {
        generation: Generation::Second,
        start: start.or_else(|| stamp::session_id(&id)),
        id,
        end: json::time(value, "EndTime", "EndTime", place, faults),
        status: status(value, place, faults),
        mode: known_mode,
        tools: tool.into_iter().collect(),
        description: json::text(value, "Description"),
        instances: texts(value, "Instances", place, faults),
        runs: runs.map(|run| self::run(run, tool.unwrap_or_default(), place, faults)).collect(),
        hosts: Hosts {
            site: None,
            scm: json::text(value, "DefaultScmHostName"),
            // Of an address only the host; behind it could stand a key.
            blob: blob.map(|blob| {
                let host = blob.split("://").last().unwrap_or_default();
                without_query(host).split('/').next().unwrap_or_default().to_owned()
            }),
        },
    })
}

fn run(value: &Value, tool: Tool, place: Place, faults: &mut Faults) -> Run {
    let logs = items(value, "Logs", "logs", place, faults);
    Run {
        tool,
        instance: json::text(value, "Name"),
        status: status(value, place, faults),
        logs: logs.map(|log| self::log(log, place, faults)).collect(),
        collector_errors: texts(value, "CollectorErrors", place, faults),
        analyzer_errors: texts(value, "AnalyzerErrors", place, faults),
        collector_messages: texts(value, "CollectorStatusMessages", place, faults),
        analyzer_messages: texts(value, "AnalyzerStatusMessages", place, faults),
    }
}

fn log(value: &Value, place: Place, faults: &mut Faults) -> Log {
    let path = |value: &Value| {
        let path = json::text(value, "PartialPath").unwrap_or_default().replace('\\', "/");
        without_query(&path).to_owned()
    };
    let (partial_path, is_in_blob) = match path(value) {
        path if path.is_empty() => (path, false),
        path if is_local(&path) => (path, false),
        // `<host name>/<session>/<machine>/<file>`: the host name stands in a field of its own.
        path => (path.split_once('/').map_or("", |(_, rest)| rest).to_owned(), true),
    };
    let name = json::text(value, "Name").map(|name| without_query(&name).to_owned());
    let reports = items(value, "Reports", "reports", place, faults).map(|report| {
        let partial_path = path(report);
        let name = json::text(report, "Name").map(|name| without_query(&name).to_owned());
        Report { name: name.unwrap_or_else(|| name_of(&partial_path).to_owned()), partial_path }
    });
    let reports = entry_pages(reports.collect());
    Log {
        name: name.unwrap_or_else(|| name_of(&partial_path).to_owned()),
        partial_path,
        size: json::number(value, "Size").unwrap_or_default(),
        time: json::time(value, "StartTime", "StartTime", place, faults),
        is_in_blob,
        reports,
    }
}

fn status(value: &Value, place: Place, faults: &mut Faults) -> Status {
    let status = json::text(value, "Status").as_deref().and_then(Status::read);
    if status.is_none() {
        faults.add(place, FaultKind::Word { field: "Status" });
    }
    status.unwrap_or_default()
}

fn texts(value: &Value, name: &'static str, place: Place, faults: &mut Faults) -> Vec<String> {
    items(value, name, name, place, faults).filter_map(|item| some(item.as_str()?)).collect()
}

/// The first items of a list.
fn items<'v>(
    value: &'v Value,
    name: &str,
    what: &'static str,
    place: Place,
    faults: &mut Faults,
) -> impl Iterator<Item = &'v Value> + use<'v> {
    let list = json::list(value, name);
    if list.len() > MAX_PARTS {
        let (kept, found) = (MAX_PARTS as u64, Some(list.len() as u64));
        faults.add(place, FaultKind::Capped { what, kept, found });
    }
    list.iter().take(MAX_PARTS)
}
