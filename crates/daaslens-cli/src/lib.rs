//! The program: arguments in, files and an exit code out.
//!
//! This is the only crate that prints and writes. stdout carries data, stderr everything for people. A broken pipe
//! is no error, and no file is ever left half written.

mod analyze;
mod args;
mod demo;
mod output;
mod peak;
mod progress;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use output::Console;

/// Runs the program with these arguments, the name of the program first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are data on stdout and a success; a wrong argument is an error on stderr.
            let code = if error.use_stderr() { 2 } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::from(code),
                Err(_) => ExitCode::from(1),
            };
        }
    };
    let (result, console) = match args.command {
        Some(Command::Demo(demo)) => {
            let console = Console::new(&demo.talk);
            (demo::run(&demo, &console), console)
        }
        Some(Command::Analyze(analyze)) => {
            let console = Console::new(&analyze.talk);
            (analyze::run(&analyze, &console), console)
        }
        None => {
            let console = Console::new(&args.analyze.talk);
            (analyze::run(&args.analyze, &console), console)
        }
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            console.error(&error);
            ExitCode::from(1)
        }
    }
}
