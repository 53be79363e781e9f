//! The laws: spans tile the input, and the pieces in which it is read do not matter.

use proptest::prelude::*;

use super::{READERS, newline};

/// Pieces that logs are made of, so that made input goes beyond the first byte.
const PIECES: &[&[u8]] = &[
    b"192.0.2.7 - - [11/Mar/2026:02:14:07 +0000] \"GET /a?b HTTP/1.1\" 200 17",
    b"192.0.2.7 - a b [11/Mar/2026:02:14:07 -0130] ",
    b"v:1 192.0.2.7 - - [11/Mar/2026:02:14:07 +0000] \"",
    b"\" 404 - \"-\" \"UA\\\"x\"",
    b" \"",
    b"\\",
    b"\"GET http://h/p?q=\" 200 1",
    b"192.0.2.7, -, 03/20/26, 7:55:20, W3SVC2, WEB, 10.0.0.4, 4, 1, 3, 200, 0, GET, /l, -,",
    b"192.0.2.7, -, 13/02/26, 7:55:20, W3SVC2, WEB, 10.0.0.4, 4, 1, 3, 200, 0, GET, /l, -,",
    b"192.0.2.7, -, 03.02.26, 7:55:20, W3SVC2, WEB, 10.0.0.4, 4, 1, 3, 500, 64, GET, /l, ",
    b", -,",
    b",",
    b"#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
    b"#Fields: date time cs-uri s-reason",
    b"#Fields:",
    b"2026-03-11 02:14:07 192.0.2.7 50211 10.0.0.4 80 HTTP/1.1 GET /c 503 2 QueueFull contoso",
    b"2026-03-11 02:14:07 192.0.2.7 50211 10.0.0.4 80 - - - - - Timer_ConnectionIdle -",
    b" 503 2 QueueFull",
    b"2026-03-11 02:14:07 /x N/A",
    b" ",
    b"-",
    b"\r\n",
    b"\n",
    b"\n",
    b"\r",
    b"\0\0",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\xef\xbb\xbf",
    b"\xff\xc3",
];

fn logs() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => (0..PIECES.len()).prop_map(|at| PIECES[at].to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn spans_tile_any_input(log in prop_oneof![logs(), prop::collection::vec(any::<u8>(), 0..300)]) {
        for (name, read) in READERS {
            let mut at = 0;
            for (span, _) in read(&log, &[]) {
                prop_assert_eq!(span.start, at, "{}", name);
                prop_assert!(span.end > at, "{}", name);
                at = span.end;
            }
            prop_assert_eq!(at, log.len() as u64, "{}", name);
        }
    }

    #[test]
    fn pieces_give_what_the_whole_gives(log in logs(), wanted in prop::collection::vec(0usize..600, 0..6)) {
        let end = newline(&log);
        let mut cuts: Vec<usize> = wanted
            .into_iter()
            .filter_map(|from| Some(from + log.get(from..)?.iter().position(|c| *c == end)? + 1))
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        for (name, read) in READERS {
            prop_assert_eq!(read(&log, &cuts), read(&log, &[]), "{}", name);
        }
    }
}
