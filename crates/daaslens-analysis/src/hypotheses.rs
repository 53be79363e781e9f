//! Ranks the causes of a cluster of errors by what speaks for and against them.
//!
//! The causes and what each sign weighs are data ([`daaslens_kb::hypotheses`]); here is only how weights add up, and
//! how far one may go:
//!
//! * Weights are decibans, ten times the decimal logarithm of a ratio of probabilities. They are added to the odds
//!   that the cause had before anything was known.
//! * Signs of one kind of evidence are not independent: a crash makes errors on one instance, makes them fast, and
//!   makes the log silent. They are combined like the causes of a noisy OR, each taking its share of what is left
//!   of [`CEILING`], so that ten weak signs of one log never weigh as much as two logs that agree.
//! * "Confirmed" needs two kinds of evidence that each say something of weight. One kind gives at most "likely",
//!   and that only by a sign that means just this. Without a source that the cause needs it is at most "possible".
//! * Absence is not health. A sign that was not seen in a source which the bundle does not hold is not known, and
//!   goes to what is missing.

use std::cmp::Reverse;

use daaslens_core::{Advice, Cause, Confidence};
use daaslens_kb::{EvidenceKind, Hypothesis, Weight};

/// What one kind of evidence can say at most, one way or the other: 20 decibans, in hundredths.
const CEILING: i32 = 2_000;
/// What makes a kind of evidence count as one of two that agree: odds of more than three to one.
const OF_WEIGHT: i32 = 500;
/// Probabilities of 95 %, 75 %, 40 % and 10 %, as odds in hundredths of decibans.
const CONFIRMED: i32 = 1_279;
const LIKELY: i32 = 477;
const POSSIBLE: i32 = -176;
const NAMED: i32 = -954;
/// The most causes that are named.
const MOST_NAMED: usize = 6;

/// Whether a sign was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It was seen.
    Present,
    /// It was looked for and not seen.
    Absent,
    /// It could not be looked for.
    Unknown,
}

/// What is known about one sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// One of [`daaslens_kb::sign_id`].
    pub(crate) sign: &'static str,
    /// Whether it was seen.
    pub(crate) state: State,
    /// The sentence to show.
    pub(crate) text: String,
}

/// The causes that remain probable, best first. `sources` are the kinds of evidence that the bundle holds
/// ([`EvidenceKind::word`]).
pub(crate) fn rank(observations: &[Observation], sources: &[&str]) -> Vec<Cause> {
    debug_assert!(
        observations.iter().all(|seen| daaslens_kb::sign(seen.sign).is_some()),
        "an observation of a sign that no hypothesis weighs: {observations:?}"
    );
    let has = |kind: EvidenceKind| sources.contains(&kind.word());
    let mut judged: Vec<(Confidence, i32, Cause)> = daaslens_kb::hypotheses()
        .iter()
        .filter_map(|hypothesis| {
            let judgement = Judgement::of(hypothesis, observations, &has);
            let confidence = judgement.confidence(hypothesis, &has)?;
            Some((confidence, judgement.score, judgement.cause(hypothesis, confidence, &has)))
        })
        .collect();
    // What nothing speaks for is only named where nothing speaks for anything.
    if judged.iter().any(|(.., cause)| !cause.supports.is_empty()) {
        judged.retain(|(.., cause)| !cause.supports.is_empty());
    }
    // Beside a cause that is likely, weak ones are noise.
    if judged.iter().any(|&(confidence, ..)| confidence >= Confidence::Likely) {
        judged.retain(|&(confidence, ..)| confidence > Confidence::Weak);
    }
    // The sort is stable: equals stay in the order of the catalogue.
    judged.sort_by_key(|&(confidence, score, _)| Reverse((confidence, score)));
    judged.truncate(MOST_NAMED);
    judged.into_iter().map(|(.., cause)| cause).collect()
}

/// What to do about a cause.
pub(crate) fn advice(cause: &Cause) -> Advice {
    let sentences = |of: &[&str]| of.iter().map(|&text| text.to_owned()).collect();
    daaslens_kb::hypothesis(cause.hypothesis).map_or_else(Advice::default, |hypothesis| Advice {
        mitigate: sentences(hypothesis.mitigate),
        fix: sentences(hypothesis.fix),
        collect_next: sentences(hypothesis.collect_next),
    })
}

