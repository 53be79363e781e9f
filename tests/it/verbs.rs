//! What is asked without an analysis, or of one that was made: `explain`, `show`, `completions`, `man`; and the levels
//! of redaction.

use daaslens_testkit::{Bundle, Scenario, ZipOptions, scenario};
use serde_json::Value;

use super::support::{BUNDLE, Place, Run, rows};

const ZIP: &str = "two-instances-503.zip";

fn text(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

/// A folder with this bundle as `tree` and `packed.zip`, and the JSON of the latter as `f.json`.
fn analysed(bundle: &Bundle) -> (Place, Value) {
    let place = Place::new();
    bundle.write_to(&place.path("tree")).unwrap();
    place.write("packed.zip", &bundle.to_zip(&ZipOptions::default()).unwrap());
    let findings = place.findings(["packed.zip"]);
    place.write("f.json", &serde_json::to_vec(&findings).unwrap());
    (place, findings)
}

/// `path:line: text` of the evidence of a finding, as the JSON has it.
fn evidence(finding: &Value) -> Vec<String> {
    let of = |evidence: &Value| {
        let text = |key: &str| evidence[key].as_str().unwrap().to_owned();
        format!("{}:{}: {}", text("source"), evidence["line"], text("text"))
    };
    let mut lines: Vec<String> = rows(&finding["evidence"]).iter().map(of).collect();
    lines.sort();
    lines
}

#[test]
fn a_code_is_explained_on_stdout() {
    let place = Place::new();
    let joined = place.run(["explain", "win32", "64"]);
    assert_eq!((joined.code, joined.stderr.as_str()), (Some(0), ""));
    assert!(text(&joined).starts_with("win32 64 ERROR_NETNAME_DELETED: "), "{}", text(&joined));
    assert!(text(&joined).lines().all(|line| line.len() <= 100 || line.contains("https://")));
    assert_eq!(text(&place.run(["explain", "win32 64"])), text(&joined));
    assert!(place.run(["explain", "502.3", "--color", "always"]).stdout.contains(&0x1b));
    assert!(!joined.stdout.contains(&0x1b));
}

#[test]
fn a_finding_is_explained_by_the_words_of_its_detector() {
    let place = Place::new();
    let ours = text(&place.run(["explain", "finding", "http-5xx-cluster"]));
    assert!(ours.starts_with("http-5xx-cluster\n\nWhat it looks for."), "{ours}");
    assert!(!ours.contains("**"), "{ours}");
    // One without a detector is explained by the catalogue.
    let has_detector =
        |name: &str| daaslens_analysis::RULES.iter().any(|detector| detector.id == name);
    for rule in daaslens_kb::rules().iter().filter(|rule| !has_detector(rule.name)) {
        let catalogue = text(&place.run(["explain", "finding", rule.name]));
        assert!(catalogue.starts_with(&format!("finding {}: ", rule.name)), "{catalogue}");
    }
}

#[test]
fn what_nobody_documents_is_an_answer_and_nonsense_is_none() {
    let place = Place::new();
    let unknown = place.run(["explain", "502.77"]);
    assert_eq!(unknown.code, Some(0));
    assert!(text(&unknown).contains("not documented"), "{}", text(&unknown));
    let nonsense = place.run(["explain", "why", "is", "the", "sky\u{1b}[31m", "blue"]);
    assert_eq!((nonsense.code, text(&nonsense).as_str()), (Some(2), ""));
    assert!(
        nonsense.stderr.contains("event 2299") && !nonsense.stderr.contains('\u{1b}'),
        "{}",
        nonsense.stderr
    );
    assert_eq!(place.run(["explain"]).code, Some(2));
}

/// Files that are read as a whole, and damage in files of which only records can be read by themselves.
#[test]
fn evidence_of_whole_files_and_of_damage_is_read_back_too() {
    let mut seen = 0;
    for name in [
        "threads/0001_jdk8_deadlock.log",
        "threads/0005_node_report.json",
        "threads/0010_torn.json",
        "httperr/damaged.log",
        "platform/metrics-several-documents",
        "platform/deployment-log",
        "php-process/PHP-CGI-ProcessReport.htm",
    ] {
        let place = Place::new();
        let input = daaslens_testkit::fixtures().join(name);
        let input = input.to_str().unwrap();
        let findings = place.findings([input]);
        place.write("f.json", findings.to_string().as_bytes());
        for finding in rows(&findings["findings"]) {
            let id = finding["id"].as_str().unwrap();
            let run = place.run(["show", "f.json", id, "-q", "--bundle", input]);
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{name}, {id}");
            seen += evidence(finding).len();
        }
    }
    assert!(seen >= 10, "{seen} lines of evidence");
}

#[test]
fn every_line_of_every_finding_is_read_back_as_the_json_has_it() {
    let mut seen = 0;
    for bundle in [
        scenario::first_look(1).bundle,
        Scenario::find("crash-burst-502").unwrap().build(1).bundle,
        Scenario::find("client-abort-wave").unwrap().build(1).bundle,
    ] {
        let (place, findings) = analysed(&bundle);
        for finding in rows(&findings["findings"]) {
            let id = finding["id"].as_str().unwrap();
            let run = place.run(["show", "f.json", id, "-q"]);
            let mut lines: Vec<String> = text(&run).lines().map(str::to_owned).collect();
            lines.sort();
            let expected = evidence(finding);
            // What is said of a file as a whole has no line; nothing is read back for it.
            if rows(&findings["sources"]).iter().all(|source| source["status"] != "unreadable") {
                assert_eq!(lines, expected, "{id}: {}", run.stderr);
            }
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{id}");
            seen += expected.len();
        }
    }
    assert!(seen >= 10, "{seen} lines of evidence");
}

#[test]
fn the_bundle_may_have_moved_and_may_have_another_name_and_shape() {
    let (place, findings) = analysed(&scenario::first_look(1).bundle);
    let id = findings["findings"][0]["id"].as_str().unwrap().to_owned();
    let there = place.run(["show", "f.json", &id, "-q"]);
    std::fs::create_dir(place.path("else")).unwrap();
    std::fs::rename(place.path("packed.zip"), place.path("else/renamed.zip")).unwrap();
    let lost = place.run(["show", "f.json", &id, "-q"]);
    assert_eq!((lost.code, text(&lost).as_str()), (Some(1), ""));
    let said = place.run(["show", "f.json", &id]).stderr;
    assert!(said.contains("packed.zip is not here; say with --bundle where it is"), "{said}");
    let given = place.run(["show", "f.json", &id, "-q", "--bundle", "else/renamed.zip"]);
    assert_eq!((given.code, given.stdout), (Some(0), there.stdout.clone()));
    // A JSON that lies beside its bundle needs no word about it, from wherever it is looked at.
    std::fs::rename(place.path("else/renamed.zip"), place.path("else/packed.zip")).unwrap();
    std::fs::rename(place.path("f.json"), place.path("else/f.json")).unwrap();
    let beside = place.run(["show", "else/f.json", &id, "-q"]);
    assert_eq!((beside.code, beside.stdout), (Some(0), there.stdout));
}

const LOG: &str = "#Fields: date time s-sitename cs-method cs-uri-stem cs-uri-query c-ip cs-host sc-status sc-substatus sc-win32-status time-taken\n";

/// A log of an hour with a minute of failures. Every request has a secret of its own.
fn secretive_log() -> String {
    let line = |second: u32| {
        let status = if (1800..1900).contains(&second) { "503 0 0" } else { "200 0 0" };
        let (minute, rest, client) = (second / 60, second % 60, second % 200 + 1);
        format!(
            "2026-03-11 02:{minute:02}:{rest:02} CONTOSO GET /cart token=Tr0ub4dor{second} 203.0.113.{client} \
             www.contoso.com {status} 15\n"
        )
    };
    std::iter::once(LOG.to_owned()).chain((0..3600).map(line)).collect()
}

fn secretive() -> (Place, String) {
    let place = Place::new();
    place.write("x.log", secretive_log().as_bytes());
    let findings = place.findings(["x.log"]);
    place.write("f.json", &serde_json::to_vec(&findings).unwrap());
    let cluster = rows(&findings["findings"])
        .iter()
        .find(|finding| finding["rule"] == "http-5xx-cluster")
        .unwrap();
    (place, cluster["id"].as_str().unwrap().to_owned())
}

#[test]
fn what_is_read_back_is_masked_and_the_owner_may_look_behind_it() {
    let (place, id) = secretive();
    let strict = text(&place.run(["show", "f.json", &id, "-q", "--context", "3"]));
    for secret in ["Tr0ub4dor", "203.0.113", "contoso", "CONTOSO"] {
        assert!(!strict.contains(secret), "{secret} in {strict}");
    }
    let around = strict.lines().filter(|line| line.starts_with("x.log-")).count();
    assert!(around >= 6, "{strict}");
    // One line, one alias; no alias stands for two addresses.
    let addresses: Vec<&str> =
        strict.split_whitespace().filter(|word| word.starts_with("ip-")).collect();
    let mut different = addresses.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), addresses.len(), "{strict}");
    assert_eq!(strict.matches(" site-1 ").count(), addresses.len(), "{strict}");

    let normal = text(&place.run(["show", "f.json", &id, "-q", "--redact", "normal"]));
    assert!(
        !normal.contains("Tr0ub4dor")
            && normal.contains(" CONTOSO ")
            && normal.contains("203.0.113."),
        "{normal}"
    );
    let off = place.run(["show", "f.json", &id, "--redact", "off"]);
    let shown: Vec<String> =
        text(&off).lines().map(|line| line.split_once(": ").unwrap().1.to_owned()).collect();
    let log = secretive_log();
    assert!(
        !shown.is_empty() && shown.iter().all(|line| log.lines().any(|raw| raw == line)),
        "{shown:?}"
    );
    assert!(off.stderr.contains("nothing is masked"), "{}", off.stderr);
}

