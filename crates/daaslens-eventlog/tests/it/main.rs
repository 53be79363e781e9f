//! The event log reader against small files, each made for one quirk, and against anything at all.

mod exports;
mod incidents;
mod laws;
mod reader;
mod texts;

use std::fmt::Write as _;

use daaslens_core::Time;
use daaslens_eventlog::{Event, Item, Log, decode, read_all};

/// The events of `bytes`.
fn events(bytes: &[u8]) -> Vec<Event<'_>> {
    read_all(bytes)
        .filter_map(|item| match item {
            Item::Event(event) => Some(*event),
            _ => None,
        })
        .collect()
}

/// One event of App Service with the given texts.
fn event(provider: &str, id: u32, texts: &[&str]) -> Event<'static> {
    let mut xml = format!(
        "<Event><System><Provider Name=\"{provider}\"/><EventID>{id}</EventID><Level>1</Level>\
         <Keywords>Keywords</Keywords><TimeCreated SystemTime=\"2026-03-11T02:14:07Z\"/>\
         <EventRecordID>1</EventRecordID><Computer>m</Computer></System><EventData>"
    );
    for text in texts {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(xml, "<Data>{text}</Data>");
    }
    xml.push_str("</EventData></Event>");
    events(xml.as_bytes()).remove(0).into_owned()
}

/// All items, one a line, with everything that was read.
fn shown(bytes: &[u8]) -> String {
    let bytes = decode(bytes);
    let mut out = String::new();
    for item in Log::open(&bytes) {
        let span = item.span();
        let _ = write!(out, "{}..{} ", span.start, span.end);
        match item {
            Item::Other(_) => out.push_str("other\n"),
            Item::Malformed(bad) => {
                let _ = writeln!(out, "line {} malformed: {}", bad.line, bad.fault);
            }
            Item::Event(event) => {
                let _ = writeln!(
                    out,
                    "line {} {:?} {} {}/{} {} time {:?} record {:?} {} {} pid {:?}",
                    event.line,
                    event.dialect,
                    event.provider,
                    event.id,
                    event.qualifiers,
                    event.level().word(),
                    event.time.map(Time::rfc3339),
                    event.record_id,
                    event.channel,
                    event.computer,
                    event.process_id,
                );
                for datum in &event.data {
                    let _ = writeln!(out, "  {:?} {:?}", datum.name.as_deref(), datum.text);
                }
                if let Some(binary) = &event.binary {
                    let code = event.binary_code().unwrap_or_default();
                    let _ = writeln!(out, "  binary {binary} {code:#010x}");
                }
                if let Some(message) = &event.message {
                    let _ = writeln!(out, "  message {message:?}");
                }
                for fault in &event.faults {
                    let _ = writeln!(out, "  fault: {fault}");
                }
            }
        }
    }
    out
}
