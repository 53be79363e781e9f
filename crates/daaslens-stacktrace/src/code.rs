//! Exception and exit codes, in the four spellings in which they come.

/// Reads `0xc0000005`, `c0000005`, `3221225477` or `-1073741819`; quotes, blanks and a trailing full stop do not
/// matter. Eight hexadecimal digits are hexadecimal, even where all of them are decimal digits (`80131506`):
/// codes of that size are never written in decimal with eight digits in practice.
pub fn parse_code(text: &str) -> Option<u32> {
    let text =
        text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '.' | ','));
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // 64-bit ABIs print codes sign-extended at times: 0xffffffffc0000005.
        return u64::from_str_radix(digits, 16).ok().map(|code| code as u32);
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return u32::from_str_radix(text, 16).ok();
    }
    let code = text.parse::<i64>().ok()?;
    u32::try_from(code).ok().or_else(|| i32::try_from(code).ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_spellings_of_one_code() {
        for text in ["0xc0000005", "C0000005", "3221225477", "-1073741819", "'0xC0000005'."] {
            assert_eq!(parse_code(text), Some(0xc000_0005), "{text}");
        }
        assert_eq!(parse_code("80131506"), Some(0x8013_1506));
        assert_eq!(parse_code("0"), Some(0));
        assert_eq!(parse_code("-1"), Some(0xffff_ffff));
        assert_eq!(parse_code("99999999999"), None);
        assert_eq!(parse_code(""), None);
    }
}
