#![doc = include_str!("php_fatal.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, shortened, thousands};
use daaslens_core::{Confidence, Finding, Metric, Severity};
use daaslens_phplog::{Class, Gravity, Signature};

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
    let what = match (&signature.exception, signature.level.word()) {
        (Some(exception), _) => format!("Uncaught {exception}: {}", signature.message),
        (None, _) => signature.message.clone(),
    };
    let place = signature.place();
    let headline = format!(
        "{} \u{d7} PHP {}: {}{}",
        thousands(group.count),
        if signature.level.word().is_empty() { "message" } else { signature.level.word() },
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
    if let Some(known) = group.known {
        finding.detail = format!("{}. {}", known.about.title, known.about.means);
        finding.advice.fix.extend(known.about.advice.iter().map(|line| (*line).to_owned()));
    }
    finding.evidence.clone_from(&group.evidence);
    finding
}
