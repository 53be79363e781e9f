//! Event logs as XML: the items tile the input, the pieces in which it is read do not matter, and what the texts of
//! events say is taken apart without a panic.

use daaslens_eventlog::{
    Event, Item, ancm, aspnet, decode, incident, plan, platform, read, read_all, runtime, windows,
};
use daaslens_testkit::laws;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let data = &*decode(data);
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
    let _ = incident::fold(&events);
}
