//! `findings.json`, schema version 1: types of their own, because what scripts rely on must not change when the
//! model does.
//!
//! Fields stand in alphabetical order, so that the keys are sorted; maps are `BTreeMap`s. A test checks it.

mod tables;

use std::collections::BTreeMap;

use daaslens_core::model::{self, Analysis, HealTrigger, HttpCounts};
use daaslens_core::{Evidence, Finding, Metric, TimeRange};
use serde::Serialize;

use crate::redact::Redacted;
use crate::{Error, Options};

/// Rows of `http.urls`.
const URLS: usize = 50;

/// Renders the JSON: sorted keys, two blanks of indent, one line feed at the end.
pub(crate) fn render(redacted: &Redacted, options: &Options<'_>) -> Result<Vec<u8>, Error> {
    let mut out = serde_json::to_vec_pretty(&document(redacted, options))?;
    out.push(b'\n');
    Ok(out)
}

#[derive(Serialize)]
struct Document<'a> {
    coverage: Coverage<'a>,
    findings: Vec<FindingRow<'a>>,
    http: Option<Http<'a>>,
    inputs: Vec<Input<'a>>,
    mitigation: Mitigation<'a>,
    redaction: Redaction,
    schema_version: u32,
    sources: Vec<Source<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stamp: Option<&'a str>,
    tables: Vec<tables::Table<'a>>,
    tool: Tool<'a>,
    totals: Totals,
    verdict: Verdict<'a>,
    window: Option<Window>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
struct Verdict<'a> {
    answers: Vec<Answer<'a>>,
    headline: &'a str,
    health: &'static str,
    next_action: &'a str,
}

#[derive(Serialize)]
struct Answer<'a> {
    answer: String,
    question: &'a str,
}

#[derive(Serialize)]
struct Window {
    end: String,
    start: String,
}

#[derive(Serialize)]
struct Input<'a> {
    kind: &'a str,
    path: &'a str,
}

#[derive(Serialize)]
struct Totals {
    bytes: u64,
    malformed: u64,
    readable_bytes: u64,
    recognised_bytes: u64,
    records: u64,
    sources: u64,
}

#[derive(Serialize)]
struct Http<'a> {
    availability: Option<f64>,
    client_aborts: u64,
    cutoffs: u64,
    instances: Vec<Instance<'a>>,
    latency_ms: Latency,
    other_vantages: Vec<Vantage<'a>>,
    platform_probes: u64,
    requests: u64,
    scm_requests: u64,
    server_errors: u64,
    sites: Vec<Site<'a>>,
    status: BTreeMap<String, u64>,
    urls: Vec<Url<'a>>,
    /// What the cap on distinct paths left out.
    urls_other: Option<UrlRest>,
}

#[derive(Serialize)]
struct Instance<'a> {
    aliases: &'a [String],
    aliases_inferred: bool,
    name: &'a str,
    requests: u64,
    server_errors: u64,
}

#[derive(Serialize)]
struct Latency {
    max: u32,
    mean: f64,
    p50: u32,
    p90: u32,
    p95: u32,
    p99: u32,
}

#[derive(Serialize)]
struct Vantage<'a> {
    availability: Option<f64>,
    client_aborts: u64,
    name: &'a str,
    requests: u64,
    server_errors: u64,
}

#[derive(Serialize)]
struct Site<'a> {
    requests: u64,
    server_errors: u64,
    #[serde(rename = "site")]
    name: &'a str,
}

#[derive(Serialize)]
struct Url<'a> {
    p95_ms: u32,
    requests: u64,
    server_errors: u64,
    total_ms: u64,
    #[serde(rename = "url")]
    path: &'a str,
}

#[derive(Serialize)]
struct UrlRest {
    requests: u64,
    server_errors: u64,
    total_ms: u64,
}

#[derive(Serialize)]
struct Source<'a> {
    bytes: u64,
    first: Option<String>,
    instance: Option<&'a str>,
    kind: &'a str,
    last: Option<String>,
    malformed: u64,
    path: &'a str,
    reason: Option<&'a str>,
    records: u64,
    recovered: u64,
    site: Option<&'a str>,
    status: &'static str,
}

