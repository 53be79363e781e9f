//! Records of the platform, put together from made-up trees.

use std::sync::Arc;

use daaslens_core::{Kind, Source, Time, TimeRange};

use super::super::Count;
use super::{Platform, recognise};
use daaslens_platform::What;
use daaslens_testkit::MemorySource;

/// Reads the files of a tree, in the order in which they are given: what was understood, and what was counted of each.
pub(crate) fn read<const N: usize>(files: &[(&str, &str); N]) -> (Platform, [Count; N]) {
    let source = |path: &str, text: &str| {
        let mut source = MemorySource::new(path, Kind::Daas, text);
        source.origin.session = path
            .split('/')
            .find(|part| daaslens_platform::session::time_of_id(part).is_some())
            .map(str::to_owned);
        source
    };
    let mut platform = Platform::default();
    let mut counts: [Count; N] = std::array::from_fn(|_| Count::default());
    let mut sources: Vec<Arc<dyn Source>> = Vec::new();
    for is_cpu in [false, true] {
        let hints = platform.cpu.hints();
        for (i, (path, text)) in files.iter().enumerate() {
            let what = recognise(&super::lowered(path), text.as_bytes());
            if (what == Some(What::CpuLog)) == is_cpu {
                let origin = source(path, text).origin;
                let one = Platform::read(text.as_bytes(), i, &origin, &hints, &mut counts[i]);
                platform.merge(one);
            }
        }
    }
    for (path, text) in files {
        sources.push(Arc::new(source(path, text)));
    }
    platform.settle(&sources);
    (platform, counts)
}

/// A record of the second generation.
fn session(id: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"Mode":"CollectAndAnalyze","SessionId":"{id}","Status":"{status}","StartTime":"2024-01-12T09:35:12Z","Tool":"MemoryDump","Instances":["RD0003FF8A1B2C"],{more}"EndTime":"2024-01-12T09:41:20Z","DefaultScmHostName":"contoso.scm.azurewebsites.net"}}"#
    )
}

