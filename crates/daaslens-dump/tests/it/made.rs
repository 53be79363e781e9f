//! What is told of each made dump, all of it.

use std::fmt::Write as _;
use std::path::Path;

use daaslens_dump::{Spots, wanted};

use crate::describe;

/// Name and bytes of each fixture.
pub(crate) fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dump");
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("a folder that can be read").path())
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("a file"))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn each_fixture_says_what_it_should() {
    let mut out = String::new();
    for (name, bytes) in fixtures() {
        let dump = daaslens_dump::read(&bytes.as_slice()).unwrap();
        let _ = write!(out, "== {name}\n{}\n", describe(&dump));
    }
    insta::assert_snapshot!(out);
}

/// The command line of the tool stands in its comment; a password in it must not be told.
#[test]
fn the_command_line_of_the_tool_is_not_kept() {
    let marked =
        |bytes: &[u8]| bytes.windows(12).any(|window| window == b"s\x003\x00c\x00r\x00e\x00t\x00");
    let (_, bytes) = fixtures().swap_remove(0);
    assert!(marked(&bytes));
    let dump = daaslens_dump::read(&bytes.as_slice()).unwrap();
    assert!(!format!("{dump:?}").contains("s3cret"));
}

/// Where the memory of the process begins in the file: the second number of stream 9.
fn memory_start(bytes: &[u8]) -> usize {
    let word = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().expect("a word")) as usize;
    let entry = (0..word(8)).map(|i| 32 + 12 * i).find(|at| word(*at) == 9).expect("memory");
    word(word(entry + 8) + 8)
}

/// What is read from front to back, with the pieces that are asked for, tells the same as the whole, but for what these
/// dumps hold behind the memory: their handles.
#[test]
fn a_stream_tells_what_a_file_tells() {
    for (name, bytes) in fixtures() {
        let size = bytes.len() as u64;
        let mut whole = daaslens_dump::read(&bytes.as_slice()).unwrap();
        let front = bytes[..memory_start(&bytes)].to_vec();
        let wanted = wanted(&front, size);
        assert!(!wanted.is_empty(), "{name}");
        let piece = |range: &std::ops::Range<u64>| {
            let (start, end) = (range.start as usize, (range.end as usize).min(bytes.len()));
            (range.start, bytes[start..end].to_vec())
        };
        let pieces = wanted.iter().map(piece).collect();
        let read = daaslens_dump::read(&Spots { size, front, pieces }).unwrap();
        whole.handles = None;
        assert_eq!(describe(&read), describe(&whole), "{name}");
    }
}
