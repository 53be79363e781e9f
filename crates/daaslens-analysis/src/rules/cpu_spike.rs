#![doc = include_str!("cpu_spike.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_s, percent, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, TimeRange};

use super::{Conclusions, Rule, no_questions};
use crate::correlate;
use crate::facts::Facts;
use crate::records::platform::cpu::{Act, Episode, Process};
use crate::zoom::Reply;

pub(super) const RULE: Rule =
    Rule { id: "cpu-spike", doc: include_str!("cpu_spike.md"), questions: no_questions, conclude };

/// The most processes that become findings.
const MOST: usize = 8;

/// What is too much where nobody said it, in per cent of all processors, and for how long, in seconds.
const THRESHOLD: u32 = 80;
const PATIENCE: u32 = 30;

/// How long after a stretch an act still belongs to it, in seconds: dumps are made when it has lasted long enough.
const AFTER: i64 = 120;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let processes = &facts.records.platform.cpu.processes;
    let mut spikes: Vec<(u64, Finding)> = processes
        .iter()
        .filter_map(|process| finding(process, facts))
        .map(|finding| (finding.impact, finding))
        .collect();
    if spikes.is_empty() && !processes.is_empty() {
        let samples: usize = processes.iter().map(|process| process.points.len()).sum();
        let text = format!(
            "no process of {} was above its limit for long, in {}",
            thousands(processes.len() as u64),
            counted(samples as u64, "sample", "samples")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
    spikes.sort_by_key(|(impact, _)| std::cmp::Reverse(*impact));
    out.findings.extend(spikes.into_iter().take(MOST).map(|(_, finding)| finding));
}

fn finding(process: &Process, facts: &Facts<'_>) -> Option<Finding> {
    let limit = process.threshold.unwrap_or(THRESHOLD);
    let patience = i64::from(process.patience.unwrap_or(PATIENCE));
    let acts = &facts.records.platform.cpu.acts;
    let near = |episode: &Episode| {
        let reach = TimeRange::new(
            episode.range.start,
            daaslens_core::Time(episode.range.end.0.saturating_add(AFTER * 1000)),
        );
        let name = format!("{}({})", process.name, process.pid);
        let own = move |act: &&Act| {
            act.machine.eq_ignore_ascii_case(&process.machine)
                && act.text.contains(&name)
                && reach.contains(act.range.start)
        };
        acts.iter().filter(own).collect::<Vec<&Act>>()
    };
    let spikes: Vec<(Episode, Vec<&Act>)> = process
        .episodes(limit as f32)
        .into_iter()
        .map(|episode| (episode, near(&episode)))
        .filter(|(episode, acts)| episode.range.seconds() >= patience || !acts.is_empty())
        .collect();
    let (longest, _) = spikes.iter().max_by_key(|(episode, _)| {
        (episode.range.seconds(), std::cmp::Reverse(episode.range.start))
    })?;
    let seconds: i64 = spikes.iter().map(|(episode, _)| episode.range.seconds()).sum();
    let peak = spikes.iter().map(|(episode, _)| episode.peak).fold(0.0, f32::max);
    let done: Vec<&&Act> = spikes.iter().flat_map(|(_, acts)| acts).collect();
    let range = spikes.iter().map(|(episode, _)| episode.range).reduce(TimeRange::union)?;
    let times = match spikes.len() {
        1 => String::new(),
        n => format!("{} times, at most ", thousands(n as u64)),
    };
    let headline = format!(
        "{} (pid {}) on {} used up to {peak:.0}\u{a0}% of all processors, {times}for {}; the limit is {limit}\u{a0}%",
        process.name,
        process.pid,
        facts.named(&process.machine),
        duration_s(longest.range.seconds().max(0) as u64),
    );
    let mut finding = Finding::new(RULE.id, Severity::Warning, Confidence::Likely, headline);
    finding.detail = detail(process, limit, &done);
    finding.window = Some(range);
    finding.subject.instance = Some(facts.instance(&process.machine));
    finding.subject.process = Some(format!("{} ({})", process.name, process.pid));
    let (samples, above, _) = process.usual(limit as f32);
    finding.metrics = vec![
        ("count", Metric::Count(spikes.len() as u64)),
        ("seconds", Metric::Count(seconds.max(0) as u64)),
        ("samples", Metric::Count(samples)),
        ("share_above", Metric::Ratio(above as f64 / samples.max(1) as f64)),
    ];
    finding.impact = seconds.max(0) as u64;
    finding.causes = correlate::told(facts, &[("cpu-high", finding.headline.clone())]);
    finding.advice.fix.push(
        "Find the method that uses the processor: profile the process while it is busy".to_owned(),
    );
    finding.evidence = process
        .lines
        .iter()
        .filter(|(time, _)| {
            longest.range.contains(*time) || done.iter().any(|act| act.range.contains(*time))
        })
        .map(|(_, evidence)| evidence.clone())
        .take(6)
        .collect();
    Some(finding)
}

fn detail(process: &Process, limit: u32, acts: &[&&Act]) -> String {
    let (samples, above, middle) = process.usual(limit as f32);
    let mut detail = vec![format!(
        "It usually uses {middle:.0}\u{a0}% (the middle of {}); {} of them are at {limit}\u{a0}% or above.",
        counted(samples, "sample", "samples"),
        percent(above, samples),
    )];
    if process.threshold.is_none() {
        detail.push(format!("No limit is written in the bundle; {THRESHOLD}\u{a0}% were taken."));
    }
    if acts.is_empty() {
        detail.push("Nothing was done about it.".to_owned());
    }
    for act in acts.iter().take(6) {
        let length = match act.range.seconds() {
            0 => String::new(),
            seconds => format!(", which took {}", duration_s(seconds.max(0) as u64)),
        };
        detail.push(format!("At {} {}{length}.", act.range.start.format("%H:%M:%S"), act.text));
    }
    if process.guessed {
        detail.push(
            "Its clock has twelve hours and nothing tells which half of the day is meant: it may have been twelve hours later."
                .to_owned(),
        );
    }
    detail.join(" ")
}
