//! From documents to series.

use std::collections::BTreeMap;

use daaslens_core::{Time, TimeRange};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{MAX_POINTS, Metric, Point, Series, Unit};
use crate::document::{Cursor, Document, kept};
use crate::parsed::{FaultKind, Faults, Parsed, Place};
use crate::{json, stamp};

/// How deep lists of documents may be nested: `{"values": [{"value": [metric]}]}` in a list.
const MAX_DEPTH: usize = 5;

/// The most metrics that are kept of one file.
const MAX_METRICS: usize = 10_000;

/// An object of an export. Which it is shows in what it has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Object<'a> {
    // A document, or a list of them.
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    #[serde(borrow)]
    records: Option<&'a RawValue>,
    #[serde(borrow)]
    interval: Option<&'a RawValue>,
    #[serde(borrow)]
    timespan: Option<&'a RawValue>,
    #[serde(borrow)]
    resourceid: Option<&'a RawValue>,
    // A metric.
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    unit: Option<&'a RawValue>,
    #[serde(borrow, rename = "errorCode")]
    error_code: Option<&'a RawValue>,
    #[serde(borrow)]
    timeseries: Option<&'a RawValue>,
    // A series.
    #[serde(borrow)]
    metadatavalues: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    // A point, or a line of a diagnostic setting.
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow, rename = "timeStamp")]
    time_stamp: Option<&'a RawValue>,
    #[serde(borrow, rename = "metricName")]
    metric_name: Option<&'a RawValue>,
    #[serde(borrow, rename = "timeGrain")]
    time_grain: Option<&'a RawValue>,
    #[serde(borrow, rename = "resourceId")]
    resource_id: Option<&'a RawValue>,
    #[serde(borrow)]
    total: Option<&'a RawValue>,
    #[serde(borrow)]
    average: Option<&'a RawValue>,
    #[serde(borrow)]
    minimum: Option<&'a RawValue>,
    #[serde(borrow)]
    maximum: Option<&'a RawValue>,
    #[serde(borrow)]
    count: Option<&'a RawValue>,
}

/// What a document says of all of its metrics.
#[derive(Clone, Default)]
struct Frame {
    interval: Option<u64>,
    timespan: Option<TimeRange>,
    resource: Option<(String, bool)>,
}

/// A metric as it was asked for: its name, its resource, whether that is a plan, and the interval.
type Key = (String, Option<String>, bool, Option<u64>);

struct Reader<'d> {
    /// The text that values are borrowed from.
    text: &'d str,
    places: Cursor<'d>,
    faults: &'d mut Faults,
    metrics: Vec<Metric>,
    /// Metrics of which each line holds one value, by their place in the list.
    lines: BTreeMap<Key, usize>,
    points: usize,
}

/// Reads an export.
pub fn read(bytes: &[u8]) -> Parsed<Vec<Metric>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    if document.is_empty() {
        return Parsed::new(Vec::new(), faults);
    }
    let text = json::clean(&document);
    let (values, tail) = json::several(&text, &document, &mut faults);
    let mut reader = Reader {
        text: &text,
        places: document.cursor(),
        faults: &mut faults,
        metrics: Vec::new(),
        lines: BTreeMap::new(),
        points: 0,
    };
    for value in values {
        reader.any(value, &Frame::default(), 0);
    }
    // What is cut off was closed in a copy, in which offsets count from where the last whole document ended.
    if let Some((start, tail)) = &tail
        && let Ok(value) = serde_json::from_str::<&RawValue>(tail)
    {
        reader.text = tail;
        reader.places = document.cursor_at(*start);
        reader.any(value, &Frame::default(), 0);
    }
    let (points, mut metrics) = (reader.points, reader.metrics);
    if points > MAX_POINTS {
        let kind = FaultKind::Capped {
            what: "points",
            kept: MAX_POINTS as u64,
            found: Some(points as u64),
        };
        faults.add(Place { byte: 0, line: 1 }, kind);
    }
    for metric in &mut metrics {
        for series in &mut metric.series {
            series.points.sort_by_key(|point| point.time);
        }
        metric.interval = metric.interval.or_else(|| shortest(&metric.series));
    }
    if metrics.is_empty() && !document.is_empty() {
        let expected = "an export of metrics";
        faults.add(Place { byte: 0, line: 1 }, FaultKind::Unexpected { expected });
    }
    Parsed::new(metrics, faults)
}

/// The bucket that begins at the head of `bytes`; what stands behind it does not matter.
pub fn read_point(bytes: &[u8]) -> Option<Point> {
    let bytes = bytes.get(..MAX_POINT).unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut stream = serde_json::Deserializer::from_str(&text).into_iter::<Object<'_>>();
    let object = stream.next()?.ok()?;
    point(&object, Place::default())
}

/// The longest bucket, in bytes: a time, five numbers, and the ids of a diagnostic setting.
const MAX_POINT: usize = 16 << 10;

