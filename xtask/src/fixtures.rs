//! Writes the fixtures that are generated, or compares them with what they should be.
//!
//! Everything is a function of this source, so the committed bytes can be checked; a test does.

use crate::{dump_fixtures, w3c_fixtures};
use anyhow::{Context, Result};
use daaslens_testkit::{ZipOptions, scenario};
use std::fs;
use std::path::Path;

/// One file that belongs under `fixtures/`.
pub(crate) struct Generated {
    /// Its path there.
    pub(crate) path: String,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

/// All of them.
pub(crate) fn all() -> Result<Vec<Generated>> {
    let staged = scenario::first_look(1);
    // Zipped as Kudu streams a dump: folders as entries, sizes behind the data.
    let zip = staged.bundle.to_zip(&ZipOptions {
        streamed: true,
        folders: true,
        ..ZipOptions::default()
    })?;
    let mut files = vec![
        Generated { path: "bundles/two-instances-503.zip".into(), bytes: zip },
        Generated {
            path: "bundles/two-instances-503.truth.json".into(),
            bytes: staged.truth.to_json().into_bytes(),
        },
    ];
    let staged = scenario::daas_sessions(1);
    // As somebody with an old tool zips a folder, and zips it once more before sending it.
    let options =
        ZipOptions { backslashes: true, nested: Some("DaaS.zip".into()), ..ZipOptions::default() };
    files.push(Generated {
        path: "bundles/daas-sessions.zip".into(),
        bytes: staged.bundle.to_zip(&options)?,
    });
    files.push(Generated {
        path: "bundles/daas-sessions.truth.json".into(),
        bytes: staged.truth.to_json().into_bytes(),
    });
    files.extend(w3c_fixtures::all());
    files.extend(dump_fixtures::all()?);
    Ok(files)
}

/// Writes them under `root`, or with `check` says which differ.
pub(crate) fn run(root: &Path, check: bool) -> Result<bool> {
    let mut fine = true;
    for file in all()? {
        let path = root.join("fixtures").join(&file.path);
        let found = fs::read(&path).ok();
        if found.as_deref() == Some(file.bytes.as_slice()) {
            continue;
        }
        if check {
            fine = false;
            println!("fixtures/{}:1: not what `cargo xtask fixtures` makes", file.path);
        } else {
            fs::create_dir_all(path.parent().context("a fixture has a folder")?)?;
            fs::write(&path, &file.bytes).with_context(|| path.display().to_string())?;
            println!("wrote fixtures/{} ({} bytes)", file.path, file.bytes.len());
        }
    }
    Ok(fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_fixtures_are_what_is_generated() {
        let root = crate::root().unwrap();
        for file in all().unwrap() {
            let found = fs::read(root.join("fixtures").join(&file.path)).unwrap();
            assert!(
                found == file.bytes,
                "fixtures/{} is not what `cargo xtask fixtures` makes; run it, and look at the difference",
                file.path
            );
        }
    }

    #[test]
    fn every_file_under_the_generated_folders_is_generated_and_in_the_readme() {
        let fixtures = crate::root().unwrap().join("fixtures");
        let known: Vec<String> = all().unwrap().into_iter().map(|file| file.path).collect();
        let readme = fs::read_to_string(fixtures.join("README.md")).unwrap();
        for folder in ["bundles", "dump", "httplog/ok", "httplog/err", "httplog"] {
            for entry in fs::read_dir(fixtures.join(folder)).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                if entry.path().is_file() {
                    assert!(known.contains(&format!("{folder}/{name}")), "{folder}/{name}");
                    assert!(folder != "bundles" || readme.contains(&name), "{name}");
                }
            }
        }
    }

    #[test]
    fn the_bundle_to_look_at_first_is_small_and_has_a_bit_of_everything() {
        let staged = scenario::first_look(1);
        let zip = all().unwrap().swap_remove(0);
        assert!(zip.bytes.len() < 150_000, "{}", zip.bytes.len());
        let truth = &staged.truth;
        assert!(
            truth.http.scm_requests > 10 && truth.http.client_aborts > 0 && truth.malformed == 1
        );
        assert!(truth.events.is_some() && truth.php_records.is_some() && truth.http.instances == 2);
        assert!(truth.faults[0].errors.unwrap() >= 40);
        assert!(staged.bundle.get("deployments/active").is_some());
    }
}
