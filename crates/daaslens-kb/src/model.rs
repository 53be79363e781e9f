//! What the tables hold: plain data, all of it static.

/// What every entry says: its name in words, what it means, what to do, and where that is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// A few words, without a full stop.
    pub title: &'static str,
    /// One or more plain sentences.
    pub means: &'static str,
    /// Imperative sentences; may be empty.
    pub advice: &'static [&'static str],
    /// Where it is known from.
    pub sources: &'static [&'static Source],
}

impl About {
    /// Whether at least one source can be looked up. What is not verified is to be phrased softly.
    pub fn verified(&self) -> bool {
        self.sources.iter().any(|source| source.kind != SourceKind::Practice)
    }
}

/// Where a statement is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The short name that entries cite.
    pub key: &'static str,
    /// The title to show.
    pub title: &'static str,
    /// An https link; empty for observations and practice.
    pub link: &'static str,
    /// How firm it is.
    pub kind: SourceKind,
}

/// How firm a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A vendor's or maintainer's text.
    Document,
    /// Source code or its tests.
    Code,
    /// Seen in public logs.
    Observed,
    /// General practice that could not be traced to a document.
    Practice,
}

/// An HTTP status without its substatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// `503`
    pub code: u16,
    /// What it means.
    pub about: About,
}

/// A status with the substatus IIS and its modules add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Substatus {
    /// `502`
    pub status: u16,
    /// `3`
    pub substatus: u32,
    /// Whether the worker's own log shows it.
    pub visible: Visibility,
    /// False where no public document says what it means.
    pub documented: bool,
    /// What it means.
    pub about: About,
}

/// Whether an answer stands in the log the worker writes (`LogFiles/http/RawLogs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// The worker logs it.
    Worker,
    /// It is made in front of the worker, and only seen there.
    Elsewhere,
    /// It depends on which component made it.
    Varies,
}

/// The meaning of one exact `status.substatus.win32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triple {
    /// `502`
    pub status: u16,
    /// `3`
    pub substatus: u32,
    /// `12030`, already reduced from `0x80072EFE`.
    pub win32: u32,
    /// What it means; the title is the text of a table row.
    pub about: About,
}

/// A Windows error as `sc-win32-status` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Win32 {
    /// The low word for `0x8007xxxx`, else the whole number.
    pub code: u32,
    /// `ERROR_NETNAME_DELETED`
    pub name: &'static str,
    /// Whether it says that the client, not the server, ended the request.
    pub client_abort: bool,
    /// What it means.
    pub about: About,
}

/// A reason from the log of HTTP.sys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpErr {
    /// `QueueFull`
    pub reason: &'static str,
    /// The statuses it comes with; empty where HTTP.sys sends none.
    pub statuses: &'static [u16],
    /// Whose doing it is.
    pub class: HttpErrClass,
    /// The rule that makes a finding of it.
    pub rule: Option<&'static str>,
    /// The sign that it is for causes.
    pub sign: Option<&'static str>,
    /// What it means.
    pub about: About,
}

impl HttpErr {
    /// Whether it is everyday business that no report should show as an error.
    pub fn noise(&self) -> bool {
        self.class == HttpErrClass::Noise
    }
}

/// Whose doing an HTTP.sys reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpErrClass {
    /// The worker process died or gave its requests up.
    Crash,
    /// The worker process does not take its requests.
    Hang,
    /// The pool is not there: stopped, shutting down, switched off after failures.
    Unavailable,
    /// A limit was reached.
    Limit,
    /// The client went away or is slow.
    Client,
    /// The request is malformed; mostly scanners.
    BadRequest,
    /// Everyday business.
    Noise,
}

/// A word with which a service in front of the site says why it could not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayError {
    /// `OriginTimeout`
    pub word: &'static str,
    /// The service: `Front Door`.
    pub by: &'static str,
    /// What kind of failure it is.
    pub class: GatewayClass,
    /// What it means.
    pub about: About,
}

