//! Events folded into incidents.

use daaslens_eventlog::incident::{IncidentKind, Phase, boots, fold, vanished};
use daaslens_eventlog::{Incident, windows};

use crate::events;

fn shown(incidents: &[Incident]) -> Vec<String> {
    let line = |incident: &Incident| {
        format!(
            "{} +{} s {:?} pid {:?} {:?} events {:?} {} @ {} code {:x?} {}",
            incident.range.start.format("%H:%M:%S"),
            incident.range.seconds(),
            incident.kind,
            incident.process_id,
            incident.process.as_deref(),
            incident.events,
            incident.exception.as_ref().and_then(|e| e.innermost()).map_or("-", |t| &t.type_name),
            incident
                .exception
                .as_ref()
                .and_then(|e| Some(e.place(e.frames.first()?).function))
                .unwrap_or("-".to_owned()),
            incident.code,
            incident.detail.as_deref().unwrap_or("-"),
        )
    };
    incidents.iter().map(line).collect()
}

const CRASHES: &[u8] = include_bytes!("../../../../fixtures/eventlog/crashes-and-recycles.xml");

#[test]
fn three_events_are_one_crash() {
    assert_eq!(
        shown(&fold(&events(CRASHES))),
        [
            r#"02:14:07 +1 s Crash { phase: Running } pid Some(6492) Some("w3wp.exe") events [2, 3, 4] System.Net.Sockets.SocketException @ Shop.Bus.ConnectAsync code Some(e0434352) -"#,
            r#"02:15:00 +1 s Crash { phase: Startup } pid Some(7001) Some("w3wp.exe") events [5, 6, 7] System.ArgumentException @ Shop.Data.Store..ctor code Some(e0434352) -"#,
            r#"02:15:03 +1 s Crash { phase: Startup } pid Some(7002) Some("w3wp.exe") events [8, 9, 10] System.ArgumentException @ Shop.Data.Store..ctor code Some(e0434352) -"#,
            r"02:20:00 +0 s LimitRecycle pid None None events [11] - @ - code None Startup Failures",
            r#"02:30:00 +0 s Crash { phase: Unknown } pid None Some("Job.exe") events [12] System.IO.FileNotFoundException @ Job.Program.Main code None -"#,
            r"03:00:00 +0 s AppOffline pid Some(700) None events [13] - @ - code None -",
        ]
    );
}

#[test]
fn the_order_of_the_file_does_not_matter() {
    let forward = events(CRASHES);
    let mut backward = forward.clone();
    backward.reverse();
    let last = forward.len() - 1;
    let mut mirrored = fold(&backward);
    for incident in &mut mirrored {
        for index in &mut incident.events {
            *index = last - *index;
        }
    }
    assert_eq!(mirrored, fold(&forward));
}

#[test]
fn without_the_first_event_the_module_tells_the_exception() {
    let without: Vec<_> = events(CRASHES).into_iter().filter(|event| event.id != 1026).collect();
    let incidents = fold(&without);
    assert_eq!(
        incidents[0].exception.as_ref().map(|e| e.place(&e.frames[0]).function).unwrap(),
        "Shop.Bus.ConnectAsync"
    );
    assert_eq!(
        incidents.iter().filter(|i| matches!(i.kind, IncidentKind::Crash { .. })).count(),
        3
    );
}

#[test]
fn machines_are_kept_apart() {
    let mut events = events(CRASHES);
    for event in &mut events {
        if event.id == 1007 {
            event.computer = "another".into();
        }
    }
    let kinds: Vec<_> =
        fold(&events).iter().filter(|i| i.computer == "another").map(|i| i.kind).collect();
    assert_eq!(kinds, [IncidentKind::StartupFailure; 3]);
}

#[test]
fn a_native_crash_on_a_server_and_the_pool_that_notices() {
    let events = events(include_bytes!("../../../../fixtures/eventlog/wevtutil-no-root.xml"));
    let error = windows::application_error(&events[0]).unwrap();
    assert_eq!((error.process_id, error.offset), (Some(13664), Some(0x2b70)));
    assert_eq!(
        shown(&fold(&events)),
        [
            r#"02:14:07 +0 s Crash { phase: Unknown } pid Some(13664) Some("w3wp.exe") events [0, 1] - @ - code Some(c0000005) php_cache.dll"#
        ]
    );
}

#[test]
fn a_process_that_is_replaced_without_a_word_has_vanished() {
    let at = |seconds: i64, id: u32, process_id: u32| {
        let texts = [
            "Application 'C:\\home\\site\\wwwroot\\' started successfully.",
            &format!("Process Id: {process_id}."),
        ];
        let mut event = crate::event("IIS AspNetCore Module V2", id, &texts);
        event.time = Some(daaslens_core::Time::from_seconds(seconds));
        event.record_id = Some(seconds * 1000);
        event
    };
    // 1 stops after its successor has started; 2 never does; 3 is the last.
    let mut events = vec![at(10, 1032, 1), at(20, 1032, 2), at(21, 1033, 1), at(900, 1032, 3)];
    let gone: Vec<_> =
        vanished(&events).iter().map(|v| (v.process_id, v.event, v.replaced.seconds())).collect();
    assert_eq!(gone, [(2, 1, 900)]);
    assert_eq!(fold(&events), []);
    // A machine that was restarted in between lost its processes for another reason.
    events[3].record_id = Some(5);
    assert_eq!(vanished(&events), []);
}

