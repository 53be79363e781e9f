//! Times at the start of a line, in the shapes in which loggers write them.
//!
//! | shape | who |
//! |---|---|
//! | `2025-12-02T15:09:32`, `2025-12-02 15:09:32.405 +00:00`, `2025/12/02 15:09:32` | most |
//! | `2014-11-15 15:57:04,123` | log4net, logback, Python: a comma before the milliseconds |
//! | `25-Sep-2020 14:07:53.123` | Tomcat |
//! | `Sep 25, 2020 2:07:53 PM` | java.util.logging |
//! | `01/19/2026 03:23:06`, `1/19/2026 3:23:06 AM` | web jobs; .NET in the language of the United States |
//! | `15:09:32.405`, `15:09:32` | consoles: a time without a date |

use daaslens_core::Time;

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// What a line says of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) when: When,
    /// How far the written clock is ahead of UTC, in seconds; `None` where no zone is written.
    pub(crate) offset: Option<i32>,
    /// Digits behind the second: containers write nine.
    pub(crate) digits: usize,
}

/// A date and time, or a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// An instant, in UTC where a zone was written, else on the clock of the writer.
    At(Time),
    /// Milliseconds since midnight: the date is to be told from elsewhere.
    OfDay(i64),
    /// It has the shape of a time, but no such date or hour exists.
    Never,
}

/// Walks over bytes.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, one: u8) -> Option<()> {
        (self.peek()? == one).then(|| self.at += 1)
    }

    fn any(&mut self, of: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| of.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    /// Between `least` and `most` digits, and no digit behind them.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let (mut value, start) = (0, self.at);
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            if self.at - start == most {
                return None;
            }
            value = value * 10 + u32::from(digit - b'0');
            self.at += 1;
        }
        (self.at - start >= least).then_some(value)
    }

    fn month(&mut self) -> Option<u32> {
        let name = self.bytes.get(self.at..self.at + 3)?;
        let month = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
        self.at += 3;
        Some(month as u32 + 1)
    }
}

/// Reads a time at the start of `line`, and how many bytes it takes, its zone included.
pub(crate) fn parse(line: &[u8]) -> Option<(Stamp, usize)> {
    let mut cursor = Cursor { bytes: line, at: 0 };
    if cursor.peek()?.is_ascii_digit() {
        let digits = line.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
        return match (digits, line.get(digits)?) {
            (4, b'-' | b'/' | b'.') => year_first(&mut cursor),
            (1 | 2, b'-' | b' ') => day_first(&mut cursor),
            (1 | 2, b'/') => month_first(&mut cursor),
            (2, b':') => of_day(&mut cursor),
            _ => None,
        };
    }
    java_util(&mut cursor)
}

fn year_first(cursor: &mut Cursor<'_>) -> Option<(Stamp, usize)> {
    let year = cursor.number(4, 4)?;
    let between = cursor.any(b"-/.")?;
    let month = cursor.number(1, 2)?;
    cursor.eat(between)?;
    let day = cursor.number(1, 2)?;
    cursor.any(b"T t")?;
    rest(cursor, year, month, day)
}

/// `25-Sep-2020 14:07:53.123`
fn day_first(cursor: &mut Cursor<'_>) -> Option<(Stamp, usize)> {
    let day = cursor.number(1, 2)?;
    let between = cursor.any(b"- ")?;
    let month = cursor.month()?;
    cursor.eat(between)?;
    let year = cursor.number(4, 4)?;
    cursor.eat(b' ')?;
    rest(cursor, year, month, day)
}

/// `01/19/2026 03:23:06`. Where the first number is no month, it is the day.
fn month_first(cursor: &mut Cursor<'_>) -> Option<(Stamp, usize)> {
    let (mut month, mut day) = (cursor.number(1, 2)?, cursor.eat(b'/').and(cursor.number(1, 2))?);
    cursor.eat(b'/')?;
    let year = cursor.number(4, 4)?;
    let _ = cursor.eat(b',');
    cursor.eat(b' ')?;
    if month > 12 {
        (month, day) = (day, month);
    }
    rest(cursor, year, month, day)
}

/// `Sep 25, 2020 2:07:53 PM`
fn java_util(cursor: &mut Cursor<'_>) -> Option<(Stamp, usize)> {
    let month = cursor.month()?;
    cursor.eat(b' ')?;
    let day = cursor.number(1, 2)?;
    cursor.eat(b',')?;
    cursor.eat(b' ')?;
    let year = cursor.number(4, 4)?;
    let _ = cursor.eat(b',');
    cursor.eat(b' ')?;
    rest(cursor, year, month, day)
}

fn of_day(cursor: &mut Cursor<'_>) -> Option<(Stamp, usize)> {
    let clock = Clock::read(cursor)?;
    let when = clock.of_day().map_or(When::Never, When::OfDay);
    Some((Stamp { when, offset: None, digits: clock.digits }, cursor.at))
}

fn rest(cursor: &mut Cursor<'_>, year: u32, month: u32, day: u32) -> Option<(Stamp, usize)> {
    let clock = Clock::read(cursor)?;
    let offset = zone(cursor);
    let midnight = Time::from_civil(year as i32, month, day, 0, 0, 0);
    let when = match (midnight, clock.of_day()) {
        (Some(midnight), Some(ms)) => {
            When::At(Time(midnight.0 + ms - i64::from(offset.unwrap_or(0)) * 1000))
        }
        _ => When::Never,
    };
    Some((Stamp { when, offset, digits: clock.digits }, cursor.at))
}

/// A time of day as it is written.
struct Clock {
    hour: u32,
    minute: u32,
    second: u32,
    ms: u32,
    digits: usize,
}

