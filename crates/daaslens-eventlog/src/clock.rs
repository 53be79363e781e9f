//! Local times, as exports write them: in the culture of whoever pressed the button, without a zone.
//!
//! `1/16/2011 11:43:00 AM` is the sixteenth of January in America; `4/3/2011 11:43` is the fourth of March in Britain
//! and the third of April in America, and nothing in it says which. What a file says elsewhere does: a day above
//! twelve, dots (`30.10.2019`), the twelve-hour clock, and that one order leaves the rows sorted by time.

use daaslens_core::Time;

/// What stands first in a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// `1/16/2011`, America.
    #[default]
    MonthFirst,
    /// `16/1/2011`, `16.1.2011`, everywhere else.
    DayFirst,
}

/// A local time, taken apart but for the order of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    /// The first two numbers of the date, or month and day where the year came first.
    numbers: (u32, u32),
    year: i32,
    year_first: bool,
    dots: bool,
    twelve_hours: bool,
    clock: (u32, u32, u32),
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        // Newer .NET puts a narrow no-break space before AM and PM; Event Viewer marks directions.
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_mark(c));
        let cut = text.find(|c: char| c.is_whitespace() || c == 'T')?;
        let (date, clock) = (text.get(..cut)?, text.get(cut..)?);
        let separator = ['/', '.', '-'].into_iter().find(|c| date.contains(*c))?;
        let mut numbers = date.split(separator).filter(|part| !part.is_empty());
        let number = |part: Option<&str>| -> Option<u32> {
            let digits: String = part?.chars().filter(|c| !is_mark(*c)).collect();
            (digits.len() <= 4).then(|| digits.parse().ok()).flatten()
        };
        let all = [number(numbers.next())?, number(numbers.next())?, number(numbers.next())?];
        let year_first = all[0] > 31;
        let (numbers, year) =
            if year_first { ((all[1], all[2]), all[0]) } else { ((all[0], all[1]), all[2]) };
        let year = if year < 100 { 2000 + year } else { year };
        let digits: Vec<u32> = clock
            .split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .map_while(|part| part.parse().ok())
            .take(3)
            .collect();
        let (hour, minute) = (*digits.first()?, *digits.get(1)?);
        let upper = clock.to_uppercase();
        let (morning, evening) = (upper.contains("AM"), upper.contains("PM"));
        let hour = match hour {
            12 if morning => 0,
            1..=11 if evening => hour + 12,
            _ => hour,
        };
        Some(Self {
            numbers,
            year: i32::try_from(year).ok()?,
            year_first,
            dots: separator == '.',
            twelve_hours: morning || evening,
            clock: (hour, minute, digits.get(2).copied().unwrap_or(0)),
        })
    }

    fn time(&self, order: Order) -> Option<Time> {
        let (month, day) = match order {
            Order::DayFirst if !self.year_first => (self.numbers.1, self.numbers.0),
            _ => self.numbers,
        };
        let (hour, minute, second) = self.clock;
        Time::from_civil(self.year, month, day, hour, minute, second)
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
}

/// Whether a text has the shape of a local time.
pub(crate) fn is_local(text: &str) -> bool {
    Parts::read(text).is_some()
}

/// Reads a local time.
pub(crate) fn local(text: &str, order: Order) -> Option<Time> {
    Parts::read(text)?.time(order)
}

/// What the times of a file tell of their order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Learner {
    /// Which orders a date proves: day first, month first.
    proven: (bool, bool),
    /// Culture, which is a hint and no proof.
    twelve_hours: bool,
    any: bool,
    /// How often the direction of time changes under each order.
    turns: [(u32, Option<Time>, Option<bool>); 2],
}

impl Learner {
    pub(crate) fn see(&mut self, text: &str) {
        let Some(parts) = Parts::read(text) else { return };
        if parts.year_first {
            return;
        }
        self.any = true;
        self.proven.0 |= parts.numbers.0 > 12 || parts.dots;
        self.proven.1 |= parts.numbers.1 > 12;
        self.twelve_hours |= parts.twelve_hours;
        for (order, (turns, last, rising)) in
            [Order::MonthFirst, Order::DayFirst].into_iter().zip(&mut self.turns)
        {
            let Some(time) = parts.time(order) else { continue };
            if let Some(before) = last.filter(|before| *before != time) {
                let rises = time > before;
                *turns += u32::from(rising.is_some_and(|rising| rising != rises));
                *rising = Some(rises);
            }
            *last = Some(time);
        }
    }

    /// The order, and whether it is a guess.
    pub(crate) fn order(&self) -> (Order, bool) {
        let [(month, ..), (day, ..)] = self.turns;
        match self.proven {
            (true, false) => (Order::DayFirst, false),
            (false, true) => (Order::MonthFirst, false),
            _ if !self.any => (Order::MonthFirst, false),
            _ if self.twelve_hours => (Order::MonthFirst, true),
            _ if day < month => (Order::DayFirst, true),
            _ => (Order::MonthFirst, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(times: &[&str]) -> (Order, bool) {
        let mut learner = Learner::default();
        for time in times {
            learner.see(time);
        }
        learner.order()
    }

    #[test]
    fn the_order_of_day_and_month_is_learnt() {
        assert_eq!(
            order(&["1/16/2011 11:43:00 AM", "1/2/2011 9:00:00 AM"]),
            (Order::MonthFirst, false)
        );
        assert_eq!(order(&["4/3/2011 11:43", "16/1/2011 11:43"]), (Order::DayFirst, false));
        assert_eq!(order(&["03.04.2011 11:43:01"]), (Order::DayFirst, false));
        assert_eq!(order(&["1/2/2011 9:00:00 AM"]), (Order::MonthFirst, true));
        // Newest first; as months the rows would jump to and fro.
        assert_eq!(
            order(&[
                "03/05/2011 10:00",
                "01/05/2011 10:00",
                "02/04/2011 10:00",
                "01/04/2011 10:00"
            ]),
            (Order::DayFirst, true)
        );
        assert_eq!(order(&["2011-01-02 10:00:00"]), (Order::MonthFirst, false));
    }

    #[test]
    fn local_times_of_several_cultures() {
        for (text, order, expected) in [
            ("1/16/2011 11:43:00 PM", Order::MonthFirst, "2011-01-16T23:43:00Z"),
            ("1/16/2011 12:03:00\u{202f}AM", Order::MonthFirst, "2011-01-16T00:03:00Z"),
            ("16/1/2011 11:43", Order::DayFirst, "2011-01-16T11:43:00Z"),
            ("30.10.2019 03:31:14", Order::DayFirst, "2019-10-30T03:31:14Z"),
            ("2019-10-30 03:31:14", Order::DayFirst, "2019-10-30T03:31:14Z"),
            (
                "\u{200e}2019/\u{200e}10/\u{200e}30 3.31.14",
                Order::MonthFirst,
                "2019-10-30T03:31:14Z",
            ),
        ] {
            assert_eq!(local(text, order).map(Time::rfc3339).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "12:49:19 AM", "99/99/2011 10:00", "1/1 10:00"] {
            assert_eq!(local(text, Order::MonthFirst), None, "{text}");
        }
    }
}
