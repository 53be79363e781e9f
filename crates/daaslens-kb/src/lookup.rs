//! Looking up single entries.

use crate::{
    fold,
    model::{
        AspNetCode, Event, EventText, ExceptionCode, ExceptionText, GatewayError, HttpErr,
        Hypothesis, Module, NameRole, Notification, PhpMessage, PhpRelease, Provider, Rule,
        Runtime, Sign, Source, Status, Substatus, TraceEvent, Triple, Win32,
    },
    pattern, tables,
};

/// How much of a message is searched. What a message is about stands at its head; stack traces and dumped
/// variables behind it may be megabytes.
const EVENT_HEAD: usize = 8 << 10;
/// PHP itself cuts messages at 1 KiB unless told otherwise.
const PHP_HEAD: usize = 2 << 10;

/// A status without its substatus.
pub fn status(code: u16) -> Option<&'static Status> {
    find(&tables::STATUSES, |row| row.code.cmp(&code))
}

/// A status with its substatus.
pub fn substatus(status: u16, substatus: u32) -> Option<&'static Substatus> {
    find(&tables::SUBSTATUSES, |row| (row.status, row.substatus).cmp(&(status, substatus)))
}

/// All of them, in order.
pub fn substatuses() -> &'static [Substatus] {
    &tables::SUBSTATUSES
}

/// The meaning of an exact triple, whose win32 part is already reduced by [`win32_of`].
pub(crate) fn triple(status: u16, substatus: u32, win32: u64) -> Option<&'static Triple> {
    let win32 = u32::try_from(win32).ok()?;
    let key = (status, substatus, win32);
    find(&tables::TRIPLES, |row| (row.status, row.substatus, row.win32).cmp(&key))
}

/// The win32 error inside a logged number.
///
/// `sc-win32-status` holds plain errors (`64`) and, from forwarding modules, HRESULTs as a decimal number
/// (`2147954402` = `0x80072EE2` = 12002). Results of another facility stay as they are.
pub fn win32_of(logged: u64) -> u64 {
    if logged >> 16 == 0x8007 { logged & 0xFFFF } else { logged }
}

/// A Windows error, as logged or reduced.
pub fn win32(logged: u64) -> Option<&'static Win32> {
    let code = u32::try_from(win32_of(logged)).ok()?;
    find(&tables::WIN32, |row| row.code.cmp(&code))
}

/// Whether a logged number says that the client ended the request: 64, 121, 995, 1229 or 1236.
pub fn is_client_abort(logged: u64) -> bool {
    win32(logged).is_some_and(|error| error.client_abort)
}

/// A reason from the log of HTTP.sys, in any case.
pub fn httperr(reason: &str) -> Option<&'static HttpErr> {
    find(&tables::HTTPERR, |row| fold::compare(row.reason, reason))
}

/// All of them, in order.
pub fn httperr_reasons() -> &'static [HttpErr] {
    &tables::HTTPERR
}

/// A word of a gateway for what went wrong, in any case.
pub fn gateway_error(word: &str) -> Option<&'static GatewayError> {
    find(&tables::GATEWAY_ERRORS, |row| fold::compare(row.word, word))
}

/// All of them, in order.
pub fn gateway_errors() -> &'static [GatewayError] {
    &tables::GATEWAY_ERRORS
}

/// All pipeline notifications, in order.
pub fn notifications() -> &'static [Notification] {
    &tables::NOTIFICATIONS
}

/// All events of failed request traces, by name.
pub fn trace_events() -> &'static [TraceEvent] {
    &tables::TRACE_EVENTS
}

/// All Windows errors, by code.
pub fn win32_errors() -> &'static [Win32] {
    &tables::WIN32
}

/// All statuses, in order.
pub fn statuses() -> &'static [Status] {
    &tables::STATUSES
}

/// A pipeline notification of a failed request trace.
pub fn notification(number: u32) -> Option<&'static Notification> {
    find(&tables::NOTIFICATIONS, |row| row.number.cmp(&number))
}

