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
    let mut files = Vec::new();
    for name in catalogue::FILES {
        let text = fs::read_to_string(data.join(name))
            .map_err(|error| vec![format!("{name}: file: {error}")])?;
        files.push((name.to_owned(), text));
    }
    let tables = emit::emit(&catalogue::load(&files)?);
    let target = Path::new(&variable("OUT_DIR")?).join("tables.rs");
    fs::write(&target, tables).map_err(|error| vec![format!("{}: {error}", target.display())])
}
