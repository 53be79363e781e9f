//! Lanes of measured values: CPU, memory, metrics. A line on a linear scale; where a bin holds several values, the
//! line runs from the lowest to the highest.

use daaslens_core::model::{Series, Unit};
use daaslens_core::text::{bytes, duration_ms, shortened, thousands};

use super::latency::line;
use super::{Lane, Stroke, YTick, round_up};

/// Most lanes of this kind. More are a wall, not a picture.
pub(super) const LANES: usize = 16;

const HEIGHT: u32 = 46;

/// Lowest and highest value per bin.
type Bins = Vec<Option<(f64, f64)>>;

/// Joins `factor` bins to one.
pub(super) fn joined(series: &Series, factor: usize, bins: usize) -> Bins {
    let mut out: Bins = series
        .bins
        .chunks(factor.max(1))
        .map(|group| group.iter().flatten().copied().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
        .collect();
    out.resize(bins, None);
    out
}

pub(super) fn lane(series: &Series, bins: &Bins) -> Lane {
    let filled = || bins.iter().flatten();
    let highest = filled().map(|bin| bin.1).fold(0.0, f64::max);
    let lowest = filled().map(|bin| bin.0).fold(f64::INFINITY, f64::min);
    let mut lane = Lane {
        label: series.what.to_owned(),
        small: shortened(&series.of, 24).into_owned(),
        class: "gap",
        height: HEIGHT,
        above: 14,
        title: if series.of.is_empty() {
            series.what.to_owned()
        } else {
            format!("{}, {}", series.what, series.of)
        },
        baseline: true,
        ..Lane::default()
    };
    if filled().next().is_none() {
        "Nothing was measured in this stretch.".clone_into(&mut lane.desc);
        return lane;
    }
    let top = top(series.unit, highest.max(series.limit.unwrap_or(0.0)));
    let y = |value: f64| {
        let share = (value / top).clamp(0.0, 1.0);
        ((1.0 - share) * f64::from(2 * HEIGHT)).round() as i64
    };
    lane.desc = format!(
        "Between {} and {}.",
        word(series.unit, lowest.max(0.0)),
        word(series.unit, highest)
    );
    let mut path = String::new();
    let mut at = 0;
    while at < bins.len() {
        let run: Vec<(f64, f64)> = bins.iter().skip(at).map_while(|bin| *bin).collect();
        if !run.is_empty() {
            line(&mut path, at, 1, run.iter().map(|bin| (y(bin.0), y(bin.1))));
        }
        at += run.len().max(1);
    }
    lane.strokes = vec![Stroke { class: "l5", d: path }];
    if let Some(limit) = series.limit {
        lane.levels.push((y(limit) / 2).to_string());
    }
    lane.y_ticks = vec![
        YTick { y: HEIGHT.to_string(), text: "0".to_owned() },
        YTick { y: "5".to_owned(), text: word(series.unit, top) },
    ];
    lane
}

/// A round number that is at least `value`.
fn top(unit: Unit, value: f64) -> f64 {
    match unit {
        Unit::Percent => value.max(100.0),
        Unit::Bytes => {
            // A round number of mebibytes.
            let mebi = f64::from(1_u32 << 20);
            round_up((value / mebi).ceil() as u64) as f64 * mebi
        }
        Unit::Millis | Unit::Count => round_up(value.ceil() as u64) as f64,
    }
}

fn word(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Percent => format!("{} %", thousands(value.round() as u64)),
        Unit::Bytes => bytes(value.round() as u64),
        Unit::Millis => duration_ms(value.round() as u64),
        Unit::Count => thousands(value.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::PartKind;

    #[test]
    fn a_line_keeps_both_ends_and_breaks_at_holes() {
        let series = Series {
            what: "CPU",
            of: "RD0003FF".to_owned(),
            kind: PartKind::Instance,
            unit: Unit::Percent,
            limit: Some(75.0),
            bins: vec![Some((0.0, 50.0)), Some((50.0, 50.0)), None, Some((100.0, 100.0))],
        };
        let lane = lane(&series, &joined(&series, 1, 4));
        assert_eq!(lane.strokes[0].d, "M0 92v-46h2M3 0h1");
        assert_eq!(
            (lane.desc.as_str(), lane.levels.as_slice()),
            ("Between 0 % and 100 %.", ["11".to_owned()].as_slice())
        );
        assert_eq!(joined(&series, 2, 3), [Some((0.0, 50.0)), Some((100.0, 100.0)), None]);
        assert_eq!(word(Unit::Bytes, top(Unit::Bytes, 900.0 * 1_048_576.0)), bytes(1000 << 20));
    }
}
