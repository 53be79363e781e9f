//! A record as an excerpt: its values, each with the kind of text it is, so that it can be masked.

use daaslens_core::text::{shortened, visible};
use daaslens_core::{Excerpt, Part, PartKind};
use daaslens_httplog::{Field, Request};

/// The longest value that is shown, in characters.
const MAX_VALUE: usize = 200;

/// The longest excerpt, in bytes.
const MAX_EXCERPT: usize = 1600;

/// What kind of text a column holds. A column that nobody knows may hold anything a request header can.
fn kind(field: Option<Field>) -> PartKind {
    match field {
        Some(Field::SiteName) => PartKind::Site,
        Some(Field::ComputerName) => PartKind::Instance,
        Some(Field::ServerIp | Field::ClientIp) => PartKind::Address,
        Some(Field::UriStem) => PartKind::Path,
        Some(Field::UriQuery) => PartKind::Query,
        Some(Field::UserName) => PartKind::User,
        Some(Field::Referer) => PartKind::Url,
        Some(Field::Host | Field::Backend) => PartKind::Host,
        Some(Field::UserAgent) => PartKind::Text,
        Some(Field::Cookie) | None => PartKind::Cookie,
        Some(_) => PartKind::Plain,
    }
}

/// The record, its deciding fields strong.
pub(crate) fn of(record: &impl Request) -> Excerpt {
    let mut parts = Vec::with_capacity(2 * record.columns());
    let mut length = 0;
    for column in 0..record.columns() {
        let Some((field, value)) = record.column(column) else { break };
        if column > 0 {
            parts.push(Part { kind: PartKind::Plain, text: " ".to_owned(), strong: false });
        }
        let text = shortened(&visible(value), MAX_VALUE).into_owned();
        length += text.len() + 1;
        if length > MAX_EXCERPT {
            parts.push(Part { kind: PartKind::Plain, text: "…".to_owned(), strong: false });
            break;
        }
        let strong = matches!(
            field,
            Some(
                Field::Status
                    | Field::Substatus
                    | Field::Win32Status
                    | Field::TimeTaken
                    | Field::UriStem
            )
        );
        let absent = text.is_empty() || text == "-";
        parts.push(Part { kind: if absent { PartKind::Plain } else { kind(field) }, text, strong });
    }
    Excerpt(parts)
}
