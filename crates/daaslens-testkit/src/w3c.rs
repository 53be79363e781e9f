//! W3C extended log lines as App Service for Windows writes them.

use crate::{Instance, Random};
use daaslens_core::Time;

/// The columns that App Service writes, unchanged since 2014.
pub const AZURE_FIELDS: &str = "date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
     cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken";

/// How lines end. IIS writes CRLF; files that went through git or an editor have LF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// `\r\n`.
    #[default]
    CrLf,
    /// `\n`.
    Lf,
}

impl LineEnd {
    /// The bytes.
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            Self::CrLf => b"\r\n",
            Self::Lf => b"\n",
        }
    }
}

/// One request, with a field for each column.
///
/// Text is written as it stands here: blanks must already be `+`, as they are in a real log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When the request was done: IIS logs at the end. Whole seconds are written.
    pub ended: Time,
    /// `SITE` in upper case, `SITE__SLOT`, or `~1SITE` for the SCM site.
    pub site: String,
    /// The verb.
    pub method: String,
    /// The decoded path.
    pub stem: String,
    /// The query as sent, without the id that the front end appends; empty for none.
    pub query: String,
    /// 443 or 80.
    pub port: u16,
    /// `-` for anonymous.
    pub user: String,
    /// The address of the client.
    pub client: String,
    /// The user agent, blanks as `+`.
    pub agent: String,
    /// Cookies, blanks as `+`; `-` for none.
    pub cookie: String,
    /// The referrer; `-` for none.
    pub referer: String,
    /// The host header.
    pub host: String,
    /// The status.
    pub status: u16,
    /// The substatus of IIS.
    pub substatus: u16,
    /// The win32 status; HRESULTs are written as decimal numbers.
    pub win32: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// How long it took, in ms.
    pub taken_ms: u32,
    /// The id that the front end appends to the query; empty for requests that did not come through it.
    pub log_id: String,
}

impl Request {
    /// A plain successful request, to be changed where a test needs something else.
    pub fn get(ended: Time, site: &str, stem: &str) -> Self {
        Self {
            ended,
            site: site.to_uppercase(),
            method: "GET".into(),
            stem: stem.into(),
            query: String::new(),
            port: 443,
            user: "-".into(),
            client: "203.0.113.7".into(),
            agent: "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)".into(),
            cookie: "-".into(),
            referer: "-".into(),
            host: format!("{}.azurewebsites.net", site.trim_start_matches("~1").to_lowercase()),
            status: 200,
            substatus: 0,
            win32: 0,
            sent: 4_096,
            received: 512,
            taken_ms: 20,
            log_id: String::new(),
        }
    }

    /// The ping of Always On: to the site from `::1`, to the SCM site (`~1SITE`) from an address of the stamp
    /// and without passing the front end.
    pub fn always_on(ended: Time, site: &str, instance: &Instance, random: &mut Random) -> Self {
        let scm = site.starts_with("~1");
        Self {
            port: 80,
            client: if scm { "100.99.107.176".into() } else { "::1".into() },
            agent: "AlwaysOn".into(),
            cookie: if scm { "-".into() } else { format!("ARRAffinity={}", instance.id) },
            sent: if scm { 2_980 } else { 507 },
            received: if scm { 467 } else { 707 },
            taken_ms: random.between(15, 80) as u32,
            log_id: if scm { String::new() } else { random.guid() },
            ..Self::get(ended, site, "/")
        }
    }

    /// The probe that tells whether a new process is ready: the marker of an app start.
    pub fn ready_for_request(ended: Time, site: &str, taken_ms: u32) -> Self {
        Self {
            port: 80,
            client: "10.50.0.5".into(),
            agent: "ReadyForRequest/1.0+(AppInit)".into(),
            taken_ms,
            ..Self::get(ended, site, "/")
        }
    }

    /// The cookies of a client that is bound to `instance`.
    pub fn affinity(instance: &Instance) -> String {
        format!("ARRAffinity={0};+ARRAffinitySameSite={0}", instance.id)
    }

    /// When the request began.
    pub fn started(&self) -> Time {
        Time(self.ended.0 - i64::from(self.taken_ms))
    }

    /// Whether the request went to the SCM site.
    pub fn is_scm(&self) -> bool {
        self.site.starts_with("~1")
    }

    /// Whether it is a ping of the platform.
    pub fn is_probe(&self) -> bool {
        self.agent == "AlwaysOn"
            || self.agent.starts_with("ReadyForRequest/")
            || self.agent.starts_with("HealthCheck/")
    }

    /// Whether the client (or somebody for it) gave up.
    pub fn is_abort(&self) -> bool {
        matches!(self.win32, 64 | 121 | 995 | 1229 | 1236)
    }

