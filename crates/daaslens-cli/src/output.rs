//! Writing: files that are whole or not there, and words for people.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;

use crate::args::{Color, Talk};

/// What is said to people, on stderr.
pub(crate) struct Console {
    choice: ColorChoice,
    data_choice: ColorChoice,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// Whether progress is shown.
    pub(crate) progress: bool,
}

/// Bold, for the words that matter.
pub(crate) const STRONG: Style = Style::new().bold();

/// For commands that say nothing but errors.
impl Default for Console {
    fn default() -> Self {
        Self {
            choice: AutoStream::choice(&io::stderr()),
            data_choice: AutoStream::choice(&io::stdout()),
            quiet: false,
            verbose: false,
            progress: false,
        }
    }
}

impl Console {
    pub(crate) fn new(talk: &Talk) -> Self {
        let terminal = io::stderr().is_terminal();
        let choice = |automatic| match talk.color {
            Color::Auto => automatic,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self {
            choice: choice(AutoStream::choice(&io::stderr())),
            data_choice: choice(AutoStream::choice(&io::stdout())),
            quiet: talk.quiet,
            verbose: talk.verbose,
            progress: terminal && !talk.quiet && !talk.no_progress,
        }
    }

    /// A line, unless it was asked to be quiet.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            self.write(line);
        }
    }

    /// An error with its causes, always.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        self.write(&format!("{red}error{red:#}: {error:#}"));
    }

    /// Something that did not go as it should, unless it was asked to be quiet.
    pub(crate) fn warn(&self, line: &str) {
        let yellow = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
        self.say(&format!("{yellow}warning{yellow:#}: {line}"));
    }

    /// Writes text with styles to stdout; they are kept only where stdout has colours.
    pub(crate) fn data(&self, text: &str) -> anyhow::Result<()> {
        let mut stdout = AutoStream::new(io::stdout(), self.data_choice);
        unless_nobody_reads(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
    }

    fn write(&self, line: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.choice);
        // Nobody reads: nothing to be done about it.
        let _ = writeln!(stderr, "{line}");
    }
}

/// A broken pipe is no error: who reads has seen enough.
fn unless_nobody_reads(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to stdout")
        }
        _ => Ok(()),
    }
}

/// Writes a file as a whole, or `-` to stdout: under another name first, then renamed, so that nobody ever sees
/// half of it and an old report stays until the new one is there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_as(path, bytes, 0o666)
}

/// The same, for a file that is for its owner alone.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_as(path, bytes, 0o600)
}

/// `mode` is what the file may be at most, on Unix; the mask of the process is taken off as for any new file.
/// Elsewhere the folder decides who may read.
fn write_as(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    if path.as_os_str() == "-" {
        let mut stdout = io::stdout().lock();
        return unless_nobody_reads(stdout.write_all(bytes).and_then(|()| stdout.flush()));
    }
    let cannot = || format!("cannot write {}", path.display());
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".daaslens-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.tempfile_in(folder).with_context(cannot)?;
    file.write_all(bytes).with_context(cannot)?;
    file.persist(path).map_err(|error| error.error).with_context(cannot)?;
    Ok(())
}
