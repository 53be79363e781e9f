//! Names of functions near an address, from the tables that libraries carry in memory.
//!
//! Without symbols `ntdll.dll+0x9d0c4` says nothing; `ntdll.dll!NtWaitForSingleObject+0x14` says that a thread waits. The
//! names stand in the export table of the library, which a dump with full memory holds. Only libraries that export most
//! of their functions are asked, since in others the nearest name is the wrong one.

use std::collections::BTreeMap;

use crate::memory::Memory;
use crate::modules::Module;

/// Functions of one library that are looked at; ntdll has 2,500.
const MAX_FUNCTIONS: usize = 20_000;

/// The longest name.
const MAX_NAME: usize = 80;

/// How far behind the beginning of a function an address is called by it.
const NEAR: u64 = 0x1000;

/// Libraries that export most of their functions.
const DENSE: &[&str] = &[
    "kernel32",
    "kernelbase",
    "mswsock",
    "ntdll",
    "rpcrt4",
    "user32",
    "win32u",
    "winhttp",
    "wininet",
    "ws2_32",
];

/// The function at or before an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    pub(crate) offset: u32,
}

/// The tables that were read already, by module.
#[derive(Debug, Default)]
pub(crate) struct Exports(BTreeMap<usize, Vec<(u32, String)>>);

/// Whether the names of a library are worth reading.
pub(crate) fn is_dense(module: &Module) -> bool {
    let stem = module.stem();
    DENSE.contains(&stem.as_str()) || stem.starts_with("php")
}

impl Exports {
    /// The name near `offset` in a module.
    pub(crate) fn name(
        &mut self,
        memory: &Memory<'_>,
        modules: &[Module],
        index: usize,
        offset: u64,
    ) -> Option<Symbol> {
        let module = modules.get(index)?;
        if !is_dense(module) {
            return None;
        }
        let table = self.0.entry(index).or_insert_with(|| table(memory, module));
        let offset = u32::try_from(offset).ok()?;
        let next = table.partition_point(|(start, _)| *start <= offset);
        let (start, _) = table.get(next.checked_sub(1)?)?;
        // Several names of one function: the first of them, `Nt…` before `Zw…`.
        let first = table.partition_point(|(at, _)| at < start);
        let (start, name) = table.get(first)?;
        let distance = offset - start;
        (u64::from(distance) < NEAR).then(|| Symbol { name: name.clone(), offset: distance })
    }
}

/// The exports of a module, by place and name. Empty where the dump does not hold its table.
fn table(memory: &Memory<'_>, module: &Module) -> Vec<(u32, String)> {
    read(memory, module).unwrap_or_default()
}

fn read(memory: &Memory<'_>, module: &Module) -> Option<Vec<(u32, String)>> {
    let head = memory.bytes(module.base, 0x1000);
    let u16_at = |at: usize| Some(u16::from_le_bytes(*head.get(at..)?.first_chunk()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?));
    if !head.starts_with(b"MZ") {
        return None;
    }
    let header = u32_at(0x3c)? as usize;
    if u32_at(header)? != 0x4550 {
        return None;
    }
    let directory = header + 24 + if u16_at(header + 24)? == 0x20b { 112 } else { 96 };
    let (start, len) = (u64::from(u32_at(directory)?), u32_at(directory + 4)? as usize);
    if start == 0 || start >= module.size {
        return None;
    }
    let bytes = memory.bytes(module.base.checked_add(start)?, len.min(4 << 20));
    let inside =
        |rva: u32| u64::from(rva).checked_sub(start).and_then(|at| usize::try_from(at).ok());
    let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let count = (number(24)? as usize).min(MAX_FUNCTIONS);
    let (functions, names, ordinals) =
        (inside(number(28)?)?, inside(number(32)?)?, inside(number(36)?)?);
    let mut table = Vec::new();
    for i in 0..count {
        let Some(name) = number(names + 4 * i).and_then(inside).and_then(|at| name(&bytes, at))
        else {
            continue;
        };
        let ordinal = bytes.get(ordinals + 2 * i..).and_then(|rest| rest.first_chunk());
        let Some(ordinal) = ordinal.map(|pair| u16::from_le_bytes(*pair)) else { continue };
        let Some(function) = number(functions + 4 * usize::from(ordinal)) else { continue };
        // One that lies in the table itself is the name of a function in another library.
        if inside(function).is_none_or(|at| at >= bytes.len()) {
            table.push((function, name));
        }
    }
    table.sort_unstable();
    Some(table)
}

/// A name made of what names are made of; anything else is no name.
fn name(bytes: &[u8], at: usize) -> Option<String> {
    let rest = bytes.get(at..)?;
    let len = rest.iter().take(MAX_NAME + 1).position(|byte| *byte == 0)?;
    let text = &rest[..len];
    let ok = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'@' | b'?' | b'$');
    (len > 0 && text.iter().all(ok)).then(|| String::from_utf8_lossy(text).into_owned())
}
