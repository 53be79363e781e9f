//! The NCSA common and combined formats: IIS's own `nc*.log`, and what Apache, nginx and their kin write.
//!
//! ```text
//! 192.0.2.7 - CONTOSO\anna [11/Mar/2026:03:14:07 +0100] "GET /cart?id=1 HTTP/1.1" 503 2326
//! 192.0.2.7 - - [11/Mar/2026:03:14:07 +0100] "GET / HTTP/1.1" 200 - "https://www.example.org/" "Mozilla/5.0 (X11)"
//! www.example.org:443 192.0.2.7 - - [11/Mar/2026:03:14:07 +0100] "GET / HTTP/1.1" 200 17 "-" "curl/8.0" 0.003
//! ```
//!
//! There is no header. The time is local *with* its offset. Apache escapes a quote inside a value (`\"`), IIS writes
//! it as it is: the request ends at the quote behind which a status stands. What was no HTTP at all is logged as it
//! came (`"\x16\x03\x01"`, `"-"`): a request without method and path. No duration is logged in a known unit; values
//! behind the agent are kept without a meaning.

use bstr::{BStr, ByteSlice};
use daaslens_core::{Span, Time};

use crate::clock::{at, days, parse_time_of_day, two};
use crate::lines::{self, Fault, Item, Line, Malformed, Range};
use crate::request::number;
use crate::{Field, Request};

/// Values behind the agent that are told apart.
const MAX_MORE: usize = 16;

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// The length of `11/Mar/2026:03:14:07 +0100`.
const STAMP: usize = 26;

/// A request, borrowed from its line.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    span: Span,
    row: u64,
    line: &'a [u8],
    /// In the order of the line.
    values: &'a [(Option<Field>, Range)],
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

    fn value(&self, field: Field) -> Option<&BStr> {
        let column = self.values.iter().position(|(own, _)| *own == Some(field))?;
        let (_, value) = self.column(column)?;
        (!matches!(value.as_bytes(), b"" | b"-")).then_some(value)
    }

    fn columns(&self) -> usize {
        self.values.len()
    }

    fn column(&self, column: usize) -> Option<(Option<Field>, &BStr)> {
        let (field, (start, end)) = *self.values.get(column)?;
        Some((field, self.line.get(start as usize..end as usize)?.as_bstr()))
    }
}

/// Reads `bytes`, which begin at a line start, `base` bytes into a source whose lines end in `newline`, and hands
/// every item to `sink`. Nothing of one line matters for the next. Returns how many lines ended in `bytes`.
pub fn read(bytes: &[u8], base: u64, newline: u8, sink: &mut impl FnMut(Item<Record<'_>>)) -> u64 {
    let mut values = Vec::with_capacity(16);
    lines::each(bytes, base, newline, &mut |line, span, row| {
        let fault = match line {
            Line::Blank => return sink(Item::Other(span)),
            Line::TooLong => Fault::TooLong,
            // Some writers (IIS when its settings change, Advanced Logging) put a comment on top.
            Line::Text(text) if text.starts_with(b"#") => return sink(Item::Other(span)),
            Line::Text(text) => {
                values.clear();
                match parse(text, &mut values) {
                    Ok((time, status, recovered)) => {
                        let values = &values[..];
                        let line = text;
                        let record = Record { span, row, line, values, time, status, recovered };
                        return sink(Item::Record(record));
                    }
                    Err(fault) => fault,
                }
            }
        };
        sink(Item::Malformed(Malformed { span, row, fault }));
    })
}

type Values = Vec<(Option<Field>, Range)>;

fn parse(line: &[u8], values: &mut Values) -> Result<(Time, Option<u16>, bool), Fault> {
    let (open, time) = stamp(line)?;
    let recovered = who(&line[..open], values)?;
    values.push((Some(Field::Date), (open as u32 + 1, (open + 1 + STAMP) as u32)));
    let from = open + STAMP + 2;
    let Some(b" \"") = line.get(from..from + 2) else { return Err(Fault::Shape) };
    let start = from + 2;
    let close = quotes(line, start).find(|at| is_status(line, at + 1)).ok_or(Fault::Shape)?;
    request(&line[start..close], start, values);

    let mut at = close + 2;
    let mut next = || {
        let rest = line.get(at..).filter(|rest| !rest.is_empty())?;
        let len = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let range = (at as u32, (at + len) as u32);
        at += len + 1;
        Some((range, &rest[..len]))
    };
    let (range, text) = next().ok_or(Fault::Shape)?;
    let status = match text {
        b"-" => None,
        digits if digits.len() <= 3 => number(digits).and_then(|n| u16::try_from(n).ok()),
        _ => None,
    };
    if status.is_none() && text != b"-" {
        return Err(Fault::Status);
    }
    values.push((Some(Field::Status), range));
    let (range, text) = next().ok_or(Fault::Shape)?;
    if text != b"-" && number(text).is_none() {
        return Err(Fault::Shape);
    }
    values.push((Some(Field::BytesSent), range));
    more(line, at, values)?;
    Ok((time, status, recovered))
}

/// Where the stamp stands, and what it says: `[11/Mar/2026:03:14:07 +0100]`. A user may hold a bracket too.
fn stamp(line: &[u8]) -> Result<(usize, Time), Fault> {
    let mut fault = Fault::Shape;
    for open in memchr::memchr_iter(b'[', line) {
        let Some(text) = line.get(open + 1..open + 1 + STAMP) else { break };
        if line.get(open + 1 + STAMP) != Some(&b']') || text[2] != b'/' || text[6] != b'/' {
            continue;
        }
        match moment(text) {
            Some(time) => return Ok((open, time)),
            None => fault = Fault::Time,
        }
    }
    Err(fault)
}

fn moment(text: &[u8]) -> Option<Time> {
    let (&[d1, d2, b'/', m1, m2, m3, b'/', y1, y2, y3, y4, b':'], rest) =
        text.split_first_chunk::<12>()?
    else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(&[m1, m2, m3]))?;
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let days = days(year, u32::try_from(month).ok()? + 1, two(d1, d2)?)?;
    let (time, zone) = rest.split_at_checked(8)?;
    let [b' ', sign @ (b'+' | b'-'), h1, h2, n1, n2] = *zone else { return None };
    let (hours, minutes) = (two(h1, h2)?, two(n1, n2)?);
    (hours < 15 && minutes < 60).then_some(())?;
    let offset = i64::from(hours * 60 + minutes) * 60_000;
    let local = at(days, parse_time_of_day(time)?);
    Some(Time(if sign == b'-' { local.0 + offset } else { local.0 - offset }))
}

