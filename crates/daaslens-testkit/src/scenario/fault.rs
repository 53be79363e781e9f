//! What is planted, how it is described, and how a simulated site becomes a bundle and its truth.

use super::Staged;
use super::site::{Site, Visit};
use crate::w3c::raw_log_name;
use crate::{
    Bundle, Culprit, Fault, LineEnd, LogBuilder, PhpLogBuilder, Random, Request, Tally, Truth,
};
use daaslens_core::Time;
use std::collections::BTreeMap;

/// Which requests a fault hits, and what it does to them.
pub(crate) struct Damage<'a> {
    /// The first second, from the start of the log.
    pub(crate) from: i64,
    /// The first second after it.
    pub(crate) to: i64,
    /// The share of the requests in question.
    pub(crate) share: f64,
    /// No fewer than this many, as far as there are any.
    pub(crate) at_least: usize,
    /// Which requests are in question.
    pub(crate) hits: &'a dyn Fn(&Visit) -> bool,
    /// What becomes of them.
    pub(crate) change: &'a dyn Fn(&mut Request, &mut Random),
}

/// A planted fault, before its window and its errors are counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planted {
    /// The rules one of which must fire.
    pub(crate) rules: &'static [&'static str],
    /// For clusters: 500, 502, 503 or 504.
    pub(crate) family: Option<u16>,
    /// For other faults: first and last second, from the start of the log. Clusters are measured.
    pub(crate) window: (i64, i64),
    /// Hypotheses that fit.
    pub(crate) hypotheses: &'static [&'static str],
    /// What is to blame.
    pub(crate) culprit: Option<Culprit>,
    /// Words that must be found in the finding.
    pub(crate) mention: Vec<String>,
}

/// The status family of a cluster: other 5xx belong to 500.
pub(crate) fn family(status: u16) -> Option<u16> {
    match status {
        502..=504 => Some(status),
        500..=599 => Some(500),
        _ => None,
    }
}

const QUIET_MARGIN: i64 = 600;

impl Site {
    /// Announces a fault; its index goes into [`Visit::fault`].
    pub(crate) fn plant(&mut self, planted: Planted) -> usize {
        self.planted.push(planted);
        self.planted.len() - 1
    }

