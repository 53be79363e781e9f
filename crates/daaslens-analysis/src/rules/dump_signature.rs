#![doc = include_str!("dump_signature.md")]

use daaslens_core::model::Clean;
use daaslens_core::text::{bytes, counted, duration_ms, duration_s, shortened, thousands};
use daaslens_core::{Advice, Confidence, Finding, Metric, Severity, Time, TimeRange};
use daaslens_dump::{Dump, RuntimeKind, Story};

use super::{Conclusions, Rule, no_questions};
use crate::dumps::{self, Belongs, Group};
use crate::facts::Facts;
use crate::records::dumps::Taken;
use crate::zoom::Reply;

pub(super) const RULE: Rule = Rule {
    id: "dump-signature",
    doc: include_str!("dump_signature.md"),
    questions: no_questions,
    conclude,
};

/// The most groups that become findings.
const MOST: usize = 20;

/// Evidence of a group.
const EVIDENCE: usize = 6;

/// Calls that are named.
const CALLS: usize = 8;

fn conclude(facts: &Facts<'_>, _: &[Reply], out: &mut Conclusions) {
    let dumps = &facts.records.dumps;
    out.findings.extend(facts.dumps.iter().take(MOST).filter_map(|group| finding(group, facts)));
    if facts.dumps.len() > MOST {
        out.not_checked.push(format!(
            "dump-signature: {} show something else than those above and have no finding of their own; the table of \
             dumps lists them.",
            counted((facts.dumps.len() - MOST) as u64, "group of dumps", "groups of dumps")
        ));
    }
    let others = dumps.others.len() as u64;
    if others > 0 {
        out.not_checked.push(format!(
            "{} called dumps or dumps of another kind than Windows writes: the table of dumps says what they are.",
            counted(others, "file is", "files are")
        ));
    }
    if !facts.dumps.is_empty() && !facts.dumps.iter().any(|group| group.signature.is_some()) {
        let text = format!(
            "no exception in {}",
            counted(dumps.list.len() as u64, "memory dump", "memory dumps")
        );
        out.clean.push(Clean { rule: RULE.id, text });
    }
}

fn finding(group: &Group, facts: &Facts<'_>) -> Option<Finding> {
    let first = group.all(facts).next()?;
    let count = group.dumps.len() as u64;
    let all: Vec<Belongs> = group.all(facts).map(|taken| dumps::belongs(taken, facts)).collect();
    let crashed = group.all(facts).filter(|taken| dumps::is_crash(&taken.dump)).count();
    let locked = group.all(facts).filter_map(|taken| dumps::locked(&taken.dump)).max();
    let failed = crashed > 0 || locked.is_some();
    let severity =
        if failed && on_windows(&first.dump) { Severity::Warning } else { Severity::Info };
    // The event log is written by the run time, the dump by a tool: two independent witnesses.
    let seen_twice = all.iter().any(|one| one.incident.is_some());
    let confidence = match (seen_twice, failed) {
        (true, _) => Confidence::Confirmed,
        (false, true) => Confidence::Likely,
        (false, false) => Confidence::Possible,
    };
    let mut finding = Finding::new(RULE.id, severity, confidence, headline(group, first, count));
    finding.detail = detail(first, &all, count);
    finding.window = group
        .all(facts)
        .filter_map(Taken::time)
        .map(TimeRange::at)
        .fold(None, |all: Option<TimeRange>, one| TimeRange::merge(all, Some(one)));
    let subject = &mut finding.subject;
    subject.process = Some(first.process());
    if let Some(signature) = &group.signature {
        subject.signature = Some(signature.exact.clone());
        subject.exception = Some(signature.exception.clone());
        subject.module = first.dump.fault_module().map(|module| module.name.clone());
    }
    subject.instance = first
        .machine
        .as_ref()
        .map(|machine| facts.instance(machine))
        .or_else(|| first.instance.clone());
    finding.metrics = vec![
        ("count", Metric::Count(count)),
        ("threads", Metric::Count(first.dump.threads.len() as u64)),
    ];
    if let Some(uptime) = dumps::uptime(first) {
        finding.metrics.push(("uptime_ms", Metric::Millis(uptime.saturating_mul(1000))));
    }
    let (errors, requests) =
        all.iter().filter_map(|one| one.requests).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    if requests > 0 {
        finding.metrics.push(("server_errors", Metric::Count(errors)));
        finding.metrics.push(("requests", Metric::Count(requests)));
    }
    // Where no requests are known, the threads that died or wait: at most so many requests were with them.
    let threads = first.dump.threads.len();
    let lost = if crashed > 0 { threads } else { locked.unwrap_or(0) };
    finding.impact = if requests > 0 { errors.max(count) } else { count.max(lost as u64) };
    finding.advice = advice(&first.dump);
    finding.evidence = group.all(facts).take(EVIDENCE).map(|taken| taken.evidence("")).collect();
    let incidents = all.iter().filter_map(|one| one.incident).filter_map(|i| {
        let event = facts.records.events.incidents.get(i)?.events.first()?;
        facts.records.events.evidence(*event, "the event of the same crash", 1)
    });
    finding.evidence.extend(incidents.take(2));
    Some(finding)
}

