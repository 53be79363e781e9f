//! Text that is not UTF-8: what PowerShell and older tools save.

use std::io::Read;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

/// How many characters have to be there before UTF-16 without a mark is believed.
const ENOUGH: usize = 16;

/// The encoding of a text, where it has to be decoded before it is read: UTF-16, by its mark, or because nearly every
/// second byte is zero and none of the others is, as in no text of another encoding and in no padding.
pub(crate) fn encoding(head: &[u8]) -> Option<&'static Encoding> {
    if head.starts_with(&[0xff, 0xfe]) {
        return Some(UTF_16LE);
    }
    if head.starts_with(&[0xfe, 0xff]) {
        return Some(UTF_16BE);
    }
    let pairs = head.len() / 2;
    let is_text = |c: u8| matches!(c, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let (mut little, mut big) = (0, 0);
    for pair in head.chunks_exact(2) {
        little += usize::from(is_text(pair[0]) && pair[1] == 0);
        big += usize::from(pair[0] == 0 && is_text(pair[1]));
    }
    let clear = |count: usize| pairs >= ENOUGH && count * 10 >= pairs * 9;
    if clear(little) {
        Some(UTF_16LE)
    } else if clear(big) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The same as UTF-8, without a mark.
pub(crate) fn decoder<R: Read>(reader: R, encoding: &'static Encoding) -> impl Read {
    DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding))
        .bom_override(true)
        .strip_bom(true)
        .build(reader)
}

/// The first bytes of a text as UTF-8.
pub(crate) fn as_utf8(bytes: &[u8], encoding: &'static Encoding) -> Vec<u8> {
    let mut out = Vec::new();
    // The last character may be cut; what was decoded before it stays.
    let _ = decoder(bytes, encoding).read_to_end(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(|c| if big { c.to_be_bytes() } else { c.to_le_bytes() })
            .collect()
    }

    #[test]
    fn utf_16_is_told_by_its_mark_or_where_it_is_clear() {
        let text = "#Fields: date time cs-method\r\n2026-03-11 02:14:01 GET\r\n";
        for big in [false, true] {
            for mark in [false, true] {
                let bytes = utf16(text, mark, big);
                let found = encoding(&bytes).unwrap();
                assert_eq!(found, if big { UTF_16BE } else { UTF_16LE });
                assert_eq!(as_utf8(&bytes, found), text.as_bytes());
            }
        }
    }

    #[test]
    fn other_bytes_are_left_alone() {
        assert_eq!(encoding(b"#Fields: date time cs-method"), None);
        assert_eq!(encoding(&[0; 64]), None, "padding");
        assert_eq!(encoding(b"a\0b\0"), None, "too little to tell");
        assert_eq!(encoding(&[1, 0, 2, 0].repeat(20)), None, "numbers");
        assert_eq!(encoding("\u{feff}#Fields: date".as_bytes()), None, "UTF-8 with a mark");
    }
}
