//! Analyses made by hand: a rich one, and the borders.

use daaslens_core::finding::{Closeup, CloseupRow};
use daaslens_core::model::{
    Analysis, Answer, AutoHeal, Cell, Clean, ClusterBand, Coverage, EventGroup, EventSummary,
    FaultSample, Frame, Gap, HealTrigger, Health, Http, HttpCounts, Identity, Input, Instance,
    InstanceLane, Mark, MarkRow, Mitigation, Outcome, PhpGroup, PhpSummary, Row, Series, Signature,
    Site, SourceInfo, SourceStatus, Table, Timeline, Totals, Unit, Url, Vantage, Verdict,
};
use daaslens_core::{
    Advice, Attribution, Cause, Confidence, Evidence, Excerpt, Factor, Finding, Latency, Location,
    Metric, Part, PartKind, Severity, SourceId, Subject, Time, TimeRange,
};

pub(crate) const DAY: i64 = 1_773_187_200; // 2026-03-11T00:00:00Z

pub(crate) fn at(text: &str) -> Time {
    Time::parse(&format!("2026-03-11 {text}")).expect("a time of day")
}

pub(crate) fn range(start: &str, end: &str) -> TimeRange {
    TimeRange::new(at(start), at(end))
}

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(sides.max(1))) as u32
    }
}

pub(crate) fn part(kind: PartKind, text: &str, strong: bool) -> Part {
    Part { kind, text: text.to_owned(), strong }
}

fn place(source: u32, line: u64, byte: u64) -> Location {
    Location { source: SourceId(source), line, byte }
}

/// A request line of an IIS log, cut into its parts.
fn request(
    line: u64,
    time: &str,
    path: &str,
    query: &str,
    client: &str,
    outcome: &str,
) -> Evidence {
    use PartKind::{Address, Cookie, Host, Path, Plain, Query, Site, Text, Url};
    Evidence {
        at: place(0, line, line * 311),
        note: String::new(),
        excerpt: Excerpt(vec![
            part(Plain, &format!("2026-03-11 {time} "), false),
            part(Site, "CONTOSO-SHOP", false),
            part(Plain, " GET ", false),
            part(Path, path, true),
            part(Plain, " ", false),
            part(Query, query, false),
            part(Plain, " 443 - ", false),
            part(Address, client, false),
            part(Plain, " ", false),
            part(Text, "Mozilla/5.0+(Windows+NT+10.0)+Chrome/120.0.0.0", false),
            part(Plain, " ", false),
            part(Cookie, "ARRAffinity=b47e02d5c9; basket=9f31c2", false),
            part(Plain, " ", false),
            part(Url, "https://www.contoso-shop.example/cart?step=payment2", false),
            part(Plain, " ", false),
            part(Host, "www.contoso-shop.example", false),
            part(Plain, " ", false),
            part(Plain, outcome, true),
            part(Plain, " 1043 2210 612", false),
        ]),
        alike: 1133,
    }
}

fn latency(dice: &mut Dice, n: u32, base: u32) -> Latency {
    let mut latency = Latency::default();
    for _ in 0..n {
        let slow = if dice.roll(20) == 0 { 15 } else { 1 };
        latency.record((base + dice.roll(base.max(2))) * slow);
    }
    latency
}

fn source(path: &str, kind: &'static str, bytes: u64, records: u64) -> SourceInfo {
    SourceInfo {
        path: path.to_owned(),
        kind,
        site: None,
        instance: None,
        bytes,
        records,
        malformed: 0,
        recovered: 0,
        range: Some(range("00:00:02", "23:59:59")),
        status: SourceStatus::Read,
        reason: None,
        faults: Vec::new(),
    }
}

