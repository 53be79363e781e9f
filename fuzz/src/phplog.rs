//! PHP error logs: the items tile the input, and the pieces in which it is read do not matter. Reports on PHP processes:
//! what is kept is bounded.

use daaslens_phplog::process::{MAX_FRAMES, MAX_PROCESSES, MAX_THREADS, read_info, read_processes};
use daaslens_phplog::{Item, class, decode, plan, read, signature, sniff};
use daaslens_testkit::laws;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let whole = plan(data, usize::MAX);
    let spans = whole.iter().flat_map(|chunk| read(data, chunk).map(|item| item.span()));
    laws::check_tiling(spans, data.len() as u64).unwrap();
    laws::check_chunk_independence([1, 64, 500], |target| records(data, target)).unwrap();
    let _ = sniff(data);
    let _ = decode(data);
    let page = [b"<html>".as_slice(), data].concat();
    for bytes in [data, &page] {
        let report = read_processes(bytes, None);
        assert!(report.processes.len() <= MAX_PROCESSES);
        for process in &report.processes {
            assert!(process.threads.len() <= MAX_THREADS && process.calls.len() <= MAX_FRAMES);
            assert!(process.threads.iter().all(|thread| thread.frames.len() <= MAX_FRAMES));
        }
        let _ = read_info(bytes);
    }
}

fn records(data: &[u8], target: usize) -> Vec<String> {
    let chunks = plan(data, target);
    let items = chunks.iter().flat_map(|chunk| read(data, chunk));
    items
        .map(|item| match &item {
            Item::Record(record) => {
                format!(
                    "{:?} {:?} {:?} {:?}",
                    item.span(),
                    record.stamp(),
                    signature(record),
                    class(record)
                )
            }
            Item::Malformed(_) | Item::Blank(_) => format!("{:?}", item.span()),
        })
        .collect()
}
