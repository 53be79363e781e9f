//! Answers of `explain`.

use daaslens_kb as kb;

fn title(what: &str) -> Option<String> {
    kb::explain(what).map(|explanation| explanation.title)
}

#[test]
fn questions_and_their_titles() {
    let cases = [
        ("502.3", "502.3: Proxy: the backend did not answer properly"),
        ("503.0", "503.0: No worker was available"),
        ("500", "500: Server error"),
        (
            " 502.3.12030 ",
            "502.3.12030: proxy: the backend closed the connection while the request was in flight",
        ),
        ("win32 64", "win32 64 ERROR_NETNAME_DELETED: The client disconnected"),
        ("win32 0x40", "win32 64 ERROR_NETNAME_DELETED: The client disconnected"),
        ("12030", "win32 12030 ERROR_WINHTTP_CONNECTION_ERROR: The backend closed the connection"),
        ("0xE0434352", "0xE0434352 EXCEPTION_COMPLUS (CLR): Unhandled .NET exception"),
        ("exit -532462766", "0xE0434352 EXCEPTION_COMPLUS (CLR): Unhandled .NET exception"),
        ("httperr QueueFull", "httperr QueueFull: The pool's request queue is full"),
        ("queuefull", "httperr QueueFull: The pool's request queue is full"),
        ("event 2299", "event 2299 of W3SVC-WP: The worker process asked to be recycled"),
        ("event W3SVC-WP 2299", "event 2299 of W3SVC-WP: The worker process asked to be recycled"),
        (
            "event ASP.NET 4.0.30319.0 1309",
            "event 1309 of ASP.NET: A request failed with an exception",
        ),
        ("finding http-5xx-cluster", "finding http-5xx-cluster: Cluster of server errors"),
        ("http-5xx-cluster", "finding http-5xx-cluster: Cluster of server errors"),
        ("module aspnetcoremodulev2", "module AspNetCoreModuleV2: ASP.NET Core Module"),
        ("freb 128", "notification 128 EXECUTE_REQUEST_HANDLER: The handler runs"),
        (
            "freb execute_request_handler",
            "notification 128 EXECUTE_REQUEST_HANDLER: The handler runs",
        ),
        ("gateway origintimeout", "gateway OriginTimeout: The origin did not answer in time"),
        (
            "ERRORINFO_UPSTREAM_NO_LIVE",
            "gateway ERRORINFO_UPSTREAM_NO_LIVE: No backend server was reachable",
        ),
        ("HANDLER_CHANGED", "freb HANDLER_CHANGED: The handler was chosen or changed"),
        (
            "event 3005",
            "aspnet 3005 RuntimeErrorUnhandledException: Unhandled exception in a request",
        ),
        (
            "aspnet 50004",
            "aspnet 50004 ApplicationShutdownConfigurationChange: Shutdown: configuration changed",
        ),
        ("php memory-limit", "php memory-limit: A script ran out of its memory limit"),
        (
            "PHP Fatal error:  Allowed memory size of 5 bytes exhausted (tried to allocate 6 bytes)",
            "php memory-limit: A script ran out of its memory limit",
        ),
    ];
    for (what, expected) in cases {
        assert_eq!(title(what).as_deref(), Some(expected), "{what}");
    }
}

/// One code, two places where it stands.
#[test]
fn a_code_is_explained_from_every_side() {
    let explanation = kb::explain("0x80072EE2").unwrap();
    assert_eq!(
        explanation.title,
        "0x80072EE2 HRESULT(ERROR_WINHTTP_TIMEOUT): The backend did not answer in time"
    );
    assert_eq!(
        explanation.paragraphs,
        [
            "A forwarded request or a call over HTTP took longer than its timeout.",
            "Logs write it as 0x80072ee2, 2147954402 or -2147012894.",
            "In the HTTP log: win32 12002 ERROR_WINHTTP_TIMEOUT: The backend did not answer in time.",
            "A request that was forwarded got no answer within the timeout of the proxy or module.",
            "2147954402 is 0x80072EE2, an HRESULT that carries win32 12002.",
        ]
    );
}

