//! Numbers, times and names in words, the same in every output.

use daaslens_core::model::{Analysis, Health};
use daaslens_core::text::{duration_ms, duration_s, percent, thousands};
use daaslens_core::{Finding, Metric, Time, TimeRange};

/// Longest text of a table cell, in characters.
pub(crate) const CELL: usize = 300;
/// Longest URL.
pub(crate) const URL: usize = 200;

/// The badge.
pub(crate) const fn badge(health: Health) -> &'static str {
    match health {
        Health::Critical => "Critical",
        Health::Degraded => "Degraded",
        Health::Healthy => "Healthy",
        Health::Unknown => "Cannot tell",
    }
}

/// The headline, or what stands there where the analysis gives none.
pub(crate) fn headline(analysis: &Analysis) -> String {
    if !analysis.verdict.headline.is_empty() {
        return analysis.verdict.headline.clone();
    }
    match analysis.verdict.health {
        Health::Unknown => "Cannot tell: nothing in the bundle says how the site does".to_owned(),
        health => badge(health).to_owned(),
    }
}

/// The one next action.
pub(crate) fn next_action(analysis: &Analysis) -> String {
    if analysis.verdict.next_action.is_empty() {
        "Collect the HTTP logs and the event log of the bad minutes, and analyse those.".to_owned()
    } else {
        analysis.verdict.next_action.clone()
    }
}

/// The name of the first site, as it is shown.
pub(crate) fn site(analysis: &Analysis) -> Option<&str> {
    let sites = analysis.http.as_ref().map(|http| http.sites.as_slice()).unwrap_or_default();
    let busiest = sites.iter().rev().max_by_key(|site| site.counts.requests);
    busiest
        .map(|site| site.name.as_str())
        .or_else(|| analysis.sources.iter().find_map(|source| source.site.as_deref()))
        .filter(|name| !name.is_empty() && *name != "-")
}

/// `2026-03-11`.
pub(crate) fn date(time: Time) -> String {
    time.format("%Y-%m-%d")
}

/// `02:14:07`.
pub(crate) fn clock(time: Time) -> String {
    time.format("%H:%M:%S")
}

/// `02:14:07–02:31:02`, with the dates where it is not one day.
pub(crate) fn span(range: TimeRange) -> String {
    if range.start.seconds() == range.end.seconds() {
        return format!("{} {}", date(range.start), clock(range.start));
    }
    if date(range.start) == date(range.end) {
        format!("{}, {}–{}", date(range.start), clock(range.start), clock(range.end))
    } else {
        format!(
            "{} {} – {} {}",
            date(range.start),
            clock(range.start),
            date(range.end),
            clock(range.end)
        )
    }
}

/// As [`span`], without the date where it is the day of `around`.
pub(crate) fn span_in(range: TimeRange, around: Option<TimeRange>) -> String {
    let one_day = around.is_some_and(|all| {
        date(all.start) == date(all.end)
            && date(all.start) == date(range.start)
            && date(range.start) == date(range.end)
    });
    match one_day {
        true if range.start.seconds() == range.end.seconds() => clock(range.start),
        true => format!("{}–{}", clock(range.start), clock(range.end)),
        false => span(range),
    }
}

/// How long a range lasts; a single second lasts one.
pub(crate) fn lasting(range: TimeRange) -> String {
    duration_s(range.seconds().max(1) as u64)
}

/// The time of day, with the date where the analysis is longer than a day.
pub(crate) fn time_in(time: Time, around: Option<TimeRange>) -> String {
    span_in(TimeRange::at(time), around)
}

/// Whether the incident goes on at the end of what the bundle shows.
pub(crate) fn still_going(finding: &Finding, window: Option<TimeRange>) -> Option<bool> {
    let (range, all) = (finding.window?, window?);
    Some(all.end.seconds() - range.end.seconds() < 120)
}

/// One metric as label, value, base.
pub(crate) struct Figure {
    /// What it is.
    pub(crate) label: String,
    /// How much.
    pub(crate) value: String,
    /// Of what.
    pub(crate) base: String,
}

