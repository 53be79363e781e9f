//! Dates and times of day as servers write them.

use daaslens_core::{Time, time::days_from_civil};

/// The years that a log may be of. IIS began in 1995. A line of the year 1 or 9999 is damage, and would stretch
/// every axis.
const YEARS: std::ops::RangeInclusive<u32> = 1995..=2100;

/// The moment `of_day` ms into a day.
pub(crate) fn at(days: i64, of_day_ms: i64) -> Time {
    Time(Time::from_seconds(days * 86_400).0 + of_day_ms)
}

/// Two digits.
#[inline]
pub(crate) fn two(a: u8, b: u8) -> Option<u32> {
    (a.is_ascii_digit() && b.is_ascii_digit())
        .then(|| u32::from(a - b'0') * 10 + u32::from(b - b'0'))
}

/// Days since the epoch.
pub(crate) fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    YEARS.contains(&year).then_some(())?;
    days_from_civil(i32::try_from(year).ok()?, month, day)
}

/// `SS` or `SS.fff`, in ms.
#[inline]
pub(crate) fn seconds_ms(text: &[u8]) -> Option<i64> {
    let ([a, b], rest) = text.split_first_chunk::<2>()?;
    let seconds = two(*a, *b).filter(|s| *s <= 60)?.min(59);
    let ms = match rest {
        [] => 0,
        [b'.', digits @ ..]
            if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) =>
        {
            (0..3).fold(0, |ms, i| ms * 10 + digits.get(i).map_or(0, |c| u32::from(c - b'0')))
        }
        _ => return None,
    };
    Some(i64::from(seconds * 1000 + ms))
}

/// `YYYY-MM-DD`, as days since the epoch.
pub(crate) fn parse_date(text: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    days(two(y1, y2)? * 100 + two(y3, y4)?, two(m1, m2)?, two(d1, d2)?)
}

/// `HH:MM:SS`, or with a fraction, in ms since midnight.
pub(crate) fn parse_time_of_day(text: &[u8]) -> Option<i64> {
    let ([h1, h2, b':', m1, m2, b':'], seconds) = text.split_first_chunk::<6>()? else {
        return None;
    };
    let (hour, minute) = (two(*h1, *h2)?, two(*m1, *m2)?);
    (hour < 24 && minute < 60).then_some(())?;
    Some(i64::from(hour * 3600 + minute * 60) * 1000 + seconds_ms(seconds)?)
}
