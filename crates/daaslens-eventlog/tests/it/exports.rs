//! Event logs that are neither App Service's nor XML: what Windows' own tools export, and binary logs.

use daaslens_core::Time;
use daaslens_eventlog::{Clock, Format, Item, Log, decode, windows};
use daaslens_testkit::evtx::{Record, write};

use crate::shown;

/// Compares all that is read of a fixture with `expected`, whose first line break is for the eye.
macro_rules! check {
    ($name:literal, $format:expr, $clock:expr, $expected:literal) => {
        let bytes = include_bytes!(concat!("../../../../fixtures/eventlog/", $name));
        let bytes = decode(bytes);
        let log = Log::open(&bytes);
        assert_eq!((log.format(), log.clock()), ($format, $clock));
        assert_eq!(shown(&bytes), $expected.trim_start_matches('\n'));
    };
}

const LOCAL: Clock = Clock::Local { guessed: false };

/// Rows newest first, in local time; the last column has no name.
#[test]
fn event_viewer_in_english() {
    check!(
        "event-viewer.csv",
        Format::Table,
        LOCAL,
        r#"
0..3 other
3..54 other
54..311 line 2 Windows Microsoft-Windows-WAS 5011/0 warning time Some("2026-03-13T02:14:09Z") record None   pid None
  None "shop"
  None "6700"
  message "A process serving application pool 'shop' suffered a fatal communication error with the Windows Process Activation Service. The process id was '6700'. The data field contains the error number."
311..923 line 3 Windows Application Error 1000/0 error time Some("2026-03-13T02:14:07Z") record None   pid None
  Some("AppName") "w3wp.exe"
  Some("AppVersion") "10.0.20348.1"
  Some("AppTimeStamp") "0x405e1dc7"
  Some("ModuleName") "shopnative.dll"
  Some("ModuleVersion") "2.1.0.0"
  Some("ModuleTimeStamp") "0x65aa1b2c"
  Some("ExceptionCode") "0xc0000005"
  Some("FaultingOffset") "0x000000000001f3c4"
  Some("ProcessId") "0x1a2c"
  Some("ProcessCreationTime") "0x01dbaf3c0d2f4e80"
  Some("AppPath") "C:\\Windows\\System32\\inetsrv\\w3wp.exe"
  Some("ModulePath") "C:\\inetpub\\shop\\bin\\shopnative.dll"
  Some("IntegratorReportId") "6f0d3a52-8d0e-4c4b-9a55-0c2f1f6b7a10"
  message "Faulting application name: w3wp.exe, version: 10.0.20348.1, time stamp: 0x405e1dc7\r\nFaulting module name: shopnative.dll, version: 2.1.0.0, time stamp: 0x65aa1b2c\r\nException code: 0xc0000005\r\nFault offset: 0x000000000001f3c4\r\nFaulting process id: 0x1a2c\r\nFaulting application start time: 0x01dbaf3c0d2f4e80\r\nFaulting application path: C:\\Windows\\System32\\inetsrv\\w3wp.exe\r\nFaulting module path: C:\\inetpub\\shop\\bin\\shopnative.dll\r\nReport Id: 6f0d3a52-8d0e-4c4b-9a55-0c2f1f6b7a10\r\nFaulting package full name: \r\nFaulting package-relative application ID:"
923..1006 line 14 Windows Some Service 7/0 information time Some("2026-03-13T02:00:00Z") record None   pid None
  None "It said \"done\", and was."
  message "It said \"done\", and was."
"#
    );
}

/// Tabs, Windows-1252, a row that is cut, and columns told by their shape.
#[test]
fn event_viewer_in_german() {
    check!(
        "event-viewer-german.txt",
        Format::Table,
        LOCAL,
        r#"
0..62 other
62..406 line 2 Windows Application Error 1000/0 error time Some("2026-03-13T02:14:07Z") record None   pid None
  Some("AppName") "w3wp.exe"
  Some("AppVersion") "10.0.20348.1"
  Some("AppTimeStamp") "0x405e1dc7"
  Some("ModuleName") "KERNELBASE.dll"
  Some("ModuleVersion") "10.0.20348.1"
  Some("ModuleTimeStamp") "0x7a1b2c3d"
  Some("ExceptionCode") "0xe0434352"
  Some("FaultingOffset") "0x0000000000034f79"
  Some("ProcessId") "0x1a2c"
  Some("ProcessCreationTime") ""
  Some("AppPath") ""
  Some("ModulePath") ""
  Some("IntegratorReportId") ""
  message "Name der fehlerhaften Anwendung: w3wp.exe, Version: 10.0.20348.1, Zeitstempel: 0x405e1dc7\r\nName des fehlerhaften Moduls: KERNELBASE.dll, Version: 10.0.20348.1, Zeitstempel: 0x7a1b2c3d\r\nAusnahmecode: 0xe0434352\r\nFehleroffset: 0x0000000000034f79\r\nID des fehlerhaften Prozesses: 0x1a2c"
406..477 line 8 Windows Dienst für Größen 7/0 warning time Some("2026-03-13T02:10:00Z") record None   pid None
  None "Übergabe verzögert"
  message "Übergabe verzögert"
  fault: not UTF-8, read as Windows-1252
477..496 line 9 malformed: 2 columns where 6 are declared
"#
    );
}

