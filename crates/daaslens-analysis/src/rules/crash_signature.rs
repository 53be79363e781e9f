#![doc = include_str!("crash_signature.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, shortened, thousands};
use daaslens_core::{Advice, Confidence, Finding, Metric, Severity};

use super::app_deaths::{self, Which};
use super::{Conclusions, Rule, no_questions};
use crate::correlate;
use crate::crashes::{Group, is_burst};
use crate::facts::Facts;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "crash-signature",
    doc: include_str!("crash_signature.md"),
    questions: no_questions,
    conclude,
};

/// The most signatures that become findings.
const MOST: usize = 10;

/// Evidence of a signature.
const EVIDENCE: usize = 6;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    of_events(facts, out);
    app_deaths::conclude(RULE.id, Which::Crash, facts, out);
}

fn of_events(facts: &Facts<'_>, out: &mut Conclusions) {
    if facts.records.events.files == 0 {
        return;
    }
    for group in facts.crashes.groups.iter().take(MOST) {
        out.findings.push(finding(group, facts));
    }
    if let Some(finding) = silent(facts) {
        out.findings.push(finding);
    }
    if facts.crashes.groups.is_empty() {
        let text = format!(
            "no crash in {}",
            counted(facts.records.events.list.len() as u64, "event", "events")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

fn finding(group: &Group, facts: &Facts<'_>) -> Finding {
    let count = group.incidents.len() as u64;
    let severity = if is_burst(group, facts) { Severity::Critical } else { Severity::Warning };
    let machines = group.machines(facts);
    let on = match machines.as_slice() {
        [(machine, _)] => format!(" on {}", facts.named(machine)),
        several => format!(" on {} machines", several.len()),
    };
    let title = group.title();
    let what = shortened(&title, 170);
    let headline = match count {
        1 => format!("A process crashed once{on}: {what}"),
        n => format!("A process crashed {} times{on}: {what}", thousands(n)),
    };
    let causes = correlate::crash_causes(group, facts);
    let two_kinds = group.disturbed(facts) > 0;
    let confidence = if two_kinds { Confidence::Confirmed } else { Confidence::Likely };
    let mut finding = Finding::new(RULE.id, severity, confidence, headline);
    finding.detail = group.detail(facts);
    finding.window = group.range(facts);
    finding.subject.signature = Some(group.signature.exact.clone());
    finding.subject.exception =
        Some(group.signature.exception.clone()).filter(|name| !name.is_empty());
    finding.subject.process = group.process(facts);
    if let [(machine, _)] = machines.as_slice() {
        finding.subject.instance = Some(
            facts
                .joins
                .instance(machine)
                .map_or_else(|| machine.clone(), |join| join.instance.clone()),
        );
    }
    finding.metrics = vec![
        ("count", Metric::Count(count)),
        ("server_errors", Metric::Count(group.errors(facts))),
        ("events", Metric::Count(facts.records.events.list.len() as u64)),
    ];
    finding.impact = count.max(group.errors(facts));
    finding.causes = causes;
    finding.advice = advice(group);
    finding.evidence = group.evidence(facts, EVIDENCE);
    finding
}

fn advice(group: &Group) -> Advice {
    let mut advice = Advice::default();
    let known = group.code.and_then(daaslens_kb::exception_code);
    if let Some(known) = known {
        advice.fix.extend(known.about.advice.iter().map(|line| (*line).to_owned()));
    }
    if let Some(frame) = group.signature.frames.iter().find(|frame| frame.own) {
        advice.fix.push(format!(
            "Handle the exception where it is thrown or awaited: {}",
            shortened(&frame.text, 120)
        ));
    }
    advice.mitigate.push(
        "If the last deployment brought it in, roll back; a restart helps until the next time"
            .to_owned(),
    );
    advice.collect_next.push(
        "Crash Monitoring (Diagnose and solve problems), which writes a dump at the next crash"
            .to_owned(),
    );
    advice
}

/// Processes that started and never said that they ended, on a machine on which another one started after them.
fn silent(facts: &Facts<'_>) -> Option<Finding> {
    let silent = &facts.crashes.silent;
    let first = silent.ended.first()?;
    let headline = format!(
        "{} ended without a word: {} started, {} said that they stopped or crashed",
        counted(silent.ended.len() as u64, "process", "processes"),
        thousands(silent.started),
        thousands(silent.started - silent.ended.len() as u64),
    );
    let mut finding = Finding::new(RULE.id, Severity::Info, Confidence::Possible, headline);
    finding.detail = String::from(
        "A native crash, a stack overflow or a kill for memory writes no event on App Service; a move of the \
        instance or a lost event looks the same.",
    );
    finding.window =
        Some(silent.ended.iter().skip(1).fold(first.range, |all, one| all.union(one.range)));
    finding.metrics = vec![
        ("count", Metric::Count(silent.ended.len() as u64)),
        ("started", Metric::Count(silent.started)),
    ];
    finding.impact = silent.ended.len() as u64;
    finding.advice.collect_next.push("Crash Monitoring, which sees native crashes too".to_owned());
    finding.evidence = silent
        .ended
        .iter()
        .take(EVIDENCE)
        .filter_map(|one| {
            facts.records.events.evidence(one.event, "started, and is not heard of again", 1)
        })
        .collect();
    Some(finding)
}
