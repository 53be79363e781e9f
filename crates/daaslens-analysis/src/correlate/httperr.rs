//! What HTTP.sys's error log says about a cluster: what never reached the log that the cluster stands in.

use daaslens_core::text::thousands;
use daaslens_core::{Time, TimeRange};

use super::Looking;
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

pub(super) fn look(looking: &mut Looking<'_>, cluster: &ClusterSignal) {
    let facts = looking.facts;
    let log = &facts.records.httperr;
    let near = TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - AROUND),
        Time::from_seconds(cluster.range.end.seconds() + AROUND),
    );
    // A log that does not reach that time says nothing about it.
    if log.range.is_none_or(|seen| cluster.range.start < seen.start || seen.end < cluster.range.end)
    {
        return;
    }
    for (sign, absent) in SIGNS {
        let seen = log.signs(sign, near);
        if seen.is_empty() {
            looking.absent(sign, absent.to_owned());
            continue;
        }
        let reasons: Vec<String> = seen
            .iter()
            .map(|(known, n)| format!("{} \u{d7} {}", thousands(*n), known.reason))
            .collect();
        looking.present(sign, format!("HTTP.sys wrote {} in the same window", reasons.join(", ")));
    }
}
