//! Entries that are not right, and what is said about them.

use crate::{catalogue, emit};

const SOURCES: &str =
    "[[source]]\nkey = \"doc\"\ntitle = \"A document\"\nlink = \"https://example.invalid/\"\n";

/// The faults of one data file, with a single source to cite.
fn faults(file: &str, text: &str) -> Vec<String> {
    let files =
        [("sources.toml".to_owned(), SOURCES.to_owned()), (file.to_owned(), text.to_owned())];
    catalogue::load(&files).err().unwrap_or_default()
}

fn check(file: &str, text: &str, expected: &[&str]) {
    assert_eq!(faults(file, text), expected, "{text}");
}

#[test]
fn a_good_entry_goes_through() {
    let text =
        "[[status]]\ncode = 503\ntitle = \"Away\"\nmeans = \"It is away.\"\nsources = [\"doc\"]\n";
    check("http_status.toml", text, &[]);
    let files = [
        ("sources.toml".to_owned(), SOURCES.to_owned()),
        ("http_status.toml".to_owned(), text.to_owned()),
    ];
    let tables = emit::emit(&catalogue::load(&files).unwrap());
    assert!(tables.contains(
        "pub(crate) static STATUSES: [Status; 1] = [\n    Status { code: 503, about: About { title: \"Away\", means: \"It is away.\", advice: &[], sources: &[&SOURCES[0]] } },\n];"
    ));
}

#[test]
fn a_key_that_nobody_reads() {
    let text = "[[status]]\ncode = 503\ntitle = \"Away\"\nmeans = \"It is away.\"\nsources = [\"doc\"]\nadvise = [\"Wait.\"]\n";
    check(
        "http_status.toml",
        text,
        &["http_status.toml: 503: unknown field `advise`, expected `code`"],
    );
}

#[test]
fn the_same_code_twice() {
    let entry =
        "[[status]]\ncode = 503\ntitle = \"Away\"\nmeans = \"It is away.\"\nsources = [\"doc\"]\n";
    check("http_status.toml", &entry.repeat(2), &["http_status.toml: 503: stands twice"]);
}

/// A list may be spread over files, and its keys are still compared.
#[test]
fn the_same_code_in_two_files() {
    let entry =
        "[[status]]\ncode = 503\ntitle = \"Away\"\nmeans = \"It is away.\"\nsources = [\"doc\"]\n";
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let files = [file("a.toml", SOURCES), file("b.toml", entry), file("c.toml", entry)];
    assert_eq!(catalogue::load(&files).unwrap_err(), ["c.toml: 503: stands twice"]);
}

#[test]
fn names_that_differ_in_case_only() {
    let entry = |reason: &str| {
        format!(
            "[[httperr]]\nreason = \"{reason}\"\nclass = \"limit\"\ntitle = \"Full\"\nmeans = \"It is full.\"\nsources = [\"doc\"]\n"
        )
    };
    let text = format!("{}{}", entry("QueueFull"), entry("queuefull"));
    check("httperr.toml", &text, &["httperr.toml: queuefull: stands twice"]);
}

#[test]
fn title_means_and_source_are_missing() {
    check(
        "http_status.toml",
        "[[status]]\ncode = 503\n",
        &[
            "http_status.toml: 503: title is missing",
            "http_status.toml: 503: means is missing",
            "http_status.toml: 503: source is missing",
        ],
    );
}

