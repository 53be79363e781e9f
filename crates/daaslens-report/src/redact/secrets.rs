//! What gives a secret away in free text: its shape, or the name in front of it.
//!
//! The patterns are linear in the text (the `regex` crate), whatever an attacker writes. They prefer to mask
//! too much: a version number that looks like an address costs little, a password in a ticket costs a lot.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;

use super::{Class, platform, pseudonym, words};

/// A stretch of text that must not be shown, and what is shown instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Bytes of the text.
    pub(crate) range: Range<usize>,
    /// What was found.
    pub(crate) class: Class,
    /// What stands there instead; `None` where a pseudonym has to be asked for.
    pub(crate) shown: Option<Cow<'static, str>>,
}

/// A pattern whose group 1 (else the whole match) is masked.
#[derive(Debug)]
struct Pattern {
    /// One of these must stand in the text, whatever its case; most texts are done with after one look.
    needs: &'static [&'static str],
    regex: Regex,
    class: Class,
    shown: Option<&'static str>,
    accept: fn(&str, &str) -> bool,
}

/// The compiled patterns.
#[derive(Debug)]
pub(crate) struct Patterns(Vec<Pattern>);

/// Names whose values are secret, as the last word of an identifier: `DB_PASSWORD`, `x-api-key`, `AccountKey`.
const SECRET_NAMES: &str = "passw(?:or)?[dt]|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|account[_-]?key\
    |subscription[_-]?key|shared[_-]?access[_-]?key|shared[_-]?access[_-]?signature|instrumentation[_-]?key|functions[_-]?key|private[_-]?key\
    |encryption[_-]?key|machine[_-]?key|validation[_-]?key|decryption[_-]?key|credentials?|session[_-]?id|sessid\
    |connection[_-]?string|aspxauth|arraffinity";

/// One of these is in every one of [`SECRET_NAMES`].
const SECRET_STEMS: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "sess",
    "sig",
    "jwt",
    "connection",
    "aspxauth",
    "arraffinity",
];

/// Top levels below which a lower-case name is taken for a host.
const TOP_LEVELS: &[&str] = &[
    ".com",
    ".org",
    ".info",
    ".biz",
    ".edu",
    ".gov",
    ".dev",
    ".app",
    ".cloud",
    ".local",
    ".internal",
    ".lan",
    ".corp",
    ".io",
    ".shop",
    ".example",
];

/// Keys of connection strings. Two pairs in a row make one.
const CONNECTION_KEYS: &str = "data source|server|addr|address|network address|host|hostname|initial catalog|database|dbname\
    |user id|userid|uid|user|username|password|pwd|accountname|accountkey|endpoint|endpointsuffix|blobendpoint|queueendpoint\
    |tableendpoint|fileendpoint|defaultendpointsprotocol|sharedaccesskeyname|sharedaccesskey|sharedaccesssignature|entitypath\
    |integrated security|persist security info|multipleactiveresultsets|encrypt|trustservercertificate|port|ssl ?mode\
    |connection timeout|connect timeout|application name|instrumentationkey|ingestionendpoint|liveendpoint|driver|charset";

