#![doc = include_str!("http_silence.md")]

use super::{Conclusions, Rule, httperr, no_questions};
use crate::facts::Facts;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "http-silence",
    doc: include_str!("http_silence.md"),
    questions: no_questions,
    conclude,
};

/// Refusals of HTTP.sys in a burst.
const REFUSED: u64 = 5;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    httperr::conclude(facts, &RULE, REFUSED, out);
}
