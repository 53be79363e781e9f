//! `fixtures/httplog`: one small W3C file for each quirk, and what a reader must make of it.
//!
//! The numbers are judged from the format, not taken from a reader. A file is under `ok` when every line of it
//! can be read, under `err` when some cannot. Names and addresses are invented: networks that are reserved for
//! documentation, and the site "contoso".

use crate::fixtures::Generated;
use daaslens_testkit::AZURE_FIELDS;
use std::fmt::Write as _;

/// One file and its numbers.
struct Case {
    name: &'static str,
    /// Lines that are requests, those of the SCM site and the recovered ones among them.
    requests: u32,
    /// Lines that cannot be read.
    malformed: u32,
    /// Requests that could be read although their line has more parts than columns.
    recovered: u32,
    /// Lines of another protocol or producer: fine as they are, and no requests.
    other: u32,
    quirk: &'static str,
    bytes: Vec<u8>,
}

/// Every column that IIS can write, 22 of them.
const FULL: &str = "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version \
     cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken";
/// The default of IIS 7 and 7.5, 14 columns.
const IIS7: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status \
     sc-substatus sc-win32-status time-taken";
/// The default since IIS 8: 15 columns, the referrer after the agent.
const IIS8: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
     sc-status sc-substatus sc-win32-status time-taken";

/// The header that IIS writes on a server of one's own.
fn iis(fields: &str) -> String {
    format!(
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-03-11 02:14:00\n#Fields: {fields}\n"
    )
}

/// The header of App Service.
fn azure() -> String {
    format!("#Software: Microsoft Internet Information Services 8.0\n#Fields: {AZURE_FIELDS}\n")
}

/// A line in 15 columns, at 02:14 and `second`.
fn line8(second: u32, stem: &str, query: &str, status: &str) -> String {
    format!(
        "2026-03-11 02:14:{second:02} 10.0.0.4 GET {stem} {query} 443 - 203.0.113.7 Mozilla/5.0+(Windows+NT+10.0) - {status} 0 0 15\n"
    )
}

/// A line in 14 columns.
fn line7(second: u32) -> String {
    format!(
        "2026-03-11 02:14:{second:02} 10.0.0.4 GET /a.aspx id=1 80 - 203.0.113.7 Mozilla/5.0+(X11) 200 0 0 31\n"
    )
}

/// A line in 19 columns, to `site`.
fn line19(second: u32, site: &str, agent: &str) -> String {
    format!(
        "2026-03-11 02:14:{second:02} {site} GET /cart X-ARR-LOG-ID=0f8fad5b-d9cb-469f-a165-70867728950e 443 - 203.0.113.7 {agent} \
         ARRAffinity=ab12cd - contoso.azurewebsites.net 200 0 0 5120 733 46\n"
    )
}