impl Patterns {
    /// Compiled once: that takes longer than masking a small analysis.
    pub(crate) fn shared() -> Result<&'static Self, regex::Error> {
        static SHARED: OnceLock<Patterns> = OnceLock::new();
        match SHARED.get() {
            Some(patterns) => Ok(patterns),
            None => Self::new().map(|patterns| SHARED.get_or_init(|| patterns)),
        }
    }

    fn new() -> Result<Self, regex::Error> {
        let any: fn(&str, &str) -> bool = |_, _| true;
        let token = Some("[token]");
        let secret = Some("[secret]");
        let user = Some("[user]");
        let connection = format!(
            r#"(?i)(?:\b(?:{CONNECTION_KEYS})\s*=\s*[^;"'<>\r\n]*;\s*)+(?:{CONNECTION_KEYS})\s*=\s*[^;"'<>\s]*;?"#
        );
        let named = format!(
            r#"(?i)(?:{SECRET_NAMES}|\b(?:sig|jwt))\\*["']?\s{{0,3}}(?:=>?|:|%3d)\s{{0,3}}(?:\\+"([^"\\]+)|"([^"]+)|'([^']+)|([^\s"'&;,<>)\]]+))"#
        );
        // `--db-password x` of a command line, `<Password>x</Password>` and `<add key="ApiKey" value="x"/>` of a configuration.
        let option = format!(r#"(?i)(?:^|\s)--?[a-z_-]*(?:{SECRET_NAMES})\s+["']?([^\s"']+)"#);
        let element = format!(r"(?i)(?:{SECRET_NAMES})(?:\s[^<>]*)?>([^<>]+)</");
        let attribute = format!(r#"(?i)(?:{SECRET_NAMES})["']\s+value\s*=\s*["']([^"']+)"#);
        let mut all = Vec::new();
        let mut add = |needs, regex: &str, class, shown, accept| {
            Regex::new(regex).map(|regex| all.push(Pattern { needs, regex, class, shown, accept }))
        };
        let is_token: fn(&str, &str) -> bool = |_, value| is_mixed(value);
        // Tokens by their shape.
        add(
            &["eyj"],
            r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",
            Class::Token,
            token,
            any,
        )?;
        add(
            &["-----begin"],
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*-----)?",
            Class::Token,
            secret,
            any,
        )?;
        add(&["akia", "asia"], r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", Class::Token, token, any)?;
        add(
            &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
            r"\bgh[pousr]_[A-Za-z0-9_]{20,}",
            Class::Token,
            token,
            any,
        )?;
        add(
            &["k_live_", "k_test_"],
            r"\b[sr]k_(?:live|test)_[A-Za-z0-9_]{10,}",
            Class::Token,
            token,
            any,
        )?;
        add(&["xox"], r"\bxox[abprs]-[A-Za-z0-9_-]{10,}", Class::Token, token, any)?;
        add(&["aiza"], r"\bAIza[A-Za-z0-9_-]{30,}", Class::Token, token, any)?;
        add(&["="], r"[A-Za-z0-9+/]{30,}={1,2}", Class::Token, token, is_token)?;
        add(&[""], r"[A-Za-z0-9_-]{40,}", Class::Token, token, is_token)?;
        // Secrets by the name in front of them.
        add(&[";"], &connection, Class::Token, Some("[connection string]"), any)?;
        add(SECRET_STEMS, &named, Class::Token, secret, |before, value| {
            !before.to_ascii_lowercase().contains("publickeytoken") && value.len() > 1
        })?;
        add(SECRET_STEMS, &option, Class::Token, secret, |_, value| value.len() > 1)?;
        add(&["</"], &element, Class::Token, secret, any)?;
        add(&["value"], &attribute, Class::Token, secret, any)?;
        // `password is hunter2`, but not `password is required`.
        add(
            &["passw"],
            r#"(?i)\bpassw(?:or)?[dt]\s+(?:(?:is|was)\s+)?(?:"([^"]+)"|'([^']+)'|([^\s"',;]*[0-9][^\s"',;]*))"#,
            Class::Token,
            secret,
            any,
        )?;
        // The command with which the platform starts a container names all settings of the application.
        add(
            &[" -e ", " --env "],
            r#"\s(?:-e|--env)\s+[A-Za-z0-9_.:-]+=("[^"]*"?|'[^']*'?|[^\s"']+)"#,
            Class::Token,
            Some("…"),
            any,
        )?;
        // Stack traces of PHP (`#0 a.php(7): connect('db', 'me', 'pw')`) and of Xdebug (`PHP   1. connect($pw = 'pw')`)
        // quote what was passed: the first 15 characters of each text, passwords included.
        add(
            &["'"],
            r"(?:\([0-9]+\): |\b[0-9]{1,3}\. )[A-Za-z0-9_\\:>{}-]+\(((?:'[^']*(?:'|$)|Object\([^()]*\)|[^'()])*)",
            Class::Token,
            Some("…"),
            |_, value| value.contains('\''),
        )?;
        add(
            &["authorization"],
            r"(?i)\bauthorization\s*[:=]\s*(\S+(?:\s+[^\s,;]+)?)",
            Class::Token,
            token,
            any,
        )?;
        add(
            &["bearer", "sharedaccess", "sharedkey", "negotiate", "ntlm"],
            r"(?i)\b(?:bearer|sharedaccesssignature|sharedkey(?:lite)?|negotiate|ntlm)\s+([A-Za-z0-9_+/=.~%:&-]{6,})",
            Class::Token,
            token,
            any,
        )?;
        add(
            &["basic", "digest"],
            r"(?i)\b(?:basic|digest)\s+([A-Za-z0-9_+/=-]{8,})",
            Class::Token,
            token,
            |_, value| value.ends_with('=') || is_mixed(value),
        )?;
        add(&["://"], r"://([^\s/@?#]+:[^\s/@?#]+)@", Class::Token, secret, any)?;
        add(
            &["cookie"],
            r"(?i)\b(?:set-)?cookie2?\s*:\s*([^\r\n]+)",
            Class::Cookie,
            Some("[cookie]"),
            any,
        )?;
        add(
            &["?", "&"],
            r#"[?&][A-Za-z0-9_.:\[\]%$\\{}-]+=([^&\s"'<>#]+)"#,
            Class::Query,
            Some("…"),
            any,
        )?;
        // People.
        add(
            &["@", "%40"],
            r#"[^\s"<>()\[\],;:=@/\\&?#|]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"#,
            Class::Email,
            Some("[e-mail]"),
            any,
        )?;
        add(
            &["user", "login", "account"],
            r#"(?i)\b(?:user(?: ?name| ?id)?|login(?: ?name)?|account ?name|cs-username)["']?\s*[=:]\s*["']?([^\s"',;<>()]+)"#,
            Class::User,
            user,
            |_, value| !words::is_platform(value),
        )?;
        add(&["user"], r#"(?i)\buser\s+["'‘“]([^"'’”]+)["'’”]"#, Class::User, user, any)?;
        add(
            &[":\\"],
            r"(?i)\b[a-z]:\\(?:users|documents and settings)\\([^\\\s]+)",
            Class::User,
            user,
            |_, value| !matches!(value.to_ascii_lowercase().as_str(), "public" | "default" | "all"),
        )?;
        add(
            &["client-principal"],
            r#"(?i)\bclient-principal(?:-name|-id)?["']?\s*[:=]\s*["']?([^\s"',;]+)"#,
            Class::User,
            user,
            any,
        )?;
        add(&["s-1-5-21-"], r"(?i)\bS-1-5-21-[0-9-]+", Class::User, user, any)?;
        add(
            &["apppool\\"],
            r#"(?i)\bIIS APPPOOL\\+([^\s\\"'<>,;()]+)"#,
            Class::User,
            user,
            |_, value| !words::is_platform(value),
        )?;
        // What a database or a resolver says of the machine that it did not reach.
        add(
            &["server", "host"],
            r#"(?i)\b(?:server|host)\s+["'‘“]([^"'’”]+)["'’”]"#,
            Class::Host,
            None,
            is_host,
        )?;
        add(
            &["enotfound", "eai_again", "getaddrinfo", "resolve host", "unknownhost"],
            r"(?i)\b(?:ENOTFOUND|EAI_AGAIN|getaddrinfo for|resolve host(?:name)?:?|UnknownHostException:)\s+([A-Za-z0-9_.-]+)",
            Class::Host,
            None,
            is_host,
        )?;
        // Machines. A host name looks like a .NET namespace, so only those that stand in a URL, below a domain of
        // the platform, or in lower case below a well-known top level count.
        add(&["."], r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", Class::Address, None, is_v4)?;
        add(
            &[":"],
            r"[0-9A-Fa-f:]{2,}(?::[0-9]{1,3}(?:\.[0-9]{1,3}){3})?",
            Class::Address,
            None,
            is_v6,
        )?;
        add(
            &["://"],
            r#"(?i)\b[a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?([^\s/:?#"'<>@\[\]\\)]+)"#,
            Class::Host,
            None,
            is_host,
        )?;
        add(
            &["azure", "windows.net", "trafficmanager", "cloudapp", "chinacloud"],
            r"(?i)\b(?:[a-z0-9_-]+\.)+(?:azurewebsites\.(?:net|us|de|cn)|windows\.net|azure\.com|azurefd\.net|azureedge\.net|trafficmanager\.net|cloudapp\.net|chinacloudsites\.cn)\b",
            Class::Host,
            None,
            is_host,
        )?;
        add(
            TOP_LEVELS,
            r"\b(?:[a-z0-9_-]+\.)+(?:com|org|info|biz|edu|gov|dev|app|cloud|local|internal|lan|corp|io|shop|example)\b",
            Class::Host,
            None,
            is_host,
        )?;
        Ok(Self(all))
    }

    /// Everything in `text` that must not be shown, in order, without overlaps. `kinds` chooses the classes.
    pub(crate) fn find(&self, text: &str, kinds: impl Fn(Class) -> bool) -> Vec<Hit> {
        let mut hits = Vec::new();
        let lower = text.to_ascii_lowercase();
        let wanted = |pattern: &&Pattern| {
            kinds(pattern.class) && pattern.needs.iter().any(|need| lower.contains(need))
        };
        for pattern in self.0.iter().filter(wanted) {
            for found in pattern.regex.captures_iter(text) {
                let Some(value) = found.iter().skip(1).flatten().next().or_else(|| found.get(0))
                else {
                    continue;
                };
                let before = text.get(..value.start()).unwrap_or_default();
                let after = text.get(value.end()..).unwrap_or_default();
                let last = char_tail(before, 40);
                if is_masked(value.as_str())
                    || !(pattern.accept)(last, value.as_str())
                    || (pattern.class == Class::Address && !ends_address(after))
                {
                    continue;
                }
                hits.push(Hit {
                    range: value.range(),
                    class: pattern.class,
                    shown: pattern.shown.map(Cow::Borrowed),
                });
            }
        }
        merged(hits)
    }
}

/// Sorts, and melts what overlaps: the longer one decides what is shown, and nothing of either is left over.
pub(crate) fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.range.start, std::cmp::Reverse(hit.range.end)));
    let mut out: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match out.last_mut() {
            Some(last) if hit.range.start < last.range.end => {
                // A pseudonym needs the exact name; what only overlaps it is blanked as a whole.
                if hit.range.end > last.range.end {
                    last.shown = last.shown.take().or(hit.shown).or(Some("[secret]".into()));
                    last.range.end = hit.range.end;
                }
            }
            _ => out.push(hit),
        }
    }
    out
}

