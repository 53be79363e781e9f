//! What the platform's own tools leave behind, through the whole program: each file is recognised as what its reader takes it
//! for, in whatever it is packed and wherever it lies, and none of its secrets comes out.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{BUNDLE, Place, rows, source, what_became};

/// The trees of the platform's records, one for each quirk.
fn trees() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/platform")
}

/// The word of the kind that a file must have for its reader to be asked.
fn word(what: daaslens_platform::What) -> &'static str {
    use daaslens_platform::What;
    match what {
        What::DeploymentStatus
        | What::DeploymentLatest
        | What::DeploymentLog
        | What::DeploymentLogXml
        | What::DeploymentActive
        | What::DeploymentManifest => "deployment",
        What::Session => "daas-session",
        What::Trace | What::TextTrace | What::Api | What::Page => "kudu",
        What::Metrics => "metrics",
        _ => "daas",
    }
}

#[test]
fn every_record_is_recognised_as_what_its_reader_takes_it_for_and_read() {
    let place = Place::new();
    let findings = place.findings([trees()]);
    let sources = rows(&findings["sources"]);
    assert!(sources.len() >= 50, "{}", sources.len());
    for one in sources {
        let path = one["path"].as_str().unwrap();
        let below = path.split_once("platform/").unwrap().1;
        let bytes = std::fs::read(trees().join(below)).unwrap();
        let what = daaslens_platform::recognise(&path.to_ascii_lowercase(), &bytes);
        let expected = what.map(word);
        assert_eq!(one["kind"].as_str(), expected, "{path}");
        if expected != Some("metrics") {
            assert_eq!(one["status"], "read", "{path}");
        }
    }
}

#[test]
fn no_key_cookie_variable_or_command_line_comes_out() {
    let place = Place::new();
    let tree = trees();
    let args = ["--json", "f.json", "--markdown", "t.md", "-o", "r.html", "--redact", "off"];
    let run = place.run(std::iter::once(tree.as_os_str()).chain(args.iter().map(AsRef::as_ref)));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for name in ["f.json", "t.md", "r.html"] {
        let text = String::from_utf8(place.read(name)).unwrap();
        assert!(!text.contains("S3CRET"), "{name}");
    }
    assert!(!run.stderr.contains("S3CRET"));
}

#[test]
fn a_record_in_a_gzip_under_another_name_is_known_by_its_content() {
    let place = Place::new();
    let status = b"<?xml version=\"1.0\"?>\r\n<deployment><id>abc</id><status>Failed</status><complete>True</complete>\
        <startTime>2026-04-30T04:00:00Z</startTime><endTime>2026-04-30T04:00:06Z</endTime></deployment>";
    place.write("in/renamed/a/one.xml.gz", &daaslens_testkit::gzip(status).unwrap());
    let session = br#"{"Mode":"Collect","SessionId":"240112_0935127841","Status":"Complete","StartTime":"2024-01-12T09:35:12Z","Tool":"Profiler","Instances":[]}"#;
    place.write("in/renamed/two.txt", session);
    let findings = place.findings(["in"]);
    assert_eq!(source(&findings, "one.xml.gz")["kind"], "deployment");
    assert_eq!(source(&findings, "two.txt")["kind"], "daas-session");
    let rules: Vec<&str> =
        rows(&findings["findings"]).iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["deployment", "diagnostic-session"]);
}

/// Two downloads of one site: what stands in both counts once.
#[test]
fn two_bundles_of_one_site_are_one_site() {
    let place = Place::new();
    let bytes = daaslens_testkit::fixture(BUNDLE);
    place.write("a.zip", &bytes);
    place.write("b.zip", &bytes);
    let one = place.findings(["a.zip"]);
    let both = place.findings(["a.zip", "b.zip"]);
    assert_eq!(rows(&both["sources"]).len(), 2 * rows(&one["sources"]).len());
    let same = |pick: fn(&Value) -> Value| assert_eq!(pick(&both), pick(&one));
    same(|findings| findings["http"].clone());
    same(|findings| findings["verdict"].clone());
    same(|findings| {
        let told = |one: &Value| (one["rule"].clone(), one["headline"].clone());
        let all = rows(&findings["findings"]).iter().filter(|one| one["rule"] != "data-quality");
        all.map(told).map(|(rule, headline)| Value::Array(vec![rule, headline])).collect()
    });
    let copies = what_became(&both).iter().filter(|line| line.contains("copy of")).count();
    assert!(copies >= 2, "{:#?}", what_became(&both));
}

#[test]
fn retention_is_told_where_it_applies() {
    let notes = |place: &Place, path: &str| -> Vec<String> {
        let findings = place.findings([path]);
        let notes = rows(&findings["coverage"]["notes"]).iter();
        notes.map(|note| note.as_str().unwrap().to_owned()).collect()
    };
    let place = Place::with(BUNDLE);
    let told = notes(&place, "two-instances-503.zip");
    assert!(told[0].starts_with("A Kudu dump never holds failed request traces"), "{told:#?}");
    let place = Place::new();
    for second in 10..20 {
        let id = format!("2401{second}_0935127841");
        place.write(
            format!("DaaS/Sessions/Complete/{id}.json"),
            format!(
                r#"{{"SessionId":"{id}","Status":"Complete","Tool":"Profiler","Instances":[]}}"#
            )
            .as_bytes(),
        );
    }
    let told = notes(&place, "DaaS");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("DaaS keeps the last 10\u{a0}sessions"), "{told:#?}");
    place.write("DaaS/PrivateSettings.json", b"{ // more\n \"MaxSessionsToKeep\": 30 }");
    assert_eq!(notes(&place, "DaaS"), [""; 0]);
}

