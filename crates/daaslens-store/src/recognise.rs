//! What a file is: by its content first, by its name second.
//!
//! A table of rules, tried in order. Content decides where it can; a name decides only for what has no content
//! of its own (an application's text is text) or for files that are empty or cut. Paths are compared in lower
//! case, with `/`, whatever the root of the bundle is.

mod platform;

use daaslens_core::Kind;

use crate::app_text::{is_app_log, is_thread_dump};

/// What the rules look at.
pub(crate) struct Subject<'a> {
    /// The path in lower case, with `/`.
    pub(crate) path: &'a str,
    /// The last component of it.
    pub(crate) name: &'a str,
    /// The first bytes, as UTF-8 where they were UTF-16.
    pub(crate) head: &'a [u8],
}

impl Subject<'_> {
    fn has(&self, text: &str) -> bool {
        memchr::memmem::find(self.head, text.as_bytes()).is_some()
    }

    fn starts(&self, text: &str) -> bool {
        self.trimmed().starts_with(text.as_bytes())
    }

    /// Without a byte order mark and blank space in front.
    fn trimmed(&self) -> &[u8] {
        self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.head).trim_ascii_start()
    }

    fn magic(&self, magic: &[u8]) -> bool {
        self.head.starts_with(magic)
    }

    fn under(&self, folder: &str) -> bool {
        self.path.contains(&format!("/{folder}/")) || self.path.starts_with(&format!("{folder}/"))
    }

    fn ends(&self, extension: &str) -> bool {
        self.name.len() > extension.len() && self.name.ends_with(extension)
    }

    fn is_xml(&self) -> bool {
        self.starts("<")
    }

    /// The first line that is neither blank nor a comment, for logs without a header.
    fn first_line(&self) -> &[u8] {
        self.head
            .split(|c| matches!(c, b'\n' | b'\r'))
            .map(<[u8]>::trim_ascii)
            .find(|line| !line.is_empty() && !line.starts_with(b"#"))
            .unwrap_or_default()
    }
}