fn point(object: &Object<'_>, place: Place) -> Option<Point> {
    Some(Point {
        time: object.time_stamp.or(object.time).and_then(text).and_then(|text| time(&text))?,
        total: object.total.and_then(number),
        average: object.average.and_then(number),
        minimum: object.minimum.and_then(number),
        maximum: object.maximum.and_then(number),
        count: object.count.and_then(number),
        place,
    })
}

impl<'d> Reader<'d> {
    fn place(&mut self, value: &RawValue) -> Place {
        let offset = (value.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.places.place(offset)
    }

    /// A document, a metric, a value of a line, or a list of such.
    fn any(&mut self, value: &'d RawValue, frame: &Frame, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        if let Some(list) = list(value) {
            for one in list {
                self.any(one, frame, depth + 1);
            }
            return;
        }
        let Some(object) = self.object(value) else { return };
        if object.timeseries.is_some() {
            self.metric(value, &object, frame);
        } else if object.metric_name.is_some() {
            self.line(value, &object);
        } else {
            let mut inner = frame.clone();
            inner.interval = object.interval.and_then(interval).or(inner.interval);
            inner.timespan = object.timespan.and_then(timespan).or(inner.timespan);
            inner.resource = object.resourceid.and_then(resource).or(inner.resource);
            // In the order in which they stand, so that places need no second look.
            let mut lists: Vec<&'d RawValue> =
                [object.value, object.values, object.records].into_iter().flatten().collect();
            lists.sort_by_key(|list| list.get().as_ptr() as usize);
            for list in lists {
                self.any(list, &inner, depth + 1);
            }
        }
    }

