#![doc = include_str!("php_process.md")]

use std::collections::BTreeMap;

use daaslens_core::model::{Cell, Clean, Row, Table};
use daaslens_core::text::{bytes, counted, duration_s, shortened};
use daaslens_core::{Confidence, Finding, Metric, PartKind, Severity, TimeRange};
use daaslens_phplog::{Level, Signature};

use super::{Conclusions, Rule, no_questions, php_fatal};
use crate::facts::Facts;
use crate::records::php::Group;
use crate::records::php_process::{Info, One, State};
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "php-process",
    doc: include_str!("php_process.md"),
    questions: no_questions,
    conclude,
};

/// The most findings about one kind of waiting, and the most lines of evidence of each.
const MOST: usize = 5;
const EVIDENCE: usize = 6;
/// A process younger than so many seconds is a young one.
const YOUNG: i64 = 300;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    manager(facts, out);
    seen_by_kudu(facts, out);
    let all = &facts.records.php_processes;
    if all.sources == 0 {
        return;
    }
    let looked_at = all.list.iter().filter(|one| one.state != State::Unknown).count();
    let mut states: BTreeMap<State, Vec<&One>> = BTreeMap::new();
    for one in all.list.iter().filter(|one| one.state.is_busy()) {
        states.entry(one.state).or_default().push(one);
    }
    let busy: usize = states.values().map(Vec::len).sum();
    let mut states: Vec<(State, Vec<&One>)> = states.into_iter().collect();
    states.sort_by_key(|(state, own)| (std::cmp::Reverse(own.len()), *state));
    for (state, own) in states.iter().take(MOST) {
        out.findings.push(finding(*state, own, busy, looked_at));
    }
    out.findings.extend(version(&all.infos, facts));
    if busy == 0 {
        let text = match looked_at {
            0 => "no PHP process could be looked at".to_owned(),
            n => format!("none of {} was busy", counted(n as u64, "process", "processes")),
        };
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

/// Whether a group of records is of PHP's process manager.
pub(crate) fn is_of_manager(signature: &Signature) -> bool {
    matches!(signature.level, Level::Manager | Level::Slow)
}

/// Processes of PHP as Kudu listed them: how many on each machine, and what they hold. What they wait for is not told there.
fn seen_by_kudu(facts: &Facts<'_>, out: &mut Conclusions) {
    let mut machines: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (process, evidence) in &facts.records.platform.kudu.processes {
        let name = process.name.as_deref().unwrap_or_default();
        if name.to_ascii_lowercase().starts_with("php-cgi") && !process.is_scm {
            let machine = process.machine.as_deref().unwrap_or_default();
            machines.entry(machine).or_default().push((process, evidence));
        }
    }
    for (machine, own) in machines.into_iter().take(MOST) {
        let count = own.len() as u64;
        let on = if machine.is_empty() {
            String::new()
        } else {
            format!(" on {}", facts.named(machine))
        };
        let memory: Vec<u64> =
            own.iter().filter_map(|(process, _)| process.private_memory).collect();
        let mut headline =
            format!("Kudu listed {}{on}", counted(count, "PHP process", "PHP processes"));
        let most = memory.iter().copied().max();
        if let Some(most) = most {
            headline = format!("{headline}, the largest with {} of private memory", bytes(most));
        }
        let mut finding = Finding::new(RULE.id, Severity::Info, Confidence::Likely, headline);
        finding.window =
            own.iter().filter_map(|(process, _)| process.at).fold(None, |mut range, at| {
                TimeRange::extend(&mut range, at);
                range
            });
        finding.subject.instance = Some(facts.instance(machine)).filter(|name| !name.is_empty());
        let mut detail = Vec::new();
        if memory.len() > 1 {
            let total = memory.iter().fold(0_u64, |sum, one| sum.saturating_add(*one));
            detail.push(format!("Together they hold {}.", bytes(total)));
        }
        // A process that lives for seconds only is one that keeps failing.
        let young = own
            .iter()
            .filter(|(process, _)| match (process.start, process.at) {
                (Some(start), Some(at)) => (0..YOUNG).contains(&(at.seconds() - start.seconds())),
                _ => false,
            })
            .count();
        if young > 0 {
            detail.push(format!(
                "{young} of them had started within {} before: look for restarts.",
                duration_s(YOUNG as u64)
            ));
        }
        finding.detail = detail.join(" ");
        finding.metrics = vec![("count", Metric::Count(count))];
        finding
            .advice
            .fix
            .push("Compare their number with maxInstances of the FastCGI application".to_owned());
        finding.evidence =
            own.iter().take(EVIDENCE).map(|(_, evidence)| (*evidence).clone()).collect();
        out.findings.push(finding);
    }
}

/// What PHP-FPM says of its processes and of slow requests.
fn manager(facts: &Facts<'_>, out: &mut Conclusions) {
    let groups = facts.records.php.groups.iter();
    let mut groups: Vec<_> = groups.filter(|(signature, _)| is_of_manager(signature)).collect();
    // What ends or starves processes, before what is only slow.
    let is_grave = |group: &Group| {
        group.known.is_some_and(|known| {
            matches!(
                known.id,
                "fpm-max-children" | "fatal-signal" | "fpm-killed" | "fpm-terminated"
            )
        })
    };
    groups.sort_by(|a, b| {
        let key = |group: &Group| (!is_grave(group), std::cmp::Reverse(group.count));
        key(a.1).cmp(&key(b.1)).then_with(|| a.0.cmp(b.0))
    });
    for (signature, group) in groups.into_iter().take(MOST) {
        let mut finding = php_fatal::finding(RULE.id, signature, group, facts);
        finding.severity = if is_grave(group) { Severity::Warning } else { Severity::Info };
        out.findings.push(finding);
    }
}

fn finding(state: State, own: &[&One], busy: usize, looked_at: usize) -> Finding {
    let together = own.len() >= 2 && 2 * own.len() >= looked_at && state != State::Computing;
    let severity = if together { Severity::Warning } else { Severity::Info };
    let count = own.len();
    let words = match (count, state) {
        (1, state) => state.words().to_owned(),
        (_, State::Sleep) => "sleep".to_owned(),
        (_, State::Computing) => "compute".to_owned(),
        (_, state) => state.words().replacen("waits", "wait", 1),
    };
    let place = most(own.iter().map(|one| one.place.as_str()));
    let call = most(own.iter().map(|one| one.call.as_str()));
    let at = match (call, place) {
        ("", "") => String::new(),
        (call, "") => format!(", in {}", shortened(call, 60)),
        ("", place) => format!(", at {}", shortened(place, 80)),
        (call, place) => format!(", in {} at {}", shortened(call, 60), shortened(place, 80)),
    };
    let headline = format!(
        "{count} of {} {words}{at}",
        counted(looked_at as u64, "PHP process", "PHP processes")
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.window = own.iter().filter_map(|one| one.process.time).fold(None, |mut range, time| {
        TimeRange::extend(&mut range, time);
        range
    });
    let path = most(own.iter().filter_map(|one| Some(one.process.request.as_ref()?.path.as_str())));
    finding.subject.url = Some(path.to_owned()).filter(|path| !path.is_empty());
    let mut detail = vec![format!(
        "{busy} of {} that could be looked at {} busy.",
        counted(looked_at as u64, "process", "processes"),
        if busy == 1 { "was" } else { "were" }
    )];
    if let Some(longest) = own.iter().filter_map(|one| one.process.up_seconds).max() {
        detail.push(format!("The oldest of them had run for {}.", duration_s(longest)));
    }
    if busy == looked_at && looked_at > 1 {
        detail.push(
            "All were busy: further requests wait in IIS's queue until one is free.".to_owned(),
        );
    }
    if own.iter().any(|one| one.process.php_unreadable) {
        detail.push(
            "The PHP side of some could not be read, so their native stack counts.".to_owned(),
        );
    }
    finding.detail = detail.join(" ");
    finding.metrics = vec![
        ("count", Metric::Count(count as u64)),
        ("processes", Metric::Count(looked_at as u64)),
    ];
    finding.impact = count as u64;
    advise(&mut finding, state);
    finding.evidence = own.iter().take(EVIDENCE).map(|one| one.evidence.clone()).collect();
    finding
}

fn advise(finding: &mut Finding, state: State) {
    let fix = match state {
        State::Database => {
            "Look at the database in that minute: slow queries, locks, connections, DTU or CPU; set a timeout for queries"
        }
        State::Network => {
            "Find the server that did not answer; set short timeouts for every call to others"
        }
        State::File => {
            "Keep files off the shared storage where they are read often: local cache, opcache, fewer includes"
        }
        State::Lock => {
            "Close the session as soon as it is read (session_write_close), so that requests of one visitor do not wait for each other"
        }
        State::Sleep => "Take the waiting out of the request; a queue or a web job can wait",
        State::Computing => "Profile that function; look for loops over much data",
        State::Idle | State::Unknown => return,
    };
    finding.advice.fix.push(fix.to_owned());
    finding.advice.fix.push(
        "Compare the number of busy processes with maxInstances of the FastCGI application"
            .to_owned(),
    );
}

/// The most frequent of some texts, the first in order of equals; nothing where there is none.
fn most<'t>(texts: impl Iterator<Item = &'t str>) -> &'t str {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts.filter(|text| !text.is_empty()) {
        *counts.entry(text).or_default() += 1;
    }
    let best = counts.iter().max_by_key(|(text, n)| (**n, std::cmp::Reverse(**text)));
    best.map_or("", |(text, _)| text)
}

