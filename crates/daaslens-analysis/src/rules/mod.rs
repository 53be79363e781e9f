//! The detectors: one file each, with what it looks for, what it concludes, its tests, and its `.md`.

use daaslens_core::Finding;
use daaslens_core::model::Clean;

use crate::facts::Facts;

mod coverage_gap;
mod data_quality;

/// A detector.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name in the contract.
    pub id: &'static str,
    /// What it looks for, why it matters, what it shows, when it is wrong: Markdown.
    pub doc: &'static str,
    /// Looks at the facts.
    pub(crate) conclude: fn(&Facts<'_>, &mut Conclusions),
}

/// All detectors, in the order in which they look.
pub const RULES: &[Rule] = &[coverage_gap::RULE, data_quality::RULE];

/// What the detectors say.
#[derive(Debug, Default)]
pub(crate) struct Conclusions {
    pub(crate) findings: Vec<Finding>,
    /// Rules that looked and found nothing, with the figure that says so.
    pub(crate) clean: Vec<Clean>,
    /// What could not be looked at, and why.
    pub(crate) not_checked: Vec<String>,
}

/// Asks every rule. One that panics loses its own conclusion, and that is said.
pub(crate) fn conclude(facts: &Facts<'_>) -> Conclusions {
    let mut all = Conclusions::default();
    for rule in RULES {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut own = Conclusions::default();
            (rule.conclude)(facts, &mut own);
            own
        }));
        match result {
            Ok(own) => {
                all.findings.extend(own.findings);
                all.clean.extend(own.clean);
                all.not_checked.extend(own.not_checked);
            }
            Err(_) => all
                .not_checked
                .push(format!("{}: the check failed by a defect of this program.", rule.id)),
        }
    }
    all
}
