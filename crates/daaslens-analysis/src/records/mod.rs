//! What lies beside the HTTP log: event logs, PHP logs, HTTP.sys errors, application logs, deployments, diagnostic sessions,
//! memory dumps.
//!
//! Most of these files are small beside request logs (App Service caps its event log at a megabyte), so each is read
//! whole, within a bound, in parallel; what is concluded from them needs all of them at once. Logs of applications are not,
//! and are read in blocks.

pub(crate) mod applog;
pub(crate) mod azure;
pub(crate) mod dumps;
pub(crate) mod events;
pub(crate) mod failed;
pub(crate) mod httperr;
pub(crate) mod metrics;
pub(crate) mod php;
pub(crate) mod php_process;
pub(crate) mod platform;
pub(crate) mod summary;
pub(crate) mod threads;
pub(crate) mod tool_reports;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use daaslens_core::model::{FaultSample, SourceStatus};
use daaslens_core::{Kind, Source, TimeRange};
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::config::{Config, Progress};
use crate::copies;
use crate::survey::Outcome;

/// The most bytes of one file that are held in memory.
pub(crate) const MAX_BYTES: u64 = 256 << 20;

/// How many files are read before what they hold is put together: an archive may have hundreds of thousands, and the
/// records of a file take kilobytes even where there are none.
const AT_ONCE: usize = 1024;

/// How many faults of a file are shown.
const FAULTS: usize = 5;

/// Everything that was read.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) apps: applog::Apps,
    pub(crate) dumps: dumps::Dumps,
    pub(crate) events: events::Events,
    pub(crate) php: php::Php,
    pub(crate) php_processes: php_process::PhpProcesses,
    pub(crate) platform: platform::Platform,
    pub(crate) failed: failed::Failed,
    pub(crate) tool_reports: tool_reports::ToolReports,
    pub(crate) threads: threads::ThreadDumps,
    pub(crate) httperr: httperr::HttpErr,
    pub(crate) metrics: metrics::Metrics,
    pub(crate) azure: azure::Azure,
}

/// What one file holds.
enum Content {
    Apps(Box<applog::Apps>),
    Dumps(dumps::Dumps),
    Events(events::Events),
    Php(php::Php),
    PhpProcesses(php_process::PhpProcesses),
    Platform(Box<platform::Platform>),
    ToolReports(tool_reports::ToolReports),
    HttpErr(httperr::HttpErr),
    Failed(failed::Failed),
    Threads(threads::ThreadDumps),
    Metrics(metrics::Metrics),
    /// What stands beside requests: its records were counted with them.
    Azure(Box<azure::Azure>),
}

/// What was counted of one file.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) records: u64,
    pub(crate) malformed: u64,
    pub(crate) recovered: u64,
    pub(crate) range: Option<TimeRange>,
    pub(crate) faults: Vec<FaultSample>,
    /// The instance or machine that wrote it, where the file tells.
    pub(crate) instance: Option<String>,
    /// Why not all of it could be there.
    pub(crate) cut: Option<String>,
    /// The site that it names.
    pub(crate) site: Option<String>,
    /// What is to be said with the file.
    pub(crate) notes: Vec<&'static str>,
    /// Why nothing of it was read, on purpose.
    pub(crate) skipped: Option<String>,
}

impl Count {
    /// Counts something that could not be read.
    pub(crate) fn fault(&mut self, line: u64, byte: u64, fault: String) {
        self.malformed += 1;
        if self.faults.len() < FAULTS {
            self.faults.push(FaultSample { line, byte, fault });
        }
    }
}

