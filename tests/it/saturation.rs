//! Requests in progress that meet a limit, and what looks nearly like it.

use serde_json::Value;

use super::support::{Place, rows};

/// An hour of one request a second that takes 50 ms, but for the minutes from 30 to 39: there `each` says, for the
/// second since 02:30:00, how many come, how long they take and how they end.
fn hour(each: impl Fn(u32) -> (u32, u32, &'static str)) -> Vec<Value> {
    let mut lines: Vec<(u32, String)> = Vec::new();
    for second in 0..3600_u32 {
        let (count, ms, end) =
            if (1800..2400).contains(&second) { each(second - 1800) } else { (1, 50, "200 0 0") };
        let done = second + ms / 1000;
        let (hour, minute) = (2 + done / 3600, done / 60 % 60);
        let line = format!(
            "2026-03-11 {hour:02}:{minute:02}:{:02} GET /cart 192.0.2.7 {end} {ms}\n",
            done % 60
        );
        lines.extend((0..count).map(|_| (done, line.clone())));
    }
    lines.sort();
    let mut log = String::from(
        "#Fields: date time cs-method cs-uri-stem c-ip sc-status sc-substatus sc-win32-status time-taken\n",
    );
    log.extend(lines.into_iter().map(|(_, line)| line));
    let place = Place::new();
    place.write("u_ex260311.log", log.as_bytes());
    let findings = place.findings(["u_ex260311.log"]);
    let found = rows(&findings["findings"]).iter();
    found.filter(|one| one["rule"] == "concurrency-saturation").cloned().collect()
}

#[test]
fn a_number_in_progress_that_stands_is_a_limit() {
    let found = hour(|_| (1, 20_000, "200 0 0"));
    assert_eq!(found.len(), 1, "{found:#?}");
    let one = &found[0];
    assert_eq!((&one["severity"], &one["confidence"]), (&"warning".into(), &"possible".into()));
    assert_eq!(
        one["headline"],
        "Up to 22\u{a0}requests in progress at once for 11\u{a0}min, usually up to 2: p95 20\u{a0}s instead of 50\u{a0}ms, and the number met a limit"
    );
    assert_eq!(one["window"]["start"], "2026-03-11T02:30:00Z");
    assert_eq!(one["causes"][0]["hypothesis"], "pool-exhausted");
    assert!(!rows(&one["evidence"]).is_empty());
}

#[test]
fn refusals_for_a_full_queue_are_a_limit_too() {
    // Every fourth request gets in and waits; the others are refused at once.
    let found =
        hour(|second| if second % 4 == 0 { (2, 25_000, "200 0 0") } else { (1, 3, "503 4 0") });
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (&found[0]["severity"], &found[0]["confidence"]),
        (&"critical".into(), &"likely".into())
    );
    assert_eq!(found[0]["causes"][0]["hypothesis"], "request-queue-full");
}

#[test]
fn a_surge_that_is_served_and_a_pile_that_grows_are_none() {
    assert_eq!(hour(|_| (6, 50, "200 0 0")), [] as [Value; 0], "a surge");
    assert_eq!(hour(|second| (1, second * 100, "200 0 0")), [] as [Value; 0], "a pile");
    assert_eq!(hour(|_| (1, 700, "200 0 0")), [] as [Value; 0], "slow, but not piling up");
}