fn on_windows(dump: &Dump) -> bool {
    dump.system.as_ref().is_none_or(daaslens_dump::System::is_windows)
}

fn headline(group: &Group, first: &Taken, count: u64) -> String {
    let dump = &first.dump;
    let dumps = match count {
        1 => "A memory dump".to_owned(),
        n => format!("{} memory dumps", thousands(n)),
    };
    let foreign = match &dump.system {
        Some(system) if !system.is_windows() => format!(" ({})", system.os),
        _ => String::new(),
    };
    let of = format!("{dumps} of {}{foreign}", first.process());
    let shows = if count == 1 { "shows" } else { "show" };
    if group.signature.is_some()
        && let Some(story) = dumps::story(dump)
    {
        let place = match &dump.fault {
            Some(fault) if fault.module.is_some() => format!(", in {}", fault.text),
            _ => dump.fault_unloaded.as_ref().map_or_else(
                || ", in no module".to_owned(),
                |name| format!(", in {name}, which was unloaded"),
            ),
        };
        let place = if dumps::is_managed(dump) { String::new() } else { place };
        return format!("{of} {shows} {story}{place}");
    }
    let why = dump
        .reason
        .as_ref()
        .map_or("for a reason that it does not tell", |reason| reason.kind.words());
    match dumps::locked(dump) {
        Some(n) => format!(
            "{of}, written {why}, {shows} {} of {} threads that wait for a lock",
            thousands(n as u64),
            thousands(dump.threads.len() as u64)
        ),
        None => format!("{of} {shows} no exception: written {why}"),
    }
}

fn detail(first: &Taken, all: &[Belongs], count: u64) -> String {
    let dump = &first.dump;
    let mut parts = Vec::new();
    if count > 1 {
        parts.push("The first of them:".to_owned());
    }
    if let Some(reason) = &dump.reason {
        let copy = if reason.via_snapshot { ", from a copy of the process" } else { "" };
        let words = match (&reason.text, &reason.note) {
            (text, _) if !text.is_empty() => format!("“{text}”"),
            (_, Some(note)) => format!("the note “{note}”"),
            _ => "nothing".to_owned(),
        };
        parts.push(format!("The tool that wrote it says: {words}{copy}."));
    }
    let mut process = Vec::new();
    process.extend(first.pid().map(|pid| format!("process {pid}")));
    process.extend(first.machine.as_ref().map(|machine| format!("on {machine}")));
    process.extend(dumps::uptime(first).map(|uptime| format!("up for {}", duration_s(uptime))));
    let cpu = dump.process.user_s.zip(dump.process.kernel_s);
    process.extend(cpu.map(|(user, kernel)| {
        let all = u64::from(user).saturating_add(u64::from(kernel));
        format!("{} of processor time", duration_s(all))
    }));
    process.push(counted(dump.threads.len() as u64, "thread", "threads"));
    parts.push(format!("{}.", capital(&process.join(", "))));
    let runtimes: Vec<String> = dump.runtimes.iter().map(ToString::to_string).collect();
    if !runtimes.is_empty() {
        parts.push(format!("Run time: {}.", runtimes.join(", ")));
    }
    if let Some(assertion) = &dump.assertion {
        parts.push(format!("Its program noticed: {assertion}."));
    }
    if let Some(module) = dump.fault_module().filter(|_| !dumps::is_managed(dump)) {
        let version = module.version_text().map_or_else(String::new, |v| format!(" {v}"));
        parts.push(format!(
            "Thrown in {}{version}, which is of {}.",
            module.name,
            module.home.words()
        ));
    }
    if let Some(thread) = dump.crashed_thread().filter(|thread| thread.frames.len() > 1) {
        let calls: Vec<String> = thread.frames.iter().take(CALLS).map(call).collect();
        parts.push(format!("Calls, the innermost first: {}.", calls.join(" ← ")));
        if let Some((frame, _)) = dump.suspect() {
            parts.push(format!(
                "The first of them that is neither Windows' nor the run time's: {}.",
                frame.text
            ));
        }
    }
    parts.extend(busiest(dump));
    parts.extend(dumps::memory(dump).map(|memory| format!("Memory: {memory}.")));
    if let Some(handles) = &dump.handles {
        parts.push(format!("{} open.", counted(handles.count, "handle", "handles")));
    }
    parts.extend(all.iter().take(3).flat_map(|one| one.words.iter().cloned()));
    let faults: Vec<String> = dump.faults.iter().map(ToString::to_string).collect();
    if !faults.is_empty() {
        parts.push(format!("What is missing of the dump: {}.", faults.join("; ")));
    }
    parts.join(" ")
}

