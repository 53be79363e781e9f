//! Marks on the timeline: what happened, from all sources but the requests.

use daaslens_core::model::{Mark, MarkRow};
use daaslens_core::text::shortened;
use daaslens_core::{Kind, PartKind, Time, TimeRange};
use daaslens_eventlog::IncidentKind;

use crate::crashes::{is_death, is_start};
use crate::facts::Facts;
use crate::records::failed;
use crate::rules;

/// Marks of one kind that are drawn; more would not be told apart.
const MOST: usize = 500;

/// The rows, also those without a mark: a bundle that could show something and shows none says something.
pub(crate) fn rows(facts: &Facts<'_>) -> Vec<MarkRow> {
    let records = facts.records;
    let mut rows = Vec::new();
    let mark = |range: TimeRange, label: String, kind: PartKind| Mark { range, label, kind };
    let mut row = |label, kind, present: bool, mut marks: Vec<Mark>| {
        if present || !marks.is_empty() {
            marks.sort_by(|a, b| (a.range, &a.label).cmp(&(b.range, &b.label)));
            marks.truncate(MOST);
            rows.push(MarkRow { label, kind, marks });
        }
    };
    row(
        "Deployments",
        "deployment",
        facts.has(Kind::Deployment),
        records
            .platform
            .deployments
            .iter()
            .map(|one| mark(one.range, shortened(&one.id, 10).into_owned(), PartKind::Text))
            .collect(),
    );
    let incidents = |wanted: fn(IncidentKind) -> bool| {
        records
            .events
            .incidents
            .iter()
            .filter(move |one| wanted(one.kind))
            .map(|one| mark(one.range, facts.named(&one.computer), PartKind::Instance))
            .collect::<Vec<_>>()
    };
    let events = records.events.files > 0;
    row("Crashes", "crash", events, incidents(is_death));
    let refused =
        ["crash-loop", "process-recycle", "stall", "concurrency-saturation", "http-silence"]
            .iter()
            .flat_map(|rule| records.httperr.bursts(rule))
            .filter_map(|burst| {
                let (lead, _) = burst.reasons.first()?;
                Some(mark(burst.range, lead.reason.to_owned(), PartKind::Text))
            });
    row("HTTP.sys errors", "crash", records.httperr.sources > 0, refused.collect());
    let starts = records.events.list.iter().filter(|event| is_start(event)).filter_map(|event| {
        Some(mark(TimeRange::at(event.time?), facts.named(&event.computer), PartKind::Instance))
    });
    let recycles = incidents(|kind| rules::recycle_word(kind).is_some());
    row("Starts and recycles", "start", events, starts.chain(recycles).collect());
    let mut fatals: Vec<Mark> = Vec::new();
    for (signature, group) in records.php.groups.iter().filter(|(_, group)| rules::is_fatal(group))
    {
        let label = shortened(&signature.message, 40).into_owned();
        fatals.extend(
            group.seconds.keys().map(|at| {
                mark(TimeRange::at(Time::from_seconds(*at)), label.clone(), PartKind::Text)
            }),
        );
    }
    row("PHP fatals", "php", records.php.sources > 0, fatals);
    let dumps = records.dumps.list.iter().filter_map(rules::dump_mark);
    row(
        "Memory dumps",
        "dump",
        records.dumps.files > 0,
        dumps.map(|(time, label)| mark(TimeRange::at(time), label, PartKind::Text)).collect(),
    );
    let mut errors: Vec<Mark> = Vec::new();
    for group in records.apps.errors() {
        let label = shortened(&group.title(), 40).into_owned();
        errors.extend(
            group.course.seconds().map(|at| mark(TimeRange::at(at), label.clone(), PartKind::Text)),
        );
    }
    row("Application errors", "app", records.apps.files > 0, errors);
    let platform = &records.platform;
    let sessions =
        platform.sessions.iter().map(|one| mark(one.range, one.tool.clone(), PartKind::Text));
    let monitored =
        platform.cpu.acts.iter().map(|act| mark(act.range, act.text.clone(), PartKind::Text));
    let watched = !platform.cpu.is_empty();
    row(
        "Failed request traces",
        "trace",
        facts.has(Kind::FailedRequest),
        records
            .failed
            .traces
            .iter()
            .filter_map(|one| {
                let label = one.status().map_or_else(|| one.trace.failure.clone(), failed::status);
                Some(mark(one.trace.request()?, label, PartKind::Text))
            })
            .collect(),
    );
    row(
        "DaaS sessions",
        "session",
        facts.has(Kind::Session) || watched,
        sessions.chain(monitored).collect(),
    );
    let asked =
        platform.kudu.acts.iter().map(|act| mark(act.range, act.text.clone(), PartKind::Text));
    let done = records
        .azure
        .events
        .iter()
        .map(|event| mark(TimeRange::at(event.time), event.name.clone(), PartKind::Text));
    row("Platform", "start", !records.azure.events.is_empty(), done.collect());
    row("Kudu", "start", !platform.kudu.traces.is_empty(), asked.collect());
    rows
}
