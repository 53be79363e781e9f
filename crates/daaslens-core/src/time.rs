//! Instants and ranges of time.
//!
//! Everything in an analysis is on one clock: UTC, in milliseconds. Text with a zone of its own (PHP logs) is
//! converted where it is parsed.

use std::fmt;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// The instant `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Whole minutes since the epoch, rounded down.
    pub const fn minute(self) -> i64 {
        self.0.div_euclid(60_000)
    }

    /// From the parts of a civil UTC time. `None` for a date or time of day that does not exist.
    pub fn from_civil(
        year: i32,
        month: u32,
        day: u32,
        hour: u32,
        minute: u32,
        second: u32,
    ) -> Option<Self> {
        let days = days_from_civil(year, month, day)?;
        // A leap second (60) is written by some producers; it is read as the last second of its minute.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = i64::from(hour * 3600 + minute * 60 + second.min(59));
        Some(Self::from_seconds(days * 86_400 + seconds))
    }

    /// Reads what people type and what machines write: RFC 3339 with an offset, or `YYYY-MM-DD[ T]HH:MM[:SS]`
    /// and `YYYY-MM-DD`, which are taken as UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Some(Self(stamp.as_millisecond()));
        }
        let civil = text.trim_end_matches(['Z', 'z']).trim_end();
        if civil.len() < text.len().saturating_sub(1) {
            return None;
        }
        if let Ok(at) = civil.parse::<jiff::civil::DateTime>() {
            return at
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()
                .map(|at| Self(at.timestamp().as_millisecond()));
        }
        let date = civil.parse::<jiff::civil::Date>().ok()?;
        date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| Self(at.timestamp().as_millisecond()))
    }

    /// `2026-03-11T02:14:07Z`, with milliseconds only where there are any. Times outside the years -9999 to
    /// 9999, which only damaged input produces, are clamped.
    pub fn rfc3339(self) -> String {
        let ms = self.0.clamp(-377_705_023_201_000, 253_402_207_200_999);
        let (seconds, ms) = (ms.div_euclid(1000), ms.rem_euclid(1000));
        let stamp = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let civil = jiff::tz::TimeZone::UTC.to_datetime(stamp);
        if ms == 0 {
            civil.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
        } else {
            format!("{}.{ms:03}Z", civil.strftime("%Y-%m-%dT%H:%M:%S"))
        }
    }

    /// Formats with a `strftime` pattern, in UTC.
    pub fn format(self, pattern: &str) -> String {
        let seconds = self.seconds().clamp(-377_705_023_201, 253_402_207_200);
        let stamp = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        jiff::tz::TimeZone::UTC.to_datetime(stamp).strftime(pattern).to_string()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// Days from 1970-01-01 to a civil date; `None` where the date does not exist.
///
/// This is the hot path of log parsing, so it is arithmetic (the well-known shift of the year to March, which
/// puts the leap day last) and not a call into the calendar library; a property test holds the two together.
pub fn days_from_civil(year: i32, month: u32, day: u32) -> Option<i64> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTHS[month as usize - 1] + u32::from(month == 2 && leap);
    if day > length {
        return None;
    }
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = i64::from(month);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// A closed range of instants, `start..=end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeRange {
    /// The first instant.
    pub start: Time,
    /// The last instant.
    pub end: Time,
}

impl TimeRange {
    /// The range from `start` to `end`.
    pub const fn new(start: Time, end: Time) -> Self {
        Self { start, end }
    }

    /// The range that holds one instant.
    pub const fn at(time: Time) -> Self {
        Self { start: time, end: time }
    }

    /// Whether `time` lies in the range.
    pub fn contains(self, time: Time) -> bool {
        self.start <= time && time <= self.end
    }

    /// Whether the two ranges share an instant.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The length in whole seconds.
    pub fn seconds(self) -> i64 {
        (self.end.0 - self.start.0).div_euclid(1000)
    }

    /// Widens `range` so that it holds `time`.
    pub fn extend(range: &mut Option<Self>, time: Time) {
        *range = Some(range.map_or(Self::at(time), |range| range.union(Self::at(time))));
    }

    /// The smallest range that holds both, where either may be missing.
    pub fn merge(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(a.union(b)),
            (a, b) => a.or(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_type() {
        for text in [
            "2026-03-11T02:14:07Z",
            "2026-03-11 02:14:07",
            "2026-03-11T03:14:07+01:00",
            "2026-03-11 02:14:07Z",
        ] {
            assert_eq!(
                Time::parse(text).map(Time::rfc3339).as_deref(),
                Some("2026-03-11T02:14:07Z"),
                "{text}"
            );
        }
        assert_eq!(
            Time::parse("2026-03-11 02:14").map(Time::rfc3339).as_deref(),
            Some("2026-03-11T02:14:00Z")
        );
        assert_eq!(
            Time::parse("2026-03-11").map(Time::rfc3339).as_deref(),
            Some("2026-03-11T00:00:00Z")
        );
        assert_eq!(Time::parse("yesterday"), None);
        assert_eq!(Time::parse(""), None);
    }

    #[test]
    fn extreme_times_do_not_panic() {
        assert!(!Time(i64::MAX).rfc3339().is_empty());
        assert!(!Time(i64::MIN).format("%Y").is_empty());
    }

    proptest! {
        #[test]
        fn days_agree_with_the_calendar(year in -4000i32..4000, month in 0u32..14, day in 0u32..33) {
            let expected = i16::try_from(year).ok().and_then(|year| {
                jiff::civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
            });
            let expected = expected.map(|date| {
                let epoch = jiff::civil::date(1970, 1, 1);
                i64::from(epoch.until(date).map_or(0, |span| span.get_days()))
            });
            prop_assert_eq!(days_from_civil(year, month, day), expected);
        }

        #[test]
        fn text_round_trips(ms in -60_000_000_000_000i64..200_000_000_000_000) {
            let time = Time(ms);
            prop_assert_eq!(Time::parse(&time.rfc3339()), Some(time));
        }
    }
}