/// One number, many providers.
#[test]
fn an_event_number_of_many_providers() {
    let explanation = kb::explain("event 1000").unwrap();
    assert_eq!(explanation.title, "event 1000: 6 meanings");
    for provider in [
        ".NET Runtime",
        "Application Error",
        "ASP.NET",
        "HttpPlatformHandler",
        "IIS AspNetCore Module",
        "IIS AspNetCore Module V2",
    ] {
        let title = format!("event 1000 of {provider}: ");
        assert_eq!(
            explanation.paragraphs.iter().filter(|line| line.starts_with(&title)).count(),
            1,
            "{provider}"
        );
    }
    assert_eq!(title("0").as_deref(), Some("0: 5 meanings"));
}

#[test]
fn a_status_lists_its_substatuses() {
    let explanation = kb::explain("500").unwrap();
    let list = explanation.paragraphs.last().unwrap();
    assert!(list.starts_with("Substatuses: 500.11 The application is shutting down; 500.12 The application is restarting;"));
    assert!(list.contains(
        "; 500.73 to 500.79 App Service authentication failed; 500.100 Classic ASP error;"
    ));
    assert_eq!(kb::explain("504").unwrap().paragraphs.len(), 2);
}

#[test]
fn a_whole_answer() {
    let explanation = kb::explain("httperr AppOffline").unwrap();
    assert_eq!(
        explanation.paragraphs,
        [
            "Rapid-fail protection took the pool offline, by default after five crashes in five minutes. Every request fails until it is started again.",
            "Sent with status 503.",
            "HTTP.sys writes it to its own log (HTTPERR); the site's log has no line for it.",
        ]
    );
    assert_eq!(
        explanation.advice,
        [
            "Look for the crashes before it: events 5002, 5009, 5011 and 1000.",
            "Start the pool once the reason is mended."
        ]
    );
    let sources: Vec<&str> = explanation.sources.iter().map(|source| source.key).collect();
    assert_eq!(sources, ["httperr", "iis-pool-failure"]);
    assert!(explanation.documented);
}

#[test]
fn what_nobody_has_documented() {
    for what in [
        "503.65",
        "502.77",
        "599",
        "win32 99999",
        "0xC0FFEE00",
        "0xE0000001",
        "httperr Moonshine",
        "gateway OriginMoonshine",
        "503.5",
        "event 4711",
        "event W3SVC-WP 4711",
        "finding moon-phase",
        "module MyModule",
        "freb MY_EVENT",
        "freb 3",
        "aspnet 9999",
        "987654",
    ] {
        let explanation = kb::explain(what).unwrap_or_else(|| panic!("{what}"));
        assert!(!explanation.documented, "{what}");
        assert!(!explanation.paragraphs.is_empty(), "{what}");
    }
}

#[test]
fn what_is_no_question() {
    for what in [
        "",
        " ",
        "hello",
        "hello world",
        "99.1",
        "600.1",
        "502.3.1.1",
        "502.",
        "event",
        "event x",
        "win32 x",
        "status 42",
    ] {
        assert_eq!(title(what), None, "{what}");
    }
}

/// General practice is said to be just that.
#[test]
fn unverified_entries_say_so() {
    let explanation = kb::explain("504").unwrap();
    assert!(
        explanation
            .paragraphs
            .contains(&"This is general practice; no document says so.".to_owned())
    );
}

