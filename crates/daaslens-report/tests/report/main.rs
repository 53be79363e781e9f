//! The finished outputs of whole analyses.

mod sample;

use std::collections::BTreeSet;

use daaslens_core::model::{Analysis, Identity};
use daaslens_core::{Evidence, Excerpt, Finding, PartKind, Severity};
use daaslens_report::{
    Class, Level, Options, Rendered, render, render_html, render_json, render_markdown,
};

fn options() -> Options<'static> {
    Options { version: "0.0.0", ..Options::default() }
}

fn rendered(analysis: &Analysis) -> Rendered {
    render(analysis, &options()).expect("renders")
}

fn html(analysis: &Analysis) -> String {
    String::from_utf8(rendered(analysis).html).expect("UTF-8")
}

fn all() -> Vec<(&'static str, Analysis)> {
    vec![
        ("nothing", sample::nothing()),
        ("without-http", sample::without_http()),
        ("one-request", sample::one_request()),
        ("rich", sample::rich()),
    ]
}

/// The values of `name="…"` in `html`.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!(" {name}=\"");
    html.split(&opening).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_link_has_its_target_and_no_id_stands_twice() {
    for (name, analysis) in all() {
        let html = html(&analysis);
        let ids = attributes(&html, "id");
        let set: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), set.len(), "{name}: an id stands twice");
        let links = attributes(&html, "href");
        assert!(links.len() > 10, "{name}");
        for link in links {
            assert!(link.strip_prefix('#').is_some_and(|id| set.contains(id)), "{name}: {link}");
        }
        for label in attributes(&html, "aria-labelledby") {
            assert!(label.split(' ').all(|id| set.contains(id)), "{name}: {label}");
        }
        for index in 1..=analysis.findings.len() {
            assert!(set.contains(format!("F{index}").as_str()), "{name}: F{index} has no anchor");
        }
    }
}

#[test]
fn the_page_asks_the_network_for_nothing() {
    for (name, analysis) in all() {
        let html = html(&analysis);
        for forbidden in [
            " src=",
            "<link",
            "<iframe",
            "<form",
            "<img",
            "@import",
            "url(http",
            "<base",
            " on",
            "javascript:",
        ] {
            let tags = html.split('<').map(|tag| tag.split('>').next().unwrap_or_default());
            let found =
                tags.filter(|tag| tag.starts_with(|c: char| c.is_ascii_lowercase())).find(|tag| {
                    format!("<{tag}").contains(forbidden)
                        && !tag.contains("aria-label")
                        && !tag.starts_with("meta")
                });
            assert_eq!(found, None, "{name}: {forbidden}");
        }
        assert!(html.contains("default-src 'none'"), "{name}");
        assert_eq!(
            html.matches("<script").count(),
            1 + html.matches("id=\"tl-data\"").count(),
            "{name}"
        );
    }
}

#[test]
fn the_same_analysis_gives_the_same_bytes() {
    let (a, b) = (rendered(&sample::rich()), rendered(&sample::rich()));
    assert_eq!((a.html, a.json, a.markdown, a.terminal), (b.html, b.json, b.markdown, b.terminal));
    let one = rendered(&sample::rich());
    assert_eq!(render_html(&sample::rich(), &options()).expect("renders"), one.html);
    assert_eq!(render_json(&sample::rich(), &options()).expect("renders"), one.json);
    assert_eq!(render_markdown(&sample::rich(), &options()).expect("renders"), one.markdown);
}

#[test]
fn totals_agree_in_every_output() {
    let out = rendered(&sample::rich());
    let html = String::from_utf8(out.html).expect("UTF-8").replace('\u{a0}', " ");
    let json: serde_json::Value = serde_json::from_slice(&out.json).expect("JSON");
    let http = json.get("http").expect("http");
    assert_eq!(http.get("requests").and_then(serde_json::Value::as_u64), Some(332_817));
    assert_eq!(http.get("server_errors").and_then(serde_json::Value::as_u64), Some(2364));
    let sentence = "2,364 of 332,817 requests failed with a server error (0.71 %)";
    assert!(out.markdown.contains(sentence), "{}", out.markdown);
    assert!(html.contains(sentence), "ticket");
    assert!(html.contains("<dt>Requests</dt><dd>332,817<"), "key figures");
    assert!(html.contains("332,817 requests by status"), "status table");
    assert!(out.terminal.iter().any(|line| line.replace('\u{a0}', " ").contains(sentence)));
    assert!(out.terminal.len() <= 6);
}

