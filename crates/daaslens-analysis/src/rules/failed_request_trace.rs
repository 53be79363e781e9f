#![doc = include_str!("failed_request_trace.md")]

use std::collections::{BTreeMap, BTreeSet};

use daaslens_core::text::{counted, duration_ms, shortened, thousands};
use daaslens_core::{
    Confidence, Evidence, Excerpt, Finding, Kind, Location, Metric, PartKind, Severity, Time,
    TimeRange,
};
use daaslens_httplog::freb::Stage;
use daaslens_kb::TraceStage;

use super::{Conclusions, Rule};
use crate::correlate;
use crate::facts::Facts;
use crate::http::summary::app_sites;
use crate::http::template;
use crate::records::failed::{self, OnePage, OneTrace};
use crate::zoom::{Question, Reply};

pub(super) const RULE: Rule = Rule {
    id: "failed-request-trace",
    doc: include_str!("failed_request_trace.md"),
    questions,
    conclude,
};

/// The most groups that become findings.
const MOST: usize = 10;

/// The most traces whose line in the log is looked for.
const LOOKED_UP: usize = 24;

/// Stages shorter than this are not worth a word.
const TOLD_MS: u64 = 500;

/// A request of this long is slow whatever it ends with.
const SLOW_MS: u64 = 10_000;

/// What makes two failed requests the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    status: (u16, u32),
    /// In lower case.
    module: String,
    code: u32,
    /// The template of the address; empty where it does not matter.
    url: String,
}

#[derive(Debug, Default)]
struct Group<'a> {
    traces: Vec<&'a OneTrace>,
    pages: Vec<&'a OnePage>,
}

/// A line of the log that is the request of a trace.
struct Joined {
    evidence: Evidence,
    certain: bool,
}

fn template_of(path: &str) -> String {
    let mut buffer = Vec::new();
    String::from_utf8_lossy(template::of(path.as_bytes(), &mut buffer)).into_owned()
}

/// Whether the address says something about such a failure.
fn is_about_the_address((status, substatus): (u16, u32)) -> bool {
    match (status, substatus) {
        (500, 19 | 30..=39) | (502, 5) | (503, _) => false,
        _ => status >= 500,
    }
}

fn key(status: (u16, u32), module: &str, code: u32, path: &str) -> Key {
    // A slow request that was answered is about its address as well.
    let with_url = is_about_the_address(status) || status.0 < 400;
    let url = if with_url { template_of(path) } else { String::new() };
    Key { status, module: module.to_ascii_lowercase(), code, url }
}

fn groups<'a>(facts: &Facts<'a>) -> BTreeMap<Key, Group<'a>> {
    let mut groups: BTreeMap<Key, Group<'a>> = BTreeMap::new();
    for one in &facts.records.failed.traces {
        let trace = &one.trace;
        let key = match &trace.error {
            Some(error) => {
                let status = (error.status, error.substatus);
                key(status, &error.module, error.code, &trace.target.path)
            }
            None => key(one.status().unwrap_or((0, 0)), "", 0, &trace.target.path),
        };
        groups.entry(key).or_default().traces.push(one);
    }
    for one in &facts.records.failed.pages {
        let page = &one.page;
        let module = page.module.as_deref().unwrap_or_default();
        let key = key((page.status, page.substatus), module, page.code.unwrap_or(0), one.path());
        groups.entry(key).or_default().pages.push(one);
    }
    groups
}

/// The traces whose line can be asked for, and the site in whose log it would stand.
fn asked<'a>(facts: &Facts<'a>) -> Vec<(&'a OneTrace, Vec<u8>, Time)> {
    let sites: Vec<&[u8]> = app_sites(facts.cube).map(|(name, _)| name).collect();
    let traces = facts.records.failed.traces.iter().filter_map(|one| {
        let is_error = one.status().is_some_and(|(status, _)| status >= 500);
        let pool = one.trace.pool.to_ascii_lowercase();
        let site = match sites.iter().find(|site| **site == pool.as_bytes()) {
            Some(site) => site,
            // A log of one site is that of the trace, unless the trace is of the site's management side.
            None if sites.len() == 1 && !pool.starts_with("~1") => sites[0],
            None => return None,
        };
        is_error.then(|| Some((one, site.to_vec(), one.logged()?)))?
    });
    traces.take(LOOKED_UP).collect()
}

