#![doc = include_str!("diagnostic_session.md")]

use daaslens_core::text::{counted, duration_s};
use daaslens_core::{Confidence, Evidence, Finding, Metric, Severity};
use daaslens_platform::monitoring::{Mode, Session as Watch};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::records::platform::cpu;
use crate::records::platform::sessions::Session;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "diagnostic-session",
    doc: include_str!("diagnostic_session.md"),
    questions: no_questions,
    conclude,
};

/// The most sessions that become findings.
const MOST: usize = 20;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let platform = &facts.records.platform;
    out.findings.extend(platform.sessions.iter().rev().take(MOST).map(|one| finding(one, facts)));
    out.findings.extend(monitoring(facts));
}

fn finding(session: &Session, facts: &Facts<'_>) -> Finding {
    let length = match session.range.seconds() {
        0 => String::new(),
        seconds => format!(", {}", duration_s(seconds.max(0) as u64)),
    };
    let headline = format!(
        "Diagnostic session {}: {}, {}, on {}{length}",
        session.id,
        session.tool,
        session.status,
        counted(session.instances.len() as u64, "instance", "instances"),
    );
    let mut finding = Finding::new(RULE.id, Severity::Info, Confidence::Likely, headline);
    finding.detail = detail(session, facts).join(" ");
    finding.window = Some(session.range);
    if let [instance] = session.instances.as_slice() {
        finding.subject.instance = Some(facts.instance(instance));
    }
    finding.metrics = vec![
        ("count", Metric::Count(session.files)),
        ("seconds", Metric::Count(session.range.seconds().max(0) as u64)),
    ];
    if session.in_blob > 0 {
        finding.advice.collect_next.push(
            "Fetch what is missing from the storage account of the site's diagnostics (container memorydumps)"
                .to_owned(),
        );
    }
    if session.absent > 0 {
        finding.advice.collect_next.push(
            "Download the folder of the session (data/DaaS/Logs) again: files of it are not in the bundle"
                .to_owned(),
        );
    }
    finding.evidence = vec![session.evidence.clone()];
    finding.evidence.extend(session.lock.iter().cloned());
    finding.evidence.extend(session.lines.iter().cloned());
    finding
}

fn detail(session: &Session, facts: &Facts<'_>) -> Vec<String> {
    let mut detail = Vec::new();
    let here = session.files.saturating_sub(session.in_blob + session.absent);
    let mut collected = format!("{} collected", counted(session.files, "file", "files"));
    if session.files > 0 {
        let parts = [
            (here, "in the bundle"),
            (session.in_blob, "in blob storage and not in the bundle"),
            (session.absent, "neither there nor in the bundle"),
        ];
        let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}"));
        collected = format!("{collected}: {}", parts.collect::<Vec<_>>().join(", "));
    }
    detail.push(format!("{collected}."));
    let (reports, reports_here) = session.reports;
    if reports > 0 {
        detail.push(format!(
            "{} made of them, {reports_here} in the bundle.",
            counted(reports, "report", "reports")
        ));
    }
    if session.folders_only {
        detail.push(
            "Its record is not there, as newer versions keep it elsewhere; the folders tell of it."
                .to_owned(),
        );
    }
    if let Some(by) = &session.started_by {
        detail.push(format!("It was started by {by}."));
    }
    if session.intrusive {
        detail.push("Its tool stops or slows the process while it works.".to_owned());
    }
    if session.kills {
        detail.push("It ends the process when it has what it wants.".to_owned());
    }
    if !session.instances.is_empty() {
        let names: Vec<String> = session.instances.iter().map(|name| facts.named(name)).collect();
        detail.push(format!("Instances: {}.", names.join(", ")));
    }
    if session.lock.is_some() {
        detail.push(
            "Its lock is still there: whoever worked on it died, or was at work when the bundle was made."
                .to_owned(),
        );
    }
    if !session.cancelled.is_empty() {
        detail.push(format!("It was cancelled on {}.", session.cancelled.join(", ")));
    }
    if !session.errors.is_empty() {
        detail.push(format!("Errors: {}.", session.errors.join("; ")));
    }
    detail
}

/// Sessions of CPU monitoring, which watch for days and act seldom.
fn monitoring(facts: &Facts<'_>) -> Vec<Finding> {
    let cpu = &facts.records.platform.cpu;
    let one = |(one, evidence): &(Watch, Evidence)| {
        let range = one.window()?;
        let number =
            |value: Option<u64>| value.map_or_else(|| "?".to_owned(), |value| value.to_string());
        let acts: Vec<&cpu::Act> = cpu
            .acts
            .iter()
            .filter(|act| one.end.is_none() || range.contains(act.range.start))
            .collect();
        let headline = format!(
            "CPU monitoring from {}: above {}\u{a0}% for {}\u{a0}s, {}; {}",
            range.start.format("%Y-%m-%d %H:%M:%S UTC"),
            number(one.threshold_percent),
            number(one.threshold_seconds),
            one.mode.map_or("no action named", Mode::word),
            counted(acts.len() as u64, "act", "acts")
        );
        let mut finding = Finding::new(RULE.id, Severity::Info, Confidence::Likely, headline);
        let mut detail: Vec<String> = acts
            .iter()
            .take(8)
            .map(|act| {
                let at = act.range.start.format("%Y-%m-%d %H:%M:%S");
                format!("{at}: {} on {}.", act.text, facts.named(&act.machine))
            })
            .collect();
        if one.end.is_none() {
            detail.insert(0, "It was still at work when its record was written.".to_owned());
        }
        if one.mode.is_some_and(Mode::kills) {
            detail.push(
                "It ends the process: requests in flight fail, and the next ones start it."
                    .to_owned(),
            );
        }
        let errors = cpu::errors(one);
        if !errors.is_empty() {
            detail.push(format!("Errors: {}.", errors.join("; ")));
        }
        finding.detail = detail.join(" ");
        finding.window = Some(range);
        finding.metrics = vec![
            ("count", Metric::Count(one.files.len() as u64)),
            ("seconds", Metric::Count(range.seconds().max(0) as u64)),
        ];
        finding.evidence = vec![evidence.clone()];
        finding.evidence.extend(acts.iter().take(4).map(|act| act.evidence.clone()));
        Some(finding)
    };
    cpu.sessions.iter().rev().take(MOST).filter_map(one).collect()
}
