//! Rendered messages taken apart again, for exports that have nothing else.
//!
//! A table of Event Viewer holds the message as a person reads it, in the language of the machine, and not the strings
//! that were put into it. Most sources that matter put their whole text into one string, so that the message is that
//! string. For the others the strings are found by their shape where that can be done in any language, and by the
//! English words where not.

use std::borrow::Cow;

use crate::MAX_DATA;
use crate::event::{Datum, is_asp_net};
use crate::windows::WER_PARAMETERS;

/// The insertion strings of a message, as far as they can be told.
pub(crate) fn strings(provider: &str, id: u32, message: &str) -> Vec<Datum<'static>> {
    let provider = provider.to_ascii_lowercase();
    let found = match (provider.as_str(), id) {
        ("application error", 1000) => Some(application_error(message)),
        ("windows error reporting", 1001) => Some(error_report(message)),
        ("was" | "microsoft-windows-was", _) => quoted(message),
        (name, 1309 | 1310) if is_asp_net(name) => web_error(message),
        _ => None,
    };
    found.filter(|strings| !strings.is_empty()).unwrap_or_else(|| vec![plain(message)])
}

fn plain(text: &str) -> Datum<'static> {
    Datum { name: None, text: Cow::Owned(text.to_owned()) }
}

fn named(name: &str, text: &str) -> Datum<'static> {
    Datum { name: Some(Cow::Owned(name.to_owned())), text: Cow::Owned(text.to_owned()) }
}

/// What stands behind the first colon of a part: `Exception code: 0xc0000005`. Chinese has a colon of its own width.
fn value(part: &str) -> &str {
    let found = part.split_once(": ").or_else(|| part.split_once('：'));
    match found {
        Some((_, value)) => value.trim(),
        // `time stamp 0x5be0a1c3` of the older layout, and "identifier:" with nothing behind it.
        None => part.trim().rsplit([' ', ':', '：']).next().unwrap_or_default().trim(),
    }
}

/// The lines of Application Error 1000, in their fixed order: application, module, code, offset, process, start,
/// paths, report. Windows Server 2008 has all of it in one line.
fn application_error(message: &str) -> Vec<Datum<'static>> {
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let parts = |line: Option<&&str>| -> Vec<String> {
        let comma = |c: char| matches!(c, ',' | '，' | '、');
        line.map(|line| line.split(comma).map(|part| value(part).to_owned()).collect())
            .unwrap_or_default()
    };
    let single = lines.len() < 4;
    let first = parts(lines.first());
    let (app, module, rest) = if single {
        let at = |range: std::ops::Range<usize>| first.get(range).map(<[String]>::to_vec);
        (at(0..3), at(3..6), first.get(6..).map(<[String]>::to_vec))
    } else {
        let rest = lines.iter().skip(2).map(|line| value(line).to_owned()).collect();
        (Some(first), Some(parts(lines.get(1))), Some(rest))
    };
    let (app, module, rest) =
        (app.unwrap_or_default(), module.unwrap_or_default(), rest.unwrap_or_default());
    let of = |list: &[String], index: usize| list.get(index).cloned().unwrap_or_default();
    // Windows 11 prints the number of the process as `0x0x1A2C`.
    let process = of(&rest, 2).replace("0x0x", "0x");
    let fields = [
        ("AppName", of(&app, 0)),
        ("AppVersion", of(&app, 1)),
        ("AppTimeStamp", of(&app, 2)),
        ("ModuleName", of(&module, 0)),
        ("ModuleVersion", of(&module, 1)),
        ("ModuleTimeStamp", of(&module, 2)),
        ("ExceptionCode", of(&rest, 0)),
        ("FaultingOffset", of(&rest, 1)),
        ("ProcessId", process),
        ("ProcessCreationTime", of(&rest, 3)),
        ("AppPath", of(&rest, 4)),
        ("ModulePath", of(&rest, 5)),
        ("IntegratorReportId", of(&rest, 6)),
    ];
    fields.iter().map(|(name, text)| named(name, text)).collect()
}

/// Windows Error Reporting 1001: the name of the event on the second line, and `P1: …` to `P10: …`.
fn error_report(message: &str) -> Vec<Datum<'static>> {
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut out = vec![named("EventName", lines.get(1).map_or("", |line| value(line)))];
    for (index, name) in WER_PARAMETERS.iter().enumerate() {
        let prefix = format!("P{}:", index + 1);
        let found = lines.iter().find_map(|line| line.strip_prefix(&prefix));
        out.push(named(name, found.unwrap_or_default().trim()));
    }
    // A GUID at the end of a line, after the list of files.
    let guid = lines
        .iter()
        .rev()
        .map(|line| value(line))
        .find(|value| value.len() == 36 && value.split('-').map(str::len).eq([8, 4, 4, 4, 12]));
    out.push(named("ReportId", guid.unwrap_or_default()));
    out
}

/// What stands in quotes, in order: the activation service quotes its pool, its process and its exit code.
fn quoted(message: &str) -> Option<Vec<Datum<'static>>> {
    let found: Vec<Datum<'static>> = message
        .split(['\'', '"', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '«', '»'])
        .skip(1)
        .step_by(2)
        .take(MAX_DATA)
        .map(|text| plain(text.trim()))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// ASP.NET's 1309 and 1310 in English: its thirty strings under their headings.
fn web_error(message: &str) -> Option<Vec<Datum<'static>>> {
    const HEADINGS: [(&str, usize); 25] = [
        ("Event code:", 0),
        ("Event message:", 1),
        ("Event time:", 2),
        ("Event time (UTC):", 3),
        ("Event ID:", 4),
        ("Event sequence:", 5),
        ("Event occurrence:", 6),
        ("Event detail code:", 7),
        ("Application domain:", 8),
        ("Trust level:", 9),
        ("Application Virtual Path:", 10),
        ("Application Path:", 11),
        ("Machine name:", 12),
        ("Process ID:", 14),
        ("Process name:", 15),
        ("Account name:", 16),
        ("Exception type:", 17),
        ("Exception message:", 18),
        ("Request URL:", 19),
        ("Request path:", 20),
        ("User host address:", 21),
        ("User:", 22),
        ("Is authenticated:", 23),
        ("Thread ID:", 26),
        ("Stack trace:", 29),
    ];
    let mut strings = vec![String::new(); 30];
    let mut current = None;
    let mut any = false;
    for line in message.lines() {
        let text = line.trim();
        let heading = HEADINGS.iter().find_map(|(heading, index)| {
            text.strip_prefix(heading).map(|rest| (*index, rest.trim()))
        });
        match (heading, current) {
            (Some((index, rest)), _) => {
                any = true;
                if let Some(string) = strings.get_mut(index) {
                    rest.clone_into(string);
                }
                // Only these two go on over several lines.
                current = matches!(index, 18 | 29).then_some(index);
            }
            (None, _) if text.ends_with("information:") || text.starts_with("Custom event") => {
                current = None;
            }
            (None, Some(index)) => {
                if let Some(string) = strings.get_mut(index) {
                    string.push('\n');
                    string.push_str(line.trim_end());
                }
            }
            (None, None) => {}
        }
    }
    // The stack of the exception stands under its message in the strings, and under the thread in the text.
    if !strings[18].contains("\n   at ") && !strings[29].is_empty() {
        let stack = strings[29].clone();
        strings[18].push('\n');
        strings[18].push_str(&stack);
    }
    any.then(|| strings.iter().map(|text| plain(text)).collect())
}
