//! Laws for any text.

use daaslens_stacktrace::{ExceptionText, find, normalise_frame};
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_text_is_an_exception_or_not(text in "(at |A\\.B\\(C\\)|---> |--- End of|<---|\\(Inner Exception #|Exception|: |\n|\r\n| |[<>\\[\\]`+.$|]|\\PC){0,60}") {
        let parsed = ExceptionText::parse(&text);
        for frame in &parsed.frames {
            prop_assert!(frame.of < parsed.chain.len().max(1));
        }
        prop_assert!(parsed.root < parsed.chain.len().max(1));
        let _ = ExceptionText::parse_console(&text);
        let once = normalise_frame(&text);
        prop_assert!(once.len() <= 512);
    }

    /// A name that is stable already stays as it is.
    #[test]
    fn normalised_names_are_stable(segments in prop::collection::vec("[A-Z][a-z]{1,6}", 2..5), noise in 0usize..5) {
        let plain = segments.join(".");
        let (class, method) = plain.rsplit_once('.').unwrap();
        let (noisy, expected) = match noise {
            0 => (format!("{class}.<{method}>d__7.MoveNext()"), plain.clone()),
            1 => (format!("{class}+<>c__DisplayClass3_0.<{method}>b__1(Object x)"), format!("{plain}.lambda")),
            2 => (format!("{class}`2[[System.Int32, mscorlib],[A.B]].{method}[T](T x) in C:\\a (b)\\c.cs:line 3"), plain.clone()),
            3 => (format!("   at {class}.<{method}>g__Local|3_1(Int32 x)"), format!("{plain}.Local")),
            _ => (format!("{class}.<>c.<<{method}>b__0_1>d.MoveNext()"), format!("{plain}.lambda")),
        };
        prop_assert_eq!(normalise_frame(&noisy), expected.clone());
        prop_assert_eq!(normalise_frame(&expected), expected);
    }

    /// Spans ascend, do not overlap, lie on characters, and hold what was read.
    #[test]
    fn found_in_anything(text in "(   at A\\.B\\(C\\)|\tat a\\.B\\.c\\(B\\.java:1\\)|    at f \\(/a/b\\.js:1:2\\)( \\{)?|  File \"a\\.py\", line 1, in f|Traceback \\(most recent call last\\):|#[01] /a\\.php\\(1\\): f\\(\\)|#2 \\{main\\}|Uncaught X: m in /a:1|Stack trace:|a\\.rb:1:in `b': m \\(E\\)|goroutine 1 \\[running\\]:|panic: x|main\\.f\\(\\)|\t/a\\.go:1 \\+0x1|A\\.BException: x|Caused by: |[Ee]rror: |---> |  \\| |\n|\n|\r\n| |\\}|\\PC){0,60}") {
        let mut at = 0;
        for found in find(&text) {
            prop_assert!(at <= found.span.start && found.span.start < found.span.end, "{:?}", found);
            prop_assert!(text.get(found.span.clone()).is_some());
            prop_assert!(!found.exception.is_empty());
            for frame in &found.exception.frames {
                prop_assert!(frame.of < found.exception.chain.len().max(1));
                let _ = found.exception.place(frame);
            }
            prop_assert!(found.exception.root < found.exception.chain.len().max(1));
            at = found.span.end;
        }
    }
}

#[test]
fn input_made_to_be_slow_is_not() {
    for piece in [
        "   at A.B(C)\n",
        "at A.B(\n",
        "A.BException: x\n",
        "Traceback (most recent call last):\n",
        "Traceback (most recent call last):\nE: x\nDuring handling of the above exception, another exception occurred:\n",
        "  File \"a\", line 1, in f\n",
        "#0 /a.php(1): f()\nUncaught X: m\n",
        "goroutine 1 [running]:\n",
        "    at f (/a.js:1:2) {\n",
        "a.rb:1:in `b'\nx\n",
        "\tat a.B.c(B.java:1)\nx\n",
        " at A.B.C(D)",
        "---> ",
        "(((((at a.b (",
        "Error: ",
    ] {
        let text = piece.repeat((1 << 20) / piece.len());
        let _ = find(&text);
        let _ = ExceptionText::parse(&text);
    }
}
