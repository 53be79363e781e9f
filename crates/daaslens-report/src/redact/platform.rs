//! Names that the platform gives to its files: they look like tokens, and are needed to find the file again.

/// How long what is left must be to be a token.
const LEAST: usize = 30;

/// What is left of a name without its parts that are known: time, instance, number, kind and method of a trace of Kudu; the
/// machine in front of a dump's name or of the number of a request. Nothing, where too little is left to be a token.
pub(super) fn without_names(value: &str) -> &str {
    let Some(rest) = trace(value).or_else(|| machine(value)).or_else(|| text_trace(value)) else {
        return value;
    };
    if rest.len() < LEAST { "" } else { rest }
}

/// `2014-11-17T04-59-21_d10e51_366_GET_api-deployments_200_3s` → `api-deployments_200_3s`
fn trace(value: &str) -> Option<&str> {
    let (head, rest) = value.split_at_checked(31)?;
    let shape = head.bytes().zip("0000-00-00T00-00-00_xxxxxx_000_".bytes());
    let fits = shape.into_iter().all(|(c, like)| match like {
        b'0' => c.is_ascii_digit(),
        b'x' => c.is_ascii_hexdigit(),
        like => c == like,
    });
    let mut rest = fits.then_some(rest)?;
    for kind in ["Startup_", "Background_", "Shutdown_"] {
        rest = rest.strip_prefix(kind).unwrap_or(rest);
    }
    for method in ["GET_", "HEAD_", "POST_", "PUT_", "DELETE_", "PATCH_", "OPTIONS_"] {
        rest = rest.strip_prefix(method).unwrap_or(rest);
    }
    Some(rest)
}

/// `RD0003FF8A1B2C_w3wp_6780_639088285200000000` → `w3wp_6780_639088285200000000`
fn machine(value: &str) -> Option<&str> {
    let (head, rest) = value.split_once('_')?;
    let lower = head.to_ascii_lowercase();
    let is_machine = head.len() <= 16
        && (lower.starts_with("rd00")
            || ["sdwk", "ldwk", "sdlwk", "mdwk"].iter().any(|part| lower.contains(part)));
    is_machine.then_some(rest)
}

/// `dw1sdwk000P4P-e49dad03-895a-4b91-bae3-311592074b5c` → nothing
fn text_trace(value: &str) -> Option<&str> {
    let (head, guid) = value.split_at_checked(value.len().checked_sub(36)?)?;
    let fits = guid.bytes().enumerate().all(|(at, c)| match at {
        8 | 13 | 18 | 23 => c == b'-',
        _ => c.is_ascii_hexdigit(),
    });
    (fits && head.ends_with('-')).then_some(head)
}