/// Reads every file of a kind that is known here, and says in `outcomes` what became of it.
pub(crate) fn read(
    sources: &[Arc<dyn Source>],
    config: &Config,
    pool: &ThreadPool,
    progress: &dyn Progress,
    outcomes: &mut [Outcome],
) -> Records {
    for (source, outcome) in sources.iter().zip(&mut *outcomes) {
        // An archive whose members are sources of their own: nothing of it is read here.
        if let Some(missing) = source.missing() {
            outcome.status = SourceStatus::Partial;
            outcome.reason = Some(missing.to_owned());
        } else if let (None, Some(reason)) = (source.fault(), platform::why_not(&**source)) {
            outcome.reason = Some(reason.to_owned());
        }
    }
    let mut wanted: Vec<usize> =
        (0..sources.len()).filter(|i| is_read_here(&*sources[*i], &outcomes[*i])).collect();
    // Events have ids and are told apart one by one; of what has none, a file is a copy as a whole.
    let has_no_ids =
        |i: &&usize| matches!(sources[**i].origin().kind, Kind::HttpErr | Kind::PhpLog);
    let mut logs: Vec<Vec<usize>> = vec![wanted.iter().filter(has_no_ids).copied().collect()];
    // Two processes may say the same before they die: only files of one name are copies of each other.
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &i in wanted.iter().filter(|i| sources[**i].origin().kind == Kind::AppLog) {
        let path = sources[i].origin().path.as_str();
        names.entry(path.rsplit('/').next().unwrap_or(path)).or_default().push(i);
    }
    logs.extend(names.into_values().filter(|files| files.len() > 1));
    let mut copied = BTreeSet::new();
    for (copy, original) in logs.iter().flat_map(|logs| copies::find(sources, logs)) {
        outcomes[copy].reason = Some(copies::reason(&*sources[original]));
        copied.insert(copy);
    }
    wanted.retain(|i| !copied.contains(i));
    // The clock of these is only understood with the sessions that they belong to.
    let (late, wanted): (Vec<usize>, Vec<usize>) =
        wanted.into_iter().partition(|i| platform::is_late(&*sources[*i]));
    let mut records = Records::default();
    for indices in [wanted, late] {
        let hints = records.platform.cpu.hints();
        for indices in indices.chunks(AT_ONCE) {
            let read = pool.install(|| {
                indices
                    .par_iter()
                    .map(|&i| (i, one(&*sources[i], i, config, &hints, progress)))
                    .collect::<Vec<_>>()
            });
            take(read, &mut records, outcomes);
        }
    }
    records.dumps.settle();
    records.events.settle();
    records.php.settle();
    records.php_processes.settle();
    records.platform.settle(sources);
    records.failed.settle();
    records.threads.settle();
    records.apps.merge(std::mem::take(&mut records.azure.apps));
    records.apps.add_reports(&records.threads);
    records.apps.settle();
    records.metrics.settle();
    records.azure.settle();
    records
}

/// Takes over what was read.
fn take(
    read: Vec<(usize, Option<io::Result<One>>)>,
    records: &mut Records,
    outcomes: &mut [Outcome],
) {
    for (i, result) in read {
        let outcome = &mut outcomes[i];
        match result {
            None => {
                outcome.status = SourceStatus::Unreadable;
                outcome.reason = Some(
                    "reading it failed by a defect of this program; nothing of it is counted"
                        .to_owned(),
                );
            }
            Some(Err(error)) => {
                outcome.status = SourceStatus::Unreadable;
                outcome.reason = Some(format!("it could not be read: {error}"));
            }
            Some(Ok(One { content: Content::Azure(azure), .. })) => records.azure.merge(*azure),
            Some(Ok(mut one)) => {
                one.cut = one.cut.or(one.count.cut.take());
                let skipped = one.count.skipped.take();
                outcome.status = match (&skipped, &one.cut) {
                    (Some(_), _) => SourceStatus::Skipped,
                    (None, Some(_)) => SourceStatus::Partial,
                    (None, None) => SourceStatus::Read,
                };
                outcome.reason = skipped.or(one.cut);
                outcome.bytes = one.bytes;
                outcome.site = one.count.site.take();
                outcome.notes.append(&mut one.count.notes);
                outcome.instance = one.count.instance.take().or(outcome.instance.take());
                outcome.tally.set(one.count);
                match one.content {
                    Content::Apps(apps) => records.apps.merge(*apps),
                    Content::Dumps(dumps) => records.dumps.merge(dumps),
                    Content::Events(events) => records.events.merge(events),
                    Content::Php(php) => records.php.merge(php),
                    Content::PhpProcesses(processes) => records.php_processes.merge(processes),
                    Content::Platform(platform) => records.platform.merge(*platform),
                    Content::HttpErr(httperr) => records.httperr.merge(httperr),
                    Content::Failed(failed) => records.failed.merge(failed),
                    Content::ToolReports(reports) => records.tool_reports.merge(reports),
                    Content::Threads(threads) => records.threads.merge(threads),
                    Content::Metrics(metrics) => records.metrics.merge(metrics),
                    Content::Azure(azure) => records.azure.merge(*azure),
                }
            }
        }
    }
}

