//! Archives made by hand, byte for byte: what libraries refuse to write and downloads nevertheless hold.

use std::io::Write as _;

use crate::bundle::Bundle;

/// Where the sizes and the checksum of a zip member stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sizes {
    /// In front of it.
    #[default]
    Before,
    /// Behind it, with a mark, as nearly everybody writes them.
    Behind,
    /// Behind it, without a mark, as the format allows.
    BehindUnmarked,
}

/// A member of a zip archive.
#[derive(Clone, Debug, Default)]
pub struct RawMember {
    /// The name, in whatever encoding.
    pub name: Vec<u8>,
    /// What it holds.
    pub content: Vec<u8>,
    /// The number of the method. The content is packed for 8, and must be packed already for others but 0.
    pub method: u16,
    /// The flags, but the one for the sizes.
    pub flags: u16,
    /// Fields of its own behind the name.
    pub extra: Vec<u8>,
    /// Where the sizes stand.
    pub sizes: Sizes,
}

impl RawMember {
    /// A stored member.
    pub fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        Self { name: name.as_ref().to_vec(), content: content.to_vec(), ..Self::default() }
    }

    /// A deflated member.
    pub fn deflated(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        Self { method: 8, ..Self::stored(name, content) }
    }

    /// The same with its sizes elsewhere.
    #[must_use]
    pub fn with_sizes(self, sizes: Sizes) -> Self {
        Self { sizes, ..self }
    }
}

/// A zip archive of such members.
#[derive(Clone, Debug, Default)]
pub struct RawZip {
    /// What precedes the members.
    pub bytes: Vec<u8>,
    list: Vec<u8>,
    count: u16,
}

impl RawZip {
    /// Adds a member; gives the place behind it.
    pub fn add(&mut self, member: &RawMember) -> usize {
        let at = self.bytes.len() as u32;
        let packed =
            if member.method == 8 { deflate(&member.content) } else { member.content.clone() };
        let behind = member.sizes != Sizes::Before;
        let flags = member.flags | if behind { 8 } else { 0 };
        let mut crc = flate2::Crc::new();
        crc.update(&member.content);
        let sizes = [crc.sum(), packed.len() as u32, member.content.len() as u32];
        // Version, flags, method, time, date; then checksum and sizes, and the lengths of name and extra.
        let mut common = Vec::new();
        for value in [20, flags, member.method, 0, 0x21] {
            common.extend(value.to_le_bytes());
        }
        let front = if behind { [0; 3] } else { sizes };
        let lengths = [member.name.len() as u16, member.extra.len() as u16];
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(front.map(u32::to_le_bytes).concat());
        self.bytes.extend(lengths.map(u16::to_le_bytes).concat());
        self.bytes.extend(&member.name);
        self.bytes.extend(&member.extra);
        self.bytes.extend(packed);
        if member.sizes == Sizes::Behind {
            self.bytes.extend(b"PK\x07\x08");
        }
        if behind {
            self.bytes.extend(sizes.map(u32::to_le_bytes).concat());
        }
        self.list.extend(b"PK\x01\x02\x14\0");
        self.list.extend(&common);
        self.list.extend(sizes.map(u32::to_le_bytes).concat());
        self.list.extend(lengths.map(u16::to_le_bytes).concat());
        self.list.extend([0; 10]);
        self.list.extend(at.to_le_bytes());
        self.list.extend(&member.name);
        self.list.extend(&member.extra);
        self.count += 1;
        self.bytes.len()
    }

    /// The archive with its list of members.
    pub fn finish(mut self) -> Vec<u8> {
        let at = self.bytes.len() as u32;
        self.bytes.extend(&self.list);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend((self.list.len() as u32).to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}

/// A letter again and again, packed in the one way in which Deflate64 differs from deflate: code 285 is a length of 3
/// to 65,538 with sixteen bits of its own.
pub fn deflate64_run(letter: u8, count: u16) -> Vec<u8> {
    assert!(letter < 144 && count > 3, "of the fixed codes, those of eight bits");
    let (mut bits, mut out) = (Vec::new(), Vec::new());
    let low_first = |value: u32, n: u32| (0..n).map(move |bit| value >> bit & 1);
    let high_first = |value: u32, n: u32| (0..n).rev().map(move |bit| value >> bit & 1);
    bits.extend(low_first(1, 1).chain(low_first(1, 2)));
    bits.extend(high_first(0x30 + u32::from(letter), 8));
    bits.extend(high_first(0xc5, 8).chain(low_first(u32::from(count) - 1 - 3, 16)));
    bits.extend(high_first(0, 5).chain(high_first(0, 7)));
    for byte in bits.chunks(8) {
        out.push(byte.iter().enumerate().fold(0, |byte, (n, bit)| byte | (*bit as u8) << n));
    }
    out
}

/// How long names are written in a tar archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongNames {
    /// As GNU tar does: a member of type `L` in front.
    Gnu,
    /// As POSIX does: a member of type `x` with values in front.
    Pax,
}

/// A tar archive, its end mark included.
pub fn tar(bundle: &Bundle, names: LongNames) -> Vec<u8> {
    let mut out = Vec::new();
    for file in bundle.files() {
        if file.path.len() > 100 {
            match names {
                LongNames::Gnu => {
                    tar_member(
                        &mut out,
                        "././@LongLink",
                        b'L',
                        format!("{}\0", file.path).as_bytes(),
                    );
                }
                LongNames::Pax => {
                    let value = |len: usize| format!("{len} path={}\n", file.path);
                    // The length counts its own digits.
                    let len =
                        (0..1000).find(|len| value(*len).len() == *len).expect("there is one");
                    tar_member(&mut out, "PaxHeaders/x", b'x', value(len).as_bytes());
                }
            }
        }
        let name: String = file.path.chars().take(100).collect();
        tar_member(&mut out, &name, b'0', &file.bytes);
    }
    out.extend([0; 1024]);
    out
}

/// Adds a member of any type to a tar archive.
pub fn tar_member(out: &mut Vec<u8>, name: &str, kind: u8, bytes: &[u8]) {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|c| u32::from(*c)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out.extend(header);
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(512), 0);
}
