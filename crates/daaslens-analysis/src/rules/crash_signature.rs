#![doc = include_str!("crash_signature.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, percent, shortened, thousands, visible};
use daaslens_core::{Advice, Confidence, Finding, Metric, Severity};
use std::fmt::Write as _;

use daaslens_eventlog::{Dialect, Event, Incident, IncidentKind, Phase};

use super::app_deaths::{self, Which};
use super::{Conclusions, Rule, no_questions};
use crate::correlate;
use crate::crashes::{Group, errors_between, is_burst};
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

/// How long before and after the start of its successor requests are counted that a vanished process may have failed,
/// and from how many on that is no accident.
const GONE: i64 = 120;
const BACK: i64 = 10;
const DISTURBED: u64 = 3;

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
    // What never got beyond its start is told by startup-failure; a tool that crashed beside the site is context.
    let starting = group
        .all(facts)
        .all(|one| matches!(one.kind, IncidentKind::Crash { phase: Phase::Startup }));
    let elsewhere = !group.all(facts).any(|incident| serves(incident, facts));
    let severity = if starting || elsewhere {
        Severity::Info
    } else if is_burst(group, facts) {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let machines = group.machines(facts);
    let on = match machines.as_slice() {
        [(machine, _)] => format!(" on {}", facts.named(machine)),
        several => format!(" on {} machines", several.len()),
    };
    let title = group.title();
    let what = shortened(&title, 170);
    let when = if starting { " while it started" } else { "" };
    let who = match group.process(facts) {
        Some(process) if elsewhere => visible(process.as_bytes()).into_owned(),
        _ => "A process".to_owned(),
    };
    let headline = match count {
        1 => format!("{who} crashed once{when}{on}: {what}"),
        n => format!("{who} crashed {} times{when}{on}: {what}", thousands(n)),
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
    if elsewhere {
        finding.detail.push_str(" It is no program that is known to serve a site.");
    }
    finding.evidence = group.evidence(facts, EVIDENCE);
    finding
}

/// Whether a process can be the site's. On App Service every process is; on a whole server there are many others, so
/// that only the ones count that are known to serve, and those that a module of IIS started.
fn serves(incident: &Incident, facts: &Facts<'_>) -> bool {
    const SERVING: [&str; 13] = [
        "w3wp",
        "iisexpress",
        "dotnet",
        "node",
        "php-cgi",
        "php",
        "java",
        "javaw",
        "python",
        "httpd",
        "tomcat",
        "func",
        "ruby",
    ];
    let events = incident.events.iter().filter_map(|i| facts.records.events.list.get(*i));
    let of_windows_alone = |event: &Event<'_>| {
        event.dialect == Dialect::Windows
            && ["Application Error", "Windows Error Reporting", ".NET Runtime", "Application Hang"]
                .iter()
                .any(|provider| event.is_from(provider))
    };
    let mut events = events.peekable();
    if events.peek().is_none() || events.any(|event| !of_windows_alone(event)) {
        return true;
    }
    let Some(process) = &incident.process else { return true };
    let name = process.to_ascii_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    SERVING.iter().any(|known| {
        name.strip_prefix(known).is_some_and(|rest| {
            // `tomcat9`, `python3`.
            rest.bytes().all(|c| c.is_ascii_digit() || c == b'.' || c == b'w')
        })
    })
}

fn advice(group: &Group) -> Advice {
    let mut advice = Advice::default();
    let known = group.code.and_then(daaslens_kb::exception_code);
    if let Some(known) = known {
        advice.fix.extend(known.about.advice.iter().map(|line| (*line).to_owned()));
    }
    if let Some(known) = group.known {
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
    // A process that was replaced while requests failed is more than a lost event.
    let seen: Vec<u64> = silent
        .ended
        .iter()
        .map(|one| {
            let machine = facts.records.events.list.get(one.event);
            let at = one.range.end.seconds();
            machine.map_or(0, |event| {
                errors_between(facts.cube, facts.joins, &event.computer, at - GONE, at + BACK)
            })
        })
        .collect();
    let failed: u64 = seen.iter().sum();
    let disturbed = seen.iter().filter(|errors| **errors >= DISTURBED).count() as u64;
    let (severity, confidence) = if disturbed > 0 {
        (Severity::Warning, Confidence::Likely)
    } else {
        (Severity::Info, Confidence::Possible)
    };
    let mut finding = Finding::new(RULE.id, severity, confidence, headline);
    finding.detail = format!(
        "A native crash, a stack overflow or a kill for memory writes no event on App Service; a move of the instance or \
         a lost event looks the same. {} of all processes that were started end so here; in most bundles it is one in \
         twenty, with the ones that still run.",
        percent(silent.ended.len() as u64, silent.started)
    );
    if disturbed > 0 {
        let _ = write!(
            finding.detail,
            " Around {} of them requests failed, {} in all.",
            thousands(disturbed),
            thousands(failed)
        );
        finding.causes = correlate::told(
            facts,
            &[
                ("process-vanished-event", finding.headline.clone()),
                (
                    "restarts-in-log",
                    format!(
                        "{} when {} were replaced",
                        counted(failed, "request failed", "requests failed"),
                        counted(disturbed, "of them", "of them")
                    ),
                ),
            ],
        );
    }
    finding.window =
        Some(silent.ended.iter().skip(1).fold(first.range, |all, one| all.union(one.range)));
    finding.metrics = vec![
        ("count", Metric::Count(silent.ended.len() as u64)),
        ("started", Metric::Count(silent.started)),
    ];
    finding.impact = (silent.ended.len() as u64).max(failed);
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
