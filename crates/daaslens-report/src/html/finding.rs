//! Findings: stories as cards, the rest as lines.

use daaslens_core::model::{letter, source};
use daaslens_core::text::{counted, percent, thousands};
use daaslens_core::{Cause, Confidence, Evidence, Factor, Finding, Severity};

use super::{View, cell, more, parts};
use crate::chart::{Lane, caption, closeup};
use crate::words::{self, Figure};

/// Rules that say why or how an incident was, and that stand inside its card where they fall into its window.
const EXPLAINING: &[&str] = &[
    "cold-start",
    "concurrency-saturation",
    "cpu-spike",
    "crash-loop",
    "crash-signature",
    "dump-signature",
    "failed-request-trace",
    "http-silence",
    "process-recycle",
    "resource-exhaustion",
    "slow-window",
    "stall",
    "startup-failure",
    "thread-deadlock",
    "timeout-wall",
    "unhandled-exception",
];
/// How far an explanation may stick out of the window of what it explains, in seconds.
const SLACK: i64 = 120;

/// A finding with the findings that explain it: positions in the list.
pub(super) struct Story {
    lead: usize,
    inside: Vec<usize>,
}

/// A finding as a card.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) severity: &'static str,
    pub(crate) severity_word: &'static str,
    pub(crate) letter: String,
    pub(crate) rule: &'static str,
    pub(crate) headline: String,
    pub(crate) detail: String,
    pub(crate) meta: String,
    pub(crate) figures: Vec<Figure>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) caption: String,
    pub(crate) causes: Vec<CauseRow>,
    /// Whether it was looked at what sets the failing requests apart.
    pub(crate) looked: bool,
    pub(crate) differs: Vec<FactorRow>,
    pub(crate) differs_text: String,
    pub(crate) even: Vec<FactorRow>,
    pub(crate) advice: Vec<(&'static str, Vec<String>)>,
    pub(crate) evidence: Vec<EvidenceRow>,
    pub(crate) evidence_count: String,
    pub(crate) evidence_more: String,
    pub(crate) open: bool,
    pub(crate) command: String,
    pub(crate) children: Vec<Self>,
}

/// One hypothesis.
pub(crate) struct CauseRow {
    pub(crate) rank: usize,
    pub(crate) title: String,
    pub(crate) hypothesis: &'static str,
    pub(crate) confidence: &'static str,
    pub(crate) cells: &'static str,
    pub(crate) folded: bool,
    pub(crate) supports: Vec<String>,
    pub(crate) against: Vec<String>,
    pub(crate) missing: Vec<String>,
}

/// One value of one dimension.
pub(crate) struct FactorRow {
    pub(crate) dimension: &'static str,
    pub(crate) value: String,
    pub(crate) failing: String,
    pub(crate) failing_bar: u64,
    pub(crate) answered: String,
    pub(crate) answered_bar: u64,
    pub(crate) ratio: String,
}

/// One line of the input.
pub(crate) struct EvidenceRow {
    pub(crate) folder: String,
    pub(crate) file: String,
    pub(crate) line: String,
    pub(crate) byte: String,
    pub(crate) alike: String,
    pub(crate) note: String,
    pub(crate) parts: Vec<(String, bool)>,
}

/// A finding as a line of a table.
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) severity: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) headline: String,
    pub(crate) detail: String,
    pub(crate) when: String,
    pub(crate) advice: Vec<String>,
    pub(crate) evidence: Vec<EvidenceRow>,
}

/// Groups what must be acted on. Every finding is in exactly one story.
pub(super) fn stories(findings: &[Finding]) -> Vec<Story> {
    let mut stories: Vec<Story> = Vec::new();
    let acted = findings.iter().enumerate().filter(|(_, it)| it.severity != Severity::Info);
    for (index, finding) in acted {
        let home = stories
            .iter_mut()
            .find(|story| findings.get(story.lead).is_some_and(|lead| explains(finding, lead)));
        match home {
            Some(story) => story.inside.push(index),
            None => stories.push(Story { lead: index, inside: Vec::new() }),
        }
    }
    stories
}

fn explains(finding: &Finding, lead: &Finding) -> bool {
    let (Some(inner), Some(outer)) = (finding.window, lead.window) else { return false };
    let differ =
        |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
    lead.letter.is_some()
        && finding.letter.is_none()
        && EXPLAINING.contains(&finding.rule)
        && inner.start.seconds() >= outer.start.seconds() - SLACK
        && inner.end.seconds() <= outer.end.seconds() + SLACK
        && !differ(&finding.subject.instance, &lead.subject.instance)
        && !differ(&finding.subject.site, &lead.subject.site)
}

