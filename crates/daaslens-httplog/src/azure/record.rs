//! What a reader gives: requests, lines of an application, events of the platform, faults.

use std::borrow::Cow;
use std::fmt;

use bstr::{BStr, ByteSlice};
use daaslens_core::{Span, Time};

use super::name::Name;
use super::value::{Fields, Scalar};
use crate::{Field, Request, Vantage};

/// One piece of a log. The spans of all items tile the input.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// A request.
    Request(Record<'a>),
    /// A line that the application wrote.
    Line(Line<'a>),
    /// What the platform did to the site.
    Event(Event<'a>),
    /// A record of a category that is not read here, or of a hop inside a gateway.
    Other(Place),
    /// What could not be read as a record.
    Malformed(Place, Fault),
    /// Brackets, commas and blanks between records, the head of a table.
    Between(Span),
}

impl Item<'_> {
    /// Where the item stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Request(Record { place, .. })
            | Self::Line(Line { place, .. })
            | Self::Event(Event { place, .. })
            | Self::Other(place)
            | Self::Malformed(place, _) => place.span,
            Self::Between(span) => *span,
        }
    }
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its bytes.
    pub span: Span,
    /// How many lines of the bytes that were read begin before it.
    pub row: u64,
}

/// Why something is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// It is no JSON. A record that was cut while it was written looks like this.
    Json,
    /// The file ends inside it.
    CutOff,
    /// A row of another number of columns than the head of the table.
    Columns,
    /// It carries no time that could be read.
    Time,
    /// It is a request without a status.
    Status,
    /// It is longer than any service writes.
    TooLong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json => f.write_str("no valid JSON"),
            Self::CutOff => f.write_str("the file ends inside the record"),
            Self::Columns => f.write_str("another number of columns than the head of the table"),
            Self::Time => f.write_str("no valid time"),
            Self::Status => f.write_str("no valid status"),
            Self::TooLong => write!(f, "a record of more than {} bytes", super::MAX_RECORD),
        }
    }
}

/// A request. What is absent, empty, `-` or no number is `None`.
///
/// All three services write a request when it *ends*, as IIS does: `time` is the completion, and the start is that
/// minus the time taken. That is in milliseconds here, whatever the log counts in.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// Where it stands.
    pub place: Place,
    vantage: Vantage,
    time: Time,
    status: u16,
    substatus: Option<u32>,
    win32: Option<u64>,
    time_taken_ms: Option<u32>,
    /// The values in the order in which they are shown.
    values: Vec<(Field, Cow<'a, str>)>,
}

impl Request for Record<'_> {
    fn span(&self) -> Span {
        self.place.span
    }

    fn row(&self) -> u64 {
        self.place.row
    }

    fn vantage(&self) -> Vantage {
        self.vantage
    }

    fn instance(&self) -> Option<&BStr> {
        self.value(Field::ComputerName)
    }

    fn time(&self) -> Option<Time> {
        Some(self.time)
    }

    /// Front Door writes 0 where the origin did not answer in time.
    fn status(&self) -> Option<u16> {
        Some(self.status)
    }

    fn substatus(&self) -> Option<u32> {
        self.substatus
    }

    fn win32_status(&self) -> Option<u64> {
        self.win32
    }

    fn time_taken_ms(&self) -> Option<u32> {
        self.time_taken_ms
    }

    fn value(&self, field: Field) -> Option<&BStr> {
        let (_, value) = self.values.iter().find(|(known, _)| *known == field)?;
        Some(value.as_bytes().as_bstr())
    }

    fn columns(&self) -> usize {
        self.values.len()
    }

    fn column(&self, column: usize) -> Option<(Option<Field>, &BStr)> {
        let (field, value) = self.values.get(column)?;
        Some((Some(*field), value.as_bytes().as_bstr()))
    }
}

/// Where an application wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// `AppServiceConsoleLogs`: standard output and standard error.
    Console,
    /// `AppServiceAppLogs`: the logging of the framework.
    App,
}

/// A line that the application wrote, or several in one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// Where it stands.
    pub place: Place,
    /// Where it was written.
    pub stream: Stream,
    /// When, UTC.
    pub time: Time,
    /// As the log says it: `Error`, `Informational`. The console calls everything on standard error an error.
    pub level: Option<Cow<'a, str>>,
    /// The text, without the line end.
    pub text: Cow<'a, str>,
    /// The class of an exception, where the log has it apart.
    pub exception: Option<Cow<'a, str>>,
    /// The stack of an exception, where the log has it apart.
    pub stack: Option<Cow<'a, str>>,
    /// Who logged it.
    pub logger: Option<Cow<'a, str>>,
    /// The machine.
    pub instance: Option<Cow<'a, str>>,
    /// The site, in lower case: `shop`, `shop(staging)` for a slot.
    pub site: Option<String>,
}

