//! How busy the processors were around a cluster, where CPU monitoring looked.

use daaslens_core::text::counted;
use daaslens_core::{Time, TimeRange};

use super::Looking;
use crate::rules;
use crate::signals::ClusterSignal;

/// How busy is fully used, in per cent of all processors.
const BUSY: f32 = 85.0;

/// How long before the onset a busy processor counts, in seconds.
const BEFORE: i64 = 300;

/// What the platform measured of the plan: shares of its processors and its memory.
fn measured(looking: &mut Looking<'_>, window: TimeRange) {
    let facts = looking.facts;
    let looked_at = [
        ("cpu-high", "CpuPercentage", "CPU", rules::CPU_FULL),
        ("memory-high", "MemoryPercentage", "memory", rules::MEMORY_FULL),
    ];
    for (sign, metric, what, limit) in looked_at {
        let near = facts.records.metrics.named(metric).flat_map(|series| {
            let overlaps =
                |time| TimeRange::new(time, Time(time.0 + series.step * 1000)).overlaps(window);
            series.values.iter().filter(move |value| overlaps(value.time)).map(move |v| (series, v))
        });
        let Some((series, value)) = near.max_by(|a, b| a.1.value.total_cmp(&b.1.value)) else {
            continue;
        };
        let text = format!(
            "{what} of the plan{} was {:.0} % at {}, the most around it; usual {:.0} %",
            if series.instance.is_empty() {
                String::new()
            } else {
                format!(" on {}", series.instance)
            },
            value.value,
            value.time.format("%H:%M"),
            series.median()
        );
        if value.value >= limit {
            looking.present(sign, text);
        } else {
            looking.absent(sign, text);
        }
    }
}

/// Adds what is known of the processors.
pub(super) fn look(looking: &mut Looking<'_>, cluster: &ClusterSignal) {
    let facts = looking.facts;
    let cpu = &facts.records.platform.cpu;
    let window = TimeRange::new(
        Time::from_seconds(cluster.range.start.seconds() - BEFORE),
        Time::from_seconds(cluster.range.end.seconds()),
    );
    let mut highest: Option<(f32, Time, String)> = None;
    let mut samples = 0;
    for process in cpu.processes.iter().filter(|process| !process.guessed) {
        for (time, percent) in process.within(window) {
            samples += 1;
            if highest.as_ref().is_none_or(|(most, ..)| percent > *most) {
                let name = format!("{}({})", process.name, process.pid);
                let on = facts.named(&process.machine);
                highest = Some((percent, time, format!("{name} on {on}")));
            }
        }
    }
    measured(looking, window);
    let Some((percent, time, process)) = highest else { return };
    let text = format!(
        "{process} used {percent:.0}\u{a0}% of all processors at {}, the most in {} around it",
        time.format("%H:%M:%S"),
        counted(samples, "sample", "samples")
    );
    if percent >= BUSY {
        looking.present("cpu-high", text);
    } else {
        looking.absent("cpu-high", text);
    }
}