/// The smallest entry of each list that says where it is known from. Rules, signs and lists of names are left out:
/// the catalogue itself defines them, so there is nobody to cite.
const CITING: [(&str, &str); 18] = [
    ("status", "code = 503"),
    ("substatus", "code = \"503.2\""),
    ("triple", "codes = [\"502.3.12030\"]"),
    ("win32", "code = 64\nname = \"X\""),
    ("httperr", "reason = \"QueueFull\"\nclass = \"limit\""),
    ("gateway_error", "word = \"OriginTimeout\"\nby = \"A\"\nclass = \"timeout\""),
    ("notification", "number = 128\nname = \"X\""),
    ("trace_event", "names = [\"X\"]\nstage = \"request\""),
    ("module", "name = \"X\"\nkind = \"iis\""),
    ("php_release", "branch = \"8.1\"\nends = \"2025-12-31\""),
    ("provider", "name = \"X\""),
    (
        "event",
        "provider = \"WAS\"\nids = [1]\nlevel = \"error\"\nclass = \"crash\"\nsample = \"It is.\"",
    ),
    (
        "event_text",
        "id = \"x\"\nprovider = \"WAS\"\nevents = [2]\nmatch = [\"It was\"]\nclass = \"crash\"\nsample = \"It was.\"",
    ),
    ("aspnet_code", "code = 3005\nname = \"X\"\nclass = \"exception\""),
    ("exception_code", "code = 5\nname = \"X\"\nfamily = \"exit\"\nclass = \"other\""),
    ("php_message", "id = \"x\"\nmatch = [\"It was\"]\nclass = \"memory\"\nsample = \"It was.\""),
    (
        "exception_text",
        "id = \"x\"\nmatch = [\"It was\"]\nclass = \"memory\"\nsample = \"It was.\"",
    ),
    (
        "hypothesis",
        "name = \"h\"\nprior = -9\nsigns = [{ sign = \"crash\", present = 9 }]\nmitigate = [\"Wait.\"]\nfix = [\"Mend it.\"]\ncollect_next = [\"Look.\"]",
    ),
];

/// What [`CITING`] refers to: the event of a text, the sign of a hypothesis.
const NEIGHBOURS: &str = "[[provider]]\nname = \"WAS\"\ntitle = \"It\"\nmeans = \"It is.\"\nsources = [\"doc\"]\n\
    [[event]]\nprovider = \"WAS\"\nids = [2]\nlevel = \"error\"\nclass = \"crash\"\nsample = \"It is.\"\ntitle = \"It\"\nmeans = \"It is.\"\nsources = [\"doc\"]\n\
    [[sign]]\nid = \"crash\"\nkind = \"events\"\ntitle = \"A crash\"\nmeans = \"It crashed.\"\n\
    [[hypothesis]]\nname = \"other\"\nprior = -9\nsigns = [{ sign = \"crash\", present = 9 }]\nmitigate = [\"Wait.\"]\nfix = [\"Mend it.\"]\ncollect_next = [\"Look.\"]\ntitle = \"It\"\nmeans = \"It is.\"\nsources = [\"doc\"]\n";

/// The faults of one entry of [`CITING`], which stands in a file of its own and is all right but for what was done to it.
fn citing(list: &str, keys: &str) -> Vec<String> {
    let entry = format!("[[{list}]]\n{keys}\ntitle = \"It\"\nmeans = \"It is.\"\n");
    faults("a.toml", &format!("{NEIGHBOURS}{entry}"))
}

/// The name of the entry in its faults.
fn name_of(fault: &str) -> &str {
    fault.split(": ").nth(1).unwrap_or_default()
}

#[test]
fn no_list_takes_an_entry_without_a_source() {
    for (list, keys) in CITING {
        assert_eq!(citing(list, &format!("{keys}\nsources = [\"doc\"]")), [""; 0], "{list}");
        for none in ["", "\nsources = []"] {
            let faults = citing(list, &format!("{keys}{none}"));
            let name = faults.first().map(|fault| name_of(fault)).unwrap_or_default();
            assert_eq!(faults, [format!("a.toml: {name}: source is missing")], "{list}");
        }
    }
}