/// Cards, further findings as lines, notes, and the ids of what is not shown at all.
pub(super) fn all(
    view: &View<'_>,
    stories: &[Story],
) -> (Vec<Card>, Vec<Line>, Vec<Line>, Vec<String>) {
    let findings = &view.analysis.findings;
    let mut cards = Vec::new();
    let mut rows = Vec::new();
    let mut hidden = Vec::new();
    let mut closeups = 0;
    for story in stories {
        let Some(lead) = findings.get(story.lead) else { continue };
        if cards.len() < view.limits.cards {
            let draw = lead.closeup.is_some() && closeups < view.limits.closeups;
            closeups += usize::from(draw);
            let mut it = card(view, story.lead, lead, draw);
            let inside =
                story.inside.iter().filter_map(|&index| Some((index, findings.get(index)?)));
            for (position, (index, finding)) in inside.enumerate() {
                if position < view.limits.listed {
                    it.children.push(card(view, index, finding, false));
                } else {
                    hidden.push(id(index));
                }
            }
            cards.push(it);
            continue;
        }
        for &index in std::iter::once(&story.lead).chain(&story.inside) {
            match findings.get(index) {
                Some(finding) if rows.len() < view.limits.listed => {
                    rows.push(line(view, index, finding, true));
                }
                _ => hidden.push(id(index)),
            }
        }
    }
    let mut notes = Vec::new();
    let infos = findings.iter().enumerate().filter(|(_, it)| it.severity == Severity::Info);
    for (index, finding) in infos {
        if notes.len() < view.limits.listed {
            notes.push(line(view, index, finding, view.limits.bare_notes));
        } else {
            hidden.push(id(index));
        }
    }
    // An id without its text helps nobody beyond a point, and the page has an upper limit.
    hidden.truncate(50_000);
    (cards, rows, notes, hidden)
}

/// What stands above the cards.
pub(super) fn lead(analysis: &daaslens_core::model::Analysis) -> String {
    let count =
        |severity| analysis.findings.iter().filter(|it| it.severity == severity).count() as u64;
    let [critical, warning, info] =
        [Severity::Critical, Severity::Warning, Severity::Info].map(count);
    if analysis.findings.is_empty() {
        let clean = analysis.coverage.checked_clean.len() as u64;
        if clean == 0 {
            return "None found, and nothing could be called clean: too little could be read."
                .to_owned();
        }
        return format!(
            "None found. {} looked and found nothing; below stands which, and what could not be checked.",
            counted(clean, "check", "checks")
        );
    }
    format!(
        "{}: {} critical, {}, {}. Every figure can be traced to the lines quoted; the command under a finding prints all of them.",
        counted(analysis.findings.len() as u64, "finding", "findings"),
        thousands(critical),
        counted(warning, "warning", "warnings"),
        counted(info, "note", "notes")
    )
}

fn id(index: usize) -> String {
    format!("F{}", index + 1)
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::Warning => "Warning",
        Severity::Info => "Info",
    }
}

fn line(view: &View<'_>, index: usize, finding: &Finding, bare: bool) -> Line {
    let advice = [&finding.advice.mitigate, &finding.advice.fix, &finding.advice.collect_next];
    Line {
        id: id(index),
        severity: severity_word(finding.severity),
        rule: finding.rule,
        headline: cell(&finding.headline),
        detail: if bare { String::new() } else { view.text(&finding.detail) },
        when: finding
            .window
            .map_or_else(|| "–".to_owned(), |range| words::span_in(range, view.analysis.window)),
        advice: if bare {
            Vec::new()
        } else {
            advice.into_iter().flatten().take(20).map(|it| view.text(it)).collect()
        },
        evidence: if bare { Vec::new() } else { evidence(view, &finding.evidence) },
    }
}

fn card(view: &View<'_>, index: usize, finding: &Finding, draw: bool) -> Card {
    let analysis = view.analysis;
    let id = id(index);
    let (lanes, caption) = match finding.closeup.as_ref().filter(|_| draw) {
        Some(it) => {
            let points = view.limits.points.min(720);
            (closeup(analysis, finding, it, &format!("c{}", index + 1), points), caption(it))
        }
        None => (Vec::new(), String::new()),
    };
    let attribution = finding.attribution.as_ref();
    let factors = attribution.map(|it| it.factors.as_slice()).unwrap_or_default();
    let even = attribution.map(|it| it.even.as_slice()).unwrap_or_default();
    let shown = evidence(view, &finding.evidence);
    let json = view.options.json_name.as_deref().unwrap_or("findings.json");
    Card {
        severity: finding.severity.word(),
        severity_word: severity_word(finding.severity),
        letter: finding.letter.map(letter).unwrap_or_default(),
        rule: finding.rule,
        headline: view.text(&finding.headline),
        detail: view.text(&finding.detail),
        meta: meta(view, finding),
        figures: words::figures(finding).into_iter().take(6).collect(),
        lanes,
        caption,
        causes: finding.causes.iter().take(10).enumerate().map(|it| cause(view, it)).collect(),
        looked: attribution.is_some(),
        differs: factors.iter().take(3).map(factor).collect(),
        differs_text: differs_text(factors),
        even: even.iter().take(12).map(factor).collect(),
        advice: advice(view, finding),
        evidence_count: match finding.evidence.len() as u64 {
            n if shown.len() as u64 == n => counted(n, "place", "places"),
            n => format!("{} of {}", shown.len(), counted(n, "place", "places")),
        },
        evidence_more: more(finding.evidence.len(), shown.len(), "places"),
        evidence: shown,
        open: finding.severity == Severity::Critical,
        command: show_command(json, &id),
        children: Vec::new(),
        id,
    }
}

