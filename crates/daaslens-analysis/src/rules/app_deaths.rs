//! Processes that died by their own words, for the rules on crashes: what iisnode, stdout and `HttpPlatformHandler` kept of
//! their output. Where the event log tells of the same, the two confirm each other.

use std::collections::BTreeMap;

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_s, shortened, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, TimeRange};

use super::Conclusions;
use crate::crashes::{LOOP_COUNT, LOOP_SECONDS};
use crate::facts::Facts;
use crate::records::applog::Death;

/// Evidence of one finding.
const EVIDENCE: usize = 6;

/// An event and the output of a process are about the same death when they are so near, in milliseconds.
const NEAR: i64 = 120_000;

/// So many failed starts are critical whatever came after.
const MANY: usize = 3;

/// Which rule asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Many within a short time.
    Loop,
    /// While starting.
    Start,
    /// While running.
    Crash,
}

/// The most findings of one rule.
const MOST: usize = 6;

/// Adds what the output of processes tells to what a rule has concluded from events.
pub(super) fn conclude(rule: &'static str, which: Which, facts: &Facts<'_>, out: &mut Conclusions) {
    let groups = match which {
        Which::Loop => bursts(facts),
        Which::Start => by_signature(facts, true),
        Which::Crash => by_signature(facts, false),
    };
    for deaths in groups.iter().take(MOST) {
        if !confirm(&mut out.findings, deaths, facts) {
            let finding = match which {
                Which::Loop => crash_loop(rule, deaths, facts),
                Which::Start | Which::Crash => died(rule, deaths, which == Which::Start, facts),
            };
            out.findings.extend(finding);
        }
    }
    let outputs = facts.records.apps.outputs;
    if !out.findings.is_empty() {
        out.clean.clear();
    } else if out.clean.is_empty() && outputs > 0 {
        let text = format!(
            "no such end in the output of {}",
            counted(outputs, "process that was kept", "processes that was kept")
        );
        out.clean.push(Clean { rule, text });
    }
}

/// Runs of deaths of one instance that are dense enough for a loop.
fn bursts<'a>(facts: &Facts<'a>) -> Vec<Vec<&'a Death>> {
    let mut instances: BTreeMap<Option<&str>, Vec<&Death>> = BTreeMap::new();
    for death in &facts.records.apps.deaths {
        instances.entry(death.instance.as_deref()).or_default().push(death);
    }
    let mut bursts = Vec::new();
    for deaths in instances.into_values() {
        let mut run: Vec<&Death> = Vec::new();
        for death in deaths {
            if run.last().is_some_and(|last| death.time.0 - last.time.0 > LOOP_SECONDS * 1000) {
                bursts.push(std::mem::take(&mut run));
            }
            run.push(death);
        }
        bursts.push(run);
    }
    bursts.retain(|run| {
        run.windows(LOOP_COUNT)
            .any(|some| some[LOOP_COUNT - 1].time.0 - some[0].time.0 <= LOOP_SECONDS * 1000)
    });
    bursts
}

/// Deaths of one signature; those while starting, or the others.
fn by_signature<'a>(facts: &Facts<'a>, is_start: bool) -> Vec<Vec<&'a Death>> {
    let mut groups: BTreeMap<&str, Vec<&Death>> = BTreeMap::new();
    for death in facts.records.apps.deaths.iter().filter(|death| death.is_start == is_start) {
        groups.entry(&death.signature.exact).or_default().push(death);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}

/// Lets a finding that the event log made and the deaths that the output tells confirm each other; `false` where there is
/// no such finding.
fn confirm(findings: &mut [Finding], deaths: &[&Death], facts: &Facts<'_>) -> bool {
    let Some(range) = range(deaths) else { return false };
    let near = TimeRange::new(
        daaslens_core::Time(range.start.0 - NEAR),
        daaslens_core::Time(range.end.0 + NEAR),
    );
    let instance = instance(deaths, facts);
    let found = findings.iter_mut().find(|finding| {
        let same = finding.subject.instance.is_none()
            || instance.is_none()
            || finding.subject.instance == instance;
        same && finding.window.is_some_and(|window| window.overlaps(near))
    });
    let Some(finding) = found else { return false };
    finding.confidence = Confidence::Confirmed;
    let says = format!(
        " The output of {} says the same: {}.",
        counted(deaths.len() as u64, "process", "processes"),
        shortened(&title(deaths), 160)
    );
    finding.detail.push_str(if finding.detail.is_empty() { says.trim_start() } else { &says });
    finding.evidence.extend(deaths.iter().take(2).map(|death| death.evidence.clone()));
    true
}

