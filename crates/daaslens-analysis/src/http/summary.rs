//! The HTTP side in numbers, for people: what the cube holds, ranked and named.

use std::collections::{BTreeMap, BTreeSet};

use daaslens_core::model::{self, Hour, Http, HttpCounts, Instance, Outcome, Site, Url, UrlRest};
use daaslens_core::text::visible;
use daaslens_core::{Time, TimeRange};
use daaslens_httplog::Vantage;

use super::cube::{Cube, Cubes, OutcomeCube, SiteCube, UrlCube, is_scm, outcome_of};
use crate::joins::Joins;
use crate::keys::Merge as _;

/// URLs that are kept for the report: by total time, and by server errors.
const TOP_URLS: usize = 200;
const TOP_FAILING: usize = 50;

/// The name under which sites beyond the cap are shown.
pub(crate) const OTHER_SITES: &str = "(other sites)";

/// The sites of users, with their names; sites beyond the cap are one.
pub(crate) fn app_sites(cube: &Cube) -> impl Iterator<Item = (&[u8], &SiteCube)> {
    cube.sites
        .sorted()
        .into_iter()
        .filter(|(name, _)| !is_scm(name))
        .chain(cube.sites.rest().map(|rest| (OTHER_SITES.as_bytes(), rest)))
}

/// Sums up what counts, and the totals of the other vantages. `joins` gives the machine names of an instance.
pub(crate) fn http(cubes: &Cubes, joins: &Joins) -> Http {
    let main = cubes.main();
    let others = Vantage::ALL.into_iter().filter(|vantage| *vantage != main);
    let mut http = Http {
        other_vantages: others.filter_map(|vantage| totals(cubes, vantage)).collect(),
        ..Http::default()
    };
    let cube = cubes.of(main);
    let mut status = vec![0u64; 1000];
    let mut outcomes: BTreeMap<(u16, u32, u64), OutcomeCube> = BTreeMap::new();
    let mut instances: BTreeMap<&str, Instance> = BTreeMap::new();
    let mut urls: BTreeMap<&[u8], UrlCube> = BTreeMap::new();
    let mut rest = UrlCube::default();
    let mut capped = false;
    let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();

    for (_, site) in cube.sites.sorted().into_iter().filter(|(name, _)| is_scm(name)) {
        http.scm_requests += site.counts.requests;
    }
    for (name, site) in app_sites(cube) {
        let counts = HttpCounts { cutoffs: site.cutoffs(), ..site.counts };
        http.totals.add(&counts);
        http.sites.push(Site { name: visible(name).into_owned(), counts });
        http.latency.merge(&site.latency);
        for (total, count) in status.iter_mut().zip(&site.status) {
            *total += count;
        }
        for (key, outcome) in site.outcomes.sorted() {
            if let Some(key) = outcome_of(key) {
                outcomes.entry(key).or_default().merge(outcome.clone());
            }
        }
        for (name, lane) in site.lanes() {
            let instance = instances.entry(name).or_default();
            instance.counts.add(&lane.counts);
            instance.range = TimeRange::merge(instance.range, lane.range);
            for (at, ends, _) in lane.course.cells().filter(|(_, ends, _)| *ends > 0) {
                hour(&mut hours, at).requests += u64::from(ends);
            }
            for (at, errors) in lane.course.errors() {
                hour(&mut hours, at).server_errors +=
                    errors[..4].iter().map(|&n| u64::from(n)).sum::<u64>();
            }
        }
        for (url, theirs) in site.urls.sorted() {
            urls.entry(url).or_default().merge(theirs.clone());
        }
        if let Some(theirs) = site.urls.rest() {
            capped = true;
            rest.merge(theirs.clone());
        }
    }
    http.status = status
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(code, count)| (code as u16, *count))
        .collect();
    http.outcomes = outcomes.into_iter().map(|(key, outcome)| row(key, &outcome)).collect();
    http.outcomes.sort_by_key(|outcome| {
        (
            std::cmp::Reverse((outcome.status / 100 == 5, outcome.requests)),
            outcome.status,
            outcome.substatus,
            outcome.win32,
        )
    });
    http.instances = instances
        .into_iter()
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, instance)| {
            let (machines, certain) = joins.machines(name);
            Instance {
                name: name.to_owned(),
                aliases: machines.into_iter().filter(|machine| machine != name).collect(),
                inferred: !certain,
                ..instance
            }
        })
        .collect();
    http.hours = hours.into_values().collect();
    http.other_urls = capped.then(|| UrlRest {
        requests: rest.requests,
        server_errors: rest.server_errors,
        total_ms: rest.times.sum(),
    });
    http.urls = top_urls(urls);
    http
}

