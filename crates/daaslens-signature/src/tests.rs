//! Texts of crashes in groups: what is one bug has one signature, what is not has another.

use std::fmt::Write as _;

use daaslens_stacktrace::{ExceptionText, Language};
use proptest::prelude::*;

use super::{MAX_FRAME, MAX_MESSAGE, MAX_TEXT, Signature, find, of_exception, of_native};

const CASES: [&str; 6] = [
    include_str!("cases/dotnet.txt"),
    include_str!("cases/data.txt"),
    include_str!("cases/java.txt"),
    include_str!("cases/node.txt"),
    include_str!("cases/python.txt"),
    include_str!("cases/other.txt"),
];

struct Group {
    name: &'static str,
    /// Whether its members are variants, of one family but not of one signature.
    family: bool,
    texts: Vec<&'static str>,
}

/// `=== name` begins a group, `=== (family) name` one whose members are only of one family, `~~~` the next text.
fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    for group in CASES.iter().flat_map(|file| file.split("=== ")).filter(|text| !text.is_empty()) {
        let (name, texts) = group.split_once('\n').unwrap();
        let family = name.starts_with("(family)");
        groups.push(Group { name, family, texts: texts.split("~~~\n").collect() });
    }
    groups
}

/// The signature of the one exception in a text.
fn signature(text: &str) -> Signature {
    let mut found = find(text);
    let lone = ExceptionText::parse(text);
    // A single frame without its exception is no finding in free text; where it is known to be one, it is.
    if found.is_empty() && lone.chain.is_empty() && lone.frames.len() == 1 {
        return of_exception(&lone, Some(0xE043_4352));
    }
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    // Read as what it is known to be, it is the same.
    if found[0].language == Language::DotNet {
        assert_eq!(found[0].signature, of_exception(&lone, Some(0xE043_4352)), "{text}");
    }
    found.remove(0).signature
}

/// Of all pairs of texts, those of one group have one signature, and those of two groups two.
#[test]
fn one_bug_has_one_signature_and_two_have_two() {
    let groups = groups();
    let mut all: Vec<(usize, Signature)> = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        all.extend(group.texts.iter().map(|text| (i, signature(text))));
    }
    let (mut merges, mut splits, mut pairs) = (Vec::new(), Vec::new(), 0);
    for (at, (i, one)) in all.iter().enumerate() {
        for (k, other) in all.iter().skip(at + 1) {
            pairs += 1;
            let name = groups[*i].name;
            if i != k && one.exact == other.exact {
                merges.push(format!("{name} = {}\n  {}", groups[*k].name, one.exact));
            }
            let apart = one.exact != other.exact;
            if i == k && (apart != groups[*i].family || one.family != other.family) {
                splits.push(format!(
                    "{name}\n  {}\n  {}\n  {}\n  {}",
                    one.exact, other.exact, one.family, other.family
                ));
            }
        }
    }
    assert!(merges.is_empty(), "{} wrong merges:\n{}", merges.len(), merges.join("\n"));
    assert!(splits.is_empty(), "{} wrong splits:\n{}", splits.len(), splits.join("\n"));
    assert!(all.len() >= 120 && groups.len() >= 70 && pairs > 7000, "{} texts", all.len());
}

/// The text of every signature, to be read by people: a group, its signature, its family where that is another text.
#[test]
fn every_signature_as_text() {
    let mut shown = String::new();
    for group in groups() {
        let _ = writeln!(shown, "{}", group.name);
        let mut texts: Vec<(String, String)> = group
            .texts
            .iter()
            .map(|text| signature(text))
            .map(|signature| (signature.exact, signature.family))
            .collect();
        texts.dedup();
        for (exact, family) in texts {
            let _ = writeln!(shown, "  {exact}");
            if family != exact {
                let _ = writeln!(shown, "    {family}");
            }
        }
    }
    insta::assert_snapshot!(shown);
}

/// Whole signatures, to be read by people.
#[test]
fn what_they_look_like() {
    for (text, exact, family) in [
        (
            "System.AggregateException: One or more errors occurred. (x)\n ---> System.IO.FileNotFoundException: Could not find file 'C:\\home\\site\\prices.json'.\n   at System.IO.FileStream.Init(String path)\n   at System.IO.File.OpenRead(String path)\n   at Shop.Store.<ReadAsync>d__1.MoveNext()\n   --- End of inner exception stack trace ---",
            "System.IO.FileNotFoundException[prices.json] @ System.IO.FileStream.Init | System.IO.File.OpenRead | Shop.Store.ReadAsync",
            "System.IO.FileNotFoundException @ Shop.Store.ReadAsync",
        ),
        (
            "Shop.Bad: y\n ---> System.NullReferenceException: z\n   at Shop.A.B()\n   --- End of inner exception stack trace ---",
            "Shop.Bad > System.NullReferenceException @ Shop.A.B",
            "System.NullReferenceException @ Shop.A.B",
        ),
        (
            "Shop.BadException: Order 7 of 'Ann'",
            "Shop.BadException : Order {n} of '{text}'",
            "Shop.BadException : Order {n} of '{text}'",
        ),
        (
            "System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.",
            "System.OutOfMemoryException",
            "System.OutOfMemoryException",
        ),
        ("   at Shop.A.B()", "unknown exception @ Shop.A.B", "unknown exception @ Shop.A.B"),
    ] {
        let signature = signature(text);
        assert_eq!((signature.exact.as_str(), signature.family.as_str()), (exact, family));
    }
}