#[derive(Serialize)]
struct Coverage<'a> {
    checked_clean: Vec<&'static str>,
    gaps: Vec<Gap<'a>>,
    http_share: f64,
    not_checked: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct Gap<'a> {
    end: String,
    instance: Option<&'a str>,
    reason: &'a str,
    start: String,
}

#[derive(Serialize)]
struct FindingRow<'a> {
    advice: Advice<'a>,
    attribution: Option<Attribution<'a>>,
    causes: Vec<Cause<'a>>,
    confidence: &'static str,
    detail: &'a str,
    evidence: Vec<EvidenceRow<'a>>,
    headline: &'a str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    letter: Option<String>,
    metrics: BTreeMap<&'static str, Number>,
    rule: &'static str,
    severity: &'static str,
    subject: BTreeMap<&'static str, SubjectValue<'a>>,
    window: Option<Window>,
}

#[derive(Serialize)]
struct Advice<'a> {
    collect_next: &'a [String],
    fix: &'a [String],
    mitigate: &'a [String],
}

#[derive(Serialize)]
struct Attribution<'a> {
    factors: Vec<Factor<'a>>,
    verdict: &'static str,
}

#[derive(Serialize)]
struct Factor<'a> {
    dimension: &'static str,
    excess_share: f64,
    risk_ratio_low: f64,
    value: &'a str,
}

#[derive(Serialize)]
struct Cause<'a> {
    against: &'a [String],
    confidence: &'static str,
    #[serde(rename = "for")]
    supports: &'a [String],
    hypothesis: &'static str,
    missing: &'a [String],
    title: &'a str,
}

#[derive(Serialize)]
struct EvidenceRow<'a> {
    alike: u64,
    byte: u64,
    line: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
    source: &'a str,
    text: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Count(u64),
    Ratio(f64),
}

#[derive(Serialize)]
#[serde(untagged)]
enum SubjectValue<'a> {
    Status(u16),
    Text(&'a str),
}

#[derive(Serialize)]
struct Mitigation<'a> {
    auto_heal: Vec<AutoHeal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_rule: Option<&'a str>,
}

#[derive(Serialize)]
struct AutoHeal {
    outside_incidents: u64,
    rule: serde_json::Value,
    would_have_fired: Vec<String>,
}

#[derive(Serialize)]
struct Redaction {
    level: &'static str,
    masked: BTreeMap<&'static str, u64>,
}

fn document<'a>(redacted: &'a Redacted, options: &'a Options<'_>) -> Document<'a> {
    let analysis = &redacted.analysis;
    Document {
        coverage: coverage(&analysis.coverage),
        findings: analysis
            .findings
            .iter()
            .enumerate()
            .map(|(index, it)| finding(analysis, index, it))
            .collect(),
        http: analysis.http.as_ref().map(http),
        inputs: analysis.inputs.iter().map(|it| Input { kind: it.kind, path: &it.name }).collect(),
        mitigation: mitigation(&analysis.mitigation),
        redaction: Redaction {
            level: redacted.level.word(),
            masked: redacted.receipt.iter().map(|(class, n)| (class.word(), *n)).collect(),
        },
        schema_version: 1,
        sources: analysis.sources.iter().map(source).collect(),
        stamp: options.stamp.as_deref(),
        tables: tables::tables(analysis),
        tool: Tool { name: "daaslens", version: options.version },
        totals: Totals {
            bytes: analysis.totals.bytes,
            malformed: analysis.totals.malformed,
            readable_bytes: analysis.totals.readable_bytes,
            recognised_bytes: analysis.totals.recognised_bytes,
            records: analysis.totals.records,
            sources: analysis.totals.sources,
        },
        verdict: Verdict {
            answers: analysis
                .answers
                .iter()
                .map(|it| Answer {
                    answer: format!("{} {}", it.lead, it.text).trim().to_owned(),
                    question: it.question,
                })
                .collect(),
            headline: &analysis.verdict.headline,
            health: analysis.verdict.health.word(),
            next_action: &analysis.verdict.next_action,
        },
        window: analysis.window.map(window),
    }
}

