//! Failed request traces: `LogFiles/W3SVC<site>/fr000001.xml`.
//!
//! IIS writes what every module did for one request, as soon as it fails a rule (a status, or a time). It is the only
//! file that says which module set an error and where the time went. App Service keeps fifty of them.
//!
//! ```text
//! <failedRequest url="https://app.example:443/cart" appPoolId="app" processId="4711" verb="GET"
//!                failureReason="STATUS_CODE" statusCode="500.30" triggerStatusCode="500.30" timeTaken="5312" …>
//! <Event xmlns="…">
//!  <System>… <TimeCreated SystemTime="2026-03-11T02:14:07.123Z"/> … <Computer>RD0003FF000001</Computer></System>
//!  <EventData><Data Name="ModuleName">AspNetCoreModuleV2</Data> … <Data Name="ErrorCode">2147943629</Data></EventData>
//!  <RenderingInfo …><Opcode>MODULE_SET_RESPONSE_ERROR_STATUS</Opcode>
//!   <freb:Description Data="Notification">EXECUTE_REQUEST_HANDLER</freb:Description></RenderingInfo>
//! </Event>
//! ```
//!
//! A trace stops at a megabyte, with an event that says so (`LOG_FILE_MAX_SIZE_TRUNCATE`): a request of a minute may be
//! covered for its first second. The file may be cut off, and the start may be missing where only some areas are traced.
//!
//! # What is never kept
//!
//! Headers, bodies, user names and queries: a trace holds cookies and tokens of a whole request. Of all headers, only the
//! number that the front end gave the request (`X-ARR-LOG-ID`) is kept, because it stands in the worker's log as well.

mod course;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use daaslens_core::{Time, TimeRange};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::document::{self, DocumentFault, DocumentFaultKind, Target, kept};
use course::Course;

/// The most bytes of one value that are held while an event is read: all headers of a request.
const MAX_VALUE: usize = 64 << 10;

/// A failed request, as its trace tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Where it went.
    pub target: Target,
    /// `GET`
    pub verb: String,
    /// The pool; on App Service the name of the site.
    pub pool: String,
    /// The worker process.
    pub process: Option<u32>,
    /// The number of the request in the traces of the machine.
    pub activity: String,
    /// `STATUS_CODE`, `TIME_TAKEN` or `EVENT_VERBOSITY`: which rule it failed.
    pub failure: String,
    /// The status that it ended with. A trace that a time rule started may say 200, because nothing was sent yet.
    pub status: Option<(u16, u32)>,
    /// The status that started the trace.
    pub trigger: Option<(u16, u32)>,
    /// How long the request took.
    pub time_taken_ms: Option<u64>,
    /// The machine.
    pub machine: Option<String>,
    /// The number that the front end gave the request.
    pub arr_log_id: Option<String>,
    /// Who set the error: the last who did.
    pub error: Option<ErrorStatus>,
    /// The error code with which sending the answer ended.
    pub flush_error: Option<u32>,
    /// Where the time went, each stretch given to one stage, the longest first.
    pub stages: Vec<(Stage, u64)>,
    /// From the first event to the last.
    pub range: Option<TimeRange>,
    /// How many events there are.
    pub events: u64,
    /// Whether the first event of a request is there.
    pub has_start: bool,
    /// Whether it stopped at its size limit.
    pub truncated: bool,
    /// Whether the file was cut off.
    pub cut: bool,
}

/// The error that a module set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorStatus {
    /// `AspNetCoreModuleV2`
    pub module: String,
    /// The stage: its name, or its number where the trace does not name it.
    pub notification: String,
    /// `500`
    pub status: u16,
    /// `30`
    pub substatus: u32,
    /// The Windows error or result behind it.
    pub code: u32,
    /// What is wrong with the configuration, where that is the reason.
    pub configuration: Option<String>,
}

/// A part of the way of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// A module in a stage of the pipeline.
    Module {
        /// `AspNetCoreModuleV2`
        name: String,
        /// `EXECUTE_REQUEST_HANDLER`
        notification: String,
    },
    /// A step inside a module, named by the event that began it.
    Step {
        /// `AspNetCompileEnter`
        event: &'static str,
        /// The managed module, where it is one.
        detail: String,
    },
    /// The start of the worker or of the application.
    StartUp,
    /// No module was at work: between the end of one thing and the start of another.
    Untraced {
        /// What ended.
        after: String,
        /// What began.
        before: String,
    },
    /// Everything beyond the number of stages that are told apart.
    Rest,
}

impl Trace {
    /// How much of the request the events cover.
    pub fn covered_ms(&self) -> u64 {
        self.range.map_or(0, |range| range.end.0.saturating_sub(range.start.0).max(0) as u64)
    }

