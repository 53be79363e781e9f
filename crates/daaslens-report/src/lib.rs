//! An analysis as HTML, JSON and Markdown.
//!
//! Pure functions of [`Analysis`] to bytes: no clock, no file, no network, no knowledge of parsers or detectors.
//! Every function masks first (what to mask, [`Level`] says), renders, and then searches its own output for
//! what it masked. Where something is left, it masks once more; where it is still there, nothing is returned
//! but an error.
//!
//! * `redact`: the masking, and the search for leaks.
//! * `quote`: lines of the input, read again, masked as the evidence is.
//! * `json`: `findings.json`, a contract with types of its own.
//! * `ticket`: the same facts as plain text: ticket block, Markdown, terminal.
//! * `html`: view models, which own all formatting; the templates hold loops and blocks only.
//! * `chart`: drawings as SVG.

mod chart;
mod html;
mod json;
mod quote;
mod redact;
mod ticket;
mod words;

use std::collections::BTreeSet;

use daaslens_core::model::{Analysis, SourceInfo};

pub use quote::{Line, Quote, quote};
use redact::Redacted;
pub use redact::{Class, Level, Receipt};

/// What shapes the output, besides the analysis.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// How much is masked.
    pub redaction: Level,
    /// The time of the run, where the report is to carry it: any text.
    pub stamp: Option<String>,
    /// The version of the program.
    pub version: &'a str,
    /// The name of the JSON file beside the report, for the commands that the report quotes.
    pub json_name: Option<String>,
    /// Pseudonyms that were given before: alias, meaning, as in [`Rendered::pseudonyms`]. New ones get later numbers.
    pub known: Vec<(String, String)>,
    /// Soft limit of the HTML in bytes, above which it leaves out details; 0 stands for 2 MB.
    pub soft_limit: usize,
}

/// Everything that is written.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The report: one self-contained page.
    pub html: Vec<u8>,
    /// `findings.json`.
    pub json: Vec<u8>,
    /// The summary to paste, at most 3,000 characters.
    pub markdown: String,
    /// At most six lines for the terminal.
    pub terminal: Vec<String>,
    /// What became of each source, masked; for the terminal of who wants to know.
    pub sources: Vec<SourceInfo>,
    /// What was masked.
    pub receipt: Receipt,
    /// The private key: alias, meaning. For the owner alone; never written unasked.
    pub pseudonyms: Vec<(String, String)>,
}

