#![doc = include_str!("unhandled_exception.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, shortened, thousands, visible};
use daaslens_core::{Confidence, Finding, Metric, Severity};
use std::fmt::Write as _;

use super::{Conclusions, Rule, app_log_errors, no_questions};
use crate::crashes::Thrown;
use crate::facts::Facts;
use crate::http::summary::app_sites;
use crate::http::template;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "unhandled-exception",
    doc: include_str!("unhandled_exception.md"),
    questions: no_questions,
    conclude,
};

/// From how many on a signature is a defect, and the most that become findings.
const DEFECT: u64 = 20;
/// The same where the framework says that nobody caught them: each one is a visitor who saw an error.
const UNHANDLED: u64 = 5;
const MOST: usize = 8;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    of_events(facts, out);
    of_logs(facts, out);
}

/// What the application's own logs say of exceptions that ended a request: a finding of the event log with the same
/// signature is confirmed by them, others stand for themselves.
fn of_logs(facts: &Facts<'_>, out: &mut Conclusions) {
    let groups = facts.records.apps.errors().into_iter().filter(|group| group.unhandled > 0);
    for group in groups.take(MOST) {
        let own = app_log_errors::finding(RULE.id, group, facts);
        let known = out.findings.iter_mut().find(|finding| {
            finding.subject.signature.is_some()
                && finding.subject.signature == own.subject.signature
        });
        if let Some(known) = known {
            known.confidence = Confidence::Confirmed;
            let says =
                format!(" The application's own log has it {} times.", thousands(group.count));
            known.detail.push_str(if known.detail.is_empty() { says.trim_start() } else { &says });
            known.evidence.extend(own.evidence.into_iter().take(2));
        } else {
            let mut finding = own;
            if group.unhandled >= UNHANDLED {
                finding.severity = Severity::Warning;
            }
            out.findings.push(finding);
        }
    }
    if !out.findings.is_empty() {
        out.clean.clear();
    }
}

fn of_events(facts: &Facts<'_>, out: &mut Conclusions) {
    if facts.records.events.files == 0 {
        return;
    }
    for thrown in facts.crashes.thrown.iter().take(MOST) {
        out.findings.push(finding(thrown, facts));
    }
    if facts.crashes.thrown.is_empty() {
        let text = format!(
            "none in {}",
            counted(facts.records.events.list.len() as u64, "event", "events")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// What the request log says of the path that the exceptions name most.
fn join(finding: &mut Finding, path: &str, thrown: &Thrown, facts: &Facts<'_>) {
    let mut buffer = Vec::new();
    let template = template::of(path.as_bytes(), &mut buffer);
    let (mut requests, mut errors) = (0, 0);
    for (_, site) in app_sites(facts.cube) {
        let urls = site.urls.sorted();
        if let Some((_, url)) = urls.iter().find(|(name, _)| *name == template) {
            requests += url.requests;
            errors += url.server_errors;
        }
    }
    if requests == 0 {
        return;
    }
    let how = if template == path.as_bytes() {
        "the same path in both logs"
    } else {
        "inferred: the path has the shape of that address"
    };
    if !finding.detail.is_empty() {
        finding.detail.push(' ');
    }
    let _ = write!(
        finding.detail,
        "In the request log {} of {} of {} failed ({how}).",
        thousands(errors),
        counted(requests, "request", "requests"),
        visible(template)
    );
    finding.metrics.push(("server_errors", Metric::Count(errors)));
    let (exact, alike) = thrown.on_path(&String::from_utf8_lossy(template));
    // Two logs that tell of one failure each confirm each other where their numbers can be the same ones.
    if errors > 0 && 2 * errors >= exact + alike {
        finding.confidence = Confidence::Confirmed;
    }
}

fn finding(thrown: &Thrown, facts: &Facts<'_>) -> Finding {
    let count = thrown.events.len() as u64;
    let defect = count >= DEFECT || thrown.unhandled >= UNHANDLED;
    let severity = if defect { Severity::Warning } else { Severity::Info };
    let path =
        thrown.paths.iter().max_by_key(|(path, n)| (**n, std::cmp::Reverse((*path).clone())));
    let headline = format!(
        "{} \u{d7} {}{}",
        thousands(count),
        shortened(&thrown.title(), 170),
        path.map_or_else(String::new, |(path, _)| format!(" in {}", shortened(path, 60)))
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.window = thrown.range(facts);
    finding.subject.signature = Some(thrown.signature.exact.clone());
    finding.subject.exception =
        Some(thrown.signature.exception.clone()).filter(|name| !name.is_empty());
    finding.subject.url = path.map(|(path, _)| path.clone());
    finding.metrics = vec![
        ("count", Metric::Count(count)),
        ("events", Metric::Count(facts.records.events.list.len() as u64)),
    ];
    finding.impact = count;
    if let Some(known) = thrown.known {
        finding.detail = format!("{}: {}", known.about.title, known.about.means);
        finding.advice.fix.extend(known.about.advice.iter().map(|line| (*line).to_owned()));
    }
    if let Some((path, _)) = path {
        join(&mut finding, path, thrown, facts);
    }
    if let Some(frame) = thrown.signature.frames.iter().find(|frame| frame.own) {
        finding.advice.fix.push(format!("Look at {}", shortened(&frame.text, 140)));
    }
    finding.evidence = thrown
        .events
        .iter()
        .take(4)
        .filter_map(|i| facts.records.events.evidence(*i, "", count))
        .collect();
    finding
}