impl Clock {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut hour = cursor.number(1, 2)?;
        cursor.eat(b':')?;
        let minute = cursor.number(2, 2)?;
        cursor.eat(b':')?;
        let second = cursor.number(2, 2)?;
        let (mut ms, mut digits) = (0, 0);
        if matches!(cursor.peek(), Some(b'.' | b','))
            && cursor.bytes.get(cursor.at + 1).is_some_and(u8::is_ascii_digit)
        {
            cursor.at += 1;
            while let Some(digit) = cursor.peek().filter(u8::is_ascii_digit) {
                if digits < 3 {
                    ms = ms * 10 + u32::from(digit - b'0');
                }
                digits += 1;
                cursor.at += 1;
            }
            for _ in digits..3 {
                ms *= 10;
            }
        }
        if let Some([b' ', half @ (b'A' | b'P' | b'a' | b'p'), b'M' | b'm']) =
            cursor.bytes.get(cursor.at..cursor.at + 3)
        {
            let is_afternoon = half.eq_ignore_ascii_case(&b'P');
            if (1..=12).contains(&hour) {
                hour = hour % 12 + if is_afternoon { 12 } else { 0 };
            }
            cursor.at += 3;
        }
        Some(Self { hour, minute, second, ms, digits })
    }

    /// Milliseconds since midnight; `None` for an hour that does not exist. A leap second is the last of its minute.
    fn of_day(&self) -> Option<i64> {
        let fits = self.hour < 24 && self.minute < 60 && self.second <= 60;
        let seconds = self.hour * 3600 + self.minute * 60 + self.second.min(59);
        fits.then(|| i64::from(seconds) * 1000 + i64::from(self.ms))
    }
}

/// `Z`, ` UTC`, ` +01:00`, `+0100`: seconds ahead of UTC. Nothing is taken where no zone is written.
fn zone(cursor: &mut Cursor<'_>) -> Option<i32> {
    let mut ahead = *cursor;
    if ahead.any(b"Zz").is_some() {
        *cursor = ahead;
        return Some(0);
    }
    let _ = ahead.eat(b' ');
    for name in [&b"UTC"[..], b"GMT"] {
        if ahead.bytes.get(ahead.at..).is_some_and(|rest| rest.starts_with(name)) {
            cursor.at = ahead.at + 3;
            return Some(0);
        }
    }
    let sign = ahead.any(b"+-")?;
    let digits =
        |at: usize| ahead.bytes.get(at..at + 2).filter(|d| d.iter().all(u8::is_ascii_digit));
    let two = |d: &[u8]| i32::from(d[0] - b'0') * 10 + i32::from(d[1] - b'0');
    let hours = two(digits(ahead.at)?);
    let colon = usize::from(ahead.bytes.get(ahead.at + 2) == Some(&b':'));
    let minutes = digits(ahead.at + 2 + colon).map(two);
    let end = ahead.at + 2 + minutes.map_or(0, |_| colon + 2);
    let fits = hours <= 14 && minutes.unwrap_or(0) < 60;
    // `12:00:00 -5 items` and `12:00:00-1234567` are no zones.
    if !fits || ahead.bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    cursor.at = end;
    let seconds = hours * 3600 + minutes.unwrap_or(0) * 60;
    Some(if sign == b'-' { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        let Some((stamp, len)) = parse(line.as_bytes()) else { return "-".to_owned() };
        let when = match stamp.when {
            When::At(time) => time.rfc3339(),
            When::OfDay(ms) => format!("{ms} ms of a day"),
            When::Never => "never".to_owned(),
        };
        format!("{when} {:?} {len}", stamp.offset)
    }

    #[test]
    fn shapes_of_times() {
        for (line, expected) in [
            ("2026-01-19T03:23:06  PID[7288] x", "2026-01-19T03:23:06Z None 19"),
            ("2025-12-02 15:09:32.405 +01:00 [x", "2025-12-02T14:09:32.405Z Some(3600) 30"),
            ("2014-11-15 15:57:04,123 [12]", "2014-11-15T15:57:04.123Z None 23"),
            ("2014-11-15 15:57:04.1234|E", "2014-11-15T15:57:04.123Z None 24"),
            ("2023-06-19T20:53:21.550123456Z a", "2023-06-19T20:53:21.550Z Some(0) 30"),
            ("2020-09-25 14:07:53 +0000] [12]", "2020-09-25T14:07:53Z Some(0) 25"),
            ("2020-09-25 14:07:53 UTC x", "2020-09-25T14:07:53Z Some(0) 23"),
            ("2020-09-25 14:07:53 -5 items", "2020-09-25T14:07:53Z None 19"),
            ("2014/11/15 15:57:04 [error]", "2014-11-15T15:57:04Z None 19"),
            ("25-Sep-2020 14:07:53.123 SEVERE", "2020-09-25T14:07:53.123Z None 24"),
            ("Sep 25, 2020 2:07:53 PM a.b.C d", "2020-09-25T14:07:53Z None 23"),
            ("01/19/2026 03:23:06 > 1a2b3c: INFO]", "2026-01-19T03:23:06Z None 19"),
            ("1/19/2026 12:03:06 AM x", "2026-01-19T00:03:06Z None 21"),
            ("19/01/2026 03:23:06 x", "2026-01-19T03:23:06Z None 19"),
            ("15:09:32.405 [main]", "54572405 ms of a day None 12"),
            ("2025-02-31 10:00:00 x", "never None 19"),
            ("25:00:00 x", "never None 8"),
            ("2025-02-03 x", "-"),
            ("2025-02-03T10:00", "-"),
            ("12:30 lunch", "-"),
            ("1.2.3", "-"),
            ("March 5", "-"),
            ("", "-"),
        ] {
            assert_eq!(shown(line), expected, "{line}");
        }
    }
}
