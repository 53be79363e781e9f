//! The laws of the reader, and one small log for each quirk.

use proptest::prelude::*;

use super::*;
use crate::{Field, MAX_LINE, Request};

/// Every item as one line of text.
fn show(log: &[u8]) -> Vec<String> {
    let mut state = State::default();
    if !log.contains(&b'\n') && log.contains(&b'\r') {
        state = head(log).0;
    }
    let mut out = Vec::new();
    read(log, 0, &mut state, &mut |item| out.push(line(&item)));
    out
}

fn line(item: &Item<'_>) -> String {
    match item {
        Item::Record(r) => format!(
            "{} {} {} {:?}{}",
            r.time().map_or_else(|| "-".to_owned(), daaslens_core::Time::rfc3339),
            r.method().unwrap_or_default(),
            r.uri_stem().unwrap_or_default(),
            r.status(),
            if r.is_recovered() { " recovered" } else { "" },
        ),
        Item::Directive(d) => format!("#{}", d.name),
        Item::Malformed(m) => format!("! {}", m.fault),
        Item::Blank(_) => "blank".to_owned(),
    }
}

const FIELDS: &str =
    "#Fields: date time cs-method cs-uri-stem cs(User-Agent) c-ip sc-status time-taken\n";

#[test]
fn columns_may_change_inside_a_file() {
    let log = b"#Fields: date time cs-method cs-uri-stem sc-status\n2026-01-01 00:00:00 GET /a 200\n\
        #Fields: date time s-ip cs-method cs-uri-stem sc-status\n2026-01-01 00:00:01 10.0.0.1 GET /b 404\n";
    assert_eq!(
        show(log),
        [
            "#Fields",
            "2026-01-01T00:00:00Z GET /a Some(200)",
            "#Fields",
            "2026-01-01T00:00:01Z GET /b Some(404)"
        ]
    );
}

#[test]
fn surplus_blanks_go_to_the_value_that_holds_them() {
    let log = b"#Fields: date time cs-method cs-uri-stem s-port c-ip cs(User-Agent) sc-status\n\
        2026-01-01 00:00:00 GET /a 80 10.0.0.1 My Agent 1.0 200\n2026-01-01 00:00:00 GET /a b 80 10.0.0.1 UA 200\n\
        2026-01-01 00:00:00 GET /a b 80 10.0.0.1 My Agent 200\n";
    assert_eq!(
        show(log),
        [
            "#Fields",
            "2026-01-01T00:00:00Z GET /a Some(200) recovered",
            "2026-01-01T00:00:00Z GET /a b Some(200) recovered",
            "! 10 fields where 8 are declared",
        ]
    );
}

#[test]
fn surplus_blanks_among_the_numbers_are_no_values() {
    let log = b"#Fields: date time cs-method cs-uri-stem cs(User-Agent) cs(Referer) sc-status sc-substatus time-taken\n\
        2026-01-01 00:00:00 GET /a UA - 200  0   15\n2026-01-01 00:00:00 GET /b UA -  404 0 15 \n\
        2026-01-01 00:00:00 GET /c My Agent - 503  0  15\n2026-01-01 00:00:00 GET /d UA - 200  0 abc\n\
        2026-01-01 00:00:00 GET /e UA  - 200  0 15\n";
    let mut seen = Vec::new();
    read(log, 0, &mut State::default(), &mut |item| match item {
        Item::Record(r) => seen.push(format!(
            "{} {} {:?} {:?}",
            r.value(Field::UserAgent).unwrap_or_default(),
            r.value(Field::Referer).unwrap_or(b"-".into()),
            r.status(),
            r.time_taken_ms()
        )),
        Item::Malformed(m) => seen.push(m.fault.to_string()),
        _ => {}
    });
    assert_eq!(
        seen,
        [
            "UA - Some(200) Some(15)",
            "UA - Some(404) Some(15)",
            "My Agent - Some(503) Some(15)",
            "10 fields where 9 are declared",
            "UA  - Some(200) Some(15)",
        ]
    );
}

