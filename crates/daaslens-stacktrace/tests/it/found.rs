//! Exceptions of all languages, found in text.

use daaslens_stacktrace::{Found, find};

/// What was found: language, the first line of its bytes, the chain, and the places of the frames.
fn shown(text: &str) -> Vec<String> {
    find(text).iter().flat_map(|found| one(text, found)).collect()
}

fn one(text: &str, found: &Found) -> Vec<String> {
    let bytes = text.get(found.span.clone()).expect("on characters");
    let (first, last) = (bytes.lines().next().unwrap_or(""), bytes.lines().last().unwrap_or(""));
    let mut out = vec![format!("{}: {first} … {}", found.exception.language.word(), last.trim())];
    for (at, thrown) in found.exception.chain.iter().enumerate() {
        let mark = if at == found.exception.root { "*" } else { " " };
        let word = thrown.word.as_ref().map(|word| format!(" [{word}]")).unwrap_or_default();
        out.push(format!("{mark}{}{word}: {}", thrown.type_name, thrown.message));
    }
    for frame in &found.exception.frames {
        out.push(format!("{} {}", frame.of, found.exception.place(frame)));
    }
    out
}

#[test]
fn dot_net_in_a_log() {
    let text = "2026-03-11 02:14:07 [INF] fine\n2026-03-11 02:14:08 [ERR] Checkout failed System.InvalidOperationException: no\nprices\n ---> Shop.Bad: inner\n   at Shop.Db.Get()\n   --- End of inner exception stack trace ---\n   at Shop.Api.Get()\n2026-03-11 02:14:09 [INF] at home\n2026-03-11 02:14:09 [ERR] again\nSystem.OtherException: x\n   at Shop.B.C()\n";
    assert_eq!(
        shown(text),
        [
            ".NET: System.InvalidOperationException: no … at Shop.Api.Get()",
            " System.InvalidOperationException: no\nprices",
            "*Shop.Bad: inner",
            "1 Shop.Db.Get",
            "0 Shop.Api.Get",
            ".NET: System.OtherException: x … at Shop.B.C()",
            "*System.OtherException: x",
            "0 Shop.B.C",
        ]
    );
}

#[test]
fn java_with_causes() {
    let text = "12:00:01 ERROR [http-1] Servlet failed\njava.lang.IllegalStateException: no cart\n\tat com.example.Cart$1.run(Cart.java:41)\n\tat com.example.Cart.lambda$load$3(Cart.java:12)\n\tSuppressed: java.io.IOException: closing\n\t\tat com.example.Cart.close(Cart.java:50)\n\tat java.base/java.lang.Thread.run(Thread.java:840)\nCaused by: java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.connect0(Native Method)\n\tat com.example.Cart$$EnhancerBySpringCGLIB$$1a2b.load(<generated>)\n\t... 2 more\n12:00:02 INFO next\n";
    assert_eq!(
        shown(text),
        [
            "Java: java.lang.IllegalStateException: no cart … ... 2 more",
            " java.lang.IllegalStateException: no cart",
            "*java.net.ConnectException: Connection refused",
            "1 sun.nio.ch.Net.connect0",
            "1 com.example.Cart.load",
            "0 com.example.Cart.run",
            "0 com.example.Cart.load",
            "0 java.lang.Thread.run",
        ]
    );
    let inner_first = "a.b.InnerException: in\n\tat a.b.C.d(C.java:1)\nWrapped by: a.b.OuterException: out\n\tat a.b.C.e(C.java:2)\n";
    assert_eq!(
        shown(inner_first),
        [
            "Java: a.b.InnerException: in … at a.b.C.e(C.java:2)",
            " a.b.OuterException: out",
            "*a.b.InnerException: in",
            "1 a.b.C.d",
            "0 a.b.C.e",
        ]
    );
}

