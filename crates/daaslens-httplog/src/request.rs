//! What every log of requests says, whatever it is written like.

use bstr::{BStr, ByteSlice};
use daaslens_core::{Span, Time};

use crate::Field;

/// Where a request was seen. One visit may stand in the logs of several; they are compared, never added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vantage {
    /// The log of the server that ran the application: W3C, NCSA, IIS's own format.
    #[default]
    Worker,
    /// The category `AppServiceHTTPLogs` of Azure Monitor.
    HttpLogs,
    /// The category `ApplicationGatewayAccessLog`.
    Gateway,
    /// The category `FrontDoorAccessLog`.
    FrontDoor,
}

impl Vantage {
    /// All of them, the one that is believed first in front.
    pub const ALL: [Self; 4] = [Self::Worker, Self::HttpLogs, Self::Gateway, Self::FrontDoor];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worker => "RawLogs",
            Self::HttpLogs => "AppServiceHTTPLogs",
            Self::Gateway => "ApplicationGatewayAccessLog",
            Self::FrontDoor => "FrontDoorAccessLog",
        }
    }
}

/// A request that was logged. What the log does not say, or says as `-`, is `None`.
pub trait Request {
    /// Where the record stands in its source, its line end included.
    fn span(&self) -> Span;

    /// How many lines of the bytes that were read stand before it.
    fn row(&self) -> u64;

    /// Where the request was seen.
    fn vantage(&self) -> Vantage {
        Vantage::Worker
    }

    /// The machine, where each record names its own; else it is the source that knows.
    fn instance(&self) -> Option<&BStr> {
        None
    }

    /// Whether the record was not quite right: surplus blanks, say, that were read as part of a value.
    fn is_recovered(&self) -> bool {
        false
    }

    /// When the request was completed, UTC.
    fn time(&self) -> Option<Time>;

    /// The HTTP status.
    fn status(&self) -> Option<u16>;

    /// IIS's second number.
    fn substatus(&self) -> Option<u32> {
        None
    }

    /// A Windows error code, sometimes as an HRESULT (2147954402 is 0x80072EE2).
    fn win32_status(&self) -> Option<u64> {
        None
    }

    /// How long it took, in ms; values beyond 49 days are clamped.
    fn time_taken_ms(&self) -> Option<u32> {
        None
    }

    /// A value, unless it is absent, empty or `-`.
    fn value(&self, field: Field) -> Option<&BStr>;

    /// How many values the record has.
    fn columns(&self) -> usize;

    /// A value by its place, as it was written, and what it means; of a value that nobody knows, nothing.
    fn column(&self, column: usize) -> Option<(Option<Field>, &BStr)>;

    /// The method.
    fn method(&self) -> Option<&BStr> {
        self.value(Field::Method)
    }

    /// The path. Some producers write path and query in one.
    fn uri_stem(&self) -> Option<&BStr> {
        let stem = self.value(Field::UriStem)?;
        Some(match memchr::memchr(b'?', stem) {
            Some(at) => stem[..at].as_bstr(),
            None => stem,
        })
    }

    /// The site.
    fn site_name(&self) -> Option<&BStr> {
        self.value(Field::SiteName)
    }

    /// What the client calls itself.
    fn user_agent(&self) -> Option<&BStr> {
        self.value(Field::UserAgent)
    }

    /// The client's address.
    fn client_ip(&self) -> Option<&BStr> {
        self.value(Field::ClientIp)
    }
}

/// A decimal number; `None` for anything else, and for what does not fit.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    text.iter().try_fold(0u64, |n, c| {
        c.is_ascii_digit().then(|| n.checked_mul(10)?.checked_add(u64::from(c - b'0'))).flatten()
    })
}