#[test]
fn two_records_on_one_line_are_no_record() {
    let log = format!(
        "{FIELDS}2026-01-01 00:00:00 GET /a 2026-01-01 00:00:01 GET /b UA 10.0.0.1 200 5\n"
    );
    assert_eq!(show(log.as_bytes()), ["#Fields", "! 12 fields where 8 are declared"]);
}

#[test]
fn trailing_blanks_and_an_empty_user_are_no_faults() {
    let log = b"#Fields: date time cs-method cs-uri-stem cs-username sc-status\n\
        2026-01-01 00:00:00 GET /a  200\n2026-01-01 00:00:00 GET /b - 200 \n";
    assert_eq!(
        show(log),
        [
            "#Fields",
            "2026-01-01T00:00:00Z GET /a Some(200)",
            "2026-01-01T00:00:00Z GET /b Some(200) recovered"
        ]
    );
}

#[test]
fn padding_is_blank_and_what_stands_behind_it_is_read() {
    let mut log = FIELDS.as_bytes().to_vec();
    log.extend_from_slice(b"2026-01-01 00:00:00 GET /a UA 10.0.0.1 200 5\r\n");
    log.extend_from_slice(&[0; 40]);
    log.extend_from_slice(b"2026-01-01 00:00:01 GET /b UA 10.0.0.1 200 5\r\n2026-01-01 00:0");
    log.extend_from_slice(&[0; 40]);
    assert_eq!(
        show(&log),
        [
            "#Fields",
            "2026-01-01T00:00:00Z GET /a Some(200)",
            "blank",
            "2026-01-01T00:00:01Z GET /b Some(200)",
            "! 2 fields where 8 are declared",
            "blank",
        ]
    );
}

#[test]
fn the_date_may_stand_in_the_header_only() {
    let log = b"#Date: 2013-07-30 00:00:00\n#Fields: time cs-method cs-uri-stem sc-status\n00:00:03 GET /a 200\n";
    assert_eq!(show(log), ["#Date", "#Fields", "2013-07-30T00:00:03Z GET /a Some(200)"]);
}

#[test]
fn a_file_without_a_header_is_read_by_its_shape() {
    let log = b"2024-01-17 01:00:00 192.168.1.1 GET /legacy.aspx - 80 - 10.0.0.10 Mozilla/5.0 - 200 0 0 50\nnonsense\n";
    assert_eq!(
        show(log),
        ["2024-01-17T01:00:00Z GET /legacy.aspx Some(200)", "! 1 fields where 15 are declared"]
    );
    assert_eq!(show(b"what is this\n"), ["! no #Fields line, and no known layout"]);
}

#[test]
fn quotes_are_data_for_iis_and_quotes_for_advanced_logging() {
    let iis = format!("{FIELDS}2026-01-01 00:00:00 GET /\"><script> \"UA 10.0.0.1 200 5\n");
    assert_eq!(show(iis.as_bytes())[1], "2026-01-01T00:00:00Z GET /\"><script> Some(200)");
    let advanced = b"#Software: IIS Advanced Logging Module\n\n#Fields:  date-local time-local  cs-method cs-uri-stem cs(User-Agent) sc-status TimeTakenMS\n\
        2012-08-15 17:00:00.363 GET /a  \"Mozilla/5.0 (Linux; Android)\" 200 3\n";
    assert_eq!(show(advanced)[3], "2012-08-15T17:00:00.363Z GET /a Some(200)");
    let doubled = b"#Software: IIS Advanced Logging Module\n#Fields: date time cs-method cs-uri-stem cs(User-Agent) sc-status\n\
        2012-08-15 17:00:00 GET /a \" \"\"x\"\" y \" 404\n";
    assert_eq!(show(doubled)[2], "2012-08-15T17:00:00Z GET /a Some(404)");
}