/// What a gateway could not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayClass {
    /// Wait any longer for an answer.
    Timeout,
    /// Reach a server.
    Unreachable,
    /// Keep the connection until the answer was there.
    Broken,
    /// Use the answer.
    Invalid,
    /// Agree on encryption.
    Tls,
    /// Look up the name of the server.
    Name,
    /// Keep the client.
    Client,
    /// Let the client in.
    Blocked,
    /// Understand the request.
    Request,
    /// Anything else.
    Other,
}

impl GatewayClass {
    /// Whether the client or its request is the reason, and not the site.
    pub fn is_clients_doing(self) -> bool {
        matches!(self, Self::Client | Self::Blocked | Self::Request)
    }
}

/// A stage of the IIS request pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification {
    /// `128`
    pub number: u32,
    /// `EXECUTE_REQUEST_HANDLER`
    pub name: &'static str,
    /// What happens in it.
    pub about: About,
}

/// An event of a failed request trace that answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEvent {
    /// `MODULE_SET_RESPONSE_ERROR_STATUS`
    pub name: &'static str,
    /// Which part of a request it belongs to.
    pub stage: TraceStage,
    /// What it says.
    pub about: About,
}

/// The part of a request a trace event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceStage {
    /// Beginning and end of the request.
    Request,
    /// Who set the error.
    Error,
    /// Choice and start of modules and handlers.
    Pipeline,
    /// Reading the body from the client.
    Upload,
    /// Sending the answer to the client.
    Download,
    /// Waiting for another process or server.
    Proxy,
    /// Application code.
    Application,
    /// Compiling pages.
    Compilation,
    /// PHP and other FastCGI processes.
    FastCgi,
    /// URL rewriting.
    Rewrite,
    /// Static and dynamic compression, caches.
    Cache,
    /// About the trace itself.
    Trace,
}

/// An IIS module, as traces and detailed error pages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// `AspNetCoreModuleV2`
    pub name: &'static str,
    /// What stands behind it.
    pub kind: ModuleKind,
    /// What it does, and what its time or its error means.
    pub about: About,
}

/// A branch of PHP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhpRelease {
    /// `7.4`
    pub branch: &'static str,
    /// The last day of security fixes: `2022-11-28`.
    pub ends: &'static str,
    /// What it means.
    pub about: About,
}

/// What stands behind a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleKind {
    /// The customer's code runs behind it.
    Application,
    /// It forwards to another server.
    Proxy,
    /// Part of App Service.
    Platform,
    /// Part of IIS.
    Iis,
    /// Part of ASP.NET.
    AspNet,
}

/// How bad an event is, whatever number a dialect of the log uses for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventLevel {
    /// Something failed.
    Error,
    /// Something may fail, or was mended.
    Warning,
    /// Something happened.
    Information,
}

/// What kind of thing an event reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// A process died.
    Crash,
    /// An application did not start.
    StartupFailure,
    /// A process no longer answers.
    Hang,
    /// A process or application domain was replaced on purpose.
    Recycle,
    /// Restarting was given up.
    RapidFail,
    /// A request or a component failed; the process lives.
    Exception,
    /// Content or configuration was changed.
    Deployment,
    /// A setting or a file is wrong.
    Configuration,
    /// Memory, disk or another resource ran short.
    Resource,
    /// An application or process started.
    Start,
    /// An application or process stopped in good order.
    Stop,
    /// The machine or the platform did something.
    Platform,
    /// Context.
    Info,
    /// Everyday chatter to be hidden by default.
    Noise,
}

/// A known event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The canonical provider name: `W3SVC-WP`.
    pub provider: &'static str,
    /// `2299`
    pub id: u32,
    /// How bad it is.
    pub level: EventLevel,
    /// What kind of thing it reports.
    pub class: EventClass,
    /// What the insertion strings are, in order.
    pub strings: &'static [&'static str],
    /// What it means for HTTP answers; may be empty.
    pub http: &'static str,
    /// How its text, or its insertion strings where the log holds no text, may read.
    pub sample: &'static str,
    /// The id that the sample is of: events of one kind share an entry, and their texts differ a little.
    pub sample_of: u32,
    /// What it means.
    pub about: About,
}

