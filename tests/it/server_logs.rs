//! Request logs that are not W3C, and HTTP.sys's errors, through the whole program.

use daaslens_testkit::fixture;

use super::support::{Place, rows, source};

/// Kind, file, then records, malformed lines and recovered ones, judged from the formats.
const EXPECTED: [(&str, &str, [u64; 3]); 15] = [
    ("ncsa", "common-of-iis.log", [4, 0, 1]),
    ("ncsa", "combined-with-escapes.log", [10, 0, 0]),
    ("ncsa", "virtual-hosts-and-more.log", [3, 0, 0]),
    ("ncsa", "offsets-and-midnight.log", [4, 0, 0]),
    ("ncsa", "damaged.log", [3, 9, 0]),
    ("ncsa", "carriage-returns.log", [2, 0, 0]),
    ("iis-native", "month-first.log", [4, 0, 0]),
    ("iis-native", "day-first-told-late.log", [3, 1, 0]),
    ("iis-native", "dots-and-dashes.log", [3, 0, 0]),
    ("iis-native", "commas.log", [3, 0, 2]),
    ("iis-native", "damaged.log", [3, 6, 0]),
    ("httperr", "header-of-13-columns.log", [6, 0, 1]),
    ("httperr", "header-of-15-columns.log", [4, 0, 0]),
    ("httperr", "no-header-12-to-15-columns.log", [6, 0, 1]),
    ("httperr", "damaged.log", [2, 4, 0]),
];

/// As PowerShell's `>` saves text.
fn utf16(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn every_fixture_is_read_as_the_table_says() {
    for (kind, name, expected) in EXPECTED {
        let bytes = fixture(&format!("{kind}/{name}"));
        let place = Place::new();
        place.write("plain/x.log", &bytes);
        place.write("utf16/x.log", &utf16(&bytes));
        for form in ["plain", "utf16"] {
            for chunk in ["50", "1048576"] {
                let findings = place.findings([form, "--chunk-size", chunk]);
                let source = source(&findings, "x.log");
                let number = |key: &str| source[key].as_u64().unwrap();
                let how = format!("{kind}/{name}, {form}, pieces of {chunk}");
                assert_eq!(
                    (source["kind"].as_str(), &source["status"]),
                    (Some(kind), &"read".into()),
                    "{how}"
                );
                assert_eq!(["records", "malformed", "recovered"].map(number), expected, "{how}");
                let requests = if kind == "httperr" { 0 } else { expected[0] };
                assert_eq!(findings["http"]["requests"].as_u64().unwrap_or(0), requests, "{how}");
            }
        }
    }
}

#[test]
fn a_day_beyond_the_twelfth_tells_how_all_dates_are_written() {
    let place = Place::with("iis-native/day-first-told-late.log");
    for chunk in ["50", "1048576"] {
        let findings = place.findings(["day-first-told-late.log", "--chunk-size", chunk]);
        let source = source(&findings, "day-first-told-late.log");
        assert_eq!(source["first"], "2026-03-01T07:00:00Z");
        assert_eq!(source["last"], "2026-03-13T07:00:00Z");
        assert_eq!(
            source["reason"],
            "its clock is local and the file names no zone; read as UTC; the day stands before the month in its dates"
        );
    }
}

#[test]
fn a_log_of_ftp_sessions_is_no_log_of_requests() {
    let findings = Place::with("iis-native/ftp.log").findings(["ftp.log"]);
    let source = source(&findings, "ftp.log");
    assert_eq!(source["reason"], "a log of FTP sessions, not of web requests");
    assert!(findings["http"].is_null());
}

/// A server's log with a request a second for an hour, and HTTP.sys's beside it.
fn with_httperr(records: &str) -> Place {
    let place = Place::new();
    let mut log =
        String::from("#Fields: date time cs-method cs-uri-stem c-ip sc-status time-taken\n");
    for second in 0..3600 {
        let (minute, second) = (second / 60, second % 60);
        log.push_str(&format!("2026-03-11 02:{minute:02}:{second:02} GET /a 192.0.2.7 200 15\n"));
    }
    place.write("in/u_ex260311.log", log.as_bytes());
    place.write("in/httperr1.log", records.as_bytes());
    place
}

/// `count` records from 02:`minute`:00 on, two seconds apart.
fn refusals(minute: u32, count: u32, status: &str, reason: &str) -> String {
    let line = |i: u32| {
        let (minute, second) = (minute + i * 2 / 60, i * 2 % 60);
        format!(
            "2026-03-11 02:{minute:02}:{second:02} 192.0.2.7 5 10.0.0.4 80 HTTP/1.1 GET /cart {status} 2 {reason} shop\n"
        )
    };
    (0..count).map(line).collect()
}

fn of_rule<'a>(findings: &'a serde_json::Value, rule: &str) -> Vec<&'a serde_json::Value> {
    rows(&findings["findings"]).iter().filter(|one| one["rule"] == rule).collect()
}