fn window(range: TimeRange) -> Window {
    Window { end: range.end.rfc3339(), start: range.start.rfc3339() }
}

/// Ratios are rounded to six digits, so that the last bit of a division is nobody's difference. What is no
/// number has no place in JSON.
fn ratio(value: f64) -> f64 {
    if value.is_finite() { (value * 1e6).round() / 1e6 } else { 0.0 }
}

fn http(http: &model::Http) -> Http<'_> {
    let HttpCounts { requests, server_errors, client_aborts, cutoffs, platform_probes } =
        http.totals;
    let mut status = BTreeMap::new();
    for (code, n) in &http.status {
        *status.entry(code.to_string()).or_default() += n;
    }
    Http {
        availability: http.totals.availability().map(ratio),
        client_aborts,
        cutoffs,
        instances: http
            .instances
            .iter()
            .map(|it| Instance {
                aliases: &it.aliases,
                aliases_inferred: it.inferred,
                name: &it.name,
                requests: it.counts.requests,
                server_errors: it.counts.server_errors,
            })
            .collect(),
        latency_ms: Latency {
            max: http.latency.max(),
            mean: (http.latency.mean() * 100.0).round() / 100.0,
            p50: http.latency.percentile(50.0),
            p90: http.latency.percentile(90.0),
            p95: http.latency.percentile(95.0),
            p99: http.latency.percentile(99.0),
        },
        other_vantages: http
            .other_vantages
            .iter()
            .map(|it| Vantage {
                availability: it.counts.availability().map(ratio),
                client_aborts: it.counts.client_aborts,
                name: &it.name,
                requests: it.counts.requests,
                server_errors: it.counts.server_errors,
            })
            .collect(),
        platform_probes,
        requests,
        scm_requests: http.scm_requests,
        server_errors,
        sites: http
            .sites
            .iter()
            .map(|it| Site {
                requests: it.counts.requests,
                server_errors: it.counts.server_errors,
                name: &it.name,
            })
            .collect(),
        status,
        urls: http
            .urls
            .iter()
            .take(URLS)
            .map(|it| Url {
                p95_ms: it.latency.percentile(95.0),
                requests: it.requests,
                server_errors: it.server_errors,
                total_ms: it.total_ms,
                path: &it.url,
            })
            .collect(),
        urls_other: http.other_urls.map(|it| UrlRest {
            requests: it.requests,
            server_errors: it.server_errors,
            total_ms: it.total_ms,
        }),
    }
}

fn source(source: &model::SourceInfo) -> Source<'_> {
    Source {
        bytes: source.bytes,
        first: source.range.map(|range| range.start.rfc3339()),
        instance: source.instance.as_deref(),
        kind: source.kind,
        last: source.range.map(|range| range.end.rfc3339()),
        malformed: source.malformed,
        path: &source.path,
        reason: source.reason.as_deref(),
        records: source.records,
        recovered: source.recovered,
        site: source.site.as_deref(),
        status: source.status.word(),
    }
}

fn coverage(coverage: &model::Coverage) -> Coverage<'_> {
    Coverage {
        checked_clean: coverage.checked_clean.iter().map(|it| it.rule).collect(),
        gaps: coverage
            .gaps
            .iter()
            .map(|it| Gap {
                end: it.range.end.rfc3339(),
                instance: it.instance.as_deref(),
                reason: &it.reason,
                start: it.range.start.rfc3339(),
            })
            .collect(),
        http_share: ratio(coverage.http_share),
        not_checked: &coverage.not_checked,
        notes: &coverage.notes,
    }
}