/// `#TYPE`, columns in the order of PowerShell, day first.
#[test]
fn a_table_of_get_winevent() {
    check!(
        "get-winevent.csv",
        Format::Table,
        LOCAL,
        r#"
0..57 other
57..199 other
199..501 line 3 Windows .NET Runtime 1026/0 error time Some("2026-03-13T02:14:06Z") record Some(4711) Application WEB01 pid None
  None "Application: w3wp.exe\r\nFramework Version: v4.0.30319\r\nDescription: The process was terminated due to an unhandled exception.\r\nException Info: System.InvalidOperationException\r\n   at Shop.Jobs.Nightly.Run()"
  message "Application: w3wp.exe\r\nFramework Version: v4.0.30319\r\nDescription: The process was terminated due to an unhandled exception.\r\nException Info: System.InvalidOperationException\r\n   at Shop.Jobs.Nightly.Run()"
501..736 line 9 Windows Microsoft-Windows-IIS-W3SVC-WP 2276/49152 error time Some("2026-03-13T02:14:08Z") record Some(4712) Application WEB01 pid Some(6700)
  None "The worker process failed to initialize correctly and therefore could not be started.  The data is the error."
  message "The worker process failed to initialize correctly and therefore could not be started.  The data is the error."
"#
    );
}

/// All 32 bits of the id; nothing tells day from month.
#[test]
fn a_table_of_get_eventlog() {
    check!(
        "get-eventlog.csv",
        Format::Table,
        Clock::Local { guessed: true },
        r#"
0..146 other
146..394 line 2 Windows Service Control Manager 7031/49152 error time Some("2026-03-04T02:14:06Z") record Some(88)  WEB01 pid None
  None "The World Wide Web Publishing Service service terminated unexpectedly.  It has done this 2 time(s)."
  message "The World Wide Web Publishing Service service terminated unexpectedly.  It has done this 2 time(s)."
"#
    );
}

/// `/Date(…)/`, values of properties, a brace in a text, and an end in the middle of an object.
#[test]
fn json_of_get_winevent() {
    check!(
        "get-winevent.json",
        Format::Json,
        Clock::Utc,
        r#"
0..7 other
7..655 line 2 Windows Application Error 1000/0 error time Some("2026-03-13T02:14:07.123Z") record Some(4711) Application WEB01 pid None
  None "php-cgi.exe"
  None "8.2.1.0"
  None ""
  message "Faulting application name: php-cgi.exe {"
655..662 other
662..714 line 26 malformed: the event is cut off
"#
    );
}

/// An array inside an object, the type as a number, a time with its zone.
#[test]
fn json_of_get_eventlog() {
    check!(
        "get-eventlog.json",
        Format::Json,
        Clock::Utc,
        r#"
0..1 other
1..28 other
28..485 line 3 Windows Microsoft-Windows-WAS 5010/32768 warning time Some("2026-03-13T01:14:06Z") record Some(88)  WEB01 pid None
  None "shop"
  None "6700"
  message "A process serving application pool 'shop' failed to respond to a ping. The process id was '6700'."
485..515 other
"#
    );
}

/// UTF-16.
#[test]
fn a_crash_report() {
    check!(
        "report-appcrash.wer",
        Format::Report,
        Clock::Utc,
        r#"
0..864 line 1 Windows Windows Error Reporting 1001/0 information time Some("2026-03-13T02:14:07Z") record None   pid None
  Some("EventName") "APPCRASH"
  Some("P1") "w3wp.exe"
  Some("P2") "10.0.20348.1"
  Some("P3") "405e1dc7"
  Some("P4") "shopnative.dll"
  Some("P5") "2.1.0.0"
  Some("P6") "65aa1b2c"
  Some("P7") "c0000005"
  Some("P8") "000000000001f3c4"
  Some("P9") ""
  Some("P10") ""
  Some("ReportId") "6F0D3A52-8D0E-4C4B-9A55-0C2F1F6B7A10"
  Some("AppPath") "C:\\Windows\\System32\\inetsrv\\w3wp.exe"
"#
    );
}

