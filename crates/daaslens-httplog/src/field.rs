//! The values that have a meaning to us, under their W3C names.

/// A value of a request. Anything else that a log holds keeps its place and is reachable by index only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Field {
    /// `date`, UTC.
    Date,
    /// `time`, UTC.
    Time,
    /// `s-sitename`: upper-case app name on App Service, `W3SVCn` elsewhere.
    SiteName,
    /// `s-computername`.
    ComputerName,
    /// `s-ip`.
    ServerIp,
    /// `cs-method`.
    Method,
    /// `cs-uri-stem`, decoded by the server.
    UriStem,
    /// `cs-uri-query`, as sent.
    UriQuery,
    /// `s-port`.
    ServerPort,
    /// `cs-username`.
    UserName,
    /// `c-ip`.
    ClientIp,
    /// `cs-version`.
    Version,
    /// `cs(User-Agent)`.
    UserAgent,
    /// `cs(Cookie)`.
    Cookie,
    /// `cs(Referer)`, also spelt `cs(Referrer)`.
    Referer,
    /// `cs-host`, also spelt `cs(Host)`.
    Host,
    /// `sc-status`.
    Status,
    /// `sc-substatus`.
    Substatus,
    /// `sc-win32-status`.
    Win32Status,
    /// `sc-bytes`.
    BytesSent,
    /// `cs-bytes`.
    BytesReceived,
    /// `time-taken`: milliseconds from IIS, seconds by the W3C draft.
    TimeTaken,
    /// The server that a gateway asked.
    Backend,
    /// What that server answered.
    BackendStatus,
    /// A gateway's word for what went wrong.
    Trouble,
    /// A gateway's id of the request.
    Reference,
}

impl Field {
    /// How many there are.
    pub(crate) const COUNT: usize = 26;

    /// All of them, in the order of declaration.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Date,
        Self::Time,
        Self::SiteName,
        Self::ComputerName,
        Self::ServerIp,
        Self::Method,
        Self::UriStem,
        Self::UriQuery,
        Self::ServerPort,
        Self::UserName,
        Self::ClientIp,
        Self::Version,
        Self::UserAgent,
        Self::Cookie,
        Self::Referer,
        Self::Host,
        Self::Status,
        Self::Substatus,
        Self::Win32Status,
        Self::BytesSent,
        Self::BytesReceived,
        Self::TimeTaken,
        Self::Backend,
        Self::BackendStatus,
        Self::Trouble,
        Self::Reference,
    ];

    /// The field's name as IIS writes it; of what only gateways know, as they do.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time",
            Self::SiteName => "s-sitename",
            Self::ComputerName => "s-computername",
            Self::ServerIp => "s-ip",
            Self::Method => "cs-method",
            Self::UriStem => "cs-uri-stem",
            Self::UriQuery => "cs-uri-query",
            Self::ServerPort => "s-port",
            Self::UserName => "cs-username",
            Self::ClientIp => "c-ip",
            Self::Version => "cs-version",
            Self::UserAgent => "cs(User-Agent)",
            Self::Cookie => "cs(Cookie)",
            Self::Referer => "cs(Referer)",
            Self::Host => "cs-host",
            Self::Status => "sc-status",
            Self::Substatus => "sc-substatus",
            Self::Win32Status => "sc-win32-status",
            Self::BytesSent => "sc-bytes",
            Self::BytesReceived => "cs-bytes",
            Self::TimeTaken => "time-taken",
            Self::Backend => "serverRouted",
            Self::BackendStatus => "serverStatus",
            Self::Trouble => "errorInfo",
            Self::Reference => "trackingReference",
        }
    }

    /// The field of a name, in any case, with the spellings of other producers: Advanced Logging calls the time
    /// `TimeTakenMS` and its local clock `date-local time-local`; the HTTP API documents `cs(Referrer)`; other
    /// servers put path and query into `cs-uri`.
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        const OTHER: [(&str, Field); 7] = [
            ("date-local", Field::Date),
            ("time-local", Field::Time),
            ("cs(Referrer)", Field::Referer),
            ("cs(Host)", Field::Host),
            ("cs-uri", Field::UriStem),
            ("TimeTakenMS", Field::TimeTaken),
            ("cs-protocol-version", Field::Version),
        ];
        let same = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        Self::ALL
            .into_iter()
            .find(|field| same(field.name()))
            .or_else(|| OTHER.into_iter().find(|(other, _)| same(other)).map(|(_, field)| field))
    }

    /// Whether the field is free text, which may hold what its producer failed to encode.
    pub(crate) const fn is_text(self) -> bool {
        matches!(
            self,
            Self::UriStem
                | Self::UriQuery
                | Self::UserName
                | Self::UserAgent
                | Self::Cookie
                | Self::Referer
                | Self::Host
        )
    }

    /// Whether every value of the field is a number, or `-`.
    pub(crate) const fn is_number(self) -> bool {
        matches!(
            self,
            Self::ServerPort
                | Self::Status
                | Self::Substatus
                | Self::Win32Status
                | Self::BytesSent
                | Self::BytesReceived
                | Self::TimeTaken
                | Self::BackendStatus
        )
    }

    /// Whether `value` looks like a value of this field. Strict enough to find out where a surplus blank stands,
    /// loose enough for what real logs hold.
    pub(crate) fn accepts(self, value: &[u8]) -> bool {
        if value == b"-" {
            return !matches!(self, Self::Date | Self::Time);
        }
        let digits = |value: &[u8]| !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        match self {
            Self::Date => crate::clock::parse_date(value).is_some(),
            Self::Time => crate::clock::parse_time_of_day(value).is_some(),
            Self::ServerPort
            | Self::Substatus
            | Self::Win32Status
            | Self::BytesSent
            | Self::BytesReceived
            | Self::TimeTaken
            | Self::BackendStatus => digits(value),
            Self::Status => digits(value) && value.len() <= 3,
            Self::ServerIp | Self::ClientIp => {
                value.iter().any(|c| matches!(c, b'.' | b':'))
                    && value.iter().all(|c| {
                        c.is_ascii_hexdigit() || matches!(c, b'.' | b':' | b'%' | b'[' | b']')
                    })
            }
            // A path starts with a slash, an `OPTIONS *` is a star, and CONNECT names a host.
            Self::UriStem => value.starts_with(b"/") || value == b"*" || value.contains(&b':'),
            Self::Method => value.len() <= 32 && value.iter().all(u8::is_ascii_graphic),
            Self::Version => value.contains(&b'/'),
            Self::SiteName
            | Self::ComputerName
            | Self::UriQuery
            | Self::UserName
            | Self::UserAgent
            | Self::Cookie
            | Self::Referer
            | Self::Host
            | Self::Backend
            | Self::Trouble
            | Self::Reference => true,
        }
    }
}
