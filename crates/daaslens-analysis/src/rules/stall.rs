#![doc = include_str!("stall.md")]

use std::collections::{BTreeSet, VecDeque};
use std::iter::Peekable;

use daaslens_core::model::Clean;
use daaslens_core::text::{counted, duration_ms, duration_s, thousands, visible};
use daaslens_core::{
    Attribution, Confidence, Evidence, Factor, Finding, Metric, PartKind, Severity, Subject, Time,
    TimeRange,
};
use daaslens_stats::poisson;
use daaslens_stats::stall::{
    Activity, LEAST_IN_FLIGHT, LEAST_SECONDS, MOST_CHANCE, Request, Stall, TRAILING_SECONDS, stalls,
};

use super::{Conclusions, Rule, httperr};
use daaslens_httplog::Vantage;

use crate::correlate;
use crate::facts::Facts;
use crate::http::course::Course;
use crate::http::cube::SiteCube;
use crate::http::summary::app_sites;
use crate::hypotheses::{self, Observation, State};
use crate::signals::ClusterSignal;
use crate::zoom::{Question, Reply};

pub(super) const RULE: Rule =
    Rule { id: "stall", doc: include_str!("stall.md"), questions, conclude };

/// From here on a stall of all instances is critical.
const CRITICAL_SECONDS: i64 = 30;

/// Below this a stall is context.
const INFO_SECONDS: i64 = 10;

/// A longer gap is a log that is missing or a night: a request that waits for an hour has lost its client long ago.
const MOST_SECONDS: i64 = 3600;

/// Gaps whose requests are asked for; those that chance explains least come first.
const MOST_GAPS: usize = 64;

/// Lines of evidence, the prime suspect's included.
const EVIDENCE: usize = 6;

/// A gap without a completion that chance does not explain, with requests in progress.
#[derive(Clone, Debug)]
struct Gap {
    site: Vec<u8>,
    /// The instance that stood still; `None` for all of them together.
    instance: Option<String>,
    /// Instances that answered in the five minutes before.
    active: usize,
    /// The series begin [`TRAILING_SECONDS`] before the gap.
    first_second: i64,
    /// To the first second after the gap.
    completions: Vec<u32>,
    /// To the last second of the gap.
    in_flight: Vec<u32>,
    /// The first second without a completion, and the first with one again.
    start: i64,
    end: i64,
    /// Completions that the rate before would have brought.
    expected: f64,
}

impl Gap {
    /// Where in the series the gap begins.
    fn offset(&self) -> usize {
        usize::try_from(self.start - self.first_second).unwrap_or(0)
    }

    fn range(&self) -> TimeRange {
        TimeRange::new(Time::from_seconds(self.start), Time::from_seconds(self.end - 1))
    }

    fn question(&self, vantage: Vantage) -> Question {
        // What ends later than this the detector does not take for released.
        let grace = (self.end - self.start) / 10 + 3;
        Question::Ended {
            vantage,
            site: self.site.clone(),
            instance: self.instance.clone(),
            range: TimeRange::new(
                Time::from_seconds(self.end),
                Time(Time::from_seconds(self.end + grace).0 + 999),
            ),
        }
    }

    /// The stall that this gap is, if what ended after it had waited in it.
    fn stall(&self, requests: &[Request]) -> Option<Stall> {
        let activity = Activity {
            first_second: self.first_second,
            completions: &self.completions,
            in_flight: &self.in_flight,
        };
        stalls(activity, requests).into_iter().find(|stall| stall.first_second == self.start)
    }
}

/// What one lane did in one second: the second, completions, starts, the lane's number.
type Cell = (i64, u32, u32, usize);

/// The cells of several lanes in order of time.
struct Together<I: Iterator<Item = (i64, u32, u32)>>(Vec<(usize, Peekable<I>)>);

impl<I: Iterator<Item = (i64, u32, u32)>> Iterator for Together<I> {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        let (_, lane) = self
            .0
            .iter_mut()
            .enumerate()
            .filter_map(|(at, (_, cells))| Some((cells.peek()?.0, at)))
            .min()?;
        let (lane, cells) = self.0.get_mut(lane)?;
        cells.next().map(|(second, ends, starts)| (second, ends, starts, *lane))
    }
}

fn together<'a>(courses: impl Iterator<Item = &'a Course>) -> impl Iterator<Item = Cell> {
    Together(courses.enumerate().map(|(lane, course)| (lane, course.cells().peekable())).collect())
}

