//! Patterns, and the texts of events.

use daaslens_kb as kb;
use proptest::prelude::*;

use crate::{faults::specificity, pattern::matches};

#[test]
fn placeholders_take_at_least_one_character() {
    let cases = [
        ("a {} b", "a x b", true),
        ("a {} b", "say: a x b.", true),
        ("a {} b", "a  b", false),
        ("a {} b", "a x", false),
        ("a {name}", "a x", true),
        ("a {name}", "a ", false),
        ("{} b", " b", false),
        ("{} b", "x b", true),
        ("a{}{}b", "a1b", false),
        ("a{}{}b", "a12b", true),
        ("a{}a", "aéa", true),
        ("{Name}", "x {Name}", true),
        ("{Name}", "x", false),
        ("a { b", "a { b", true),
        ("", "", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(matches(pattern, text), expected, "{pattern:?} in {text:?}");
    }
    assert_eq!(specificity("a {limit} b{}"), 4);
}

proptest! {
    /// Filling the placeholders of a pattern gives a text that it matches, whatever is put in.
    #[test]
    fn a_filled_pattern_matches(
        pieces in prop::collection::vec("[a-z:é ]{1,6}", 1..5),
        fillers in prop::collection::vec("\\PC{1,6}", 4),
        before in "\\PC{0,8}",
        after in "\\PC{0,8}",
    ) {
        let pattern = pieces.join("{}");
        let mut text = before;
        for (piece, filler) in pieces.iter().zip(fillers.iter().chain(std::iter::once(&after))) {
            text.push_str(piece);
            text.push_str(filler);
        }
        prop_assert!(matches(&pattern, &text), "{pattern:?} in {text:?}");
    }

    /// Any text may be asked about.
    #[test]
    fn lookups_take_any_text(text in "\\PC{0,60}", number in any::<u64>(), id in any::<u32>()) {
        let _ = kb::php_message(&text);
        let _ = kb::event_text("W3SVC-WP", 2299, &text);
        let _ = kb::event(&text, id);
        let _ = kb::provider(&text);
        let _ = kb::httperr(&text);
        let _ = kb::parse_code(&text);
        let _ = kb::explain(&text);
        let _ = kb::win32(number);
        let outcome = kb::outcome(number as u16, id, number);
        prop_assert!(!outcome.words.is_empty());
    }

    /// The numbers that have a spelling of eight hexadecimal digits are read back from it.
    #[test]
    fn codes_are_read_in_all_spellings(code in any::<u32>()) {
        for text in [format!("0x{code:X}"), format!("0X{code:08x}"), format!("{code:08x}"), format!(" {code:08X} ")] {
            prop_assert_eq!(kb::parse_code(&text), Some(code));
        }
        let negative = code.cast_signed().to_string();
        if negative.len() != 8 {
            prop_assert_eq!(kb::parse_code(&negative), Some(code));
        }
    }
}

#[test]
fn codes_that_are_none() {
    for text in
        ["", "0x", "0x123456789", "c000000g", "-", "+c000005", "4294967296", "-2147483649", "0x-1"]
    {
        assert_eq!(kb::parse_code(text), None, "{text}");
    }
}

#[test]
fn one_event_id_stands_for_several_things() {
    let cases = [
        (
            "W3SVC-WP",
            2299,
            "Worker Process requested recycle due to 'Memory' limit.",
            Some("recycle-memory"),
        ),
        (
            "Microsoft-Windows-IIS-W3SVC-WP",
            2299,
            "Worker Process requested recycle due to 'Percent Memory' limit. Memory Used: 9 out of 10 available.",
            Some("recycle-percent-memory"),
        ),
        (
            "W3SVC-WP",
            2299,
            "Worker Process requested recycle due to 'Moon' limit.",
            Some("recycle-other-limit"),
        ),
        ("W3SVC-WP", 2299, "something else", None),
        ("W3SVC-WP", 2284, "Worker Process requested recycle due to 'Memory' limit.", None),
        (
            "ASP.NET 4.0.30319.0",
            1309,
            "3005 An unhandled exception has occurred. The remote host closed the connection.",
            Some("client-left"),
        ),
        (
            "IIS AspNetCore Module",
            1007,
            "CLR worker thread exited prematurely",
            Some("worker-thread-exited"),
        ),
    ];
    for (provider, id, text, expected) in cases {
        assert_eq!(kb::event_text(provider, id, text).map(|entry| entry.id), expected, "{text}");
    }
}

#[test]
fn the_most_specific_php_message_wins() {
    let cases = [
        (
            "PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] x in a.php:7\nStack trace:\n#0 {main}",
            Some("db-refused"),
        ),
        ("PHP Fatal error:  Uncaught PDOException: SQLSTATE[42S01]: x", Some("db-error")),
        ("PHP Fatal error:  Uncaught Foo\\Bar: x in a.php:7", Some("uncaught")),
        (
            "PHP Fatal error:  Uncaught exception 'Exception' with message 'x' in a.php:7",
            Some("uncaught"),
        ),
        (
            "Allowed memory size of 1 bytes exhausted at zend_alloc.c:1 (tried to allocate 2 bytes)",
            Some("memory-limit"),
        ),
        (
            "Out of memory (allocated 2097152) (tried to allocate 65536 bytes)",
            Some("memory-system"),
        ),
        (
            "Maximum execution time of 30+2 seconds exceeded (terminated) in a.php on line 7",
            Some("time-limit"),
        ),
        (
            "PHP Parse error:  syntax error, unexpected end of file in a.php on line 9",
            Some("parse-error"),
        ),
        ("PHP Notice:  something new", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(kb::php_message(text).map(|entry| entry.id), expected, "{text}");
    }
}

/// Text far behind the head of a message does not count, and costs nothing.
#[test]
fn only_the_head_of_a_message_is_searched() {
    let far = format!("{}Segmentation fault", "é".repeat(5_000));
    assert_eq!(kb::php_message(&far), None);
}
