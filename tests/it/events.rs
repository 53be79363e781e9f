//! Event logs through the whole program: what restarted the application, what ran out, what vanished, and logs of
//! whole servers.

use daaslens_core::Time;
use daaslens_testkit::EventLogBuilder;
use daaslens_testkit::evtx::{self, Record};
use serde_json::Value;

use super::support::{Place, rows, source};

const A: &str = "dw1sdwk00000A";

fn at(clock: &str) -> Time {
    Time::parse(&format!("2026-03-11T{clock}Z")).unwrap()
}

fn findings<'a>(all: &'a Value, rule: &str) -> Vec<&'a Value> {
    rows(&all["findings"]).iter().filter(|one| one["rule"] == rule).collect()
}

fn text<'a>(finding: &'a Value, key: &str) -> &'a str {
    finding[key].as_str().unwrap_or_default()
}

fn headline(finding: &Value) -> String {
    text(finding, "headline").replace('\u{a0}', " ")
}

/// Requests that fail at some seconds of the hour from 02:00 on, among answered ones, one a second.
fn requests(failing: &[i64]) -> Vec<u8> {
    let mut log = String::from(
        "#Fields: date time s-sitename cs-method cs-uri-stem s-port c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\n",
    );
    for second in 0..3600 {
        let time = Time(at("02:00:00").0 + second * 1000).format("%Y-%m-%d %H:%M:%S");
        let end = if failing.contains(&second) { "502 3 12030" } else { "200 0 0" };
        log.push_str(&format!("{time} CONTOSO GET /cart 443 192.0.2.7 UA {end} 40\n"));
    }
    log.into_bytes()
}

#[test]
fn each_restart_has_its_cause_or_none() {
    let mut log = EventLogBuilder::new();
    log.started(at("01:00:00"), A, 100);
    log.limit_recycle(
        at("01:30:00"),
        A,
        "Percent Memory",
        "Memory Used: 3453165568 out of 3757625344 available. Exceeded 90 Percent of Memory",
    );
    log.shut_down(at("01:30:02"), A, 100, "contoso").started(at("01:30:09"), A, 101);
    log.app_offline(at("02:00:00"), A, 101).started(at("02:00:30"), A, 102);
    let frames = ["Contoso.Bus.Connect() in C:\\src\\Bus.cs:line 7"];
    log.crash(at("02:10:00"), A, 102, "System.Net.Sockets.SocketException (10061): No connection could be made because the target machine actively refused it.", &frames);
    log.started(at("02:10:20"), A, 103);
    // Nothing is heard of 103 again.
    log.started(at("02:40:00"), A, 104);
    log.shut_down(at("02:50:00"), A, 104, "contoso").started(at("02:50:05"), A, 105);
    let place = Place::new();
    place.write("LogFiles/eventlog.xml", &log.finish());
    let all = place.findings(["LogFiles"]);

    let recycles = findings(&all, "process-recycle");
    let headlines: Vec<String> = recycles.iter().map(|one| headline(one)).collect();
    let all_of_them = "5 restarts of the application: 1 after a crash, 1 by an auto-heal limit, 1 after app_offline.htm, \
        1 after a process that ended without a word, 1 without a cause in the bundle";
    assert!(headlines.iter().any(|one| one == all_of_them), "{headlines:#?}");
    let table = rows(&all["tables"]).iter().find(|table| table["id"] == "restarts").unwrap();
    let cells: Vec<(&str, &str, &str)> = rows(&table["rows"])
        .iter()
        .map(|row| {
            let cell = |i: usize| row["values"][i].as_str().unwrap_or("-");
            (cell(0), cell(2), cell(4))
        })
        .collect();
    assert_eq!(
        cells,
        [
            ("2026-03-11T01:30:09Z", "by an auto-heal limit", "9\u{a0}s"),
            ("2026-03-11T02:00:30Z", "after app_offline.htm", "30\u{a0}s"),
            ("2026-03-11T02:10:20Z", "after a crash", "20\u{a0}s"),
            ("2026-03-11T02:40:00Z", "after a process that ended without a word", "-"),
            ("2026-03-11T02:50:05Z", "without a cause in the bundle", "5\u{a0}s"),
        ]
    );

    let memory = findings(&all, "resource-exhaustion");
    assert_eq!(memory.len(), 1);
    assert_eq!(
        (&*headline(memory[0]), text(memory[0], "severity"), text(memory[0], "confidence")),
        ("Memory ran short on dw1sdwk00000A: 1 \u{d7} limit 'Percent Memory'", "info", "likely")
    );
    let causes: Vec<&str> =
        rows(&memory[0]["causes"]).iter().map(|cause| text(cause, "hypothesis")).collect();
    assert!(causes.contains(&"limit-recycle"), "{causes:?}");
}

