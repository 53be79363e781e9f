//! What DaaS keeps for itself: settings, signs of life, cancellations, locks, and its own logs.
//!
//! Each is small, but together they tell what no session does: how long sessions are kept (so what their absence means),
//! which machines were there, and whether a runner died in the middle.

use daaslens_core::Time;
use serde_json::Value;

use crate::document::{Document, kept, some};
use crate::parsed::{FaultKind, Faults, Parsed, Place};
use crate::session::Tool;
use crate::{json, stamp, xml};

/// The most settings, or lines of a log, that are kept.
pub const MAX_ITEMS: usize = 2000;

/// A setting that was changed from its default.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value, where it is a number. Anything else may be a key, and is not kept.
    pub value: Option<u64>,
}

/// Reads `PrivateSettings.json` (JSON with comments) or `PrivateSettings.xml`, in the order of names.
///
/// Those that matter: `MaxSessionsToKeep` (10), `MaxSessionAgeInDays` (20), `MaxSessionTimeInMinutes` (60),
/// `OrphanInstanceTimeoutInMinutes` (5).
pub fn read_settings(bytes: &[u8]) -> Parsed<Vec<Setting>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let mut settings = Vec::new();
    if document.text().trim_start().starts_with('<') {
        let root = xml::parse(&document, &mut faults);
        let mut left: Vec<&xml::Element> = root.iter().collect();
        while let Some(element) = left.pop() {
            if element.children.is_empty() && !element.text.trim().is_empty() {
                let value = element.text.trim().parse().ok();
                settings.push(Setting { name: kept(&element.name), value });
            }
            left.extend(&element.children);
        }
    } else if let Some(Value::Object(object)) = json::parse(&document, &mut faults) {
        for (name, value) in &object {
            let value = match value {
                Value::Number(number) => number.as_u64(),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            };
            settings.push(Setting { name: kept(name), value });
        }
    } else if !document.is_empty() {
        let expected = "settings of DaaS";
        faults.add(document.place(0), FaultKind::Unexpected { expected });
    }
    settings.sort();
    cap(&mut settings, "settings", document.place(document.text().len()), &mut faults);
    Parsed::new(settings, faults)
}

/// A machine that was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// The machine: as it is written, else as the file is called.
    pub machine: String,
    /// Until when it counts as alive: five minutes after it was.
    pub expires: Option<Time>,
}

/// Reads a heartbeat of the first generation, JSON or XML. `path` is where it lies; it is called like the machine.
pub fn read_heartbeat(bytes: &[u8], path: &str) -> Parsed<Heartbeat> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let place = document.place(0);
    let (name, expires) = if document.text().trim_start().starts_with('<') {
        let root = xml::parse(&document, &mut faults).unwrap_or_default();
        let instance = root.child("Instance");
        let name = instance
            .and_then(|instance| some(instance.text_of("Name")).or_else(|| some(&instance.text)));
        let expires = root.text_of("ExpirationTime");
        (name, stamp::iso(expires, "ExpirationTime", place, &mut faults))
    } else {
        let value = json::parse(&document, &mut faults).unwrap_or_default();
        let name = json::field(&value, "Instance")
            .and_then(|instance| json::text(instance, "Name").or_else(|| some(instance.as_str()?)));
        (name, json::time(&value, "ExpirationTime", "ExpirationTime", place, &mut faults))
    };
    if name.is_none() && !document.is_empty() {
        faults.add(place, FaultKind::Missing { field: "Instance" });
    }
    let machine = name.unwrap_or_else(|| kept(last_part(path)));
    Parsed::new(Heartbeat { machine, expires }, faults)
}

/// A collector that was told to stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancelled {
    /// The machine.
    pub machine: String,
    /// What was being done.
    pub tool: Tool,
    /// When.
    pub time: Option<Time>,
    /// In which session.
    pub session: Option<String>,
}

/// Reads `Cancelled/<MACHINE>.<diagnoser without blanks>`.
pub fn read_cancelled(bytes: &[u8], path: &str) -> Parsed<Cancelled> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let root = xml::parse(&document, &mut faults).unwrap_or_default();
    let name = last_part(path);
    let (machine, tool) = name.split_once('.').unwrap_or((name, ""));
    let time = root.text_of("CancellationTime");
    let cancelled = Cancelled {
        machine: some(root.text_of("Name")).unwrap_or_else(|| kept(machine)),
        tool: Tool::read(&some(root.text_of("DiagnoserName")).unwrap_or_else(|| tool.to_owned())),
        time: stamp::iso(time, "CancellationTime", document.place(root.at), &mut faults),
        session: some(root.text_of("SessionId")),
    };
    Parsed::new(cancelled, faults)
}