    /// The line, without its end, in the columns of [`AZURE_FIELDS`].
    pub fn line(&self) -> String {
        let query = match (self.query.is_empty(), self.log_id.is_empty()) {
            (true, true) => "-".to_owned(),
            (false, true) => self.query.clone(),
            (true, false) => format!("X-ARR-LOG-ID={}", self.log_id),
            (false, false) => format!("{}&X-ARR-LOG-ID={}", self.query, self.log_id),
        };
        format!(
            "{} {} {} {} {query} {} {} {} {} {} {} {} {} {} {} {} {} {}",
            self.ended.format("%Y-%m-%d %H:%M:%S"),
            self.site,
            self.method,
            self.stem,
            self.port,
            self.user,
            self.client,
            self.agent,
            self.cookie,
            self.referer,
            self.host,
            self.status,
            self.substatus,
            self.win32,
            self.sent,
            self.received,
            self.taken_ms,
        )
    }
}

/// Writes one log file.
#[derive(Clone, Debug, Default)]
pub struct LogBuilder {
    bytes: Vec<u8>,
    line_end: LineEnd,
}

impl LogBuilder {
    /// A file with the two header lines of App Service: `#Software` and `#Fields`, no `#Version`, no `#Date`.
    pub fn azure(line_end: LineEnd) -> Self {
        let mut log = Self { bytes: Vec::new(), line_end };
        log.header();
        log
    }

    /// A file without a header: what is left of one whose head was cut off.
    pub fn headless(line_end: LineEnd) -> Self {
        Self { bytes: Vec::new(), line_end }
    }

    /// Writes the header (again), as HTTP.sys does when it opens an idle log anew.
    pub fn header(&mut self) -> &mut Self {
        self.text("#Software: Microsoft Internet Information Services 8.0");
        self.text(&format!("#Fields: {AZURE_FIELDS}"))
    }

    /// Writes one request.
    pub fn push(&mut self, request: &Request) -> &mut Self {
        self.text(&request.line())
    }

    /// Writes any line.
    pub fn text(&mut self, line: &str) -> &mut Self {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(self.line_end.bytes());
        self
    }

    /// Writes any bytes, with no line end of their own.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// The file.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// The name of a RawLogs file that begins at `start`: `<6hex>-<YYYYMMDDHHmm>.log`.
pub(crate) fn raw_log_name(instance: &Instance, start: Time) -> String {
    format!("{}-{}.log", instance.prefix(), start.format("%Y%m%d%H%M"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn a_line_looks_as_app_service_writes_it() {
        let mut request = Request::get(at("2026-03-11T02:14:07Z"), "contoso", "/cart");
        request.query = "id=7".into();
        request.log_id = "0f8fad5b-d9cb-469f-a165-70867728950e".into();
        request.status = 502;
        request.substatus = 3;
        request.win32 = 12030;
        assert_eq!(
            request.line(),
            "2026-03-11 02:14:07 CONTOSO GET /cart id=7&X-ARR-LOG-ID=0f8fad5b-d9cb-469f-a165-70867728950e 443 - \
             203.0.113.7 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - - contoso.azurewebsites.net 502 3 12030 4096 512 20"
        );
        assert_eq!(request.line().split(' ').count(), AZURE_FIELDS.split(' ').count());
    }

    #[test]
    fn a_file_opens_with_software_and_fields_alone() {
        let mut log = LogBuilder::azure(LineEnd::CrLf);
        log.push(&Request::get(at("2026-03-11T02:14:07Z"), "contoso", "/"));
        let text = String::from_utf8(log.finish()).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], "#Software: Microsoft Internet Information Services 8.0");
        assert!(
            lines[1].starts_with("#Fields: date time s-sitename")
                && lines[1].ends_with("cs-bytes time-taken")
        );
        assert!(lines[2].contains(" - 443 - "));
        assert_eq!(lines[3..], [""]);
    }

    #[test]
    fn pings_of_the_platform_are_told_apart() {
        let instance = Instance { id: "ab".repeat(32), machine: "RD0003FF000000".into() };
        let mut random = Random::new(1);
        let app = Request::always_on(at("2026-03-11T02:14:07Z"), "contoso", &instance, &mut random);
        let scm =
            Request::always_on(at("2026-03-11T02:14:07Z"), "~1contoso", &instance, &mut random);
        assert!(app.is_probe() && !app.is_scm() && app.line().contains("X-ARR-LOG-ID="));
        assert!(
            scm.is_probe() && scm.is_scm() && scm.line().contains(" ~1CONTOSO GET / - 80 - 100.")
        );
    }
}
