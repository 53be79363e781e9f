//! The calls of a thread, as far as they can be told without symbols, each with how far it can be trusted.
//!
//! * On x86 most code keeps a chain of frame pointers: `[ebp]` is the caller's `ebp`, `[ebp+4]` the address to return to.
//! * On x64 there is no chain. The stack is read word by word, and what points behind a call instruction in code is
//!   taken for a return address. Some of them are left over from calls that have ended: such frames are marked `scan`.
//!   Where the dump does not hold the code, that a call stands before cannot be checked, and fewer of them are taken.
//! * Code that was made at run time (managed methods, as a rule) belongs to no module; its frames show as `[generated]`.

use crate::exports::{Exports, Symbol};
use crate::memory::Memory;
use crate::modules::{ByAddress, Module};
use crate::process::Bits;
use crate::regions::{Code, Lies};

/// Frames of a thread that are kept.
const MAX_FRAMES: usize = 64;

/// Frames that are taken where no call could be checked.
const MAX_UNCHECKED: usize = 24;

/// Words of one stack that are scanned: 64 kB of 64-bit words.
const MAX_WORDS: usize = 8192;

/// How far frames of a chain may lie apart.
const MAX_FRAME_SIZE: u64 = 1 << 20;

/// Words that may be scanned in one dump: a thousand threads with large stacks.
pub(crate) const WORDS: usize = 16 << 20;

/// How a frame was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// From the registers: certain.
    Context,
    /// By the chain of frame pointers: good.
    FramePointer,
    /// By looking at each word of the stack: may be left over from an earlier call.
    Scan,
}

impl Trust {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::FramePointer => "frame-pointer",
            Self::Scan => "scan",
        }
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// `ntdll.dll!NtWaitForSingleObject+0x14`, `native.dll+0x1b3a0`, `[generated]`, `[no module]`.
    pub text: String,
    /// The module, by its place in the list.
    pub module: Option<usize>,
    /// The function, where the module exports names.
    pub function: Option<String>,
    /// How it was found.
    pub trust: Trust,
    /// How many equal frames follow each other: a recursion.
    pub repeat: u32,
}

/// Where a thread stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Registers {
    pub(crate) instruction: u64,
    pub(crate) stack: u64,
    /// The frame pointer, for x86.
    pub(crate) frame: u64,
}

/// What stacks are read with.
pub(crate) struct Walker<'a> {
    pub(crate) memory: &'a Memory<'a>,
    pub(crate) modules: &'a [Module],
    pub(crate) by_address: ByAddress,
    pub(crate) code: Code,
    pub(crate) bits: Bits,
    pub(crate) exports: Exports,
    /// Words that may still be scanned.
    pub(crate) words: usize,
}

