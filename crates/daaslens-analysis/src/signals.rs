//! What stands out in the cube by itself: found once, before the rules look at it and ask for the lines.

use std::collections::BTreeMap;

use daaslens_core::{Latency, Time, TimeRange};
use daaslens_httplog::Vantage;
use daaslens_stats::cluster::{self, Cluster, Second, Sensitivity};

use crate::http::course::{FAMILIES, family};
use crate::http::cube::{Cube, Cubes, SiteCube, outcome_of};
use crate::http::silence;
use crate::http::summary::app_sites;

/// A cluster of server errors of one site.
#[derive(Clone, Debug)]
pub(crate) struct ClusterSignal {
    /// The lower-case site name.
    pub(crate) site: Vec<u8>,
    /// As in [`FAMILIES`]; `None` where only all families together make a cluster.
    pub(crate) family: Option<usize>,
    pub(crate) range: TimeRange,
    pub(crate) requests: u64,
    /// Errors of the family in the window.
    pub(crate) errors: u64,
    /// Server errors of any family in the window.
    pub(crate) server_errors: u64,
    /// The error ratio outside all clusters, as (errors, requests).
    pub(crate) usual: (u64, u64),
    /// Errors beyond what is usual.
    pub(crate) excess: u64,
}

impl ClusterSignal {
    /// The status that the family is named after; `None` for all together.
    pub(crate) fn status(&self) -> Option<u16> {
        self.family.and_then(|family| FAMILIES.get(family).copied())
    }

    /// The family in words.
    pub(crate) fn word(&self) -> String {
        self.status().map_or_else(|| "5xx".to_owned(), |status| status.to_string())
    }

    /// Failing requests of all in the window.
    pub(crate) fn ratio(&self) -> f64 {
        self.errors as f64 / self.requests.max(1) as f64
    }
}

/// A cluster of another vantage, most of which the one that counts does not know: what was answered in front of it.
#[derive(Clone, Debug)]
pub(crate) struct Unseen {
    pub(crate) vantage: Vantage,
    pub(crate) cluster: ClusterSignal,
    /// Server errors and requests that the vantage that counts has in the same window.
    pub(crate) known: (u64, u64),
    /// Median duration of the requests that failed, in ms, where it is logged.
    pub(crate) median_ms: Option<u32>,
}

/// Clocks and the times at which a request is logged differ by this many seconds from one vantage to the next.
const SKEW: i64 = 10;

/// Errors that another vantage saw and the one that counts did not, from which on they are worth a finding.
const UNSEEN: u64 = 5;

/// The clusters of the vantages that do not count, as far as the one that does cannot explain them.
pub(crate) fn unseen(cubes: &Cubes, sensitivity: Sensitivity) -> Vec<Unseen> {
    let main = cubes.main();
    let Some(covered) = silence::range(cubes.of(main)) else { return Vec::new() };
    let mut seen: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for (_, site) in app_sites(cubes.of(main)) {
        for (at, cell) in course(site) {
            let own = seen.entry(at).or_default();
            own.0 += cell.errors.iter().sum::<u64>();
            own.1 += cell.requests;
        }
    }
    let others = Vantage::ALL.into_iter().filter(|vantage| *vantage != main);
    others
        .flat_map(|vantage| {
            clusters(cubes.of(vantage), sensitivity).into_iter().map(move |one| (vantage, one))
        })
        .filter(|(_, one)| covered.start <= one.range.start && one.range.end <= covered.end)
        .filter_map(|(vantage, cluster)| {
            let window = cluster.range.start.seconds() - SKEW..=cluster.range.end.seconds() + SKEW;
            let known =
                seen.range(window).fold((0, 0), |sum, (_, one)| (sum.0 + one.0, sum.1 + one.1));
            let unknown = cluster.errors.saturating_sub(known.0);
            let median_ms = median_of_failures(cubes.of(vantage), &cluster);
            (unknown >= UNSEEN && unknown * 2 >= cluster.errors).then_some(Unseen {
                vantage,
                cluster,
                known,
                median_ms,
            })
        })
        .collect()
}

