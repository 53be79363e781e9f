//! Every place that a finding names is there, and nothing private is in any output.

use std::collections::BTreeSet;

use daaslens_testkit::{Bundle, Scenario, ZipMethod, ZipOptions, scenario};
use serde_json::Value;

use super::support::{Place, rows};

#[test]
fn every_place_that_a_finding_names_is_there() {
    let bundle = scenario::first_look(1).bundle;
    assert!(check(&bundle, "first look") >= 5);
    for name in
        ["crash-burst-502", "timeout-wall-230", "client-abort-wave", "slow-url", "stall-30s"]
    {
        let bundle = Scenario::find(name).unwrap().build(1).bundle;
        assert!(check(&bundle, name) >= 1, "{name}");
    }
}

/// Looks the places up in each shape of the bundle; gives how many there were.
fn check(bundle: &Bundle, what: &str) -> usize {
    let place = Place::new();
    bundle.write_to(&place.path("tree")).unwrap();
    let nested = ZipOptions { nested: Some("in.zip".into()), ..ZipOptions::default() };
    place.write("packed.zip", &bundle.to_zip(&ZipOptions::default()).unwrap());
    place.write("nested.zip", &bundle.to_zip(&nested).unwrap());
    let stored = ZipOptions { method: ZipMethod::Stored, ..ZipOptions::default() };
    place.write("stored.zip", &bundle.to_zip(&stored).unwrap());
    // Logs are packed when they are archived; records of deployments are not.
    let mut gz = bundle.clone();
    for file in gz.files_mut().iter_mut().filter(|file| file.path.contains("LogFiles/")) {
        file.gzip().unwrap();
    }
    gz.write_to(&place.path("gz")).unwrap();
    let mut places = BTreeSet::new();
    for (input, prefix, ending) in [
        ("tree", "tree/", ""),
        ("packed.zip", "packed.zip!/", ""),
        ("stored.zip", "stored.zip!/", ""),
        ("nested.zip", "nested.zip!/in.zip!/", ""),
        ("gz", "gz/", ".gz"),
    ] {
        let findings = place.findings([input]);
        let mut here = BTreeSet::new();
        for finding in rows(&findings["findings"]) {
            for evidence in rows(&finding["evidence"]) {
                let path = evidence["source"].as_str().unwrap();
                let inside =
                    path.strip_prefix(prefix).map(|path| path.strip_suffix(ending).unwrap_or(path));
                let inside =
                    inside.unwrap_or_else(|| panic!("{what}: {path} is not below {prefix}"));
                let bytes = bundle.get(inside).unwrap_or_else(|| panic!("{what}: no {inside}"));
                stands_there(bytes, evidence, &format!("{what} {input} {}", finding["rule"]));
                here.insert((
                    inside.to_owned(),
                    evidence["byte"].as_u64(),
                    finding["rule"].to_string(),
                ));
            }
        }
        if places.is_empty() {
            places.clone_from(&here);
        }
        assert_eq!(places, here, "{what}: {input} names other places than the tree");
    }
    places.len()
}

/// The byte is the first of the line with that number, and the excerpt is of that line.
fn stands_there(bytes: &[u8], evidence: &Value, what: &str) {
    let byte = usize::try_from(evidence["byte"].as_u64().unwrap()).unwrap();
    let line = evidence["line"].as_u64().unwrap();
    assert!(byte < bytes.len(), "{what}: byte {byte} of {}", bytes.len());
    let number = bytes[..byte].split(|byte| *byte == b'\n').count() as u64;
    assert_eq!(number, line, "{what}: line of byte {byte}");
    let path = evidence["source"].as_str().unwrap();
    if !path.contains("RawLogs") {
        return;
    }
    assert!(byte == 0 || bytes[byte - 1] == b'\n', "{what}: byte {byte} begins no line");
    let text = evidence["text"].as_str().unwrap();
    let raw = String::from_utf8_lossy(bytes[byte..].split(|byte| *byte == b'\n').next().unwrap());
    let tokens: Vec<&str> = raw.trim_end().split(' ').collect();
    // A line that cannot be read is named, not shown.
    if tokens.len() == 19 {
        // Time, path, status and duration are never masked.
        for column in [0, 1, 4, 13, 18] {
            assert!(text.contains(tokens[column]), "{what}: {} is not in {text}", tokens[column]);
        }
    }
}

