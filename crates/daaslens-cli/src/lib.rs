//! The program: arguments in, files and an exit code out.
//!
//! This is the only crate that prints and writes. stdout carries data, stderr everything for people. A broken pipe
//! is no error, and no file is ever left half written.

mod analyze;
mod args;
mod definition;
mod demo;
mod explain;
mod output;
mod peak;
mod progress;
mod show;
mod windows;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command, Talk};
use output::Console;

/// What a command does; gives the exit code.
type Job<'a> = Box<dyn FnOnce(&Console) -> anyhow::Result<u8> + 'a>;

/// Runs the program with these arguments, the name of the program first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are data on stdout and a success; a wrong argument is an error on stderr.
            let code = if error.use_stderr() { 2 } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    ExitCode::from(code)
                }
                Err(_) => ExitCode::from(1),
            };
        }
    };
    let (talk, job): (Option<&Talk>, Job<'_>) = match &args.command {
        None => {
            (Some(&args.analyze.talk), Box::new(|console| analyze::run(&args.analyze, console)))
        }
        Some(Command::Analyze(it)) => {
            (Some(&it.talk), Box::new(|console| analyze::run(it, console)))
        }
        Some(Command::Demo(it)) => (Some(&it.talk), Box::new(|console| demo::run(it, console))),
        Some(Command::Explain(it)) => {
            (Some(&it.talk), Box::new(|console| explain::run(it, console)))
        }
        Some(Command::Show(it)) => (Some(&it.talk), Box::new(|console| show::run(it, console))),
        Some(Command::Completions(it)) => (None, Box::new(|_| definition::completions(it.shell))),
        Some(Command::Man) => (None, Box::new(|_| definition::man())),
    };
    let console = talk.map_or_else(Console::default, Console::new);
    match job(&console) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            console.error(&error);
            ExitCode::from(1)
        }
    }
}