impl Walker<'_> {
    /// The calls of a thread, the innermost first.
    pub(crate) fn walk(&mut self, registers: &Registers) -> Vec<Frame> {
        let mut frames = Vec::new();
        self.push(&mut frames, registers.instruction, Trust::Context);
        match self.bits {
            Bits::B32 => {
                self.chain(&mut frames, registers);
                if frames.len() < 3 {
                    self.scan(&mut frames, registers.stack, 4);
                }
            }
            Bits::B64 => self.scan(&mut frames, registers.stack, 8),
            Bits::Unknown => {}
        }
        frames
    }

    /// Follows the frame pointers. Each has to lie above the last, so that a loop ends.
    fn chain(&mut self, frames: &mut Vec<Frame>, registers: &Registers) {
        let mut frame = registers.frame;
        let mut calls = 0;
        while frames.len() < MAX_FRAMES && calls < 1 << 16 {
            let mut words = [0; 8];
            if self.memory.read(frame, &mut words) < words.len() {
                break;
            }
            self.words = self.words.saturating_sub(2);
            let pair = u64::from_le_bytes(words);
            let (next, back) = (pair & 0xffff_ffff, pair >> 32);
            if !self.is_code(back) {
                break;
            }
            self.push(frames, back, Trust::FramePointer);
            calls += 1;
            if next <= frame || next - frame > MAX_FRAME_SIZE || self.words == 0 {
                break;
            }
            frame = next;
        }
    }

    /// Takes each word that may be an address to return to.
    fn scan(&mut self, frames: &mut Vec<Frame>, stack: u64, width: usize) {
        let aligned = stack.next_multiple_of(width as u64).max(stack);
        let words = MAX_WORDS.min(self.words);
        let bytes = self.memory.bytes(aligned, words * width);
        self.words -= bytes.len() / width;
        let mut unchecked = 0;
        for word in bytes.chunks_exact(width) {
            let address = word.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            if !self.is_code(address) {
                continue;
            }
            match self.is_after_call(address) {
                Some(true) => {}
                None if unchecked < MAX_UNCHECKED => unchecked += 1,
                Some(false) | None => continue,
            }
            self.push(frames, address, Trust::Scan);
            if frames.len() >= MAX_FRAMES {
                break;
            }
        }
    }

    /// Whether code lies at an address, as far as the dump tells.
    fn is_code(&self, address: u64) -> bool {
        if self.code.is_known {
            return self.code.find(address) != Lies::Nowhere;
        }
        // Behind the headers of a module.
        self.by_address.find(address).is_some_and(|(_, offset)| offset >= 0x1000)
    }

    /// Whether a call ends right before an address; `None` where the dump does not hold the code.
    fn is_after_call(&self, address: u64) -> Option<bool> {
        let mut before = [0; 7];
        let start = address.checked_sub(7)?;
        (self.memory.read(start, &mut before) == 7).then(|| ends_in_call(before))
    }

    fn push(&mut self, frames: &mut Vec<Frame>, address: u64, trust: Trust) {
        let frame = self.frame(address, trust);
        match frames.last_mut() {
            Some(last) if last.text == frame.text && trust != Trust::Context => last.repeat += 1,
            _ => frames.push(frame),
        }
    }

    fn frame(&mut self, address: u64, trust: Trust) -> Frame {
        let mut frame =
            Frame { text: String::new(), module: None, function: None, trust, repeat: 1 };
        let Some((index, offset)) = self.by_address.find(address) else {
            let generated = self.code.find(address) == Lies::Generated;
            frame.text.push_str(if generated { "[generated]" } else { "[no module]" });
            return frame;
        };
        frame.module = Some(index);
        let name = self.modules.get(index).map_or("", |module| module.name.as_str());
        let symbol = self.exports.name(self.memory, self.modules, index, offset);
        frame.text = match &symbol {
            Some(Symbol { name: function, offset }) => format!("{name}!{function}+0x{offset:x}"),
            None => format!("{name}+0x{offset:x}"),
        };
        frame.function = symbol.map(|symbol| symbol.name);
        frame
    }

    /// The place of an address in words, without a thread: where it starts, where an exception was thrown.
    pub(crate) fn place(&mut self, address: u64) -> Frame {
        self.frame(address, Trust::Context)
    }
}

/// `e8` with four bytes; `ff /2` with a register, a small or large offset, or an address.
fn ends_in_call(before: [u8; 7]) -> bool {
    let near = before[2] == 0xe8;
    let indirect = |at: usize, len: usize| {
        let (op, mode) = (before[at], before[at + 1]);
        let wanted = match (mode >> 6, mode & 7) {
            (1, 4) => 4,
            (1, _) | (0, 4) => 3,
            (2, 4) => 7,
            (0, 5) | (2, _) => 6,
            _ => 2,
        };
        op == 0xff && mode >> 3 & 7 == 2 && wanted == len
    };
    near || indirect(5, 2) || indirect(4, 3) || indirect(3, 4) || indirect(1, 6) || indirect(0, 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_by_their_bytes() {
        for (bytes, expected) in [
            ([0x90, 0x90, 0xe8, 1, 2, 3, 4], true),
            ([0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xd0], true),
            ([0x90, 0xff, 0x15, 1, 2, 3, 4], true),
            ([0x90, 0x90, 0x90, 0x90, 0xff, 0x50, 0x18], true),
            ([0x90, 0x90, 0x90, 0xff, 0x54, 0x24, 0x10], true),
            ([0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xe0], false),
            ([0x90, 0x90, 0xe9, 1, 2, 3, 4], false),
            ([0; 7], false),
        ] {
            assert_eq!(ends_in_call(bytes), expected, "{bytes:x?}");
        }
    }
}