    /// When the request ended, as far as the trace tells.
    pub fn end(&self) -> Option<Time> {
        let range = self.range?;
        let taken = self.time_taken_ms.filter(|_| self.has_start)?;
        Some(Time(range.start.0.saturating_add(i64::try_from(taken).ok()?)).max(range.end))
    }

    /// From its start to its end, as far as the trace tells.
    pub fn request(&self) -> Option<TimeRange> {
        let range = self.range?;
        Some(TimeRange::new(range.start, self.end().unwrap_or(range.end)))
    }

    /// Whether events are missing at its end.
    pub fn is_partial(&self) -> bool {
        self.truncated || self.cut
    }
}

/// Reads a trace, and says what is wrong with it.
pub fn read(bytes: &[u8]) -> (Option<Trace>, Vec<DocumentFault>) {
    let mut faults = Vec::new();
    let text = document::text(bytes, &mut faults);
    let mut state = State::default();
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.check_comments = false;
    let mut whole = false;
    loop {
        let at = reader.buffer_position() as usize;
        match reader.read_event() {
            Ok(Event::Start(tag)) => state.start(&tag),
            Ok(Event::Empty(tag)) => {
                state.start(&tag);
                state.end(tag.local_name().as_ref());
            }
            Ok(Event::End(tag)) => {
                whole |= tag.local_name().as_ref() == "failedRequest";
                state.end(tag.local_name().as_ref());
            }
            Ok(Event::Text(piece)) => state.text(&piece.into_inner()),
            Ok(Event::CData(piece)) => state.text(&piece.into_inner()),
            Ok(Event::GeneralRef(reference)) => {
                let name = reference.into_inner();
                if let Ok(text) = quick_xml::escape::unescape(&format!("&{name};")) {
                    state.text(&text);
                }
            }
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Ok(Event::Eof) => break,
            Err(_) => {
                let end = text.get(at..).is_none_or(|rest| !rest.contains("</Event>"));
                if !end {
                    faults.push(document::at(bytes, at, DocumentFaultKind::Broken));
                }
                break;
            }
        }
    }
    let Some(mut trace) = state.trace else {
        let kind = if text.trim().is_empty() {
            DocumentFaultKind::NotThis
        } else {
            DocumentFaultKind::CutOff
        };
        let known = text.contains("<failedRequest");
        let kind = if known { kind } else { DocumentFaultKind::NotThis };
        faults.push(document::at(bytes, 0, kind));
        return (None, faults);
    };
    trace.cut = !whole;
    if trace.cut && !faults.iter().any(|fault| fault.kind == DocumentFaultKind::Broken) {
        faults.push(document::at(bytes, bytes.len(), DocumentFaultKind::CutOff));
    }
    state.course.finish(&mut trace);
    (Some(trace), faults)
}

/// An event while it is read: only what answers a question.
#[derive(Debug, Default)]
struct Raw {
    opcode: String,
    time: Option<Time>,
    module: String,
    notification: String,
    notification_name: String,
    ending: String,
    status: Option<u16>,
    substatus: u32,
    code: Option<u32>,
    configuration: String,
    detail: String,
    /// The number of the request, if the event holds headers.
    arr_log_id: Option<String>,
}

impl Raw {
    /// The stage by its name, else by its number.
    fn stage(&self) -> &str {
        if self.notification_name.is_empty() { &self.notification } else { &self.notification_name }
    }
}

/// Which value is being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Value {
    #[default]
    None,
    Computer,
    Opcode,
    Data(String),
    Description(String),
}

#[derive(Debug, Default)]
struct State {
    trace: Option<Trace>,
    course: Course,
    raw: Option<Raw>,
    is_rendering: bool,
    value: Value,
    buffer: String,
    header: String,
}

impl State {
    fn start(&mut self, tag: &BytesStart<'_>) {
        let attribute = |name: &str| {
            tag.attributes().with_checks(false).filter_map(Result::ok).find_map(|pair| {
                (pair.key.as_ref() == name).then(|| {
                    match quick_xml::escape::unescape(&pair.value) {
                        Ok(value) => value.into_owned(),
                        Err(_) => pair.value.clone().into_owned(),
                    }
                })
            })
        };
        self.buffer.clear();
        self.value = Value::None;
        let name = tag.local_name();
        match name.as_ref() {
            "failedRequest" if self.trace.is_none() => self.trace = Some(head(&attribute)),
            "Event" => self.raw = Some(Raw::default()),
            "TimeCreated" => {
                if let Some(raw) = &mut self.raw {
                    raw.time = attribute("SystemTime").and_then(|text| Time::parse(&text));
                }
            }
            "Computer" => self.value = Value::Computer,
            "RenderingInfo" => self.is_rendering = true,
            "Opcode" if self.is_rendering => self.value = Value::Opcode,
            "Data" => self.value = Value::Data(attribute("Name").unwrap_or_default()),
            "Description" => self.value = Value::Description(attribute("Data").unwrap_or_default()),
            _ => {}
        }
    }

