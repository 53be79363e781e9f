//! Counts requests as the contract says, the slow and simple way: every number is exact.

use crate::{HttpTruth, LatencyTruth, Request};
use std::collections::{BTreeMap, BTreeSet};

/// What there is to count in a list of requests.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    requests: u64,
    scm_requests: u64,
    platform_probes: u64,
    aborts: u64,
    server_errors: u64,
    status: BTreeMap<u16, u64>,
    urls: BTreeMap<String, u64>,
    latencies: Vec<u32>,
    /// Aborts that took 225 to 245 seconds.
    walls: u64,
    /// Aborts with 995, which count as cut off where five different clients share a second: by site and second,
    /// the clients and the number of requests that are not already in `walls`.
    crowds: BTreeMap<(String, i64), (BTreeSet<String>, u64)>,
}

impl Tally {
    /// Counts all of `requests`.
    pub fn of<'a>(requests: impl IntoIterator<Item = &'a Request>) -> Self {
        let mut tally = Self::default();
        for request in requests {
            tally.add(request);
        }
        tally
    }

    /// Counts one request.
    pub fn add(&mut self, request: &Request) {
        if request.is_scm() {
            self.scm_requests += 1;
            return;
        }
        self.requests += 1;
        self.platform_probes += u64::from(request.is_probe());
        *self.status.entry(request.status).or_default() += 1;
        *self.urls.entry(request.stem.clone()).or_default() += 1;
        if request.is_abort() {
            self.aborts += 1;
            let wall = (225_000..=245_000).contains(&request.taken_ms);
            self.walls += u64::from(wall);
            if request.win32 == 995 {
                let key = (request.site.clone(), request.ended.seconds());
                let (clients, others) = self.crowds.entry(key).or_default();
                clients.insert(request.client.clone());
                *others += u64::from(!wall);
            }
        } else {
            self.server_errors += u64::from((500..600).contains(&request.status));
            self.latencies.push(request.taken_ms);
        }
    }

    /// Aborts that the platform or the server caused.
    pub fn cutoffs(&self) -> u64 {
        let crowds = self.crowds.values().filter(|(clients, _)| clients.len() >= 5);
        self.walls + crowds.map(|(_, others)| others).sum::<u64>()
    }

    /// The counts in their serialisable form. Of the literal URLs, the `urls` most frequent ones are kept.
    pub fn truth(mut self, instances: u64, urls: usize) -> HttpTruth {
        let cutoffs = Some(self.cutoffs());
        self.latencies.sort_unstable();
        let percentile = |percent: usize| {
            // Nearest rank: the smallest value that has at least `percent` % of all values at or below it.
            let rank = (percent * self.latencies.len()).div_ceil(100).max(1);
            self.latencies.get(rank - 1).copied().unwrap_or(0)
        };
        let latency_ms = LatencyTruth {
            p50: percentile(50),
            p90: percentile(90),
            p95: percentile(95),
            p99: percentile(99),
            max: percentile(100),
        };
        let mut by_count: Vec<(String, u64)> = self.urls.into_iter().collect();
        by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        by_count.truncate(urls);
        HttpTruth {
            requests: self.requests,
            scm_requests: self.scm_requests,
            platform_probes: self.platform_probes,
            client_aborts: self.aborts,
            cutoffs,
            server_errors: self.server_errors,
            status: self.status.into_iter().map(|(status, n)| (status.to_string(), n)).collect(),
            url_literal: by_count.into_iter().collect(),
            instances,
            latency_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::Time;

    fn request(second: i64, change: impl FnOnce(&mut Request)) -> Request {
        let mut request = Request::get(Time::from_seconds(1_700_000_000 + second), "contoso", "/");
        change(&mut request);
        request
    }

    #[test]
    fn the_scm_site_is_counted_apart_and_nowhere_else() {
        let truth = Tally::of(&[
            request(0, |_| {}),
            request(0, |r| {
                r.site = "~1CONTOSO".into();
                r.status = 503;
                r.win32 = 64;
                r.agent = "AlwaysOn".into();
            }),
        ])
        .truth(1, 5);
        assert_eq!((truth.requests, truth.scm_requests, truth.platform_probes), (1, 1, 0));
        assert_eq!((truth.server_errors, truth.client_aborts), (0, 0));
        assert_eq!(truth.status, BTreeMap::from([("200".to_owned(), 1)]));
    }

    #[test]
    fn an_abort_is_no_server_error_and_has_no_latency() {
        let truth = Tally::of(&[
            request(0, |r| {
                r.status = 502;
                r.win32 = 64;
                r.taken_ms = 9_000;
            }),
            request(1, |r| r.status = 502),
            request(2, |r| r.status = 499),
        ])
        .truth(1, 5);
        assert_eq!((truth.client_aborts, truth.server_errors, truth.cutoffs), (1, 1, Some(0)));
        assert_eq!(truth.latency_ms.max, 20);
        assert_eq!(truth.status["502"], 2);
    }

    #[test]
    fn cut_off_are_the_wall_and_the_crowd() {
        let abort = |second, client: u64, win32, taken_ms| {
            request(second, |r| {
                r.win32 = win32;
                r.client = format!("203.0.113.{client}");
                r.taken_ms = taken_ms;
            })
        };
        let mut requests = vec![abort(0, 1, 1236, 225_000), abort(0, 2, 64, 245_000)];
        requests.push(abort(0, 3, 64, 245_001)); // one millisecond too long
        requests.extend((0..5).map(|client| abort(10, client, 995, 40))); // five clients in one second
        requests.extend((0..4).map(|client| abort(20, client, 995, 40))); // four
        requests.push(abort(20, 3, 995, 40)); // and one of them again
        let tally = Tally::of(&requests);
        assert_eq!(tally.cutoffs(), 7);
        assert_eq!(tally.truth(1, 5).client_aborts, 13);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let requests: Vec<Request> = (1..=200).map(|ms| request(0, |r| r.taken_ms = ms)).collect();
        let latency = Tally::of(&requests).truth(1, 5).latency_ms;
        assert_eq!(latency, LatencyTruth { p50: 100, p90: 180, p95: 190, p99: 198, max: 200 });
        assert_eq!(Tally::default().truth(0, 5).latency_ms, LatencyTruth::default());
    }
}
