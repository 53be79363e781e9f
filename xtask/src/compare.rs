//! Compares what the program found with what is true.

use daaslens_core::{Time, TimeRange};
use daaslens_testkit::{Culprit, Fault, Truth};
use serde_json::Value;

/// How well one bundle, or many, were understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// Bundles.
    pub(crate) runs: u64,
    /// Clusters that are there, and those of them that were found.
    pub(crate) clusters: u64,
    pub(crate) found: u64,
    /// How far the edges of the found ones are off, in seconds.
    pub(crate) edges: Vec<i64>,
    /// Found clusters whose number of errors is exact.
    pub(crate) exact: u64,
    /// Clusters that lie where one was found already: one incident reported as two.
    pub(crate) split: u64,
    /// Clusters where there is none, and the days of log in which they were found.
    pub(crate) false_alarms: u64,
    pub(crate) days: f64,
    /// Faults of other kinds, and those of them for which one of their rules fired.
    pub(crate) others: u64,
    pub(crate) others_found: u64,
    /// Faults with a known culprit that were found, and those for which the right one is blamed.
    pub(crate) culprits: u64,
    pub(crate) culprits_right: u64,
    /// Faults with known causes that were found, and those for which one of them stands first.
    pub(crate) causes: u64,
    pub(crate) causes_right: u64,
    /// Numbers of the HTTP side, and those of them that are right.
    pub(crate) numbers: u64,
    pub(crate) numbers_right: u64,
    /// What is wrong, in words.
    pub(crate) remarks: Vec<String>,
}

impl Score {
    /// Adds what `other` found.
    pub(crate) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        self.clusters += other.clusters;
        self.found += other.found;
        self.edges.extend_from_slice(&other.edges);
        self.exact += other.exact;
        self.split += other.split;
        self.false_alarms += other.false_alarms;
        self.days += other.days;
        self.others += other.others;
        self.others_found += other.others_found;
        self.culprits += other.culprits;
        self.culprits_right += other.culprits_right;
        self.causes += other.causes;
        self.causes_right += other.causes_right;
        self.numbers += other.numbers;
        self.numbers_right += other.numbers_right;
        self.remarks.extend_from_slice(&other.remarks);
    }

    /// The median and the maximum of the edge errors, in seconds.
    pub(crate) fn edge_errors(&self) -> Option<(i64, i64)> {
        let mut edges = self.edges.clone();
        edges.sort_unstable();
        Some((*edges.get(edges.len() / 2)?, *edges.last()?))
    }
}

