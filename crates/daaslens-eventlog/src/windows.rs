//! Events that only whole servers have: Windows' own crash reports and the pool manager's. App Service writes none.

use crate::event::Event;
use daaslens_stacktrace::parse_code;

/// Application Error 1000: a process died of a native exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationError {
    /// The executable.
    pub application: String,
    /// The module that the address was in. `KERNELBASE.dll` and `ntdll.dll` only raise what others caused.
    pub module: String,
    /// Its version.
    pub module_version: String,
    /// The exception code.
    pub code: Option<u32>,
    /// The offset in the module.
    pub offset: Option<u64>,
    /// The process.
    pub process_id: Option<u32>,
    /// When the process was started, in 100 ns since 1601; absent where Windows wrote 0.
    pub started: Option<u64>,
    /// Ties it to the report of Windows Error Reporting, in lower case; empty where there is none.
    pub report_id: String,
}

/// Reads Application Error 1000: strings in a fixed order, named in Windows 11 and Server 2025. Server 2008 R2 has
/// events with eight strings, without process and times.
pub fn application_error(event: &Event<'_>) -> Option<ApplicationError> {
    if !event.is_from("Application Error") || event.id != 1000 {
        return None;
    }
    Some(ApplicationError {
        application: event.named_or("AppName", 0).to_owned(),
        module: event.named_or("ModuleName", 3).to_owned(),
        module_version: event.named_or("ModuleVersion", 4).to_owned(),
        code: parse_code(event.named_or("ExceptionCode", 6)),
        offset: hexadecimal(event.named_or("FaultingOffset", 7)),
        process_id: hexadecimal(event.named_or("ProcessId", 8))
            .and_then(|id| u32::try_from(id).ok()),
        started: hexadecimal(event.named_or("ProcessCreationTime", 9)).filter(|&time| time != 0),
        report_id: event.named_or("IntegratorReportId", 12).trim().to_ascii_lowercase(),
    })
}

/// The source of crash reports.
pub(crate) const WER: &str = "Windows Error Reporting";

/// The names of a report's ten values in newer Windows.
pub(crate) const WER_PARAMETERS: [&str; 10] =
    ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10"];

/// What a report of Windows Error Reporting says, of those that are about the end of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReport {
    /// `APPCRASH`, `BEX64`, `CLR20r3`, `AppHangB1` …
    pub name: String,
    /// The executable.
    pub application: String,
    /// The module; of a managed crash the assembly.
    pub module: String,
    /// Its version.
    pub module_version: String,
    /// The exception code; a managed crash has none here.
    pub code: Option<u32>,
    /// The offset in the module.
    pub offset: Option<u64>,
    /// The type of a managed exception; long ones are cut, and some only a hash.
    pub exception: String,
    /// Ties it to Application Error 1000, in lower case; empty where there is none.
    pub report_id: String,
    /// Whether it tells of a process that hung, and not of a crash.
    pub hung: bool,
}

/// Reads Windows Error Reporting 1001 and `Report.wer`. Most reports are about drivers and updates and give nothing.
///
/// | | P1–P3 | P4–P6 | P7 | P8 | P9 |
/// |---|---|---|---|---|---|
/// | `APPCRASH` | application | module | code | offset | |
/// | `BEX`, `BEX64` | application | module | offset | code | what was violated |
/// | `CLR20r3` | application | assembly | method | offset in it | exception |
/// | `AppHangB1` … | application | | | | |
pub fn error_report(event: &Event<'_>) -> Option<ErrorReport> {
    if !event.is_from(WER) || event.id != 1001 {
        return None;
    }
    let name = event.named_or("EventName", 2).trim().to_owned();
    let upper = name.to_ascii_uppercase();
    let hung = upper.starts_with("APPHANG");
    let managed = upper.starts_with("CLR20");
    let execution = upper.starts_with("BEX");
    let crash = managed || execution || upper.ends_with("APPCRASH");
    if !crash && !hung {
        return None;
    }
    let parameter = |number: usize| {
        let key = WER_PARAMETERS.get(number - 1).copied().unwrap_or_default();
        event.named_or(key, 4 + number).trim()
    };
    let (code, offset) = if execution { (8, 7) } else { (7, 8) };
    let native = !managed && !hung;
    Some(ErrorReport {
        application: parameter(1).to_owned(),
        module: if hung { String::new() } else { parameter(4).to_owned() },
        module_version: if hung { String::new() } else { parameter(5).to_owned() },
        code: native.then(|| parse_code(parameter(code))).flatten(),
        offset: native.then(|| hexadecimal(parameter(offset))).flatten(),
        exception: if managed { parameter(9).to_owned() } else { String::new() },
        report_id: event.named_or("ReportId", 19).trim().to_ascii_lowercase(),
        name,
        hung,
    })
}