#[test]
fn carriage_returns_alone_end_lines_too() {
    let log = FIELDS.replace('\n', "\r") + "2026-01-01 00:00:00 GET /a UA 10.0.0.1 200 5\r";
    assert_eq!(show(log.as_bytes()), ["#Fields", "2026-01-01T00:00:00Z GET /a Some(200)"]);
}

#[test]
fn a_byte_order_mark_is_blank() {
    let log = format!("\u{feff}{FIELDS}");
    assert_eq!(show(log.as_bytes()), ["blank", "#Fields"]);
}

#[test]
fn a_line_beyond_the_limit_is_one_item() {
    let log = format!(
        "{FIELDS}{}\n2026-01-01 00:00:00 GET /a UA 10.0.0.1 200 5\n",
        "x y ".repeat(MAX_LINE / 4 + 1)
    );
    let shown = show(log.as_bytes());
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[1], "! a line of more than 1048576 bytes");
}

#[test]
fn numbers_that_are_none_are_none() {
    let log = b"#Fields: date time cs-method cs-uri-stem sc-status sc-win32-status time-taken\n\
        2026-01-01 00:00:00 GET /a 500 2147954402 99999999999\n2026-01-01 00:00:00 GET /a - - -\n\
        2026-01-01 00:00:00 GET /a ABC 0 0\n2026-13-01 00:00:00 GET /a 200 0 0\n";
    let mut seen = Vec::new();
    read(log, 0, &mut State::default(), &mut |item| match item {
        Item::Record(r) => {
            seen.push(format!("{:?} {:?} {:?}", r.status(), r.win32_status(), r.time_taken_ms()));
        }
        Item::Malformed(m) => seen.push(m.fault.to_string()),
        _ => {}
    });
    assert_eq!(
        seen,
        [
            "Some(500) Some(2147954402) Some(4294967295)",
            "None None None",
            "no valid status",
            "no valid date and time"
        ]
    );
}

#[test]
fn other_services_are_told_apart() {
    let service = |log: &[u8]| head(log).1;
    assert_eq!(service(b"#Fields: time c-ip cs-method cs-uri-stem sc-status\n01:00:00 10.0.0.1 [2]USER anonymous 331\n"), Some(Service::Ftp));
    assert_eq!(
        service(b"#Fields: date time s-sitename cs-method cs-uri-stem sc-status\n2026-01-01 00:00:00 SMTPSVC1 EHLO - 250\n"),
        Some(Service::Smtp)
    );
    assert_eq!(service(b"#Fields: date time action protocol src-ip\n"), Some(Service::Other));
    assert_eq!(service(FIELDS.as_bytes()), Some(Service::Http));
    assert_eq!(service(b"hello\n"), None);
}

#[test]
fn what_scanners_ask_for_is_a_path() {
    // Bounded by blanks and by what stands on either side, a path may be anything.
    let paths = [
        "*",
        "/fee&fie=foe",
        "/..\\..\\windows\\win.ini",
        "/${(#a=@org.example.Ognl@x())}/index.action",
        "/\"><script>alert(1)</script>",
        "/%c0%ae%c0%ae/",
        "www.example.org:443",
        "/a,b;c=d|e",
    ];
    for path in paths {
        let log = format!("{FIELDS}2026-01-01 00:00:00 GET {path} UA 10.0.0.1 404 5\n");
        let expected = format!("2026-01-01T00:00:00Z GET {path} Some(404)");
        assert_eq!(show(log.as_bytes()), ["#Fields".to_owned(), expected]);
    }
}

#[test]
fn user_names_of_all_kinds_are_one_value() {
    for user in ["DOM\\user", "DOM\\host$", "user@example.org", "dom/user", "-", ""] {
        let log = format!(
            "#Fields: date time cs-method cs-uri-stem cs-username sc-status\n2026-01-01 00:00:00 GET /a {user} 401\n"
        );
        let mut seen = Vec::new();
        read(log.as_bytes(), 0, &mut State::default(), &mut |item| {
            if let Item::Record(r) = item {
                seen.push((r.raw(Field::UserName).unwrap_or_default().to_string(), r.status()));
                assert!(!r.is_recovered());
            }
        });
        assert_eq!(seen, [(user.to_owned(), Some(401))]);
    }
}