#[test]
fn a_process_that_vanishes_while_requests_fail_is_a_warning() {
    let mut log = EventLogBuilder::new();
    log.started(at("01:00:00"), A, 100).shut_down(at("01:30:00"), A, 100, "contoso");
    log.started(at("01:30:05"), A, 101).started(at("02:20:00"), A, 102);
    log.tracing_noise(at("03:00:00"), A);
    let events = log.finish();
    for (failing, severity, confidence) in
        [((1170..1200).collect::<Vec<_>>(), "warning", "likely"), (Vec::new(), "info", "possible")]
    {
        let place = Place::new();
        place.write("LogFiles/eventlog.xml", &events);
        place.write("LogFiles/http/RawLogs/aaaaaa-202603110200.log", &requests(&failing));
        let all = place.findings(["LogFiles"]);
        let crashes = findings(&all, "crash-signature");
        assert_eq!(
            (&*headline(crashes[0]), text(crashes[0], "severity"), text(crashes[0], "confidence")),
            (
                "1 process ended without a word: 3 started, 2 said that they stopped or crashed",
                severity,
                confidence
            )
        );
        let clusters = findings(&all, "http-5xx-cluster");
        assert_eq!(clusters.len(), usize::from(!failing.is_empty()));
        if let Some(cluster) = clusters.first() {
            let cause = &rows(&cluster["causes"])[0];
            assert_eq!(cause["hypothesis"], "worker-crash");
            let sentences = cause["for"].to_string();
            assert!(sentences.contains("never said that it ended"), "{sentences}");
        }
    }
}

fn crash(program: &str, pid: &str) -> Record {
    let values = [
        program,
        "1.0",
        "5be0a1c3",
        "native.dll",
        "2.0",
        "65aa1b2c",
        "c0000005",
        "1f3c4",
        pid,
        "0",
    ];
    Record {
        at: Some(at("02:14:07")),
        provider: "Application Error".to_owned(),
        id: 1000,
        level: 2,
        channel: "Application".to_owned(),
        computer: "WEB01".to_owned(),
        data: values.map(|text| (String::new(), text.to_owned())).to_vec(),
    }
}

#[test]
fn a_binary_log_tells_of_the_site_and_of_other_programs() {
    let audit = |id| Record {
        at: Some(at("02:00:00")),
        provider: "Microsoft-Windows-Security-Auditing".to_owned(),
        id,
        level: 0,
        channel: "Security".to_owned(),
        computer: "WEB01".to_owned(),
        data: vec![("SubjectUserName".to_owned(), "nobody".to_owned())],
    };
    let place = Place::new();
    place.write(
        "Application.evtx",
        &evtx::write(&[crash("w3wp.exe", "1a2c"), crash("notes.exe", "22")]),
    );
    place.write("Security.evtx", &evtx::write(&[audit(4624), audit(4625), audit(1102)]));
    let all = place.findings(["."]);
    assert_eq!(source(&all, "Application.evtx")["records"], 2);
    assert_eq!(source(&all, "Security.evtx")["records"], 3);
    let crashes: Vec<(&str, String)> = findings(&all, "crash-signature")
        .into_iter()
        .map(|one| (text(one, "severity"), headline(one)))
        .collect();
    assert_eq!(
        crashes,
        [
            ("warning", "A process crashed once on WEB01: STATUS_ACCESS_VIOLATION (0xC0000005) at native.dll".to_owned()),
            ("info", "notes.exe crashed once on WEB01: STATUS_ACCESS_VIOLATION (0xC0000005) at native.dll".to_owned()),
        ]
    );

    let place = Place::new();
    place.write("Application.evtx", &evtx::write(&[crash("notes.exe", "22")]));
    place.write("Security.evtx", &evtx::write(&[audit(4624), audit(4625)]));
    let all = place.findings(["."]);
    let severities: Vec<&str> =
        rows(&all["findings"]).iter().map(|one| text(one, "severity")).collect();
    assert_eq!(severities, ["info"], "{:#}", all["findings"]);
}

#[test]
fn exports_are_read_and_read_back() {
    let place = Place::new();
    for name in ["event-viewer.csv", "get-winevent.csv", "get-winevent.json", "report-appcrash.wer"]
    {
        place.write(format!("in/{name}"), &daaslens_testkit::fixture(&format!("eventlog/{name}")));
    }
    let all = place.findings(["in"]);
    place.write("f.json", all.to_string().as_bytes());
    let counts: Vec<(&str, u64, u64)> =
        ["event-viewer.csv", "get-winevent.csv", "get-winevent.json", "report-appcrash.wer"]
            .into_iter()
            .map(|name| {
                let source = source(&all, name);
                assert_eq!(source["kind"], "eventlog", "{name}");
                (name, source["records"].as_u64().unwrap(), source["malformed"].as_u64().unwrap())
            })
            .collect();
    assert_eq!(
        counts,
        [
            ("event-viewer.csv", 3, 0),
            ("get-winevent.csv", 2, 0),
            ("get-winevent.json", 1, 0),
            ("report-appcrash.wer", 1, 0),
        ]
    );
    assert_eq!(
        source(&all, "event-viewer.csv")["reason"],
        "its clock is local and the file names no zone; read as UTC"
    );
    for finding in rows(&all["findings"]).iter().filter(|one| one["rule"] == "crash-signature") {
        let id = text(finding, "id");
        let place_of = place.run(["show", "f.json", id, "-q", "--redact", "off"]);
        let shown = String::from_utf8(place_of.stdout).unwrap();
        for evidence in rows(&finding["evidence"]) {
            let words: Vec<&str> = text(evidence, "text").split_whitespace().take(2).collect();
            assert!(words.iter().all(|word| shown.contains(word)), "{words:?} in {shown}");
        }
    }
}