    fn text(&mut self, piece: &str) {
        if self.value != Value::None {
            let room = MAX_VALUE.saturating_sub(self.buffer.len());
            self.buffer.push_str(&piece[..piece.floor_char_boundary(room)]);
        }
    }

    fn end(&mut self, name: &str) {
        let value = std::mem::take(&mut self.value);
        let text = self.buffer.trim();
        if let Some(raw) = &mut self.raw {
            match &value {
                Value::Opcode => raw.opcode = kept(text),
                Value::Computer => {
                    if let Some(trace) = &mut self.trace
                        && trace.machine.is_none()
                        && !text.is_empty()
                    {
                        trace.machine = Some(kept(text));
                    }
                }
                Value::Description(of) if of == "Notification" => {
                    raw.notification_name = kept(text);
                }
                Value::Description(of) if of == "NotificationStatus" => raw.ending = kept(text),
                Value::None | Value::Description(_) => {}
                Value::Data(of) => match of.as_str() {
                    "ModuleName" => raw.module = kept(text),
                    "Notification" => raw.notification = kept(text),
                    "NotificationStatus" if raw.ending.is_empty() => raw.ending = kept(text),
                    "HttpStatus" => raw.status = text.parse().ok(),
                    "HttpSubStatus" => raw.substatus = text.parse().unwrap_or(0),
                    "ErrorCode" => raw.code = number(text),
                    "ConfigExceptionInfo" => raw.configuration = kept(text),
                    "Data1" => raw.detail = kept(text),
                    "HeaderName" => self.header = kept(text),
                    "HeaderValue" if self.header.eq_ignore_ascii_case(ARR_LOG_ID) => {
                        raw.arr_log_id = guid(text);
                    }
                    "Headers" => {
                        raw.arr_log_id = text.split(['\n', '\r']).find_map(|line| {
                            let (name, value) = line.split_once(':')?;
                            name.trim().eq_ignore_ascii_case(ARR_LOG_ID).then(|| guid(value))?
                        });
                    }
                    _ => {}
                },
            }
        }
        self.buffer.clear();
        match name {
            "RenderingInfo" => self.is_rendering = false,
            "Event" => {
                self.is_rendering = false;
                self.header.clear();
                if let (Some(raw), Some(trace)) = (self.raw.take(), &mut self.trace) {
                    self.course.event(raw, trace);
                }
            }
            _ => {}
        }
    }
}

const ARR_LOG_ID: &str = "X-ARR-LOG-ID";

/// The attributes of the root.
fn head(attribute: &dyn Fn(&str) -> Option<String>) -> Trace {
    let text = |name: &str| attribute(name).map(|text| kept(&text)).unwrap_or_default();
    Trace {
        target: Target::of(&attribute("url").unwrap_or_default()),
        verb: text("verb"),
        pool: text("appPoolId"),
        process: attribute("processId").and_then(|id| id.trim().parse().ok()),
        activity: text("activityId"),
        failure: text("failureReason"),
        status: attribute("statusCode").as_deref().and_then(status),
        trigger: attribute("triggerStatusCode").as_deref().and_then(status),
        time_taken_ms: attribute("timeTaken").and_then(|ms| ms.trim().parse().ok()),
        ..Trace::default()
    }
}

/// `500.30`; `404` is `404.0`. A trace without a status says 0.
fn status(text: &str) -> Option<(u16, u32)> {
    let (status, substatus) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let status = status.parse().ok().filter(|status| *status > 0)?;
    Some((status, substatus.parse().unwrap_or(0)))
}

/// An error code: decimal, at times with a sign, or hexadecimal.
fn number(text: &str) -> Option<u32> {
    let text: Cow<'_, str> = Cow::Borrowed(text.trim());
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok();
    }
    let number: i64 = text.parse().ok()?;
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

/// A number of the front end, in lower case; anything else in its place is not kept.
fn guid(text: &str) -> Option<String> {
    let text = text.trim();
    let is_guid = text.len() == 36
        && text.bytes().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == b'-',
            _ => c.is_ascii_hexdigit(),
        });
    is_guid.then(|| text.to_ascii_lowercase())
}