/// What masking itself wrote.
fn is_masked(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    value.is_empty()
        || value.chars().all(|c| matches!(c, '…' | '*' | '.' | '-' | ',' | ';' | ':' | ')'))
        || (value.starts_with('[')
            && ["[token", "[secret", "[e-mail", "[user", "[cookie", "[connection", "[address"]
                .iter()
                .any(|mask| value.starts_with(mask)))
        || ["ip-", "host-", "site-"].iter().any(|stem| {
            value.strip_prefix(stem).is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b':')
            })
        })
}

fn char_tail(text: &str, max: usize) -> &str {
    let mut at = text.len().saturating_sub(max);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    text.get(at..).unwrap_or_default()
}

/// Upper case, lower case and digits together: what no word of a language and no lower-case hash has.
fn is_mixed(value: &str) -> bool {
    let value = platform::without_names(value);
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    digits >= 3
        && value.bytes().any(|b| b.is_ascii_uppercase())
        && value.bytes().any(|b| b.is_ascii_lowercase())
}

fn is_v4(before: &str, value: &str) -> bool {
    let last = before.chars().next_back();
    if last.is_some_and(|c| c.is_alphanumeric() || c == '.')
        || value.parse::<std::net::Ipv4Addr>().is_err()
    {
        return false;
    }
    // `Version=4.0.0.0` of an assembly and `Chrome/120.0.0.0` of a browser are four numbers, too.
    let lower = before.to_ascii_lowercase();
    let version = lower.trim_end_matches([' ', '=', ':', 'v']).ends_with("version");
    let mut back = before.chars().rev();
    let product = back.next() == Some('/')
        && back.next().is_some_and(|c| c.is_ascii_alphabetic())
        && value.ends_with(".0.0");
    let product = product || (last == Some('/') && value.ends_with(".0.0.0"));
    !version && !product
}

