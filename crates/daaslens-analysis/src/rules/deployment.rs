#![doc = include_str!("deployment.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_s, shortened};
use daaslens_core::{Confidence, Finding, Kind, Metric, Severity};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::records::platform::deployments::Deployment;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "deployment",
    doc: include_str!("deployment.md"),
    questions: no_questions,
    conclude,
};

/// The most deployments that become findings.
const MOST: usize = 8;

/// A deployment that is not done this long after its start was given up, in seconds: Kudu ends what says nothing for a
/// minute, and builds take minutes.
const GIVEN_UP: i64 = 3600;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    if !facts.has(Kind::Deployment) {
        return;
    }
    let deployments = &facts.records.platform.deployments;
    // What was deployed before the requests begin says what is running; one of those is enough.
    let begin = facts.http.and_then(|http| http.range).map(|range| range.start);
    let before =
        deployments.iter().filter(|one| begin.is_some_and(|begin| one.range.end < begin)).count();
    let shown = deployments.iter().skip(before.saturating_sub(1)).rev().take(MOST);
    out.findings.extend(shown.map(|one| finding(one, facts)));
    if deployments.is_empty() {
        out.clean.push(Clean {
            rule: RULE.id,
            text: "no record of a deployment with a time in it".to_owned(),
        });
    }
}

fn finding(one: &Deployment, facts: &Facts<'_>) -> Finding {
    let given_up = one.unfinished
        && facts
            .window
            .is_some_and(|window| window.end.seconds() - one.range.end.seconds() > GIVEN_UP);
    let severity = if one.failed || given_up { Severity::Warning } else { Severity::Info };
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline(one));
    finding.detail = detail(one);
    finding.window = Some(one.range);
    finding.subject.signature = Some(one.id.clone());
    finding.metrics = vec![
        ("count", Metric::Count(facts.records.platform.deployments.len() as u64)),
        ("seconds", Metric::Count(one.range.seconds().max(0) as u64)),
    ];
    if let Some(files) = one.files {
        finding.metrics.push(("files", Metric::Count(files)));
    }
    finding.impact = u64::from(one.failed || given_up);
    if one.failed {
        finding.advice.fix.push(if one.steps.is_some() {
            "Mend the step that failed and deploy again: the site may run half of the new build"
                .to_owned()
        } else {
            "Read its log (site/deployments/<id>/log.log): the site may run half of the new build"
                .to_owned()
        });
    } else if given_up {
        finding
            .advice
            .fix
            .push("Deploy again: it was never done, and the site may run half of it".to_owned());
    }
    finding.evidence = vec![one.evidence.clone()];
    if let Some(steps) = one.steps.as_ref().filter(|_| one.failed) {
        finding.evidence.extend(steps.evidence.iter().cloned());
    }
    finding
}

fn headline(one: &Deployment) -> String {
    let id = shortened(&one.id, 12);
    let at = one.range.end.format("%Y-%m-%d %H:%M:%S UTC");
    let length = duration_s(one.range.seconds().max(0) as u64);
    let failure = one.steps.as_ref().and_then(|steps| steps.failure.as_ref());
    match failure.filter(|_| one.failed) {
        _ if one.unfinished => format!(
            "Deployment {id} was not done ({}) when its record was last written, {at}",
            one.status
        ),
        Some((step, error)) if step.is_empty() => {
            format!("Deployment {id} failed {at}, after {length}: {}", shortened(error, 90))
        }
        Some((step, error)) => format!(
            "Deployment {id} failed {at}, after {length}, at \u{201c}{}\u{201d}: {}",
            shortened(step.trim_end_matches('.'), 50),
            shortened(error, 90)
        ),
        None => format!("Deployment {id} ended {at} ({}), after {length}", one.status),
    }
}

fn detail(one: &Deployment) -> String {
    let mut detail = Vec::new();
    if one.active {
        detail.push("It is the one that the site runs.".to_owned());
    }
    let by = one.deployer.map_or_else(String::new, |by| format!(" by {by}"));
    match &one.message {
        Some(message) => detail.push(format!("Brought{by}: {}.", message.trim_end_matches('.'))),
        None if !by.is_empty() => detail.push(format!("Brought{by}.")),
        None => {}
    }
    if let Some(state) = one.state.as_ref().filter(|_| one.failed || one.unfinished) {
        detail.push(format!("Kudu says: {}.", state.trim_end_matches('.')));
    }
    if let Some(steps) = &one.steps {
        detail.push(format!(
            "Its log has {}, {} and {}.",
            counted(steps.found, "step", "steps"),
            counted(steps.errors, "error", "errors"),
            counted(steps.warnings, "warning", "warnings")
        ));
        let offline: i64 = steps.offline.iter().map(|range| range.seconds().max(0)).sum();
        if !steps.offline.is_empty() {
            detail.push(format!(
                "app_offline.htm lay in the site for {}; meanwhile ASP.NET answers 503.",
                duration_s(offline.max(0) as u64)
            ));
        }
    }
    if let Some(files) = one.files {
        detail.push(format!("The site has {} of it.", counted(files, "file", "files")));
    }
    if let Some(project) = &one.project {
        detail.push(format!("Kind of project: {project}."));
    }
    detail.join(" ")
}