/// A call, with how it was found where that is not certain.
fn call(frame: &daaslens_dump::Frame) -> String {
    let times = if frame.repeat > 1 {
        format!(" × {}", thousands(u64::from(frame.repeat)))
    } else {
        String::new()
    };
    match frame.trust {
        daaslens_dump::Trust::Context => format!("{}{times}", frame.text),
        trust => format!("{}{times} ({})", frame.text, trust.word()),
    }
}

/// The thread that used most processor time.
fn busiest(dump: &Dump) -> Option<String> {
    let hottest = dump.reason.as_ref().and_then(|reason| reason.hottest_thread);
    let thread = dump.threads.iter().find(|thread| Some(thread.id) == hottest).or_else(|| {
        dump.threads.iter().max_by_key(|thread| (thread.cpu_total_ms(), u32::MAX - thread.id))
    })?;
    let ms = thread.cpu_total_ms();
    let name = thread.name.as_ref().map_or_else(String::new, |name| format!(" “{name}”"));
    (ms > 0).then(|| {
        format!("Thread {}{name} used most processor time, {}.", thread.id, duration_ms(ms))
    })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn advice(dump: &Dump) -> Advice {
    let mut advice = Advice::default();
    let managed = dump.runtimes.iter().any(|runtime| runtime.kind.is_dotnet());
    let code = dump.exception.as_ref().map(|exception| exception.code);
    let hresult = match dump.exception.as_ref().map(|exception| &exception.story) {
        Some(Story::Managed { hresult }) => *hresult,
        _ => None,
    };
    // What to collect is collected already where it is a full dump.
    let told = [hresult, code].into_iter().flatten().filter_map(daaslens_kb::exception_code);
    let lines = told.flat_map(|known| known.about.advice).map(|line| (*line).to_owned());
    advice.fix.extend(lines.filter(|line| !(dump.is_full && line.contains("dump"))));
    if let Some((frame, module)) = dump.suspect() {
        let version = module.version_text().map_or_else(String::new, |v| format!(" {v}"));
        advice.fix.push(format!(
            "Look at {} first ({}{version}): update it, or take it out, and see whether the crashes end.",
            shortened(&frame.text, 100),
            module.name
        ));
    }
    if managed {
        advice.collect_next.push(
            "Managed calls and exceptions: open the dump in Visual Studio or WinDbg (`!pe`, `!clrstack -all`), which \
             fetch the debugging library of the same version of .NET"
                .to_owned(),
        );
    }
    if dump.runtimes.iter().any(|runtime| runtime.kind == RuntimeKind::Php) {
        advice.collect_next.push(
            "PHP's own log of the same minute (LogFiles/php_errors.log): a dump does not tell the script".to_owned(),
        );
    }
    if !dump.is_full {
        advice.collect_next.push(format!(
            "A full dump (this one holds {}): only it has the memory in which names of functions stand",
            bytes(dump.size)
        ));
    }
    if dump.exception.is_none() {
        advice.collect_next.push(
            "Two more dumps half a minute apart while requests wait: what stands still in all of them is what they wait \
             for"
                .to_owned(),
        );
    }
    advice
}

/// When a dump was written, for the timeline.
pub(crate) fn mark(taken: &Taken) -> Option<(Time, String)> {
    let what = match dumps::story(&taken.dump) {
        Some(story) => story,
        None => taken.dump.reason.as_ref().map_or("no exception", |r| r.kind.words()).to_owned(),
    };
    Some((taken.time()?, format!("{}: {}", taken.process(), shortened(&what, 60))))
}
