//! Real files, where there are any: every file below the folder that `DAASLENS_SAMPLES` names is recognised and read, and
//! what came of it is counted. Archives are not opened. Run with `--nocapture` to see the counts.

use std::collections::BTreeMap;

use daaslens_platform::kudu::{self, join_traces};
use daaslens_platform::{What, recognise};

#[test]
fn samples_are_read() {
    let Some(root) = std::env::var_os("DAASLENS_SAMPLES") else { return };
    let mut counts: BTreeMap<What, (u64, u64)> = BTreeMap::new();
    let mut faults: BTreeMap<(What, String), u64> = BTreeMap::new();
    let mut traces: BTreeMap<String, Vec<kudu::Trace>> = BTreeMap::new();
    for file in crate::files(root.as_ref()) {
        let path = file.to_str().unwrap_or_default().replace('\\', "/");
        let Ok(bytes) = std::fs::read(&file) else { continue };
        let Some(what) = recognise(&path.to_ascii_lowercase(), &bytes) else { continue };
        let (said, found) = crate::read(what, &path, &bytes);
        assert!(said.len() <= 20_000 + bytes.len() * 600, "{path}");
        let count = counts.entry(what).or_default();
        count.0 += 1;
        count.1 += u64::from(!found.is_empty());
        for fault in found {
            *faults.entry((what, fault.kind.to_string())).or_default() += 1;
        }
        let trace = match what {
            What::Trace => kudu::read_trace(&bytes, &path).value,
            What::TextTrace => kudu::read_text_trace(&bytes, &path).value,
            _ => None,
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        traces.entry(folder.to_owned()).or_default().extend(trace);
    }
    println!("files, of them with faults: {counts:#?}\nfaults: {faults:#?}");
    for (folder, traces) in traces {
        let joins = join_traces(&traces);
        if !traces.is_empty() {
            println!("{folder}: {} traces, joins {joins:?}", traces.len());
        }
    }
}