/// A day with a crash loop after a deployment, and a stall in the afternoon.
pub(crate) fn rich() -> Analysis {
    let mut dice = Dice(7);
    let a = range("02:14:07", "02:31:02");
    let b = range("16:05:20", "16:26:21");
    let mut sources = vec![
        source(
            "dump-03-12.zip!/LogFiles/http/RawLogs/b47e02-202603110000.log",
            "w3c",
            41_200_311,
            110_939,
        ),
        source("dump-03-12.zip!/LogFiles/eventlog.xml", "eventlog", 1_943_222, 412),
        source("dump-03-12.zip!/LogFiles/php_errors.log", "php", 18_331, 42),
        source("dump-03-12.zip!/LogFiles/kudu/trace/x.xml", "not-a-log", 3_122, 0),
    ];
    if let Some(first) = sources.first_mut() {
        first.instance = Some("b47e02".to_owned());
        first.malformed = 3;
        first.recovered = 1;
        first.faults = vec![FaultSample {
            line: 7781,
            byte: 2_419_002,
            fault: "expected 21 fields, found 9".to_owned(),
        }];
    }
    if let Some(last) = sources.last_mut() {
        last.status = SourceStatus::Skipped;
        last.reason = Some("trace of the management site".to_owned());
        last.range = None;
    }
    let counts = HttpCounts {
        requests: 332_817,
        server_errors: 2364,
        client_aborts: 411,
        cutoffs: 37,
        platform_probes: 864,
    };
    let url = |dice: &mut Dice, url: &str, requests, errors, in_clusters, base| {
        let latency = latency(dice, 400, base);
        Url {
            url: url.to_owned(),
            requests,
            server_errors: errors,
            in_clusters,
            total_ms: latency.sum() * requests / 400,
            latency,
            long_by_nature: false,
        }
    };
    let mut urls = vec![
        url(&mut dice, "/api/orders", 28_811, 1021, 1021, 900),
        url(&mut dice, "/catalog/search", 52_031, 0, 0, 480),
        url(&mut dice, "/cart/reprice", 3_991, 60, 60, 610),
        url(&mut dice, "/product/{…}", 171_233, 890, 870, 40),
        url(&mut dice, "/legacy/export.php", 45, 42, 0, 2000),
        url(&mut dice, "/", 60_201, 320, 300, 15),
    ];
    urls.sort_by_key(|it| std::cmp::Reverse(it.total_ms));
    Analysis {
        verdict: Verdict {
            health: Health::Critical,
            headline: "Two outages, both over: a crash loop after the 02:11 deployment and a 21-minute stall of /api/orders".to_owned(),
            scale: "2,154 of the day’s 2,364 server errors are in A and B. Outside them 99.95 % of 324,027 requests were answered without one.".to_owned(),
            next_action: "Keep deployment 7c31e0a off production".to_owned(),
        },
        answers: vec![
            Answer { question: "Still going on?", lead: "No.".to_owned(), text: "A ended 02:31:02, B ended 16:26:21. In the 7 h 33 min after B, 54 of 156,661 requests failed (0.03 %, usual 0.05 %). The logs end 23:59:59.".to_owned() },
            Answer { question: "Since when?", lead: "A 02:14:07,".to_owned(), text: "for 16 min 55 s; B 16:05:20, for 21 min 1 s.".to_owned() },
            Answer { question: "App or platform?", lead: "The app, both times.".to_owned(), text: "A: stack overflow in Contoso.Shop.Pricing (confirmed). B: only /api stopped; all 4,336 other requests on the same workers were answered (likely).".to_owned() },
            Answer { question: "What changed just before?", lead: "A: deployment 7c31e0a".to_owned(), text: "finished 02:11:04, 3 min 3 s earlier. B: no deployment, restart or change of traffic in the hour before.".to_owned() },
        ],
        window: Some(range("00:00:02", "23:59:59")),
        inputs: vec![Input { name: "dump-03-12.zip".to_owned(), kind: "kudu-dump" }],
        totals: Totals { bytes: 43_164_986, recognised_bytes: 43_161_864, readable_bytes: 43_160_901, sources: 4, records: 333_271, malformed: 3 },
        http: Some(Http {
            range: Some(range("00:00:02", "23:59:59")),
            totals: counts,
            scm_requests: 311,
            status: vec![(200, 321_004), (304, 8000), (404, 1038), (500, 618), (502, 1133), (503, 613)],
            latency: latency(&mut dice, 4000, 30),
            outcomes: vec![
                outcome(502, 3, 12_030, 1133, Some(4100), a, "Bad gateway: the process behind IIS closed the connection"),
                outcome(500, 121, 0, 618, Some(230_000), b, "The request ran longer than the platform allows (230 s)"),
                outcome(503, 2, 0, 403, Some(2), b, "Concurrent request limit exceeded"),
                outcome(200, 0, 0, 321_004, Some(38), range("00:00:02", "23:59:59"), "OK"),
                outcome(404, 0, 2, 1038, Some(11), range("00:01:12", "23:58:59"), "Not found"),
                outcome(200, 0, 64, 411, Some(9100), range("00:04:09", "23:40:59"), "OK, but the client had gone away"),
            ],
            sites: vec![Site { name: "contoso-shop".to_owned(), counts }],
            instances: ["3f9a1c", "b47e02", "d80c5e"]
                .map(|name| Instance {
                    name: name.to_owned(),
                    aliases: vec![format!("RD0003FF{}", name.to_uppercase())],
                    inferred: true,
                    counts,
                    range: Some(range("00:00:02", "23:59:59")),
                })
                .into(),
            urls,
            other_urls: None,
            other_vantages: vec![Vantage { name: "ApplicationGatewayAccessLog".to_owned(), counts: HttpCounts { server_errors: 2391, ..counts } }],
            hours: Vec::new(),
        }),
        events: Some(events()),
        php: Some(php()),
        tables: vec![modules()],
        sources,
        coverage: Coverage {
            gaps: vec![Gap { instance: Some("d80c5e".to_owned()), range: range("09:12:00", "10:47:00"), reason: "The file of these hours is not in the bundle".to_owned() }],
            not_checked: vec![
                "Errors of the platform’s front end: they are not logged in the bundle. Collect AppServiceHTTPLogs.".to_owned(),
                "Memory: no metric and no dump covers the window. Export the memory metrics of the plan.".to_owned(),
            ],
            checked_clean: vec![
                Clean { rule: "cold-start", text: "No slow first requests after 14 app starts".to_owned() },
                Clean { rule: "client-aborts", text: "Client aborts are even: 0.12 % of requests, nowhere above 1 %".to_owned() },
            ],
            http_share: 0.978,
            notes: vec!["RD0003FFB47E02 is taken for b47e02: 311 events fall into its requests, none into another’s.".to_owned()],
        },
        findings: findings(a, b),
        timeline: Some(timeline(&mut dice, a, b)),
        identities: vec![
            Identity { kind: PartKind::Site, value: "contoso-shop".to_owned() },
            Identity { kind: PartKind::Host, value: "www.contoso-shop.example".to_owned() },
            Identity { kind: PartKind::Address, value: "203.0.113.77".to_owned() },
        ],
        mitigation: Mitigation {
            auto_heal: vec![AutoHeal {
                trigger: HealTrigger::Slow { time_taken_seconds: 60, count: 20, interval_seconds: 120 },
                fired: vec![(at("16:07:31"), "3f9a1c".to_owned()), (at("16:07:40"), "b47e02".to_owned())],
                outside_incidents: 0,
                notes: vec!["It could have saved at most 19 of the 21 minutes of B.".to_owned(), "It cannot help against A: a recycled process crashes again.".to_owned()],
            }],
            no_rule: None,
        },
        options: vec![("Sensitivity", "normal".to_owned()), ("Redaction", "strict".to_owned())],
    }
}

