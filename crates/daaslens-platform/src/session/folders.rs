//! Sessions of which only the folders are left.
//!
//! With a storage account configured, DaaS of 2024 keeps its records in Azure Tables. `Sessions` is empty then, while
//! `Logs` and `Reports` are full. Their names tell the start, the machines and the files.

use std::collections::BTreeMap;

use daaslens_core::Time;

use crate::stamp;

use super::{Generation, Log, MAX_PARTS, MAX_SESSIONS, Report, Run, Session, entry_pages};

/// A session for each id below `DaaS/Logs` and `DaaS/Reports`, from the paths (with `/`) and sizes of all files. Those
/// of the first generation have no such id, as their records are always there. In the order of ids, at most
/// [`MAX_SESSIONS`].
pub fn from_folders<'p>(files: impl Iterator<Item = (&'p str, u64)>) -> Vec<Session> {
    let mut sessions: BTreeMap<String, Session> = BTreeMap::new();
    let mut reports: BTreeMap<String, Vec<(Time, Report)>> = BTreeMap::new();
    for (path, size) in files {
        let Some(found) = split(path) else { continue };
        if !sessions.contains_key(found.id) && sessions.len() >= MAX_SESSIONS {
            continue;
        }
        let session = sessions.entry(found.id.to_owned()).or_insert_with(|| Session {
            generation: Generation::FoldersOnly,
            id: found.id.to_owned(),
            start: stamp::session_id(found.id),
            ..Session::default()
        });
        if found.is_report {
            let list = reports.entry(found.id.to_owned()).or_default();
            if let Some(at) = stamp::session_id(found.below)
                && list.len() < MAX_PARTS
            {
                let report = Report { name: found.name.to_owned(), partial_path: path.to_owned() };
                list.push((at, report));
            }
            continue;
        }
        let position = session
            .instances
            .iter()
            .position(|name| name.eq_ignore_ascii_case(found.below))
            .unwrap_or(session.instances.len());
        if position == session.instances.len() {
            if position >= MAX_PARTS {
                continue;
            }
            session.instances.push(found.below.to_owned());
            let instance = Some(found.below.to_owned());
            session.runs.push(Run { instance, ..Run::default() });
        }
        if let Some(run) = session.runs.get_mut(position)
            && !found.name.to_ascii_lowercase().ends_with(".diaglog")
            && run.logs.len() < MAX_PARTS
        {
            run.logs.push(Log {
                name: found.name.to_owned(),
                partial_path: path.to_owned(),
                size,
                ..Log::default()
            });
        }
    }
    for (id, list) in reports {
        let Some(session) = sessions.get_mut(&id) else { continue };
        session.end = list.iter().map(|(at, _)| *at).max();
        let pages = entry_pages(list.into_iter().map(|(_, report)| report).collect());
        // A report's file begins with the machine's name.
        for page in pages {
            let owner = session.runs.iter_mut().find(|run| {
                run.instance.as_deref().is_some_and(|name| starts_with(&page.name, name))
            });
            if let Some(log) = owner.and_then(|run| run.logs.first_mut()) {
                log.reports.push(page);
            }
        }
    }
    sessions.into_values().collect()
}

struct Found<'p> {
    id: &'p str,
    is_report: bool,
    /// The machine of a log, the time of a report.
    below: &'p str,
    name: &'p str,
}

/// `…/Logs/<id>/<MACHINE>/<file>` and `…/Reports/<id>/<time>/<file>`, whatever the folder above is called. CPU monitoring has
/// logs of its own.
fn split(path: &str) -> Option<Found<'_>> {
    let mut parts = path.split('/').peekable();
    let mut before = "";
    let is_report = loop {
        let part = parts.next()?;
        let next = *parts.peek()?;
        if stamp::session_id(next).is_some() && !before.eq_ignore_ascii_case("monitoring") {
            if part.eq_ignore_ascii_case("logs") {
                break false;
            }
            if part.eq_ignore_ascii_case("reports") {
                break true;
            }
        }
        before = part;
    };
    let id = parts.next()?;
    let below = parts.next()?;
    let name = parts.last()?;
    Some(Found { id, is_report, below, name })
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}