#[test]
fn a_line_that_has_changed_is_said_to_have_and_not_shown() {
    let (place, id) = secretive();
    let log = secretive_log();
    // Longer, so that every later line begins elsewhere; and the same length, but another request.
    for changed in [
        log.replace("#Fields", "#Software: x\n#Fields"),
        log.replace("/cart", "/evil"),
        LOG.to_owned(),
    ] {
        place.write("x.log", changed.as_bytes());
        let run = place.run(["show", "f.json", &id]);
        assert_eq!((run.code, text(&run).as_str()), (Some(1), ""));
        assert!(run.stderr.contains("another line stands there now"), "{}", run.stderr);
        assert!(
            !run.stderr.contains("/evil") && !run.stderr.contains("Tr0ub4dor"),
            "{}",
            run.stderr
        );
    }
    // A log that has only grown still holds what was said of it.
    place.write("x.log", (log.clone() + &log).as_bytes());
    assert_eq!(place.run(["show", "f.json", &id]).code, Some(0));
}

#[test]
fn what_show_cannot_do_is_told_by_the_exit_code() {
    let (place, _) = secretive();
    let run = place.run(["show", "f.json", "F99"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("there is no finding `F99` in f.json; it has F1"),
        "{}",
        run.stderr
    );
    assert_eq!(place.run(["show", "f.json"]).code, Some(2));
    assert_eq!(place.run(["show", "no.json", "F1"]).code, Some(1));
    assert_eq!(place.run(["show", "x.log", "F1"]).code, Some(1));
    // A JSON that was tampered with leads nowhere else.
    place.write(
        "evil.json",
        br#"{"schema_version": 1, "inputs": [{"path": "../x.log"}], "findings": [{"id": "F1\u001b[31m", "evidence":
            [{"source": "../x.log", "line": 2, "byte": 0, "text": "\u001b]0;x\u0007"}]}]}"#,
    );
    let run = place.run(["show", "evil.json", "1"]);
    assert!(!run.stderr.contains('\u{1b}') && run.stdout.is_empty(), "{}", run.stderr);
}

