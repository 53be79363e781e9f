//! How good is the search for stalls? Generated traffic that stands still for a while, or does not.

use daaslens_stats::stall::in_flight;
use daaslens_stats::{Activity, Request, Stall, stalls};

use crate::traffic::Random;

/// An hour of requests whose times are long-tailed (log-normal, mean about 0.4 s); whoever is in progress or comes
/// during the stall ends after it, within half a second.
fn traffic(random: &mut Random, per_second: f64, stall: Option<(f64, f64)>) -> Vec<Request> {
    let mut requests = Vec::new();
    let mut now = 0.0;
    while now < 3_600.0 {
        now += random.exponential(1.0 / per_second);
        let mut end = now + (-1.5 + 1.2 * random.normal()).exp();
        if let Some((from, to)) = stall
            && end > from
            && now < to
        {
            end = to + 0.5 * random.unit();
        }
        requests
            .push(Request { end_second: end as i64, time_taken_ms: ((end - now) * 1000.0) as u32 });
    }
    requests
}

fn find(requests: &[Request]) -> Vec<Stall> {
    let mut completions = vec![0_u32; 3_600];
    for request in requests {
        if let Some(count) =
            usize::try_from(request.end_second).ok().and_then(|s| completions.get_mut(s))
        {
            *count += 1;
        }
    }
    let in_flight = in_flight(requests, 0, 3_600);
    stalls(Activity { first_second: 0, completions: &completions, in_flight: &in_flight }, requests)
}

#[test]
fn accuracy_of_stalls() {
    const SEEDS: u64 = 40;
    for (per_second, seconds, least_recall) in [
        (2.0, 12.0, 0.85),
        (2.0, 30.0, 0.95),
        (5.0, 10.0, 0.95),
        (20.0, 10.0, 0.95),
        (0.5, 90.0, 0.85),
    ] {
        let mut found = 0_u32;
        let mut false_alarms = 0;
        for seed in 0..SEEDS {
            let mut random = Random::new(seed);
            let from = 600.0 + 2_000.0 * random.unit();
            let requests = traffic(&mut random, per_second, Some((from, from + seconds)));
            let truth = (from as i64 + 1, (from + seconds) as i64 - 1);
            for stall in find(&requests) {
                // Without a completion in the last seconds before it, a gap begins earlier than the stall; that is
                // as much as such a log can tell. The first one released may end in the second after.
                let begins = stall.first_second <= truth.0 && stall.first_second > truth.0 - 12;
                let ends = (truth.1..=truth.1 + 1).contains(&stall.last_second);
                if begins && ends {
                    found += 1;
                } else {
                    false_alarms += 1;
                }
            }
        }
        let recall = f64::from(found) / SEEDS as f64;
        println!(
            "{per_second} requests/s, stall of {seconds} s: recall {recall:.2}, {false_alarms} false"
        );
        assert!(recall >= least_recall, "{per_second}/s {seconds} s: {recall}");
        assert_eq!(false_alarms, 0, "{per_second}/s {seconds} s");
    }
}

#[test]
fn traffic_without_a_stall_has_none() {
    for per_second in [0.2, 1.0, 5.0, 20.0] {
        for seed in 0..40 {
            let requests = traffic(&mut Random::new(seed), per_second, None);
            assert_eq!(find(&requests), [], "{per_second} requests/s, seed {seed}");
        }
    }
}