/// A lock that was left behind: whoever held it died, or held it when the bundle was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// What it was for.
    pub operation: Option<String>,
    /// Since when.
    pub acquired: Option<Time>,
    /// The first six hex digits of the instance that held it.
    pub prefix: Option<String>,
}

/// Reads a lock file of DaaS or Kudu.
pub fn read_lock(bytes: &[u8]) -> Parsed<Lock> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let value = json::parse(&document, &mut faults).unwrap_or_default();
    let place = document.place(0);
    let prefix = json::text(&value, "InstanceId").map(|id| id.to_ascii_lowercase());
    let lock = Lock {
        operation: json::text(&value, "OperationName"),
        acquired: json::time(&value, "AcquiredDateTime", "AcquiredDateTime", place, &mut faults),
        prefix: prefix.filter(|id| crate::document::is_prefix(id)),
    };
    Parsed::new(lock, faults)
}

/// A line of a `.diaglog`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiagLine {
    /// When, where the line says so in a way that can be read.
    pub time: Option<Time>,
    /// `Information`, `Warning`, `Error`, where the line says so.
    pub level: Option<&'static str>,
    /// The machine, where the line says so.
    pub machine: Option<String>,
    /// The message; free text.
    pub message: String,
    /// Where it stands.
    pub place: Place,
}

/// Reads a `.diaglog`: DaaS's own log, or `diagstatus.diaglog`, which holds the messages of a session. Nothing in it is
/// fixed: a line that says neither time nor level is all message, as the stack of an exception is.
///
/// ```text
/// DaaSRunner.exe Information: 0 : 1/12/2024 9:35:12 AM [[2.0.0.0]] [RD0003FF8A1B2C] Found a new session
/// 2026-01-26T11:20:08Z : Collecting data for process w3wp with process id 6780
/// ```
pub fn read_diaglog(bytes: &[u8]) -> Parsed<Vec<DiagLine>> {
    let mut faults = Faults::default();
    let document = Document::new(bytes, &mut faults);
    let mut lines: Vec<DiagLine> = Vec::new();
    let mut found = 0;
    for (place, line) in document.lines() {
        let text = line.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if text.is_empty() {
            continue;
        }
        found += 1;
        if lines.len() < MAX_ITEMS {
            lines.push(diag_line(text, place));
        }
    }
    if found > MAX_ITEMS as u64 {
        let kind = FaultKind::Capped { what: "lines", kept: MAX_ITEMS as u64, found: Some(found) };
        faults.add(document.place(document.text().len()), kind);
    }
    Parsed::new(lines, faults)
}

fn diag_line(text: &str, place: Place) -> DiagLine {
    let mut line = DiagLine { place, ..DiagLine::default() };
    let mut rest = text;
    for level in ["Information", "Warning", "Error", "Critical", "Verbose"] {
        // `<process> <level>: <id> : `. Names of processes have no blanks here.
        let Some((process, after)) = text.split_once(&format!(" {level}: ")) else { continue };
        let Some((id, after)) = after.split_once(" : ") else { continue };
        if stamp::number(id).is_some() && !process.contains(' ') {
            line.level = Some(level);
            rest = after;
            break;
        }
    }
    let (stamp, message) = match rest.split_once(" [[") {
        Some((stamp, message)) if stamp.len() < 40 => {
            let message = message.split_once("]] ").map_or(message, |(_, message)| message);
            (stamp, message)
        }
        _ => rest.split_once(" : ").unwrap_or(("", rest)),
    };
    line.time = Time::parse(stamp).or_else(|| stamp::us(stamp));
    if line.time.is_some() {
        rest = message;
    }
    if let Some((machine, message)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] "))
        && !machine.is_empty()
        && !machine.contains(char::is_whitespace)
    {
        line.machine = Some(kept(machine));
        rest = message;
    }
    line.message = kept(rest);
    line
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn cap<T>(list: &mut Vec<T>, what: &'static str, place: Place, faults: &mut Faults) {
    if list.len() > MAX_ITEMS {
        let found = Some(list.len() as u64);
        faults.add(place, FaultKind::Capped { what, kept: MAX_ITEMS as u64, found });
        list.truncate(MAX_ITEMS);
    }
}
