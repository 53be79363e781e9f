//! Everything the crate says about each fixture, and the laws on arbitrary bytes.

mod laws;
mod processes;

use daaslens_phplog::{Item, class, decode, plan, read, signature};
use std::fmt::Write as _;

/// All that is read off a log, as text.
fn describe(log: &[u8]) -> String {
    let mut out = String::new();
    let text = |bytes: &[u8]| daaslens_core::text::visible(decode(bytes).as_bytes()).into_owned();
    for chunk in plan(log, usize::MAX) {
        for item in read(log, &chunk) {
            let span = item.span();
            let _ = write!(out, "{}..{} ", span.start, span.end);
            match item {
                Item::Blank(_) => out.push_str("blank\n"),
                Item::Malformed(malformed) => {
                    let _ = writeln!(
                        out,
                        "line {}: {}: {}",
                        malformed.line,
                        malformed.fault,
                        text(malformed.text)
                    );
                }
                Item::Record(record) => {
                    let stamp = record.stamp();
                    let time = stamp.time.map_or("no time".into(), daaslens_core::Time::rfc3339);
                    let _ = write!(out, "line {}+{}: {time}", record.line(), record.lines());
                    if let Some(offset) = stamp.offset_seconds.filter(|offset| *offset != 0) {
                        let _ = write!(out, " offset {offset}");
                    }
                    if let Some(doubt) = stamp.doubt {
                        let _ = write!(out, " {doubt:?}");
                    }
                    if record.recovered() {
                        out.push_str(" recovered");
                    }
                    let _ = writeln!(
                        out,
                        "\n  {:?} \"{}\" {:?} {:?}",
                        record.level(),
                        record.level_word(),
                        record.gravity(),
                        record.origin()
                    );
                    let _ = writeln!(out, "  message: {}", text(record.message()));
                    if record.headline() != record.message() {
                        let _ = writeln!(out, "  headline: {}", text(record.headline()));
                    }
                    if let Some(file) = record.file() {
                        let line = record.line_in_file().map_or(-1, i64::from);
                        let _ = writeln!(out, "  place: {} : {line}", text(file));
                    }
                    for exception in record.exceptions() {
                        let _ = writeln!(
                            out,
                            "  exception: {} | {} | {}:{}",
                            exception.class,
                            text(exception.message),
                            exception.file.unwrap_or_default(),
                            exception.line.unwrap_or_default()
                        );
                    }
                    for frame in record.frames() {
                        let _ = writeln!(
                            out,
                            "  frame {}/{}: {} | {}:{}",
                            frame.exception,
                            frame.number,
                            frame.function(),
                            frame.file.unwrap_or_default(),
                            frame.line.unwrap_or_default()
                        );
                    }
                    let _ = writeln!(out, "  class: {:?}", class(&record));
                    let _ = writeln!(out, "  signature: {}", signature(&record));
                }
            }
        }
    }
    out
}

macro_rules! fixtures {
    ($($test:ident $file:literal)*) => {
        $(
            #[test]
            fn $test() {
                let log = include_bytes!(concat!("../../../../fixtures/phplog/", $file, ".log"));
                insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                    insta::assert_snapshot!($file, describe(log));
                });
            }
        )*

        /// All fixtures, for the laws.
        const FIXTURES: &[&[u8]] =
            &[$(include_bytes!(concat!("../../../../fixtures/phplog/", $file, ".log"))),*];
    };
}

fixtures! {
    levels "0001_levels"
    uncaught_with_previous "0002_uncaught_with_previous"
    place_on_a_later_line "0003_place_on_a_later_line"
    xdebug_stamps_each_frame "0004_xdebug_stamps_each_frame"
    begins_inside_a_record "0005_begins_inside_a_record"
    line_ends "0006_line_ends"
    bytes_of_all_kinds "0007_bytes_of_all_kinds"
    zones "0008_zones"
    the_hour_that_comes_twice "0009_the_hour_that_comes_twice"
    wordpress_database "0010_wordpress_database"
    application_text "0011_application_text"
    html_errors_and_truncation "0012_html_errors_and_truncation"
    classes "0013_classes"
    frameworks "0014_frameworks"
    process_manager "0015_process_manager"
}