/// An event of a failed request trace by its opcode text, in any case.
pub fn trace_event(name: &str) -> Option<&'static TraceEvent> {
    find(&tables::TRACE_EVENTS, |row| fold::compare(row.name, name))
}

/// The branch of a version of PHP: `7.4` for `7.4.33`.
pub fn php_release(version: &str) -> Option<&'static PhpRelease> {
    let mut parts = version.split('.');
    let branch = format!("{}.{}", parts.next()?, parts.next()?);
    find(&tables::PHP_RELEASES, |row| row.branch.cmp(&branch))
}

/// An IIS module by its name, in any case.
pub fn module(name: &str) -> Option<&'static Module> {
    find(&tables::MODULES, |row| fold::compare(row.name, name))
}

/// An event source under any of its names: `Microsoft-Windows-IIS-W3SVC-WP` is `W3SVC-WP`, `ASP.NET 4.0.30319.0`
/// is `ASP.NET`.
pub fn provider(name: &str) -> Option<&'static Provider> {
    let name = name.trim();
    let index = match find(&tables::PROVIDER_NAMES, |row| fold::compare(row.0, name)) {
        Some(&(_, index)) => index,
        None => tables::PROVIDER_PREFIXES
            .iter()
            .find(|(prefix, _)| {
                let head = name.get(..prefix.len());
                let versioned = name.as_bytes().get(prefix.len()).is_some_and(u8::is_ascii_digit);
                versioned && head.is_some_and(|head| head.eq_ignore_ascii_case(prefix))
            })
            .map(|&(_, index)| index)?,
    };
    tables::PROVIDERS.get(index)
}

/// An event by provider, under any of its names, and id.
pub fn event(provider_name: &str, id: u32) -> Option<&'static Event> {
    let provider = provider(provider_name)?;
    event_of(provider.name, id).or_else(|| event_of(provider.fallback, id))
}

fn event_of(provider: &str, id: u32) -> Option<&'static Event> {
    find(&tables::EVENTS, |row| fold::compare(row.provider, provider).then(row.id.cmp(&id)))
}

/// All events, by provider and id.
pub fn events() -> &'static [Event] {
    &tables::EVENTS
}

/// All events with an id, by provider.
pub fn events_by_id(id: u32) -> impl Iterator<Item = &'static Event> {
    events().iter().filter(move |event| event.id == id)
}

/// What the text of an event says, where one id stands for several things.
pub fn event_text(provider_name: &str, id: u32, text: &str) -> Option<&'static EventText> {
    let provider = provider(provider_name)?;
    let text = head(text, EVENT_HEAD);
    tables::EVENT_TEXT_PATTERNS
        .iter()
        .filter_map(|&(pattern, index)| Some((pattern, tables::EVENT_TEXTS.get(index)?)))
        .find(|(pattern, entry)| {
            (entry.provider == provider.name || entry.provider == provider.fallback)
                && entry.events.contains(&id)
                && pattern::matches(pattern, text)
        })
        .map(|(_, entry)| entry)
}

/// An event code or detail code of ASP.NET health monitoring.
pub fn aspnet_code(code: u32) -> Option<&'static AspNetCode> {
    find(&tables::ASPNET_CODES, |row| row.code.cmp(&code))
}

/// An exception or exit code.
pub fn exception_code(code: u32) -> Option<&'static ExceptionCode> {
    find(&tables::EXCEPTION_CODES, |row| row.code.cmp(&code))
}

/// All of them, in order.
pub fn exception_codes() -> &'static [ExceptionCode] {
    &tables::EXCEPTION_CODES
}

