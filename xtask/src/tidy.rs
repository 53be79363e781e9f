//! The rules of the workspace that neither rustfmt nor clippy knows, each printed as `file:line: what`.
//!
//! * who may depend on whom: parsers know nothing of each other, only the store reads, the report sees the
//!   model and the knowledge base alone;
//! * every source file opens with `//!` and can be read in a sitting;
//! * every crate takes the lints of the workspace;
//! * every dependency has a licence on the list;
//! * nothing is left to be done later, and no merge half done.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may depend on whom. Whatever is not here is a violation. For their tests, all may use the test kit, the
/// analysis may read through the store, and the program may replay the fuzz targets of the parsers.
const LAYERS: &[(&str, &[&str])] = &[
    ("daaslens-core", &[]),
    ("daaslens-stats", &["core"]),
    ("daaslens-kb", &["core"]),
    ("daaslens-httplog", &["core"]),
    ("daaslens-stacktrace", &[]),
    ("daaslens-signature", &["core", "kb", "stacktrace"]),
    ("daaslens-eventlog", &["core", "stacktrace"]),
    ("daaslens-phplog", &["core"]),
    ("daaslens-platform", &["core"]),
    ("daaslens-applog", &["core", "stacktrace"]),
    ("daaslens-dump", &["core"]),
    ("daaslens-store", &["core"]),
    ("daaslens-testkit", &["core"]),
    (
        "daaslens-analysis",
        &[
            "core",
            "stats",
            "kb",
            "stacktrace",
            "signature",
            "httplog",
            "eventlog",
            "phplog",
            "platform",
            "applog",
            "dump",
        ],
    ),
    ("daaslens-report", &["core", "kb"]),
    ("daaslens-export", &["core", "kb"]),
    ("daaslens-cli", &["core", "kb", "store", "analysis", "report", "export", "testkit"]),
    ("xtask", &["core", "kb", "analysis", "report", "testkit"]),
];

/// Crates that only some of ours may use.
const RESERVED: &[(&str, &[&str])] = &[
    ("memmap2", &["daaslens-store"]),
    ("walkdir", &["daaslens-store"]),
    ("zip", &["daaslens-store", "daaslens-testkit"]),
    ("flate2", &["daaslens-store", "daaslens-testkit"]),
    ("askama", &["daaslens-report"]),
    ("clap", &["daaslens-cli"]),
    ("indicatif", &["daaslens-cli"]),
    ("minidump", &["daaslens-dump"]),
    ("anstream", &["daaslens-cli"]),
    ("anyhow", &["daaslens-cli", "xtask"]),
];

/// Ours that may touch the outside world in their own code.
const OUTSIDE: &[&str] = &["daaslens-store", "daaslens-cli", "daaslens-testkit", "xtask"];

const LICENCES: &[&str] =
    &["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-3-Clause", "Unicode-3.0", "Zlib"];

const LONGEST_FILE: usize = 900;

/// What git writes into a file where two changes meet.
const CONFLICT: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

/// Checks everything under `root`; `true` where nothing is wrong.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let mut found = Vec::new();
    let metadata = metadata(root)?;
    check_packages(root, &metadata, &mut found)?;
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "tests", "fuzz", "docs"] {
        walk(&root.join(folder), &mut files)?;
    }
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "Cargo.toml"] {
        files.extend(Some(root.join(name)).filter(|path| path.is_file()));
    }
    for path in files {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        check_text(&name, &text, &mut found);
    }
    found.sort();
    for violation in &found {
        println!("{violation}");
    }
    Ok(found.is_empty())
}

fn metadata(root: &Path) -> Result<Value> {
    let output = crate::cargo()
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    const SKIPPED: &[&str] = &["target", "node_modules", "corpus", "artifacts", "snapshots"];
    const READ: &[&str] = &["rs", "md", "toml", "html", "css", "js", "mjs", "svg", "sh"];
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_ref()) {
                walk(&path, files)?;
            }
        } else if path
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|e| READ.contains(&e))
        {
            files.push(path);
        }
    }
    Ok(())
}

fn check_packages(root: &Path, metadata: &Value, found: &mut Vec<String>) -> Result<()> {
    let lock = fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?;
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        if !package["source"].is_null() {
            let licence = package["license"].as_str().unwrap_or("none");
            if !licence_allowed(licence) {
                let line = line_of(&lock, &format!("name = \"{name}\""));
                found.push(format!(
                    "Cargo.lock:{line}: the licence of {name} is not on the list: {licence}"
                ));
            }
            continue;
        }
        let path = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let manifest = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        check_manifest(&shown, name, &manifest, found);
        let dependencies =
            package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
        for dependency in dependencies {
            let on = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"] == "dev";
            if let Some(what) = forbidden(name, on, for_tests) {
                found.push(format!("{shown}:{}: {what}", line_of(&manifest, on)));
            }
        }
    }
    Ok(())
}

