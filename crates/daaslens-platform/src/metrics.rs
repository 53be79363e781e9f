//! Exports of Azure Monitor metrics: what the platform measured of a site or its plan, minute by minute.
//!
//! `az monitor metrics list` and the REST interface give a document with a list of metrics, each with a time series per
//! instance where one asked for that; a diagnostic setting writes one value per line (`metricName`, `timeGrain`). People
//! concatenate such documents, put them into a list, or keep only `value` of them. All of these are read.
//!
//! ```text
//! {"timespan": "2026-03-11T02:00:00Z/2026-03-11T03:00:00Z", "interval": "PT1M", "value": [{"name": {"value": "Http5xx"},
//!  "unit": "Count", "timeseries": [{"metadatavalues": [{"name": {"value": "instance"}, "value": "RD0003FF000000"}],
//!  "data": [{"timeStamp": "2026-03-11T02:00:00Z", "total": 3.0}]}]}]}
//! ```
//!
//! A bucket begins at its time and is as long as the interval. An aggregate that is missing or `null` was not measured:
//! it is no zero. What a metric counts is in its name; [`Metric::aggregation`] says which aggregate makes sense of it.

mod read;

use daaslens_core::{Time, TimeRange};

pub use read::{read, read_point};

use crate::Place;

/// The most points that are kept of one file: ten metrics of five instances for a week, minute by minute.
pub const MAX_POINTS: usize = 500_000;

/// A metric of a resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// Its name: `Http5xx`.
    pub name: String,
    /// In which unit.
    pub unit: Unit,
    /// The length of a bucket in seconds.
    pub interval: Option<u64>,
    /// What was asked for.
    pub timespan: Option<TimeRange>,
    /// The site, with its slot (`shop(staging)`), or the plan, in lower case.
    pub resource: Option<String>,
    /// Whether the resource is a plan: its metrics are those of all of its sites.
    pub is_plan: bool,
    /// Why there are no values, where the service said so.
    pub error: Option<String>,
    /// Where it begins.
    pub place: Place,
    /// One series, or one per instance.
    pub series: Vec<Series>,
}

/// The values of a metric, in order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The instance, where the metric was split by it.
    pub instance: Option<String>,
    /// Other dimensions by which it was split, name and value.
    pub dimensions: Vec<(String, String)>,
    /// The points, those without a value left out.
    pub points: Vec<Point>,
    /// How many buckets had no value at all.
    pub empty: u64,
}

/// The aggregates of one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// When the bucket begins.
    pub time: Time,
    /// The sum of all samples.
    pub total: Option<f64>,
    /// Their mean.
    pub average: Option<f64>,
    /// The smallest.
    pub minimum: Option<f64>,
    /// The largest.
    pub maximum: Option<f64>,
    /// How many samples there were.
    pub count: Option<f64>,
    /// Where it stands.
    pub place: Place,
}

/// A unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Per cent.
    Percent,
    /// Things in a second.
    CountPerSecond,
    /// Bytes in a second.
    BytesPerSecond,
    /// Anything else, or nothing said.
    #[default]
    Other,
}

impl Unit {
    /// From the word of the service, in any case.
    pub(crate) fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "count" => Self::Count,
            "seconds" => Self::Seconds,
            "milliseconds" => Self::Milliseconds,
            "bytes" => Self::Bytes,
            "percent" => Self::Percent,
            "countpersecond" => Self::CountPerSecond,
            "bytespersecond" => Self::BytesPerSecond,
            _ => Self::Other,
        }
    }

    /// The sign behind a number.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Count | Self::Other => "",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Bytes => "B",
            Self::Percent => "%",
            Self::CountPerSecond => "/s",
            Self::BytesPerSecond => "B/s",
        }
    }
}

/// Which of the aggregates of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregation {
    /// The sum.
    Total,
    /// The mean.
    Average,
    /// The largest.
    Maximum,
    /// The smallest.
    Minimum,
}

impl Metric {
    /// The aggregate that says something about the metric: the sum of what is counted, the mean of what is measured.
    pub fn aggregation(&self) -> Aggregation {
        let name = self.name.to_ascii_lowercase();
        let is_summed =
            name.starts_with("http") && name != "httpresponsetime" && name != "httpqueuelength"
                || name.ends_with("persecond")
                || name.ends_with("collections")
                || matches!(name.as_str(), "requests" | "cputime" | "bytesreceived" | "bytessent");
        if is_summed { Aggregation::Total } else { Aggregation::Average }
    }

    /// The value of a bucket, in [`Metric::aggregation`]. `None` where that was not exported and does not follow from
    /// what was: the mean of a count is no count.
    pub fn value(&self, point: &Point) -> Option<f64> {
        match self.aggregation() {
            Aggregation::Total => {
                point.total.or_else(|| Some(point.average? * point.count.filter(|n| *n > 0.0)?))
            }
            _ => point
                .average
                .or_else(|| Some(point.total? / point.count.filter(|n| *n > 0.0)?))
                .or(point.maximum),
        }
    }
}
