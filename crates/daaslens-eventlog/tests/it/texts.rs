//! What the events of each family say.

use crate::event;
use daaslens_eventlog::Level;
use daaslens_eventlog::ancm::{AncmKind, ancm};
use daaslens_eventlog::aspnet::{web_death, web_error};
use daaslens_eventlog::platform::{HttpPlatformKind, http_platform, limit_hit, shutdown};
use daaslens_eventlog::runtime::{Death, log_record, profiler, runtime_death};
use daaslens_eventlog::windows::{PoolKind, pool_event};

const V2: &str = "IIS AspNetCore Module V2";

#[test]
fn the_runtime_ends_a_process() {
    let death = runtime_death(&event(".NET Runtime", 1026, &["Application: w3wp.exe\r\nFramework Version: v4.0.30319\r\nDescription: The process was terminated due to an unhandled exception.\r\nException Info: System.Net.WebException\r\n   at Shop.Api.Call(System.String)\r\n"])).unwrap();
    assert_eq!(
        (death.death, &*death.application, &*death.version),
        (Death::UnhandledException, "w3wp.exe", "v4.0.30319")
    );
    assert_eq!(death.exception.innermost().unwrap().type_name, "System.Net.WebException");
    assert_eq!(death.exception.place(&death.exception.frames[0]).function, "Shop.Api.Call");

    let native = runtime_death(&event(".NET Runtime", 1026, &["Application: w3wp.exe\nDescription: x\nException Info: exception code c0000005, exception address 00007FFC12345678\nStack:\n"])).unwrap();
    assert_eq!((native.code, native.exception.is_empty()), (Some(0xc000_0005), true));

    let internal = runtime_death(&event(".NET Runtime", 1023, &["Application: w3wp.exe\nDescription: The process was terminated due to an internal error in the .NET Runtime at IP 00007FFD391326A1 (00007FFD38F60000) with exit code 80131506."])).unwrap();
    assert_eq!((internal.code, internal.runtime_offset), (Some(0x8013_1506), Some(0x1d_26a1)));

    let fail_fast = runtime_death(&event(".NET Runtime", 1025, &["Application: a.exe\nDescription: x FailFast(string message).\nMessage: giving up\nStack:\n   at System.Environment.FailFast(System.String)\n   at A.B()\n"])).unwrap();
    assert_eq!(
        (fail_fast.death, &*fail_fast.message, fail_fast.exception.frames.len()),
        (Death::FailFast, "giving up", 2)
    );
    assert_eq!(
        runtime_death(&event(".NET Runtime", 1000, &["Category: A\nEventId: 1\n\nx"])),
        None
    );
}

#[test]
fn an_application_logs_under_the_name_of_the_runtime() {
    let text = "Category: Shop.Bus\nEventId: 7\nSpanId: 77\nRequestId: 40003d14-0000-b500-b63f-84710c7967bb\nRequestPath: /cart\n\nCould not\n\npoll.\n\nException: \nA.OuterException: o\n ---> A.InnerException: i\n   at A.B()\n   --- End of inner exception stack trace ---\n   at A.C()\n";
    let record = log_record(&event(".NET Runtime", 1000, &[text])).unwrap();
    assert_eq!(
        (&*record.category, record.event_id, &*record.message),
        ("Shop.Bus", Some(7), "Could not\n\npoll.")
    );
    assert_eq!(record.request_path(), Some("/cart"));
    assert_eq!(record.request_id(), Some("40003d14-0000-b500-b63f-84710c7967bb"));
    assert_eq!(record.exception.innermost().unwrap().type_name, "A.InnerException");
    assert_eq!(record.exception.frames.len(), 2);
    assert!(!record.continues && !record.continuation);
    let rest = log_record(&event(".NET Runtime", 1000, &["...   at A.B()\n"])).unwrap();
    assert!(rest.continuation);
    assert_eq!(log_record(&event("ZipFS", 0, &["Failed"])), None);
    let fatal = "Category: Microsoft.Extensions.Hosting.Internal.Host\nEventId: 10\n\nThe HostOptions.BackgroundServiceExceptionBehavior is configured to StopHost.\n";
    assert!(log_record(&event(".NET Runtime", 1000, &[fatal])).unwrap().stops_host());
}

#[test]
fn a_profiler_is_loaded() {
    let text = ".NET Runtime version 4.0.30319.0 - The profiler was loaded successfully.  Profiler CLSID: '{324F817A-7420-4E6D-B3C1-143FBED6D855}'.  Process ID (decimal): 7344.  Message ID: [0x2507].";
    let found = profiler(&event(".NET Runtime", 1022, &[text])).unwrap();
    assert_eq!(
        (found.loaded, found.process_id, &*found.class_id),
        (true, Some(7344), "{324F817A-7420-4E6D-B3C1-143FBED6D855}")
    );
}

