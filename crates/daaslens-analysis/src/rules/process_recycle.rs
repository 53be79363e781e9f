#![doc = include_str!("process_recycle.md")]

mod asked;

use std::collections::BTreeMap;

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, shortened, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, TimeRange};
use daaslens_eventlog::{Incident, IncidentKind};

use super::{Conclusions, Rule, httperr, no_questions};
use crate::correlate;
use crate::facts::{Facts, machines};
use crate::records::azure::Event;
use crate::restarts::{self, Restart, Why};
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "process-recycle",
    doc: include_str!("process_recycle.md"),
    questions: no_questions,
    conclude,
};

/// The most findings from the platform's log.
const MOST: usize = 6;

/// Failed requests around restarts that nothing explains, from which on they are worth a ticket.
const LOST: u64 = 5;

/// Evidence of the restarts.
const EVIDENCE: usize = 6;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    httperr::conclude(facts, &RULE, 1, out);
    out.findings.extend(asked::findings(facts));
    out.findings.extend(by_platform(facts));
    let events = &facts.records.events;
    if events.files == 0 {
        return;
    }
    let mut kinds: BTreeMap<(IncidentKind, String), Vec<&Incident>> = BTreeMap::new();
    for incident in events.incidents.iter().filter(|incident| word(incident.kind).is_some()) {
        let detail = if incident.kind == IncidentKind::LimitRecycle {
            incident.detail.clone()
        } else {
            None
        };
        kinds.entry((incident.kind, detail.unwrap_or_default())).or_default().push(incident);
    }
    for ((kind, detail), incidents) in &kinds {
        out.findings.push(finding(*kind, detail, incidents, facts));
    }
    out.findings.extend(told(&restarts::all(facts), facts));
    if out.findings.is_empty() {
        let text = format!("none in {}", counted(events.list.len() as u64, "event", "events"));
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// What the platform's own log says was stopped or started anew, by name.
fn by_platform(facts: &Facts<'_>) -> Vec<Finding> {
    let mut names: BTreeMap<(&str, &str), Vec<&Event>> = BTreeMap::new();
    for event in facts.records.azure.events.iter().filter(|event| event.is_stop()) {
        names.entry((&event.name, &event.reason)).or_default().push(event);
    }
    names
        .into_iter()
        .filter_map(|((name, reason), events)| {
            let range = TimeRange::new(events.first()?.time, events.last()?.time);
            let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            let headline = format!(
                "{} \u{d7} {name}{reason} in the platform's log",
                thousands(events.len() as u64)
            );
            let mut finding = Finding::new(RULE.id, Severity::Info, Confidence::Likely, headline);
            finding.window = Some(range);
            finding.metrics = vec![("count", Metric::Count(events.len() as u64))];
            finding.impact = events.len() as u64;
            finding.evidence = events.iter().take(4).map(|event| event.evidence.clone()).collect();
            Some(finding)
        })
        .take(MOST)
        .collect()
}

/// All restarts with their causes. A single one whose cause is told has a finding of its own.
fn told(restarts: &[Restart], facts: &Facts<'_>) -> Option<Finding> {
    let (first, last) = (restarts.first()?, restarts.last()?);
    let tally = restarts::tally(restarts);
    let untold: Vec<&Restart> = restarts.iter().filter(|one| !one.why.is_told()).collect();
    let errors: u64 = restarts.iter().map(|one| one.errors).sum();
    if restarts.len() == 1 && untold.is_empty() {
        return None;
    }
    let n = restarts.len() as u64;
    let headline = format!(
        "{}: {}",
        counted(n, "restart of the application", "restarts of the application"),
        restarts::sentence(&tally)
    );
    // A restart that cost requests is worth a ticket where nobody knows who did it; the others have findings.
    let lost: u64 = untold.iter().map(|one| one.errors).sum();
    let severity = if lost >= LOST { Severity::Warning } else { Severity::Info };
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    if facts.http.is_some() {
        finding.detail = format!(
            "{} around them, {} of these around restarts without a cause in the bundle.",
            counted(errors, "server error", "server errors"),
            thousands(lost)
        );
    }
    if !untold.is_empty() {
        finding.detail.push_str(
            " A changed setting, the restart button and maintenance of the platform leave no event; the activity log of \
             the site names the first two.",
        );
        finding.advice.collect_next.push(
            "The activity log of the site (restarts, settings, swaps), and Diagnose and solve problems: Web App Restarted"
                .to_owned(),
        );
    }
    finding.window = Some(TimeRange::new(first.at, last.at));
    if restarts.iter().all(|one| one.machine.eq_ignore_ascii_case(&first.machine)) {
        finding.subject.instance = Some(facts.instance(&first.machine));
    }
    let mut signs = Vec::new();
    for (why, sign) in [
        (Why::Rebooted, "instance-replaced-event"),
        (Why::NewMachine, "instance-replaced-event"),
        (Why::Limit, "limit-recycle-event"),
        (Why::AppOffline, "app-offline-event"),
        (Why::Configuration, "config-change-event"),
        (Why::Files, "file-change-event"),
        (Why::Deployment, "deployment-just-before"),
    ] {
        let own: Vec<&Restart> = restarts.iter().filter(|one| one.why == why).collect();
        if let Some(one) = own.first() {
            let at = one.at.format("%Y-%m-%d %H:%M:%S");
            signs.push((
                sign,
                format!("{} {}, the first at {at}", thousands(own.len() as u64), why.words()),
            ));
        }
    }
    finding.causes = correlate::told(facts, &signs);
    finding.metrics = vec![
        ("count", Metric::Count(n)),
        ("untold", Metric::Count(untold.len() as u64)),
        ("server_errors", Metric::Count(errors)),
    ];
    finding.impact = lost.max(1);
    finding.evidence = untold
        .iter()
        .copied()
        .chain(restarts.iter().filter(|one| one.why.is_told()))
        .flat_map(|one| one.evidence(facts))
        .take(EVIDENCE)
        .collect();
    Some(finding)
}

/// The kind in words; `None` for what is no recycle.
pub(crate) fn word(kind: IncidentKind) -> Option<&'static str> {
    Some(match kind {
        IncidentKind::LimitRecycle => "auto-heal limit",
        IncidentKind::AppOffline => "app_offline.htm",
        IncidentKind::ConfigurationChange => "configuration change",
        IncidentKind::FileChange => "file change",
        IncidentKind::Shutdown => "shutdown of the application",
        IncidentKind::PoolRecycle => "recycle of the pool",
        IncidentKind::UngracefulShutdown => "shutdown that did not end in time",
        IncidentKind::Hang => "process that did not answer",
        _ => return None,
    })
}

