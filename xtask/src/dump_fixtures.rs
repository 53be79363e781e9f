//! Memory dumps for the tests, built by `minidump-synth`, which shares no code with the reader.
//!
//! A dump of a real process holds what the process held, so all of them are made: a few kilobytes that tell one story.

use crate::fixtures::Generated;
use anyhow::{Context, Result, ensure};
use minidump_synth::{
    DumpSection, DumpString, Exception, HandleDescriptor, Memory, MemoryInfo,
    MiscFieldsProcessTimes, MiscStream, Module, SimpleStream, SynthMinidump, SystemInfo, Thread,
    ThreadName, amd64_context, x86_context,
};
use test_assembler::{Endian, Section};

const LE: Endian = Endian::Little;
/// 2026-04-30 04:25:01 UTC.
const TAKEN: u32 = 1_777_523_101;
/// An hour and five minutes before.
const CREATED: u32 = TAKEN - 3_900;

const COMMIT: u32 = 0x1000;
const RESERVE: u32 = 0x2000;
const FREE: u32 = 0x1_0000;
const PRIVATE: u32 = 0x2_0000;
const IMAGE: u32 = 0x100_0000;
const READ: u32 = 2;
const READ_WRITE: u32 = 4;
const EXECUTE_READ: u32 = 0x20;
const EXECUTE_READ_WRITE: u32 = 0x40;

/// Streams for whose places there is room.
const STREAMS: usize = 20;

/// All of them.
pub(crate) fn all() -> Result<Vec<Generated>> {
    let crash = native_crash()?;
    // Handles and the last stacks are behind the cut, as memory is in a dump that was not uploaded to its end.
    let cut = crash[..crash.len() - 1300].to_vec();
    let file = |name: &str, bytes| Generated { path: format!("dump/{name}"), bytes };
    Ok(vec![
        file("RD0003FF00C0DE_w3wp_4242_20260430-042501.dmp", crash),
        file("RD0003FF00C0DE_w3wp_4243_20260430-042501-cut-off.dmp", cut),
        file("dw1sdwk00C0DE_w3wp_7000_20260430-042501.dmp", hang()?),
        file("w3wp.exe.1616.dmp", managed_crash()?),
    ])
}

/// A library: where, how large, from where, which version.
type Library<'a> = (u64, u32, &'a str, [u16; 4]);

struct Builder {
    dump: SynthMinidump,
    infos: Vec<(u32, u64, u64, u64)>,
}

impl Builder {
    fn new(architecture: u16, pid: u32, user: u32) -> Self {
        let mut system = SystemInfo::new(LE).set_processor_architecture(architecture);
        system.platform_id = 2;
        system.major_version = 10;
        system.build_number = 17763;
        system.number_of_processors = 4;
        system.product_type = 3;
        let mut misc = MiscStream::new(LE);
        misc.process_id = Some(pid);
        misc.process_times = Some(MiscFieldsProcessTimes {
            process_create_time: CREATED,
            process_user_time: user,
            process_kernel_time: 7,
        });
        // Windows puts the directory behind the header, and `minidump-synth` at the end: room for it.
        let room = Section::with_endian(LE).append_repeated(0, 12 * STREAMS);
        let dump = SynthMinidump::with_endian(LE).flags(2).add(room);
        let dump = dump.add_system_info(system).add_stream(misc);
        Self { dump, infos: Vec::new() }
    }

    fn with(self, change: impl FnOnce(SynthMinidump) -> SynthMinidump) -> Self {
        Self { dump: change(self.dump), infos: self.infos }
    }

    fn library(self, (base, size, path, version): Library<'_>) -> Self {
        let name = DumpString::new(path, LE);
        let [a, b, c, d] = version.map(u32::from);
        // The crate has no way to make such a record but from another one.
        let mut info = minidump_synth::STOCK_VERSION_INFO.clone();
        info.file_version_hi = a << 16 | b;
        info.file_version_lo = c << 16 | d;
        let module = Module::new(LE, base, size, &name, 0x5f5e_1000, 0, &info);
        self.with(|dump| dump.add_module(module).add(name)).region(
            base,
            u64::from(size),
            COMMIT,
            EXECUTE_READ,
            IMAGE,
        )
    }