#[test]
fn asp_net_tells_of_a_request() {
    let stack = "The remote host closed the connection. The error code is 0x800704CD.\n   at System.Web.Hosting.IIS7WorkerRequest.Raise(Int32 r)\n\ninner\n   at Shop.A.B()\n";
    let mut texts = vec![
        "3005",
        "An unhandled exception has occurred.",
        "3/11/2026 2:14:07 AM",
        "3/11/2026 2:14:07 AM",
        "guid",
        "1",
        "1",
        "0",
        "/LM/W3SVC/2/ROOT-1-1",
        "Full",
        "/",
        "C:\\home\\site\\wwwroot\\",
        "M",
        "",
        "4321",
        "w3wp.exe",
        "IIS APPPOOL\\shop",
        "HttpException",
        stack,
        "https://shop/cart?id=1",
        "/cart",
        "203.0.113.9",
        "",
        "False",
        "",
        "",
        "7",
        "",
        "",
        "",
    ];
    let error = web_error(&event("ASP.NET 4.0.30319.0", 1309, &texts)).unwrap();
    assert_eq!(
        (error.code, error.detail_code, error.process_id),
        (Some(3005), Some(0), Some(4321))
    );
    assert_eq!(
        (&*error.url, &*error.path, &*error.client),
        ("https://shop/cart?id=1", "/cart", "203.0.113.9")
    );
    assert_eq!(error.exception.chain[0].type_name, "HttpException");
    assert_eq!(error.exception.chain[1].message, "inner");
    let frames: Vec<_> =
        error.exception.frames.iter().map(|f| (f.of, error.exception.place(f).function)).collect();
    assert_eq!(
        frames,
        [(1, "Shop.A.B".to_owned()), (0, "System.Web.Hosting.IIS7WorkerRequest.Raise".to_owned())]
    );
    assert_eq!(error.exception.innermost().unwrap().message, "inner");
    assert!(error.client_gone());
    // Torn in the writer: fewer strings are no reason to give up.
    texts.truncate(5);
    assert_eq!(web_error(&event("ASP.NET 4.0.30319.0", 1309, &texts)).unwrap().url, "");
}

#[test]
fn asp_net_tells_of_a_death() {
    let text = "An unhandled exception occurred and the process was terminated.\r\n\r\nApplication ID: /LM/W3SVC/2/ROOT\r\n\r\nProcess ID: 4321\r\n\r\nException: System.AggregateException\r\n\r\nMessage: outer\r\n\r\nStackTrace:    at A.B()\r\n   at A.C()\r\n\r\nInnerException: \r\n\r\nException: System.IO.IOException\r\n\r\nMessage: inner\r\n\r\nStackTrace:    at D.E()\r\n";
    let death = web_death(&event("ASP.NET 4.0.30319.0", 1325, &[text])).unwrap();
    assert_eq!((&*death.application, death.process_id), ("/LM/W3SVC/2/ROOT", Some(4321)));
    assert_eq!(death.exception.innermost().unwrap().type_name, "System.IO.IOException");
    let frames: Vec<_> =
        death.exception.frames.iter().map(|frame| (frame.of, &*frame.method)).collect();
    assert_eq!(frames, [(1, "D.E()"), (0, "A.B()"), (0, "A.C()")]);
}

#[test]
fn the_core_module_reports() {
    let start = ancm(&event("IIS AspNetCore Module", 1000, &["Application 'MACHINE/WEBROOT/APPHOST/SHOP' with physical root 'C:\\home\\site\\wwwroot\\' failed to start process with commandline 'dotnet .\\Shop.dll', ErrorCode = '0x80004005 : 80008081."])).unwrap();
    assert_eq!(
        (start.kind, start.code, start.exit_code),
        (AncmKind::StartFailed, Some(0x8000_4005), Some(0x8000_8081))
    );
    assert_eq!((&*start.application, start.out_of_process), ("MACHINE/WEBROOT/APPHOST/SHOP", true));

    let load = ancm(&event(V2, 1007, &["Application '/LM/W3SVC/2/ROOT' with physical root 'C:\\x\\' failed to load coreclr. Exception message:\nYou must install or update .NET to run this application.\n\nFramework: 'Microsoft.AspNetCore.App', version '9.0.0' (x64)\nReturn code: 0x80008096", "Process Id: 12.", "File Version: 13.1.25191.17. Description: IIS ASP.NET Core Module V2. Commit: "])).unwrap();
    assert_eq!(
        (load.kind, load.code, load.process_id),
        (AncmKind::StartFailed, Some(0x8000_8096), Some(12))
    );
    assert_eq!(load.missing_framework(), Some(("Microsoft.AspNetCore.App", "9.0.0")));
    assert_eq!(load.file_version, "13.1.25191.17");

    let exited = ancm(&event(V2, 1011, &["Application '/LM/W3SVC/2/ROOT' with physical root 'C:\\x\\' has exited from Program.Main with exit code = '1'. Last 30KB characters of captured stdout and stderr logs:\nUnhandled exception. A.BException: c\n   at A.Main()", "Process Id: 12."])).unwrap();
    assert_eq!((exited.kind, exited.exit_code), (AncmKind::Exited, Some(1)));
    assert_eq!(exited.exception.innermost().unwrap().type_name, "A.BException");

    let bitness = ancm(&event(
        V2,
        1010,
        &[
            "Failed to start application '/LM/W3SVC/2/ROOT', ErrorCode '0x800700c1'.",
            "Process Id: 12.",
        ],
    ))
    .unwrap();
    assert_eq!((bitness.code, &*bitness.application), (Some(0x8007_00c1), "/LM/W3SVC/2/ROOT"));

    let started = ancm(&event("IIS AspNetCore Module V2", 1001, &["Application 'MACHINE/WEBROOT/APPHOST/~1SHOP' started process '4242' successfully and process '4242' is listening on port '5000'.", "Process Id: 9."])).unwrap();
    assert_eq!(
        (started.kind, started.process_id, started.is_scm()),
        (AncmKind::Started, Some(4242), true)
    );
    assert_eq!(ancm(&event("IISADMIN", 1000, &[])), None);
}

