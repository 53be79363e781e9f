//! Bytes of a record as text.

use std::borrow::Cow;

/// Decodes a piece of one record: as UTF-8 if it is, else as Windows-1252.
///
/// The choice is made per record, because texts of the operating system come in the code page of the machine and
/// stand in a log whose other records are UTF-8. A message that PHP cut in the middle of a character (it counts
/// bytes) is still UTF-8, and ends with `U+FFFD`.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // `error_len` is `None` exactly where the input ends inside of a character.
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            String::from_utf8_lossy(bytes)
        }
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_else_windows_1252() {
        assert_eq!(decode("日本".as_bytes()), "日本");
        assert_eq!(decode(b"Verf\xfcgung \x80"), "Verfügung €");
        assert_eq!(decode(b"caf\xc3"), "caf\u{fffd}");
        assert_eq!(decode(b"\xc3"), "Ã");
        assert_eq!(decode(b""), "");
    }
}
