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

/// Whether `word` is the platform's own, whatever its case.
pub(crate) fn is_platform(word: &str) -> bool {
    PLATFORM.iter().any(|it| it.eq_ignore_ascii_case(word))
}