#[test]
fn an_executable_of_its_own_crashes_while_it_is_up() {
    let started = crate::event(
        "IIS AspNetCore Module V2",
        1001,
        &[
            "Application '/LM/W3SVC/2/ROOT' started process '42' successfully and process '42' is listening on port '5000'.",
        ],
    );
    let death = crate::event(
        ".NET Runtime",
        1026,
        &[
            "Application: Shop.exe\nCoreCLR Version: 8\nDescription: x\nException Info: A.BException: c\n   at A.B()\n",
        ],
    );
    let kinds: Vec<_> = fold(&[started, death.clone(), death]).iter().map(|i| i.kind).collect();
    assert_eq!(
        kinds,
        [
            IncidentKind::Crash { phase: Phase::Running },
            IncidentKind::Crash { phase: Phase::Unknown }
        ]
    );
}

#[test]
fn a_change_told_twice_is_one_and_two_limits_are_two() {
    let limit = |name: &str| {
        let text = format!("Worker Process requested recycle due to '{name}' limit.");
        crate::event("W3SVC-WP", 2299, &[&text])
    };
    let offline = crate::event(
        "IIS AspNetCore Module V2",
        1012,
        &[
            "Application '/LM/W3SVC/2/ROOT' was recycled after detecting the app_offline.htm file.",
            "Process Id: 7.",
        ],
    );
    let events =
        [limit("Memory"), offline.clone(), limit("Slow Requests"), limit("Memory"), offline];
    let told: Vec<_> = fold(&events).into_iter().map(|i| (i.kind, i.events, i.detail)).collect();
    let memory = Some("Memory".to_owned());
    let slow = Some("Slow Requests".to_owned());
    assert_eq!(
        told,
        [
            (IncidentKind::LimitRecycle, vec![0, 3], memory),
            (IncidentKind::AppOffline, vec![1, 4], None),
            (IncidentKind::LimitRecycle, vec![2], slow),
        ]
    );
}

/// A native crash of a server: the crash itself, its report, the report once more when it is sent, and what the
/// activation service saw.
#[test]
fn a_crash_with_its_reports_and_the_pools_view_is_one() {
    let report = "6f0d3a52-8d0e-4c4b-9a55-0c2f1f6b7a10";
    let event = |time: &str, provider: &str, id: u32, texts: &[&str]| {
        let mut event = crate::event(provider, id, texts);
        event.dialect = daaslens_eventlog::Dialect::Windows;
        event.time = daaslens_core::Time::parse(&format!("2026-03-13T{time}Z"));
        event
    };
    let wer = |time| {
        event(
            time,
            "Windows Error Reporting",
            1001,
            &[
                "",
                "0",
                "APPCRASH",
                "",
                "0",
                "w3wp.exe",
                "10",
                "5e",
                "native.dll",
                "2",
                "6a",
                "c0000005",
                "1f3c4",
                "",
                "",
                "",
                "",
                "",
                "0",
                report,
                "0",
            ],
        )
    };
    let error = [
        "w3wp.exe",
        "10",
        "5e",
        "native.dll",
        "2",
        "6a",
        "c0000005",
        "1f3c4",
        "1a2c",
        "0",
        "",
        "",
        report,
    ];
    let events = [
        event("02:14:07", "Application Error", 1000, &error),
        wer("02:14:10"),
        event("02:14:09", "Microsoft-Windows-WAS", 5011, &["shop", "6700"]),
        wer("09:00:00"),
        // A report of something else is no news of a crash.
        event(
            "09:00:01",
            "Windows Error Reporting",
            1001,
            &["", "0", "WindowsUpdateFailure3", "", "0", "10"],
        ),
        event("10:00:00", "Microsoft-Windows-WAS", 5002, &["shop"]),
    ];
    assert_eq!(
        shown(&fold(&events)),
        [
            r#"02:14:07 +2 s Crash { phase: Unknown } pid Some(6700) Some("w3wp.exe") events [0, 2, 1, 3] - @ - code Some(c0000005) native.dll"#,
            r#"10:00:00 +0 s RapidFail pid None Some("w3wp.exe") events [5] - @ - code None -"#,
        ]
    );
}

#[test]
fn a_machine_that_was_started_again_has_another_life() {
    let at = |second: i64, ticks: i64, computer: &str| {
        let mut event = crate::event("W3SVC-WP", 2303, &["1"]);
        event.time = Some(daaslens_core::Time::from_seconds(second));
        event.record_id = Some(ticks);
        event.computer = computer.to_owned().into();
        event
    };
    let events = [
        at(1_000, 500_000, "dw1sdwk0001"),
        at(1_001, 501_900, "DW1SDWK0001"),
        at(2_000, 30_000, "dw1sdwk0001"),
        at(2_100, 9_000_000, "dw1sdwk0002"),
    ];
    let lives: Vec<_> = boots(&events)
        .into_iter()
        .map(|one| {
            let seconds = one.before.map(daaslens_core::Time::seconds);
            (one.computer, one.booted.0, one.range.seconds(), one.event, seconds)
        })
        .collect();
    assert_eq!(
        lives,
        [
            ("dw1sdwk0001".to_owned(), 500_000, 1, 0, None),
            ("dw1sdwk0001".to_owned(), 1_970_000, 0, 2, Some(1_001)),
            ("dw1sdwk0002".to_owned(), -6_900_000, 0, 3, None),
        ]
    );
}
