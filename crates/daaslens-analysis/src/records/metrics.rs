//! Exports of Azure Monitor metrics, put together: one series per metric, resource and instance.

use std::collections::BTreeMap;

use daaslens_core::text::{shortened, visible};
use daaslens_core::{Evidence, Excerpt, Location, SourceId, Time, TimeRange};
use daaslens_platform::metrics::{self, Aggregation, Point, Unit};

use super::Count;
use crate::config::Config;

/// The most points that are kept of all files.
const MAX_POINTS: usize = 2_000_000;

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Files that hold an export, also one without a value.
    pub(crate) files: u64,
    /// By name, resource and instance.
    pub(crate) series: Vec<Measured>,
}

/// What was measured of one metric.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Its name as the service writes it: `Http5xx`.
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// The length of a bucket in seconds.
    pub(crate) step: i64,
    /// Whether the values are sums of what happened in a bucket, and no means.
    pub(crate) is_sum: bool,
    /// The site or the plan.
    pub(crate) resource: String,
    pub(crate) is_plan: bool,
    /// The instance, where it was split by it.
    pub(crate) instance: String,
    /// In order of time.
    pub(crate) values: Vec<Bucket>,
}

/// The value of one bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// When the bucket begins.
    pub(crate) time: Time,
    pub(crate) value: f64,
    point: Point,
    at: Location,
}

impl Metrics {
    pub(crate) fn read(bytes: &[u8], source: usize, config: &Config, count: &mut Count) -> Self {
        let parsed = metrics::read(bytes);
        for fault in &parsed.faults {
            count.fault(fault.place.line, fault.place.byte, fault.kind.to_string());
        }
        let mut all = Self { files: 1, series: Vec::new() };
        for metric in &parsed.value {
            for series in &metric.series {
                count.records += series.points.len() as u64 + series.empty;
                for point in &series.points {
                    TimeRange::extend(&mut count.range, point.time);
                }
                // Split by anything else, the parts would have to be added, and nobody knows whether all are there.
                if !series.dimensions.is_empty() {
                    continue;
                }
                let value = |point: &Point| {
                    let at = Location {
                        source: SourceId(source as u32),
                        byte: point.place.byte,
                        line: point.place.line,
                    };
                    let value = metric.value(point)?;
                    Some(Bucket { time: point.time, value, point: *point, at })
                };
                let admitted = |point: &&Point| config.filter.admits_time(Some(point.time));
                all.series.push(Measured {
                    name: shown(&metric.name),
                    unit: metric.unit,
                    step: metric.interval.and_then(|s| i64::try_from(s).ok()).unwrap_or(60),
                    is_sum: metric.aggregation() == Aggregation::Total,
                    resource: metric.resource.as_deref().map(shown).unwrap_or_default(),
                    is_plan: metric.is_plan,
                    instance: series.instance.as_deref().map(shown).unwrap_or_default(),
                    values: series.points.iter().filter(admitted).filter_map(value).collect(),
                });
            }
        }
        all
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.series.extend(other.series);
    }

    /// Once everything is there: exports overlap, and a bucket counts once.
    pub(crate) fn settle(&mut self) {
        let mut merged: BTreeMap<(String, String, bool, String, i64), Measured> = BTreeMap::new();
        for one in std::mem::take(&mut self.series) {
            let key = (
                one.name.to_ascii_lowercase(),
                one.resource.clone(),
                one.is_plan,
                one.instance.clone(),
                one.step,
            );
            match merged.get_mut(&key) {
                Some(mine) => mine.values.extend(one.values),
                None => drop(merged.insert(key, one)),
            }
        }
        let mut left = MAX_POINTS;
        for one in merged.values_mut() {
            one.values.sort_by_key(|value| (value.time, value.at));
            one.values.dedup_by_key(|value| value.time);
            one.values.truncate(left);
            left -= one.values.len();
        }
        self.series = merged.into_values().filter(|one| !one.values.is_empty()).collect();
    }

    /// The sites that the metrics are of.
    pub(crate) fn sites(&self) -> impl Iterator<Item = &str> {
        self.series.iter().filter_map(Measured::site)
    }

    /// The series of a metric, whatever its case.
    pub(crate) fn named<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Measured> {
        self.series.iter().filter(move |one| one.name.eq_ignore_ascii_case(name))
    }
}

impl Measured {
    /// Of what it is: `shop on RD0003FF000000`.
    pub(crate) fn of(&self) -> String {
        match (self.resource.as_str(), self.instance.as_str()) {
            (resource, "") => resource.to_owned(),
            ("", instance) => instance.to_owned(),
            (resource, instance) => format!("{resource} on {instance}"),
        }
    }

    /// Whether it is of a site, and of nothing else.
    pub(crate) fn is_site_alone(&self) -> bool {
        !self.is_plan && self.instance.is_empty() && self.site() == Some(self.resource.as_str())
    }

    /// The site, without its slot: `shop` of `shop(staging)`.
    pub(crate) fn site(&self) -> Option<&str> {
        let name = self.resource.split('(').next().unwrap_or_default();
        (!self.is_plan && !name.is_empty()).then_some(name)
    }

    /// The last instant of a bucket.
    pub(crate) fn end(&self, value: &Bucket) -> Time {
        Time(value.time.0.saturating_add(self.step.saturating_mul(1000).max(1000) - 1))
    }

    /// The middle of all values.
    pub(crate) fn median(&self) -> f64 {
        median(self.values.iter().map(|value| value.value).collect())
    }

    /// The median of the distances from the median, on the scale of a standard deviation.
    pub(crate) fn spread(&self) -> f64 {
        let middle = self.median();
        1.4826 * median(self.values.iter().map(|value| (value.value - middle).abs()).collect())
    }

    /// A bucket as evidence.
    pub(crate) fn evidence(&self, value: &Bucket) -> Evidence {
        Evidence {
            at: value.at,
            note: format!("{} of {}", self.name, self.of()),
            excerpt: excerpt(&value.point),
            alike: 1,
        }
    }
}

/// The middle of some values, 0 of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// A bucket as evidence shows it.
fn excerpt(point: &Point) -> Excerpt {
    let parts = [
        ("total", point.total),
        ("average", point.average),
        ("minimum", point.minimum),
        ("maximum", point.maximum),
        ("count", point.count),
    ];
    let parts: Vec<String> =
        parts.iter().filter_map(|(name, value)| Some(format!("{name} {}", (*value)?))).collect();
    Excerpt::text(format!("{}: {}", point.time, parts.join(", ")))
}

/// The bucket at the head of `bytes`.
pub(crate) fn read_back(bytes: &[u8]) -> Option<Excerpt> {
    metrics::read_point(bytes).map(|point| excerpt(&point))
}

fn shown(text: &str) -> String {
    shortened(&visible(text.as_bytes()), 80).into_owned()
}
