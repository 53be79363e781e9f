//! What shells do elsewhere and have the program do on Windows.
//!
//! * `cmd` and PowerShell hand `logs\*.zip` over as it is.
//! * `"C:\logs\"` arrives as `C:\logs"`, because the backslash escapes the quote.
//! * Who drops a folder on the program in Explorer has no current folder to look for the report in.
//!
//! The code is the same on every system, so that it is tested on every system; only Windows uses all of it.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// The paths that a user means: quotes mended, and on Windows, wildcards expanded.
pub(crate) fn meant(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mended = paths.iter().map(|path| mended(path));
    if cfg!(windows) { mended.flat_map(|path| expanded(&path)).collect() } else { mended.collect() }
}

/// Whether the program was started by Explorer, as far as that can be told from outside: it runs in a window of its
/// own, knows nothing of a shell, and was given full paths only. In doubt it was not.
pub(crate) fn is_from_explorer(paths: &[PathBuf]) -> bool {
    use std::io::IsTerminal as _;
    cfg!(windows)
        && std::io::stdin().is_terminal()
        && std::io::stderr().is_terminal()
        && looks_dropped(paths, |name| std::env::var_os(name))
}

/// `cmd` sets `PROMPT`, Windows Terminal `WT_SESSION`, shells of Unix `SHELL` or `TERM`; PowerShell puts the modules
/// of the user into `PSModulePath`, where Explorer has those of the machine only.
fn looks_dropped(paths: &[PathBuf], variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let shell = ["PROMPT", "WT_SESSION", "SHELL", "TERM", "SSH_CONNECTION"]
        .into_iter()
        .any(|it| variable(it).is_some());
    let lower = |name| variable(name).unwrap_or_default().to_string_lossy().to_lowercase();
    let (modules, home) = (lower("PSModulePath"), lower("USERPROFILE"));
    let power_shell = !home.is_empty() && modules.contains(&home);
    !shell && !power_shell && !paths.is_empty() && paths.iter().all(|path| path.is_absolute())
}

/// `C:\dir"` was `"C:\dir\"`. No name on Windows holds a quote; elsewhere a path that is there is taken as it is.
fn mended(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) if text.ends_with('"') && !path.exists() => {
            PathBuf::from(text.trim_end_matches('"'))
        }
        _ => path.to_owned(),
    }
}

/// What is there for `*` and `?` in any part of a path, sorted. A path for which nothing is there stays as it is, so
/// that the error names it.
fn expanded(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in path.components() {
        found = match component {
            Component::Normal(name) if has_wildcard(&name.to_string_lossy()) => {
                let Some(pattern) = pattern(&name.to_string_lossy()) else {
                    return vec![path.to_owned()];
                };
                found.iter().flat_map(|folder| matching(folder, &pattern)).collect()
            }
            // `\\?\C:\` is a prefix and no pattern.
            component => found.into_iter().map(|folder| folder.join(component)).collect(),
        };
    }
    found.retain(|path| path.exists());
    if found.is_empty() { vec![path.to_owned()] } else { found }
}

fn has_wildcard(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// A pattern as Windows has them: brackets and braces are letters of names, case says nothing.
fn pattern(name: &str) -> Option<GlobMatcher> {
    let mut text = String::new();
    for c in name.chars() {
        match c {
            '[' | ']' | '{' | '}' => text.extend(['[', c, ']']),
            // To Windows, one star or several are the same.
            '*' if text.ends_with('*') => {}
            _ => text.push(c),
        }
    }
    let glob =
        GlobBuilder::new(&text).case_insensitive(true).backslash_escape(false).build().ok()?;
    Some(glob.compile_matcher())
}

fn matching(folder: &Path, pattern: &GlobMatcher) -> Vec<PathBuf> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    #[expect(
        clippy::disallowed_methods,
        reason = "wildcards are expanded before the store is asked"
    )]
    let entries = std::fs::read_dir(listed).into_iter().flatten().flatten();
    let mut names: Vec<OsString> = entries
        .map(|entry| entry.file_name())
        .filter(|name| pattern.is_match(Path::new(name)))
        .collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test makes its own files")]
    fn wildcards_are_expanded_in_every_part() {
        let root = tempfile::tempdir().unwrap();
        for file in ["a1/x.zip", "a1/Y.ZIP", "a1/z.log", "a2/x.zip", "b/x.zip", "b/[1].zip"] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = |path: &str| -> Vec<String> {
            let shown = |path: PathBuf| {
                path.strip_prefix(root.path()).unwrap().to_str().unwrap().replace('\\', "/")
            };
            expanded(&root.path().join(path)).into_iter().map(shown).collect()
        };
        assert_eq!(found("a?/*.zip"), ["a1/Y.ZIP", "a1/x.zip", "a2/x.zip"]);
        assert_eq!(found("*/x.zip"), ["a1/x.zip", "a2/x.zip", "b/x.zip"]);
        assert_eq!(found("b/[1]*"), ["b/[1].zip"]);
        assert_eq!(found("b/**.zip"), ["b/[1].zip", "b/x.zip"]);
        for path in ["a1/x.zip", "no/*.zip", "a1/*.gz", "no.zip"] {
            assert_eq!(found(path), [path]);
        }
    }

    #[test]
    fn a_quote_that_a_backslash_has_escaped_is_taken_off() {
        assert_eq!(mended(Path::new("C:\\dir\"")), Path::new("C:\\dir"));
        assert_eq!(mended(Path::new("/dir")), Path::new("/dir"));
    }

    #[test]
    fn explorer_is_told_from_shells() {
        let full = [std::env::current_dir().unwrap()];
        let with = |variables: &'static [(&str, &str)]| {
            looks_dropped(&full, |name| {
                variables.iter().find(|it| it.0 == name).map(|it| it.1.into())
            })
        };
        let explorer = &[
            ("USERPROFILE", r"C:\Users\x"),
            ("PSModulePath", r"C:\Program Files\WindowsPowerShell\Modules"),
        ];
        assert!(with(explorer));
        assert!(!with(&[("PROMPT", "$P$G")]));
        assert!(!with(&[("WT_SESSION", "1")]));
        let power_shell = &[
            ("USERPROFILE", r"C:\Users\x"),
            ("PSModulePath", r"C:\users\x\Documents\PowerShell\Modules;C:\Program Files"),
        ];
        assert!(!with(power_shell));
        assert!(!looks_dropped(&["a.zip".into()], |_| None));
        assert!(!looks_dropped(&[], |_| None));
    }
}
