//! Single sections, and texts that try to break out of them.

use super::*;
use crate::redact::{redact, walk};
use daaslens_core::PartKind;

#[path = "../../tests/report/sample.rs"]
#[expect(dead_code, reason = "shared with the tests of the finished outputs")]
mod sample;

fn options() -> Options<'static> {
    Options { version: "0.0.0", ..Options::default() }
}

fn with_page<T>(analysis: &Analysis, level: Level, look: impl FnOnce(&Page) -> T) -> T {
    let redacted = redact(
        analysis,
        &Options { redaction: level, ..Options::default() },
        &std::collections::BTreeSet::new(),
    )
    .unwrap();
    look(&page(&redacted, &options(), &Limits::default(), &[]))
}

/// Blank lines say nothing in a snapshot.
fn dense(html: &str) -> String {
    html.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_first_screen_of_an_empty_bundle() {
    let html =
        with_page(&sample::nothing(), Level::Strict, |page| page.as_verdict().render().unwrap());
    insta::assert_snapshot!(dense(&html));
}

#[test]
fn the_status_table() {
    let html = with_page(&sample::rich(), Level::Strict, |page| page.as_status().render().unwrap());
    insta::assert_snapshot!(dense(&html));
}

#[test]
fn the_actions() {
    let html =
        with_page(&sample::rich(), Level::Strict, |page| page.as_mitigate().render().unwrap());
    insta::assert_snapshot!(dense(&html));
}

#[test]
fn an_explanation_stands_inside_the_card_of_what_it_explains() {
    with_page(&sample::rich(), Level::Strict, |page| {
        let cards: Vec<_> = page
            .cards
            .iter()
            .map(|card| {
                (
                    card.id.as_str(),
                    card.children.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(cards, [("F1", vec!["F3"]), ("F2", vec![]), ("F4", vec![])]);
        assert_eq!(page.notes.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["F5"]);
    });
}

/// Puts the same text into every field.
struct Fill(String);

impl walk::Visitor for Fill {
    fn text(&mut self, _: PartKind, text: &mut String) {
        text.clone_from(&self.0);
    }

    fn source_path(&mut self, path: &mut String) {
        path.clone_from(&self.0);
    }
}

#[test]
fn hostile_text_is_shown_as_text_wherever_it_stands() {
    let token = "A".repeat(65_536);
    for hostile in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</title></svg></style></script></pre>]]>--><!--",
        "javascript:alert(1)",
        "{{ page }}{% raw %}&lt;b&gt;",
        "a\u{202e}gpj.exe\u{0}\u{200b}\u{2028}",
        token.as_str(),
    ] {
        for level in [Level::Strict, Level::Off] {
            let mut analysis = sample::rich();
            walk::texts(&mut analysis, &mut Fill(hostile.to_owned()));
            let rendered =
                crate::render(&analysis, &Options { redaction: level, ..options() }).unwrap();
            let html = String::from_utf8(rendered.html).unwrap();
            let data = usize::from(html.contains("tl-data"));
            // What the program itself writes, and nothing more.
            assert_eq!(
                html.matches("<script").count(),
                1 + data,
                "{level:?} {}",
                shortened(hostile, 60)
            );
            assert_eq!(html.matches("</script").count(), 1 + data);
            assert_eq!(html.matches("</title").count(), 1 + html.matches("<title id=").count());
            assert_eq!(html.matches("<img").count(), 0);
            assert_eq!(html.matches("<!--").count(), 0);
            assert_eq!(html.matches("<svg").count(), html.matches("</svg").count());
            assert_eq!(html.matches("<pre").count(), html.matches("</pre").count());
            assert!(!html.contains(['\u{0}', '\u{202e}', '\u{200b}', '\u{2028}']));
            assert!(html.len() < 1_500_000, "{}", html.len());
            assert!(rendered.markdown.chars().count() <= 3000);
            assert!(!rendered.markdown.contains('<'));
            serde_json::from_slice::<serde_json::Value>(&rendered.json).unwrap();
        }
    }
}

#[test]
fn a_small_limit_takes_the_steps_in_their_order() {
    let redacted =
        redact(&sample::rich(), &Options::default(), &std::collections::BTreeSet::new()).unwrap();
    let full = render(&redacted, &options()).unwrap().len();
    let less = render(&redacted, &Options { soft_limit: full - 1, ..options() }).unwrap();
    let less = String::from_utf8(less).unwrap();
    assert!(less.contains("3: evidence lines beyond the third of a finding"));
    assert!(!less.contains("excerpts cut to 200 bytes"));
    let least = render(&redacted, &Options { soft_limit: 1, ..options() }).unwrap();
    let least = String::from_utf8(least).unwrap();
    assert!(least.contains("cards after the twentieth"));
    assert!(
        !least.contains("cards after the fifth"),
        "below the hard limit nothing more is left out"
    );
}

#[test]
fn the_script_is_the_one_whose_hash_the_page_names() {
    assert!(!SCRIPT.contains('\r') && !SCRIPT.contains("</"));
    assert!(!STYLE.contains("</") && !STYLE.contains("url(http"));
    for forbidden in ["innerHTML", "eval(", "fetch(", "XMLHttp", "import("] {
        assert!(!SCRIPT.contains(forbidden), "{forbidden}");
    }
}
