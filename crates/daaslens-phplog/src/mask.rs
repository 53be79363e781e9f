//! Makes one text of messages that differ only in their values.
//!
//! Messages carry what users sent: ids, names, addresses, whole requests. What a signature keeps is what the
//! *code* says, so values go and the words stay. A value between quotes goes too, except where a template of PHP
//! quotes a name (`Class "Foo" not found`), which is what tells one error from another.

use crate::path::basename;

/// Longest message that is looked at; a longer one has said what it is by then.
pub(crate) const MAX_INPUT: usize = 2048;

/// Words in front of a quoted name that is part of the code.
const NAME_FOLLOWS: [&str; 16] = [
    "class",
    "interface",
    "trait",
    "enum",
    "key",
    "unexpected",
    "expecting",
    "or",
    "token",
    "identifier",
    "constant",
    "function",
    "method",
    "property",
    "library",
    "module",
];

/// Masks the values of a message.
pub(crate) fn mask(message: &str) -> String {
    let mut masker = Masker { text: message, at: 0, out: String::with_capacity(message.len()) };
    masker.run();
    let text = tidy(&masker.out);
    synonym(text)
}

/// Masks an SQL statement: literals become `?`, and lists of them one.
pub(crate) fn mask_sql(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut chars = sql.char_indices().peekable();
    let mut word = false;
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' | '"' => {
                let behind = sql.get(at + 1..).unwrap_or_default();
                let len = quoted_len(behind, c).unwrap_or(behind.len());
                let end = at + 1 + len;
                while chars.next_if(|(next, _)| *next <= end).is_some() {}
                out.push('?');
                word = false;
            }
            '0'..='9' if !word => {
                while chars.next_if(|(_, c)| c.is_ascii_alphanumeric() || *c == '.').is_some() {}
                out.push('?');
            }
            c => {
                word = c.is_alphanumeric() || matches!(c, '_' | '`');
                out.push(c);
            }
        }
    }
    let mut text = tidy(&out);
    for (long, short) in
        [("?,?", "?"), ("?, ?", "?"), ("-?", "?"), ("(?),(?)", "(?)"), ("(?), (?)", "(?)")]
    {
        while text.contains(long) {
            text = text.replace(long, short);
        }
    }
    text
}

/// Words in front of a number that is a code, which tells one error from another.
const CODES: [&str; 6] = ["(HY000/", "errno ", "errno=", "parameter #", "Argument #", "Argument "];

struct Masker<'a> {
    text: &'a str,
    at: usize,
    out: String,
}

