//! What is left out of a page that would be too large, step by step.

use daaslens_core::model::Analysis;
use daaslens_core::text::thousands;
use daaslens_core::{Finding, Severity};

/// No page is larger.
pub(crate) const HARD: usize = 10_000_000;
/// Above this a page leaves things out.
pub(crate) const SOFT: usize = 2_000_000;

/// How much of everything is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) evidence: usize,
    pub(crate) excerpt: usize,
    pub(crate) rows: usize,
    pub(crate) readout: bool,
    pub(crate) points: usize,
    pub(crate) closeups: usize,
    pub(crate) bare_notes: bool,
    pub(crate) files: bool,
    pub(crate) cards: usize,
    /// Lists that have no table's end: notes, gaps, sources, sentences.
    pub(crate) listed: usize,
    /// Characters of any one text.
    pub(crate) text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            evidence: 8,
            excerpt: 2048,
            rows: 20,
            readout: true,
            points: 1500,
            closeups: usize::MAX,
            bare_notes: false,
            files: true,
            cards: usize::MAX,
            listed: usize::MAX,
            text: 1200,
        }
    }
}

/// One step: what it leaves out, in words, and how much of it there is in this analysis.
type Step = (fn(&mut Limits), fn(&Analysis) -> (u64, &'static str));

/// The steps that are taken one by one while the page is larger than the soft limit.
pub(crate) const STEPS: &[Step] = &[
    (
        |it| it.evidence = 3,
        |a| {
            (
                each(a, |f| beyond(f.evidence.len(), 3)),
                "evidence lines beyond the third of a finding",
            )
        },
    ),
    (
        |it| it.excerpt = 200,
        |a| {
            (
                each(a, |f| {
                    f.evidence
                        .iter()
                        .filter(|e| e.excerpt.0.iter().map(|p| p.text.len()).sum::<usize>() > 200)
                        .count() as u64
                }),
                "excerpts cut to 200 bytes",
            )
        },
    ),
    (|it| it.rows = 10, |a| (tables(a, 10), "table rows beyond the tenth")),
    (
        |it| it.readout = false,
        |a| (u64::from(a.timeline.is_some()), "figures under the pointer of the timeline"),
    ),
    (|it| it.points = 720, |_| (0, "timeline drawn with at most 720 points")),
    (|it| it.points = 360, |_| (0, "timeline drawn with at most 360 points")),
    (
        |it| it.closeups = 5,
        |a| {
            (
                beyond(a.findings.iter().filter(|f| f.closeup.is_some()).count(), 5),
                "close-ups after the fifth",
            )
        },
    ),
    (|it| it.bare_notes = true, |a| (severe(a, Severity::Info), "notes cut to one line each")),
    (
        |it| it.files = false,
        |a| (a.sources.len() as u64, "sources grouped by kind, without their single files"),
    ),
    (
        |it| it.cards = 20,
        |a| (beyond(acted(a), 20), "cards after the twentieth cut to one line each"),
    ),
];

/// The steps that are taken while the page is larger than the hard limit. After the last one, every list and
/// every text is so short that the page cannot be too large.
pub(crate) const LAST_STEPS: &[Step] = &[
    (
        |it| it.evidence = 1,
        |a| {
            (
                each(a, |f| beyond(f.evidence.len(), 1)),
                "evidence lines beyond the first of a finding",
            )
        },
    ),
    (|it| it.cards = 5, |a| (beyond(acted(a), 5), "cards after the fifth cut to one line each")),
    (
        |it| {
            it.listed = 400;
            it.text = CELL;
            it.closeups = 1;
        },
        |a| {
            (
                (beyond(a.findings.len(), 400) + beyond(a.sources.len(), 400)),
                "rows beyond the 400th of any list, and texts beyond 300 characters",
            )
        },
    ),
];

const CELL: usize = crate::words::CELL;

/// What a step left out, as a line for the appendix.
pub(crate) fn said(step: &Step, analysis: &Analysis) -> String {
    match step.1(analysis) {
        (0, what) => what.to_owned(),
        (n, what) => format!("{}: {what}", thousands(n)),
    }
}

fn beyond(n: usize, limit: usize) -> u64 {
    n.saturating_sub(limit) as u64
}

fn each(analysis: &Analysis, count: impl Fn(&Finding) -> u64) -> u64 {
    analysis.findings.iter().map(count).sum()
}

fn severe(analysis: &Analysis, severity: Severity) -> u64 {
    analysis.findings.iter().filter(|f| f.severity == severity).count() as u64
}

fn acted(analysis: &Analysis) -> usize {
    analysis.findings.iter().filter(|f| f.severity != Severity::Info).count()
}

fn tables(analysis: &Analysis, limit: usize) -> u64 {
    let http = analysis
        .http
        .as_ref()
        .map_or(0, |http| beyond(http.outcomes.len(), limit) + beyond(http.urls.len(), limit));
    let events = analysis.events.as_ref().map_or(0, |events| {
        beyond(events.groups.len(), limit) + beyond(events.signatures.len(), limit)
    });
    let facts: u64 = analysis.tables.iter().map(|table| beyond(table.rows.len(), limit)).sum();
    facts + http + events + analysis.php.as_ref().map_or(0, |php| beyond(php.groups.len(), limit))
}
