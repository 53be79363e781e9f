//! Pages and prints of `phpinfo()`: version and settings, and nothing of the environment that they show too.

use super::markup::{each_line, is_page};

/// Settings that are kept. Nothing else of the page is: it prints the environment with every secret in it.
const KEPT: [&str; 25] = [
    "Build Date",
    "Architecture",
    "Server API",
    "Loaded Configuration File",
    "Thread Safety",
    "Zend Extension Build",
    "memory_limit",
    "max_execution_time",
    "max_input_time",
    "max_input_vars",
    "post_max_size",
    "upload_max_filesize",
    "output_buffering",
    "display_errors",
    "log_errors",
    "error_log",
    "error_reporting",
    "default_socket_timeout",
    "date.timezone",
    "session.save_handler",
    "opcache.enable",
    "opcache.memory_consumption",
    "opcache.max_accelerated_files",
    "opcache.validate_timestamps",
    "realpath_cache_size",
];

/// The most extensions that are kept.
const MAX_EXTENSIONS: usize = 200;

/// What a `phpinfo()` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhpInfo {
    /// `8.2.10`.
    pub version: String,
    /// The line that tells it, counted from 1.
    pub line: u64,
    /// Settings with their values for this request.
    pub settings: Vec<(&'static str, String)>,
    /// Extensions that are loaded, in lower case and in order.
    pub extensions: Vec<String>,
}

/// Whether the file is a page or a print of `phpinfo()`.
pub fn sniff_info(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(8192)).unwrap_or(bytes);
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    has(b"<title>phpinfo()") || has(b"<title>PHP ") && has(b"phpinfo()") || {
        head.starts_with(b"phpinfo()") && has(b"PHP Version => ")
    }
}

/// Reads a page or a print; `None` where no version is told.
///
/// Never fails. Takes time in proportion to the file. Of a page only what is listed is kept.
pub fn read_info(bytes: &[u8]) -> Option<PhpInfo> {
    let mut info = PhpInfo::default();
    let page = is_page(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    each_line(bytes, &mut |line, text| {
        let text = text.trim();
        let row: Vec<&str> = if page {
            text.split('\t').map(str::trim).collect()
        } else {
            text.split(" => ").map(str::trim).collect()
        };
        let name = row.first().copied().unwrap_or_default();
        if info.version.is_empty()
            && let Some(told) = name.strip_prefix("PHP Version")
        {
            let told = if told.trim().is_empty() {
                row.get(1).copied().unwrap_or_default()
            } else {
                told.trim()
            };
            if let Some(version) = version(told) {
                info.version = version;
                info.line = line;
            }
            return;
        }
        if let (Some(known), Some(value)) = (KEPT.iter().find(|known| **known == name), row.get(1))
        {
            if info.settings.iter().all(|(have, _)| have != known) {
                info.settings.push((known, value.chars().take(200).collect()));
            }
        } else if row.len() == 1 && is_extension(name) && info.extensions.len() < MAX_EXTENSIONS {
            info.extensions.push(name.to_ascii_lowercase());
        }
    });
    info.extensions.sort();
    info.extensions.dedup();
    (!info.version.is_empty()).then_some(info)
}

/// `8.2.10`, `7.4.33-custom`: digits and dots.
fn version(text: &str) -> Option<String> {
    let length = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let version = text.get(..length)?.trim_end_matches('.');
    (version.contains('.') && version.len() <= 16).then(|| version.to_owned())
}

/// Headings of extensions are single small words; those of other parts have capitals or blanks.
fn is_extension(text: &str) -> bool {
    (2..=24).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_ ".contains(&b))
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && EXTENSIONS.contains(&text.to_ascii_lowercase().as_str())
}

/// Extensions that matter for what fails on App Service: databases, caches, debuggers, monitoring.
const EXTENSIONS: [&str; 24] = [
    "apcu",
    "curl",
    "gd",
    "imagick",
    "imap",
    "intl",
    "ldap",
    "mbstring",
    "mongodb",
    "mysqli",
    "mysqlnd",
    "newrelic",
    "oci8",
    "openssl",
    "pdo_mysql",
    "pdo_pgsql",
    "pdo_sqlsrv",
    "pgsql",
    "redis",
    "soap",
    "sqlsrv",
    "wincache",
    "xdebug",
    "zend opcache",
];
