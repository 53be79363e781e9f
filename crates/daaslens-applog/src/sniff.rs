//! Whether a text is the log of an application: names of files say little, applications choose them.

use crate::head::{self, Form};
use crate::json;
use crate::text::{is_blank, plain, without_end};

/// How many lines are looked at.
const LINES: usize = 200;

/// Whether the text looks like the log of an application: at least three lines and a third of those that are not
/// indented have the head of a record, with a time and mostly a level. Prose and tables of dates are none.
pub fn sniff(bytes: &[u8]) -> bool {
    let (mut lines, mut dated, mut levelled) = (0_u32, 0_u32, 0_u32);
    // The last line may be cut.
    let whole = memchr::memrchr(b'\n', bytes).map_or(bytes, |end| &bytes[..end]);
    for line in whole.split(|byte| *byte == b'\n').take(LINES) {
        let line = without_end(line);
        let line = plain(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line));
        if is_blank(&line) || matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        lines += 1;
        if let Some(object) = json::parse(&line) {
            dated += u32::from(object.stamp.is_some() || object.level.is_some());
            levelled += u32::from(object.level.is_some());
        } else if let Some(head) = head::parse(&line) {
            let is_console = matches!(head.form, Form::Console | Form::Systemd);
            dated += u32::from(head.stamp.is_some() || is_console);
            levelled += u32::from(head.level.is_some());
        }
    }
    // A single levelled line is a log that has just begun.
    let begun = lines <= 2 && dated == lines && levelled == lines && lines > 0;
    begun || dated >= 3 && dated * 3 >= lines && levelled * 2 >= dated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_known_by_their_content() {
        for (text, expected) in [
            ("2026-01-19 03:23:06,123 [12] ERROR A.B - x\n", true),
            ("info: A.B[0]\n      x\ninfo: A.B[0]\n      y\nwarn: A.B[0]\n      z\n", true),
            ("\u{1b}[32minfo\u{1b}[39m: A.B[0]\n      x\n", true),
            ("{\"@t\":\"2026-01-19T03:23:06Z\",\"@m\":\"x\"}\n", true),
            ("Thank you.\n\nInstall it.\nError: see below.\n", false),
            (
                "2026-01-19 03:23:06 12.5 3\n2026-01-19 03:24:06 12.5 3\n2026-01-19 03:25:06 1 2\n",
                false,
            ),
            ("[ERROR] is a word\nof prose\nand more\nand more\n", false),
            ("", false),
        ] {
            assert_eq!(sniff(text.as_bytes()), expected, "{text}");
        }
    }
}