fn is_v6(before: &str, value: &str) -> bool {
    if before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '\\')) {
        return false;
    }
    // `Db::add` of PHP is an address by its letters; an address that is worth a mask has a digit in it.
    value.matches(':').count() >= 2
        && value.bytes().any(|b| b.is_ascii_digit())
        && pseudonym::parse_address(value).is_some()
}

fn ends_address(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        Some('.') => !chars.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => !c.is_alphanumeric() && c != '_',
        None => true,
    }
}

fn is_host(_: &str, value: &str) -> bool {
    value.chars().any(char::is_alphabetic) && !words::is_platform(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Class)> {
        let patterns = Patterns::shared().unwrap();
        patterns.find(text, |_| true).into_iter().map(|hit| (&text[hit.range], hit.class)).collect()
    }

    #[test]
    fn secrets_are_found_by_shape_and_by_name() {
        use Class::*;
        for (text, expected) in [
            ("Bearer abcdef123456 sent", vec![("abcdef123456", Token)]),
            ("t=eyJhbGciOi.eyJzdWIi.c2ln!", vec![("eyJhbGciOi.eyJzdWIi.c2ln", Token)]),
            ("DB_PASSWORD='hunter two' x", vec![("hunter two", Token)]),
            ("password: hunter2, then", vec![("hunter2", Token)]),
            (
                "Server=tcp:db1;Database=shop;User Id=sa;Password=p w; failed",
                vec![("Server=tcp:db1;Database=shop;User Id=sa;Password=p", Token)],
            ),
            ("mail bob.o'neil@contoso.co.uk now", vec![("bob.o'neil@contoso.co.uk", Email)]),
            ("GET /a?id=17&x=%20y done", vec![("17", Query), ("%20y", Query)]),
            (
                "from 10.0.0.7:5044 to fe80::1, ok",
                vec![("10.0.0.7", Address), ("fe80::1", Address)],
            ),
            ("Access denied for user 'shop'@'x'", vec![("shop", User)]),
            (r"C:\Users\bob\x.txt", vec![("bob", User)]),
            ("call https://u:pw12@api.contoso.net/x", vec![("u:pw12@api.contoso.net", Token)]),
            (
                r"#0 D:\a.php(7): PDO->__construct('mysql:host=db', 'me', 'pw') #1 D:\b.php(9): A\B::c(Object(D), 1)",
                vec![("'mysql:host=db', 'me', 'pw'", Token)],
            ),
            ("PHP   2. connect($pw = 'a b', $n = 3) a.php:3", vec![("$pw = 'a b', $n = 3", Token)]),
            ("#0 a.php(7): f(Array, 'cut in the mid", vec![("Array, 'cut in the mid", Token)]),
            ("tool --db-password hunter2 -v", vec![("hunter2", Token)]),
            ("<Password>hunter2</Password>", vec![("hunter2", Token)]),
            (r#"<add key="ApiKey" value="hunter2"/>"#, vec![("hunter2", Token)]),
            (r#"{\"password\":\"hunter2\"}"#, vec![("hunter2", Token)]),
            ("Passwort=hunter2", vec![("hunter2", Token)]),
            ("the password is hunter2", vec![("hunter2", Token)]),
            ("password 'hunter' rejected", vec![("hunter", Token)]),
            ("Ocp-Apim-Subscription-Key: hunter2", vec![("hunter2", Token)]),
            (
                "docker run -p 80:80 -e A_B=hunter2 -e C='d e' x",
                vec![("hunter2", Token), ("'d e'", Token)],
            ),
            ("X-MS-CLIENT-PRINCIPAL-NAME: anna", vec![("anna", User)]),
            ("of S-1-5-21-1-2-3-1001 here", vec![("S-1-5-21-1-2-3-1001", User)]),
            (r"for IIS APPPOOL\contoso.", vec![("contoso.", User)]),
            ("Cannot open server 'stock' requested", vec![("stock", Host)]),
            ("getaddrinfo ENOTFOUND stock-db", vec![("stock-db", Host)]),
            ("key AKIAABCDEFGHIJKLMNOP", vec![("AKIAABCDEFGHIJKLMNOP", Token)]),
            (
                "2025-10-15T22-42-16_c41bc2_003_GET_x-aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5h_200_0s.xml",
                vec![(
                    "2025-10-15T22-42-16_c41bc2_003_GET_x-aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5h_200_0s",
                    Token,
                )],
            ),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn words_of_the_trade_are_left_alone() {
        for text in [
            "System.Web, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a",
            "Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36",
            "Contoso.Shop.Web.Pricing.PromoRule.Evaluate()",
            "Db::add() in std::vector at 02:14:07 of 2026-03-11T02:14:07Z",
            "deployment 7c31e0a9d4f12aa31c0e55d1c0ffee0123456789 finished",
            "502.3.12030 on b47e02, RD0003FF6A52C7, dw0sdwk000ABC",
            "D:\\home\\site\\wwwroot\\wp-content\\plugins\\x.php:88",
            "LogFiles/kudu/trace/2025-10-15T22-42-16_c41bc2_003_Background_POST_api-zipdeploy_10s.xml",
            "2025-12-04T05-41-25_dda7cc_009_GET_api-deployments-1b1c5a6aae6c4aa985f3041559f0ce71-log_200_0s.xml",
            "RD0003FF8A1B2C_w3wp_6780_639088285200000000.dmp",
            "kudu/trace/dw1sdwk000P4P-e49dad03-895a-4b91-bae3-311592074b5c.txt",
            "see https://learn.microsoft.com/azure",
            "syntax error, unexpected token ; in index.php",
            "The password is required, the password was wrong",
            "IIS APPPOOL\\DefaultAppPool of NT AUTHORITY\\SYSTEM",
            "exit code: 0xC0000005, ip-3 (private), ?a=…&b=…, host-1:443",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