/// All gaps worth a look, those of all instances together before those of one, and the sites that cannot be told.
fn gaps(facts: &Facts<'_>) -> (Vec<Gap>, Vec<String>) {
    let mut found = Vec::new();
    let mut unchecked = Vec::new();
    for (name, site) in app_sites(facts.cube) {
        let width = site.lanes().map(|(_, lane)| lane.course.width()).max().unwrap_or(1);
        if width > 1 {
            unchecked.push(format!(
                "stall: the requests of {} are counted in steps of {}, too wide for it, because the logs span so much \
                 time; analyse a shorter stretch.",
                visible(name),
                duration_s(width.unsigned_abs())
            ));
            continue;
        }
        of_site(name, site, &mut found);
    }
    // The sort is stable: equals stay in order of site, instance and time.
    found.sort_by(|a: &Gap, b: &Gap| {
        let wide_first = a.instance.is_some().cmp(&b.instance.is_some());
        wide_first.then(b.expected.total_cmp(&a.expected))
    });
    found.truncate(MOST_GAPS);
    (found, unchecked)
}

fn of_site(name: &[u8], site: &SiteCube, found: &mut Vec<Gap>) {
    let mut take = |instance: Option<&str>, cells: &mut dyn Iterator<Item = Cell>| {
        scan(cells, &mut |gap| {
            found.push(Gap { site: name.to_vec(), instance: instance.map(str::to_owned), ..gap });
        });
    };
    take(None, &mut together(site.lanes().map(|(_, lane)| &lane.course)));
    if site.lanes().count() > 1 {
        for (instance, lane) in site.lanes() {
            take(Some(instance), &mut together(std::iter::once(&lane.course)));
        }
    }
}

/// Walks along the cells and hands out every gap beyond chance behind which somebody waited.
fn scan(cells: &mut dyn Iterator<Item = Cell>, found: &mut dyn FnMut(Gap)) {
    const TRAILING: i64 = TRAILING_SECONDS as i64;
    let mut recent: VecDeque<Cell> = VecDeque::new();
    // Requests in progress when the first of the recent cells begins.
    let mut base = 0_i64;
    let mut first = None;
    let mut last = None;
    for cell in cells {
        let (second, ends, ..) = cell;
        if ends > 0 {
            if let (Some(first), Some(last)) = (first, last)
                && let Some(gap) = gap(&recent, base, cell, first, last)
            {
                found(gap);
            }
            first = first.or(Some(second));
            last = Some(second);
        }
        recent.push_back(cell);
        while let Some((front, ends, starts, _)) = recent.front().copied()
            && last.is_some_and(|last| front < last + 1 - TRAILING)
        {
            base += i64::from(starts) - i64::from(ends);
            recent.pop_front();
        }
    }
}

/// The gap between the completion in second `last` and the one in `cell`, if it is worth a look.
fn gap(recent: &VecDeque<Cell>, base: i64, cell: Cell, first: i64, last: i64) -> Option<Gap> {
    let (start, end) = (last + 1, cell.0);
    if end - start < LEAST_SECONDS as i64 || end - start > MOST_SECONDS {
        return None;
    }
    let first_second = first.max(start - TRAILING_SECONDS as i64);
    let seconds = usize::try_from(end - first_second + 1).ok()?;
    let trailing = recent.iter().filter(|(second, ..)| (first_second..start).contains(second));
    let completed: u64 = trailing.clone().map(|(_, ends, ..)| u64::from(*ends)).sum();
    let rate = completed as f64 / (start - first_second).max(1) as f64;
    let expected = rate * (end - start) as f64;
    if poisson::none(expected) >= MOST_CHANCE {
        return None;
    }
    let active: BTreeSet<usize> =
        trailing.filter(|(_, ends, ..)| *ends > 0).map(|(.., lane)| *lane).collect();
    let mut completions = vec![0_u32; seconds];
    // How the number in progress changes with a second's beginning: a request is in progress in its last second.
    let mut changes = vec![0_i64; seconds + 1];
    for (second, ends, starts, _) in recent.iter().copied().chain([cell]) {
        // What lies before the series counts at its beginning.
        let at = usize::try_from(second - first_second).ok();
        if let Some(count) = at.and_then(|at| completions.get_mut(at)) {
            *count = count.saturating_add(ends);
        }
        if let Some(change) = changes.get_mut(at.unwrap_or(0)) {
            *change += i64::from(starts);
        }
        if let Some(change) = changes.get_mut(at.map_or(0, |at| at + 1)) {
            *change -= i64::from(ends);
        }
    }
    let mut now = base;
    let in_flight: Vec<u32> = changes
        .into_iter()
        .take(seconds - 1)
        .map(|change| {
            now += change;
            u32::try_from(now.max(0)).unwrap_or(u32::MAX)
        })
        .collect();
    let gap = Gap {
        site: Vec::new(),
        instance: None,
        active: active.len(),
        first_second,
        completions,
        in_flight,
        start,
        end,
        expected,
    };
    let peak = gap.in_flight.iter().skip(gap.offset()).max()?;
    (u64::from(*peak) >= LEAST_IN_FLIGHT).then_some(gap)
}