/// Versions of PHP whose security fixes had ended by the end of the logs.
fn version(infos: &[Info], facts: &Facts<'_>) -> Option<Finding> {
    let day = facts.window?.end.format("%Y-%m-%d");
    let old = infos.iter().find_map(|info| {
        let release = daaslens_kb::php_release(&info.info.version)?;
        (release.ends < day.as_str()).then_some((info, release))
    });
    let (info, release) = old?;
    let headline = format!("PHP {}: security fixes ended on {}", info.info.version, release.ends);
    let mut finding = Finding::new(RULE.id, Severity::Info, Confidence::Likely, headline);
    finding.detail = format!(
        "The end of the logs ({day}) is later. Source: {}.",
        release.about.sources.first().map_or("", |source| source.link)
    );
    if info.info.extensions.iter().any(|extension| extension == "xdebug") {
        finding.detail.push_str(" Xdebug is loaded, which slows every request.");
        finding.advice.fix.push("Switch Xdebug off in production".to_owned());
    }
    finding.advice.fix.push("Move to a version of PHP that still gets fixes".to_owned());
    finding.metrics = vec![("count", Metric::Count(infos.len() as u64))];
    finding.evidence = vec![info.evidence.clone()];
    Some(finding)
}

/// All processes, one a row.
pub(crate) fn table(facts: &Facts<'_>) -> Table {
    let mut table = Table::new(
        "php-processes",
        "PHP processes",
        &[
            ("Process", false),
            ("When, UTC", true),
            ("State", false),
            ("In", false),
            ("At", false),
            ("Path", false),
            ("Up", true),
            ("CPU", true),
            ("Threads", true),
            ("Handles", true),
        ],
    );
    let list = &facts.records.php_processes.list;
    table.caption =
        format!("{} as the debugger saw them", counted(list.len() as u64, "process", "processes"));
    let text = |kind: PartKind, text: &str| match text {
        "" => Cell::Absent,
        text => Cell::Text(kind, shortened(text, 160).into_owned()),
    };
    let count = |n: Option<u64>| n.map_or(Cell::Absent, Cell::Count);
    for one in list {
        let process = &one.process;
        let path = process.request.as_ref().map_or("", |request| request.path.as_str());
        let cells = vec![
            process.pid.map_or(Cell::Absent, |pid| Cell::text(pid.to_string())),
            process.time.map_or(Cell::Absent, Cell::Time),
            Cell::text(one.state.words()),
            text(PartKind::Text, &one.call),
            text(PartKind::Path, &one.place),
            text(PartKind::Path, path),
            process.up_seconds.map_or(Cell::Absent, |s| Cell::Millis(s.saturating_mul(1000))),
            process.cpu_ms.map_or(Cell::Absent, Cell::Millis),
            count(Some(process.threads.len() as u64).filter(|n| *n > 0)),
            count(process.handles),
        ];
        table.rows.push(Row { cells, evidence: vec![one.evidence.clone()] });
    }
    table
}