/// Everything that one run writes, and says.
fn outputs(place: &Place, input: &str) -> String {
    let run = place.run([input, "-v", "-o", "r.html", "--json", "j.json", "--markdown", "m.md"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let mut all = run.stderr;
    for name in ["r.html", "j.json", "m.md"] {
        all += &String::from_utf8(place.read(name)).unwrap();
    }
    all
}

/// Fails where a secret stands in the outputs, as it is or decoded, in any case.
fn assert_absent(outputs: &str, secrets: &BTreeSet<String>) {
    let outputs = outputs.to_lowercase();
    for secret in secrets {
        let lower = secret.to_lowercase();
        for form in [
            lower.clone(),
            lower.replace("%40", "@"),
            lower.replace('@', "&#64;"),
            lower.replace('+', " "),
        ] {
            if let Some(at) = outputs.find(&form) {
                let from = outputs[..at].char_indices().rev().nth(60).map_or(0, |(at, _)| at);
                let to =
                    outputs[at..].char_indices().nth(80).map_or(outputs.len(), |(n, _)| at + n);
                panic!("{secret} stands in the output: {}", &outputs[from..to]);
            }
        }
    }
}

#[test]
fn nothing_private_of_any_record_reaches_an_output() {
    let bundle = scenario::first_look(1).bundle;
    let mut secrets = BTreeSet::new();
    for file in bundle.files().iter().filter(|file| file.path.contains("RawLogs")) {
        for line in
            String::from_utf8_lossy(&file.bytes).lines().filter(|line| !line.starts_with('#'))
        {
            let values: Vec<&str> = line.split(' ').collect();
            if values.len() != 19 {
                continue;
            }
            let (query, user, client, cookie, referer) =
                (values[5], values[7], values[8], values[10], values[11]);
            let in_pairs = |text: &str, split: &[char]| -> Vec<String> {
                let pairs = text.split(split).filter_map(|pair| pair.split_once('='));
                pairs.map(|(_, value)| value.to_owned()).collect()
            };
            secrets.extend(in_pairs(query, &['&']));
            secrets.extend(in_pairs(cookie, &[';', '+']));
            secrets
                .extend(in_pairs(referer.split_once('?').map_or("", |(_, query)| query), &['&']));
            secrets.extend([user.to_owned(), client.to_owned()]);
        }
    }
    // The log id that the platform adds to each query is no secret of anybody, but it is a query value.
    secrets.retain(|secret| secret.len() >= 6 && !matches!(secret.as_str(), "127.0.0.1"));
    assert!(secrets.len() > 100, "{}", secrets.len());
    let place = Place::new();
    place.write("b.zip", &bundle.to_zip(&ZipOptions::default()).unwrap());
    assert_absent(&outputs(&place, "b.zip"), &secrets);
}

#[test]
fn planted_secrets_stay_inside_wherever_they_stand() {
    let place = Place::new();
    let mut log = String::from("#Fields: ");
    log += daaslens_testkit::AZURE_FIELDS;
    log.push('\n');
    for minute in 0..40 {
        for second in (0..60).step_by(3) {
            let status = if (20..26).contains(&minute) { "503 4 64" } else { "200 0 0" };
            log += &format!(
                "2026-03-11 02:{minute:02}:{second:02} CONTOSO-SHOP GET /pay/mail.private@contoso.example/x \
                 card=4111Secret1111&t=Qu3ryV4lue 443 frank.castle@contoso.example 203.0.113.77 \
                 Mozilla/5.0+(agent.mail@contoso.example) ARRAffinity=c0ffeec0ffee1234;+session=S3ss10nValue \
                 https://user:Pa55word9@ref.contoso.example/p?token=R3ferer-T0ken contoso-shop.example {status} 1 2 15\n"
            );
        }
    }
    log += "2026-03-11 02:41 torn line with T0rnL1ne-secret=in-it\n";
    place.write("site/LogFiles/http/RawLogs/c0ffee-202603110200.log", log.as_bytes());
    place.write(
        "site/LogFiles/php_errors.log",
        b"[11-Mar-2026 02:20:01 UTC] PHP Fatal error:  Uncaught PDOException: SQLSTATE[28000] Access denied for user \
          'sh0puser'@'10.11.12.13' (using password: YES) in D:\\home\\site\\wwwroot\\db.php:7\nStack trace:\n\
          #0 D:\\home\\site\\wwwroot\\db.php(7): PDO->__construct('mysql:host=db.contoso.example', 'sh0puser', 'Php-Passw0rd')\n\
          #1 {main}\n  thrown in D:\\home\\site\\wwwroot\\db.php on line 7\n",
    );
    let secrets = [
        "4111Secret1111",
        "Qu3ryV4lue",
        "frank.castle",
        "203.0.113.77",
        "agent.mail",
        "c0ffeec0ffee1234",
        "S3ss10nValue",
        "Pa55word9",
        "R3ferer-T0ken",
        "contoso-shop",
        "T0rnL1ne-secret",
        "mail.private",
        "sh0puser",
        "Php-Passw0rd",
        "10.11.12.13",
    ];
    let mut secrets: BTreeSet<String> = secrets.map(str::to_owned).into();
    // Of a path on the user's own machine only the last component is shown.
    secrets.insert(place.path("").to_string_lossy().trim_end_matches('/').to_owned());
    let outputs = outputs(&place, place.path("site").to_str().unwrap());
    assert!(outputs.contains("http-5xx-cluster"), "the incident is not found");
    assert_absent(&outputs, &secrets);
}
