//! Bytes made fit to be shown, and small helpers for words and numbers.
//!
//! Log text is written by attackers. What is shown is made visible here (control and bidirectional characters,
//! invalid UTF-8) and bounded; escaping for a particular output is the renderer's.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Longest excerpt that is shown, in bytes.
pub const MAX_EXCERPT: usize = 2048;

/// Decodes `bytes` for people: valid UTF-8 stays, any other byte becomes `\xNN`, and characters that would hide
/// or reorder text (controls, bidirectional overrides, zero-width) become `\u{…}`. Tabs and line feeds become
/// blanks.
pub fn visible(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.chars().any(must_show)
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    let mut marks = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            // A pile of combining marks can cover the neighbouring lines; eight in a row are enough for any script.
            marks = if is_combining(c) { marks + 1 } else { 0 };
            match c {
                '\t' | '\n' | '\r' => out.push(' '),
                c if is_hidden(c) => {
                    let _ = write!(out, "\\u{{{:x}}}", c as u32);
                }
                c if marks > 8 => {
                    let _ = write!(out, "\\u{{{:x}}}", c as u32);
                }
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    Cow::Owned(out)
}

fn must_show(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || is_hidden(c) || is_combining(c)
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// `text` cut to at most `max` characters; what is left out in the middle becomes `…`.
pub fn shortened(text: &str, max: usize) -> Cow<'_, str> {
    let count = text.chars().count();
    if count <= max {
        return Cow::Borrowed(text);
    }
    let keep = max.saturating_sub(1);
    let (head, tail) = (keep - keep / 3, keep / 3);
    let mut out: String = text.chars().take(head).collect();
    out.push('…');
    out.extend(text.chars().skip(count - tail));
    Cow::Owned(out)
}

/// A whole number with thousands separated: `1,133`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A share of `whole` in per cent with two significant digits: `85 %`, `0.05 %`. Never rounds a part to all or
/// nothing: `> 99.9 %` for 9,999 of 10,000 and `0 %` only for none.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    if part == whole {
        return "100\u{a0}%".to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    if part == 0 {
        "0\u{a0}%".to_owned()
    } else if share >= 99.995 {
        ">\u{a0}99.99\u{a0}%".to_owned()
    } else if share >= 99.0 {
        format!("{share:.2}\u{a0}%")
    } else if share >= 10.0 {
        format!("{share:.0}\u{a0}%")
    } else if share >= 1.0 {
        format!("{share:.1}\u{a0}%")
    } else if share >= 0.001 {
        let digits = (-share.log10().floor()) as usize + 1;
        let text = format!("{share:.digits$}");
        format!("{}\u{a0}%", text.trim_end_matches('0'))
    } else {
        "<\u{a0}0.001\u{a0}%".to_owned()
    }
}

/// A duration in words: `850 ms`, `3.2 s`, `16 min 55 s`, `7 h 33 min`, `3 d 4 h`.
pub fn duration_ms(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms}\u{a0}ms"),
        1_000..10_000 => {
            let tenths = (ms + 50) / 100;
            if tenths.is_multiple_of(10) {
                format!("{}\u{a0}s", tenths / 10)
            } else {
                format!("{}.{}\u{a0}s", tenths / 10, tenths % 10)
            }
        }
        _ => duration_s((ms + 500) / 1000),
    }
}

/// A duration of whole seconds in words.
pub fn duration_s(seconds: u64) -> String {
    let pair = |big: u64, big_unit: &str, small: u64, small_unit: &str| {
        if small == 0 {
            format!("{big}\u{a0}{big_unit}")
        } else {
            format!("{big}\u{a0}{big_unit} {small}\u{a0}{small_unit}")
        }
    };
    match seconds {
        0..120 => format!("{seconds}\u{a0}s"),
        120..3600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3600..172_800 => pair(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// Bytes in words, powers of ten: `9.3 MB`.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 {
        format!("{value:.0}\u{a0}{}", UNITS[unit])
    } else {
        format!("{value:.1}\u{a0}{}", UNITS[unit])
    }
}

/// `one` for 1, `many` for anything else, with the number in front: `1 request`, `1,204 requests`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{}\u{a0}{}", thousands(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_become_visible() {
        assert_eq!(visible(b"GET /a b"), "GET /a b");
        assert_eq!(visible("/\u{202e}gpj".as_bytes()), "/\\u{202e}gpj");
        assert_eq!(visible(b"a\xff\x00b\tc"), "a\\xff\\u{0}b c");
        assert_eq!(visible("日本".as_bytes()), "日本");
        let zalgo = format!("a{}", "\u{301}".repeat(20));
        assert_eq!(visible(zalgo.as_bytes()).matches("\\u{301}").count(), 12);
    }

    #[test]
    fn numbers_in_words() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_234_567), "1,234,567");
        for (part, whole, expected) in [
            (0, 10, "0 %"),
            (10, 10, "100 %"),
            (9_999_999, 10_000_000, "> 99.99 %"),
            (1133, 1330, "85 %"),
            (5, 10_000, "0.05 %"),
            (12, 1000, "1.2 %"),
            (2364, 332_817, "0.71 %"),
            (1, 100_000_000, "< 0.001 %"),
            (0, 0, "–"),
        ] {
            assert_eq!(percent(part, whole).replace('\u{a0}', " "), expected, "{part}/{whole}");
        }
        for (ms, expected) in [
            (850, "850 ms"),
            (3_210, "3.2 s"),
            (9_999, "10 s"),
            (1_015_000, "16 min 55 s"),
            (27_180_000, "7 h 33 min"),
        ] {
            assert_eq!(duration_ms(ms).replace('\u{a0}', " "), expected);
        }
        assert_eq!(duration_s(7200).replace('\u{a0}', " "), "2 h");
        assert_eq!(bytes(9_314_897).replace('\u{a0}', " "), "9.3 MB");
        assert_eq!(bytes(512).replace('\u{a0}', " "), "512 B");
    }

    #[test]
    fn long_text_is_cut_in_the_middle_at_characters() {
        assert_eq!(shortened("short", 10), "short");
        assert_eq!(shortened("日本語日本語日本語", 6), "日本語日…語");
    }
}
