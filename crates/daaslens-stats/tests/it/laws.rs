//! What holds for clusters whatever the numbers are.

use daaslens_stats::{Config, Second, Sensitivity, clusters};
use proptest::prelude::*;

fn seconds() -> impl Strategy<Value = Vec<Second>> {
    let ordinary = (0_i64..20_000, 0_u64..40, 0_u64..12);
    let odd = (any::<i64>(), any::<u64>(), any::<u64>());
    prop::collection::vec(prop_oneof![60 => ordinary, 1 => odd], 0..600).prop_map(|list| {
        list.into_iter()
            .map(|(second, requests, errors)| Second { second, requests, errors })
            .collect()
    })
}

proptest! {
    #[test]
    fn clusters_are_in_order_and_counted_right(
        list in seconds(),
        sensitivity in prop_oneof![Just(Sensitivity::High), Just(Sensitivity::Low)],
        bin_seconds in prop_oneof![Just(None), Just(Some(0)), Just(Some(10)), Just(Some(u32::MAX))],
    ) {
        let found = clusters(&list, Config { bin_seconds, ..Config::new(sensitivity) });
        for pair in found.clusters.windows(2) {
            prop_assert!(pair[0].last_second < pair[1].first_second);
        }
        for cluster in &found.clusters {
            prop_assert!(cluster.first_second <= cluster.last_second);
            prop_assert!(5 <= cluster.errors && cluster.errors <= cluster.requests);
            let inside = |s: &&Second| {
                (cluster.first_second..=cluster.last_second).contains(&s.second)
            };
            let requests = list.iter().filter(inside).fold(0, |sum: u64, s| sum.saturating_add(s.requests));
            prop_assert_eq!(cluster.requests, requests);
            prop_assert!(list.iter().any(|s| s.second == cluster.first_second && s.errors > 0));
            prop_assert!(list.iter().any(|s| s.second == cluster.last_second && s.errors > 0));
        }
    }

    #[test]
    fn the_order_of_the_list_does_not_matter(list in seconds(), cut in any::<prop::sample::Index>()) {
        let mut turned = list.clone();
        turned.rotate_left(cut.index(list.len() + 1).min(list.len()));
        let config = Config::new(Sensitivity::Normal);
        prop_assert_eq!(clusters(&list, config), clusters(&turned, config));
    }
}