    fn region(self, base: u64, size: u64, state: u32, protection: u32, kind: u32) -> Self {
        let info = MemoryInfo::new(LE, base, base, protection, size, state, protection, kind);
        self.with(|dump| dump.add_memory_info(info))
    }

    fn memory(self, address: u64, bytes: &[u8]) -> Self {
        let section = Section::with_endian(LE).append_bytes(bytes);
        self.with(|dump| dump.add_memory64(Memory::with_section(section, address)))
    }

    /// A thread that stands at `at` with a stack of `words`. Times in ms.
    fn thread(
        mut self,
        id: u32,
        name: Option<&str>,
        at: u64,
        stack: (u64, &[u64]),
        ms: u64,
    ) -> Self {
        self.infos.push((id, ms * 3 / 4, ms / 4, 0x7ffe_0001_1000));
        let bytes: Vec<u8> = stack.1.iter().flat_map(|word| word.to_le_bytes()).collect();
        let context = amd64_context(LE, at, stack.0);
        let thread = thread_without_stack(id, stack.0, &context);
        let named = |dump: SynthMinidump| match name {
            Some(name) => {
                let text = DumpString::new(name, LE);
                dump.add_thread_name(ThreadName::new(LE, id, Some(&text))).add(text)
            }
            None => dump,
        };
        self.with(|dump| named(dump.add_thread(thread).add(context))).memory(stack.0, &bytes)
    }

    fn handles(self, kinds: &[(&str, u32)]) -> Self {
        let mut handle = 0;
        kinds.iter().fold(self, |this, (kind, count)| {
            let kind = DumpString::new(kind, LE);
            let all: Vec<HandleDescriptor> = (0..*count)
                .map(|_| {
                    handle += 4;
                    HandleDescriptor::new(LE, handle, Some(&kind), None, 0, 0, 1, 1)
                })
                .collect();
            this.with(|dump| {
                all.into_iter().fold(dump, SynthMinidump::add_handle_descriptor).add(kind)
            })
        })
    }

    fn comment(self, text: &str) -> Self {
        let wide: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let stream =
            SimpleStream { stream_type: 11, section: Section::with_endian(LE).append_bytes(&wide) };
        self.with(|dump| dump.add_stream(stream))
    }

    fn exception(self, thread: u32, code: u32, address: u64, parameters: &[u64]) -> Self {
        let mut exception = Exception::new(LE);
        exception.thread_id = thread;
        let record = &mut exception.exception_record;
        record.exception_code = code;
        record.exception_address = address;
        record.number_parameters = parameters.len() as u32;
        record.exception_information[..parameters.len()].copy_from_slice(parameters);
        self.with(|dump| dump.add_exception(exception))
    }

    fn counters(self, working_set: u64, private: u64, virtual_size: u64) -> Self {
        let mut section = Section::with_endian(LE).D16(2).D16(0).D32(1000);
        let numbers = [working_set, working_set, 0, 0, 0, 0, private, private];
        for number in numbers.into_iter().chain([virtual_size, virtual_size, private, 0, 0, 0, 0]) {
            section = section.D64(number);
        }
        self.with(|dump| dump.add_stream(SimpleStream { stream_type: 22, section }))
    }

