//! What is joined, and what is not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use daaslens_core::Time;

use super::{Course, Joins, by_time, disturbed};
use crate::config::{Config, Filter, Sensitivity};
use crate::records::events::Events;
use crate::records::{Count, Records, platform};

#[test]
fn the_instance_that_pauses_is_the_one_that_crashed() {
    let steady: Course = (0..400).map(|second| (second, (2, 0))).collect();
    let mut paused = steady.clone();
    paused.retain(|second, _| !(200..220).contains(second));
    let instances = BTreeMap::from([("a", steady.clone()), ("b", paused)]);
    assert_eq!(disturbed(&instances, Time::from_seconds(200)), Some("b"));
    assert_eq!(disturbed(&instances, Time::from_seconds(100)), None);
}

#[test]
fn the_instance_that_fails_is_the_one_that_crashed() {
    let steady: Course = (0..400).map(|second| (second, (2, 0))).collect();
    let mut failing = steady.clone();
    failing.insert(201, (5, 5));
    let instances = BTreeMap::from([("a", failing), ("b", steady)]);
    assert_eq!(disturbed(&instances, Time::from_seconds(200)), Some("a"));
}

#[test]
fn what_is_certain_stays_and_what_contradicts_it_is_said() {
    let mut joins = Joins::default();
    joins.add("RD0003FF8A1B2C", "a63402", true, "the environment of a process");
    joins.add("rd0003ff8a1b2c", "c41bc2", true, "the folder of a diagnostic session");
    assert_eq!(joins.instance("rd0003FF8A1B2C").map(|join| join.instance.as_str()), Some("a63402"));
    assert_eq!(
        joins.notes(),
        [
            "Machine RD0003FF8A1B2C is instance a63402 (certain, by the environment of a process).",
            "Machine rd0003ff8a1b2c is instance a63402 (the environment of a process), yet the folder of a diagnostic \
             session names c41bc2: names of machines are used again.",
        ]
    );
}

/// Events of the ASP.NET Core Module: id, time, machine.
fn events(list: &[(u32, &str, &str)]) -> Events {
    let mut xml = "<Events>".to_owned();
    for (id, time, machine) in list {
        let _ = write!(
            xml,
            "<Event><System><Provider Name=\"IIS AspNetCore Module V2\"/><EventID>{id}</EventID><Level>4</Level>\
             <TimeCreated SystemTime=\"{time}\"/><EventRecordID>1</EventRecordID><Computer>{machine}</Computer></System>\
             <EventData><Data>Application 'C:\\home\\site\\wwwroot\\'.</Data><Data>Process Id: 4.</Data></EventData></Event>"
        );
    }
    xml.push_str("</Events>");
    let config = Config {
        threads: 1,
        chunk_size: 1 << 20,
        filter: Filter::default(),
        sensitivity: Sensitivity::Normal,
    };
    let mut events = Events::read(xml.as_bytes(), 0, &config, &mut Count::default());
    events.settle();
    events
}

/// Kudu and the application of an instance are restarted together; a deployment restarts all of them at once.
#[test]
fn kudu_and_the_application_of_an_instance_turn_at_the_same_second() {
    let shutdown = |time: &str, prefix: &str| {
        format!(
            "<step title=\"Process Shutdown\" date=\"{time}\" instance=\"{prefix}\" pid=\"1,2,3\"/>"
        )
    };
    let first = shutdown("2026-03-11T02:00:01.0", "d10e51");
    let second = shutdown("2026-03-11T05:00:00.0", "d10e51");
    let records = |list: &[(u32, &str, &str)]| {
        let (traces, _) = platform::tests::read(&[
            ("kudu/trace/2026-03-11T02-00-01_d10e51_001_Shutdown_0s.xml", &first),
            ("kudu/trace/2026-03-11T05-00-00_d10e51_002_Shutdown_0s.xml", &second),
        ]);
        Records { events: events(list), platform: traces, ..Records::default() }
    };
    let apart = records(&[
        (1033, "2026-03-11T02:00:00Z", "RD1"),
        (1033, "2026-03-11T05:00:02Z", "RD1"),
        (1033, "2026-03-11T04:00:00Z", "RD2"),
    ]);
    let told = by_time::kudu(&apart);
    assert_eq!(told.get("rd1").map(String::as_str), Some("d10e51"));
    assert_eq!(told.get("rd2"), None);
    let together = records(&[
        (1033, "2026-03-11T02:00:00Z", "RD1"),
        (1033, "2026-03-11T02:00:00Z", "RD2"),
        (1033, "2026-03-11T05:00:00Z", "RD1"),
        (1033, "2026-03-11T05:00:00Z", "RD2"),
    ]);
    assert_eq!(by_time::kudu(&together).len(), 0);
}
