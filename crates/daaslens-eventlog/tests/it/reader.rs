//! Files with one quirk each, and everything that is read of them.

use daaslens_eventlog::{Fault, Item, MAX_DATA, MAX_EVENT, read_all};

use crate::{events, shown};

/// Compares all that is read of a fixture with `expected`, whose first line break is for the eye.
macro_rules! check {
    ($name:literal, $expected:literal) => {
        let bytes = include_bytes!(concat!("../../../../fixtures/eventlog/", $name));
        assert_eq!(shown(bytes), $expected.trim_start_matches('\n'));
    };
}

#[test]
fn app_services_own_form() {
    check!(
        "plain.xml",
        r#"
0..8 other
8..497 line 1 AppService W3SVC-WP 2299/0 error time Some("2026-03-11T02:14:07Z") record Some(-1209600000) Application dw0sdwk000A1 pid None
  None "Worker Process requested recycle due to 'Percent Memory' limit. Memory Used: 3453165568 out of 3757625344 available. Exceeded 90 Percent of Memory\r\n"
497..878 line 2 AppService W3SVC-WP 2284/0 warning time Some("2026-03-11T02:14:09Z") record Some(-1209598000) Application dw0sdwk000A1 pid None
  None "8"
  None "5"
  binary 50000780 0x80070050
878..887 other
"#
    );
}

#[test]
fn a_torn_event_costs_itself() {
    check!(
        "torn-event.xml",
        r#"
0..8 other
8..208 line 1 malformed: the event is cut off
208..589 line 1 AppService W3SVC-WP 2284/0 warning time Some("2026-03-11T02:14:09Z") record Some(-1209598000) Application dw0sdwk000A1 pid None
  None "8"
  None "5"
  binary 50000780 0x80070050
589..598 other
"#
    );
}

#[test]
fn nul_bytes_behind_a_torn_event_are_padding() {
    check!(
        "torn-at-the-end-nul-tail.xml",
        r#"
0..8 other
8..497 line 1 AppService W3SVC-WP 2299/0 error time Some("2026-03-11T02:14:07Z") record Some(-1209600000) Application dw0sdwk000A1 pid None
  None "Worker Process requested recycle due to 'Percent Memory' limit. Memory Used: 3453165568 out of 3757625344 available. Exceeded 90 Percent of Memory\r\n"
497..587 line 2 malformed: the event is cut off
587..651 other
"#
    );
}

#[test]
fn two_documents_one_behind_the_other() {
    check!(
        "two-documents.xml",
        r#"
0..34 other
34..523 line 2 AppService W3SVC-WP 2299/0 error time Some("2026-03-11T02:14:07Z") record Some(-1209600000) Application dw0sdwk000A1 pid None
  None "Worker Process requested recycle due to 'Percent Memory' limit. Memory Used: 3453165568 out of 3757625344 available. Exceeded 90 Percent of Memory\r\n"
523..561 other
561..942 line 3 AppService W3SVC-WP 2284/0 warning time Some("2026-03-11T02:14:09Z") record Some(-1209598000) Application dw0sdwk000A1 pid None
  None "8"
  None "5"
  binary 50000780 0x80070050
942..953 other
"#
    );
}

#[test]
fn the_tail_of_an_event_whose_head_is_lost() {
    check!(
        "headless.xml",
        r#"
0..89 line 1 malformed: text outside any event
89..470 line 2 AppService W3SVC-WP 2284/0 warning time Some("2026-03-11T02:14:09Z") record Some(-1209598000) Application dw0sdwk000A1 pid None
  None "8"
  None "5"
  binary 50000780 0x80070050
470..479 other
"#
    );
}

