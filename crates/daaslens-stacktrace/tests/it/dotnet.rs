//! Exception texts and names of methods.

use daaslens_stacktrace::{ExceptionText, normalise_frame};

fn shown(text: &ExceptionText) -> Vec<String> {
    let chain = text.chain.iter().enumerate().map(|(at, thrown)| {
        let mark = if at == text.root { "*" } else { " " };
        let code = thrown.code.map(|code| format!(" ({code:#x})")).unwrap_or_default();
        format!("{mark}{}{code}: {}", thrown.type_name, thrown.message)
    });
    let frames = text.frames.iter().map(|frame| {
        let place = frame
            .file
            .as_ref()
            .map(|file| format!(" in {file}:{:?}", frame.line))
            .unwrap_or_default();
        format!("{} {}{place}", frame.of, frame.method)
    });
    chain.chain(frames).collect()
}

#[test]
fn inner_exceptions_and_rethrown_stacks() {
    let text = "info before\nUnhandled exception. Shop.OuterException: two\nlines\n ---> System.Data.SqlClient.SqlException (0x80131904): refused\n   at Shop.Db.Open() in C:\\Program Files (x86)\\a.cs:line 12\n   --- End of inner exception stack trace ---\n   at Shop.Db.<GetAsync>d__3.MoveNext()\n--- End of stack trace from previous location where exception was thrown ---\n   at Shop.Api.Items()+MoveNext()\nlog line after\n   at Not.Part()";
    assert_eq!(
        shown(&ExceptionText::parse(text)),
        [
            " Shop.OuterException: two\nlines",
            "*System.Data.SqlClient.SqlException (0x80131904): refused",
            "1 Shop.Db.Open() in C:\\Program Files (x86)\\a.cs:Some(12)",
            "0 Shop.Db.<GetAsync>d__3.MoveNext()",
            "0 Shop.Api.Items()+MoveNext()",
        ]
    );
}

#[test]
fn an_aggregate_tells_its_first_member_twice() {
    let text = "System.AggregateException: One or more (a) (b)\n ---> A.FirstException: a\n   at A.F()\n   --- End of inner exception stack trace ---\n   at A.Wait()\n ---> (Inner Exception #0) A.FirstException: a\n   at A.F()<---\n\n ---> (Inner Exception #1) A.SecondException: b\n   at A.S()<---\n";
    assert_eq!(
        shown(&ExceptionText::parse(text)),
        [
            " System.AggregateException: One or more (a) (b)",
            "*A.FirstException: a",
            " A.SecondException: b",
            "1 A.F()",
            "0 A.Wait()",
            "2 A.S()",
        ]
    );
}

#[test]
fn on_one_line_as_loggers_flatten_it() {
    let text = "Oops: System.X.YException: no at all ---> A.BException: inner at A.B.C(String s) at A.D()  --- End of inner exception stack trace --- at A.E()";
    assert_eq!(
        shown(&ExceptionText::parse(text.trim_start_matches("Oops: "))),
        [
            " System.X.YException: no at all",
            "*A.BException: inner",
            "1 A.B.C(String s)",
            "1 A.D()",
            "0 A.E()"
        ]
    );
}

#[test]
fn in_other_languages() {
    let text = "System.IO.IOException: weg\r\n   bei Shop.A.B(Int32 x) in C:\\a.cs:Zeile 7.\r\n   à Shop.C.D() dans C:\\b.cs:ligne 8\r\n   в Shop.E.F()\r\n   場所 Shop.G.H()\r\n";
    assert_eq!(
        shown(&ExceptionText::parse(text)),
        [
            "*System.IO.IOException: weg",
            "0 Shop.A.B(Int32 x) in C:\\a.cs:Some(7)",
            "0 Shop.C.D() in C:\\b.cs:Some(8)",
            "0 Shop.E.F()",
            "0 Shop.G.H()",
        ]
    );
}