fn outcome(
    status: u16,
    substatus: u32,
    win32: u64,
    requests: u64,
    p50: Option<u32>,
    range: TimeRange,
    meaning: &str,
) -> Outcome {
    Outcome { status, substatus, win32, requests, p50, range, meaning: meaning.to_owned() }
}

fn events() -> EventSummary {
    let example = Evidence {
        at: place(1, 1, 184_203),
        note: "the first of nine".to_owned(),
        excerpt: Excerpt(vec![
            part(PartKind::Plain, "2026-03-11 02:14:06 ASP.NET Core Module 1011 ", false),
            part(
                PartKind::Text,
                "Application 'contoso-shop' with physical root 'C:\\home\\site\\wwwroot\\' shut down: stack overflow, user: CONTOSO\\deploy1",
                true,
            ),
        ]),
        alike: 9,
    };
    EventSummary {
        events: 412,
        levels: vec![("error", 21), ("warning", 44), ("information", 347)],
        groups: vec![
            EventGroup {
                provider: "IIS AspNetCore Module V2".to_owned(),
                id: 1011,
                level: "error",
                count: 9,
                range: Some(range("02:14:06", "02:28:41")),
                meaning: "The process behind the module ended by itself".to_owned(),
                example: Some(example.clone()),
                noise: false,
            },
            EventGroup {
                provider: ".NET Runtime".to_owned(),
                id: 1026,
                level: "error",
                count: 9,
                range: Some(range("02:14:06", "02:28:41")),
                meaning: "Unhandled exception, with its stack".to_owned(),
                example: None,
                noise: false,
            },
            EventGroup {
                provider: "WAS".to_owned(),
                id: 5186,
                level: "information",
                count: 300,
                range: None,
                meaning: String::new(),
                example: None,
                noise: true,
            },
        ],
        signatures: vec![Signature {
            id: 1,
            text: "StackOverflowException at Contoso.Shop.Pricing.PromoRule.Evaluate".to_owned(),
            exception: "System.StackOverflowException".to_owned(),
            message: "Process is terminated due to StackOverflowException.".to_owned(),
            crash: true,
            count: 9,
            instances: vec![("b47e02".to_owned(), 9)],
            range: Some(range("02:14:06", "02:28:41")),
            frames: vec![
                Frame {
                    text: "Contoso.Shop.Pricing.PromoRule.Evaluate(Basket)".to_owned(),
                    own: true,
                    repeat: 4212,
                },
                Frame {
                    text: "Contoso.Shop.Pricing.BundleRule.Expand(Basket)".to_owned(),
                    own: true,
                    repeat: 1,
                },
                Frame {
                    text: "Microsoft.AspNetCore.Mvc.Infrastructure.ActionMethodExecutor.Execute()"
                        .to_owned(),
                    own: false,
                    repeat: 1,
                },
            ],
            paths: vec![("/cart/reprice".to_owned(), 9)],
            evidence: vec![example],
        }],
    }
}

