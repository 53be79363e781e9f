//! What `show` needs of a `findings.json`. Fields that are added later are no hindrance.

use anyhow::{Context as _, bail};
use daaslens_report::Level;
use serde::Deserialize;

/// The schema that is understood.
const SCHEMA: u32 = 1;

/// A `findings.json`.
#[derive(Debug, Deserialize)]
pub(crate) struct Document {
    #[serde(default)]
    pub(crate) inputs: Vec<Input>,
    #[serde(default)]
    pub(crate) sources: Vec<Source>,
    #[serde(default)]
    pub(crate) findings: Vec<Finding>,
    #[serde(default)]
    redaction: Redaction,
}

/// What was given to the run.
#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    pub(crate) path: String,
}

/// A file of the input.
#[derive(Debug, Deserialize)]
pub(crate) struct Source {
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) bytes: u64,
}

/// A finding.
#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) rule: String,
    #[serde(default)]
    pub(crate) headline: String,
    #[serde(default)]
    pub(crate) evidence: Vec<Evidence>,
}

/// A place that proves something.
#[derive(Debug, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) source: String,
    pub(crate) line: u64,
    pub(crate) byte: u64,
    #[serde(default)]
    pub(crate) text: String,
}

#[derive(Debug, Default, Deserialize)]
struct Redaction {
    #[serde(default)]
    level: String,
}

#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

impl Document {
    /// Reads the text of a `findings.json`.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let version: Version = serde_json::from_str(text).context("it is no findings.json")?;
        if version.schema_version != SCHEMA {
            bail!(
                "its schema is version {}; this program reads version {SCHEMA}",
                version.schema_version
            );
        }
        serde_json::from_str(text).context("it is no findings.json")
    }

    /// The finding of this name; `f3` and `3` are as good as `F3`.
    pub(crate) fn finding(&self, id: &str) -> Option<&Finding> {
        let number = |id: &str| id.trim().trim_start_matches(['F', 'f']).parse::<u64>().ok();
        self.findings.iter().find(|finding| {
            finding.id.eq_ignore_ascii_case(id.trim())
                || number(id).is_some() && number(id) == number(&finding.id)
        })
    }

    /// How its texts are masked. What is not known is taken for the strictest.
    pub(crate) fn level(&self) -> Level {
        Level::of_word(&self.redaction.level).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_later_versions_are_no_hindrance() {
        let text = r#"{"schema_version": 1, "later": {"x": []}, "sources": [{"path": "a.zip!/x.log", "more": 1}],
            "findings": [{"id": "F1", "new": null}, {"id": "F12", "evidence": [
                {"source": "a.zip!/x.log", "line": 3, "byte": 99, "text": "t", "column": 4}]}],
            "redaction": {"level": "normal", "masked": {}}}"#;
        let document = Document::parse(text).unwrap();
        assert_eq!(document.level(), Level::Normal);
        for id in ["F12", "f12", "12", " F12 "] {
            assert_eq!(
                document.finding(id).map(|finding| finding.evidence[0].line),
                Some(3),
                "{id}"
            );
        }
        for id in ["F2", "", "F", "x", "-1"] {
            assert!(document.finding(id).is_none(), "{id}");
        }
    }

    #[test]
    fn what_is_missing_is_masked_strictly() {
        let document =
            Document::parse(r#"{"schema_version": 1, "redaction": {"level": "loose"}}"#).unwrap();
        assert_eq!(document.level(), Level::Strict);
    }

    #[test]
    fn other_files_are_refused() {
        for (text, words) in [
            ("", "no findings.json"),
            ("<html>", "no findings.json"),
            ("{}", "no findings.json"),
            (r#"{"schema_version": 1, "findings": 7}"#, "no findings.json"),
            (r#"{"schema_version": 2}"#, "version 2"),
        ] {
            let error = Document::parse(text).unwrap_err();
            assert!(format!("{error:#}").contains(words), "{text}: {error:#}");
        }
    }
}
