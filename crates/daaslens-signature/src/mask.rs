//! Takes out of a message what differs from one time to the next.
//!
//! Numbers, identifiers, addresses, paths and quoted text become placeholders, so that "order 4711 of 'Smith' not
//! found" and "order 4712 of 'Jones' not found" are one message. A scanner over bytes does it: masking by regular
//! expressions takes most of the time of those who try it, and this has to run for every exception of a log.
//!
//! Error codes stay: `0x80070020` is not an address, it tells one failure from another.

/// `text` with placeholders: `{n}`, `{guid}`, `{hex}`, `{path}`, `{text}` (in its quotation marks), `{ip}`,
/// `{email}`, and `?{query}` behind the path of a URL. Masking twice changes nothing more.
///
/// | from | to |
/// |---|---|
/// | `Timeout after 30000 ms` | `Timeout after {n} ms` |
/// | `Could not find 'C:\a\b.json'` | `Could not find '{text}'` |
/// | `https://api.example.com/v1/items/7?key=s` | `https://api.example.com/v1/items/{n}?{query}` |
/// | `(10.0.0.4:1433)` | `({ip})` |
/// | `error 0x80070020 at 0x00007FF8A1B2C3D4` | `error 0x80070020 at {hex}` |
pub fn mask(text: &str) -> String {
    masked(text, |_, _| None)
}

/// As [`mask`], but names of the program stay: `for type 'Shop.IStore'` is what a person has to know, and no value
/// of a user. Only behind the words that announce a name: `Login failed for user 'Ann'` has quotation marks too.
pub fn mask_values(text: &str) -> String {
    masked(text, name_of_program)
}

/// The name in a quotation, where the text before it says that it is one. Of an assembly its name alone.
fn name_of_program<'a>(before: &str, quoted: &'a str) -> Option<&'a str> {
    const WORDS: [&str; 18] = [
        "type",
        "activate",
        "assembly",
        "DLL",
        "column name",
        "object name",
        "Object name:",
        "File name:",
        "Method not found:",
        "Field not found:",
        "module",
        "member",
        "interface",
        "entry point named",
        "reading",
        "setting",
        "property",
        "attribute",
    ];
    let before = before.trim_end_matches(['\'', '"', ' ']);
    let told = WORDS.iter().any(|word| {
        before.strip_suffix(word).is_some_and(|rest| !rest.chars().next_back().is_some_and(in_word))
    });
    let name = quoted.split(", ").next().unwrap_or(quoted);
    let fits = name.len() <= 120
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-`".contains(&b))
        && name.bytes().filter(u8::is_ascii_digit).count() <= 4;
    (told && fits).then_some(name)
}

fn masked(text: &str, keep: for<'a> fn(&str, &'a str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut unclosed = Unclosed::default();
    while let Some(c) = rest.chars().next() {
        if let Some((length, close)) = quotation(rest, c, out.chars().next_back(), &mut unclosed) {
            let quoted = behind(rest, c.len_utf8()).get(..length).unwrap_or_default();
            let kept = keep(&out, quoted).unwrap_or(if length == 0 { "" } else { "{text}" });
            out.push(c);
            out.push_str(kept);
            out.push(close);
            rest = behind(rest, c.len_utf8() + length + close.len_utf8());
            continue;
        }
        let length = token(rest);
        if length == 0 {
            out.push(c);
            rest = behind(rest, c.len_utf8());
            continue;
        }
        let (token, mut next) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if is_path(token) {
            out.push_str("{path}");
            next = behind_path(token, next);
        } else {
            push_token(&mut out, token);
        }
        rest = next;
    }
    out
}

fn behind(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// For each kind of quotation, how many bytes of the text are behind the line that was last looked through for its end
/// in vain. Without it, a line of nothing but openings would be looked through once for each of them.
#[derive(Default)]
struct Unclosed([Option<usize>; 6]);

/// The bytes between a quotation mark at the start of `text` and the one that closes it on the same line, however far
/// away: a limit would be kept the first time, and no longer once what stands between the marks is masked and short.
fn quotation(
    text: &str,
    open: char,
    before: Option<char>,
    unclosed: &mut Unclosed,
) -> Option<(usize, char)> {
    let (index, close) = match open {
        '"' => (0, open),
        '\'' => (1, open),
        '`' => (2, open),
        '“' => (3, '”'),
        '‘' => (4, '’'),
        '«' => (5, '»'),
        _ => return None,
    };
    // "can't", "users' files": a quotation begins behind a word's end and ends before a word's start.
    if before.is_some_and(in_word) {
        return None;
    }
    let known = unclosed.0.get_mut(index)?;
    if known.is_some_and(|behind| text.len() > behind) {
        return None;
    }
    let inner = behind(text, open.len_utf8());
    let end = inner.match_indices([close, '\n']).find(|&(at, mark)| {
        mark == "\n" || open != '\'' || !begins_word(behind(inner, at + mark.len()))
    });
    match end {
        Some((at, mark)) if mark != "\n" => Some((at, close)),
        _ => {
            *known = Some(end.map_or(0, |(at, _)| inner.len() - at));
            None
        }
    }
}

