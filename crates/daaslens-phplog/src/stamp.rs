//! The stamp that opens a record: `[22-Nov-2025 05:42:11 Europe/Berlin] `.
//!
//! Only its shape is read here; [`crate::zone`] makes an instant of it.

use bstr::BStr;
use daaslens_core::{Time, time::days_from_civil};

/// Longest zone name that is taken for one; the longest of IANA has 32 bytes.
const MAX_ZONE: usize = 64;

/// When a record was written, as far as the log says.
///
/// A zone is resolved with the IANA database that is built in, so every machine reads the same. Where that
/// leaves a doubt, `doubt` says which, and `time` is the best guess:
///
/// * *A time that exists twice*, in the hour before clocks go back: the earlier instant, unless the order of the
///   records shows the later one. PHP appends as it goes, so a record that would lie more than a minute before
///   the one in front of it, and not with the later reading, was written in the second pass. An hour with a
///   single record, or with none that steps back, cannot show it and is read as the first pass.
/// * *A time that never was*, when clocks go forward: read with the offset from before the change. PHP writes
///   such a time only where its own zone data differ from ours.
/// * *No zone*: the zone that the caller assumes ([`AssumedZone`](crate::AssumedZone)), UTC by default.
/// * *An unknown zone* or a date that no calendar has: `time` is `None`. The record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// The instant, in UTC.
    pub time: Option<Time>,
    /// How far the written time is ahead of UTC.
    pub offset_seconds: Option<i32>,
    /// The zone as written.
    pub zone: Option<&'a BStr>,
    /// Why `time` is missing, or may be wrong.
    pub doubt: Option<Doubt>,
}

/// Why the time of a record is missing or may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// No zone is written; the caller's was assumed.
    NoZone,
    /// The time exists twice in its zone.
    Ambiguous,
    /// Clocks went forward over this time.
    Skipped,
    /// The zone is neither an IANA name, nor an offset, nor an abbreviation with one meaning.
    UnknownZone,
    /// No calendar has this date, or no day this time: `[31-Feb-2025 25:00:00 UTC]`.
    NoSuchTime,
}

/// The parts of a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawStamp<'a> {
    /// Seconds from 1970-01-01T00:00:00 to the written time, both on the clock of the zone.
    pub(crate) local_seconds: Option<i64>,
    /// Milliseconds, where something other than PHP wrote them.
    pub(crate) millis: i64,
    pub(crate) zone: Option<&'a [u8]>,
}

/// Reads the stamp at the start of `line`; returns it with what follows it.
///
/// In front of a stamp there may be a byte order mark (also inside a file, where files were joined) and NULs: a
/// machine that loses power leaves a hole of NULs in the file, and PHP goes on right behind it.
pub(crate) fn parse(line: &[u8]) -> Option<(RawStamp<'_>, &[u8])> {
    let line = without_lead(line);
    if line.first() != Some(&b'[') {
        return None;
    }
    if line.get(1).is_some_and(u8::is_ascii_digit) && line.get(5) == Some(&b'-') {
        return parse_iso(line);
    }
    let (&fixed, mut rest) = line.split_first_chunk::<21>()?;
    let [
        b'[',
        d1,
        d2,
        b'-',
        m1,
        m2,
        m3,
        b'-',
        y1,
        y2,
        y3,
        y4,
        b' ',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
    ] = fixed
    else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0u32, |sum, d| d.is_ascii_digit().then(|| sum * 10 + u32::from(d - b'0')))
    };
    let (day, year) = (number(&[d1, d2])?, number(&[y1, y2, y3, y4])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?);
    let month = [m1, m2, m3];
    if !month.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }

    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = fraction.iter().take(7).take_while(|b| b.is_ascii_digit()).count();
        if len == 0 || len > 6 {
            return None;
        }
        let digits = fraction.get(..len)?;
        let padded = [digits.first(), digits.get(1), digits.get(2)];
        millis = padded.iter().fold(0, |sum, d| sum * 10 + d.map_or(0, |d| i64::from(d - b'0')));
        rest = fraction.get(len..)?;
    }
    let mut zone = None;
    if let Some(named) = rest.strip_prefix(b" ") {
        let len = named.iter().take(MAX_ZONE + 1).take_while(|b| is_zone_byte(**b)).count();
        if len == 0 || len > MAX_ZONE {
            return None;
        }
        let (name, behind) = named.split_at(len);
        zone = Some(name);
        rest = behind;
    }
    let rest = rest.strip_prefix(b"]")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);

    let local_seconds = month_number(month)
        .and_then(|month| days_from_civil(year.cast_signed(), month, day))
        .filter(|_| hour < 24 && minute < 60 && second <= 60)
        .map(|days| days * 86_400 + i64::from(hour * 3600 + minute * 60 + second.min(59)));
    Some((RawStamp { local_seconds, millis, zone }, rest))
}

