//! The detectors: one file each, with what it looks for, what it concludes, its tests, and its `.md`.

use daaslens_core::Finding;
use daaslens_core::model::Clean;

use crate::facts::Facts;
use crate::zoom::{Question, Reply};

mod app_deaths;
mod app_log_errors;
mod busy_threads;
mod client_aborts;
mod concurrency_saturation;
mod coverage_gap;
mod cpu_spike;
mod crash_loop;
mod crash_signature;
mod data_quality;
mod deployment;
mod diagnostic_session;
mod dump_signature;
mod failed_request_trace;
mod http_5xx_cluster;
mod http_silence;
mod httperr;
mod metric_anomaly;
mod php_error_group;
mod php_fatal;
pub(crate) mod php_process;
mod php_startup;
mod process_recycle;
mod resource_exhaustion;
mod slow_url;
mod stall;
mod startup_failure;
mod thread_deadlock;
mod timeout_wall;
mod unhandled_exception;

pub(crate) use dump_signature::mark as dump_mark;
pub(crate) use metric_anomaly::{CPU_FULL, MEMORY_FULL};
pub(crate) use php_fatal::is_fatal;
pub(crate) use process_recycle::word as recycle_word;

/// A detector.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name in the contract.
    pub id: &'static str,
    /// What it looks for, why it matters, what it shows, when it is wrong: Markdown.
    pub doc: &'static str,
    /// Which records it wants to see.
    pub(crate) questions: fn(&Facts<'_>) -> Vec<Question>,
    /// Looks at the facts, and at the replies to its questions, in their order.
    pub(crate) conclude: fn(&Facts<'_>, &[Reply], &mut Conclusions),
}

/// All detectors, in the order in which they look.
pub const RULES: &[Rule] = &[
    http_5xx_cluster::RULE,
    http_silence::RULE,
    crash_loop::RULE,
    crash_signature::RULE,
    dump_signature::RULE,
    thread_deadlock::RULE,
    startup_failure::RULE,
    process_recycle::RULE,
    unhandled_exception::RULE,
    app_log_errors::RULE,
    php_fatal::RULE,
    php_error_group::RULE,
    php_startup::RULE,
    php_process::RULE,
    resource_exhaustion::RULE,
    deployment::RULE,
    diagnostic_session::RULE,
    cpu_spike::RULE,
    failed_request_trace::RULE,
    stall::RULE,
    concurrency_saturation::RULE,
    timeout_wall::RULE,
    slow_url::RULE,
    client_aborts::RULE,
    metric_anomaly::RULE,
    coverage_gap::RULE,
    data_quality::RULE,
];

/// For rules that need no record.
fn no_questions(_: &Facts<'_>) -> Vec<Question> {
    Vec::new()
}

/// What the detectors say.
#[derive(Debug, Default)]
pub(crate) struct Conclusions {
    pub(crate) findings: Vec<Finding>,
    /// Rules that looked and found nothing, with the figure that says so.
    pub(crate) clean: Vec<Clean>,
    /// What could not be looked at, and why.
    pub(crate) not_checked: Vec<String>,
}

/// The questions of all rules, those of each rule together.
pub(crate) fn questions(facts: &Facts<'_>) -> Vec<Vec<Question>> {
    RULES.iter().map(|rule| guarded(|| (rule.questions)(facts)).unwrap_or_default()).collect()
}

/// Asks every rule. One that panics loses its own conclusion, and that is said.
pub(crate) fn conclude(facts: &Facts<'_>, replies: &[Vec<Reply>]) -> Conclusions {
    let mut all = Conclusions::default();
    for (rule, replies) in RULES.iter().zip(replies) {
        let result = guarded(|| {
            let mut own = Conclusions::default();
            (rule.conclude)(facts, replies, &mut own);
            own
        });
        match result {
            Some(own) => {
                all.findings.extend(own.findings);
                all.clean.extend(own.clean);
                all.not_checked.extend(own.not_checked);
            }
            None => all
                .not_checked
                .push(format!("{}: the check failed by a defect of this program.", rule.id)),
        }
    }
    all
}

fn guarded<T>(body: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).ok()
}