/// What the causes are asked with.
const fn sign(kind: IncidentKind) -> Option<&'static str> {
    match kind {
        IncidentKind::LimitRecycle => Some("limit-recycle-event"),
        IncidentKind::FileChange => Some("file-change-event"),
        IncidentKind::AppOffline => Some("app-offline-event"),
        _ => None,
    }
}

fn finding(
    kind: IncidentKind,
    detail: &str,
    incidents: &[&Incident],
    facts: &Facts<'_>,
) -> Finding {
    let first = incidents[0];
    let range = incidents.iter().fold(first.range, |all, one| all.union(one.range));
    let machines = machines(incidents);
    let on = facts.on(incidents);
    let what = word(kind).unwrap_or_default();
    let limit =
        if detail.is_empty() { String::new() } else { format!(" '{}'", shortened(detail, 60)) };
    let headline = format!("{} \u{d7} {what}{limit} on {on}", thousands(incidents.len() as u64));
    let defect = matches!(
        kind,
        IncidentKind::LimitRecycle | IncidentKind::Hang | IncidentKind::UngracefulShutdown
    );
    // What ran out is told by resource-exhaustion; the recycle is what was done about it.
    let told_elsewhere = kind == IncidentKind::LimitRecycle && detail.contains("emory");
    let severity = if defect && !told_elsewhere { Severity::Warning } else { Severity::Info };
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.window = Some(range);
    if let [_] = machines.as_slice() {
        finding.subject.instance = Some(facts.instance(&first.computer));
    }
    finding.metrics = vec![("count", Metric::Count(incidents.len() as u64))];
    if let Some(sign) = sign(kind) {
        finding.causes = correlate::told(facts, &[(sign, finding.headline.clone())]);
    }
    finding.impact = incidents.len() as u64;
    let events = &facts.records.events;
    if let Some(event) = first.events.first().and_then(|i| events.list.get(*i)) {
        let text: Vec<&str> = event.data.iter().map(|datum| &*datum.text).collect();
        let text = text.join(" ");
        let about = daaslens_kb::event_text(&event.provider, event.id, &text)
            .map(|known| known.about)
            .or_else(|| daaslens_kb::event(&event.provider, event.id).map(|known| known.about));
        if let Some(about) = about {
            finding.detail = String::from(about.means);
            finding.advice.fix.extend(about.advice.iter().map(|line| (*line).to_owned()));
        }
    }
    finding.evidence = incidents
        .iter()
        .filter_map(|incident| {
            events.evidence(*incident.events.first()?, "", incidents.len() as u64)
        })
        .take(4)
        .collect();
    finding
}
