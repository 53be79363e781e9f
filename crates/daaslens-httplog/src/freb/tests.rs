//! Traces, written as IIS writes them.

use std::fmt::Write as _;

use super::*;

/// An event: milliseconds after the start, opcode, values.
type Step<'a> = (u32, &'a str, &'a [(&'a str, &'a str)]);

/// A trace with its events.
fn trace(head: &str, events: &[Step<'_>]) -> String {
    let mut text = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\r\n<?xml-stylesheet type='text/xsl' href='freb.xsl'?>\r\n\
         <!-- saved from url=(0014)about:internet -->\r\n<failedRequest {head}\r\n               \
         xmlns:freb=\"http://schemas.microsoft.com/win/2006/06/iis/freb\"\r\n               >\r\n"
    );
    for (ms, opcode, values) in events {
        let (mut data, mut descriptions) = (String::new(), String::new());
        for (name, value) in *values {
            let (into, line) = match name.strip_prefix('=') {
                Some(of) => (
                    &mut descriptions,
                    format!("  <freb:Description Data=\"{of}\">{value}</freb:Description>\r\n"),
                ),
                None => (&mut data, format!("  <Data Name=\"{name}\">{value}</Data>\r\n")),
            };
            into.push_str(&line);
        }
        let (second, ms) = (ms / 1000, ms % 1000);
        write!(
            text,
            "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\r\n <System>\r\n  \
             <Provider Name=\"WWW Server\" Guid=\"{{3A2A4E84-4C21-4981-AE10-3FDA0D9B0F83}}\"/>\r\n  <Opcode>1</Opcode>\r\n  \
             <TimeCreated SystemTime=\"2026-03-11T02:14:{second:02}.{ms:03}Z\"/>\r\n  <Computer>RD0003FF000001</Computer>\r\n \
             </System>\r\n <EventData>\r\n{data} </EventData>\r\n <RenderingInfo Culture=\"en-US\">\r\n  \
             <Opcode>{opcode}</Opcode>\r\n{descriptions} </RenderingInfo>\r\n</Event>\r\n"
        )
        .unwrap();
    }
    text + "</failedRequest>\r\n"
}

const HEAD: &str = "url=\"https://shop.example:443/cart?key=secret\"\r\n               siteId=\"1\"\r\n               \
    appPoolId=\"shop\"\r\n               processId=\"4711\"\r\n               verb=\"POST\"\r\n               \
    userName=\"CONTOSO\\somebody\"\r\n               authenticationType=\"anonymous\"\r\n               \
    activityId=\"{80000001-0000-0000-0000-000000000001}\"\r\n               failureReason=\"STATUS_CODE\"\r\n               \
    statusCode=\"500.30\"\r\n               triggerStatusCode=\"500.30\"\r\n               timeTaken=\"5000\"";

fn module<'a>(name: &'a str, number: &'a str, stage: &'a str) -> [(&'a str, &'a str); 3] {
    [("ModuleName", name), ("Notification", number), ("=Notification", stage)]
}

fn of_module(name: &str, stage: &str) -> Stage {
    Stage::Module { name: name.to_owned(), notification: stage.to_owned() }
}