/// A line in 22 columns.
fn line22(second: u32) -> String {
    format!(
        "2026-03-11 02:14:{second:02} W3SVC1 WEB01 10.0.0.4 GET /b.aspx - 80 - 203.0.113.7 HTTP/1.1 Mozilla/5.0+(X11) - - \
         www.example.com 200 0 0 5120 733 15\n"
    )
}

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn utf16(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name, requests, malformed, recovered, other, quirk, bytes: Vec<u8>| {
        cases.push(Case { name, requests, malformed, recovered, other, quirk, bytes });
    };
    let two = || line8(1, "/", "-", "200") + &line8(2, "/b", "x=1", "404");

    // What is normal.
    add(
        "plain_azure",
        2,
        0,
        0,
        0,
        "what App Service writes: two header lines, 19 columns, CRLF; one request is for the SCM site",
        crlf(
            &(azure() + &line19(1, "CONTOSO", "Mozilla/5.0") + &line19(2, "~1CONTOSO", "AlwaysOn")),
        )
        .into(),
    );
    add(
        "plain_iis8",
        2,
        0,
        0,
        0,
        "the default of IIS since version 8: four header lines, 15 columns",
        crlf(&(iis(IIS8) + &two())).into(),
    );
    add("empty_file", 0, 0, 0, 0, "no bytes at all", vec![]);
    add("header_only", 0, 0, 0, 0, "a header and no request", iis(IIS8).into());
    add(
        "no_final_newline",
        2,
        0,
        0,
        0,
        "the last line is whole but has no line end",
        (iis(IIS8) + &two()).trim_end().into(),
    );
    add(
        "blank_lines",
        2,
        0,
        0,
        0,
        "blank lines between requests",
        format!("{}\n{}\n\n{}\n", iis(IIS8), line8(1, "/", "-", "200"), line8(2, "/", "-", "200"))
            .into(),
    );
    add(
        "identical_lines",
        3,
        0,
        0,
        0,
        "three requests that are alike to the last byte are three requests",
        (iis(IIS8) + &line8(1, "/", "-", "200").repeat(3)).into(),
    );

    // Headers.
    add(
        "repeated_header",
        2,
        0,
        0,
        0,
        "HTTP.sys closes an idle log after 15 minutes and writes the header again",
        format!(
            "{0}{1}{0}2026-03-11 02:41:07 10.0.0.4 GET / - 443 - 203.0.113.7 curl/8 - 200 0 0 15\n",
            iis(IIS8),
            line8(1, "/", "-", "200")
        )
        .into(),
    );
    add(
        "fields_change",
        3,
        0,
        0,
        0,
        "the columns change in the middle: the last #Fields counts",
        (iis(IIS7) + &line7(1) + &iis(IIS8) + &line8(2, "/", "-", "200") + &iis(FULL) + &line22(3))
            .into(),
    );
    add(
        "fields_surplus_blanks",
        2,
        0,
        0,
        0,
        "several blanks between the names in #Fields, and one at its end",
        (iis(&(IIS8.replace(' ', "  ") + " ")) + &two()).into(),
    );
    add("remark_directives", 2, 0, 0, 0, "#Remark, #Start-Date, #GMT-Offset, a misspelt #Verson, and one that nobody knows",
        format!("#Verson: 1.0\n#Start-Date: 2026-03-11 02:14:00.128\n#GMT-Offset: +0100\n{}#Remark: rotated by hand\n{}#Whatever\n{}",
            iis(IIS8), line8(1, "/", "-", "200"), line8(2, "/", "-", "200")).into());
    add(
        "http_server_api",
        1,
        0,
        0,
        0,
        "a program that uses HTTP.sys without IIS; it spells cs(Referrer) with two r",
        (iis(&IIS8.replace("Referer", "Referrer"))
            .replace("Internet Information Services 10.0", "HTTP Server API 2.0")
            + &line8(1, "/", "-", "200"))
            .into(),
    );
    add(
        "date_in_directive",
        2,
        0,
        0,
        0,
        "no date column: the day stands in #Date alone",
        (iis(&IIS8.replace("date time", "time")) + &two().replace("2026-03-11 ", "")).into(),
    );
    add(
        "minimal_columns",
        1,
        0,
        0,
        0,
        "no substatus, no time-taken",
        (iis("date time c-ip cs-method cs-uri-stem sc-status")
            + "2026-03-11 02:14:01 203.0.113.7 GET / 200\n")
            .into(),
    );

    // No header: the shape of the line tells the columns.
    add(
        "headerless_14",
        2,
        0,
        0,
        0,
        "no header, 14 columns: the default of IIS 7",
        (line7(1) + &line7(2)).into(),
    );
    add("headerless_15", 2, 0, 0, 0, "no header, 15 columns: the default of IIS 8", two().into());
    add(
        "headerless_19",
        2,
        0,
        0,
        0,
        "no header, 19 columns: App Service",
        (line19(1, "CONTOSO", "Mozilla/5.0") + &line19(2, "CONTOSO", "curl/8")).into(),
    );
    add(
        "headerless_22",
        2,
        0,
        0,
        0,
        "no header, 22 columns: all of them",
        (line22(1) + &line22(2)).into(),
    );
    add(
        "header_comes_late",
        2,
        0,
        0,
        0,
        "a file that was cut at its front: one line before the first header",
        (line8(1, "/", "-", "200") + &iis(IIS8) + &line8(2, "/", "-", "200")).into(),
    );

    // Line ends and encodings.
    add(
        "cr_only",
        2,
        0,
        0,
        0,
        "lines end in CR alone, as some exports write them",
        (iis(IIS8) + &two()).replace('\n', "\r").into(),
    );
    add(
        "mixed_line_ends",
        2,
        0,
        0,
        0,
        "CRLF in the header, LF after it",
        (crlf(&iis(IIS8)) + &two()).into(),
    );
    add(
        "utf8_bom",
        2,
        0,
        0,
        0,
        "a byte order mark: the file was saved by an editor",
        ("\u{feff}".to_owned() + &iis(IIS8) + &two()).into(),
    );
    add(
        "utf16_le",
        2,
        0,
        0,
        0,
        "UTF-16, little-endian, with a mark: PowerShell's `>`",
        utf16(&crlf(&(iis(IIS8) + &two())), u16::to_le_bytes),
    );
    add(
        "utf16_be",
        2,
        0,
        0,
        0,
        "UTF-16, big-endian, with a mark",
        utf16(&crlf(&(iis(IIS8) + &two())), u16::to_be_bytes),
    );
    add("invalid_utf8", 2, 0, 0, 0, "bytes in the path that are no UTF-8: scanners send overlong forms",
        [iis(IIS8).as_bytes(), b"2026-03-11 02:14:01 10.0.0.4 GET /\xC0\xAF..\xFF/x - 443 - 203.0.113.7 - - 404 0 2 0\n", line8(2, "/", "-", "200").as_bytes()].concat());
    add(
        "utf8_stem",
        1,
        0,
        0,
        0,
        "the path is logged decoded: letters of any alphabet, blanks as +",
        (iis(IIS8) + &line8(1, "/سلة/caf\u{e9}+bar", "q=%d8%b3", "200")).into(),
    );
    add(
        "nul_tail",
        2,
        0,
        0,
        0,
        "NULs up to the end of the file, as NTFS leaves them after a power failure",
        [(iis(IIS8) + &two()).as_bytes(), &[0; 512]].concat(),
    );
    add(
        "nul_line",
        2,
        0,
        0,
        0,
        "a line of NULs alone between two requests",
        [
            (iis(IIS8) + &line8(1, "/", "-", "200")).as_bytes(),
            &[0; 64],
            b"\n",
            line8(2, "/", "-", "200").as_bytes(),
        ]
        .concat(),
    );
    add(
        "nul_before_line",
        2,
        0,
        0,
        0,
        "NULs right before a request: the writer went on behind them",
        [
            (iis(IIS8) + &line8(1, "/", "-", "200")).as_bytes(),
            &[0; 64],
            line8(2, "/", "-", "200").as_bytes(),
        ]
        .concat(),
    );

    // Values.
    add(
        "empty_user",
        1,
        0,
        0,
        0,
        "an empty user name: two blanks follow each other, and all columns are there",
        (iis(IIS8) + &line8(1, "/", "-", "200").replace("443 - ", "443  ")).into(),
    );
    add(
        "user_names",
        3,
        0,
        0,
        0,
        r"DOMAIN\user, DOMAIN\host$, user@domain",
        (iis(IIS8)
            + &[r"CONTOSO\ann", r"CONTOSO\WEB01$", "ann@example.com"]
                .map(|user| line8(1, "/", "-", "200").replace("443 - ", &format!("443 {user} ")))
                .concat())
            .into(),
    );
    add(
        "ipv6_zone",
        2,
        0,
        0,
        0,
        "IPv6, once with a zone",
        (iis(IIS8)
            + &line8(1, "/", "-", "200").replace("203.0.113.7", "fe80::1%3")
            + &line8(2, "/", "-", "200").replace("203.0.113.7", "2001:db8::7"))
            .into(),
    );
    add(
        "custom_column",
        2,
        0,
        0,
        0,
        "a custom column after time-taken (X-Forwarded-For), the second time empty",
        (iis(&format!("{IIS8} X-Forwarded-For"))
            + &two()
                .replacen(" 15\n", " 15 198.51.100.9,+10.0.0.9\n", 1)
                .replacen(" 15\n", " 15 -\n", 1))
            .into(),
    );
    add(
        "hresult_win32",
        3,
        0,
        0,
        0,
        "sc-win32-status as a decimal HRESULT (0x80072EE2), and a number beyond 32 bits",
        (iis(IIS8)
            + &["2147954402", "4294967295", "67567567567"]
                .map(|code| {
                    line8(1, "/", "-", "502").replace(" 0 0 15", &format!(" 3 {code} 30015"))
                })
                .concat())
            .into(),
    );
    add(
        "too_long_value",
        1,
        0,
        0,
        0,
        "a value of more than 4096 bytes is logged as three dots",
        (iis(IIS8) + &line8(1, "/", "...", "200")).into(),
    );
    add(
        "verbs",
        4,
        0,
        0,
        0,
        "any token is a verb: lower case, extensions, nonsense",
        (iis(IIS8)
            + &["get", "RPC_IN_DATA", "TRACK", "QVFVMKXW"]
                .map(|verb| line8(1, "/", "-", "405").replace("GET", verb))
                .concat())
            .into(),
    );
    add(
        "quotes_are_data",
        2,
        0,
        0,
        0,
        "IIS quotes nothing: a quotation mark is part of the value",
        (iis(IIS8)
            + &line8(1, "/\"><script>alert(1)</script>", "q=\"", "404")
            + &line8(2, "/", "${jndi:ldap://x}", "400"))
            .into(),
    );
    add(
        "dash_status",
        1,
        0,
        0,
        0,
        "no status: the request is there, its outcome is not",
        (iis(IIS8) + &line8(1, "/", "-", "-")).into(),
    );
    add(
        "line_of_70_kb",
        2,
        0,
        0,
        0,
        "a line longer than the 64 KiB that IIS allows itself",
        (iis(IIS8) + &line8(1, "/", &"a".repeat(70_000), "414") + &line8(2, "/", "-", "200"))
            .into(),
    );

    // Lines with more parts than columns: the ends are anchors, the surplus belongs to the free text between them.
    add(
        "blanks_in_agent",
        2,
        0,
        1,
        0,
        "a proxy passed blanks in the user agent: three parts too many",
        (azure()
            + &line19(1, "CONTOSO", "Mozilla/5.0 (Windows NT 10.0)")
            + &line19(2, "CONTOSO", "curl/8"))
            .into(),
    );
    add(
        "blank_in_query",
        2,
        0,
        1,
        0,
        "a blank in the query",
        (iis(IIS8) + &line8(1, "/", "q=red shoes", "200") + &line8(2, "/", "-", "200")).into(),
    );
    add(
        "trailing_blank",
        2,
        0,
        1,
        0,
        "a blank at the end of a line is one part too many",
        (iis(IIS8) + &two().replacen(" 15\n", " 15 \n", 1)).into(),
    );
    add(
        "blanks_in_tail",
        2,
        0,
        1,
        0,
        "surplus blanks between the numbers at the end",
        (iis(IIS8) + &two().replacen(" 0 0 15\n", "  0  0  15\n", 1)).into(),
    );

    // Other producers.
    let advanced = "#Software: IIS Advanced Logging Module\n\n#Version: 1.0\n\n#Start-Date: 2026-03-11 00:00:00.128\n\n#Fields:   date-local \
         time-local   s-ip   cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs(Host) sc-status sc-substatus \
         sc-win32-status TimeTakenMS \n";
    add("advanced_logging", 2, 0, 0, 0, "Advanced Logging: quoted values with blanks in them, local time with milliseconds",
        format!("{advanced}2026-03-11 03:14:01.363 10.0.0.4 GET /topic - 80 - \"203.0.113.7\" \"Mozilla/5.0 (Linux; Android 15)\" \
             \"https://example.com/a?b=c\" \"www.example.com\" 200 0 0 31\n2026-03-11 03:14:01.660 10.0.0.4 GET / - 80 - - \"curl/8\" - \
             \"www.example.com\" 301 0 0 0\n").into());
    add("smtp", 0, 0, 0, 2, "the SMTP service of IIS: the same columns, no requests", (iis("date time c-ip cs-username s-sitename s-computername s-ip s-port \
         cs-method cs-uri-stem cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host cs(User-Agent) cs(Cookie) cs(Referer)")
        + "2026-03-11 02:14:01 192.0.2.25 OutboundConnectionCommand SMTPSVC1 MAIL01 - 25 EHLO - mail.example.com 0 0 4 0 94 SMTP - - - -\n"
        + "2026-03-11 02:14:02 192.0.2.25 OutboundConnectionResponse SMTPSVC1 MAIL01 - 25 - - 354+end+with+\"\\r\\n.\\r\\n\" 0 0 46 0 531 SMTP - - - -\n").into());
    add("ftp", 0, 0, 0, 2, "the FTP service of IIS: sessions instead of requests", (iis("date time c-ip cs-username s-ip s-port cs-method cs-uri-stem \
         sc-status sc-win32-status sc-substatus x-session x-fullpath")
        + "2026-03-11 02:14:01 192.0.2.21 - 10.0.0.4 21 ControlChannelOpened - - 0 0 6b2ef1d0-8f2e-4d7e-9a57-3a1d7c7b9a11 -\n"
        + "2026-03-11 02:14:02 192.0.2.21 - 10.0.0.4 21 PASS *** 530 1326 41 6b2ef1d0-8f2e-4d7e-9a57-3a1d7c7b9a11 -\n").into());
    add("firewall", 0, 0, 0, 2, "another producer in the same container: the firewall of Windows", "#Version: 1.5\n#Software: Microsoft Windows Firewall\n\
         #Time Format: Local\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\n\n\
         2026-03-11 03:14:01 DROP TCP 192.0.2.9 10.0.0.4 50123 445 52 S 1234 0 64240 - - - RECEIVE\n\
         2026-03-11 03:14:02 ALLOW UDP 10.0.0.4 192.0.2.53 49152 53 0 - - - - - - - SEND\n".into());

    // Lines that cannot be read.
    add(
        "torn_last_line",
        1,
        1,
        0,
        0,
        "the last line is cut off: the file was copied while it was written",
        format!("{}{}{}", iis(IIS8), line8(1, "/", "-", "200"), &line8(2, "/", "-", "200")[..48])
            .into(),
    );
    add(
        "torn_middle_line",
        2,
        1,
        0,
        0,
        "a line is cut off in the middle of the file",
        format!(
            "{}{}{}\n{}",
            iis(IIS8),
            line8(1, "/", "-", "200"),
            &line8(2, "/", "-", "200")[..48],
            line8(3, "/", "-", "200")
        )
        .into(),
    );
    add(
        "split_in_two",
        1,
        2,
        0,
        0,
        "a line break in the user agent makes two lines of one request",
        (iis(IIS8)
            + &line8(1, "/", "-", "200")
                .replace("Mozilla/5.0+(Windows+NT+10.0)", "Android/101.6000\n1")
            + &line8(2, "/", "-", "200"))
            .into(),
    );
    add(
        "garbage_line",
        2,
        2,
        0,
        0,
        "text that is no record at all",
        format!(
            "{}{}lorem ipsum\n}}{{\n{}",
            iis(IIS8),
            line8(1, "/", "-", "200"),
            line8(2, "/", "-", "200")
        )
        .into(),
    );
    add(
        "impossible_date",
        1,
        2,
        0,
        0,
        "a day and an hour that do not exist",
        (iis(IIS8)
            + &line8(1, "/", "-", "200").replace("03-11", "02-30")
            + &line8(2, "/", "-", "200").replace("02:14", "25:14")
            + &line8(3, "/", "-", "200"))
            .into(),
    );
    add(
        "nul_in_line",
        2,
        1,
        0,
        0,
        "a line whose second half is NULs",
        [
            (iis(IIS8) + &line8(1, "/", "-", "200")).as_bytes(),
            &line8(2, "/", "-", "200").as_bytes()[..48],
            &[0; 32],
            b"\n",
            line8(3, "/", "-", "200").as_bytes(),
        ]
        .concat(),
    );
    add(
        "unknown_layout",
        0,
        2,
        0,
        0,
        "no header, and no layout that anybody writes",
        "2026-03-11 02:14:01 GET /\n2026-03-11 02:14:02 GET /b\n".into(),
    );
    cases
}

/// The files and the table of what is expected of each.
pub(crate) fn all() -> Vec<Generated> {
    let mut table = String::from("file\trequests\tmalformed\trecovered\tother\tquirk\n");
    let mut files = Vec::new();
    for (number, case) in cases().into_iter().enumerate() {
        let folder = if case.malformed == 0 { "ok" } else { "err" };
        let path = format!("{folder}/{:04}_{}.log", number + 1, case.name);
        let Case { requests, malformed, recovered, other, quirk, .. } = case;
        let _ = writeln!(table, "{path}\t{requests}\t{malformed}\t{recovered}\t{other}\t{quirk}");
        files.push(Generated { path: format!("httplog/{path}"), bytes: case.bytes });
    }
    files.push(Generated { path: "httplog/expected.tsv".into(), bytes: table.into_bytes() });
    files
}
