//! Laws of the catalogue that is shipped.

use std::fmt::Write;

use daaslens_kb as kb;

/// Runs every sample through the lookup and expects its own entry.
#[test]
fn every_php_sample_finds_its_own_entry() {
    for message in kb::php_messages() {
        assert_eq!(kb::php_message(message.sample).map(|found| found.id), Some(message.id));
    }
}

#[test]
fn every_entry_of_the_tables_is_found_by_its_key() {
    for row in kb::substatuses() {
        assert_eq!(kb::substatus(row.status, row.substatus), Some(row));
        assert!(kb::status(row.status).is_some(), "{}.{}", row.status, row.substatus);
    }
    for row in kb::events() {
        assert_eq!(kb::event(row.provider, row.id), Some(row));
        assert_eq!(kb::event(&row.provider.to_uppercase(), row.id), Some(row));
    }
    for row in kb::exception_codes() {
        assert_eq!(kb::exception_code(row.code), Some(row));
        for text in spellings(row.code) {
            assert_eq!(kb::parse_code(&text), Some(row.code), "{text}");
        }
    }
    for row in kb::httperr_reasons() {
        assert_eq!(kb::httperr(row.reason), Some(row));
        assert_eq!(kb::httperr(&row.reason.to_lowercase()), Some(row));
    }
    for row in kb::gateway_errors() {
        assert_eq!(kb::gateway_error(row.word), Some(row));
        assert_eq!(kb::gateway_error(&row.word.to_uppercase()), Some(row));
    }
    for row in kb::rules() {
        assert_eq!(kb::rule(row.name), Some(row));
    }
    for row in kb::exception_texts() {
        assert_eq!(kb::exception_text(row.sample), Some(row));
        let title = format!("exception {}: {}", row.id, row.about.title);
        for question in [row.id, row.sample] {
            let question = format!("exception {question}");
            assert_eq!(kb::explain(&question).map(|found| found.title), Some(title.clone()));
        }
    }
    for row in kb::php_messages() {
        assert_eq!(kb::php_message_by_id(row.id), Some(row));
    }
    for row in kb::signs() {
        assert_eq!(kb::sign(row.id), Some(row));
    }
    for row in kb::hypotheses() {
        assert_eq!(kb::hypothesis(row.name), Some(row));
    }
}

/// The spellings that logs use. Eight decimal digits are no such spelling: they are read as hexadecimal.
fn spellings(code: u32) -> Vec<String> {
    let mut texts = vec![format!("0x{code:08x}"), format!("0x{code:X}"), format!("{code:08x}")];
    texts.extend(
        [code.to_string(), code.cast_signed().to_string()]
            .into_iter()
            .filter(|text| text.len() != 8),
    );
    texts
}

/// The finding rules of the contract, all of them and no others.
#[test]
fn every_finding_rule_is_described() {
    let names: Vec<&str> = kb::rules().iter().map(|rule| rule.name).collect();
    let mut contract = [
        "http-5xx-cluster",
        "http-silence",
        "slow-url",
        "slow-window",
        "stall",
        "timeout-wall",
        "concurrency-saturation",
        "cold-start",
        "client-aborts",
        "crash-signature",
        "crash-loop",
        "startup-failure",
        "process-recycle",
        "unhandled-exception",
        "resource-exhaustion",
        "php-fatal",
        "php-error-group",
        "php-startup",
        "php-process",
        "dump-signature",
        "thread-deadlock",
        "cpu-spike",
        "failed-request-trace",
        "app-log-errors",
        "deployment",
        "diagnostic-session",
        "metric-anomaly",
        "coverage-gap",
        "data-quality",
    ];
    contract.sort_unstable();
    assert_eq!(names, contract);
}

/// The client aborts of the contract.
#[test]
fn client_aborts() {
    let aborts: Vec<u64> = (0..70_000).filter(|&code| kb::is_client_abort(code)).collect();
    assert_eq!(aborts, [64, 121, 995, 1229, 1236]);
    assert!(kb::is_client_abort(0x8007_04CD));
    assert!(!kb::is_client_abort(67_567_567_567));
}

#[test]
fn providers_have_many_names() {
    let names = [
        ("W3SVC-WP", Some("W3SVC-WP")),
        ("Microsoft-Windows-IIS-W3SVC-WP", Some("W3SVC-WP")),
        ("HostableWebCore", Some("W3SVC-WP")),
        ("Microsoft-Windows-WAS", Some("WAS")),
        ("ASP.NET 4.0.30319.0", Some("ASP.NET")),
        ("asp.net 4.0.99999.0", Some("ASP.NET")),
        ("ASP.NET Core", None),
        ("IIS Express AspNetCore Module V2", Some("IIS AspNetCore Module V2")),
        ("IIS AspNetCore Module", Some("IIS AspNetCore Module")),
        ("PHP-8.3.4", Some("PHP")),
        ("PHP-é", None),
        ("", None),
    ];
    for (name, expected) in names {
        assert_eq!(kb::provider(name).map(|provider| provider.name), expected, "{name}");
    }
}

/// The first version of the ASP.NET Core Module has some events of its own, and shares the rest.
#[test]
fn the_older_module_falls_back_to_the_newer_one() {
    let provider = |id| kb::event("IIS AspNetCore Module", id).map(|event| event.provider);
    assert_eq!(provider(1000), Some("IIS AspNetCore Module"));
    assert_eq!(provider(1003), Some("IIS AspNetCore Module V2"));
    assert_eq!(provider(9), None);
    assert_eq!(kb::event("IIS AspNetCore Module V2", 1002), None);
}

