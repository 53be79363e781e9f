//! The cube: everything that is counted of HTTP requests, once per record.

use std::collections::BTreeMap;

use daaslens_core::model::HttpCounts;
use daaslens_core::text::visible;
use daaslens_core::{Latency, Time, TimeRange};
use daaslens_httplog::w3c::Service;
use daaslens_httplog::{Field, Request, Vantage};

use super::course::{Course, LatencyCourse, family};
use super::samples::Samples;
use super::template;
use crate::config::Filter;
use crate::keys::{Keys, Merge};

/// Distinct URL templates that are kept. Templates, not paths: a site with more has paths that are made up.
pub(crate) const MAX_URLS: usize = 20_000;

/// Clients whose requests were cancelled in one second, before it is no longer the clients' doing.
const MANY_CLIENTS: usize = 5;

/// From here on a request is slow enough to be shown as an example of it.
const SLOW_MS: u32 = 1000;

/// Limits that are common in servers, drivers and clients, in seconds; the front end's own is beyond.
pub(crate) const LIMITS: [u32; 7] = [30, 60, 70, 90, 100, 110, 120];

/// How far from a limit its wall reaches, in ms.
const AROUND_LIMIT: u32 = 3000;

/// Whether a win32 status says that the client, or something between, gave up.
pub(crate) const fn is_abort(win32: u64) -> bool {
    matches!(win32, 64 | 121 | 995 | 1229 | 1236)
}

/// Whether an abort after this time is the front end's doing: it cuts requests off after some 230 seconds.
pub(crate) const fn is_front_end_timeout(ms: u32) -> bool {
    225_000 <= ms && ms <= 245_000
}

/// Sites that are kept apart. A plan has a handful; a log that was tampered with may name millions.
const MAX_SITES: usize = 64;

/// Instances of a site that are kept apart: a plan has thirty at most, and a week sees some more of them.
const MAX_INSTANCES: usize = 512;

/// The name under which instances beyond the cap are shown.
const OTHER_INSTANCES: &str = "(other instances)";

/// Distinct words of a gateway that are kept apart; some forty are known.
const MAX_TROUBLES: usize = 256;

/// Distinct `status.substatus.win32` that are kept apart.
const MAX_OUTCOMES: usize = 4096;

/// What one or many sources hold, by lower-case site name. Merging is commutative and associative.
#[derive(Clone, Debug)]
pub(crate) struct Cube {
    pub(crate) sites: Keys<SiteCube>,
}

/// A cube for each vantage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cubes([Cube; Vantage::ALL.len()]);

/// What is counted of one site.
#[derive(Clone, Debug)]
pub(crate) struct SiteCube {
    /// The first record, by source and byte: names are numbered in this order.
    pub(crate) first: Option<(usize, u64)>,
    pub(crate) counts: HttpCounts,
    /// Requests by `sc-status`; 0 for records without one.
    pub(crate) status: Vec<u64>,
    /// By [`outcome_key`].
    pub(crate) outcomes: Keys<OutcomeCube>,
    pub(crate) latency: Latency,
    pub(crate) latency_course: LatencyCourse,
    pub(crate) urls: Keys<UrlCube>,
    /// What went wrong behind a gateway, by its word for it.
    pub(crate) troubles: Keys<Trouble>,
    /// Server errors per template, kept apart so that a flood of made-up paths cannot push them out.
    pub(crate) failing: Keys<u64>,
    /// By instance; the empty name where the source has none.
    lanes: Keys<Lane>,
    /// Client aborts.
    pub(crate) aborts: Samples,
    /// Those of them that the front end cut off.
    pub(crate) cut_off: Samples,
    /// Requests that took about as long as a common limit, by limit in seconds.
    pub(crate) at_limit: BTreeMap<u32, Samples>,
    /// Requests that were cancelled (995) before the front end's limit, by second.
    cancelled: BTreeMap<i64, Cancelled>,
}

/// One word of a gateway.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) samples: Samples,
    /// What the visitors were answered.
    pub(crate) statuses: BTreeMap<u16, u64>,
}

