//! What applications logged, through the whole program.

use daaslens_testkit::fixture;

use super::support::{Place, rows};

/// Rule, severity, confidence and headline of the findings that are not about the HTTP log alone.
fn told(place: &Place, folder: &str) -> Vec<String> {
    let findings = place.findings([folder]);
    let text =
        |value: &serde_json::Value| value.as_str().unwrap_or_default().replace('\u{a0}', " ");
    rows(&findings["findings"])
        .iter()
        .map(|one| {
            format!(
                "{} {} {}: {}",
                text(&one["rule"]),
                text(&one["severity"]),
                text(&one["confidence"]),
                text(&one["headline"])
            )
        })
        .collect()
}

#[test]
fn processes_of_iisnode_that_die_one_after_the_other_are_a_loop() {
    let place = Place::new();
    let last_words = fixture("applog/0006_iisnode_uncaught.txt");
    for (pid, ms) in [(2908, 0), (7628, 200_000), (8872, 260_000), (9088, 500_000)] {
        let name = format!("site/iisnode/14b7dc-{pid}-stderr-{}.txt", 1_768_792_986_000_i64 + ms);
        place.write(name, &last_words);
    }
    place.write("site/iisnode/14b7dc-9100-stdout-1768792986000.txt", b"Shop is running...\n");
    assert_eq!(
        told(&place, "site"),
        [
            "crash-loop critical likely: 4 processes died on 14b7dc within 8 min 21 s: SyntaxError: Unexpected token >",
            "startup-failure critical likely: The application died while starting 4 times on 14b7dc: SyntaxError: Unexpected token >",
        ]
    );
}

#[test]
fn one_death_is_no_loop() {
    let place = Place::new();
    let name = "site/LogFiles/stdout_20260119032306_4200.log";
    place.write(name, &fixture("applog/0018_stack_overflow.log"));
    let told = told(&place, "site");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with(
            "startup-failure warning likely: The application died while starting once"
        ),
        "{told:?}"
    );
}

#[test]
fn errors_gather_in_a_cluster_of_failed_requests() {
    let place = Place::new();
    let mut requests = String::from(
        "#Fields: date time s-sitename cs-method cs-uri-stem sc-status sc-substatus sc-win32-status time-taken\n",
    );
    let mut log = String::new();
    for minute in 0..60 {
        for second in 0..60 {
            let fails = (30..33).contains(&minute);
            let status = if fails { 500 } else { 200 };
            requests += &format!(
                "2026-01-19 03:{minute:02}:{second:02} CONTOSO GET /cart {status} 0 0 15\n"
            );
            if fails {
                log += &format!(
                    "2026-01-19 03:{minute:02}:{second:02},405 [{second}] ERROR Shop.Cart - Order {second} failed\r\n\
                     System.TimeoutException: no answer in {second} s\r\n   at Shop.Store.Read(Int32 id)\r\n   at Shop.Cart.Buy()\r\n"
                );
            } else if second == 0 {
                log += &format!(
                    "2026-01-19 03:{minute:02}:{second:02},405 [1] INFO  Shop.Cart - Sold {minute}\r\n"
                );
            }
        }
    }
    place.write("site/LogFiles/http/RawLogs/14b7dc-202601190300.log", requests.as_bytes());
    place.write("site/wwwroot/logs/anything.log", log.as_bytes());
    place.write("site/readme.txt", b"Thank you.\nSee the ERROR below.\n");
    let findings = place.findings(["site"]);
    let found =
        rows(&findings["findings"]).iter().find(|one| one["rule"] == "app-log-errors").unwrap();
    assert_eq!(found["severity"], "warning");
    assert_eq!(
        found["headline"].as_str().unwrap().replace('\u{a0}', " "),
        "180 \u{d7} System.TimeoutException: no answer in {n} s in the application's log"
    );
    assert_eq!(found["subject"]["signature"], "System.TimeoutException @ Shop.Store.Read");
    let detail = found["detail"].as_str().unwrap_or_default().replace('\u{a0}', " ");
    assert!(detail.contains("76 % of 237 records of the application's logs"), "{detail}");
    assert!(detail.contains("180 of them within cluster A (500)"), "{detail}");
    let templates =
        rows(&findings["tables"]).iter().find(|one| one["id"] == "app-templates").unwrap();
    assert_eq!(templates["rows"][0]["values"][0], "Sold {n}");
    assert_eq!(templates["rows"][0]["values"][1], 57);
    let kinds: Vec<&str> =
        rows(&findings["sources"]).iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["w3c", "not-a-log", "app-log"]);
}