#[test]
fn json_of_a_small_analysis() {
    let json = String::from_utf8(rendered(&sample::one_request()).json).expect("UTF-8");
    insta::assert_snapshot!(json);
}

#[test]
fn json_keys_are_sorted_everywhere() {
    fn sorted(value: &serde_json::Value, text: &str, from: &mut usize) {
        match value {
            serde_json::Value::Object(map) => {
                let mut last = String::new();
                for (key, value) in map {
                    assert!(*key > last, "{key} after {last}");
                    last.clone_from(key);
                    // The parser sorts by itself; the text shows the order in which the keys were written.
                    let found =
                        text.get(*from..).and_then(|rest| rest.find(&format!("\"{key}\":")));
                    *from +=
                        found.unwrap_or_else(|| panic!("{key} stands earlier than its neighbour"));
                    sorted(value, text, from);
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    sorted(item, text, from);
                }
            }
            _ => {}
        }
    }
    let json = String::from_utf8(rendered(&sample::rich()).json).expect("UTF-8");
    sorted(&serde_json::from_str(&json).expect("JSON"), &json, &mut 0);
    assert!(json.starts_with("{\n  \"coverage\"") && json.ends_with("}\n"));
}

#[test]
fn markdown_of_a_rich_analysis() {
    let markdown = rendered(&sample::rich()).markdown;
    assert!(markdown.chars().count() <= 3000);
    insta::assert_snapshot!(markdown.replace('\u{a0}', " "));
}

#[test]
fn a_bundle_that_says_nothing_is_said_to_say_nothing() {
    let out = rendered(&sample::nothing());
    let html = String::from_utf8(out.html).expect("UTF-8");
    for sentence in [
        "Cannot tell from this bundle:",
        "No HTTP log in this bundle",
        "No event log in this bundle",
        "No PHP error log in this bundle",
        "No file was found in the input",
        "None found, and nothing could be called clean",
    ] {
        assert!(html.contains(sentence), "{sentence}");
    }
    assert!(!html.contains("NaN") && !html.contains("inf%"));
    insta::assert_snapshot!(out.terminal.join("\n"));
}

#[test]
fn nothing_is_larger_than_the_cap() {
    let analysis = sample::monster();
    let json_name = Some("x.json".to_owned());
    let html = render_html(&analysis, &Options { json_name, ..options() }).expect("renders");
    assert!(html.len() <= 10_000_000, "{}", html.len());
    let html = String::from_utf8(html).expect("UTF-8");
    for kept in [
        "id=\"ticket\"",
        "id=\"timeline\"",
        "id=\"F1\"",
        "id=\"F600\"",
        "id=\"clean\"",
        "id=\"receipt\"",
        "evidence lines beyond the third",
    ] {
        assert!(html.contains(kept), "{kept}");
    }
}

/// Every secret that is planted, by the kind of the part in which it stands.
const PLANTED: &[(PartKind, &str, &str)] = &[
    (PartKind::Query, "sid=qV4lu3-77&next=%2Fa", "qV4lu3-77"),
    (PartKind::Cookie, "auth=c00ki3Jar; x=1", "c00ki3Jar"),
    (PartKind::User, "CONTOSO\\jane.roe", "jane.roe"),
    (PartKind::Address, "198.51.100.23", "198.51.100.23"),
    (PartKind::Address, "2001:db8::77", "2001:db8::77"),
    (PartKind::Host, "intranet.contoso.example", "intranet.contoso"),
    (PartKind::Site, "contoso-secret-site", "contoso-secret"),
    (PartKind::Url, "https://u:pAssw0rd@ref.fabrikam.example/p?k=r3ferrer", "pAssw0rd"),
    (PartKind::Url, "https://u:pAssw0rd@ref.fabrikam.example/p?k=r3ferrer", "r3ferrer"),
    (PartKind::Text, "login with password=\"hunter two\" failed", "hunter two"),
    (PartKind::Text, "Authorization: Bearer abc.DEF-123456", "abc.DEF-123456"),
    (PartKind::Text, "mail to jane@contoso.example, CONTOSO\\jane.roe", "jane@contoso"),
    (
        PartKind::Text,
        "Server=db1.contoso.example;Database=shop;User Id=sa;Password=Sup3r;",
        "Sup3r",
    ),
    (PartKind::Text, "blob ?sv=2024&sig=aB%2Bc9dEf%3D", "aB%2Bc9dEf"),
    (
        PartKind::Text,
        "INTRANET.contoso.example and contoso-SECRET-site from 198.51.100.23",
        "SECRET-site",
    ),
    (PartKind::Path, "/reset/jane@contoso.example/x", "jane@contoso"),
];