impl Merge for Trouble {
    fn merge(&mut self, other: Self) {
        self.samples.merge(other.samples);
        for (status, n) in other.statuses {
            *self.statuses.entry(status).or_default() += n;
        }
    }
}

/// One `status.substatus.win32`.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutcomeCube {
    pub(crate) requests: u64,
    pub(crate) latency: Latency,
    pub(crate) range: Option<TimeRange>,
}

/// One URL template.
#[derive(Clone, Debug, Default)]
pub(crate) struct UrlCube {
    pub(crate) requests: u64,
    pub(crate) server_errors: u64,
    /// Requests that the front end cut off.
    pub(crate) cut_off: u64,
    /// Requests with status 101 or a method of a remote procedure call: long by nature.
    pub(crate) long: u64,
    pub(crate) times: Times,
    /// Requests that took at least [`SLOW_MS`]; boxed, since most URLs have none.
    pub(crate) slow: Option<Box<Samples>>,
}

/// One site on one instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    pub(crate) counts: HttpCounts,
    pub(crate) course: Course,
    pub(crate) range: Option<TimeRange>,
}

/// Durations of one URL: the first few as they are, a histogram only for what is asked for more often. Most of
/// the distinct URLs of a log are seen once or twice, and a histogram for each would be most of the memory.
#[derive(Clone, Debug)]
pub(crate) enum Times {
    Few([u32; 6], u8),
    Many(Box<Latency>),
}

#[derive(Clone, Debug, Default)]
struct Cancelled {
    requests: u64,
    /// The smallest few hashes of clients: enough to tell whether there were [`MANY_CLIENTS`].
    clients: Vec<u64>,
}

impl Default for Times {
    fn default() -> Self {
        Self::Few([0; 6], 0)
    }
}

impl Times {
    pub(crate) fn record(&mut self, ms: u32) {
        match self {
            Self::Many(latency) => latency.record(ms),
            Self::Few(values, len) => {
                if let Some(value) = values.get_mut(usize::from(*len)) {
                    *value = ms;
                    *len += 1;
                } else {
                    let mut latency = self.latency();
                    latency.record(ms);
                    *self = Self::Many(Box::new(latency));
                }
            }
        }
    }

    pub(crate) fn latency(&self) -> Latency {
        match self {
            Self::Many(latency) => (**latency).clone(),
            Self::Few(values, len) => {
                let mut latency = Latency::default();
                for &ms in &values[..usize::from(*len)] {
                    latency.record(ms);
                }
                latency
            }
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        match self {
            Self::Many(latency) => latency.sum(),
            Self::Few(values, len) => {
                values[..usize::from(*len)].iter().map(|&ms| u64::from(ms)).sum()
            }
        }
    }

    fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Many(mine), Self::Many(theirs)) => mine.merge(&theirs),
            (_, Self::Few(values, len)) => {
                for &ms in &values[..usize::from(len)] {
                    self.record(ms);
                }
            }
            (Self::Few(..), Self::Many(mut theirs)) => {
                theirs.merge(&self.latency());
                *self = Self::Many(theirs);
            }
        }
    }
}

impl Merge for UrlCube {
    fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.server_errors += other.server_errors;
        self.cut_off += other.cut_off;
        self.long += other.long;
        self.times.merge(other.times);
        if let Some(theirs) = other.slow {
            self.slow.get_or_insert_default().merge(*theirs);
        }
    }
}

impl Cancelled {
    fn client(&mut self, client: u64) {
        if let Err(at) = self.clients.binary_search(&client) {
            self.clients.insert(at, client);
            self.clients.truncate(MANY_CLIENTS);
        }
    }
}

impl Merge for Lane {
    fn merge(&mut self, other: Self) {
        self.counts.add(&other.counts);
        self.course.merge(other.course);
        self.range = TimeRange::merge(self.range, other.range);
    }
}

impl Merge for OutcomeCube {
    fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.latency.merge(&other.latency);
        self.range = TimeRange::merge(self.range, other.range);
    }
}