    /// What is no object, or says the same twice, is a fault.
    fn object(&mut self, value: &'d RawValue) -> Option<Object<'d>> {
        let object = serde_json::from_str(value.get()).ok();
        if object.is_none() {
            let place = self.place(value);
            self.faults.add(place, FaultKind::Unexpected { expected: "an object" });
        }
        object
    }

    fn metric(&mut self, value: &RawValue, object: &Object<'d>, frame: &Frame) {
        let place = self.place(value);
        let Some(name) = object.name.and_then(name) else {
            self.faults.add(place, FaultKind::Missing { field: "name" });
            return;
        };
        if self.metrics.len() >= MAX_METRICS {
            return;
        }
        let error = object.error_code.and_then(text).filter(|code| code != "Success");
        let resource = object.id.and_then(resource).or_else(|| frame.resource.clone());
        let (resource, is_plan) =
            resource.map_or((None, false), |(name, is_plan)| (Some(name), is_plan));
        let mut metric = Metric {
            name,
            unit: object.unit.and_then(text).map(|word| Unit::of(&word)).unwrap_or_default(),
            interval: frame.interval,
            timespan: frame.timespan,
            resource,
            is_plan,
            error,
            place,
            series: Vec::new(),
        };
        for series in object.timeseries.and_then(list).unwrap_or_default() {
            let Some(series) = self.object(series) else { continue };
            let one = self.series(&series);
            metric.series.push(one);
        }
        self.metrics.push(metric);
    }

    fn series(&mut self, object: &Object<'d>) -> Series {
        let mut series = Series::default();
        for dimension in object.metadatavalues.and_then(list).unwrap_or_default() {
            let Some(dimension) = self.object(dimension) else { continue };
            let (Some(name), Some(value)) =
                (dimension.name.and_then(name), dimension.value.and_then(text))
            else {
                continue;
            };
            if name.eq_ignore_ascii_case("instance") {
                series.instance = Some(value);
            } else if series.dimensions.len() < 10 {
                series.dimensions.push((name, value));
            }
        }
        for point in object.data.and_then(list).unwrap_or_default() {
            let Some(object) = self.object(point) else { continue };
            if let Some(point) = self.point(point, &object) {
                self.keep(&mut series, point);
            }
        }
        series
    }

    fn keep(&mut self, series: &mut Series, point: Point) {
        let Point { total, average, minimum, maximum, .. } = point;
        if [total, average, minimum, maximum].iter().all(Option::is_none) {
            series.empty += 1;
            return;
        }
        self.points += 1;
        if self.points <= MAX_POINTS {
            series.points.push(point);
        }
    }

    fn point(&mut self, value: &RawValue, object: &Object<'d>) -> Option<Point> {
        let place = self.place(value);
        let found = point(object, place);
        if found.is_none() {
            self.faults.add(place, FaultKind::Time { field: "timeStamp" });
        }
        found
    }

    /// A value of a diagnostic setting: each stands by itself.
    fn line(&mut self, value: &RawValue, object: &Object<'d>) {
        let (Some(name), Some(point)) =
            (object.metric_name.and_then(text), self.point(value, object))
        else {
            return;
        };
        let resource = object.resource_id.and_then(resource);
        let (resource, is_plan) =
            resource.map_or((None, false), |(name, is_plan)| (Some(name), is_plan));
        let interval = object.time_grain.and_then(interval);
        let key = (name.clone(), resource.clone(), is_plan, interval);
        let found = self.lines.get(&key).copied();
        let at = found.unwrap_or(self.metrics.len());
        if found.is_none() {
            if self.metrics.len() >= MAX_METRICS {
                return;
            }
            self.lines.insert(key, at);
            let (place, series) = (point.place, vec![Series::default()]);
            let metric =
                Metric { name, interval, resource, is_plan, place, series, ..Metric::default() };
            self.metrics.push(metric);
        }
        let mut series =
            self.metrics.get_mut(at).and_then(|metric| metric.series.pop()).unwrap_or_default();
        self.keep(&mut series, point);
        if let Some(metric) = self.metrics.get_mut(at) {
            metric.series.push(series);
        }
    }
}

/// The distance between neighbours, where the document does not say how long a bucket is.
fn shortest(series: &[Series]) -> Option<u64> {
    series
        .iter()
        .flat_map(|series| series.points.windows(2))
        .filter_map(|pair| match pair {
            [a, b] => u64::try_from((b.time.0 - a.time.0) / 1000).ok().filter(|s| *s > 0),
            _ => None,
        })
        .min()
}

fn list(value: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(value.get()).ok()
}

fn text(value: &RawValue) -> Option<String> {
    let text: String = serde_json::from_str(value.get()).ok()?;
    (!text.trim().is_empty()).then(|| kept(&text))
}

fn number(value: &RawValue) -> Option<f64> {
    let number: Option<f64> = serde_json::from_str(value.get()).ok()?;
    number.filter(|n| n.is_finite())
}

/// `{"value": "Http5xx", "localizedValue": "…"}`, or the name alone.
fn name(value: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Name<'a> {
        #[serde(borrow)]
        value: &'a RawValue,
    }
    text(value).or_else(|| text(serde_json::from_str::<Name<'_>>(value.get()).ok()?.value))
}

/// A time within reason; years beyond are damage, and would stretch every axis.
fn time(text: &str) -> Option<Time> {
    Time::parse(text).filter(|time| (788_918_400_000..4_133_980_800_000).contains(&time.0))
}

fn timespan(value: &RawValue) -> Option<TimeRange> {
    let text = text(value)?;
    let (start, end) = text.split_once('/')?;
    let (start, end) = (time(start)?, time(end)?);
    (start <= end).then(|| TimeRange::new(start, end))
}

/// `PT1M`, `P1D`, and what older command lines print instead: `0:01:00`, `1 day, 0:00:00`.
fn interval(value: &RawValue) -> Option<u64> {
    seconds(&text(value)?).filter(|seconds| *seconds > 0)
}

fn seconds(text: &str) -> Option<u64> {
    if let Some((days, clock)) = text.split_once(" day") {
        let clock = clock.trim_start_matches(['s', ',', ' ']);
        let rest = if clock.is_empty() { 0 } else { stamp::time_span(clock)? / 1000 };
        return Some(u64::from(stamp::number(days)?) * 86_400 + rest);
    }
    let Some(rest) = text.strip_prefix(['P', 'p']) else {
        return stamp::time_span(text).map(|ms| ms / 1000);
    };
    let (mut total, mut digits, mut in_time) = (0, String::new(), false);
    for c in rest.chars().map(|c| c.to_ascii_uppercase()) {
        let unit = match (c, in_time) {
            ('0'..='9', _) => {
                digits.push(c);
                continue;
            }
            ('T', false) if digits.is_empty() => {
                in_time = true;
                continue;
            }
            ('W', false) => 7 * 86_400,
            ('D', false) => 86_400,
            ('H', true) => 3600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        total += u64::from(digits.parse::<u32>().ok()?) * unit;
        digits.clear();
    }
    digits.is_empty().then_some(total)
}

/// The resource of `/subscriptions/…/providers/Microsoft.Web/sites/shop/slots/staging/providers/…`: its name, and
/// whether it is a plan.
fn resource(value: &RawValue) -> Option<(String, bool)> {
    let id = text(value)?.to_ascii_lowercase();
    let mut parts = id.split('/').skip_while(|part| *part != "microsoft.web").skip(1);
    let (kind, name) = (parts.next()?, parts.next().filter(|name| !name.is_empty())?);
    let slot = parts.next().filter(|part| *part == "slots").and_then(|_| parts.next());
    let name = slot.map_or_else(|| name.to_owned(), |slot| format!("{name}({slot})"));
    Some((kept(&name), kind == "serverfarms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        for (text, expected) in [
            ("PT1M", Some(60)),
            ("pt5m", Some(300)),
            ("PT1H", Some(3600)),
            ("P1D", Some(86_400)),
            ("P1DT6H", Some(108_000)),
            ("0:01:00", Some(60)),
            ("00:05:00", Some(300)),
            ("1 day, 0:00:00", Some(86_400)),
            ("P1M", None),
            ("soon", None),
            ("PT", Some(0)),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