/// Whatever the catalogue holds can be asked for, and says what it means and where that is known from.
#[test]
fn every_entry_is_explained() {
    let mut asked: Vec<(String, String)> = Vec::new();
    let mut ask = |what: String, begins: String| asked.push((what, begins));
    for row in kb::statuses() {
        ask(row.code.to_string(), format!("{}: {}", row.code, row.about.title));
    }
    for row in kb::substatuses() {
        let code = format!("{}.{}", row.status, row.substatus);
        ask(code.clone(), format!("{code}: {}", row.about.title));
    }
    for row in kb::win32_errors() {
        let title = format!("win32 {} {}: {}", row.code, row.name, row.about.title);
        ask(format!("win32 {}", row.code), title.clone());
        if row.code > 0 && row.code < 0x1_0000 {
            ask(format!("win32 {:#010X}", 0x8007_0000 | row.code).replace("0X", "0x"), title);
        }
    }
    for row in kb::httperr_reasons() {
        let title = format!("httperr {}: {}", row.reason, row.about.title);
        ask(format!("httperr {}", row.reason), title);
    }
    for row in kb::gateway_errors() {
        let title = format!("gateway {}: {}", row.word, row.about.title);
        ask(format!("gateway {}", row.word), title);
    }
    for row in kb::notifications() {
        let title = format!("notification {} {}: {}", row.number, row.name, row.about.title);
        ask(format!("freb {}", row.number), title.clone());
        ask(format!("freb {}", row.name), title);
    }
    for row in kb::trace_events() {
        let title = format!("freb {}: {}", row.name, row.about.title);
        ask(format!("freb {}", row.name), title);
    }
    for row in kb::events() {
        let title = format!("event {} of {}: {}", row.id, row.provider, row.about.title);
        ask(format!("event {} {}", row.provider, row.id), title);
    }
    for row in kb::exception_codes() {
        let title = format!("0x{:08X} {}: {}", row.code, row.name, row.about.title);
        ask(format!("exception 0x{:08X}", row.code), title);
    }
    for row in kb::rules() {
        let title = format!("finding {}: {}", row.name, row.about.title);
        ask(format!("finding {}", row.name), title);
    }
    for row in kb::php_messages() {
        ask(format!("php {}", row.id), format!("php {}: {}", row.id, row.about.title));
    }
    assert!(asked.len() >= 700, "{}", asked.len());
    for (what, expected) in asked {
        let explanation = kb::explain(&what).unwrap_or_else(|| panic!("{what}"));
        assert_eq!(explanation.title, expected, "{what}");
        assert!(explanation.paragraphs.iter().all(|text| !text.is_empty()), "{what}");
        let is_rule = what.starts_with("finding ");
        assert!(is_rule || !explanation.sources.is_empty(), "{what}");
        let linked = explanation.sources.iter().filter(|source| !source.link.is_empty());
        assert!(linked.clone().all(|source| source.link.starts_with("https://")), "{what}");
    }
}

/// Events of one kind share an entry, and a sample is a sample of one of them.
#[test]
fn whose_sample_it_is() {
    let last = |what: &str| kb::explain(what).unwrap().paragraphs.pop().unwrap();
    assert_eq!(
        last("event Service Control Manager 7036"),
        "It reads like this: The World Wide Web Publishing Service service entered the stopped state."
    );
    assert_eq!(
        last("event W3SVC 1013"),
        "Event 1012, of the same kind, reads like this: A process serving application pool 'contoso' exceeded time limits during start up. The process id was '4242'."
    );
}

/// Whoever reads an event in a log can ask for it by the words that stand there.
#[test]
fn every_event_of_the_catalogue_is_explained() {
    for event in kb::events() {
        let question = format!("event {} {}", event.provider, event.id);
        let answer = kb::explain(&question).unwrap_or_else(|| panic!("{question}"));
        assert!(answer.documented, "{question}");
        assert!(answer.title.contains(event.about.title), "{question}: {}", answer.title);
        assert!(answer.paragraphs.iter().any(|text| text == event.about.means), "{question}");
        assert!(event.about.advice.iter().all(|line| answer.advice.contains(line)), "{question}");
        assert!(!answer.sources.is_empty(), "{question}");
        let sample = format!("reads like this: {}", event.sample);
        assert!(answer.paragraphs.iter().any(|text| text.ends_with(&sample)), "{question}");
        let by_number = kb::explain(&format!("event {}", event.id)).unwrap();
        assert!(by_number.documented, "{question}");
    }
}
