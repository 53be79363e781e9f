//! Everything the crate says about made dumps, real ones where there are any, and the laws on arbitrary bytes.

#![expect(clippy::disallowed_methods, reason = "a test reads its samples")]

mod laws;
mod made;
mod samples;

use std::fmt::Write as _;

use daaslens_core::text::{bytes, duration_ms};
use daaslens_dump::{Dump, Story};

/// What is told of a dump, all of it, as text.
pub(crate) fn describe(dump: &Dump) -> String {
    let mut out = String::new();
    if let Some(taken) = dump.taken {
        let _ = write!(out, "taken {}; ", taken.rfc3339());
    }
    let _ = writeln!(out, "{}, {}", if dump.is_full { "full" } else { "small" }, bytes(dump.size));
    if let Some(system) = &dump.system {
        let (a, b, c) = system.version;
        let _ = writeln!(
            out,
            "system {} {a}.{b}.{c} server={:?} {} x{} {:?}",
            system.os, system.is_server, system.cpu, system.cpus, system.bits
        );
    }
    let process = &dump.process;
    let _ = writeln!(
        out,
        "process {} id={:?} created={:?} user={:?} kernel={:?} integrity={:?}",
        dump.program().unwrap_or("?"),
        process.id,
        process.created.map(daaslens_core::Time::rfc3339),
        process.user_s,
        process.kernel_s,
        process.integrity
    );
    if let Some(reason) = &dump.reason {
        let _ = writeln!(out, "reason {reason:?}");
    }
    if let Some(exception) = &dump.exception {
        let _ = writeln!(
            out,
            "exception {:#010x} {} thread={} at {:#x} = {}{}",
            exception.code,
            exception.name,
            exception.thread,
            exception.address,
            dump.fault.as_ref().map_or("?", |fault| fault.text.as_str()),
            if exception.is_final { ", final" } else { "" },
        );
        if exception.story != Story::Plain {
            let _ = writeln!(out, "  {:x?}", exception.story);
        }
        if let Some(module) = dump.fault_module() {
            let _ =
                writeln!(out, "  in {} {:?} {:?}", module.name, module.version_text(), module.home);
        }
        if let Some((frame, _)) = dump.suspect() {
            let _ = writeln!(out, "  suspect {} ({})", frame.text, frame.trust.word());
        }
    }
    for text in dump.assertion.iter().chain(&dump.fault_unloaded) {
        let _ = writeln!(out, "  {text}");
    }
    let _ = writeln!(out, "modules {} unloaded {}", dump.modules.len(), dump.unloaded.len());
    for runtime in &dump.runtimes {
        let _ = writeln!(out, "runtime {runtime}");
    }
    if let Some(regions) = &dump.regions {
        let _ = writeln!(
            out,
            "regions {} private {} mapped {} image {} reserved {} free {} in {} largest {} end {:#x}",
            regions.count,
            bytes(regions.private),
            bytes(regions.mapped),
            bytes(regions.image),
            bytes(regions.reserved),
            bytes(regions.free),
            regions.free_blocks,
            bytes(regions.largest_free),
            regions.end
        );
    }
    if let Some(counters) = &dump.counters {
        let _ = writeln!(out, "counters {counters:?}");
    }
    if let Some(handles) = &dump.handles {
        let _ = writeln!(out, "handles {} {:?}", handles.count, handles.types);
    }
    let _ = writeln!(out, "threads {}", dump.threads.len());
    for group in &dump.groups {
        let _ = writeln!(
            out,
            "- {:?} threads {:?} {:?} cpu {}",
            group.state,
            group.threads,
            group.names,
            duration_ms(group.cpu_ms)
        );
        for frame in group.frames.iter().take(8) {
            let times =
                if frame.repeat > 1 { format!(" × {}", frame.repeat) } else { String::new() };
            let _ = writeln!(out, "    {}{times} ({})", frame.text, frame.trust.word());
        }
    }
    for fault in &dump.faults {
        let _ = writeln!(out, "fault: {fault}");
    }
    out
}
