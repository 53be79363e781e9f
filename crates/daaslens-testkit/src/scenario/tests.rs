//! Every scenario is checked against its own files, with a reader of a few lines that shares nothing with them.

use super::*;
use crate::Culprit;
use daaslens_core::Time;
use std::collections::BTreeMap;

/// The columns of every line of every RawLogs file that has all nineteen of them.
fn lines(bundle: &Bundle) -> Vec<Vec<&str>> {
    bundle
        .files()
        .iter()
        .filter(|file| file.path.starts_with("LogFiles/http/RawLogs/"))
        .flat_map(|file| std::str::from_utf8(&file.bytes).unwrap().split("\r\n"))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(' ').collect())
        .collect()
}

fn seconds(stamp: &str) -> i64 {
    Time::parse(stamp).unwrap().seconds()
}

fn check(staged: &Staged) {
    let Staged { bundle, truth } = staged;
    let name = &truth.scenario;
    let lines = lines(bundle);
    let (whole, torn): (Vec<&Vec<&str>>, Vec<&Vec<&str>>) =
        lines.iter().partition(|line| line.len() == 19);
    assert_eq!(torn.len() as u64, truth.malformed, "{name}");
    let (scm, app): (Vec<&Vec<&str>>, Vec<&Vec<&str>>) =
        whole.into_iter().partition(|line| line[2].starts_with("~1"));
    let http = &truth.http;
    assert_eq!((app.len() as u64, scm.len() as u64), (http.requests, http.scm_requests), "{name}");

    let mut status: BTreeMap<String, u64> = BTreeMap::new();
    let (mut aborts, mut server_errors) = (0, 0);
    for line in &app {
        *status.entry(line[13].to_owned()).or_default() += 1;
        let abort = ["64", "121", "995", "1229", "1236"].contains(&line[15]);
        aborts += u64::from(abort);
        server_errors += u64::from(line[13].starts_with('5') && !abort);
    }
    assert_eq!(
        (&status, aborts, server_errors),
        (&http.status, http.client_aborts, http.server_errors),
        "{name}"
    );
    for (url, count) in &http.url_literal {
        assert_eq!(app.iter().filter(|line| line[4] == url).count() as u64, *count, "{name} {url}");
    }

    for fault in truth.clusters() {
        let window = seconds(&fault.window.0)..=seconds(&fault.window.1);
        let family = fault.status_family.as_deref().unwrap();
        let errors: Vec<i64> = app
            .iter()
            .filter(|line| line[13] == family && line[15] != "64")
            .map(|line| seconds(&format!("{}T{}Z", line[0], line[1])))
            .filter(|second| window.contains(second))
            .collect();
        assert_eq!(Some(errors.len() as u64), fault.errors, "{name}");
        assert!(errors.contains(window.start()) && errors.contains(window.end()), "{name}");
        assert!(errors.len() >= 5, "{name}: {} errors", errors.len());
    }
    for (from, to) in &truth.quiet {
        assert!(from < to, "{name}");
        for fault in &truth.faults {
            assert!(
                seconds(to) <= seconds(&fault.window.0)
                    || seconds(&fault.window.1) <= seconds(from),
                "{name}"
            );
        }
    }
    if truth.forbidden_rules.iter().any(|rule| rule == "http-5xx-cluster") {
        assert_eq!(truth.clusters().count(), 0, "{name}");
    }
}

#[test]
fn the_truth_of_every_scenario_is_true() {
    for scenario in SCENARIOS {
        let staged = scenario.build(7);
        assert_eq!(staged.truth.scenario, scenario.name);
        check(&staged);
        let again = Truth::from_json(staged.truth.to_json().as_bytes()).unwrap();
        assert_eq!(again, staged.truth, "{}", scenario.name);
    }
    check(&first_look(7));
    let sessions = daas_sessions(7);
    assert!(sessions.bundle.get("DaaS/PrivateSettings.json").is_some());
    let logs =
        sessions.bundle.files().iter().filter(|file| file.path.contains("/HttpLogsCollector/"));
    assert_eq!(logs.count(), 2);
}

