#![doc = include_str!("startup_failure.md")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_s, shortened, thousands};
use daaslens_core::{Cause, Confidence, Finding, Metric, Severity};
use daaslens_eventlog::{Incident, IncidentKind, Phase};
use daaslens_kb::ExceptionClass;

use super::app_deaths::{self, Which};
use super::{Conclusions, Rule, no_questions};
use crate::correlate;
use crate::crashes::{errors_between, is_start, known as known_exception};
use crate::facts::{Facts, machines};
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "startup-failure",
    doc: include_str!("startup_failure.md"),
    questions: no_questions,
    conclude,
};

/// How long after a failed start the requests of its machine are looked at.
const AFTER: i64 = 40;

/// A deployment that ended this long before the first failure is a suspect.
const DEPLOYED: i64 = 600;

/// So many failures are critical whatever came after.
const MANY: usize = 3;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    of_events(facts, out);
    app_deaths::conclude(RULE.id, Which::Start, facts, out);
}

fn of_events(facts: &Facts<'_>, out: &mut Conclusions) {
    let events = &facts.records.events;
    if events.files == 0 {
        return;
    }
    let mut groups: BTreeMap<String, Vec<&Incident>> = BTreeMap::new();
    for incident in events.incidents.iter().filter(|incident| is_failed_start(incident.kind)) {
        groups.entry(key(incident)).or_default().push(incident);
    }
    for incidents in groups.values() {
        out.findings.push(finding(incidents, facts));
    }
    if groups.is_empty() {
        let text =
            format!("no failed start in {}", counted(events.list.len() as u64, "event", "events"));
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// What made the starts fail, as far as that stands beside the exception.
fn causes(
    headline: &str,
    incidents: &[&Incident],
    meant: Option<&'static daaslens_kb::ExceptionText>,
    facts: &Facts<'_>,
) -> Vec<Cause> {
    let Some(first) = incidents.first() else { return Vec::new() };
    let mut signs = vec![("start-failure-event", headline.to_owned())];
    let deployments = &facts.records.platform.deployments;
    let before = crate::records::platform::last_before(deployments, first.range.start)
        .filter(|one| first.range.start.seconds() - one.range.end.seconds() <= DEPLOYED);
    if let Some(one) = before {
        let lag = (first.range.start.seconds() - one.range.end.seconds()).max(0) as u64;
        signs.push((
            "deployment-just-before",
            format!(
                "deployment {} ended {} before the first of them",
                shortened(&one.id, 12),
                duration_s(lag)
            ),
        ));
    }
    match meant.map(|meant| (meant.class, meant.about.title)) {
        Some((ExceptionClass::Dependency, title)) => {
            signs.push(("dependency-exception-event", title.to_owned()));
        }
        Some((ExceptionClass::Memory, title)) => {
            signs.push(("out-of-memory-event", title.to_owned()));
        }
        Some((ExceptionClass::Pool, title)) => {
            signs.push(("pool-exhausted-event", title.to_owned()));
        }
        _ => {}
    }
    correlate::told(facts, &signs)
}

fn is_failed_start(kind: IncidentKind) -> bool {
    matches!(
        kind,
        IncidentKind::StartupFailure
            | IncidentKind::Crash { phase: Phase::Startup }
            | IncidentKind::Exit { phase: Phase::Startup }
    )
}

/// What makes two failed starts the same: exception and code.
fn key(incident: &Incident) -> String {
    let exception = incident
        .exception
        .as_ref()
        .map(|text| daaslens_signature::of_exception(text, incident.code).exact);
    format!(
        "{} {}",
        exception.unwrap_or_default(),
        incident.code.map_or_else(String::new, |code| format!("{code:#010x}"))
    )
}

fn finding(incidents: &[&Incident], facts: &Facts<'_>) -> Finding {
    let events = &facts.records.events;
    let first = incidents[0];
    let range = incidents.iter().fold(first.range, |all, one| all.union(one.range));
    let machines = machines(incidents);
    let on = facts.on(incidents);
    let started_later = events.list.iter().any(|event| {
        is_start(event)
            && machines.iter().any(|one| event.computer.eq_ignore_ascii_case(one))
            && event.time.is_some_and(|t| t >= range.end)
    });
    let severity = if started_later && incidents.len() < MANY {
        Severity::Warning
    } else {
        Severity::Critical
    };
    let signature =
        first.exception.as_ref().map(|text| daaslens_signature::of_exception(text, first.code));
    let why = match (&signature, first.code) {
        (Some(signature), _) if !signature.exception.is_empty() => {
            format!("{}: {}", signature.exception, signature.message)
        }
        (_, Some(code)) => daaslens_kb::exception_code(code).map_or_else(
            || format!("code {code:#010x}"),
            |known| format!("{code:#010x}, {}", known.about.title),
        ),
        _ => first.detail.clone().unwrap_or_else(|| "no reason given".to_owned()),
    };
    let headline = format!(
        "The application failed to start {} on {}: {}",
        if incidents.len() == 1 {
            "once".to_owned()
        } else {
            format!("{} times", thousands(incidents.len() as u64))
        },
        on,
        shortened(&why, 170)
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    let later = match (started_later, machines.len()) {
        (true, 0..=1) => "A later start on the same machine succeeded.",
        (true, _) => "A later start on one of these machines succeeded.",
        (false, 0..=1) => "No later start on that machine is in the events.",
        (false, _) => "No later start on any of these machines is in the events.",
    };
    finding.detail.push_str(later);
    finding.window = Some(range);
    if machines.len() == 1 {
        finding.subject.instance = Some(facts.instance(&first.computer));
    }
    if let Some(signature) = signature {
        finding.subject.signature = Some(signature.exact);
        finding.subject.exception = Some(signature.exception).filter(|name| !name.is_empty());
    }
    let errors: u64 = incidents
        .iter()
        .map(|one| {
            let at = one.range.start.seconds();
            errors_between(facts.cube, facts.joins, &one.computer, at - 2, at + AFTER)
        })
        .sum();
    finding.metrics = vec![
        ("count", Metric::Count(incidents.len() as u64)),
        ("server_errors", Metric::Count(errors)),
    ];
    finding.impact = errors.max(incidents.len() as u64);
    if errors > 0 {
        let _ = write!(
            finding.detail,
            " {} of these machines within {AFTER}\u{a0}s of a failed start.",
            counted(errors, "server error", "server errors")
        );
        finding.confidence = Confidence::Confirmed;
    }
    let meant = first.exception.as_ref().and_then(known_exception);
    if let Some(meant) = meant {
        let _ = write!(finding.detail, " {}: {}", meant.about.title, meant.about.means);
        finding.advice.fix.extend(meant.about.advice.iter().map(|line| (*line).to_owned()));
    }
    finding.causes = causes(&finding.headline, incidents, meant, facts);
    let known = first
        .events
        .first()
        .and_then(|i| events.list.get(*i))
        .and_then(|event| daaslens_kb::event(&event.provider, event.id));
    if let Some(known) = known {
        finding.advice.fix.extend(known.about.advice.iter().map(|line| (*line).to_owned()));
    }
    if let Some(known) = first.code.and_then(daaslens_kb::exception_code) {
        finding.advice.fix.extend(known.about.advice.iter().map(|line| (*line).to_owned()));
    }
    finding
        .advice
        .mitigate
        .push("Roll back, or set right the setting that was changed last".to_owned());
    finding.advice.collect_next.push("stdout of the start: stdoutLogEnabled in web.config, or run the program in the Kudu console".to_owned());
    finding.evidence = incidents
        .iter()
        .flat_map(|incident| incident.events.iter().take(2))
        .take(6)
        .filter_map(|i| events.evidence(*i, "", incidents.len() as u64))
        .collect();
    finding
}
