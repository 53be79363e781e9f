//! `daaslens demo`: a made-up bundle with known faults, analysed.

use anyhow::Context as _;
use daaslens_testkit::{ZipOptions, scenario};

use crate::analyze;
use crate::args::{Analyze, Demo};
use crate::output::{self, Console};

/// Writes the bundle and its report; gives the exit code.
pub(crate) fn run(args: &Demo, console: &Console) -> anyhow::Result<u8> {
    let dir = &args.dir;
    std::fs::create_dir_all(dir)
        .with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let bundle = scenario::first_look(1)
        .bundle
        .to_zip(&ZipOptions::default())
        .context("cannot make the bundle")?;
    let path = dir.join("two-instances-503.zip");
    output::write(&path, &bundle)?;
    let analyze = Analyze {
        paths: vec![path.clone()],
        output: Some(dir.join("report.html")),
        json: Some(dir.join("findings.json")),
        markdown: None,
        redact: crate::args::Redact::Strict,
        redact_map: None,
        since: None,
        until: None,
        instance: None,
        url: None,
        threads: None,
        chunk_size: 1 << 20,
        no_mmap: false,
        stamp: false,
        sensitivity: crate::args::Sensitivity::Normal,
        fail_on: None,
        min_coverage: 0.0,
        talk: crate::args::Talk {
            quiet: args.talk.quiet,
            verbose: args.talk.verbose,
            no_progress: args.talk.no_progress,
            color: args.talk.color,
        },
    };
    console.say(&format!("made-up bundle: {}", path.display()));
    analyze::run(&analyze, console)
}
