#![doc = include_str!("php_error_group.md")]

use daaslens_core::Severity;
use daaslens_core::model::Clean;
use daaslens_core::text::counted;
use daaslens_phplog::{Class, Gravity, Signature};

use super::{Conclusions, Rule, no_questions, php_fatal};
use crate::facts::Facts;
use crate::records::php::Group;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "php-error-group",
    doc: include_str!("php_error_group.md"),
    questions: no_questions,
    conclude,
};

/// The most groups that become findings, and the least count of one.
const MOST: usize = 6;
const LEAST: u64 = 3;

/// From how many on an answer that does not come is a defect.
const DEFECT: u64 = 20;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let php = &facts.records.php;
    if php.sources == 0 {
        return;
    }
    let mut groups: Vec<(&Signature, &Group)> = php
        .groups
        .iter()
        .filter(|(_, group)| {
            !php_fatal::is_fatal(group) && !php_fatal::is_startup(group) && group.count >= LEAST
        })
        .collect();
    groups.sort_by(|a, b| (a.1.gravity, b.1.count, a.0).cmp(&(b.1.gravity, a.1.count, b.0)));
    for (signature, group) in groups.iter().take(MOST) {
        let mut finding = php_fatal::finding(RULE.id, signature, group, facts);
        let unanswered = matches!(group.class, Some(Class::Database { .. } | Class::Network));
        let defect = unanswered && group.count >= DEFECT && group.gravity <= Some(Gravity::Warning);
        finding.severity = if defect { Severity::Warning } else { Severity::Info };
        out.findings.push(finding);
    }
    if groups.is_empty() {
        let text = format!(
            "no group of {LEAST} or more in {}",
            counted(php.records, "PHP record", "PHP records")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}
