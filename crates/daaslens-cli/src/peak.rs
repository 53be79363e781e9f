//! The most memory that the process has used, where the system tells.

/// The peak of the resident set, in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn memory() -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a figure of this process, not a part of the input"
    )]
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

/// Other systems tell by calls that need `unsafe`; the line goes without.
#[cfg(not(target_os = "linux"))]
pub(crate) fn memory() -> Option<u64> {
    None
}
