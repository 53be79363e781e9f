#![doc = include_str!("app_log_errors.md")]

use daaslens_applog::Level;
use daaslens_core::model::Clean;
use daaslens_core::text::{counted, percent, shortened, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, Time, TimeRange};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::records::applog::Group;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "app-log-errors",
    doc: include_str!("app_log_errors.md"),
    questions: no_questions,
    conclude,
};

/// The most groups that become findings.
const MOST: usize = 8;

/// From how many on errors of one kind are a defect.
const DEFECT: u64 = 20;

/// What is logged so many milliseconds around a cluster belongs to it: requests are logged when they end.
const AROUND: i64 = 5_000;

/// From so many times the expected number on, errors gather in a cluster.
const GATHERED: f64 = 5.0;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let apps = &facts.records.apps;
    if apps.files == 0 {
        return;
    }
    let groups = apps.errors();
    let mut findings: Vec<Finding> = groups
        .iter()
        .filter(|group| group.unhandled == 0 && group.fatal == 0)
        .map(|group| finding(RULE.id, group, facts))
        .collect();
    findings.sort_by_key(|finding| (finding.severity, std::cmp::Reverse(finding.impact)));
    findings.truncate(MOST);
    if groups.is_empty() {
        let text = format!(
            "no record of level error or critical, and no exception, in {}",
            counted(apps.records, "record", "records")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
    out.findings.extend(findings);
}

/// A finding about one group, for this rule and its siblings.
pub(super) fn finding(rule: &'static str, group: &Group, facts: &Facts<'_>) -> Finding {
    let apps = &facts.records.apps;
    let in_clusters = in_clusters(group, facts);
    let gathers = in_clusters.iter().any(|one| one.gathers);
    let defect = group.count >= DEFECT || group.level == Some(Level::Critical) || gathers;
    let severity = if defect { Severity::Warning } else { Severity::Info };
    let path = Group::most(&group.paths);
    let headline = format!(
        "{} \u{d7} {} in the application's log{}",
        thousands(group.count),
        shortened(&group.title(), 150),
        path.as_ref().map_or_else(String::new, |(path, _)| format!(", in {}", shortened(path, 60)))
    );
    let mut finding = Finding::new(rule, severity, Confidence::Likely, headline);
    let mut sentences = vec![format!(
        "{} of {} of the application's logs",
        percent(group.count, apps.records),
        counted(apps.records, "record", "records")
    )];
    if let Some((logger, _)) = Group::most(&group.categories) {
        sentences.push(format!("Most of them by {}", shortened(&logger, 80)));
    }
    let (instances, pids) = (group.instances.sorted().len(), group.pids.sorted().len());
    if instances > 0 || pids > 0 {
        sentences.push(format!(
            "On {} in {}",
            if instances == 0 {
                "no instance that is named".to_owned()
            } else {
                counted(instances as u64, "instance", "instances")
            },
            if pids == 0 {
                "processes that are not named".to_owned()
            } else {
                counted(pids as u64, "process", "processes")
            }
        ));
    }
    if group.undated > 0 {
        sentences.push(format!(
            "{} of them have no time of their own: that of what stands before them, or of the file's name, counts",
            thousands(group.undated)
        ));
    }
    sentences.extend(in_clusters.iter().map(|one| one.text.clone()));
    finding.detail = format!("{}.", sentences.join(". "));
    finding.window = group.range;
    if let Some(signature) = group.signature() {
        finding.subject.signature = Some(signature.exact.clone());
        finding.subject.exception = Some(signature.exception).filter(|name| !name.is_empty());
        if let Some(frame) = signature.frames.iter().find(|frame| frame.own) {
            finding.advice.fix.push(format!("Look at {}", shortened(&frame.text, 140)));
        }
    }
    finding.subject.url = path.map(|(path, _)| path);
    if let (1, Some((instance, _))) = (instances, Group::most(&group.instances)) {
        finding.subject.instance = Some(facts.instance(&instance));
    }
    if let (1, Some((pid, _))) = (pids, Group::most(&group.pids)) {
        finding.subject.process = Some(pid);
    }
    finding.metrics =
        vec![("count", Metric::Count(group.count)), ("records", Metric::Count(apps.records))];
    finding.impact = group.count;
    finding.evidence = group.shown();
    finding
}

/// How many of a group lie in a cluster of failed requests.
pub(super) struct InCluster {
    text: String,
    /// Whether there are far more than were to be expected.
    gathers: bool,
}

/// The clusters in which a group lies, in order of time. What was to be expected is its own rate over the whole of its logs.
pub(super) fn in_clusters(group: &Group, facts: &Facts<'_>) -> Vec<InCluster> {
    let seconds = facts.records.apps.range.map_or(1, |range| range.seconds() + 1).max(1) as f64;
    let mut found = Vec::new();
    for (number, cluster) in facts.clusters.iter().enumerate() {
        let window = TimeRange::new(
            Time(cluster.range.start.0 - AROUND),
            Time(cluster.range.end.0 + AROUND),
        );
        let inside = group.course.within(window);
        if inside == 0 {
            continue;
        }
        let expected = group.count as f64 * (window.seconds() + 1) as f64 / seconds;
        let letter = char::from(b'A' + (number % 26) as u8);
        found.push(InCluster {
            text: format!(
                "{} of them within cluster {letter} ({}), where {} were to be expected if they were spread evenly",
                thousands(inside),
                cluster.word(),
                if expected < 0.05 { "none".to_owned() } else { format!("{expected:.1}") }
            ),
            gathers: inside >= 2 && inside as f64 >= GATHERED * expected,
        });
    }
    found
}
