//! DebugDiag's report: a web archive whose first part is the page.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;

use super::html::{Token, attribute, tokens};
use super::{Gravity, Line, MAX_FRAMES, Report, Threads, Tool, kept};

/// The groups of the summary by the beginning of their id: `errorsAnalysisSummarySection`.
const GROUPS: [(&str, Gravity); 4] = [
    ("errors", Gravity::Error),
    ("warnings", Gravity::Warning),
    ("informations", Gravity::Note),
    ("notifications", Gravity::Note),
];

pub(super) fn read(bytes: &[u8]) -> Report {
    let mut report = Report::new(Tool::DebugDiag);
    let page = page(bytes);
    let page = String::from_utf8_lossy(&page);
    let mut gravity = Gravity::Note;
    // The cells of the row that is open, where it is one of the summary.
    let mut row: Option<Vec<String>> = None;
    let mut stacks: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    let mut stack: Option<Vec<String>> = None;
    let mut texts: Vec<String> = Vec::new();
    for token in tokens(&page) {
        match token {
            Token::Open(name, attributes) => {
                if let Some(id) = attribute(attributes, "id")
                    && id.to_ascii_lowercase().contains("analysissummary")
                {
                    let id = id.to_ascii_lowercase();
                    let group = GROUPS.iter().find(|(begin, _)| id.starts_with(begin));
                    gravity = group.map_or(gravity, |(_, gravity)| *gravity);
                }
                if name.eq_ignore_ascii_case("tr") && attribute(attributes, "data-is-row").is_some()
                {
                    let dump = attribute(attributes, "data-debug-dump");
                    report.of = report.of.take().or_else(|| dump.map(base_name));
                    row = Some(Vec::new());
                } else if name.eq_ignore_ascii_case("td")
                    && let Some(row) = &mut row
                {
                    row.push(String::new());
                }
            }
            Token::Close(name) if name.eq_ignore_ascii_case("tr") => {
                if let Some(cells) = row.take()
                    && let Some(text) = cells.first().filter(|text| !text.is_empty())
                {
                    report.lines.push(Line { gravity, text: kept(text) });
                }
            }
            Token::Close(_) => {}
            Token::Text(text) => {
                if let Some(cell) = row.as_mut().and_then(|row| row.last_mut()) {
                    if cell.len() < 4096 {
                        cell.push_str(&text);
                        cell.push(' ');
                    }
                    continue;
                }
                for line in text.lines().map(kept).filter(|line| !line.is_empty()) {
                    if line.ends_with("Call Stack") {
                        take(&mut stacks, stack.replace(Vec::new()));
                    } else if let Some(frames) = &mut stack {
                        if is_frame(&line) {
                            if frames.len() < MAX_FRAMES {
                                frames.push(without_arguments(&line));
                            }
                        } else if !frames.is_empty() {
                            take(&mut stacks, stack.take());
                        }
                    }
                    if texts.len() < 4000 {
                        texts.push(line);
                    }
                }
            }
        }
    }
    take(&mut stacks, stack);
    report.stacks = stacks
        .into_iter()
        .map(|(frames, count)| Threads { count, state: String::new(), frames })
        .collect();
    values(&texts, &mut report);
    report.deadlock = report
        .lines
        .iter()
        .find(|line| line.text.to_ascii_lowercase().contains("deadlock"))
        .map(|line| line.text.clone());
    report
}

fn take(stacks: &mut BTreeMap<Vec<String>, u64>, stack: Option<Vec<String>>) {
    if let Some(frames) = stack.filter(|frames| !frames.is_empty())
        && (stacks.len() < 2000 || stacks.contains_key(&frames))
    {
        *stacks.entry(frames).or_default() += 1;
    }
}

/// Labels and values of the details that are worth having; the command line is not.
fn values(texts: &[String], report: &mut Report) {
    for pair in texts.windows(2) {
        let label = pair[0].trim_end_matches(':').trim();
        match label {
            "Machine Name" if report.machine.is_none() => report.machine = Some(pair[1].clone()),
            "Type of Analysis Performed"
            | "Process Up-Time"
            | "System Up-Time"
            | "Process Bitness"
            | "Number Of Processors"
            | "GC Heap Size"
            | "Number of GC Heaps" => {
                let figure = format!("{label}: {}", pair[1]);
                if report.figures.len() < 12 && !report.figures.contains(&figure) {
                    report.figures.push(figure);
                }
            }
            _ => {}
        }
    }
}

/// `Shop.Cart.Load(Int32)+1a`, `ntdll!NtWaitForSingleObject+a`: a name with a dot or `!` and neither blanks nor a colon
/// before its arguments.
fn is_frame(line: &str) -> bool {
    let name = line.split(['(', '+']).next().unwrap_or(line);
    let ok = |c: char| c.is_alphanumeric() || "._!<>`[],$@~:-".contains(c);
    name.len() > 3 && name.contains(['.', '!']) && name.chars().all(ok) && !name.ends_with('.')
}

/// Arguments may be values, and offsets differ between equal calls.
fn without_arguments(line: &str) -> String {
    line.split(['(', '+']).next().unwrap_or(line).to_owned()
}

