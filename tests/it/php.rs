//! Reports on PHP processes, through the whole program.

use daaslens_testkit::fixture;
use serde_json::Value;

use super::support::{Place, source};

fn place() -> Place {
    let place = Place::new();
    for name in ["PHP-CGI-ProcessReport.htm", "PHP-CGI-4242.log", "phpinfo.html"] {
        place.write(format!("x/{name}"), &fixture(&format!("php-process/{name}")));
    }
    place
}

fn of_rule(findings: &Value) -> Vec<(String, String)> {
    let all = findings["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["rule"] == "php-process")
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            (text("severity"), text("headline"))
        })
        .collect()
}

#[test]
fn processes_that_wait_for_one_database() {
    let findings = place().findings(["x"]);
    // The log of the debugger tells of a process that the report tells of too: it counts once.
    assert_eq!(
        of_rule(&findings),
        [
            (
                "warning".to_owned(),
                "2 of 3\u{a0}PHP processes wait for a database, in mysqli_query at shop.php:12"
                    .to_owned()
            ),
            ("info".to_owned(), "PHP 7.4.33: security fixes ended on 2022-11-28".to_owned()),
        ]
    );
    let report = source(&findings, "PHP-CGI-ProcessReport.htm");
    assert_eq!((&report["kind"], &report["records"]), (&"php-report".into(), &3.into()));
    // One process could not be looked at.
    assert_eq!(report["malformed"], 1);
}

#[test]
fn one_process_alone_is_no_hang() {
    let place = Place::with("php-process/PHP-CGI-4242.log");
    assert_eq!(
        of_rule(&place.findings(["PHP-CGI-4242.log"])),
        [(
            "info".to_owned(),
            "1 of 1\u{a0}PHP process waits for a database, in mysqli_query at shop.php:12"
                .to_owned()
        )]
    );
}

#[test]
fn no_process_is_no_finding() {
    let place = Place::new();
    let page = "<html><head><title>Php Log Analysis Report</title></head><body>\
                <h1>PHP Analysis Report</h1>No Php-cgi process was found!</body></html>";
    place.write("PHP-CGI-ProcessReport.htm", page.as_bytes());
    let findings = place.findings(["PHP-CGI-ProcessReport.htm"]);
    assert_eq!(of_rule(&findings), []);
    let clean = findings["coverage"]["checked_clean"].as_array().unwrap();
    assert!(clean.contains(&"php-process".into()), "{clean:?}");
}

#[test]
fn what_is_secret_in_them_is_in_no_output() {
    let place = place();
    place.run(["x", "-o", "r.html", "--json", "r.json", "--markdown", "r.md", "--redact", "off"]);
    for name in ["r.html", "r.json", "r.md"] {
        let text = String::from_utf8(place.read(name)).unwrap();
        for secret in ["verysecret", "0123456789abcdef", "ann@example.com"] {
            assert!(!text.contains(secret), "{secret} in {name}");
        }
    }
}