#[test]
fn the_levels_of_redaction() {
    let (place, _) = secretive();
    let run = |level: &str| {
        let run = place.run(["x.log", "-q", "--redact", level, "-o", "r.html", "--json", "r.json"]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        let page = String::from_utf8(place.read("r.html")).unwrap();
        let json: Value = serde_json::from_slice(&place.read("r.json")).unwrap();
        assert_eq!(json["redaction"]["level"], level);
        (page, json.to_string())
    };
    for (level, site, token) in
        [("strict", false, false), ("normal", true, false), ("off", true, true)]
    {
        let (page, json) = run(level);
        for output in [&page, &json] {
            assert_eq!(output.to_lowercase().contains("contoso"), site, "{level}");
            assert_eq!(output.contains("Tr0ub4dor"), token, "{level}");
        }
    }
    assert_eq!(place.run(["x.log", "--redact", "some"]).code, Some(2));
}

#[test]
fn the_redaction_map_is_the_key_and_written_only_when_asked_for() {
    let place = Place::with(BUNDLE);
    assert_eq!(place.run([ZIP, "-q", "-o", "r.html"]).code, Some(0));
    assert_eq!(place.names(), ["r.html", ZIP]);
    let run = place.run([ZIP, "-q", "-o", "r.html", "--redact-map", "key.tsv"]);
    assert_eq!(run.code, Some(0));
    let key = String::from_utf8(place.read("key.tsv")).unwrap();
    let pairs: Vec<(&str, &str)> = key.lines().map(|line| line.split_once('\t').unwrap()).collect();
    assert!(
        pairs.iter().any(|(alias, _)| *alias == "site-1")
            && pairs.iter().any(|(alias, _)| *alias == "ip-1"),
        "{key}"
    );
    let page = String::from_utf8(place.read("r.html")).unwrap();
    assert!(pairs.iter().all(|(_, meaning)| !page.contains(meaning)), "{key}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.path("key.tsv")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}: others may read the key");
    }
    let empty = place.run([ZIP, "-o", "r.html", "--redact", "off", "--redact-map", "empty.tsv"]);
    assert!(empty.stderr.contains("the redaction map is empty"), "{}", empty.stderr);
    assert_eq!(place.read("empty.tsv"), b"");
}

#[test]
fn two_outputs_in_one_place_are_refused() {
    let place = Place::with(BUNDLE);
    for args in [["--json", "-", "--markdown", "-"], ["-o", "a", "--redact-map", "a"]] {
        let run = place.run([&[ZIP][..], &args].concat());
        assert_eq!((run.code, run.stdout.len()), (Some(2), 0), "{}", run.stderr);
    }
    assert_eq!(place.names(), [ZIP]);
}

#[test]
fn completions_and_the_manual_page_know_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = place.run(["completions", shell]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        for word in ["explain", "show", "redact-map", "completions"] {
            assert!(text(&run).contains(word), "{shell} lacks {word}");
        }
    }
    assert_eq!(place.run(["completions", "tcsh"]).code, Some(2));
    let man = text(&place.run(["man"]));
    for section in
        [".TH daaslens 1", ".SH \"DAASLENS SHOW\"", ".SH \"EXIT STATUS\"", "\\-\\-redact\\-map"]
    {
        assert!(man.contains(section), "no {section}");
    }
}