/// What is not backed by a source that can be looked up must not be the only thing known of a headline code.
#[test]
fn the_codes_that_reports_lead_with_are_verified() {
    for (status, substatus) in
        [(500, 0), (500, 30), (500, 121), (502, 3), (502, 5), (503, 0), (503, 2), (503, 4)]
    {
        let row = kb::substatus(status, substatus).unwrap();
        assert!(row.about.verified() && row.documented, "{status}.{substatus}");
    }
    for substatus in [5, 65] {
        let row = kb::substatus(503, substatus).unwrap();
        assert!(!row.about.verified() && !row.documented, "503.{substatus}");
    }
}

/// Entries are plain text for people: no markup, no control characters, no foreign words for one thing.
#[test]
fn entries_are_plain_text() {
    let mut all = String::new();
    for row in kb::substatuses() {
        write!(all, "{:?}", row.about).unwrap();
    }
    for row in kb::events() {
        write!(all, "{:?}{}{}", row.about, row.http, row.strings.join(" ")).unwrap();
    }
    for row in kb::exception_codes() {
        write!(all, "{:?}", row.about).unwrap();
    }
    for row in kb::php_messages() {
        write!(all, "{:?}", row.about).unwrap();
    }
    for row in kb::rules() {
        write!(all, "{:?}{}{}", row.about, row.matters, row.wrong_when).unwrap();
    }
    for row in kb::signs() {
        write!(all, "{:?}", row.about).unwrap();
    }
    for row in kb::hypotheses() {
        let advice = [row.mitigate, row.fix, row.collect_next].concat();
        write!(all, "{:?}{}", row.about, advice.join(" ")).unwrap();
    }
    for word in ["\\u", "\\n", "\\t", "**", "](", "TODO", "please", "unfortunately", "!\""] {
        assert!(!all.contains(word), "{word}");
    }
}

/// Breadth, so that a lost file or list does not go unnoticed.
#[test]
fn the_catalogue_is_broad() {
    assert!(kb::substatuses().len() >= 165);
    assert!(kb::events().len() >= 150);
    assert!(kb::exception_codes().len() >= 110);
    assert!(kb::httperr_reasons().len() >= 35);
    assert!(kb::gateway_errors().len() >= 39);
    assert!(kb::php_messages().len() >= 90);
}

/// What signatures are made with: a few names of each list, and their nearest neighbours.
#[test]
fn names_and_their_roles() {
    use kb::{
        NameRole::{Framework, GenericMessage, Join, Noise, Sentinel, Wrapper},
        Runtime::{DotNet, Go, Java, Native, Node, Php, Python, Ruby},
    };

    for (runtime, role, name, expected) in [
        (DotNet, Framework, "System.IO.File.Open", true),
        (DotNet, Framework, "SystemShop.Cart.Add", false),
        (DotNet, Framework, "Program.Main", false),
        (DotNet, Noise, "System.Threading.Tasks.Task.Execute", true),
        (DotNet, Noise, "System.Collections.ThrowHelper.ThrowKeyNotFoundException", true),
        (DotNet, Noise, "Microsoft.AspNetCore.Session.SessionMiddleware.Invoke", true),
        (DotNet, Noise, "Shop.Middleware.Invoke", false),
        (DotNet, Join, "System.Linq.Enumerable.First", true),
        (DotNet, Sentinel, "System.Environment.FailFast", true),
        (DotNet, Wrapper, "System.AggregateException", true),
        (DotNet, Wrapper, "System.AggregateExceptionOfMine", false),
        (DotNet, GenericMessage, "", true),
        (DotNet, GenericMessage, "Exception of type 'Shop.Bad' was thrown.", true),
        (DotNet, GenericMessage, "The basket is empty.", false),
        (Native, Framework, "ntdll.dll", true),
        (Native, Framework, "msvcr120.dll", true),
        (Native, Framework, "php_apcu.dll", false),
        (Native, Noise, "ntdll.dll!NtWaitForSingleObject", true),
        (Native, Sentinel, "ntdll!KiUserExceptionDispatcher", true),
        (Php, Framework, "D:/home/site/wwwroot/wp-includes/plugin.php", true),
        (Php, Framework, "D:/home/site/wwwroot/wp-content/plugins/a/a.php", false),
        (Java, Framework, "org.springframework.web.Dispatcher.doGet", true),
        (Java, Wrapper, "java.util.concurrent.ExecutionException", true),
        (Node, Framework, "C:/home/site/wwwroot/node_modules/pg/lib/client.js", true),
        (Node, Framework, "C:/home/site/wwwroot/server.js", false),
        (Python, Framework, "/home/site/env/lib/python3.11/site-packages/flask/app.py", true),
        (Python, Sentinel, "anything", false),
        (Ruby, Framework, "/usr/lib/ruby/gems/3.2.0/gems/rack-3.0/lib/rack/handler.rb", true),
        (Go, Noise, "net/http.(*conn).serve", true),
        (Go, Framework, "github.com/example/shop.Load", false),
    ] {
        assert_eq!(kb::has_role(runtime, role, name), expected, "{runtime:?} {role:?} {name}");
    }
}