    fn finish(self) -> Result<Vec<u8>> {
        let mut section = Section::with_endian(LE).D32(12).D32(64).D32(self.infos.len() as u32);
        for (id, user, kernel, start) in &self.infos {
            let created = (u64::from(CREATED) + 11_644_473_600) * 10_000_000;
            section = section.D32(*id).D32(0).D32(0).D32(259).D64(created).D64(0);
            section = section.D64(kernel * 10_000).D64(user * 10_000).D64(*start).D64(15);
        }
        let dump = self.dump.add_stream(SimpleStream { stream_type: 17, section });
        let mut bytes = dump.finish().context("a dump that cannot be laid out")?;
        bytes[20..24].copy_from_slice(&TAKEN.to_le_bytes());
        let count = u32::from_le_bytes(*bytes[8..].first_chunk().context("a header")?) as usize;
        let place = u32::from_le_bytes(*bytes[12..].first_chunk().context("a header")?) as usize;
        ensure!(count <= STREAMS, "{count} streams, and no room for them");
        bytes.copy_within(place..place + 12 * count, 32);
        bytes[12..16].copy_from_slice(&32_u32.to_le_bytes());
        bytes.truncate(place);
        Ok(bytes)
    }
}

const NTDLL: u64 = 0x7ffe_0000_0000;
const KERNEL32: u64 = 0x7ffe_0001_0000;
const NATIVE: u64 = 0x1_8000_0000;
const CLR: u64 = 0x7ffd_0000_0000;
const JIT: u64 = 0x7ffc_0000_0000;

const NTDLL_PATH: &str = "D:\\Windows\\System32\\ntdll.dll";
const W3WP: Library<'static> =
    (0x7ff6_0000_0000, 0x1_0000, "D:\\Windows\\System32\\inetsrv\\w3wp.exe", [10, 0, 17763, 1]);
const LIBRARIES: [Library<'static>; 4] = [
    W3WP,
    (NTDLL, 0x4000, NTDLL_PATH, [10, 0, 17763, 1]),
    (KERNEL32, 0x4000, "D:\\Windows\\System32\\kernel32.dll", [10, 0, 17763, 1]),
    (
        CLR,
        0x10_0000,
        "D:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\clr.dll",
        [4, 8, 4110, 0],
    ),
];

