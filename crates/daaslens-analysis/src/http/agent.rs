//! User agents as families: browser, bot, tool, probe. Enough to see that one kind of client fails.

/// What a user agent calls itself, coarsely. The order matters: everything claims to be Mozilla, and most
/// browsers claim to be Safari.
const FAMILIES: [(&str, &str); 27] = [
    ("AlwaysOn", "AlwaysOn"),
    ("ReadyForRequest", "ReadyForRequest"),
    ("HealthCheck", "HealthCheck"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Browser"),
    ("Googlebot", "Googlebot"),
    ("bingbot", "bingbot"),
    ("YandexBot", "YandexBot"),
    ("Baiduspider", "Baiduspider"),
    ("GPTBot", "GPTBot"),
    ("Teams", "Teams"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Trident/", "Internet Explorer"),
    ("MSIE", "Internet Explorer"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
    ("Java/", "Java"),
    ("okhttp", "OkHttp"),
    ("Go-http-client", "Go"),
    ("PostmanRuntime", "Postman"),
    ("sqlmap", "sqlmap"),
    ("axios", "axios"),
];

/// The family of a user agent; for what is not known, its first word.
pub(crate) fn family(agent: &[u8]) -> String {
    let known =
        FAMILIES.iter().find(|(part, _)| memchr::memmem::find(agent, part.as_bytes()).is_some());
    if let Some((_, family)) = known {
        return (*family).to_owned();
    }
    let word =
        agent.split(|c| matches!(c, b'/' | b'+' | b' ' | b'(' | b';')).next().unwrap_or_default();
    let word = word.get(..word.len().min(40)).unwrap_or_default();
    String::from_utf8_lossy(word).into_owned()
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn families_are_told_by_the_most_telling_part() {
        for (agent, expected) in [
            (
                "Mozilla/5.0+(Windows+NT+10.0)+AppleWebKit/537.36+Chrome/120.0+Safari/537.36+Edg/120.0",
                "Edge",
            ),
            ("Mozilla/5.0+(iPhone)+AppleWebKit/605.1.15+Version/17.0+Safari/604.1", "Safari"),
            ("curl/8.0", "curl"),
            ("MyApp/1.2+(x)", "MyApp"),
            ("", ""),
        ] {
            assert_eq!(family(agent.as_bytes()), expected);
        }
    }
}
