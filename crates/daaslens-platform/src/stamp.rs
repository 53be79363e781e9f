//! Times as .NET, Kudu and DaaS print them.

use daaslens_core::Time;

use crate::parsed::{FaultKind, Faults, Place};

/// An ISO time, `2024-01-12T09:35:12.7841234Z`. `None` for `0001-01-01…`, .NET's word for "not yet", and for nothing;
/// anything else that is no time is a fault.
pub(crate) fn iso(
    text: &str,
    field: &'static str,
    place: Place,
    faults: &mut Faults,
) -> Option<Time> {
    let text = text.trim();
    if text.is_empty() || text.starts_with("0001-01-01") || text.starts_with("1/1/0001") {
        return None;
    }
    let time = Time::parse(text).or_else(|| us(text));
    if time.is_none() {
        faults.add(place, FaultKind::Time { field });
    }
    time
}

/// `1/12/2024 9:35:12 AM`, what .NET prints without being told how where the culture is American, as it is there.
pub(crate) fn us(text: &str) -> Option<Time> {
    let mut words = text.split_whitespace();
    let (date, clock, half) = (words.next()?, words.next()?, words.next());
    let (month, day, year) = triple(date, '/')?;
    let (hour, minute, second) = triple(clock, ':')?;
    let hour = match half.map(str::to_ascii_uppercase).as_deref() {
        Some("AM") if hour <= 12 => hour % 12,
        Some("PM") if hour <= 12 => hour % 12 + 12,
        None => hour,
        Some(_) => return None,
    };
    Time::from_civil(i32::try_from(year).ok()?, month, day, hour, minute, second)
}

/// Three numbers with `separator` between them.
pub(crate) fn triple(text: &str, separator: char) -> Option<(u32, u32, u32)> {
    let mut parts = text.split(separator).map(number);
    let triple = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(triple)
}

/// The start that the id of a session names: `yyMMdd_HHmmssffff`, in UTC, four digits of fraction.
pub(crate) fn session_id(id: &str) -> Option<Time> {
    let (date, clock) = id.split_once('_')?;
    if date.len() != 6 || clock.len() != 10 {
        return None;
    }
    let part = |text: &str, at: usize, len: usize| number(text.get(at..at + len)?);
    let time = Time::from_civil(
        2000 + i32::try_from(part(date, 0, 2)?).ok()?,
        part(date, 2, 2)?,
        part(date, 4, 2)?,
        part(clock, 0, 2)?,
        part(clock, 2, 2)?,
        part(clock, 4, 2)?,
    )?;
    Some(Time(time.0 + i64::from(part(clock, 6, 4)? / 10)))
}

/// `2014-11-17T04-59-21`, the time in the name of a trace.
pub(crate) fn file_name(text: &str) -> Option<Time> {
    let (date, clock) = text.split_once('T')?;
    if date.len() != 10 || clock.len() != 8 {
        return None;
    }
    let (year, month, day) = triple(date, '-')?;
    let (hour, minute, second) = triple(clock, '-')?;
    Time::from_civil(i32::try_from(year).ok()?, month, day, hour, minute, second)
}

/// A span of time as .NET prints it, `[d.]hh:mm:ss[.fffffff]`, in milliseconds. `None` where it is negative.
pub(crate) fn time_span(text: &str) -> Option<u64> {
    let (days, clock) = match text.trim().split_once('.') {
        Some((days, clock)) if clock.contains(':') => (u64::from(number(days)?), clock),
        _ => (0, text.trim()),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let (hours, minutes, seconds) = triple(clock, ':')?;
    if !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let ms = fraction.bytes().chain(*b"000").take(3).fold(0, |ms, c| ms * 10 + u64::from(c - b'0'));
    let seconds =
        days * 86_400 + u64::from(hours) * 3600 + u64::from(minutes) * 60 + u64::from(seconds);
    Some(seconds * 1000 + ms)
}

/// A number of digits alone; what else `parse` takes (a sign) is not one.
pub(crate) fn number(text: &str) -> Option<u32> {
    text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let said = |time: Option<Time>| time.map(Time::rfc3339);
        assert_eq!(said(session_id("240112_0935127841")), Some("2024-01-12T09:35:12.784Z".into()));
        assert_eq!(session_id("240112_093512784"), None);
        assert_eq!(session_id("2401é2_0935127841"), None);
        assert_eq!(said(file_name("2014-11-17T04-59-21")), Some("2014-11-17T04:59:21Z".into()));
        assert_eq!(said(us("1/12/2024 12:35:12 AM")), Some("2024-01-12T00:35:12Z".into()));
        assert_eq!(said(us("1/12/2024 1:35:12 PM")), Some("2024-01-12T13:35:12Z".into()));
        assert_eq!(time_span("00:09:56.6587429"), Some(596_658));
        assert_eq!(time_span("1.00:00:01"), Some(86_401_000));
        assert_eq!(time_span("-00:00:01"), None);
    }

    #[test]
    fn the_first_day_of_all_is_not_a_time() {
        let mut faults = Faults::default();
        assert_eq!(iso("0001-01-01T00:00:00", "EndTime", Place::default(), &mut faults), None);
        assert_eq!(iso(" ", "EndTime", Place::default(), &mut faults), None);
        assert!(crate::Parsed::new((), faults).faults.is_empty());
    }
}