#[test]
fn nothing_gives_something() {
    let signature = of_exception(&ExceptionText::default(), Some(0xC000_00FD));
    assert_eq!(signature.exact, "STATUS_STACK_OVERFLOW (0xC00000FD)");
    assert_eq!(of_exception(&ExceptionText::default(), None).exact, "unknown exception");
}

#[test]
fn what_people_are_told() {
    for (text, exception, message) in [
        (
            "Microsoft.Data.SqlClient.SqlException (0x80131904): The server was not found.\n ---> System.ComponentModel.Win32Exception (2): The system cannot find the file specified.\n   at Shop.Store.Open()",
            "Microsoft.Data.SqlClient.SqlException",
            "The server was not found.",
        ),
        (
            "System.AggregateException: One or more errors occurred.\n ---> System.ComponentModel.Win32Exception (5): Access is denied.\n   at Shop.Store.Open()",
            "System.ComponentModel.Win32Exception",
            "Access is denied.",
        ),
        (
            "System.InvalidOperationException: Unable to resolve service for type 'Shop.IStore' while attempting to activate 'Shop.Cart'.\n   at Shop.Program.Main()",
            "System.InvalidOperationException",
            "Unable to resolve service for type 'Shop.IStore' while attempting to activate 'Shop.Cart'.",
        ),
    ] {
        let told = signature(text);
        assert_eq!((told.exception.as_str(), told.message.as_str()), (exception, message));
    }
}

#[test]
fn native_crashes() {
    for (module, offset, code, exact, family) in [
        (
            "D:\\home\\ext\\PHP_APCu.dll",
            Some(0x2b70),
            Some(0xC000_0005),
            "STATUS_ACCESS_VIOLATION (0xC0000005) @ php_apcu.dll+0x2b70",
            "STATUS_ACCESS_VIOLATION (0xC0000005) @ php_apcu.dll",
        ),
        (
            "php_apcu.dll",
            Some(0x2b80),
            Some(0xC000_0005),
            "STATUS_ACCESS_VIOLATION (0xC0000005) @ php_apcu.dll+0x2b80",
            "STATUS_ACCESS_VIOLATION (0xC0000005) @ php_apcu.dll",
        ),
        ("ntdll.dll", None, Some(0x1234), "0x00001234 @ ntdll.dll", "0x00001234 @ ntdll.dll"),
        ("unknown", Some(0x7ff8_0000), None, "unknown module", "unknown module"),
    ] {
        let signature = of_native(module, offset, code);
        assert_eq!((signature.exact.as_str(), signature.family.as_str()), (exact, family));
    }
    let own = |module| of_native(module, None, None).frames.first().map(|frame| frame.own);
    assert_eq!([own("ntdll.dll"), own("shop.dll"), own("")], [Some(false), Some(true), None]);
}

/// Pieces of stacks and other text in any order.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("System.AggregateException: One or more errors occurred. (x)\n"),
        Just(" ---> System.IO.IOException (0x80070020): 'é\n"),
        Just("   at Shop.Tree.<Depth>d__1.MoveNext() in C:\\a.cs:line 12\n"),
        Just("   at Shop.Tree.Left(Shop.Node)\n"),
        Just("   at System.Environment.FailFast(System.String)\n"),
        Just("   at System.Threading.Tasks.Task.Execute()\n"),
        Just("   --- End of inner exception stack trace ---\n"),
        Just("Stack overflow.\n"),
        Just("(Inner Exception #1) "),
        Just("Status: 5"),
        Just("for type '"),
    ];
    let noise = "\\PC{0,12}";
    proptest::collection::vec(
        (piece, noise).prop_map(|(piece, noise)| format!("{noise}{piece}")),
        0..60,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Any text has a signature, of bounded length.
    #[test]
    fn signatures_are_bounded(text in any_text(), code in proptest::option::of(any::<u32>())) {
        let signature = of_exception(&ExceptionText::parse(&text), code);
        prop_assert!(!signature.exact.is_empty() && signature.exact.len() <= MAX_TEXT);
        prop_assert!(!signature.family.is_empty() && signature.family.len() <= MAX_TEXT);
        prop_assert!(signature.message.len() <= MAX_MESSAGE);
        prop_assert!(signature.frames.iter().all(|f| f.text.len() <= MAX_FRAME && f.repeat > 0));
    }

    /// Where the source lines are, and how deep a method calls itself, changes nothing.
    #[test]
    fn lines_and_depth_change_nothing(line in 1_u32..9999, depth in 1_usize..200) {
        let text = |line: u32, depth: usize| {
            let frame = format!("   at Shop.Tree.Walk(Node n) in C:\\a.cs:line {line}\n");
            format!(
                "System.InvalidOperationException: x\n   at Shop.Leaf.Read()\n{}   at Program.Main()",
                frame.repeat(depth)
            )
        };
        let (one, other) = (signature(&text(line, depth)), signature(&text(7, 1)));
        prop_assert_eq!((one.exact, one.family), (other.exact, other.family));
    }
}