/// How long the requests of the cluster's site and family took that failed around it.
fn median_of_failures(cube: &Cube, cluster: &ClusterSignal) -> Option<u32> {
    let (_, site) = app_sites(cube).find(|(name, _)| *name == cluster.site.as_slice())?;
    let mut latency = Latency::default();
    for (key, outcome) in site.outcomes.sorted() {
        let Some((status, ..)) = outcome_of(key) else { continue };
        let own = family(status).is_some_and(|of| of < FAMILIES.len())
            && cluster.family.is_none_or(|wanted| family(status) == Some(wanted));
        if own && outcome.range.is_some_and(|range| range.overlaps(cluster.range)) {
            latency.merge(&outcome.latency);
        }
    }
    (latency.count() > 0).then(|| latency.percentile(50.0))
}

/// What a site did in one second (or wider cell).
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    requests: u64,
    errors: [u64; 4],
}

/// The clusters of all sites, in order of time.
pub(crate) fn clusters(cube: &Cube, sensitivity: Sensitivity) -> Vec<ClusterSignal> {
    let mut all = Vec::new();
    for (name, site) in app_sites(cube) {
        let course = course(site);
        let before = all.len();
        for family in 0..FAMILIES.len() {
            find(name, &course, Some(family), sensitivity, &mut all);
        }
        if all.len() == before {
            find(name, &course, None, sensitivity, &mut all);
        }
    }
    all.sort_by(|a, b| {
        (a.range.start, a.range.end, &a.site, a.family).cmp(&(
            b.range.start,
            b.range.end,
            &b.site,
            b.family,
        ))
    });
    all
}

fn course(site: &SiteCube) -> BTreeMap<i64, Cell> {
    let mut course: BTreeMap<i64, Cell> = BTreeMap::new();
    for lane in site.lanes().map(|(_, lane)| lane) {
        for (at, ends, _) in lane.course.cells().filter(|(_, ends, _)| *ends > 0) {
            course.entry(at).or_default().requests += u64::from(ends);
        }
        for (at, errors) in lane.course.errors() {
            let cell = course.entry(at).or_default();
            for (total, count) in cell.errors.iter_mut().zip(errors) {
                *total += u64::from(*count);
            }
        }
    }
    course
}

fn find(
    site: &[u8],
    course: &BTreeMap<i64, Cell>,
    family: Option<usize>,
    sensitivity: Sensitivity,
    out: &mut Vec<ClusterSignal>,
) {
    let errors =
        |cell: &Cell| family.map_or_else(|| cell.errors.iter().sum(), |family| cell.errors[family]);
    if course.values().map(errors).sum::<u64>() < 5 {
        return;
    }
    let seconds: Vec<Second> = course
        .iter()
        .map(|(second, cell)| Second {
            second: *second,
            requests: cell.requests,
            errors: errors(cell),
        })
        .collect();
    let found = cluster::clusters(&seconds, cluster::Config::new(sensitivity));
    let usual = (found.outside.k, found.outside.n);
    let rate = found.outside.ratio();
    out.extend(
        found.clusters.iter().map(|cluster| signal(site, course, family, cluster, usual, rate)),
    );
}

fn signal(
    site: &[u8],
    course: &BTreeMap<i64, Cell>,
    family: Option<usize>,
    cluster: &Cluster,
    usual: (u64, u64),
    rate: f64,
) -> ClusterSignal {
    let inside = course.range(cluster.first_second..=cluster.last_second);
    let server_errors = inside.flat_map(|(_, cell)| cell.errors).sum();
    ClusterSignal {
        site: site.to_vec(),
        family,
        range: TimeRange::new(
            Time::from_seconds(cluster.first_second),
            Time::from_seconds(cluster.last_second),
        ),
        requests: cluster.requests,
        errors: cluster.errors,
        server_errors,
        usual,
        excess: cluster.excess_errors(rate),
    }
}
