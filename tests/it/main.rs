//! The integration tests: the built program, run in a folder of its own, judged by what it writes.
//!
//! * [`app_logs`]: what applications logged, through the whole program.
//! * [`azure`]: resource logs, gateways and metrics, held against the worker's log.
//! * [`causes`]: simulated incidents, and what is told to have caused them.
//! * [`cli`]: arguments, exit codes, words for people, and that no file is left half written.
//! * [`json`]: the shape and the numbers of `findings.json`, against what is known of the fixture.
//! * [`report`]: that the page is one self-contained file.
//! * [`determinism`]: the same input gives the same bytes, however it was read.
//! * [`httplog_fixtures`]: every quirk of the W3C format, through the whole program.
//! * [`dumps`]: memory dumps and the reports of tools on them, through the whole program.
//! * [`evidence`]: every place that a finding names is there; nothing private is in any output.
//! * [`limits`]: hostile and broken input.
//! * [`platform`]: what Kudu and DaaS leave behind, through the whole program.
//! * [`replay`]: the fuzz targets without a fuzzer.
//! * [`vantages`]: the same visits in several logs.
//! * [`verbs`]: what is asked without an analysis: explanations, evidence read back, completions; and the redaction.
//! * [`server_logs`]: request logs that are not W3C, and HTTP.sys's errors, through the whole program.
//! * [`saturation`]: requests in progress that meet a limit.
//! * [`events`]: event logs of App Service and of whole servers: restarts, what ran out, what vanished.
//! * [`samples`]: real files, where there are any on this machine.

#![expect(
    clippy::disallowed_methods,
    clippy::format_push_string,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests, and their helpers, write the files that the program is to read, fail by a panic, and say what they skip"
)]

mod app_logs;
mod azure;
mod causes;
mod cli;
mod determinism;
mod dumps;
mod events;
mod evidence;
mod failed_requests;
mod httplog_fixtures;
mod json;
mod limits;
mod php;
mod platform;
mod replay;
mod report;
mod samples;
mod saturation;
mod server_logs;
mod support;
mod vantages;
mod verbs;
