//! Where what was analysed lies now.
//!
//! A `findings.json` names its inputs by their last component, because the folders above say who the user is. They
//! are looked for among the paths that are given, then beside the JSON and in the current folder.

use std::path::{Component, Path, PathBuf};

/// Where each of the inputs `names` is; `None` where it is not found. `bundles` were given by the user, `folders` are
/// looked into, `is_there` tells whether something is at a path.
pub(crate) fn resolve(
    names: &[&str],
    bundles: &[PathBuf],
    folders: &[PathBuf],
    is_there: impl Fn(&Path) -> bool,
) -> Vec<Option<PathBuf>> {
    let mut left: Vec<Option<&PathBuf>> = bundles.iter().map(Some).collect();
    let mut found: Vec<Option<PathBuf>> = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let name = plain_name(name, &names[..i]);
        let given = left.iter_mut().find(|path| path.is_some_and(|path| last(path) == Some(name)));
        found.push(given.and_then(Option::take).cloned());
    }
    // What is left has been renamed, or has a name that was masked: as many paths as inputs are meant in their order.
    let left: Vec<&PathBuf> = left.into_iter().flatten().collect();
    if found.iter().filter(|path| path.is_none()).count() == left.len() {
        let mut left = left.into_iter();
        found
            .iter_mut()
            .filter(|path| path.is_none())
            .for_each(|path| *path = left.next().cloned());
    }
    for (i, name) in names.iter().enumerate().filter(|(_, name)| is_one_component(name)) {
        let name = plain_name(name, &names[..i]);
        if found[i].is_none() {
            let candidates = folders.iter().flat_map(|folder| {
                // The JSON may lie in the very folder that was analysed.
                [folder.join(name)]
                    .into_iter()
                    .chain((last(folder) == Some(name)).then(|| folder.clone()))
            });
            let taken = |path: &PathBuf| found.iter().flatten().any(|taken| taken == path);
            found[i] = candidates.filter(|path| !taken(path)).find(|path| is_there(path));
        }
    }
    found
}

/// Which of the inputs `names` a source belongs to, and its path inside.
pub(crate) fn input_of<'a>(path: &'a str, names: &[&str]) -> Option<(usize, &'a str)> {
    let inside = |name: &&str| {
        let rest = path.strip_prefix(*name)?;
        (rest.is_empty() || rest.starts_with('/') || rest.starts_with("!/")).then_some(rest)
    };
    let fits = names.iter().enumerate().filter_map(|(i, name)| Some((i, inside(name)?)));
    // Where one name is the head of the other, the longer one is meant.
    fits.min_by_key(|(_, rest)| rest.len())
}

/// The second input of the name `a` is called `a (2)`.
fn plain_name<'a>(name: &'a str, before: &[&str]) -> &'a str {
    let numbered = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
    match numbered {
        Some((plain, number)) if number.parse::<u32>().is_ok() && before.contains(&plain) => plain,
        _ => name,
    }
}

fn last(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// A JSON is input too: it must not lead anywhere else.
fn is_one_component(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(_)), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str], bundles: &[&str], there: &[&str]) -> Vec<String> {
        let bundles: Vec<PathBuf> = bundles.iter().map(PathBuf::from).collect();
        let folders = [PathBuf::from("/json"), PathBuf::from("/here")];
        let found =
            resolve(names, &bundles, &folders, |path| there.iter().any(|it| Path::new(it) == path));
        found
            .into_iter()
            .map(|path| path.map_or_else(|| "?".to_owned(), |path| path.display().to_string()))
            .collect()
    }

    #[test]
    fn by_name_beside_the_json_first() {
        assert_eq!(
            found(&["a.zip", "b"], &[], &["/json/a.zip", "/here/a.zip", "/here/b"]),
            ["/json/a.zip", "/here/b"]
        );
        assert_eq!(found(&["a.zip"], &[], &[]), ["?"]);
        assert_eq!(found(&["here"], &[], &["/here"]), ["/here"]);
    }

    #[test]
    fn given_paths_win_in_any_order_and_renamed_ones_by_their_place() {
        assert_eq!(found(&["a", "b"], &["/x/b", "/x/a"], &["/json/a"]), ["/x/a", "/x/b"]);
        assert_eq!(found(&["a", "b"], &["/x/c", "/x/a"], &[]), ["/x/a", "/x/c"]);
        assert_eq!(found(&["ip-1 (private).zip"], &["/x/10.0.0.1.zip"], &[]), ["/x/10.0.0.1.zip"]);
        assert_eq!(found(&["a", "b"], &["/x/c"], &["/json/b"]), ["?", "/json/b"]);
    }

    #[test]
    fn two_inputs_of_one_name() {
        assert_eq!(found(&["a", "a (2)"], &["/x/a", "/y/a"], &[]), ["/x/a", "/y/a"]);
        assert_eq!(found(&["a", "a (2)"], &[], &["/json/a", "/here/a"]), ["/json/a", "/here/a"]);
        assert_eq!(found(&["b (2)"], &[], &["/json/b (2)"]), ["/json/b (2)"]);
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_followed() {
        for name in ["../secret", "/etc/passwd", "..", ".", "", "a/b"] {
            assert_eq!(
                found(
                    &[name],
                    &[],
                    &["/json/../secret", "/etc/passwd", "/json/..", "/json/", "/json/a/b"]
                ),
                ["?"]
            );
        }
    }

    #[test]
    fn sources_belong_to_the_input_that_they_begin_with() {
        let names = ["old.zip", "x.log", "a", "a (2)", "a (2)/b"];
        assert_eq!(input_of("old.zip!/a/b.log", &names), Some((0, "!/a/b.log")));
        assert_eq!(input_of("x.log", &names), Some((1, "")));
        assert_eq!(input_of("a (2)/x.log", &names), Some((3, "/x.log")));
        assert_eq!(input_of("a (2)/b/x.log", &names), Some((4, "/x.log")));
        assert_eq!(input_of("old.zip2/x", &names), None);
    }
}
