#![doc = include_str!("resource_exhaustion.md")]

mod events;

use std::fmt::Write as _;

use daaslens_core::model::Clean;
use daaslens_core::text::{bytes, counted, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, TimeRange};

use super::{Conclusions, Rule, busy_threads, no_questions};
use crate::dumps;
use crate::facts::Facts;
use crate::records::dumps::Taken;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "resource-exhaustion",
    doc: include_str!("resource_exhaustion.md"),
    questions: no_questions,
    conclude,
};

/// So many handles are a leak as a rule.
const HANDLES: u64 = 10_000;

/// The most findings.
const MOST: usize = 10;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    events::conclude(facts, out);
    let list = &facts.records.dumps.list;
    let found = list.iter().flat_map(|taken| [addresses(taken), handles(taken)]).flatten();
    let before = out.findings.len();
    out.findings.extend(found.chain(busy_threads::findings(facts)).take(MOST));
    let told = list.iter().filter(|taken| taken.dump.regions.is_some()).count();
    if out.findings.len() == before && told > 0 {
        let text = format!(
            "neither addresses nor handles run short in {}",
            counted(told as u64, "memory dump", "memory dumps")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

fn finding(taken: &Taken, headline: String) -> Finding {
    let mut finding = Finding::new(RULE.id, Severity::Warning, Confidence::Likely, headline);
    finding.window = taken.time().map(TimeRange::at);
    finding.subject.process = Some(taken.process());
    finding.subject.instance = taken.machine.clone().or_else(|| taken.instance.clone());
    finding.impact = 1;
    finding.evidence = vec![taken.evidence("")];
    finding
}

/// A 32-bit process without room.
fn addresses(taken: &Taken) -> Option<Finding> {
    let dump = &taken.dump;
    let regions = dump.regions.filter(|regions| regions.is_short(dump.bits()))?;
    let headline = format!(
        "{} (32 bits) has no free block of addresses above {}",
        taken.process(),
        bytes(regions.largest_free)
    );
    let mut finding = finding(taken, headline);
    finding.detail = format!(
        "Of {} addresses {} are free, in {}. Committed: {}, {} of it private. Reserved and not used: {}.",
        bytes(regions.end),
        bytes(regions.free),
        counted(regions.free_blocks, "block", "blocks"),
        bytes(regions.committed()),
        bytes(regions.private),
        bytes(regions.reserved)
    );
    finding.metrics = vec![
        ("largest_free_bytes", Metric::Count(regions.largest_free)),
        ("free_bytes", Metric::Count(regions.free)),
        ("private_bytes", Metric::Count(regions.private)),
    ];
    finding
        .advice
        .mitigate
        .push("Restart the instance: it has a whole address space again".to_owned());
    finding.advice.fix.push(
        "Run the site as 64-bit (Configuration, General settings, Platform), if its plan and modules allow it"
            .to_owned(),
    );
    finding
        .advice
        .fix
        .push("Find what holds the memory: compare two dumps taken some minutes apart".to_owned());
    Some(finding)
}

/// A process with very many handles.
fn handles(taken: &Taken) -> Option<Finding> {
    let handles = taken.dump.handles.as_ref().filter(|handles| handles.count >= HANDLES)?;
    let (kind, most) = handles.types.first()?;
    let headline = format!(
        "{} holds {} handles, {} of them of type {kind}",
        taken.process(),
        thousands(handles.count),
        thousands(*most)
    );
    let mut finding = finding(taken, headline);
    let types = handles.types.iter().take(6);
    let types: Vec<String> = types.map(|(kind, n)| format!("{kind} {}", thousands(*n))).collect();
    finding.detail = format!("By type: {}.", types.join(", "));
    if let Some(uptime) = dumps::uptime(taken).filter(|seconds| *seconds >= 60) {
        let rate = thousands(handles.count.saturating_mul(60) / uptime);
        let _ = write!(finding.detail, " That is {rate} a minute since the process began.");
    }
    finding.metrics = vec![("handles", Metric::Count(handles.count))];
    finding.advice.fix.push(format!(
        "Find what opens objects of type {kind} and does not close them; a second dump shows how fast they grow"
    ));
    Some(finding)
}
