#![doc = include_str!("thread_deadlock.md")]

use daaslens_core::text::{counted, shortened};
use daaslens_core::{Confidence, Finding, Metric, Severity, TimeRange};

use super::{Conclusions, Rule, no_questions};
use crate::deadlocks::Deadlock;
use crate::facts::Facts;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "thread-deadlock",
    doc: include_str!("thread_deadlock.md"),
    questions: no_questions,
    conclude,
};

/// The most findings.
const MOST: usize = 10;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    out.findings.extend(facts.deadlocks.iter().take(MOST).map(|one| finding(one, facts)));
}

fn finding(deadlock: &Deadlock, facts: &Facts<'_>) -> Finding {
    let who = match deadlock.threads.len() as u64 {
        0 => "Threads".to_owned(),
        n => counted(n, "thread", "threads"),
    };
    let headline = format!(
        "{who} of {} wait for each other, as {} tells",
        shortened(&deadlock.of, 80),
        deadlock.told_by
    );
    let mut finding = Finding::new(RULE.id, Severity::Critical, Confidence::Likely, headline);
    let mut parts = Vec::new();
    if !deadlock.threads.is_empty() {
        parts.push(format!("Threads: {}.", deadlock.threads.join(", ")));
    }
    parts.extend(
        deadlock.waits.iter().take(8).map(|wait| format!("{}.", wait.trim_end_matches('.'))),
    );
    finding.detail = parts.join(" ");
    finding.window = deadlock.time.map(TimeRange::at);
    finding.subject.instance = deadlock.machine.as_ref().map(|machine| facts.instance(machine));
    finding.metrics = vec![("threads", Metric::Count(deadlock.threads.len() as u64))];
    finding.impact = (deadlock.threads.len() as u64).max(2);
    finding
        .advice
        .mitigate
        .push("Restart the process: a deadlock does not end by itself".to_owned());
    finding.advice.fix.push(
        "Take the locks in the same order everywhere, hold none while calling foreign code, and give each wait a limit"
            .to_owned(),
    );
    finding.evidence.clone_from(&deadlock.evidence);
    finding
}