fn logs(paths: &[&str]) -> String {
    let logs: Vec<String> = paths
        .iter()
        .map(|path| {
            let name = path.rsplit('/').next().unwrap();
            format!(r#"{{"Name":"{name}","PartialPath":"{path}","Size":5,"Reports":[]}}"#)
        })
        .collect();
    format!(
        r#""ActiveInstances":[{{"Name":"RD0003FF8A1B2C","Status":"Complete","Logs":[{}],"CollectorErrors":["The instance [RD9] did not pick up the session"],"AnalyzerErrors":[]}}],"#,
        logs.join(",")
    )
}

const DUMP: &str =
    "Data/DaaS/Logs/240112_0935127841/RD0003FF8A1B2C/RD0003FF8A1B2C_w3wp_7412_20240112-093545.dmp";

#[test]
fn a_complete_session_tells_the_errors_of_its_instances_and_what_of_its_files_is_there() {
    let blob = "contoso.azurewebsites.net/240112_0935127841/RD0003FF8A1B2C/b.dmp";
    let gone = "Data/DaaS/Logs/240112_0935127841/RD0003FF8A1B2C/gone.dmp";
    let record = session("240112_0935127841", "Complete", &logs(&[DUMP, blob, gone]));
    let (platform, counts) = read(&[
        ("x/Sessions/Complete/240112_0935127841.json", &record),
        // In small letters, and below a folder of another name: only the end of the path counts.
        (
            "x/logs/240112_0935127841/rd0003ff8a1b2c/rd0003ff8a1b2c_w3wp_7412_20240112-093545.dmp",
            "",
        ),
    ]);
    let [one] = platform.sessions.as_slice() else { panic!("{:#?}", platform.sessions) };
    assert_eq!((one.files, one.in_blob, one.absent), (3, 1, 1));
    assert_eq!(one.errors, ["The instance [RD9] did not pick up the session"]);
    assert_eq!((one.status, one.tool.as_str(), one.intrusive), ("Complete", "memory dump", true));
    assert_eq!(counts[0].records, 1);
}

#[test]
fn a_session_of_which_only_folders_are_left_is_told_by_them() {
    let (platform, _) = read(&[
        (
            "data/daas/logs/240112_0935127841/rd0003ff8a1b2c/diagstatus.diaglog",
            "2024-01-12T09:36:08Z : Collecting data for process w3wp with process id 6780\n",
        ),
        ("Data/DaaS/Logs/240112_0935127841/RD0003FF8A1B2C/RD0003FF8A1B2C_w3wp_6780.dmp", ""),
    ]);
    let [one] = platform.sessions.as_slice() else { panic!("{:#?}", platform.sessions) };
    assert_eq!((one.status, one.tool.as_str()), ("record not in the bundle", "memory dump"));
    assert_eq!(one.range.seconds(), 55, "from its id to the last line of its log");
    assert_eq!((one.files, one.absent, one.intrusive), (1, 0, true));
}

#[test]
fn both_generations_and_files_of_no_bytes_lie_side_by_side() {
    let first = "<Session><SessionId>190612_0810441234</SessionId><SiteName>contoso</SiteName><TimeRange>\
        <StartTime>2019-06-12T08:10:44Z</StartTime><EndTime>0001-01-01T00:00:00</EndTime></TimeRange>\
        <Status>Cancelled</Status><Instances>RD1</Instances><Diagnosers><Diagnoser Name=\"CLR Profiler\">\
        <Collector Status=\"Cancelled\"/><Logs><Log Path=\"Logs\\contoso-lo\\19-06-12\\RD1\\CLRProfilingCollector\\190612_0810441234\\190612_0820441234\\a.zip\"/>\
        </Logs></Diagnoser></Diagnosers></Session>";
    let second = session("240112_0935127841", "Complete", "");
    let (platform, counts) = read(&[
        ("DaaS/Sessions/Complete/190612_0810441234.xml", first),
        ("DaaS/Sessions/Complete/240112_0935127841.json", &second),
        ("DaaS/Sessions/Active/240113_0935127841.json", ""),
        // The first ten letters of the site's name stood there once, the host later: neither matters.
        (
            "DaaS/Logs/other.host/19-06-12/RD1/CLRProfilingCollector/190612_0810441234/190612_0820441234/a.zip",
            "",
        ),
        (
            "DaaS/Cancelled/RD1.CLRProfiler",
            "<CancelledInstance><Name>RD1</Name><SessionId>190612_0810441234</SessionId></CancelledInstance>",
        ),
    ]);
    let told: Vec<_> = platform
        .sessions
        .iter()
        .map(|one| (one.id.as_str(), one.status, one.tool.as_str(), one.absent))
        .collect();
    assert_eq!(
        told,
        [
            ("190612_0810441234", "Cancelled", "profiler", 0),
            ("240112_0935127841", "Complete", "memory dump", 0),
            ("240113_0935127841", "unknown", "no tool named", 0),
        ]
    );
    assert_eq!(platform.sessions[0].cancelled, ["RD1"]);
    assert_eq!(platform.sessions[0].range.seconds(), 0, "the year 1 is no end");
    assert_eq!((counts[2].records, counts[2].recovered, counts[2].malformed), (1, 1, 0));
}

#[test]
fn a_lock_that_is_left_tells_of_a_runner_that_died() {
    let record = session("240112_0935127841", "Active", "");
    let lock = r#"{"OperationName":"SaveSession","AcquiredDateTime":"2024-01-12T09:36:00Z","StackTrace":"","InstanceId":"d10e51aa"}"#;
    let (platform, _) = read(&[
        ("Sessions/Active/240112_0935127841.json", &record),
        ("Sessions/Active/240112_0935127841.json.lock", lock),
    ]);
    assert!(platform.sessions[0].lock.is_some());
}

#[test]
fn two_downloads_of_a_site_hold_each_session_once() {
    let older = session("240112_0935127841", "Active", "");
    let newer = session("240112_0935127841", "Complete", "");
    let (platform, _) = read(&[
        ("a.zip!/DaaS/Sessions/Active/240112_0935127841.json", &older),
        ("b.zip!/DaaS/Sessions/Complete/240112_0935127841.json", &newer),
    ]);
    let told: Vec<_> = platform.sessions.iter().map(|one| one.status).collect();
    assert_eq!(told, ["Complete"]);
}

#[test]
fn a_dump_that_is_being_made_is_in_the_way() {
    let record = session("240112_0935127841", "Complete", &logs(&[DUMP]));
    let (platform, _) = read(&[("Sessions/Complete/240112_0935127841.json", &record)]);
    let at = |text: &str| TimeRange::at(Time::parse(text).unwrap());
    assert_eq!(
        platform.disturbance(at("2024-01-12T09:38:00Z")).as_deref(),
        Some("session 240112_0935127841 (memory dump) ran from 09:35:12")
    );
    assert_eq!(platform.disturbance(at("2024-01-12T09:50:00Z")), None);
}

/// Half past two, at night or after noon: only the session tells.
const WATCH: &str = "[3/11/2026 02:14:00] Monitoring started [CPU=75%, Mode=CollectAndKill, MaxActions=2, Threshold=30s, CheckEvery=15s]\n\
    [3/11/2026 02:14:15] w3wp(6780):12 %\n\
    [3/11/2026 02:14:30] w3wp(6780):11 %\n\
    [3/11/2026 02:14:45] w3wp(6780) CPU:92.10 %\n\
    [3/11/2026 02:15:00] w3wp(6780) CPU:97.00 %\n\
    [3/11/2026 02:15:15] w3wp(6780) CPU:95.00 %\n\
    [3/11/2026 02:15:15] Actions Executed on all instances = 0 of 2\n\
    [3/11/2026 02:15:15] Creating dump file with path C:\\x.dmp\n\
    [3/11/2026 02:15:40] Action executed with exit code: 1\n\
    [3/11/2026 02:15:41] CPU Monitoring - Process consuming High CPU killed  w3wp(6780)\n\
    junk\n";

#[test]
fn a_clock_of_twelve_hours_is_read_with_its_session() {
    let session = r#"{"RuleType":"Diagnostics","Mode":"CollectAndKill","SessionId":"260311_1414000000","StartDate":"2026-03-11T14:14:00Z","EndDate":"2026-03-11T14:20:00Z","CpuThreshold":75,"ThresholdSeconds":30,"MonitorDuration":15,"MaxActions":2,"FilesCollected":[]}"#;
    let (platform, counts) = read(&[
        ("x/Monitoring/Logs/260311_1414000000/RD0003FF8A1B2C.log", WATCH),
        ("x/Monitoring/Complete/260311_1414000000.json", session),
    ]);
    let [process] = platform.cpu.processes.as_slice() else { panic!("{:#?}", platform.cpu) };
    assert_eq!(process.points[0].0.rfc3339(), "2026-03-11T14:14:15Z");
    assert!(!process.guessed);
    let episodes = process.episodes(75.0);
    assert_eq!(
        episodes.iter().map(|one| (one.range.seconds(), one.peak, one.samples)).collect::<Vec<_>>(),
        [(45, 97.0, 3)],
        "a sample stands for the time since the one before it"
    );
    assert_eq!(process.usual(75.0), (5, 3, 92.1));
    let acts: Vec<_> =
        platform.cpu.acts.iter().map(|act| (act.text.as_str(), act.range.seconds())).collect();
    assert_eq!(acts, [("a memory dump was made of w3wp(6780)", 25), ("w3wp(6780) was ended", 0)]);
    assert_eq!((counts[0].records, counts[0].malformed), (10, 1));
}

#[test]
fn where_nothing_tells_the_half_of_the_day_it_is_a_guess() {
    let (platform, _) = read(&[("Monitoring/Active/RD0003FF8A1B2C.log", WATCH)]);
    assert!(platform.cpu.processes[0].guessed);
    let twice = [
        ("a/Monitoring/Active/RD0003FF8A1B2C.log", WATCH),
        ("b/Monitoring/Active/RD0003FF8A1B2C.log", WATCH),
    ];
    let (platform, _) = read(&twice);
    assert_eq!((platform.cpu.processes[0].points.len(), platform.cpu.acts.len()), (5, 2));
}

#[test]
fn what_was_asked_of_kudu_is_told_by_its_traces() {
    let step = |url: &str, method: &str| {
        format!(
            "<step title=\"Incoming Request\" date=\"2026-03-11T02:14:07.000\" instance=\"d10e51\" url=\"{url}\" method=\"{method}\" \
             pid=\"1,2,3\" Host=\"contoso.scm.azurewebsites.net\">\
             <step title=\"Outgoing response\" date=\"2026-03-11T02:14:08.000\" statusCode=\"204\"/><!-- duration: 0ms -->\
             </step><!-- duration: 900ms -->"
        )
    };
    let shutdown = "<step title=\"Process Shutdown\" date=\"2026-03-11T03:00:00.000\" instance=\"d10e51\" pid=\"1,2,3\" uptime=\"00:20:46\"/>";
    let (platform, _) = read(&[
        (
            "kudu/trace/2026-03-11T02-14-07_d10e51_001_DELETE_api-processes-6780_204_0s.xml",
            &step("/api/processes/6780", "DELETE"),
        ),
        (
            "kudu/trace/2026-03-11T02-14-07_d10e51_002_PUT_api-vfs-site-wwwroot-web.config_204_0s.xml",
            &step("/api/vfs/site/wwwroot/web.config?x=S3CRET", "PUT"),
        ),
        (
            "kudu/trace/2026-03-11T02-14-07_d10e51_003_GET_api-processes-6780-dump_200_9s.xml",
            &step("/api/processes/6780/dump", "GET"),
        ),
        (
            "kudu/trace/2026-03-11T02-14-07_d10e51_004_GET_api-deployments_200_0s.xml",
            &step("/api/deployments", "GET"),
        ),
        ("kudu/trace/2026-03-11T03-00-00_d10e51_005_Shutdown_0s.xml", shutdown),
        // The other download of the same site.
        ("b/kudu/trace/2026-03-11T03-00-00_d10e51_005_Shutdown_0s.xml", shutdown),
    ]);
    let told: Vec<_> =
        platform.kudu.acts.iter().map(|act| (act.text.as_str(), act.status, act.freezes)).collect();
    assert_eq!(
        told,
        [
            ("process 6780 was ended", Some(204), false),
            ("process 6780 was dumped", Some(204), true),
            ("site/wwwroot/web.config was written", Some(204), false),
            ("Kudu ended after 20\u{a0}min 46\u{a0}s", None, false),
        ]
    );
    assert_eq!(platform.kudu.traces.len(), 5);
}

#[test]
fn settings_that_contradict_each_other_tell_nothing() {
    let page = |value: &str| {
        format!(
            "{{\"WEBSITE_SITE_NAME\":\"contoso\",\"ScmType\":\"None\",\"WEBSITE_HTTPLOGGING_ENABLED\":\"{value}\"}}"
        )
    };
    let name = "WEBSITE_HTTPLOGGING_ENABLED";
    let (platform, _) = read(&[("settings.json", &page("0"))]);
    assert_eq!(platform.kudu.setting(name), Some("0"));
    let (platform, _) = read(&[("a.json", &page("0")), ("b.json", &page("1"))]);
    assert_eq!(platform.kudu.setting(name), None);
}
