//! The program `daaslens`. Everything is in the library, so that it can be called from tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    daaslens_cli::run(std::env::args_os())
}
