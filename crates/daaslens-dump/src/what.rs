//! What a file that is called a dump really is.

use daaslens_core::Time;

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A minidump: what [`crate::read`] takes.
    Minidump,
    /// A dump of a whole machine.
    Kernel {
        /// 32 or 64.
        bits: u8,
    },
    /// A core file of Linux or another Unix.
    Elf {
        /// 32 or 64.
        bits: u8,
        /// Whether it is a core, and not a program or a library.
        is_core: bool,
    },
    /// A program or core of macOS.
    MachO,
    /// A heap of a Java process.
    JavaHeap {
        /// When it was taken.
        time: Option<Time>,
    },
    /// A recording of Java Flight Recorder.
    FlightRecording {
        /// When its first chunk began.
        time: Option<Time>,
        /// How long that chunk is, ms.
        length_ms: u64,
    },
    /// A trace of .NET's event pipe.
    NetTrace,
    /// A .NET heap snapshot, or another file of the same serialiser.
    GcDump,
    /// An archive or packed file: its name.
    Packed(&'static str),
    /// An HTML page, as a rule an error page that was saved instead of the dump.
    Html,
    /// Text.
    Text,
    /// Nothing.
    Empty,
    /// Zeros: space that was reserved and never written.
    Zeros,
    /// None of these.
    Unknown,
}

impl What {
    /// What it is, as the end of a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Minidump => "a minidump",
            Self::Kernel { bits: 32 } => "a memory dump of a whole machine (32 bits)",
            Self::Kernel { .. } => "a memory dump of a whole machine (64 bits)",
            Self::Elf { is_core: true, .. } => "an ELF core dump, of a Linux process",
            Self::Elf { .. } => "an ELF program or library",
            Self::MachO => "a Mach-O file, of macOS",
            Self::JavaHeap { .. } => "a Java heap dump (HPROF)",
            Self::FlightRecording { .. } => "a recording of Java Flight Recorder",
            Self::NetTrace => "a .NET event trace (nettrace)",
            Self::GcDump => "a .NET heap snapshot (gcdump)",
            Self::Packed(name) => name,
            Self::Html => "an HTML page that was saved as a dump",
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Zeros => "nothing but zeros where it begins",
            Self::Unknown => "of an unknown layout",
        }
    }

    /// When it was made, where its head says so.
    pub const fn time(self) -> Option<Time> {
        match self {
            Self::JavaHeap { time } | Self::FlightRecording { time, .. } => time,
            _ => None,
        }
    }
}

/// Says what a file is by its first bytes; a few thousand are enough.
pub fn what(head: &[u8]) -> What {
    let starts = |magic: &[u8]| head.starts_with(magic);
    match head {
        [] => What::Empty,
        _ if starts(b"MDMP") => What::Minidump,
        _ if starts(b"PAGEDU64") => What::Kernel { bits: 64 },
        _ if starts(b"PAGEDUMP") => What::Kernel { bits: 32 },
        _ if starts(b"\x7fELF") => elf(head),
        _ if starts(b"\xcf\xfa\xed\xfe") || starts(b"\xce\xfa\xed\xfe") => What::MachO,
        _ if starts(b"JAVA PROFILE 1.") => What::JavaHeap { time: hprof_time(head) },
        _ if starts(b"FLR\0") => flight_recording(head),
        _ if starts(b"Nettrace") => What::NetTrace,
        _ if starts(b"!FastSerialization.1")
            || head.get(4..24) == Some(b"!FastSerialization.1") =>
        {
            What::GcDump
        }
        _ if starts(b"PK\x03\x04") => What::Packed("a zip archive"),
        _ if starts(b"7z\xbc\xaf\x27\x1c") => What::Packed("a 7z archive"),
        _ if starts(b"\x1f\x8b") => What::Packed("a gzip file"),
        _ if starts(b"Rar!\x1a\x07") => What::Packed("a RAR archive"),
        _ if starts(b"MSCF") => What::Packed("a cabinet"),
        _ if starts(b"\x28\xb5\x2f\xfd") => What::Packed("a Zstandard file"),
        _ if is_html(head) => What::Html,
        _ if is_text(head) => What::Text,
        _ if head.len() >= 64 && head.iter().all(|byte| *byte == 0) => What::Zeros,
        _ => What::Unknown,
    }
}

fn elf(head: &[u8]) -> What {
    let bits = if head.get(4) == Some(&1) { 32 } else { 64 };
    let pair = [head.get(16).copied().unwrap_or(0), head.get(17).copied().unwrap_or(0)];
    let is_big = head.get(5) == Some(&2);
    let kind = if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
    What::Elf { bits, is_core: kind == 4 }
}

fn big(head: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*head.get(at..)?.first_chunk()?))
}

/// `JAVA PROFILE 1.0.2`, NUL, the size of an id, milliseconds since 1970.
fn hprof_time(head: &[u8]) -> Option<Time> {
    let end = head.iter().take(40).position(|byte| *byte == 0)?;
    sane(big(head, end + 5)?)
}

/// Versions, then the chunk's size, two offsets, its start and length in nanoseconds.
fn flight_recording(head: &[u8]) -> What {
    let time = big(head, 32).and_then(|nanos| sane(nanos / 1_000_000));
    let length_ms = big(head, 40).map_or(0, |nanos| nanos / 1_000_000).min(1 << 40);
    What::FlightRecording { time, length_ms }
}

/// A time between 1995 and 2100.
fn sane(ms: u64) -> Option<Time> {
    (788_918_400_000..4_102_444_800_000).contains(&ms).then_some(Time(ms as i64))
}

fn is_html(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins =
        |tag: &[u8]| text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    begins(b"<!doctype html") || begins(b"<html") || begins(b"<head")
}

fn is_text(head: &[u8]) -> bool {
    let head = &head[..head.len().min(4096)];
    let odd = |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    utf16 || head.iter().filter(odd).count() * 100 <= head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_is_named_for_what_it_is() {
        let mut heap = b"JAVA PROFILE 1.0.2\0\0\0\0\x08".to_vec();
        heap.extend(1_764_000_000_123_u64.to_be_bytes());
        let mut recording = b"FLR\0\0\x02\0\x01".to_vec();
        recording.extend([0; 24]);
        recording.extend(1_764_000_000_123_000_000_u64.to_be_bytes());
        recording.extend(60_000_000_000_u64.to_be_bytes());
        let time = Some(Time(1_764_000_000_123));
        let mut core = b"\x7fELF\x02\x01\x01".to_vec();
        core.extend([0; 9]);
        core.extend([4, 0, 62, 0]);
        let mut library = core.clone();
        library[16] = 3;
        let cases: [(&[u8], What); 14] = [
            (b"MDMP\x93\xa7", What::Minidump),
            (b"PAGEDU64", What::Kernel { bits: 64 }),
            (b"PAGEDUMP", What::Kernel { bits: 32 }),
            (&core, What::Elf { bits: 64, is_core: true }),
            (&library, What::Elf { bits: 64, is_core: false }),
            (&heap, What::JavaHeap { time }),
            (&recording, What::FlightRecording { time, length_ms: 60_000 }),
            (b"PK\x03\x04", What::Packed("a zip archive")),
            (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML>", What::Html),
            (b"2026-11-22 07:00:00 ORA-00600 internal error", What::Text),
            (b"", What::Empty),
            (&[0; 64], What::Zeros),
            (b"\x01\x02\x03\x04binary", What::Unknown),
            (b"JAVA PROFILE 1.0.2", What::JavaHeap { time: None }),
        ];
        for (head, expected) in cases {
            assert_eq!(what(head), expected, "{}", head.escape_ascii());
        }
    }
}
