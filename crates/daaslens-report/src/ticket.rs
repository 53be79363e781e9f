//! The facts as plain text: what is pasted into a ticket, the Markdown file, the lines on the terminal.
//!
//! All three are made from the same list of paragraphs, so they cannot disagree.

use daaslens_core::model::{Analysis, letter};
use daaslens_core::text::{counted, percent, shortened, thousands};
use daaslens_core::{Finding, Severity};

use crate::redact::Redacted;
use crate::{Level, Options, words};

/// Most characters of the ticket text and of the Markdown.
pub(crate) const MAX: usize = 3000;

/// One statement.
struct Fact {
    /// What stands in front of it: `A)`, `Now:`.
    mark: String,
    /// The statement.
    text: String,
    /// Whether an empty line goes before it.
    apart: bool,
}

impl Fact {
    fn new(mark: impl Into<String>, text: impl Into<String>, apart: bool) -> Self {
        Self { mark: mark.into(), text: text.into(), apart }
    }
}

/// The text for the ticket: plain, ASCII as far as our own words go.
pub(crate) fn ticket(redacted: &Redacted, options: &Options<'_>) -> String {
    let mut out = String::new();
    for fact in facts(redacted, options) {
        let line =
            if fact.mark.is_empty() { fact.text } else { format!("{} {}", fact.mark, fact.text) };
        let line = ascii(&line);
        if fact.apart && !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
        out.push('\n');
    }
    bounded(out.trim_end())
}

/// The same as Markdown, with everything that comes from the input escaped.
pub(crate) fn markdown(redacted: &Redacted, options: &Options<'_>) -> String {
    let mut out = String::new();
    for (index, fact) in facts(redacted, options).into_iter().enumerate() {
        let text = escaped(&fact.text);
        if fact.apart && !out.is_empty() {
            out.push('\n');
        }
        match (index, fact.mark.as_str()) {
            (0, _) => {
                out.push_str("## ");
                out.push_str(&text);
                out.push('\n');
            }
            (_, "") => {
                out.push_str(&text);
                out.push('\n');
            }
            (_, mark) => {
                out.push_str("- **");
                out.push_str(&escaped(mark));
                out.push_str("** ");
                out.push_str(&text);
                out.push('\n');
            }
        }
    }
    format!("{}\n", bounded_to(out.trim_end(), MAX - 1))
}

/// At most six lines: verdict, window, impact, top cause with its confidence, next action.
pub(crate) fn terminal(redacted: &Redacted, options: &Options<'_>) -> Vec<String> {
    let analysis = &redacted.analysis;
    let mut lines = vec![
        format!("{}: {}", words::badge(analysis.verdict.health), words::headline(analysis)),
        format!("Window:  {}", window(analysis)),
        format!("Impact:  {}", impact(analysis)),
    ];
    let top = analysis.findings.iter().find_map(|it| it.causes.first());
    if let Some(cause) = top {
        lines.push(format!("Cause:   {} ({})", cause.title, cause.confidence.word()));
    }
    lines.push(format!("Next:    {}", words::next_action(analysis)));
    if redacted.level == Level::Off {
        lines.push("Nothing was masked: the report is not fit to be shared.".to_owned());
    }
    let _ = options;
    lines.into_iter().map(|line| shortened(&line, 240).into_owned()).collect()
}

fn facts(redacted: &Redacted, options: &Options<'_>) -> Vec<Fact> {
    let analysis = &redacted.analysis;
    let badge = words::badge(analysis.verdict.health);
    let headline = cut(&words::headline(analysis), 300);
    // Headlines like `Cannot tell: …` say the badge themselves.
    let rest = headline
        .strip_prefix(badge)
        .map_or(headline.as_str(), |it| it.trim_start_matches([':', ' ']));
    let first = format!("{}: {rest}", badge.to_uppercase());
    let mut facts = vec![Fact::new("", first.trim_end_matches([':', ' ']), false)];
    let site = words::site(analysis).map_or_else(String::new, |it| format!("{}, ", cut(it, 80)));
    facts.push(Fact::new("", format!("{site}{}. {}.", window(analysis), impact(analysis)), false));
    let incidents: Vec<_> =
        cards(analysis).filter(|(_, it)| it.severity == Severity::Critical).collect();
    for (index, finding) in incidents.iter().take(5) {
        facts.push(Fact::new(mark(*index, finding), story(analysis, finding), true));
    }
    if incidents.len() > 5 {
        let more =
            counted(incidents.len() as u64 - 5, "more critical finding", "more critical findings");
        facts.push(Fact::new("", format!("{more} in the report."), true));
    }
    let warnings: Vec<_> =
        cards(analysis).filter(|(_, it)| it.severity == Severity::Warning).collect();
    for (position, (index, finding)) in warnings.iter().take(4).enumerate() {
        let mark = mark(*index, finding);
        facts.push(Fact::new(mark, cut(&finding.headline, 200), position == 0));
    }
    if warnings.len() > 4 {
        let more = counted(warnings.len() as u64 - 4, "more warning", "more warnings");
        facts.push(Fact::new("", format!("{more} in the report."), false));
    }
    if analysis.findings.is_empty() {
        facts.push(Fact::new("", "No finding in what could be read.", true));
    }
    let not_checked = &analysis.coverage.not_checked;
    if let Some(first) = not_checked.first() {
        let rest = not_checked.len() - 1;
        let more = if rest > 0 { format!(" ({rest} more in the report)") } else { String::new() };
        facts.push(Fact::new("Not visible here:", format!("{}{more}", cut(first, 200)), true));
    }
    facts.push(Fact::new("Now:", cut(&words::next_action(analysis), 300), not_checked.is_empty()));
    let collect = analysis.findings.iter().flat_map(|it| &it.advice.collect_next).next();
    if let Some(collect) = collect {
        facts.push(Fact::new("Collect next:", cut(collect, 200), false));
    }
    let findings = match analysis.findings.len() {
        0 => String::new(),
        1 => "finding F1. ".to_owned(),
        n => format!("findings F1-F{n}. "),
    };
    let stamp = options.stamp.as_ref().map_or_else(String::new, |it| format!(", {it}"));
    let tool = format!(
        "{findings}daaslens {}, redaction {}{stamp}.",
        options.version,
        redacted.level.word()
    );
    facts.push(Fact::new("", tool, true));
    facts
}