/// What reads a finding's evidence back: quoted as every shell of Windows and Unix takes it, where a blank asks for it.
fn show_command(json: &str, id: &str) -> String {
    let quote = if json.contains(' ') { "\"" } else { "" };
    format!("daaslens show {quote}{json}{quote} {id}")
}

fn meta(view: &View<'_>, finding: &Finding) -> String {
    let mut meta = Vec::new();
    if let Some(range) = finding.window {
        let lasting = words::lasting(range);
        meta.push(format!("{} UTC ({lasting})", words::span_in(range, view.analysis.window)));
    }
    let subject = &finding.subject;
    for (name, value) in [
        ("site", &subject.site),
        ("instance", &subject.instance),
        ("path", &subject.url),
        ("module", &subject.module),
        ("exception", &subject.exception),
        ("process", &subject.process),
    ] {
        if let Some(value) = value {
            meta.push(format!("{name} {}", super::url(value)));
        }
    }
    if finding.letter.is_some() {
        match words::still_going(finding, view.analysis.window) {
            Some(true) => meta.push("still going on at the end of the logs".to_owned()),
            Some(false) => meta.push("over".to_owned()),
            None => {}
        }
    }
    meta.push(format!("observation {}", finding.confidence.word()));
    meta.join(" · ")
}

fn cause(view: &View<'_>, (index, cause): (usize, &Cause)) -> CauseRow {
    CauseRow {
        rank: index + 1,
        title: view.text(&cause.title),
        hypothesis: cause.hypothesis,
        confidence: cause.confidence.word(),
        cells: match cause.confidence {
            Confidence::Weak => "cf1",
            Confidence::Possible => "cf2",
            Confidence::Likely => "cf3",
            Confidence::Confirmed => "cf4",
        },
        folded: cause.confidence == Confidence::Weak,
        supports: view.texts(&cause.supports),
        against: view.texts(&cause.against),
        missing: view.texts(&cause.missing),
    }
}

fn factor(factor: &Factor) -> FactorRow {
    let share = |(part, whole): (u64, u64)| match whole {
        0 => "–".to_owned(),
        // Percentages of a handful say more than there is.
        1..20 => format!("{part} of {whole}"),
        _ => percent(part, whole),
    };
    let bar = |(part, whole): (u64, u64)| {
        if whole == 0 { 0 } else { (part.min(whole) * 100).div_ceil(whole) }
    };
    FactorRow {
        dimension: factor.dimension,
        value: if factor.value.is_empty() { "–".to_owned() } else { cell(&factor.value) },
        failing: share(factor.failing),
        failing_bar: bar(factor.failing),
        answered: share(factor.answered),
        answered_bar: bar(factor.answered),
        ratio: ratio(factor.risk_ratio_low),
    }
}

fn ratio(value: f64) -> String {
    if !value.is_finite() {
        "–".to_owned()
    } else if value >= 10.0 {
        thousands(value.min(1e15) as u64)
    } else {
        format!("{value:.1}")
    }
}

fn differs_text(factors: &[Factor]) -> String {
    match factors.first() {
        None => String::new(),
        Some(first) => format!(
            "{} {} stands out: it has {} of the failures beyond the usual.",
            first.dimension,
            if first.value.is_empty() { "" } else { first.value.as_str() },
            words::share(first.excess_share)
        ),
    }
}

fn advice(view: &View<'_>, finding: &Finding) -> Vec<(&'static str, Vec<String>)> {
    let advice = &finding.advice;
    [
        ("Mitigate now", &advice.mitigate),
        ("Fix", &advice.fix),
        ("Collect next", &advice.collect_next),
    ]
    .into_iter()
    .filter(|(_, items)| !items.is_empty())
    .map(|(name, items)| (name, view.texts(items)))
    .collect()
}

/// The places that prove something, as far as they are shown.
pub(super) fn evidence(view: &View<'_>, all: &[Evidence]) -> Vec<EvidenceRow> {
    all.iter()
        .take(view.limits.evidence)
        .map(|it| {
            let path = source(&view.analysis.sources, it.at.source)
                .map_or("(source unknown)", |source| source.path.as_str());
            let path = daaslens_core::text::shortened(path, words::CELL);
            let cut = path.rfind(['/', '\\']).map_or(0, |at| at + 1);
            let (folder, file) = path.split_at(cut);
            EvidenceRow {
                folder: folder.to_owned(),
                file: file.to_owned(),
                line: it.at.line.to_string(),
                // Some files are one line; there only the byte says where.
                byte: if it.at.line <= 1 && it.at.byte > 0 {
                    format!(" (byte {})", thousands(it.at.byte))
                } else {
                    String::new()
                },
                alike: if it.alike > 1 {
                    format!("{} alike", thousands(it.alike))
                } else {
                    String::new()
                },
                note: cell(&it.note),
                parts: parts(&it.excerpt, view.limits.excerpt),
            }
        })
        .collect()
}
