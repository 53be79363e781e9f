//! Request logs that are not W3C, and HTTP.sys's errors, through the whole program.

use daaslens_testkit::fixture;

use super::support::{Place, source};

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
