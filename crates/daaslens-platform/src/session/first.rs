//! The XML of the first generation.

use crate::document::{Document, kept, some};
use crate::parsed::{FaultKind, Faults};
use crate::stamp;
use crate::xml::{self, Element};

use super::{
    Generation, Hosts, Log, MAX_PARTS, Report, Run, Session, Status, Tool, entry_pages, is_local,
    name_of,
};

pub(super) fn read(document: &Document<'_>, faults: &mut Faults) -> Option<Session> {
    let root = xml::parse(document, faults)?;
    if !root.name.eq_ignore_ascii_case("Session") {
        return None;
    }
    let place = |element: &Element| document.place(element.at);
    let id = kept(root.text_of("SessionId"));
    let mut start = None;
    let mut end = None;
    if let Some(range) = root.child("TimeRange") {
        let at = place(range);
        start = stamp::iso(range.text_of("StartTime"), "StartTime", at, faults);
        end = stamp::iso(range.text_of("EndTime"), "EndTime", at, faults);
    }
    if id.is_empty() {
        faults.add(place(&root), FaultKind::Missing { field: "SessionId" });
    }
    let instances: Vec<String> = root
        .text_of("Instances")
        .split(',')
        .filter(|name| !name.trim().is_empty())
        .take(MAX_PARTS)
        .map(kept)
        .collect();
    let mut session = Session {
        generation: Generation::First,
        start: start.or_else(|| stamp::session_id(&id)),
        id,
        end,
        status: status(root.text_of("Status"), place(&root), faults),
        mode: None,
        tools: Vec::new(),
        description: some(root.text_of("Description")),
        instances,
        runs: Vec::new(),
        hosts: Hosts { site: some(root.text_of("SiteName")), ..Hosts::default() },
    };
    for diagnosers in root.children_named("Diagnosers") {
        for diagnoser in diagnosers.children_named("Diagnoser") {
            self::diagnoser(diagnoser, document, &mut session, faults);
        }
    }
    if session.runs.len() > MAX_PARTS {
        let kind = FaultKind::Capped {
            what: "runs",
            kept: MAX_PARTS as u64,
            found: Some(session.runs.len() as u64),
        };
        faults.add(place(&root), kind);
        session.runs.truncate(MAX_PARTS);
    }
    Some(session)
}

/// Adds the runs of one diagnoser. Only files say on which machine they were collected (the fourth part of their path);
/// errors are those of the diagnoser.
fn diagnoser(
    element: &Element,
    document: &Document<'_>,
    session: &mut Session,
    faults: &mut Faults,
) {
    let place = document.place(element.at);
    let tool = Tool::read(element.attribute("Name").unwrap_or_default());
    if !session.tools.contains(&tool) {
        session.tools.push(tool);
    }
    let part = |name: &str| element.child(name);
    let said = |name: &str, faults: &mut Faults| match part(name) {
        Some(part) => status(part.attribute("Status").unwrap_or_default(), place, faults),
        None => Status::Unknown,
    };
    let (collected, analysed) = (said("Collector", faults), said("Analyzer", faults));
    let status = match analysed {
        Status::NotRequested | Status::Unknown => collected,
        _ if matches!(collected, Status::Complete | Status::Unknown) => analysed,
        _ => collected,
    };
    let errors = |name: &str| -> Vec<String> {
        let errors = part(name).into_iter().flat_map(|part| part.children_named("Error"));
        errors.filter_map(|error| some(&error.text)).take(MAX_PARTS).collect()
    };
    let first = session.runs.len();
    let new = |instance: Option<String>| Run { tool, instance, status, ..Run::default() };
    let collected_on = part("InstancesCollected").into_iter();
    for instance in collected_on.flat_map(|list| list.children_named("Instance")).take(MAX_PARTS) {
        session.runs.extend(some(&instance.text).map(|name| new(Some(name))));
    }
    let mut found = 0;
    for element in part("Logs").into_iter().flat_map(|logs| logs.children_named("Log")) {
        found += 1;
        if found > MAX_PARTS {
            continue;
        }
        let (instance, log) = log(element, faults, document);
        let runs = session.runs.get_mut(first..).unwrap_or_default();
        let same = |run: &&mut Run| match (&run.instance, &instance) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a == b,
        };
        if let Some(run) = runs.iter_mut().find(same) {
            run.logs.push(log);
        } else {
            session.runs.push(Run { logs: vec![log], ..new(instance) });
        }
    }
    if found > MAX_PARTS {
        let kind =
            FaultKind::Capped { what: "logs", kept: MAX_PARTS as u64, found: Some(found as u64) };
        faults.add(place, kind);
    }
    let (collector_errors, analyzer_errors) = (errors("Collector"), errors("Analyzer"));
    if session.runs.len() == first && session.instances.len() == 1 {
        session.runs.push(new(session.instances.first().cloned()));
    }
    let has_errors = !collector_errors.is_empty() || !analyzer_errors.is_empty();
    let is_one = session.runs.len() == first + 1 && session.instances.len() <= 1;
    if session.runs.len() == first || has_errors && !is_one {
        session.runs.push(new(None));
    }
    if let Some(run) = session.runs.last_mut() {
        run.collector_errors = collector_errors;
        run.analyzer_errors = analyzer_errors;
    }
}

/// `Logs\<site>\<yy-MM-dd>\<MACHINE>\<Collector>\<start>\<end>\<file>`.
fn log(element: &Element, faults: &mut Faults, document: &Document<'_>) -> (Option<String>, Log) {
    let path =
        |element: &Element| kept(element.attribute("Path").unwrap_or_default()).replace('\\', "/");
    let partial_path = path(element);
    let mut parts = partial_path.split('/').skip_while(|part| !part.eq_ignore_ascii_case("logs"));
    let instance = parts.nth(3).filter(|_| parts.next().is_some());
    let size = element.attribute("FileSize").unwrap_or_default().trim();
    // It is a fractional number there, of bytes.
    let bytes = size.parse::<f64>().ok().filter(|size| (0.0..9e15).contains(size));
    if bytes.is_none() && !size.is_empty() {
        faults.add(document.place(element.at), FaultKind::Number { field: "FileSize" });
    }
    let reports = element.children_named("Report").take(MAX_PARTS).map(|report| {
        let partial_path = path(report);
        Report { name: name_of(&partial_path).to_owned(), partial_path }
    });
    // The key itself is not kept, only that there was one.
    let has_key = element.attribute("BlobSasUri").is_some_and(|key| !key.trim().is_empty());
    let log = Log {
        name: name_of(&partial_path).to_owned(),
        size: bytes.unwrap_or_default() as u64,
        time: None,
        is_in_blob: has_key || !is_local(&partial_path),
        reports: entry_pages(reports.collect()),
        partial_path: crate::document::without_query(&partial_path).to_owned(),
    };
    (instance.map(str::to_owned), log)
}

fn status(word: &str, place: crate::Place, faults: &mut Faults) -> Status {
    let status = Status::read(word);
    if status.is_none() {
        faults.add(place, FaultKind::Word { field: "Status" });
    }
    status.unwrap_or_default()
}
