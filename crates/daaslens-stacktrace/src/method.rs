//! Names of methods that stay the same from build to build.
//!
//! The C# compiler turns one method into many: `<LoadAsync>d__4.MoveNext` is the body of an `async` method,
//! `<>c__DisplayClass5_0.<Find>b__1` a lambda that captures variables, `<Find>g__Match|3_1` a local function,
//! `Program.<Main>$` the top-level statements. The numbers in them change whenever somebody adds a method above.

/// The longest name that is returned, in bytes.
const MAX_NAME: usize = 512;
/// How deep generated names may be inside generated names. Two occur.
const MAX_DEPTH: u32 = 4;

/// The stable name of the method in `frame`: without the word before it, file and line, arguments, generic
/// instantiation, and without what the compiler generated.
///
/// | from | to |
/// |---|---|
/// | `at Shop.Cart.<LoadAsync>d__4.MoveNext() in C:\x.cs:line 3` | `Shop.Cart.LoadAsync` |
/// | ``Shop.Repo`1[[System.Int32, mscorlib]].Get(Int32 id)`` | `Shop.Repo.Get` |
/// | `Shop.Cart.<>c__DisplayClass5_0.<Find>b__1(Item i)` | `Shop.Cart.Find.lambda` |
/// | `Shop.Cart.<Find>g__Match\|3_1(Item i)` | `Shop.Cart.Find.Match` |
/// | `Program.<Main>$(String[] args)` | `Program.Main` |
/// | `lambda_method123(Closure , Object )` | `lambda_method` |
pub fn normalise_frame(frame: &str) -> String {
    let frame = frame.trim();
    let parsed = crate::parse_frame(frame);
    let frame = parsed.as_ref().map_or(frame, |parsed| &parsed.method);
    let name = frame.split('(').next().unwrap_or_default().trim();
    let name = name.get(..name.floor_char_boundary(4 * MAX_NAME)).unwrap_or(name);
    let mut out = String::new();
    let plain = without_brackets(name);
    // Demystified stacks put `async Task<int>` before the name.
    push_name(&mut out, last_word(&plain), 0);
    out.truncate(out.floor_char_boundary(MAX_NAME));
    out
}

/// Without `[[System.Int32, mscorlib]]` and the like.
fn without_brackets(name: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn last_word(name: &str) -> &str {
    let mut depth = 0_i32;
    let mut start = 0;
    for (at, c) in name.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            c if c.is_whitespace() && depth <= 0 => start = at + c.len_utf8(),
            _ => {}
        }
    }
    name.get(start..).unwrap_or(name)
}

fn push_name(out: &mut String, name: &str, depth: u32) {
    let mut in_state_machine = false;
    let mut constructor = false;
    for segment in Segments(name) {
        if segment.is_empty() {
            constructor = true;
            continue;
        }
        if constructor {
            constructor = false;
            // Constructors are called `.ctor`, which makes two dots in a row.
            if matches!(segment, "ctor" | "cctor") {
                push(out, &format!(".{segment}"));
                continue;
            }
        }
        if in_state_machine && matches!(segment, "MoveNext" | "MoveNextAsync" | "SetStateMachine") {
            continue;
        }
        in_state_machine = false;
        if let Some((inner, tail)) = generated(segment) {
            if inner.is_empty() {
                // `<>c` and `<>c__DisplayClass5_0` hold lambdas; `<>f__AnonymousType0` is what it says.
                if tail.contains("AnonymousType") {
                    push(out, "AnonymousType");
                }
                continue;
            }
            if depth < MAX_DEPTH {
                push_name(out, inner, depth + 1);
            } else {
                push(out, &inner.replace(['<', '>'], ""));
            }
            if let Some(local) = tail.strip_prefix("g__") {
                push(out, local.split('|').next().unwrap_or(local));
            } else if tail.starts_with("b__") {
                push(out, "lambda");
            } else if tail.starts_with('d') {
                in_state_machine = true;
            }
            continue;
        }
        push(out, &plain_segment(segment));
    }
}

fn push(out: &mut String, segment: &str) {
    if segment.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(segment);
}

/// `<inner>tail`.
fn generated(segment: &str) -> Option<(&str, &str)> {
    if !segment.starts_with('<') {
        return None;
    }
    let mut depth = 0_u32;
    for (at, byte) in segment.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some((segment.get(1..at)?, segment.get(at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

/// A segment that no compiler generated, or almost: arity, numbering and hashes go.
fn plain_segment(segment: &str) -> String {
    let segment = segment.split(['<', '>']).next().unwrap_or_default();
    let segment = segment.split('`').next().unwrap_or_default();
    // F# numbers closures by line: `load@12-3`.
    let segment = match segment.split_once('@') {
        Some((name, tail))
            if !name.is_empty() && tail.bytes().all(|b| b.is_ascii_digit() || b == b'-') =>
        {
            name
        }
        _ => segment,
    };
    if segment.starts_with("lambda_method") {
        return "lambda_method".to_owned();
    }
    // Pages that ASP.NET compiles on the fly carry a hash: `views_home_index_cshtml_a1b2c3d4`.
    match segment.rsplit_once('_') {
        Some((name, hash))
            if hash.len() == 8
                && hash.bytes().all(|b| b.is_ascii_hexdigit())
                && ["cshtml", "aspx", "ascx", "master", "asmx", "ashx", "asax", "vbhtml"]
                    .iter()
                    .any(|end| name.ends_with(end)) =>
        {
            name.to_owned()
        }
        _ => segment.to_owned(),
    }
}

/// The parts between dots and pluses that are not inside angle brackets.
struct Segments<'a>(&'a str);

impl<'a> Iterator for Segments<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let mut depth = 0_u32;
        let end = self.0.bytes().position(|byte| {
            match byte {
                b'<' => depth += 1,
                b'>' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && matches!(byte, b'.' | b'+')
        });
        let (segment, rest) = match end {
            Some(end) => (self.0.get(..end)?, self.0.get(end + 1..)?),
            None => (self.0, ""),
        };
        self.0 = rest;
        Some(segment)
    }
}
