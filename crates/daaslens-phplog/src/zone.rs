//! From a written time and the name of a zone to an instant.

use crate::stamp::{Doubt, RawStamp, Stamp};
use bstr::BStr;
use daaslens_core::Time;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// How far a record may lie before the one in front of it without that meaning anything. Several php-cgi
/// processes append to one file, each with a stamp it took a moment before its write.
const OUT_OF_ORDER_MS: i64 = 60_000;

/// How many zones are remembered at a time. Logs hold one or two; a made one must not grow a table.
const MAX_CACHED: usize = 8;

/// From this year on all offsets are whole minutes, so one answer serves a whole minute.
const WHOLE_MINUTES_SINCE: i64 = 315_532_800; // 1980-01-01

/// The zone that stamps without one are read in: PHP up to 5.2, and loggers that imitate it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumedZone(Rule);

impl AssumedZone {
    /// UTC, which is what Azure App Service runs in where nothing says otherwise.
    pub const UTC: Self = Self(Rule::Fixed(0));

    /// The zone of this name: IANA, an offset, or an abbreviation with one meaning. `None` for an unknown one.
    pub fn named(name: &str) -> Option<Self> {
        match Rule::named(name.as_bytes()) {
            Rule::Unknown => None,
            rule => Some(Self(rule)),
        }
    }
}

/// What a zone name means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    /// Always this many seconds ahead of UTC.
    Fixed(i32),
    /// By the IANA database.
    Database(TimeZone),
    Unknown,
}

impl Default for Rule {
    fn default() -> Self {
        Self::Fixed(0)
    }
}

/// The offsets that a written time can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offsets {
    One(i32),
    /// Clocks went forward over the time; the offset before that.
    Skipped(i32),
    /// First and second pass.
    Twice(i32, i32),
}

impl Rule {
    fn named(name: &[u8]) -> Self {
        if matches!(name, b"UTC" | b"GMT" | b"Z" | b"UT" | b"utc") {
            return Self::Fixed(0);
        }
        if let Some(seconds) = numeric_offset(name) {
            return Self::Fixed(seconds);
        }
        let Ok(text) = std::str::from_utf8(name) else { return Self::Unknown };
        if let Ok(zone) = TimeZoneDatabase::bundled().get(text) {
            return if zone.is_unknown() { Self::Unknown } else { Self::Database(zone) };
        }
        abbreviation(name).map_or(Self::Unknown, |hours| Self::Fixed(hours * 3600))
    }

    fn offsets(&self, local_seconds: i64) -> Option<Offsets> {
        match self {
            Self::Unknown => None,
            Self::Fixed(seconds) => Some(Offsets::One(*seconds)),
            Self::Database(zone) => {
                let civil = jiff::Timestamp::from_second(local_seconds).ok()?;
                let civil = TimeZone::UTC.to_datetime(civil);
                Some(match zone.to_ambiguous_timestamp(civil).offset() {
                    AmbiguousOffset::Unambiguous { offset } => Offsets::One(offset.seconds()),
                    AmbiguousOffset::Gap { before, .. } => Offsets::Skipped(before.seconds()),
                    AmbiguousOffset::Fold { before, after } => {
                        Offsets::Twice(before.seconds(), after.seconds())
                    }
                })
            }
        }
    }
}