/// The environment page tells which machine an instance is; the events of the machine are then those of the instance.
#[test]
fn names_of_one_instance_are_joined_where_both_stand_and_never_by_their_letters() {
    let place = Place::new();
    let line = |at: &str| {
        format!("{at} CONTOSO GET / - 443 - 192.0.2.1 UA - - contoso.example 200 0 0 9 9 50\n")
    };
    let log = |second: u32| {
        let head = "#Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n";
        format!("{head}{}", line(&format!("2026-03-11 02:14:{second:02}")))
    };
    place.write("in/http/RawLogs/d10e51-202603110214.log", log(7).as_bytes());
    place.write("in/http/RawLogs/a63402-202603110214.log", log(8).as_bytes());
    let process = br#"{"id":6780,"name":"w3wp","machineName":"dw0sdwk000EQQ","href":"x/6780","environment_variables":{"WEBSITE_INSTANCE_ID":"D10E51a0b1","SQLCONNSTR_Db":"S3CRET"}}"#;
    place.write("in/process.json", process);
    let findings = place.findings(["in"]);
    let instances = rows(&findings["http"]["instances"]);
    let of = |name: &str| instances.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(of("d10e51")["aliases"], serde_json::json!(["dw0sdwk000EQQ"]));
    assert_eq!(of("d10e51")["aliases_inferred"], false);
    assert_eq!(of("a63402")["aliases"], serde_json::json!([]));
    assert_eq!(
        findings["coverage"]["notes"][0],
        "Machine dw0sdwk000EQQ is instance d10e51 (certain, by the environment of a process)."
    );
    assert_eq!(source(&findings, "d10e51-202603110214.log")["site"], "site-1");
}

/// CPU monitoring saw the processor fully used where requests fail: a finding of its own, a cause of the cluster, a line on
/// the time axis.
#[test]
fn a_processor_that_was_fully_used_is_found_and_is_a_cause() {
    let place = Place::new();
    let mut log = "#Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n".to_owned();
    for second in 0..3600 {
        let (hour, minute) = (14 + second / 3600, second / 60 % 60);
        let status = if (1200..1380).contains(&second) { 500 } else { 200 };
        log.push_str(&format!(
            "2026-03-11 {hour}:{minute:02}:{:02} CONTOSO GET /p{} - 443 - 192.0.2.{} UA - - contoso.example {status} 0 0 9 9 50\n",
            second % 60,
            second % 7,
            second % 200
        ));
    }
    place.write("in/LogFiles/http/RawLogs/d10e51-202603111400.log", log.as_bytes());
    let session = r#"{"RuleType":"Diagnostics","Mode":"Kill","SessionId":"260311_1400000000","StartDate":"2026-03-11T14:00:00Z","EndDate":"2026-03-11T15:00:00Z","CpuThreshold":75,"ThresholdSeconds":30,"MonitorDuration":15,"FilesCollected":[]}"#;
    place.write("in/Monitoring/Complete/260311_1400000000.json", session.as_bytes());
    let mut watch = "[3/11/2026 02:00:00] Monitoring started [CPU=75%, Mode=Kill, MaxActions=2, Threshold=30s, CheckEvery=15s]\n".to_owned();
    for sample in 1..240 {
        let (minute, second) = (sample / 4, sample % 4 * 15);
        let percent = if (80..92).contains(&sample) { "CPU:97.50 %" } else { ":12 %" };
        let blank = if percent.starts_with('C') { " " } else { "" };
        watch.push_str(&format!(
            "[3/11/2026 02:{minute:02}:{second:02}] w3wp(6780){blank}{percent}\n"
        ));
    }
    watch.push_str(
        "[3/11/2026 03:00:00] CPU Monitoring - Process consuming High CPU killed  w3wp(6780)\n",
    );
    place.write("in/Monitoring/Logs/260311_1400000000/RD0003FF8A1B2C.log", watch.as_bytes());
    let findings = place.findings(["in"]);
    let of = |rule: &str| {
        let all = rows(&findings["findings"]);
        all.iter().find(|one| one["rule"] == rule).unwrap_or_else(|| panic!("no {rule}: {all:#?}"))
    };
    let spike = of("cpu-spike");
    assert_eq!(
        spike["headline"],
        "w3wp (pid 6780) on RD0003FF8A1B2C used up to 98\u{a0}% of all processors, for 3\u{a0}min; the limit is 75\u{a0}%"
    );
    assert_eq!(spike["window"]["start"], "2026-03-11T14:19:45Z");
    assert!(
        spike["detail"].as_str().unwrap().starts_with(
            "It usually uses 12\u{a0}% (the middle of 239\u{a0}samples); 5.0\u{a0}% of them"
        ),
        "{spike:#}"
    );
    let causes = rows(&of("http-5xx-cluster")["causes"]);
    let cause = causes.iter().find(|cause| cause["hypothesis"] == "cpu-pressure").unwrap();
    assert!(
        cause["for"][0]
            .as_str()
            .unwrap()
            .starts_with("w3wp(6780) on RD0003FF8A1B2C used 98\u{a0}%"),
        "{cause:#}"
    );
    let page = String::from_utf8(place.read("r.html")).unwrap();
    assert!(page.contains("w3wp (6780) on RD0003FF8A1B2C"));
}