fn cards(analysis: &Analysis) -> impl Iterator<Item = (usize, &Finding)> {
    analysis.findings.iter().enumerate()
}

fn mark(index: usize, finding: &Finding) -> String {
    let id = index + 1;
    finding.letter.map_or_else(|| format!("F{id}:"), |it| format!("{}) F{id}:", letter(it)))
}

fn story(analysis: &Analysis, finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(range) = finding.window {
        text.push_str(&words::span_in(range, analysis.window));
        text.push_str(" UTC: ");
    }
    text.push_str(&sentence(&cut(&finding.headline, 240)));
    if let Some(cause) = finding.causes.first() {
        let title = cut(&cause.title, 160);
        let (title, confidence) = (title.trim_end_matches('.'), cause.confidence.word());
        text = format!("{text} Cause: {title} ({confidence}).");
    }
    match words::still_going(finding, analysis.window) {
        Some(true) => text.push_str(" Still going on at the end of the logs."),
        Some(false) => text.push_str(" Over."),
        None => {}
    }
    text
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

fn window(analysis: &Analysis) -> String {
    analysis.stretch().map_or_else(
        || "Nothing in the bundle is dated".to_owned(),
        |range| format!("{} UTC ({})", words::span(range), words::lasting(range)),
    )
}

/// How many were failed, of how many.
pub(crate) fn impact(analysis: &Analysis) -> String {
    match &analysis.http {
        None => "No HTTP log, so nobody can say how many requests failed".to_owned(),
        Some(http) if http.totals.requests == 0 => "The HTTP logs hold no request".to_owned(),
        Some(http) => format!(
            "{} of {} failed with a server error ({})",
            thousands(http.totals.server_errors),
            counted(http.totals.requests, "request", "requests"),
            percent(http.totals.server_errors, http.totals.requests)
        ),
    }
}

fn cut(text: &str, max: usize) -> String {
    shortened(text.trim(), max).into_owned()
}

fn bounded(text: &str) -> String {
    bounded_to(text, MAX)
}

fn bounded_to(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(max - 4).collect();
    // An escape that was cut in half would escape what follows.
    while out.ends_with('\\') {
        out.pop();
    }
    out.push_str("\n…");
    out
}

/// Our own typographic characters as ASCII; what comes from the input stays.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{a0}' | '\u{202f}' | '\u{2009}' => out.push(' '),
            '–' | '−' | '‑' | '—' => out.push('-'),
            '≥' => out.push_str(">="),
            '≤' => out.push_str("<="),
            '×' => out.push('x'),
            '…' => out.push_str("..."),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            '·' => out.push(','),
            c => out.push(c),
        }
    }
    out
}

/// Makes Markdown of a ticket system show the text as it is: no emphasis, no link, no HTML, no mention.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\u{a0}' | '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_of_the_input_is_shown_as_text() {
        assert_eq!(
            escaped("<b>*x*</b> [a](b) @all `c`"),
            "&lt;b&gt;\\*x\\*&lt;/b&gt; \\[a\\](b) &#64;all \\`c\\`"
        );
        assert_eq!(ascii("85\u{a0}% – “≥ 2 ×”…"), "85 % - \">= 2 x\"...");
    }

    #[test]
    fn long_texts_end_at_the_limit() {
        let long = bounded(&"\\a".repeat(4000));
        assert!(
            long.chars().count() <= MAX && long.ends_with("a\n…"),
            "{}",
            &long[long.len() - 8..]
        );
    }
}