/// Why `name` may not depend on `on`.
fn forbidden(name: &str, on: &str, for_tests: bool) -> Option<String> {
    let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        return Some(format!("{name} has no place in the table of xtask/src/tidy.rs"));
    };
    if let Some(short) = on.strip_prefix("daaslens-") {
        let in_tests = short == "testkit"
            || (name == "daaslens-analysis" && short == "store")
            || (name == "daaslens-cli"
                && matches!(
                    short,
                    "applog"
                        | "dump"
                        | "httplog"
                        | "eventlog"
                        | "phplog"
                        | "platform"
                        | "signature"
                ));
        let fine = allowed.contains(&short) || (for_tests && in_tests);
        return (!fine).then(|| format!("{name} must not know {on}"));
    }
    let (_, users) = RESERVED.iter().find(|(reserved, _)| *reserved == on)?;
    (!for_tests && !users.contains(&name))
        .then(|| format!("{on} is for {} alone", users.join(" and ")))
}

fn check_manifest(path: &str, name: &str, manifest: &str, found: &mut Vec<String>) {
    let mut lines = manifest.lines().map(str::trim);
    if !(lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true")) {
        found.push(format!("{path}:1: {name} does not take the lints of the workspace"));
    }
    let folder = Path::new(path).parent().and_then(Path::file_name).unwrap_or_default();
    if folder != name {
        found.push(format!("{path}:1: the folder of {name} has another name"));
    }
}

/// The line on which a word first stands, counted from 1; 1 where it does not.
fn line_of(text: &str, word: &str) -> usize {
    text.lines().position(|line| line.contains(word)).map_or(1, |index| index + 1)
}

/// Whether an SPDX expression can be fulfilled with the licences of the list.
fn licence_allowed(expression: &str) -> bool {
    // Some old crates write `MIT/Apache-2.0`. AND binds closer than OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (allowed, rest) = any_of(&words);
    allowed && rest.is_empty()
}

fn any_of<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut allowed, mut rest) = all_of(words);
    while let Some((&"OR", tail)) = rest.split_first() {
        let (next, left) = all_of(tail);
        (allowed, rest) = (allowed | next, left);
    }
    (allowed, rest)
}

fn all_of<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut allowed, mut rest) = licence(words);
    while let Some((&"AND", tail)) = rest.split_first() {
        let (next, left) = licence(tail);
        (allowed, rest) = (allowed & next, left);
    }
    (allowed, rest)
}

fn licence<'a>(words: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", rest @ ..] => match any_of(rest) {
            (allowed, [")", rest @ ..]) => (allowed, rest),
            (_, rest) => (false, rest),
        },
        [name, "WITH", exception, rest @ ..] => {
            (LICENCES.contains(&format!("{name} WITH {exception}").as_str()), rest)
        }
        [name, rest @ ..] => (LICENCES.contains(name), rest),
        [] => (false, &["a licence is missing"]),
    }
}

/// Words of what is left for later: in a comment, or anywhere in other text than Rust.
const LATER: &[&str] = &["TODO", "FIXME"];
/// The same as code.
const UNDONE: &[&str] = &["todo!(", "unimplemented!(", "dbg!("];
const NETWORK: &[&str] = &["TcpStream", "TcpListener", "UdpSocket"];
const FILES: &[&str] = &["std::fs", "std::process", "std::env"];

fn check_text(path: &str, text: &str, found: &mut Vec<String>) {
    let is_rust = Path::new(path).extension().is_some_and(|extension| extension == "rs");
    if is_rust {
        // The text of a rule stands in a file of its own beside the code.
        if !text.starts_with("//!") && !text.starts_with("#![doc = include_str!(") {
            found.push(format!("{path}:1: does not open with `//!` and what it is for"));
        }
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            found.push(format!("{path}:{lines}: {lines} lines are more than {LONGEST_FILE}: cut it where the subject changes"));
        }
    }
    let krate = path.strip_prefix("crates/").unwrap_or(path).split('/').next().unwrap_or_default();
    let is_library =
        path.starts_with("crates/") && path.contains("/src/") && !OUTSIDE.contains(&krate);
    let mut in_tests = path.ends_with("/tests.rs") || path.contains("/tests/");
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        in_tests |= line.trim() == "#[cfg(test)]";
        if CONFLICT.iter().any(|mark| line.starts_with(mark)) {
            found.push(format!("{path}:{number}: a merge was left half done"));
        }
        let prose = if is_rust { line.find("//").map_or("", |at| &line[at..]) } else { line };
        let code = if is_rust { line } else { "" };
        let later = LATER.iter().filter(|word| holds(prose, word));
        for word in later.chain(UNDONE.iter().filter(|word| holds(code, word))) {
            found.push(format!("{path}:{number}: `{word}`: do it, or leave it"));
        }
        for word in NETWORK.iter().filter(|word| holds(code, word)) {
            found.push(format!("{path}:{number}: `{word}`: nothing here talks to a network"));
        }
        if is_library && !in_tests {
            for word in FILES.iter().filter(|word| holds(code, word)) {
                found.push(format!("{path}:{number}: `{word}`: libraries do not look outside"));
            }
        }
    }
}