fn is_read_here(source: &dyn Source, outcome: &Outcome) -> bool {
    let kind = source.origin().kind;
    source.fault().is_none()
        && (kind == Kind::HttpJson && outcome.tally.beside > 0
            || matches!(
                kind,
                Kind::Dump
                    | Kind::AppLog
                    | Kind::ThreadDump
                    | Kind::EventLog
                    | Kind::Evtx
                    | Kind::PhpLog
                    | Kind::PhpReport
                    | Kind::HttpErr
                    | Kind::FailedRequest
                    | Kind::DetailedError
                    | Kind::Metrics
            )
            || kind == Kind::ToolReport && tool_reports::is_read(source.origin())
            || platform::is_own(kind) && platform::what(source).is_some())
}

struct One {
    content: Content,
    count: Count,
    bytes: u64,
    cut: Option<String>,
}

fn one(
    source: &dyn Source,
    index: usize,
    config: &Config,
    hints: &platform::cpu::Hints,
    progress: &dyn Progress,
) -> Option<io::Result<One>> {
    catch_unwind(AssertUnwindSafe(|| {
        if source.origin().kind == Kind::AppLog {
            let mut count = Count::default();
            let (apps, bytes) = applog::Apps::read(source, index, config, progress, &mut count)?;
            return Ok(One { content: Content::Apps(Box::new(apps)), count, bytes, cut: None });
        }
        if source.origin().kind == Kind::Dump {
            // Gigabytes, of which little is looked at.
            let mut count = Count::default();
            let dumps = dumps::Dumps::read(source, index, config, &mut count)?;
            progress.advance(source.size());
            let content = Content::Dumps(dumps);
            return Ok(One { content, count, bytes: source.size(), cut: None });
        }
        let (bytes, cut) = whole(source)?;
        progress.advance(bytes.len() as u64);
        let mut count = Count::default();
        let content = match source.origin().kind {
            Kind::EventLog | Kind::Evtx => {
                Content::Events(events::Events::read(&bytes, index, config, &mut count))
            }
            Kind::PhpReport => Content::PhpProcesses(php_process::PhpProcesses::read(
                &bytes,
                index,
                &source.origin().path,
                &mut count,
            )),
            Kind::ToolReport => Content::ToolReports(tool_reports::ToolReports::read(
                &bytes,
                index,
                source.origin(),
                &mut count,
            )),
            Kind::ThreadDump => Content::Threads(threads::ThreadDumps::read(
                &bytes,
                index,
                source.origin(),
                &mut count,
            )),
            Kind::PhpLog => Content::Php(php::Php::read(&bytes, index, config, &mut count)),
            Kind::Metrics => {
                Content::Metrics(metrics::Metrics::read(&bytes, index, config, &mut count))
            }
            Kind::HttpJson => Content::Azure(Box::new(azure::Azure::read(&bytes, index, config))),
            Kind::HttpErr => {
                Content::HttpErr(httperr::HttpErr::read(&bytes, index, config, &mut count))
            }
            Kind::FailedRequest => {
                Content::Failed(failed::Failed::trace(&bytes, index, config, &mut count))
            }
            Kind::DetailedError => Content::Failed(failed::Failed::page(
                &bytes,
                index,
                source.origin(),
                config,
                &mut count,
            )),
            _ => Content::Platform(Box::new(platform::Platform::read(
                &bytes,
                index,
                source.origin(),
                hints,
                &mut count,
            ))),
        };
        Ok(One { content, count, bytes: bytes.len() as u64, cut })
    }))
    .ok()
}

/// The bytes of a source, and why they are not all of them.
fn whole(source: &dyn Source) -> io::Result<(Vec<u8>, Option<String>)> {
    let mut bytes = Vec::new();
    let mut cut = None;
    let result = source.stream(&mut |reader| {
        let read = Read::take(&mut *reader, MAX_BYTES).read_to_end(&mut bytes);
        if read.is_ok() && reader.read(&mut [0])? > 0 {
            cut =
                Some(format!("only its first {} were read", daaslens_core::text::bytes(MAX_BYTES)));
        }
        read.map(drop)
    });
    match result {
        // What was read before the damage is worth having.
        Err(error) if !bytes.is_empty() => {
            Ok((bytes, Some(format!("the rest could not be read: {error}"))))
        }
        Err(error) => Err(error),
        Ok(()) => Ok((bytes, cut)),
    }
}
