//! The handles of the process, counted by type. Their names are never kept: they hold paths and keys.

use std::collections::BTreeMap;

use minidump::format as md;

use crate::front::Front;

/// Handles that are counted; the table of a process ends at 16 million.
const MAX_HANDLES: usize = 1 << 20;

/// Types that are told apart. Windows has some sixty.
const MAX_TYPES: usize = 128;

/// The handles of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handles {
    /// How many there are.
    pub count: u64,
    /// By type, most first: `File`, `Event`, `Thread`, `Key`, …
    pub types: Vec<(String, u64)>,
}

pub(crate) fn handles(front: &Front<'_>) -> Option<Handles> {
    // Of a dump that is cut off before its handles nothing is known, which is not that there are none.
    front.stream(md::MINIDUMP_STREAM_TYPE::HandleDataStream).filter(|bytes| bytes.len() >= 12)?;
    let (raw, count) = front.sized_list::<md::MINIDUMP_HANDLE_DESCRIPTOR>(
        md::MINIDUMP_STREAM_TYPE::HandleDataStream,
        MAX_HANDLES,
    );
    // Handles of one type share the text of their type.
    let mut places: BTreeMap<u32, u64> = BTreeMap::new();
    for handle in &raw {
        *places.entry(handle.type_name_rva).or_default() += 1;
    }
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for (place, n) in places {
        let name = front.text(u64::from(place)).filter(|name| is_type(name));
        let name = name.filter(|name| types.len() < MAX_TYPES || types.contains_key(name));
        *types.entry(name.unwrap_or_else(|| "(no type)".to_owned())).or_default() += n;
    }
    let mut types: Vec<(String, u64)> = types.into_iter().collect();
    types.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Some(Handles { count: count.max(raw.len() as u64), types })
}

/// Types of objects are words; anything else is not shown.
fn is_type(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b' ')
}
