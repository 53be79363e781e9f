//! Writes reports of made-up analyses into a folder, to be looked at.
//!
//! `cargo run -p daaslens-report --example sample -- <folder>`

#![expect(clippy::disallowed_methods, reason = "an example writes what it shows")]

#[path = "../tests/report/sample.rs"]
mod sample;

use daaslens_report::{Level, Options, render};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: sample <folder>")?;
    let folder = std::path::Path::new(&folder);
    let all = [
        ("rich", sample::rich(), Level::Strict),
        ("off", sample::rich(), Level::Off),
        ("nothing", sample::nothing(), Level::Strict),
        ("without-http", sample::without_http(), Level::Strict),
        ("one-request", sample::one_request(), Level::Strict),
        ("monster", sample::monster(), Level::Strict),
    ];
    for (name, analysis, redaction) in all {
        let options = Options { redaction, version: "0.1.0", ..Options::default() };
        let rendered = render(&analysis, &options)?;
        std::fs::write(folder.join(format!("{name}.html")), &rendered.html)?;
        std::fs::write(folder.join(format!("{name}.json")), &rendered.json)?;
        std::fs::write(folder.join(format!("{name}.md")), &rendered.markdown)?;
        std::fs::write(folder.join(format!("{name}.txt")), rendered.terminal.join("\n"))?;
    }
    Ok(())
}