#[test]
fn a_trace_says_who_set_the_error_and_where_the_time_went() {
    let rewrite = module("RewriteModule", "1", "BEGIN_REQUEST");
    let handler = module("AspNetCoreModuleV2", "128", "EXECUTE_REQUEST_HANDLER");
    let headers = "Content-Length: 12&#x0A;Cookie: session=secret&#x0A;X-ARR-LOG-ID: 0F0E0D0C-0000-4000-8000-0000000000AB&#x0A;";
    let error = [
        ("ModuleName", "AspNetCoreModuleV2"),
        ("Notification", "128"),
        ("HttpStatus", "500"),
        ("HttpReason", "Internal Server Error"),
        ("HttpSubStatus", "30"),
        ("ErrorCode", "2147943629"),
        ("ConfigExceptionInfo", ""),
        ("=Notification", "EXECUTE_REQUEST_HANDLER"),
    ];
    let text = trace(
        HEAD,
        &[
            (
                0,
                "GENERAL_REQUEST_START",
                &[("RequestURL", "https://shop.example:443/cart?key=secret")],
            ),
            (0, "GENERAL_REQUEST_HEADERS", &[("Headers", headers)]),
            (10, "NOTIFY_MODULE_START", &rewrite),
            (40, "NOTIFY_MODULE_END", &rewrite),
            (50, "HANDLER_CHANGED", &[]),
            (1550, "NOTIFY_MODULE_START", &handler),
            (1560, "GENERAL_READ_ENTITY_START", &[]),
            (1960, "GENERAL_READ_ENTITY_END", &[]),
            (4960, "MODULE_SET_RESPONSE_ERROR_STATUS", &error),
            (4960, "NOTIFY_MODULE_END", &handler),
            (4990, "GENERAL_REQUEST_END", &[("HttpStatus", "500"), ("HttpSubStatus", "30")]),
        ],
    );
    let (found, faults) = read(text.as_bytes());
    assert_eq!(faults, []);
    let start = Time::parse("2026-03-11T02:14:00Z").unwrap();
    let untraced = |after: &str, before: &str| Stage::Untraced {
        after: after.to_owned(),
        before: before.to_owned(),
    };
    let expected = Trace {
        target: Target { host: "shop.example".to_owned(), path: "/cart".to_owned() },
        verb: "POST".to_owned(),
        pool: "shop".to_owned(),
        process: Some(4711),
        activity: "{80000001-0000-0000-0000-000000000001}".to_owned(),
        failure: "STATUS_CODE".to_owned(),
        status: Some((500, 30)),
        trigger: Some((500, 30)),
        time_taken_ms: Some(5000),
        machine: Some("RD0003FF000001".to_owned()),
        arr_log_id: Some("0f0e0d0c-0000-4000-8000-0000000000ab".to_owned()),
        error: Some(ErrorStatus {
            module: "AspNetCoreModuleV2".to_owned(),
            notification: "EXECUTE_REQUEST_HANDLER".to_owned(),
            status: 500,
            substatus: 30,
            code: 2_147_943_629,
            configuration: None,
        }),
        flush_error: None,
        stages: vec![
            (of_module("AspNetCoreModuleV2", "EXECUTE_REQUEST_HANDLER"), 3010),
            (Stage::StartUp, 1500),
            (Stage::Step { event: "GENERAL_READ_ENTITY_START", detail: String::new() }, 400),
            (of_module("RewriteModule", "BEGIN_REQUEST"), 30),
            (untraced("AspNetCoreModuleV2", "GENERAL_REQUEST_END"), 30),
            (untraced("GENERAL_REQUEST_END", ""), 10),
            (untraced("GENERAL_REQUEST_HEADERS", "RewriteModule"), 10),
            (untraced("RewriteModule", "HANDLER_CHANGED"), 10),
        ],
        range: Some(TimeRange::new(start, Time(start.0 + 4990))),
        events: 11,
        has_start: true,
        truncated: false,
        cut: false,
    };
    assert_eq!(found, Some(expected));
    let kept = format!("{:?}", read(text.as_bytes()));
    for secret in ["secret", "CONTOSO", "somebody", "session"] {
        assert!(!kept.contains(secret), "{secret} was kept");
    }
}

#[test]
fn a_trace_that_stopped_at_its_size_covers_a_part() {
    let text = trace(
        &HEAD.replace("STATUS_CODE", "TIME_TAKEN").replace("5000", "61230"),
        &[
            (0, "NOTIFY_MODULE_END", &module("UrlAuthorization", "4", "AUTHORIZE_REQUEST")),
            (730, "LOG_FILE_MAX_SIZE_TRUNCATE", &[]),
        ],
    );
    let trace = read(text.as_bytes()).0.unwrap();
    assert!(trace.truncated && trace.is_partial() && !trace.has_start && !trace.cut);
    assert_eq!((trace.covered_ms(), trace.time_taken_ms, trace.end()), (730, Some(61230), None));
    assert_eq!(trace.stages.len(), 1, "an end without a start closes nothing");
}

#[test]
fn a_trace_that_was_cut_off_keeps_what_was_read() {
    let handler = module("ManagedPipelineHandler", "128", "EXECUTE_REQUEST_HANDLER");
    let text = trace(
        HEAD,
        &[
            (0, "GENERAL_REQUEST_START", &[]),
            (0, "NOTIFY_MODULE_START", &handler),
            (900, "AspNetHttpHandlerEnter", &[]),
        ],
    );
    let third = text.match_indices("<Event ").nth(2).unwrap().0;
    let (found, faults) = read(&text.as_bytes()[..third + 200]);
    let trace = found.unwrap();
    assert!(trace.cut && trace.has_start && trace.events == 2, "{trace:?}");
    assert_eq!(trace.stages, [], "what a cut trace does not cover is given to nobody");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].kind, DocumentFaultKind::CutOff);
    // Cut off inside its head, there is nothing.
    let (nothing, faults) = read(&text.as_bytes()[..300]);
    assert!(nothing.is_none() && faults[0].kind == DocumentFaultKind::CutOff, "{faults:?}");
    assert_eq!(read(b"<Events/>").1[0].kind, DocumentFaultKind::NotThis);
    assert_eq!(read(b"").1[0].kind, DocumentFaultKind::NotThis);
}