impl<'a> Masker<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '<' if self.tag() => {}
                '[' if self.rest().starts_with("[<a href=") => {
                    self.skip_to("]");
                    self.out.truncate(self.out.trim_end().len());
                }
                '=' if self.value() => {}
                '\'' | '"' => self.quoted(c),
                c if starts_word(c, self.rest()) => self.word(),
                c => {
                    self.out.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// Drops an HTML tag: with `html_errors` on, PHP puts links into its messages, and WordPress puts
    /// `<strong>` into its own.
    fn tag(&mut self) -> bool {
        let rest = self.rest();
        let is_tag = rest.as_bytes().get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/');
        let end = rest.as_bytes().iter().take(256).position(|b| *b == b'>');
        match end {
            Some(end) if is_tag => {
                self.at += end + 1;
                true
            }
            _ => false,
        }
    }

    /// What follows `name=` is a value: of a query, of a form, of a setting.
    fn value(&mut self) -> bool {
        let is_named = self.out.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ']'));
        let value = self.rest().get(1..).unwrap_or_default();
        let len = value.find(ends_value).unwrap_or(value.len());
        if !is_named || len == 0 || value.starts_with(['>', '=', '(']) {
            return false;
        }
        self.out.push('=');
        self.at += 1;
        if !self.keeps_numbers() {
            self.out.push('*');
            self.at += len;
        }
        true
    }

    fn skip_to(&mut self, end: &str) {
        self.at += self.rest().find(end).map_or(self.rest().len(), |at| at + end.len());
    }

    fn quoted(&mut self, quote: char) {
        let inside = self.rest().get(1..).unwrap_or_default();
        let before = self.out.chars().next_back();
        // An apostrophe is no quote: `can't`, `eval()'d code`.
        let is_apostrophe =
            quote == '\'' && before.is_some_and(|c| c.is_alphanumeric() || c == ')');
        let Some(len) = quoted_len(inside, quote).filter(|_| !is_apostrophe) else {
            self.out.push(quote);
            self.at += 1;
            // A quote that never closes, in a message that was cut: all behind it is value.
            if !is_apostrophe {
                self.out.push('*');
                self.at = self.text.len();
            }
            return;
        };
        let value = inside.get(..len).unwrap_or_default();
        self.at += 1 + len + 1;
        self.out.push(quote);
        let last_word = self.out.get(..self.out.len() - 1).unwrap_or_default().trim_end();
        let last_word = last_word.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if NAME_FOLLOWS.iter().any(|word| last_word.eq_ignore_ascii_case(word)) {
            let name = basename(value);
            self.out.push_str(&digits_masked(if name.is_empty() { value } else { name }));
        } else {
            self.out.push('*');
        }
        self.out.push(quote);
    }

    /// A word is all up to a blank, a quote, a bracket or a comma.
    fn word(&mut self) {
        let rest = self.rest();
        let whole = rest.find(ends_value).unwrap_or(rest.len());
        let word = rest.get(..whole).unwrap_or_default();
        // Brackets and `=` belong to paths and URLs; anywhere else they end a word.
        let len = if is_path_start(rest) || is_url(word) {
            whole
        } else {
            word.find(['(', '[', '{', '=']).unwrap_or(whole)
        };
        let len = len.max(rest.chars().next().map_or(1, char::len_utf8));
        let word = rest.get(..len).unwrap_or_default();
        // A full stop or colon behind a word is not part of it.
        let word = if word.len() > 1 { word.trim_end_matches(['.', ':', '!', '?']) } else { word };
        let word = if word.is_empty() { rest.get(..len).unwrap_or_default() } else { word };
        self.at += word.len();
        let kept = self.keeps_numbers();
        masked_word(word, kept, &mut self.out);
    }

    /// Whether the numbers that follow are codes, which tell errors apart.
    fn keeps_numbers(&self) -> bool {
        let out = self.out.as_str();
        let http = out.trim_end().rsplit(' ').next().is_some_and(|word| word.starts_with("HTTP/"));
        let sqlstate = out.rfind("SQLSTATE[").is_some_and(|at| out.len() - at <= 24);
        // `SQLSTATE[42S02]: Base table or view not found: 1146 Table …`
        let statement = out.ends_with(": ") && out.contains("SQLSTATE[");
        (http && out.ends_with(' '))
            || (sqlstate && out.ends_with('['))
            || statement
            || CODES.iter().any(|before| out.ends_with(before))
    }
}

/// What a path, a URL or a value never holds.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '"' | '<' | '>' | ',' | ';' | ')' | ']' | '}')
}

fn is_url(word: &str) -> bool {
    word.split_once("://").is_some_and(|(scheme, _)| {
        scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'))
    })
}

/// Whether a word starts here that has to be looked at as a whole.
fn starts_word(c: char, rest: &str) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '$' | '\\')
        || (matches!(c, '/') && is_path_start(rest))
}

fn is_path_start(rest: &str) -> bool {
    match rest.as_bytes() {
        [b'/', next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'_' | b'.'),
        [b'\\', b'\\', ..] => true,
        [drive, b':', b'\\' | b'/', next, ..] => drive.is_ascii_alphabetic() && *next != b'/',
        _ => false,
    }
}

/// How long the text is up to the quote that closes it. A backslash protects a quote, but not the last one of a
/// Windows folder: `'C:\x\'` would never close, so such a quote counts when a blank or the end follows.
fn quoted_len(inside: &str, quote: char) -> Option<usize> {
    let bytes = inside.as_bytes();
    let closes = |at: usize| {
        let protected = at > 0 && bytes.get(at - 1) == Some(&b'\\');
        let next = bytes.get(at + 1);
        if protected {
            return next.is_none_or(|b| matches!(b, b' ' | b')'));
        }
        // `'can't'`: a quote between two letters closes nothing.
        let between = at > 0
            && bytes.get(at - 1).is_some_and(u8::is_ascii_alphabetic)
            && next.is_some_and(u8::is_ascii_alphabetic);
        !between || quote == '"'
    };
    inside.match_indices(quote).map(|(at, _)| at).find(|at| closes(*at))
}

