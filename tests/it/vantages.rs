//! The same visits in several logs: one of them counts, the others are compared with it.

use serde_json::Value;

use super::support::{Place, rows, source};

/// What came in during an hour, one request a second, from 2026-03-11T02:00:00Z on: `each` gives status and duration.
fn worker(each: impl Fn(u32) -> Option<(u16, u32)>) -> String {
    let mut log = String::from(
        "#Fields: date time s-sitename cs-method cs-uri-stem c-ip sc-status sc-substatus sc-win32-status time-taken\n",
    );
    for second in 0..3600 {
        let Some((status, ms)) = each(second) else { continue };
        log.push_str(&format!(
            "2026-03-11 02:{:02}:{:02} SHOP GET /cart 192.0.2.7 {status} 0 0 {ms}\n",
            second / 60,
            second % 60
        ));
    }
    log
}

/// The same as `AppServiceHTTPLogs`, from two instances in turn.
fn resource_log(each: impl Fn(u32) -> (u16, u32)) -> String {
    let mut log = String::new();
    for second in 0..3600_u32 {
        let (status, ms) = each(second);
        let (minute, of_minute) = (second / 60, second % 60);
        let machine = ["WEBWK000001", "WEBWK000002"][(second % 2) as usize];
        log.push_str(&format!(
            "{{\"time\":\"2026-03-11T02:{minute:02}:{of_minute:02}Z\",\"resourceId\":\"/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.WEB/SITES/SHOP\",\"category\":\"AppServiceHTTPLogs\",\"properties\":{{\"CsMethod\":\"GET\",\"CsUriStem\":\"/cart\",\"CIp\":\"192.0.2.7\",\"ComputerName\":\"{machine}\",\"ScStatus\":{status},\"ScSubStatus\":\"0\",\"ScWin32Status\":\"0\",\"TimeTaken\":{ms},\"CsHost\":\"shop.example.org\"}}}}\n"
        ));
    }
    log
}

fn clusters(findings: &Value) -> Vec<&Value> {
    rows(&findings["findings"]).iter().filter(|one| one["rule"] == "http-5xx-cluster").collect()
}

/// Two minutes from 02:30:00 on.
fn is_outage(second: u32) -> bool {
    (1800..1920).contains(&second)
}

#[test]
fn what_only_the_log_in_front_knows_is_said_and_not_added() {
    let place = Place::new();
    // The worker has no line of what the front end answered by itself.
    place.write("in/u_ex.log", worker(|s| (!is_outage(s)).then_some((200, 15))).as_bytes());
    let seen = resource_log(|s| if is_outage(s) { (502, 230_000) } else { (200, 15) });
    place.write("in/PT1H.json", seen.as_bytes());
    let findings = place.findings(["in"]);
    let http = &findings["http"];
    assert_eq!((&http["requests"], &http["server_errors"]), (&3480.into(), &0.into()));
    let others = rows(&http["other_vantages"]);
    assert_eq!(others.len(), 1);
    assert_eq!(others[0]["name"], "AppServiceHTTPLogs");
    assert_eq!((&others[0]["requests"], &others[0]["server_errors"]), (&3600.into(), &120.into()));
    let found = clusters(&findings);
    assert_eq!(found.len(), 1, "{:#}", findings["findings"]);
    let one = found[0];
    assert_eq!(
        one["headline"],
        "502 for 2\u{a0}min: 120 of 120 requests failed (100\u{a0}%), usually none in AppServiceHTTPLogs alone; RawLogs has 0\u{a0}server errors in the same window"
    );
    assert_eq!(one["metrics"]["known_errors"], 0);
    let causes: Vec<_> =
        rows(&one["causes"]).iter().map(|cause| cause["hypothesis"].as_str().unwrap()).collect();
    assert!(causes.contains(&"front-end-timeout") && causes.contains(&"platform"), "{causes:?}");
    assert!(one["evidence"][0]["source"].as_str().unwrap().ends_with("PT1H.json"));
}

#[test]
fn what_both_know_is_one_cluster() {
    let place = Place::new();
    let each = |s: u32| if is_outage(s) { (503, 15) } else { (200, 15) };
    place.write("in/u_ex.log", worker(|s| Some(each(s))).as_bytes());
    place.write("in/PT1H.json", resource_log(each).as_bytes());
    let findings = place.findings(["in"]);
    assert_eq!(clusters(&findings).len(), 1);
    assert_eq!(findings["http"]["requests"], 3600);
}

#[test]
fn without_the_workers_log_the_next_vantage_counts_and_instances_come_from_its_records() {
    let place = Place::new();
    let log = resource_log(|s| if is_outage(s) { (503, 15) } else { (200, 15) });
    place.write("in/PT1H.json", log.as_bytes());
    let findings = place.findings(["in"]);
    assert_eq!(findings["http"]["requests"], 3600);
    assert!(rows(&findings["http"]["other_vantages"]).is_empty());
    assert_eq!(rows(&findings["http"]["instances"]).len(), 2);
    assert_eq!(clusters(&findings).len(), 1);
    assert!(source(&findings, "PT1H.json")["instance"].is_null());
    let one = place.findings(["in", "--instance", "webwk000002"]);
    assert_eq!(one["http"]["requests"], 1800);
}