/// Whether a word follows, or what is going to be masked as one: `::1` and `.a@example.com` begin with a mark.
fn begins_word(text: &str) -> bool {
    let Some(c) = text.chars().next() else { return false };
    if c.is_alphanumeric() || "{/\\".contains(c) {
        return true;
    }
    let token = text.get(..token(text)).unwrap_or_default();
    let core = core(token);
    is_ip(core) || is_email(core)
}

/// The length of what stands together: up to a blank, a quotation mark or a bracket. Braces are left alone where
/// they hold a placeholder, and are otherwise part of what is around them: a GUID may stand in them.
fn token(text: &str) -> usize {
    let until = |marks: &str| {
        text.find(|c: char| c.is_whitespace() || marks.contains(c)).unwrap_or(text.len())
    };
    let length = until("\"'`“”‘’«»()[]<>,;=|");
    // Values of a query may have any mark in them, and must not be left behind.
    if text.get(..length).is_some_and(|token| token.contains("://")) {
        return until("\"'`“”‘’«»()<>");
    }
    length
}

/// Whether what follows goes on with a word, or with what was one before it was masked.
fn in_word(before: char) -> bool {
    before.is_alphanumeric() || before == '_' || before == '}'
}

/// `C:\home\x`, `\\server\share`, `/home/site/x`. A single slash is a word such as `/api` or `n/a`, and stays.
fn is_path(token: &str) -> bool {
    let bytes = token.as_bytes();
    let windows = matches!(bytes, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
        || token.starts_with("\\\\");
    let unix = token
        .strip_prefix('/')
        .is_some_and(|rest| !rest.starts_with('/') && rest.trim_end_matches('/').contains('/'));
    windows || unix || token.starts_with("file:///")
}

/// What follows a path. Folders may have blanks in their names: what comes next belongs to it as long as it has a
/// backslash, and does not begin a path of its own.
fn behind_path<'a>(token: &str, mut rest: &'a str) -> &'a str {
    if !token.contains('\\') {
        return rest;
    }
    while let Some(words) = rest.strip_prefix(' ') {
        let length = words.find(|c: char| c.is_whitespace() || "\"'()<>|,;".contains(c));
        let word = words.get(..length.unwrap_or(words.len())).unwrap_or_default();
        if !word.contains('\\') || is_path(word) || word.starts_with('\\') {
            break;
        }
        rest = behind(words, word.len());
    }
    rest
}

fn push_token(out: &mut String, token: &str) {
    let core = core(token);
    let tail = behind(token, core.len());
    if is_guid(core) {
        out.push_str("{guid}");
    } else if is_ip(core) {
        out.push_str("{ip}");
    } else if is_email(core) {
        out.push_str("{email}");
    } else if core.contains("://") {
        push_url(out, core);
    } else {
        push_words(out, core);
    }
    out.push_str(tail);
}

/// A token without the marks that end a sentence.
fn core(token: &str) -> &str {
    token.trim_end_matches(['.', ':', '!', '?', '…'])
}

/// `8-4-4-4-12` or 32 hexadecimal digits, braces or not.
fn is_guid(token: &str) -> bool {
    let token = token.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(token);
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if token.len() == 32 {
        return hex(token) && token.bytes().any(|byte| byte.is_ascii_digit());
    }
    let mut parts = token.split('-');
    let fits = [8, 4, 4, 4, 12]
        .iter()
        .all(|&length| parts.next().is_some_and(|part| part.len() == length && hex(part)));
    fits && parts.next().is_none()
}

