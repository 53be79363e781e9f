//! Reports as JSON: Visual Studio's analyser, DaaS on `jstack`, DaaS on a profiler trace.

use std::collections::BTreeMap;

use daaslens_core::Time;
use serde_json::Value;

use super::{Gravity, Line, MAX_FRAMES, Report, Threads, Thrown, Tool, kept};

/// Values of one document; each costs memory far beyond its bytes.
const MAX_VALUES: usize = 500_000;

fn parse(bytes: &[u8]) -> Option<Value> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let values = memchr::memchr3_iter(b'{', b'[', b',', text).take(MAX_VALUES + 1).count();
    if values > MAX_VALUES { None } else { serde_json::from_slice(text).ok() }
}

fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => kept(text),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn number(value: &Value, name: &str) -> Option<u64> {
    let value = value.get(name)?;
    value.as_u64().or_else(|| value.as_f64().filter(|n| (0.0..9e15).contains(n)).map(|n| n as u64))
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Frames of a list of texts, without their arguments, which may be values.
fn frames(list: &[Value]) -> Vec<String> {
    let frame = |value: &Value| {
        let text = value.as_str()?.trim();
        let text = text.strip_prefix("at ").unwrap_or(text);
        let name = text.split('(').next().unwrap_or(text).trim();
        (!name.is_empty()).then(|| kept(name))
    };
    list.iter().filter_map(frame).take(MAX_FRAMES).collect()
}

/// Adds a stack; equal ones count together.
fn count(stacks: &mut BTreeMap<(String, Vec<String>), u64>, state: String, frames: Vec<String>) {
    if !frames.is_empty() {
        *stacks.entry((state, frames)).or_default() += 1;
    }
}

fn grouped(stacks: BTreeMap<(String, Vec<String>), u64>) -> Vec<Threads> {
    let threads = |((state, frames), count)| Threads { count, state, frames };
    stacks.into_iter().map(threads).collect()
}

/// `DiagCli.json`. Every field may be missing.
pub(super) fn visual_studio(bytes: &[u8]) -> Report {
    let mut report = Report::new(Tool::VisualStudio);
    let Some(root) = parse(bytes) else { return report };
    for one in list(&root, "interpretedResults") {
        let gravity = match text(one, "severity").to_ascii_lowercase().as_str() {
            "error" | "critical" | "2" | "3" => Gravity::Error,
            "warning" | "1" => Gravity::Warning,
            _ => Gravity::Note,
        };
        let said = text(one, "shortDescription");
        if !said.is_empty() {
            report.lines.push(Line { gravity, text: said });
        }
    }
    let mut stacks = BTreeMap::new();
    for one in list(&root, "results") {
        for exception in list(one, "Exceptions") {
            let object = exception.get("Object").unwrap_or(&Value::Null);
            let type_name = text(object, "TypeName");
            if !type_name.is_empty() {
                report.exceptions.push(Thrown {
                    type_name,
                    message: text(object, "Message"),
                    count: number(exception, "Count").unwrap_or(1),
                    frames: frames(list(object, "StackTrace")),
                });
            }
        }
        for thread in list(one, "Threads") {
            count(&mut stacks, String::new(), frames(list(thread, "Stack")));
        }
        if let Some(size) = number(one, "TotalHeapSize").filter(|size| *size > 0) {
            let figure = format!("managed heap: {}", daaslens_core::text::bytes(size));
            if !report.figures.contains(&figure) {
                report.figures.push(figure);
            }
        }
    }
    report.stacks = grouped(stacks);
    let waits = |line: &&Line| line.text.to_ascii_lowercase().contains("deadlock");
    report.deadlock = report.lines.iter().find(waits).map(|line| line.text.clone());
    report
}

/// `stackDump.json`. Threads whose stack is equal to an earlier one have its hash and no text.
pub(super) fn jstack(bytes: &[u8]) -> Report {
    let mut report = Report::new(Tool::Jstack);
    let Some(root) = parse(bytes) else { return report };
    report.machine = Some(text(&root, "MachineName")).filter(|name| !name.is_empty());
    report.of = Some(text(&root, "FileName")).filter(|name| !name.is_empty());
    report.deadlock = Some(text(&root, "DeadlockMessage")).filter(|message| !message.is_empty());
    let threads = list(&root, "Threads");
    let lines = |thread: &Value| match thread.get("CallStack") {
        Some(Value::String(stack)) => {
            let lines: Vec<Value> = stack.lines().map(|line| Value::from(line.trim())).collect();
            frames(&lines)
        }
        Some(Value::Array(lines)) => frames(lines),
        _ => Vec::new(),
    };
    let mut by_hash: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for thread in threads {
        let frames = lines(thread);
        if !frames.is_empty() {
            by_hash.entry(text(thread, "CallStackHash")).or_insert(frames);
        }
    }
    let mut stacks = BTreeMap::new();
    for thread in threads {
        let mut frames = lines(thread);
        if frames.is_empty() {
            frames = by_hash.get(&text(thread, "CallStackHash")).cloned().unwrap_or_default();
        }
        count(&mut stacks, text(thread, "State"), frames);
    }
    report.stacks = grouped(stacks);
    report
}

/// Files of `reportdata` that tell something by themselves.
pub(super) const PROFILER: [&str; 3] =
    ["traceinfo.json", "allexceptions.json", "allexceptionsoutproc.json"];

/// `reportdata/*.json` of a profiler trace.
pub(super) fn profiler(name: &str, bytes: &[u8]) -> Report {
    let mut report = Report::new(Tool::Profiler);
    let Some(root) = parse(bytes) else { return report };
    if name == "traceinfo.json" {
        report.machine = Some(text(&root, "InstanceName")).filter(|name| !name.is_empty());
        report.of = Some(text(&root, "TraceFileName")).filter(|name| !name.is_empty());
        report.time = Time::parse(&text(&root, "TraceStartTime"));
        for (field, words) in [
            ("TotalRequests", "requests"),
            ("FailedRequests", "failed requests"),
            ("IncompleteRequests", "requests without an end"),
            ("AverageResponseTime", "ms on average"),
            ("NinetyFifthPercentile", "ms at the 95th percentile"),
            ("CPUTimeByThisProcess", "% of the processor by this process"),
        ] {
            let value = text(&root, field);
            if !value.is_empty() {
                report.figures.push(format!("{value} {words}"));
            }
        }
        let mut modules: Vec<(u64, String)> = list(&root, "ModuleExecutionPercent")
            .iter()
            .map(|one| (number(one, "Percent").unwrap_or(0), text(one, "ModuleName")))
            .collect();
        modules.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let modules = modules.into_iter().take(3).filter(|(percent, _)| *percent > 0);
        let told = modules.map(|(percent, name)| format!("{percent}\u{a0}% of the time in {name}"));
        report.figures.extend(told);
        return report;
    }
    for one in root.as_array().map_or(&[][..], Vec::as_slice) {
        let first = |names: [&str; 3]| {
            names.iter().map(|name| text(one, name)).find(|text| !text.is_empty())
        };
        let type_name = first(["ExceptionType", "exceptionType", "Type"]);
        let Some(type_name) = type_name else { continue };
        let message = first(["ExceptionMessage", "exceptionMessage", "Message"]);
        report.exceptions.push(Thrown {
            type_name,
            message: message.unwrap_or_default(),
            count: number(one, "Count").or_else(|| number(one, "count")).unwrap_or(1),
            frames: Vec::new(),
        });
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_exceptions_and_stacks_of_the_analyser_are_taken() {
        let report = visual_studio(
            br#"{"cliSummary":{"version":"1.0"},
            "interpretedResults":[{"shortDescription":"Sync over async","severity":"Warning"},{"shortDescription":"Deadlock of 2 threads","severity":"Error"}],
            "results":[{"TotalHeapSize":6000000000,
              "Exceptions":[{"Count":41,"Object":{"TypeName":"System.TimeoutException","Message":"late","StackTrace":["at Shop.Db.Load(Int32 id)"]}}],
              "Threads":[{"ThreadId":1,"Stack":["Shop.A.B(x)"]},{"ThreadId":2,"Stack":["Shop.A.B(y)"]},{"Stack":null}]}]}"#,
        )
        .settled();
        assert_eq!(
            report.lines[0],
            Line { gravity: Gravity::Error, text: "Deadlock of 2 threads".to_owned() }
        );
        assert_eq!(report.deadlock.as_deref(), Some("Deadlock of 2 threads"));
        assert_eq!(
            report.exceptions,
            [Thrown {
                type_name: "System.TimeoutException".to_owned(),
                message: "late".to_owned(),
                count: 41,
                frames: vec!["Shop.Db.Load".to_owned()],
            }]
        );
        assert_eq!((report.stacks.len(), report.stacks[0].count), (1, 2));
        assert_eq!(report.figures, ["managed heap: 6.0\u{a0}GB"]);
    }

    #[test]
    fn threads_without_a_stack_have_that_of_their_hash() {
        let report = jstack(
            br#"{"DeadlockMessage":"Found one Java-level deadlock","MachineName":"RD0003FF00C0DE","FileName":"x_jstack.log",
            "Threads":[{"State":"BLOCKED","CallStack":"at a.B.c(B.java:1)\n at d.E.f(E.java:2)","CallStackHash":7},
            {"State":"BLOCKED","CallStack":null,"CallStackHash":7},{"State":"RUNNABLE","CallStack":null,"CallStackHash":9}]}"#,
        );
        assert_eq!(
            report.stacks,
            [Threads {
                count: 2,
                state: "BLOCKED".to_owned(),
                frames: vec!["a.B.c".to_owned(), "d.E.f".to_owned()],
            }]
        );
        assert_eq!(report.deadlock.as_deref(), Some("Found one Java-level deadlock"));
    }

    #[test]
    fn figures_of_a_trace_are_told() {
        let report = profiler(
            "traceinfo.json",
            br#"{"TotalRequests":812,"FailedRequests":3,"NinetyFifthPercentile":2100.5,"InstanceName":"RD0003FF00C0DE",
            "ModuleExecutionPercent":[{"ModuleName":"ManagedPipelineHandler","Percent":91.2}]}"#,
        );
        assert_eq!(
            report.figures,
            [
                "812 requests",
                "3 failed requests",
                "2100.5 ms at the 95th percentile",
                "91\u{a0}% of the time in ManagedPipelineHandler",
            ]
        );
        assert!(profiler("traceinfo.json", b"{").is_empty());
    }
}