fn leaky() -> Analysis {
    let mut analysis = sample::rich();
    for (kind, text, _) in PLANTED {
        let mut finding = Finding::new(
            "app-log-errors",
            Severity::Warning,
            daaslens_core::Confidence::Likely,
            "x".to_owned(),
        );
        // A secret in a part of its own, one cut in two by emphasis, and one in prose around it.
        let half = text.len() / 2;
        finding.evidence = vec![Evidence {
            at: daaslens_core::Location::default(),
            note: String::new(),
            alike: 1,
            excerpt: Excerpt(vec![sample::part(*kind, text, true)]),
        }];
        if *kind == PartKind::Text {
            finding.headline = format!("The log says {text} at noon");
            finding.advice.fix = vec![format!("Look at {text}")];
            let halves = vec![
                sample::part(*kind, &text[..half], false),
                sample::part(*kind, &text[half..], true),
            ];
            finding
                .evidence
                .push(Evidence { excerpt: Excerpt(halves), ..finding.evidence[0].clone() });
        }
        analysis.findings.push(finding);
    }
    analysis.verdict.headline.push_str(" on contoso-secret-site, seen from 198.51.100.23");
    analysis
        .identities
        .push(Identity { kind: PartKind::User, value: "CONTOSO\\jane.roe".to_owned() });
    analysis
}

#[test]
fn no_secret_is_left_in_any_output() {
    let out = rendered(&leaky());
    let outputs = [
        String::from_utf8(out.html).expect("UTF-8"),
        String::from_utf8(out.json).expect("UTF-8"),
        out.markdown,
        out.terminal.join("\n"),
    ];
    for output in outputs.map(|it| it.to_lowercase()) {
        let shown = output.replace("&#34;", "\"").replace("<b>", "").replace("</b>", "");
        for (kind, text, secret) in PLANTED {
            assert!(!shown.contains(&secret.to_lowercase()), "{kind:?} {secret} of {text}");
        }
    }
    for class in Class::ALL {
        assert!(out.receipt.get(&class).is_some_and(|n| *n > 0), "{class:?} is not in the receipt");
    }
    assert!(
        out.pseudonyms
            .iter()
            .any(|(alias, meaning)| alias.starts_with("ip-") && meaning == "198.51.100.23")
    );
}

#[test]
fn normal_keeps_addresses_and_names_and_nothing_else() {
    let out =
        render(&leaky(), &Options { redaction: Level::Normal, ..options() }).expect("renders");
    let json = String::from_utf8(out.json).expect("UTF-8");
    for kept in ["198.51.100.23", "intranet.contoso.example", "contoso-secret-site"] {
        assert!(json.contains(kept), "{kept}");
    }
    for gone in [
        "qV4lu3-77",
        "c00ki3Jar",
        "hunter two",
        "abc.DEF-123456",
        "Sup3r",
        "jane@contoso",
        "pAssw0rd",
    ] {
        assert!(!json.contains(gone), "{gone}");
    }
    assert!(out.pseudonyms.is_empty());
}

#[test]
fn off_masks_nothing_and_says_so() {
    let out = render(&leaky(), &Options { redaction: Level::Off, ..options() }).expect("renders");
    let json = String::from_utf8(out.json).expect("UTF-8");
    assert!(json.contains("qV4lu3-77") && json.contains("\"level\": \"off\""));
    let html = String::from_utf8(out.html).expect("UTF-8");
    assert!(html.contains("Nothing in this report is masked"));
}

#[test]
fn names_of_the_platform_s_machines_stay() {
    let html = html(&sample::rich());
    for name in ["RD0003FFB47E02", "b47e02", "dump-03-12.zip!/LogFiles/http/RawLogs/"] {
        assert!(html.contains(name), "{name}");
    }
    assert!(html.contains("site-1") && !html.contains("contoso-shop"));
}

#[test]
fn a_visitor_cannot_stop_or_deface_the_report() {
    let mut analysis = sample::rich();
    let query = "a=2026-03-11&b=http-5xx-cluster&c=instance&d=332817&e=daaslens&f=%2Fapi%2Forders&g=Mitigate+now";
    for evidence in analysis.findings.iter_mut().flat_map(|it| &mut it.evidence) {
        evidence.excerpt.0.push(sample::part(PartKind::Query, query, false));
    }
    let html = html(&analysis);
    assert!(html.contains("After deployment 7c31e0a one worker process crashed nine times"));
    assert!(html.contains("<code>http-5xx-cluster</code>") && !html.contains("[secret]"));
}
