//! What stands on the time axis besides areas: marks, bars, shades and the labels of the axis itself.

use daaslens_core::model::MarkRow;
use daaslens_core::text::{shortened, thousands};
use daaslens_core::{Time, TimeRange};

use super::{Axis, Bar, Dot, Lane, NARROW, Shade, WIDE, Word, num, text_width};
use crate::words;

/// The shade of an incident, at least three pixels wide.
pub(super) fn shade(range: TimeRange, axis: &Axis) -> Shade {
    let (x, width) = axis.extent(range);
    // At least three pixels wide.
    let width = width.max(300.0 / WIDE);
    Shade {
        x: num(x.min(100.0 - width)),
        width: num(width),
        from: num(axis.bins(range.start)),
        to: num(axis.bins(Time(range.end.0.saturating_add(1000)))),
    }
}

/// A bar with a length, at least three pixels wide.
pub(super) fn bar(class: &'static str, range: TimeRange, axis: &Axis, y: u32, height: u32) -> Bar {
    let (x, width) = axis.extent(range);
    let width = width.max(300.0 / WIDE);
    Bar {
        class,
        x: num(x.min(100.0 - width)),
        width: num(width),
        y,
        height,
        from: num(axis.bins(range.start)),
        to: num(axis.bins(Time(range.end.0.saturating_add(1000)))),
    }
}

/// One row of marks. Marks closer than eight pixels become one, `× n`.
pub(super) fn marks(row: &MarkRow, axis: &Axis) -> Lane {
    let shown: Vec<_> = row.marks.iter().filter(|mark| axis.shows(mark.range)).collect();
    let (shape, class) = match row.kind {
        "deployment" => ("m-t", "mk d"),
        "crash" => ("m-x", "mk c"),
        "start" => ("m-o", "mk o"),
        "php" => ("m-s", "mk f"),
        "dump" => ("m-d", "mk c"),
        _ => ("m-s", "mk"),
    };
    let mut lane = Lane {
        label: row.label.to_owned(),
        small: thousands(row.marks.len() as u64),
        class: "row",
        height: 17,
        title: row.label.to_owned(),
        desc: match shown.first() {
            None => "None.".to_owned(),
            Some(first) => format!(
                "{}; the first at {} UTC.",
                thousands(row.marks.len() as u64),
                words::span(TimeRange::at(first.range.start))
            ),
        },
        ..Lane::default()
    };
    let mut groups: Vec<(f64, TimeRange, u64, &str)> = Vec::new();
    for mark in shown {
        let (x, width) = axis.extent(mark.range);
        if width / 100.0 * WIDE > 6.0 {
            lane.bars.push(bar("ses", mark.range, axis, 5, 7));
        }
        let close = groups.last().is_some_and(|(at, ..)| (x - at) / 100.0 * WIDE < 8.0);
        match groups.last_mut() {
            Some((_, range, n, _)) if close => {
                *range = range.union(mark.range);
                *n += 1;
            }
            _ => groups.push((x, mark.range, 1, mark.label.as_str())),
        }
    }
    let few = groups.len() <= 6;
    // How far to the right there is a mark or a label already, in per cent on either width.
    let mut taken = (0.0, 0.0);
    for (index, (x, range, n, label)) in groups.iter().enumerate() {
        let length = axis.extent(*range).1 / 100.0 * WIDE;
        if *n > 1 || length <= 6.0 {
            let from = num(axis.bins(range.start));
            lane.dots.push(Dot { shape, class, x: num(*x), y: 8, from });
        }
        let text = match (*n, *label) {
            (1, label) => shortened(label, 32).into_owned(),
            (n, "") => format!("× {n}"),
            (n, label) => format!("× {n}, {}", shortened(label, 24)),
        };
        let free = ((x - taken.0) / 100.0 * WIDE, (x - taken.1) / 100.0 * NARROW);
        taken = (x + 600.0 / WIDE, x + 600.0 / NARROW);
        if !few || text.is_empty() {
            continue;
        }
        let next = groups.get(index + 1).map_or(100.0, |next| next.0);
        let (mut dx, mut class) = (8, "w");
        if *n == 1 && length > 6.0 {
            dx = length as i32 + 5;
        }
        let need = f64::from(dx) + text_width(&text) + 8.0;
        let room = (next - x) / 100.0;
        if room * WIDE < need {
            // At the right end the label goes to the left, where nothing else may stand.
            if free.0 < need {
                continue;
            }
            (dx, class) = (-8, if free.1 < need { "w e odd" } else { "w e" });
        } else {
            taken.0 = x + need / WIDE * 100.0;
            if room * NARROW < need {
                class = "w odd";
            } else {
                taken.1 = x + need / NARROW * 100.0;
            }
        }
        let from = num(axis.bins(range.start));
        lane.words.push(Word { class, x: num(*x), dx, y: 12, text, from });
    }
    lane
}

/// The labels of the time axis.
pub(super) fn axis_lane(axis: &Axis) -> Lane {
    let ticks = axis.ticks();
    let words = ticks
        .into_iter()
        .map(|tick| Word {
            class: match (tick.x, tick.odd) {
                (x, _) if x > 97.0 => "x e odd",
                (x, _) if x < 3.0 => "x s",
                (_, true) => "x odd",
                (_, false) => "x",
            },
            x: num(tick.x),
            dx: 0,
            y: 14,
            text: tick.label,
            from: String::new(),
        })
        .collect();
    Lane {
        label: "time, UTC".to_owned(),
        class: "row tax",
        height: 22,
        words,
        axis: true,
        ..Lane::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::PartKind;
    use daaslens_core::model::Mark;

    #[test]
    fn close_marks_become_one() {
        let axis = Axis::new(Time(0), 60, 1440);
        let mark = |minute: i64, label: &str| Mark {
            range: TimeRange::at(Time(minute * 60_000)),
            label: label.to_owned(),
            kind: PartKind::Plain,
        };
        let row = MarkRow {
            label: "Crashes",
            kind: "crash",
            marks: vec![mark(100, "w3wp"), mark(101, "w3wp"), mark(1400, "late")],
        };
        let lane = marks(&row, &axis);
        assert_eq!(lane.dots.len(), 2);
        let texts: Vec<_> = lane.words.iter().map(|w| (w.text.as_str(), w.dx)).collect();
        assert_eq!(texts, [("× 2, w3wp", 8), ("late", -8)]);
    }
}
