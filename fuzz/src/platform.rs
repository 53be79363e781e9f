//! Records of the platform's tools: no reader panics, all give the same twice, and none gives more than it was given.

use std::fmt::Debug;

use daaslens_platform::{daas, deployment, kudu, monitoring, recognise, session};

/// How much longer than the input what was read may be when it is written out for people, names of fields included.
const FACTOR: usize = 400;
const BASE: usize = 100_000;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    let _ = recognise("logfiles/kudu/trace/x.xml", data);
    twice(data, deployment::read_status);
    twice(data, deployment::read_latest);
    twice(data, deployment::read_log);
    twice(data, deployment::read_log_xml);
    twice(data, deployment::read_active);
    twice(data, session::read);
    twice(data, daas::read_settings);
    twice(data, daas::read_lock);
    twice(data, daas::read_diaglog);
    twice(data, monitoring::read_session);
    twice(data, |data| monitoring::read_log(data, monitoring::Hint::default()));
    twice(data, kudu::read_api);
    twice(data, kudu::read_page);
    twice(data, |data| {
        kudu::read_trace(data, "2026-04-30T04-59-21_d10e51_366_GET_api-x_200_3s.xml")
    });
    twice(data, |data| {
        kudu::read_text_trace(data, "dw1sdwk000P4P-e49dad03-895a-4b91-bae3-311592074b5c.txt")
    });
    twice(data, |data| daas::read_heartbeat(data, "Heartbeats/RD0003FF1A2B3C"));
    twice(data, |data| daas::read_cancelled(data, "Cancelled/RD0003FF1A2B3C.MemoryDump"));
    twice(data, |data| {
        monitoring::read_custom_action(data, "RD1_w3wp_6780_639088285200000000.customaction")
    });
    // Paths are written by whoever made the archive.
    let text = String::from_utf8_lossy(data);
    twice(data, |_| {
        let paths = text.lines().map(|line| (line, 1));
        session::from_folders(paths)
    });
    for line in text.lines() {
        let _ = recognise(&line.to_lowercase(), data);
        let _ = kudu::TraceName::read(line);
    }
}

fn twice<T: Debug>(data: &[u8], read: impl Fn(&[u8]) -> T) {
    let first = format!("{:?}", read(data));
    assert_eq!(first, format!("{:?}", read(data)));
    assert!(first.len() <= BASE + FACTOR * data.len(), "{} bytes of {}", first.len(), data.len());
}
