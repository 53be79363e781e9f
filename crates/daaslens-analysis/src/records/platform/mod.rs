//! What the platform's own tools write beside the logs: deployments, diagnostic sessions, CPU monitoring, Kudu.
//!
//! Each file is read by itself; only all of them together tell what happened. A deployment is a status, a log and a list of
//! files; a session is a record, the files it collected, and a lock that a dead runner left. And a bundle often holds the
//! same record twice, when a site was downloaded twice: [`Platform::settle`] puts parts together and counts copies once.

pub(crate) mod cpu;
pub(crate) mod deployments;
pub(crate) mod kudu;
pub(crate) mod sessions;

use std::sync::Arc;

use daaslens_core::text::{shortened, visible};
use daaslens_core::{
    Evidence, Excerpt, Kind, Location, Origin, PartKind, Source, SourceId, Time, TimeRange,
};
use daaslens_platform::{Fault, FaultKind, What, recognise};

use super::Count;
use deployments::Deployment;
use sessions::Session;

/// The longest line that is shown as evidence, in characters.
const LINE: usize = 400;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Platform {
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) cpu: cpu::Cpu,
    pub(crate) kudu: kudu::Kudu,
    /// How many sessions DaaS keeps, where a setting says so.
    pub(crate) sessions_kept: Option<u64>,
    deployment_parts: Vec<deployments::Piece>,
    session_parts: sessions::Parts,
}

/// The kinds of which this module reads files.
pub(crate) const fn is_own(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::Session | Kind::Daas | Kind::Kudu)
}

/// The path as it is compared: small letters, `/`, what was unpacked without the mark of it.
fn lowered(path: &str) -> String {
    let lower = path.replace("!/", "/").to_ascii_lowercase();
    lower.strip_suffix(".gz").map_or(lower.clone(), str::to_owned)
}

/// Which reader a file needs; `None` where it holds no record.
pub(crate) fn what(source: &dyn Source) -> Option<What> {
    recognise(&lowered(&source.origin().path), source.head())
}

/// Whether a file can only be understood when the others are read.
pub(crate) fn is_late(source: &dyn Source) -> bool {
    is_own(source.origin().kind) && what(source) == Some(What::CpuLog)
}

/// Why a file of these kinds is not read.
pub(crate) fn why_not(source: &dyn Source) -> Option<&'static str> {
    let origin = source.origin();
    if !is_own(origin.kind) || what(source).is_some() {
        return None;
    }
    Some(match origin.kind {
        Kind::Deployment => "a mark of Kudu's own, without a record in it",
        Kind::Kudu => "text of Kudu without a record in it",
        Kind::Session => "a file among the sessions that is none",
        _ => "a file of DaaS's own without a record in it",
    })
}

/// What is read of one file, and where it lies.
struct File<'a> {
    bytes: &'a [u8],
    source: usize,
    origin: &'a Origin,
    /// The path in small letters, with `/`.
    path: String,
}

impl File<'_> {
    /// Evidence that is the file itself.
    fn whole(&self, text: String) -> Evidence {
        self.evidence(0, 1, text)
    }

    /// Evidence that is one line.
    fn line(&self, byte: u64, line: u64) -> Evidence {
        let rest = usize::try_from(byte).ok().and_then(|byte| self.bytes.get(byte..));
        self.evidence(byte, line, line_of(rest.unwrap_or_default()))
    }

    fn evidence(&self, byte: u64, line: u64, text: String) -> Evidence {
        let source = SourceId(self.source as u32);
        Evidence {
            at: Location { source, byte, line },
            note: String::new(),
            excerpt: Excerpt::text(text),
            alike: 1,
        }
    }
}

/// The line at the head of `bytes`, as evidence shows it.
fn line_of(bytes: &[u8]) -> String {
    let line = bytes.split(|c| *c == b'\n').next().unwrap_or_default().trim_ascii();
    let line = visible(line.get(..4 * LINE).unwrap_or(line));
    shortened(&line, LINE).into_owned()
}

impl Platform {
    pub(crate) fn read(
        bytes: &[u8],
        source: usize,
        origin: &Origin,
        hints: &cpu::Hints,
        count: &mut Count,
    ) -> Self {
        let mut platform = Self::default();
        let file = File { bytes, source, origin, path: lowered(&origin.path) };
        match recognise(&file.path, bytes) {
            Some(
                what @ (What::DeploymentStatus
                | What::DeploymentLatest
                | What::DeploymentLog
                | What::DeploymentLogXml
                | What::DeploymentActive
                | What::DeploymentManifest),
            ) => platform.deployment_parts.extend(deployments::read(what, &file, count)),
            Some(
                what @ (What::Session
                | What::Settings
                | What::Heartbeat
                | What::Cancelled
                | What::Lock
                | What::DiagLog),
            ) => platform.session_parts.read(what, &file, count),
            Some(what @ (What::CpuSession | What::CpuLog | What::CustomAction)) => {
                platform.cpu.read(what, &file, hints, count);
            }
            Some(what) => platform.kudu.read(what, &file, count),
            None => {}
        }
        platform
    }