/// What the process activation service did or saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolEvent {
    /// What.
    pub kind: PoolKind,
    /// The pool.
    pub pool: String,
    /// The process.
    pub process_id: Option<u32>,
    /// The exit code, or the code in the binary part.
    pub code: Option<u32>,
}

/// The events of the process activation service that bear on a site's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PoolKind {
    /// 5009, 5011: the worker is gone.
    Died,
    /// 5010: it does not answer pings.
    Hung,
    /// 5012: it was not up in time.
    StartedTooSlowly,
    /// 5013: it was not down in time and was ended.
    StoppedTooSlowly,
    /// 5002, 5059: the pool is disabled; all requests get 503.
    Disabled,
    /// 5074–5081, 5117, 5186: a recycle of the ordinary kind.
    Recycled,
}

/// Reads the events of `WAS`.
pub fn pool_event(event: &Event<'_>) -> Option<PoolEvent> {
    if !event.is_from("WAS") && !event.is_from("Microsoft-Windows-WAS") {
        return None;
    }
    let kind = match event.id {
        5009 | 5011 => PoolKind::Died,
        5010 => PoolKind::Hung,
        5012 => PoolKind::StartedTooSlowly,
        5013 => PoolKind::StoppedTooSlowly,
        5002 | 5059 => PoolKind::Disabled,
        5074..=5081 | 5117 | 5186 => PoolKind::Recycled,
        _ => return None,
    };
    // The pool comes first where something failed, the process first where it was recycled. Where all processes of the
    // pool are recycled (5079 to 5081: an administrator, a change of configuration) the pool stands alone.
    let process_first = kind == PoolKind::Recycled && !event.text(1).is_empty();
    let (pool, process) = if process_first { (1, 0) } else { (0, 1) };
    Some(PoolEvent {
        kind,
        pool: event.named_or("AppPoolID", pool).to_owned(),
        process_id: event.named_or("ProcessID", process).trim().parse().ok(),
        code: (event.id == 5009)
            .then(|| parse_code(event.named_or("ExitCode", 2)))
            .flatten()
            .or_else(|| event.binary_code()),
    })
}

/// What Resource-Exhaustion-Detector 2004 says: the machine is out of memory that it may promise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryExhausted {
    /// The limit on what may be promised, in bytes, where it is told.
    pub commit_limit: Option<u64>,
    /// What was promised.
    pub commit_charge: Option<u64>,
    /// The programs that hold the most, with their bytes, as far as they are told: three at most.
    pub programs: Vec<(String, u64)>,
}

/// Reads 2004: named values, or nothing but the sentence that an export has.
pub fn memory_exhausted(event: &Event<'_>) -> Option<MemoryExhausted> {
    if !event.is_from("Microsoft-Windows-Resource-Exhaustion-Detector") || event.id != 2004 {
        return None;
    }
    let number = |name: &str| event.named(name).and_then(|text| text.trim().parse().ok());
    let mut out = MemoryExhausted {
        commit_limit: number("SystemCommitLimit"),
        commit_charge: number("SystemCommitCharge"),
        programs: Vec::new(),
    };
    for index in 1..=3 {
        let name = event.named(&format!("Process_{index}_Name"));
        let size = number(&format!("Process_{index}_CommitCharge"));
        if let (Some(name), Some(size)) = (name.filter(|name| !name.is_empty()), size) {
            out.programs.push((name.to_owned(), size));
        }
    }
    if out.programs.is_empty() {
        // `… the most virtual memory: w3wp.exe (1234) consumed 3276105568 bytes, node.exe (77) consumed …`
        let text = event.message.as_deref().unwrap_or_else(|| event.text(0));
        for part in text.split(" consumed ").zip(text.split(" consumed ").skip(1)).take(3) {
            let name = part.0.rsplit([',', ':']).next().unwrap_or_default();
            let name =
                name.trim().trim_start_matches("and ").split(" (").next().unwrap_or_default();
            let size = part.1.split_whitespace().next().and_then(|word| word.parse().ok());
            if let (false, Some(size)) = (name.is_empty(), size) {
                out.programs.push((name.to_owned(), size));
            }
        }
    }
    Some(out)
}

fn hexadecimal(text: &str) -> Option<u64> {
    let text = text.trim();
    u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
}