#[test]
fn limits_and_changes() {
    let limit = limit_hit(&event("W3SVC-WP", 2299, &["Worker Process requested recycle due to 'Percent Memory' limit. Memory Used: 3453165568 out of 3757625344 available. Exceeded 90 Percent of Memory"])).unwrap();
    assert_eq!(
        (&*limit.limit, limit.used, limit.of, limit.percent, limit.recycles),
        ("Percent Memory", Some(3_453_165_568), Some(3_757_625_344), Some(90), true)
    );
    let watched = limit_hit(&event(
        "IIS-Process-Monitoring",
        9020,
        &["Worker Process hit the 'Total Requests' limit"],
    ))
    .unwrap();
    assert_eq!((&*watched.limit, watched.recycles), ("Total Requests", false));
    let change = shutdown(&event(".NET Runtime", 0, &["_shutDownMessage=Change Notification for critical directories.\r\nbin dir change or directory rename\r\nHostingEnvironment initiated shutdown\r\n\r\n_shutDownStack=   at x"])).unwrap();
    assert!(change.changed && change.reason.starts_with("Change Notification"));
    assert_eq!(shutdown(&event(".NET Runtime", 0, &["hello"])), None);
}

#[test]
fn other_languages_crash_behind_their_handler() {
    let crashed = http_platform(&event(
        "HttpPlatformHandler",
        1002,
        &["Process '8232' listening on port '23456' crashed with exit Code = '-1073741819'."],
    ))
    .unwrap();
    assert_eq!(
        (crashed.kind, &*crashed.process, crashed.port, crashed.code),
        (HttpPlatformKind::Crashed, "8232", Some(23456), Some(0xc000_0005))
    );
    assert_eq!(http_platform(&event("HttpPlatformHandler", 2000, &["chatter"])), None);
}

#[test]
fn levels_depend_on_who_wrote_them() {
    use Level::{Critical, Error, Information, Warning};
    use daaslens_eventlog::Dialect::{AppService, Windows};

    let mut event = event("W3SVC-WP", 1, &[]);
    let mut levels = |provider: &'static str, dialect| {
        event.provider = provider.into();
        event.dialect = dialect;
        [0, 1, 2, 3, 4].map(|raw| {
            event.raw_level = Some(raw);
            event.level()
        })
    };
    assert_eq!(levels("W3SVC-WP", AppService), [Information, Error, Warning, Warning, Information]);
    assert_eq!(
        levels("ASP.NET 4.0.30319.0", AppService),
        [Information, Information, Warning, Error, Information]
    );
    assert_eq!(
        levels("ASP.NET 4.0.30319.0", Windows),
        [Information, Critical, Error, Warning, Information]
    );
}

/// The order of the strings differs: the pool first where a process failed, the process first where it was recycled,
/// the pool alone where all of its processes were.
#[test]
fn pools_and_their_processes() {
    for (id, strings, kind, process_id) in [
        (5011, vec!["shop", "6700"], PoolKind::Died, Some(6700)),
        (5002, vec!["shop"], PoolKind::Disabled, None),
        (5074, vec!["6700", "shop"], PoolKind::Recycled, Some(6700)),
        (5186, vec!["6700", "shop", "20"], PoolKind::Recycled, Some(6700)),
        (5079, vec!["shop"], PoolKind::Recycled, None),
        (5080, vec!["shop"], PoolKind::Recycled, None),
    ] {
        let found = pool_event(&event("WAS", id, &strings)).unwrap();
        assert_eq!(
            (found.kind, &*found.pool, found.process_id),
            (kind, "shop", process_id),
            "{id}"
        );
    }
}
