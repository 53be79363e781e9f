//! The verdict, and the five questions of a bad night.

use daaslens_core::model::{Analysis, Answer, Health, Verdict};
use daaslens_core::text::{counted, duration_s, percent, thousands};
use daaslens_core::{Finding, Severity};

/// Coverage without which silence is no sign of health.
const COVERED: f64 = 0.9;

/// Cut-off requests beside which nothing is called healthy.
const CUTOFFS: u64 = 5;

/// Concludes from everything else.
pub(crate) fn conclude(analysis: &Analysis) -> (Verdict, Vec<Answer>) {
    let health = health(analysis);
    let lead = analysis.findings.iter().find(|finding| finding.severity != Severity::Info);
    let headline = headline(analysis, health, lead);
    let next_action = lead
        .and_then(|finding| finding.advice.mitigate.first().or_else(|| finding.advice.fix.first()).or_else(|| finding.advice.collect_next.first()))
        .cloned()
        .unwrap_or_else(|| match health {
            Health::Healthy => "Nothing to do on the side that this bundle shows".to_owned(),
            _ if analysis.http.is_none() => {
                "Download LogFiles/http/RawLogs of the time in question, with web server logging switched on".to_owned()
            }
            _ => "Collect what the section on coverage names as missing".to_owned(),
        });
    let verdict = Verdict { health, headline, scale: scale(analysis), next_action };
    let answers = answers(analysis, &verdict, lead);
    (verdict, answers)
}

fn health(analysis: &Analysis) -> Health {
    let worst = analysis.findings.iter().map(|finding| finding.severity).min();
    match worst {
        Some(Severity::Critical) => Health::Critical,
        Some(Severity::Warning) => Health::Degraded,
        _ => {
            let covered = analysis.coverage.http_share >= COVERED;
            let seen = analysis
                .http
                .as_ref()
                .is_some_and(|http| http.totals.requests > 0 && http.totals.cutoffs < CUTOFFS);
            if covered && seen { Health::Healthy } else { Health::Unknown }
        }
    }
}

fn headline(analysis: &Analysis, health: Health, lead: Option<&Finding>) -> String {
    if let Some(lead) = lead {
        return lead.headline.clone();
    }
    let Some(http) = &analysis.http else {
        return "Cannot tell: the bundle holds no HTTP log".to_owned();
    };
    if http.totals.requests == 0 {
        return "Cannot tell: the HTTP logs hold no request".to_owned();
    }
    let span = analysis.window.map_or(0, |window| window.seconds().max(0) as u64);
    let numbers = format!(
        "{}, {} failed",
        counted(http.totals.requests, "request", "requests"),
        percent(http.totals.server_errors, http.totals.requests)
    );
    match health {
        Health::Healthy => format!("No incident in {}; {numbers}", duration_s(span)),
        _ if http.totals.cutoffs >= CUTOFFS => {
            format!(
                "Cannot tell: {} were cut off; {numbers}",
                counted(http.totals.cutoffs, "request", "requests")
            )
        }
        _ => format!(
            "Cannot tell: the HTTP logs cover {} of the window; {numbers}",
            percent((analysis.coverage.http_share * 10_000.0) as u64, 10_000)
        ),
    }
}

fn scale(analysis: &Analysis) -> String {
    let Some(http) = &analysis.http else {
        return format!(
            "{}, none of them an HTTP log.",
            counted(analysis.totals.sources, "file", "files")
        );
    };
    let totals = &http.totals;
    format!(
        "{} of {} were answered with a server error ({}); {} were given up by the client.",
        thousands(totals.server_errors),
        counted(totals.requests, "request", "requests"),
        percent(totals.server_errors, totals.requests),
        thousands(totals.client_aborts),
    )
}

fn answers(analysis: &Analysis, verdict: &Verdict, lead: Option<&Finding>) -> Vec<Answer> {
    let answer =
        |question, lead: &str, text: String| Answer { question, lead: lead.to_owned(), text };
    let cannot = |reason: &str| format!("from this bundle: {reason}");
    let end = analysis.window.map(|window| window.end);
    let ongoing = match (lead.and_then(|lead| lead.window), end) {
        _ if analysis.http.is_none() => answer(
            "Still going on?",
            "Cannot tell",
            cannot("it holds no HTTP log. Collect LogFiles/http/RawLogs."),
        ),
        (Some(window), Some(end)) if end.0 - window.end.0 <= 60_000 => answer(
            "Still going on?",
            "Perhaps.",
            format!(
                "The last failures are within a minute of the end of the logs, {}; later is not in the bundle.",
                end.format("%H:%M:%S UTC")
            ),
        ),
        (Some(window), Some(end)) => answer(
            "Still going on?",
            "No.",
            format!(
                "It ended {}; the logs go on for {} after it, until {}. Later is not in the bundle.",
                window.end.format("%H:%M:%S UTC"),
                duration_s(((end.0 - window.end.0) / 1000).max(0) as u64),
                end.format("%H:%M:%S UTC"),
            ),
        ),
        (None, Some(end)) => answer(
            "Still going on?",
            "Nothing found.",
            format!(
                "The logs end {}; later is not in the bundle.",
                end.format("%Y-%m-%d %H:%M:%S UTC")
            ),
        ),
        (_, None) => answer("Still going on?", "Cannot tell", cannot("nothing in it is dated.")),
    };
    let since = match lead.and_then(|lead| lead.window) {
        Some(window) => answer(
            "Since when?",
            &window.start.format("%Y-%m-%d %H:%M:%S UTC"),
            format!("for {}.", duration_s(window.seconds().max(0) as u64)),
        ),
        None => answer(
            "Since when?",
            "No incident",
            "with a beginning was found in what the bundle shows.".to_owned(),
        ),
    };
    vec![
        ongoing,
        since,
        answer(
            "App or platform?",
            "Cannot tell",
            cannot(
                "only the worker's own log was read, which never shows errors of the front end.",
            ),
        ),
        answer(
            "What changed just before?",
            "Cannot tell",
            cannot("deployments and events are not read yet."),
        ),
        answer("What to do now?", &verdict.next_action, String::new()),
    ]
}
