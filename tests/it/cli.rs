//! Arguments, exit codes, words for people, files.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use super::support::{BUNDLE, Place};

const ZIP: &str = "two-instances-503.zip";

/// Runs with `args` on the fixture and compares the exit code and what is said on stderr.
fn check(args: &[&str], code: i32, stderr: &str) {
    let run = Place::with(BUNDLE).run(args);
    assert_eq!(run.stderr, stderr, "{args:?}");
    assert_eq!(run.code, Some(code), "{args:?}");
}

#[test]
fn analysed_is_0_whatever_was_found() {
    let place = Place::with(BUNDLE);
    let run = place.run([ZIP]);
    assert_eq!((run.code, run.stdout.as_slice()), (Some(0), &b""[..]));
    assert_eq!(place.names(), ["two-instances-503-report.html", ZIP]);
    // Without a command and with it.
    let named = place.run(["analyze", ZIP, "-o", "again.html"]);
    assert_eq!(named.code, Some(0));
    assert_eq!(place.read("two-instances-503-report.html"), place.read("again.html"));
}

#[test]
fn what_is_said_to_people() {
    let run = Place::with(BUNDLE).run([ZIP]);
    let stable =
        run.stderr.lines().filter(|line| !line.contains("/s, peak") && !line.ends_with("/s"));
    let said: Vec<&str> = stable.collect();
    insta::assert_snapshot!(said.join("\n"));
    // Verdict, window, impact, cause, next action; then how much was read, and where the report is.
    assert!(run.stderr.lines().count() <= 8, "{}", run.stderr);
    assert!(!run.stderr.contains('\u{1b}'), "colours without a terminal: {:?}", run.stderr);
}

/// The README shows what its first command prints; a reader who sees other words has been told wrong.
#[test]
fn the_readme_shows_what_is_said() {
    let run = Place::with(BUNDLE).run([ZIP]);
    // The program keeps a number and its unit together; Markdown is typed with plain blanks.
    let said = run.stderr.replace('\u{a0}', " ");
    let readme = include_str!("../../README.md");
    let (_, block) = readme.split_once("```text\nCritical: ").expect("the README has its sample");
    let (block, _) = block.split_once("```").expect("the sample ends");
    for shown in block.lines().filter(|line| *line != "…") {
        assert!(said.contains(shown), "the README says {shown:?}, but:\n{said}");
    }
}

#[test]
fn quiet_says_nothing_and_colours_come_when_asked_for() {
    check(&[ZIP, "-q"], 0, "");
    let place = Place::with(BUNDLE);
    assert!(place.run([ZIP, "--color", "always"]).stderr.contains('\u{1b}'));
    assert!(!place.run([ZIP, "--color", "never"]).stderr.contains('\u{1b}'));
    let verbose = place.run([ZIP, "-v"]);
    assert!(verbose.stderr.contains("  read two-instances-503.zip!/"), "{}", verbose.stderr);
    assert_eq!(place.run([ZIP, "-v", "-q"]).code, Some(2));
}

#[test]
fn fail_on_and_min_coverage_are_told_by_the_exit_code() {
    let place = Place::with(BUNDLE);
    // One abort of a client is nothing that anybody should fail on.
    place.write(
        "calm.log",
        b"#Fields: date time s-sitename cs-method cs-uri-stem c-ip sc-status sc-win32-status time-taken\n\
          2026-03-11 02:14:01 CONTOSO GET / 203.0.113.7 200 0 15\n",
    );
    place.write(
        "torn.gz",
        &[&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], b"nothing that inflates"].concat(),
    );
    let code = |args: &[&str]| place.run([args, &["-q", "-o", "r.html"]].concat()).code;
    assert_eq!(code(&[ZIP, "--fail-on", "critical"]), Some(3));
    assert_eq!(code(&[ZIP, "--fail-on", "warning"]), Some(3));
    assert_eq!(code(&["calm.log", "--fail-on", "critical"]), Some(0));
    assert_eq!(code(&["calm.log", "--fail-on", "warning"]), Some(0));
    assert_eq!(code(&["torn.gz"]), Some(0));
    assert_eq!(code(&["torn.gz", "--min-coverage", "50"]), Some(5));
    assert_eq!(code(&["calm.log", "--min-coverage", "100%"]), Some(0));
}

