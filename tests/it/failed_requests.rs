//! Failed request traces and detailed error pages, through the whole program.

use daaslens_testkit::fixture;
use serde_json::Value;

use super::json::assert_shape;
use super::support::{Place, rows, source};

const HEADER: &str = "#Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status sc-substatus sc-win32-status time-taken\n";

/// The log of the minute in which the application did not start.
fn log(query: &str) -> String {
    format!(
        "{HEADER}2026-03-11 02:14:05 CONTOSO GET /robots.txt - 80 192.0.2.1 404 0 2 5\n\
         2026-03-11 02:14:12 CONTOSO POST /cart {query} 80 192.0.2.7 500 30 574 5000\n\
         2026-03-11 02:14:20 CONTOSO GET / - 80 192.0.2.8 200 0 0 12\n"
    )
}

fn bundle(query: &str) -> Place {
    let place = Place::new();
    place.write("in/LogFiles/http/RawLogs/a1b2c3-202603110214.log", log(query).as_bytes());
    for (name, file) in [
        ("W3SVC1/fr000001.xml", "freb/application-does-not-start.xml"),
        ("W3SVC1/fr000002.xml", "freb/stopped-at-its-size.xml"),
        ("DetailedErrors/ErrorPage000001.htm", "detailed-errors/application-does-not-start.htm"),
        ("DetailedErrors/ErrorPage000002.htm", "detailed-errors/application-does-not-start.htm"),
        ("DetailedErrors/ErrorPage000003.htm", "detailed-errors/in-german.htm"),
    ] {
        place.write(format!("in/LogFiles/{name}"), &fixture(file));
    }
    place
}

fn found(findings: &Value) -> Vec<&Value> {
    rows(&findings["findings"]).iter().filter(|one| one["rule"] == "failed-request-trace").collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('\u{a0}', " ")
}

#[test]
fn who_set_the_error_is_told_and_its_line_in_the_log_is_found() {
    let place = bundle("X-ARR-LOG-ID=0f0e0d0c-0000-4000-8000-0000000000ab");
    let findings = place.findings(["in"]);
    assert_shape(&findings);
    let found = found(&findings);
    let headlines: Vec<String> = found.iter().map(|one| text(&one["headline"])).collect();
    assert_eq!(
        headlines,
        [
            "AspNetCoreModuleV2 set 500.30, error 0x8007023E (1 trace and 2 detailed error pages)",
            "Requests for /upload took up to 61 s; the trace covers 730 ms of 61 s (1 trace)",
            "A module that is not named set 404, error 0x80070002 (1 detailed error page)",
        ]
    );
    let start = found[0];
    assert_eq!(
        (&start["severity"], &start["confidence"]),
        (&"warning".into(), &"confirmed".into())
    );
    assert_eq!(start["subject"]["module"], "AspNetCoreModuleV2");
    assert_eq!(start["causes"][0]["hypothesis"], "startup-failure");
    assert_eq!(start["window"]["start"], "2026-03-11T02:14:07Z");
    let evidence: Vec<(String, u64)> = rows(&start["evidence"])
        .iter()
        .map(|one| (text(&one["text"]), one["alike"].as_u64().unwrap()))
        .collect();
    assert!(
        evidence[0].0.ends_with(
            "/cart 500.30, set by AspNetCoreModuleV2 in EXECUTE_REQUEST_HANDLER, 0x8007023E, 5 s, 3.4 s of it: \
             AspNetCoreModuleV2 in EXECUTE_REQUEST_HANDLER"
        ),
        "{evidence:#?}"
    );
    assert!(evidence[1].0.starts_with("2026-03-11 02:14:12 "), "{evidence:#?}");
    assert_eq!(evidence[2].1, 2, "two pages are alike");
    assert_eq!(found[1]["confidence"], "likely");
    assert_eq!(found[2]["severity"], "info");
}

#[test]
fn without_a_number_a_line_is_inferred_and_with_two_it_is_not_told() {
    let place = bundle("-");
    let place_of_two = bundle("-");
    let twice = format!(
        "{0}2026-03-11 02:14:12 CONTOSO POST /cart - 80 192.0.2.9 500 30 574 4000\n",
        log("-")
    );
    place_of_two.write("in/LogFiles/http/RawLogs/a1b2c3-202603110214.log", twice.as_bytes());
    let (one, two) = (place.findings(["in"]), place_of_two.findings(["in"]));
    assert_eq!(found(&one)[0]["confidence"], "confirmed");
    assert_eq!(found(&two)[0]["confidence"], "likely");
}

#[test]
fn nothing_of_headers_queries_and_users_is_shown() {
    let place = bundle("X-ARR-LOG-ID=0f0e0d0c-0000-4000-8000-0000000000ab");
    let run = place.run(["in", "-q", "--redact", "off", "-o", "r.html", "--json", "r.json"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for name in ["r.html", "r.json"] {
        let text = String::from_utf8(place.read(name)).unwrap();
        assert!(!text.contains("not-to-be-shown"), "{name}");
    }
}

#[test]
fn what_is_cut_off_is_read_as_far_as_it_goes() {
    let place = Place::new();
    place.write("in/W3SVC1/fr000001.xml", &fixture("freb/cut-off.xml"));
    place.write("in/DetailedErrors/ErrorPage000001.htm", &fixture("detailed-errors/cut-off.htm"));
    place.write("in/W3SVC1/fr000002.xml", b"<failedRequest ");
    place.write("in/DetailedErrors/ErrorPage000002.htm", b"<title>IIS Detailed Error");
    let findings = place.findings(["in"]);
    let said = |path: &str| {
        let source = source(&findings, path);
        let reason = text(&source["reason"]);
        (text(&source["status"]), reason, source["records"].as_u64().unwrap())
    };
    let partial = |reason: &str| ("partial".to_owned(), reason.to_owned(), 1);
    assert_eq!(said("fr000001.xml"), partial("the trace is cut off"));
    assert_eq!(said("ErrorPage000001.htm"), partial("it is cut off here"));
    for damaged in ["fr000002.xml", "ErrorPage000002.htm"] {
        let source = source(&findings, damaged);
        assert_eq!((&source["records"], &source["malformed"]), (&0.into(), &1.into()), "{source}");
    }
}
