//! `status.substatus.win32` in words.

use daaslens_kb as kb;

#[test]
fn words_for_a_table_row() {
    let cases: [(u16, u32, u64, &str); 19] = [
        (200, 0, 0, "answered"),
        (200, 0, 64, "answered, but the client left before all of it was sent"),
        (304, 0, 64, "not modified; the client had left (win32 64)"),
        (404, 0, 2, "not found; the file was not found (win32 2)"),
        (500, 0, 258, "FastCGI: the PHP process took too long"),
        (500, 19, 64, "not a configuration error: the client left while the answer was compressed"),
        (500, 30, 0, "the ASP.NET Core application failed to start in process"),
        (500, 121, 0, "App Service request timeout: no answer within about 230 s"),
        (500, 1013, 109, "iisnode: the node process died in the middle of the request"),
        (502, 3, 12002, "proxy: the backend did not answer in time"),
        (502, 3, 2_147_954_402, "proxy: the backend did not answer in time"),
        (502, 3, 12029, "proxy: the backend was not listening"),
        (502, 3, 12030, "proxy: the backend closed the connection while the request was in flight"),
        (502, 3, 1236, "proxy: the client left while its request was being forwarded"),
        (503, 0, 0, "no worker was available"),
        (503, 65, 0, "platform substatus, meaning not documented"),
        (503, 77, 0, "service unavailable; substatus 77 is not documented"),
        (599, 0, 0, "status 599"),
        (
            500,
            0,
            67_567_567_567,
            "application error; not a Windows error known here (win32 67567567567)",
        ),
    ];
    for (status, substatus, win32, words) in cases {
        assert_eq!(
            kb::outcome(status, substatus, win32).words,
            words,
            "{status}.{substatus}.{win32}"
        );
    }
}

#[test]
fn what_stands_behind_the_words() {
    let outcome = kb::outcome(502, 3, 0x8007_2EFE);
    assert!(outcome.documented && !outcome.client_abort);
    assert_eq!(outcome.win32.map(|error| error.name), Some("ERROR_WINHTTP_CONNECTION_ERROR"));
    assert_eq!(
        outcome.advice(),
        ["Look for a crash or recycle in the same second on the same instance."]
    );
    assert!(kb::outcome(502, 3, 64).client_abort);
    assert!(!kb::outcome(503, 77, 0).documented);
    assert!(!kb::outcome(503, 65, 0).documented);
    // The advice of the status stands in where the substatus has none.
    assert_eq!(kb::outcome(503, 77, 0).advice(), kb::status(503).unwrap().about.advice);
    assert_eq!(kb::outcome(599, 0, 0).means(), None);
}

#[test]
fn hresults_are_reduced() {
    let cases = [
        (0, 0),
        (64, 64),
        (2_147_954_402, 12002),
        (0x8007_0040, 64),
        (0x8009_030E, 0x8009_030E),
        (67_567_567_567, 67_567_567_567),
    ];
    for (logged, expected) in cases {
        assert_eq!(kb::win32_of(logged), expected);
    }
}
