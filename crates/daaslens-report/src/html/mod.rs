//! The page: one self-contained file, readable with scripts off.
//!
//! The view models in here own all formatting, and everything in them is text (the templates escape it) or a
//! number that the program made. Nothing of the input ever becomes an id, a link, a style or a script.

mod appendix;
mod budget;
mod facts;
mod finding;
mod front;
mod tables;
mod trust;

use askama::Template;
use daaslens_core::model::Analysis;
use daaslens_core::text::{counted, shortened, thousands};

use crate::chart::{Chart, timeline};
use crate::redact::{Redacted, bounded};
use crate::words::{self, Figure};
use crate::{Error, Level, Options, ticket};
use budget::Limits;

const STYLE: &str = include_str!("../../templates/assets/report.css");
const SCRIPT: &str = include_str!("../../templates/assets/report.js");

#[derive(Template)]
#[template(
    path = "page.html",
    blocks = [
        "verdict", "navigation", "timeline", "figures", "findings", "status", "slow", "crashes", "php", "events",
        "facts",
        "trust", "coverage", "mitigate", "appendix"
    ]
)]
struct Page {
    style: &'static str,
    script: &'static str,
    script_hash: &'static str,
    off: bool,
    title: String,
    site: String,
    window: String,
    instances: String,
    tool: String,
    health: &'static str,
    badge: &'static str,
    badge_icon: &'static str,
    headline: String,
    letters: Vec<(String, String)>,
    scale: String,
    answers: Vec<front::AnswerRow>,
    ticket: String,
    ticket_length: String,
    nav: Vec<front::NavRow>,
    chart: Option<Chart>,
    figures: Vec<Figure>,
    vantages: Vec<[String; 4]>,
    sites: Vec<[String; 4]>,
    findings_lead: String,
    cards: Vec<finding::Card>,
    rows: Vec<finding::Line>,
    notes: Vec<finding::Line>,
    hidden: Vec<String>,
    status: Option<tables::Table<tables::StatusRow>>,
    slow: Option<tables::Table<tables::SlowRow>>,
    crashes: Option<tables::Table<tables::SignatureRow>>,
    php: Option<tables::Table<tables::PhpRow>>,
    php_pages: String,
    events: Option<tables::Table<tables::EventRow>>,
    facts: Vec<facts::Facts>,
    clean: Vec<(String, &'static str)>,
    not_checked: Vec<String>,
    trust_more: String,
    all_checked: &'static str,
    coverage_lead: String,
    gaps: Vec<[String; 3]>,
    gaps_caption: String,
    coverage_notes: Vec<String>,
    sources: Vec<trust::SourceRow>,
    sources_caption: String,
    sources_more: String,
    next_action: String,
    actions: appendix::Actions,
    actions_more: String,
    heal: Vec<appendix::HealRow>,
    no_heal: String,
    inputs: Vec<(String, String)>,
    receipt_lead: String,
    receipt: Vec<(String, String)>,
    left_out: Vec<String>,
    glossary: Vec<(&'static str, &'static str)>,
}

/// Renders the page, leaving out what its size demands.
pub(crate) fn render(redacted: &Redacted, options: &Options<'_>) -> Result<Vec<u8>, Error> {
    let soft = if options.soft_limit == 0 { budget::SOFT } else { options.soft_limit };
    let mut limits = Limits::default();
    let mut left_out = Vec::new();
    let mut html = page(redacted, options, &limits, &left_out).render()?;
    for (steps, limit) in [(budget::STEPS, soft), (budget::LAST_STEPS, budget::HARD)] {
        for step in steps {
            if html.len() <= limit {
                break;
            }
            step.0(&mut limits);
            left_out.push(budget::said(step, &redacted.analysis));
            html = page(redacted, options, &limits, &left_out).render()?;
        }
    }
    Ok(html.into_bytes())
}

fn page(redacted: &Redacted, options: &Options<'_>, limits: &Limits, left_out: &[String]) -> Page {
    let analysis = &redacted.analysis;
    let view = View { analysis, options, limits };
    let badge = words::badge(analysis.verdict.health);
    let headline = view.text(&words::headline(analysis));
    let site = words::site(analysis).map_or_else(|| "Unknown site".to_owned(), cell);
    let ticket = ticket::ticket(redacted, options);
    let stories = finding::stories(&analysis.findings);
    let (cards, rows, notes, hidden) = finding::all(&view, &stories);
    let (sources, sources_more) = trust::sources(&view);
    let (actions, actions_more) = appendix::actions(&view);
    let (clean, not_checked, trust_more) = trust::checks(&view);
    Page {
        style: STYLE,
        script: SCRIPT,
        script_hash: env!("REPORT_SCRIPT_SHA256"),
        off: redacted.level == Level::Off,
        title: format!("{badge}: {} · {}", shortened(&headline, 160), shortened(&site, 60)),
        site,
        window: analysis.stretch().map_or_else(
            || "nothing dated".to_owned(),
            |range| format!("{} UTC", words::span(range)),
        ),
        instances: front::instances(analysis),
        tool: front::tool(redacted, options),
        health: analysis.verdict.health.word(),
        badge,
        badge_icon: front::badge_icon(analysis.verdict.health),
        headline,
        letters: front::letters(analysis),
        scale: if analysis.verdict.scale.is_empty() {
            format!("{}.", ticket::impact(analysis))
        } else {
            view.text(&analysis.verdict.scale)
        },
        answers: front::answers(&view),
        ticket_length: counted(ticket.chars().count() as u64, "character", "characters"),
        ticket,
        nav: front::navigation(&cards),
        chart: timeline(analysis, limits.points, limits.readout),
        figures: front::figures(analysis),
        vantages: front::vantages(&view),
        sites: front::sites(&view),
        findings_lead: finding::lead(analysis),
        cards,
        rows,
        notes,
        hidden,
        status: tables::status(&view),
        slow: tables::slow(&view),
        crashes: tables::signatures(&view),
        php: tables::php(&view),
        php_pages: tables::php_pages(&view),
        events: tables::events(&view),
        facts: facts::all(&view),
        clean,
        not_checked,
        trust_more,
        all_checked: trust::all_checked(analysis),
        coverage_lead: trust::lead(analysis),
        gaps: trust::gaps(&view),
        gaps_caption: trust::gaps_caption(&view),
        coverage_notes: view.texts(&analysis.coverage.notes),
        sources,
        sources_caption: trust::caption(analysis),
        sources_more,
        next_action: view.text(&words::next_action(analysis)),
        actions,
        actions_more,
        heal: appendix::heal(&view),
        no_heal: appendix::no_heal(&view),
        inputs: appendix::inputs(&view),
        receipt_lead: appendix::receipt_lead(redacted.level),
        receipt: appendix::receipt(redacted),
        left_out: left_out.to_vec(),
        glossary: appendix::GLOSSARY.to_vec(),
    }
}

/// What every section is made from.
pub(crate) struct View<'a> {
    pub(crate) analysis: &'a Analysis,
    pub(crate) options: &'a Options<'a>,
    pub(crate) limits: &'a Limits,
}

