//! What thread dumps show of a resource that ran out: pools whose threads all wait for the same, heaps at their limit.

use daaslens_core::text::{bytes, counted, percent, shortened};
use daaslens_core::{Cause, Confidence, Finding, Metric, Severity, TimeRange};

use crate::facts::Facts;
use crate::records::threads::{Pool, Taken, Wait};

/// A pool of fewer threads says little.
const LEAST: u64 = 10;

/// The share of a pool, in per cent, that waits for the same where it has run out.
const MOST_OF: u64 = 80;

/// The share of a heap's limit, in per cent.
const FULL: u64 = 90;

/// All of it.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let list = &facts.records.threads.list;
    list.iter()
        .flat_map(|taken| {
            let pools = taken.pools.iter().filter_map(|pool| exhausted(taken, pool, facts));
            pools.chain(heap(taken, facts)).collect::<Vec<_>>()
        })
        .collect()
}

fn finding(rule: &'static str, taken: &Taken, facts: &Facts<'_>, headline: String) -> Finding {
    let mut finding = Finding::new(rule, Severity::Warning, Confidence::Likely, headline);
    finding.window = taken.time.map(TimeRange::at);
    finding.subject.process = taken.pid.map(|pid| pid.to_string());
    finding.subject.instance = taken.machine.as_ref().map(|machine| facts.instance(machine));
    finding
}

/// A pool of which nearly all threads wait for the same.
fn exhausted(taken: &Taken, pool: &Pool, facts: &Facts<'_>) -> Option<Finding> {
    let same = pool.alike * 100 >= pool.threads * MOST_OF;
    if pool.threads < LEAST || !same || matches!(pool.wait, Wait::Nothing | Wait::Work) {
        return None;
    }
    let headline = format!(
        "{} of {} of {} in {} wait for {}",
        pool.alike,
        counted(pool.threads, "thread", "threads"),
        shortened(&pool.name, 60),
        taken.process(),
        pool.wait.word()
    );
    let mut finding = finding(super::resource_exhaustion::RULE.id, taken, facts, headline);
    let own = pool.frames.iter().find(|frame| {
        !daaslens_kb::has_role(
            daaslens_kb::Runtime::DotNet,
            daaslens_kb::NameRole::Framework,
            frame,
        ) && !daaslens_kb::has_role(
            daaslens_kb::Runtime::Java,
            daaslens_kb::NameRole::Framework,
            frame,
        )
    });
    finding.detail = format!(
        "{} of them are idle. They wait in {}.",
        pool.idle,
        shortened(pool.frames.first().map_or("", String::as_str), 120)
    );
    finding.metrics = vec![
        ("threads", Metric::Count(pool.threads)),
        ("alike", Metric::Count(pool.alike)),
        ("idle", Metric::Count(pool.idle)),
    ];
    finding.impact = pool.alike;
    if let Some(own) = own {
        finding.advice.fix.push(format!("Look at {}", shortened(own, 140)));
    }
    finding.advice.collect_next.push(
        "Two more dumps of the same process, some seconds apart: threads that stand still are stuck".to_owned(),
    );
    finding.evidence = vec![taken.pool_evidence(pool)];
    finding.causes = daaslens_kb::hypothesis("pool-exhausted")
        .map(|known| Cause {
            hypothesis: known.name,
            title: known.about.title.to_owned(),
            // One kind of evidence, of one moment.
            confidence: Confidence::Possible,
            supports: vec![format!(
                "{} of the threads of one pool wait in the same place",
                percent(pool.alike, pool.threads)
            )],
            against: Vec::new(),
            missing: vec!["Whether they stand still: a dump shows one moment.".to_owned()],
        })
        .into_iter()
        .collect();
    Some(finding)
}

/// A heap of JavaScript near its limit.
fn heap(taken: &Taken, facts: &Facts<'_>) -> Option<Finding> {
    let (used, limit) = (*taken.figures.get("heap-used")?, *taken.figures.get("heap-limit")?);
    if limit == 0 || used.saturating_mul(100) < limit.saturating_mul(FULL) {
        return None;
    }
    let headline = format!(
        "The JavaScript heap of {} is at {} of its limit of {}",
        taken.process(),
        percent(used, limit),
        bytes(limit)
    );
    let mut finding = finding(super::resource_exhaustion::RULE.id, taken, facts, headline);
    finding.metrics =
        vec![("used_bytes", Metric::Count(used)), ("limit_bytes", Metric::Count(limit))];
    finding.impact = 1;
    finding.advice.fix.push(
        "Find what holds the memory with a heap snapshot; --max-old-space-size only moves the limit".to_owned(),
    );
    finding.evidence = vec![taken.own_evidence()];
    Some(finding)
}