/// Reads a code in any of the spellings logs use: `0xc0000005`, `c0000005`, `3221225477`, `-1073741819`.
///
/// Eight digits without a letter (`80131506`) are hexadecimal: no log writes a code as an eight-digit decimal
/// number, and many write hexadecimal ones without `0x`.
pub fn parse_code(text: &str) -> Option<u32> {
    let text = text.trim();
    let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    if let Some(digits) = prefixed {
        return hexadecimal(digits);
    }
    if text.len() == 8
        && let Some(code) = hexadecimal(text)
    {
        return Some(code);
    }
    let number: i64 = text.parse().ok()?;
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    // `from_str_radix` takes a sign, which no code has.
    let right = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// What a PHP message is about. Where several patterns fit, the one with the most fixed text counts.
///
/// A message that nothing fits costs about 10 µs: ask once for each group of messages, not for each line.
pub fn php_message(text: &str) -> Option<&'static PhpMessage> {
    let text = head(text, PHP_HEAD);
    tables::PHP_PATTERNS
        .iter()
        .find(|(pattern, _)| pattern::matches(pattern, text))
        .and_then(|&(_, index)| tables::PHP_MESSAGES.get(index))
}

/// A PHP message by its id: `memory-limit`.
pub fn php_message_by_id(id: &str) -> Option<&'static PhpMessage> {
    find(&tables::PHP_MESSAGES, |row| row.id.cmp(id))
}

/// What an exception tells of, by its type and message (`System.Exception: text`). Where several patterns fit, the one
/// with the most fixed text counts.
pub fn exception_text(text: &str) -> Option<&'static ExceptionText> {
    let text = head(text, PHP_HEAD);
    tables::EXCEPTION_TEXT_PATTERNS
        .iter()
        .find(|(pattern, _)| pattern::matches(pattern, text))
        .and_then(|&(_, index)| tables::EXCEPTION_TEXTS.get(index))
}

/// All known texts of exceptions, by id.
pub fn exception_texts() -> &'static [ExceptionText] {
    &tables::EXCEPTION_TEXTS
}

/// All known PHP messages, by id.
pub fn php_messages() -> &'static [PhpMessage] {
    &tables::PHP_MESSAGES
}

/// A rule that makes findings.
pub fn rule(name: &str) -> Option<&'static Rule> {
    find(&tables::RULES, |row| row.name.cmp(name))
}

/// All of them, by name.
pub fn rules() -> &'static [Rule] {
    &tables::RULES
}

/// All hypotheses. Where two are equally probable, the one that stands first counts.
pub fn hypotheses() -> &'static [Hypothesis] {
    &tables::HYPOTHESES
}

/// A hypothesis by its name.
pub fn hypothesis(name: &str) -> Option<&'static Hypothesis> {
    hypotheses().iter().find(|row| row.name == name)
}

/// What can be observed, by id.
pub fn signs() -> &'static [Sign] {
    &tables::SIGNS
}

/// A sign by its id.
pub fn sign(id: &str) -> Option<&'static Sign> {
    find(&tables::SIGNS, |row| row.id.cmp(id))
}

/// Whether a frame, exception or message plays a role in signatures: whether `System.Threading.Tasks.Task.Execute`
/// is noise, `System.AggregateException` a wrapper.
pub fn has_role(runtime: Runtime, role: NameRole, name: &str) -> bool {
    find(&tables::SIGNATURE_LISTS, |row| (row.runtime, row.role).cmp(&(runtime, role)))
        .is_some_and(|list| list.names.iter().any(|pattern| fits(pattern, name)))
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|head| name.strip_prefix(head)) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        // The first place is the best one: it leaves most to the pieces behind.
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

/// Everything that entries cite, by key.
pub fn sources() -> &'static [Source] {
    &tables::SOURCES
}

fn find<T>(
    table: &'static [T],
    compare: impl FnMut(&T) -> std::cmp::Ordering,
) -> Option<&'static T> {
    let index = table.binary_search_by(compare).ok()?;
    table.get(index)
}

/// The head of a text, cut between characters.
fn head(text: &str, length: usize) -> &str {
    text.get(..text.floor_char_boundary(length)).unwrap_or(text)
}