#[test]
fn node_with_properties_and_cause() {
    let text = "/home/site/wwwroot/server.js:12\n    throw x;\n    ^\n\nError: query failed\n    at Object.load (/home/site/wwwroot/lib/cart.js:12:5)\n    at async /home/site/wwwroot/server.js:40:3 {\n  errno: -111,\n  code: 'ECONNREFUSED',\n  config: {\n    url: '/x'\n  },\n  [cause]: TypeError [ERR_X_Y]: inner\n      at new Cart (C:\\home\\site\\wwwroot\\lib\\b.js:1:2)\n      at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n}\n\nNode.js v18.16.0\n";
    assert_eq!(
        shown(text),
        [
            "Node.js: Error: query failed … }",
            " Error [ECONNREFUSED]: query failed",
            "*TypeError [ERR_X_Y]: inner",
            "1 Cart (lib/b.js)",
            "1 process.processTicksAndRejections (node:internal/process/task_queues)",
            "0 load (lib/cart.js)",
            "0 server.js",
        ]
    );
    let bare =
        "[2026-03-11] Unhandled Rejection: Error: late\n    at /home/site/wwwroot/a.js:1:2\n";
    assert_eq!(
        shown(bare),
        ["Node.js: Error: late … at /home/site/wwwroot/a.js:1:2", "*Error: late", "0 a.js"]
    );
}

#[test]
fn python_cause_first() {
    let text = "[2026-03-11 02:14:07 +0000] [12] [ERROR] Exception in worker\nTraceback (most recent call last):\n  File \"/home/site/wwwroot/shop/store.py\", line 12, in read\n    return self.items[name]\n           ~~~~~~~~~~^^^^^^\nKeyError: 'prices'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/home/site/wwwroot/app.py\", line 40, in checkout\n    prices = [x for x in y]\n  File \"/home/site/wwwroot/app.py\", line 40, in <listcomp>\n    prices = [x for x in y]\nshop.errors.NoPrices: nothing\n[2026-03-11 02:14:08 +0000] [12] [INFO] next\n";
    assert_eq!(
        shown(text),
        [
            "Python: Traceback (most recent call last): … shop.errors.NoPrices: nothing",
            " shop.errors.NoPrices: nothing",
            "*KeyError: 'prices'",
            "1 read (shop/store.py)",
            "0 checkout (app.py)",
        ]
    );
    let group = "  + Exception Group Traceback (most recent call last):\n  |   File \"/home/site/wwwroot/app.py\", line 3, in main\n  |     x()\n  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File \"/home/site/wwwroot/app.py\", line 9, in one\n    |     raise ValueError(1)\n    | ValueError: 1\n    +---------------- 2 ----------------\n    | TypeError: 2\n    +------------------------------------\nnext\n";
    assert_eq!(
        shown(group),
        [
            "Python:   + Exception Group Traceback (most recent call last): … +------------------------------------",
            " ExceptionGroup: two (2 sub-exceptions)",
            "*ValueError: 1",
            "1 one (app.py)",
            "0 main (app.py)",
        ]
    );
}

#[test]
fn php_calls_become_places() {
    let text = "x PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] refused in C:\\home\\site\\wwwroot\\db.php:9\nStack trace:\n#0 C:\\home\\site\\wwwroot\\db.php(9): PDO->__construct('mysql:host=a', 'b')\n#1 C:\\home\\site\\wwwroot\\index.php(3): Shop\\Db->connect()\n#2 {main}\n\nNext Shop\\NoDb: no database in C:\\home\\site\\wwwroot\\db.php:12\nStack trace:\n#0 C:\\home\\site\\wwwroot\\index.php(3): Shop\\Db->connect()\n#1 {main}\n  thrown in C:\\home\\site\\wwwroot\\db.php on line 12\nnext\n";
    assert_eq!(
        shown(text),
        [
            "PHP: Uncaught PDOException: SQLSTATE[HY000] [2002] refused in C:\\home\\site\\wwwroot\\db.php:9 … thrown in C:\\home\\site\\wwwroot\\db.php on line 12",
            " Shop\\NoDb: no database",
            "*PDOException: SQLSTATE[HY000] [2002] refused",
            "1 PDO->__construct (db.php)",
            "1 Shop\\Db->connect (db.php)",
            "1 index.php",
            "0 Shop\\Db->connect (db.php)",
            "0 index.php",
        ]
    );
    let laravel = "[2026-03-11 02:14:07] production.ERROR: no stock {\"exception\":\"[object] (App\\\\NoStock(code: 0): no stock at /home/site/wwwroot/app/Cart.php:31)\n[stacktrace]\n#0 /home/site/wwwroot/app/Http/Shop.php(12): App\\\\Cart->add()\n#1 {main}\n\n[previous exception] [object] (TypeError(code: 0): null at /home/site/wwwroot/app/Db.php:3)\n[stacktrace]\n#0 /home/site/wwwroot/app/Cart.php(30): App\\\\Db->get()\n#1 {main}\n\"} \n[2026-03-11 02:14:08] production.INFO: x\n";
    assert_eq!(
        shown(laravel),
        [
            "PHP: [object] (App\\\\NoStock(code: 0): no stock at /home/site/wwwroot/app/Cart.php:31) … \"}",
            " App\\NoStock: no stock",
            "*TypeError: null",
            "1 App\\Db->get (app/Db.php)",
            "1 app/Cart.php",
            "0 App\\Cart->add (app/Cart.php)",
            "0 app/Http/Shop.php",
        ]
    );
}