/// What was counted from another vantage, SCM apart; `None` where nothing was.
fn totals(cubes: &Cubes, vantage: Vantage) -> Option<model::Vantage> {
    let mut counts = HttpCounts::default();
    for (_, site) in app_sites(cubes.of(vantage)) {
        counts.add(&HttpCounts { cutoffs: site.cutoffs(), ..site.counts });
    }
    (counts.requests > 0).then(|| model::Vantage { name: vantage.name().to_owned(), counts })
}

fn hour(hours: &mut BTreeMap<i64, Hour>, second: i64) -> &mut Hour {
    let start = second.div_euclid(3600) * 3600;
    hours
        .entry(start)
        .or_insert_with(|| Hour { start: Time::from_seconds(start), ..Hour::default() })
}

fn row((status, substatus, win32): (u16, u32, u64), outcome: &OutcomeCube) -> Outcome {
    Outcome {
        status,
        substatus,
        win32,
        requests: outcome.requests,
        p50: (outcome.latency.count() > 0).then(|| outcome.latency.percentile(50.0)),
        // Without a time there is no first and last; the epoch stands for "not known".
        range: outcome.range.unwrap_or(TimeRange::at(Time(0))),
        meaning: daaslens_kb::outcome(status, substatus, win32).words,
    }
}

/// The URLs worth showing: by total time, and those with most server errors.
fn top_urls(urls: BTreeMap<&[u8], UrlCube>) -> Vec<Url> {
    let mut ranked: Vec<(u64, &[u8], UrlCube)> =
        urls.into_iter().map(|(url, cube)| (cube.times.sum(), url, cube)).collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let mut failing: Vec<(u64, usize)> = ranked
        .iter()
        .enumerate()
        .filter(|(_, (_, _, cube))| cube.server_errors > 0)
        .map(|(i, (_, _, cube))| (cube.server_errors, i))
        .collect();
    failing.sort_by_key(|(errors, i)| (std::cmp::Reverse(*errors), *i));
    let failing: BTreeSet<usize> = failing.into_iter().take(TOP_FAILING).map(|(_, i)| i).collect();
    ranked
        .into_iter()
        .enumerate()
        .filter(|(i, _)| *i < TOP_URLS || failing.contains(i))
        .map(|(_, (total_ms, url, cube))| Url {
            long_by_nature: is_long_by_nature(url, &cube),
            url: visible(url).into_owned(),
            requests: cube.requests,
            server_errors: cube.server_errors,
            in_clusters: 0,
            latency: cube.times.latency(),
            total_ms,
        })
        .collect()
}

/// Log streams, WebSockets, long polls and remote procedure calls are open for as long as somebody listens: that
/// is their nature, and no slowness.
pub(crate) fn is_long_by_nature(url: &[u8], cube: &UrlCube) -> bool {
    const PARTS: [&str; 9] = [
        "/logstream",
        "/signalr/connect",
        "/signalr/poll",
        "/_blazor",
        "/microsoft-server-activesync",
        "/rpc/",
        "/mapi/",
        "/ews/exchange.asmx/streaming",
        "/socket.io",
    ];
    let lower = url.to_ascii_lowercase();
    cube.long * 2 > cube.requests
        || PARTS.iter().any(|part| memchr::memmem::find(&lower, part.as_bytes()).is_some())
        || lower.ends_with(b"/events/stream")
        || lower.ends_with(b"/sse")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_for_as_long_as_somebody_listens_is_not_slow() {
        let plain = UrlCube { requests: 10, ..UrlCube::default() };
        for url in [
            "/logstream/application",
            "/Microsoft-Server-ActiveSync/default.eas",
            "/signalr/connect",
            "/socket.io/",
            "/api/events/stream",
        ] {
            assert!(is_long_by_nature(url.as_bytes(), &plain), "{url}");
        }
        assert!(!is_long_by_nature(b"/cart", &plain));
        // RPC_IN_DATA, and web sockets by their status: most of the requests of a path are long.
        let rpc = UrlCube { requests: 10, long: 6, ..UrlCube::default() };
        assert!(is_long_by_nature(b"/cart", &rpc));
    }
}
