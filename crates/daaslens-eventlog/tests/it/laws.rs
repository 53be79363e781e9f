//! What must hold for any input.

use daaslens_eventlog::{
    Format, Item, Log, ancm, aspnet, decode, incident, plan, platform, read, read_all, runtime,
    windows,
};
use daaslens_testkit::evtx::{Record, write};
use proptest::prelude::*;

/// Pieces of markup, whole and broken, in any order: nearer to trouble than plain random bytes.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let scrap = prop_oneof![
        prop::sample::select(vec![
            "<Events>",
            "</Events>",
            "<Event>",
            "</Event>",
            "<Event xmlns='a'>",
            "<Event/>",
            "<EventData>",
            "</EventData>",
            "<System>",
            "</System>",
            "<Provider Name=\"ASP.NET 4.0.30319.0\"/>",
            "<EventID>1309</EventID>",
            "<Provider Name='.NET Runtime'/>",
            "<EventID>1026</EventID>",
            "<TimeCreated SystemTime='2026-03-11T02:14:07Z'/>",
            "<Data>",
            "</Data>",
            "<Data/>",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "<?xml ",
            "?>",
            "<!DOCTYPE",
            ">",
            "<",
            "&",
            "&lt;",
            "&#0;",
            "&#x41;",
            "\n",
            "\r\n",
            " ",
            "- ",
            "\0",
            "\0\0\0",
            "\u{feff}",
            "</Event",
            "<Event",
            "\u{1}",
            "Exception Info: A.B",
            "   at A.B(C)",
            " ---> ",
            "text",
            "<UserData>",
            "<A>",
            "</A>",
            "</UserData>",
            "<Binary>0200",
            "</Binary>",
            "<Computer>m</Computer>",
            "<EventRecordID>-5</EventRecordID>",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(scrap, 0..60).prop_map(|scraps| scraps.concat())
}

fn check(bytes: &[u8], target: usize) -> Result<(), TestCaseError> {
    let whole: Vec<Item<'_>> = read_all(bytes).collect();
    let mut at = 0;
    for item in &whole {
        let span = item.span();
        prop_assert_eq!(span.start, at, "the items tile the input");
        prop_assert!(span.end > span.start, "no item is empty");
        at = span.end;
    }
    prop_assert_eq!(at, bytes.len() as u64);

    let chunks = plan(bytes, target);
    let mut at = 0;
    for chunk in &chunks {
        prop_assert_eq!(chunk.span.start, at, "the chunks tile the input");
        at = chunk.span.end;
    }
    prop_assert_eq!(at, bytes.len() as u64);
    let pieces: Vec<Item<'_>> = chunks.iter().flat_map(|chunk| read(bytes, chunk)).collect();
    prop_assert_eq!(&pieces, &whole, "the items do not depend on the cuts");

    let mut events = Vec::new();
    for item in whole {
        let line = bytes[..item.span().start as usize].split(|&byte| byte == b'\n').count() as u64;
        match item {
            Item::Event(event) => {
                prop_assert_eq!(event.line, line);
                prop_assert_eq!(&*event, &event.clone().into_owned());
                let _ = (
                    runtime::runtime_death(&event),
                    runtime::log_record(&event),
                    runtime::profiler(&event),
                );
                let _ = (aspnet::web_error(&event), aspnet::web_death(&event), ancm::ancm(&event));
                let _ = (
                    platform::limit_hit(&event),
                    platform::shutdown(&event),
                    platform::http_platform(&event),
                );
                let _ =
                    (windows::application_error(&event), windows::pool_event(&event), event.boot());
                events.push(*event);
            }
            Item::Malformed(bad) => prop_assert_eq!(bad.line, line),
            Item::Other(span) => {
                let text = String::from_utf8_lossy(&bytes[span.start as usize..span.end as usize])
                    .into_owned();
                prop_assert!(
                    !text.contains("<Event>") || text.contains("<!--") || text.contains("<?"),
                    "{}",
                    text
                );
            }
        }
    }
    let _ = (incident::boots(&events), incident::vanished(&events));
    let incidents = incident::fold(&events);
    let mut seen: Vec<usize> =
        incidents.iter().flat_map(|incident| incident.events.clone()).collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    prop_assert_eq!(seen.len(), all, "an event belongs to one incident");
    Ok(())
}

/// Pieces of tables and JSON, and rows of both.
fn rows() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "Level,Date and Time,Source,Event ID,Task Category\n",
        "\"ProviderName\",\"Id\",\"TimeCreated\",\"Message\"\r\n",
        "Ebene\tDatum\tQuelle\tEreignis\tKategorie\nFehler\t1.2.2026 3:04\tWAS\t5011\tKeine\tx\n",
        "#TYPE x\n",
        "Error,1/2/2026 3:04:05 AM,WAS,5002,None,\"a 'b'\nc\"\n",
        "\"WAS\",\"5002\",\"13/02/2026 10:00\",\"a 'b' \"\"c\"\"\"\r\n",
        "Version=1\nEventType=BEX64\nSig[7].Value=c0000005\n",
        "{\"Id\": 5, \"ProviderName\": \"x\", \"TimeCreated\": \"/Date(1)/\"}",
        "{\"value\": [",
        "{\"Properties\": [{\"Value\": 1}, 2]}",
        "{",
        "}",
        "[",
        "\"",
        "\\",
        ",",
        "\t",
        "\n",
        "ä",
        "\u{feff}",
        "\0",
        "ElfFile\0",
        "ElfChnk\0",
    ]);
    let piece = prop_oneof![
        4 => piece.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// What holds for a log in any form: the items tile the input, and lines count.
fn check_log(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut at = 0;
    let log = Log::open(bytes);
    let text = log.format() != Format::Evtx;
    for item in log {
        let span = item.span();
        prop_assert_eq!(span.start, at, "the items tile the input");
        prop_assert!(span.end > span.start, "no item is empty");
        at = span.end;
        let line = match &item {
            Item::Event(event) => {
                let _ = (windows::error_report(event), windows::application_error(event));
                event.line
            }
            Item::Malformed(bad) => bad.line,
            Item::Other(_) => continue,
        };
        let before = &bytes[..span.start as usize];
        let expected = before.split(|&byte| byte == b'\n').count() as u64;
        prop_assert!(!text || line == expected, "line {} is {}", line, expected);
    }
    prop_assert_eq!(at, bytes.len() as u64);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn tables_and_json(bytes in rows()) {
        check_log(&bytes)?;
    }

    #[test]
    fn a_binary_log_cut_and_bitten(to in 0usize..140_000, bites in prop::collection::vec((0usize..9000, any::<u8>()), 0..12)) {
        let record = |id| Record {
            provider: "WAS".to_owned(),
            id,
            computer: "m".to_owned(),
            data: vec![("ProcessID".to_owned(), "7".to_owned()), (String::new(), "text".to_owned())],
            ..Record::default()
        };
        let mut bytes = write(&[record(5011), record(5002), record(1)]);
        for (at, byte) in bites {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(to);
        check_log(&bytes)?;
    }

    #[test]
    fn scraps_of_markup(bytes in scraps(), target in 0usize..200) {
        check(&bytes, target)?;
        check(&bytes, 64)?;
        check(&bytes, usize::MAX)?;
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), target in 0usize..100) {
        check(&bytes, target)?;
        check(&decode(&bytes), target)?;
    }

    #[test]
    fn a_real_file_cut_and_bitten(from in 0usize..4000, to in 4000usize..9600, bites in prop::collection::vec((0usize..9600, any::<u8>()), 0..6)) {
        let mut bytes = include_bytes!("../../../../fixtures/eventlog/crashes-and-recycles.xml").to_vec();
        for (at, byte) in bites {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let to = to.min(bytes.len());
        check(&bytes[from..to], 64)?;
    }
}

#[test]
fn input_made_to_be_slow_is_not() {
    // Each of these makes a scanner that looks ahead from every opening search the rest of the file anew.
    for piece in [
        "<Event><![CDATA[",
        "<Event><!--",
        "<?",
        "<!--",
        "<Event",
        "<Events ",
        "<![CDATA[",
        "\0x",
        "<Event>\0",
    ] {
        let bytes = piece.repeat((2 << 20) / piece.len()).into_bytes();
        let started = std::time::Instant::now();
        let length: u64 = read_all(&bytes).map(|item| item.span().len()).sum();
        assert_eq!(length, bytes.len() as u64);
        assert_eq!(plan(&bytes, 1 << 16).last().map(|chunk| chunk.span.end), Some(length));
        assert!(started.elapsed().as_secs() < 20, "{piece}: {:?}", started.elapsed());
    }
}