/// With or without a port. Times of day have colons too, but only digits and no `::`.
fn is_ip(token: &str) -> bool {
    let port =
        |text: &str| (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let (host, tail) = token.split_once(':').unwrap_or((token, "0"));
    if port(tail) && host.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let plain = token.split(['%', '/']).next().unwrap_or(token);
    plain.bytes().any(|byte| byte.is_ascii_digit()) && plain.parse::<std::net::Ipv6Addr>().is_ok()
}

fn is_email(token: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(&b))
    };
    token.strip_prefix("mailto:").unwrap_or(token).split_once('@').is_some_and(|(user, host)| {
        word(user) && word(host) && host.contains('.') && !host.starts_with('.')
    })
}

/// Scheme and host stay, numbers in the path are masked, and what the query and the fragment hold goes.
fn push_url(out: &mut String, url: &str) {
    let (url, query) = match url.find(['?', '#']) {
        Some(at) => (url.get(..at).unwrap_or(url), true),
        None => (url, false),
    };
    for (index, part) in url.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        if is_guid(part) {
            out.push_str("{guid}");
        } else if is_ip(part) {
            out.push_str("{ip}");
        } else {
            push_words(out, part);
        }
    }
    if query {
        out.push_str("?{query}");
    }
}

/// Masks the numbers of a token: those that begin a word. `Int32`, `utf8` and `x64` are names.
fn push_words(out: &mut String, mut token: &str) {
    let mut before: Option<char> = None;
    while let Some(c) = token.chars().next() {
        let in_word = before.is_some_and(in_word);
        let (length, text) = match c {
            _ if in_word => (0, ""),
            '0'..='9' | 'a'..='f' | 'A'..='F' => {
                hexadecimal(token).or_else(|| number(token)).unwrap_or((0, ""))
            }
            _ => (0, ""),
        };
        if length == 0 {
            out.push(c);
            before = Some(c);
            token = behind(token, c.len_utf8());
        } else {
            let (taken, rest) = token.split_at_checked(length).unwrap_or((token, ""));
            out.push_str(if text.is_empty() { taken } else { text });
            // A unit may follow (`30s`), and is no number.
            before = taken.chars().next_back();
            token = rest;
        }
    }
}

/// `0x…`, or at least eight hexadecimal digits with both digits and letters among them. An empty text means that it
/// stays: codes of eight digits with the highest bit set are errors, not addresses.
fn hexadecimal(text: &str) -> Option<(usize, &'static str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let ends = |length: usize| {
        !behind(text, length).starts_with(|c: char| c.is_alphanumeric() || c == '_')
    };
    if let Some(rest) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let length = digits(rest);
        let code = length == 8 && rest.starts_with(['8', '9', 'c', 'C', 'e', 'E']);
        return (length > 0 && ends(2 + length))
            .then_some((2 + length, if code { "" } else { "{hex}" }));
    }
    let length = digits(text);
    let own = text.get(..length)?;
    let mixed =
        own.bytes().any(|b| b.is_ascii_digit()) && own.bytes().any(|b| b.is_ascii_alphabetic());
    (length >= 8 && mixed && ends(length)).then_some((length, "{hex}"))
}