fn questions(facts: &Facts<'_>) -> Vec<Question> {
    gaps(facts).0.iter().map(|gap| gap.question(facts.vantage)).collect()
}

fn conclude(facts: &Facts<'_>, replies: &[Reply], out: &mut Conclusions) {
    httperr::conclude(facts, &RULE, 5, out);
    let (gaps, unchecked) = gaps(facts);
    let mut wide: Vec<(&[u8], TimeRange)> = Vec::new();
    for (gap, reply) in gaps.iter().zip(replies) {
        let requests: Vec<Request> = reply
            .ended
            .values()
            .map(|one| Request { end_second: one.end_second, time_taken_ms: one.time_taken_ms })
            .collect();
        let Some(stall) = gap.stall(&requests) else { continue };
        if gap.instance.is_none() {
            wide.push((&gap.site, gap.range()));
        } else if wide.iter().any(|(site, whole)| *site == gap.site && is_part(gap.range(), *whole))
        {
            // Said of all instances already.
            continue;
        }
        out.findings.push(finding(facts, gap, stall, reply));
    }
    if let Some(http) = facts.http
        && out.findings.is_empty()
        && unchecked.is_empty()
        && http.totals.requests > 0
    {
        let text = if gaps.is_empty() {
            format!(
                "{} without a pause of {} that chance does not explain and in which requests waited",
                counted(http.totals.requests, "request", "requests"),
                duration_s(LEAST_SECONDS as u64)
            )
        } else {
            format!(
                "{} in the answers, but those who waited were not answered together after it",
                counted(gaps.len() as u64, "unlikely pause", "unlikely pauses")
            )
        };
        out.clean.push(Clean { rule: RULE.id, text });
    }
    out.not_checked.extend(unchecked);
}

/// Whether a pause of one instance is for the most part that of all.
fn is_part(own: TimeRange, whole: TimeRange) -> bool {
    let shared = own.end.seconds().min(whole.end.seconds())
        - own.start.seconds().max(whole.start.seconds())
        + 1;
    shared * 2 > own.seconds()
}

fn finding(facts: &Facts<'_>, gap: &Gap, stall: Stall, reply: &Reply) -> Finding {
    let seconds = gap.end - gap.start;
    let severity = match (seconds, &gap.instance) {
        (..INFO_SECONDS, _) => Severity::Info,
        (CRITICAL_SECONDS.., None) => Severity::Critical,
        _ => Severity::Warning,
    };
    let who = match &gap.instance {
        Some(instance) => format!("Instance {instance}"),
        None if gap.active > 1 => "All instances".to_owned(),
        None => "The site".to_owned(),
    };
    let span = reply
        .ended
        .values()
        .filter(|one| i64::from(one.time_taken_ms) >= seconds * 300)
        .map(|one| one.end_second - gap.end)
        .max()
        .unwrap_or(0);
    let headline = format!(
        "{who} stopped answering for {}: {} in flight, {} of them ended within {} of each other",
        duration_s(seconds.unsigned_abs()),
        counted(u64::from(stall.in_flight), "request was", "requests were"),
        thousands(u64::from(stall.released)),
        duration_s((span + 1).unsigned_abs())
    );
    let mut finding = Finding::new(RULE.id, severity, Confidence::Likely, headline);
    finding.window = Some(gap.range());
    finding.impact = u64::from(stall.in_flight);
    finding.subject = Subject {
        site: Some(visible(&gap.site).into_owned()).filter(|site| !site.is_empty()),
        instance: gap.instance.clone(),
        ..Subject::default()
    };
    finding.metrics = vec![
        ("seconds", Metric::Count(seconds.unsigned_abs())),
        ("in_flight", Metric::Count(u64::from(stall.in_flight))),
        ("released", Metric::Count(u64::from(stall.released))),
    ];
    finding.detail = format!(
        "At the rate of the minutes before, {} would have been answered in that time. The first to have begun is the \
         prime suspect; the others waited with it or behind it.",
        counted(gap.expected.round() as u64, "request", "requests")
    );
    let attribution = attribution(gap, stall);
    finding.causes = correlate::stall_causes(facts, &signal(gap), &attribution, signs(gap, stall));
    if let Some(cause) = finding.causes.first() {
        finding.advice = hypotheses::advice(cause);
    }
    finding.advice.collect_next.push(
        "Thread stacks or a memory dump of an instance while it stands still; after it there is nothing left to see"
            .to_owned(),
    );
    finding.evidence = evidence(stall, reply);
    // Nothing sets those apart that waited: everybody did. A stall of one instance has its subject instead.
    finding.attribution = gap.instance.is_none().then_some(attribution);
    finding
}

