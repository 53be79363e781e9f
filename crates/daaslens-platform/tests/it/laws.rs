//! What holds for any bytes.

use daaslens_platform::monitoring::{Hint, MAX_ACTS, read_log};
use daaslens_platform::{MAX_FAULTS, What, deployment, kudu, recognise, session};
use proptest::prelude::*;

const ALL: [What; 19] = [
    What::DeploymentStatus,
    What::DeploymentLatest,
    What::DeploymentLog,
    What::DeploymentLogXml,
    What::DeploymentActive,
    What::DeploymentManifest,
    What::Session,
    What::Settings,
    What::Heartbeat,
    What::Cancelled,
    What::Lock,
    What::DiagLog,
    What::CpuSession,
    What::CpuLog,
    What::CustomAction,
    What::Trace,
    What::TextTrace,
    What::Api,
    What::Page,
];

/// Reads `bytes` as each kind of file there is; nothing may panic, and what is said is bounded by what was given: a byte
/// of input makes at most so many of a debug print.
fn check(bytes: &[u8]) {
    let path = "kudu/trace/2026-03-11T02-14-06_d10e51_007_GET_x_404_0s.xml";
    for what in ALL {
        let (said, _) = crate::read(what, path, bytes);
        let bound = 20_000 + bytes.len() * 600;
        assert!(said.len() <= bound, "{what:?}: {} of {}", said.len(), bytes.len());
    }
    let _ = recognise("data/daas/x", bytes);
}

/// The fixtures, damaged: cut, a piece taken out, a byte changed, a piece doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let fixtures: Vec<Vec<u8>> = crate::fixtures().into_iter().map(|(.., bytes)| bytes).collect();
    let positions = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (prop::sample::select(fixtures), 0..4, positions, any::<u8>()).prop_map(
        |(mut bytes, damage, (a, b), byte)| {
            if bytes.is_empty() {
                return bytes;
            }
            let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
            let range = a.min(b)..a.max(b);
            match damage {
                0 => bytes.truncate(a),
                1 => drop(bytes.drain(range)),
                2 => bytes[a] = byte,
                _ => bytes.extend_from_within(range),
            }
            bytes
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes);
    }

    #[test]
    fn any_text_of_these_formats_is_read(text in r#"[<>/{}\[\]":,=&;%()0-9a-zA-Z \n\t\\é#!-]{0,200}"#) {
        check(text.as_bytes());
        for start in ["<step title=\"", "<Session><Diagnosers>", "<deployment>", "[{\"SessionId\":\"a\",", "[3/11/2026 02:14:07] "] {
            check(format!("{start}{text}").as_bytes());
        }
    }

    #[test]
    fn damaged_files_are_read(bytes in damaged()) {
        check(&bytes);
    }

    #[test]
    fn any_path_is_fine(path in r"[a-z0-9_./\\é-]{0,80}") {
        let _ = recognise(&path, b"");
        let _ = kudu::TraceName::read(&path);
        let _ = kudu::machine_of_name(&path);
        let _ = session::from_name(&path);
        let _ = session::from_folders([(path.as_str(), 1)].into_iter());
    }
}

#[test]
fn hostile_lengths_are_bounded() {
    let deep = "<step title=\"x\">".repeat(200_000);
    let trace = kudu::read_trace(deep.as_bytes(), "x");
    assert!(trace.value.is_some_and(|trace| trace.steps.len() <= kudu::MAX_STEPS));

    let wide = format!("<deployment>{}", "<id/>".repeat(400_000));
    let faults = deployment::read_status(wide.as_bytes()).faults;
    assert_eq!(faults[0].kind.to_string(), "more than 100000 elements, the first were read");

    let brackets = "[".repeat(1 << 20);
    assert_eq!(session::read(brackets.as_bytes()).value, []);

    let line = format!("2026-03-11T02:46:48  x{}", ", a".repeat(1 << 20));
    assert!(kudu::read_text_trace(line.as_bytes(), "x").value.is_some());

    let objects = format!("[{}", "{\"SessionId\":0},".repeat(400_000));
    let faults = session::read(objects.as_bytes()).faults;
    assert_eq!(faults[0].kind.to_string(), "more than 250000 values, the first were read");

    let attributes = format!("<deployment {}", "a=\"\" ".repeat(400_000));
    let faults = deployment::read_status(attributes.as_bytes()).faults;
    assert!(faults.iter().any(|fault| fault.kind.to_string().contains("200000 attributes")));

    let lines = "nonsense\n".repeat(100_000);
    assert_eq!(deployment::read_log(lines.as_bytes()).faults.len(), MAX_FAULTS);

    let lines = "[3/11/2026 02:14:07] word\n".repeat(100_000);
    let log = read_log(lines.as_bytes(), Hint::default()).value;
    assert_eq!((log.acts.len(), log.acts_found), (MAX_ACTS, 100_000));
}