#[test]
fn no_list_of_what_logs_say_takes_an_entry_without_a_sample() {
    let mut lists = Vec::new();
    for (list, keys) in CITING {
        let Some((before, after)) = keys.split_once("sample = ") else {
            continue;
        };
        lists.push(list);
        let after = after.split_once('\n').map_or("", |(_, rest)| rest);
        for (sample, reason) in [
            ("", "sample is missing"),
            ("sample = \"\"", "sample is missing"),
            ("sample = \" \"", "sample is missing"),
            ("sample = \" It was.\"", "sample is not one line"),
            ("sample = \"It was.\\nSo.\"", "sample is not one line"),
        ] {
            let faults = citing(list, &format!("{before}{sample}\n{after}\nsources = [\"doc\"]"));
            let name = faults.first().map(|fault| name_of(fault)).unwrap_or_default();
            assert_eq!(faults, [format!("a.toml: {name}: {reason}")], "{list} {sample}");
        }
    }
    assert_eq!(lists, ["event", "event_text", "php_message", "exception_text"]);
}

#[test]
fn titles_and_sentences_have_their_full_stops_where_they_belong() {
    let text = "[[status]]\ncode = 503\ntitle = \"Away.\"\nmeans = \"It is away\"\nadvice = [\"Wait\"]\nsources = [\"doc\"]\n";
    check(
        "http_status.toml",
        text,
        &[
            "http_status.toml: 503: title ends with a full stop",
            "http_status.toml: 503: means is not made of whole sentences",
            "http_status.toml: 503: advice is not made of whole sentences",
        ],
    );
}

#[test]
fn a_source_that_nobody_declared() {
    let text = "[[status]]\ncode = 503\ntitle = \"Away\"\nmeans = \"It is away.\"\nsources = [\"rumour\"]\n";
    check("http_status.toml", text, &["http_status.toml: 503: unknown source `rumour`"]);
}

#[test]
fn a_link_that_is_not_https() {
    let text = "[[source]]\nkey = \"a\"\ntitle = \"A\"\nlink = \"http://example.invalid/\"\n[[source]]\nkey = \"b\"\ntitle = \"B\"\n";
    let files = [("sources.toml".to_owned(), text.to_owned())];
    assert_eq!(
        catalogue::load(&files).unwrap_err(),
        [
            "sources.toml: a: link is not an https link",
            "sources.toml: b: link is not an https link"
        ]
    );
}

#[test]
fn a_code_that_is_none() {
    let entry = |code: &str| {
        format!(
            "[[substatus]]\ncode = \"{code}\"\ntitle = \"Away\"\nmeans = \"It is away.\"\nsources = [\"doc\"]\n"
        )
    };
    for code in ["503", "503.x", "503.1.2", "42.1", "70000.1", ""] {
        let expected = format!("http_substatus.toml: {code}: code is not status.substatus");
        check("http_substatus.toml", &entry(code), &[&expected]);
    }
}

#[test]
fn a_windows_error_that_is_looked_up_by_its_low_word() {
    let text = "[[win32]]\ncode = 2147954402\nname = \"X\"\ntitle = \"Late\"\nmeans = \"It is late.\"\nsources = [\"doc\"]\n";
    check("win32.toml", text, &["win32.toml: 0x80072EE2: 0x8007xxxx is looked up by its low word"]);
}

#[test]
fn a_class_that_is_none() {
    let text = "[[httperr]]\nreason = \"QueueFull\"\nclass = \"full\"\ntitle = \"Full\"\nmeans = \"It is full.\"\nsources = [\"doc\"]\n";
    check(
        "httperr.toml",
        text,
        &[
            "httperr.toml: QueueFull: class `full` is none of crash, hang, unavailable, limit, client, bad-request, noise",
        ],
    );
}

#[test]
fn a_reason_whose_rule_or_sign_is_none() {
    let text = "[[httperr]]\nreason = \"QueueFull\"\nclass = \"limit\"\nrule = \"full\"\nsign = \"fuller\"\ntitle = \"Full\"\nmeans = \"It is full.\"\nsources = [\"doc\"]\n";
    check(
        "httperr.toml",
        text,
        &["httperr.toml: QueueFull: unknown rule", "httperr.toml: QueueFull: unknown sign"],
    );
}

#[test]
fn an_event_of_nobody() {
    let text = "[[event]]\nprovider = \"Nobody\"\nids = [1]\nlevel = \"error\"\nclass = \"crash\"\nsample = \"It is.\"\ntitle = \"It\"\nmeans = \"It is.\"\nsources = [\"doc\"]\n";
    check("events.toml", text, &["events.toml: Nobody 1: unknown provider"]);
}

