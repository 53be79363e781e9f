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