/// Compares `findings` (the whole `findings.json`) with `truth`.
pub(crate) fn compare(truth: &Truth, findings: &Value) -> Score {
    let mut score = Score { runs: 1, days: truth.hours / 24.0, ..Score::default() };
    let all = findings["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    compare_clusters(truth, all, &mut score);
    for fault in truth.faults.iter().filter(|fault| fault.status_family.is_none()) {
        score.others += 1;
        let hit = all.iter().find(|finding| fires_for(finding, fault));
        if let Some(finding) = hit {
            score.others_found += 1;
            judge(fault, finding, &mut score);
        } else {
            score.remarks.push(format!("{}: none of {:?} fired", fault.id, fault.rules));
        }
    }
    for rule in &truth.forbidden_rules {
        let n = all.iter().filter(|finding| finding["rule"] == rule.as_str()).count();
        // A cluster where there is none is counted among the false alarms already.
        if n > 0 && rule != "http-5xx-cluster" {
            score.remarks.push(format!("{rule} fired {n} times and must not"));
        }
    }
    compare_numbers(truth, findings, &mut score);
    score
}

fn compare_clusters(truth: &Truth, all: &[Value], score: &mut Score) {
    let found: Vec<&Value> =
        all.iter().filter(|finding| finding["rule"] == "http-5xx-cluster").collect();
    let faults: Vec<&Fault> = truth.clusters().collect();
    score.clusters += faults.len() as u64;
    // The pairs that share most come first, and each cluster and each fault is used once.
    let mut pairs = Vec::new();
    for (fault_index, fault) in faults.iter().enumerate() {
        for (index, finding) in found.iter().enumerate() {
            if let Some(shared) = shared(fault, finding) {
                pairs.push((std::cmp::Reverse(shared), fault_index, index));
            }
        }
    }
    pairs.sort_unstable();
    let mut met = vec![false; faults.len()];
    let mut used = vec![false; found.len()];
    for &(_, fault_index, index) in &pairs {
        if met[fault_index] || used[index] {
            continue;
        }
        (met[fault_index], used[index]) = (true, true);
        let (fault, finding) = (faults[fault_index], found[index]);
        score.found += 1;
        if let (Some(truth), Some(window)) = (range(&fault.window), window(finding)) {
            score.edges.push((truth.start.seconds() - window.start.seconds()).abs());
            score.edges.push((truth.end.seconds() - window.end.seconds()).abs());
        }
        let errors = finding["metrics"]["errors"].as_u64();
        if errors == fault.errors {
            score.exact += 1;
        } else {
            score
                .remarks
                .push(format!("{}: {errors:?} errors instead of {:?}", fault.id, fault.errors));
        }
        judge(fault, finding, score);
    }
    for (fault, _) in faults.iter().zip(&met).filter(|(_, met)| !**met) {
        let family = fault.status_family.as_deref().unwrap_or_default();
        score.remarks.push(format!(
            "{}: missed, {family} from {} to {}",
            fault.id, fault.window.0, fault.window.1
        ));
    }
    for (index, finding) in found.iter().enumerate().filter(|(index, _)| !used[*index]) {
        if pairs.iter().any(|(_, _, other)| *other == index) {
            score.split += 1;
        } else {
            score.false_alarms += 1;
            score.remarks.push(format!(
                "false alarm: {}",
                finding["headline"].as_str().unwrap_or("without a headline")
            ));
        }
    }
}

/// How many milliseconds a cluster shares with a fault of the same family; `None` for none.
fn shared(fault: &Fault, finding: &Value) -> Option<i64> {
    let family = match &finding["subject"]["status"] {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    if fault.status_family.as_deref() != Some(&family) && family != "5xx" {
        return None;
    }
    let (fault, finding) = (range(&fault.window)?, window(finding)?);
    fault
        .overlaps(finding)
        .then(|| fault.end.0.min(finding.end.0) - fault.start.0.max(finding.start.0))
}

/// Whether a finding is one of the rules of a fault, at its time. Findings without a window fit any time.
fn fires_for(finding: &Value, fault: &Fault) -> bool {
    let named = fault.rules.iter().any(|rule| finding["rule"] == rule.as_str());
    // Two minutes of grace: a recycle is asked for before it happens, a deployment ends before it hurts.
    let near = match (window(finding), range(&fault.window)) {
        (Some(finding), Some(fault)) => {
            TimeRange::new(Time(fault.start.0 - 120_000), Time(fault.end.0 + 120_000))
                .overlaps(finding)
        }
        _ => true,
    };
    named && near
}

/// Looks at what a finding blames and says.
fn judge(fault: &Fault, finding: &Value, score: &mut Score) {
    if let Some(culprit) = &fault.culprit {
        score.culprits += 1;
        if blames(finding, culprit) {
            score.culprits_right += 1;
        } else {
            let verdict = finding["attribution"]["verdict"].as_str().unwrap_or("nothing");
            let factor = &finding["attribution"]["factors"][0];
            score.remarks.push(format!(
                "{}: blames {verdict} {} instead of {culprit:?}",
                fault.id, factor["value"]
            ));
        }
    }
    if let Some(hypotheses) = &fault.hypotheses {
        score.causes += 1;
        let first = finding["causes"][0]["hypothesis"].as_str().unwrap_or("none");
        if hypotheses.iter().any(|hypothesis| hypothesis == first) {
            score.causes_right += 1;
        } else {
            score.remarks.push(format!(
                "{}: the first cause is {first}, not one of {hypotheses:?}",
                fault.id
            ));
        }
    }
    let text = finding.to_string().to_lowercase();
    for word in fault.must_mention.iter().filter(|word| !text.contains(word.as_str())) {
        score.remarks.push(format!("{}: does not mention {word}", fault.id));
    }
}

fn blames(finding: &Value, culprit: &Culprit) -> bool {
    match culprit {
        Culprit::Wide(_) => finding["attribution"]["verdict"] == "app-wide",
        Culprit::One { dimension, value, also } => {
            let factor = &finding["attribution"]["factors"][0];
            // A finding about one URL or one instance names it as its subject and needs no attribution.
            [&factor["value"], &finding["subject"][dimension.as_str()]].iter().any(|named| {
                let named = named.as_str().unwrap_or_default();
                std::iter::once(value).chain(also).any(|name| named.eq_ignore_ascii_case(name))
            })
        }
    }
}

fn compare_numbers(truth: &Truth, findings: &Value, score: &mut Score) {
    let (http, said) = (&truth.http, &findings["http"]);
    let mut number = |name: &str, right: u64, said: &Value| {
        score.numbers += 1;
        if said.as_u64() == Some(right) {
            score.numbers_right += 1;
        } else {
            score.remarks.push(format!("{name} is {said} instead of {right}"));
        }
    };
    number("requests", http.requests, &said["requests"]);
    number("scm_requests", http.scm_requests, &said["scm_requests"]);
    number("platform_probes", http.platform_probes, &said["platform_probes"]);
    number("client_aborts", http.client_aborts, &said["client_aborts"]);
    number("server_errors", http.server_errors, &said["server_errors"]);
    number("malformed", truth.malformed, &findings["totals"]["malformed"]);
    number(
        "instances",
        http.instances,
        &Value::from(said["instances"].as_array().map_or(0, Vec::len)),
    );
    if let Some(cutoffs) = http.cutoffs {
        number("cutoffs", cutoffs, &said["cutoffs"]);
    }
    for (status, count) in &http.status {
        number(&format!("status {status}"), *count, &said["status"][status]);
    }
    // Only the slowest URLs are listed, and templated: those that are there under their literal name must be right.
    for url in said["urls"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let name = url["url"].as_str().unwrap_or_default();
        if let Some(count) = http.url_literal.get(name) {
            number(&format!("requests of {name}"), *count, &url["requests"]);
        }
    }
    let latency = &http.latency_ms;
    let percentiles = [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p95", latency.p95),
        ("p99", latency.p99),
        ("max", latency.max),
    ];
    for (name, right) in percentiles {
        score.numbers += 1;
        let found = &said["latency_ms"][name];
        if found
            .as_f64()
            .is_some_and(|found| (found - f64::from(right)).abs() <= 0.01 * f64::from(right))
        {
            score.numbers_right += 1;
        } else {
            score.remarks.push(format!("latency {name} is {found} instead of {right}"));
        }
    }
}

fn range((start, end): &(String, String)) -> Option<TimeRange> {
    Some(TimeRange::new(Time::parse(start)?, Time::parse(end)?))
}

fn window(finding: &Value) -> Option<TimeRange> {
    let window = &finding["window"];
    Some(TimeRange::new(
        Time::parse(window["start"].as_str()?)?,
        Time::parse(window["end"].as_str()?)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn truth() -> Truth {
        let fault = |id: &str, from: &str, to: &str| Fault {
            id: id.into(),
            rules: vec!["http-5xx-cluster".into()],
            status_family: Some("503".into()),
            window: (format!("2026-03-11T{from}Z"), format!("2026-03-11T{to}Z")),
            errors: Some(40),
            culprit: Some(Culprit::one("instance", "ab12cd")),
            ..Fault::default()
        };
        Truth {
            scenario: "made".into(),
            seed: 1,
            hours: 12.0,
            http: daaslens_testkit::Tally::default().truth(0, 0),
            malformed: 0,
            events: None,
            php_records: None,
            faults: vec![fault("A", "02:00:00", "02:03:00"), fault("B", "02:07:00", "02:10:00")],
            quiet: vec![],
            forbidden_rules: vec![],
        }
    }

    fn cluster(status: &Value, from: &str, to: &str, errors: u64) -> Value {
        json!({
            "rule": "http-5xx-cluster",
            "headline": "h",
            "window": {"start": format!("2026-03-11T{from}Z"), "end": format!("2026-03-11T{to}Z")},
            "subject": {"status": status},
            "metrics": {"errors": errors},
            "attribution": {"verdict": "attributed", "factors": [{"dimension": "instance", "value": "AB12CD"}]},
        })
    }

    fn score(clusters: &[Value]) -> Score {
        let zero = json!({"p50": 0, "p90": 0, "p95": 0, "p99": 0, "max": 0});
        let http = json!({"requests": 0, "scm_requests": 0, "platform_probes": 0, "client_aborts": 0, "cutoffs": 0,
            "server_errors": 0, "status": {}, "instances": [], "urls": [], "latency_ms": zero});
        compare(&truth(), &json!({"findings": clusters, "http": http, "totals": {"malformed": 0}}))
    }

    #[test]
    fn what_is_found_exactly() {
        let score = score(&[
            cluster(&json!(503), "02:00:00", "02:03:00", 40),
            cluster(&json!("503"), "02:07:02", "02:09:55", 39),
        ]);
        assert_eq!(
            (score.clusters, score.found, score.exact, score.split, score.false_alarms),
            (2, 2, 1, 0, 0)
        );
        assert_eq!(score.edges, [0, 0, 2, 5]);
        assert_eq!(score.edge_errors(), Some((2, 5)));
        assert_eq!((score.culprits, score.culprits_right), (2, 2));
        assert_eq!((score.numbers, score.numbers_right), (13, 13));
        assert_eq!(score.remarks, ["B: Some(39) errors instead of Some(40)"]);
    }

    #[test]
    fn what_is_merged_split_missed_and_made_up() {
        let merged = score(&[cluster(&json!(503), "02:00:00", "02:10:00", 80)]);
        assert_eq!((merged.found, merged.split, merged.false_alarms), (1, 0, 0));
        let split = score(&[
            cluster(&json!(503), "02:00:00", "02:01:00", 20),
            cluster(&json!(503), "02:01:30", "02:03:00", 20),
        ]);
        assert_eq!((split.found, split.split, split.false_alarms), (1, 1, 0));
        let wrong = score(&[
            cluster(&json!(502), "02:00:00", "02:03:00", 40),
            cluster(&json!(503), "05:00:00", "05:03:00", 40),
        ]);
        assert_eq!((wrong.found, wrong.split, wrong.false_alarms), (0, 0, 2));
    }

    #[test]
    fn wrong_numbers_are_named() {
        let score = compare(&truth(), &json!({}));
        assert_eq!((score.numbers_right, score.found), (1, 0)); // no instances on either side
        assert!(score.remarks.contains(&"requests is null instead of 0".to_owned()));
        assert!(score.remarks.iter().any(|remark| remark.starts_with("A: missed, 503 from")));
    }
}