fn php() -> PhpSummary {
    PhpSummary {
        records: 42,
        levels: vec![("Fatal error".to_owned(), 42)],
        groups: vec![PhpGroup {
            level: "Fatal error".to_owned(),
            message:
                "Allowed memory size of 134217728 bytes exhausted (tried to allocate {n} bytes)"
                    .to_owned(),
            place: "D:\\home\\site\\wwwroot\\legacy\\export.php:88".to_owned(),
            count: 42,
            recent: (42, 42),
            range: Some(range("06:00:11", "22:00:13")),
            evidence: vec![Evidence {
                at: place(2, 1, 0),
                note: String::new(),
                excerpt: Excerpt::text(
                    "PHP Fatal error: Allowed memory size of 134217728 bytes exhausted, mail sent to ops@contoso-shop.example",
                ),
                alike: 42,
            }],
        }],
        pages: vec![("D:\\home\\site\\wwwroot\\legacy\\export.php".to_owned(), 42)],
        range: Some(range("06:00:11", "22:00:13")),
    }
}

fn findings(a: TimeRange, b: TimeRange) -> Vec<Finding> {
    let text = |items: &[&str]| items.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let mut first = Finding::new("http-5xx-cluster", Severity::Critical, Confidence::Confirmed, "After deployment 7c31e0a one worker process crashed nine times: 85 % of its requests answered 502 for 17 minutes".to_owned());
    first.window = Some(a);
    first.letter = Some(0);
    first.impact = 1133;
    first.subject = Subject {
        site: Some("contoso-shop".to_owned()),
        status: Some(502),
        instance: Some("b47e02".to_owned()),
        ..Subject::default()
    };
    first.metrics = vec![
        ("errors", Metric::Count(1133)),
        ("server_errors", Metric::Count(1133)),
        ("requests", Metric::Count(1330)),
        ("excess_errors", Metric::Count(1132)),
        ("baseline_rate", Metric::Ratio(0.0005)),
    ];
    first.attribution = Some(Attribution {
        factors: vec![Factor {
            dimension: "instance",
            value: "b47e02".to_owned(),
            kind: PartKind::Instance,
            failing: (1133, 1133),
            answered: (197, 2842),
            risk_ratio_low: 280.4,
            excess_share: 1.0,
        }],
        even: vec![
            Factor {
                dimension: "url",
                value: String::new(),
                kind: PartKind::Path,
                failing: (0, 0),
                answered: (0, 0),
                risk_ratio_low: 1.2,
                excess_share: 0.0,
            },
            Factor {
                dimension: "client",
                value: String::new(),
                kind: PartKind::Address,
                failing: (0, 0),
                answered: (0, 0),
                risk_ratio_low: 1.3,
                excess_share: 0.0,
            },
        ],
    });
    first.causes = vec![
        Cause {
            hypothesis: "worker-crash",
            title: "The worker process crashed, nine times".to_owned(),
            confidence: Confidence::Confirmed,
            supports: text(&[
                "9 × event 1026 with StackOverflowException, each within 1 s of a burst of 502.3",
                "65 requests in flight at those moments all ended 502.3 with win32 12030",
            ]),
            against: vec![],
            missing: text(&["Standard output of the process: stdout logging was off"]),
        },
        Cause {
            hypothesis: "deployment",
            title: "Deployment 7c31e0a brought the fault in".to_owned(),
            confidence: Confidence::Likely,
            supports: text(&[
                "Finished 02:11:04, 3 min 3 s before the first crash",
                "Crashes end with the previous build, a9d4f12, started 02:31:00",
            ]),
            against: text(&["3f9a1c and d80c5e ran the same build for 19 minutes without a crash"]),
            missing: text(&["The difference between the two builds"]),
        },
        Cause {
            hypothesis: "bad-instance",
            title: "Instance b47e02 is faulty".to_owned(),
            confidence: Confidence::Weak,
            supports: text(&["Only this instance failed"]),
            against: text(&["It worked before and after"]),
            missing: vec![],
        },
    ];
    first.advice = Advice {
        mitigate: text(&[
            "Keep 7c31e0a off production.",
            "If it comes back, roll back; a restart does not help.",
        ]),
        fix: text(&["Bound the recursion between PromoRule.Evaluate and BundleRule.Expand."]),
        collect_next: text(&["Switch on stdout logging before the next deployment."]),
    };
    first.evidence = (0..6)
        .map(|n| {
            request(
                4711 + n,
                "02:14:07",
                "/product/4711",
                "id=88121&token=s3cr3tT0ken",
                "203.0.113.77",
                "502 3 12030",
            )
        })
        .collect();
    let mut dice = Dice(3);
    let row = |label: &str, bad: bool, dice: &mut Dice| {
        let requests: Vec<u32> = (0..140).map(|_| 10 + dice.roll(14)).collect();
        let errors = requests
            .iter()
            .enumerate()
            .map(|(bin, n)| if bad && (36..104).contains(&bin) { n * 8 / 10 } else { 0 })
            .collect();
        CloseupRow { label: label.to_owned(), kind: PartKind::Instance, requests, errors }
    };
    first.closeup = Some(Closeup {
        start: at("02:05:00"),
        bin_seconds: 15,
        rows: vec![
            row("b47e02", true, &mut dice),
            row("3f9a1c", false, &mut dice),
            row("d80c5e", false, &mut dice),
        ],
    });

    let mut second = Finding::new(
        "http-5xx-cluster",
        Severity::Critical,
        Confidence::Likely,
        "/api/orders stopped answering for 21 minutes: 1,021 of 1,232 requests failed".to_owned(),
    );
    second.window = Some(b);
    second.letter = Some(1);
    second.subject.url = Some("/api/orders".to_owned());
    second.metrics = vec![
        ("errors", Metric::Count(1021)),
        ("requests", Metric::Count(1232)),
        ("baseline_rate", Metric::Ratio(0.0005)),
    ];
    second.causes = vec![Cause {
        hypothesis: "slow-dependency",
        title: "Something that /api/orders waits for stopped answering".to_owned(),
        confidence: Confidence::Likely,
        supports: text(&["618 requests ran into the limit of 230 s"]),
        against: vec![],
        missing: text(&["Thread stacks of the window"]),
    }];
    second.advice.mitigate =
        text(&["If it comes back, take thread stacks first and restart second."]);
    second.evidence =
        vec![request(99_120, "16:09:10", "/api/orders", "-", "10.0.0.7", "500 121 0")];

    let mut looped = Finding::new(
        "crash-loop",
        Severity::Critical,
        Confidence::Confirmed,
        "The worker process of b47e02 ended nine times in 15 minutes".to_owned(),
    );
    looped.window = Some(range("02:14:06", "02:28:41"));
    looped.subject.instance = Some("b47e02".to_owned());
    looped.metrics = vec![("count", Metric::Count(9))];

    let mut slow = Finding::new(
        "slow-url",
        Severity::Warning,
        Confidence::Likely,
        "/catalog/search takes 3.8 s (p95), all day long".to_owned(),
    );
    slow.detail.push_str("It has 41 % of all time taken and 16 % of the requests.");
    slow.subject.url = Some("/catalog/search".to_owned());
    slow.metrics = vec![("requests", Metric::Count(52_031)), ("p95_ms", Metric::Millis(3800))];
    slow.advice.fix = text(&["Profile /catalog/search."]);
    slow.evidence = vec![request(
        120,
        "00:12:09",
        "/catalog/search",
        "q=summer+hats",
        "198.51.100.4",
        "200 0 0",
    )];

    let mut note = Finding::new(
        "deployment",
        Severity::Info,
        Confidence::Confirmed,
        "Two deployments: 7c31e0a at 02:11:04, a9d4f12 at 02:30:38".to_owned(),
    );
    note.window = Some(range("02:11:04", "02:30:38"));
    note.detail.push_str("Started by deploy@contoso-shop.example.");
    vec![first, second, looped, slow, note]
}

