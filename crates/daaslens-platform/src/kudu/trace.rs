//! What a trace of Kudu says.

use daaslens_core::{Time, TimeRange};

use crate::document::{Document, is_prefix, kept, some, without_query};
use crate::ends::Ends;
use crate::offline::Offline;
use crate::parsed::{FaultKind, Faults, Parsed};
use crate::xml::Element;
use crate::{stamp, xml};

use super::trace_name::{TraceKind, TraceName};

/// The most steps that are kept of a trace, half of them from its end.
pub const MAX_STEPS: usize = 500;

/// A trace, of XML or of text. What the content does not say is taken from the name.
///
/// Of a request only method and path are kept; headers, query and address are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// When it began.
    pub time: Option<Time>,
    /// What it is of.
    pub kind: TraceKind,
    /// The first six hex digits of the instance (XML traces).
    pub prefix: Option<String>,
    /// The name of the machine (text traces).
    pub machine: Option<String>,
    /// The process of Kudu, its application domain and its thread.
    pub process: Option<(u32, u32, u32)>,
    /// The method of the request.
    pub method: Option<String>,
    /// Its path, without the query.
    pub path: Option<String>,
    /// The status that was answered.
    pub status: Option<u16>,
    /// How long it took, in milliseconds: from the content, else the whole seconds of the name.
    pub duration_ms: Option<u64>,
    /// Whether it was not at its end.
    pub is_pending: bool,
    /// Of a shutdown: how long the process had lived, in milliseconds.
    pub uptime_ms: Option<u64>,
    /// Of a shutdown: how long no request had come, in milliseconds.
    pub idle_ms: Option<u64>,
    /// When `app_offline.htm` lay in the site, which then answered 503.
    pub offline: Vec<TimeRange>,
    /// When the deployment had the application restarted.
    pub recycles: Vec<Time>,
    /// What was done, in the order of the file; see [`MAX_STEPS`]. The trace itself is not among them.
    pub steps: Vec<Step>,
    /// How many steps there were.
    pub steps_found: u64,
    /// The host that was asked.
    pub host: Option<String>,
}

/// A step of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// When it began.
    pub time: Option<Time>,
    /// How deep it lies; 1 below the trace itself.
    pub depth: u32,
    /// What it is; free text.
    pub title: String,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// What went wrong, of steps that say so; free text.
    pub error: Option<String>,
}

/// Reads an XML trace. `path` is where it lies; its name matters. `None` where neither name nor content are of a trace.
pub fn read_trace(bytes: &[u8], path: &str) -> Parsed<Option<Trace>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let name = TraceName::read(path);
    let root = xml::parse(&document, &mut faults);
    if let Some(root) = &root
        && root.name == "exception"
        && let Some(name) = name
    {
        let mut trace = from_name(name);
        trace.steps.push(Step {
            time: trace.time,
            depth: 1,
            error: some(&root.text),
            ..Step::default()
        });
        trace.steps_found = 1;
        return Parsed::new(Some(trace), faults);
    }
    let root = root.filter(|root| root.name == "step");
    if root.is_none() && !document.is_empty() {
        faults.add(document.place(0), FaultKind::Unexpected { expected: "a trace of Kudu" });
    }
    let trace = match (name, root) {
        (None, None) => None,
        (name, root) => {
            let mut trace = name.map(from_name).unwrap_or_default();
            if let Some(root) = root {
                fill(&mut trace, &root, &document, &mut faults);
            }
            Some(trace)
        }
    };
    Parsed::new(trace, faults)
}

fn from_name(name: TraceName) -> Trace {
    Trace {
        time: Some(name.time),
        kind: name.kind,
        prefix: Some(name.prefix),
        method: name.method,
        path: name.path,
        status: name.status,
        duration_ms: name.seconds.map(|seconds| seconds * 1000),
        is_pending: name.is_pending,
        ..Trace::default()
    }
}

fn fill(trace: &mut Trace, root: &Element, document: &Document<'_>, faults: &mut Faults) {
    let place = document.place(root.at);
    let attribute = |name: &str| root.attribute(name).filter(|value| !value.is_empty());
    trace.time =
        attribute("date").and_then(|date| stamp::iso(date, "date", place, faults)).or(trace.time);
    if let Some(prefix) = attribute("instance").filter(|prefix| is_prefix(prefix)) {
        trace.prefix = Some(prefix.to_ascii_lowercase());
    }
    let title = attribute("title").unwrap_or_default();
    trace.kind = kind_of(title).unwrap_or(trace.kind);
    trace.method = attribute("method").map(kept).or(trace.method.take());
    trace.path = attribute("url").map(|url| kept(without_query(url))).or(trace.path.take());
    trace.process = attribute("pid").and_then(process).or(trace.process);
    trace.uptime_ms = attribute("uptime").and_then(stamp::time_span);
    trace.idle_ms = attribute("lastrequesttime").and_then(stamp::time_span);
    trace.host = attribute("Host").map(kept);
    trace.duration_ms = duration(&root.note).or(trace.duration_ms);
    trace.is_pending |= !root.is_closed;

    let mut steps = Ends::new(MAX_STEPS);
    let mut offline = Offline::default();
    let mut left: Vec<(u32, &Element)> = root.children.iter().rev().map(|step| (1, step)).collect();
    while let Some((depth, element)) = left.pop() {
        left.extend(element.children.iter().rev().map(|step| (depth + 1, step)));
        let title = element.attribute("title").unwrap_or_default();
        let date = element.attribute("date").unwrap_or_default();
        let time = stamp::iso(date, "date", document.place(element.at), faults);
        offline.see(time, title);
        if title.starts_with("Triggering recycle") && trace.recycles.len() < MAX_STEPS {
            trace.recycles.extend(time);
        }
        if title == "Outgoing response" && depth == 1 {
            let status = element.attribute("statusCode").and_then(stamp::number);
            trace.status = status.and_then(|status| u16::try_from(status).ok()).or(trace.status);
        }
        let is_error = element.attribute("type").is_some_and(|kind| kind == "error");
        steps.add(Step {
            time,
            depth,
            title: kept(title),
            duration_ms: duration(&element.note),
            error: element.attribute("text").filter(|_| is_error).and_then(some),
        });
    }
    trace.offline = offline.finish();
    trace.steps_found = steps.found;
    trace.steps = steps.into_list();
}

/// What the title of the outermost step says.
pub(super) fn kind_of(title: &str) -> Option<TraceKind> {
    match title {
        "Incoming Request" => Some(TraceKind::Request),
        "Startup Request" => Some(TraceKind::Startup),
        "Process Shutdown" => Some(TraceKind::Shutdown),
        "BackgroundTrace" => Some(TraceKind::Background),
        _ => None,
    }
}

/// `5776,2,14`: the process, its application domain, the thread.
pub(super) fn process(text: &str) -> Option<(u32, u32, u32)> {
    stamp::triple(text.trim(), ',')
}

/// `duration: 40ms`.
fn duration(note: &str) -> Option<u64> {
    let digits = note.strip_prefix("duration:")?.trim().strip_suffix("ms")?;
    digits.parse().ok()
}