/// A known text of an event, where one event id stands for several things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventText {
    /// `recycle-percent-memory`
    pub id: &'static str,
    /// The canonical provider name.
    pub provider: &'static str,
    /// The event ids it may stand in.
    pub events: &'static [u32],
    /// The texts, with `{}` for what varies.
    pub patterns: &'static [&'static str],
    /// What kind of thing it reports.
    pub class: EventClass,
    /// What it means for HTTP answers; may be empty.
    pub http: &'static str,
    /// A text that it matches.
    pub sample: &'static str,
    /// What it means.
    pub about: About,
}

/// An event source, under all its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The canonical name.
    pub name: &'static str,
    /// Where an id that it does not have itself is looked up next; may be empty.
    pub fallback: &'static str,
    /// What it is.
    pub about: About,
}

/// An event code or detail code of ASP.NET health monitoring (first and eighth string of event 1309).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AspNetCode {
    /// `3005`
    pub code: u32,
    /// `RuntimeErrorUnhandledException`
    pub name: &'static str,
    /// What kind of thing it reports.
    pub class: EventClass,
    /// What it means.
    pub about: About,
}

/// An exception or exit code of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionCode {
    /// `0xC0000005`
    pub code: u32,
    /// `STATUS_ACCESS_VIOLATION`
    pub name: &'static str,
    /// Whose numbering it is.
    pub family: CodeFamily,
    /// What kind of end it is.
    pub class: CodeClass,
    /// What it means.
    pub about: About,
}

/// Whose numbering a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFamily {
    /// `0xCnnnnnnn`: the Windows kernel and run-time library.
    NtStatus,
    /// `0x8007nnnn` and other results of Windows components.
    HResult,
    /// The .NET run time.
    Clr,
    /// The .NET host (`hostfxr`, `hostpolicy`).
    DotNetHost,
    /// The C and C++ run-time library.
    Crt,
    /// A plain exit code.
    Exit,
}

/// What kind of end a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeClass {
    /// A native fault.
    Crash,
    /// The stack was used up.
    StackOverflow,
    /// An exception of .NET code.
    Managed,
    /// Memory ran out.
    Memory,
    /// Something needed at start was missing or did not fit.
    Startup,
    /// The process was ended from outside, or by its own wish.
    Killed,
    /// Something took too long.
    Timeout,
    /// The client or the other end went away.
    Disconnected,
    /// A file, a right or a setting.
    Access,
    /// Anything else.
    Other,
}

/// What a PHP message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhpClass {
    /// Memory ran out.
    Memory,
    /// A time limit was hit.
    TimeLimit,
    /// The database could not be reached or refused.
    Database,
    /// A file that was to be included is not there.
    Include,
    /// PHP itself did not start as configured.
    Startup,
    /// A file is not valid PHP.
    Parse,
    /// An exception nobody caught.
    Uncaught,
    /// An extension is missing or does not load.
    Extension,
    /// The code cache.
    OpCache,
    /// Code that a later PHP will refuse.
    Deprecated,
    /// A function, class or constant that does not exist.
    Undefined,
    /// A value of the wrong type, or nothing where something was expected.
    Type,
    /// Another host did not answer.
    Network,
    /// Sessions.
    Session,
    /// Files, disk, rights.
    Disk,
    /// Uploads and limits on requests.
    Upload,
    /// Recursion.
    Recursion,
    /// The process manager.
    Process,
    /// Libraries that do not fit this PHP.
    Platform,
    /// Anything else.
    Other,
}

/// A known PHP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhpMessage {
    /// `memory-limit`
    pub id: &'static str,
    /// The texts, with `{}` for what varies; PHP words change between versions.
    pub patterns: &'static [&'static str],
    /// What it is about.
    pub class: PhpClass,
    /// A line that it matches.
    pub sample: &'static str,
    /// What it means.
    pub about: About,
}

/// What the text of an exception tells of, whoever threw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExceptionClass {
    /// Memory could not be had.
    Memory,
    /// There is no room on a disk.
    Disk,
    /// No connection, port or thread was left in a pool.
    Pool,
    /// A database or another server did not answer, or refused.
    Dependency,
    /// Something that is needed at the start is missing or does not fit.
    Startup,
}

