//! The fuzz targets without a fuzzer: on what was saved of earlier runs, on the fixtures, and on hostile texts.

use std::fs;
use std::path::Path;

use daaslens_testkit::{Random, fixtures, hostile};

#[path = "../../fuzz/src/analyse.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod analyse;
#[path = "../../fuzz/src/applog.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod applog;
#[path = "../../fuzz/src/azure.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod azure;
#[path = "../../fuzz/src/dump.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod dump;
#[path = "../../fuzz/src/eventlog.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod eventlog;
#[path = "../../fuzz/src/freb.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod freb;
#[path = "../../fuzz/src/phplog.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod phplog;
#[path = "../../fuzz/src/platform.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod platform;
#[path = "../../fuzz/src/serverlogs.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod serverlogs;
#[path = "../../fuzz/src/signature.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod signature;
#[path = "../../fuzz/src/store.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod store;
#[path = "../../fuzz/src/threads.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod threads;
#[path = "../../fuzz/src/tool_report.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod tool_report;
#[path = "../../fuzz/src/w3c.rs"]
#[expect(unreachable_pub, reason = "the fuzzers call it")]
mod w3c;

/// The files of a folder, in the order of their names; none where there is no such folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs a target on its corpus, on fixtures, on hostile texts, and on damaged fixtures.
fn replay(target: &str, seeds: &[&str], prefix: &[u8], check: fn(&[u8])) {
    let corpus = files(&fixtures().with_file_name("fuzz").join("corpus").join(target));
    assert!(!corpus.is_empty(), "nothing is saved for {target}");
    for data in &corpus {
        check(data);
    }
    let mut texts: Vec<Vec<u8>> =
        seeds.iter().flat_map(|folder| files(&fixtures().join(folder))).collect();
    let mut random = Random::new(1);
    let damaged: Vec<_> = texts.iter().map(|text| hostile::damaged(text, &mut random)).collect();
    texts.extend(damaged);
    texts.extend(hostile::texts());
    for text in texts.iter().filter(|text| text.len() <= 250_000) {
        check(&[prefix, text].concat());
    }
}

#[test]
fn w3c_logs() {
    replay("w3c", &["httplog/ok", "httplog/err"], b"", w3c::check);
}

#[test]
fn server_logs() {
    replay("serverlogs", &["ncsa", "iis-native", "httperr"], b"", serverlogs::check);
}

#[test]
fn memory_dumps() {
    replay("dump", &["dump"], b"", dump::check);
}

#[test]
fn reports_of_tools() {
    replay("tool_report", &[], b"", tool_report::check);
}

#[test]
fn application_logs() {
    replay("applog", &["applog"], b"", applog::check);
}

#[test]
fn thread_dumps() {
    replay("threads", &["threads"], b"", threads::check);
}

#[test]
fn resource_logs_and_metrics() {
    let metrics = ["platform/metrics-several-documents", "platform/metrics-diagnostic-setting"];
    replay("azure", &[&["azure"][..], &metrics].concat(), b"", azure::check);
}

#[test]
fn php_logs() {
    replay("phplog", &["phplog", "php-process"], b"", phplog::check);
}

#[test]
fn exceptions_in_texts() {
    replay("signature", &["eventlog", "phplog"], b"", signature::check);
}

#[test]
fn event_logs() {
    replay("eventlog", &["eventlog"], b"", eventlog::check);
}

#[test]
fn records_of_the_platforms_tools() {
    replay(
        "platform",
        &["platform/session-v1-three-diagnosers", "platform/deployment-pushed"],
        b"",
        platform::check,
    );
}

#[test]
fn traces_and_pages_of_failed_requests() {
    replay("freb", &["freb", "detailed-errors"], b"", freb::check);
}

#[test]
fn files_of_any_kind() {
    replay("store", &["bundles", "httplog/ok"], b"", store::check);
}

#[test]
fn the_whole_way_of_one_log() {
    replay("analyse", &["httplog/ok", "httplog/err"], &[2], analyse::check);
    replay("analyse", &["phplog"], &[1], analyse::check);
    replay("analyse", &["applog"], &[3], analyse::check);
    replay("analyse", &["eventlog"], &[0], analyse::check);
}