/// Offset before code, and German names.
#[test]
fn a_crash_report_of_another_order() {
    check!(
        "report-bex64.wer",
        Format::Report,
        Clock::Utc,
        r#"
0..733 line 1 Windows Windows Error Reporting 1001/0 information time Some("2026-03-13T02:14:07Z") record None   pid None
  Some("EventName") "BEX64"
  Some("P1") "php-cgi.exe"
  Some("P2") "8.2.1.0"
  Some("P3") "65aa1b2c"
  Some("P4") "ucrtbase.dll"
  Some("P5") "10.0.20348.1"
  Some("P6") "7a1b2c3d"
  Some("P7") "000000000007286e"
  Some("P8") "c0000409"
  Some("P9") "0000000000000007"
  Some("P10") ""
  Some("ReportId") "6F0D3A52-8D0E-4C4B-9A55-0C2F1F6B7A10"
  Some("AppPath") ""
"#
    );
}

/// The second header has other columns; the last row is cut.
#[test]
fn two_tables_in_one_file() {
    check!(
        "two-tables.csv",
        Format::Table,
        LOCAL,
        r#"
0..51 other
51..229 line 2 Windows WAS 5002/0 error time Some("2026-03-13T02:14:07Z") record None   pid None
  None "shop"
  message "Application pool 'shop' is being automatically disabled due to a series of failures in the process(es) serving that application pool."
229..274 other
274..420 line 4 Windows WAS 5186/0 information time Some("2026-03-13T02:20:00Z") record None   pid None
  None "6700"
  None "shop"
  message "A worker process with process id of '6700' serving application pool 'shop' was shutdown due to inactivity."
420..469 line 5 malformed: the event is cut off
"#
    );
}

fn record(id: u32) -> Record {
    Record {
        at: Time::parse("2026-03-13T02:14:07.123Z"),
        provider: "Application Error".to_owned(),
        id,
        level: 2,
        channel: "Application".to_owned(),
        computer: "WEB01".to_owned(),
        data: vec![
            ("AppName".to_owned(), "w3wp.exe".to_owned()),
            (String::new(), "a < b".to_owned()),
        ],
    }
}

/// Event ids, and what could not be read.
fn numbers(bytes: &[u8]) -> Vec<Result<u32, String>> {
    let mut at = 0;
    let mut out = Vec::new();
    for item in Log::open(bytes) {
        assert_eq!(item.span().start, at, "the items tile the input");
        at = item.span().end;
        match item {
            Item::Event(event) => out.push(Ok(event.id)),
            Item::Malformed(bad) => out.push(Err(bad.fault.to_string())),
            Item::Other(_) => {}
        }
    }
    assert_eq!(at, bytes.len() as u64);
    out
}

#[test]
fn a_binary_log() {
    assert_eq!(
        shown(&write(&[record(1000), record(1001)])),
        r#"0..4096 other
4096..4608 other
4608..5542 line 1 Windows Application Error 1000/0 error time Some("2026-03-13T02:14:07.123Z") record Some(1) Application WEB01 pid None
  Some("AppName") "w3wp.exe"
  None "a < b"
5542..6106 line 2 Windows Application Error 1001/0 error time Some("2026-03-13T02:14:07.123Z") record Some(2) Application WEB01 pid None
  Some("AppName") "w3wp.exe"
  None "a < b"
6106..69632 other
"#
    );
}

#[test]
fn damage_in_a_binary_log_costs_what_it_hits() {
    let records: Vec<Record> = (0..300).map(record).collect();
    let whole = write(&records);
    let all: Vec<Result<u32, String>> = (0..300).map(Ok).collect();
    assert_eq!(numbers(&whole), all);

    // The header says that there is one chunk, as in a log that was copied while it was written.
    let mut stale = whole.clone();
    stale[42] = 1;
    assert_eq!(numbers(&stale), all);

    // The size of the third record.
    let mut bitten = whole.clone();
    let third = Log::open(&whole)
        .filter(|item| matches!(item, Item::Event(_)))
        .nth(2)
        .map(|item| item.span().start as usize)
        .unwrap();
    bitten[third + 5] = 0xff;
    let mut expected = all.clone();
    expected[2] = Err("a record that cannot be decoded".to_owned());
    assert_eq!(numbers(&bitten), expected);

    // A whole chunk.
    let mut broken = whole.clone();
    broken[4096] = b'X';
    let found = numbers(&broken);
    assert_eq!(found[0], Err("a chunk that cannot be decoded".to_owned()));
    assert_eq!(found.last(), Some(&Ok(299)));
    assert!(found.len() < 300);

    // The end is missing.
    let found = numbers(&whole[..4096 + 5000]);
    assert_eq!(found[0], Ok(0));
    assert!(found.iter().filter(|one| one.is_err()).count() <= 1, "{found:?}");
}

