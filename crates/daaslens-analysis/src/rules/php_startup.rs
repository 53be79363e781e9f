#![doc = include_str!("php_startup.md")]

use daaslens_core::Severity;
use daaslens_core::model::Clean;
use daaslens_core::text::counted;
use daaslens_phplog::Signature;

use super::{Conclusions, Rule, no_questions, php_fatal};
use crate::facts::Facts;
use crate::records::php::Group;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "php-startup",
    doc: include_str!("php_startup.md"),
    questions: no_questions,
    conclude,
};

/// So many starts within so many seconds are a burst.
const BURST: (u64, i64) = (10, 600);

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let php = &facts.records.php;
    if php.sources == 0 {
        return;
    }
    let groups: Vec<(&Signature, &Group)> =
        php.groups.iter().filter(|(_, group)| php_fatal::is_startup(group)).collect();
    for (signature, group) in groups.iter().take(5) {
        let mut finding = php_fatal::finding(RULE.id, signature, group, facts);
        finding.severity = if is_burst(group) { Severity::Warning } else { Severity::Info };
        out.findings.push(finding);
    }
    if groups.is_empty() {
        let text = format!("none in {}", counted(php.records, "PHP record", "PHP records"));
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

fn is_burst(group: &Group) -> bool {
    group.seconds.keys().any(|first| {
        let within = group.seconds.range(*first..first + BURST.1);
        within.map(|(_, n)| u64::from(*n)).sum::<u64>() >= BURST.0
    })
}
