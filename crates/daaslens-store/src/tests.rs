//! Archives against limits that are small enough to be reached.

mod containers;

use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use daaslens_core::Source;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{Limits, Options, Store};

pub(crate) fn limits() -> Limits {
    Limits {
        depth: 2,
        members: 4,
        ratio: 10,
        ratio_from: 1000,
        nested: 2000,
        held: 3000,
        total: 100_000,
    }
}

fn zip(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// `path: bytes that can be read, or why not` of everything in a file of that name and content.
#[expect(clippy::disallowed_methods, reason = "there has to be a file to open")]
pub(crate) fn list(name: &str, bytes: &[u8], limits: Limits) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let store = Store::open(&[path], &Options { limits, ..Options::default() });
    assert_eq!(store.errors().len(), 0);
    store.sources().iter().map(|source| describe(&**source).replace('\u{a0}', " ")).collect()
}

fn describe(source: &dyn Source) -> String {
    let path = &source.origin().path;
    if let Some(fault) = source.fault().or(source.missing()) {
        return format!("{path}: {fault}");
    }
    let mut read = Vec::new();
    match source.stream(&mut |reader| reader.read_to_end(&mut read).map(drop)) {
        Ok(()) => format!("{path}: {}", read.len()),
        Err(error) => format!("{path}: {error} after {}", read.len()),
    }
}

#[test]
fn members_are_counted_over_all_archives() {
    let inner = zip(&[("3", b"3"), ("4", b"4"), ("5", b"5")], CompressionMethod::Stored);
    let outer = zip(&[("1", b"1"), ("2.zip", &inner), ("6", b"6")], CompressionMethod::Stored);
    assert_eq!(
        list("x.zip", &outer, limits()),
        [
            "x.zip: it has more members than are allowed; the rest is not read",
            "x.zip!/1: 1",
            "x.zip!/2.zip: it has more members than are allowed; the rest is not read",
            "x.zip!/2.zip!/3: 1",
            "x.zip!/2.zip!/4: 1",
        ]
    );
}

#[test]
fn a_member_may_be_a_multiple_of_its_packed_size_and_no_more() {
    let small = zip(&[("zeros", &[0; 900])], CompressionMethod::Deflated);
    assert_eq!(
        list("x.zip", &small, limits()),
        ["x.zip!/zeros: 900"],
        "too small to be held to it"
    );
    let large = zip(&[("zeros", &vec![0; 50_000])], CompressionMethod::Deflated);
    // The head of it is looked at as well, so the member is known as a bomb before anybody reads it.
    assert_eq!(
        list("x.zip", &large, limits()),
        ["x.zip!/zeros: it inflates to more than the allowed multiple of its packed size"]
    );
    let noise: Vec<u8> =
        (0..5000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let dense = zip(&[("noise", &noise)], CompressionMethod::Deflated);
    assert_eq!(list("x.zip", &dense, limits()), ["x.zip!/noise: 20000"]);
}

#[test]
fn an_archive_inside_an_archive_is_held_in_memory_up_to_a_size() {
    let noise: Vec<u8> =
        (0..600_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let inner = zip(&[("noise", &noise)], CompressionMethod::Stored);
    assert!(inner.len() > 2000);
    let packed = zip(&[("in.zip", &inner)], CompressionMethod::Deflated);
    assert_eq!(
        list("x.zip", &packed, limits()),
        ["x.zip!/in.zip: it is larger than an archive inside an archive may be"]
    );
    // One that is stored as it is needs no memory.
    let stored = zip(&[("in.zip", &inner)], CompressionMethod::Stored);
    assert_eq!(list("x.zip", &stored, limits()), ["x.zip!/in.zip!/noise: 2400"]);
}

#[test]
fn depth_is_counted_in_archives() {
    let one = zip(&[("a", b"a")], CompressionMethod::Stored);
    let two = zip(&[("one.zip", &one)], CompressionMethod::Stored);
    let three = zip(&[("two.zip", &two)], CompressionMethod::Stored);
    assert_eq!(list("x.zip", &two, limits()), ["x.zip!/one.zip!/a: 1"]);
    assert_eq!(
        list("x.zip", &three, limits()),
        ["x.zip!/two.zip!/one.zip: archives are nested deeper than is allowed"]
    );
}

/// A number in the entry that the list of an archive has for its first member.
fn patch(zip: &mut [u8], offset: usize, value: u32) {
    let entry = (0..zip.len()).rev().find(|&at| zip[at..].starts_with(b"PK\x01\x02")).unwrap();
    zip[entry + offset..entry + offset + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn sizes_that_cannot_be_true_are_not_believed() {
    let (packed_size, size) = (20, 24);
    let mut stored = zip(&[("a", b"abc")], CompressionMethod::Stored);
    patch(&mut stored, size, 4_000_000_000);
    // Of the two sizes that should be the same, the one that fits into the archive is right.
    assert_eq!(list("x.zip", &stored, limits()), ["x.zip!/a: 3"]);
    patch(&mut stored, packed_size, 4_000_000_000);
    assert_eq!(
        list("x.zip", &stored, limits()),
        ["x.zip: its members overlap, as those of a decompression bomb do"]
    );
    let zeros = zip(&[("zeros", &vec![0; 50_000])], CompressionMethod::Deflated);
    let mut claims = zeros.clone();
    patch(&mut claims, packed_size, 4_000_000_000);
    // Were it believed, it might inflate to 10 times of that.
    assert_eq!(
        list("x.zip", &claims, limits()),
        ["x.zip: its members overlap, as those of a decompression bomb do"]
    );
}

#[test]
fn all_members_together_have_a_budget() {
    let noise: Vec<u8> =
        (0..5000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let many = zip(&[("1", &noise), ("2", &noise)], CompressionMethod::Deflated);
    let tight = Limits { total: 30_000, ..limits() };
    let found = list("x.zip", &many, tight);
    assert!(found[0].starts_with("x.zip!/1: 20000"), "{found:?}");
    assert!(
        found[1].starts_with("x.zip!/2: all archives together inflate to more than is allowed"),
        "{found:?}"
    );
}