type Rule = (Kind, fn(&Subject<'_>) -> bool);

/// By content. The order is from the unmistakable to the merely likely.
const CONTENT: &[Rule] = &[
    (Kind::Dump, |s| {
        s.magic(b"MDMP")
            || s.magic(b"PAGEDU64")
            || s.magic(b"PAGEDUMP")
            || s.magic(b"JAVA PROFILE 1.")
            || s.magic(b"FLR\0")
            || s.magic(b"\x7fELF") && s.name.starts_with("core")
    }),
    (Kind::Evtx, |s| s.magic(b"ElfFile\0")),
    (Kind::HttpErr, |s| s.has("#Fields:") && s.has("s-reason")),
    (Kind::W3c, |s| {
        s.has("#Fields:") && s.has("cs-method") && (s.has("cs-uri-stem") || s.has("cs-uri"))
    }),
    (Kind::W3cOther, |s| s.has("#Fields:") && s.trimmed().starts_with(b"#")),
    (Kind::FailedRequest, |s| s.is_xml() && s.has("<failedRequest ")),
    (Kind::DetailedError, |s| s.has("<title>IIS Detailed Error")),
    (Kind::EventLog, |s| {
        // Copied from a tree view, an element that can be folded has `- ` before it.
        (s.is_xml() || s.starts("- <Event"))
            && (s.has("<Events") || s.has("<Event>") || s.has("<Event "))
            && s.has("<System>")
    }),
    (Kind::EventLog, is_event_table),
    (Kind::EventLog, |s| {
        (s.starts("{") || s.starts("["))
            && (s.has("\"ProviderName\"") && (s.has("\"RecordId\"") || s.has("\"TimeCreated\""))
                || s.has("\"EntryType\"")
                    && (s.has("\"InstanceId\"") || s.has("\"TimeGenerated\"")))
    }),
    (Kind::EventLog, |s| s.starts("Version=") && s.has("EventType=") && s.has("EventTime=")),
    (Kind::HttpJson, |s| (s.starts("{") || s.starts("[")) && is_resource_log(s)),
    (Kind::Metrics, |s| (s.starts("{") || s.starts("[")) && is_metrics(s)),
    (Kind::HttpJson, |s| is_workspace_table(s.first_line())),
    (Kind::ThreadDump, |s| is_thread_dump(s.trimmed())),
    (Kind::PhpReport, is_php_report),
    (Kind::PhpLog, is_php_log),
    (Kind::Ncsa, |s| is_ncsa(s.first_line())),
    (Kind::IisNative, |s| is_native(s.first_line())),
    (Kind::W3c, |s| is_headerless_w3c(s.first_line())),
    (Kind::HttpErr, |s| is_headerless_httperr(s.first_line())),
];

/// By name, for what the content does not tell.
const NAME: &[Rule] = &[
    (Kind::W3c, |s| s.under("rawlogs") && s.ends(".log")),
    (Kind::EventLog, |s| s.name.starts_with("eventlog") && s.ends(".xml")),
    (Kind::PhpLog, |s| s.name.starts_with("php_error") || s.name.starts_with("php-error")),
    (Kind::PhpReport, |s| {
        s.name.starts_with("php-cgi-processreport")
            || s.name.starts_with("php-cgi-") && s.ends(".log")
    }),
    (Kind::Dump, |s| [".dmp", ".mdmp", ".hdmp", ".hprof"].iter().any(|e| s.ends(e))),
    (Kind::FailedRequest, |s| {
        s.path.contains("w3svc") && s.name.starts_with("fr") && s.ends(".xml")
    }),
    (Kind::ThreadDump, |s| s.ends("_jstack.log")),
    (Kind::DetailedError, |s| s.under("detailederrors") && s.name.starts_with("errorpage")),
    (Kind::AppLog, |s| {
        (s.under("logfiles/application")
            || s.under("iisnode")
            || s.under("stdout")
            || s.under("data/jobs")
            || s.under("jobs/continuous")
            || s.under("jobs/triggered")
            || s.under("logfiles/siteextlogs"))
            && [".txt", ".log"].iter().any(|e| s.ends(e))
    }),
    (Kind::AppLog, |s| {
        (s.name.starts_with("stdout")
            || s.name.contains("-stdout-")
            || s.name.contains("-stderr-")
            || s.name.starts_with("httpplatformstdout")
            || s.name.starts_with("diagnostics-")
            || s.ends("_docker.log")
            || s.ends("logging-errors.txt"))
            && [".txt", ".log"].iter().any(|e| s.ends(e))
    }),
];

/// By content, for what neither says: applications write their logs anywhere, under any name.
const LATE: &[Rule] = &[(Kind::AppLog, |s| {
    let is_text = [".txt", ".log", ".out", ".err", ".json", ".jsonl", ".ndjson"];
    // `app.log.1`, `app.log.2026-01-19`
    (is_text.iter().any(|e| s.ends(e)) || s.name.contains(".log.")) && is_app_log(s.trimmed())
})];

/// Recognises a file.
pub(crate) fn recognise(subject: &Subject<'_>) -> Kind {
    let find_in =
        |rules: &[Rule]| rules.iter().find(|(_, rule)| rule(subject)).map(|(kind, _)| *kind);
    let find = |own: &[Rule], others: &[Rule]| find_in(own).or_else(|| find_in(others));
    if subject.head.is_empty() {
        return match find(platform::NAME, NAME) {
            // An empty log still says that the file was made: its instance was up and served nothing yet.
            Some(kind) => kind,
            None => Kind::Empty,
        };
    }
    find(platform::CONTENT, CONTENT)
        .or_else(|| find(platform::NAME, NAME))
        .or_else(|| find_in(LATE))
        .unwrap_or(Kind::NotALog)
}

fn is_resource_log(subject: &Subject<'_>) -> bool {
    subject.has("AppServiceHTTPLogs")
        || subject.has("AppServiceConsoleLogs")
        || subject.has("AppServiceAppLogs")
        || subject.has("AppServicePlatformLogs")
        || subject.has("ApplicationGatewayAccess")
        || subject.has("AGWAccessLogs")
        || subject.has("FrontDoorAccessLog")
        || subject.has("FrontdoorAccessLog")
        || subject.has("\"CsUriStem\"")
}

/// What `az monitor metrics list` and the REST interface give, and what a diagnostic setting writes per line.
fn is_metrics(subject: &Subject<'_>) -> bool {
    subject.has("\"timeseries\"")
        && (subject.has("\"timeStamp\"") || subject.has("\"metadatavalues\""))
        || subject.has("\"timespan\"") && subject.has("\"resourceregion\"")
        || subject.has("\"metricName\"") && subject.has("\"timeGrain\"")
}

/// `TimeGenerated [UTC],CsMethod,CsUriStem,…`: a table of a workspace, as the portal exports it.
fn is_workspace_table(line: &[u8]) -> bool {
    let lower = line.to_ascii_lowercase();
    let has = |needle: &str| memchr::memmem::find(&lower, needle.as_bytes()).is_some();
    let is_table = lower.iter().any(|c| matches!(c, b',' | b';' | b'\t'));
    let is_request = has("scstatus") || has("httpstatus");
    let is_text = has("resultdescription") || has("message") && has("containerid");
    is_table && has("timegenerated") && (is_request || is_text)
}

/// A table of events: of Event Viewer in English, of PowerShell, or of Event Viewer in another language, whose header
/// has five words and whose rows have a time and a number in the second and fourth place.
fn is_event_table(subject: &Subject<'_>) -> bool {
    let Some(first) = subject.head.get(..subject.head.len().min(2048)) else { return false };
    let first = String::from_utf8_lossy(first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first));
    let mut lines =
        first.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("#TYPE"));
    let Some(header) = lines.next() else { return false };
    let names = |delimiter: char| -> Vec<String> {
        let name = |name: &str| name.trim().trim_matches('"').to_lowercase().replace(' ', "");
        header.split(delimiter).map(name).collect()
    };
    [',', '\t', ';'].into_iter().any(|delimiter| {
        let names = names(delimiter);
        let has = |name: &str| names.iter().any(|one| one == name);
        let known = has("dateandtime") && has("source") && has("eventid")
            || has("providername") && has("id") && has("timecreated")
            || has("source")
                && (has("instanceid") || has("eventid"))
                && (has("timegenerated") || has("timewritten"))
                && (has("entrytype") || has("machinename"));
        let words = names.len() == 5
            && names.iter().all(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_alphabetic() || "-'.".contains(c))
            });
        known
            || words
                && lines.clone().next().is_some_and(|row| {
                    let fields: Vec<&str> = row.split(delimiter).collect();
                    let is_time = |text: &str| {
                        text.starts_with(|c: char| c.is_ascii_digit())
                            && text.contains(':')
                            && text.contains(['/', '.', '-'])
                    };
                    fields.len() >= 5
                        && is_time(fields[1])
                        && fields[3].trim().parse::<u32>().is_ok()
                })
    })
}