#[test]
fn a_warning_alone_is_4_and_only_when_asked_for() {
    let place = Place::new();
    let mut log = String::from(
        "#Fields: date time s-sitename cs-method cs-uri-stem c-ip sc-status sc-win32-status time-taken\n",
    );
    // One path whose every answer takes seconds, beside others that do not: a ticket, no outage.
    for minute in 0..60 {
        for second in (0..60).step_by(6) {
            let (path, taken) = if second % 12 == 0 { ("/slow", 9_000) } else { ("/", 20) };
            log += &format!(
                "2026-03-11 02:{minute:02}:{second:02} CONTOSO GET {path} 203.0.113.7 200 0 {taken}\n"
            );
        }
    }
    place.write("slow.log", log.as_bytes());
    let code = |args: &[&str]| place.run([args, &["-q", "-o", "r.html"]].concat()).code;
    assert_eq!(code(&["slow.log"]), Some(0));
    assert_eq!(code(&["slow.log", "--fail-on", "critical"]), Some(0));
    assert_eq!(code(&["slow.log", "--fail-on", "warning"]), Some(4));
}

#[test]
fn nothing_that_can_be_opened_is_1() {
    let missing = "No such file or directory (os error 2)";
    if cfg!(unix) {
        check(
            &["nowhere.zip"],
            1,
            &format!("error: none of the paths could be opened: nowhere.zip: {missing}\n"),
        );
        // One of several is enough, and the other is said.
        let place = Place::with(BUNDLE);
        let run = place.run(["nowhere.zip", ZIP, "--no-progress"]);
        assert_eq!(run.code, Some(0));
        let first = run.stderr.lines().next().unwrap();
        assert_eq!(first, format!("warning: nowhere.zip: {missing}; going on without it"));
    }
    let run = Place::new().run(["nowhere.zip", "-q"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("error: none of the paths could be opened"), "{}", run.stderr);
}

#[test]
fn input_without_anything_known_is_0_and_unknown() {
    let place = Place::new();
    place.write("notes/shopping.txt", b"milk\n");
    let findings = place.findings(["notes"]);
    assert_eq!(findings["verdict"]["health"], "unknown");
    assert_eq!(findings["http"], serde_json::Value::Null);
    assert_eq!(findings["window"], serde_json::Value::Null);
}

#[test]
fn wrong_arguments_are_2() {
    for (args, says) in [
        (&[][..], "required arguments were not provided"),
        (&[ZIP, "--threads", "0"], "'--threads <N>'"),
        (&[ZIP, "--chunk-size", "0"], "'--chunk-size <BYTES>'"),
        (&[ZIP, "--since", "yesterday"], "neither RFC 3339 nor `YYYY-MM-DD HH:MM[:SS]`"),
        (&[ZIP, "--min-coverage", "101"], "not between 0 and 100"),
        (&[ZIP, "--min-coverage", "half"], "not a number"),
        (&[ZIP, "--instance", "[a"], "unclosed character class"),
        (&[ZIP, "--fail-on", "info"], "[possible values: critical, warning]"),
        (&[ZIP, "--sensitivity", "most"], "[possible values: high, normal, low]"),
        (&[ZIP, "--nonsense"], "unexpected argument '--nonsense'"),
    ] {
        let place = Place::with(BUNDLE);
        let run = place.run(args);
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{args:?}: {}", run.stderr);
        assert!(run.stdout.is_empty());
        assert_eq!(place.names(), [ZIP], "{args:?} wrote something");
    }
}

#[test]
fn the_dash_is_stdout() {
    let place = Place::with(BUNDLE);
    let html = place.run([ZIP, "-q", "-o", "-"]);
    assert!(html.stdout.starts_with(b"<!doctype html>"));
    let json = place.run([ZIP, "-q", "-o", "r.html", "--json", "-"]);
    assert_eq!(json.stdout.first(), Some(&b'{'));
    let markdown = place.run([ZIP, "-q", "-o", "r.html", "--markdown", "-"]);
    let text = String::from_utf8(markdown.stdout).unwrap();
    assert!(text.chars().count() <= 3000 && text.contains("503"), "{text}");
    assert_eq!(place.names(), ["r.html", ZIP], "nothing is written but what was asked for");
    assert_eq!(place.read("r.html"), html.stdout);
}

#[test]
fn a_broken_pipe_is_no_error() {
    let place = Place::with(BUNDLE);
    let mut child = place
        .command()
        .args([ZIP, "-q", "-o", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Its reader goes after the first bytes, as `head` does.
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn the_default_name_is_that_of_the_first_path() {
    let place = Place::new();
    let log =
        b"#Fields: date time cs-method cs-uri-stem sc-status\n2026-03-11 02:14:01 GET / 200\n";
    for (path, report) in [
        ("a.log", "a-report.html"),
        ("b.LOG", "b-report.html"),
        ("LogFiles/x.log", "x-report.html"),
        ("no ending", "no ending-report.html"),
        (".log", ".log-report.html"),
        ("\u{e4}\u{f6}.txt", "\u{e4}\u{f6}-report.html"),
    ] {
        place.write(path, log);
        assert_eq!(place.run(["-q", path]).code, Some(0), "{path}");
        assert!(place.path(report).is_file(), "{path}: {:?}", place.names());
    }
    assert_eq!(place.run(["-q", "LogFiles"]).code, Some(0));
    assert!(place.path("LogFiles-report.html").is_file());
}

#[test]
fn what_cannot_be_written_is_1_and_the_old_file_stays() {
    let place = Place::with(BUNDLE);
    let run = place.run([ZIP, "-q", "-o", "no/such/folder/r.html"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("error: cannot write no/such/folder/r.html"), "{}", run.stderr);
    // A folder stands where the report is to go.
    place.write("taken/keep.txt", b"old");
    let run = place.run([ZIP, "-q", "-o", "taken"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("error: cannot write taken"), "{}", run.stderr);
    assert_eq!(place.read("taken/keep.txt"), b"old");
    // An old report outlives a run that fails before it writes.
    place.write("r.html", b"old");
    assert_eq!(place.run(["nowhere.zip", "-q", "-o", "r.html"]).code, Some(1));
    assert_eq!(place.read("r.html"), b"old");
    assert_eq!(place.run([ZIP, "-q", "-o", "r.html"]).code, Some(0));
    assert!(place.read("r.html").starts_with(b"<!doctype html>"));
    assert_eq!(place.names(), ["r.html", "taken", ZIP], "no temporary file is left");
}

#[cfg(unix)]
#[test]
fn a_report_can_be_read_by_others_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::with(BUNDLE);
    place.run([ZIP, "-q", "-o", "r.html"]);
    fs::write(place.path("other"), b"").unwrap();
    let mode = |name: &str| fs::metadata(place.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("r.html"), mode("other"));
}

#[test]
fn the_window_and_the_filters_narrow_what_counts() {
    let place = Place::with(BUNDLE);
    let whole = place.findings([ZIP]);
    let requests = |args: &[&str]| {
        let findings = place.findings([&[ZIP], args].concat());
        findings["http"]["requests"].as_u64().unwrap_or(0)
    };
    let all = whole["http"]["requests"].as_u64().unwrap();
    assert_eq!(requests(&["--since", "2000-01-01 00:00", "--until", "2100-01-01T00:00:00Z"]), all);
    let (before, after) = (
        requests(&["--until", "2026-04-30 04:45:59"]),
        requests(&["--since", "2026-04-30T04:46:00Z"]),
    );
    assert!(before > 0 && after > 0);
    assert_eq!(before + after, all, "the two halves of a log are the whole");
    assert_eq!(requests(&["--since", "2100-01-01 00:00"]), 0);
    let name = whole["http"]["instances"][0]["name"].as_str().unwrap();
    let one = requests(&["--instance", name]);
    assert_eq!(Some(one), whole["http"]["instances"][0]["requests"].as_u64());
    assert_eq!(requests(&["--url", "/index.php"]), 592);
    assert_eq!(requests(&["--instance", "nobody"]), 0);
}

#[test]
fn stamp_is_the_only_thing_that_tells_the_time() {
    let place = Place::with(BUNDLE);
    let run = |name: &str, args: &[&str]| {
        place.run([&[ZIP, "-q", "-o", name, "--json", "s.json"], args].concat());
        (
            String::from_utf8(place.read(name)).unwrap(),
            String::from_utf8(place.read("s.json")).unwrap(),
        )
    };
    let (html, json) = run("plain.html", &[]);
    let (stamped, stamped_json) = run("stamped.html", &["--stamp"]);
    assert!(!json.contains("\"stamp\"") && stamped_json.contains("\"stamp\": \"20"));
    assert_ne!(html, stamped);
}

#[test]
fn the_demo_writes_a_bundle_and_its_report() {
    let place = Place::new();
    let run = place.run(["demo", "here", "-q"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let findings: serde_json::Value =
        serde_json::from_slice(&place.read("here/findings.json")).unwrap();
    assert_eq!(findings["verdict"]["health"], "critical");
    assert!(place.read("here/report.html").starts_with(b"<!doctype html>"));
    assert!(place.path("here/two-instances-503.zip").is_file());
    assert_eq!(place.names(), ["here"]);
}

#[test]
fn the_help_is_what_it_was() {
    let place = Place::new();
    for (name, args) in [
        ("help_short", &["-h"][..]),
        ("help_long", &["--help"]),
        ("help_analyze", &["analyze", "-h"]),
        ("help_demo", &["demo", "-h"]),
    ] {
        let run = place.run(args);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        insta::assert_snapshot!(name, String::from_utf8(run.stdout).unwrap());
    }
    let version = place.run(["--version"]);
    assert_eq!(version.stdout, format!("daaslens {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
}