/// A table with a cell of each kind.
fn modules() -> Table {
    let columns = [
        ("Module", false),
        ("Path", true),
        ("Threads", false),
        ("Size", false),
        ("Kernel time", true),
        ("Share", false),
        ("Loaded", true),
        ("Seen", true),
    ];
    let mut table = Table::new("modules", "Modules in the dumps", &columns);
    "2 modules of third parties in 1 dump of 7,412 kB".clone_into(&mut table.caption);
    let place = Location { source: SourceId(3), byte: 0, line: 1 };
    let evidence = Evidence {
        at: place,
        note: String::new(),
        excerpt: Excerpt::text("Contoso.Native.dll 2.4.1.0"),
        alike: 1,
    };
    table.rows = vec![
        Row {
            cells: vec![
                Cell::text("Contoso.Native.dll"),
                Cell::Text(PartKind::Path, "D:\\home\\site\\wwwroot\\bin".to_owned()),
                Cell::Count(12),
                Cell::Bytes(1_048_576),
                Cell::Millis(4_200),
                Cell::Ratio(0.25),
                Cell::Time(range("02:11:04", "02:11:04").start),
                Cell::Range(range("02:14:07", "02:31:02")),
            ],
            evidence: vec![evidence],
        },
        Row { cells: vec![Cell::Absent; columns.len()], evidence: Vec::new() },
    ];
    table.hidden = 3;
    table.notes = vec!["Versions are those of the file, not of the product.".to_owned()];
    table
}

