//! What the name of a dump says: the tools put machine, process, id and time into it.
//!
//! | tool | name |
//! |---|---|
//! | DaaS | `RD0003FF23C43E_w3wp_4242_20261122-054211.dmp`, older ones without a time |
//! | DaaS, CPU monitoring | `RD0003FF23C43E_w3wp_4242_638996532310000000.dmp`, ticks of .NET |
//! | Kudu | `w3wp-a1b2c3-11-22-05-42-11.dmp`, instance, then month to second |
//! | procdump | `w3wp.exe_261122_054211.dmp`, local time |
//! | Windows Error Reporting | `w3wp.exe.4242.dmp` |
//! | dotnet-dump | `dump_20261122_054211.dmp` |

use daaslens_core::Time;

/// What a name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The machine.
    pub machine: Option<String>,
    /// The six hex digits of the instance.
    pub instance: Option<String>,
    /// The process, without `.exe`.
    pub process: Option<String>,
    /// Its id.
    pub pid: Option<u32>,
    /// When the dump was written, where the name holds a whole date that is UTC by the rules of its tool.
    pub time: Option<Time>,
}

/// Reads the name of a file, without its folder.
pub fn read(file: &str) -> Name {
    let stem = stem(file);
    daas(stem).or_else(|| kudu(stem)).or_else(|| error_reporting(stem)).unwrap_or_default()
}

fn stem(file: &str) -> &str {
    let lower = file.to_ascii_lowercase();
    let end = [".dmp", ".mdmp", ".hdmp", ".zip", ".mht", ".html"]
        .iter()
        .find(|end| lower.ends_with(*end))
        .map_or(0, |end| end.len());
    &file[..file.len() - end]
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

fn process(text: &str) -> String {
    let end = text.len() - if text.to_ascii_lowercase().ends_with(".exe") { 4 } else { 0 };
    text[..end].to_owned()
}

/// `<MACHINE>_<process>_<pid>[_<time>]`.
fn daas(stem: &str) -> Option<Name> {
    let parts: Vec<&str> = stem.split('_').collect();
    let (machine, rest) = parts.split_first()?;
    // The name of a process may hold `_`; its id is the first number behind it.
    let pid_at = rest.iter().skip(1).position(|part| is_digits(part) && part.len() <= 7)? + 1;
    let has_letter = |text: &str| text.bytes().any(|c| c.is_ascii_alphabetic());
    let is_host = machine.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    if machine.len() < 6 || !is_host || !has_letter(machine) || !has_letter(rest[0]) {
        return None;
    }
    let pid = rest[pid_at].parse().ok()?;
    let time = rest.get(pid_at + 1).and_then(|text| compact(text).or_else(|| ticks(text)));
    Some(Name {
        machine: Some((*machine).to_owned()),
        instance: None,
        process: Some(process(&rest[..pid_at].join("_"))),
        pid: Some(pid),
        time,
    })
}

/// `20261122-054211`.
fn compact(text: &str) -> Option<Time> {
    let (date, time) = text.split_once('-')?;
    if date.len() != 8 || time.len() != 6 || !is_digits(date) || !is_digits(time) {
        return None;
    }
    let number = |text: &str, range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    Time::from_civil(
        number(date, 0..4)? as i32,
        number(date, 4..6)?,
        number(date, 6..8)?,
        number(time, 0..2)?,
        number(time, 2..4)?,
        number(time, 4..6)?,
    )
}

/// Hundreds of nanoseconds since the year 1.
fn ticks(text: &str) -> Option<Time> {
    let ticks: i64 = (text.len() == 18 && is_digits(text)).then(|| text.parse().ok())??;
    Some(Time((ticks - 621_355_968_000_000_000) / 10_000))
}

/// `<process>-<six hex digits>-<month>-<day>-<hour>-<minute>-<second>`: no year.
fn kudu(stem: &str) -> Option<Name> {
    let parts: Vec<&str> = stem.split('-').collect();
    let (stamp, rest) = (parts.get(parts.len().checked_sub(5)?..)?, &parts[..parts.len() - 5]);
    let (instance, name) = rest.split_last()?;
    let is_stamp = stamp.iter().all(|part| part.len() == 2 && is_digits(part));
    let is_instance = instance.len() == 6 && instance.bytes().all(|c| c.is_ascii_hexdigit());
    (is_stamp && is_instance && !name.is_empty()).then(|| Name {
        instance: Some(instance.to_ascii_lowercase()),
        process: Some(process(&name.join("-"))),
        ..Name::default()
    })
}

/// `w3wp.exe.4242`, also with `(1)` behind it.
fn error_reporting(stem: &str) -> Option<Name> {
    let (name, rest) = stem.rsplit_once(".exe.").or_else(|| stem.rsplit_once(".EXE."))?;
    let pid = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(Name { process: Some(name.to_owned()), pid: Some(pid), ..Name::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_tools_are_read() {
        let some = |text: &str| Some(text.to_owned());
        let time = Time::from_civil(2026, 11, 22, 5, 42, 11);
        for (file, machine, instance, process, pid, time) in [
            (
                "RD0003FF23C43E_w3wp_4242_20261122-054211.dmp",
                some("RD0003FF23C43E"),
                None,
                some("w3wp"),
                Some(4242),
                time,
            ),
            (
                "dw1sdwk000MEM_my_app.exe_77.dmp",
                some("dw1sdwk000MEM"),
                None,
                some("my_app"),
                Some(77),
                None,
            ),
            (
                "RD0003FF23C43E_w3wp_4242_639154285310000000.dmp",
                some("RD0003FF23C43E"),
                None,
                some("w3wp"),
                Some(4242),
                Some(Time(1_779_831_731_000)),
            ),
            ("w3wp-a1b2c3-11-22-05-42-11.dmp", None, some("a1b2c3"), some("w3wp"), None, None),
            ("w3wp.exe.4242.dmp", None, None, some("w3wp"), Some(4242), None),
            ("w3wp.exe_261122_054211.dmp", None, None, None, None, None),
            ("dump_20261122_054211.dmp", None, None, None, None, None),
            ("minidump.dmp", None, None, None, None, None),
        ] {
            assert_eq!(read(file), Name { machine, instance, process, pid, time }, "{file}");
        }
    }
}
