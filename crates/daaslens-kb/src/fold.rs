//! Comparing names without regard to ASCII case.
//!
//! Windows does not care about the case of provider names or of HTTP.sys reasons, and bundles mix it. The build
//! script sorts by this order and the lookups search by it, so both use this one file.

use std::cmp::Ordering;

/// Orders two names by their ASCII-lower-cased bytes.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    left.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}