impl Default for SiteCube {
    fn default() -> Self {
        Self {
            first: None,
            counts: HttpCounts::default(),
            status: vec![0; 1000],
            outcomes: Keys::new(MAX_OUTCOMES),
            latency: Latency::default(),
            latency_course: LatencyCourse::default(),
            urls: Keys::new(MAX_URLS),
            failing: Keys::new(MAX_URLS),
            troubles: Keys::new(MAX_TROUBLES),
            lanes: Keys::new(MAX_INSTANCES),
            aborts: Samples::default(),
            cut_off: Samples::default(),
            at_limit: BTreeMap::new(),
            cancelled: BTreeMap::new(),
        }
    }
}

impl Merge for SiteCube {
    fn merge(&mut self, other: Self) {
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.counts.add(&other.counts);
        for (mine, theirs) in self.status.iter_mut().zip(other.status) {
            *mine += theirs;
        }
        self.outcomes.merge(other.outcomes);
        self.latency.merge(&other.latency);
        self.latency_course.merge(other.latency_course);
        self.urls.merge(other.urls);
        self.failing.merge(other.failing);
        self.troubles.merge(other.troubles);
        self.lanes.merge(other.lanes);
        self.aborts.merge(other.aborts);
        self.cut_off.merge(other.cut_off);
        for (limit, theirs) in other.at_limit {
            self.at_limit.entry(limit).or_default().merge(theirs);
        }
        for (second, theirs) in other.cancelled {
            let mine = self.cancelled.entry(second).or_default();
            mine.requests += theirs.requests;
            for client in theirs.clients {
                mine.client(client);
            }
        }
    }
}

impl SiteCube {
    /// What is counted per instance, by name; instances beyond the cap are one.
    pub(crate) fn lanes(&self) -> impl Iterator<Item = (&str, &Lane)> {
        let name = |name| std::str::from_utf8(name).unwrap_or_default();
        let rest = self.lanes.rest().map(|rest| (OTHER_INSTANCES, rest));
        self.lanes.sorted().into_iter().map(move |(key, lane)| (name(key), lane)).chain(rest)
    }

    /// Requests that were cut off, not given up: at the front end's limit, or cancelled together with those of
    /// other clients. The second kind is known only when all records of a second are.
    pub(crate) fn cutoffs(&self) -> u64 {
        let together =
            self.cancelled.values().filter(|c| c.clients.len() >= MANY_CLIENTS).map(|c| c.requests);
        self.counts.cutoffs + together.sum::<u64>()
    }

    /// The seconds in which requests of many clients were cancelled together, with how many.
    pub(crate) fn cancelled_together(&self) -> impl Iterator<Item = (i64, u64)> {
        self.cancelled
            .iter()
            .filter(|(_, c)| c.clients.len() >= MANY_CLIENTS)
            .map(|(second, c)| (*second, c.requests))
    }
}

impl Default for Cube {
    fn default() -> Self {
        Self { sites: Keys::new(MAX_SITES) }
    }
}

impl Cube {
    /// Whether it holds no request.
    pub(crate) fn is_empty(&self) -> bool {
        self.sites.sorted().is_empty()
    }

    fn merge(&mut self, other: Self) {
        self.sites.merge(other.sites);
    }
}

impl Cubes {
    /// The names of the sites that users asked, sorted.
    pub(crate) fn app_sites(&self) -> impl Iterator<Item = &[u8]> {
        let names = self.0.iter().flat_map(|cube| cube.sites.sorted());
        names.map(|(name, _)| name).filter(|name| !is_scm(name))
    }

    /// What was seen from a vantage.
    pub(crate) fn of(&self, vantage: Vantage) -> &Cube {
        &self.0[vantage as usize]
    }

    /// The vantage that is counted: the first from which a request was seen.
    pub(crate) fn main(&self) -> Vantage {
        let seen = |vantage: &Vantage| !self.of(*vantage).is_empty();
        Vantage::ALL.into_iter().find(seen).unwrap_or_default()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            mine.merge(theirs);
        }
    }
}

