//! Paths of scripts, made comparable between machines and deployments.

use bstr::ByteSlice;

/// Folders that stand for "the site" and say nothing themselves.
const ROOTS: [&str; 8] = [
    "/home/site/wwwroot/",
    "/site/wwwroot/",
    "/inetpub/wwwroot/",
    "/var/www/html/",
    "/public_html/",
    "/xampp/htdocs/",
    "/wamp/www/",
    "/wamp64/www/",
];

/// Folders of code that the application did not write.
const LIBRARIES: [&str; 3] = ["vendor/", "wp-includes/", "wp-admin/"];

/// `path` from the root of the site on, with `/` between its parts: `C:\home\site\wwwroot\lib\a.php` is
/// `lib/a.php`, and so is `/home/site/wwwroot/lib/a.php`. Compiled templates, whose names are hashes, become
/// `<compiled view>`; runs of five digits and more (releases, temporary files) become `#`.
pub fn site_path(path: &[u8]) -> String {
    let path = crate::decode(path.get(..path.len().min(1024)).unwrap_or(path))
        .replace('\\', "/")
        .replace("//", "/");
    let lower = path.to_ascii_lowercase();
    let from = ROOTS
        .iter()
        .filter_map(|root| Some(lower.find(root)? + root.len()))
        .min()
        .unwrap_or_else(|| drive_len(&path));
    let path = path.get(from..).unwrap_or_default();
    let views =
        ["storage/framework/views/", "var/cache/", "/twig/", "templates_c/", "/smarty/compile/"];
    let name = path.rsplit('/').next().unwrap_or_default();
    if views.iter().any(|folder| path.contains(folder)) && has_hash(name) {
        return "<compiled view>".to_owned();
    }
    mask_digits(path)
}

/// Whether the path lies in code that the application did not write.
pub fn is_library(site_path: &str) -> bool {
    LIBRARIES.iter().any(|folder| {
        site_path
            .match_indices(folder)
            .any(|(at, _)| at == 0 || site_path.as_bytes().get(at - 1) == Some(&b'/'))
    })
}

fn drive_len(path: &str) -> usize {
    match path.as_bytes() {
        [drive, b':', b'/', ..] if drive.is_ascii_alphabetic() => 2,
        _ => 0,
    }
}

/// Whether a name holds 16 hexadecimal digits in a row.
fn has_hash(name: &str) -> bool {
    name.as_bytes().split(|b| !b.is_ascii_hexdigit()).any(|run| run.len() >= 16)
}

fn mask_digits(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (front, digits) = rest.split_at(at);
        let len = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, behind) = digits.split_at(len);
        out.push_str(front);
        out.push_str(if len >= 5 { "#" } else { digits });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The last part of a path.
pub(crate) fn basename(path: &str) -> &str {
    path.as_bytes().rfind_byteset(b"/\\").and_then(|at| path.get(at + 1..)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, expected) in [
            (r"C:\home\site\wwwroot\lib\a.php", "lib/a.php"),
            (r"D:\home\site\wwwroot\a.php", "a.php"),
            ("/home/site/wwwroot/a.php", "a.php"),
            ("/home/jo/public_html/a.php", "a.php"),
            (r"E:\apps\a.php", "/apps/a.php"),
            ("/srv/releases/20250922114500/a2.php", "/srv/releases/#/a2.php"),
            ("/var/www/html/storage/framework/views/0123456789abcdef0123.php", "<compiled view>"),
            ("Unknown", "Unknown"),
        ] {
            assert_eq!(site_path(path.as_bytes()), expected);
        }
        assert!(is_library("vendor/a/b.php") && is_library("x/wp-includes/b.php"));
        assert!(!is_library("app/my-vendor/b.php") && !is_library("a.php"));
    }
}