#[test]
fn framework_types_on_one_line_and_a_stack_alone() {
    let text = "Unhandled Exception: System.TypeInitializationException: outer ---> System.DllNotFoundException: inner\n   at A.B()\n   --- End of inner exception stack trace ---\n   at A.C()";
    assert_eq!(
        shown(&ExceptionText::parse(text)),
        [
            " System.TypeInitializationException: outer",
            "*System.DllNotFoundException: inner",
            "1 A.B()",
            "0 A.C()"
        ]
    );
    assert_eq!(shown(&ExceptionText::parse("Stack:\n   at A.B()\n")), ["0 A.B()"]);
    let overflow = "Stack overflow.\nRepeat 12056 times:\n--------------------------------\n   at A.B()\n--------------------------------\n   at A.C()\n";
    assert_eq!(
        shown(&ExceptionText::parse_console(overflow)),
        ["*System.StackOverflowException: ", "0 A.B()", "0 A.C()"]
    );
}

#[test]
fn plain_text_is_no_exception() {
    for text in [
        "",
        "Everything is fine.",
        "Error: none at all (really)",
        "Category: Some.Thing\nat home (again)",
    ] {
        assert!(ExceptionText::parse(text).is_empty(), "{text}");
    }
}

#[test]
fn the_last_unhandled_exception_of_a_console_counts() {
    let text = "fail: A.B[0]\n      System.OneException: handled\n         at A.B()\nUnhandled exception. System.TwoException: fatal\n   at A.Main()\n";
    assert_eq!(
        shown(&ExceptionText::parse_console(text)),
        ["*System.TwoException: fatal", "0 A.Main()"]
    );
}

#[test]
fn names_without_what_compilers_add() {
    for (frame, name) in [
        (r"   at Shop.Cart.<LoadAsync>d__4.MoveNext() in C:\x.cs:line 3", "Shop.Cart.LoadAsync"),
        ("Shop.Cart+<LoadAsync>d__4.MoveNext()", "Shop.Cart.LoadAsync"),
        ("Shop.Repo`1[[System.Int32, mscorlib]].Get(Int32 id)", "Shop.Repo.Get"),
        ("Shop.Cart.<>c__DisplayClass5_0.<Find>b__1(Item i)", "Shop.Cart.Find.lambda"),
        ("Shop.Cart.<>c.<<Find>b__3_0>d.MoveNext()", "Shop.Cart.Find.lambda"),
        ("Shop.Cart.<Find>g__Match|3_1(Item i)", "Shop.Cart.Find.Match"),
        ("Program.<Main>$(String[] args)", "Program.Main"),
        ("Program.<<Main>$>d__0.MoveNext()", "Program.Main"),
        ("Program.<Main>(String[] args)", "Program.Main"),
        ("lambda_method123(Closure , Object )", "lambda_method"),
        ("Shop.Store..ctor(String name)", "Shop.Store..ctor"),
        ("Shop.Store.<.ctor>b__2_0()", "Shop.Store..ctor.lambda"),
        ("Shop.Speech..cctor()", "Shop.Speech..cctor"),
        ("Shop.Cart.System.IDisposable.Dispose()", "Shop.Cart.System.IDisposable.Dispose"),
        (
            "ASP._Page_Views_Home_Index_cshtml.Execute()",
            "ASP._Page_Views_Home_Index_cshtml.Execute",
        ),
        ("ASP.views_home_index_cshtml_a1b2c3d4.Execute()", "ASP.views_home_index_cshtml.Execute"),
        ("async Task<int> Shop.Cart.LoadAsync(int id)", "Shop.Cart.LoadAsync"),
        ("Shop.Jobs.load@12-3.Invoke(Unit u)", "Shop.Jobs.load.Invoke"),
        ("<>f__AnonymousType0`2.ToString()", "AnonymousType.ToString"),
        ("Shop.Query.Items()+MoveNext()", "Shop.Query.Items"),
        (
            "System.Collections.Generic.Dictionary`2.Enumerator.MoveNext()",
            "System.Collections.Generic.Dictionary.Enumerator.MoveNext",
        ),
        ("", ""),
    ] {
        assert_eq!(normalise_frame(frame), name, "{frame}");
    }
}
