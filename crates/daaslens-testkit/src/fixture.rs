//! Access to the committed fixtures, from the tests of any crate.

use std::path::PathBuf;

/// The `fixtures` folder of the workspace.
///
/// # Panics
/// Outside a cargo run: the folder is looked for above the crate under test.
pub fn fixtures() -> PathBuf {
    let krate = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let folder =
        krate.ancestors().map(|parent| parent.join("fixtures")).find(|folder| folder.is_dir());
    folder.unwrap_or_else(|| panic!("there is no fixtures folder above {}", krate.display()))
}

/// The content of one fixture: `fixture("httplog/ok/0001_plain_azure.log")`.
///
/// # Panics
/// Where there is no such file.
#[expect(
    clippy::disallowed_methods,
    reason = "for tests: they may read what is committed for them"
)]
pub fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(path)).unwrap_or_else(|error| panic!("fixtures/{path}: {error}"))
}

/// What a reader must make of one W3C file: a row of `fixtures/httplog/expected.tsv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedLog {
    /// The path under `fixtures`.
    pub path: String,
    /// Lines that are requests.
    pub requests: u64,
    /// Lines that cannot be read.
    pub malformed: u64,
    /// Requests whose line has more parts than columns.
    pub recovered: u64,
    /// Lines of another protocol or producer.
    pub other: u64,
}

/// All rows of the table.
///
/// # Panics
/// Where the table is damaged.
pub fn expected_logs() -> Vec<ExpectedLog> {
    let table = String::from_utf8_lossy(&fixture("httplog/expected.tsv")).into_owned();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |index: usize| cells.get(index)?.parse().ok();
        Some(ExpectedLog {
            path: format!("httplog/{}", cells.first()?),
            requests: number(1)?,
            malformed: number(2)?,
            recovered: number(3)?,
            other: number(4)?,
        })
    };
    table
        .lines()
        .skip(1)
        .map(|line| row(line).unwrap_or_else(|| panic!("expected.tsv: {line}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_file() {
        let rows = expected_logs();
        assert!(rows.len() > 50);
        for row in &rows {
            let bytes = fixture(&row.path);
            let lines = row.requests + row.malformed + row.other;
            assert_eq!(bytes.is_empty(), row.path.ends_with("empty_file.log"), "{}", row.path);
            assert!(row.recovered <= row.requests && lines < 10, "{row:?}");
            assert_eq!(row.malformed > 0, row.path.starts_with("httplog/err/"), "{row:?}");
        }
    }
}