fn timeline(dice: &mut Dice, a: TimeRange, b: TimeRange) -> Timeline {
    let minute = |time: Time| (time.seconds() - DAY) / 60;
    let within = |bin: i64, r: TimeRange| bin >= minute(r.start) && bin <= minute(r.end);
    let mut timeline = Timeline {
        start: Time::from_seconds(DAY),
        bin_seconds: 60,
        latency_bin_seconds: 120,
        ..Timeline::default()
    };
    for bin in 0..1440_i64 {
        let wave = (((bin as f64 - 500.0) / 1440.0 * std::f64::consts::TAU).sin() + 1.3) * 130.0;
        let all = wave as u32 + dice.roll(60);
        let bad = match bin {
            bin if within(bin, a) => all * 3 / 10,
            bin if within(bin, b) => all * 2 / 10,
            _ => u32::from(dice.roll(9) == 0) * (1 + dice.roll(3)),
        };
        timeline.ok.push(all);
        timeline.client_errors.push(dice.roll(4));
        timeline.server_errors.push(bad);
        timeline.in_flight.push(if within(bin, b) { 144 } else { 3 + dice.roll(6) });
    }
    for bin in 0..720_i64 {
        let stalled = within(bin * 2, b);
        let p50 = 35 + dice.roll(12);
        timeline.latency.push(
            (bin != 300).then(|| (p50, if stalled { 230_000 } else { 420 + dice.roll(400) })),
        );
    }
    let cpu = (0..1440).map(|minute| {
        let value = if within(minute, b) { 93.0 } else { f64::from(20 + dice.roll(12)) };
        (Time::from_seconds(DAY + minute * 60), value)
    });
    let cpu: Vec<_> =
        cpu.filter(|(time, _)| !range("09:12:00", "10:47:00").contains(*time)).collect();
    let memory = cpu.iter().map(|(time, value)| (*time, 6.0e8 + value * 1e6));
    timeline.series = vec![
        Series {
            what: "CPU",
            of: "d80c5e".to_owned(),
            kind: PartKind::Instance,
            unit: Unit::Percent,
            limit: Some(75.0),
            bins: timeline.binned(cpu.iter().copied(), 60),
        },
        Series {
            what: "Memory working set",
            of: String::new(),
            kind: PartKind::Plain,
            unit: Unit::Bytes,
            limit: None,
            bins: timeline.binned(memory, 60),
        },
    ];
    let day = range("00:00:02", "23:59:59");
    for (name, failing) in [("3f9a1c", vec![b]), ("b47e02", vec![a, b]), ("d80c5e", vec![b])] {
        timeline.instances.push(InstanceLane {
            name: name.to_owned(),
            covered: vec![day],
            gaps: if name == "d80c5e" { vec![range("09:12:00", "10:47:00")] } else { vec![] },
            failing,
        });
    }
    let mark = |time: &str, label: &str| Mark {
        range: TimeRange::at(at(time)),
        label: label.to_owned(),
        kind: PartKind::Text,
    };
    timeline.rows = vec![
        MarkRow {
            label: "Deployments",
            kind: "deployment",
            marks: vec![mark("02:11:04", "7c31e0a"), mark("02:30:38", "a9d4f12")],
        },
        MarkRow {
            label: "Crashes",
            kind: "crash",
            marks: (0..9)
                .map(|n| mark(&format!("02:{:02}:06", 14 + n), "on b47e02"))
                .chain([mark("10:58:01", ""), mark("18:44:13", "")])
                .collect(),
        },
        MarkRow {
            label: "App starts",
            kind: "start",
            marks: (0..9).map(|n| mark(&format!("02:{:02}:16", 14 + n), "")).collect(),
        },
        MarkRow {
            label: "PHP fatals",
            kind: "php",
            marks: (6..23).map(|h| mark(&format!("{h:02}:00:11"), "")).collect(),
        },
        MarkRow { label: "Dumps", kind: "dump", marks: vec![] },
        MarkRow {
            label: "DaaS sessions",
            kind: "session",
            marks: vec![Mark {
                range: range("16:20:00", "16:48:00"),
                label: "profiler".to_owned(),
                kind: PartKind::Text,
            }],
        },
    ];
    timeline.clusters =
        vec![ClusterBand { letter: 0, range: a }, ClusterBand { letter: 1, range: b }];
    timeline
}

