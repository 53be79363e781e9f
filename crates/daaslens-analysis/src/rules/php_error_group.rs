#![doc = include_str!("php_error_group.md")]

use daaslens_core::Severity;
use daaslens_core::model::Clean;
use daaslens_core::text::counted;
use daaslens_phplog::{Class, Gravity, Level, Signature};

use super::{Conclusions, Rule, no_questions, php_fatal, php_process};
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

/// From how many on errors that stop what was asked for are a defect.
const DEFECT: u64 = 20;

/// Whether such errors mostly stop what the page was asked for: a server that does not answer, a file or memory that is not
/// there, what a framework itself calls an error.
fn tells(signature: &Signature, group: &Group) -> bool {
    signature.level == Level::Logged
        || matches!(
            group.class,
            Some(
                Class::Database { .. }
                    | Class::Network
                    | Class::Include
                    | Class::Disk
                    | Class::Opcache
                    | Class::Memory { .. }
                    | Class::OutOfMemory { .. }
                    | Class::TimeLimit { .. }
            )
        )
}

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
        .filter(|(signature, _)| !php_process::is_of_manager(signature))
        .collect();
    let key = |(signature, group): &(&Signature, &Group)| {
        (!tells(signature, group), group.gravity, std::cmp::Reverse(group.count))
    };
    groups.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.0.cmp(b.0)));
    for (signature, group) in groups.iter().take(MOST) {
        let mut finding = php_fatal::finding(RULE.id, signature, group, facts);
        let defect = tells(signature, group)
            && group.count >= DEFECT
            && group.gravity <= Some(Gravity::Warning);
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
