//! Everything the crate says about each fixture, and the laws on arbitrary bytes.

#![expect(clippy::disallowed_methods, reason = "a test reads its fixtures")]

mod joins;
mod laws;
mod samples;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use daaslens_core::Time;
use daaslens_platform::{
    Fault, Parsed, What, daas, deployment, kudu, metrics, monitoring, recognise, session,
};

/// What is read of a file, all of it, as text.
fn describe(path: &str, bytes: &[u8]) -> Option<(What, String)> {
    let what = recognise(&path.to_ascii_lowercase(), bytes)?;
    let (mut said, faults) = read(what, path, bytes);
    for fault in faults {
        let _ = write!(said, "\n{fault} (byte {})", fault.place.byte);
    }
    Some((what, said))
}

/// What the reader of `what` says of a file.
fn read(what: What, path: &str, bytes: &[u8]) -> (String, Vec<Fault>) {
    fn shown<T: std::fmt::Debug>(parsed: Parsed<T>) -> (String, Vec<Fault>) {
        (readable(&format!("{:#?}", parsed.value)), parsed.faults)
    }
    match what {
        What::DeploymentStatus => shown(deployment::read_status(bytes)),
        What::DeploymentLatest => shown(deployment::read_latest(bytes)),
        What::DeploymentLog => shown(deployment::read_log(bytes)),
        What::DeploymentLogXml => shown(deployment::read_log_xml(bytes)),
        What::DeploymentActive => (format!("{:?}", deployment::read_active(bytes)), Vec::new()),
        What::DeploymentManifest => (deployment::count_manifest(bytes).to_string(), Vec::new()),
        What::Session => shown(session::read(bytes)),
        What::Settings => shown(daas::read_settings(bytes)),
        What::Heartbeat => shown(daas::read_heartbeat(bytes, path)),
        What::Cancelled => shown(daas::read_cancelled(bytes, path)),
        What::Lock => shown(daas::read_lock(bytes)),
        What::DiagLog => shown(daas::read_diaglog(bytes)),
        What::CpuSession => shown(monitoring::read_session(bytes)),
        What::CpuLog => shown(monitoring::read_log(bytes, monitoring::Hint::default())),
        What::CustomAction => shown(monitoring::read_custom_action(bytes, path)),
        What::Trace => shown(kudu::read_trace(bytes, path)),
        What::TextTrace => shown(kudu::read_text_trace(bytes, path)),
        What::Api => shown(kudu::read_api(bytes)),
        What::Page => shown(kudu::read_page(bytes)),
        What::Metrics => shown(metrics::read(bytes)),
        other => panic!("no reader for {other:?}"),
    }
}

/// Times as people read them, and what holds one thing on one line.
fn readable(debug: &str) -> String {
    ["Time", "Some"].into_iter().fold(debug.to_owned(), |text, name| folded(&text, name))
}

/// `name(\n  x,\n)` on one line; of times, `x` as people read it.
fn folded(text: &str, name: &str) -> String {
    let open = format!("{name}(\n");
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(&open) {
        out.push_str(before);
        rest = inside;
        let one = inside.trim_start().split_once(",\n");
        let one = one
            .filter(|(line, _)| !line.contains('\n'))
            .and_then(|(line, after)| Some((line, after.trim_start().strip_prefix(')')?)));
        match one {
            Some((ms, after)) if name == "Time" => {
                out.push_str(&ms.parse().map_or_else(|_| ms.to_owned(), |ms| Time(ms).rfc3339()));
                rest = after;
            }
            Some((line, after)) => {
                let _ = write!(out, "{name}({line})");
                rest = after;
            }
            None => out.push_str(&open),
        }
    }
    out + rest
}

/// All files below `folder`, in the order of their paths.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => left.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// The path of each fixture below its own folder, with the name of that folder, and its bytes.
fn fixtures() -> Vec<(String, String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/platform");
    let split = |path: PathBuf| {
        let below = path.strip_prefix(&root).ok()?.to_str()?.replace('\\', "/");
        let (quirk, below) = below.split_once('/')?;
        Some((quirk.to_owned(), below.to_owned(), std::fs::read(&path).ok()?))
    };
    files(&root).into_iter().filter_map(split).collect()
}

#[test]
fn each_fixture_says_what_it_should() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 50, "{}", fixtures.len());
    let mut quirks: Vec<&str> = fixtures.iter().map(|(quirk, ..)| quirk.as_str()).collect();
    quirks.dedup();
    for quirk in quirks {
        let mut out = String::new();
        for (_, path, bytes) in fixtures.iter().filter(|(of, ..)| of == quirk) {
            let said = describe(path, bytes);
            let (what, said) = said.map_or(("nothing".into(), String::new()), |(what, said)| {
                (format!("{what:?}"), said)
            });
            let _ = writeln!(out, "== {path}: {what}\n{said}");
        }
        insta::assert_snapshot!(quirk, out);
    }
}

/// What is marked so in the fixtures stands where keys, cookies, queries, variables and command lines stand.
#[test]
fn nothing_secret_is_kept() {
    let fixtures = fixtures();
    let marked = |bytes: &[u8]| bytes.windows(6).any(|window| window == b"S3CRET");
    let with_secrets = fixtures.iter().filter(|(.., bytes)| marked(bytes)).count();
    assert!(with_secrets >= 15, "{with_secrets}");
    for (quirk, path, bytes) in &fixtures {
        let said = describe(path, bytes).map(|(_, said)| said).unwrap_or_default();
        assert!(!marked(said.as_bytes()), "{quirk}/{path}: {said}");
    }
}