/// What stands before the stamp: host, identity, user; in front of them the virtual host, if it is logged. Says
/// whether a user with blanks was put together again.
fn who(text: &[u8], values: &mut Values) -> Result<bool, Fault> {
    let text = text.strip_suffix(b" ").ok_or(Fault::Shape)?;
    let tokens = lines::blanks(text, usize::MAX);
    let is_absent = |i: usize| {
        tokens.get(i).is_some_and(|(start, end)| text[*start as usize..*end as usize] == *b"-")
    };
    // Nobody has logged an identity for decades: the lone dash tells which form it is.
    let shift = usize::from(tokens.len() > 3 && !is_absent(1) && is_absent(2));
    let (Some(host), Some(ident), Some(user)) =
        (tokens.get(shift), tokens.get(shift + 1), tokens.get(shift + 2))
    else {
        return Err(Fault::Shape);
    };
    let blank = tokens.len() > shift + 3;
    if blank && !is_absent(shift + 1) {
        return Err(Fault::Shape);
    }
    if shift == 1 {
        values.push((Some(Field::SiteName), tokens[0]));
    }
    values.push((Some(Field::ClientIp), *host));
    values.push((None, *ident));
    values.push((Some(Field::UserName), (user.0, text.len() as u32)));
    Ok(blank)
}

/// The quotes from `start` on that no backslash takes the meaning of.
fn quotes(line: &[u8], start: usize) -> impl Iterator<Item = usize> {
    let mut escaped = false;
    line.iter().enumerate().skip(start).filter_map(move |(at, c)| {
        let plain = !escaped;
        escaped = *c == b'\\' && plain;
        (*c == b'"' && plain).then_some(at)
    })
}

/// Whether a blank and a status stand at `at`.
fn is_status(line: &[u8], at: usize) -> bool {
    matches!(line.get(at..at + 2), Some([b' ', b'0'..=b'9' | b'-']))
}

/// Takes the request line apart: `GET /cart?id=1 HTTP/1.1`, an address in full, or something that is no HTTP.
fn request(text: &[u8], base: usize, values: &mut Values) {
    let place = |start: usize, end: usize| ((base + start) as u32, (base + end) as u32);
    let is_method = |method: &[u8]| {
        (1..=32).contains(&method.len())
            && method.iter().all(|c| c.is_ascii_alphabetic() || matches!(c, b'_' | b'-'))
    };
    let Some(blank) = memchr::memchr(b' ', text).filter(|at| is_method(&text[..*at])) else {
        // May hold anything: shown as masked as what nobody knows.
        values.push((None, place(0, text.len())));
        return;
    };
    values.push((Some(Field::Method), place(0, blank)));
    let end = text.rfind(b" HTTP/").filter(|at| *at > blank).unwrap_or(text.len());
    let mut start = blank + 1;
    let target = text.get(start..end).unwrap_or_default();
    if let Some(scheme) = target.find(b"://").filter(|at| target[..*at].is_ascii() && *at <= 8)
        && !target.starts_with(b"/")
    {
        let host = start + scheme + 3;
        let path = memchr::memchr2(b'/', b'?', &text[host..end]).map_or(end, |at| host + at);
        values.push((Some(Field::Host), place(host, path)));
        start = path;
    }
    let query = memchr::memchr(b'?', text.get(start..end).unwrap_or_default());
    let path = query.map_or(end, |at| start + at).max(start);
    values.push((Some(Field::UriStem), place(start.min(path), path)));
    if query.is_some() {
        values.push((Some(Field::UriQuery), place(path + 1, end)));
    }
    if end < text.len() {
        values.push((Some(Field::Version), place(end + 1, text.len())));
    }
}

/// Referer and agent, and what is logged behind them.
fn more(line: &[u8], from: usize, values: &mut Values) -> Result<(), Fault> {
    let mut at = from;
    for i in 0.. {
        let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) else { break };
        let quoted = rest[0] == b'"';
        let field = match i {
            0 if quoted => Some(Field::Referer),
            1 if quoted => Some(Field::UserAgent),
            _ => None,
        };
        if i == MAX_MORE {
            values.push((None, (at as u32, line.len() as u32)));
            break;
        }
        if quoted {
            let is_end = |close: &usize| line.get(close + 1).is_none_or(|c| *c == b' ');
            let close = quotes(line, at + 1).find(is_end).ok_or(Fault::Shape)?;
            values.push((field, (at as u32 + 1, close as u32)));
            at = close + 2;
        } else {
            let len = memchr::memchr(b' ', rest).unwrap_or(rest.len());
            if len > 0 {
                values.push((field, (at as u32, (at + len) as u32)));
            }
            at += len + 1;
        }
    }
    Ok(())
}