#[test]
fn ruby_both_forms() {
    let text = "/home/site/wwwroot/lib/cart.rb:12:in 'Shop::Cart#load': no cart (Shop::NoCart)\n\tfrom /home/site/wwwroot/server.rb:40:in 'block in <main>'\nnext\n\nShop::NoCart (no cart 7):\n\nlib/cart.rb:12:in `block in load'\nserver.rb:9:in `call'\n";
    assert_eq!(
        shown(text),
        [
            "Ruby: /home/site/wwwroot/lib/cart.rb:12:in 'Shop::Cart#load': no cart (Shop::NoCart) … from /home/site/wwwroot/server.rb:40:in 'block in <main>'",
            "*Shop::NoCart: no cart",
            "0 load (lib/cart.rb)",
            "0 server.rb",
            "Ruby: Shop::NoCart (no cart 7): … server.rb:9:in `call'",
            "*Shop::NoCart: no cart 7",
            "0 load (lib/cart.rb)",
            "0 call (server.rb)",
        ]
    );
}

#[test]
fn go_panic() {
    let text = "2026/03/11 02:14:07 http: panic: runtime error: index out of range [5] with length 3 [recovered]\n\tpanic: again\n\ngoroutine 1 [running]:\npanic({0x1, 0x2})\n\t/usr/local/go/src/runtime/panic.go:884 +0x213\nmain.(*Store).Read.func1.2(0xc000012345, {0x1, 0x2})\n\t/home/site/wwwroot/store.go:12 +0x1d\ngithub.com/a/b.Load[...](...)\n\t/go/b.go:1\ncreated by net/http.(*Server).Serve in goroutine 1\n\t/usr/local/go/src/net/http/server.go:3086 +0x5cb\n\ngoroutine 2 [select]:\nmain.x()\n\t/a.go:1 +0x1\nexit status 2\n";
    let all = shown(text);
    assert_eq!(
        &all[..6],
        [
            "Go: panic: again … /usr/local/go/src/net/http/server.go:3086 +0x5cb",
            "*panic: again",
            "0 panic",
            "0 main.(*Store).Read.func",
            "0 github.com/a/b.Load",
            "0 net/http.(*Server).Serve",
        ]
    );
}

#[test]
fn what_is_no_exception() {
    for text in [
        "",
        "Request finished in 30 ms\nat home (again)\n",
        "see File \"a\" and #0 of it\n",
        "The Error: was nothing\n",
        "   at Shop.Db.Open()\n",
    ] {
        assert_eq!(shown(text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(
        shown("[ERR] System.TimeoutException: no answer\n"),
        [
            ".NET: System.TimeoutException: no answer … System.TimeoutException: no answer",
            "*System.TimeoutException: no answer"
        ]
    );
    assert_eq!(
        shown("x System.AException: a ---> System.BException: b at A.B.C(String s) at A.D()\n"),
        [
            ".NET: System.AException: a ---> System.BException: b at A.B.C(String s) at A.D() … System.AException: a ---> System.BException: b at A.B.C(String s) at A.D()",
            " System.AException: a",
            "*System.BException: b",
            "1 A.B.C",
            "1 A.D",
        ]
    );
}
