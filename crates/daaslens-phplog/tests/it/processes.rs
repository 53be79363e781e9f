//! Reports on php-cgi processes and phpinfo pages: everything that is read, and what must not be.

use daaslens_phplog::process::{
    ProcessReport, read_info, read_processes, sniff_info, sniff_processes,
};

const REPORT: &[u8] = include_bytes!("../../../../fixtures/php-process/PHP-CGI-ProcessReport.htm");
const LOG: &[u8] = include_bytes!("../../../../fixtures/php-process/PHP-CGI-4242.log");
const PAGE: &[u8] = include_bytes!("../../../../fixtures/php-process/phpinfo.html");
const PRINT: &[u8] = include_bytes!("../../../../fixtures/php-process/phpinfo.txt");

#[test]
fn a_log_of_the_debugger() {
    assert!(sniff_processes(LOG) && !sniff_info(LOG));
    insta::assert_debug_snapshot!(read_processes(LOG, Some(1)));
}

#[test]
fn the_page_that_is_made_of_them() {
    assert!(sniff_processes(REPORT));
    let report = read_processes(REPORT, None);
    // Its first process is the one of the log, but for the line.
    let mut first = report.processes[0].clone();
    let log = read_processes(LOG, None).processes.remove(0);
    first.line = log.line;
    assert_eq!(first, log);
    insta::assert_debug_snapshot!(report);
}

#[test]
fn pages_and_prints_of_phpinfo() {
    assert!(sniff_info(PAGE) && sniff_info(PRINT) && !sniff_processes(PAGE));
    insta::assert_debug_snapshot!((read_info(PAGE), read_info(PRINT)));
}

#[test]
fn nothing_gives_nothing() {
    assert_eq!(read_processes(b"", None), ProcessReport::default());
    assert_eq!(read_info(b"<html></html>"), None);
    let none = b"<html><h1>PHP Analysis Report</h1>No Php-cgi process was found!</html>";
    assert!(read_processes(none, None).says_none);
}

/// What is secret stands in the files, and in nothing that is made of them.
#[test]
fn secrets_are_not_kept() {
    for bytes in [REPORT, LOG, PAGE, PRINT] {
        assert!(bytes.windows(10).any(|part| part == b"verysecret"));
        let all = format!("{:?} {:?}", read_processes(bytes, None), read_info(bytes));
        for secret in ["verysecret", "0123456789abcdef", "ann@example.com", "000001a4"] {
            assert!(!all.contains(secret), "{secret}");
        }
    }
}

#[test]
fn pages_made_to_be_slow_are_not() {
    for piece in
        ["<style>", "<", "<td", "&", "</style", "<h3>General Info</h3>\nx : y\n", "<script><"]
    {
        let text = format!("<html>{}", piece.repeat((1 << 20) / piece.len()));
        let _ = read_processes(text.as_bytes(), None);
        let _ = read_info(text.as_bytes());
    }
}
