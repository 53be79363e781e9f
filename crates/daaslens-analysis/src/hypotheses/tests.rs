//! What comes out on top, for situations of the field, and the laws of the arithmetic.

use daaslens_core::{Cause, Confidence};
use daaslens_kb as kb;
use proptest::prelude::*;

use super::{Observation, State, advice, rank};

const CASES: &str = include_str!("cases.txt");

#[test]
fn situations() {
    let mut names = Vec::new();
    let mut lines = CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut wrong = Vec::new();
    while let (Some(name), Some(given), Some(wanted)) = (lines.next(), lines.next(), lines.next()) {
        names.push(name);
        let (sources, signs) = given.split_once(':').unwrap();
        let sources: Vec<&str> = sources.split_whitespace().collect();
        let observations: Vec<Observation> = signs.split_whitespace().map(observation).collect();
        let causes = rank(&observations, &sources);
        let wanted = wanted.trim().strip_prefix("=>").unwrap();
        if let Err(why) = compare(&causes, wanted) {
            let got: Vec<String> = causes.iter().map(short).collect();
            wrong.push(format!("{name}: {why}\n  got {}", got.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(names.len() >= 30, "{}", names.len());
}

fn observation(text: &str) -> Observation {
    let (state, sign) = text.split_at(1);
    let state = match state {
        "+" => State::Present,
        "-" => State::Absent,
        "?" => State::Unknown,
        _ => panic!("{text}"),
    };
    let sign = kb::sign(sign).unwrap_or_else(|| panic!("{text}")).id;
    Observation { sign, state, text: text.to_owned() }
}

fn short(cause: &Cause) -> String {
    format!("{} {}", cause.hypothesis, cause.confidence.word())
}

fn compare(causes: &[Cause], wanted: &str) -> Result<(), String> {
    let mut place = 0;
    for want in wanted.split(',').map(str::trim) {
        if let Some(name) = want.strip_prefix('!') {
            assert!(kb::hypothesis(name).is_some(), "{name}");
            if causes.iter().any(|cause| cause.hypothesis == name) {
                return Err(format!("{name} is named"));
            }
        } else if let Some(want) = want.strip_prefix('~') {
            if !causes.iter().any(|cause| short(cause) == want) {
                return Err(format!("not {want}"));
            }
        } else {
            if causes.get(place).map(short).as_deref() != Some(want) {
                return Err(format!("place {place} is not {want}"));
            }
            place += 1;
        }
    }
    Ok(())
}

/// Where each sentence goes: for, against, missing; the heaviest first.
#[test]
fn sentences_are_filed() {
    let say = |sign, state, text: &str| Observation { sign, state, text: text.to_owned() };
    let causes = rank(
        &[
            say(kb::sign_id::ONE_INSTANCE, State::Present, "All on one instance."),
            say(kb::sign_id::OUTCOME_BACKEND_GONE, State::Present, "1,133 times 502.3.12030."),
            say(kb::sign_id::SLOW_BEFORE, State::Absent, "Nothing was slow before."),
            say(kb::sign_id::CRASH_AT_ONSET, State::Unknown, "No events of that hour."),
            say(kb::sign_id::CRASH_DUMP_AT_ONSET, State::Absent, "Not for a missing source."),
        ],
        &["http", "events"],
    );
    let crash = causes.iter().find(|cause| cause.hypothesis == "worker-crash").unwrap();
    assert_eq!(crash.title, "The worker process crashed");
    assert_eq!(crash.supports, ["1,133 times 502.3.12030.", "All on one instance."]);
    assert_eq!(crash.against, [""; 0]);
    assert_eq!(crash.missing, ["The bundle holds no memory dump.", "No events of that hour."]);
    assert!(causes.iter().all(|cause| cause.hypothesis != "slow-dependency"));

    let causes = rank(
        &[
            say(kb::sign_id::OUTCOME_QUEUE_FULL, State::Present, "Refused at once."),
            say(kb::sign_id::SLOW_BEFORE, State::Absent, "Nothing was slow before."),
        ],
        &["http"],
    );
    let full = causes.iter().find(|cause| cause.hypothesis == "request-queue-full").unwrap();
    assert_eq!(full.against, ["Nothing was slow before."]);
}

/// Every hypothesis of the contract, and no other.
#[test]
fn the_hypotheses_of_the_contract() {
    let mut names: Vec<&str> = kb::hypotheses().iter().map(|row| row.name).collect();
    names.sort_unstable();
    let mut contract = [
        "worker-crash",
        "crash-loop",
        "limit-recycle",
        "file-change-recycle",
        "startup-failure",
        "deployment",
        "front-end-timeout",
        "pool-exhausted",
        "slow-dependency",
        "bad-instance",
        "bad-url",
        "php-fatal",
        "request-queue-full",
        "traffic-surge",
        "memory-pressure",
        "cpu-pressure",
        "client-aborts",
        "platform",
        "diagnostics-side-effect",
    ];
    contract.sort_unstable();
    assert_eq!(names, contract);
}

/// Each of them is named, given all that speaks for it and nothing else.
#[test]
fn every_hypothesis_can_be_reached() {
    for hypothesis in kb::hypotheses() {
        let observations: Vec<Observation> = hypothesis
            .weights
            .iter()
            .filter(|weight| weight.present > 0)
            .map(|weight| observation(&format!("+{}", weight.sign)))
            .collect();
        let sources = kb::EvidenceKind::ALL.map(kb::EvidenceKind::word);
        let causes = rank(&observations, &sources);
        assert!(causes.len() <= 6, "{}", hypothesis.name);
        let own = causes.iter().find(|cause| cause.hypothesis == hypothesis.name).unwrap();
        assert!(own.confidence >= Confidence::Possible, "{}", short(own));
        let advice = advice(own);
        assert!(!advice.mitigate.is_empty() && !advice.fix.is_empty(), "{}", hypothesis.name);
    }
}

fn any_observations() -> impl Strategy<Value = Vec<Observation>> {
    let one = (0..kb::signs().len(), 0..3_usize).prop_map(|(sign, state)| {
        let sign = kb::signs()[sign].id;
        let state = [State::Present, State::Absent, State::Unknown][state];
        Observation { sign, state, text: format!("{sign} {state:?}") }
    });
    proptest::collection::vec(one, 0..30)
}

fn any_sources() -> impl Strategy<Value = Vec<&'static str>> {
    let words = kb::EvidenceKind::ALL.map(kb::EvidenceKind::word).to_vec();
    proptest::sample::subsequence(words, 0..=7)
}

proptest! {
    /// The caps of the contract hold, whatever is observed.
    #[test]
    fn caps_hold(observations in any_observations(), sources in any_sources()) {
        for cause in rank(&observations, &sources) {
            let hypothesis = kb::hypothesis(cause.hypothesis).unwrap();
            let supporting: Vec<&kb::Weight> = hypothesis
                .weights
                .iter()
                .filter(|weight| weight.present > 0)
                .filter(|weight| {
                    observations
                        .iter()
                        .any(|seen| seen.sign == weight.sign && seen.state == State::Present)
                })
                .collect();
            let mut kinds: Vec<kb::EvidenceKind> =
                supporting.iter().map(|weight| weight.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let needs = hypothesis.needs.iter().all(|kind| sources.contains(&kind.word()));
            let specific = supporting.iter().any(|weight| weight.specific);
            prop_assert!(cause.confidence < Confidence::Confirmed || kinds.len() >= 2);
            prop_assert!(cause.confidence < Confidence::Likely || kinds.len() >= 2 || specific);
            prop_assert!(cause.confidence <= Confidence::Possible || needs);
        }
    }

    /// The order in which things are observed does not matter.
    #[test]
    fn order_does_not_matter(observations in any_observations(), sources in any_sources()) {
        let forwards = rank(&observations, &sources);
        let backwards: Vec<Observation> = observations.iter().rev().cloned().collect();
        let words = |causes: &[Cause]| causes.iter().map(short).collect::<Vec<_>>();
        prop_assert_eq!(words(&forwards), words(&rank(&backwards, &sources)));
    }

    /// Best first.
    #[test]
    fn best_first(observations in any_observations(), sources in any_sources()) {
        let causes = rank(&observations, &sources);
        prop_assert!(causes.is_sorted_by(|left, right| left.confidence >= right.confidence));
    }
}
