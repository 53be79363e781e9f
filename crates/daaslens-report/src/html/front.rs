//! The first screen: verdict, the five answers, navigation, key figures.

use daaslens_core::model::{Analysis, Health, HttpCounts, letter};
use daaslens_core::text::{bytes, counted, duration_ms, percent, shortened, thousands};

use super::finding::Card;
use super::{View, cell};
use crate::Options;
use crate::redact::Redacted;
use crate::words::{self, Figure};

/// The five questions of a bad night, in the order in which they are asked.
const QUESTIONS: [(&str, &str); 5] = [
    ("Still going on?", "nothing in it is dated. Collect the HTTP logs of the bad minutes"),
    ("Since when?", "nothing in it is dated. Collect the HTTP logs of the bad minutes"),
    ("App or platform?", "it holds no failed request. Collect the HTTP logs and the event log"),
    ("What changed just before?", "it holds no deployment record. Collect the deployment folder"),
    ("What to do now?", "nothing was found to act on. Collect the HTTP logs and the event log"),
];

/// One of the five answers.
pub(crate) struct AnswerRow {
    pub(crate) question: String,
    pub(crate) lead: String,
    pub(crate) text: String,
}

/// One finding in the navigation.
pub(crate) struct NavRow {
    pub(crate) id: String,
    pub(crate) severity: &'static str,
    pub(crate) name: String,
    pub(crate) letter: String,
}

pub(super) fn badge_icon(health: Health) -> &'static str {
    match health {
        Health::Critical => "critical",
        Health::Degraded => "warning",
        Health::Healthy => "clean",
        Health::Unknown => "unknown",
    }
}

pub(super) fn tool(redacted: &Redacted, options: &Options<'_>) -> String {
    let stamp = options.stamp.as_ref().map_or_else(String::new, |it| format!(" · {it}"));
    format!("daaslens {} · redaction {}{stamp}", options.version, redacted.level.word())
}

pub(super) fn instances(analysis: &Analysis) -> String {
    let n = analysis.http.as_ref().map_or(0, |http| http.instances.len());
    if n == 0 { String::new() } else { counted(n as u64, "instance", "instances") }
}

/// The letters of the incidents, each with the anchor of its card; more than twelve say nothing.
pub(super) fn letters(analysis: &Analysis) -> Vec<(String, String)> {
    let mut letters: Vec<(u32, usize)> = analysis
        .findings
        .iter()
        .enumerate()
        .filter_map(|(index, it)| it.letter.map(|letter| (letter, index)))
        .collect();
    letters.sort_unstable();
    letters.dedup_by_key(|it| it.0);
    letters
        .into_iter()
        .take(12)
        .map(|(it, index)| (letter(it), format!("F{}", index + 1)))
        .collect()
}

/// All five, also those which the analysis did not answer.
pub(super) fn answers(view: &View<'_>) -> Vec<AnswerRow> {
    let given = &view.analysis.answers;
    let mut rows: Vec<AnswerRow> = Vec::new();
    for (question, reason) in QUESTIONS {
        let answer = given.iter().find(|it| it.question == question);
        let answer = answer.filter(|it| !(it.lead.is_empty() && it.text.is_empty()));
        rows.push(match answer {
            Some(it) => AnswerRow {
                question: question.to_owned(),
                lead: view.text(&it.lead),
                text: view.text(&it.text),
            },
            None if question == "What to do now?"
                && !view.analysis.verdict.next_action.is_empty() =>
            {
                AnswerRow {
                    question: question.to_owned(),
                    lead: view.text(&view.analysis.verdict.next_action),
                    text: String::new(),
                }
            }
            None => AnswerRow {
                question: question.to_owned(),
                lead: "Cannot tell from this bundle:".to_owned(),
                text: format!("{reason}."),
            },
        });
    }
    let further =
        given.iter().filter(|it| QUESTIONS.iter().all(|(known, _)| *known != it.question));
    rows.extend(further.map(|it| AnswerRow {
        question: it.question.to_owned(),
        lead: view.text(&it.lead),
        text: view.text(&it.text),
    }));
    rows
}

pub(super) fn navigation(cards: &[Card]) -> Vec<NavRow> {
    cards
        .iter()
        .take(12)
        .map(|card| NavRow {
            id: card.id.clone(),
            severity: card.severity,
            name: shortened(card.rule, 24).replace('-', " "),
            letter: card.letter.clone(),
        })
        .collect()
}

pub(super) fn figures(analysis: &Analysis) -> Vec<Figure> {
    let figure =
        |label: &str, value: String, base: String| Figure { label: label.to_owned(), value, base };
    let mut figures = Vec::new();
    if let Some(http) = &analysis.http {
        let HttpCounts { requests, server_errors, client_aborts, cutoffs, platform_probes } =
            http.totals;
        figures.push(figure(
            "Requests",
            thousands(requests),
            format!("{} platform probes among them", thousands(platform_probes)),
        ));
        if requests > 0 {
            figures.push(figure(
                "Availability",
                percent(requests.saturating_sub(server_errors), requests),
                "requests without a server error".to_owned(),
            ));
        }
        figures.push(figure(
            "Server errors, 5xx",
            thousands(server_errors),
            format!("{} of all requests", percent(server_errors, requests)),
        ));
        let p = |p| duration_ms(u64::from(http.latency.percentile(p)));
        if http.latency.count() > 0 {
            let base = format!("p50 {}, p99 {}", p(50.0), p(99.0));
            figures.push(figure("p95 time taken", p(95.0), base));
        }
        figures.push(figure(
            "Client aborts",
            thousands(client_aborts),
            format!("{} of them cut off by the server side", thousands(cutoffs)),
        ));
    } else {
        figures.push(figure(
            "Records read",
            thousands(analysis.totals.records),
            "of all kinds; no HTTP log among them".to_owned(),
        ));
    }
    let window = analysis.stretch().map_or_else(|| "–".to_owned(), words::lasting);
    let base = match &analysis.http {
        Some(_) => format!("HTTP logs cover {}", words::share(analysis.coverage.http_share)),
        None => format!("{} of input", bytes(analysis.totals.bytes)),
    };
    figures.push(figure("Window", window, base));
    figures
}

fn counts(name: &str, it: &HttpCounts) -> [String; 4] {
    [
        cell(name),
        thousands(it.requests),
        format!("{} ({})", thousands(it.server_errors), percent(it.server_errors, it.requests)),
        thousands(it.client_aborts),
    ]
}

pub(super) fn vantages(view: &View<'_>) -> Vec<[String; 4]> {
    let http = view.analysis.http.as_ref();
    let all = http.map(|http| http.other_vantages.as_slice()).unwrap_or_default();
    all.iter().take(view.limits.rows).map(|it| counts(&it.name, &it.counts)).collect()
}

pub(super) fn sites(view: &View<'_>) -> Vec<[String; 4]> {
    let http = view.analysis.http.as_ref();
    let all = http.map(|http| http.sites.as_slice()).unwrap_or_default();
    all.iter()
        .take(view.limits.rows)
        .map(|it| {
            counts(if it.name.is_empty() { "(no name in the log)" } else { &it.name }, &it.counts)
        })
        .collect()
}
