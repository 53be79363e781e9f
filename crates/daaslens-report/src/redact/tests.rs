//! Masking field by field, and its laws.

use super::*;
use daaslens_core::model::{Identity, Input};
use daaslens_core::{Confidence, Evidence, Finding, Location, Part, Severity};
use proptest::prelude::*;

fn masked(kind: PartKind, text: &str) -> String {
    masked_with(&[], &[(kind, text)]).concat()
}

/// Masks one excerpt, given what is known of names.
fn masked_with(names: &[(PartKind, &str)], parts: &[(PartKind, &str)]) -> Vec<String> {
    let mut finding = Finding::new("x", Severity::Info, Confidence::Weak, String::new());
    let parts = parts.iter().map(|(kind, text)| Part {
        kind: *kind,
        text: (*text).to_owned(),
        strong: false,
    });
    finding.evidence = vec![Evidence {
        at: Location::default(),
        note: String::new(),
        excerpt: Excerpt(parts.collect()),
        alike: 1,
    }];
    let identities =
        names.iter().map(|(kind, value)| Identity { kind: *kind, value: (*value).to_owned() });
    let analysis = Analysis {
        findings: vec![finding],
        identities: identities.collect(),
        ..Analysis::default()
    };
    let redacted = redact(&analysis, &Options::default(), &BTreeSet::new()).unwrap();
    let parts = &redacted.analysis.findings[0].evidence[0].excerpt.0;
    parts.iter().map(|part| part.text.clone()).collect()
}

#[test]
fn each_kind_of_part_is_masked_in_its_way() {
    use PartKind::*;
    for (kind, text, expected) in [
        (Plain, "2026-03-11 02:14:07 password=no", "2026-03-11 02:14:07 password=no"),
        (Query, "a=1&b=&flag&c=x=y", "a=…&b=&…&c=…"),
        (Query, "?q=a;b", "?q=…;…"),
        (Query, "-", "-"),
        (Cookie, "a=1; b=2", "a=…; b=…"),
        (Url, "https://bob:pw@shop.example:8443/a/b?c=d", "https://host-1:8443/a/b?c=…"),
        (Url, "/only/path", "/only/path"),
        (User, "-", "-"),
        (User, "bob", "[user]"),
        (Address, "10.0.0.1:1234", "ip-1 (private)"),
        (Address, "not an address", "[address]"),
        (Host, "localhost:80", "localhost:80"),
        (Host, "203.0.113.9:80", "ip-1"),
        (Site, "~1shop", "~1site-1"),
        (Instance, "RD0003FF6A52C7", "RD0003FF6A52C7"),
        (Instance, "10-30-0-113", "10-30-0-113"),
        (Instance, "203.0.113.9", "203.0.113.9"),
        (Instance, "web01.corp.example", "host-1"),
        (Path, "/reset/bob@shop.example/10.0.0.1", "/reset/[e-mail]/ip-1 (private)"),
        (
            Text,
            "from 203.0.113.9 and 10.0.0.2, again 203.0.113.9",
            "from ip-1 and ip-2 (private), again ip-1",
        ),
    ] {
        assert_eq!(masked(kind, text), expected, "{kind:?} {text}");
    }
}

#[test]
fn a_secret_that_is_cut_in_two_parts_is_masked_whole() {
    use PartKind::{Plain, Text};
    assert_eq!(
        masked_with(
            &[],
            &[(Plain, "error "), (Text, "Pass"), (Text, "word=hun"), (Text, "ter2 x")]
        ),
        ["error ", "Pass", "word=[secret]", " x"]
    );
}

#[test]
fn names_that_are_known_are_masked_in_all_free_text() {
    use PartKind::{Host, Site, Text, User};
    let names = [(Site, "contoso"), (Host, "www.contoso.com"), (User, "janeroe"), (Site, "api")];
    let text = "Contoso and contoso-staging on WWW.CONTOSO.COM by JaneRoe, not contosos; api";
    assert_eq!(
        masked_with(&names, &[(Text, text)]),
        ["site-1 and site-1-staging on host-1 by [user], not contosos; api"]
    );
}

#[test]
fn pseudonyms_count_along_the_identities() {
    use PartKind::{Address, Text};
    let names = [(Address, "10.0.0.9"), (Address, "203.0.113.1")];
    assert_eq!(
        masked_with(&names, &[(Text, "203.0.113.7 203.0.113.1 10.0.0.9")]),
        ["ip-3 ip-2 ip-1 (private)"]
    );
}

#[test]
fn paths_of_sources_stay_but_for_secrets() {
    let name = "shop-jane@contoso.example-10.1.2.3.zip!/LogFiles/x.log".to_owned();
    let analysis = Analysis {
        inputs: vec![Input { name, kind: "file" }],
        identities: vec![Identity { kind: PartKind::Site, value: "shop".to_owned() }],
        ..Analysis::default()
    };
    let redacted = redact(&analysis, &Options::default(), &BTreeSet::new()).unwrap();
    let path = &redacted.analysis.inputs[0].name;
    assert!(path.ends_with("!/LogFiles/x.log") && !path.contains("jane"), "{path}");
    assert!(redacted.analysis.identities.is_empty());
}

/// An address can be the name of a value. Masked, it looks like a name, and its value must not wait for that.
#[test]
fn an_address_as_a_name_hides_its_value_at_once() {
    assert_eq!(masked(PartKind::Text, "&::2=secret"), "&ip-1=…");
}

#[test]
fn long_texts_are_bounded() {
    let text = masked(PartKind::Text, &"é".repeat(100_000));
    assert!(text.len() <= MAX_EXCERPT && text.ends_with('…'));
    assert_eq!(bounded("abc", 3), "abc");
    assert_eq!(bounded("ééé", 5), "é…");
    assert_eq!(bounded("é", 1), "");
}

proptest! {
    /// Whatever stands around it, the value of a query is not shown.
    #[test]
    fn query_values_never_survive(name in "[a-z]{1,8}", value in "[A-Za-z0-9]{6,20}", tail in "\\PC{0,20}") {
        let text = format!("{name}={value}{tail}");
        prop_assume!(!name.contains(&value));
        let shown = masked(PartKind::Query, &text);
        prop_assert!(!shown.contains(&value), "{}", shown);
    }

    /// Masking what is masked changes nothing.
    #[test]
    fn masking_twice_is_masking_once(text in "[ a-zA-Z0-9@.:=&?/;_%+-]{0,80}") {
        let once = masked(PartKind::Text, &text);
        let twice = masked(PartKind::Text, &once);
        prop_assert_eq!(once, twice);
    }

    /// Any bytes may come in, cut anywhere.
    #[test]
    fn any_text_in_any_part(texts in prop::collection::vec(("\\PC{0,30}", 0usize..11), 0..6)) {
        use PartKind::*;
        const KINDS: [PartKind; 11] = [Plain, Text, Path, Query, Cookie, Url, User, Address, Host, Site, Instance];
        let parts: Vec<_> = texts.iter().map(|(text, kind)| (KINDS[*kind], text.as_str())).collect();
        let shown = masked_with(&[(Site, "contoso")], &parts);
        prop_assert!(shown.iter().map(String::len).sum::<usize>() <= MAX_EXCERPT);
    }
}
