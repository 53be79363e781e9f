//! The text trace of a request that runs: `LogFiles/kudu/trace/<MACHINE>-<guid>.txt`.
//!
//! Kudu deletes it some minutes after the request is answered, so that what is found is mostly one: that of the download
//! of the very dump it lies in, or that of a process that died.
//!
//! ```text
//! 2026-03-11T02:14:07  Startup Request, url: /dump, method: GET, type: request, pid: 2280,2,8, ScmType: None
//! 2026-03-11T02:14:07    Cleanup Xml Logs
//! ```

use crate::document::{Document, kept, without_query};
use crate::ends::Ends;
use crate::parsed::{FaultKind, Faults, Parsed};

use super::trace::{MAX_STEPS, Step, Trace, kind_of, process};

/// The machine in the name of a text trace: what stands before the GUID. Names of machines may hold `-`: those of
/// consumption plans are addresses, `10-30-8-121`.
pub fn machine_of_name(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next()?;
    let stem = name.len().checked_sub(4).and_then(|end| name.split_at_checked(end));
    let (stem, _) = stem.filter(|(_, extension)| extension.eq_ignore_ascii_case(".txt"))?;
    let (machine, guid) = stem.split_at_checked(stem.len().checked_sub(36)?)?;
    let is_guid = guid.bytes().enumerate().all(|(at, c)| match at {
        8 | 13 | 18 | 23 => c == b'-',
        _ => c.is_ascii_hexdigit(),
    });
    let machine = machine.strip_suffix('-')?;
    (is_guid && !machine.is_empty()).then_some(machine)
}

/// Reads a text trace. `path` is where it lies; its name holds the machine.
pub fn read_text_trace(bytes: &[u8], path: &str) -> Parsed<Option<Trace>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let mut trace: Option<Trace> = None;
    let mut steps = Ends::new(MAX_STEPS);
    for (place, line) in document.lines() {
        if line.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty() {
            continue;
        }
        let stamped = line.split_at_checked(19).and_then(|(date, rest)| {
            let time = daaslens_core::Time::parse(date).filter(|_| date.contains('T'))?;
            Some((time, rest))
        });
        let Some((time, rest)) = stamped else {
            // A message of several lines goes on; its first line was enough.
            if trace.is_none() {
                faults.add(place, FaultKind::Line);
            }
            continue;
        };
        let text = rest.trim_start_matches(' ');
        let depth = u32::try_from((rest.len() - text.len()) / 2).unwrap_or(u32::MAX);
        let title = title_of(text);
        match &mut trace {
            None => trace = Some(outermost(time, text, title, path)),
            Some(trace) if text.starts_with("Done ") => {
                if depth <= 1 {
                    trace.is_pending = false;
                    trace.duration_ms =
                        u64::try_from(time.0 - trace.time.map_or(time.0, |t| t.0)).ok();
                }
            }
            Some(_) => steps.add(Step {
                time: Some(time),
                depth: depth.saturating_sub(1),
                title: kept(title),
                ..Step::default()
            }),
        }
    }
    if let Some(trace) = &mut trace {
        trace.steps_found = steps.found;
        trace.steps = steps.into_list();
    }
    Parsed::new(trace, faults)
}

fn outermost(time: daaslens_core::Time, text: &str, title: &str, path: &str) -> Trace {
    let url = value_of(text, "url").map(|url| url.split(", ").next().unwrap_or_default());
    // The numbers of the process have commas of their own.
    let numbers = value_of(text, "pid").map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default().trim_end_matches(',')
    });
    let method = value_of(text, "method").and_then(|rest| rest.split(',').next());
    Trace {
        time: Some(time),
        kind: kind_of(title).unwrap_or_default(),
        machine: machine_of_name(path).map(str::to_owned),
        process: numbers.and_then(process),
        method: method.map(kept),
        path: url.map(|url| kept(without_query(url))),
        is_pending: true,
        ..Trace::default()
    }
}

/// What stands behind `, <name>: `.
fn value_of<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let at = text.find(&format!(", {name}: "))?;
    text.get(at + name.len() + 4..)
}

/// The title of a step: what stands before the first `, <name>: `, where the attributes begin. They are headers and
/// the like, and not kept.
fn title_of(text: &str) -> &str {
    let is_name = |rest: &str| {
        let end = rest.bytes().take(64).position(|c| c == b':' || c.is_ascii_whitespace());
        end.is_some_and(|end| end > 0 && rest.as_bytes().get(end) == Some(&b':'))
    };
    let attributes = text
        .match_indices(", ")
        .map(|(at, _)| at)
        .find(|at| text.get(at + 2..).is_some_and(is_name));
    attributes.and_then(|at| text.get(..at)).unwrap_or(text)
}
