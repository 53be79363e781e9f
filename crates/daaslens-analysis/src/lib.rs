//! The parallel core: folds every record into one cube, finds what is wrong, and says why.
//!
//! It sees [`daaslens_core::Source`]s and nothing else of the outside world: no path, no clock, no environment.
//! [`analyse`] gives the same [`Analysis`] for any number of threads and any size of pieces.

mod blocks;
mod config;
mod copies;
mod facts;
mod http;
#[cfg_attr(not(test), expect(dead_code, reason = "the clusters do not ask for causes yet"))]
mod hypotheses;
mod keys;
mod rules;
mod signals;
#[cfg_attr(not(test), expect(dead_code, reason = "no rule makes signatures yet"))]
mod signature;
mod survey;
mod verdict;
mod zoom;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daaslens_core::model::{
    Analysis, ClusterBand, Coverage, Identity, Input, SourceInfo, SourceStatus, Totals,
};
use daaslens_core::text::visible;
use daaslens_core::{Kind, PartKind, Source, TimeRange};

pub use config::{Config, Filter, Progress, Sensitivity};
pub use rules::{RULES, Rule};

use facts::Facts;
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
    let survey = survey::run(sources, config, &pool, progress);
    Ok(conclude(sources, inputs, &survey, config, &pool))
}

fn conclude(
    sources: &[Arc<dyn Source>],
    inputs: Vec<Input>,
    survey: &Survey,
    config: &Config,
    pool: &rayon::ThreadPool,
) -> Analysis {
    let infos = describe(sources, survey);
    let window = infos.iter().fold(None, |window, info| TimeRange::merge(window, info.range));
    let any_http = survey.outcomes.iter().any(|o| o.kind == Kind::W3c && o.tally.records > 0);
    let http = any_http.then(|| http::summary::http(&survey.cube, &aliases(sources)));
    let gaps = window.map_or_else(Vec::new, |window| http::silence::gaps(&survey.cube, window));
    let clusters = signals::clusters(&survey.cube, config.sensitivity);
    let facts = Facts {
        sources: &infos,
        outcomes: &survey.outcomes,
        window,
        http: http.as_ref(),
        cube: &survey.cube,
        gaps: &gaps,
        clusters: &clusters,
    };
    let questions = rules::questions(&facts);
    let flat: Vec<_> = questions.iter().flatten().cloned().collect();
    let mut replies = zoom::ask(sources, &survey.index, &flat, config, pool).into_iter();
    let replies: Vec<Vec<_>> =
        questions.iter().map(|own| replies.by_ref().take(own.len()).collect()).collect();
    let conclusions = rules::conclude(&facts, &replies);
    let mut findings = conclusions.findings;
    findings.sort_by(|a, b| {
        (a.severity, std::cmp::Reverse(a.impact), a.rule, a.evidence.first().map(|e| e.at)).cmp(&(
            b.severity,
            std::cmp::Reverse(b.impact),
            b.rule,
            b.evidence.first().map(|e| e.at),
        ))
    });
    let timeline = window.filter(|_| http.is_some()).map(|window| {
        let band = |(letter, cluster): (usize, &signals::ClusterSignal)| ClusterBand {
            letter: letter as u32,
            range: cluster.range,
        };
        let mut timeline = http::timeline::timeline(&survey.cube, window, &gaps);
        timeline.clusters = clusters.iter().enumerate().map(band).collect();
        timeline
    });
    let mut coverage = Coverage {
        http_share: window.map_or(0.0, |window| http::silence::share(&survey.cube, window, &gaps)),
        not_checked: conclusions.not_checked,
        checked_clean: conclusions.clean,
        notes: Vec::new(),
        gaps,
    };
    say_what_is_missing(&mut coverage, &survey.outcomes, http.is_some());
    let mut analysis = Analysis {
        window,
        inputs,
        totals: totals(&infos, &survey.outcomes),
        http,
        sources: infos,
        coverage,
        findings,
        timeline,
        identities: identities(survey),
        ..Analysis::default()
    };
    (analysis.verdict, analysis.answers) = verdict::conclude(&analysis);
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
            site: origin.site.clone(),
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

/// The machine names of each instance prefix, where a path holds both: DaaS copies the log of an instance into a
/// folder named after its machine.
fn aliases(sources: &[Arc<dyn Source>]) -> BTreeMap<String, BTreeSet<String>> {
    let mut aliases: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for origin in sources.iter().map(|source| source.origin()) {
        if let (Kind::W3c, Some(instance), Some(machine)) =
            (origin.kind, &origin.instance, &origin.machine)
        {
            aliases.entry(instance.clone()).or_default().insert(machine.clone());
        }
    }
    aliases
}

fn totals(infos: &[SourceInfo], outcomes: &[survey::Outcome]) -> Totals {
    let mut totals = Totals { sources: infos.len() as u64, ..Totals::default() };
    for (info, outcome) in infos.iter().zip(outcomes) {
        totals.bytes += info.bytes;
        totals.records += info.records;
        totals.malformed += info.malformed;
        if outcome.kind.is_known() {
            totals.recognised_bytes += info.bytes;
            if matches!(info.status, SourceStatus::Read | SourceStatus::Skipped) {
                totals.readable_bytes += info.bytes;
            }
        }
    }
    totals
}

/// Names that identify the site, in the order in which the input first shows them.
fn identities(survey: &Survey) -> Vec<Identity> {
    let mut sites: Vec<_> = survey
        .cube
        .sites
        .sorted()
        .into_iter()
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
    identities
}

fn say_what_is_missing(coverage: &mut Coverage, outcomes: &[survey::Outcome], http: bool) {
    let has = |kind: Kind| outcomes.iter().any(|outcome| outcome.kind == kind);
    let mut missing = Vec::new();
    missing.push(if http {
        "Errors that the platform's front end answered by itself: they never reach the worker's log. Compare with \
         Http5xx and Requests in Azure Monitor."
    } else {
        "Requests, errors and latency: the bundle holds no HTTP log with a request in it."
    });
    for (kind, present, absent) in [
        (
            Kind::EventLog,
            "Crashes, recycles and exceptions: the bundle holds an event log, which is not read yet.",
            "Crashes, recycles and exceptions: the bundle holds no event log (LogFiles/eventlog.xml).",
        ),
        (
            Kind::PhpLog,
            "PHP errors: the bundle holds a PHP error log, which is not read yet.",
            "PHP errors: the bundle holds no PHP error log (LogFiles/php_errors.log).",
        ),
        (
            Kind::Deployment,
            "Deployments: the bundle holds their records, which are not read yet.",
            "Deployments: the bundle holds no records of them (site/deployments).",
        ),
        (
            Kind::Dump,
            "Memory dumps: the bundle holds some, which are not read yet.",
            "State of the process: the bundle holds no memory dump.",
        ),
    ] {
        missing.push(if has(kind) { present } else { absent });
    }
    coverage.not_checked.extend(missing.into_iter().map(str::to_owned));
}
