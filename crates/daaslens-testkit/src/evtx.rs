//! `.evtx`: a header, and chunks of records in binary XML.
//!
//! Windows shares templates between the records of a chunk. Here each record is written out in full, element by
//! element, which the format allows too. Names that occurred before in the chunk are referred to by their place.

use std::collections::BTreeMap;

use daaslens_core::Time;

const CHUNK: usize = 64 << 10;
const NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Option<Time>,
    /// `Application Error`, `Microsoft-Windows-WAS`, …
    pub provider: String,
    /// The event id.
    pub id: u32,
    /// Windows' level: 1 critical, 2 error, 3 warning, 4 information.
    pub level: u8,
    /// `Application` or `System`.
    pub channel: String,
    /// The machine name.
    pub computer: String,
    /// The insertion strings, each with its name or an empty one.
    pub data: Vec<(String, String)>,
}

/// A log with these records, numbered from 1. A record that does not fit into a chunk is left out.
pub fn write(records: &[Record]) -> Vec<u8> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let id = index as u64 + 1;
        if !chunks.last_mut().is_some_and(|chunk| chunk.push(record, id)) {
            let mut chunk = Chunk::new(id);
            if chunk.push(record, id) {
                chunks.push(chunk);
            }
        }
    }
    let mut out = vec![0; 4096];
    put(&mut out, 0, b"ElfFile\0");
    put(&mut out, 16, &(chunks.len().saturating_sub(1) as u64).to_le_bytes());
    put(&mut out, 24, &(records.len() as u64 + 1).to_le_bytes());
    put(&mut out, 32, &128u32.to_le_bytes());
    put(&mut out, 36, &1u16.to_le_bytes());
    put(&mut out, 38, &3u16.to_le_bytes());
    put(&mut out, 40, &4096u16.to_le_bytes());
    put(&mut out, 42, &(chunks.len() as u16).to_le_bytes());
    let sum = crc(&[&out[..120]]);
    put(&mut out, 124, &sum.to_le_bytes());
    for chunk in chunks {
        out.extend(chunk.finish());
    }
    out
}

struct Chunk {
    bytes: Vec<u8>,
    first: u64,
    last: u64,
    last_at: usize,
    names: BTreeMap<String, u32>,
}

impl Chunk {
    fn new(first: u64) -> Self {
        Self { bytes: vec![0; 512], first, last: first, last_at: 512, names: BTreeMap::new() }
    }

    /// Adds a record; `false` if it does not fit.
    fn push(&mut self, record: &Record, id: u64) -> bool {
        let (start, names) = (self.bytes.len(), self.names.clone());
        self.bytes.extend_from_slice(b"\x2a\x2a\0\0\0\0\0\0");
        self.bytes.extend_from_slice(&id.to_le_bytes());
        let at = record.at.unwrap_or(Time(0));
        let ticks = (at.0 + 11_644_473_600_000) * 10_000;
        self.bytes.extend_from_slice(&ticks.to_le_bytes());
        self.bytes.extend_from_slice(&[0x0f, 1, 1, 0]);
        self.event(record, id);
        self.bytes.push(0);
        let size = (self.bytes.len() - start + 4) as u32;
        self.bytes.extend_from_slice(&size.to_le_bytes());
        if self.bytes.len() > CHUNK {
            self.bytes.truncate(start);
            self.names = names;
            return false;
        }
        put(&mut self.bytes, start + 4, &size.to_le_bytes());
        (self.last, self.last_at) = (id, start);
        true
    }

    fn event(&mut self, record: &Record, id: u64) {
        self.element("Event", &[("xmlns", NAMESPACE)], |chunk| {
            chunk.element("System", &[], |chunk| {
                chunk.element("Provider", &[("Name", &record.provider)], |_| {});
                chunk.leaf("EventID", &[], &record.id.to_string());
                chunk.leaf("Level", &[], &record.level.to_string());
                chunk.leaf("Keywords", &[], "0x80000000000000");
                let time = record.at.map(Time::rfc3339).unwrap_or_default();
                chunk.element("TimeCreated", &[("SystemTime", &time)], |_| {});
                chunk.leaf("EventRecordID", &[], &id.to_string());
                chunk.leaf("Channel", &[], &record.channel);
                chunk.leaf("Computer", &[], &record.computer);
            });
            chunk.element("EventData", &[], |chunk| {
                for (name, text) in &record.data {
                    if name.is_empty() {
                        chunk.leaf("Data", &[], text);
                    } else {
                        chunk.leaf("Data", &[("Name", name)], text);
                    }
                }
            });
        });
    }

    fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.element(name, attributes, |chunk| {
            if !text.is_empty() {
                chunk.text(text);
            }
        });
    }

    fn element(&mut self, name: &str, attributes: &[(&str, &str)], body: impl FnOnce(&mut Self)) {
        self.bytes.push(if attributes.is_empty() { 0x01 } else { 0x41 });
        let size_at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.name(name);
        if !attributes.is_empty() {
            let list_at = self.bytes.len();
            self.bytes.extend_from_slice(&[0; 4]);
            for (index, (name, value)) in attributes.iter().enumerate() {
                self.bytes.push(if index + 1 < attributes.len() { 0x46 } else { 0x06 });
                self.name(name);
                self.text(value);
            }
            let size = (self.bytes.len() - list_at - 4) as u32;
            put(&mut self.bytes, list_at, &size.to_le_bytes());
        }
        self.bytes.push(0x02);
        body(self);
        self.bytes.push(0x04);
        let size = (self.bytes.len() - size_at - 4) as u32;
        put(&mut self.bytes, size_at, &size.to_le_bytes());
    }

    /// A name: the place of its first use, and itself where this is the first one.
    fn name(&mut self, name: &str) {
        let here = self.bytes.len() as u32 + 4;
        if let Some(place) = self.names.get(name) {
            return self.bytes.extend_from_slice(&place.to_le_bytes());
        }
        self.names.insert(name.to_owned(), here);
        self.bytes.extend_from_slice(&here.to_le_bytes());
        self.bytes.extend_from_slice(&0u32.to_le_bytes());
        let units: Vec<u16> = name.encode_utf16().collect();
        let hash = units
            .iter()
            .fold(0u32, |hash, unit| hash.wrapping_mul(65599).wrapping_add(u32::from(*unit)));
        self.bytes.extend_from_slice(&(hash as u16).to_le_bytes());
        self.bytes.extend_from_slice(&(units.len() as u16).to_le_bytes());
        self.units(&units);
        self.bytes.extend_from_slice(&[0, 0]);
    }

    fn text(&mut self, text: &str) {
        let units: Vec<u16> = text.encode_utf16().take(0xffff).collect();
        self.bytes.extend_from_slice(&[0x05, 0x01]);
        self.bytes.extend_from_slice(&(units.len() as u16).to_le_bytes());
        self.units(&units);
    }

    fn units(&mut self, units: &[u16]) {
        self.bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    }

    fn finish(mut self) -> Vec<u8> {
        let free = self.bytes.len();
        put(&mut self.bytes, 0, b"ElfChnk\0");
        for (at, number) in [(8, self.first), (16, self.last), (24, self.first), (32, self.last)] {
            put(&mut self.bytes, at, &number.to_le_bytes());
        }
        put(&mut self.bytes, 40, &128u32.to_le_bytes());
        put(&mut self.bytes, 44, &(self.last_at as u32).to_le_bytes());
        put(&mut self.bytes, 48, &(free as u32).to_le_bytes());
        let records = crc(&[&self.bytes[512..]]);
        put(&mut self.bytes, 52, &records.to_le_bytes());
        let header = crc(&[&self.bytes[..120], &self.bytes[128..512]]);
        put(&mut self.bytes, 124, &header.to_le_bytes());
        self.bytes.resize(CHUNK, 0);
        self.bytes
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// CRC-32 of some pieces, as of one.
fn crc(pieces: &[&[u8]]) -> u32 {
    let mut crc = flate2::Crc::new();
    for piece in pieces {
        crc.update(piece);
    }
    crc.sum()
}
