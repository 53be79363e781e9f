//! From the bytes of one event to an [`Event`].

use std::borrow::Cow;

use daaslens_core::{Span, Time};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event as Xml};

use crate::MAX_DATA;
use crate::event::{Datum, Dialect, Event, is_asp_net};
use crate::fault::Fault;

/// Reads one event from `<Event` to `</Event>`.
pub(crate) fn event(bytes: &[u8], span: Span, line: u64) -> Result<Event<'_>, Fault> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Builder::new(span, line).build(text);
    }
    // Consoles of the time wrote the code page of the machine; Windows-1252 maps every byte to something.
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
    let mut event = Builder::new(span, line).build(&text)?.into_owned();
    event.faults.insert(0, Fault::NotUtf8);
    Ok(event)
}

/// Where in the tree the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Event,
    System,
    EventData,
    UserData,
    Rendering,
    /// An element whose text is wanted.
    Leaf(Leaf),
    Ignored,
}

/// The elements whose text is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    EventId,
    Level,
    Keywords,
    RecordId,
    Channel,
    Computer,
    Datum,
    Binary,
    Message,
}

struct Builder<'s> {
    event: Event<'s>,
    places: Vec<Place>,
    /// The text of the innermost element so far.
    text: Cow<'s, str>,
    /// The name of the datum that is being read.
    name: Option<Cow<'s, str>>,
    namespace: bool,
    keywords_is_a_word: bool,
    has_id: bool,
    strings: u32,
    system_time: Option<String>,
}

impl<'s> Builder<'s> {
    fn new(span: Span, line: u64) -> Self {
        Self {
            event: Event {
                span,
                line,
                dialect: Dialect::Windows,
                provider: Cow::Borrowed(""),
                id: 0,
                qualifiers: 0,
                raw_level: None,
                time: None,
                record_id: None,
                channel: Cow::Borrowed(""),
                computer: Cow::Borrowed(""),
                process_id: None,
                data: Vec::new(),
                binary: None,
                message: None,
                faults: Vec::new(),
            },
            places: Vec::new(),
            text: Cow::Borrowed(""),
            name: None,
            namespace: false,
            keywords_is_a_word: false,
            has_id: false,
            strings: 0,
            system_time: None,
        }
    }