impl View<'_> {
    /// A text of a sentence or a few.
    pub(crate) fn text(&self, text: &str) -> String {
        shortened(text.trim(), self.limits.text).into_owned()
    }

    /// Texts of a list.
    pub(crate) fn texts(&self, texts: &[String]) -> Vec<String> {
        texts.iter().take(self.limits.listed.min(200)).map(|it| self.text(it)).collect()
    }
}

/// How much of a list is not shown, or nothing.
pub(crate) fn more(all: usize, shown: usize, what: &str) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        n => format!("+ {} more {what}; findings.json holds them.", thousands(n as u64)),
    }
}

/// A text of a table cell.
pub(crate) fn cell(text: &str) -> String {
    shortened(text, words::CELL).into_owned()
}

/// A path of the site.
pub(crate) fn url(text: &str) -> String {
    shortened(text, words::URL).into_owned()
}

/// Cuts the parts of an excerpt to so many bytes.
pub(crate) fn parts(excerpt: &daaslens_core::Excerpt, max: usize) -> Vec<(String, bool)> {
    let mut left = max;
    let mut out = Vec::new();
    for part in &excerpt.0 {
        if left == 0 {
            break;
        }
        let text = bounded(&part.text, left);
        left = left.saturating_sub(text.len());
        if text.len() < part.text.len() {
            left = 0;
        }
        out.push((text.into_owned(), part.strong));
    }
    out
}

#[cfg(test)]
mod tests;
