//! Real files and larger bundles, where `DAASLENS_SAMPLES` names a folder of them. They belong to others and are no
//! part of the project, so everything else must pass without them.

use std::fs;
use std::path::{Path, PathBuf};

use daaslens_testkit::Truth;

use super::json::{assert_numbers, assert_shape};
use super::support::Place;

fn samples() -> Option<PathBuf> {
    let folder =
        std::env::var_os("DAASLENS_SAMPLES").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: DAASLENS_SAMPLES is not set");
    }
    folder
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
    found.sort();
}

#[test]
fn every_bundle_has_the_numbers_that_are_true() {
    let Some(folder) = samples() else { return };
    let mut all = Vec::new();
    files(&folder.join("bundles"), &mut all);
    let bundles: Vec<_> =
        all.iter().filter(|path| path.extension().is_some_and(|e| e == "zip")).collect();
    assert!(!bundles.is_empty());
    for path in bundles {
        let place = Place::new();
        let findings = place.findings([path]);
        let truth =
            Truth::from_json(&fs::read(path.with_extension("truth.json")).unwrap()).unwrap();
        assert_numbers(&findings, &truth);
        assert_shape(&findings);
    }
}

#[test]
fn every_file_is_survived() {
    let Some(folder) = samples() else { return };
    let mut all = Vec::new();
    files(&folder, &mut all);
    for path in all {
        let place = Place::new();
        assert_shape(&place.findings([&path]));
    }
    let place = Place::new();
    assert_shape(&place.findings([&folder]));
}
