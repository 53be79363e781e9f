//! `daaslens analyze`: the main job.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use daaslens_analysis::{Config, Filter, Sensitivity};
use daaslens_core::model::{Analysis, Input};
use daaslens_core::text::{bytes, counted};
use daaslens_core::{Severity, Time};
use daaslens_report::{Options, Rendered};
use daaslens_store::Store;

use crate::args::{self, Analyze, FailOn};
use crate::output::{self, Console, STRONG};
use crate::peak;
use crate::progress::Bar;
use crate::windows;

/// Exit codes, see the help.
const WRONG_ARGUMENTS: u8 = 2;
const CRITICAL: u8 = 3;
const WARNING: u8 = 4;
const TOO_LITTLE: u8 = 5;

/// Analyses and writes what was asked for; gives the exit code.
pub(crate) fn run(args: &Analyze, console: &Console) -> anyhow::Result<u8> {
    let began = Instant::now();
    if let Some(twice) = written_twice(args) {
        console.error(&anyhow!("two outputs cannot both be written to {twice}"));
        return Ok(WRONG_ARGUMENTS);
    }
    let paths = windows::meant(&args.paths);
    let store = open(&paths, args, console)?;
    let sources = store.sources();
    let filter = Filter {
        since: args.since,
        until: args.until,
        instance: args.instance.clone(),
        url: args.url.clone(),
    };
    let threads = args.threads.map_or_else(cores, usize::from);
    let config = Config {
        threads,
        chunk_size: usize::try_from(args.chunk_size).unwrap_or(usize::MAX),
        filter,
        sensitivity: match args.sensitivity {
            args::Sensitivity::High => Sensitivity::High,
            args::Sensitivity::Normal => Sensitivity::Normal,
            args::Sensitivity::Low => Sensitivity::Low,
        },
    };
    let inputs = store
        .inputs()
        .iter()
        .map(|input| Input { name: input.name.clone(), kind: input.kind })
        .collect();
    let bar = Bar::new(sources.iter().map(|source| source.size()).sum(), console.progress);
    let mut analysis = daaslens_analysis::analyse(&sources, inputs, &config, &bar)
        .context("cannot start threads")?;
    bar.finish();
    analysis.options = options(args);
    for error in store.errors() {
        let name = file_name(&error.path).unwrap_or_else(|| "A path".to_owned());
        analysis
            .coverage
            .not_checked
            .push(format!("{name}: it could not be opened: {}", error.source));
    }

    let report = args.output.clone().unwrap_or_else(|| default_output(&paths));
    let rendered = daaslens_report::render(
        &analysis,
        &Options {
            redaction: args.redact.into(),
            version: env!("CARGO_PKG_VERSION"),
            stamp: args.stamp.then(now),
            json_name: args.json.as_deref().and_then(file_name),
            ..Options::default()
        },
    )?;
    write(args, &report, &rendered)?;
    if args.redact_map.is_some() && args.redact != args::Redact::Strict {
        console.warn("the redaction map is empty: only strict redaction gives pseudonyms");
    }
    say(console, &analysis, &rendered, began, &report);
    Ok(exit_code(args, &analysis))
}

/// What a script is told: the worst finding that it asked to fail on, else whether enough could be read.
fn exit_code(args: &Analyze, analysis: &Analysis) -> u8 {
    let has = |severity| analysis.findings.iter().any(|finding| finding.severity == severity);
    match args.fail_on {
        Some(_) if has(Severity::Critical) => CRITICAL,
        Some(FailOn::Warning) if has(Severity::Warning) => WARNING,
        _ if covered(analysis) < args.min_coverage => TOO_LITTLE,
        _ => 0,
    }
}

