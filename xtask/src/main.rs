//! The workspace's own tools: `cargo xtask <command>`.
//!
//! ```text
//! tidy                     the rules of the workspace that neither rustfmt nor clippy knows
//! fixtures [--check]       writes the generated fixtures anew, or says whether they are what they should be
//! codegen [--check]        writes docs/finding-catalogue.md anew, or says whether it is what it should be
//! fuzz-check               compiles the fuzz targets, where there are any
//! accuracy [options]       how well the built program finds what was planted
//!     --bin PATH           the program; default: `daaslens` of the release profile
//!     --seeds N            seeds per scenario; default 3
//!     --scenario NAME      only this one; may be given more than once
//!     --bundles DIR        instead of simulating: bundles with a `….truth.json` beside each
//!     --markdown           print the table as Markdown
//! ```

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the people who work here: it reads the source tree and prints what it finds"
)]

mod accuracy;
mod codegen;
mod compare;
mod dump_fixtures;
mod fixtures;
mod tidy;
mod w3c_fixtures;

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; `false` where it found something wrong.
fn run(arguments: &[String]) -> Result<bool> {
    let root = root()?;
    let (command, rest) = arguments
        .split_first()
        .context("which command? tidy, fixtures, codegen, fuzz-check, accuracy")?;
    match command.as_str() {
        "tidy" => tidy::run(&root),
        "fixtures" => fixtures::run(&root, rest.iter().any(|argument| argument == "--check")),
        "codegen" => codegen::run(&root, rest.iter().any(|argument| argument == "--check")),
        "fuzz-check" => fuzz_check(&root),
        "accuracy" => accuracy::run(&root, rest),
        _ => bail!("no such command: {command}"),
    }
}

/// The top of the workspace.
fn root() -> Result<PathBuf> {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").context("to be run as `cargo xtask`")?;
    Ok(Path::new(&manifest).parent().context("the xtask folder has no parent")?.to_path_buf())
}

/// The cargo that runs us.
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn fuzz_check(root: &Path) -> Result<bool> {
    let folder = root.join("fuzz");
    if !folder.join("Cargo.toml").is_file() {
        println!("there are no fuzz targets");
        return Ok(true);
    }
    Ok(cargo()
        .args(["check", "--locked", "--all-targets"])
        .current_dir(folder)
        .status()
        .context("cargo check")?
        .success())
}