#[test]
fn other_producers_count_in_seconds_and_iis_in_milliseconds() {
    for (software, expected) in [
        ("#Software: Microsoft Internet Information Services 10.0\n", [Some(2), None]),
        ("#Software: Some Cache 2.1\n", [Some(2000), Some(125)]),
        ("", [Some(2), None]),
    ] {
        let log = format!(
            "{software}#Fields: date time cs-method cs-uri-stem sc-status time-taken\n\
             2026-01-01 00:00:00 GET /a 200 2\n2026-01-01 00:00:00 GET /a 200 0.125\n"
        );
        let mut seen = Vec::new();
        read(log.as_bytes(), 0, &mut State::default(), &mut |item| {
            if let Item::Record(r) = item {
                seen.push(r.time_taken_ms());
            }
        });
        assert_eq!(seen, expected, "{software}");
    }
}

#[test]
fn times_that_go_back_are_kept_as_they_stand() {
    let log = FIELDS.to_owned()
        + "2026-01-01 00:01:00 GET /b UA 10.0.0.1 200 5\n2026-01-01 00:00:59 GET /a UA 10.0.0.1 200 5\n\
           2026-01-01 00:01:00 GET /c UA 10.0.0.1 200 5\n";
    assert_eq!(
        show(log.as_bytes())[1..],
        [
            "2026-01-01T00:01:00Z GET /b Some(200)",
            "2026-01-01T00:00:59Z GET /a Some(200)",
            "2026-01-01T00:01:00Z GET /c Some(200)"
        ]
    );
}

/// Text that looks enough like a log to reach every branch.
fn logs() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(FIELDS.as_bytes().to_vec()),
        1 => Just(b"#Fields: time cs-method cs-uri-stem sc-status\n".to_vec()),
        1 => Just(b"#Date: 2026-01-02 00:00:00\r\n".to_vec()),
        1 => Just(b"#Software: Something else\n".to_vec()),
        1 => Just(b"#Software: Microsoft Internet Information Services 10.0\n".to_vec()),
        8 => (0u8..60, "[ -~]{0,12}").prop_map(|(s, ua)| format!("2026-01-01 00:00:{s:02} GET /a {ua} 10.0.0.1 503 5\r\n").into_bytes()),
        2 => Just(b"00:00:01 GET /b 200\n".to_vec()),
        1 => Just(vec![0; 20]),
        1 => Just(b"\n\r\n \n".to_vec()),
        1 => Just(b"\xef\xbb\xbf".to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..40),
        1 => Just(b"\r".to_vec()),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn spans_tile_any_input(log in prop_oneof![logs(), prop::collection::vec(any::<u8>(), 0..400)]) {
        let mut at = 0;
        read(&log, 0, &mut State::default(), &mut |item| {
            assert_eq!(item.span().start, at);
            assert!(item.span().end > at);
            at = item.span().end;
        });
        prop_assert_eq!(at, log.len() as u64);
    }

    #[test]
    fn pieces_give_what_the_whole_gives(log in logs(), target in 1usize..200) {
        let mut whole = Vec::new();
        let mut state = State::default();
        read(&log, 0, &mut state, &mut |item| whole.push((item.span(), line(&item))));
        let mut pieces = Vec::new();
        let mut carried = State::default();
        for piece in cut(&log, target, b'\n') {
            let base = piece.start as u64;
            read(&log[piece], base, &mut carried, &mut |item| pieces.push((item.span(), line(&item))));
        }
        prop_assert_eq!(pieces, whole);
        prop_assert_eq!(carried, state);
    }
}