/// The key of an outcome: sorts by status, substatus, win32.
pub(crate) fn outcome_key(status: u16, substatus: u32, win32: u64) -> [u8; 14] {
    let mut key = [0; 14];
    key[..2].copy_from_slice(&status.to_be_bytes());
    key[2..6].copy_from_slice(&substatus.to_be_bytes());
    key[6..].copy_from_slice(&win32.to_be_bytes());
    key
}

/// The outcome of a key.
pub(crate) fn outcome_of(key: &[u8]) -> Option<(u16, u32, u64)> {
    let (status, rest) = key.split_first_chunk()?;
    let (substatus, win32) = rest.split_first_chunk()?;
    Some((
        u16::from_be_bytes(*status),
        u32::from_be_bytes(*substatus),
        u64::from_be_bytes(win32.try_into().ok()?),
    ))
}

/// Folds the records of one source. Turned into [`Cubes`] when the source is done.
pub(crate) struct Fold<'f> {
    filter: &'f Filter,
    instance: String,
    source: usize,
    done: Cubes,
    sites: Vec<SiteFold>,
    /// The site of the last record: nearly always that of the next one too.
    last: usize,
    buffer: Vec<u8>,
}

/// What is counted of one site in one source: a [`SiteCube`] with what makes counting fast.
struct SiteFold {
    vantage: Vantage,
    /// The instance, where the records name it; else it is that of the source.
    instance: Option<Vec<u8>>,
    name: Vec<u8>,
    service: Service,
    cube: SiteCube,
    lane: Lane,
}

impl<'f> Fold<'f> {
    pub(crate) fn new(filter: &'f Filter, instance: String, source: usize) -> Self {
        Self {
            filter,
            instance,
            source,
            done: Cubes::default(),
            sites: Vec::new(),
            last: 0,
            buffer: Vec::new(),
        }
    }

    /// Counts a record.
    #[inline]
    pub(crate) fn record(&mut self, record: &impl Request) {
        let stem = record.uri_stem().unwrap_or_default();
        if !self.filter.admits(record.time(), stem) {
            return;
        }
        let instance = record.instance();
        if instance.is_some_and(|name| !self.filter.admits_instance(&[&visible(name)])) {
            return;
        }
        let site = record.site_name().unwrap_or_default();
        let site = self.site(record.vantage(), instance.map(|name| &**name), site);
        let site = &mut self.sites[site];
        let first = (self.source, record.span().start);
        // Pieces of a source come in any order.
        site.cube.first = Some(site.cube.first.map_or(first, |known| known.min(first)));
        if site.service != Service::Http {
            return;
        }
        let (status, win32) = (record.status().unwrap_or(0), record.win32_status().unwrap_or(0));
        let ms = record.time_taken_ms();
        let abort = is_abort(win32);
        let error = (500..600).contains(&status) && !abort;
        let cutoff = abort && ms.is_some_and(is_front_end_timeout);

        let counts = &mut site.lane.counts;
        counts.requests += 1;
        counts.server_errors += u64::from(error);
        counts.client_aborts += u64::from(abort);
        counts.cutoffs += u64::from(cutoff);
        counts.platform_probes +=
            u64::from(record.user_agent().is_some_and(|agent| is_probe(agent)));
        if let Some(count) = site.cube.status.get_mut(usize::from(status)) {
            *count += 1;
        }

        let outcome =
            site.cube.outcomes.value(&outcome_key(status, record.substatus().unwrap_or(0), win32));
        outcome.requests += 1;
        if let Some(ms) = ms {
            outcome.latency.record(ms);
        }
        if let Some(time) = record.time() {
            TimeRange::extend(&mut outcome.range, time);
            TimeRange::extend(&mut site.lane.range, time);
            let start = Time(time.0 - i64::from(ms.unwrap_or(0)));
            let family = family(status).filter(|_| !abort);
            site.lane.course.record(start.seconds(), time.seconds(), family);
            if let (Some(ms), false) = (ms, abort) {
                site.cube.latency_course.record(time.seconds(), ms);
            }
            if win32 == 995 && !cutoff {
                let client = record.client_ip().unwrap_or_default();
                let cancelled = site.cube.cancelled.entry(time.seconds()).or_default();
                cancelled.requests += 1;
                cancelled.client(fixed_hash(client));
            }
        }
        if let (Some(ms), false) = (ms, abort) {
            site.cube.latency.record(ms);
        }
        if abort {
            site.cube.aborts.add(self.source, record.span().start, record.time());
        }
        if cutoff {
            site.cube.cut_off.add(self.source, record.span().start, record.time());
        }

        let template = template::of(stem, &mut self.buffer);
        let url = site.cube.urls.value(template);
        url.requests += 1;
        url.server_errors += u64::from(error);
        url.cut_off += u64::from(cutoff);
        let rpc = || record.method().is_some_and(|method| method.starts_with(b"RPC_"));
        url.long += u64::from(status == 101 || rpc());
        if let Some(ms) = ms
            && (!abort || cutoff)
        {
            url.times.record(ms);
            if ms >= SLOW_MS {
                url.slow.get_or_insert_default().add(
                    self.source,
                    record.span().start,
                    record.time(),
                );
                if let Some(limit) =
                    LIMITS.into_iter().find(|limit| ms.abs_diff(limit * 1000) <= AROUND_LIMIT)
                {
                    let wall = site.cube.at_limit.entry(limit).or_default();
                    wall.add(self.source, record.span().start, record.time());
                }
            }
        }
        if error {
            *site.cube.failing.value(template) += 1;
        }
        if let (Vantage::Gateway | Vantage::FrontDoor, Some(word)) =
            (record.vantage(), record.value(Field::Trouble))
        {
            let trouble = site.cube.troubles.value(word);
            trouble.samples.add(self.source, record.span().start, record.time());
            *trouble.statuses.entry(status).or_default() += 1;
        }
    }

