//! What HTTP.sys's error log says about a cluster: what never reached the log that the cluster stands in.

use daaslens_core::text::thousands;
use daaslens_core::{Evidence, Time, TimeRange};

use super::Looking;
use crate::facts::Facts;
use crate::hypotheses::{Observation, State};
use crate::signals::ClusterSignal;

/// How far around a window a record may lie to belong to it.
const AROUND: i64 = 30;

/// The signs, with what is said where one is not there.
const SIGNS: [(&str, &str); 4] = [
    ("httperr-queue-full", "HTTP.sys turned no request away for a full queue meanwhile"),
    ("httperr-app-offline", ""),
    ("httperr-abandoned", "HTTP.sys saw no worker process leave requests behind meanwhile"),
    ("httperr-queue-timeout", ""),
];

/// The window with what lies around it.
fn near(cluster: &ClusterSignal) -> TimeRange {
    TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - AROUND),
        Time::from_seconds(cluster.range.end.seconds() + AROUND),
    )
}

/// A record of each reason that says something about the cluster.
pub(crate) fn refusals(facts: &Facts<'_>, cluster: &ClusterSignal) -> Vec<Evidence> {
    facts.records.httperr.evidence(near(cluster))
}

pub(super) fn look(looking: &mut Looking<'_>, cluster: &ClusterSignal) {
    let facts = looking.facts;
    let log = &facts.records.httperr;
    // A log that does not reach that time says nothing by what is not in it.
    let covers = log
        .range
        .is_some_and(|seen| seen.start <= cluster.range.start && cluster.range.end <= seen.end);
    let near = near(cluster);
    for (sign, absent) in SIGNS {
        let seen = log.signs(sign, near);
        if seen.is_empty() {
            if covers {
                looking.absent(sign, absent.to_owned());
            }
            continue;
        }
        if sign == "httperr-queue-full" {
            // What HTTP.sys turned away has no line in the log of the cluster: that no line says so is no evidence.
            let elsewhere =
                |one: &Observation| one.sign == "outcome-queue-full" && one.state == State::Absent;
            looking.seen.retain(|one| !elsewhere(one));
        }
        let reasons: Vec<String> = seen
            .iter()
            .map(|(known, n)| format!("{} \u{d7} {}", thousands(*n), known.reason))
            .collect();
        looking.present(sign, format!("HTTP.sys wrote {} in the same window", reasons.join(", ")));
    }
}
