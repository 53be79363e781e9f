//! The time axis that all sources share, and what is drawn along it.

use crate::{PartKind, Time, TimeRange};

/// The time axis that all sources share.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The first second of the first bin.
    pub start: Time,
    /// The width of a bin.
    pub bin_seconds: u32,
    /// Requests per bin by class; all vectors have the same length.
    pub ok: Vec<u32>,
    /// 4xx per bin.
    pub client_errors: Vec<u32>,
    /// 5xx per bin that are no client aborts.
    pub server_errors: Vec<u32>,
    /// Most requests in flight in the bin.
    pub in_flight: Vec<u32>,
    /// The width of a latency bin, a multiple of `bin_seconds`.
    pub latency_bin_seconds: u32,
    /// p50 and p95 per latency bin; `None` where the bin is empty.
    pub latency: Vec<Option<(u32, u32)>>,
    /// Measured values along the axis: CPU, memory, metrics.
    pub series: Vec<Series>,
    /// One lane per instance.
    pub instances: Vec<InstanceLane>,
    /// One row per kind of mark that the bundle can show, also where there is none.
    pub rows: Vec<MarkRow>,
    /// Lettered incidents, in order of time.
    pub clusters: Vec<ClusterBand>,
}

/// One instance on the timeline.
#[derive(Clone, Debug, Default)]
pub struct InstanceLane {
    /// Its name.
    pub name: String,
    /// Where its log runs.
    pub covered: Vec<TimeRange>,
    /// Where it has no log although others do.
    pub gaps: Vec<TimeRange>,
    /// Where at least 5 % and at least 3 requests a minute fail.
    pub failing: Vec<TimeRange>,
}

/// Marks of one kind.
#[derive(Clone, Debug)]
pub struct MarkRow {
    /// `Deployments`, `Crashes`, …
    pub label: &'static str,
    /// `deployment`, `crash`, `start`, `php`, `session`: chooses the shape.
    pub kind: &'static str,
    /// In order of time.
    pub marks: Vec<Mark>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When; a length where it lasted.
    pub range: TimeRange,
    /// A few words, raw.
    pub label: String,
    /// What kind of text the label is.
    pub kind: PartKind,
}

/// A lettered incident on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterBand {
    /// 0 is A.
    pub letter: u32,
    /// Its window.
    pub range: TimeRange,
}

/// A measured value along the time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What is measured: `CPU`, `Memory working set`.
    pub what: &'static str,
    /// Of what: an instance, a process; may be empty.
    pub of: String,
    /// What kind of text that is.
    pub kind: PartKind,
    /// The unit of the values.
    pub unit: Unit,
    /// A limit that the platform or a rule sets, drawn as a line.
    pub limit: Option<f64>,
    /// Lowest and highest value per bin of the timeline ([`Timeline::binned`]); `None` where nothing was measured.
    pub bins: Vec<Option<(f64, f64)>>,
}

/// The unit of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Per cent; the axis ends at 100 or above.
    Percent,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Millis,
    /// A number of things.
    Count,
}

impl Timeline {
    /// Lowest and highest of `points` per bin. A point stands for what was measured in the `step` seconds from its
    /// time on, so that values of each minute make a line without holes also over bins of seconds.
    pub fn binned(
        &self,
        points: impl IntoIterator<Item = (Time, f64)>,
        step: u32,
    ) -> Vec<Option<(f64, f64)>> {
        let width = i64::from(self.bin_seconds.max(1));
        let mut bins: Vec<Option<(f64, f64)>> = vec![None; self.ok.len()];
        for (time, value) in points.into_iter().filter(|(_, value)| value.is_finite()) {
            let offset = time.seconds() - self.start.seconds();
            let first = offset.div_euclid(width);
            let last = (offset + i64::from(step.max(1)) - 1).div_euclid(width);
            for bin in first.max(0)..=last.min(bins.len() as i64 - 1) {
                if let Some(slot) = bins.get_mut(bin as usize) {
                    let (low, high) = slot.unwrap_or((value, value));
                    *slot = Some((low.min(value), high.max(value)));
                }
            }
        }
        bins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_covers_its_step_and_a_bin_keeps_both_ends() {
        let timeline = Timeline {
            start: Time::from_seconds(1000),
            bin_seconds: 20,
            ok: vec![0; 5],
            ..Timeline::default()
        };
        let at = |second: i64, value: f64| (Time::from_seconds(second), value);
        let points =
            [at(970, 7.0), at(1000, 1.0), at(1030, 5.0), at(1031, 3.0), at(1090, f64::NAN)];
        assert_eq!(
            timeline.binned(points, 30),
            [Some((1.0, 1.0)), Some((1.0, 5.0)), Some((3.0, 5.0)), Some((3.0, 3.0)), None]
        );
        assert_eq!(timeline.binned([at(i64::MAX / 2000, 1.0)], 1), [None; 5]);
    }
}
