//! What to do, in which order; and how the report came about.

use daaslens_core::model::{AutoHeal, HealTrigger};
use daaslens_core::text::{bytes, counted, duration_s, thousands};

use super::{View, cell, more};
use crate::json::heal_rule;
use crate::redact::{Class, Redacted};
use crate::{Level, words};

/// Terms, in the order of the alphabet.
pub(super) const GLOSSARY: &[(&str, &str)] = &[
    (
        "Availability",
        "Share of requests that were answered without a server error. Client aborts are no server errors.",
    ),
    (
        "Client abort",
        "The client went away first: win32 status 64, 121, 995, 1229 or 1236. Its time taken is left out of all percentiles.",
    ),
    (
        "Confidence",
        "confirmed: two independent kinds of evidence. likely: one specific kind. possible: it fits and nothing rules it out. weak: something speaks for it.",
    ),
    (
        "Cut off",
        "An abort that the server side caused: after 225 to 245 seconds, or for five and more clients within one second.",
    ),
    ("In flight", "Requests that had come in and were not yet answered."),
    (
        "Incident, letter",
        "A stretch of time with more server errors than chance explains, lettered in order of time.",
    ),
    (
        "Instance",
        "One worker machine that runs the site, named by the prefix of its log files or by its machine name.",
    ),
    (
        "ip-3, host-1, site-1",
        "Pseudonyms, numbered by first appearance. “(private)” marks addresses of private networks; the others are public.",
    ),
    ("p50, p95, p99", "Half, 95 %, 99 % of the requests took at most this long. At most 1 % off."),
    (
        "Platform probe",
        "Requests of the platform itself: AlwaysOn, ReadyForRequest, HealthCheck. They count as requests.",
    ),
    (
        "Risk ratio",
        "How many times more often requests with this value fail than those without it. Shown is the lower end of its 95 % interval.",
    ),
    ("SCM site", "The site’s management side (Kudu). Its requests are counted apart."),
    (
        "Status",
        "status.substatus.win32 as IIS logs it: 502.3.12030 is a bad gateway because the process behind it closed the connection.",
    ),
    (
        "Time taken",
        "From the first byte of the request to the last of the answer, in ms. A request is logged when it ends.",
    ),
];

/// One auto-heal rule.
pub(crate) struct HealRow {
    pub(crate) title: String,
    pub(crate) fired: String,
    pub(crate) rule: String,
    pub(crate) notes: Vec<String>,
}

