//! The arguments. Their documentation is the help.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use daaslens_core::Time;
use globset::{GlobBuilder, GlobMatcher};

/// Says offline what happened to an Azure App Service site, from what was downloaded of it.
///
/// Give it what you have: a DaaS folder, a Kudu dump, a LogFiles tree, a zip of any of these, a single log. It
/// writes one self-contained HTML report. It never touches the network, and writes nothing but what was asked for.
#[derive(Debug, Parser)]
#[command(
    name = "daaslens",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Exit codes: 0 analysed · 1 could not do the job · 2 wrong arguments · 3 and 4 see --fail-on · \
                  5 less than --min-coverage could be read.\n\
                  stdout carries data, stderr everything for people."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) analyze: Analyze,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Analyse a bundle and write the report; also what happens without a command
    Analyze(Analyze),
    /// Write a made-up bundle with known faults, analyse it, and say where the report is
    Demo(Demo),
}

/// Analyse a bundle and write the report
#[derive(Debug, clap::Args)]
pub(crate) struct Analyze {
    /// Folders, zip archives (also in each other), .gz files, single logs
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The HTML report; `-` for stdout [default: ./<name of the first path>-report.html]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// The findings as JSON; `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// A summary to paste into a ticket, at most 3,000 characters; `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    /// Only records from this time on: RFC 3339, or `YYYY-MM-DD HH:MM[:SS]` in UTC
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Time>,

    /// Only records up to this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Time>,

    /// Only these instances: RawLogs prefix or machine name, `*` and `?` allowed
    #[arg(long, value_name = "GLOB", value_parser = instance_glob)]
    pub(crate) instance: Option<GlobMatcher>,

    /// Only requests of these paths: `/api/*`
    #[arg(long, value_name = "GLOB", value_parser = url_glob)]
    pub(crate) url: Option<GlobMatcher>,

    /// How many threads read [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,

    /// The size in bytes of the pieces that are read in parallel; never changes the result
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub(crate) chunk_size: u64,

    /// Read archives instead of mapping them: for network drives, and files that are still being written
    #[arg(long)]
    pub(crate) no_mmap: bool,

    /// Put the time of the run into the report; without it the same input gives the same bytes
    #[arg(long)]
    pub(crate) stamp: bool,

    /// How willingly a change of the error rate is taken for a cluster
    #[arg(long, value_enum, default_value_t = Sensitivity::Normal, value_name = "LEVEL")]
    pub(crate) sensitivity: Sensitivity,

    /// Exit with 3 on a critical finding; with `warning` also with 4 on a warning
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<FailOn>,

    /// Exit with 5 when less than this share of the recognised bytes could be read
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    pub(crate) min_coverage: f64,

    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// Write a made-up bundle with known faults and analyse it
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Where to write it
    #[arg(default_value = "daaslens-demo", value_name = "DIR")]
    pub(crate) dir: PathBuf,

    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// How much is said on stderr.
#[derive(Debug, clap::Args)]
pub(crate) struct Talk {
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Say what became of each file
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub(crate) verbose: bool,

    /// Show no progress, also on a terminal
    #[arg(long)]
    pub(crate) no_progress: bool,

    /// When to use colours on stderr; NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Sensitivity {
    High,
    Normal,
    Low,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Critical,
    Warning,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "neither RFC 3339 nor `YYYY-MM-DD HH:MM[:SS]`".to_owned())
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).case_insensitive(true).literal_separator(false).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

fn instance_glob(text: &str) -> Result<GlobMatcher, String> {
    glob(text)
}

fn url_glob(text: &str) -> Result<GlobMatcher, String> {
    glob(text)
}

fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim_end_matches('%').parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=100.0).contains(&value) { Ok(value) } else { Err("not between 0 and 100".to_owned()) }
}
