//! URL templates: what makes `/orders/4711` and `/orders/4712` one row.
//!
//! Ids, GUIDs, hex strings, dates and e-mail addresses in a path become placeholders, so that a table of URLs
//! is about pages and not about customers. The template depends on the path alone: two requests with the same
//! literal path always share one.

/// Writes the template of `path` into `buffer` and returns it; a path without ids is returned as it is.
pub(crate) fn of<'a>(path: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    // Nothing is replaced in a path without digits, address signs or session ids: the usual case.
    if !path.iter().any(|c| c.is_ascii_digit() || matches!(c, b'@' | b';')) {
        return path;
    }
    buffer.clear();
    for (i, segment) in path.split(|c| *c == b'/').enumerate() {
        if i > 0 {
            buffer.push(b'/');
        }
        // `page.jsp;jsessionid=0A1B…` is the same page for every session.
        let segment = segment.split(|c| *c == b';').next().unwrap_or_default();
        write_segment(segment, buffer);
    }
    buffer
}

fn write_segment(segment: &[u8], out: &mut Vec<u8>) {
    if let Some(at) = memchr::memchr(b'@', segment)
        && at > 0
        && segment[at..].contains(&b'.')
    {
        out.extend_from_slice(b"{email}");
    } else if is_guid(segment) {
        out.extend_from_slice(b"{guid}");
    } else if !segment.is_empty() && segment.iter().all(u8::is_ascii_digit) {
        // `/2026/03/11/` is a date as three numbers; each is a number all the same.
        out.extend_from_slice(b"{n}");
    } else if segment.iter().any(u8::is_ascii_digit) {
        write_tokens(segment, out);
    } else {
        out.extend_from_slice(segment);
    }
}

/// Replaces the ids inside a segment, token by token: `photo-12345.jpg`, `app.3fa9c2d1.js`.
fn write_tokens(segment: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < segment.len() {
        let rest = &segment[at..];
        if let Some(guid) = rest.get(..36)
            && is_guid(guid)
            && !rest.get(36).is_some_and(u8::is_ascii_alphanumeric)
        {
            out.extend_from_slice(b"{guid}");
            at += 36;
            continue;
        }
        if let Some(date) = rest.get(..10)
            && is_date(date)
            && !rest.get(10).is_some_and(u8::is_ascii_digit)
        {
            out.extend_from_slice(b"{date}");
            at += 10;
            continue;
        }
        let len = rest.iter().take_while(|c| c.is_ascii_alphanumeric()).count();
        if len == 0 {
            out.push(rest[0]);
            at += 1;
            continue;
        }
        out.extend_from_slice(placeholder(&rest[..len]).unwrap_or(&rest[..len]));
        at += len;
    }
}

/// What a run of letters and digits becomes, if it is an id.
fn placeholder(token: &[u8]) -> Option<&'static [u8]> {
    let digits = token.iter().filter(|c| c.is_ascii_digit()).count();
    if digits == token.len() {
        // Short numbers inside a name are versions and sizes (`v2`, `logo-64.png`), long ones are ids.
        return (digits >= 4).then_some(b"{n}");
    }
    if digits == 0 {
        return None;
    }
    if token.len() >= 8 && token.iter().all(u8::is_ascii_hexdigit) {
        return Some(b"{hex}");
    }
    // Base64-like tokens: long, with several digits among the letters.
    (token.len() >= 20 && digits >= 3).then_some(b"{id}")
}

fn is_guid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(i, c)| match i {
            8 | 13 | 18 | 23 => *c == b'-',
            _ => c.is_ascii_hexdigit(),
        })
}

fn is_date(text: &[u8]) -> bool {
    text.len() == 10
        && text.iter().enumerate().all(|(i, c)| match i {
            4 | 7 => *c == b'-',
            _ => c.is_ascii_digit(),
        })
        && matches!(text[0], b'1' | b'2')
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn ids_become_placeholders() {
        for (path, expected) in [
            ("/", "/"),
            ("/api/orders", "/api/orders"),
            ("/api/orders/4711", "/api/orders/{n}"),
            ("/api/v2/orders/7/lines", "/api/v2/orders/{n}/lines"),
            ("/u/550e8400-e29b-41d4-a716-446655440000/x", "/u/{guid}/x"),
            ("/f/550e8400-e29b-41d4-a716-446655440000.png", "/f/{guid}.png"),
            ("/img/photo-12345.jpg", "/img/photo-{n}.jpg"),
            ("/img/logo-64.png", "/img/logo-64.png"),
            ("/js/app.3fa9c2d1.js", "/js/app.{hex}.js"),
            ("/report/2026-03-11.pdf", "/report/{date}.pdf"),
            ("/2026/03/11/post", "/{n}/{n}/{n}/post"),
            ("/mail/jane.doe42@example.com", "/mail/{email}"),
            ("/page.jsp;jsessionid=0A1B2C", "/page.jsp"),
            ("/t/a8F3kQ9z7LmN2pR5sT1v", "/t/{id}"),
            ("/café/123", "/café/{n}"),
        ] {
            let mut buffer = Vec::new();
            assert_eq!(
                String::from_utf8_lossy(of(path.as_bytes(), &mut buffer)),
                expected,
                "{path}"
            );
        }
    }
}