    fn site(&mut self, vantage: Vantage, instance: Option<&[u8]>, name: &[u8]) -> usize {
        let is = |site: &SiteFold| {
            site.vantage == vantage
                && site.instance.as_deref() == instance
                && site.name.eq_ignore_ascii_case(name)
        };
        if !self.sites.get(self.last).is_some_and(is) {
            self.last = self.sites.iter().position(is).unwrap_or_else(|| {
                if self.sites.len() >= MAX_SITES {
                    self.flush();
                }
                self.sites.push(SiteFold {
                    vantage,
                    instance: instance.map(<[u8]>::to_vec),
                    name: name.to_ascii_lowercase(),
                    service: Service::of_site(name),
                    cube: SiteCube::default(),
                    lane: Lane::default(),
                });
                self.sites.len() - 1
            });
        }
        self.last
    }

    fn flush(&mut self) {
        for mut site in self.sites.drain(..).filter(|site| site.service == Service::Http) {
            site.lane.course.settle();
            site.cube.counts = site.lane.counts;
            let instance = site.instance.as_deref().map(|name| visible(name));
            let instance = instance.as_deref().unwrap_or(&self.instance);
            site.cube.lanes.value(instance.as_bytes()).merge(site.lane);
            self.done.0[site.vantage as usize].sites.value(&site.name).merge(site.cube);
        }
    }

    /// What was counted.
    pub(crate) fn finish(mut self) -> Cubes {
        self.flush();
        self.done
    }
}

/// Whether a site is the SCM (Kudu) site of another one: its traffic is the tools', not the users'.
pub(crate) fn is_scm(site: &[u8]) -> bool {
    site.starts_with(b"~1")
}

/// Requests that the platform itself sends: Always On every five minutes, warm-up, health checks.
pub(crate) fn is_probe(agent: &[u8]) -> bool {
    match agent.first() {
        Some(b'A') => agent == b"AlwaysOn",
        Some(b'R') => agent.starts_with(b"ReadyForRequest/"),
        Some(b'H') => agent.starts_with(b"HealthCheck/"),
        _ => false,
    }
}

/// A hash that is the same in every run, to count distinct clients.
fn fixed_hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, c| {
        (hash ^ u64::from(*c)).wrapping_mul(0x0100_0000_01b3)
    })
}
