//! Ends of processes that somebody asked Kudu for, from its traces.

use std::collections::BTreeMap;

use daaslens_core::text::{counted, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity};

use crate::facts::Facts;
use crate::records::platform::kudu::{Act, ActKind};

/// How many of them are told.
const TOLD: usize = 6;

/// One finding for each kind. `app_offline.htm` is left to the event log, which says more, where there is one.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut kinds: BTreeMap<ActKind, Vec<&Act>> = BTreeMap::new();
    let has_events = facts.records.events.files > 0;
    for act in &facts.records.platform.kudu.acts {
        let counts = act.kind == ActKind::Kill || act.kind == ActKind::Restart && !has_events;
        if counts {
            kinds.entry(act.kind).or_default().push(act);
        }
    }
    kinds.into_iter().filter_map(|(kind, acts)| finding(kind, &acts, facts)).collect()
}

fn finding(kind: ActKind, acts: &[&Act], facts: &Facts<'_>) -> Option<Finding> {
    let first = acts.first()?;
    let range = acts.iter().fold(first.range, |all, act| all.union(act.range));
    let mut instances: Vec<&str> = acts.iter().map(|act| act.instance.as_str()).collect();
    instances.sort_unstable();
    instances.dedup();
    let on = match instances.as_slice() {
        [one] => facts.named(one),
        more => counted(more.len() as u64, "instance", "instances"),
    };
    let what = match kind {
        ActKind::Kill => "process ended by hand, through Kudu",
        _ => "restart by a deployment, as Kudu's traces tell",
    };
    let headline = format!("{} \u{d7} {what}, on {on}", thousands(acts.len() as u64));
    let mut finding = Finding::new(super::RULE.id, Severity::Info, Confidence::Likely, headline);
    let told = acts.iter().take(TOLD).map(|act| {
        let answer = match act.status {
            Some(status) if status >= 400 => format!(" (answered {status})"),
            _ => String::new(),
        };
        format!("{}: {}{answer}.", act.range.start.format("%Y-%m-%d %H:%M:%S"), act.text)
    });
    finding.detail = told.collect::<Vec<_>>().join(" ");
    finding.window = Some(range);
    if let [one] = instances.as_slice() {
        finding.subject.instance = Some(facts.instance(one));
    }
    finding.metrics = vec![("count", Metric::Count(acts.len() as u64))];
    finding.impact = acts.len() as u64;
    finding.evidence = acts.iter().take(4).map(|act| act.evidence.clone()).collect();
    Some(finding)
}
