//! Inputs that no parser likes. A parser passes when it neither panics nor loses a byte.

use crate::Random;

/// What goes wrong in every text format: nothing at all, line ends alone, NULs, byte order marks without text,
/// one endless line, one endless token, invalid UTF-8, markup that never closes.
pub fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = [
        &b""[..],
        b"\n",
        b"\r",
        b"\r\n\r\n",
        b"\n\r\n\r",
        b"\0",
        b" ",
        b"#",
        b"#Fields:",
        b"#Fields: \r\n",
        b"#Fields: date time\r\n- -\r\n",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\xFE\xFF\0",
        b"\xFF\xFEa",
        b"\xC3",
        b"\xC0\x80\xF8\x88\x80\x80\x80",
        b"[",
        b"[]",
        b"[22-Nov-2025 05:42:11 UTC",
        b"<",
        b"<Events>",
        b"<Event><Event><Event>",
        b"</Event>",
        b"<Events><Event><System></Event></Events></Events>",
        b"<Event>&#0;&#xFFFFFFFF;&unknown;&</Event>",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x1f\x8b\x08",
        b"{",
        b"null",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    texts.push(vec![0; 70_000]);
    texts.push(vec![b'a'; 200_000]);
    texts.push(b" ".repeat(200_000));
    texts.push(b"a ".repeat(100_000));
    texts.push(b"\n".repeat(70_000));
    texts.push(b"<a>".repeat(30_000));
    texts.push(b"#Fields: date time\n".repeat(5_000));
    texts
}

/// `bytes` with up to four random injuries: cut, bits flipped, bytes put in or taken out, a part doubled, a
/// part overwritten with NULs as after a power failure.
pub fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.between(1, 4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let len = random.below(64.min((bytes.len() - at) as u64) + 1) as usize;
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(..at)),
            2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            3 => bytes.insert(at, random.bits() as u8),
            4 => drop(bytes.drain(at..at + len)),
            5 => {
                let part = bytes[at..at + len].to_vec();
                bytes.splice(at..at, part);
            }
            _ => bytes[at..at + len].fill(0),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_repeatable_and_does_damage() {
        let text =
            b"2026-03-11 02:14:07 CONTOSO GET / - 443 - ::1 AlwaysOn - - host 200 0 0 1 2 3\r\n"
                .repeat(3);
        let changed = (0..200u64)
            .filter(|&seed| {
                let once = damaged(&text, &mut Random::new(seed));
                assert_eq!(once, damaged(&text, &mut Random::new(seed)));
                once != text
            })
            .count();
        assert!(changed > 190, "{changed}");
        assert!(damaged(b"", &mut Random::new(1)).len() < 10);
    }
}
