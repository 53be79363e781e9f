#![doc = include_str!("diagnostic_session.md")]

use daaslens_core::text::{counted, duration_s};
use daaslens_core::{Confidence, Finding, Metric, Severity};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::records::platform::Session;
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
    out.findings.extend(facts.records.platform.sessions.iter().take(MOST).map(finding));
}

fn finding(session: &Session) -> Finding {
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
    let mut detail = vec![format!("{} collected.", counted(session.files, "file", "files"))];
    if session.in_blob > 0 {
        detail.push(format!(
            "{} of them lie in blob storage and not in the bundle.",
            session.in_blob
        ));
    }
    if session.automatic {
        detail.push("It was started by auto-heal or from a console.".to_owned());
    }
    if session.intrusive {
        detail.push("Its tool stops or slows the process while it works.".to_owned());
    }
    if !session.instances.is_empty() {
        detail.push(format!("Instances: {}.", session.instances.join(", ")));
    }
    if !session.errors.is_empty() {
        detail.push(format!("Errors: {}.", session.errors.join("; ")));
    }
    finding.detail = detail.join(" ");
    finding.window = Some(session.range);
    if let [instance] = session.instances.as_slice() {
        finding.subject.instance = Some(instance.clone());
    }
    finding.metrics = vec![
        ("count", Metric::Count(session.files)),
        ("seconds", Metric::Count(session.range.seconds().max(0) as u64)),
    ];
    finding.evidence = vec![session.evidence.clone()];
    finding
}