#[test]
fn what_http_sys_refused_is_a_finding_with_its_share_and_no_request() {
    let idle = "2026-03-11 02:00:00 192.0.2.8 5 10.0.0.4 80 - - - - - Timer_ConnectionIdle -\n";
    let log = idle.repeat(50) + &refusals(10, 90, "503", "QueueFull");
    let findings = with_httperr(&log).findings(["in"]);
    assert_eq!(findings["http"]["requests"], 3600);
    let found = of_rule(&findings, "concurrency-saturation");
    assert_eq!(found.len(), 1, "{:#}", findings["findings"]);
    let one = found[0];
    assert_eq!(
        one["headline"],
        "90 \u{d7} QueueFull of HTTP.sys within 2\u{a0}min 59\u{a0}s: the pool's request queue is full"
    );
    assert_eq!(one["severity"], "critical");
    assert_eq!(one["metrics"]["count"], 90);
    assert_eq!(one["metrics"]["requests"], 179);
    assert_eq!(one["window"]["start"], "2026-03-11T02:10:00Z");
    assert_eq!(one["window"]["end"], "2026-03-11T02:12:58Z");
    let evidence = &one["evidence"][0];
    assert_eq!((&evidence["line"], &evidence["alike"]), (&51.into(), &90.into()));
    assert_eq!(one["causes"][0]["hypothesis"], "request-queue-full");
    // One kind of evidence, which means just this.
    assert_eq!(one["causes"][0]["confidence"], "likely");
}

#[test]
fn each_reason_belongs_to_its_rule_and_noise_to_none() {
    for (status, reason, rule) in [
        ("503", "AppOffline", Some("crash-loop")),
        ("-", "Connection_Abandoned_By_ReqQueue", Some("process-recycle")),
        ("-", "Timer_ReqQueue", Some("stall")),
        ("503", "Disabled", Some("http-silence")),
        ("503", "N/A", Some("http-silence")),
        ("-", "Timer_ConnectionIdle", None),
        ("-", "Client_Reset", None),
        ("400", "BadRequest", None),
    ] {
        let findings = with_httperr(&refusals(10, 6, status, reason)).findings(["in"]);
        for one in
            ["crash-loop", "process-recycle", "stall", "http-silence", "concurrency-saturation"]
        {
            let expected = usize::from(rule == Some(one));
            assert_eq!(of_rule(&findings, one).len(), expected, "{reason} as {one}");
        }
    }
}

#[test]
fn an_older_copy_of_an_error_log_counts_once() {
    let log = refusals(10, 90, "503", "QueueFull");
    let place = with_httperr(&log);
    place.write("in/older/httperr1.log", &log.as_bytes()[..log.len() / 3]);
    let findings = place.findings(["in"]);
    assert_eq!(of_rule(&findings, "concurrency-saturation")[0]["metrics"]["count"], 90);
    let copy = source(&findings, "older/httperr1.log");
    assert_eq!(copy["status"], "skipped");
}

#[test]
fn what_http_sys_refused_explains_the_failures_beside_it() {
    let place = with_httperr(&refusals(40, 90, "503", "QueueFull"));
    // Every second request of the server's own fails meanwhile.
    let log = String::from_utf8(place.read("in/u_ex260311.log")).unwrap();
    let fails =
        |line: &str| ["40:", "41:", "42:"].iter().any(|minute| line[14..].starts_with(minute));
    let log: String = log
        .lines()
        .enumerate()
        .map(|(i, line)| match i % 2 {
            1 if fails(line) => line.replace(" 200 ", " 503 ") + "\n",
            _ => line.to_owned() + "\n",
        })
        .collect();
    place.write("in/u_ex260311.log", log.as_bytes());
    let findings = place.findings(["in"]);
    let one = of_rule(&findings, "http-5xx-cluster")[0];
    assert_eq!(one["causes"][0]["hypothesis"], "request-queue-full", "{:#}", one["causes"]);
    let evidence = rows(&one["evidence"]).iter();
    let beside = evidence.filter(|line| line["source"] == "in/httperr1.log").count();
    assert_eq!(beside, 1);
}