#[test]
fn an_exception_that_ended_a_request_is_named() {
    let place = Place::new();
    let record = "fail: Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware[1]\r\n      \
                  => SpanId:1f => RequestPath:/cart/buy\r\n      \
                  An unhandled exception has occurred while executing the request.\r\n      \
                  System.InvalidOperationException: no stock\r\n         at Shop.Cart.Buy(Int32 id)\r\n         at Shop.Pages.Post()\r\n";
    place.write("site/LogFiles/stdout_20260119032306_4200.log", record.repeat(6).as_bytes());
    assert_eq!(
        told(&place, "site"),
        [
            "unhandled-exception warning likely: 6 \u{d7} System.InvalidOperationException: no stock in the application's log, in /cart/buy"
        ]
    );
}

#[test]
fn a_trace_that_turned_itself_off_is_said() {
    let place = Place::new();
    let name = "site/LogFiles/Application/79e06d-6972-639044185861234567.txt";
    place.write(name, &fixture("applog/0001_net_framework_trace.txt"));
    let findings = place.findings(["site"]);
    let said = findings["coverage"]["not_checked"].to_string().replace('\u{a0}', " ");
    let expected = "the trace to files turns itself off after twelve hours; 1 log ends so, the last at 2026-01-19T15:23:06Z.";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn threads_that_all_wait_for_the_same_are_a_pool_that_ran_out() {
    let place = Place::new();
    let mut dump = String::from(
        "2026-01-19 03:23:06\nFull thread dump OpenJDK 64-Bit Server VM (17.0.2+8 mixed mode):\n\n",
    );
    for number in 1..=20 {
        dump += &format!(
            "\"http-nio-80-exec-{number}\" #{number} daemon prio=5 tid=0x01 nid=0x{number:x} waiting on condition  [0x00]\n   \
             java.lang.Thread.State: TIMED_WAITING (parking)\n\tat jdk.internal.misc.Unsafe.park(java.base@17.0.2/Native Method)\n\t\
             at com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:{number})\n\tat shop.Cart.buy(Cart.java:3)\n\n"
        );
    }
    // PowerShell pipes it as UTF-16.
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(dump.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    place
        .write("DaaS/Logs/260119_0323061234/RD0003FF8A1B2C/RD0003FF8A1B2C_4200_jstack.log", &utf16);
    assert_eq!(
        told(&place, "DaaS")[0],
        "resource-exhaustion warning likely: 20 of 20 threads of http-nio-#-exec-# in process 4200 on RD0003FF8A1B2C wait for a database"
    );
    let findings = place.findings(["DaaS"]);
    let table = rows(&findings["tables"]).iter().find(|one| one["id"] == "thread-stacks").unwrap();
    assert_eq!(table["rows"][0]["values"][2], 20);
    assert_eq!(rows(&findings["sources"])[0]["records"], 20);
}

#[test]
fn a_report_of_node_is_last_words_and_its_secrets_stay_in_it() {
    let place = Place::new();
    let name = "site/report.20260119.032306.4711.0.001.json";
    place.write(name, &fixture("threads/0005_node_report.json"));
    assert_eq!(
        told(&place, "site"),
        [
            "crash-signature warning likely: The process died once: Error: no stock",
            "resource-exhaustion warning likely: The JavaScript heap of process 4711 is at 95 % of its limit of 2.1 GB",
        ]
    );
    let run =
        place.run(["site", "-o", "report.html", "--json", "findings.json", "--redact", "off"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for output in ["report.html", "findings.json"] {
        assert!(!String::from_utf8_lossy(&place.read(output)).contains("S3CRET"), "{output}");
    }
}

#[test]
fn threads_that_wait_for_each_other_are_a_deadlock() {
    let place = Place::new();
    for (name, fixture_name) in
        [("a.log", "0001_jdk8_deadlock.log"), ("b.log", "0009_deadlock_cut_off.log")]
    {
        place.write(format!("site/{name}"), &fixture(&format!("threads/{fixture_name}")));
    }
    // One of the same threads, in two dumps.
    assert_eq!(
        told(&place, "site"),
        [
            "thread-deadlock critical likely: 2 threads of a process wait for each other, as the thread dump tells"
        ]
    );
}