/// Whether `word` stands in `line`, is not part of a longer one, and is not a string of its own.
fn holds(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let joins = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
        let opens = word.ends_with('(');
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(joins) && (opens || !after.is_some_and(joins))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        check_text(path, text, &mut found);
        found
    }

    #[test]
    fn a_merge_is_finished() {
        let half = ["<<<<<<<", " HEAD\nyes\n=======\nno\n", ">>>>>>>", " other\n"].concat();
        assert_eq!(
            text("README.md", &half),
            ["README.md:1: a merge was left half done", "README.md:5: a merge was left half done"]
        );
        assert!(text("README.md", "Title\n=======\n").is_empty());
    }

    #[test]
    fn parsers_know_nothing_of_each_other() {
        assert_eq!(
            forbidden("daaslens-httplog", "daaslens-eventlog", false).as_deref(),
            Some("daaslens-httplog must not know daaslens-eventlog")
        );
        assert_eq!(forbidden("daaslens-httplog", "daaslens-core", false), None);
        assert_eq!(forbidden("daaslens-httplog", "daaslens-testkit", true), None);
        assert!(forbidden("daaslens-httplog", "daaslens-testkit", false).is_some());
        assert!(forbidden("daaslens-report", "daaslens-analysis", true).is_some());
        assert_eq!(forbidden("daaslens-analysis", "daaslens-store", true), None);
        assert_eq!(forbidden("daaslens-cli", "daaslens-phplog", true), None);
        assert!(forbidden("daaslens-cli", "daaslens-phplog", false).is_some());
        assert!(forbidden("daaslens-analysis", "daaslens-store", false).is_some());
        assert!(forbidden("daaslens-new", "serde", false).is_some());
        assert_eq!(
            forbidden("daaslens-analysis", "zip", false).as_deref(),
            Some("zip is for daaslens-store and daaslens-testkit alone")
        );
        assert_eq!(forbidden("daaslens-analysis", "zip", true), None);
        assert_eq!(forbidden("daaslens-analysis", "rayon", false), None);
    }

    #[test]
    fn licences() {
        for fine in [
            "MIT",
            "MIT OR GPL-3.0",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0",
            "CC0-1.0 OR MIT-0 OR Apache-2.0",
            "GPL-3.0 AND MIT OR Zlib",
        ] {
            assert!(licence_allowed(fine), "{fine}");
        }
        for bad in [
            "none",
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT",
            "MIT OR",
            "MIT MIT",
            "GPL-3.0 AND (MIT OR Zlib)",
        ] {
            assert!(!licence_allowed(bad), "{bad}");
        }
    }

    #[test]
    fn sources_open_with_their_purpose_and_leave_nothing_for_later() {
        assert_eq!(text("crates/daaslens-core/src/a.rs", "//! A.\nfn a() {}\n"), [""; 0]);
        assert_eq!(
            text("crates/daaslens-core/src/a.rs", "fn a() {}\n"),
            ["crates/daaslens-core/src/a.rs:1: does not open with `//!` and what it is for"]
        );
        assert_eq!(
            text("crates/daaslens-core/src/a.rs", "#![doc = include_str!(\"a.md\")]\n"),
            [""; 0]
        );
        let (word, call) = (LATER[0], UNDONE[2]);
        let source = format!(
            "//! A.\n// {word}: b\nlet a = [\"{word}\", \"{call}\"];\nlet {word}S = 1;\n{call}a);\n"
        );
        let says = |line, word| format!("xtask/src/a.rs:{line}: `{word}`: do it, or leave it");
        assert_eq!(text("xtask/src/a.rs", &source), [says(2, word), says(5, call)]);
        assert_eq!(text("docs/a.md", &format!("a {} b", LATER[1])).len(), 1);
        assert_eq!(text("docs/a.md", &format!("a {}B", LATER[1])), [""; 0]);
        assert_eq!(text("xtask/src/a.rs", &"//! A.\n".repeat(901)).len(), 1);
    }

    #[test]
    fn libraries_do_not_look_outside() {
        let reads = format!("//! A.\nuse {};\n#[cfg(test)]\nuse {};\n", FILES[0], FILES[1]);
        assert_eq!(text("crates/daaslens-core/src/a.rs", &reads).len(), 1);
        assert_eq!(text("crates/daaslens-store/src/a.rs", &reads), [""; 0]);
        assert_eq!(text("crates/daaslens-kb/build.rs", &reads), [""; 0]);
        assert_eq!(
            text(
                "crates/daaslens-cli/src/a.rs",
                &format!("//! A.\nuse std::net::{};\n", NETWORK[0])
            )
            .len(),
            1
        );
    }

    #[test]
    fn crates_take_the_lints_of_the_workspace() {
        let mut found = Vec::new();
        check_manifest(
            "crates/a/Cargo.toml",
            "a",
            "[package]\n\n[lints]\nworkspace = true\n",
            &mut found,
        );
        assert_eq!(found, [""; 0]);
        check_manifest(
            "crates/b/Cargo.toml",
            "a",
            "[package]\nversion.workspace = true\n",
            &mut found,
        );
        assert_eq!(found.len(), 2);
    }
}
