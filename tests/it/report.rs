//! The page: one file, self-contained, whole without scripts.

use super::support::{BUNDLE, Place};

fn page() -> String {
    let place = Place::with(BUNDLE);
    let run = place.run(["two-instances-503.zip", "-q", "-o", "-"]);
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn the_page_asks_nothing_of_a_network() {
    let page = page();
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"));
    for loads in [
        "<link",
        "<iframe",
        "<object",
        "<embed",
        "@import",
        "url(http",
        "src=\"http",
        "src='http",
        "srcset",
        "<base",
    ] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert!(page.len() < 2_000_000, "{}", page.len());
}

#[test]
fn the_page_says_the_main_thing_in_its_text() {
    let page = page();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    let text = without_scripts(&page);
    for words in ["503", "two-instances-503.zip", "Coverage", "2026-04-30"] {
        assert!(text.contains(words), "{words} does not stand in the page");
    }
}

fn without_scripts(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(at) = rest.find("<script") {
        text.push_str(&rest[..at]);
        rest = rest[at..].split_once("</script>").map_or("", |(_, rest)| rest);
    }
    text + rest
}

#[test]
fn markup_in_a_log_is_text_in_the_page() {
    let place = Place::new();
    let mut log = String::from(
        "#Fields: date time s-sitename cs-method cs-uri-stem cs(User-Agent) c-ip sc-status sc-win32-status time-taken\n",
    );
    for second in 0..3000 {
        let (minute, second) = (second / 60, second % 60);
        let status = if (20..26).contains(&minute) { 503 } else { 200 };
        log += &format!(
            "2026-03-11 02:{minute:02}:{second:02} CONTOSO GET /<script>alert(1)</script>/\"><img/src=x/onerror=alert(2)> \
             <svg/onload=alert(3)> 203.0.113.7 {status} 0 15\n"
        );
    }
    place.write("<b>x.log", log.as_bytes());
    let run = place.run(["<b>x.log", "-q", "-o", "-"]);
    assert_eq!(run.code, Some(0));
    let page = String::from_utf8(run.stdout).unwrap();
    assert!(page.contains("alert(1)"), "the path is shown");
    for live in ["<script>alert", "<img/src", "<svg/onload", "<b>x.log"] {
        assert!(!page.contains(live), "{live} is markup in the page");
    }
}