/// The PHP Process Report, a log of the debugger that it is made of, a `phpinfo()` page or print.
fn is_php_report(subject: &Subject<'_>) -> bool {
    let is_page = subject.is_xml();
    is_page && (subject.has("PHP Analysis Report") || subject.has("Php Log Analysis Report"))
        || is_page && subject.has("<title>") && subject.has("phpinfo()</title>")
        || subject.has("0:000> * --------- General Info")
        || subject.starts("phpinfo()") && subject.has("PHP Version => ")
}

/// `[22-Nov-2026 05:42:11 Europe/Berlin] PHP Warning: …`
fn is_php_log(subject: &Subject<'_>) -> bool {
    let line = subject.first_line();
    let stamp = line.strip_prefix(b"[").and_then(|rest| rest.first_chunk::<20>());
    stamp.is_some_and(|s| {
        let php = s[2] == b'-' && s[6] == b'-' && s[11] == b' ' && s[14] == b':' && s[17] == b':';
        // Monolog's: `[2026-11-22 05:42:11] production.ERROR: …`
        let iso = s[4] == b'-' && s[7] == b'-' && matches!(s[10], b' ' | b'T') && s[13] == b':';
        php || iso && is_logger(line)
    }) && line.contains(&b']')
}

/// Whether a level of Monolog follows the stamp.
fn is_logger(line: &[u8]) -> bool {
    const LEVELS: [&[u8]; 8] = [
        b".DEBUG: ",
        b".INFO: ",
        b".NOTICE: ",
        b".WARNING: ",
        b".ERROR: ",
        b".CRITICAL: ",
        b".ALERT: ",
        b".EMERGENCY: ",
    ];
    let head = &line[..line.len().min(96)];
    LEVELS.iter().any(|level| memchr::memmem::find(head, level).is_some())
}

