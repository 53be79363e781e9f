//! Detailed error pages: `LogFiles/DetailedErrors/ErrorPage000001.htm`.
//!
//! IIS writes the page that it would send to a visitor on the machine itself: which module failed in which stage, the
//! handler, and the error code behind the status. The W3C log has none of these. There is **no time in it**; the name is
//! a number that goes up, and App Service keeps the last fifty.
//!
//! ```text
//! <title>IIS Detailed Error - 500.32 - Internal Server Error</title>
//! <tr class="alt"><th>Module</th><td>&nbsp;&nbsp;&nbsp;AspNetCoreModuleV2</td></tr>
//! <a href="http://go.microsoft.com/fwlink/?LinkID=62293&amp;IIS70Error=500,32,0x800700c1,20348">
//! ```
//!
//! The labels of the rows are in the language of the server; the link at the end says status and error code in any.
//!
//! The logon user, the query of the URL and the directory of the traces are not kept.

use std::borrow::Cow;

use crate::document::{self, DocumentFault, DocumentFaultKind, Target, kept};

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorPage {
    /// `500`
    pub status: u16,
    /// `32`
    pub substatus: u32,
    /// `AspNetCoreModuleV2`
    pub module: Option<String>,
    /// The stage: `ExecuteRequestHandler`
    pub notification: Option<String>,
    /// `aspNetCore`
    pub handler: Option<String>,
    /// `0x800700c1`
    pub code: Option<u32>,
    /// Where the request went. The host is that of the site behind the front end: `https://site:80/`.
    pub target: Option<Target>,
    /// The file or folder on the worker: `C:\home\site\wwwroot`.
    pub physical_path: Option<String>,
    /// Whether somebody was logged on.
    pub is_anonymous: bool,
}

/// Reads a page, and says what is wrong with it.
pub fn read(bytes: &[u8]) -> (Option<ErrorPage>, Vec<DocumentFault>) {
    let mut faults = Vec::new();
    let text = document::text(bytes, &mut faults);
    let mut page = ErrorPage { is_anonymous: true, ..ErrorPage::default() };
    let between = |text: &'_ str, start: &str, end: &str| -> Option<(usize, usize)> {
        let from = text.find(start)? + start.len();
        Some((from, from + text[from..].find(end)?))
    };
    let title = between(&text, "<title>", "</title>").map(|(from, to)| &text[from..to]);
    // `IIS Detailed Error - 500.32 - Internal Server Error`
    let said = title.and_then(|title| title.split(" - ").find_map(status_of));
    // `IIS70Error=500,32,0x800700c1,20348`
    let link = text.find("IIS70Error=").map(|at| {
        let rest = &text[at + "IIS70Error=".len()..];
        rest.split(['"', '\'', '&', '<', '>', ' ', '\n']).next().unwrap_or_default()
    });
    let linked: Vec<&str> = link.unwrap_or_default().split(',').collect();
    let number = |at: usize| linked.get(at).and_then(|value| value.trim().parse::<u32>().ok());
    let by_link =
        number(0).and_then(|status| Some((u16::try_from(status).ok()?, number(1).unwrap_or(0))));
    let Some((status, substatus)) = said.or(by_link) else {
        let kind = if title.is_some() || bytes.is_empty() {
            DocumentFaultKind::NotThis
        } else {
            DocumentFaultKind::CutOff
        };
        faults.push(document::at(bytes, if title.is_some() { 0 } else { bytes.len() }, kind));
        return (None, faults);
    };
    (page.status, page.substatus) = (status, substatus);
    page.code = linked.get(2).and_then(|code| code_of(code));
    let mut rest = &*text;
    while let Some((from, to)) = between(rest, "<th>", "</th>") {
        let label = rest[from..to].trim();
        rest = &rest[to..];
        let Some((from, to)) = between(rest, "<td>", "</td>") else { break };
        let value = plain(&rest[from..to]);
        let value = (!value.is_empty()).then(|| kept(&value));
        rest = &rest[to..];
        match label {
            "Module" => page.module = value,
            "Notification" => page.notification = value,
            "Handler" => page.handler = value,
            "Error Code" => page.code = value.as_deref().and_then(code_of).or(page.code),
            "Requested URL" => page.target = value.as_deref().map(Target::of),
            "Physical Path" => page.physical_path = value,
            "Logon User" => {
                page.is_anonymous = value.is_none_or(|user| user.eq_ignore_ascii_case("anonymous"));
            }
            _ => {}
        }
    }
    if memchr::memmem::rfind(text.as_bytes(), b"</html>").is_none() {
        faults.push(document::at(bytes, bytes.len(), DocumentFaultKind::CutOff));
    }
    (Some(page), faults)
}

