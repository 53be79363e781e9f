//! Stack traces and chains of exceptions, read while one walks them.

use crate::place::{self, Place, is_path};
use crate::read::{find_line, trim_end, xdebug_line};
use crate::stamp;
use bstr::{BStr, ByteSlice};

/// `body` up to its stack trace.
pub(crate) fn before(body: &[u8]) -> &[u8] {
    body.get(..start(body)).unwrap_or(body)
}

/// The stack trace of `body`, with its first line.
pub(crate) fn behind(body: &[u8]) -> &[u8] {
    body.get(start(body)..).unwrap_or_default()
}

/// Where the stack trace of `body` starts: its length where there is none.
fn start(body: &[u8]) -> usize {
    let mut at = 0;
    while let Some(newline) = body.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        at += newline + 1;
        let line = body.get(at..).unwrap_or_default();
        let opens = line.starts_with(b"Stack trace:")
            || line.starts_with(b"#0 ")
            || line.starts_with(b"  thrown in ")
            || line.starts_with(b"[0x")
            || (matches!(line.first(), Some(b'[' | b'\0' | 0xef))
                && stamp::parse(line).is_some_and(|(_, text)| xdebug_line(text).is_some()));
        if opens {
            return at;
        }
    }
    body.len()
}

/// One call on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The number that is written. PHP counts from 0 at the innermost call, Xdebug from 1 at the outermost.
    pub number: u32,
    /// Which exception of the chain it belongs to, counted from 0 in the order of [`Record::exceptions`].
    ///
    /// [`Record::exceptions`]: crate::Record::exceptions
    pub exception: u32,
    /// The file from which the call was made; `None` for `[internal function]` and `{main}`.
    pub file: Option<&'a BStr>,
    /// The line of the call.
    pub line: Option<u32>,
    /// The call with its arguments, `Cart->add('x', 3)`. Arguments may hold secrets.
    pub call: &'a BStr,
}

impl<'a> Frame<'a> {
    /// The call without its arguments: `Cart->add`.
    pub fn function(&self) -> &'a BStr {
        let call: &'a [u8] = self.call;
        // `{closure:/f.php:3-9}()` names a file and is one word all the same.
        let end = call.find_byte(b'(').unwrap_or(call.len());
        BStr::new(call.get(..end).unwrap_or(call))
    }
}

/// The frames of a record, those of a chain of exceptions one exception after the other. Lines that are no
/// frames (arguments with line ends in them) are passed over.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
    exception: u32,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(trace: &'a [u8]) -> Self {
        Self { rest: trace, exception: 0 }
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        while !self.rest.is_empty() {
            let (line, rest) = self.rest.split_once_str("\n").unwrap_or((self.rest, b""));
            self.rest = rest;
            if line.starts_with(b"Next ") {
                self.exception += 1;
            }
            let frame = php_frame(line, self.exception)
                .or_else(|| xdebug_frame(line))
                .or_else(|| slow_frame(line));
            if frame.is_some() {
                return frame;
            }
        }
        None
    }
}

/// `#0 C:\f.php(31): Cart->add()`, `#1 [internal function]: f()`, `#2 {main}`.
fn php_frame(line: &[u8], exception: u32) -> Option<Frame<'_>> {
    let (number, rest) = leading_number(trim_end(line).strip_prefix(b"#")?)?;
    let rest = rest.strip_prefix(b" ")?;
    if let Some(call) = rest.strip_prefix(b"[internal function]: ") {
        return Some(Frame { number, exception, file: None, line: None, call: BStr::new(call) });
    }
    // A path may hold brackets, `C:\Program Files (x86)\f.php(31): `; digits and a colon tell them apart.
    for at in memchr::memchr_iter(b'(', rest) {
        if let Some((line, call)) = rest.get(at + 1..).and_then(leading_number)
            && let Some(call) = call.strip_prefix(b"): ")
        {
            let file = rest.get(..at).map(BStr::new);
            return Some(Frame {
                number,
                exception,
                file,
                line: Some(line),
                call: BStr::new(call),
            });
        }
    }
    Some(Frame { number, exception, file: None, line: None, call: BStr::new(rest) })
}

/// `[stamp] PHP   2. require('/a.php') /f.php:3`.
fn xdebug_frame(line: &[u8]) -> Option<Frame<'_>> {
    let (_, text) = stamp::parse(line)?;
    let (number, rest) = leading_number(xdebug_line(text)?)?;
    let rest = trim_end(rest.strip_prefix(b". ")?);
    let whole = Frame { number, exception: 0, file: None, line: None, call: BStr::new(rest) };
    let Some((front, line)) = place::trailing_number(rest) else { return Some(whole) };
    let Some(front) = front.strip_suffix(b":") else { return Some(whole) };
    let split = front.rfind(b") ").and_then(|at| Some((front.get(..=at)?, front.get(at + 2..)?)));
    let Some((call, file)) = split else { return Some(whole) };
    Some(Frame { file: Some(BStr::new(file)), line: Some(line), call: BStr::new(call), ..whole })
}

/// `[0x00007f2b8f6e14b0] mysqli_query() /f.php:12` of PHP-FPM's slow log; its frames carry no number.
fn slow_frame(line: &[u8]) -> Option<Frame<'_>> {
    let rest = trim_end(line).strip_prefix(b"[0x")?;
    let (address, rest) = rest.split_once_str("] ")?;
    if address.len() > 16 || !address.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let (call, place) = rest.rsplit_once_str(" ").unwrap_or((rest, b""));
    let (file, line) = place::trailing_number(place)
        .and_then(|(file, line)| Some((file.strip_suffix(b":")?, line)))
        .map_or((None, None), |(file, line)| (Some(BStr::new(file)), Some(line)));
    Some(Frame { number: 0, exception: 0, file, line, call: BStr::new(call) })
}