/// `host - user [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326`
fn is_ncsa(line: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'[', line) else { return false };
    let stamp = &line[open + 1..];
    stamp.len() > 27
        && stamp[2] == b'/'
        && stamp[6] == b'/'
        && stamp[11] == b':'
        && stamp[26] == b']'
        && stamp.get(27..29) == Some(b" \"")
        && line[..open].split(|c| *c == b' ').filter(|token| !token.is_empty()).count() >= 3
}

/// Fifteen values, a comma and a blank apart, a trailing comma.
fn is_native(line: &[u8]) -> bool {
    let values: Vec<&[u8]> = line.split(|c| *c == b',').map(<[u8]>::trim_ascii).collect();
    values.len() >= 15
        && [b'/', b'.', b'-'].iter().any(|sep| memchr::memchr_iter(*sep, values[2]).count() == 2)
        && values[2].iter().all(|c| c.is_ascii_digit() || matches!(c, b'/' | b'.' | b'-'))
        && memchr::memchr_iter(b':', values[3]).count() == 2
        && values[10].iter().all(u8::is_ascii_digit)
        && values[0].iter().any(|c| matches!(c, b'.' | b':'))
}

/// A W3C line as IIS writes it, its header lost: date, time, then site, machine and address of the server where
/// they are logged, a method and a path.
fn is_headerless_w3c(line: &[u8]) -> bool {
    let tokens: Vec<&[u8]> = line.split(|c| *c == b' ').take(40).collect();
    tokens.len() >= 14
        && is_like(tokens[0], b"0000-00-00")
        && is_like(tokens[1], b"00:00:00")
        && tokens[2..7].windows(2).any(|pair| {
            matches!(
                pair[0],
                b"GET" | b"POST" | b"HEAD" | b"PUT" | b"DELETE" | b"OPTIONS" | b"PATCH"
            ) && (pair[1].starts_with(b"/") || pair[1] == b"*")
        })
}

/// A line of HTTP.sys's error log, its header lost: date, time, then address and port of either side, and near the
/// end a reason.
fn is_headerless_httperr(line: &[u8]) -> bool {
    let tokens: Vec<&[u8]> = line.split(|c| *c == b' ').take(64).collect();
    let is_port =
        |token: &[u8]| (1..=5).contains(&token.len()) && token.iter().all(u8::is_ascii_digit);
    let is_address = |token: &[u8]| token.iter().any(|c| matches!(c, b'.' | b':'));
    tokens.len() >= 12
        && is_like(tokens[0], b"0000-00-00")
        && is_like(tokens[1], b"00:00:00")
        && is_address(tokens[2])
        && is_port(tokens[3])
        && is_address(tokens[4])
        && is_port(tokens[5])
}

