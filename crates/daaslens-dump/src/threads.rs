//! The threads: who they are, what processor time they used, what they do.

use std::collections::BTreeMap;

use daaslens_core::Time;
use minidump::format as md;
use minidump::{MinidumpContext, MinidumpRawContext, MinidumpSystemInfo};
use scroll::LE;

use crate::front::{Front, Place};
use crate::stack::{Frame, Registers, Walker};

/// Threads that are kept. A worker process with more than 4,000 has failed long ago.
const MAX_THREADS: usize = 8192;

/// The longest name of a thread, in characters; Windows allows any.
const MAX_NAME: usize = 64;

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub id: u32,
    /// The name that its program gave it.
    pub name: Option<String>,
    /// How often it was suspended; above 0 it does not run.
    pub suspended: u32,
    /// Processor time in its own code and in Windows, ms.
    pub cpu_ms: Option<(u64, u64)>,
    /// When it began.
    pub created: Option<Time>,
    /// Where it began, as text.
    pub start: Option<String>,
    /// Its calls, the innermost first.
    pub frames: Vec<Frame>,
}

impl Thread {
    /// All its processor time, ms.
    pub fn cpu_total_ms(&self) -> u64 {
        self.cpu_ms.map_or(0, |(user, kernel)| user.saturating_add(kernel))
    }
}

/// Registers of a thread as the dump holds them.
pub(crate) fn registers(
    front: &Front<'_>,
    place: Place,
    system: &MinidumpSystemInfo,
) -> Option<Registers> {
    let start = usize::try_from(place.start).ok()?;
    let bytes = front.bytes.get(start..)?;
    let bytes = &bytes[..bytes.len().min(usize::try_from(place.size).ok()?)];
    let context = MinidumpContext::read(bytes, LE, system, None).ok()?;
    let frame = match &context.raw {
        MinidumpRawContext::X86(raw) => u64::from(raw.ebp),
        _ => 0,
    };
    Some(Registers {
        instruction: context.get_instruction_pointer(),
        stack: context.get_stack_pointer(),
        frame,
    })
}

/// The place of registers that a thread or an exception names.
pub(crate) fn context(location: md::MINIDUMP_LOCATION_DESCRIPTOR) -> Place {
    Place { start: u64::from(location.rva), size: u64::from(location.data_size) }
}

/// The threads in the order of the dump, without their calls, and how many there should be.
pub(crate) fn threads(front: &Front<'_>) -> (Vec<(Thread, Place)>, u64) {
    let (raw, declared) =
        front.list::<md::MINIDUMP_THREAD>(md::MINIDUMP_STREAM_TYPE::ThreadListStream, MAX_THREADS);
    let (names, _) = front
        .list::<md::MINIDUMP_THREAD_NAME>(md::MINIDUMP_STREAM_TYPE::ThreadNamesStream, MAX_THREADS);
    let names: BTreeMap<u32, u64> =
        names.iter().map(|name| (name.thread_id, name.thread_name_rva)).collect();
    let (infos, _) = front.sized_list::<md::MINIDUMP_THREAD_INFO>(
        md::MINIDUMP_STREAM_TYPE::ThreadInfoListStream,
        MAX_THREADS,
    );
    let infos: BTreeMap<u32, &md::MINIDUMP_THREAD_INFO> =
        infos.iter().map(|info| (info.thread_id, info)).collect();
    let thread = |raw: &md::MINIDUMP_THREAD| {
        let info = infos.get(&raw.thread_id);
        let name = names.get(&raw.thread_id).and_then(|place| front.text(*place));
        let thread = Thread {
            id: raw.thread_id,
            name: name
                .filter(|name| !name.is_empty())
                .map(|name| daaslens_core::text::shortened(&name, MAX_NAME).into_owned()),
            suspended: raw.suspend_count,
            cpu_ms: info.map(|info| (info.user_time / 10_000, info.kernel_time / 10_000)),
            created: info.and_then(|info| filetime(info.create_time)),
            start: None,
            frames: Vec::new(),
        };
        (thread, context(raw.thread_context))
    };
    (raw.iter().map(thread).collect(), declared)
}

/// Where each thread began.
pub(crate) fn starts(front: &Front<'_>, threads: &mut [Thread], walker: &mut Walker<'_>) {
    let (infos, _) = front.sized_list::<md::MINIDUMP_THREAD_INFO>(
        md::MINIDUMP_STREAM_TYPE::ThreadInfoListStream,
        MAX_THREADS,
    );
    let starts: BTreeMap<u32, u64> =
        infos.iter().map(|info| (info.thread_id, info.start_address)).collect();
    for thread in threads {
        if let Some(start) = starts.get(&thread.id).filter(|start| **start != 0) {
            thread.start = Some(walker.place(*start).text);
        }
    }
}

/// Hundreds of nanoseconds since 1601.
fn filetime(value: u64) -> Option<Time> {
    let ms = i64::try_from(value / 10_000).ok()? - 11_644_473_600_000;
    (ms > 0 && ms < 4_102_444_800_000).then_some(Time(ms))
}
