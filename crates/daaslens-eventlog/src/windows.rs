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
    // The pool comes first where something failed, the process first where something was recycled.
    let (pool, process) = if kind == PoolKind::Recycled { (1, 0) } else { (0, 1) };
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

fn hexadecimal(text: &str) -> Option<u64> {
    let text = text.trim();
    u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
}
