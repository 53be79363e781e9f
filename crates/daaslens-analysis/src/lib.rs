//! The parallel core: folds every record into one cube, finds what is wrong, and says why.
//!
//! It sees [`daaslens_core::Source`]s and nothing else of the outside world: no path, no clock, no environment.
//! [`analyse`] gives the same [`Analysis`] for any number of threads and any size of pieces.

mod blocks;
mod config;
mod copies;
mod correlate;
mod crashes;
mod deadlocks;
mod dumps;
mod facts;
mod gap_causes;
mod http;
mod hypotheses;
mod joins;
mod keys;
mod marks;
mod readback;
mod records;
mod restarts;
mod retention;
mod rules;
mod series;
mod signals;
mod survey;
mod tables;
mod verdict;
mod zoom;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use daaslens_core::model::{
    Analysis, ClusterBand, Coverage, Identity, Input, SourceInfo, SourceStatus, Totals,
};
use daaslens_core::text::visible;
use daaslens_core::{Kind, PartKind, Source, TimeRange};
use daaslens_httplog::Vantage;

pub use config::{Config, Filter, Progress, Sensitivity};
pub use readback::{Line, read_back};
pub use rules::{RULES, Rule};

use facts::Facts;
use http::format::Reader;
use records::Records;
use survey::Survey;

/// Analyses `sources`. Anything they hold is fine; what cannot be read is said.
///
/// # Errors
/// When the operating system gives no threads.
pub fn analyse(
    sources: &[Arc<dyn Source>],
    inputs: Vec<Input>,
    config: &Config,
    progress: &dyn Progress,
) -> Result<Analysis, rayon::ThreadPoolBuildError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads.max(1)).build()?;
    let mut survey = survey::run(sources, config, &pool, progress);
    let records = records::read(sources, config, &pool, progress, &mut survey.outcomes);
    Ok(conclude(sources, inputs, &survey, &records, config, &pool))
}

fn conclude(
    sources: &[Arc<dyn Source>],
    inputs: Vec<Input>,
    survey: &Survey,
    records: &Records,
    config: &Config,
    pool: &rayon::ThreadPool,
) -> Analysis {
    let infos = describe(sources, survey);
    let window = infos.iter().fold(None, |window, info| TimeRange::merge(window, info.range));
    let has_requests = |tally: &survey::Tally| tally.records > tally.beside;
    let any_http = survey.outcomes.iter().any(|o| Reader::is_for(o.kind) && has_requests(&o.tally));
    let vantage = survey.cubes.main();
    let cube = survey.cubes.of(vantage);
    let joins = joins::learn(sources, cube, records);
    let http = any_http.then(|| {
        let mut http = http::summary::http(&survey.cubes, &joins);
        http.range = http::silence::range(cube);
        http
    });
    // Events and deployments go back for weeks; what the requests can show is the stretch of their own log.
    let seen = http.as_ref().and_then(|http| http.range);
    let mut gaps = seen.map_or_else(Vec::new, |seen| http::silence::gaps(cube, seen));
    let dumped = inputs.iter().any(|input| input.kind == "kudu-dump");
    gap_causes::tell(&mut gaps, &infos, records, &joins, dumped);
    let clusters = signals::clusters(cube, config.sensitivity);
    let unseen = signals::unseen(&survey.cubes, config.sensitivity);
    let crashes = crashes::group(&records.events);
    let dumps = dumps::groups(records);
    let deadlocks = deadlocks::all(records);
    let facts = Facts {
        sources: &infos,
        outcomes: &survey.outcomes,
        window,
        http: http.as_ref(),
        vantage,
        cube,
        cubes: &survey.cubes,
        gaps: &gaps,
        clusters: &clusters,
        unseen: &unseen,
        records,
        crashes: &crashes,
        dumps: &dumps,
        deadlocks: &deadlocks,
        joins: &joins,
    };
    let questions = rules::questions(&facts);
    let flat: Vec<_> = questions.iter().flatten().cloned().collect();
    let mut replies = zoom::ask(sources, &survey.index, &flat, config, pool).into_iter();
    let replies: Vec<Vec<_>> =
        questions.iter().map(|own| replies.by_ref().take(own.len()).collect()).collect();
    let conclusions = rules::conclude(&facts, &replies);
    let mut findings = conclusions.findings;
    // Of what weighs the same, the most recent first: it is what is still felt.
    findings.sort_by_key(|one| {
        let end = one.window.map(|window| window.end);
        let first = one.evidence.first().map(|evidence| evidence.at);
        (one.severity, Reverse(one.impact), one.rule, Reverse(end), first)
    });
    let timeline = seen.or(window).map(|window| {
        let band = |(letter, cluster): (usize, &signals::ClusterSignal)| ClusterBand {
            letter: letter as u32,
            range: cluster.range,
        };
        let mut timeline = http::timeline::timeline(cube, window, &gaps);
        timeline.clusters = clusters.iter().enumerate().map(band).collect();
        timeline.rows = marks::rows(&facts);
        timeline.series.extend(series::cpu(&facts, &timeline));
        timeline.series.extend(series::metrics(&facts, &timeline));
        timeline
    });
    let tables = tables::all(&facts);
    let mut coverage = Coverage {
        http_share: window.map_or(0.0, |window| http::silence::share(cube, window, &gaps)),
        not_checked: conclusions.not_checked,
        checked_clean: conclusions.clean,
        notes: joins
            .notes()
            .into_iter()
            .chain(retention::notes(sources, &inputs, records))
            .collect(),
        gaps: gaps.clone(),
    };
    let (events, php) = (records::summary::events(&facts), records::summary::php(&facts));
    say_what_is_missing(&mut coverage, &survey.outcomes, records, http.is_some());
    let mut analysis = Analysis {
        window,
        inputs,
        totals: totals(&infos, &survey.outcomes),
        http,
        events,
        php,
        tables,
        sources: infos,
        coverage,
        findings,
        timeline,
        identities: identities(survey, records),
        ..Analysis::default()
    };
    (analysis.verdict, analysis.answers) = verdict::conclude(&analysis, records);
    analysis
}