/// What the platform did to the site.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// Where it stands.
    pub place: Place,
    /// When, UTC.
    pub time: Time,
    /// As the log says it.
    pub level: Option<Cow<'a, str>>,
    /// The whole message.
    pub message: Cow<'a, str>,
    /// The machine.
    pub instance: Option<Cow<'a, str>>,
    /// The site, in lower case: `shop`, `shop(staging)` for a slot.
    pub site: Option<String>,
}

impl Event<'_> {
    /// `SiteStopRequested`, from `EventName:SiteStopRequested - Reason:… - …`.
    pub fn name(&self) -> Option<&str> {
        self.part("EventName:")
    }

    /// `SiteNotStartableDuringChangeNotification`, from the same.
    pub fn reason(&self) -> Option<&str> {
        self.part("Reason:")
    }

    fn part(&self, key: &str) -> Option<&str> {
        let rest = self.message.split(" - ").find_map(|part| part.trim().strip_prefix(key))?;
        Some(rest.trim()).filter(|text| !text.is_empty())
    }
}

/// What kind of record the fields are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Request(Vantage),
    Line(Stream),
    Event,
    Other,
}

/// Hands out the record of some fields, once those of `properties` that are written as text are read too.
pub(super) fn whole(mut fields: Fields<'_>, place: Place, sink: &mut dyn FnMut(Item<'_>)) {
    let Some(Scalar::Text(text)) = fields.take(Name::Properties) else {
        return sink(build(fields, place));
    };
    let mut all: Fields<'_> = fields;
    if text.trim_start().starts_with('{') && all.read(&text).is_err() {
        return sink(Item::Malformed(place, Fault::Json));
    }
    sink(build(all, place));
}