#[test]
fn reports_tell_the_same_in_any_order_of_their_values() {
    for (bytes, expected) in [
        (
            &include_bytes!("../../../../fixtures/eventlog/report-appcrash.wer")[..],
            ("w3wp.exe", "shopnative.dll", Some(0xc000_0005), Some(0x1_f3c4)),
        ),
        (
            &include_bytes!("../../../../fixtures/eventlog/report-bex64.wer")[..],
            ("php-cgi.exe", "ucrtbase.dll", Some(0xc000_0409), Some(0x7_286e)),
        ),
    ] {
        let bytes = decode(bytes);
        let Some(Item::Event(event)) = Log::open(&bytes).next() else { panic!() };
        let report = windows::error_report(&event).unwrap();
        let found = (&*report.application, &*report.module, report.code, report.offset);
        assert_eq!(found, expected);
        assert_eq!(report.report_id, "6f0d3a52-8d0e-4c4b-9a55-0c2f1f6b7a10");
    }
}

/// A message of ASP.NET as Event Viewer renders it has the strings under headings.
#[test]
fn a_rendered_web_error_is_taken_apart() {
    let table = "Level,Date and Time,Source,Event ID,Task Category\r\n\
        Warning,3/13/2026 2:14:07 AM,ASP.NET 4.0.30319.0,1309,Web Event,\"Event code: 3005 \r\n\
        Event message: An unhandled exception has occurred. \r\nEvent time (UTC): 3/13/2026 2:14:07 AM \r\n\r\n\
        Process information: \r\n    Process ID: 6700 \r\n    Process name: w3wp.exe \r\n\r\n\
        Exception information: \r\n    Exception type: SqlException \r\n    Exception message: Timeout expired.\r\n\
        It was busy. \r\n\r\nRequest information: \r\n    Request URL: https://shop.example/cart?id=7 \r\n\
        \x20   Request path: /cart \r\n    User host address: 192.0.2.7 \r\n\r\n\
        Thread information: \r\n    Thread ID: 12 \r\n    Stack trace:    at Shop.Cart.Load(Int32 id)\r\n\
        \x20  at Shop.Cart.Page() \r\n \r\nCustom event details: \"\r\n";
    let Some(Item::Event(event)) =
        Log::open(table.as_bytes()).find(|item| matches!(item, Item::Event(_)))
    else {
        panic!()
    };
    let error = daaslens_eventlog::aspnet::web_error(&event).unwrap();
    assert_eq!((error.code, error.process_id, &*error.path), (Some(3005), Some(6700), "/cart"));
    let thrown = error.exception.outermost().unwrap();
    assert_eq!(
        (&*thrown.type_name, &*thrown.message),
        ("SqlException", "Timeout expired.\nIt was busy.")
    );
    let frames: Vec<String> =
        error.exception.frames.iter().map(|frame| error.exception.place(frame).function).collect();
    assert_eq!(frames, ["Shop.Cart.Load", "Shop.Cart.Page"]);
}

#[test]
fn rows_that_are_made_to_be_slow_are_not() {
    let header = "Level,Date and Time,Source,Event ID,Task Category\n";
    for piece in [
        "a,\"",
        "\"\n",
        ",,,,\n",
        "a,1/1/2026 1:00,b,1,c,\"x\n",
        "{",
        "{\"",
        "{\"a\":",
        "[{",
        "\\\"",
    ] {
        for start in [header, "[", "{"] {
            let bytes = format!("{start}{}", piece.repeat((2 << 20) / piece.len())).into_bytes();
            let started = std::time::Instant::now();
            let length: u64 = Log::open(&bytes).map(|item| item.span().len()).sum();
            assert_eq!(length, bytes.len() as u64);
            assert!(started.elapsed().as_secs() < 20, "{start}{piece}: {:?}", started.elapsed());
        }
    }
}