/// The stamp of Monolog, which most frameworks log with: `[2025-11-22 05:42:11] local.ERROR: `, or since version 2
/// `[2025-11-22T05:42:11.123456+01:00] app.ERROR: `. Applications print times in brackets too, so the level has to follow.
fn parse_iso(line: &[u8]) -> Option<(RawStamp<'_>, &[u8])> {
    let end = memchr::memchr(b']', line.get(..line.len().min(48))?)?;
    let inner = line.get(1..end)?;
    let rest = line.get(end + 1..)?.strip_prefix(b" ")?;
    crate::level::logger(rest)?;
    let number = |from: usize, to: usize| {
        inner
            .get(from..to)?
            .iter()
            .try_fold(0u32, |sum, d| d.is_ascii_digit().then(|| sum * 10 + u32::from(d - b'0')))
    };
    let mark = |at: usize, marks: &[u8]| inner.get(at).is_some_and(|b| marks.contains(b));
    if !(mark(4, b"-") && mark(7, b"-") && mark(10, b" T") && mark(13, b":") && mark(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let mut zone = inner.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = zone.strip_prefix(b".") {
        let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = (0..3).map(|at| fraction.get(at).filter(|b| b.is_ascii_digit()));
        millis = digits.fold(0, |sum, d| sum * 10 + d.map_or(0, |d| i64::from(d - b'0')));
        zone = fraction.get(length..)?;
    }
    if !zone.iter().all(|b| is_zone_byte(*b)) {
        return None;
    }
    let local_seconds = days_from_civil(year.cast_signed(), month, day)
        .filter(|_| hour < 24 && minute < 60 && second <= 60)
        .map(|days| days * 86_400 + i64::from(hour * 3600 + minute * 60 + second.min(59)));
    let zone = Some(zone).filter(|zone| !zone.is_empty());
    Some((RawStamp { local_seconds, millis, zone }, rest))
}

/// `line` without the byte order mark and the NULs in front.
pub(crate) fn without_lead(mut line: &[u8]) -> &[u8] {
    loop {
        match line {
            [b'\0', rest @ ..] | [0xef, 0xbb, 0xbf, rest @ ..] => line = rest,
            _ => return line,
        }
    }
}

fn is_zone_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'+' | b'-' | b':' | b'.')
}

fn month_number(name: [u8; 3]) -> Option<u32> {
    Some(match &name.map(|b| b.to_ascii_lowercase()) {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_stamps() {
        let zone = |line: &'static str| {
            parse(line.as_bytes()).map(|(stamp, rest)| {
                let zone = stamp.zone.map(|zone| std::str::from_utf8(zone).unwrap());
                (stamp.local_seconds, stamp.millis, zone, std::str::from_utf8(rest).unwrap())
            })
        };
        let at = Some(1_763_790_131);
        assert_eq!(zone("[22-Nov-2025 05:42:11 UTC] a"), Some((at, 0, Some("UTC"), "a")));
        assert_eq!(zone("[22-Nov-2025 05:42:11]"), Some((at, 0, None, "")));
        assert_eq!(zone("[22-nov-2025 05:42:11.25 +02:00]x"), Some((at, 250, Some("+02:00"), "x")));
        assert_eq!(
            zone("\u{feff}\0[22-Nov-2025 05:42:11 A/B-1]  x"),
            Some((at, 0, Some("A/B-1"), " x"))
        );
        assert_eq!(zone("[31-Feb-2025 05:42:11 UTC]"), Some((None, 0, Some("UTC"), "")));
        assert_eq!(zone("[22-Foo-2025 05:42:11 UTC]"), Some((None, 0, Some("UTC"), "")));
        assert_eq!(
            zone("[2025-11-22 05:42:11] local.ERROR: x"),
            Some((at, 0, None, "local.ERROR: x"))
        );
        assert_eq!(
            zone("[2025-11-22T05:42:11.250001+01:00] app.INFO: x"),
            Some((at, 250, Some("+01:00"), "app.INFO: x"))
        );
        for no in [
            "",
            "[",
            "[22-Nov-2025 05:42:11",
            "[22-Nov-2025 05:42:11 ]",
            "[22-Nov-2025 05:42:11 two words]",
            "[22-Nov-2025 05:42:1x UTC]",
            "[22-11-2025 05:42:11 UTC]",
            "[22-Nov-2025 05:42:11.1234567 UTC]",
            "[2025-11-22 05:42:11] not a level",
            "[2025-11-22 05:42:1x] local.ERROR: x",
            " [22-Nov-2025 05:42:11 UTC] x",
        ] {
            assert_eq!(zone(no), None, "{no}");
        }
    }
}