/// Columns of sentences, each with the findings that ask for it.
pub(super) type Actions = Vec<(&'static str, Vec<(String, Vec<String>)>)>;

/// What the findings ask for, by urgency, each sentence once with the findings that ask for it.
pub(super) fn actions(view: &View<'_>) -> (Actions, String) {
    let mut columns: Actions = Vec::new();
    let mut hidden = 0;
    let most = view.limits.rows.min(view.limits.listed);
    for (name, pick) in [("Mitigate now", 0), ("Fix", 1), ("Collect next", 2)] {
        let mut items: Vec<(String, Vec<String>)> = Vec::new();
        for (index, finding) in view.analysis.findings.iter().enumerate() {
            let advice = &finding.advice;
            let texts = match pick {
                0 => &advice.mitigate,
                1 => &advice.fix,
                _ => &advice.collect_next,
            };
            for text in texts {
                let id = format!("F{}", index + 1);
                let text = view.text(text);
                if let Some((_, ids)) = items.iter_mut().find(|(known, _)| *known == text) {
                    if ids.len() < 8 {
                        ids.push(id);
                    }
                } else if items.len() < most {
                    items.push((text, vec![id]));
                } else {
                    hidden += 1;
                }
            }
        }
        for (_, ids) in &mut items {
            ids.dedup();
        }
        if !items.is_empty() {
            columns.push((name, items));
        }
    }
    (columns, more(hidden, 0, "sentences"))
}

pub(super) fn heal(view: &View<'_>) -> Vec<HealRow> {
    view.analysis.mitigation.auto_heal.iter().take(5).map(|it| heal_row(view, it)).collect()
}

fn heal_row(view: &View<'_>, it: &AutoHeal) -> HealRow {
    let title = match it.trigger {
        HealTrigger::Status { status, substatus, win32, count, interval_seconds } => {
            let win32 = win32.map_or_else(String::new, |code| format!(".{code}"));
            format!(
                "Recycle after {count} × {status}.{substatus}{win32} within {}",
                duration_s(interval_seconds)
            )
        }
        HealTrigger::Slow { time_taken_seconds, count, interval_seconds } => format!(
            "Recycle after {} slower than {} within {}",
            counted(count, "request", "requests"),
            duration_s(time_taken_seconds),
            duration_s(interval_seconds)
        ),
        HealTrigger::PrivateBytes { kilobytes } => {
            format!("Recycle above {} of private memory", bytes(kilobytes.saturating_mul(1024)))
        }
    };
    let times: Vec<_> = it
        .fired
        .iter()
        .take(8)
        .map(|(at, instance)| {
            let at = words::time_in(*at, view.analysis.window);
            if instance.is_empty() { at } else { format!("{at} on {}", cell(instance)) }
        })
        .collect();
    let more = it.fired.len().saturating_sub(times.len());
    let more =
        if more > 0 { format!(" and {} more", thousands(more as u64)) } else { String::new() };
    let fired = if times.is_empty() {
        "On this log it would not have fired.".to_owned()
    } else {
        format!(
            "On this log it would have fired {}: {}{more}. {} of them outside any incident.",
            counted(it.fired.len() as u64, "time", "times"),
            times.join(", "),
            thousands(it.outside_incidents)
        )
    };
    HealRow {
        title,
        fired,
        rule: serde_json::to_string_pretty(&heal_rule(&it.trigger)).unwrap_or_default(),
        notes: view.texts(&it.notes),
    }
}

pub(super) fn no_heal(view: &View<'_>) -> String {
    match &view.analysis.mitigation.no_rule {
        Some(reason) => view.text(reason),
        None => "No rule: none was found that would have fired in an incident and nowhere else."
            .to_owned(),
    }
}

pub(super) fn inputs(view: &View<'_>) -> Vec<(String, String)> {
    let analysis = view.analysis;
    let mut rows = vec![("Tool".to_owned(), format!("daaslens {}", view.options.version))];
    if let Some(stamp) = &view.options.stamp {
        rows.push(("Run at".to_owned(), stamp.clone()));
    }
    for input in analysis.inputs.iter().take(view.limits.listed.min(200)) {
        rows.push(("Input".to_owned(), format!("{} ({})", cell(&input.name), input.kind)));
    }
    rows.push((
        "Read".to_owned(),
        format!(
            "{}, {}, {}",
            counted(analysis.totals.sources, "source", "sources"),
            bytes(analysis.totals.bytes),
            counted(analysis.totals.records, "record", "records")
        ),
    ));
    let options = analysis.options.iter().take(100);
    rows.extend(options.map(|(name, value)| ((*name).to_owned(), cell(value))));
    rows
}

pub(super) fn receipt_lead(level: Level) -> String {
    match level {
        Level::Strict => "Level strict: query values, cookies, user names, e-mails and secrets are gone; addresses, hosts and sites are pseudonyms. Names of worker machines stay. The finished page was searched for every value that was masked.",
        Level::Normal => "Level normal: query values, cookies, user names, e-mails and secrets are gone; addresses, hosts and sites stay. The finished page was searched for every value that was masked.",
        Level::Off => "Level off: nothing is masked. Do not share this page.",
    }
    .to_owned()
}

pub(super) fn receipt(redacted: &Redacted) -> Vec<(String, String)> {
    let name = |class| match class {
        Class::Query => "Query values",
        Class::Address => "IP addresses",
        Class::Token => "Secrets and tokens",
        Class::Email => "E-mail addresses",
        Class::User => "User names",
        Class::Host => "Host names",
        Class::Site => "Site names",
        Class::Cookie => "Cookies",
    };
    redacted
        .receipt
        .iter()
        .map(|(class, n)| (name(*class).to_owned(), counted(*n, "place", "places")))
        .collect()
}
