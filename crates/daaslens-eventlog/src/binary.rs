//! `.evtx`: the binary log of Windows itself.
//!
//! A header of 4 KiB, then chunks of 64 KiB, each of them whole in itself: records in binary XML, and the templates
//! and strings that they share. The records are decoded by the `evtx` crate, one chunk at a time, into the XML that
//! `wevtutil` prints; from there on it is read like any other.
//!
//! The header's count of chunks is not believed, because a log that was copied while Windows wrote to it ("dirty") has
//! an old one: every 64 KiB is looked at. A damaged record costs itself, a damaged chunk its 64 KiB. Records that
//! Windows has deleted, and whose bytes are still there, are left alone.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use daaslens_core::{Span, Time};
use evtx::err::EvtxError;
use evtx::{EvtxChunkData, ParserSettings};

use crate::fault::Fault;
use crate::read::{Item, Malformed};
use crate::{MAX_EVENT, parse};

const HEADER: usize = 4 << 10;
const CHUNK: usize = 64 << 10;
/// Before the binary XML of a record: a magic, its size, its number and its time. After it: the size again.
const RECORD_HEADER: usize = 24;
const RECORD_FOOTER: usize = 4;
/// The least size of a record.
const RECORD: usize = RECORD_HEADER + RECORD_FOOTER;
/// The most XML that one chunk may become. Real ones become ten times as long; what goes beyond is made to do harm.
const MAX_OUTPUT: usize = 8 << 20;

/// The records of a binary log. Their line is their number in the file, counted from 1.
#[derive(Clone, Debug)]
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
    /// What was read of the chunk before `at` and not handed out yet.
    ready: VecDeque<Item<'static>>,
}

impl<'a> Records<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, number: 0, ready: VecDeque::new() }
    }

    fn malformed(&mut self, start: usize, end: usize, fault: Fault) {
        self.number += 1;
        let span = Span::new(start as u64, end as u64);
        self.ready.push_back(Item::Malformed(Malformed { span, line: self.number, fault }));
    }

    fn other(&mut self, start: usize, end: usize) {
        if start < end {
            self.ready.push_back(Item::Other(Span::new(start as u64, end as u64)));
        }
    }

    fn chunk(&mut self, start: usize, bytes: &[u8]) {
        let end = start + bytes.len();
        if bytes.iter().all(|byte| *byte == 0) {
            return self.other(start, end);
        }
        if !bytes.starts_with(b"ElfChnk\0") {
            return self.malformed(start, end, Fault::BadChunk);
        }
        let read = catch_unwind(AssertUnwindSafe(|| records(bytes)));
        let Ok(Some(records)) = read else {
            return self.malformed(start, end, Fault::BadChunk);
        };
        let mut at = start;
        for record in records {
            // Of damaged chunks the places may overlap; each record has a byte of its own at least.
            let from = (start + record.start).clamp(at, end.saturating_sub(1));
            let to = (start + record.end).clamp(from + 1, end);
            if from >= end || at >= end {
                break;
            }
            self.other(at, from);
            match record.xml {
                Ok((xml, time)) => self.record(from, to, &xml, time),
                Err(fault) => self.malformed(from, to, fault),
            }
            at = to;
        }
        self.other(at, end);
    }

    fn record(&mut self, start: usize, end: usize, xml: &[u8], written: Time) {
        let span = Span::new(start as u64, end as u64);
        if xml.len() > MAX_EVENT {
            return self.malformed(start, end, Fault::TooLong { len: xml.len() as u64 });
        }
        match parse::event(xml, span, self.number + 1) {
            Ok(mut event) => {
                self.number += 1;
                // Where the event's own time is damaged, that of the record is there.
                if event.time.is_none() {
                    event.time = Some(written);
                    event.faults.retain(|fault| *fault != Fault::NoTime);
                }
                self.ready.push_back(Item::Event(Box::new(event.into_owned())));
            }
            Err(fault) => self.malformed(start, end, fault),
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            let rest = self.bytes.get(self.at..).filter(|rest| !rest.is_empty())?;
            let start = self.at;
            if start == 0 && rest.starts_with(b"ElfFile\0") {
                self.at = rest.len().min(HEADER);
                return Some(Item::Other(Span::new(0, self.at as u64)));
            }
            let bytes = rest.get(..rest.len().min(CHUNK)).unwrap_or_default();
            self.at += bytes.len();
            self.chunk(start, bytes);
        }
    }
}

/// A record, or what should have been one, and where it lies in its chunk.
struct Record {
    start: usize,
    end: usize,
    /// The event, and when it was written.
    xml: Result<(Vec<u8>, Time), Fault>,
}

/// The records of a chunk; `None` where the chunk itself cannot be read.
fn records(bytes: &[u8]) -> Option<Vec<Record>> {
    let settings = ParserSettings::default().num_threads(1).indent(false);
    let mut data = EvtxChunkData::new(bytes.to_vec(), false).ok()?;
    let mut chunk = data.parse(Arc::new(settings)).ok()?;
    let mut records = Vec::new();
    let (mut at, mut output) = (0, 0);
    for record in chunk.iter() {
        if output > MAX_OUTPUT {
            records.push(Record {
                start: at,
                end: bytes.len(),
                xml: Err(Fault::TooLong { len: output as u64 }),
            });
            break;
        }
        let (start, end, xml) = match record {
            Ok(record) => {
                let binary = usize::try_from(record.binxml_offset).unwrap_or(usize::MAX);
                let start = binary.saturating_sub(RECORD_HEADER);
                let end = binary
                    .saturating_add(record.binxml_size as usize)
                    .saturating_add(RECORD_FOOTER);
                let written = Time(record.timestamp.as_millisecond());
                let xml = record.into_xml_bytes().map(|xml| (xml.data, written));
                let xml = xml.map_err(|_| Fault::BadRecord);
                (start, end, xml)
            }
            Err(error) => {
                let start = place(&error).unwrap_or(at).max(at);
                (start, start.saturating_add(RECORD), Err(Fault::BadRecord))
            }
        };
        output += xml.as_ref().map_or(0, |(xml, _)| xml.len());
        at = end.min(bytes.len());
        records.push(Record { start, end, xml });
    }
    Some(records)
}

/// Where in the chunk the record lies that an error is about.
fn place(error: &EvtxError) -> Option<usize> {
    match error {
        EvtxError::FailedToReadRecordAt { offset, .. } => usize::try_from(*offset).ok(),
        _ => None,
    }
}