/// Builds the record of some fields.
fn build(mut fields: Fields<'_>, place: Place) -> Item<'_> {
    let what = what(&fields);
    if what == What::Other {
        return Item::Other(place);
    }
    let Some(time) = fields.get(Name::Time).and_then(Scalar::time) else {
        return Item::Malformed(place, Fault::Time);
    };
    match what {
        What::Request(vantage) => request(&mut fields, place, time, vantage),
        What::Line(stream) => Item::Line(line(&mut fields, place, time, stream)),
        What::Event | What::Other => Item::Event(Event {
            place,
            time,
            level: fields.text(Name::Level),
            message: fields
                .text(Name::Message)
                .or_else(|| fields.text(Name::Description))
                .unwrap_or_default(),
            instance: machine(&mut fields),
            site: site(&mut fields),
        }),
    }
}

/// The category is written in every resource log; the tables of a workspace are one category each and name it, if at
/// all, in `Type`. What names none is known by the columns that only it has.
fn what(fields: &Fields<'_>) -> What {
    let is = |name: Name, word: &str| match fields.get(name) {
        Some(Scalar::Text(text)) => text.eq_ignore_ascii_case(word),
        _ => false,
    };
    let named = |word: &str| is(Name::Category, word) || is(Name::Table, word);
    let known = [
        ("AppServiceHTTPLogs", What::Request(Vantage::HttpLogs)),
        ("ApplicationGatewayAccessLog", What::Request(Vantage::Gateway)),
        ("AGWAccessLogs", What::Request(Vantage::Gateway)),
        ("FrontDoorAccessLog", What::Request(Vantage::FrontDoor)),
        ("AppServiceConsoleLogs", What::Line(Stream::Console)),
        ("AppServiceAppLogs", What::Line(Stream::App)),
        ("AppServicePlatformLogs", What::Event),
    ];
    if let Some((_, what)) = known.into_iter().find(|(word, _)| named(word)) {
        // Between the edge and the shield in front of the origin a request is written twice; this is the inner one.
        let is_inner = match fields.get(Name::FromClient) {
            Some(Scalar::Flag(flag)) => !flag,
            Some(Scalar::Text(text)) => text.eq_ignore_ascii_case("false"),
            _ => false,
        };
        return if is_inner { What::Other } else { what };
    }
    // The table that all services share holds every category there is.
    let is_shared = is(Name::Table, "AzureDiagnostics") || is(Name::Table, "PrimaryResult");
    if fields.has(Name::Category) || fields.has(Name::Table) && !is_shared {
        return What::Other;
    }
    let has = |name: Name| fields.has(name);
    if has(Name::Tracking) && has(Name::Status) {
        What::Request(Vantage::FrontDoor)
    } else if has(Name::Status) && (has(Name::ServerStatus) || has(Name::Server)) {
        What::Request(Vantage::Gateway)
    } else if has(Name::Status) && has(Name::Path) && has(Name::Method) {
        What::Request(Vantage::HttpLogs)
    } else if has(Name::Logger) && has(Name::Description) {
        What::Line(Stream::App)
    } else if has(Name::Description) {
        What::Line(Stream::Console)
    } else if matches!(fields.get(Name::Message), Some(Scalar::Text(text)) if text.contains("EventName:"))
    {
        What::Event
    } else {
        What::Other
    }
}

fn request<'a>(fields: &mut Fields<'a>, place: Place, time: Time, vantage: Vantage) -> Item<'a> {
    let Some(status) = fields.whole(Name::Status).filter(|n| *n < 1000) else {
        return Item::Malformed(place, Fault::Status);
    };
    let substatus = fields.whole(Name::Substatus).and_then(|n| u32::try_from(n).ok());
    let win32 = fields.whole(Name::Win32);
    let instance = match vantage {
        Vantage::Gateway => fields.text(Name::Instance),
        Vantage::FrontDoor => fields.text(Name::Pop),
        Vantage::HttpLogs | Vantage::Worker => fields.text(Name::Computer),
    };
    // The first generation of the gateway counts milliseconds; its instances are called after its role.
    let is_first = |name: &str| name.to_ascii_lowercase().starts_with("applicationgatewayrole");
    let is_gateway = matches!(vantage, Vantage::Gateway | Vantage::FrontDoor);
    let unit = if is_gateway && !instance.as_deref().is_some_and(is_first) { 1000.0 } else { 1.0 };
    let time_taken_ms = fields
        .get(Name::TimeTaken)
        .and_then(Scalar::number)
        .map(|number| (number * unit).round().min(f64::from(u32::MAX)) as u32);
    let (in_url, path, query) = split(fields.text(Name::Path));
    let query = fields.text(Name::Query).or(query).map(without_question_mark);
    let (host, named) = (fields.text(Name::Host), fields.text(Name::Machine));
    let host = fields.text(Name::OriginalHost).or(host).or(in_url);
    // In the table of a gateway, `Host` is the header.
    let host = host.or(named.filter(|_| vantage == Vantage::Gateway));
    let server_status = fields.whole(Name::ServerStatus).filter(|n| (1..1000).contains(n));
    let word = fields.text(Name::Error).filter(|word| {
        !word.eq_ignore_ascii_case("NoError") && !word.eq_ignore_ascii_case("ERRORINFO_NO_ERROR")
    });
    let word = word.or_else(|| {
        // Gateways did not always say why: that no server answered is the reason then.
        let silent = vantage == Vantage::Gateway && server_status.is_none();
        (silent && matches!(status, 502 | 504)).then_some(Cow::Borrowed(NO_ANSWER))
    });
    let server =
        [Name::Server, Name::Origin, Name::OriginIp].into_iter().find_map(|name| fields.text(name));
    let site = if is_gateway {
        host.as_deref().map(name_of_host).or_else(|| site(fields))
    } else {
        let is_scm = host.as_deref().is_some_and(|host| host.contains(".scm."));
        site(fields).map(|site| if is_scm { format!("~1{site}") } else { site })
    };
    let number = |number: Option<u64>| number.map(|number| Cow::Owned(number.to_string()));
    let (sent, received) = (fields.whole(Name::BytesSent), fields.whole(Name::BytesReceived));
    let values = [
        (Field::Time, Some(Cow::Owned(time.rfc3339()))),
        (Field::SiteName, site.map(Cow::Owned)),
        (Field::ComputerName, instance),
        (Field::Method, fields.text(Name::Method)),
        (Field::UriStem, path),
        (Field::UriQuery, query),
        (Field::UserName, fields.text(Name::User)),
        (Field::ClientIp, fields.text(Name::Client)),
        (Field::UserAgent, fields.text(Name::UserAgent)),
        (Field::Referer, fields.text(Name::Referer)),
        (Field::Host, host),
        (Field::Status, number(Some(status))),
        (Field::Substatus, number(substatus.map(u64::from))),
        (Field::Win32Status, number(win32)),
        (Field::BytesSent, number(sent)),
        (Field::BytesReceived, number(received)),
        (Field::TimeTaken, number(time_taken_ms.map(u64::from))),
        (Field::Backend, server.filter(|_| is_gateway)),
        (Field::BackendStatus, number(server_status)),
        (Field::Trouble, word.filter(|_| is_gateway)),
        (Field::Reference, fields.text(Name::Tracking).or_else(|| fields.text(Name::Transaction))),
    ];
    let values = values.into_iter().filter_map(|(field, value)| Some((field, value?))).collect();
    Item::Request(Record {
        place,
        vantage,
        time,
        status: status as u16,
        substatus,
        win32,
        time_taken_ms,
        values,
    })
}

