//! Event logs in any form: the items tile the input. As XML, the pieces in which it is read do not matter. What the texts
//! of events say is taken apart without a panic.

use daaslens_eventlog::{
    Event, Item, Log, ancm, aspnet, decode, incident, plan, platform, read, read_all, runtime,
    windows,
};
use daaslens_testkit::laws;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let data = &*decode(data);
    // A form of its own reads what its first bytes say: tables, JSON, binary logs, crash reports.
    laws::check_tiling(Log::open(data).map(|item| item.span()), data.len() as u64).unwrap();
    for item in Log::open(data) {
        if let Item::Event(event) = item {
            let _ = (windows::error_report(&event), windows::memory_exhausted(&event));
        }
    }
    laws::check_tiling(read_all(data).map(|item| item.span()), data.len() as u64).unwrap();
    laws::check_chunk_independence([1, 64, 500], |target| {
        let chunks = plan(data, target);
        chunks.iter().flat_map(|chunk| read(data, chunk)).map(|item| format!("{item:?}")).collect()
    })
    .unwrap();
    let events: Vec<Event<'_>> = read_all(data)
        .filter_map(|item| if let Item::Event(event) = item { Some(*event) } else { None })
        .collect();
    for event in &events {
        let _ =
            (runtime::runtime_death(event), runtime::log_record(event), runtime::profiler(event));
        let _ = (aspnet::web_error(event), aspnet::web_death(event), ancm::ancm(event));
        let _ = (
            platform::limit_hit(event),
            windows::application_error(event),
            windows::pool_event(event),
        );
    }
    let _ = (incident::fold(&events), incident::boots(&events), incident::vanished(&events));
}
