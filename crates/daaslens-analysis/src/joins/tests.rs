//! What is joined, and what is not.

use std::collections::BTreeMap;

use daaslens_core::Time;

use super::{Course, Joins, disturbed};

#[test]
fn the_instance_that_pauses_is_the_one_that_crashed() {
    let steady: Course = (0..400).map(|second| (second, (2, 0))).collect();
    let mut paused = steady.clone();
    paused.retain(|second, _| !(200..220).contains(second));
    let instances = BTreeMap::from([("a", steady.clone()), ("b", paused)]);
    assert_eq!(disturbed(&instances, Time::from_seconds(200)), Some("b"));
    assert_eq!(disturbed(&instances, Time::from_seconds(100)), None);
}

#[test]
fn the_instance_that_fails_is_the_one_that_crashed() {
    let steady: Course = (0..400).map(|second| (second, (2, 0))).collect();
    let mut failing = steady.clone();
    failing.insert(201, (5, 5));
    let instances = BTreeMap::from([("a", failing), ("b", steady)]);
    assert_eq!(disturbed(&instances, Time::from_seconds(200)), Some("a"));
}

#[test]
fn what_is_certain_stays_and_what_contradicts_it_is_said() {
    let mut joins = Joins::default();
    joins.add("RD0003FF8A1B2C", "a63402", true, "the environment of a process");
    joins.add("rd0003ff8a1b2c", "c41bc2", true, "the folder of a diagnostic session");
    assert_eq!(joins.instance("rd0003FF8A1B2C").map(|join| join.instance.as_str()), Some("a63402"));
    assert_eq!(
        joins.notes(),
        [
            "Machine RD0003FF8A1B2C is instance a63402 (certain, by the environment of a process).",
            "Machine rd0003ff8a1b2c is instance a63402 (the environment of a process), yet the folder of a diagnostic \
             session names c41bc2: names of machines are used again.",
        ]
    );
}