/// A library in memory with a table of the functions that it exports, each 0x20 bytes behind the last, from 0x1000 on.
fn exporting(names: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let mut head = vec![0; 0x200];
    head[..2].copy_from_slice(b"MZ");
    head[0x3c] = 0x40;
    head[0x40..0x44].copy_from_slice(b"PE\0\0");
    head[0x58..0x5a].copy_from_slice(&0x20b_u16.to_le_bytes());
    let directory = 0x58 + 112;
    let (start, count) = (0x2000_u32, names.len() as u32);
    head[directory..directory + 4].copy_from_slice(&start.to_le_bytes());
    let mut table = vec![0; 40];
    for (at, value) in [
        (20, count),
        (24, count),
        (28, start + 40),
        (32, start + 40 + 4 * count),
        (36, start + 40 + 8 * count),
    ] {
        table[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    let mut text = Vec::new();
    let mut places = Vec::new();
    for name in names {
        places.push(start + 40 + 10 * count + text.len() as u32);
        text.extend(name.as_bytes());
        text.push(0);
    }
    table.extend((0..count).flat_map(|i| (0x1000 + 0x20 * i).to_le_bytes()));
    table.extend(places.iter().flat_map(|place| place.to_le_bytes()));
    table.extend((0..count as u16).flat_map(u16::to_le_bytes));
    table.extend(text);
    head[directory + 4..directory + 8].copy_from_slice(&(table.len() as u32).to_le_bytes());
    (head, table)
}

const EXPORTS: [&str; 5] = [
    "NtWaitForAlertByThreadId",
    "NtRemoveIoCompletion",
    "NtWaitForSingleObject",
    "RtlEnterCriticalSection",
    "RtlUserThreadStart",
];
const REMOVE_IO: u64 = NTDLL + 0x1034;
const WAIT_FOR_ONE: u64 = NTDLL + 0x1054;
const THREAD_START: u64 = NTDLL + 0x1098;

fn with_ntdll(builder: Builder) -> Builder {
    let (head, table) = exporting(&EXPORTS);
    builder.memory(NTDLL, &head).memory(NTDLL + 0x2000, &table)
}

/// A native library of the site reads through a null pointer; the dump tool of the platform watched for it.
fn native_crash() -> Result<Vec<u8>> {
    let mut builder = Builder::new(9, 4242, 31);
    for library in LIBRARIES {
        builder = builder.library(library);
    }
    builder
        .library((
            NATIVE,
            0x2_0000,
            "D:\\home\\site\\wwwroot\\bin\\native.dll",
            [1, 4, 0, 2],
        ))
        .region(JIT, 0x1_0000, COMMIT, EXECUTE_READ_WRITE, PRIVATE)
        .region(0x2_0000_0000, 0x1000_0000, COMMIT, READ_WRITE, PRIVATE)
        .region(0x3_0000_0000, 0x4000_0000, RESERVE, READ, PRIVATE)
        .region(0x4_0000_0000, 0x10_0000_0000, FREE, 1, 0)
        .thread(
            10,
            Some(".NET TP Worker"),
            NATIVE + 0x1b3a,
            (0x50_0000, &[
                NATIVE + 0x2c44,
                0x1234,
                JIT + 0x80,
                CLR + 0x4_2000,
                KERNEL32 + 0x1100,
                THREAD_START,
            ]),
            21_000,
        )
        .thread(11, Some("IO 1"), REMOVE_IO, (0x51_0000, &[KERNEL32 + 0x1200, THREAD_START]), 20)
        .thread(12, Some("IO 2"), REMOVE_IO, (0x52_0000, &[KERNEL32 + 0x1200, THREAD_START]), 40)
        .thread(
            13,
            None,
            WAIT_FOR_ONE,
            (0x53_0000, &[KERNEL32 + 0x1300, CLR + 0x5_0000, THREAD_START]),
            400,
        )
        .comment(
            "\r\n*** \"D:\\devtools\\procdump.exe\" -accepteula -ma -e 4242 D:\\local\\Temp -key s3cret\r\n\
             *** Unhandled exception: C0000005.ACCESS_VIOLATION\r\n*** via Process Snapshot\r\n",
        )
        .exception(10, 0xC000_0005, NATIVE + 0x1b3a, &[0, 0x18])
        .handles(&[("Event", 12), ("File", 5), ("Thread", 4), ("Key", 2)])
        .counters(1_200_000_000, 1_100_000_000, 5_000_000_000)
        .pipe(with_ntdll)
        .finish()
}

/// A 32-bit process in which all threads wait for one lock, and hardly any address is left in one piece; a session took
/// the dump.
fn hang() -> Result<Vec<u8>> {
    let mut builder = Builder::new(0, 7000, 412)
        .library((
            0x40_0000,
            0x1_0000,
            "D:\\Windows\\SysWOW64\\inetsrv\\w3wp.exe",
            [10, 0, 17763, 1],
        ))
        .library((0x7700_0000, 0x4000, "D:\\Windows\\SysWOW64\\ntdll.dll", [10, 0, 17763, 1]))
        .library((
            0x1000_0000,
            0x10_0000,
            "D:\\Program Files (x86)\\PHP\\v8.2\\php8.dll",
            [8, 2, 29, 0],
        ));
    // Committed and free stretches take turns, and none of the free ones is large.
    for i in 0..20_u64 {
        let base = 0x2000_0000 + i * 0x400_0000;
        builder = builder.region(base, 0x380_0000, COMMIT, READ_WRITE, PRIVATE).region(
            base + 0x380_0000,
            0x80_0000,
            FREE,
            1,
            0,
        );
    }
    for id in 1..=14 {
        let stack = 0x50_0000 + u64::from(id) * 0x1_0000;
        builder = builder.thread32(
            id,
            0x7700_1014,
            stack,
            &[
                (stack as u32 + 16, 0x7700_1078),
                (0, 0),
                (stack as u32 + 32, 0x1000_4000),
                (0, 0),
                (0, 0x1000_5000),
            ],
        );
    }
    let (head, table) = exporting_32(&EXPORTS);
    builder
        .comment(
            "\r\n*** \"D:\\devtools\\procdump.exe\" -accepteula -r -dc \"DaaS\" -ma 7000 D:\\local\r\n*** Manual dump\r\n\
             *** via Process Snapshot\r\nDaaS\r\n",
        )
        .handles(&[("Event", 30), ("Key", 3)])
        .counters(1_500_000_000, 1_400_000_000, 1_950_000_000)
        .memory(0x7700_0000, &head)
        .memory(0x7700_2000, &table)
        .finish()
}

/// A managed exception that nobody caught.
fn managed_crash() -> Result<Vec<u8>> {
    let coreclr = "C:\\Program Files\\dotnet\\shared\\Microsoft.NETCore.App\\8.0.11\\coreclr.dll";
    let kernelbase = 0x7ffe_0002_0000;
    Builder::new(9, 1616, 3)
        .library(W3WP)
        .library((NTDLL, 0x4000, NTDLL_PATH, [10, 0, 17763, 1]))
        .library((kernelbase, 0x4000, "D:\\Windows\\System32\\KERNELBASE.dll", [10, 0, 17763, 1]))
        .library((CLR, 0x10_0000, coreclr, [8, 0, 1124, 51707]))
        .region(JIT, 0x1_0000, COMMIT, EXECUTE_READ_WRITE, PRIVATE)
        .thread(
            20,
            None,
            kernelbase + 0x1099,
            (0x50_0000, &[CLR + 0x4_2000, JIT + 0x40, JIT + 0x80, THREAD_START]),
            900,
        )
        .exception(20, 0xE043_4352, kernelbase + 0x1099, &[0x8013_1509, 0, 0, 0, CLR])
        .pipe(with_ntdll)
        .finish()
}

/// As in a dump with full memory, where the stack stands in the list of memory alone.
fn thread_without_stack(id: u32, stack: u64, context: &Section) -> Thread {
    let nowhere = Memory::with_section(Section::with_endian(LE), stack);
    let thread = Thread::new(LE, id, &nowhere, context);
    nowhere.file_offset().set_const(0);
    nowhere.file_size().set_const(0);
    thread
}

impl Builder {
    fn pipe(self, change: impl FnOnce(Self) -> Self) -> Self {
        change(self)
    }

    /// A thread of a 32-bit process, whose stack is a chain of frames.
    fn thread32(mut self, id: u32, at: u32, stack: u64, chain: &[(u32, u32)]) -> Self {
        self.infos.push((id, 30 * u64::from(id), 0, 0x7700_1098));
        let bytes: Vec<u8> = chain
            .iter()
            .flat_map(|(next, back)| [next.to_le_bytes(), back.to_le_bytes()].concat())
            .collect();
        let mut context = x86_context(LE, at, stack as u32).get_contents().unwrap_or_default();
        // The frame pointer, which stands last of eleven registers.
        context[180..184].copy_from_slice(&(stack as u32).to_le_bytes());
        let context = Section::with_endian(LE).append_bytes(&context);
        let thread = thread_without_stack(id, stack, &context);
        self.with(|dump| dump.add_thread(thread).add(context)).memory(stack, &bytes)
    }
}

/// As [`exporting`], with the shorter header of a 32-bit library.
fn exporting_32(names: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let (mut head, table) = exporting(names);
    let wide = 0x58 + 112;
    let directory: Vec<u8> = head[wide..wide + 8].to_vec();
    head[0x58..0x5a].copy_from_slice(&0x10b_u16.to_le_bytes());
    head[wide..wide + 8].fill(0);
    head[0x58 + 96..0x58 + 104].copy_from_slice(&directory);
    (head, table)
}
