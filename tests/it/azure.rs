//! Resource logs, gateways and metrics, through the whole program: what each saw, held against the others.

use std::fmt::Write as _;

use daaslens_testkit::fixture;
use serde_json::{Value, json};

use super::json::assert_shape;
use super::support::{Place, rows, source};

/// An hour of a site that is asked every two seconds. From 02:30 on, for five minutes, the worker has no line, the
/// gateway answers 502, and its plan is busy.
fn incident() -> Place {
    let place = Place::new();
    let mut worker = "#Software: Microsoft Internet Information Services 8.0\n#Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n".to_owned();
    let mut gateway = String::new();
    for second in (0..3600).step_by(2) {
        let (minute, s) = (second / 60, second % 60);
        let is_down = (30..35).contains(&minute);
        if !is_down {
            let _ = writeln!(
                worker,
                "2026-03-11 02:{minute:02}:{s:02} SHOP GET /cart - 443 - 198.51.100.7 UA - - shop.example 200 0 0 900 400 31"
            );
        }
        let (status, answered, word) = if is_down {
            (502, "", "ERRORINFO_UPSTREAM_NO_LIVE")
        } else {
            (200, "200", "ERRORINFO_NO_ERROR")
        };
        let record = json!({
            "timeStamp": format!("2026-03-11T02:{minute:02}:{s:02}+00:00"),
            "resourceId": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/EDGE",
            "category": "ApplicationGatewayAccessLog",
            "properties": {
                "instanceId": "appgw_2", "clientIP": "198.51.100.7", "httpMethod": "GET", "requestUri": "/cart",
                "requestQuery": "token=S3CRETS3CRET", "httpStatus": status, "timeTaken": 0.04, "serverRouted": "192.0.2.20:443",
                "serverStatus": answered, "originalHost": "shop.example", "error_info": word,
            }
        });
        let _ = writeln!(gateway, "{record}");
    }
    let metric = |name: &str, unit: &str, plan: bool, value: fn(i64) -> Value| {
        let data: Vec<Value> = (0..60)
            .map(|minute| {
                let mut point = value(minute);
                point["timeStamp"] = format!("2026-03-11T02:{minute:02}:00Z").into();
                point
            })
            .collect();
        let resource = if plan { "serverfarms/plan-1" } else { "sites/shop" };
        json!({
            "id": format!("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/{resource}/providers/Microsoft.Insights/metrics/{name}"),
            "name": {"value": name}, "unit": unit, "timeseries": [{"metadatavalues": [], "data": data}],
        })
    };
    let metrics = json!({
        "interval": "PT1M", "timespan": "2026-03-11T02:00:00Z/2026-03-11T03:00:00Z",
        "value": [
            metric("Requests", "Count", false, |m| json!({"total": if (30..35).contains(&m) { 0 } else { 30 }})),
            metric("Http5xx", "Count", false, |_| json!({"total": 0.0})),
            metric("CpuPercentage", "Percent", true, |m| json!({"average": if (28..35).contains(&m) { 97.0 } else { 20.0 }})),
            metric("HttpQueueLength", "Count", true, |m| json!({"average": if (28..35).contains(&m) { 12.0 } else { 0.0 }})),
        ],
    });
    place.write("in/LogFiles/http/RawLogs/dda7cc-202603110200.log", worker.as_bytes());
    place.write("in/insights-logs-applicationgatewayaccesslog/PT1H.json", gateway.as_bytes());
    place.write("in/metrics.json", metrics.to_string().as_bytes());
    place
}

/// A gateway quotes the server it asked, and metrics name their site: nothing else of these bundles says that these are
/// an address and a name.
#[test]
fn neither_the_site_of_metrics_nor_the_server_of_a_gateway_is_shown() {
    let place = incident();
    let bytes = String::from_utf8(place.read("in/metrics.json")).unwrap();
    place.write("alone/metrics.json", bytes.replace("sites/shop", "sites/bookshop").as_bytes());
    place.findings(["alone"]);
    let page = String::from_utf8(place.read("r.html")).unwrap();
    assert!(page.contains("Requests in a bucket<small>site-1</small>"), "the lane has its alias");
    assert!(!page.contains("bookshop"));
    let findings = place.findings(["in"]).to_string();
    assert!(findings.contains("ERRORINFO_UPSTREAM_NO_LIVE") && !findings.contains("192.0.2.20"));
}

