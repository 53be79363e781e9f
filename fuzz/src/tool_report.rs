//! Reports of diagnostic tools: no reader panics, all give the same twice, and none gives more than it was given.

use daaslens_dump::report::{Read, read};

/// One name for each reader.
const NAMES: [&str; 6] = [
    "w3wp_4242.mht",
    "rd0003ff00c0de/diagcli.json",
    "rd0003ff00c0de/reportdata/stackdump.json",
    "rd0003ff00c0de/reportdata/traceinfo.json",
    "rd0003ff00c0de/reportdata/allexceptions.json",
    "eventloganalysisreport-eventlog-2026-4-30.html",
];

/// The longest that is kept of one report, with its 50 lines, 50 exceptions and 50 stacks of 24 frames.
const MOST: usize = 8 << 20;

/// Panics where a law is broken.
pub fn check(data: &[u8]) {
    for name in NAMES {
        let report = read(name, data);
        assert_eq!(report, read(name, data));
        assert_ne!(report, Read::Part, "{name}");
        assert!(format!("{report:?}").len() <= MOST);
    }
}