/// A loop that only the output of the processes tells.
fn crash_loop(rule: &'static str, deaths: &[&Death], facts: &Facts<'_>) -> Option<Finding> {
    let range = range(deaths)?;
    let count = deaths.len() as u64;
    let headline = format!(
        "{} died{} within {}: {}",
        counted(count, "process", "processes"),
        on(deaths, facts),
        duration_s((range.seconds() + 1).max(1) as u64),
        shortened(&title(deaths), 120)
    );
    let mut finding = Finding::new(rule, Severity::Critical, Confidence::Likely, headline);
    fill(&mut finding, deaths, range, facts);
    finding.metrics.push(("seconds", Metric::Count((range.seconds() + 1).max(1) as u64)));
    finding.advice.mitigate.push(
        "Roll back to the last build that started; stopping the site ends the loop but not the outage".to_owned(),
    );
    finding.advice.fix.push("Mend what the signature names; a restart cannot".to_owned());
    Some(finding)
}

/// Failed starts, or crashes, of one signature that only the output of the processes tells.
fn died(
    rule: &'static str,
    deaths: &[&Death],
    is_start: bool,
    facts: &Facts<'_>,
) -> Option<Finding> {
    let range = range(deaths)?;
    let count = deaths.len();
    let severity = match (is_start, count) {
        (true, MANY..) => Severity::Critical,
        _ => Severity::Warning,
    };
    let times =
        if count == 1 { "once".to_owned() } else { format!("{} times", thousands(count as u64)) };
    let what = if is_start { "The application died while starting" } else { "The process died" };
    let headline =
        format!("{what} {times}{}: {}", on(deaths, facts), shortened(&title(deaths), 150));
    let mut finding = Finding::new(rule, severity, Confidence::Likely, headline);
    fill(&mut finding, deaths, range, facts);
    if is_start {
        let back = "Roll back, or set right the setting that was changed last";
        finding.advice.mitigate.push(back.to_owned());
    }
    Some(finding)
}

fn fill(finding: &mut Finding, deaths: &[&Death], range: TimeRange, facts: &Facts<'_>) {
    let signature = &deaths[0].signature;
    finding.window = Some(range);
    finding.subject.instance = instance(deaths, facts);
    finding.subject.signature = Some(signature.exact.clone());
    finding.subject.exception = Some(signature.exception.clone()).filter(|name| !name.is_empty());
    let pids: Vec<String> =
        deaths.iter().filter_map(|death| Some(death.pid?.to_string())).take(8).collect();
    let mut sentences = Vec::new();
    if !pids.is_empty() {
        let more = if deaths.len() > pids.len() { " and others" } else { "" };
        sentences
            .push(format!("The output of the processes {}{more} ends with it.", pids.join(", ")));
    }
    if deaths.iter().all(|death| death.is_start_time) {
        sentences.push(
            "The output has no times: that of each file's name counts, which is the start of its process.".to_owned(),
        );
    }
    finding.detail = sentences.join(" ");
    finding.metrics = vec![("count", Metric::Count(deaths.len() as u64))];
    finding.impact = deaths.len() as u64;
    if let Some(frame) = signature.frames.iter().find(|frame| frame.own) {
        finding.advice.fix.push(format!("Look at {}", shortened(&frame.text, 140)));
    }
    finding.evidence = deaths.iter().take(EVIDENCE).map(|death| death.evidence.clone()).collect();
    if let Some(first) = finding.evidence.first_mut() {
        first.alike = deaths.len() as u64;
    }
}

/// The most frequent signature, in words.
fn title(deaths: &[&Death]) -> String {
    let mut counts: BTreeMap<&str, (usize, &Death)> = BTreeMap::new();
    for death in deaths {
        counts.entry(&death.signature.exact).or_insert((0, death)).0 += 1;
    }
    let most = counts.into_iter().max_by(|a, b| a.1.0.cmp(&b.1.0).then_with(|| b.0.cmp(a.0)));
    most.map_or_else(String::new, |(_, (_, death))| {
        let signature = &death.signature;
        let text = format!("{}: {}", signature.exception, signature.message);
        text.trim_matches([':', ' ']).to_owned()
    })
}

fn range(deaths: &[&Death]) -> Option<TimeRange> {
    deaths.iter().fold(None, |mut range, death| {
        TimeRange::extend(&mut range, death.time);
        range
    })
}

/// The instance, where it is the same for all.
fn instance(deaths: &[&Death], facts: &Facts<'_>) -> Option<String> {
    let first = deaths.first()?.instance.as_deref()?;
    deaths
        .iter()
        .all(|death| death.instance.as_deref() == Some(first))
        .then(|| facts.instance(first))
}

fn on(deaths: &[&Death], facts: &Facts<'_>) -> String {
    match instance(deaths, facts) {
        Some(instance) => format!(" on {instance}"),
        None => String::new(),
    }
}
