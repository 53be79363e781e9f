//! Single failed requests: traces of them, and the detailed error pages that IIS wrote for them.

use std::collections::BTreeMap;

use daaslens_core::text::{duration_ms, shortened, visible};
use daaslens_core::{
    Evidence, Excerpt, Location, Origin, Part, PartKind, SourceId, Time, TimeRange,
};
use daaslens_httplog::error_page::{self, ErrorPage};
use daaslens_httplog::freb::{self, Stage, Trace};
use daaslens_httplog::{DocumentFault, Target};

use super::Count;
use crate::config::Config;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Failed {
    pub(crate) traces: Vec<OneTrace>,
    pub(crate) pages: Vec<OnePage>,
}

/// A trace.
#[derive(Debug)]
pub(crate) struct OneTrace {
    pub(crate) trace: Trace,
    pub(crate) at: Location,
}

/// A page.
#[derive(Debug)]
pub(crate) struct OnePage {
    pub(crate) page: ErrorPage,
    pub(crate) at: Location,
    /// The name of the file: pages are numbered.
    name: String,
}

impl Failed {
    pub(crate) fn trace(bytes: &[u8], source: usize, config: &Config, count: &mut Count) -> Self {
        let (trace, faults) = freb::read(bytes);
        faulty(count, &faults, trace.is_some());
        let mut failed = Self::default();
        let Some(trace) = trace else { return failed };
        let range = trace.request();
        let machine = trace.machine.as_deref().unwrap_or_default();
        if config.filter.admits(range.map(|range| range.end), trace.target.path.as_bytes())
            && config.filter.admits_instance_or_unknown(machine)
        {
            count.range = TimeRange::merge(count.range, range);
            if trace.cut {
                count.cut = Some("the trace is cut off".to_owned());
            } else if trace.truncated {
                // All of the file was read; IIS wrote no more of the request.
                count.notes.push("IIS ended the trace at its size limit, before the request ended");
            }
            failed.traces.push(OneTrace { trace, at: place(source) });
        }
        failed
    }

    pub(crate) fn page(
        bytes: &[u8],
        source: usize,
        origin: &Origin,
        config: &Config,
        count: &mut Count,
    ) -> Self {
        let (page, faults) = error_page::read(bytes);
        faulty(count, &faults, page.is_some());
        let mut failed = Self::default();
        let Some(page) = page else { return failed };
        let path = page.target.as_ref().map_or("", |target| &target.path);
        if config.filter.admits(None, path.as_bytes()) {
            if !faults.is_empty() {
                count.cut = faults.first().map(|fault| fault.kind.to_string());
            }
            let name = origin.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            failed.pages.push(OnePage { page, at: place(source), name });
        }
        failed
    }