/// What stands for the reason where a gateway gives none, and no server answered.
pub const NO_ANSWER: &str = "no answer";

/// A host as the name of a site: in lower case, without the port.
fn name_of_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name.to_owned(),
        _ => host,
    }
}

/// Host, path and query of what stands where the path should: Front Door writes the whole URL there, the gateway now
/// and then the query too.
#[expect(clippy::type_complexity, reason = "three parts of one text")]
fn split(
    url: Option<Cow<'_, str>>,
) -> (Option<Cow<'_, str>>, Option<Cow<'_, str>>, Option<Cow<'_, str>>) {
    let Some(url) = url else { return (None, None, None) };
    let Some((start, end)) = url.split_once("://").map(|(scheme, rest)| {
        let start = scheme.len() + 3;
        (start, start + rest.find(['/', '?']).unwrap_or(rest.len()))
    }) else {
        let (path, query) = query_of(url);
        return (None, Some(path), query);
    };
    // The port says nothing that the scheme does not.
    let host = url.get(start..end).unwrap_or_default();
    let host = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).unwrap_or(host);
    let host = Cow::Owned(host.to_owned());
    let rest = match url {
        Cow::Borrowed(url) => Cow::Borrowed(url.get(end..).unwrap_or_default()),
        Cow::Owned(url) => Cow::Owned(url.get(end..).unwrap_or_default().to_owned()),
    };
    let (path, query) = query_of(rest);
    let path = if path.is_empty() { Cow::Borrowed("/") } else { path };
    (Some(host), Some(path), query)
}

fn query_of(url: Cow<'_, str>) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    let Some(at) = url.find('?') else { return (url, None) };
    match url {
        Cow::Borrowed(url) => {
            let (path, query) = url.split_at(at);
            (Cow::Borrowed(path), Some(Cow::Borrowed(query)))
        }
        Cow::Owned(url) => {
            let (path, query) = url.split_at(at);
            (Cow::Owned(path.to_owned()), Some(Cow::Owned(query.to_owned())))
        }
    }
}

fn without_question_mark(query: Cow<'_, str>) -> Cow<'_, str> {
    match query {
        Cow::Borrowed(query) => Cow::Borrowed(query.strip_prefix('?').unwrap_or(query)),
        Cow::Owned(query) => match query.strip_prefix('?') {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => Cow::Owned(query),
        },
    }
}

fn line<'a>(fields: &mut Fields<'a>, place: Place, time: Time, stream: Stream) -> Line<'a> {
    let text =
        fields.text(Name::Description).or_else(|| fields.text(Name::Message)).unwrap_or_default();
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(['\r', '\n'])),
        Cow::Owned(text) => Cow::Owned(text.trim_end_matches(['\r', '\n']).to_owned()),
    };
    Line {
        place,
        stream,
        time,
        level: fields.text(Name::Level),
        text,
        exception: fields.text(Name::ExceptionClass),
        stack: fields.text(Name::StackTrace),
        logger: fields.text(Name::Logger),
        instance: machine(fields),
        site: site(fields),
    }
}

fn machine<'a>(fields: &mut Fields<'a>) -> Option<Cow<'a, str>> {
    [Name::Computer, Name::Machine, Name::Host].into_iter().find_map(|name| fields.text(name))
}

/// The name of the resource: `/SUBSCRIPTIONS/…/PROVIDERS/MICROSOFT.WEB/SITES/SHOP/SLOTS/STAGING`.
fn site(fields: &mut Fields<'_>) -> Option<String> {
    let id = fields.text(Name::ResourceId)?.to_ascii_lowercase();
    let mut parts = id.split('/');
    parts.find(|part| *part == "providers")?;
    let (_, _, name) = (parts.next()?, parts.next()?, parts.next()?);
    let slot = parts.next().filter(|part| *part == "slots").and_then(|_| parts.next());
    (!name.is_empty()).then(|| match slot {
        Some(slot) if !slot.is_empty() => format!("{name}({slot})"),
        _ => name.to_owned(),
    })
}