fn questions(facts: &Facts<'_>) -> Vec<Question> {
    let ask = |(_, site, at): (&OneTrace, Vec<u8>, Time)| {
        // The log rounds down to seconds, and the last event of a trace may come a moment after the answer.
        let window = TimeRange::new(
            Time::from_seconds(at.seconds() - 1),
            Time::from_seconds(at.seconds() + 1),
        );
        Question::Failures { vantage: facts.vantage, site, range: window, window, family: None }
    };
    asked(facts).into_iter().map(ask).collect()
}

/// The line of the log that is the request of a trace.
fn join(one: &OneTrace, reply: &Reply) -> Option<Joined> {
    let text = |excerpt: &Excerpt, kind: PartKind| {
        let mut parts = excerpt.0.iter().filter(move |part| part.kind == kind);
        parts.next().map(|part| part.text.clone()).unwrap_or_default()
    };
    let lines = reply.evidence(LOOKED_UP);
    if let Some(id) = &one.trace.arr_log_id {
        let by_number = lines.iter().find(|line| {
            line.alike == 1
                && text(&line.excerpt, PartKind::Query).to_ascii_lowercase().contains(id.as_str())
        });
        if let Some(line) = by_number {
            return Some(Joined { evidence: line.clone(), certain: true });
        }
    }
    let path = shortened(&one.trace.target.path, 200).into_owned();
    let (status, _) = one.trace.status.or(one.status())?;
    let mut alike = lines.into_iter().filter(|line| {
        text(&line.excerpt, PartKind::Path) == path
            && line.excerpt.0.iter().any(|part| part.strong && part.text == status.to_string())
    });
    let line = alike.next().filter(|line| line.alike == 1)?;
    alike.next().is_none().then_some(Joined { evidence: line, certain: false })
}

fn conclude(facts: &Facts<'_>, replies: &[Reply], out: &mut Conclusions) {
    let failed = &facts.records.failed;
    if failed.traces.is_empty() && failed.pages.is_empty() {
        if facts.has(Kind::FailedRequest) || facts.has(Kind::DetailedError) {
            out.not_checked.push(
                "Failed request traces and detailed error pages: none of them could be understood."
                    .to_owned(),
            );
        }
        return;
    }
    let joined: BTreeMap<_, Joined> = asked(facts)
        .iter()
        .zip(replies)
        .filter_map(|((one, ..), reply)| Some((one.at, join(one, reply)?)))
        .collect();
    let mut groups: Vec<(Key, Group<'_>)> = groups(facts).into_iter().collect();
    groups.sort_by_key(|(key, group)| {
        (severity(key, group), std::cmp::Reverse(group.traces.len() + group.pages.len()))
    });
    let hidden = groups.len().saturating_sub(MOST);
    for (key, group) in groups.into_iter().take(MOST) {
        out.findings.push(finding(facts, &key, &group, &joined));
    }
    if hidden > 0 {
        out.not_checked.push(format!(
            "Failed request traces: {} beyond the {MOST} that are shown as findings; the table lists them.",
            counted(hidden as u64, "group", "groups")
        ));
    }
}

fn severity(key: &Key, group: &Group<'_>) -> Severity {
    let slow = group.traces.iter().any(|one| one.trace.time_taken_ms >= Some(SLOW_MS));
    if key.status.0 >= 500 || slow { Severity::Warning } else { Severity::Info }
}

fn finding(
    facts: &Facts<'_>,
    key: &Key,
    group: &Group<'_>,
    joined: &BTreeMap<Location, Joined>,
) -> Finding {
    let count = (group.traces.len() + group.pages.len()) as u64;
    let lines: Vec<&Joined> = group.traces.iter().filter_map(|one| joined.get(&one.at)).collect();
    let confidence = if lines.is_empty() { Confidence::Likely } else { Confidence::Confirmed };
    let mut finding = Finding::new(RULE.id, severity(key, group), confidence, headline(key, group));
    let slowest = group.traces.iter().max_by_key(|one| one.trace.time_taken_ms);
    finding.window =
        group.traces.iter().fold(None, |window, one| TimeRange::merge(window, one.trace.request()));
    finding.subject.status = Some(key.status.0).filter(|status| *status > 0);
    finding.subject.module = module(key, group);
    finding.subject.url = Some(key.url.clone()).filter(|url| !url.is_empty());
    let machines: BTreeSet<&str> =
        group.traces.iter().filter_map(|one| one.trace.machine.as_deref()).collect();
    if let (1, Some(machine)) = (machines.len(), machines.first()) {
        finding.subject.instance = Some(facts.instance(machine));
    }
    finding.metrics = vec![("count", Metric::Count(count))];
    if let Some(ms) = slowest.and_then(|one| one.trace.time_taken_ms) {
        finding.metrics.push(("max_ms", Metric::Millis(ms)));
    }
    finding.impact = if key.status.0 >= 500 { count } else { 0 };
    finding.detail = detail(facts, key, group, &lines);
    advise(&mut finding, key, group);
    let (status, substatus) = key.status;
    if let Some(sign) = correlate::outcome_sign(status, substatus, u64::from(key.code)) {
        let words = daaslens_kb::outcome(status, substatus, u64::from(key.code)).words;
        let text = format!("{}: {words} ({})", failed::status(key.status), what(group));
        finding.causes = correlate::told(facts, &[(sign, text)]);
    }
    for one in group.traces.iter().take(4) {
        finding.evidence.push(one.evidence(String::new()));
        if let Some(line) = joined.get(&one.at) {
            let how = if line.certain {
                "the same request in the log, by its X-ARR-LOG-ID"
            } else {
                "the same request in the log, inferred: time, path and status agree"
            };
            finding.evidence.push(Evidence { note: how.to_owned(), ..line.evidence.clone() });
        }
    }
    let mut pages: BTreeMap<&str, (&OnePage, u64)> = BTreeMap::new();
    for page in &group.pages {
        pages.entry(page.path()).or_insert((page, 0)).1 += 1;
    }
    let mut pages: Vec<_> = pages.into_values().collect();
    pages.sort_by_key(|(page, n)| (std::cmp::Reverse(*n), page.at));
    finding.evidence.extend(pages.into_iter().take(4).map(|(page, n)| page.evidence(n)));
    finding
}

/// The trace of the request that took longest.
fn slowest<'a>(group: &Group<'a>) -> Option<&'a OneTrace> {
    group
        .traces
        .iter()
        .copied()
        .max_by_key(|one| (one.trace.time_taken_ms, std::cmp::Reverse(one.at)))
}