    /// The file as evidence shows it.
    pub(crate) fn excerpt(bytes: &[u8], is_trace: bool) -> Option<Excerpt> {
        if is_trace {
            freb::read(bytes).0.map(|trace| of_trace(&trace))
        } else {
            error_page::read(bytes).0.map(|page| of_page(&page))
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.traces.extend(other.traces);
        self.pages.extend(other.pages);
    }

    /// Once everything is there: what stands in every copy of a bundle counts once. Traces have a number and a time of
    /// their own, pages the number in their name.
    pub(crate) fn settle(&mut self) {
        let mut traces: BTreeMap<_, OneTrace> = BTreeMap::new();
        for one in std::mem::take(&mut self.traces) {
            let trace = &one.trace;
            let key = (trace.range, trace.activity.clone(), trace.process, trace.machine.clone());
            let is_better =
                |other: &OneTrace| (trace.events, other.at) > (other.trace.events, one.at);
            match traces.get(&key) {
                Some(other) if trace.range.is_some() && !is_better(other) => {}
                _ if trace.range.is_none() => {
                    // Nothing tells it from others: it stands for itself.
                    let own = format!("{} {}", trace.activity, one.at.source.0);
                    traces.insert((None, own, trace.process, None), one);
                }
                _ => {
                    traces.insert(key, one);
                }
            }
        }
        self.traces = traces.into_values().collect();
        let mut pages: Vec<OnePage> = Vec::new();
        for one in std::mem::take(&mut self.pages) {
            if !pages.iter().any(|other| other.name == one.name && other.page == one.page) {
                pages.push(one);
            }
        }
        self.pages = pages;
    }
}

fn place(source: usize) -> Location {
    Location { source: SourceId(source as u32), byte: 0, line: 1 }
}

fn faulty(count: &mut Count, faults: &[DocumentFault], understood: bool) {
    if understood {
        count.records += 1;
        count.recovered += u64::from(!faults.is_empty());
    } else if let Some(fault) = faults.first() {
        count.fault(fault.line, fault.byte, fault.kind.to_string());
    }
}

/// How much of a request a trace covers.
pub(crate) fn covers(trace: &Trace) -> String {
    let covered = duration_ms(trace.covered_ms());
    match trace.time_taken_ms {
        Some(taken) => format!("{covered} of {}", duration_ms(taken)),
        None => covered,
    }
}

/// `500.32`; without a substatus `404`.
pub(crate) fn status(status: (u16, u32)) -> String {
    match status {
        (status, 0) => status.to_string(),
        (status, substatus) => format!("{status}.{substatus}"),
    }
}

/// A stage in words: what the knowledge base calls it, else as the trace names it.
pub(crate) fn stage(stage: &Stage) -> String {
    let shown = |text: &str| shortened(&visible(text.as_bytes()), 80).into_owned();
    match stage {
        Stage::Module { name, notification } => {
            format!("{} in {}", shown(name), shown(&notification_name(notification)))
        }
        Stage::Step { event, detail } => {
            // A title is a sentence, `The body is read`; the event is what one can look for.
            let title = daaslens_kb::trace_event(event).map(|known| known.about.title);
            let detail =
                if detail.is_empty() { String::new() } else { format!(" {}", shown(detail)) };
            match title {
                Some(title) => format!("{event}{detail} ({title})"),
                None => format!("{event}{detail}"),
            }
        }
        Stage::StartUp => "the start of the worker or application".to_owned(),
        Stage::Untraced { after, before } if before.is_empty() => {
            format!("untraced, after {}", shown(after))
        }
        Stage::Untraced { after, before } => {
            format!("untraced, between {} and {}", shown(after), shown(before))
        }
        Stage::Rest => "other stages".to_owned(),
    }
}

/// The name of a stage of the pipeline, where the trace has only its number.
pub(crate) fn notification_name(text: &str) -> String {
    let number = text.parse().ok();
    number
        .and_then(daaslens_kb::notification)
        .map_or_else(|| text.to_owned(), |known| known.name.to_owned())
}

fn part(kind: PartKind, text: impl Into<String>, strong: bool) -> Part {
    Part { kind, text: text.into(), strong }
}

fn plain(text: impl Into<String>) -> Part {
    part(PartKind::Plain, text, false)
}

fn named(text: &str) -> Part {
    part(PartKind::Text, shortened(&visible(text.as_bytes()), 80).into_owned(), false)
}

fn of_target(parts: &mut Vec<Part>, target: &Target) {
    if !target.host.is_empty() {
        parts.push(part(PartKind::Host, visible(target.host.as_bytes()).into_owned(), false));
    }
    let path = shortened(&visible(target.path.as_bytes()), 200).into_owned();
    parts.push(part(PartKind::Path, path, true));
}

fn of_error(parts: &mut Vec<Part>, module: &str, notification: &str, code: u32) {
    parts.extend([plain(", set by "), named(module)]);
    if !notification.is_empty() {
        parts.extend([plain(" in "), named(&notification_name(notification))]);
    }
    if code != 0 {
        parts.extend([plain(", "), part(PartKind::Plain, format!("0x{code:08X}"), true)]);
    }
}

/// A trace in one line.
pub(crate) fn of_trace(trace: &Trace) -> Excerpt {
    let mut parts = vec![named(&trace.verb), plain(" ")];
    of_target(&mut parts, &trace.target);
    if let Some(one) = trace.status {
        parts.extend([plain(" "), part(PartKind::Plain, status(one), true)]);
    }
    if let Some(error) = &trace.error {
        of_error(&mut parts, &error.module, &error.notification, error.code);
        if let Some(configuration) = &error.configuration {
            parts.extend([plain(", "), named(configuration)]);
        }
    }
    if let Some(taken) = trace.time_taken_ms {
        parts.push(plain(format!(", {}", duration_ms(taken))));
    }
    if let Some((longest, ms)) = trace.stages.first() {
        parts.extend([
            plain(format!(", {} of it: ", duration_ms(*ms))),
            part(PartKind::Text, stage(longest), false),
        ]);
    }
    if trace.is_partial() {
        parts.push(plain(format!(", covers {}", covers(trace))));
    }
    Excerpt(parts)
}

/// A page in one line.
pub(crate) fn of_page(page: &ErrorPage) -> Excerpt {
    let mut parts = Vec::new();
    if let Some(target) = &page.target {
        of_target(&mut parts, target);
        parts.push(plain(" "));
    }
    parts.push(part(PartKind::Plain, status((page.status, page.substatus)), true));
    of_error(
        &mut parts,
        page.module.as_deref().unwrap_or("an unknown module"),
        page.notification.as_deref().unwrap_or_default(),
        page.code.unwrap_or(0),
    );
    if let Some(handler) = &page.handler {
        parts.extend([plain(", handler "), named(handler)]);
    }
    if let Some(path) = &page.physical_path {
        let path = shortened(&visible(path.as_bytes()), 200).into_owned();
        parts.extend([plain(", "), part(PartKind::Path, path, false)]);
    }
    Excerpt(parts)
}

impl OneTrace {
    /// The trace as evidence.
    pub(crate) fn evidence(&self, note: String) -> Evidence {
        Evidence { at: self.at, note, excerpt: of_trace(&self.trace), alike: 1 }
    }

    /// The status that counts: the one that a module set, else the one that it ended with.
    pub(crate) fn status(&self) -> Option<(u16, u32)> {
        let set = self.trace.error.as_ref().map(|error| (error.status, error.substatus));
        set.or(self.trace.status).or(self.trace.trigger)
    }

    /// The second in which the worker's log has it: that of its end.
    pub(crate) fn logged(&self) -> Option<Time> {
        self.trace.end().or(self.trace.range.map(|range| range.end))
    }
}

impl OnePage {
    /// The page as evidence, for so many like it.
    pub(crate) fn evidence(&self, alike: u64) -> Evidence {
        Evidence { at: self.at, note: String::new(), excerpt: of_page(&self.page), alike }
    }

    /// The path that was asked for.
    pub(crate) fn path(&self) -> &str {
        self.page.target.as_ref().map_or("", |target| &target.path)
    }
}
