//! Failed request traces and detailed error pages: the stages of a trace never take longer than it says, and a beginning
//! of a file never says more than the whole.

use daaslens_httplog::{error_page, freb};

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let (whole, faults) = freb::read(data);
    assert!(whole.is_some() || !faults.is_empty(), "what is not read has a fault");
    for fault in &faults {
        assert!(fault.byte <= data.len() as u64);
    }
    if let Some(trace) = &whole {
        let stages: u64 = trace.stages.iter().map(|(_, ms)| ms).sum();
        let most = trace.covered_ms().max(trace.time_taken_ms.unwrap_or(0));
        assert!(stages <= most, "{stages} of {most} ms");
        assert!(trace.stages.is_sorted_by(|a, b| a.1 >= b.1));
    }
    let half = data.get(..data.len() / 2).unwrap_or_default();
    if let Some(part) = freb::read(half).0 {
        let events = whole.map_or(0, |trace| trace.events);
        assert!(part.events <= events, "{} of {events} events", part.events);
    }
    let (page, faults) = error_page::read(data);
    assert!(page.is_some() || !faults.is_empty(), "what is not read has a fault");
}
