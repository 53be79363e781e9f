//! `findings.json`: its shape, and its numbers against the truth beside the fixtures.

use std::collections::BTreeMap;

use daaslens_testkit::{Truth, fixture};
use serde_json::Value;

use super::support::{BUNDLE, Place, rows};

#[test]
fn the_whole_document_of_the_fixture_is_what_it_was() {
    let place = Place::with(BUNDLE);
    let run = place.run(["two-instances-503.zip", "-q", "-o", "r.html", "--json", "-"]);
    let text = String::from_utf8(run.stdout).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    insta::assert_snapshot!(text.replace(&version, "\"version\": \"…\""));
}

#[test]
fn the_documents_of_the_fixtures_have_the_numbers_that_are_true() {
    for name in ["two-instances-503", "daas-sessions"] {
        let place = Place::with(&format!("bundles/{name}.zip"));
        let findings = place.findings([format!("{name}.zip")]);
        let truth = Truth::from_json(&fixture(&format!("bundles/{name}.truth.json"))).unwrap();
        assert_numbers(&findings, &truth);
        assert_shape(&findings);
    }
}

/// Counts are equal, percentiles within one in a hundred.
pub(crate) fn assert_numbers(findings: &Value, truth: &Truth) {
    let (http, true_http) = (&findings["http"], &truth.http);
    let number = |key: &str| http[key].as_u64().unwrap_or_else(|| panic!("http.{key} in {http:#}"));
    let name = &truth.scenario;
    assert_eq!(number("requests"), true_http.requests, "{name}: requests");
    assert_eq!(number("scm_requests"), true_http.scm_requests, "{name}: SCM requests");
    assert_eq!(number("platform_probes"), true_http.platform_probes, "{name}: probes");
    assert_eq!(number("client_aborts"), true_http.client_aborts, "{name}: aborts");
    assert_eq!(number("server_errors"), true_http.server_errors, "{name}: server errors");
    if let Some(cutoffs) = true_http.cutoffs {
        assert_eq!(number("cutoffs"), cutoffs, "{name}: cut-offs");
    }
    let status: BTreeMap<String, u64> = serde_json::from_value(http["status"].clone()).unwrap();
    assert_eq!(status, true_http.status, "{name}: status");
    assert_eq!(rows(&http["instances"]).len() as u64, true_http.instances, "{name}: instances");
    assert_eq!(
        findings["totals"]["malformed"].as_u64(),
        Some(truth.malformed),
        "{name}: malformed"
    );
    let urls: BTreeMap<&str, u64> = rows(&http["urls"])
        .iter()
        .map(|row| (row["url"].as_str().unwrap(), row["requests"].as_u64().unwrap()))
        .collect();
    for (url, requests) in &true_http.url_literal {
        // Paths with an id are one row with others; the list holds the 50 that cost most.
        if let Some(found) = urls.get(url.as_str()) {
            assert_eq!(found, requests, "{name}: {url}");
        } else {
            let templated = url.bytes().any(|byte| byte.is_ascii_digit());
            assert!(templated || urls.len() == 50, "{name}: {url} is missing");
        }
    }
    let latency = &http["latency_ms"];
    let truth = &true_http.latency_ms;
    for (key, expected) in
        [("p50", truth.p50), ("p90", truth.p90), ("p95", truth.p95), ("p99", truth.p99)]
    {
        let found = latency[key].as_f64().unwrap();
        let expected = f64::from(expected);
        assert!(
            (found - expected).abs() <= (expected * 0.01).max(1.0),
            "{name}: {key} {found} for {expected}"
        );
    }
    assert_eq!(latency["max"].as_u64(), Some(u64::from(truth.max)), "{name}: max");
    let availability = 1.0 - true_http.server_errors as f64 / true_http.requests as f64;
    assert!((http["availability"].as_f64().unwrap() - availability).abs() < 1e-6, "{name}");
}

/// What a script may rely on, in any document.
pub(crate) fn assert_shape(findings: &Value) {
    let keys = |value: &Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "{key} is missing in {value:#}");
        }
    };
    let text =
        |value: &Value| assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{value}");
    let one_of = |value: &Value, words: &[&str]| {
        assert!(value.as_str().is_some_and(|word| words.contains(&word)), "{value} of {words:?}");
    };
    let time = |value: &Value| {
        let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
        assert!(text.len() >= 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T', "{text}");
    };
    assert_eq!(findings["schema_version"], 1);
    assert_eq!(findings["tool"]["name"], "daaslens");
    one_of(&findings["verdict"]["health"], &["critical", "degraded", "healthy", "unknown"]);
    text(&findings["verdict"]["headline"]);
    text(&findings["verdict"]["next_action"]);
    keys(findings, &["window", "inputs", "http", "coverage", "mitigation", "redaction"]);
    keys(&findings["totals"], &["bytes", "sources", "records", "malformed"]);
    keys(&findings["coverage"], &["gaps", "not_checked", "checked_clean"]);
    keys(&findings["mitigation"], &["auto_heal"]);
    keys(&findings["redaction"], &["level", "masked"]);
    for input in rows(&findings["inputs"]) {
        one_of(&input["kind"], &["daas", "kudu-dump", "logfiles", "file", "folder"]);
    }
    for source in rows(&findings["sources"]) {
        one_of(&source["status"], &["read", "partial", "skipped", "unreadable"]);
        keys(
            source,
            &[
                "path",
                "kind",
                "instance",
                "bytes",
                "records",
                "malformed",
                "recovered",
                "first",
                "last",
            ],
        );
        let silent = source["status"] == "read" || source["reason"].is_string();
        assert!(silent, "not read, and no reason: {source:#}");
    }
    assert_eq!(findings["totals"]["sources"], rows(&findings["sources"]).len());
    for (index, finding) in rows(&findings["findings"]).iter().enumerate() {
        assert_eq!(finding["id"], format!("F{}", index + 1));
        one_of(&finding["severity"], &["critical", "warning", "info"]);
        one_of(&finding["confidence"], &["confirmed", "likely", "possible", "weak"]);
        text(&finding["headline"]);
        text(&finding["rule"]);
        if !finding["window"].is_null() {
            time(&finding["window"]["start"]);
            time(&finding["window"]["end"]);
        }
        keys(finding, &["subject", "metrics", "causes", "evidence"]);
        keys(&finding["advice"], &["mitigate", "fix", "collect_next"]);
        for evidence in rows(&finding["evidence"]) {
            keys(evidence, &["source", "line", "byte", "text", "alike"]);
        }
        for cause in rows(&finding["causes"]) {
            one_of(&cause["confidence"], &["confirmed", "likely", "possible", "weak"]);
            keys(cause, &["hypothesis", "for", "against", "missing"]);
        }
    }
    let severities: Vec<u8> = rows(&findings["findings"])
        .iter()
        .map(|finding| match finding["severity"].as_str() {
            Some("critical") => 0,
            Some("warning") => 1,
            _ => 2,
        })
        .collect();
    assert!(severities.is_sorted(), "{severities:?}");
}

#[test]
fn keys_are_sorted_and_the_text_ends_in_one_line_feed() {
    let place = Place::with(BUNDLE);
    let run = place.run(["two-instances-503.zip", "-q", "-o", "r.html", "--json", "-"]);
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(text.ends_with("}\n") && !text.ends_with("\n\n") && !text.contains('\r'));
    // A map of serde_json is sorted by its keys; written anew it must be the same text.
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string_pretty(&value).unwrap() + "\n", text);
}
