//! Why an instance has no line for a while: what the files and the events around a gap tell.

use daaslens_core::model::{Gap, SourceInfo, SourceStatus};
use daaslens_core::{Kind, Time, TimeRange};
use daaslens_eventlog::IncidentKind;

use crate::joins::Joins;
use crate::records::Records;
use crate::records::platform::kudu::ActKind;

/// The quota of `LogFiles/http/RawLogs` on the file system: the oldest files go when it is reached.
const QUOTA: u64 = 35 << 20;

/// How near to the quota the files of a bundle are when it was at work.
const NEAR_QUOTA: u64 = QUOTA / 10 * 8;

/// How near to the start of a gap a crash is that took unwritten lines with it: buffers are flushed once a minute.
const FLUSH_MS: i64 = 90_000;

/// How near to its ends a restart of Kudu belongs to a gap: the instance was restarted, or another one took its place.
const TURN_MS: i64 = 600_000;

/// Puts the likely cause in front of what is known of each gap. `dumped` is whether a Kudu dump is among the input.
pub(crate) fn tell(
    gaps: &mut [Gap],
    infos: &[SourceInfo],
    records: &Records,
    joins: &Joins,
    dumped: bool,
) {
    for gap in gaps {
        let instance = gap.instance.clone();
        let own = |info: &&SourceInfo| {
            is_requests(info.kind) && (instance.is_none() || info.instance == instance)
        };
        let around = Around {
            files: infos.iter().filter(own).filter(|info| info.range.is_some()).collect(),
            hollow: infos
                .iter()
                .filter(own)
                .find(|info| info.range.is_none() && begins_in(&info.path, gap.range)),
            ended: ended(gap, records, joins),
            off: records
                .platform
                .kudu
                .setting("WEBSITE_HTTPLOGGING_ENABLED")
                .is_some_and(|value| matches!(value, "0" | "false")),
            dumped,
        };
        let likely = cause(gap.range, &around);
        gap.reason = format!("Likely: {likely}. {}", gap.reason);
    }
}

/// Whether a kind of file is a log of requests, by its word.
fn is_requests(kind: &str) -> bool {
    [Kind::W3c, Kind::IisNative, Kind::Ncsa].iter().any(|one| one.word() == kind)
}

/// What lies around a gap.
#[derive(Default)]
struct Around<'a> {
    /// The logs of the instance that have a line.
    files: Vec<&'a SourceInfo>,
    /// One that was begun in the gap and has none.
    hollow: Option<&'a SourceInfo>,
    /// What ended the instance or its process there.
    ended: Option<Ended>,
    /// Whether the settings say that the log is off.
    off: bool,
    dumped: bool,
}

/// What ended where a gap begins.
#[derive(Clone, Copy)]
enum Ended {
    Process,
    Instance,
}

fn ended(gap: &Gap, records: &Records, joins: &Joins) -> Option<Ended> {
    if crashed(gap, records, joins) {
        return Some(Ended::Process);
    }
    restarted(gap, records).then_some(Ended::Instance)
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

/// Whether Kudu of the instance ended where the gap begins and began where it ends.
fn restarted(gap: &Gap, records: &Records) -> bool {
    let near = |kind: ActKind, at: Time| {
        records.platform.kudu.acts.iter().any(|act| {
            act.kind == kind
                && gap.instance.as_ref().is_none_or(|instance| act.instance == *instance)
                && (act.range.start.0 - at.0).abs() <= TURN_MS
        })
    };
    near(ActKind::Stop, gap.range.start) && near(ActKind::Start, gap.range.end)
}

/// Whether the name of a log (`a63402-202509240740.log`) says that it was begun in a stretch.
fn begins_in(path: &str, range: TimeRange) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let digits = name.split_once('-').map_or("", |(_, rest)| rest).get(..12).unwrap_or_default();
    let part = |at: usize, len: usize| digits.get(at..at + len)?.parse::<u32>().ok();
    let begun = || {
        let year = i32::try_from(part(0, 4)?).ok()?;
        Time::from_civil(year, part(4, 2)?, part(6, 2)?, part(8, 2)?, part(10, 2)?, 0)
    };
    begun().is_some_and(|begun| range.contains(begun))
}

fn cause(gap: TimeRange, around: &Around<'_>) -> &'static str {
    match around.ended {
        Some(Ended::Process) => {
            return "a process crashed where it begins, and the lines of its last minute were never flushed";
        }
        Some(Ended::Instance) => {
            return "the instance was restarted or replaced: its Kudu ended where it begins and began again where it ends";
        }
        None => {}
    }
    if let Some(file) = around.hollow {
        return if file.status == SourceStatus::Unreadable {
            "its file is there and could not be read"
        } else {
            "its file is there and holds no line: it was begun, and nothing was flushed to it"
        };
    }
    let inside = around
        .files
        .iter()
        .any(|file| file.range.is_some_and(|r| r.start <= gap.start && gap.end <= r.end));
    if inside && around.off {
        return "web server logging was off, as the settings say";
    }
    if inside {
        // The file goes on behind the gap: it was neither lost nor deleted.
        return "nothing was served or web server logging was off, since the same file goes on after it";
    }
    let bytes: u64 = around.files.iter().map(|file| file.bytes).sum();
    if bytes >= NEAR_QUOTA {
        return "a file was deleted when the logs reached their quota of 35 MB";
    }
    if around.dumped {
        return "the file of this stretch is missing: a Kudu dump skips a file that is locked without a word, or the instance was not there";
    }
    "the file of this stretch is missing: it was locked when the bundle was made, or the instance was not there"
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let told = |files: &[SourceInfo], crashed| {
            let files = files.iter().collect();
            let ended = Some(Ended::Process).filter(|_| crashed);
            cause(gap, &Around { files, ended, ..Around::default() })
        };
        assert!(told(&[file(0, 5000, 10)], false).starts_with("nothing was served"));
        assert!(
            told(&[file(0, 1000, 10), file(3000, 5000, 10)], false)
                .starts_with("the file of this stretch")
        );
        assert!(told(&[file(0, 1000, QUOTA), file(3000, 5000, 10)], false).contains("quota"));
        assert!(told(&[file(0, 1000, 10)], true).contains("flushed"));
        let whole = file(0, 5000, 10);
        let off = Around { files: vec![&whole], off: true, ..Around::default() };
        assert!(cause(gap, &off).contains("as the settings say"));
        assert!(cause(gap, &Around { dumped: true, ..Around::default() }).contains("Kudu dump"));
        assert!(cause(gap, &Around { ended: Some(Ended::Instance), ..off }).contains("restarted"));
        let hollow = Around { hollow: Some(&whole), ..Around::default() };
        assert!(cause(gap, &hollow).contains("holds no line"));
    }

    #[test]
    fn the_name_of_a_log_tells_when_it_was_begun() {
        let at = |text: &str| Time::parse(text).unwrap();
        let gap = TimeRange::new(at("2025-09-24T07:00:00Z"), at("2025-09-24T08:00:00Z"));
        assert!(begins_in("x.zip!/LogFiles/http/RawLogs/a63402-202509240740.log", gap));
        assert!(!begins_in("x.zip!/LogFiles/http/RawLogs/a63402-202509240840.log", gap));
        assert!(!begins_in("LogFiles/http/RawLogs/x.log", gap));
    }
}
