//! Which machine an instance is.

use std::collections::BTreeMap;

use crate::kudu::Trace;

/// How far the times of the two traces of one request lie apart, in milliseconds. The text trace has whole seconds, and is
/// written a moment after the other.
const TOLERANCE_MS: u64 = 2000;

/// An instance under both of its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceJoin {
    /// The first six hex digits of `WEBSITE_INSTANCE_ID`, in small letters: the name in HTTP logs.
    pub prefix: String,
    /// The name of the machine, in its own case: the name in event logs and in DaaS.
    pub machine: String,
    /// Whether nothing else fits. An instance that moved has two machines, and both joins are certain.
    pub certain: bool,
}

/// Joins XML traces (which know the prefix) with text traces (which know the machine) of the same request: same process,
/// application domain, thread and path, at the same time. In the order of prefixes.
pub fn join_traces<'t>(traces: impl IntoIterator<Item = &'t Trace>) -> Vec<InstanceJoin> {
    let mut by_process: BTreeMap<(u32, u32, u32), Vec<&Trace>> = BTreeMap::new();
    let mut texts = Vec::new();
    for trace in traces {
        let Some(process) = trace.process else { continue };
        if trace.machine.is_some() {
            texts.push((process, trace));
        } else if trace.prefix.is_some() {
            by_process.entry(process).or_default().push(trace);
        }
    }
    let mut joins: BTreeMap<(String, String), bool> = BTreeMap::new();
    for (process, text) in texts {
        let mut prefixes: Vec<&str> = by_process
            .get(&process)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .filter(|xml| xml.path == text.path && is_close(xml, text))
            .filter_map(|xml| xml.prefix.as_deref())
            .collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        for prefix in &prefixes {
            let key = (prefix.to_string(), text.machine.clone().unwrap_or_default());
            *joins.entry(key).or_default() |= prefixes.len() == 1;
        }
    }
    joins
        .into_iter()
        .map(|((prefix, machine), certain)| InstanceJoin { prefix, machine, certain })
        .collect()
}

fn is_close(a: &Trace, b: &Trace) -> bool {
    match (a.time, b.time) {
        (Some(a), Some(b)) => a.0.abs_diff(b.0) <= TOLERANCE_MS,
        _ => false,
    }
}
