//! `Report.wer`: what Windows Error Reporting leaves in a folder for each crash that it saw.
//!
//! ```text
//! Version=1
//! EventType=APPCRASH
//! EventTime=133862471230000000
//! Sig[0].Name=Application Name
//! Sig[0].Value=w3wp.exe
//! …
//! LoadedModule[0]=C:\Windows\System32\inetsrv\w3wp.exe
//! ```
//!
//! It is an INI file in UTF-16. The ten values are the ones of Windows Error Reporting's event 1001, in the same order,
//! so that it is read as that event, which outlives the folder on some servers and not on others.

use std::borrow::Cow;

use daaslens_core::{Span, Time};

use crate::event::{Datum, Dialect, Event};
use crate::fault::Fault;
use crate::read::{Item, Malformed};
use crate::windows::{WER, WER_PARAMETERS};

/// The longest report; lists of loaded modules make them long, at about 100 KB.
const MAX_REPORT: usize = 1 << 20;

/// Whether the bytes begin like a report.
pub(crate) fn is_report(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(400)).unwrap_or_default();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.starts_with(b"Version=") && memchr::memmem::find(head, b"EventType=").is_some()
}

/// The one item of a report.
pub(crate) fn item(bytes: &[u8]) -> Item<'static> {
    let span = Span::new(0, bytes.len() as u64);
    let read = if bytes.len() > MAX_REPORT {
        Err(Fault::TooLong { len: bytes.len() as u64 })
    } else {
        event(bytes, span)
    };
    match read {
        Ok(event) => Item::Event(Box::new(event)),
        Err(fault) => Item::Malformed(Malformed { span, line: 1, fault }),
    }
}

fn event(bytes: &[u8], span: Span) -> Result<Event<'static>, Fault> {
    let mut faults = Vec::new();
    let text = if let Ok(text) = std::str::from_utf8(bytes) {
        Cow::Borrowed(text)
    } else {
        faults.push(Fault::NotUtf8);
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0
    };
    let text = text.trim_start_matches('\u{feff}');
    let mut values: [&str; 10] = [""; 10];
    let (mut kind, mut path, mut id, mut time) = ("", "", "", None);
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        match key.trim() {
            "EventType" => kind = value.trim(),
            "EventTime" => time = value.trim().parse().ok().and_then(from_file_time),
            "AppPath" => path = value.trim(),
            "ReportIdentifier" => id = value.trim(),
            key => {
                let slot = key
                    .strip_prefix("Sig[")
                    .and_then(|rest| rest.strip_suffix("].Value"))
                    .and_then(|index| values.get_mut(index.parse::<usize>().ok()?));
                if let Some(slot) = slot {
                    *slot = value.trim();
                }
            }
        }
    }
    if kind.is_empty() {
        return Err(Fault::NoSystem);
    }
    if time.is_none() {
        faults.push(Fault::NoTime);
    }
    let named = |name: &str, text: &str| Datum {
        name: Some(Cow::Owned(name.to_owned())),
        text: Cow::Owned(text.to_owned()),
    };
    let mut data = vec![named("EventName", kind)];
    data.extend(WER_PARAMETERS.iter().zip(values).map(|(name, value)| named(name, value)));
    data.push(named("ReportId", id));
    data.push(named("AppPath", path));
    Ok(Event {
        span,
        line: 1,
        dialect: Dialect::Windows,
        provider: Cow::Borrowed(WER),
        id: 1001,
        qualifiers: 0,
        raw_level: Some(4),
        time,
        record_id: None,
        channel: Cow::Borrowed(""),
        computer: Cow::Borrowed(""),
        process_id: None,
        data,
        binary: None,
        message: None,
        faults,
    })
}

/// From 100 ns since 1601.
pub(crate) fn from_file_time(ticks: u64) -> Option<Time> {
    const EPOCH_MS: i64 = 11_644_473_600_000;
    let ms = i64::try_from(ticks / 10_000).ok()?;
    (ms > EPOCH_MS).then(|| Time(ms - EPOCH_MS))
}
