//! The machine and the process: what they are, when the process began, what it used.

use daaslens_core::Time;
use minidump::system_info::{Cpu, Os, PointerWidth};
use minidump::{MinidumpMiscInfo, MinidumpSystemInfo};

use crate::front::Front;

/// How wide the addresses of the process are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// 4 GB at most, 2 GB as a rule.
    B32,
    /// As much as there is.
    B64,
    /// Not told.
    Unknown,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// `Windows`, `Linux`, `macOS` …
    pub os: &'static str,
    /// `10.0.14393`; 0.0.0 is not told.
    pub version: (u32, u32, u32),
    /// Whether it is a server edition, where that is told.
    pub is_server: Option<bool>,
    /// `x86`, `amd64`, `arm64` …
    pub cpu: String,
    /// Processors.
    pub cpus: u8,
    /// How wide the addresses of the process are.
    pub bits: Bits,
}

impl System {
    /// Whether it is what App Service on Windows runs.
    pub fn is_windows(&self) -> bool {
        self.os == "Windows"
    }
}

/// The process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: Option<u32>,
    /// When it began.
    pub created: Option<Time>,
    /// Processor time in its own code, s.
    pub user_s: Option<u32>,
    /// Processor time in Windows for it, s.
    pub kernel_s: Option<u32>,
    /// `low`, `medium`, `high`, `system`.
    pub integrity: Option<&'static str>,
}

/// The system with what the crate needs of it to read registers.
pub(crate) fn system(front: &Front<'_>) -> Option<(MinidumpSystemInfo, System)> {
    let raw: MinidumpSystemInfo = front.typed(None)?;
    let os = match raw.os {
        Os::Windows => "Windows",
        Os::Linux => "Linux",
        Os::MacOs => "macOS",
        Os::Ios => "iOS",
        Os::Android => "Android",
        Os::Solaris | Os::Ps3 | Os::NaCl | Os::Unknown(_) => "another system",
    };
    let is_server = match (os, raw.raw.product_type) {
        ("Windows", 1) => Some(false),
        ("Windows", 2 | 3) => Some(true),
        _ => None,
    };
    let system = System {
        os,
        version: (raw.raw.major_version, raw.raw.minor_version, raw.raw.build_number),
        is_server,
        cpu: raw.cpu.to_string(),
        cpus: raw.raw.number_of_processors,
        bits: bits(raw.cpu),
    };
    Some((raw, system))
}

fn bits(cpu: Cpu) -> Bits {
    match cpu.pointer_width() {
        PointerWidth::Bits32 => Bits::B32,
        PointerWidth::Bits64 => Bits::B64,
        PointerWidth::Unknown => Bits::Unknown,
    }
}

pub(crate) fn process(front: &Front<'_>) -> Process {
    const HAS_ID: u32 = 1;
    const HAS_TIMES: u32 = 2;
    const HAS_INTEGRITY: u32 = 0x10;
    let Some(misc) = front.typed::<MinidumpMiscInfo>(None) else { return Process::default() };
    let raw = &misc.raw;
    let flags = raw.flags1().copied().unwrap_or(0);
    let given = |flag, value: Option<&u32>| value.copied().filter(|_| flags & flag != 0);
    let integrity = given(HAS_INTEGRITY, raw.process_integrity_level()).map(|level| match level {
        0..0x1000 => "untrusted",
        0x1000..0x2000 => "low",
        0x2000..0x3000 => "medium",
        0x3000..0x4000 => "high",
        _ => "system",
    });
    Process {
        id: given(HAS_ID, raw.process_id()),
        created: given(HAS_TIMES, raw.process_create_time())
            .filter(|seconds| *seconds > 0)
            .map(|seconds| Time::from_seconds(i64::from(seconds))),
        user_s: given(HAS_TIMES, raw.process_user_time()),
        kernel_s: given(HAS_TIMES, raw.process_kernel_time()),
        integrity,
    }
}