/// `500.32`, or `500`.
fn status_of(text: &str) -> Option<(u16, u32)> {
    let (status, substatus) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let status = is_number(status).then(|| status.parse().ok()).flatten()?;
    (is_number(substatus) && (100..=999).contains(&status))
        .then(|| Some((status, substatus.parse().ok()?)))
        .flatten()
}

fn code_of(text: &str) -> Option<u32> {
    u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}

/// The text of a cell.
fn plain(cell: &str) -> Cow<'_, str> {
    let text = cell.trim_start_matches("&nbsp;").trim();
    match quick_xml::escape::unescape(text) {
        Ok(text) => text,
        Err(_) => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(title: &str, rows: &[(&str, &str)], link: &str) -> Vec<u8> {
        let row = |(label, value): &(&str, &str)| {
            format!(
                "<tr class=\"alt\"><th>{label}</th><td>&nbsp;&nbsp;&nbsp;{value}</td></tr> \r\n"
            )
        };
        let rows = rows.iter().map(row).collect::<Vec<_>>().concat();
        format!(
            "<html> \r\n<head> \r\n<title>{title}</title> \r\n</head><body><table>{rows}</table>\
             <a href=\"http://go.microsoft.com/fwlink/?LinkID=62293&amp;IIS70Error={link}\">more</a></body> \r\n</html> \r\n"
        )
        .into_bytes()
    }

    const ROWS: [(&str, &str); 8] = [
        ("Module", "AspNetCoreModuleV2"),
        ("Notification", "ExecuteRequestHandler"),
        ("Handler", "aspNetCore"),
        ("Error Code", "0x8007023e"),
        ("Requested URL", "https://shop-example:80/cart?a=1&amp;key=secret"),
        ("Physical Path", r"C:\home\site\wwwroot\cart"),
        ("Logon Method", "Anonymous"),
        ("Logon User", "Anonymous"),
    ];

    fn whole() -> ErrorPage {
        ErrorPage {
            status: 500,
            substatus: 30,
            module: Some("AspNetCoreModuleV2".to_owned()),
            notification: Some("ExecuteRequestHandler".to_owned()),
            handler: Some("aspNetCore".to_owned()),
            code: Some(0x8007_023e),
            target: Some(Target { host: "shop-example".to_owned(), path: "/cart".to_owned() }),
            physical_path: Some(r"C:\home\site\wwwroot\cart".to_owned()),
            is_anonymous: true,
        }
    }

    #[test]
    fn a_page_says_module_stage_handler_and_code() {
        let title = "IIS Detailed Error - 500.30 - Internal Server Error";
        let bytes = page(title, &ROWS, "500,30,0x8007023e,20348");
        assert_eq!(read(&bytes), (Some(whole()), Vec::new()));
        let mut rows = ROWS;
        rows[7].1 = r"CONTOSO\somebody";
        let bytes = page(title, &rows, "500,30,0x8007023e,20348");
        assert_eq!(read(&bytes).0, Some(ErrorPage { is_anonymous: false, ..whole() }));
    }

    #[test]
    fn a_page_in_another_language_says_status_and_code() {
        let rows = [("Modul", "IIS Web Core"), ("Fehlercode", "0x80070002")];
        let bytes =
            page("Detaillierter IIS-Fehler - 404.0 - Not Found", &rows, "404,0,0x80070002,20348");
        let expected = ErrorPage {
            status: 404,
            code: Some(0x8007_0002),
            is_anonymous: true,
            ..ErrorPage::default()
        };
        assert_eq!(read(&bytes), (Some(expected), Vec::new()));
    }

    #[test]
    fn of_a_page_that_is_cut_off_what_is_there_is_read() {
        let bytes = page("IIS Detailed Error - 500.30 - x", &ROWS, "500,30,0x8007023e,20348");
        let cut = bytes.windows(11).position(|part| part == b"<th>Handler").unwrap();
        let (page, faults) = read(&bytes[..cut]);
        let page = page.unwrap();
        assert_eq!((page.status, page.substatus, page.code), (500, 30, None));
        assert_eq!(page.notification.as_deref(), Some("ExecuteRequestHandler"));
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].kind, faults[0].line), (DocumentFaultKind::CutOff, 6));
    }

    #[test]
    fn what_is_no_page_is_said() {
        let kind = |bytes: &[u8]| read(bytes).1.first().map(|fault| fault.kind);
        assert_eq!(kind(b"<html><title>Welcome</title></html>"), Some(DocumentFaultKind::NotThis));
        assert_eq!(kind(b""), Some(DocumentFaultKind::NotThis));
        assert_eq!(kind(b"<html><head><ti"), Some(DocumentFaultKind::CutOff));
    }
}