#[test]
fn event_tags_in_texts_do_not_split() {
    check!(
        "event-tags-in-texts.xml",
        r#"
0..24 other
24..394 line 1 AppService Application 1/0 error time Some("2026-03-11T02:14:07Z") record Some(1) Application dw0sdwk000A1 pid None
  None "said <Event> & </Event>"
394..802 line 1 AppService W3SVC-WP 2284/0 warning time Some("2026-03-11T02:14:09Z") record Some(-1209598000) Application dw0sdwk000A1 pid None
  None "<Event>8</Event>"
  None "5"
  binary 50000780 0x80070050
802..811 other
"#
    );
}

#[test]
fn not_utf8() {
    check!(
        "windows-1252.xml",
        r#"
0..8 other
8..358 line 1 AppService Application 1/0 warning time Some("2026-03-11T02:14:07Z") record Some(1) Application dw0sdwk000A1 pid None
  None "Größe überschritten"
  fault: not UTF-8, read as Windows-1252
358..367 other
"#
    );
}

#[test]
fn what_xml_forbids_but_people_write() {
    check!(
        "bare-ampersand-and-controls.xml",
        r#"
0..8 other
8..402 line 1 AppService W3SVC-WP 2284/0 warning time Some("2026-03-11T02:14:09Z") record Some(-1209598000) Application dw0sdwk000A1 pid None
  None "a & b &nbsp; \u{1}"
  None "5"
  binary 50000780 0x80070050
  fault: a bare or unknown `&`
  fault: control characters
402..411 other
"#
    );
}

#[test]
fn times_without_a_date() {
    check!(
        "undated-2013.xml",
        r#"
0..8 other
8..462 line 1 AppService ASP.NET 4.0.30319.0 1309/0 warning time Some("2013-04-05T00:49:19Z") record Some(7) Application RD00155D000A01 pid None
  None "3005"
  None "An unhandled exception has occurred."
  None "4/5/2013 12:49:19 AM"
  None "4/5/2013 12:49:19 AM"
  fault: the time has no date
462..801 line 1 AppService W3SVC-WP 2284/0 warning time None record Some(8) Application RD00155D000A01 pid None
  None "1"
  None "5"
  fault: the time has no date
801..810 other
"#
    );
}

#[test]
fn from_wevtutil() {
    check!(
        "wevtutil-no-root.xml",
        r#"
0..980 line 1 Windows Application Error 1000/0 error time Some("2026-03-11T02:14:07.291Z") record Some(4711) Application web01 pid Some(936)
  Some("AppName") "w3wp.exe"
  Some("AppVersion") "10.0.20348.1"
  Some("AppTimeStamp") "405e4412"
  Some("ModuleName") "php_cache.dll"
  Some("ModuleVersion") "8.1.0.0"
  Some("ModuleTimeStamp") "5fe2d9c1"
  Some("ExceptionCode") "c0000005"
  Some("FaultingOffset") "0000000000002b70"
  Some("ProcessId") "0x3560"
  Some("ProcessCreationTime") "0x1d9b2c3d4e5f607"
980..982 other
982..1738 line 2 Windows Microsoft-Windows-WAS 5011/32768 warning time Some("2026-03-11T02:14:08Z") record Some(4712) System WEB01 pid None
  Some("AppPoolID") "DefaultAppPool"
  Some("ProcessID") "13664"
  binary 6D000780 0x8007006d
  message "A process serving application pool 'DefaultAppPool' suffered a fatal communication error."
1738..1740 other
"#
    );
}

#[test]
fn elements_of_the_providers_own() {
    check!(
        "user-data.xml",
        r#"
0..8 other
8..527 line 1 Windows Microsoft-Windows-Resource-Exhaustion-Detector 2004/0 warning time Some("2026-03-11T02:14:07Z") record None  web01 pid None
  Some("SystemCommitLimit") "100"
  Some("SystemCommitCharge") "99"
  Some("Name") "w3wp.exe"
527..536 other
"#
    );
}