/// One hypothesis held against what was observed.
struct Judgement<'a> {
    /// The odds, in hundredths of decibans.
    score: i32,
    /// How many kinds of evidence support it with some weight.
    kinds: usize,
    /// Whether a sign was seen that means just this.
    specific: bool,
    /// Texts with their weights.
    supports: Vec<(i32, &'a str)>,
    against: Vec<(i32, &'a str)>,
    unknown: Vec<(i32, &'a str)>,
}

impl<'a> Judgement<'a> {
    fn of(
        hypothesis: &Hypothesis,
        observations: &'a [Observation],
        has: &impl Fn(EvidenceKind) -> bool,
    ) -> Self {
        let mut judgement = Self {
            score: hypothesis.prior * 100,
            kinds: 0,
            specific: false,
            supports: Vec::new(),
            against: Vec::new(),
            unknown: Vec::new(),
        };
        for kind in EvidenceKind::ALL {
            let mut supporting = Combined::default();
            let mut opposing = Combined::default();
            let mut seen = Combined::default();
            for weight in hypothesis.weights.iter().filter(|weight| weight.kind == kind) {
                let Some(state) = state(weight.sign, observations) else { continue };
                let value = match state {
                    State::Present => weight.present,
                    State::Absent if has(kind) => weight.absent,
                    State::Absent | State::Unknown => 0,
                };
                if value > 0 {
                    supporting.add(value);
                } else {
                    opposing.add(-value);
                }
                if state == State::Present && value > 0 {
                    seen.add(value);
                    judgement.specific |= weight.specific;
                }
                judgement.tell(weight, state, value, observations, has(kind));
            }
            judgement.score += supporting.sum() - opposing.sum();
            // What was not seen may fit, but it does not confirm.
            judgement.kinds += usize::from(seen.sum() - opposing.sum() >= OF_WEIGHT);
        }
        judgement
    }

    /// Files the sentences of one sign.
    fn tell(
        &mut self,
        weight: &Weight,
        state: State,
        value: i32,
        observations: &'a [Observation],
        held: bool,
    ) {
        let texts = observations
            .iter()
            .filter(|seen| seen.sign == weight.sign && seen.state == state)
            .map(|seen| seen.text.as_str())
            .filter(|text| !text.is_empty());
        let list = match value.signum() {
            1 => &mut self.supports,
            -1 => &mut self.against,
            // For a source that is not there one sentence is enough, and it is added with the cause.
            _ if state == State::Unknown && held => &mut self.unknown,
            _ => return,
        };
        let importance = if value == 0 { weight.present.abs() } else { value.abs() };
        list.extend(texts.map(|text| (importance, text)));
    }

    /// The word for the odds, within the caps; `None` where it is not worth a word.
    fn confidence(
        &self,
        hypothesis: &Hypothesis,
        has: &impl Fn(EvidenceKind) -> bool,
    ) -> Option<Confidence> {
        let by_odds = match self.score {
            CONFIRMED.. => Confidence::Confirmed,
            LIKELY.. => Confidence::Likely,
            POSSIBLE.. => Confidence::Possible,
            NAMED.. => Confidence::Weak,
            _ => return None,
        };
        let cap = if !hypothesis.needs.iter().all(|&kind| has(kind)) {
            Confidence::Possible
        } else if self.kinds >= 2 {
            Confidence::Confirmed
        } else if self.specific {
            Confidence::Likely
        } else {
            Confidence::Possible
        };
        Some(by_odds.min(cap))
    }

    fn cause(
        self,
        hypothesis: &Hypothesis,
        confidence: Confidence,
        has: &impl Fn(EvidenceKind) -> bool,
    ) -> Cause {
        let missing = EvidenceKind::ALL
            .into_iter()
            .filter(|&kind| !has(kind) && is_missed(hypothesis, kind))
            .map(|kind| not_held(kind).to_owned())
            .chain(heaviest_first(self.unknown));
        Cause {
            hypothesis: hypothesis.name,
            title: hypothesis.about.title.to_owned(),
            confidence,
            missing: missing.collect(),
            supports: heaviest_first(self.supports).collect(),
            against: heaviest_first(self.against).collect(),
        }
    }
}

/// The state of a sign; `None` where nobody looked. Seen once is seen.
fn state(sign: &str, observations: &[Observation]) -> Option<State> {
    let of = |wanted: State| {
        observations.iter().any(|seen| seen.sign == sign && seen.state == wanted).then_some(wanted)
    };
    of(State::Present).or_else(|| of(State::Absent)).or_else(|| of(State::Unknown))
}

fn heaviest_first(mut texts: Vec<(i32, &str)>) -> impl Iterator<Item = String> {
    texts.sort_by_key(|&(weight, _)| Reverse(weight));
    texts.into_iter().map(|(_, text)| text.to_owned())
}

/// Whether a kind of evidence that is not there would have told more: it is needed, or has a sign that would have
/// decided. A PHP log is missed only where it is needed; most sites have none, and nothing is wrong with that. App
/// Service hands HTTP.sys's log to nobody.
fn is_missed(hypothesis: &Hypothesis, kind: EvidenceKind) -> bool {
    let decides = |weight: &Weight| weight.kind == kind && weight.specific;
    hypothesis.needs.contains(&kind)
        || (!matches!(kind, EvidenceKind::Php | EvidenceKind::HttpSys)
            && hypothesis.weights.iter().any(decides))
}

fn not_held(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Http => "The bundle holds no HTTP log.",
        EvidenceKind::HttpSys => "The bundle holds no error log of HTTP.sys (HTTPERR).",
        EvidenceKind::Events => "The bundle holds no event log (LogFiles/eventlog.xml).",
        EvidenceKind::Php => "The bundle holds no PHP error log (LogFiles/php_errors.log).",
        EvidenceKind::Deployments => "The bundle holds no log of deployments (site/deployments).",
        EvidenceKind::Sessions => {
            "The bundle does not show when dumps or profiler traces were collected."
        }
        EvidenceKind::Metrics => "The bundle holds no metrics of processor and memory.",
        EvidenceKind::Dumps => "The bundle holds no memory dump.",
    }
}

/// Weights that are not independent: each takes its share of what is left below the ceiling.
struct Combined {
    left: i32,
}

impl Default for Combined {
    fn default() -> Self {
        Self { left: CEILING }
    }
}

impl Combined {
    fn add(&mut self, decibans: i32) {
        let weight = (decibans * 100).clamp(0, CEILING);
        self.left = self.left * (CEILING - weight) / CEILING;
    }

    fn sum(&self) -> i32 {
        CEILING - self.left
    }
}

#[cfg(test)]
mod tests;