fn describe(sources: &[Arc<dyn Source>], survey: &Survey) -> Vec<SourceInfo> {
    let describe = |(source, outcome): (&Arc<dyn Source>, &survey::Outcome)| {
        let origin = source.origin();
        let mut reason = outcome.reason.clone();
        for note in &outcome.notes {
            reason = Some(
                reason.map_or_else(|| (*note).to_owned(), |reason| format!("{reason}; {note}")),
            );
        }
        SourceInfo {
            path: origin.path.clone(),
            kind: outcome.kind.word(),
            site: outcome.site.clone().or_else(|| origin.site.clone()),
            instance: outcome
                .instance
                .clone()
                .or_else(|| origin.instance.clone())
                .or_else(|| origin.machine.clone()),
            bytes: outcome.bytes,
            records: outcome.tally.records,
            malformed: outcome.tally.malformed,
            recovered: outcome.tally.recovered,
            range: outcome.tally.range,
            status: outcome.status,
            reason,
            faults: outcome.tally.samples(),
        }
    };
    sources.iter().zip(&survey.outcomes).map(describe).collect()
}

fn totals(infos: &[SourceInfo], outcomes: &[survey::Outcome]) -> Totals {
    let mut totals = Totals { sources: infos.len() as u64, ..Totals::default() };
    for (info, outcome) in infos.iter().zip(outcomes) {
        totals.bytes += info.bytes;
        totals.records += info.records;
        totals.malformed += info.malformed;
        if outcome.kind.is_known() {
            totals.recognised_bytes += info.bytes;
            let is_readable = matches!(info.status, SourceStatus::Read | SourceStatus::Skipped);
            if is_readable && outcome.kind != Kind::ArchiveOther {
                totals.readable_bytes += info.bytes;
            }
        }
    }
    totals
}

/// Names that identify the site, in the order in which the input first shows them.
fn identities(survey: &Survey, records: &Records) -> Vec<Identity> {
    let cubes = Vantage::ALL.into_iter().map(|vantage| survey.cubes.of(vantage));
    let mut sites: Vec<_> = cubes
        .flat_map(|cube| cube.sites.sorted())
        .filter_map(|(name, site)| Some((site.first?, name)))
        .collect();
    sites.sort_unstable();
    let mut seen = BTreeSet::new();
    let mut identities = Vec::new();
    for (_, name) in sites {
        let name = visible(name.strip_prefix(b"~1").unwrap_or(name)).into_owned();
        if !name.is_empty() && seen.insert(name.clone()) {
            identities.push(Identity { kind: PartKind::Site, value: name });
        }
    }
    let measured = records.metrics.sites().map(|name| (PartKind::Site, name));
    for (kind, name) in records.platform.identities().chain(measured) {
        let value = visible(name.as_bytes()).into_owned();
        if !value.is_empty() && seen.insert(value.clone()) {
            identities.push(Identity { kind, value });
        }
    }
    identities
}

fn say_what_is_missing(
    coverage: &mut Coverage,
    outcomes: &[survey::Outcome],
    records: &Records,
    http: bool,
) {
    let has = |kind: Kind| outcomes.iter().any(|outcome| outcome.kind == kind);
    let mut missing = Vec::new();
    missing.push(if http {
        "Errors that the platform's front end answered by itself: they never reach the worker's log. Compare with \
         Http5xx and Requests in Azure Monitor."
    } else {
        "Requests, errors and latency: the bundle holds no HTTP log with a request in it."
    });
    if records.events.files == 0 {
        missing.push("Crashes, recycles and exceptions: the bundle holds no event log (LogFiles/eventlog.xml).");
    } else {
        missing.push(
            "Native crashes, stack overflows and kills for memory: App Service writes no event for them; a process that \
             is replaced without a word is all that shows.",
        );
    }
    if records.php.sources == 0 {
        missing.push("PHP errors: the bundle holds no PHP error log (LogFiles/php_errors.log).");
    }
    if records.apps.files == 0 {
        missing.push(
            "What the application itself logged: the bundle holds no application log (LogFiles/Application, stdout).",
        );
    }
    if !has(Kind::FailedRequest) {
        missing.push(
            "Modules and stages of single failing requests: the bundle holds no failed request traces \
             (LogFiles/W3SVC…); a dump of Kudu never does.",
        );
    }
    if !has(Kind::Deployment) {
        missing.push("Deployments: the bundle holds no records of them (site/deployments).");
    }
    missing.push(match (has(Kind::Dump), records.dumps.list.is_empty()) {
        (false, _) => "State of the process: the bundle holds no memory dump.",
        (true, true) => "State of the process: no memory dump of the bundle could be read.",
        (true, false) => {
            "Managed calls and objects in the memory dumps: naming them takes the debugging library of the same version \
             of .NET."
        }
    });
    if records.metrics.files == 0 {
        missing.push(
            "CPU, memory and queues of the instances: the bundle holds no export of metrics.",
        );
    }
    coverage.not_checked.extend(missing.into_iter().map(str::to_owned));
    coverage.not_checked.extend(records.apps.what_stopped());
}