#[test]
fn a_list_that_nobody_reads() {
    check("win32.toml", "[[error]]\ncode = 1\n", &["win32.toml: error: unknown list"]);
    check("win32.toml", "win32 = 1\n", &["win32.toml: win32: is not a list of entries"]);
    check("win32.toml", "win32 = [1]\n", &["win32.toml: win32: is not a list of entries"]);
}

#[test]
fn text_that_is_no_toml() {
    let faults = faults("win32.toml", "[[win32]\n");
    assert!(
        matches!(faults.as_slice(), [fault] if fault.starts_with("win32.toml: file: ") && !fault.contains('\n'))
    );
}

fn message(id: &str, pattern: &str, sample: &str, general: bool) -> String {
    format!(
        "[[php_message]]\nid = \"{id}\"\nmatch = [\"{pattern}\"]\nclass = \"memory\"\nsample = \"{sample}\"\ngeneral = {general}\ntitle = \"It\"\nmeans = \"It is.\"\nsources = [\"doc\"]\n"
    )
}

#[test]
fn samples_must_match_their_own_pattern() {
    let file = "php_messages.toml";
    check(file, &message("a", "exhausted {n} bytes", "exhausted 5 bytes", false), &[]);
    check(
        file,
        &message("a", "exhausted {n} bytes", "exhausted bytes", false),
        &["php_messages.toml: a: its own sample does not match"],
    );
    check(
        file,
        &message("a", "exhausted {n} bytes", "", false),
        &["php_messages.toml: a: sample is missing"],
    );
    check(
        file,
        &message("a", "{n} by", "5 by", false),
        &["php_messages.toml: a: a pattern has less than five fixed characters"],
    );
    check(
        file,
        &message("A b", "exhausted", "exhausted", false),
        &["php_messages.toml: A b: id is not kebab-case"],
    );
}

#[test]
fn samples_must_match_no_other_pattern() {
    let file = "php_messages.toml";
    let own = message("own", "memory exhausted", "memory exhausted", false);
    let fault = "php_messages.toml: own: its sample matches `other` too";
    check(file, &format!("{own}{}", message("other", "exhausted", "exhausted", false)), &[fault]);
    // A catch-all may match too, as long as it has less fixed text and so stands back.
    check(file, &format!("{own}{}", message("other", "exhausted", "exhausted", true)), &[]);
    let longer = message("other", "memory exhausted{}", "x memory exhausted x", true);
    let faults = faults(file, &format!("{own}{longer}"));
    assert_eq!(faults, ["php_messages.toml: other: its sample matches `own` too"]);
}

const SIGN: &str =
    "[[sign]]\nid = \"crash\"\nkind = \"events\"\ntitle = \"A crash\"\nmeans = \"It crashed.\"\n";

/// A hypothesis with its prior and signs as given.
fn hypothesis(prior: &str, signs: &str) -> String {
    format!(
        "[[hypothesis]]\nname = \"h\"\ntitle = \"It\"\nmeans = \"It is.\"\nprior = {prior}\nsigns = [{signs}]\nmitigate = [\"Wait.\"]\nfix = [\"Mend it.\"]\ncollect_next = [\"Look.\"]\nsources = [\"doc\"]\n"
    )
}