/// The stage that took most of a request that took its time. Of a trace that covers a part of its request, the longest
/// stage says nothing about the rest.
fn dominant(one: &OneTrace) -> Option<&Stage> {
    let (stage, ms) = one.trace.stages.first()?;
    let taken = one.trace.time_taken_ms.unwrap_or_else(|| one.trace.covered_ms());
    (*ms >= TOLD_MS && ms.saturating_mul(2) >= taken).then_some(stage)
}

/// The module as it is written.
fn module(key: &Key, group: &Group<'_>) -> Option<String> {
    let of_traces = group.traces.iter().filter_map(|one| one.trace.error.as_ref());
    let of_pages = group.pages.iter().filter_map(|one| one.page.module.as_deref());
    let name = of_traces.map(|error| error.module.as_str()).chain(of_pages).next();
    name.filter(|_| !key.module.is_empty()).map(str::to_owned)
}

/// `1 trace and 27 detailed error pages`
fn what(group: &Group<'_>) -> String {
    let traces = counted(group.traces.len() as u64, "trace", "traces");
    let pages = counted(group.pages.len() as u64, "detailed error page", "detailed error pages");
    match (group.traces.len(), group.pages.len()) {
        (_, 0) => traces,
        (0, _) => pages,
        _ => format!("{traces} and {pages}"),
    }
}

fn headline(key: &Key, group: &Group<'_>) -> String {
    let what = what(group);
    let of = if key.url.is_empty() {
        String::new()
    } else {
        format!(" for {}", shortened(&key.url, 60))
    };
    let code = if key.code == 0 { String::new() } else { format!(", error 0x{:08X}", key.code) };
    let Some(module) = module(key, group) else {
        let Some(one) = slowest(group) else {
            let status = failed::status(key.status);
            return format!("A module that is not named set {status}{code}{of} ({what})");
        };
        let took = one
            .trace
            .time_taken_ms
            .map_or_else(String::new, |ms| format!(" took up to {}", duration_ms(ms)));
        let part = match dominant(one) {
            Some(stage) => format!(", most of it {}", failed::stage(stage)),
            None if one.trace.is_partial() => {
                format!("; the trace covers {}", failed::covers(&one.trace))
            }
            None => String::new(),
        };
        return format!("Requests{of}{took}{part} ({what})");
    };
    format!("{} set {}{code}{of} ({what})", shortened(&module, 60), failed::status(key.status))
}

