//! IIS's own format (`in*.log`, `u_in*.log`, `inetsv*.log`): fifteen values, a comma and a blank apart.
//!
//! ```text
//! 192.0.2.7, -, 03/11/26, 7:55:20, W3SVC2, WEB01, 10.0.0.4, 4502, 163, 3223, 200, 0, GET, /logo.gif, -,
//! ```
//!
//! Client, user, date, time, service, machine, its address, time taken (ms), bytes received, bytes sent, status,
//! win32 status, method, target, parameters. There is no header, and the clock is local, in a zone that the file
//! does not name. The date is written as the machine's region wants it: `03/11/26` is the 11th of March in one
//! country and the 3rd of November in another. A day beyond the 12th tells, wherever in the file it stands; a date
//! with dots has the day in front. A comma inside a target has no blank behind it.

use bstr::{BStr, ByteSlice};
use daaslens_core::{Span, Time};

use crate::clock::{at, days, parse_time_of_day};
use crate::lines::{self, Fault, Item, Line, Malformed, Range};
use crate::request::number;
use crate::w3c::Service;
use crate::{Field, Request};

/// What the values mean, in their order.
const FIELDS: [Field; 15] = [
    Field::ClientIp,
    Field::UserName,
    Field::Date,
    Field::Time,
    Field::SiteName,
    Field::ComputerName,
    Field::ServerIp,
    Field::TimeTaken,
    Field::BytesReceived,
    Field::BytesSent,
    Field::Status,
    Field::Win32Status,
    Field::Method,
    Field::UriStem,
    Field::UriQuery,
];

/// The values before the target: whatever is beyond them belongs to target and parameters.
const BEFORE_TARGET: usize = 13;

/// Which number of a date with slashes is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `03/20/26`.
    MonthFirst,
    /// `20/03/26`.
    DayFirst,
}

/// What a reader must know of everything before the bytes that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    newline: u8,
    order: Option<Order>,
}

impl State {
    /// The state at the start of a source, where its dates are known to be written like this.
    pub fn new(newline: u8, order: Option<Order>) -> Self {
        Self { newline, order }
    }

    /// The byte that ends a line.
    pub fn newline(&self) -> u8 {
        self.newline
    }

    /// How dates are written, once one has told. Until then the month is taken to come first.
    pub fn order(&self) -> Option<Order> {
        self.order
    }

    /// The day of a date, if it is one. What the date tells about the order is kept.
    fn date(&mut self, text: &[u8]) -> Option<i64> {
        let separator = *text.iter().find(|c| !c.is_ascii_digit())?;
        if !matches!(separator, b'/' | b'.' | b'-') {
            return None;
        }
        let mut parts = text.split(|c| *c == separator);
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || [first, second, third].iter().any(|part| part.len() > 4) {
            return None;
        }
        let value = |part| number(part).and_then(|n| u32::try_from(n).ok());
        let (x, y, last) = (value(first)?, value(second)?, value(third)?);
        if first.len() == 4 {
            return days(x, y, last);
        }
        let year = match third.len() {
            4 => last,
            2 if last >= 95 => 1900 + last,
            2 => 2000 + last,
            _ => return None,
        };
        if separator == b'.' {
            return days(year, y, x);
        }
        let told = match (x > 12, y > 12) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        };
        let order = self.order.or(told).unwrap_or(Order::MonthFirst);
        let day = match order {
            Order::MonthFirst => days(year, x, y),
            Order::DayFirst => days(year, y, x),
        }?;
        self.order = self.order.or(told);
        Some(day)
    }
}

/// The state after the head of a source, and what its first record says of the service.
pub fn head(head: &[u8]) -> (State, Option<Service>) {
    let mut state = State::new(lines::newline(head), None);
    let mut service = None;
    read(head, 0, &mut state, &mut |item| {
        if let Item::Record(record) = item {
            let site = record.site_name().unwrap_or_default();
            service.get_or_insert_with(|| Service::of_site(site));
        }
    });
    (state, service)
}

/// A request, borrowed from its line.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    span: Span,
    row: u64,
    line: &'a [u8],
    values: &'a [Range; FIELDS.len()],
    time: Time,
    status: Option<u16>,
    recovered: bool,
}

