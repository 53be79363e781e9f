//! Everything the crate says about each fixture, and the laws on arbitrary bytes.

mod laws;
mod threads;

use std::fmt::Write as _;

use daaslens_applog::{Item, Reader, file_name};
use daaslens_core::Time;

/// All that is read off a log, as text.
fn describe(name: &str, log: &[u8]) -> String {
    let mut out = String::new();
    let mut reader = Reader::new(file_name(name), log);
    reader.read(log, true, &mut |item| {
        let span = item.span();
        let _ = write!(out, "{}..{} ", span.start, span.end);
        let record = match item {
            Item::Record(record) => record,
            Item::More(_) => return out.push_str("more\n"),
            Item::Blank(_) => return out.push_str("blank\n"),
        };
        let time = record.time().map_or("no time".into(), Time::rfc3339);
        let _ = writeln!(
            out,
            "line {}+{}: {:?} {time} ({:?}, {:?}){}",
            record.line(),
            record.lines(),
            record.form(),
            record.dated(),
            record.zone(),
            if record.recovered() { " recovered" } else { "" }
        );
        let level = record.level().map_or("-", daaslens_applog::Level::word);
        let _ = write!(out, "  {level}");
        for (what, text) in [
            ("by", record.category()),
            ("thread", record.thread()),
            ("path", record.request_path().unwrap_or_default()),
        ] {
            if !text.is_empty() {
                let _ = write!(out, " {what} {text}");
            }
        }
        if let Some(pid) = record.pid() {
            let _ = write!(out, " pid {pid}");
        }
        let _ = writeln!(out, "\n  {}", record.headline());
        if let Some(ended) = record.uncaught() {
            let _ = writeln!(out, "  nobody caught it: {ended:?}");
        }
        for line in record.message().lines().skip(1) {
            let _ = writeln!(out, "  | {line}");
        }
    });
    out
}

macro_rules! fixtures {
    ($($test:ident $file:literal $name:literal)*) => {
        $(
            #[test]
            fn $test() {
                let log = include_bytes!(concat!("../../../../fixtures/applog/", $file));
                insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                    insta::assert_snapshot!($file, describe($name, log));
                });
            }
        )*

        /// All fixtures, for the laws.
        const FIXTURES: &[&[u8]] =
            &[$(include_bytes!(concat!("../../../../fixtures/applog/", $file))),*];
    };
}

fixtures! {
    net_framework_trace "0001_net_framework_trace.txt" "79e06d-6972-639044185861234567.txt"
    file_logger "0002_file_logger.txt" "diagnostics-20260119.txt"
    aspnetcore_console "0003_aspnetcore_console.log" "stdout_20260119032306_4200.log"
    aspnetcore_console_colours "0004_aspnetcore_console_colours.log" "stdout_4200_2026119032306.log"
    json_lines "0005_json_lines.log" "app.log"
    iisnode_uncaught "0006_iisnode_uncaught.txt" "iisnode/14b7dc-2908-stderr-1768792986000.txt"
    iisnode_stdout "0007_iisnode_stdout.txt" "iisnode/14b7dc-2908-stdout-1768792986000.txt"
    log4net_nlog_serilog "0008_log4net_nlog_serilog.log" "app.log"
    java "0009_java.log" "httpPlatformStdout_1234.log"
    python "0010_python.log" "app.log"
    webjob "0011_webjob.txt" "data/jobs/continuous/Mailer/job_log.txt"
    container "0012_container.log" "2026_01_19_lw0sdlwk0001ab_default_docker.log"
    container_platform "0013_container_platform.log" "2026_01_19_lw0sdlwk0001ab_docker.log"
    functions_host "0014_functions_host.log" "Functions/Host/2026-01-19T03-23-06Z-f763aeb07f.log"
    logging_errors "0015_logging_errors.txt" "1b7cc5-1040-logging-errors.txt"
    midnight_without_date "0016_midnight_without_date.log" "stdout_20260119235950_4200.log"
    bytes_of_all_kinds "0017_bytes_of_all_kinds.log" "app.log"
    stack_overflow "0018_stack_overflow.log" "stdout_20260119032306_4200.log"
}
