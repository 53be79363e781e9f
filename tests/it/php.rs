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

/// The headlines of one rule in what is found in a fixture.
fn headlines(fixture: &str, rule: &str) -> Vec<String> {
    let place = Place::with(fixture);
    let name = fixture.rsplit('/').next().unwrap();
    let findings = place.findings([name]);
    let all = findings["findings"].as_array().unwrap().iter();
    all.filter(|finding| finding["rule"] == rule)
        .map(|finding| finding["headline"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_process_manager_and_its_slow_log() {
    let fixture = "phplog/0015_process_manager.log";
    let told = headlines(fixture, "php-process");
    assert_eq!(told.len(), 4, "{told:#?}");
    assert!(told[0].contains("SIGSEGV") && told[1].contains("pm.max_children"), "{told:#?}");
    assert_eq!(
        told[3],
        "1 \u{d7} PHP Slow request: mysqli_query \u{2190} load \u{2190} [INCLUDE_OR_EVAL] in shop.php"
    );
    assert_eq!(
        headlines(fixture, "php-fatal"),
        [
            "1 \u{d7} PHP Fatal error: Allowed memory size of # bytes exhausted (tried to allocate # bytes) in a.php:7"
        ]
    );
}

#[test]
fn what_a_framework_logged_often_is_a_defect() {
    let line = "[2026-03-11 02:14:07] production.ERROR: no stock {\"key\":\"verysecret\",\"exception\":\"[object] (App\\\\NoStock(code: 0): no stock at /home/site/wwwroot/app/Cart.php:31)\n[stacktrace]\n#0 {main}\n\"}\n";
    let place = Place::new();
    for (count, severity) in [(19, "info"), (20, "warning")] {
        place.write("laravel.log", line.repeat(count).as_bytes());
        let findings = place.findings(["laravel.log"]);
        let finding = &findings["findings"][0];
        assert_eq!(
            (&finding["rule"], &finding["severity"]),
            (&"php-error-group".into(), &severity.into())
        );
        let headline =
            format!("{count} \u{d7} PHP Logged error: App\\NoStock: no stock in app/Cart.php:31");
        assert_eq!(finding["headline"], headline);
        assert!(!findings.to_string().contains("verysecret"));
    }
}

#[test]
fn processes_of_php_as_kudu_lists_them() {
    let one = |id: u32, name: &str, memory: u64, start: &str| {
        format!(
            "{{\"id\":{id},\"name\":\"{name}\",\"machineName\":\"dw0sdwk000EQQ\",\"href\":\"https://contoso.scm.azurewebsites.net/api/processes/{id}\",\"private_memory\":{memory},\"start_time\":\"{start}\",\"time_stamp\":\"2026-03-11T02:14:07Z\"}}"
        )
    };
    let list = [
        one(1, "php-cgi", 200_000_000, "2026-03-11T02:13:07Z"),
        one(2, "php-cgi", 100_000_000, "2026-03-10T02:13:07Z"),
        one(3, "w3wp", 1, "2026-03-10T02:13:07Z"),
    ];
    let place = Place::new();
    place.write("processes.json", format!("[{}]", list.join(",")).as_bytes());
    assert_eq!(
        of_rule(&place.findings(["processes.json"])),
        [(
            "info".to_owned(),
            "Kudu listed 2\u{a0}PHP processes on dw0sdwk000EQQ, the largest with 200\u{a0}MB of private memory".to_owned()
        )]
    );
}