/// Why nothing was rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pattern of the masking does not compile.
    #[error("the patterns that find secrets do not compile")]
    Pattern(#[from] regex::Error),
    /// There are more names to mask than can be searched for.
    #[error("the names to mask are too many to be searched for")]
    Names(#[from] aho_corasick::BuildError),
    /// A template failed.
    #[error("the page could not be put together")]
    Template(#[from] askama::Error),
    /// The JSON could not be written.
    #[error("the JSON could not be put together")]
    Json(#[from] serde_json::Error),
    /// Something that was masked still stands in the output.
    #[error(
        "{count} masked value(s) would still be readable in the output after masking twice; nothing was written"
    )]
    Leak {
        /// How many different values.
        count: usize,
    },
}

/// Renders everything.
pub fn render(analysis: &Analysis, options: &Options<'_>) -> Result<Rendered, Error> {
    let (redacted, (html, json, markdown, terminal)) = checked(
        analysis,
        options,
        |redacted| {
            Ok((
                html::render(redacted, options)?,
                json::render(redacted, options)?,
                ticket::markdown(redacted, options),
                ticket::terminal(redacted, options),
            ))
        },
        |(html, json, markdown, terminal)| {
            let terminal = terminal.iter().map(std::string::String::as_bytes);
            [html.as_slice(), json.as_slice(), markdown.as_bytes()]
                .into_iter()
                .chain(terminal)
                .collect()
        },
    )?;
    Ok(Rendered {
        html,
        json,
        markdown,
        terminal,
        sources: redacted.analysis.sources,
        receipt: redacted.receipt,
        pseudonyms: redacted.pseudonyms,
    })
}

/// Renders the page alone.
pub fn render_html(analysis: &Analysis, options: &Options<'_>) -> Result<Vec<u8>, Error> {
    checked(analysis, options, |it| html::render(it, options), |it| vec![it.as_slice()])
        .map(|(_, it)| it)
}

/// Renders `findings.json` alone.
pub fn render_json(analysis: &Analysis, options: &Options<'_>) -> Result<Vec<u8>, Error> {
    checked(analysis, options, |it| json::render(it, options), |it| vec![it.as_slice()])
        .map(|(_, it)| it)
}

/// Renders the Markdown summary alone.
pub fn render_markdown(analysis: &Analysis, options: &Options<'_>) -> Result<String, Error> {
    checked(analysis, options, |it| Ok(ticket::markdown(it, options)), |it| vec![it.as_bytes()])
        .map(|(_, it)| it)
}

/// Renders the lines for the terminal alone.
pub fn render_terminal(analysis: &Analysis, options: &Options<'_>) -> Result<Vec<String>, Error> {
    checked(
        analysis,
        options,
        |it| Ok(ticket::terminal(it, options)),
        |it| it.iter().map(std::string::String::as_bytes).collect(),
    )
    .map(|(_, it)| it)
}

/// Masks, produces, searches what was produced; masks and produces once more where something is left.
fn checked<T>(
    analysis: &Analysis,
    options: &Options<'_>,
    produce: impl Fn(&Redacted) -> Result<T, Error>,
    bytes: impl Fn(&T) -> Vec<&[u8]>,
) -> Result<(Redacted, T), Error> {
    let redacted = redact::redact(analysis, options, &BTreeSet::new())?;
    let output = produce(&redacted)?;
    let mut leaked = redact::search(&redacted, &bytes(&output))?;
    if leaked.is_empty() {
        return Ok((redacted, output));
    }
    // A query value may be a word like `instance`, a date or a number, which the program itself writes.
    let own = produce(&redacted.blank())?;
    let own = redact::search(&redacted, &bytes(&own))?;
    leaked.retain(|word| !own.contains(word));
    if leaked.is_empty() {
        return Ok((redacted, output));
    }
    let redacted = redact::redact(analysis, options, &leaked)?;
    let output = produce(&redacted)?;
    let mut left = redact::search(&redacted, &bytes(&output))?;
    left.retain(|word| !own.contains(word));
    if left.is_empty() { Ok((redacted, output)) } else { Err(Error::Leak { count: left.len() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::PartKind;
    use daaslens_core::model::{Identity, Verdict};

    /// An analysis that masks the value `Tr0ub4dor` of a user.
    fn secretive() -> Analysis {
        Analysis {
            verdict: Verdict {
                headline: "user: Tr0ub4dor failed".to_owned(),
                ..Verdict::default()
            },
            identities: vec![Identity { kind: PartKind::User, value: "Tr0ub4dor".to_owned() }],
            ..Analysis::default()
        }
    }

    /// Scanners send the same text as a path and as a value; a report that is refused for it would be theirs to stop.
    #[test]
    fn a_value_that_is_sent_encoded_stops_no_report() {
        use daaslens_core::{Confidence, Evidence, Excerpt, Finding, Part, Severity};
        let part = |kind, text: &str| Part { kind, text: text.to_owned(), strong: false };
        for (kind, other) in [
            (PartKind::Path, "/%3Cscript%3Ealert(1)%3C/script%3E"),
            (PartKind::Text, "the log says %3Cscript%3Ealert(1)%3C/script%3E"),
            (PartKind::Text, "joined%3Cscript%3Ealert(1)%3C/script%3Ejoined"),
        ] {
            let mut finding =
                Finding::new("slow-url", Severity::Info, Confidence::Weak, "x".to_owned());
            let query = part(PartKind::Query, "q=%3Cscript%3Ealert(1)%3C/script%3E");
            let excerpt = Excerpt(vec![part(kind, other), query]);
            let at = daaslens_core::Location::default();
            finding.evidence = vec![Evidence { at, note: String::new(), excerpt, alike: 1 }];
            let analysis = Analysis { findings: vec![finding], ..Analysis::default() };
            assert!(render(&analysis, &Options::default()).is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn a_renderer_that_leaks_is_stopped() {
        let options = Options::default();
        for written in
            ["a Tr0ub4dor b", "tr0UB4dor", "Tr0%75b4dor", "Tr0u<b>b4dor</b>", "Tr0&#117;b4dor"]
        {
            // Without the input's text nothing leaks: that is how the program's own words are told apart.
            let leak = |it: &Redacted| {
                Ok(if it.analysis.verdict.headline.is_empty() {
                    String::new()
                } else {
                    written.to_owned()
                })
            };
            let result = checked(&secretive(), &options, leak, |it| vec![it.as_bytes()]);
            assert!(matches!(result, Err(Error::Leak { count: 1 })), "{written}");
        }
        let fine =
            checked(&secretive(), &options, |_| Ok("nothing".to_owned()), |it| vec![it.as_bytes()]);
        assert!(fine.is_ok());
    }
}