fn detail(facts: &Facts<'_>, key: &Key, group: &Group<'_>, lines: &[&Joined]) -> String {
    let mut sentences = Vec::new();
    let (status, substatus) = key.status;
    let outcome = daaslens_kb::outcome(status, substatus, u64::from(key.code));
    sentences.extend(outcome.means().filter(|_| status >= 400).map(str::to_owned));
    if let Some(error) = daaslens_kb::win32(u64::from(key.code)).filter(|_| key.code != 0) {
        sentences.push(format!("0x{:08X} is {}: {}", key.code, error.name, error.about.means));
    }
    if let Some(known) = daaslens_kb::module(&key.module) {
        sentences.push(known.about.means.to_owned());
    }
    if let Some(one) = slowest(group) {
        let trace = &one.trace;
        let longest = trace.stages.first().filter(|(_, ms)| *ms >= TOLD_MS);
        if let (Some((stage, ms)), Some(taken)) = (longest, trace.time_taken_ms) {
            sentences.push(format!(
                "Of the {} of the longest request, {} went to {}.",
                duration_ms(taken),
                duration_ms(*ms),
                failed::stage(stage)
            ));
        }
        if trace.is_partial() {
            sentences.push(format!(
                "Its trace covers {}; what came after is not in it.",
                failed::covers(trace)
            ));
        }
    }
    let partial = group.traces.iter().filter(|one| one.trace.is_partial()).count() as u64;
    if partial > 0 && group.traces.len() > 1 {
        sentences.push(format!(
            "{} of {} end before their request does.",
            thousands(partial),
            counted(group.traces.len() as u64, "trace", "traces")
        ));
    }
    if status >= 400
        && let Some(http) = facts.http
    {
        let same = http.outcomes.iter().filter(|one| (one.status, one.substatus) == key.status);
        sentences.push(format!(
            "The log holds {} with this status, of {}.",
            counted(same.map(|one| one.requests).sum(), "request", "requests"),
            counted(http.totals.requests, "request", "requests")
        ));
    }
    let certain = lines.iter().filter(|line| line.certain).count() as u64;
    if !lines.is_empty() {
        sentences.push(format!(
            "Found again in the log: {} of {}, {} of them by the number of the front end.",
            thousands(lines.len() as u64),
            counted(group.traces.len() as u64, "trace", "traces"),
            thousands(certain)
        ));
    }
    sentences.join(" ")
}

/// What the status, the error code and the stage that took longest say is to be done.
fn advise(finding: &mut Finding, key: &Key, group: &Group<'_>) {
    let (status, substatus) = key.status;
    let mut advice: Vec<&str> = Vec::new();
    if status >= 400 {
        advice.extend(daaslens_kb::outcome(status, substatus, u64::from(key.code)).advice());
    }
    if let Some(error) = daaslens_kb::win32(u64::from(key.code)).filter(|_| key.code != 0) {
        advice.extend(error.about.advice);
    }
    for stage in group.traces.iter().filter_map(|one| dominant(one)) {
        match stage {
            Stage::Step { event, .. } => {
                let Some(known) = daaslens_kb::trace_event(event) else { continue };
                advice.extend(known.about.advice);
                match known.stage {
                    TraceStage::Upload => advice.push(
                        "Look at the client and its connection: the time went to reading the body of the request",
                    ),
                    TraceStage::Download => advice.push(
                        "Look at the client and its connection: the time went to sending the answer",
                    ),
                    _ => {}
                }
            }
            Stage::StartUp => advice.push(
                "Switch Always On on and shorten the start: the time went to starting the worker or application",
            ),
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    advice.retain(|sentence| seen.insert(*sentence));
    finding.advice.fix = advice.into_iter().take(5).map(str::to_owned).collect();
    if group.traces.is_empty() && key.status.0 >= 500 {
        finding.advice.collect_next.push(
            "Switch failed request tracing on: a page names the module, a trace also the time and the way there"
                .to_owned(),
        );
    } else if group.traces.iter().any(|one| one.trace.truncated) {
        let known = daaslens_kb::trace_event("LOG_FILE_MAX_SIZE_TRUNCATE");
        finding.advice.collect_next.extend(
            known.iter().flat_map(|known| known.about.advice).map(|text| (*text).to_owned()),
        );
    }
}
