//! Threads that wait for each other in a circle, told from the locks: the block at the end of a dump that says so may be
//! cut off, and DaaS's own reader overlooks it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Deadlock, DeadlockThread, Thread};

/// All circles. Each thread waits for at most one lock, so that no thread is part of two.
pub(super) fn find(threads: &[Thread]) -> Vec<Deadlock> {
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, thread) in threads.iter().enumerate() {
        for lock in &thread.holds {
            owners.entry(&lock.id).or_insert(number);
        }
    }
    let next = |at: usize| -> Option<usize> {
        let thread = threads.get(at)?;
        let waits = thread.waits_for.as_ref().filter(|_| !thread.waits_to_be_woken)?;
        owners.get(waits.id.as_str()).copied().filter(|owner| *owner != at)
    };
    let mut done: BTreeSet<usize> = BTreeSet::new();
    let mut found = Vec::new();
    for start in 0..threads.len() {
        let mut way: Vec<usize> = Vec::new();
        let mut on_way: BTreeSet<usize> = BTreeSet::new();
        let mut at = Some(start);
        while let Some(one) = at.filter(|one| !done.contains(one)) {
            if !on_way.insert(one) {
                let begin = way.iter().position(|seen| *seen == one).unwrap_or(0);
                let mut circle = way.get(begin..).unwrap_or_default().to_vec();
                let first = (0..circle.len()).min_by_key(|index| circle[*index]).unwrap_or(0);
                circle.rotate_left(first);
                found.push(deadlock(threads, &circle));
                break;
            }
            way.push(one);
            at = next(one);
        }
        done.extend(way);
    }
    found
}

fn deadlock(threads: &[Thread], circle: &[usize]) -> Deadlock {
    let own = || circle.iter().filter_map(|at| threads.get(*at));
    let first = own().next();
    Deadlock {
        threads: own()
            .map(|thread| DeadlockThread {
                name: thread.name.clone(),
                waits_for: thread.waits_for.clone().unwrap_or_default(),
                frames: thread.frames.iter().take(6).cloned().collect(),
            })
            .collect(),
        line: first.map_or(0, |thread| thread.line),
        byte: first.map_or(0, |thread| thread.byte),
        is_stated: false,
    }
}

/// What the writer says, and the circles that it does not name.
pub(super) fn merge(stated: Vec<Deadlock>, found: Vec<Deadlock>) -> Vec<Deadlock> {
    let names = |deadlock: &Deadlock| -> BTreeSet<String> {
        deadlock.threads.iter().map(|thread| thread.name.clone()).collect()
    };
    let known: Vec<BTreeSet<String>> = stated.iter().map(names).collect();
    let mut all = stated;
    all.extend(found.into_iter().filter(|deadlock| !known.contains(&names(deadlock))));
    all
}