/// A bundle with nothing readable in it.
pub(crate) fn nothing() -> Analysis {
    Analysis::default()
}

/// Only an event log.
pub(crate) fn without_http() -> Analysis {
    let mut analysis = rich();
    analysis.http = None;
    analysis.php = None;
    analysis.verdict = Verdict {
        health: Health::Unknown,
        headline: "Cannot tell: no HTTP log in the bundle".to_owned(),
        ..Verdict::default()
    };
    analysis.answers.clear();
    analysis.findings.clear();
    if let Some(timeline) = &mut analysis.timeline {
        timeline.clusters.clear();
        timeline.instances.clear();
    }
    analysis
}

/// One request, and nothing wrong with it.
pub(crate) fn one_request() -> Analysis {
    let mut latency = Latency::default();
    latency.record(12);
    let counts = HttpCounts { requests: 1, ..HttpCounts::default() };
    let now = TimeRange::at(at("12:00:00"));
    Analysis {
        verdict: Verdict {
            health: Health::Healthy,
            headline: "No incident in 1 s; 1 request, none failed".to_owned(),
            ..Verdict::default()
        },
        window: Some(now),
        totals: Totals {
            bytes: 311,
            recognised_bytes: 311,
            readable_bytes: 311,
            sources: 1,
            records: 1,
            malformed: 0,
        },
        http: Some(Http {
            totals: counts,
            status: vec![(200, 1)],
            latency: latency.clone(),
            outcomes: vec![outcome(200, 0, 0, 1, Some(12), now, "OK")],
            sites: vec![Site { name: "tiny".to_owned(), counts }],
            urls: vec![Url {
                url: "/".to_owned(),
                requests: 1,
                total_ms: 12,
                latency,
                ..Url::default()
            }],
            ..Http::default()
        }),
        sources: vec![source("x.log", "w3c", 311, 1)],
        timeline: Some(Timeline {
            start: now.start,
            bin_seconds: 1,
            ok: vec![1],
            client_errors: vec![0],
            server_errors: vec![0],
            in_flight: vec![1],
            latency_bin_seconds: 1,
            latency: vec![Some((12, 12))],
            ..Timeline::default()
        }),
        coverage: Coverage { http_share: 1.0, ..Coverage::default() },
        ..Analysis::default()
    }
}