fn open(paths: &[PathBuf], args: &Analyze, console: &Console) -> anyhow::Result<Store> {
    let options =
        daaslens_store::Options { map: !args.no_mmap, ..daaslens_store::Options::default() };
    let store = Store::open(paths, &options);
    if store.inputs().is_empty() {
        let reasons: Vec<String> = store.errors().iter().map(ToString::to_string).collect();
        bail!("none of the paths could be opened: {}", reasons.join("; "));
    }
    for error in store.errors() {
        console.warn(&format!("{error}; going on without it"));
    }
    Ok(store)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn now() -> String {
    #[expect(clippy::disallowed_methods, reason = "asked for by --stamp")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time::from_seconds(i64::try_from(since.as_secs()).unwrap_or(0)).rfc3339()
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// `./<name of the first path>-report.html`, the name without `.zip` and the like; beside the input where the program
/// was started from Explorer.
fn default_output(paths: &[PathBuf]) -> PathBuf {
    let name = paths.first().and_then(|path| {
        file_name(path).or_else(|| path.canonicalize().ok().as_deref().and_then(file_name))
    });
    let name = name.unwrap_or_else(|| "daaslens".to_owned());
    let stem = [".tar.gz", ".tgz", ".zip", ".gz", ".tar", ".log", ".txt", ".xml"]
        .into_iter()
        .find_map(|ending| {
            let at = name
                .len()
                .checked_sub(ending.len())
                .filter(|at| *at > 0 && name.is_char_boundary(*at))?;
            name[at..].eq_ignore_ascii_case(ending).then(|| &name[..at])
        })
        .unwrap_or(&name);
    let report = PathBuf::from(format!("{stem}-report.html"));
    match paths.first().and_then(|path| path.parent()) {
        Some(beside) if windows::is_from_explorer(paths) => beside.join(report),
        _ => report,
    }
}

/// The options that shaped the result, for the appendix.
fn options(args: &Analyze) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    options.extend(args.since.map(|time| ("--since", time.rfc3339())));
    options.extend(args.until.map(|time| ("--until", time.rfc3339())));
    options
        .extend(args.instance.as_ref().map(|glob| ("--instance", glob.glob().glob().to_owned())));
    match args.sensitivity {
        args::Sensitivity::Normal => {}
        args::Sensitivity::High => options.push(("--sensitivity", "high".to_owned())),
        args::Sensitivity::Low => options.push(("--sensitivity", "low".to_owned())),
    }
    options.extend(args.url.as_ref().map(|glob| ("--url", glob.glob().glob().to_owned())));
    options
}

/// A place that more than one output is to be written to.
fn written_twice(args: &Analyze) -> Option<String> {
    let mut outputs: Vec<&PathBuf> = [&args.output, &args.json, &args.markdown, &args.redact_map]
        .into_iter()
        .flatten()
        .collect();
    outputs.sort();
    let twice = outputs.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(if twice[0].as_os_str() == "-" {
        "stdout".to_owned()
    } else {
        twice[0].display().to_string()
    })
}

fn write(args: &Analyze, report: &Path, rendered: &Rendered) -> anyhow::Result<()> {
    output::write(report, &rendered.html)?;
    if let Some(path) = &args.json {
        output::write(path, &rendered.json)?;
    }
    if let Some(path) = &args.markdown {
        output::write(path, rendered.markdown.as_bytes())?;
    }
    if let Some(path) = &args.redact_map {
        output::write_private(path, key(&rendered.pseudonyms).as_bytes())?;
    }
    Ok(())
}

/// The private key of the pseudonyms, one a line. Names were made visible when they were read: no tab or line feed
/// is left in them.
fn key(pseudonyms: &[(String, String)]) -> String {
    let lines = pseudonyms.iter().flat_map(|(alias, meaning)| [alias, "\t", meaning, "\n"]);
    lines.collect()
}

fn say(console: &Console, analysis: &Analysis, rendered: &Rendered, began: Instant, report: &Path) {
    if let Some((verdict, rest)) = rendered.terminal.split_first() {
        console.say(&format!("{STRONG}{verdict}{STRONG:#}"));
        for line in rest.iter().take(5) {
            console.say(line);
        }
    }
    if console.verbose {
        for source in &rendered.sources {
            let reason =
                source.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
            console.say(&format!(
                "  {} {} ({} records){reason}",
                source.status.word(),
                source.path,
                source.records
            ));
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let totals = &analysis.totals;
    let speed = bytes((totals.bytes as f64 / seconds.max(1e-6)) as u64);
    let peak = peak::memory().map_or_else(String::new, |peak| format!(", peak {}", bytes(peak)));
    console.say(&format!(
        "{}, {}, {seconds:.2} s, {speed}/s{peak}",
        bytes(totals.bytes),
        counted(totals.records + totals.malformed, "line", "lines"),
    ));
    if report.as_os_str() != "-" {
        console.say(&format!("report: {}", report.display()));
    }
}

/// How much of the recognised bytes could be read, in per cent.
fn covered(analysis: &Analysis) -> f64 {
    let totals = &analysis.totals;
    if totals.recognised_bytes == 0 {
        return if analysis
            .sources
            .iter()
            .any(|source| source.status == daaslens_core::model::SourceStatus::Unreadable)
        {
            0.0
        } else {
            100.0
        };
    }
    totals.readable_bytes as f64 / totals.recognised_bytes as f64 * 100.0
}