fn masked_word(word: &str, kept: bool, out: &mut String) {
    if kept {
        out.push_str(word);
    } else if word.contains("://") {
        out.push_str("<url>");
    } else if is_path_start(word) {
        out.push_str(&path_masked(word));
    } else if is_email(word) {
        out.push_str("<email>");
    } else if is_address(word) {
        out.push_str("<ip>");
    } else if ["HTTP/", "SQLSTATE", "HY000/"].iter().any(|code| word.starts_with(code)) {
        out.push_str(word);
    } else if is_guid(word) {
        out.push_str("<guid>");
    } else if is_hex(word) {
        out.push_str("<hex>");
    } else if is_token(word) {
        out.push_str("<token>");
    } else {
        out.push_str(&digits_masked(word));
    }
}

/// The last part of a path, without what a query holds: `/a/b.php?id=3` is `b.php?*`.
fn path_masked(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, false), |(path, _)| (path, true));
    let name = digits_masked(basename(path.trim_end_matches(['/', '\\'])));
    if query { format!("{name}?*") } else { name }
}

/// Numbers become `#`; a digit or three behind a letter is part of a name: `utf8`, `md5`, `sha256`, `$x1`.
fn digits_masked(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (front, from) = rest.split_at(at);
        out.push_str(front);
        let len = from.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, behind) = from.split_at(len);
        let in_name = out.chars().next_back().is_some_and(char::is_alphabetic) && len <= 3;
        out.push_str(if in_name { digits } else { "#" });
        rest = behind;
        // `1.5` is one number.
        if !in_name
            && let Some(fraction) = rest.strip_prefix('.')
            && fraction.starts_with(|c: char| c.is_ascii_digit())
        {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    out.push_str(rest);
    out
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.contains('@') && user != "class"
    })
}

fn is_address(word: &str) -> bool {
    let without_port = word.rsplit_once(':').map_or(word, |(front, _)| front);
    // `A::b` and `Face::add` are method calls that also are addresses.
    let is_v6 = word.bytes().any(|b| b.is_ascii_digit())
        && !word.bytes().any(|b| b.is_ascii_uppercase())
        && word.parse::<std::net::Ipv6Addr>().is_ok();
    is_v6 || without_port.parse::<std::net::Ipv4Addr>().is_ok()
}

fn is_guid(word: &str) -> bool {
    let lens = [8, 4, 4, 4, 12];
    let mut parts = word.split('-');
    lens.iter().all(|len| {
        parts
            .next()
            .is_some_and(|part| part.len() == *len && part.bytes().all(|b| b.is_ascii_hexdigit()))
    }) && parts.next().is_none()
}

/// Six hexadecimal digits and more, with a digit and a letter among them: `0x7ffe12`, `deadbeef01`.
fn is_hex(word: &str) -> bool {
    let (digits, prefixed) = word.strip_prefix("0x").map_or((word, false), |digits| (digits, true));
    digits.len() >= if prefixed { 1 } else { 6 }
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
        && (prefixed
            || (digits.bytes().any(|b| b.is_ascii_digit())
                && digits.bytes().any(|b| b.is_ascii_alphabetic())))
}

/// Twenty characters and more of base64 with digits and both cases: a key, a session.
fn is_token(word: &str) -> bool {
    let all = |set: fn(&u8) -> bool| word.as_bytes().iter().all(set);
    let any = |set: fn(&u8) -> bool| word.as_bytes().iter().any(set);
    word.len() >= 20
        && all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'.')
        })
        && any(u8::is_ascii_digit)
        && any(u8::is_ascii_uppercase)
        && any(u8::is_ascii_lowercase)
}

/// One blank between words, none at the ends, and no character that hides or reorders text.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c == '\0').filter(|word| !word.is_empty())
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    match daaslens_core::text::visible(out.as_bytes()) {
        std::borrow::Cow::Borrowed(_) => out,
        std::borrow::Cow::Owned(visible) => visible,
    }
}

