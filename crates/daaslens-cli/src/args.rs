//! The arguments. Their documentation is the help.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use daaslens_core::Time;
use daaslens_report::Level;
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
    Analyze(Box<Analyze>),
    /// Say what a code, an event or a finding means: `502.3`, `win32 64`, `event 2299`
    Explain(Explain),
    /// Read the evidence lines of one finding back from the bundle
    Show(Show),
    /// Write a made-up bundle with known faults, analyse it, and say where the report is
    Demo(Demo),
    /// Write the completions for a shell to stdout
    Completions(Completions),
    /// Write the manual page to stdout, for `man -l -`
    Man,
}

/// Analyse a bundle and write the report
#[derive(Debug, clap::Args)]
pub(crate) struct Analyze {
    /// Folders, zip archives (also in each other), .gz files, single logs
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The HTML report; `-` for stdout; `./<name of the first path>-report.html` by default
    ///
    /// When the input was dropped on the program in Explorer, the report goes beside it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// The findings as JSON; `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// A summary to paste into a ticket, at most 3,000 characters; `-` for stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,

    /// How much of what identifies somebody is masked in everything that is written
    #[arg(long, value_enum, default_value_t = Redact::Strict, value_name = "LEVEL")]
    pub(crate) redact: Redact,

    /// The private key of the pseudonyms, one a line (`ip-17`, tab, what it stands for); not for sharing
    #[arg(long, value_name = "FILE")]
    pub(crate) redact_map: Option<PathBuf>,

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

/// Say what a code, an event or a finding means
#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// `502.3`, `503.0`, `win32 64`, `event 2299`, `0xC0000005`, `httperr QueueFull`, `finding http-5xx-cluster`
    #[arg(required = true, value_name = "WHAT", allow_negative_numbers = true)]
    pub(crate) what: Vec<String>,

    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// Read the evidence lines of one finding back from the bundle
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 every line was found as it was · 1 at least one was not, or the job could not \
                        be done · 2 wrong arguments, or no such finding."
)]
pub(crate) struct Show {
    /// The JSON that `analyze --json` wrote
    #[arg(value_name = "FINDINGS.json")]
    pub(crate) findings: PathBuf,

    /// The finding, `F3`
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// What was analysed [default: what has its name beside the JSON, or in this folder]
    #[arg(long, value_name = "PATH")]
    pub(crate) bundle: Vec<PathBuf>,

    /// Also show so many lines before and after each line of a request log
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=1000))]
    pub(crate) context: u64,

    /// How much is masked [default: as in the JSON]
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) redact: Option<Redact>,

    #[command(flatten)]
    pub(crate) talk: Talk,
}

/// Write the completions for a shell to stdout
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
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

    /// When to use colours; NO_COLOR is honoured
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Redact {
    /// Query values, cookies, names of users, secrets go; addresses, hosts and sites become pseudonyms
    Strict,
    /// As strict, but addresses, hosts and sites stay
    Normal,
    /// Everything stays, and the report says so in red
    Off,
}

impl From<Redact> for Level {
    fn from(redact: Redact) -> Self {
        match redact {
            Redact::Strict => Self::Strict,
            Redact::Normal => Self::Normal,
            Redact::Off => Self::Off,
        }
    }
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
