//! Whether a text is what an application logged, or the stacks of its threads: told from the shape of its lines, since
//! applications choose the names of their files.

/// How many lines are looked at.
const LINES: usize = 200;

/// Words that loggers use for a level. Whole words, in this case or all small.
const LEVELS: [&[u8]; 30] = [
    b"TRACE",
    b"DEBUG",
    b"INFO",
    b"WARN",
    b"WARNING",
    b"ERROR",
    b"FATAL",
    b"CRITICAL",
    b"SEVERE",
    b"NOTICE",
    b"TRC",
    b"VRB",
    b"DBG",
    b"INF",
    b"WRN",
    b"ERR",
    b"FTL",
    b"CRT",
    b"Trace",
    b"Verbose",
    b"Debug",
    b"Info",
    b"Information",
    b"Warning",
    b"Error",
    b"Critical",
    b"Fatal",
    b"info",
    b"warn",
    b"error",
];

/// How far into a line its level is looked for.
const LEVEL_WITHIN: usize = 80;

/// Whether a third of the lines that are not indented begin with a time and have a level, and there are three of these,
/// or nothing else. Prose that mentions dates, and tables of them, have no levels.
pub(crate) fn is_app_log(head: &[u8]) -> bool {
    // The last line may be cut.
    let whole = memchr::memrchr(b'\n', head).map_or(head, |end| &head[..end]);
    let (mut lines, mut heads) = (0_u32, 0_u32);
    for line in whole.split(|c| *c == b'\n').take(LINES) {
        if line.trim_ascii().is_empty() || matches!(line.first(), Some(b' ' | b'\t')) {
            continue;
        }
        lines += 1;
        heads += u32::from(is_head(&without_colours(line)));
    }
    heads >= 3 && heads * 3 >= lines || heads > 0 && heads == lines
}

fn is_head(line: &[u8]) -> bool {
    if line.first() == Some(&b'{') {
        let has = |key: &[u8]| memchr::memmem::find(line, key).is_some();
        let has_level = [
            &b"\"@l\""[..],
            b"\"level\"",
            b"\"Level\"",
            b"\"LogLevel\"",
            b"\"severity\"",
            b"\"@t\"",
        ];
        let has_text = [
            &b"\"@m\""[..],
            b"\"@mt\"",
            b"\"message\"",
            b"\"Message\"",
            b"\"msg\"",
            b"\"MessageTemplate\"",
        ];
        return has_level.iter().any(|key| has(key)) && has_text.iter().any(|key| has(key));
    }
    let start = line.get(..line.len().min(LEVEL_WITHIN)).unwrap_or_default();
    let level = start.split(|c| !c.is_ascii_alphanumeric()).any(|word| LEVELS.contains(&word));
    level && has_time(start) || is_console(start)
}

/// `2026-01-19T03:23:06`, `2026-01-19 03:23:06`, `03:23:06`, `19-Jan-2026 03:23:06`, at the start or behind a bracket or
/// the level.
fn has_time(start: &[u8]) -> bool {
    start.windows(8).take(40).any(|eight| {
        eight.iter().enumerate().all(|(at, c)| match at {
            2 | 5 => *c == b':',
            _ => c.is_ascii_digit(),
        })
    })
}

/// `info: Shop.Cart[0]`
fn is_console(start: &[u8]) -> bool {
    [&b"trce: "[..], b"dbug: ", b"info: ", b"warn: ", b"fail: ", b"crit: "].iter().any(|word| {
        start.strip_prefix(*word).is_some_and(|rest| {
            let name =
                rest.iter().take_while(|c| c.is_ascii_alphanumeric() || b"._".contains(c)).count();
            name > 0 && rest.get(name) == Some(&b'[')
        })
    })
}

fn without_colours(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut escaped = false;
    for c in line {
        match c {
            0x1b => escaped = true,
            _ if escaped => escaped = !c.is_ascii_alphabetic(),
            c => out.push(*c),
        }
    }
    out
}

/// Whether a text holds the stacks of the threads of a process: of a Java machine, of Node, of .NET.
pub(crate) fn is_thread_dump(head: &[u8]) -> bool {
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    if matches!(head.first(), Some(b'{' | b'[')) {
        return has("\"OSThreadId\"") && has("\"CallStack")
            || has("\"reportVersion\"") && has("\"dumpEventTime")
            || has("\"threadDump\"") && has("\"threadContainers\"");
    }
    let begins_a_line = |text: &str| {
        memchr::memmem::find_iter(head, text.as_bytes()).any(|at| at == 0 || head[at - 1] == b'\n')
    };
    begins_a_line("Full thread dump ")
        || begins_a_line("OS Thread Id: 0x")
        || head.starts_with(b"Thread (0x") && has("!")
        || is_thread_file(head)
}

/// A process, a time, a version, then `#1 "main"`: what `jcmd Thread.dump_to_file` writes.
fn is_thread_file(head: &[u8]) -> bool {
    let mut lines = head.split(|c| *c == b'\n').map(<[u8]>::trim_ascii);
    let is_pid = |line: &[u8]| (1..=8).contains(&line.len()) && line.iter().all(u8::is_ascii_digit);
    lines.next().is_some_and(is_pid)
        && lines.next().is_some_and(|line| line.get(10) == Some(&b'T') && has_time(line))
        && lines.take(8).any(|line| line.starts_with(b"#") && line.contains(&b'"'))
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
            (
                "[03:23:06 INF] a\n[03:23:06 ERR] b\nSystem.Exception: x\n   at A.B()\n[03:23:07 INF] c\n",
                true,
            ),
            ("19-Jan-2026 03:23:06.123 SEVERE [main] a b\n", true),
            ("Thank you.\n\nInstall it.\nError: see below.\n", false),
            (
                "2026-01-19 03:23:06 12.5 3\n2026-01-19 03:24:06 12.5 3\n2026-01-19 03:25:06 1 2\n",
                false,
            ),
            ("ERROR is a word\nof prose at 12:00:00\nand more\nand more\n", false),
            ("", false),
        ] {
            assert_eq!(is_app_log(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn thread_dumps_are_known_by_their_content() {
        for (text, expected) in [
            (
                "2026-01-19 03:23:06\nFull thread dump OpenJDK 64-Bit Server VM (25.392-b08 mixed mode):\n",
                true,
            ),
            ("4711\n2026-01-19T03:23:06.405Z\n21.0.1+12-LTS\n\n#1 \"main\"\n", true),
            ("{\"header\": {\"reportVersion\": 3, \"dumpEventTime\": \"x\"", true),
            ("[{\"OSThreadId\":6000,\"CallStack\":null", true),
            ("OS Thread Id: 0x1770 (9)\r\n", true),
            ("Thread (0x1770):\n  Shop!Shop.Cart.Buy()\n", true),
            ("How to read a Full thread dump \n", false),
            ("4711\n2026-01-19T03:23:06Z\nno threads\n", false),
        ] {
            assert_eq!(is_thread_dump(text.as_bytes()), expected, "{text}");
        }
    }
}
