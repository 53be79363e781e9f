//! Why an instance has no line for a while: what the files and the events around a gap tell.

use daaslens_core::model::{Gap, SourceInfo};
use daaslens_core::{Kind, TimeRange};
use daaslens_eventlog::IncidentKind;

use crate::joins::Joins;
use crate::records::Records;

/// The quota of `LogFiles/http/RawLogs` on the file system: the oldest files go when it is reached.
const QUOTA: u64 = 35 << 20;

/// How near to the quota the files of a bundle are when it was at work.
const NEAR_QUOTA: u64 = QUOTA / 10 * 8;

/// How near to the start of a gap a crash is that took unwritten lines with it: buffers are flushed once a minute.
const FLUSH_MS: i64 = 90_000;

/// Puts the likely cause in front of what is known of each gap.
pub(crate) fn tell(gaps: &mut [Gap], infos: &[SourceInfo], records: &Records, joins: &Joins) {
    for gap in gaps {
        let instance = gap.instance.clone();
        let files: Vec<&SourceInfo> = infos
            .iter()
            .filter(|info| is_requests(info.kind) && info.range.is_some())
            .filter(|info| instance.is_none() || info.instance == instance)
            .collect();
        let likely = cause(gap.range, &files, crashed(gap, records, joins));
        gap.reason = format!("Likely: {likely}. {}", gap.reason);
    }
}

/// Whether a kind of file is a log of requests, by its word.
fn is_requests(kind: &str) -> bool {
    [Kind::W3c, Kind::IisNative, Kind::Ncsa].iter().any(|one| one.word() == kind)
}

/// Whether a process of the instance died where the gap begins.
fn crashed(gap: &Gap, records: &Records, joins: &Joins) -> bool {
    records.events.incidents.iter().any(|incident| {
        let own = match (&gap.instance, joins.instance(&incident.computer)) {
            (Some(instance), Some(join)) => join.instance == *instance,
            _ => true,
        };
        let near = (incident.range.start.0 - gap.range.start.0).abs() <= FLUSH_MS;
        own && near
            && matches!(incident.kind, IncidentKind::Crash { .. } | IncidentKind::Exit { .. })
    })
}

fn cause(gap: TimeRange, files: &[&SourceInfo], crashed: bool) -> &'static str {
    if crashed {
        return "a process crashed where it begins, and the lines of its last minute were never flushed";
    }
    let inside = files
        .iter()
        .any(|file| file.range.is_some_and(|r| r.start <= gap.start && gap.end <= r.end));
    if inside {
        // The file goes on behind the gap: it was neither lost nor deleted.
        return "nothing was served or web server logging was off, since the same file goes on after it";
    }
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    if bytes >= NEAR_QUOTA {
        return "a file was deleted when the logs reached their quota of 35 MB";
    }
    "the file of this stretch is missing: it was locked when the bundle was made, or the instance was not there"
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::Time;
    use daaslens_core::model::SourceStatus;

    fn file(from: i64, to: i64, bytes: u64) -> SourceInfo {
        SourceInfo {
            path: String::new(),
            kind: "w3c",
            site: None,
            instance: None,
            bytes,
            records: 1,
            malformed: 0,
            recovered: 0,
            range: Some(TimeRange::new(Time::from_seconds(from), Time::from_seconds(to))),
            status: SourceStatus::Read,
            reason: None,
            faults: Vec::new(),
        }
    }

    #[test]
    fn the_files_around_a_gap_tell_its_cause() {
        let gap = TimeRange::new(Time::from_seconds(1000), Time::from_seconds(3000));
        let told =
            |files: &[SourceInfo], crashed| cause(gap, &files.iter().collect::<Vec<_>>(), crashed);
        assert!(told(&[file(0, 5000, 10)], false).starts_with("nothing was served"));
        assert!(
            told(&[file(0, 1000, 10), file(3000, 5000, 10)], false)
                .starts_with("the file of this stretch")
        );
        assert!(told(&[file(0, 1000, QUOTA), file(3000, 5000, 10)], false).contains("quota"));
        assert!(told(&[file(0, 1000, 10)], true).contains("flushed"));
    }
}