    fn build(mut self, text: &'s str) -> Result<Event<'s>, Fault> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().allow_dangling_amp = true;
        loop {
            let at = reader.buffer_position();
            match reader.read_event() {
                Ok(Xml::Start(tag)) => self.open(&tag),
                Ok(Xml::Empty(tag)) => {
                    self.open(&tag);
                    self.close();
                }
                Ok(Xml::End(_)) => self.close(),
                Ok(Xml::Text(text)) => {
                    let text = text.into_inner();
                    if text.starts_with('&') {
                        self.note(Fault::BadReference);
                    }
                    self.append(text);
                }
                Ok(Xml::CData(text)) => self.append(text.into_inner()),
                Ok(Xml::GeneralRef(reference)) => self.reference(&reference),
                Ok(Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_)) => {}
                Ok(Xml::Eof) => break,
                Err(error) => {
                    let at = reader.error_position().max(at);
                    return Err(Fault::Markup { offset: at, what: what_is_wrong(&error) });
                }
            }
        }
        if !self.places.is_empty() {
            return Err(Fault::Markup {
                offset: text.len() as u64,
                what: "an element is not closed",
            });
        }
        self.finish()
    }

    fn place(&self) -> Place {
        self.places.last().copied().unwrap_or(Place::Outside)
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name();
        let name = name.as_ref();
        self.text = Cow::Borrowed("");
        let place = match (self.place(), name) {
            (Place::Outside, "Event") => {
                self.namespace = attribute(tag, "xmlns").is_some();
                Place::Event
            }
            (Place::Event, "System") => Place::System,
            (Place::Event, "EventData") => Place::EventData,
            (Place::Event, "UserData") => Place::UserData,
            (Place::Event, "RenderingInfo") => Place::Rendering,
            (Place::System, _) => self.open_system(name, tag),
            (Place::EventData, "Data") => {
                self.name = attribute(tag, "Name").map(Cow::Owned);
                Place::Leaf(Leaf::Datum)
            }
            (Place::EventData, "Binary") => Place::Leaf(Leaf::Binary),
            (Place::Rendering, "Message") => Place::Leaf(Leaf::Message),
            // Providers with templates of their own put named elements into UserData, one level down or two:
            // the innermost ones carry the text.
            (Place::UserData | Place::Leaf(Leaf::Datum), _)
                if self.places.contains(&Place::UserData) =>
            {
                if let Some(outer @ Place::Leaf(Leaf::Datum)) = self.places.last_mut() {
                    *outer = Place::UserData;
                }
                self.name = Some(Cow::Owned(name.to_owned()));
                Place::Leaf(Leaf::Datum)
            }
            _ => Place::Ignored,
        };
        self.places.push(place);
    }

    fn open_system(&mut self, name: &str, tag: &BytesStart<'_>) -> Place {
        match name {
            "Provider" => {
                // Classic sources of a manifest provider keep the name people know in EventSourceName.
                let name = attribute(tag, "Name").filter(|name| !name.is_empty());
                if let Some(name) = name.or_else(|| attribute(tag, "EventSourceName")) {
                    self.event.provider = Cow::Owned(name);
                }
            }
            "TimeCreated" => self.system_time = attribute(tag, "SystemTime"),
            "Execution" => {
                self.event.process_id =
                    attribute(tag, "ProcessID").and_then(|id| id.trim().parse().ok());
            }
            "EventID" => {
                if let Some(qualifiers) = attribute(tag, "Qualifiers") {
                    self.event.qualifiers = qualifiers.trim().parse().unwrap_or(0);
                }
                return Place::Leaf(Leaf::EventId);
            }
            "Level" => return Place::Leaf(Leaf::Level),
            "Keywords" => return Place::Leaf(Leaf::Keywords),
            "EventRecordID" => return Place::Leaf(Leaf::RecordId),
            "Channel" => return Place::Leaf(Leaf::Channel),
            "Computer" => return Place::Leaf(Leaf::Computer),
            _ => {}
        }
        Place::Ignored
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        let Some(Place::Leaf(leaf)) = self.places.pop() else {
            return;
        };
        match leaf {
            Leaf::EventId => {
                // Some writers give all 32 bits, with severity and facility on top, and some sign them.
                if let Ok(raw) = text.trim().parse::<i64>() {
                    self.has_id = true;
                    self.event.id = (raw & 0xffff) as u32;
                    if let high @ 1.. = (raw >> 16 & 0xffff) as u16 {
                        self.event.qualifiers = high;
                    }
                }
            }
            Leaf::Level => self.event.raw_level = text.trim().parse().ok(),
            Leaf::Keywords => self.keywords_is_a_word = text.trim() == "Keywords",
            Leaf::RecordId => self.event.record_id = text.trim().parse().ok(),
            Leaf::Channel => self.event.channel = trimmed(text),
            Leaf::Computer => self.event.computer = trimmed(text),
            Leaf::Binary => self.event.binary = Some(trimmed(text)),
            Leaf::Message => self.event.message = Some(text),
            Leaf::Datum => {
                self.strings = self.strings.saturating_add(1);
                let name = self.name.take();
                if self.event.data.len() < MAX_DATA {
                    self.event.data.push(Datum { name, text });
                }
            }
        }
    }

    fn append(&mut self, more: Cow<'s, str>) {
        if !matches!(self.place(), Place::Leaf(_)) {
            return;
        }
        if more.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) {
            self.note(Fault::ControlCharacter);
        }
        if self.text.is_empty() {
            self.text = more;
        } else {
            self.text.to_mut().push_str(&more);
        }
    }

    fn reference(&mut self, reference: &BytesRef<'_>) {
        if !matches!(self.place(), Place::Leaf(_)) {
            return;
        }
        let name: &str = reference;
        let character = match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        if let Some(character) = character {
            self.text.to_mut().push(character);
        } else {
            self.note(Fault::BadReference);
            let text = self.text.to_mut();
            text.push('&');
            text.push_str(name);
            text.push(';');
        }
    }

    fn note(&mut self, fault: Fault) {
        if !self.event.faults.contains(&fault) {
            self.event.faults.push(fault);
        }
    }

    fn finish(mut self) -> Result<Event<'s>, Fault> {
        if !self.has_id && self.event.provider.is_empty() {
            return Err(Fault::NoSystem);
        }
        if !self.namespace && self.keywords_is_a_word {
            self.event.dialect = Dialect::AppService;
        }
        if self.strings as usize > self.event.data.len() {
            self.note(Fault::TooManyStrings { found: self.strings });
        }
        let system_time = self.system_time.take().unwrap_or_default();
        self.event.time = Time::parse(&system_time);
        if self.event.time.is_none() {
            if system_time.contains(':') && !system_time.contains(['T', '-', '/']) {
                self.note(Fault::NoDate);
                self.event.time = dated_by_asp_net(&self.event);
            } else {
                self.note(Fault::NoTime);
            }
        }
        Ok(self.event)
    }
}

/// The time in UTC that ASP.NET writes into its fourth string, `10/4/2025 12:55:36 AM` on App Service, whose
/// culture is American. Elsewhere the culture is the server's, which is why this is the last resort.
fn dated_by_asp_net(event: &Event<'_>) -> Option<Time> {
    if !is_asp_net(&event.provider) {
        return None;
    }
    let mut words = event.text(3).split_whitespace();
    let (date, clock, half) = (words.next()?, words.next()?, words.next()?);
    let mut date = date.splitn(3, '/').map(|part| part.parse::<u32>().ok());
    let (month, day, year) = (date.next()??, date.next()??, date.next()??);
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<u32>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let hour = match half {
        "AM" => hour % 12,
        "PM" => hour % 12 + 12,
        _ => return None,
    };
    Time::from_civil(i32::try_from(year).ok()?, month, day, hour, minute, second)
}

/// The value of an attribute, unescaped where it can be.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.as_ref() == name)?;
    match quick_xml::escape::unescape(&attribute.value) {
        Ok(value) => Some(value.into_owned()),
        Err(_) => Some(attribute.value.into_owned()),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn what_is_wrong(error: &quick_xml::Error) -> &'static str {
    use quick_xml::errors::IllFormedError;
    match error {
        quick_xml::Error::IllFormed(IllFormedError::MismatchedEndTag { .. }) => {
            "an end tag does not match its start tag"
        }
        quick_xml::Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
            "an end tag without a start tag"
        }
        quick_xml::Error::Syntax(_) => "broken markup",
        _ => "text that is not XML",
    }
}
