//! What no single file says: machines of instances, sessions without a record, the half of a day.

use daaslens_core::Time;
use daaslens_platform::kudu::{InstanceJoin, join_traces, read_page, read_text_trace, read_trace};
use daaslens_platform::monitoring::{Clock, Hint, read_log};
use daaslens_platform::session::{self, Generation};
use daaslens_platform::{Tool, kudu};

fn fixture(quirk: &str) -> Vec<(String, Vec<u8>)> {
    let all = crate::fixtures().into_iter().filter(|(of, ..)| of == quirk);
    all.map(|(_, path, bytes)| (path, bytes)).collect()
}

fn join(prefix: &str, machine: &str) -> InstanceJoin {
    InstanceJoin { prefix: prefix.into(), machine: machine.into(), certain: true }
}

#[test]
fn the_dump_that_was_being_made_tells_the_machine() {
    let traces: Vec<kudu::Trace> = fixture("trace-of-the-dump-itself")
        .iter()
        .filter_map(|(path, bytes)| {
            let is_text = kudu::machine_of_name(path).is_some();
            let read = if is_text { read_text_trace(bytes, path) } else { read_trace(bytes, path) };
            read.value
        })
        .collect();
    assert_eq!(traces.len(), 3);
    assert_eq!(join_traces(&traces), [join("d10e51", "10-30-8-121")]);

    // Another process, another time or another path is another request.
    let (text, xml): (Vec<_>, Vec<_>) =
        traces.into_iter().partition(|trace| trace.machine.is_some());
    let with = |change: fn(&mut kudu::Trace)| {
        let mut text = text.clone();
        change(&mut text[0]);
        join_traces(text.iter().chain(&xml))
    };
    assert_eq!(with(|text| text.process = Some((6816, 2, 9))), []);
    assert_eq!(with(|text| text.time = text.time.map(|time| Time(time.0 + 60_000))), []);
    assert_eq!(with(|text| text.path = Some("/other".into())), []);

    // Two instances with the same numbers in the same second: neither is certain.
    let mut twin = xml.clone();
    twin[0].prefix = Some("000001".into());
    let both = join_traces(text.iter().chain(&xml).chain(&twin));
    let certain: Vec<(&str, bool)> =
        both.iter().map(|join| (join.prefix.as_str(), join.certain)).collect();
    assert_eq!(certain, [("000001", false), ("d10e51", false)]);
}

#[test]
fn pages_and_processes_name_the_instance_both_ways() {
    let page = &fixture("environment-page")[0].1;
    assert_eq!(
        read_page(page).value.and_then(|page| page.join()),
        Some(join("d10e51", "dw0sdwk000EQQ"))
    );
    let api = fixture("api");
    let process = api.iter().find(|(path, _)| path == "process-arm.json").unwrap();
    let reply = kudu::read_api(&process.1).value.unwrap();
    assert_eq!(reply.joins(), [join("d10e51", "dw0sdwk000EQQ")]);
}

#[test]
fn a_hint_tells_the_half_of_the_day() {
    let log = &fixture("cpu-log-either-half")[0].1;
    let first = |hint: Hint| {
        let log = read_log(log, hint).value;
        (log.range.unwrap().start.rfc3339(), log.clock)
    };
    assert_eq!(first(Hint::default()), ("2026-03-11T02:14:07Z".into(), Clock::Guessed));
    let start = Time::parse("2026-03-11T14:10:00Z");
    assert_eq!(first(Hint { start, end: None }), ("2026-03-11T14:14:07Z".into(), Clock::Hinted));
}

#[test]
fn folders_tell_of_sessions_whose_record_is_elsewhere() {
    let files = [
        ("home/data/DaaS/Logs/240112_0935127841/RD0003FF8A1B2C/a.dmp", 5),
        ("home/data/DaaS/Logs/240112_0935127841/rd0003ff8a1b2c/diagstatus.diaglog", 1),
        ("home/data/DaaS/Logs/240112_0935127841/RD0003FF9D4E5F/b.dmp", 6),
        ("home/data/DaaS/Reports/240112_0935127841/240112_0937021180/RD0003FF8A1B2C_x.mht", 7),
        ("home/data/DaaS/Reports/240112_0935127841/240112_0937021180/res/a.css", 7),
        ("home/data/DaaS/Logs/contoso/19-06-12/RD0003FF1A2B3C/MemoryDump/a/b/c.dmp", 8),
        ("home/LogFiles/eventlog.xml", 9),
    ];
    let found = session::from_folders(files.into_iter());
    assert_eq!(found.len(), 1);
    let session = &found[0];
    assert_eq!(session.generation, Generation::FoldersOnly);
    assert_eq!(session.instances, ["RD0003FF8A1B2C", "RD0003FF9D4E5F"]);
    let window = session.window().unwrap();
    assert_eq!(window.start.rfc3339(), "2024-01-12T09:35:12.784Z");
    assert_eq!(window.end.rfc3339(), "2024-01-12T09:37:02.118Z");
    let logs: Vec<(&str, u64, usize)> =
        session.logs().map(|log| (log.name.as_str(), log.size, log.reports.len())).collect();
    assert_eq!(logs, [("a.dmp", 5, 1), ("b.dmp", 6, 0)]);
}

#[test]
fn a_file_of_zero_bytes_still_says_when() {
    let session = session::from_name("DaaS/Sessions/Complete/190612_0810441234.xml").unwrap();
    assert_eq!(session.generation, Generation::First);
    assert_eq!(session.start.map(Time::rfc3339).as_deref(), Some("2019-06-12T08:10:44.123Z"));
    assert_eq!(session::from_name("a/190612_0810441234.json.lock"), None);
    assert_eq!(session::from_name("a/active.json"), None);
}

#[test]
fn tools_have_one_name_whatever_they_were_called() {
    for (names, tool) in [
        (&["Memory Dump", "MemoryDump", "MemoryDumpCollector"][..], Tool::MemoryDump),
        (&["CLR Profiler", "Profiler"], Tool::Profiler),
        (
            &["CLR Profiler with Thread Stacks", "Profiler with Thread Stacks"],
            Tool::ProfilerWithThreadStacks,
        ),
        (&["CLR Profiler CPUStacks", "Profiler with CPU Stacks"], Tool::ProfilerWithCpuStacks),
        (&["JAVA Thread Dump"], Tool::JavaThreadDump),
        (&["Http Logs", "HttpLogsCollector"], Tool::HttpLogs),
        (&["Event Viewer Logs", "EventViewer"], Tool::EventLog),
        (&["", "Something New"], Tool::Other),
    ] {
        for name in names {
            assert_eq!(Tool::read(name), tool, "{name}");
        }
    }
}