/// A number with its separators: `4,711`, `1.5`, `02:14:07`, `2026-03-11T02:14:07.123Z`.
fn number(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    if !bytes.first()?.is_ascii_digit() {
        return None;
    }
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut end = 1;
    loop {
        match bytes.get(end) {
            Some(byte) if byte.is_ascii_digit() => end += 1,
            Some(b'.' | b':' | b'-' | b'/' | b'+' | b'T') if digit(end + 1) => end += 2,
            _ => break,
        }
    }
    // The mark of universal time, unless a word begins with it.
    if bytes.get(end) == Some(&b'Z') && !behind(text, end + 1).starts_with(char::is_alphanumeric) {
        end += 1;
    }
    Some((end, "{n}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{mask, mask_values};

    #[test]
    fn what_differs_goes_and_what_tells_apart_stays() {
        for (from, to) in [
            ("", ""),
            ("Timeout after 30000 ms", "Timeout after {n} ms"),
            ("took 12.5s, 3 of 4,711", "took {n}s, {n} of {n},{n}"),
            ("Int32 utf8 x64 HTTP2 net8.0", "Int32 utf8 x64 HTTP2 net8.{n}"),
            ("id 0f8fad5b-d9cb-469f-a165-70867728950e.", "id {guid}."),
            ("{0F8FAD5B-D9CB-469F-A165-70867728950E}", "{guid}"),
            ("0f8fad5bd9cb469fa16570867728950e", "{guid}"),
            ("error 0x80070020 at 0x00007FF8A1B2C3D4", "error 0x80070020 at {hex}"),
            ("commit 9f3c2ab81d not found", "commit {hex} not found"),
            ("accede facade deadbeef", "accede facade deadbeef"),
            ("(10.0.0.4:1433) and 10.0.0.4", "({ip}) and {ip}"),
            ("[::1]:5000 fe80::1%4", "[{ip}]:{n} {ip}"),
            ("at 02:14:07 on 2026-03-11T02:14:07.123Z", "at {n} on {n}"),
            ("mail to ann.lee+x@example.com failed", "mail to {email} failed"),
            ("Could not find 'C:\\a\\b.json'.", "Could not find '{text}'."),
            ("open C:\\home\\site\\a.json failed", "open {path} failed"),
            ("in C:\\Program Files\\dotnet\\x.dll and \\\\srv\\share\\y", "in {path} and {path}"),
            ("at /home/site/wwwroot/a.php line 7", "at {path} line {n}"),
            ("read/write of n/a and /api", "read/write of n/a and /api"),
            (
                "GET https://api.example.com/v1/items/7?key=s#x: 500",
                "GET https://api.example.com/v1/items/{n}?{query}: {n}",
            ),
            ("https://10.0.0.4:8080/x", "https://{ip}/x"),
            ("can't open the users' file of Ann's", "can't open the users' file of Ann's"),
            (
                "The given key 'it's' and \"b\" and ''",
                "The given key '{text}' and \"{text}\" and ''",
            ),
            ("Der Schlüssel «größe» und “x”", "Der Schlüssel «{text}» und “{text}”"),
            ("\"a\" ''::1 b' 'c'.x@example.com d'", "\"{text}\" '{text}' '{text}'"),
            ("a 'quotation\nthat does not end", "a 'quotation\nthat does not end"),
            ("Foo::bar() on null", "Foo::bar() on null"),
            ("user_id=42;page=3", "user_id={n};page={n}"),
        ] {
            assert_eq!(mask(from), to, "{from}");
        }
    }

    #[test]
    fn names_of_the_program_can_stay() {
        for (from, to) in [
            (
                "Unable to resolve service for type 'Shop.IStore' while attempting to activate 'Shop.Cart'.",
                "Unable to resolve service for type 'Shop.IStore' while attempting to activate 'Shop.Cart'.",
            ),
            (
                "Could not load file or assembly 'Shop.Core, Version=1.0.0.0, Culture=neutral'.",
                "Could not load file or assembly 'Shop.Core'.",
            ),
            ("Invalid column name 'Shelf'.", "Invalid column name 'Shelf'."),
            ("Unable to load DLL 'shop.native.dll' or", "Unable to load DLL 'shop.native.dll' or"),
            // Values of users stay hidden, also where a word only ends like one that announces a name.
            ("Login failed for user 'Ann'.", "Login failed for user '{text}'."),
            ("The prototype 'Ann'", "The prototype '{text}'"),
            ("of type 'Ann Lee'", "of type '{text}'"),
            ("of type 'ann@example.com'", "of type '{text}'"),
            ("of type '4f1c2d3e5a6b'", "of type '{text}'"),
            ("File name: 'C:\\a\\b.json'", "File name: '{text}'"),
            ("order 7 of type ''", "order {n} of type ''"),
        ] {
            assert_eq!(mask_values(from), to, "{from}");
            assert_eq!(mask(to), mask(from), "{from}");
        }
    }

    proptest! {
        #[test]
        fn masking_twice_changes_nothing(text in "([a-f0-9]{1,9}|[-.:/\\\\'\"@ {}?#x]|[ZTé“”]){0,40}") {
            let once = mask(&text);
            prop_assert_eq!(mask(&once), once);
        }

        #[test]
        fn quotations_of_any_length(text in "[a-z0-9 ]{0,20}", times in 1_usize..100) {
            let once = mask(&format!("\"{}\" and so on", text.repeat(times)));
            prop_assert_eq!(mask(&once), once);
        }

        #[test]
        fn no_digit_alone_survives(number in 0_u64.., word in "[a-z]{1,8}") {
            prop_assert_eq!(mask(&format!("{word} {number} {word}")), format!("{word} {{n}} {word}"));
        }

        #[test]
        fn anything_goes(text in "\\PC{0,200}") {
            // A placeholder takes the place of at least one character.
            prop_assert!(mask(&text).len() <= 8 * text.len());
        }
    }
}
