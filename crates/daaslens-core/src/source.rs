//! What the analysis sees of the outside world: named streams of bytes of a known kind.
//!
//! The store implements [`Source`]; the analysis never meets a path, an archive or a file.

use std::io::{self, Read};

/// What a file is, as far as its content and its place tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A W3C log of web requests: App Service RawLogs, or IIS elsewhere.
    W3c,
    /// A W3C log of something else: FTP, SMTP, a firewall.
    W3cOther,
    /// IIS's own comma-separated log.
    IisNative,
    /// An NCSA common or combined log.
    Ncsa,
    /// HTTP.sys's error log.
    HttpErr,
    /// A request log as JSON or CSV: resource logs, gateways.
    HttpJson,
    /// A failed request trace, `fr000001.xml`.
    FailedRequest,
    /// A detailed error page of IIS.
    DetailedError,
    /// `eventlog.xml`.
    EventLog,
    /// A Windows event log, `.evtx`.
    Evtx,
    /// A PHP error log.
    PhpLog,
    /// The PHP process report and what belongs to it.
    PhpReport,
    /// A memory dump.
    Dump,
    /// A deployment's record or log.
    Deployment,
    /// A diagnostic session of DaaS.
    Session,
    /// What DaaS writes about itself: settings, heartbeats, locks, its own logs, CPU monitoring.
    Daas,
    /// A report that a diagnostic tool made.
    ToolReport,
    /// A trace of Kudu, or a JSON reply or page of it.
    Kudu,
    /// Text that an application wrote: trace, stdout, iisnode, web jobs, containers.
    AppLog,
    /// The stacks of all threads of a process: of Java, Node, .NET.
    ThreadDump,
    /// An export of Azure Monitor metrics.
    Metrics,
    /// An archive that could not be opened, or not as a whole.
    Archive,
    /// An archive of a kind that is not read.
    ArchiveOther,
    /// A file with nothing in it.
    Empty,
    /// Anything else.
    NotALog,
}

impl Kind {
    /// The word in the report and in findings.json.
    pub const fn word(self) -> &'static str {
        match self {
            Self::W3c => "w3c",
            Self::W3cOther => "w3c-other",
            Self::IisNative => "iis-native",
            Self::Ncsa => "ncsa",
            Self::HttpErr => "httperr",
            Self::HttpJson => "http-json",
            Self::FailedRequest => "failed-request-trace",
            Self::DetailedError => "detailed-error",
            Self::EventLog => "eventlog",
            Self::Evtx => "evtx",
            Self::PhpLog => "php-log",
            Self::PhpReport => "php-report",
            Self::Dump => "dump",
            Self::Deployment => "deployment",
            Self::Session => "daas-session",
            Self::Daas => "daas",
            Self::ToolReport => "tool-report",
            Self::Kudu => "kudu",
            Self::AppLog => "app-log",
            Self::ThreadDump => "thread-dump",
            Self::Metrics => "metrics",
            Self::Archive => "archive",
            Self::ArchiveOther => "archive-other",
            Self::Empty => "empty",
            Self::NotALog => "not-a-log",
        }
    }

    /// Whether it is a log, a dump or a record of a kind that is known, read or not.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::NotALog | Self::Empty)
    }
}

/// Where a source comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The last component of what was given, then the path inside it: `bundle.zip!/LogFiles/http/RawLogs/x.log`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// The site, where the path tells.
    pub site: Option<String>,
    /// The six-hex prefix of the worker instance, where the name tells.
    pub instance: Option<String>,
    /// The machine name, where the path tells.
    pub machine: Option<String>,
    /// The diagnostic session that collected it.
    pub session: Option<String>,
}

/// A stream of bytes of the input.
pub trait Source: Send + Sync {
    /// What it is and where it comes from.
    fn origin(&self) -> &Origin;

    /// Its size in bytes: exact for files, as declared by the archive for members.
    fn size(&self) -> u64;

    /// Its first bytes, a few thousand at most.
    fn head(&self) -> &[u8];

    /// Why it cannot be read at all, where that is known already.
    fn fault(&self) -> Option<&str>;

    /// What is missing of an archive of which the rest could be opened; its members are sources of their own, and its
    /// size is the number of bytes that belong to none of them.
    fn missing(&self) -> Option<&str> {
        None
    }

    /// Whether pieces can be read apart, with [`Source::read_at`].
    fn is_seekable(&self) -> bool;

    /// Reads at a position into `buffer`, as much as fits or is left. Only for seekable sources.
    ///
    /// # Errors
    /// What the file system says; `Unsupported` where the source is not seekable.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Reads the whole source, front to back: hands a reader to `body`.
    ///
    /// # Errors
    /// What opening or `body` says. A limit that is exceeded is an error of the kind `FileTooLarge`.
    fn stream(&self, body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> io::Result<()>;
}