#[test]
fn a_scenario_depends_on_its_seed_alone() {
    for name in ["low-traffic", "clean-quiet"] {
        let scenario = Scenario::find(name).unwrap();
        assert_eq!(scenario.build(1), scenario.build(1));
        assert_ne!(scenario.build(1).bundle, scenario.build(2).bundle);
        check(&scenario.build(2));
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SCENARIOS.len());
    assert!(Scenario::find("nonsense").is_none());
}

#[test]
fn faults_are_as_large_as_their_names_say() {
    let of = |name: &str| Scenario::find(name).unwrap().build(3).truth;
    let length = |fault: &crate::Fault| seconds(&fault.window.1) - seconds(&fault.window.0);

    let outage = of("total-outage-503");
    assert!((175..=180).contains(&length(&outage.faults[0])), "{:?}", outage.faults);
    assert_eq!(outage.http.status["503"], outage.faults[0].errors.unwrap());

    let bursts = of("two-bursts");
    let gap = seconds(&bursts.faults[1].window.0) - seconds(&bursts.faults[0].window.1);
    assert!((235..=255).contains(&gap), "{gap}");

    let third = of("third-of-log");
    assert!((8 * 3600 - 60..=8 * 3600).contains(&length(&third.faults[0])));

    let wall = of("timeout-wall-230");
    assert!(wall.http.cutoffs.is_some_and(|n| (40..=45).contains(&n)), "{:?}", wall.http.cutoffs);
    assert_eq!(wall.faults[0].culprit, Some(Culprit::one("url", "/reports/export")));

    // An ordinary page takes tens of milliseconds, and a few take seconds.
    let latency = of("clean-busy").http.latency_ms;
    assert!(
        (40..90).contains(&latency.p50) && latency.p99 < 2_000 && latency.max > 2_000,
        "{latency:?}"
    );
    assert!(of("recycle-995").http.cutoffs.is_some_and(|n| (28..=31).contains(&n)));
    assert_eq!(of("clean-busy").quiet.len(), 1);
}

#[test]
fn a_crash_leaves_no_hole() {
    let staged = Scenario::find("crash-burst-502").unwrap().build(4);
    let fault = &staged.truth.faults[0];
    let window = seconds(&fault.window.0)..=seconds(&fault.window.1);
    let Some(Culprit::One { value: prefix, .. }) = &fault.culprit else { panic!("{fault:?}") };
    let survivors = staged
        .bundle
        .files()
        .iter()
        .filter(|file| file.path.contains(&format!("RawLogs/{prefix}-")))
        .flat_map(|file| std::str::from_utf8(&file.bytes).unwrap().lines())
        .map(|line| line.split(' ').collect::<Vec<&str>>())
        .filter(|line| line.len() == 19 && line[2] == "CONTOSO-SHOP" && line[9] != "AlwaysOn")
        .filter(|line| window.contains(&seconds(&format!("{}T{}Z", line[0], line[1]))))
        .filter(|line| line[13] != "502")
        .count();
    assert_eq!(survivors, 0);
    assert!((15..=20).contains(&(window.end() - window.start())), "{window:?}");
}

#[test]
fn nothing_is_answered_during_a_stall() {
    let staged = Scenario::find("stall-30s").unwrap().build(5);
    let window = &staged.truth.faults[0].window;
    let inside = seconds(&window.0) + 1..seconds(&window.1);
    let answered = lines(&staged.bundle)
        .iter()
        .filter(|line| !line[2].starts_with("~1"))
        .filter(|line| inside.contains(&seconds(&format!("{}T{}Z", line[0], line[1]))))
        .count();
    assert_eq!((answered, inside.end - inside.start), (0, 29));
    assert!(staged.truth.http.latency_ms.max >= 29_000);
}