/// Far too much of everything.
pub(crate) fn monster() -> Analysis {
    let mut analysis = rich();
    let pattern = analysis.findings.clone();
    analysis.findings.clear();
    let long = "a very long sentence that goes on and on ".repeat(30);
    for n in 0..120_u32 {
        for (index, it) in pattern.iter().enumerate() {
            let mut it = it.clone();
            it.letter = it.letter.map(|letter| letter + 2 * n);
            it.detail.clone_from(&long);
            it.advice.fix = vec![format!("{n} {index} {long}"); 5];
            it.evidence = vec![
                request(
                    1,
                    "02:14:07",
                    &format!("/{}", long.replace(' ', "-")),
                    "a=bcdefghij",
                    "203.0.113.77",
                    "502 3 12030"
                );
                12
            ];
            analysis.findings.push(it);
        }
    }
    analysis.findings.sort_by_key(|it| it.severity);
    let file = analysis.sources.first().cloned();
    for n in 0..8000 {
        let Some(mut it) = file.clone() else { break };
        it.path = format!("dump.zip!/LogFiles/http/RawLogs/{n:06}-{}.log", "x".repeat(120));
        analysis.sources.push(it);
    }
    if let Some(http) = &mut analysis.http {
        let urls = http.urls.clone();
        for n in 0..5000 {
            http.urls.extend(
                urls.first().cloned().map(|it| Url { url: format!("{}/{n}", it.url), ..it }),
            );
        }
    }
    if let Some(timeline) = &mut analysis.timeline {
        timeline.bin_seconds = 86_400 / 4;
        for n in 0..64 {
            let lane = timeline.instances.first().cloned();
            timeline
                .instances
                .extend(lane.map(|lane| InstanceLane { name: format!("{n:06x}"), ..lane }));
        }
        timeline.clusters = (0..240)
            .map(|n| ClusterBand {
                letter: n,
                range: TimeRange::at(Time::from_seconds(DAY + i64::from(n) * 80_000)),
            })
            .collect();
        timeline.ok = (0..9000).map(|n| n * 7919 % 1000).collect();
        timeline.client_errors = (0..9000).map(|n| n * 31 % 50).collect();
        timeline.server_errors = (0..9000).map(|n| n * 17 % 40).collect();
        timeline.in_flight = (0..9000).map(|n| n * 13 % 90).collect();
    }
    analysis
}