#[test]
fn weights_that_cannot_be() {
    let file = "hypotheses.toml";
    let good = "{ sign = \"crash\", present = 9, absent = -3, specific = true }";
    check(file, &format!("{SIGN}{}", hypothesis("-9", good)), &[]);
    for (prior, signs, fault) in [
        ("5", good, "prior is not between -30 and -1 decibans"),
        ("-9", "{ sign = \"crash\", present = -9 }", "no sign speaks for it"),
        ("-9", "{ sign = \"crash\", present = 20 }", "`crash` weighs 20 or more"),
        (
            "-9",
            "{ sign = \"crash\", present = 9, absent = 1 }",
            "`crash` weighs the same way both ways",
        ),
        (
            "-9",
            "{ sign = \"crash\", present = 9 }, { sign = \"crash\", present = 8 }",
            "sign `crash` twice",
        ),
        (
            "-9",
            "{ sign = \"crash\", present = 9, kind = \"http\" }",
            "unknown field `kind`, expected one of `sign`, `present`, `absent`, `specific`",
        ),
    ] {
        let expected = format!("{file}: h: {fault}");
        let faults = faults(file, &format!("{SIGN}{}", hypothesis(prior, signs)));
        assert!(faults.contains(&expected), "{faults:?}");
    }
    let two = format!(
        "{SIGN}{}",
        hypothesis("-9", "{ sign = \"crash\", present = 9 }, { sign = \"crahs\", present = 9 }")
    );
    check(file, &two, &["hypotheses.toml: h: unknown sign `crahs`"]);
    let specific =
        "{ sign = \"crash\", present = 9 }, { sign = \"other\", present = -9, specific = true }";
    let other = SIGN.replace("\"crash\"", "\"other\"");
    check(
        file,
        &format!("{SIGN}{other}{}", hypothesis("-9", specific)),
        &["hypotheses.toml: h: `other` is specific but does not support"],
    );
}

#[test]
fn hypotheses_that_are_not_right() {
    let file = "hypotheses.toml";
    let good = hypothesis("-9", "{ sign = \"crash\", present = 9 }");
    check(file, &format!("{SIGN}{good}{good}"), &["hypotheses.toml: h: stands twice"]);
    let needs = good.replace("prior", "needs = [\"event\"]\nprior");
    check(
        file,
        &format!("{SIGN}{needs}"),
        &[
            "hypotheses.toml: h: needs `event` is none of http, http-sys, events, php, deployments, sessions, metrics, dumps",
        ],
    );
    let unused = SIGN.replace("\"crash\"", "\"unused\"");
    check(
        file,
        &format!("{SIGN}{unused}{good}"),
        &["hypotheses.toml: unused: no hypothesis weighs it"],
    );
    let advice = good.replace("fix = [\"Mend it.\"]", "advice = [\"Mend it.\"]");
    check(
        file,
        &format!("{SIGN}{advice}"),
        &[
            "hypotheses.toml: h: advice stands in mitigate, fix and collect_next",
            "hypotheses.toml: h: fix is missing",
        ],
    );
}

#[test]
fn lists_of_names_that_are_not_right() {
    let list = |role: &str, names: &str| {
        format!(
            "[[signature_list]]\nid = \"a\"\nruntime = \"dot-net\"\nrole = \"{role}\"\ntitle = \"It\"\nmeans = \"It is.\"\nnames = [{names}]\n"
        )
    };
    let file = "signatures.toml";
    check(file, &list("noise", "\"System.*\""), &[]);
    check(file, &list("noise", ""), &["signatures.toml: a: names are missing"]);
    check(file, &list("noise", "\"*\""), &["signatures.toml: a: name `*` fits everything"]);
    check(file, &list("noise", "\"A\", \"A\""), &["signatures.toml: a: name `A` twice"]);
    check(
        file,
        &list("nose", "\"A\""),
        &[
            "signatures.toml: a: role `nose` is none of framework, noise, join, sentinel, wrapper, generic-message, idle, database, network, file, lock, sleep",
        ],
    );
    let second = list("noise", "\"B\"").replace("id = \"a\"", "id = \"b\"");
    check(
        file,
        &format!("{}{second}", list("noise", "\"A\"")),
        &["signatures.toml: b: stands twice"],
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let text = "[[status]]\ncode = 1\n[[status]]\ncode = 70000\n[[status]]\n";
    let faults = faults("http_status.toml", text);
    assert_eq!(faults.len(), 5, "{faults:?}");
    assert!(faults.iter().all(|fault| fault.starts_with("http_status.toml: ")));
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("http_status.toml: status #3: missing field `code`"))
    );
}
