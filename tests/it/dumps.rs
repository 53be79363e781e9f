//! Memory dumps and the reports of tools on them, through the whole program.

use std::io::Write as _;

use daaslens_testkit::fixtures;
use serde_json::Value;

use super::support::{Place, rows, source};

const CRASH: &str = "RD0003FF00C0DE_w3wp_4242_20260430-042501.dmp";

/// A DebugDiag report as its page is packed: quoted-printable, a row of the summary, a stack.
const MHT: &str = "MIME-Version: 1.0\r\n\r\n--b\r\nContent-Type: text/html\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\n<div id=3D\"errorsAnalysisSummarySection\"><table>\
    <tr data-is-row=3D\"true\" data-debug-dump=3D\"w3wp_4242.dmp\"><td>Threads 12 and 14 are in a dead=\r\nlock; \
    password=3Dhunter2</td></tr></table></div><h3>.NET Call Stack</h3>Shop.Cart.Load(Int32)\r\n--b--\r\n";

fn finding<'a>(findings: &'a Value, rule: &str) -> Vec<&'a Value> {
    rows(&findings["findings"]).iter().filter(|finding| finding["rule"] == rule).collect()
}

fn headlines(findings: &Value, rule: &str) -> Vec<String> {
    let of = |finding: &&Value| finding["headline"].as_str().unwrap().replace('\u{a0}', " ");
    finding(findings, rule).iter().map(of).collect()
}

#[test]
fn each_dump_is_told_by_what_it_shows() {
    let place = Place::new();
    let findings = place.findings([fixtures().join("dump")]);
    let mut told = headlines(&findings, "dump-signature");
    told.sort();
    assert_eq!(
        told,
        [
            "A memory dump of w3wp.exe shows a .NET exception; its code 0x80131509 suggests: invalid operation",
            "A memory dump of w3wp.exe shows access violation, reading address 0x18, a null pointer, in native.dll+0x1b3a",
            "A memory dump of w3wp.exe, written by hand or by a session, shows 14 of 14 threads that wait for a lock",
        ]
    );
    assert_eq!(
        headlines(&findings, "resource-exhaustion"),
        ["w3wp.exe (32 bits) has no free block of addresses above 8.4 MB"]
    );
    let crash = finding(&findings, "dump-signature")
        .into_iter()
        .find(|finding| finding["subject"]["module"] == "native.dll")
        .unwrap();
    assert_eq!(crash["confidence"], "likely");
    assert_eq!(
        crash["subject"]["signature"],
        "STATUS_ACCESS_VIOLATION (0xC0000005) @ native.dll+0x1b3a"
    );
    // The copy that is cut off is the same dump, and says what is missing.
    assert_eq!(crash["metrics"]["count"], 1);
    let cut = source(
        &findings,
        &format!("dump/{}", CRASH.replace("4242", "4243").replace(".dmp", "-cut-off.dmp")),
    );
    assert_eq!(cut["status"], "partial");
    assert!(cut["reason"].as_str().unwrap().contains("cut off"), "{cut}");
}

#[test]
fn a_packed_dump_tells_the_same_and_no_secret() {
    let place = Place::new();
    let dump = std::fs::read(fixtures().join("dump").join(CRASH)).unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(CRASH, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&dump).unwrap();
    place.write("packed.zip", &zip.finish().unwrap().into_inner());
    let findings = place.findings(["packed.zip"]);
    assert_eq!(
        headlines(&findings, "dump-signature"),
        [
            "A memory dump of w3wp.exe shows access violation, reading address 0x18, a null pointer, in native.dll+0x1b3a"
        ]
    );
    // A password stands in the command line of the tool, in the dump's comment.
    for name in place.names().iter().filter(|name| *name != "packed.zip") {
        let bytes = place.read(name);
        assert!(!bytes.windows(6).any(|window| window == b"s3cret"), "{name}");
    }
}

#[test]
fn what_is_no_dump_is_named_for_what_it_is() {
    let place = Place::new();
    place.write("in/page.dmp", b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>");
    place.write("in/damaged.dmp", b"MDMP");
    place.write("in/core.1234", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x04\0\x3e\0");
    place.write("in/w3wp_4242.mht", MHT.as_bytes());
    let findings = place.findings(["in"]);
    for (file, status, words) in [
        ("in/page.dmp", "skipped", "it is an HTML page that was saved as a dump"),
        ("in/core.1234", "skipped", "it is an ELF core dump, of a Linux process"),
    ] {
        let source = source(&findings, file);
        assert_eq!(source["status"], status, "{source}");
        assert!(source["reason"].as_str().unwrap().starts_with(words), "{source}");
    }
    assert_eq!(source(&findings, "in/damaged.dmp")["malformed"], 1);
    assert_eq!(
        headlines(&findings, "thread-deadlock"),
        ["Threads of w3wp_4242.dmp wait for each other, as DebugDiag tells"]
    );
    assert!(!findings.to_string().contains("hunter2"));
}

/// What Windows writes when a process crashes: code, module, process.
const EVENTS: &str = "<Events><Event><System><Provider Name='Application Error'/><EventID>1000</EventID><Level>1</Level>\
    <TimeCreated SystemTime='2026-04-30T04:24:50Z'/><EventRecordID>7</EventRecordID><Computer>rd0003ff00c0de</Computer></System>\
    <EventData><Data>w3wp.exe</Data><Data>10.0.17763.1</Data><Data>405e4412</Data><Data>native.dll</Data><Data>1.4.0.2</Data>\
    <Data>5fe2d9c1</Data><Data>c0000005</Data><Data>0000000000001b3a</Data><Data>0x1092</Data></EventData></Event></Events>";

#[test]
fn a_dump_and_the_event_of_the_same_crash_confirm_each_other() {
    let place = Place::new();
    let dump = std::fs::read(fixtures().join("dump").join(CRASH)).unwrap();
    place.write(format!("in/{CRASH}"), &dump);
    place.write("in/LogFiles/eventlog.xml", EVENTS.as_bytes());
    let findings = place.findings(["in"]);
    let crash = finding(&findings, "dump-signature")[0];
    assert_eq!(crash["confidence"], "confirmed");
    let sources: Vec<_> =
        rows(&crash["evidence"]).iter().map(|one| one["source"].clone()).collect();
    assert_eq!(sources, [format!("in/{CRASH}").as_str(), "in/LogFiles/eventlog.xml"]);
    // Of another process it is another crash.
    place.write("in/LogFiles/eventlog.xml", EVENTS.replace("0x1092", "0x1093").as_bytes());
    let findings = place.findings(["in"]);
    assert_eq!(finding(&findings, "dump-signature")[0]["confidence"], "likely");
}
