//! Paths of sources, made comparable between machines and builds.

/// Folders in front of which a path says nothing of the program. The last one that occurs counts.
const ROOTS: [&str; 8] = [
    "/site/wwwroot/",
    "/inetpub/wwwroot/",
    "/var/www/html/",
    "/public_html/",
    "/htdocs/",
    // The sources of the first build of an agent of Azure Pipelines, wherever its own folder is: `D:\a\1\s\`.
    "/1/s/",
    "/usr/src/app/",
    "/build/src/",
];

/// Roots of containers, where a path begins with them.
const CONTAINERS: [&str; 5] = ["/app/", "/code/", "/repo/", "/workspace/", "/src/"];

/// Folders of what others wrote: a path is told from there on.
const LIBRARIES: [&str; 5] =
    ["node_modules/", "site-packages/", "dist-packages/", "vendor/", "gems/"];

/// The most parts of a path that are kept.
const MAX_PARTS: usize = 4;

/// `C:\home\site\wwwroot\routes\cart.js` is `routes/cart.js`, and so is `/home/site/wwwroot/routes/cart.js`. Of other places
/// the last two parts count. Names of the runtime (`node:internal/modules/cjs/loader`, `<frozen importlib>`) stay.
///
/// Numbers of five digits and more in it are releases and temporary folders, and become `#`; compiled views, whose names
/// are hashes, become `<compiled view>`.
pub fn site_file(path: &str) -> String {
    let path = path.get(..path.floor_char_boundary(1024)).unwrap_or(path);
    let path =
        path.strip_prefix("file:///").or_else(|| path.strip_prefix("file://")).unwrap_or(path);
    let path = path.replace('\\', "/");
    if path.starts_with('<') || path.starts_with("node:") || path.starts_with("internal/") {
        return path;
    }
    let path = path.split('?').next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    let library = LIBRARIES.iter().filter_map(|folder| lower.rfind(folder)).max();
    let root = ROOTS.iter().filter_map(|root| Some(lower.rfind(root)? + root.len())).max();
    let container = CONTAINERS.iter().find(|root| lower.starts_with(**root)).map(|root| root.len());
    // Zip deployments of App Service on Linux run from a folder named after the build: `/tmp/8dc4f2a1b3c4d5e/app.py`.
    let temporary = lower.strip_prefix("/tmp/").and_then(|rest| {
        let (folder, _) = rest.split_once('/')?;
        let hash = folder.len() >= 8 && folder.bytes().all(|byte| byte.is_ascii_hexdigit());
        hash.then_some("/tmp/".len() + folder.len() + 1)
    });
    let kept = match (library, root.or(container).or(temporary)) {
        (Some(at), _) => last_parts(path.get(at..).unwrap_or(path), 3, true),
        (None, Some(at)) => last_parts(path.get(at..).unwrap_or(path), MAX_PARTS, false),
        (None, None) => last_parts(path, 2, false),
    };
    let views = ["storage/framework/views/", "var/cache/", "/twig/", "templates_c/"];
    let name = path.rsplit('/').next().unwrap_or_default();
    if views.iter().any(|folder| path.contains(folder)) && has_hash(name) {
        return "<compiled view>".to_owned();
    }
    without_numbers(&without_hash(&kept))
}

/// The last parts of a path; with `head`, its first part as well.
fn last_parts(path: &str, most: usize, head: bool) -> String {
    let parts: Vec<&str> =
        path.split('/').filter(|part| !part.is_empty() && !part.ends_with(':')).collect();
    match parts.split_first() {
        Some((first, rest)) if head && rest.len() > most - 1 => {
            let tail = rest.get(rest.len() - (most - 1)..).unwrap_or_default();
            format!("{first}/{}", tail.join("/"))
        }
        _ => parts.get(parts.len().saturating_sub(most)..).unwrap_or_default().join("/"),
    }
}

/// Whether a name holds 16 hexadecimal digits in a row.
fn has_hash(name: &str) -> bool {
    name.as_bytes().split(|b| !b.is_ascii_hexdigit()).any(|run| run.len() >= 16)
}

/// Bundlers put a hash of the content into names: `main.3f2a9c1b.js` is `main.js`.
fn without_hash(path: &str) -> String {
    let is_hash = |part: &str| {
        part.len() >= 8
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
    };
    let Some((folder, name)) = path.rsplit_once('/').map_or(Some(("", path)), Some) else {
        return path.to_owned();
    };
    let parts: Vec<&str> = name.split(['.']).collect();
    if parts.len() < 3 || !parts.iter().any(|part| is_hash(part)) {
        return path.to_owned();
    }
    let kept: Vec<&str> = parts.into_iter().filter(|part| !is_hash(part)).collect();
    if folder.is_empty() { kept.join(".") } else { format!("{folder}/{}", kept.join(".")) }
}

fn without_numbers(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (front, digits) = rest.split_at(at);
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, behind) = digits.split_at(length);
        out.push_str(front);
        out.push_str(if length >= 5 { "#" } else { digits });
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::site_file;

    #[test]
    fn paths_without_machines_and_builds() {
        for (path, expected) in [
            (r"C:\home\site\wwwroot\routes\cart.js", "routes/cart.js"),
            (r"D:\home\site\wwwroot\server.js", "server.js"),
            ("/home/site/wwwroot/server.js", "server.js"),
            ("file:///home/site/wwwroot/dist/server.mjs?t=1", "dist/server.mjs"),
            ("/usr/src/app/lib/a/b/c/d.js", "a/b/c/d.js"),
            ("/srv/shop/lib/cart.py", "lib/cart.py"),
            ("/app/lib/cart.py", "lib/cart.py"),
            ("/home/site/wwwroot/app/Cart.php", "app/Cart.php"),
            ("/tmp/8dc4f2a1b3c4d5e/shop/views.py", "shop/views.py"),
            (
                r"C:\home\site\wwwroot\node_modules\express\lib\router\layer.js",
                "node_modules/router/layer.js",
            ),
            (
                "/opt/python/3/lib/python3.11/site-packages/flask/app.py",
                "site-packages/flask/app.py",
            ),
            ("node:internal/modules/cjs/loader", "node:internal/modules/cjs/loader"),
            ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>"),
            ("/srv/releases/20250922114500/a.rb", "#/a.rb"),
            ("/home/site/wwwroot/dist/main.3f2a9c1b.js", "dist/main.js"),
            ("/var/www/html/storage/framework/views/0123456789abcdef0123.php", "<compiled view>"),
            ("", ""),
        ] {
            assert_eq!(site_file(path), expected, "{path}");
        }
    }
}
