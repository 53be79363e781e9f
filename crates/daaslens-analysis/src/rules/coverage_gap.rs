#![doc = include_str!("coverage_gap.md")]

use daaslens_core::model::{Clean, Gap};
use daaslens_core::text::{counted, duration_s};
use daaslens_core::{Confidence, Finding, Metric, Severity};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "coverage-gap",
    doc: include_str!("coverage_gap.md"),
    questions: no_questions,
    conclude,
};

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let Some(http) = facts.http else {
        return;
    };
    for gap in facts.gaps {
        out.findings.push(finding(gap));
    }
    if facts.gaps.is_empty() && http.totals.requests > 0 {
        let text = format!(
            "{} logged without a stretch of silence that chance does not explain",
            counted(http.instances.len() as u64, "instance", "instances")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

fn finding(gap: &Gap) -> Finding {
    let seconds = gap.range.seconds().max(0) as u64;
    let (severity, headline) = match &gap.instance {
        Some(name) => {
            (Severity::Info, format!("Instance {name} has no log line for {}", duration_s(seconds)))
        }
        None => {
            (Severity::Warning, format!("No instance has a log line for {}", duration_s(seconds)))
        }
    };
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.detail.clone_from(&gap.reason);
    finding.window = Some(gap.range);
    finding.subject.instance.clone_from(&gap.instance);
    finding.metrics = vec![("seconds", Metric::Count(seconds))];
    finding.impact = seconds;
    finding.advice.collect_next.push(
        "Compare with the front end: Http5xx and Requests of this stretch in Azure Monitor, and the platform's restart events"
            .to_owned(),
    );
    finding
}
