//! From bytes to text whose places are still known, for formats that are documents and not lines.

use std::borrow::Cow;

/// The most bytes of a document that are read; IIS stops a trace at a megabyte unless told otherwise.
pub(crate) const MAX_DOCUMENT: usize = 32 << 20;

/// The longest text that is kept of a document, in characters.
pub(crate) const MAX_TEXT: usize = 512;

/// What is wrong with a document, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentFault {
    /// The byte, counted from 0.
    pub byte: u64,
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong.
    pub kind: DocumentFaultKind,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFaultKind {
    /// Bytes that are no text; each was read as `?`.
    NotText,
    /// It is not what its name says.
    NotThis,
    /// Its end is missing.
    CutOff,
    /// It cannot be understood from here on.
    Broken,
    /// It is longer than is read.
    TooLong,
}

impl std::fmt::Display for DocumentFaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotText => "it holds bytes that are no text",
            Self::NotThis => "it is not what its name says",
            Self::CutOff => "it is cut off here",
            Self::Broken => "it cannot be understood from here on",
            Self::TooLong => "it is longer than is read",
        })
    }
}

/// The text of a document, up to [`MAX_DOCUMENT`]. A byte that is no UTF-8 becomes one `?`, so that places stay what
/// they were.
pub(crate) fn text<'a>(bytes: &'a [u8], faults: &mut Vec<DocumentFault>) -> Cow<'a, str> {
    let kept = bytes.get(..MAX_DOCUMENT).unwrap_or(bytes);
    if kept.len() < bytes.len() {
        faults.push(at(bytes, kept.len(), DocumentFaultKind::TooLong));
    }
    match std::str::from_utf8(kept) {
        Ok(text) => Cow::Borrowed(text),
        // A character that the limit or the end cuts in two is no fault of its own.
        Err(error) if error.error_len().is_none() => {
            Cow::Owned(String::from_utf8_lossy(&kept[..error.valid_up_to()]).into_owned())
        }
        Err(error) => {
            faults.push(at(bytes, error.valid_up_to(), DocumentFaultKind::NotText));
            let mut text = String::with_capacity(kept.len());
            for chunk in kept.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| '?'));
            }
            Cow::Owned(text)
        }
    }
}

/// A fault at a byte.
pub(crate) fn at(bytes: &[u8], byte: usize, kind: DocumentFaultKind) -> DocumentFault {
    let byte = byte.min(bytes.len());
    let line = 1 + memchr::memchr_iter(b'\n', &bytes[..byte]).count() as u64;
    DocumentFault { byte: byte as u64, line, kind }
}

/// `text` without what surrounds it, up to [`MAX_TEXT`] characters.
pub(crate) fn kept(text: &str) -> String {
    text.trim().chars().take(MAX_TEXT).collect()
}

/// Where a request went: host and path. The query is never kept, since it may be a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The host, without its port.
    pub host: String,
    /// The path, without query and fragment.
    pub path: String,
}

impl Target {
    /// Of a URL with scheme and host, or of a path.
    pub(crate) fn of(url: &str) -> Self {
        let url = url.trim();
        let (host, path) = match url.split_once("://") {
            None => ("", url),
            Some((_, rest)) => {
                rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at))
            }
        };
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = if path.is_empty() { "/" } else { path };
        Self { host: kept(host), path: path.chars().take(2048).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_url_host_and_path_are_kept() {
        let of = |url| {
            let Target { host, path } = Target::of(url);
            (host, path)
        };
        let pair = |host: &str, path: &str| (host.to_owned(), path.to_owned());
        assert_eq!(of("https://app.example:443/cart?token=1#x"), pair("app.example", "/cart"));
        assert_eq!(of("http://user:pw@app.example/"), pair("app.example", "/"));
        assert_eq!(of("https://app:80?code=1"), pair("app", "/"));
        assert_eq!(of("/cart?x"), pair("", "/cart"));
        assert_eq!(of(""), pair("", "/"));
    }
}