/// `+02:00`, `-0330`, `+02`: what PHP prints for a zone that is only an offset.
fn numeric_offset(name: &[u8]) -> Option<i32> {
    let (sign, rest) = match name {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match *rest {
        [h1, h2] => ([h1, h2], [b'0', b'0']),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => ([h1, h2], [m1, m2]),
        _ => return None,
    };
    let number = |digits: [u8; 2]| {
        digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i32::from(d - b'0')))
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Hours of abbreviations that the IANA database does not have as a name. Those with several meanings (`IST` is
/// India, Israel and Ireland; `CST` is Chicago, Shanghai and Havana) are left out: a wrong hour is worse than none.
fn abbreviation(name: &[u8]) -> Option<i32> {
    Some(match name {
        b"AKST" => -9,
        b"AEDT" => 11,
        b"AEST" | b"ChST" => 10,
        b"AWST" | b"HKT" => 8,
        b"CAT" | b"CEST" | b"MEST" | b"SAST" => 2,
        b"EAT" | b"EEST" | b"MSK" => 3,
        b"EDT" => -4,
        b"JST" | b"KST" => 9,
        b"MDT" => -6,
        b"NZDT" => 13,
        b"NZST" => 12,
        b"PDT" => -7,
        b"PKT" => 5,
        b"AKDT" | b"PST" => -8,
        b"WAT" | b"WEST" => 1,
        b"WIB" => 7,
        _ => return None,
    })
}

/// Makes instants of stamps, in the order in which they stand in the log.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    assumed: Rule,
    cache: Vec<Cached>,
    /// The entry of the cache that the last stamp used, and the one that is overwritten next.
    last: usize,
    victim: usize,
    /// The record in front; `None` at the start and behind a record without a time.
    previous: Option<Time>,
}

#[derive(Clone, Debug)]
struct Cached {
    name: Box<[u8]>,
    rule: Rule,
    minute: i64,
    offsets: Option<Offsets>,
}

impl Clock {
    pub(crate) fn new(assumed: &AssumedZone) -> Self {
        Self { assumed: assumed.0.clone(), cache: Vec::new(), last: 0, victim: 0, previous: None }
    }

    /// Whether the stamp means the same whatever stands in front of it, which makes it a place to cut at.
    pub(crate) fn stands_alone(&mut self, raw: &RawStamp<'_>) -> bool {
        !matches!(
            raw.local_seconds.and_then(|local| self.offsets(raw.zone, local)),
            Some(Offsets::Twice(..))
        )
    }

    /// The instant of the next record.
    pub(crate) fn date<'a>(&mut self, raw: &RawStamp<'a>) -> Stamp<'a> {
        let stamp = self.resolve(raw);
        self.previous = stamp.time;
        stamp
    }

    fn resolve<'a>(&mut self, raw: &RawStamp<'a>) -> Stamp<'a> {
        let zone = raw.zone.map(BStr::new);
        let undated = |doubt| Stamp { time: None, offset_seconds: None, zone, doubt: Some(doubt) };
        let Some(local) = raw.local_seconds else { return undated(Doubt::NoSuchTime) };
        let Some(offsets) = self.offsets(raw.zone, local) else {
            return undated(Doubt::UnknownZone);
        };
        let at = |offset: i32| Time((local - i64::from(offset)) * 1000 + raw.millis);
        let no_zone = zone.is_none().then_some(Doubt::NoZone);
        let (offset, doubt) = match offsets {
            Offsets::One(offset) => (offset, no_zone),
            Offsets::Skipped(offset) => (offset, Some(Doubt::Skipped)),
            Offsets::Twice(first, second) => {
                let is_second = self.previous.is_some_and(|previous| {
                    at(first).0 + OUT_OF_ORDER_MS < previous.0
                        && previous.0 <= at(second).0 + OUT_OF_ORDER_MS
                });
                (if is_second { second } else { first }, Some(Doubt::Ambiguous))
            }
        };
        Stamp { time: Some(at(offset)), offset_seconds: Some(offset), zone, doubt }
    }

    fn offsets(&mut self, zone: Option<&[u8]>, local: i64) -> Option<Offsets> {
        let Some(zone) = zone else { return self.assumed.offsets(local) };
        if zone == b"UTC" {
            return Some(Offsets::One(0));
        }
        let cached = self.cached(zone)?;
        let minute = local.div_euclid(60);
        if local < WHOLE_MINUTES_SINCE {
            return cached.rule.offsets(local);
        }
        if cached.minute != minute {
            cached.minute = minute;
            cached.offsets = cached.rule.offsets(minute * 60);
        }
        cached.offsets
    }

    fn cached(&mut self, zone: &[u8]) -> Option<&mut Cached> {
        let is_it = |cached: &Cached| *cached.name == *zone;
        if !self.cache.get(self.last).is_some_and(is_it) {
            self.last = self.cache.iter().position(is_it).unwrap_or_else(|| {
                let fresh = Cached {
                    name: zone.into(),
                    rule: Rule::named(zone),
                    minute: i64::MIN,
                    offsets: None,
                };
                if self.cache.len() < MAX_CACHED {
                    self.cache.push(fresh);
                    return self.cache.len() - 1;
                }
                self.victim = (self.victim + 1) % MAX_CACHED;
                if let Some(old) = self.cache.get_mut(self.victim) {
                    *old = fresh;
                }
                self.victim
            });
        }
        self.cache.get_mut(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stamps: &[&str], expected: &[&str]) {
        let mut clock = Clock::new(&AssumedZone::named("America/New_York").unwrap());
        let seen: Vec<String> = stamps
            .iter()
            .map(|stamp| {
                let line = format!("[{stamp}]");
                let (raw, _) = crate::stamp::parse(line.as_bytes()).unwrap();
                let stamp = clock.date(&raw);
                let time = stamp.time.map_or("-".to_owned(), Time::rfc3339);
                let doubt = stamp.doubt.map_or(String::new(), |doubt| format!(" {doubt:?}"));
                format!("{time} {}{doubt}", stamp.offset_seconds.unwrap_or(-1))
            })
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn kinds_of_zones() {
        check(
            &[
                "22-Nov-2025 05:42:11 UTC",
                "22-Nov-2025 05:42:11 Europe/Berlin",
                "22-Jul-2025 05:42:11 Europe/Berlin",
                "22-Jul-2025 05:42:11 asia/kolkata",
                "22-Jul-2025 05:42:11 +02:00",
                "22-Jul-2025 05:42:11 -0330",
                "22-Jul-2025 05:42:11 CEST",
                "22-Jul-2025 05:42:11 EST",
                "22-Jul-2025 05:42:11 Etc/GMT+5",
                "22-Jul-2025 05:42:11 America/Argentina/Buenos_Aires",
            ],
            &[
                "2025-11-22T05:42:11Z 0",
                "2025-11-22T04:42:11Z 3600",
                "2025-07-22T03:42:11Z 7200",
                "2025-07-22T00:12:11Z 19800",
                "2025-07-22T03:42:11Z 7200",
                "2025-07-22T09:12:11Z -12600",
                "2025-07-22T03:42:11Z 7200",
                "2025-07-22T10:42:11Z -18000",
                "2025-07-22T10:42:11Z -18000",
                "2025-07-22T08:42:11Z -10800",
            ],
        );
    }

    #[test]
    fn doubts() {
        check(
            &[
                "22-Jul-2025 05:42:11",
                "22-Jul-2025 05:42:11 IST",
                "22-Jul-2025 05:42:11 Mars/Olympus",
                "31-Feb-2025 05:42:11 UTC",
                "22-Jul-2025 05:42:11 +25:00",
                "30-Mar-2025 02:30:00 Europe/Berlin",
            ],
            &[
                "2025-07-22T09:42:11Z -14400 NoZone",
                "- -1 UnknownZone",
                "- -1 UnknownZone",
                "- -1 NoSuchTime",
                "- -1 UnknownZone",
                "2025-03-30T01:30:00Z 3600 Skipped",
            ],
        );
    }

    /// Clocks in Berlin went from 03:00 back to 02:00 on 26 October 2025, at 01:00 UTC.
    #[test]
    fn the_hour_that_comes_twice_is_told_by_the_order() {
        check(
            &[
                "26-Oct-2025 02:10:00 Europe/Berlin",
                "26-Oct-2025 02:50:00 Europe/Berlin",
                "26-Oct-2025 02:49:30 Europe/Berlin", // half a minute late, still the first pass
                "26-Oct-2025 02:05:00 Europe/Berlin", // back by 45 minutes: the second pass
                "26-Oct-2025 02:30:00 Europe/Berlin",
                "26-Oct-2025 03:00:00 Europe/Berlin",
            ],
            &[
                "2025-10-26T00:10:00Z 7200 Ambiguous",
                "2025-10-26T00:50:00Z 7200 Ambiguous",
                "2025-10-26T00:49:30Z 7200 Ambiguous",
                "2025-10-26T01:05:00Z 3600 Ambiguous",
                "2025-10-26T01:30:00Z 3600 Ambiguous",
                "2025-10-26T02:00:00Z 3600",
            ],
        );
        // A start-up error in UTC between them tells it as well.
        check(
            &["26-Oct-2025 01:20:00 UTC", "26-Oct-2025 02:20:05 Europe/Berlin"],
            &["2025-10-26T01:20:00Z 0", "2025-10-26T01:20:05Z 3600 Ambiguous"],
        );
        // What lies far behind both readings says nothing (files joined in the wrong order).
        check(
            &["27-Oct-2025 01:20:00 UTC", "26-Oct-2025 02:20:05 Europe/Berlin"],
            &["2025-10-27T01:20:00Z 0", "2025-10-26T00:20:05Z 7200 Ambiguous"],
        );
    }

    #[test]
    fn many_zones_do_not_grow_the_cache() {
        let mut clock = Clock::new(&AssumedZone::UTC);
        for n in 0..100u8 {
            let name = [b'A' + n / 26, b'A' + n % 26];
            let raw = RawStamp { local_seconds: Some(1_763_790_131), millis: 0, zone: Some(&name) };
            clock.date(&raw);
        }
        assert_eq!(clock.cache.len(), MAX_CACHED);
    }
}
