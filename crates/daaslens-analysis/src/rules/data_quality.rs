#![doc = include_str!("data_quality.md")]

use daaslens_core::model::{Clean, SourceStatus};
use daaslens_core::text::{counted, percent, thousands};
use daaslens_core::{
    Confidence, Evidence, Excerpt, Finding, Kind, Location, Metric, Part, PartKind, Severity,
    SourceId,
};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::http::format::Reader;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "data-quality",
    doc: include_str!("data_quality.md"),
    questions: no_questions,
    conclude,
};

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let malformed: u64 = facts.sources.iter().map(|source| source.malformed).sum();
    let records: u64 = facts.sources.iter().map(|source| source.records).sum();
    if malformed > 0 {
        out.findings.push(lines(facts, malformed, records));
    }
    let lost =
        |status: SourceStatus| matches!(status, SourceStatus::Partial | SourceStatus::Unreadable);
    if facts.sources.iter().any(|source| lost(source.status)) {
        out.findings.push(files(facts));
    }
    if out.findings.is_empty() && records > 0 {
        let text = format!("all of {} were read", counted(records, "record", "records"));
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

fn lines(facts: &Facts<'_>, malformed: u64, records: u64) -> Finding {
    let damaged: Vec<_> =
        facts.sources.iter().enumerate().filter(|(_, source)| source.malformed > 0).collect();
    let bad = damaged
        .iter()
        .any(|(_, source)| source.malformed * 100 >= source.malformed + source.records);
    let severity = if bad && malformed >= 100 { Severity::Warning } else { Severity::Info };
    let headline = format!(
        "{} of {} lines in {} could not be read ({})",
        thousands(malformed),
        thousands(malformed + records),
        counted(damaged.len() as u64, "file", "files"),
        percent(malformed, malformed + records),
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.metrics = vec![
        ("malformed", Metric::Count(malformed)),
        ("records", Metric::Count(records)),
        ("recovered", Metric::Count(facts.sources.iter().map(|source| source.recovered).sum())),
    ];
    finding
        .advice
        .collect_next
        .push("Download the damaged files again, after the site has closed them".to_owned());
    for (i, source) in damaged {
        let alike = source.malformed;
        for sample in source.faults.iter().take(if finding.evidence.len() < 6 { 3 } else { 1 }) {
            if finding.evidence.len() >= 12 {
                break;
            }
            finding.evidence.push(Evidence {
                at: Location { source: SourceId(i as u32), byte: sample.byte, line: sample.line },
                note: String::new(),
                excerpt: plain(&sample.fault),
                alike,
            });
        }
    }
    finding
}

fn files(facts: &Facts<'_>) -> Finding {
    let lost = || {
        let is = |status| matches!(status, SourceStatus::Partial | SourceStatus::Unreadable);
        facts.sources.iter().enumerate().filter(move |(_, source)| is(source.status))
    };
    let count = lost().count() as u64;
    // A file of events ends in the middle of one whenever it is full, and a trace when its process ends: a part of
    // these is the rule. A part of a log of requests, or of an archive, is a hole.
    let matters = lost().any(|(i, source)| {
        let kind = facts.kind(i);
        let counts = Reader::is_for(kind) || kind == Kind::Archive;
        counts || kind.is_known() && source.status == SourceStatus::Unreadable
    });
    let severity = if matters { Severity::Warning } else { Severity::Info };
    let headline = format!(
        "{} of {} could not be read, or only in part",
        thousands(count),
        counted(facts.sources.len() as u64, "file", "files")
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.metrics = vec![("count", Metric::Count(count))];
    finding.advice.collect_next.push(
        "Download what is missing again; a dump that was cut off is made anew by Kudu".to_owned(),
    );
    for (i, source) in lost().take(12) {
        finding.evidence.push(Evidence {
            at: Location { source: SourceId(i as u32), byte: 0, line: 1 },
            note: source.status.word().to_owned(),
            excerpt: plain(source.reason.as_deref().unwrap_or_default()),
            alike: 1,
        });
    }
    finding
}

fn plain(text: &str) -> Excerpt {
    Excerpt(vec![Part { kind: PartKind::Text, text: text.to_owned(), strong: false }])
}
