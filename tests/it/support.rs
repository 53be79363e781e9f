//! Runs the program in a temporary folder.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The bundle that most tests look at.
pub(crate) const BUNDLE: &str = "bundles/two-instances-503.zip";

/// A folder in which the program is run; it goes when the test ends.
pub(crate) struct Place {
    folder: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder that holds one of the fixtures, under its own name.
    pub(crate) fn with(fixture: &str) -> Self {
        let place = Self::new();
        let name = Path::new(fixture).file_name().unwrap();
        place.write(name, &daaslens_testkit::fixture(fixture));
        place
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program, to be run in this folder, untouched by the colours and threads of who runs the test.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daaslens"));
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("FORCE_COLOR")
            .env_remove("RAYON_NUM_THREADS")
            .env("COLUMNS", "100");
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Run {
        let output = self.command().args(args).output().unwrap();
        let run = Run {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }

    /// The findings on these paths, without a word on stderr.
    pub(crate) fn findings<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Value {
        let mut command = self.command();
        let output =
            command.args(args).args(["-q", "--json", "-", "-o", "r.html"]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(0) && stderr.is_empty(),
            "{:?}: {stderr}",
            output.status
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// The source that ends in `path`.
pub(crate) fn source<'a>(findings: &'a Value, path: &str) -> &'a Value {
    let sources = rows(&findings["sources"]);
    let found = sources.iter().find(|source| source["path"].as_str().unwrap().ends_with(path));
    found.unwrap_or_else(|| panic!("no source {path} in {:#}", findings["sources"]))
}

/// The rows of a list.
pub(crate) fn rows(list: &Value) -> &[Value] {
    list.as_array().unwrap_or_else(|| panic!("not a list: {list}"))
}

/// `path status: reason` of every source.
pub(crate) fn what_became(findings: &Value) -> Vec<String> {
    let line = |source: &Value| {
        let text = |key: &str| source[key].as_str().unwrap_or("-").to_owned();
        format!("{} {}: {}", text("path"), text("status"), text("reason"))
    };
    rows(&findings["sources"]).iter().map(line).collect()
}
