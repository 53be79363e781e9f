//! Words that name the platform and nobody else.

/// Hosts, sites, users and values that may stay whatever the level: they are the same for everybody.
const PLATFORM: &[&str] = &[
    "-",
    "_",
    "127.0.0.1",
    "::1",
    "administrator",
    "aka.ms",
    "anonymous",
    "azurewebsites.net",
    "default",
    "defaultapppool",
    "default web site",
    "go.microsoft.com",
    "iis apppool",
    "iusr",
    "learn.microsoft.com",
    "docs.microsoft.com",
    "portal.azure.com",
    "localhost",
    "local service",
    "network service",
    "nt authority",
    "schemas.microsoft.com",
    "schemas.xmlsoap.org",
    "system",
    "unknown",
    "w3svc",
    "www.w3.org",
    "windows.net",
    "d.docs.live.net",
    "undefined",
    "null",
    "true",
    "false",
    "httpd.apache.org",
    "www.php.net",
    "php.net",
    "github.com",
    "nuget.org",
    "asp.net",
];

/// Whether the name of a machine is one with its domain, `web01.corp.example`: the platform's machines have short names
/// (`RD0003FF6A52C7`, `10-30-0-113`), and a domain names somebody.
pub(crate) fn is_full_name(machine: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
    };
    machine.rsplit_once('.').is_some_and(|(front, last)| {
        front.split('.').all(label)
            && last.len() >= 2
            && last.bytes().all(|c| c.is_ascii_alphabetic())
    })
}

/// Whether `word` is the platform's own, whatever its case.
pub(crate) fn is_platform(word: &str) -> bool {
    PLATFORM.iter().any(|it| it.eq_ignore_ascii_case(word))
}
