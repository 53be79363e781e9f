#![doc = include_str!("deployment.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{duration_s, shortened};
use daaslens_core::{Confidence, Finding, Kind, Metric, Severity};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::records::platform::Deployment;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "deployment",
    doc: include_str!("deployment.md"),
    questions: no_questions,
    conclude,
};

/// The most deployments that become findings.
const MOST: usize = 8;

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
    let severity = if one.failed { Severity::Warning } else { Severity::Info };
    let headline = format!(
        "Deployment {} ended {} ({}), after {}",
        shortened(&one.id, 12),
        one.range.end.format("%Y-%m-%d %H:%M:%S UTC"),
        one.status,
        duration_s(one.range.seconds().max(0) as u64)
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.window = Some(one.range);
    finding.subject.signature = Some(one.id.clone());
    finding.metrics = vec![
        ("count", Metric::Count(facts.records.platform.deployments.len() as u64)),
        ("seconds", Metric::Count(one.range.seconds().max(0) as u64)),
    ];
    finding.impact = u64::from(one.failed);
    if one.failed {
        finding.advice.fix.push(
            "Read its log (site/deployments/<id>/log.log): the site may run half of the new build"
                .to_owned(),
        );
    }
    finding.evidence = vec![one.evidence.clone()];
    finding
}
