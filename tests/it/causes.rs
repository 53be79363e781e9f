//! Simulated incidents through the whole program: the cause that was planted stands first among the causes.

use daaslens_testkit::scenario::SCENARIOS;
use daaslens_testkit::{Culprit, Fault};
use serde_json::Value;

use super::support::{Place, rows};

/// The findings of a rule that may tell of a fault.
fn told<'a>(findings: &'a Value, fault: &Fault) -> Vec<&'a Value> {
    let is_one = |one: &&Value| fault.rules.iter().any(|rule| one["rule"] == rule.as_str());
    rows(&findings["findings"]).iter().filter(is_one).collect()
}

#[test]
fn the_planted_cause_stands_first_and_the_planted_instance_is_named() {
    let mut wrong = Vec::new();
    let mut looked = 0;
    for scenario in SCENARIOS {
        let staged = scenario.build(1);
        let place = Place::new();
        staged.bundle.write_to(&place.path("bundle")).unwrap();
        let findings = place.findings(["bundle"]);
        for fault in &staged.truth.faults {
            let told = told(&findings, fault);
            if let Some(hypotheses) = &fault.hypotheses {
                looked += 1;
                let fits = |one: &&Value| {
                    hypotheses.iter().any(|name| one["causes"][0]["hypothesis"] == name.as_str())
                };
                if !told.iter().any(fits) {
                    wrong.push(format!(
                        "{}, {}: no cause of {hypotheses:?}",
                        scenario.name, fault.id
                    ));
                }
            }
            if let Some(Culprit::One { dimension, value, also }) = &fault.culprit
                && dimension == "instance"
            {
                looked += 1;
                let is_named = |one: &&Value| {
                    let text = one.to_string();
                    std::iter::once(value).chain(also).any(|name| text.contains(name.as_str()))
                };
                // Each of the findings that a reader meets has to name it.
                if told.is_empty() || !told.iter().all(is_named) {
                    wrong.push(format!("{}, {}: {value} is not named", scenario.name, fault.id));
                }
            }
        }
    }
    assert!(looked >= 10, "{looked}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