/// A known text of an exception: its type and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionText {
    /// `connection-pool`
    pub id: &'static str,
    /// The texts, with `{}` for what varies.
    pub patterns: &'static [&'static str],
    /// What it is about.
    pub class: ExceptionClass,
    /// A text that it matches.
    pub sample: &'static str,
    /// What it means.
    pub about: About,
}

/// A rule that makes findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `http-5xx-cluster`
    pub name: &'static str,
    /// Why it is worth knowing.
    pub matters: &'static str,
    /// When it misleads.
    pub wrong_when: &'static str,
    /// What it looks for.
    pub about: About,
}

/// Where evidence comes from. Two kinds are independent: what one misread does not mislead the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    /// Logs of requests.
    Http,
    /// HTTP.sys's own log, of what never reached the log of requests.
    HttpSys,
    /// Event logs.
    Events,
    /// PHP error logs.
    Php,
    /// Logs of deployments.
    Deployments,
    /// Sessions of diagnostic tools.
    Sessions,
    /// Processor and memory over time.
    Metrics,
    /// Memory dumps.
    Dumps,
}

impl EvidenceKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Http,
        Self::HttpSys,
        Self::Events,
        Self::Php,
        Self::Deployments,
        Self::Sessions,
        Self::Metrics,
        Self::Dumps,
    ];

    /// `events`: as the data files write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::HttpSys => "http-sys",
            Self::Events => "events",
            Self::Php => "php",
            Self::Deployments => "deployments",
            Self::Sessions => "sessions",
            Self::Metrics => "metrics",
            Self::Dumps => "dumps",
        }
    }
}

/// Something that can be observed about a cluster of errors, and that hypotheses weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// `crash-at-onset`
    pub id: &'static str,
    /// Where it is observed.
    pub kind: EvidenceKind,
    /// What it is.
    pub about: About,
}

/// A possible cause, and how to weigh what speaks for and against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hypothesis {
    /// `worker-crash`
    pub name: &'static str,
    /// The odds before anything is known, in decibans: −10 is one to ten.
    pub prior: i32,
    /// Kinds of evidence without which it cannot be told from others.
    pub needs: &'static [EvidenceKind],
    /// What each sign weighs.
    pub weights: &'static [Weight],
    /// To get out of it now.
    pub mitigate: &'static [&'static str],
    /// To make it not happen again.
    pub fix: &'static [&'static str],
    /// What to collect, to know more.
    pub collect_next: &'static [&'static str],
    /// What it says.
    pub about: About,
}

/// What a sign weighs for one hypothesis, in decibans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// `crash-at-onset`
    pub sign: &'static str,
    /// Where it is observed.
    pub kind: EvidenceKind,
    /// Added where the sign was seen.
    pub present: i32,
    /// Added where it was looked for and not seen.
    pub absent: i32,
    /// Whether it means this and nothing else.
    pub specific: bool,
}

/// Whose stacks and exceptions a list of names is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Runtime {
    /// .NET and .NET Framework; names are types and methods.
    DotNet,
    /// Windows; names are modules, or `module!function`.
    Native,
    /// PHP; names are files, or functions.
    Php,
    /// Java; names are classes and methods.
    Java,
    /// Node; names are files, or functions.
    Node,
    /// Python; names are files, or functions; of exceptions, classes.
    Python,
    /// Ruby; names are files, or methods.
    Ruby,
    /// Go; names are packages with functions.
    Go,
}

/// What a name does in the making of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameRole {
    /// A frame that is not the application's own.
    Framework,
    /// A frame that says nothing.
    Noise,
    /// A frame that says too little alone.
    Join,
    /// A frame above which there is only machinery.
    Sentinel,
    /// An exception that only carries another one.
    Wrapper,
    /// A message that says nothing.
    GenericMessage,
    /// A frame of a thread or process that has nothing to do.
    Idle,
    /// A frame that asks a database.
    Database,
    /// A frame that waits for another server.
    Network,
    /// A frame that waits for a file.
    File,
    /// A frame that waits for a lock.
    Lock,
    /// A frame that sleeps of its own will.
    Sleep,
}

/// Names that play one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignatureList {
    pub(crate) runtime: Runtime,
    pub(crate) role: NameRole,
    /// `*` stands for anything.
    pub(crate) names: &'static [&'static str],
}