    /// Forbids what a site without failing requests must not show.
    pub(crate) fn forbid(&mut self, rules: &[&'static str]) {
        self.forbidden.extend_from_slice(rules);
    }

    /// Writes the files and counts the truth.
    pub(crate) fn finish(mut self) -> Staged {
        // What ends after the end of the log is not in it: a request is logged when it is done.
        let (start, end) = (self.start, self.end);
        self.visits.retain(|visit| (start..end).contains(&visit.request.ended));
        self.visits.sort_by_key(|visit| (visit.request.ended, visit.instance));
        let mut bundle = Bundle::default();
        let malformed = self.add_logs(&mut bundle);
        let faults: Vec<Fault> =
            (0..self.planted.len()).filter_map(|index| self.describe(index)).collect();
        let events = (!self.events.is_empty()).then(|| self.events.len());
        let php_records = self.php.as_ref().map(PhpLogBuilder::len);
        if events.is_some() {
            bundle.add("LogFiles/eventlog.xml", std::mem::take(&mut self.events).finish());
        }
        if let Some(php) = self.php.take() {
            bundle.add("LogFiles/php_errors.log", php.finish());
        }
        for deployment in &self.deployments {
            deployment.add_to(&mut bundle, "deployments");
        }
        if let Some(last) = self.deployments.iter().rfind(|deployment| deployment.success) {
            bundle.add("deployments/active", last.id.clone());
        }
        let requests = self.visits.iter().filter(|visit| !visit.torn).map(|visit| &visit.request);
        let truth = Truth {
            scenario: self.scenario.into(),
            seed: self.seed,
            hours: self.plan.minutes as f64 / 60.0,
            http: Tally::of(requests).truth(self.instances.len() as u64, 12),
            malformed,
            events,
            php_records,
            quiet: self.quiet(&faults),
            faults,
            forbidden_rules: self.forbidden.iter().map(|&rule| rule.into()).collect(),
        };
        Staged { bundle, truth }
    }

    /// One file per instance and hour. Returns how many lines were torn.
    fn add_logs(&self, bundle: &mut Bundle) -> u64 {
        let mut logs: BTreeMap<(usize, i64), (String, LogBuilder, Time)> = BTreeMap::new();
        let mut torn = 0;
        for visit in &self.visits {
            let at = visit.request.ended;
            let (_, log, last) =
                logs.entry((visit.instance, at.seconds().div_euclid(3600))).or_insert_with(|| {
                    (
                        raw_log_name(&self.instances[visit.instance], at),
                        LogBuilder::azure(LineEnd::CrLf),
                        at,
                    )
                });
            if at.seconds() - last.seconds() >= 900 {
                log.header(); // HTTP.sys closes an idle log and writes the header again.
            }
            *last = at;
            if visit.torn {
                torn += 1;
                let line = visit.request.line();
                log.text(line.split_at_checked(line.len() / 3).map_or("torn", |(front, _)| front));
            } else {
                log.push(&visit.request);
            }
        }
        for (name, log, _) in logs.into_values() {
            bundle.add(format!("LogFiles/http/RawLogs/{name}"), log.finish());
        }
        torn
    }

    /// Measures a fault. `None` where a cluster hit nothing, which the tests of the scenarios rule out.
    fn describe(&self, index: usize) -> Option<Fault> {
        let planted = &self.planted[index];
        let (first, last) = if planted.family.is_some() {
            let hit = |visit: &&Visit| {
                visit.fault == Some(index) && !visit.request.is_abort() && !visit.torn
            };
            let mut seconds =
                self.visits.iter().filter(hit).map(|visit| visit.request.ended.seconds());
            let first = seconds.next()?;
            (first, seconds.next_back().unwrap_or(first))
        } else {
            (self.at(planted.window.0).seconds(), self.at(planted.window.1).seconds())
        };
        let errors = |wanted: Option<u16>| {
            let counts = |visit: &&Visit| {
                let request = &visit.request;
                (first..=last).contains(&request.ended.seconds())
                    && !request.is_scm()
                    && !request.is_abort()
                    && !visit.torn
                    && family(request.status)
                        .is_some_and(|found| wanted.is_none_or(|wanted| wanted == found))
            };
            self.visits.iter().filter(counts).count() as u64
        };
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        Some(Fault {
            id: char::from(b'A' + index as u8).to_string(),
            rules: words(planted.rules),
            status_family: planted.family.map(|family| family.to_string()),
            window: (Time::from_seconds(first).rfc3339(), Time::from_seconds(last).rfc3339()),
            errors: planted.family.map(|family| errors(Some(family))),
            server_errors_in_window: errors(None),
            hypotheses: (!planted.hypotheses.is_empty()).then(|| words(planted.hypotheses)),
            culprit: planted.culprit.clone(),
            must_mention: planted.mention.clone(),
        })
    }

    /// The log without the faults and ten minutes around each.
    fn quiet(&self, faults: &[Fault]) -> Vec<(String, String)> {
        let mut busy: Vec<(i64, i64)> = faults
            .iter()
            .filter_map(|fault| {
                Some((
                    Time::parse(&fault.window.0)?.seconds(),
                    Time::parse(&fault.window.1)?.seconds(),
                ))
            })
            .map(|(first, last)| (first - QUIET_MARGIN, last + QUIET_MARGIN))
            .collect();
        busy.sort_unstable();
        busy.push((self.end.seconds(), self.end.seconds()));
        let (mut quiet, mut from) = (Vec::new(), self.start.seconds());
        for (first, last) in busy {
            if first > from {
                quiet.push((
                    Time::from_seconds(from).rfc3339(),
                    Time::from_seconds(first).rfc3339(),
                ));
            }
            from = from.max(last);
        }
        quiet
    }
}
