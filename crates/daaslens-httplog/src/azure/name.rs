//! The names of fields, as each producer and each export spells them.

/// A field that has a meaning to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Name {
    Time,
    ResourceId,
    Category,
    Table,
    Level,
    Properties,
    Description,
    Message,
    Machine,
    Container,
    Logger,
    ExceptionClass,
    StackTrace,
    Method,
    Path,
    Query,
    Client,
    UserAgent,
    Referer,
    Host,
    OriginalHost,
    User,
    Status,
    Substatus,
    Win32,
    TimeTaken,
    BytesSent,
    BytesReceived,
    Computer,
    Instance,
    Server,
    ServerStatus,
    Error,
    Transaction,
    Tracking,
    Origin,
    OriginIp,
    Pop,
    FromClient,
    Wrapper,
}

/// How many there are.
pub(crate) const COUNT: usize = Name::Wrapper as usize + 1;

impl Name {
    /// The field that a key or the head of a column names.
    ///
    /// Resource logs write `clientIP`, the table of a workspace `ClientIp`, the table that all services share
    /// `clientIP_s` with the type behind it, and the portal's CSV `TimeGenerated [UTC]`: case, the type, what stands in
    /// brackets and `_` do not matter.
    pub(crate) fn of(key: &str) -> Option<Self> {
        let key = key.trim_start_matches('\u{feff}').trim();
        let key = key.split_once(" [").map_or(key, |(key, _)| key);
        let key = ["_s", "_d", "_g", "_b", "_t"]
            .iter()
            .find_map(|suffix| key.strip_suffix(suffix))
            .unwrap_or(key);
        let mut folded = [0; 32];
        let mut len = 0;
        for c in key.bytes().filter(|c| *c != b'_') {
            *folded.get_mut(len)? = c.to_ascii_lowercase();
            len += 1;
        }
        Some(match folded.get(..len)? {
            b"time" | b"timestamp" | b"timegenerated" => Self::Time,
            b"resourceid" => Self::ResourceId,
            b"category" => Self::Category,
            b"type" | b"tablename" => Self::Table,
            b"level" => Self::Level,
            b"properties" => Self::Properties,
            b"resultdescription" => Self::Description,
            b"message" => Self::Message,
            b"containerid" => Self::Container,
            b"logger" => Self::Logger,
            b"exceptionclass" => Self::ExceptionClass,
            b"stacktrace" => Self::StackTrace,
            b"csmethod" | b"httpmethod" => Self::Method,
            b"csuristem" | b"requesturi" => Self::Path,
            b"csuriquery" | b"requestquery" => Self::Query,
            b"cip" | b"clientip" => Self::Client,
            b"useragent" => Self::UserAgent,
            b"referer" | b"referrer" => Self::Referer,
            // The envelope of App Service calls the machine `Host`, gateways the header `host`.
            b"host" if key == "Host" => Self::Machine,
            b"cshost" | b"host" | b"hostname" => Self::Host,
            b"originalhost" => Self::OriginalHost,
            b"csusername" => Self::User,
            b"scstatus" | b"httpstatus" | b"httpstatuscode" => Self::Status,
            b"scsubstatus" => Self::Substatus,
            b"scwin32status" => Self::Win32,
            b"timetaken" => Self::TimeTaken,
            b"scbytes" | b"sentbytes" | b"responsebytes" => Self::BytesSent,
            b"csbytes" | b"receivedbytes" | b"requestbytes" => Self::BytesReceived,
            b"computername" => Self::Computer,
            b"instanceid" => Self::Instance,
            b"serverrouted" => Self::Server,
            b"serverstatus" => Self::ServerStatus,
            b"errorinfo" => Self::Error,
            b"transactionid" => Self::Transaction,
            b"trackingreference" => Self::Tracking,
            b"originname" | b"backendhostname" => Self::Origin,
            b"originip" => Self::OriginIp,
            b"pop" => Self::Pop,
            b"isreceivedfromclient" => Self::FromClient,
            b"records" | b"value" | b"tables" | b"rows" => Self::Wrapper,
            _ => return None,
        })
    }
}
