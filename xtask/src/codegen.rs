//! Writes the documents that are made from the code, or says whether they are what they should be.

use anyhow::Result;
use daaslens_analysis::RULES;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const CATALOGUE: &str = "docs/finding-catalogue.md";

/// Writes the catalogue under `root`, or with `check` says that it is stale.
pub(crate) fn run(root: &Path, check: bool) -> Result<bool> {
    let path = root.join(CATALOGUE);
    let text = catalogue();
    if fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(true);
    }
    if check {
        println!("{CATALOGUE}:1: not what `cargo xtask codegen` makes");
        return Ok(false);
    }
    fs::write(&path, text)?;
    println!("wrote {CATALOGUE}");
    Ok(true)
}

/// What every rule says of itself, by name.
fn catalogue() -> String {
    let mut rules: Vec<_> = RULES.iter().collect();
    rules.sort_by_key(|rule| rule.id);
    let mut text = String::from(
        "# Findings\n\nWhat `daaslens` can find. Each text is that of the rule itself; `cargo xtask codegen` puts them \
         together.\n\n",
    );
    for rule in &rules {
        let _ = writeln!(text, "* [`{0}`](#{0})", rule.id);
    }
    for rule in &rules {
        let doc = rule.doc.trim();
        let body = doc.strip_prefix(&format!("# {}", rule.id)).unwrap_or(doc).trim();
        let _ = write!(text, "\n## {}\n\n{body}\n", rule.id);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_catalogue_is_what_is_generated() {
        let found = fs::read_to_string(crate::root().unwrap().join(CATALOGUE)).unwrap();
        assert!(found == catalogue(), "{CATALOGUE} is stale: run `cargo xtask codegen`");
    }

    #[test]
    fn every_rule_explains_itself() {
        for rule in RULES {
            let doc = rule.doc;
            assert!(doc.starts_with(&format!("# {}\n", rule.id)), "{}", rule.id);
            for heading in
                ["What it looks for", "Why it matters", "What it shows", "When it is wrong"]
            {
                assert!(doc.contains(&format!("**{heading}.**")), "{}: {heading}", rule.id);
            }
        }
    }
}
