//! The whole way of one log: analysed and rendered without a panic, with the same result for any pieces and threads, from a
//! file and from a stream.

use std::sync::Arc;

use daaslens_analysis::{Config, Filter, Sensitivity, analyse};
use daaslens_core::model::{Input, SourceStatus};
use daaslens_core::{Kind, Source};
use daaslens_report::{Error, Options, render};
use daaslens_testkit::MemorySource;

/// Panics where a law is broken. The first byte chooses the kind, the rest is the content.
pub fn check(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let kind = match first % 4 {
        0 => Kind::EventLog,
        1 => Kind::PhpLog,
        3 => Kind::AppLog,
        _ => Kind::W3c,
    };
    let whole = run(kind, bytes, true, 1, 1 << 20);
    for (is_seekable, threads, chunk_size) in [(true, 2, 100), (false, 1, 100), (false, 1, 1 << 20)]
    {
        let other = run(kind, bytes, is_seekable, threads, chunk_size);
        assert!(
            whole == other,
            "seekable {is_seekable}, {threads} threads, pieces of {chunk_size}"
        );
    }
}

/// The document, or nothing where rendering refuses because a masked value is a word that stands elsewhere too.
fn run(
    kind: Kind,
    bytes: &[u8],
    is_seekable: bool,
    threads: usize,
    chunk_size: usize,
) -> Option<Vec<u8>> {
    let path = "x/LogFiles/http/RawLogs/a1b2c3-202603110214.log";
    let mut source = MemorySource::new(path, kind, bytes);
    source.origin.instance = Some("a1b2c3".to_owned());
    source.is_seekable = is_seekable;
    let config =
        Config { threads, chunk_size, filter: Filter::default(), sensitivity: Sensitivity::Normal };
    let inputs = vec![Input { name: "x".to_owned(), kind: "logfiles" }];
    let analysis = analyse(&[Arc::new(source) as Arc<dyn Source>], inputs, &config, &()).unwrap();
    assert_eq!(analysis.sources.len(), 1);
    for source in &analysis.sources {
        // What panics inside is caught and named; here it is a defect.
        let reason = source.reason.as_deref().unwrap_or_default();
        assert!(!reason.contains("defect"), "{reason}");
        assert!(source.status != SourceStatus::Unreadable, "{reason}");
    }
    for text in &analysis.coverage.not_checked {
        assert!(!text.contains("defect"), "{text}");
    }
    match render(&analysis, &Options::default()) {
        Ok(rendered) => Some(rendered.json),
        Err(Error::Leak { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}
