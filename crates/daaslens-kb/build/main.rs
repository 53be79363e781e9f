//! Turns `data/*.toml` into sorted static tables.
//!
//! All the work is done by [`catalogue`] (what an entry may be) and [`emit`] (how it becomes Rust). This file only
//! reads and writes. An entry that is not right stops the build with one line per fault: `file: entry: reason`.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script reads its data and writes its tables"
)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a build script talks to cargo so")]

use std::{env, fs, path::Path, process::ExitCode};

mod catalogue;
mod emit;
mod entry;
mod faults;
#[path = "../src/fold.rs"]
mod fold;
#[path = "../src/pattern.rs"]
mod pattern;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rerun-if-changed=build");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => {
            for fault in faults {
                eprintln!("{fault}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Vec<String>> {
    let variable = |name: &str| env::var(name).map_err(|error| vec![format!("{name}: {error}")]);
    let data = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("data");
    let folder =
        fs::read_dir(&data).map_err(|error| vec![format!("{}: {error}", data.display())])?;
    let mut files = Vec::new();
    for entry in folder {
        let path = entry.map_err(|error| vec![format!("{}: {error}", data.display())])?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path)
                .map_err(|error| vec![format!("{name}: file: {error}")])?;
            files.push((name, text));
        }
    }
    // A folder has no order of its own, and the tables must not depend on it.
    files.sort();
    let tables = emit::emit(&catalogue::load(&files)?);
    let target = Path::new(&variable("OUT_DIR")?).join("tables.rs");
    fs::write(&target, tables).map_err(|error| vec![format!("{}: {error}", target.display())])
}