/// Whether a token has a digit where `like` has a 0, and else the same bytes.
fn is_like(token: &[u8], like: &[u8]) -> bool {
    let same = |(c, like): (&u8, &u8)| if *like == b'0' { c.is_ascii_digit() } else { c == like };
    token.len() == like.len() && token.iter().zip(like).all(same)
}

/// What the path says of the origin.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) instance: Option<String>,
    pub(crate) machine: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) site: Option<String>,
}

/// Reads instance, machine and session off a path (in its own case, with `/`).
pub(crate) fn place(path: &str) -> Place {
    let parts: Vec<&str> = path.split('/').collect();
    let name = parts.last().copied().unwrap_or_default();
    let mut place = Place { instance: instance_prefix(name), ..Place::default() };
    // `Logs/<site>/<yy-MM-dd>/<MACHINE>/<Collector>/<start>/<end>/<file>` (first generation), and
    // `Logs/<sessionId>/<MACHINE>/<file>` (second).
    for window in parts.windows(3) {
        let is_log = !is_session_id(window[1]);
        if is_date(window[0]) && window[2].contains(char::is_alphabetic) && is_log {
            place.machine = Some(window[1].to_owned());
        }
        // `Logs/<site>/<yy-MM-dd>`, `Reports/<site>/<yy-MM-dd>`: the first ten letters of the site's name, later its host.
        let holds = ["logs", "reports"].iter().any(|name| window[0].eq_ignore_ascii_case(name));
        if holds && is_date(window[2]) {
            place.site = Some(window[1].to_owned());
        }
        if is_session_id(window[0]) && !is_session_id(window[1]) && is_machine(window[1]) {
            place.machine = Some(window[1].to_owned());
            place.session = Some(window[0].to_owned());
        }
    }
    if place.machine.is_none()
        && parts.len() >= 2
        && parts[parts.len() - 2].eq_ignore_ascii_case("heartbeats")
    {
        place.machine = Some(name.to_owned());
    }
    if place.session.is_none() {
        place.session = parts.iter().rev().find_map(|part| {
            let stem = part.split('.').next().unwrap_or(part);
            is_session_id(stem).then(|| stem.to_owned())
        });
    }
    place
}

/// `dda7cc-202512040635.log`: the first six hex digits of the instance id, then the minute of the first request.
fn instance_prefix(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_once('-')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let hex = prefix.len() == 6 && prefix.bytes().all(|c| c.is_ascii_hexdigit());
    (hex && (digits == 12 || digits >= 3 && rest.as_bytes().get(digits) == Some(&b'-')))
        .then(|| prefix.to_ascii_lowercase())
}

/// `25-09-24`.
fn is_date(text: &str) -> bool {
    text.len() == 8
        && text.split('-').count() == 3
        && text.bytes().all(|c| c.is_ascii_digit() || c == b'-')
}

/// `240112_0935127841`.
fn is_session_id(text: &str) -> bool {
    text.len() == 17
        && text.as_bytes().get(6) == Some(&b'_')
        && text.bytes().enumerate().all(|(i, c)| i == 6 || c.is_ascii_digit())
}

