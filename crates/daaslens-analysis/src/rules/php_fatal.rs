#![doc = include_str!("php_fatal.md")]

use std::cmp::Reverse;
use std::collections::BTreeMap;

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, shortened, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity, Time};
use daaslens_phplog::{Class, Gravity, Level, Signature};

use super::{Conclusions, Rule, no_questions};
use crate::facts::Facts;
use crate::records::php::Group;
use crate::zoom::Reply;

pub(super) const RULE: Rule =
    Rule { id: "php-fatal", doc: include_str!("php_fatal.md"), questions: no_questions, conclude };

/// From how many on errors of one kind are a defect.
const DEFECT: u64 = 5;

/// The most groups that become findings.
const MOST: usize = 10;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let php = &facts.records.php;
    if php.sources == 0 {
        return;
    }
    let mut groups: Vec<(&Signature, &Group)> =
        php.groups.iter().filter(|(_, group)| is_fatal(group)).collect();
    groups.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
    for (signature, group) in groups.iter().take(MOST) {
        out.findings.push(finding(RULE.id, signature, group, facts));
    }
    if groups.is_empty() {
        let text = format!("none in {}", counted(php.records, "PHP record", "PHP records"));
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// Whether an error ends the request, and is none of module start.
pub(crate) fn is_fatal(group: &Group) -> bool {
    group.gravity == Some(Gravity::Error) && !is_startup(group)
}

/// Whether an error is one of module start: written once for each process that starts.
pub(super) fn is_startup(group: &Group) -> bool {
    matches!(group.class, Some(Class::Extension | Class::Startup))
}

/// A finding about one group, for this rule and its siblings.
pub(super) fn finding(
    rule: &'static str,
    signature: &Signature,
    group: &Group,
    facts: &Facts<'_>,
) -> Finding {
    let fatal = is_fatal(group);
    let severity = if fatal && group.count >= DEFECT { Severity::Warning } else { Severity::Info };
    let what = match (&signature.exception, signature.level) {
        (Some(exception), Level::Logged) => format!("{exception}: {}", signature.message),
        (Some(exception), _) => format!("Uncaught {exception}: {}", signature.message),
        (None, _) => signature.message.clone(),
    };
    let place = signature.place();
    let kind = match signature.level {
        Level::Manager => "PHP-FPM".to_owned(),
        level if level.word().is_empty() => "PHP message".to_owned(),
        level => format!("PHP {}", level.word()),
    };
    let headline = format!(
        "{} \u{d7} {kind}: {}{}",
        thousands(group.count),
        shortened(&what, 120),
        if place.is_empty() { String::new() } else { format!(" in {}", shortened(&place, 80)) }
    );
    let mut finding = Finding::new(rule, severity, Confidence::Likely, headline);
    finding.window = group.range;
    finding.subject.signature = Some(signature.to_string());
    finding.subject.exception.clone_from(&signature.exception);
    finding.subject.url =
        signature.file.as_ref().map(|file| format!("/{}", file.trim_start_matches('/')));
    finding.metrics = vec![
        ("count", Metric::Count(group.count)),
        ("records", Metric::Count(facts.records.php.records)),
    ];
    finding.impact = group.count;
    let mut detail = Vec::new();
    if let Some(known) = group.known {
        detail.push(format!("{}. {}", known.about.title, known.about.means));
        finding.advice.fix.extend(known.about.advice.iter().map(|line| (*line).to_owned()));
    }
    detail.extend(course(group));
    detail.extend(requests(finding.subject.url.as_deref(), facts));
    finding.detail = detail.join(" ");
    finding.evidence.clone_from(&group.evidence);
    finding
}

/// How they came: in how many minutes, and how many in the busiest one.
fn course(group: &Group) -> Option<String> {
    let mut minutes: BTreeMap<i64, u64> = BTreeMap::new();
    for (second, n) in &group.seconds {
        *minutes.entry(second.div_euclid(60)).or_default() += u64::from(*n);
    }
    let (minute, most) = minutes.iter().max_by_key(|(minute, n)| (**n, Reverse(**minute)))?;
    (minutes.len() > 1 && *most > 1).then(|| {
        format!(
            "In {}; most of them, {}, at {} UTC.",
            counted(minutes.len() as u64, "minute", "minutes"),
            thousands(*most),
            Time::from_seconds(minute * 60).format("%Y-%m-%d %H:%M")
        )
    })
}

/// What the HTTP log says of the page. A script that other scripts include is asked for under another name, or never.
fn requests(url: Option<&str>, facts: &Facts<'_>) -> Option<String> {
    let url = url.filter(|url| url.to_ascii_lowercase().ends_with(".php"))?;
    let found = facts.http?.urls.iter().filter(|row| row.url.eq_ignore_ascii_case(url));
    let (requests, errors) =
        found.fold((0, 0), |(n, errors), row| (n + row.requests, errors + row.server_errors));
    (requests > 0).then(|| {
        format!(
            "The HTTP log has {} of {url}, {}; that they belong together is inferred from the path.",
            counted(requests, "request", "requests"),
            counted(errors, "server error", "server errors")
        )
    })
}