fn base_name(path: &str) -> String {
    kept(path.rsplit(['\\', '/']).next().unwrap_or(path))
}

/// The page of an archive: its first part of the type text/html.
fn page(bytes: &[u8]) -> Cow<'_, [u8]> {
    let lower = bytes[..bytes.len().min(64 << 10)].to_ascii_lowercase();
    let Some(kind) = memmem::find(&lower, b"content-type: text/html") else {
        return Cow::Borrowed(bytes);
    };
    // The head of the part ends at the first blank line behind it.
    let rest = &bytes[kind..];
    let blank = [b"\r\n\r\n".as_slice(), b"\n\n"]
        .into_iter()
        .filter_map(|blank| Some(memmem::find(rest, blank)? + blank.len()))
        .min();
    let Some(start) = blank else { return Cow::Borrowed(bytes) };
    // Encodings stand before or behind the type; the one of another part is further away.
    let from = lower[..kind].windows(2).rposition(|pair| pair == b"--").unwrap_or(0);
    let head = &lower[from..(kind + start).min(lower.len())];
    let body = &rest[start..];
    let end = memmem::find(body, b"\n--").unwrap_or(body.len());
    let body = &body[..end];
    if memmem::find(head, b"quoted-printable").is_some() {
        Cow::Owned(quoted_printable(body))
    } else {
        Cow::Borrowed(body)
    }
}

/// `=3D` is `=`, and `=` at the end of a line joins it with the next.
fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte != b'=' {
            out.push(*byte);
            at += 1;
            continue;
        }
        match (bytes.get(at + 1), bytes.get(at + 2)) {
            (Some(b'\r'), Some(b'\n')) => at += 3,
            (Some(b'\n'), _) => at += 2,
            (high, low) => {
                let pair = digit(high).zip(digit(low));
                out.push(pair.map_or(b'=', |(high, low)| (high * 16 + low) as u8));
                at += if pair.is_some() { 3 } else { 1 };
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"__ANALYZER_REPORT_BOUNDARY__\"\r\n\r\n\
        --__ANALYZER_REPORT_BOUNDARY__\r\nContent-Type: text/html; charset=3D\"utf-8\"\r\n\
        Content-Transfer-Encoding: quoted-printable\r\nContent-Location: file:///C:/Report.htm\r\n\r\n\
        <html><div id=3D\"errorsAnalysisSummarySection\"><table><tr><th>Description</th></tr>\r\n\
        <tr data-is-row=3D\"true\" data-debug-dump=3D\"D:\\local\\RD0003FF00C0DE_w3wp_4242.dmp\"><td>In w3wp_4242.dmp thread 12 and thr=\r\n\
        ead 14 are in a <b>deadlock</b></td><td>Look at them</td></tr></table></div>\r\n\
        <div id=3D\"warningsAnalysisSummarySection\"><table><tr data-is-row=3D'true'><td>debug=3D&quot;true&quot;</td></tr></table></div>\r\n\
        <table><tr><td>Machine Name</td><td>RD0003FF00C0DE</td></tr><tr><td>Command Line</td><td>w3wp.exe -s secret</td></tr>\r\n\
        <tr><td>Process Up-Time</td><td>0 day(s) 01:05:00</td></tr></table>\r\n\
        <h3>.NET Call Stack</h3><pre>System.Threading.Monitor.Enter(Object)\r\nShop.Cart.Load(Int32)+1a\r\n</pre>\r\n\
        <h3>.NET Call Stack</h3><pre>System.Threading.Monitor.Enter(Object)\r\nShop.Cart.Load(Int32)+2b\r\n</pre><p>Done here.</p>\r\n\
        --__ANALYZER_REPORT_BOUNDARY__\r\nContent-Type: image/gif\r\n\r\nR0lGOD\r\n";

    #[test]
    fn summary_stacks_and_deadlock_are_taken() {
        let report = read(REPORT.as_bytes());
        let deadlock = "In w3wp_4242.dmp thread 12 and thread 14 are in a deadlock";
        assert_eq!(report.deadlock.as_deref(), Some(deadlock));
        assert_eq!(
            report.lines,
            [
                Line { gravity: Gravity::Error, text: deadlock.to_owned() },
                Line { gravity: Gravity::Warning, text: "debug=\"true\"".to_owned() },
            ]
        );
        let frames =
            ["System.Threading.Monitor.Enter", "Shop.Cart.Load"].map(str::to_owned).to_vec();
        assert_eq!(report.stacks, [Threads { count: 2, state: String::new(), frames }]);
        assert_eq!(report.machine.as_deref(), Some("RD0003FF00C0DE"));
        assert_eq!(report.of.as_deref(), Some("RD0003FF00C0DE_w3wp_4242.dmp"));
        assert_eq!(report.figures, ["Process Up-Time: 0 day(s) 01:05:00"]);
        assert!(!format!("{report:?}").contains("secret"));
    }

    #[test]
    fn what_is_not_understood_is_empty() {
        assert!(read(b"MIME-Version: 1.0\r\n\r\nnothing").is_empty());
        assert!(read(b"").is_empty());
    }
}