/// Names of worker machines: `RD0003FF…`, `dw0sdwk…`, `lw1sdlwk…`, `WEBWK…`.
fn is_machine(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    text.len() >= 8
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        && (lower.starts_with("rd")
            || lower.contains("sdwk")
            || lower.contains("sdlwk")
            || lower.contains("ldwk")
            || lower.starts_with("webwk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str, head: &str) -> Kind {
        let path = path.to_ascii_lowercase();
        let name = path.rsplit('/').next().unwrap_or_default();
        recognise(&Subject { path: &path, name, head: head.as_bytes() })
    }

    #[test]
    fn content_decides() {
        for (path, head, expected) in [
            ("x.bin", "MDMP\u{1}", Kind::Dump),
            (
                "x.txt",
                "#Software: Microsoft Internet Information Services 8.0\n#Fields: date time cs-method cs-uri-stem sc-status\n",
                Kind::W3c,
            ),
            (
                "pf.log",
                "#Software: Microsoft Internet Connection Firewall\n#Fields: date time action protocol\n",
                Kind::W3cOther,
            ),
            (
                "httperr1.log",
                "#Fields: date time c-ip c-port cs-method cs-uri sc-status s-siteid s-reason s-queuename\n",
                Kind::HttpErr,
            ),
            (
                "a/fr000001.xml",
                "<?xml version=\"1.0\"?><failedRequest url=\"/\">",
                Kind::FailedRequest,
            ),
            ("a.xml", "<Events><Event><System><Provider Name=\"x\"/>", Kind::EventLog),
            (
                "a.csv",
                "\u{feff}Level,Date and Time,Source,Event ID,Task Category\r\nError,1/16/2026 11:43:00 AM,WAS,5011,None,\"text\"\r\n",
                Kind::EventLog,
            ),
            (
                "a.txt",
                "Ebene\tDatum und Uhrzeit\tQuelle\tEreignis-ID\tAufgabenkategorie\r\nFehler\t30.10.2026 03:31:14\tWAS\t5011\tKeine\ttext\r\n",
                Kind::EventLog,
            ),
            (
                "a.txt",
                "Niveau,Datum,Quelle,EreignisID,Kategorie\r\nFehler,30.10.2026 03:31:14,WAS,5011,Keine,text\r\n",
                Kind::EventLog,
            ),
            (
                "a.csv",
                "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n\"Message\",\"Id\",\"RecordId\",\"ProviderName\",\"TimeCreated\"\r\n",
                Kind::EventLog,
            ),
            (
                "a.csv",
                "\"EventID\",\"MachineName\",\"Index\",\"EntryType\",\"Message\",\"Source\",\"InstanceId\",\"TimeGenerated\"\r\n",
                Kind::EventLog,
            ),
            (
                "orders.csv",
                "Level,Date,Source,Amount,Unit\nA,1/2/2026 10:00,B,x,C\n",
                Kind::NotALog,
            ),
            (
                "a.json",
                "[\r\n    {\r\n        \"Id\":  1000,\r\n        \"RecordId\":  7,\r\n        \"ProviderName\":  \"Application Error\",",
                Kind::EventLog,
            ),
            (
                "Report.wer",
                "Version=1\r\nEventType=APPCRASH\r\nEventTime=133862471230000000\r\n",
                Kind::EventLog,
            ),
            (
                "a",
                "[22-Nov-2026 05:42:11 Europe/Berlin] PHP Warning:  x in y on line 3\n",
                Kind::PhpLog,
            ),
            (
                "access.log",
                "10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 2326\n",
                Kind::Ncsa,
            ),
            (
                "in.log",
                "192.168.114.201, -, 03/20/01, 7:55:20, W3SVC2, SERVER, 172.21.13.45, 4502, 163, 3223, 200, 0, GET, /DeptLogo.gif, -,\n",
                Kind::IisNative,
            ),
            (
                "u_ex.log",
                "2024-01-17 01:00:00 192.168.1.1 GET /legacy.aspx - 80 - 10.0.0.10 Mozilla/5.0 - 200 0 0 50\n",
                Kind::W3c,
            ),
            (
                "all-columns.log",
                "2024-01-17 01:00:00 W3SVC1 WEB01 192.168.1.1 GET / - 80 - 10.0.0.10 HTTP/1.1 UA - - host 200 0 0 9 9 50\n",
                Kind::W3c,
            ),
            (
                "httperr2.log",
                "2024-01-17 01:00:00 192.0.2.7 50211 10.0.0.4 80 - - - - - Timer_ConnectionIdle -\n",
                Kind::HttpErr,
            ),
            (
                "vhosts.log",
                "www.example.org:443 192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/2.0\" 200 2326\n",
                Kind::Ncsa,
            ),
            (
                "deployments/x/status.xml",
                "<?xml version=\"1.0\"?><deployment><id>1</id>",
                Kind::Deployment,
            ),
            (
                "Sessions/Complete/240112_0935127841.json",
                "{\"Mode\":\"Collect\",\"SessionId\":\"240112_0935127841\",\"Tool\":\"x\"}",
                Kind::Session,
            ),
            (
                "PT1H.json",
                "{\"time\":\"2026-03-11T02:14:07Z\",\"category\":\"AppServiceHTTPLogs\",",
                Kind::HttpJson,
            ),
            ("rows.json", "[\n  {\n    \"CsUriStem\": \"/\"", Kind::HttpJson),
            (
                "query_data.csv",
                "\u{feff}TimeGenerated [UTC],CsMethod,CsUriStem,ScStatus\r\n",
                Kind::HttpJson,
            ),
            ("prices.csv", "TimeGenerated,Price\n", Kind::NotALog),
            (
                "metrics.json",
                "[{\"cost\":0,\"timespan\":\"x\",\"resourceregion\":\"westeurope\"",
                Kind::Metrics,
            ),
            ("m/PT1H.json", "{\"metricName\":\"Http5xx\",\"timeGrain\":\"PT1M\"}", Kind::Metrics),
            ("readme.md", "# a file\n", Kind::NotALog),
        ] {
            assert_eq!(kind(path, head), expected, "{path}");
        }
    }

    #[test]
    fn names_decide_for_what_has_no_content_of_its_own() {
        for (path, head, expected) in [
            ("LogFiles/http/RawLogs/dda7cc-202512040635.log", "", Kind::W3c),
            ("LogFiles/Application/diagnostics-20250815.txt", "2025-08-15 hello", Kind::AppLog),
            ("site/wwwroot/iisnode/2127c6-10992-stdout-1415139281204.txt", "Ghost", Kind::AppLog),
            ("DaaS/Logs/240112_0935127841/RD0003FF/RD0003FF_4200_jstack.log", "", Kind::ThreadDump),
            ("data/DaaS/PrivateSettings.json", "{ // c", Kind::Daas),
            ("site/deployments/active", "abc", Kind::Deployment),
            (
                "LogFiles/DetailedErrors/ErrorPage000001.htm",
                "<title>Detaillierter IIS-Fehler",
                Kind::DetailedError,
            ),
            ("notes.txt", "", Kind::Empty),
        ] {
            assert_eq!(kind(path, head), expected, "{path}");
        }
    }

    #[test]
    fn the_path_tells_instance_machine_and_session() {
        let seen = place(
            "DaaS/Logs/bluefinch-/25-09-24/dw0sdwk000G2X/HttpLogsCollector/250924_0740339000/250924_1240339000/a63402-202509240740.log",
        );
        assert_eq!(seen.instance.as_deref(), Some("a63402"));
        assert_eq!(seen.machine.as_deref(), Some("dw0sdwk000G2X"));
        assert_eq!(seen.site.as_deref(), Some("bluefinch-"));
        let seen =
            place("DaaS/Reports/bluefinch-/25-09-24/250924_1240339000/HttpLogAnalyzer/a.html");
        assert_eq!((seen.machine, seen.site.as_deref()), (None, Some("bluefinch-")));
        let seen = place("data/DaaS/Logs/260126_1119484000/dw0sdwk000eqq/diagstatus.diaglog");
        assert_eq!(seen.machine.as_deref(), Some("dw0sdwk000eqq"));
        assert_eq!(seen.session.as_deref(), Some("260126_1119484000"));
        assert_eq!(place("LogFiles/notes.txt"), Place::default());
        assert_eq!(
            place("2127c6-10992-stdout-1415139281204.txt").instance.as_deref(),
            Some("2127c6")
        );
    }
}