/// The numbers of a finding, each with its base where the finding knows it.
pub(crate) fn figures(finding: &Finding) -> Vec<Figure> {
    let count = |wanted: &str| {
        finding.metrics.iter().find_map(|(name, value)| match value {
            Metric::Count(n) if *name == wanted => Some(*n),
            _ => None,
        })
    };
    let requests = count("requests");
    let usual = finding.metrics.iter().find_map(|(name, value)| match value {
        Metric::Ratio(ratio) if *name == "baseline_rate" => Some(share(*ratio)),
        _ => None,
    });
    let mut figures = Vec::new();
    for (name, value) in &finding.metrics {
        // All of the family's errors are server errors: saying it twice helps nobody.
        if *name == "server_errors" && count("errors") == count("server_errors") {
            continue;
        }
        let base = match (*name, value) {
            ("baseline_rate", _) => "failures per request outside all incidents".to_owned(),
            ("errors" | "server_errors", Metric::Count(n)) => match (requests, &usual) {
                (Some(all), Some(usual)) if all >= 20 && *n <= all => {
                    format!("{} of {} requests, usual {usual}", percent(*n, all), thousands(all))
                }
                (Some(all), _) if all >= 20 && *n <= all => {
                    format!("{} of {} requests", percent(*n, all), thousands(all))
                }
                (Some(all), _) => format!("of {} requests", thousands(all)),
                _ => in_window(finding),
            },
            ("excess_errors", _) => "more than usual for as many requests".to_owned(),
            (_, Metric::Ratio(_)) => "as a share".to_owned(),
            _ => in_window(finding),
        };
        let value = match *value {
            Metric::Count(n) => thousands(n),
            Metric::Ratio(ratio) => share(ratio),
            Metric::Millis(ms) => duration_ms(ms),
        };
        figures.push(Figure { label: label(name), value, base });
    }
    figures
}

fn in_window(finding: &Finding) -> String {
    finding
        .window
        .map_or_else(|| "in the bundle".to_owned(), |range| format!("in {}", lasting(range)))
}

/// A ratio in per cent.
pub(crate) fn share(ratio: f64) -> String {
    if !ratio.is_finite() {
        return "–".to_owned();
    }
    let whole = 1_000_000_000_u64;
    percent((ratio.clamp(0.0, 1.0) * whole as f64).round() as u64, whole)
}

/// `server_errors` → `Server errors`; `p95_ms` → `p95`.
fn label(name: &str) -> String {
    match name {
        "baseline_rate" => return "Usual failure rate".to_owned(),
        "excess_errors" => return "Excess failures".to_owned(),
        _ => {}
    }
    let name = name.strip_suffix("_ms").unwrap_or(name).replace('_', " ");
    let percentile =
        name.starts_with('p') && name.chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    let mut chars = name.chars();
    match chars.next() {
        Some(first) if !percentile => first.to_uppercase().chain(chars).collect(),
        _ => name,
    }
}

/// `one` for one, else `many`, without the number.
pub(crate) fn plural<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_say_the_date_where_it_matters() {
        let at = |text: &str| Time::parse(text).unwrap();
        let day = TimeRange::new(at("2026-03-11 00:00"), at("2026-03-11 23:59:59"));
        let inside = TimeRange::new(at("2026-03-11 02:14:07"), at("2026-03-11 02:31:02"));
        assert_eq!(span_in(inside, Some(day)), "02:14:07–02:31:02");
        assert_eq!(span_in(inside, None), "2026-03-11, 02:14:07–02:31:02");
        assert_eq!(span_in(TimeRange::at(inside.start), Some(day)), "02:14:07");
        let night = TimeRange::new(at("2026-03-11 23:00"), at("2026-03-12 01:00"));
        assert_eq!(span(night), "2026-03-11 23:00:00 – 2026-03-12 01:00:00");
        assert_eq!(lasting(TimeRange::at(day.start)).replace('\u{a0}', " "), "1 s");
    }

    #[test]
    fn names_of_metrics_become_labels() {
        let labels = ["server_errors", "p95_ms", "baseline_rate", "count"].map(label);
        assert_eq!(labels, ["Server errors", "p95", "Usual failure rate", "Count"]);
    }
}
