//! Every quirk of the W3C format, through the whole program, from files and from archives.

use daaslens_testkit::{Bundle, ExpectedLog, ZipMethod, ZipOptions, expected_logs, fixture};
use serde_json::Value;

use super::support::{Place, source};

#[test]
fn every_fixture_is_read_as_the_table_says() {
    let mut bundle = Bundle::default();
    for log in expected_logs() {
        // What is no log by its looks is one by its place.
        bundle.add(format!("LogFiles/http/RawLogs/{}", log.path), fixture(&log.path));
    }
    let place = Place::new();
    bundle.write_to(&place.path("tree")).unwrap();
    for (name, method) in [("stored.zip", ZipMethod::Stored), ("packed.zip", ZipMethod::Deflate)] {
        let zip = bundle.to_zip(&ZipOptions { method, ..ZipOptions::default() }).unwrap();
        place.write(name, &zip);
    }
    let mut packed = bundle.clone();
    packed.files_mut().iter_mut().for_each(|file| file.gzip().unwrap());
    packed.write_to(&place.path("gz")).unwrap();
    for (input, ending) in [("tree", ""), ("stored.zip", ""), ("packed.zip", ""), ("gz", ".gz")] {
        for chunk in ["50", "1048576"] {
            let findings = place.findings([input, "--chunk-size", chunk]);
            for log in expected_logs() {
                check(&findings, &log, ending, &format!("{input}, pieces of {chunk}"));
            }
        }
    }
}

fn check(findings: &Value, log: &ExpectedLog, ending: &str, how: &str) {
    let source = source(findings, &format!("{}{ending}", log.path));
    let number = |key: &str| source[key].as_u64().unwrap();
    // Side by side, some are copies of the beginning of others. That is said, and they count once.
    if source["reason"].as_str().is_some_and(|reason| reason.starts_with("an older copy of ")) {
        assert_eq!(
            (&source["status"], number("records")),
            (&"skipped".into(), 0),
            "{} in {how}",
            log.path
        );
        return;
    }
    // Lines of another protocol are no requests, and no faults.
    let found = (number("records"), number("malformed"), number("recovered"));
    assert_eq!(found, (log.requests, log.malformed, log.recovered), "{} in {how}", log.path);
    if log.requests > 0 {
        assert_eq!(
            (&source["status"], &source["kind"]),
            (&"read".into(), &"w3c".into()),
            "{} in {how}",
            log.path
        );
        assert!(source["first"].is_string() && source["last"].is_string(), "{} in {how}", log.path);
    }
}

#[test]
fn every_fixture_alone_is_fine_too() {
    for log in expected_logs() {
        let place = Place::with(&log.path);
        let name = log.path.rsplit('/').next().unwrap();
        for chunk in ["50", "1048576"] {
            let findings = place.findings([name, "--chunk-size", chunk]);
            let mut log = ExpectedLog { path: name.to_owned(), ..log.clone() };
            if source(&findings, name)["kind"] == "not-a-log" {
                assert_eq!(name, "0054_unknown_layout.log");
                log.malformed = 0;
            }
            check(&findings, &log, "", &format!("a file alone, pieces of {chunk}"));
        }
    }
}