#[test]
fn a_module_that_works_on_keeps_its_time_until_the_next_stage() {
    let handler = module("AspNetCoreModuleV2", "128", "EXECUTE_REQUEST_HANDLER");
    let pending = [handler.as_slice(), &[("=NotificationStatus", "NOTIFICATION_PENDING")]].concat();
    let done = [handler.as_slice(), &[("=NotificationStatus", "NOTIFICATION_CONTINUE")]].concat();
    let log = module("HttpLoggingModule", "1024", "LOG_REQUEST");
    // With its completion, and without an end at all.
    let with = trace(
        HEAD,
        &[
            (0, "GENERAL_REQUEST_START", &[]),
            (0, "NOTIFY_MODULE_START", &handler),
            (5, "NOTIFY_MODULE_END", &pending),
            (3000, "NOTIFY_MODULE_COMPLETION", &pending),
            (4000, "NOTIFY_MODULE_COMPLETION", &done),
            (4001, "NOTIFY_MODULE_START", &log),
            (5000, "NOTIFY_MODULE_END", &log),
        ],
    );
    let without = trace(
        HEAD,
        &[
            (0, "GENERAL_REQUEST_START", &[]),
            (0, "NOTIFY_MODULE_START", &handler),
            (3000, "NOTIFY_MODULE_COMPLETION", &done),
            (4001, "NOTIFY_MODULE_START", &log),
            (5000, "NOTIFY_MODULE_END", &log),
        ],
    );
    let stages = |text: &str| read(text.as_bytes()).0.unwrap().stages;
    let (ours, theirs) = (
        of_module("AspNetCoreModuleV2", "EXECUTE_REQUEST_HANDLER"),
        of_module("HttpLoggingModule", "LOG_REQUEST"),
    );
    assert_eq!(stages(&with)[..2], [(ours.clone(), 4000), (theirs.clone(), 999)]);
    assert_eq!(stages(&without), [(ours, 4001), (theirs, 999)]);
}

#[test]
fn steps_and_requests_inside_a_module_have_time_of_their_own() {
    let outer = module("DefaultDocumentModule", "128", "EXECUTE_REQUEST_HANDLER");
    let inner = module("ManagedPipelineHandler", "128", "EXECUTE_REQUEST_HANDLER");
    let end = module("SessionModule", "2048", "END_REQUEST");
    let text = trace(
        HEAD,
        &[
            (0, "GENERAL_REQUEST_START", &[]),
            (0, "NOTIFY_MODULE_START", &outer),
            (100, "GENERAL_CHILD_REQUEST_START", &[]),
            (100, "NOTIFY_MODULE_START", &inner),
            (300, "AspNetCompileEnter", &[]),
            (2300, "AspNetCompileLeave", &[]),
            (2400, "NOTIFY_MODULE_END", &inner),
            (2400, "NOTIFY_MODULE_START", &end),
            (2500, "NOTIFY_MODULE_END", &end),
            (2500, "GENERAL_CHILD_REQUEST_END", &[]),
            (5000, "NOTIFY_MODULE_END", &outer),
        ],
    );
    let stages = read(text.as_bytes()).0.unwrap().stages;
    assert_eq!(
        stages,
        [
            (of_module("DefaultDocumentModule", "EXECUTE_REQUEST_HANDLER"), 2600),
            (Stage::Step { event: "AspNetCompileEnter", detail: String::new() }, 2000),
            (of_module("ManagedPipelineHandler", "EXECUTE_REQUEST_HANDLER"), 300),
            (of_module("SessionModule", "END_REQUEST"), 100),
        ]
    );
}

#[test]
fn the_last_error_before_the_end_counts() {
    let set = |status: &'static str, code: &'static str| {
        [
            ("ModuleName", "IIS Web Core"),
            ("HttpStatus", status),
            ("HttpSubStatus", "0"),
            ("ErrorCode", code),
        ]
    };
    let text = trace(
        HEAD,
        &[
            (0, "MODULE_SET_RESPONSE_ERROR_STATUS", &set("401", "2147942405")),
            (1, "MODULE_SET_RESPONSE_ERROR_STATUS", &set("502", "-2147012866")),
            (1, "MODULE_SET_RESPONSE_ERROR_STATUS", &set("200", "0")),
            (2, "GENERAL_FLUSH_RESPONSE_END", &[("ErrorCode", "2147943629")]),
            (2, "GENERAL_REQUEST_END", &[]),
            (3, "MODULE_SET_RESPONSE_ERROR_STATUS", &set("500", "1")),
        ],
    );
    let trace = read(text.as_bytes()).0.unwrap();
    let error = trace.error.unwrap();
    assert_eq!((error.status, error.code), (502, 0x8007_2efe));
    assert_eq!(trace.flush_error, Some(0x8007_04cd));
}
