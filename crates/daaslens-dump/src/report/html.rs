//! Just enough HTML: the texts of a page in order, with the tags around them.

use std::borrow::Cow;

use super::{Report, Tool, kept};

/// A tag or the text between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<tr data-is-row="true">`: its name and what stands behind it.
    Open(&'a str, &'a str),
    /// `</tr>`.
    Close(&'a str),
    /// Text that is not blank.
    Text(Cow<'a, str>),
}

/// The tokens of a page. Scripts, styles and comments are left out.
pub(super) fn tokens(page: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = page;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            if let Some(tag) = rest.strip_prefix('<') {
                if let Some(comment) = tag.strip_prefix("!--") {
                    rest = comment.split_once("-->").map_or("", |(_, after)| after);
                    continue;
                }
                let (inside, after) = tag.split_once('>').unwrap_or((tag, ""));
                rest = after;
                let inside = inside.trim_end_matches('/').trim();
                if let Some(name) = inside.strip_prefix('/') {
                    return Some(Token::Close(name.trim()));
                }
                let end = inside.find(|c: char| c.is_whitespace()).unwrap_or(inside.len());
                let (name, attributes) = inside.split_at(end);
                if name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style") {
                    rest = behind(rest, name);
                    continue;
                }
                return Some(Token::Open(name, attributes));
            }
            let end = rest.find('<').unwrap_or(rest.len());
            let (text, after) = rest.split_at(end);
            rest = after;
            if !text.trim().is_empty() {
                return Some(Token::Text(decoded(text)));
            }
        }
    })
}

/// What follows the end of an element that holds no tags.
fn behind<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut at = 0;
    while let Some(found) = rest[at..].find("</") {
        let end = at + found;
        let tag = &rest[end + 2..];
        if tag.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)) {
            return tag.split_once('>').map_or("", |(_, after)| after);
        }
        at = end + 2;
    }
    ""
}

/// Text with its entities decoded.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.char_indices().take(10).find(|(_, c)| *c == ';').map(|(at, _)| at);
        let decoded = end.and_then(|end| Some((entity(&after[..end])?, &after[end + 1..])));
        if let Some((c, after)) = decoded {
            out.push(c);
            rest = after;
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(number)
        }
    }
}

/// The value of an attribute.
pub(super) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (before, after) = rest.split_once(name)?;
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        let begins = before.is_empty() || before.ends_with(|c: char| c.is_whitespace());
        if let (Some(value), true) = (value, begins) {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            return value.get(1..)?.split(quote).next();
        }
        rest = after;
    }
}

/// The pages of the first generation of DaaS, on logs: how many rows each of their tables has. Their lines are those of
/// the logs, which are read themselves.
pub(super) fn first_daas(bytes: &[u8]) -> Report {
    let mut report = Report::new(Tool::FirstDaas);
    let page = String::from_utf8_lossy(bytes);
    let mut heading: Option<String> = None;
    let mut in_heading = false;
    let mut rows: Vec<(String, u64)> = Vec::new();
    for token in tokens(&page) {
        match token {
            Token::Open(name, _) if is_heading(name) => in_heading = true,
            Token::Close(name) if is_heading(name) => in_heading = false,
            Token::Open(name, _) if name.eq_ignore_ascii_case("tr") => {
                if let Some(last) = rows.last_mut() {
                    last.1 += 1;
                }
            }
            Token::Text(text) => {
                if in_heading && rows.len() < super::MAX_ROWS {
                    let text = kept(&text);
                    report.of =
                        report.of.take().or_else(|| heading.is_none().then(|| text.clone()));
                    heading = Some(text.clone());
                    rows.push((text, 0));
                } else if text.contains("Processing Summary") || text.contains("Informational") {
                    report.figures.push(kept(&text));
                }
            }
            _ => {}
        }
    }
    // The first row of a table is that of its headings.
    let told = rows.into_iter().filter(|(_, rows)| *rows > 1);
    report.figures.extend(told.map(|(heading, rows)| format!("{heading}: {} rows", rows - 1)));
    report.figures.truncate(super::MAX_ROWS);
    report
}

fn is_heading(name: &str) -> bool {
    matches!(name.as_bytes(), [b'h' | b'H', b'1'..=b'4']) || name.eq_ignore_ascii_case("title")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_texts_come_in_order() {
        let page = "<!-- <b> --><td class='a'>x &lt;&#x41;&amp;&nope; </TD>\n<script>if (a<b)</script><br/>y";
        let found: Vec<Token<'_>> = tokens(page).collect();
        let expected = [
            Token::Open("td", " class='a'"),
            Token::Text("x <A&&nope; ".into()),
            Token::Close("TD"),
            Token::Open("br", ""),
            Token::Text("y".into()),
        ];
        assert_eq!(found, expected);
        assert_eq!(attribute(" data-id=\"1\" id = 'two'", "id"), Some("two"));
        assert_eq!(attribute(" data-id=\"1\"", "id"), None);
    }

    #[test]
    fn tables_of_the_first_generation_are_counted() {
        let page = b"<html><h1>IIS Log Analysis Report</h1><h2>Top 20 Hits</h2><table><tr><th>URI</th></tr>\
            <tr><td>/a</td></tr><tr><td>/b</td></tr></table><h2>Top 20 HTTP 503 Errors</h2><p>No data available</p>";
        let report = first_daas(page);
        assert_eq!(report.figures, ["Top 20 Hits: 2 rows"]);
        assert_eq!(report.of.as_deref(), Some("IIS Log Analysis Report"));
    }
}