impl Request for Record<'_> {
    fn span(&self) -> Span {
        self.span
    }

    fn row(&self) -> u64 {
        self.row
    }

    fn is_recovered(&self) -> bool {
        self.recovered
    }

    fn time(&self) -> Option<Time> {
        Some(self.time)
    }

    fn status(&self) -> Option<u16> {
        self.status
    }

    fn win32_status(&self) -> Option<u64> {
        number(self.value(Field::Win32Status)?)
    }

    fn time_taken_ms(&self) -> Option<u32> {
        number(self.value(Field::TimeTaken)?).map(|ms| u32::try_from(ms).unwrap_or(u32::MAX))
    }

    fn value(&self, field: Field) -> Option<&BStr> {
        let (_, value) = self.column(FIELDS.iter().position(|own| *own == field)?)?;
        (!matches!(value.as_bytes(), b"" | b"-")).then_some(value)
    }

    fn columns(&self) -> usize {
        FIELDS.len()
    }

    fn column(&self, column: usize) -> Option<(Option<Field>, &BStr)> {
        let (start, end) = *self.values.get(column)?;
        Some((Some(FIELDS[column]), self.line.get(start as usize..end as usize)?.as_bstr()))
    }
}

/// Reads `bytes`, which begin at a line start, `base` bytes into their source, and hands every item to `sink`.
/// Returns how many lines ended in `bytes`.
pub fn read(
    bytes: &[u8],
    base: u64,
    state: &mut State,
    sink: &mut impl FnMut(Item<Record<'_>>),
) -> u64 {
    lines::each(bytes, base, state.newline, &mut |line, span, row| {
        let fault = match line {
            Line::Blank => return sink(Item::Other(span)),
            Line::TooLong => Fault::TooLong,
            Line::Text(text) => match parse(text, state) {
                Ok((values, time, status, recovered)) => {
                    let (line, values) = (text, &values);
                    let record = Record { span, row, line, values, time, status, recovered };
                    return sink(Item::Record(record));
                }
                Err(fault) => fault,
            },
        };
        sink(Item::Malformed(Malformed { span, row, fault }));
    })
}

type Parsed = ([Range; FIELDS.len()], Time, Option<u16>, bool);

fn parse(line: &[u8], state: &mut State) -> Result<Parsed, Fault> {
    let text = line.trim_ascii_end();
    // The comma behind the last value.
    let text = text.strip_suffix(b",").ok_or(Fault::Shape)?;
    let (values, recovered) = apart(text, b", ")
        .or_else(|| apart(text, b",").map(|(values, _)| (values, true)))
        .ok_or(Fault::Shape)?;
    let value = |column: usize| {
        let (start, end): Range = values[column];
        &line[start as usize..end as usize]
    };
    for (column, field) in FIELDS.iter().enumerate().take(BEFORE_TARGET) {
        if field.is_number() && *field != Field::Status && !field.accepts(value(column)) {
            return Err(Fault::Shape);
        }
    }
    let status = match value(10) {
        b"-" => None,
        digits => Some(
            number(digits)
                .and_then(|n| u16::try_from(n).ok())
                .filter(|n| *n < 1000)
                .ok_or(Fault::Status)?,
        ),
    };
    let day = state.date(value(2)).ok_or(Fault::Time)?;
    // The hour has one digit before ten.
    let time = value(3);
    let padded: &[u8] = if time.get(1) == Some(&b':') { &[b"0", time].concat() } else { time };
    let of_day = parse_time_of_day(padded).ok_or(Fault::Time)?;
    Ok((values, at(day, of_day), status, recovered))
}

/// The values of a line whose separator is this, and whether target and parameters held it too.
fn apart(text: &[u8], separator: &[u8]) -> Option<([Range; FIELDS.len()], bool)> {
    let mut values = [(0, 0); FIELDS.len()];
    let mut start = 0;
    for value in values.iter_mut().take(BEFORE_TARGET) {
        let end = start + text.get(start..)?.find(separator)?;
        *value = trimmed(text, start, end);
        start = end + separator.len();
    }
    // The parameters are what stands behind the last separator: a comma in a query is percent-encoded more often
    // than one in a path.
    let rest = text.get(start..)?;
    let last = start + rest.rfind(separator)?;
    values[BEFORE_TARGET] = trimmed(text, start, last);
    values[BEFORE_TARGET + 1] = trimmed(text, last + separator.len(), text.len());
    let surplus = rest.find(separator) != rest.rfind(separator);
    Some((values, surplus))
}

fn trimmed(text: &[u8], start: usize, end: usize) -> Range {
    let value = &text[start..end];
    let blanks = value.len() - value.trim_ascii_start().len();
    let start = start + blanks;
    (start as u32, (start + value.trim_ascii().len()) as u32)
}