fn finding<'a>(analysis: &'a Analysis, index: usize, finding: &'a Finding) -> FindingRow<'a> {
    let subject = &finding.subject;
    let texts = [
        ("site", &subject.site),
        ("url", &subject.url),
        ("instance", &subject.instance),
        ("signature", &subject.signature),
        ("exception", &subject.exception),
        ("module", &subject.module),
        ("process", &subject.process),
    ];
    let mut subject_map: BTreeMap<_, _> = texts
        .into_iter()
        .filter_map(|(name, text)| text.as_deref().map(|it| (name, SubjectValue::Text(it))))
        .collect();
    if let Some(status) = subject.status {
        subject_map.insert("status", SubjectValue::Status(status));
    }
    FindingRow {
        advice: Advice {
            collect_next: &finding.advice.collect_next,
            fix: &finding.advice.fix,
            mitigate: &finding.advice.mitigate,
        },
        attribution: finding.attribution.as_ref().map(|it| Attribution {
            factors: it
                .factors
                .iter()
                .map(|factor| Factor {
                    dimension: factor.dimension,
                    excess_share: ratio(factor.excess_share),
                    risk_ratio_low: ratio(factor.risk_ratio_low),
                    value: &factor.value,
                })
                .collect(),
            verdict: if it.factors.is_empty() { "app-wide" } else { "attributed" },
        }),
        causes: finding
            .causes
            .iter()
            .map(|it| Cause {
                against: &it.against,
                confidence: it.confidence.word(),
                supports: &it.supports,
                hypothesis: it.hypothesis,
                missing: &it.missing,
                title: &it.title,
            })
            .collect(),
        confidence: finding.confidence.word(),
        detail: &finding.detail,
        evidence: finding.evidence.iter().map(|it| evidence(analysis, it)).collect(),
        headline: &finding.headline,
        id: format!("F{}", index + 1),
        letter: finding.letter.map(model::letter),
        metrics: finding
            .metrics
            .iter()
            .map(|(name, value)| {
                let value = match *value {
                    Metric::Count(n) | Metric::Millis(n) => Number::Count(n),
                    Metric::Ratio(value) => Number::Ratio(ratio(value)),
                };
                (*name, value)
            })
            .collect(),
        rule: finding.rule,
        severity: finding.severity.word(),
        subject: subject_map,
        window: finding.window.map(window),
    }
}

fn evidence<'a>(analysis: &'a Analysis, evidence: &'a Evidence) -> EvidenceRow<'a> {
    EvidenceRow {
        alike: evidence.alike,
        byte: evidence.at.byte,
        line: evidence.at.line,
        note: &evidence.note,
        source: model::source(&analysis.sources, evidence.at.source)
            .map_or("", |source| source.path.as_str()),
        text: evidence.excerpt.0.iter().map(|part| part.text.as_str()).collect(),
    }
}

fn mitigation(mitigation: &model::Mitigation) -> Mitigation<'_> {
    Mitigation {
        auto_heal: mitigation
            .auto_heal
            .iter()
            .map(|it| AutoHeal {
                outside_incidents: it.outside_incidents,
                rule: heal_rule(&it.trigger),
                would_have_fired: it.fired.iter().map(|(at, _)| at.rfc3339()).collect(),
            })
            .collect(),
        no_rule: mitigation.no_rule.as_deref(),
    }
}

/// The rule in the form of `siteConfig`, as the platform's own tools take it.
pub(crate) fn heal_rule(trigger: &HealTrigger) -> serde_json::Value {
    let span = |seconds: u64| {
        format!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
    };
    let trigger = match *trigger {
        HealTrigger::Status { status, substatus, win32, count, interval_seconds } => {
            serde_json::json!({"statusCodes": [{
                "count": count,
                "status": status,
                "subStatus": substatus,
                "timeInterval": span(interval_seconds),
                "win32Status": win32.unwrap_or(0),
            }]})
        }
        HealTrigger::Slow { time_taken_seconds, count, interval_seconds } => {
            serde_json::json!({"slowRequests": {
                "count": count,
                "timeInterval": span(interval_seconds),
                "timeTaken": span(time_taken_seconds),
            }})
        }
        HealTrigger::PrivateBytes { kilobytes } => {
            serde_json::json!({"privateBytesInKB": kilobytes})
        }
    };
    serde_json::json!({
        "autoHealEnabled": true,
        "autoHealRules": {"actions": {"actionType": "Recycle"}, "triggers": trigger},
    })
}
