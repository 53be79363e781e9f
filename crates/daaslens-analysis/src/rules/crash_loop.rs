#![doc = include_str!("crash_loop.md")]

use std::collections::BTreeMap;

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_s, shortened};
use daaslens_core::{Confidence, Finding, Metric, Severity};
use daaslens_eventlog::{Incident, IncidentKind};

use super::app_deaths::{self, Which};
use super::{Conclusions, Rule, httperr, no_questions};
use crate::correlate;
use crate::crashes::{LOOP_COUNT, LOOP_SECONDS, is_death};
use crate::facts::Facts;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "crash-loop",
    doc: include_str!("crash_loop.md"),
    questions: no_questions,
    conclude,
};

/// Evidence of a loop.
const EVIDENCE: usize = 6;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    httperr::conclude(facts, &RULE, 1, out);
    of_events(facts, out);
    app_deaths::conclude(RULE.id, Which::Loop, facts, out);
}

fn of_events(facts: &Facts<'_>, out: &mut Conclusions) {
    let events = &facts.records.events;
    if events.files == 0 {
        return;
    }
    let mut machines: BTreeMap<String, Vec<&Incident>> = BTreeMap::new();
    for incident in events.incidents.iter().filter(|incident| is_death(incident.kind)) {
        machines.entry(incident.computer.to_ascii_lowercase()).or_default().push(incident);
    }
    for deaths in machines.values() {
        for burst in bursts(deaths) {
            out.findings.push(finding(&burst, facts));
        }
    }
    if out.findings.is_empty() {
        let text = format!(
            "never {LOOP_COUNT} crashes or failed starts within {} on one machine, in {}",
            duration_s(LOOP_SECONDS as u64),
            counted(events.list.len() as u64, "event", "events")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// Runs of deaths, each within the limit of the one before it, that are dense enough somewhere.
fn bursts<'a>(deaths: &[&'a Incident]) -> Vec<Vec<&'a Incident>> {
    let mut bursts: Vec<Vec<&Incident>> = Vec::new();
    for death in deaths {
        let joins = bursts
            .last()
            .and_then(|burst| burst.last())
            .is_some_and(|last| death.range.start.0 - last.range.start.0 <= LOOP_SECONDS * 1000);
        match bursts.last_mut() {
            Some(burst) if joins => burst.push(death),
            _ => bursts.push(vec![death]),
        }
    }
    bursts.retain(|burst| {
        burst.iter().any(|incident| incident.kind == IncidentKind::RapidFail)
            || burst.windows(LOOP_COUNT).any(|some| {
                let (first, last) = (some[0].range.start.0, some[LOOP_COUNT - 1].range.start.0);
                last - first <= LOOP_SECONDS * 1000
            })
    });
    bursts
}

fn finding(burst: &[&Incident], facts: &Facts<'_>) -> Finding {
    let first = burst[0];
    let range = burst.iter().fold(first.range, |all, one| all.union(one.range));
    let gave_up = burst.iter().any(|incident| incident.kind == IncidentKind::RapidFail);
    let deaths =
        burst.iter().filter(|incident| incident.kind != IncidentKind::RapidFail).count() as u64;
    let headline = format!(
        "{} on {} within {}{}",
        counted(deaths, "crash or failed start", "crashes or failed starts"),
        facts.named(&first.computer),
        duration_s((range.seconds() + 1).max(1) as u64),
        if gave_up { ", then restarts were given up" } else { "" }
    );
    let mut finding = Finding::new(RULE.id, Severity::Critical, Confidence::Likely, headline);
    finding.window = Some(range);
    finding.subject.instance = Some(facts.instance(&first.computer));
    let group = facts.crashes.groups.iter().find(|group| {
        group
            .incidents
            .iter()
            .any(|i| burst.iter().any(|one| facts.records.events.incidents.get(*i) == Some(*one)))
    });
    if let Some(group) = group {
        finding.detail = format!("Most of them: {}.", shortened(&group.title(), 160));
        finding.subject.signature = Some(group.signature.exact.clone());
        finding.causes = correlate::crash_causes(group, facts);
    }
    finding.metrics = vec![
        ("count", Metric::Count(deaths)),
        ("seconds", Metric::Count((range.seconds() + 1).max(1) as u64)),
    ];
    finding.impact = deaths;
    finding.advice.mitigate.push("Roll back to the last build that started; stopping the site ends the loop but not the outage".to_owned());
    finding.advice.fix.push("Mend what the signature names; a restart cannot".to_owned());
    finding.evidence = burst
        .iter()
        .filter_map(|incident| facts.records.events.evidence(*incident.events.first()?, "", deaths))
        .take(EVIDENCE)
        .collect();
    finding
}
