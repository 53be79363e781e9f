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
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// Whether progress is shown.
    pub(crate) progress: bool,
}

/// Bold, for the words that matter.
pub(crate) const STRONG: Style = Style::new().bold();

impl Console {
    pub(crate) fn new(talk: &Talk) -> Self {
        let terminal = io::stderr().is_terminal();
        let choice = match talk.color {
            Color::Auto => AutoStream::choice(&io::stderr()),
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self {
            choice,
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

    fn write(&self, line: &str) {
        let mut stderr = AutoStream::new(io::stderr(), self.choice);
        // Nobody reads: nothing to be done about it.
        let _ = writeln!(stderr, "{line}");
    }
}

/// Writes a file as a whole, or `-` to stdout: under another name first, then renamed, so that nobody ever sees
/// half of it and an old report stays until the new one is there.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if path.as_os_str() == "-" {
        let mut stdout = io::stdout().lock();
        return match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("cannot write to stdout"),
            _ => Ok(()),
        };
    }
    let cannot = || format!("cannot write {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".daaslens-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As for any new file; the default of temporary files is to be read by their owner alone.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).with_context(cannot)?;
    file.write_all(bytes).with_context(cannot)?;
    file.persist(path).map_err(|error| error.error).with_context(cannot)?;
    Ok(())
}