/// The stall as what events and deployments are held against.
fn signal(gap: &Gap) -> ClusterSignal {
    ClusterSignal {
        site: gap.site.clone(),
        family: None,
        range: gap.range(),
        requests: 0,
        errors: 0,
        server_errors: 0,
        usual: (0, 0),
        excess: 0,
    }
}

fn attribution(gap: &Gap, stall: Stall) -> Attribution {
    let released = u64::from(stall.released);
    let factor = |instance: &String| Factor {
        dimension: "instance",
        value: instance.clone(),
        kind: PartKind::Instance,
        failing: (released, released),
        answered: (0, 0),
        risk_ratio_low: 0.0,
        excess_share: 1.0,
    };
    Attribution { factors: gap.instance.iter().map(factor).collect(), even: Vec::new() }
}

/// What the requests themselves say about the cause.
fn signs(gap: &Gap, stall: Stall) -> Vec<Observation> {
    let mut seen = Vec::new();
    let mut add = |sign, state, text| seen.push(Observation { sign, state, text });
    match &gap.instance {
        Some(instance) => add(
            "one-instance",
            State::Present,
            format!("instance {instance} stood still while others answered"),
        ),
        None if gap.active > 1 => {
            add(
                "all-instances-alike",
                State::Present,
                format!("all {} instances stood still together", gap.active),
            );
            add("one-instance", State::Absent, "the instances stood still together".to_owned());
        }
        None => {}
    }
    let (before, inside) = gap.in_flight.split_at(gap.offset().min(gap.in_flight.len()));
    let usual = before.iter().map(|n| f64::from(*n)).sum::<f64>() / before.len().max(1) as f64;
    if f64::from(stall.in_flight) >= 3.0 * usual.max(1.0) {
        add(
            "slow-before",
            State::Present,
            format!(
                "requests waited: {} in progress at once, {usual:.0} on average in the minutes before",
                thousands(u64::from(stall.in_flight))
            ),
        );
    }
    // The last third of the gap, its last second excepted: there those who were released begin to end.
    let third = inside.len().saturating_sub(1) / 3;
    let late = inside.iter().rev().skip(1).take(third);
    let (low, high) = (late.clone().min().copied().unwrap_or(0), late.max().copied().unwrap_or(0));
    let awaited = gap.expected * third as f64 / inside.len().max(1) as f64;
    if low < high {
        add(
            "in-flight-plateau",
            State::Absent,
            "the number of requests that waited grew until the end, it met no limit".to_owned(),
        );
    } else if third > 2 && awaited >= 7.0 {
        add(
            "in-flight-plateau",
            State::Present,
            format!("the number of requests that waited rose to {high} and not beyond"),
        );
    }
    seen
}

/// The request that began first, then one of each kind that was released.
fn evidence(stall: Stall, reply: &Reply) -> Vec<Evidence> {
    let mut lines = Vec::new();
    if let Some(((began, at), one)) = reply.ended.iter().nth(stall.oldest)
        && let Some(excerpt) = &one.excerpt
    {
        lines.push(Evidence {
            at: *at,
            note: format!(
                "the first to have begun, at {}; it waited {}",
                Time(*began).format("%H:%M:%S"),
                duration_ms(u64::from(one.time_taken_ms))
            ),
            excerpt: excerpt.clone(),
            alike: 1,
        });
    }
    let first = lines.first().map(|line| line.at);
    let others = reply.evidence(EVIDENCE).into_iter().filter(|line| Some(line.at) != first);
    lines.extend(others.take(EVIDENCE - 1));
    lines
}

#[cfg(test)]
mod tests;