/// The script of an entry of the slow log.
pub(crate) fn slow_script(body: &[u8]) -> Option<&[u8]> {
    let at = find_line(body, b"script_filename = ")?;
    let rest = body.get(at + b"script_filename = ".len()..)?;
    Some(trim_end(rest.split_once_str("\n").map_or(rest, |(line, _)| line)))
}

/// What a framework's logger wrote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logged<'a> {
    /// Without the context, which is JSON and holds whatever the application put there.
    pub(crate) message: &'a [u8],
    pub(crate) exception: Option<Exception<'a>>,
}

/// Without the JSON that follows a message of a framework's logger.
pub(crate) fn without_context(head: &[u8]) -> &[u8] {
    let front = memchr::memmem::find(head, b" {\"").and_then(|at| head.get(..at)).unwrap_or(head);
    front.strip_suffix(b" [] []").unwrap_or(front)
}

/// Splits `message {"exception":"[object] (Class(code: 0): message at /f.php:3)`, and `message {"a":1} []`.
pub(crate) fn logged(body: &[u8]) -> Logged<'_> {
    let head = before(body);
    let message = without_context(head);
    let first = head.split_once_str("\n").map_or(head, |(line, _)| line);
    let object = memchr::memmem::find(first, b"[object] (").and_then(|at| first.get(at + 10..));
    let exception = object.and_then(|object| {
        let (class, rest) = object.split_once_str("(code: ")?;
        let (_, rest) = rest.split_once_str("): ").or_else(|| rest.split_once_str(") at "))?;
        let end = rest.rfind(b")").unwrap_or(rest.len());
        let rest = rest.get(..end)?;
        let (message, place) = rest.rsplit_once_str(" at ").unwrap_or((b"", rest));
        let place = place::trailing_number(place)
            .and_then(|(file, line)| Some((BStr::new(file.strip_suffix(b":")?), line)));
        Some(Exception {
            class: BStr::new(class),
            message: BStr::new(message),
            file: place.map(|place| place.0),
            line: place.map(|place| place.1),
        })
    });
    Logged { message, exception }
}

/// An exception of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception<'a> {
    /// The class, `App\Cart\NoStock`.
    pub class: &'a BStr,
    /// The message; empty where it has none.
    pub message: &'a BStr,
    /// Where it was thrown.
    pub file: Option<&'a BStr>,
    /// The line there.
    pub line: Option<u32>,
}

/// The exceptions of a chain, the original one first. PHP writes them in this order, with `Next` between them.
#[derive(Clone, Debug)]
pub struct Exceptions<'a> {
    rest: Option<&'a [u8]>,
    logged: Option<Exception<'a>>,
}

impl<'a> Exceptions<'a> {
    pub(crate) fn new(uncaught: Option<&'a [u8]>, logged: Option<Exception<'a>>) -> Self {
        Self { rest: uncaught, logged }
    }
}

impl<'a> Iterator for Exceptions<'a> {
    type Item = Exception<'a>;

    fn next(&mut self) -> Option<Exception<'a>> {
        let Some(block) = self.rest.take() else { return self.logged.take() };
        let trace = behind(block);
        // `Next` opens an exception only behind a trace; a message may hold a line that begins so.
        self.rest = find_line(trace, b"Next ").and_then(|at| trace.get(at + b"Next ".len()..));
        Some(exception(before(block)))
    }
}

/// Reads `Foo\Bar: text in /f.php:3`, and `exception 'Foo' with message 'text' in /f.php:3` of PHP 5.
fn exception(head: &[u8]) -> Exception<'_> {
    let (head, place) = match place::at_end(head) {
        Some((head, Place { file, line })) => (head, Some((BStr::new(file), line))),
        None => (trim_end(head), None),
    };
    // Symfony: `Uncaught PHP Exception RuntimeException: "message" at /f.php line 9`.
    let head = head.strip_prefix(b"PHP Exception ").unwrap_or(head);
    let (class, message) = if let Some(old) = head.strip_prefix(b"exception '") {
        let (class, rest) = old.split_once_str("'").unwrap_or((old, b""));
        let message = rest.strip_prefix(b" with message '").unwrap_or(rest);
        (class, message.strip_suffix(b"'").unwrap_or(message))
    } else {
        // The name of an anonymous class holds a NUL and a path with a drive, so the blank counts.
        head.split_once_str(": ").unwrap_or((head.strip_suffix(b":").unwrap_or(head), b""))
    };
    // `class@anonymous\0/f.php:3$0`: what follows the NUL differs from deployment to deployment.
    let class = class.split_once_str("\0").map_or(class, |(class, _)| class);
    Exception {
        class: BStr::new(class),
        message: BStr::new(message),
        file: place.map(|place| place.0),
        line: place.map(|place| place.1),
    }
}

fn leading_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((std::str::from_utf8(number).ok()?.parse().ok()?, rest))
}

/// Whether the frame names a file at all, and not a label such as `[internal function]`.
pub(crate) fn frame_file<'a>(frame: &Frame<'a>) -> Option<&'a BStr> {
    frame.file.filter(|file| is_path(file))
}
