//! The exception that a dump was written for, and what its parameters say.

use minidump::{CrashReason, MinidumpException, MinidumpSystemInfo};

use crate::front::Front;
use crate::process::Bits;

/// Addresses below this are those of a null pointer with an offset: Windows gives no memory there.
const NEAR_NULL: u64 = 0x1_0000;

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its code: on Windows an NTSTATUS, elsewhere the number of a signal or trap.
    pub code: u32,
    /// The thread that it stopped.
    pub thread: u32,
    /// The instruction at which it was thrown.
    pub address: u64,
    /// Whether the program could not have gone on.
    pub is_final: bool,
    /// What its parameters say.
    pub story: Story,
    /// The name of the code, as Windows or the other systems call it.
    pub name: String,
}

/// What the parameters of an exception say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Story {
    /// Memory that it must not, or cannot, use.
    Access {
        /// How it was used.
        access: Access,
        /// The address; the exact one only near null, since elsewhere it says nothing to people.
        address: u64,
        /// Whether it is a null pointer, with the offset of a field as a rule.
        is_null: bool,
        /// Why the page could not be read, where it was one of a file: an NTSTATUS.
        status: Option<u32>,
    },
    /// A program that ended itself since it found itself damaged, by `__fastfail`.
    FastFail {
        /// The code of winnt.h.
        code: u64,
        /// Its name: `FAST_FAIL_FATAL_APP_EXIT`.
        name: String,
    },
    /// A managed exception.
    Managed {
        /// Its HRESULT, which suggests its type; none by the run times before version 4.
        hresult: Option<u32>,
    },
    /// Its code says all.
    Plain,
}

/// How memory was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read.
    Read,
    /// Written.
    Write,
    /// Executed: the program jumped there.
    Execute,
    /// Not told.
    Unknown,
}

impl Access {
    /// As in "… address 0x0".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Read => "reading",
            Self::Write => "writing",
            Self::Execute => "executing",
            Self::Unknown => "using",
        }
    }
}

pub(crate) const ACCESS_VIOLATION: u32 = 0xC000_0005;
const IN_PAGE: u32 = 0xC000_0006;
const FAST_FAIL: u32 = 0xC000_0409;
const CLR: u32 = 0xE043_4352;
const CLR_2: u32 = 0xE043_4F4D;

/// Reads the stream. A dump of a process that hangs has none, or one without a code.
pub(crate) fn exception<'a>(
    front: &Front<'a>,
    system: Option<&MinidumpSystemInfo>,
    bits: Bits,
) -> Option<(Exception, MinidumpException<'a>)> {
    let raw: MinidumpException<'a> = front.typed(system)?;
    let record = &raw.raw.exception_record;
    // Tools that write a dump of a healthy process fill in an exception without a code.
    if record.exception_code == 0 {
        return None;
    }
    let narrow = |value: u64| if bits == Bits::B32 { value & 0xffff_ffff } else { value };
    let count = (record.number_parameters as usize).min(record.exception_information.len());
    let parameter = |i: usize| (i < count).then(|| narrow(record.exception_information[i]));
    let on_windows = system.is_none_or(|system| system.os == minidump::system_info::Os::Windows);
    let reason = system.map(|system| raw.get_crash_reason(system.os, system.cpu));
    let story = match record.exception_code {
        _ if !on_windows => Story::Plain,
        code @ (ACCESS_VIOLATION | IN_PAGE) => match parameter(1) {
            Some(address) => Story::Access {
                access: match parameter(0) {
                    Some(0) => Access::Read,
                    Some(1) => Access::Write,
                    Some(8) => Access::Execute,
                    _ => Access::Unknown,
                },
                address,
                is_null: address < NEAR_NULL,
                status: parameter(2).filter(|_| code == IN_PAGE).map(|status| status as u32),
            },
            None => Story::Plain,
        },
        FAST_FAIL => match parameter(0) {
            Some(code) => Story::FastFail { code, name: fast_fail(reason.as_ref(), code) },
            None => Story::Plain,
        },
        CLR => Story::Managed { hresult: parameter(0).map(|hresult| hresult as u32) },
        CLR_2 => Story::Managed { hresult: None },
        _ => Story::Plain,
    };
    let exception = Exception {
        code: record.exception_code,
        thread: raw.thread_id,
        address: narrow(record.exception_address),
        is_final: record.exception_flags & 1 != 0,
        story,
        name: reason.map_or_else(String::new, |reason| reason.to_string()),
    };
    Some((exception, raw))
}

/// `EXCEPTION_STACK_BUFFER_OVERRUN / FAST_FAIL_FATAL_APP_EXIT` is what the crate says; a code that it does not know
/// stays a number.
fn fast_fail(reason: Option<&CrashReason>, code: u64) -> String {
    let told = reason.map(ToString::to_string).unwrap_or_default();
    match told.rsplit_once(" / ") {
        Some((_, name)) if name.starts_with("FAST_FAIL") => name.to_owned(),
        _ => format!("code {code}"),
    }
}