#[test]
fn what_visitors_saw_and_the_worker_did_not() {
    let place = incident();
    let findings = place.findings(["in"]);
    assert_shape(&findings);
    let gateway = source(&findings, "PT1H.json");
    assert_eq!((&gateway["kind"], &gateway["records"]), (&"http-json".into(), &1800.into()));
    let metrics = source(&findings, "metrics.json");
    assert_eq!((&metrics["kind"], &metrics["records"]), (&"metrics".into(), &240.into()));
    assert_eq!(findings["http"]["requests"], 1650, "one vantage counts");
    let other = &findings["http"]["other_vantages"][0];
    assert_eq!((&other["requests"], &other["server_errors"]), (&1800.into(), &150.into()));
    let anomalies: Vec<&Value> = findings["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "metric-anomaly")
        .collect();
    let headlines: Vec<String> = anomalies
        .iter()
        .map(|finding| {
            let headline = finding["headline"].as_str().unwrap().replace('\u{a0}', " ");
            format!(
                "{} {}: {headline}",
                finding["severity"].as_str().unwrap(),
                finding["confidence"].as_str().unwrap()
            )
        })
        .collect();
    insta::assert_snapshot!(headlines.join("\n"));
    let clusters: Vec<&Value> = rows(&findings["findings"])
        .iter()
        .filter(|finding| finding["rule"] == "http-5xx-cluster")
        .collect();
    assert_eq!(clusters.len(), 1);
    let seen = clusters[0];
    assert_eq!(seen["severity"], "critical");
    assert_eq!(seen["window"]["start"], "2026-03-11T02:30:00Z");
    assert_eq!(
        (&seen["metrics"]["errors"], &seen["metrics"]["known_errors"]),
        (&150.into(), &0.into())
    );
    let advice = seen["advice"]["fix"].to_string();
    assert!(advice.contains("Look at the backend health in the portal"), "{advice}");
    assert!(!rows(&seen["evidence"]).is_empty());
    assert_shown(&place, &findings, "http-5xx-cluster");
    assert_shown(&place, &findings, "metric-anomaly");
    let page = String::from_utf8(place.read("r.html")).unwrap();
    for text in ["CPU of the plan", "Requests in the queue", "No backend server was reachable"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("S3CRET"), "a query value");
}

/// Reads the evidence of each finding of a rule back: what is shown is what the findings say.
fn assert_shown(place: &Place, findings: &Value, rule: &str) {
    place.write("f.json", findings.to_string().as_bytes());
    for finding in rows(&findings["findings"]).iter().filter(|finding| finding["rule"] == rule) {
        let id = finding["id"].as_str().unwrap();
        let shown = place.run(["show", "f.json", id, "-q"]);
        let text = String::from_utf8(shown.stdout).unwrap();
        for evidence in rows(&finding["evidence"]) {
            let expected = evidence["text"].as_str().unwrap();
            assert!(text.contains(expected), "{id}: {expected} is not in\n{text}{}", shown.stderr);
        }
    }
}

#[test]
fn the_platform_says_what_it_did() {
    let place = Place::new();
    place.write("in/PT1H.json", &fixture("azure/mixed-categories.json"));
    let findings = place.findings(["in"]);
    let log = source(&findings, "PT1H.json");
    assert_eq!((&log["records"], &log["malformed"]), (&6.into(), &0.into()));
    assert_eq!(findings["http"]["requests"], 1);
    let recycle: Vec<&Value> =
        rows(&findings["findings"]).iter().filter(|f| f["rule"] == "process-recycle").collect();
    assert_eq!(recycle.len(), 1);
    assert_eq!(recycle[0]["evidence"][0]["line"], 1);
    assert_shown(&place, &findings, "process-recycle");
    let errors: Vec<&Value> =
        rows(&findings["findings"]).iter().filter(|f| f["rule"] == "app-log-errors").collect();
    assert!(!errors.is_empty(), "the exceptions of console and framework");
    assert_shown(&place, &findings, "app-log-errors");
}

/// Requests and malformed lines of each fixture, as another reader counts them (see `fixtures/README.md`).
#[test]
fn every_fixture_has_the_counts_that_are_true() {
    for (name, records, malformed) in [
        ("faults.json", 4, 5),
        ("front-door.json", 5, 0),
        ("gateway.json", 5, 0),
        ("http-array-pretty.json", 2, 0),
        ("http-linux.json", 3, 0),
        ("http-records-per-line.json", 3, 0),
        ("http-value-cut-off.json", 1, 1),
        ("http-windows.json", 4, 1),
        ("mixed-categories.json", 6, 0),
        ("times.json", 8, 3),
        ("workspace-command-line.json", 2, 0),
        ("workspace-console.csv", 2, 0),
        ("workspace-http.csv", 3, 1),
        ("workspace-reply.json", 2, 1),
        ("workspace-shared-table.csv", 3, 0),
    ] {
        let place = Place::with(&format!("azure/{name}"));
        let findings = place.findings([name]);
        let log = source(&findings, name);
        assert_eq!(
            (&log["kind"], &log["records"], &log["malformed"]),
            (&"http-json".into(), &records.into(), &malformed.into()),
            "{name}"
        );
    }
}

/// The headlines of what is said about metrics: name, unit, aggregate, and a value per minute.
fn said_of(metrics: &[(&str, &str, &str, Vec<f64>)]) -> Vec<String> {
    let list: Vec<Value> = metrics
        .iter()
        .map(|(name, unit, aggregate, values)| {
            let point = |(minute, value): (usize, &f64)| {
                let mut point = json!({"timeStamp": format!("2026-03-11T02:{minute:02}:00Z")});
                point[*aggregate] = (*value).into();
                point
            };
            let data: Vec<Value> = values.iter().enumerate().map(point).collect();
            json!({"name": {"value": name}, "unit": unit, "timeseries": [{"metadatavalues": [], "data": data}]})
        })
        .collect();
    let document = json!({"interval": "PT1M", "value": list});
    let place = Place::new();
    place.write("metrics.json", document.to_string().as_bytes());
    let findings = place.findings(["metrics.json"]);
    assert_shape(&findings);
    rows(&findings["findings"])
        .iter()
        .filter(|finding| finding["rule"] == "metric-anomaly")
        .map(|finding| finding["headline"].as_str().unwrap().replace('\u{a0}', " "))
        .collect()
}

/// Values that are `usual`, but `other` in the minutes of `range`.
fn but(usual: f64, range: std::ops::Range<usize>, other: f64) -> Vec<f64> {
    (0..40).map(|minute| if range.contains(&minute) { other } else { usual }).collect()
}

#[test]
fn what_makes_a_metric_unusual_and_what_just_does_not() {
    let one = |name: &str, unit: &str, aggregate: &str, values: Vec<f64>| {
        said_of(&[(name, unit, aggregate, values)]).join("; ")
    };
    let none = String::new();
    let (count, percent, bytes) = ("Count", "Percent", "Bytes");
    assert_eq!(
        one("Http5xx", count, "total", but(0.0, 10..12, 30.0)),
        "Http5xx: 60 server errors, 02:10 to 02:11; usual 0 in 60 s"
    );
    assert_eq!(one("Http5xx", count, "total", but(0.0, 10..12, 4.0)), none);
    assert_eq!(
        one("Http5xx", count, "average", but(0.0, 10..12, 30.0)),
        none,
        "a mean is no count"
    );
    assert_eq!(
        one("CpuPercentage", percent, "average", but(20.0, 10..15, 85.0)),
        "CPU at 85 % or more for 5 min of 40 min, up to 85 %; usual 20 %"
    );
    assert_eq!(one("CpuPercentage", percent, "average", but(20.0, 10..14, 99.0)), none);
    assert_eq!(
        one("MemoryPercentage", percent, "average", but(50.0, 20..40, 93.0)),
        "Memory at 90 % or more for 20 min of 40 min, up to 93 %; usual 93 %"
    );
    assert_eq!(one("MemoryPercentage", percent, "average", but(50.0, 20..40, 89.0)), none);
    assert_eq!(
        one("HttpQueueLength", count, "average", but(0.0, 3..5, 2.5)),
        "Requests waited in a queue in 2 of 40 buckets (5.0 %), on average up to 2.5 at once"
    );
    assert_eq!(one("HttpQueueLength", count, "average", but(0.0, 3..4, 2.5)), none);
    let ramp = |to: f64| (0..40).map(|m| 1e9 + to * 1e9 * f64::from(m) / 39.0).collect();
    assert_eq!(
        one("MemoryWorkingSet", bytes, "average", ramp(1.0)),
        "MemoryWorkingSet grew from 1.1 GB to 1.9 GB in 40 min and was still growing"
    );
    assert_eq!(one("MemoryWorkingSet", bytes, "average", ramp(0.4)), none);
    assert_eq!(
        one("PrivateBytes", bytes, "average", but(1e9, 25..40, 4e8)),
        "PrivateBytes fell to half or less at once 1 time, first from 1.0 GB to 400 MB at 02:25: a process was replaced"
    );
    assert_eq!(one("PrivateBytes", bytes, "average", but(1e9, 25..40, 6e8)), none);
    assert_eq!(
        one("HttpResponseTime", "Seconds", "average", but(0.1, 10..13, 4.0)),
        "HttpResponseTime: 4.0 s on average at the most, 02:10 to 02:12; usual 0.10 s"
    );
    assert_eq!(one("HttpResponseTime", "Milliseconds", "average", but(100.0, 10..13, 900.0)), none);
    let calm = ("Http5xx", count, "total", but(0.0, 0..0, 0.0));
    let away = ("Requests", count, "total", but(50.0, 10..14, 3.0));
    assert_eq!(
        said_of(&[away.clone(), calm]),
        [
            "Requests fell to at most 3 in 60 s, 02:10 to 02:13 (usual 50), and hardly a server error was counted: \
          they did not reach a worker, or nobody came"
        ]
    );
    assert_eq!(said_of(&[away]), [none; 0], "nobody knows whether they failed");
}

#[test]
fn errors_that_the_platform_counted_and_the_log_does_not_hold() {
    let mut log = "#Fields: date time s-sitename cs-method cs-uri-stem sc-status sc-win32-status time-taken\n".to_owned();
    for second in 0..600 {
        let status = if second % 60 == 7 { 500 } else { 200 };
        let _ = writeln!(
            log,
            "2026-03-11 02:{:02}:{:02} SHOP GET /a {status} 0 5",
            second / 60,
            second % 60
        );
    }
    let check = |counted: u64| {
        let data: Vec<Value> = (0..10)
            .map(|m| json!({"timeStamp": format!("2026-03-11T02:{m:02}:00Z"), "total": counted}))
            .collect();
        let metrics = json!({"interval": "PT1M", "value": [{"name": {"value": "Http5xx"}, "timeseries": [{"metadatavalues": [], "data": data}]}]});
        let place = Place::new();
        place.write("in/RawLogs/dda7cc-202603110200.log", log.as_bytes());
        place.write("in/metrics.json", metrics.to_string().as_bytes());
        let findings = place.findings(["in"]);
        let own = rows(&findings["findings"]).iter().filter(|f| f["rule"] == "metric-anomaly");
        own.map(|f| f["headline"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(check(1), [""; 0], "each stands in the log");
    let seen = check(3);
    assert_eq!(seen, ["Azure Monitor counted 30 server errors where the worker's log holds 10"]);
}
