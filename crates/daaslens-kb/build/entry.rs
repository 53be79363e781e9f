//! What an entry of each data file looks like, before it is checked.
//!
//! Every entry has a title and a meaning, may have advice, and names its sources ([`RawAbout`]); the rest differs
//! by file. Unknown keys are refused, so a misspelt key cannot silently do nothing.

use serde::Deserialize;

/// The part that all entries share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAbout {
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) means: String,
    #[serde(default)]
    pub(crate) advice: Vec<String>,
    #[serde(default)]
    pub(crate) sources: Vec<String>,
}

/// The keys of [`RawAbout`], which are taken out of an entry before the rest is read.
pub(crate) const ABOUT_KEYS: [&str; 4] = ["title", "means", "advice", "sources"];

/// An entry with the name it has in error texts.
#[derive(Clone, Debug)]
pub(crate) struct Entry<T> {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) about: RawAbout,
    pub(crate) own: T,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSource {
    pub(crate) key: String,
    /// `document` (the default), `code`, `observed` or `practice`.
    #[serde(default = "document")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) link: String,
}

fn document() -> String {
    "document".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStatus {
    pub(crate) code: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSubstatus {
    /// `502.3`
    pub(crate) code: String,
    #[serde(default = "worker")]
    pub(crate) visible: String,
    #[serde(default = "yes")]
    pub(crate) documented: bool,
}

fn worker() -> String {
    "worker".to_owned()
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOutcome {
    /// `502.3.12030`
    pub(crate) codes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWin32 {
    pub(crate) code: u32,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) client_abort: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHttpErr {
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) status: Vec<u16>,
    pub(crate) class: String,
    /// The rule that makes a finding of it.
    pub(crate) rule: Option<String>,
    /// The sign that it is for causes.
    pub(crate) sign: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGatewayError {
    pub(crate) word: String,
    pub(crate) by: String,
    pub(crate) class: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawNotification {
    pub(crate) number: u32,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTraceEvent {
    /// Opcode texts as they stand in `RenderingInfo`.
    pub(crate) names: Vec<String>,
    pub(crate) stage: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawModule {
    pub(crate) name: String,
    pub(crate) kind: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProvider {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// Names that begin so belong to it too: `ASP.NET 4.0.30319.0`.
    #[serde(default)]
    pub(crate) prefix: String,
    /// Where an id that it does not have itself is looked up next.
    #[serde(default)]
    pub(crate) fallback: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEvent {
    pub(crate) provider: String,
    pub(crate) ids: Vec<u32>,
    pub(crate) level: String,
    pub(crate) class: String,
    #[serde(default)]
    pub(crate) strings: Vec<String>,
    #[serde(default)]
    pub(crate) http: String,
    #[serde(default)]
    pub(crate) sample: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEventText {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) events: Vec<u32>,
    #[serde(rename = "match")]
    pub(crate) patterns: Vec<String>,
    pub(crate) class: String,
    #[serde(default)]
    pub(crate) http: String,
    #[serde(default)]
    pub(crate) sample: String,
    #[serde(default)]
    pub(crate) general: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAspNetCode {
    pub(crate) code: u32,
    pub(crate) name: String,
    pub(crate) class: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawExceptionCode {
    pub(crate) code: u32,
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) class: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMessage {
    pub(crate) id: String,
    #[serde(rename = "match")]
    pub(crate) patterns: Vec<String>,
    pub(crate) class: String,
    #[serde(default)]
    pub(crate) sample: String,
    /// A catch-all that stands back behind every pattern with more text.
    #[serde(default)]
    pub(crate) general: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    pub(crate) name: String,
    pub(crate) matters: String,
    pub(crate) wrong_when: String,
}

/// An observable fact that speaks for or against hypotheses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSign {
    pub(crate) id: String,
    pub(crate) kind: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHypothesis {
    pub(crate) name: String,
    /// Decibans.
    pub(crate) prior: i32,
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    pub(crate) signs: Vec<RawWeight>,
    #[serde(default)]
    pub(crate) mitigate: Vec<String>,
    #[serde(default)]
    pub(crate) fix: Vec<String>,
    #[serde(default)]
    pub(crate) collect_next: Vec<String>,
}

/// What a sign weighs for one hypothesis, in decibans.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWeight {
    pub(crate) sign: String,
    #[serde(default)]
    pub(crate) present: i32,
    #[serde(default)]
    pub(crate) absent: i32,
    #[serde(default)]
    pub(crate) specific: bool,
}

/// A branch of PHP and when its security fixes ended.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPhpRelease {
    pub(crate) branch: String,
    /// `2022-11-28`
    pub(crate) ends: String,
}

/// Names that play one role in the making of signatures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSignatureList {
    pub(crate) id: String,
    pub(crate) runtime: String,
    pub(crate) role: String,
    /// `*` stands for anything.
    pub(crate) names: Vec<String>,
}
