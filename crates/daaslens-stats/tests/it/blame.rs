//! How often does the gate name a culprit, the right one and a wrong one? Generated outages with and without one.

use daaslens_stats::ratio::ranked;
use daaslens_stats::{Table, gate};

use crate::traffic::Random;

/// An outage of `requests` requests over URLs of Zipf-like popularity, four instances and some clients. `risk` tells
/// the chance to fail of a request to (URL, instance, client). Returns one table for each value: 60 URLs, then 4
/// instances, then 30 clients.
fn outage(
    random: &mut Random,
    requests: usize,
    risk: impl Fn(usize, usize, usize) -> f64,
) -> Vec<Table> {
    let mut with = vec![(0_u64, 0_u64); 94];
    let (mut failed, mut fine) = (0, 0);
    for _ in 0..requests {
        let url = (60.0_f64.powf(random.unit()) - 1.0) as usize;
        let instance = (random.unit() * 4.0) as usize;
        let client = (30.0_f64.powf(random.unit()) - 1.0) as usize;
        let fails = random.unit() < risk(url, instance, client);
        for index in [url, 60 + instance, 64 + client] {
            if fails {
                with[index].0 += 1;
            } else {
                with[index].1 += 1;
            }
        }
        if fails {
            failed += 1;
        } else {
            fine += 1;
        }
    }
    with.iter()
        .map(|&(with_failed, with_fine)| Table {
            with_failed,
            with_fine,
            without_failed: failed - with_failed,
            without_fine: fine - with_fine,
        })
        .collect()
}

/// How many of 100 outages had `culprit` in the first place, and how many a culprit at all.
fn blame(
    requests: usize,
    culprit: Option<usize>,
    risk: impl Fn(usize, usize, usize) -> f64,
) -> (usize, usize) {
    let (mut right, mut any) = (0, 0);
    for seed in 0..100 {
        let tables = outage(&mut Random::new(seed), requests, &risk);
        let passing = ranked(&gate(&tables));
        right += usize::from(culprit.is_some() && passing.first().copied() == culprit);
        any += usize::from(!passing.is_empty());
    }
    (right, any)
}

/// At most one outage in two hundred, and hardly any with enough requests to say something.
#[test]
fn nobody_is_blamed_for_an_app_wide_outage() {
    let mut all = 0;
    for requests in [60, 600, 6_000, 30_000] {
        for ratio in [0.02, 0.3, 0.9] {
            let (_, any) = blame(requests, None, |_, _, _| ratio);
            println!("{requests} requests at {ratio}: {any} of 100 blamed somebody");
            assert!(any <= 1, "{requests} requests at {ratio}: {any} of 100");
            all += any;
        }
    }
    println!("{all} of 1200 blamed somebody");
    assert!(all <= 6, "{all} of 1200");
}

#[test]
fn the_culprit_is_named_first() {
    let usual = 0.002;
    let check =
        |name: &str, requests, culprit, least, risk: &dyn Fn(usize, usize, usize) -> f64| {
            let (right, _) = blame(requests, Some(culprit), risk);
            println!("{name}: {right} of 100");
            assert!(right >= least, "{name}: {right} of 100");
        };
    check("one bad instance", 2_000, 62, 98, &|_, i, _| if i == 2 { 0.5 } else { usual });
    check("a bad instance, all suffer", 3_000, 62, 90, &|_, i, _| if i == 2 { 0.5 } else { 0.15 });
    check("a busy URL", 2_000, 1, 98, &|u, _, _| if u == 1 { 0.8 } else { usual });
    check("a rare URL", 6_000, 50, 98, &|u, _, _| if u == 50 { 0.9 } else { usual });
    check("one client", 2_000, 70, 98, &|_, _, c| if c == 6 { 0.9 } else { usual });
}
