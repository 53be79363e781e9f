//! What memory dumps say about a cluster: one that was written since a process crashed, or one for which a process stood
//! still.

use daaslens_core::text::duration_s;

use super::{Looking, onset};
use crate::dumps;
use crate::signals::ClusterSignal;

/// A dump is dated when its writing begins, and requests fail from then on; or the other way round, when a rule waits for
/// failures.
const BEFORE: i64 = 60;
const AFTER: i64 = 30;

pub(super) fn look(looking: &mut Looking<'_>, cluster: &ClusterSignal) {
    let facts = looking.facts;
    let start = cluster.range.start.seconds();
    let near = |at: i64| (start - BEFORE..=start + AFTER).contains(&at);
    let list = &facts.records.dumps.list;
    let mut around =
        list.iter().filter(|taken| taken.time().is_some_and(|time| near(time.seconds())));
    if let Some(taken) = around.clone().find(|taken| dumps::is_crash(&taken.dump)) {
        let lag = taken.time().map_or(0, |time| start - time.seconds());
        let what = dumps::story(&taken.dump).unwrap_or_else(|| "a crash".to_owned());
        looking.present(
            "crash-dump-at-onset",
            format!(
                "a dump of {} with {what} was written {} {} the {}",
                taken.process(),
                duration_s(lag.unsigned_abs()),
                if lag < 0 { "after" } else { "before" },
                onset(cluster)
            ),
        );
        return;
    }
    if !list.is_empty() {
        looking.absent("crash-dump-at-onset", String::new());
    }
    if let Some(taken) = around.next() {
        let copied = taken.dump.reason.as_ref().is_some_and(|reason| reason.via_snapshot);
        let how =
            if copied { ", from a copy, which takes moments" } else { ", which stops the process" };
        looking.present(
            "dump-or-profiler-at-onset",
            format!("a dump of {} was written then{how}", taken.process()),
        );
    }
}