/// The words of PHP 8 for what PHP 7 said, so that an upgrade does not split a group.
fn synonym(text: String) -> String {
    if let Some(name) = text.strip_prefix("Undefined variable: ") {
        return format!("Undefined variable ${name}");
    }
    if let Some(key) = text.strip_prefix("Undefined index: ") {
        return format!("Undefined array key \"{key}\"");
    }
    if text.starts_with("Undefined offset: ") {
        return "Undefined array key #".to_owned();
    }
    if text.contains("failed to open stream") {
        return text.replace("failed to open stream", "Failed to open stream");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_and_words_stay() {
        for (message, expected) in [
            ("Undefined index: ref", "Undefined array key \"ref\""),
            ("Undefined array key \"ref\"", "Undefined array key \"ref\""),
            ("Undefined array key \"user_48151\"", "Undefined array key \"user_#\""),
            ("Undefined variable: total", "Undefined variable $total"),
            ("Undefined variable $total", "Undefined variable $total"),
            ("Undefined offset: 17", "Undefined array key #"),
            ("Class 'App\\Cart' not found", "Class 'Cart' not found"),
            ("Call to undefined function mb_strlen()", "Call to undefined function mb_strlen()"),
            ("No user 'jo@example.org' here", "No user '*' here"),
            ("mail jo@example.org from 10.0.0.7:443.", "mail <email> from <ip>."),
            ("can't open \"/a/b/secret.txt", "can't open \"*"),
            ("id 12 of 3.5 and 10.4.1", "id # of # and #.#"),
            ("md5 sha256 utf8 x86", "md5 sha256 utf8 x86"),
            ("order a1b2c3d4e5 at 0x7ffe1234", "order <hex> at <hex>"),
            ("guid 123e4567-e89b-12d3-a456-426614174000.", "guid <guid>."),
            ("key AbCdXy0123456789AbCdXy01", "key <token>"),
            (
                "file_get_contents(https://a.example/b?key=c): failed to open stream: HTTP request failed! HTTP/1.1 429 Too Many",
                "file_get_contents(<url>): Failed to open stream: HTTP request failed! HTTP/1.1 429 Too Many",
            ),
            ("include(C:\\home\\site\\x y\\b12345.php): failed", "include(x y\\b#.php): failed"),
            ("SQLSTATE[HY000] [2002] No such file", "SQLSTATE[HY000] [2002] No such file"),
            (
                "mysqli_connect(): (HY000/1045): Access denied for user 'a'@'10.0.0.1'",
                "mysqli_connect(): (HY000/1045): Access denied for user '*'@'*'",
            ),
            (
                "strlen(): Passing null to parameter #1 ($string)",
                "strlen(): Passing null to parameter #1 ($string)",
            ),
            (
                "syntax error, unexpected '}', expecting ';'",
                "syntax error, unexpected '}', expecting ';'",
            ),
            (
                "f() [<a href='function.f'>function.f</a>]: was <strong>wrong</strong>",
                "f(): was wrong",
            ),
            ("GET /a/b.php?id=3&token=x failed", "GET b.php?* failed"),
            ("a\t\r\n  b\u{202e}c", "a b\\u{202e}c"),
            (
                "Unable to load dynamic library 'C:\\ext\\php_x.dll' - gone",
                "Unable to load dynamic library 'php_x.dll' - gone",
            ),
            ("", ""),
        ] {
            assert_eq!(mask(message), expected, "{message}");
        }
    }

    #[test]
    fn literals_of_sql_go() {
        for (sql, expected) in [
            ("SELECT * FROM wp_2_posts WHERE id = 17", "SELECT * FROM wp_2_posts WHERE id = ?"),
            (
                "SELECT a FROM `t1` WHERE b = 'it\\'s' AND c IN (1,2, 3)",
                "SELECT a FROM `t1` WHERE b = ? AND c IN (?)",
            ),
            ("INSERT INTO t VALUES ('a', 1.5), ('b', 2)", "INSERT INTO t VALUES (?)"),
            ("SELECT 'cut in the mid", "SELECT ?"),
        ] {
            assert_eq!(mask_sql(sql), expected);
        }
    }
}