    /// What evidence shows of the record that begins `byte` bytes into the file, where `bytes` begin: the document, or of a
    /// file of lines the line.
    pub(crate) fn excerpt(bytes: &[u8], byte: u64, origin: &Origin) -> Option<Excerpt> {
        let (hints, mut count) = (cpu::Hints::default(), Count::default());
        let whole = (byte == 0).then(|| Self::read(bytes, 0, origin, &hints, &mut count));
        let evidence = whole.as_ref().and_then(|platform| {
            let deployment = platform.deployment_parts.first();
            deployment
                .and_then(deployments::Piece::whole)
                .or_else(|| platform.session_parts.whole())
                .or_else(|| platform.cpu.whole())
                .or_else(|| platform.kudu.whole())
        });
        let line = || Some(line_of(bytes)).filter(|line| !line.is_empty()).map(Excerpt::text);
        evidence.map(|evidence| evidence.excerpt.clone()).or_else(line)
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.deployment_parts.extend(other.deployment_parts);
        self.session_parts.merge(other.session_parts);
        self.cpu.merge(other.cpu);
        self.kudu.merge(other.kudu);
    }

    /// Once everything is there.
    pub(crate) fn settle(&mut self, sources: &[Arc<dyn Source>]) {
        self.deployments = deployments::settle(std::mem::take(&mut self.deployment_parts));
        let parts = std::mem::take(&mut self.session_parts);
        self.sessions_kept = parts.setting("MaxSessionsToKeep");
        self.sessions = parts.settle(sources);
        self.cpu.settle();
        self.kudu.settle();
    }

    /// Names that say whose site it is, with what they are.
    pub(crate) fn identities(&self) -> impl Iterator<Item = (PartKind, &str)> {
        let deployments = self.deployments.iter().flat_map(|one| &one.names);
        let sessions = self.sessions.iter().flat_map(|one| &one.names);
        deployments
            .chain(sessions)
            .chain(self.cpu.names())
            .chain(self.kudu.names())
            .map(|(kind, name)| (*kind, name.as_str()))
    }

    /// What stood in the way of the application in a window because somebody looked at it: a dump, a profile.
    pub(crate) fn disturbance(&self, near: TimeRange) -> Option<String> {
        let at = |time: Time| time.format("%H:%M:%S");
        let session =
            self.sessions.iter().find(|one| one.intrusive && one.range.overlaps(near)).map(|one| {
                format!("session {} ({}) ran from {}", one.id, one.tool, at(one.range.start))
            });
        let monitored = || {
            let act = self.cpu.acts.iter().find(|act| act.disturbs && act.range.overlaps(near))?;
            Some(format!(
                "CPU monitoring: {} on {} at {}",
                act.text,
                act.machine,
                at(act.range.start)
            ))
        };
        let asked = || {
            let act = self.kudu.acts.iter().find(|act| act.freezes && act.range.overlaps(near))?;
            Some(format!("Kudu: {} at {}", act.text, at(act.range.start)))
        };
        session.or_else(monitored).or_else(asked)
    }

    /// Whether anything here could have shown that somebody looked at the application.
    pub(crate) fn shows_disturbances(&self) -> bool {
        !self.sessions.is_empty()
            || !self.cpu.is_empty()
            || self.kudu.acts.iter().any(|act| act.freezes)
    }
}

/// A name as it is shown.
fn shown(text: &str) -> String {
    shortened(&visible(text.as_bytes()), 80).into_owned()
}

/// A sentence as it is shown.
fn said(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&visible(one_line.as_bytes()), 200).into_owned()
}

/// What could not be read costs the record only where nothing of it was understood.
fn faults(count: &mut Count, faults: &[Fault], understood: bool) {
    if understood {
        count.recovered += u64::from(!faults.is_empty());
    } else if let Some(fault) = faults.first() {
        count.fault(fault.place.line, fault.place.byte, fault.kind.to_string());
    }
}

/// In a file of lines each line that is none counts by itself; `malformed` is how many there were, where that is known.
fn line_faults(count: &mut Count, faults: &[Fault], malformed: Option<u64>) {
    let before = count.malformed;
    for fault in faults {
        match fault.kind {
            FaultKind::Line | FaultKind::Time { .. } => {
                count.fault(fault.place.line, fault.place.byte, fault.kind.to_string());
            }
            FaultKind::Capped { .. } => count.cut = Some(fault.kind.to_string()),
            _ => count.recovered += 1,
        }
    }
    if let Some(malformed) = malformed {
        count.malformed = before + malformed;
    }
}

fn counted(count: &mut Count, range: Option<TimeRange>) {
    count.records += 1;
    count.range = TimeRange::merge(count.range, range);
}

/// When the last deployment before a time ended.
pub(crate) fn last_before(deployments: &[Deployment], at: Time) -> Option<&Deployment> {
    deployments
        .iter()
        .filter(|one| one.range.end <= at || one.range.contains(at))
        .max_by_key(|one| one.range.end)
}

#[cfg(test)]
pub(crate) mod tests;