#[test]
fn redirected_by_powershell() {
    check!(
        "powershell-utf16.xml",
        r#"
0..10 other
10..391 line 2 AppService W3SVC-WP 2284/0 warning time Some("2026-03-11T02:14:09Z") record Some(-1209598000) Application dw0sdwk000A1 pid None
  None "8"
  None "5"
  binary 50000780 0x80070050
391..404 other
"#
    );
}

#[test]
fn small_quirks() {
    for (text, expected) in [
        ("", ""),
        ("<Events/>", "0..9 other\n"),
        ("<Events></Events>\r\n", "0..19 other\n"),
        ("<Event/>", "0..8 line 1 malformed: neither a provider nor an event id\n"),
        ("<Event>", "0..7 line 1 malformed: the event is cut off\n"),
        ("<Event", "0..6 line 1 malformed: the event is cut off\n"),
        ("\0\0\0", "0..3 other\n"),
        ("a,b,c\n1,2,3\n", "0..12 line 1 malformed: text outside any event\n"),
        (
            "<Event><System></Event>",
            "0..23 line 1 malformed: an end tag does not match its start tag, 15 bytes into the event\n",
        ),
        // Not an event, however it begins.
        ("<EventData></EventData>", "0..23 line 1 malformed: text outside any event\n"),
        // A CDATA section that is never closed hides nothing.
        (
            "<Event><![CDATA[<Event/>\n</Events>",
            "0..16 line 1 malformed: the event is cut off\n16..24 line 1 malformed: neither a provider nor an event \
             id\n24..34 other\n",
        ),
    ] {
        assert_eq!(shown(text.as_bytes()), expected, "{text:?}");
    }
}

#[test]
fn markers_of_a_tree_view_are_no_text() {
    let text = "- <Event>\n- <System>\n  <EventID>7</EventID>\n  </System>\n- <EventData>\n  <Data>x</Data>\n  </EventData>\n  </Event>";
    let events = events(text.as_bytes());
    assert_eq!((events[0].id, events[0].text(0), events[0].data.len()), (7, "x", 1));
}

#[test]
fn ids_with_severity_bits_and_signs() {
    for (raw, id, qualifiers) in
        [("1026", 1026, 0), ("3221226498", 1026, 0xc000), ("-1073740798", 1026, 0xc000)]
    {
        let text = format!("<Event><System><EventID>{raw}</EventID></System></Event>");
        let events = events(text.as_bytes());
        assert_eq!((events[0].id, events[0].qualifiers), (id, qualifiers), "{raw}");
    }
}

#[test]
fn the_start_of_a_machine_is_its_time_less_its_ticks() {
    let bytes = include_bytes!("../../../../fixtures/eventlog/plain.xml");
    let boots: Vec<_> = events(bytes).iter().map(|event| event.boot().unwrap().rfc3339()).collect();
    // -1,209,600,000 as an unsigned number is 3,085,367,296 ms, a little more than 35 days.
    assert_eq!(boots, ["2026-02-03T09:11:19.704Z"; 2]);
}

#[test]
fn limits_are_kept() {
    let head = "<Event><System><EventID>1</EventID></System><EventData>";
    let long = format!(
        "{head}<Data>{}</Data></EventData></Event>{head}</EventData></Event>",
        "x".repeat(MAX_EVENT)
    );
    let faults: Vec<_> = read_all(long.as_bytes())
        .map(|item| match item {
            Item::Malformed(bad) => Some(bad.fault),
            _ => None,
        })
        .collect();
    let len = (head.len() + MAX_EVENT + "<Data></Data></EventData></Event>".len()) as u64;
    assert_eq!(faults, [Some(Fault::TooLong { len }), None]);

    let many = format!("{head}{}</EventData></Event>", "<Data/>".repeat(MAX_DATA + 3));
    let events = events(many.as_bytes());
    assert_eq!(events[0].data.len(), MAX_DATA);
    assert!(events[0].faults.contains(&Fault::TooManyStrings { found: MAX_DATA as u32 + 3 }));
}
