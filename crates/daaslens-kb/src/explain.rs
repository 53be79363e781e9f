//! Answers to what a person types after `explain`.
//!
//! A code is looked at from every side it may come from: `0x80072EE2` is an exit code and a Windows error, `1000`
//! is the number of events of several providers. What is well formed and not known gives an answer that says so,
//! because "nobody has documented it" is worth knowing too.

use crate::{
    lookup,
    model::{About, Event, Notification, Source, SourceKind, Visibility},
    outcome::outcome,
};

/// An answer, as plain data for any renderer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The code and its name in words.
    pub title: String,
    /// Plain sentences, one paragraph each.
    pub paragraphs: Vec<String>,
    /// Imperative sentences.
    pub advice: Vec<&'static str>,
    /// Where it is known from, without repeats.
    pub sources: Vec<&'static Source>,
    /// False where the code is well formed and nobody has said what it means.
    pub documented: bool,
}

/// Explains `502.3`, `502.3.12030`, `500`, `win32 64`, `0x80072EE2`, `0xC0000005`, `httperr QueueFull`, `gateway OriginTimeout`,
/// `event 2299`, `event W3SVC-WP 2299`, `finding http-5xx-cluster`, `module AspNetCoreModuleV2`,
/// `freb HANDLER_CHANGED`, `aspnet 3005`, `php memory-limit`, or a PHP message itself.
///
/// `None` where it is not a question of any of these forms.
pub fn explain(what: &str) -> Option<Explanation> {
    let what = what.trim();
    let (kind, rest) = what.split_once(char::is_whitespace).unwrap_or((what, ""));
    let rest = rest.trim();
    match kind.to_ascii_lowercase().as_str() {
        _ if rest.is_empty() => bare(what),
        "win32" | "error" => win32_question(rest),
        "httperr" => httperr_question(rest),
        "gateway" | "errorinfo" => gateway_question(rest),
        "event" => event_question(rest),
        "finding" | "rule" => rule_question(rest),
        "status" | "http" => status_question(rest),
        "exception" => exception_question(rest),
        "code" | "exit" | "hresult" | "ntstatus" => code_question(rest),
        "module" => module_question(rest),
        "freb" | "notification" => trace_question(rest),
        "aspnet" => aspnet_question(rest),
        "php" => php_question(rest),
        _ => php_message_question(what),
    }
}

impl Explanation {
    fn new(title: String) -> Self {
        Self { title, documented: true, ..Self::default() }
    }

    fn undocumented(title: String, reason: &str) -> Self {
        Self { title, paragraphs: vec![reason.to_owned()], ..Self::default() }
    }

    fn of(title: String, about: &About) -> Self {
        let mut explanation = Self::new(title);
        explanation.add(about);
        explanation
    }

    fn add(&mut self, about: &About) {
        self.say(about.means.to_owned());
        self.advise(about.advice);
        self.cite(about.sources);
        if !about.verified() && !about.sources.is_empty() {
            self.say("This is general practice; no document says so.".to_owned());
        }
    }

    fn say(&mut self, paragraph: String) {
        self.paragraphs.push(paragraph);
    }

    /// Adds what another answer says. Advice and sources stand once, paragraphs as often as they are said.
    fn append(&mut self, other: Self) {
        self.paragraphs.extend(other.paragraphs);
        self.advise(&other.advice);
        self.cite(&other.sources);
    }

    fn advise(&mut self, advice: &[&'static str]) {
        for item in advice {
            if !self.advice.contains(item) {
                self.advice.push(item);
            }
        }
    }

    fn cite(&mut self, sources: &[&'static Source]) {
        for source in sources {
            if !self.sources.contains(source) {
                self.sources.push(source);
            }
        }
    }
}

/// A question without a word that says what it is.
fn bare(what: &str) -> Option<Explanation> {
    if what.contains('.') && what.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return status_question(what);
    }
    if let Ok(number) = what.parse::<u64>()
        && what.len() < 8
    {
        return if (100..=599).contains(&number) {
            status_question(what)
        } else {
            number_question(number)
        };
    }
    code_question(what)
        .or_else(|| known_rule(what))
        .or_else(|| known_httperr(what))
        .or_else(|| known_gateway(what))
        .or_else(|| known_module(what))
        .or_else(|| known_trace_event(what))
        .or_else(|| php_question(what))
}

fn status_question(what: &str) -> Option<Explanation> {
    let mut parts = what.split('.');
    let status: u16 = parts.next()?.parse().ok().filter(|status| (100..=599).contains(status))?;
    let substatus: Option<u32> = parts.next().map(str::parse).transpose().ok()?;
    let win32: Option<u64> = parts.next().map(str::parse).transpose().ok()?;
    if parts.next().is_some() {
        return None;
    }
    match (substatus, win32) {
        (None, _) => Some(status_only(status)),
        (Some(substatus), None) => Some(status_and_substatus(status, substatus)),
        (Some(substatus), Some(win32)) => Some(exact_triple(status, substatus, win32)),
    }
}

fn status_only(status: u16) -> Explanation {
    let Some(known) = lookup::status(status) else {
        let reason = "This status is not in the catalogue; an application may use it with a meaning of its own.";
        return Explanation::undocumented(format!("{status}: not known"), reason);
    };
    let mut explanation = Explanation::of(format!("{status}: {}", known.about.title), &known.about);
    let substatuses = substatus_list(status);
    if !substatuses.is_empty() {
        explanation.say(format!("Substatuses: {}.", substatuses.join("; ")));
    }
    explanation
}

/// The substatuses of a status, neighbours of one title together: `500.73 to 500.79 App Service authentication failed`.
fn substatus_list(status: u16) -> Vec<String> {
    let rows = lookup::substatuses();
    rows.chunk_by(|left, right| {
        left.status == right.status && left.about.title == right.about.title
    })
    .filter_map(|run| {
        let (first, last) = (run.first()?, run.last()?);
        let shown = first.status == status && first.substatus != 0;
        let to =
            if first == last { String::new() } else { format!(" to {status}.{}", last.substatus) };
        shown.then(|| format!("{status}.{}{to} {}", first.substatus, first.about.title))
    })
    .collect()
}

fn status_and_substatus(status: u16, substatus: u32) -> Explanation {
    let title = |words: &str| format!("{status}.{substatus}: {words}");
    let Some(known) = lookup::substatus(status, substatus) else {
        if substatus == 0
            && let Some(known) = lookup::status(status)
        {
            return Explanation::of(title(known.about.title), &known.about);
        }
        let mut explanation = Explanation::undocumented(
            title("not documented"),
            "No public document says what this substatus means.",
        );
        if let Some(known) = lookup::status(status) {
            explanation.add(&known.about);
        }
        return explanation;
    };
    let mut explanation = Explanation::of(title(known.about.title), &known.about);
    explanation.documented = known.documented;
    explanation.say(
        match known.visible {
            Visibility::Worker => "The worker's own log shows it.",
            Visibility::Elsewhere => "The worker's own log does not show it; look at the hop in front of it.",
            Visibility::Varies => {
                "The worker's own log shows it where the worker made it; the front end and HTTP.sys answer the same without a line there."
            }
        }
        .to_owned(),
    );
    explanation
}

fn exact_triple(status: u16, substatus: u32, win32: u64) -> Explanation {
    let outcome = outcome(status, substatus, win32);
    let mut explanation =
        Explanation::new(format!("{status}.{substatus}.{win32}: {}", outcome.words));
    explanation.documented = outcome.documented;
    if let Some(triple) = outcome.triple {
        explanation.add(&triple.about);
    }
    if let Some(known) = outcome.win32 {
        explanation.add(&known.about);
    }
    explanation.append(status_and_substatus(status, substatus));
    explanation
}

fn win32_question(what: &str) -> Option<Explanation> {
    let logged = match what.parse::<u64>() {
        Ok(number) => number,
        Err(_) => u64::from(lookup::parse_code(what)?),
    };
    Some(win32_answer(logged).unwrap_or_else(|| {
        let reason = "This number is not in the catalogue of Windows errors.";
        Explanation::undocumented(format!("win32 {logged}: not known"), reason)
    }))
}

fn win32_answer(logged: u64) -> Option<Explanation> {
    let known = lookup::win32(logged)?;
    let title = format!("win32 {} {}: {}", known.code, known.name, known.about.title);
    let mut explanation = Explanation::of(title, &known.about);
    if lookup::win32_of(logged) != logged {
        explanation.say(
            format!("{logged} is {logged:#010X}, an HRESULT that carries win32 {}.", known.code)
                .replace("0X", "0x"),
        );
    }
    if known.client_abort {
        explanation
            .say("Requests with it count as client aborts, not as server errors.".to_owned());
    }
    Some(explanation)
}

/// A plain number below 100 or above 599: a Windows error, an event, an ASP.NET code, or several of them.
fn number_question(number: u64) -> Option<Explanation> {
    let id = u32::try_from(number).ok()?;
    let mut answers: Vec<Explanation> = win32_answer(number).into_iter().collect();
    answers.extend(lookup::events_by_id(id).map(one_event));
    answers.extend(aspnet_answer(id));
    answers.extend(exit_answer(id));
    merge(&number.to_string(), answers).or_else(|| {
        let reason =
            "This number is no status, Windows error, event or exit code of the catalogue.";
        Some(Explanation::undocumented(format!("{number}: not known"), reason))
    })
}

/// `exception connection-pool`, a code, or the text of an exception.
fn exception_question(what: &str) -> Option<Explanation> {
    let by_id = lookup::exception_texts().iter().find(|one| one.id.eq_ignore_ascii_case(what));
    by_id
        .map(exception_answer)
        .or_else(|| code_question(what))
        .or_else(|| lookup::exception_text(what).map(exception_answer))
        .or_else(|| php_message_question(what))
}

fn exception_answer(known: &'static crate::ExceptionText) -> Explanation {
    let title = format!("exception {}: {}", known.id, known.about.title);
    Explanation::of(title, &known.about)
}

fn code_question(what: &str) -> Option<Explanation> {
    let code = lookup::parse_code(what)?;
    Some(code_answer(code).unwrap_or_else(|| {
        let reason = match code >> 28 {
            0xC => "The first digit says that it is an error of Windows itself (NTSTATUS); its meaning is not in the catalogue.",
            0x8 => "The first digit says that it is the result of a component (HRESULT); its meaning is not in the catalogue.",
            0xE => "The first digit says that a program or run time made it up; its meaning is not in the catalogue.",
            _ => "Its meaning is not in the catalogue.",
        };
        let title = format!("0x{code:08X}: not known");
        let mut explanation = Explanation::undocumented(title, reason);
        explanation.say(spellings(code));
        explanation
    }))
}

/// As the code of a process, and as `sc-win32-status` where it can stand there.
fn code_answer(code: u32) -> Option<Explanation> {
    let error = win32_answer(u64::from(code));
    let Some(mut explanation) = exit_answer(code) else { return error };
    if let Some(error) = error {
        explanation.say(format!("In the HTTP log: {}.", error.title));
        explanation.append(error);
    }
    Some(explanation)
}

fn exit_answer(code: u32) -> Option<Explanation> {
    let known = lookup::exception_code(code)?;
    let title = format!("0x{code:08X} {}: {}", known.name, known.about.title);
    let mut explanation = Explanation::of(title, &known.about);
    // A small exit code is written in one way only.
    if code > 0xFFFF {
        explanation.say(spellings(code));
    }
    Some(explanation)
}

fn spellings(code: u32) -> String {
    format!("Logs write it as 0x{code:08x}, {code} or {}.", code.cast_signed())
}

fn httperr_question(what: &str) -> Option<Explanation> {
    known_httperr(what).or_else(|| {
        let reason = "HTTP.sys writes reasons of this form; this one is not in the catalogue.";
        word(what).then(|| Explanation::undocumented(format!("httperr {what}: not known"), reason))
    })
}

fn known_httperr(what: &str) -> Option<Explanation> {
    let known = lookup::httperr(what)?;
    let title = format!("httperr {}: {}", known.reason, known.about.title);
    let mut explanation = Explanation::of(title, &known.about);
    let statuses: Vec<String> = known.statuses.iter().map(u16::to_string).collect();
    explanation.say(if statuses.is_empty() {
        "No status is sent with it.".to_owned()
    } else {
        format!("Sent with status {}.", statuses.join(" or "))
    });
    explanation.say(
        "HTTP.sys writes it to its own log (HTTPERR); the site's log has no line for it."
            .to_owned(),
    );
    Some(explanation)
}

fn gateway_question(what: &str) -> Option<Explanation> {
    known_gateway(what).or_else(|| {
        let reason = "Gateways write words of this form; this one is not in the catalogue.";
        word(what).then(|| Explanation::undocumented(format!("gateway {what}: not known"), reason))
    })
}

fn known_gateway(what: &str) -> Option<Explanation> {
    let known = lookup::gateway_error(what)?;
    let title = format!("gateway {}: {}", known.word, known.about.title);
    let mut explanation = Explanation::of(title, &known.about);
    explanation.say(format!("It stands in the access log of {}.", known.by));
    Some(explanation)
}

fn event_question(what: &str) -> Option<Explanation> {
    let (provider, id) =
        what.rsplit_once([' ', '/']).map_or(("", what), |(name, id)| (name.trim(), id));
    let id: u32 = id.parse().ok()?;
    if provider.is_empty() {
        // People ask for the event codes inside ASP.NET events in the same way.
        return event_answer(id).or_else(|| aspnet_answer(id)).or_else(|| {
            let reason = "No event with this number is in the catalogue.";
            Some(Explanation::undocumented(format!("event {id}: not known"), reason))
        });
    }
    lookup::event(provider, id).map(one_event).or_else(|| {
        let reason = "No event of this provider and number is in the catalogue.";
        Some(Explanation::undocumented(format!("event {provider} {id}: not known"), reason))
    })
}

fn event_answer(id: u32) -> Option<Explanation> {
    merge(&format!("event {id}"), lookup::events_by_id(id).map(one_event).collect())
}

fn one_event(event: &'static Event) -> Explanation {
    let title = format!("event {} of {}: {}", event.id, event.provider, event.about.title);
    let mut explanation = Explanation::of(title, &event.about);
    if !event.http.is_empty() {
        explanation.say(format!("For requests: {}", event.http));
    }
    explanation.say(if event.sample_of == event.id {
        format!("It reads like this: {}", event.sample)
    } else {
        format!("Event {}, of the same kind, reads like this: {}", event.sample_of, event.sample)
    });
    explanation
}

fn rule_question(what: &str) -> Option<Explanation> {
    known_rule(what).or_else(|| {
        let reason = "No rule has this name.";
        word(what).then(|| Explanation::undocumented(format!("finding {what}: not known"), reason))
    })
}

fn known_rule(name: &str) -> Option<Explanation> {
    let rule = lookup::rule(&name.to_ascii_lowercase())?;
    let mut explanation =
        Explanation::of(format!("finding {}: {}", rule.name, rule.about.title), &rule.about);
    explanation.say(format!("Why it matters: {}", rule.matters));
    explanation.say(format!("When it is wrong: {}", rule.wrong_when));
    Some(explanation)
}

fn module_question(what: &str) -> Option<Explanation> {
    known_module(what).or_else(|| {
        let reason = "This module is not in the catalogue; a site may bring modules of its own.";
        word(what).then(|| Explanation::undocumented(format!("module {what}: not known"), reason))
    })
}

fn known_module(what: &str) -> Option<Explanation> {
    let module = lookup::module(what)?;
    Some(Explanation::of(format!("module {}: {}", module.name, module.about.title), &module.about))
}

fn trace_question(what: &str) -> Option<Explanation> {
    if let Ok(number) = what.parse::<u32>() {
        let known = lookup::notification(number);
        return Some(known.map_or_else(
            || {
                Explanation::undocumented(
                    format!("notification {number}: not known"),
                    "No stage of the pipeline has this number.",
                )
            },
            one_notification,
        ));
    }
    if let Some(known) =
        lookup::notifications().iter().find(|row| row.name.eq_ignore_ascii_case(what))
    {
        return Some(one_notification(known));
    }
    known_trace_event(what).or_else(|| {
        let reason = "This trace event is not in the catalogue.";
        word(what).then(|| Explanation::undocumented(format!("freb {what}: not known"), reason))
    })
}

fn one_notification(known: &'static Notification) -> Explanation {
    let title = format!("notification {} {}: {}", known.number, known.name, known.about.title);
    Explanation::of(title, &known.about)
}

fn known_trace_event(what: &str) -> Option<Explanation> {
    let known = lookup::trace_event(what)?;
    Some(Explanation::of(format!("freb {}: {}", known.name, known.about.title), &known.about))
}

fn aspnet_question(what: &str) -> Option<Explanation> {
    let code: u32 = what.parse().ok()?;
    aspnet_answer(code).or_else(|| {
        let reason = "No event or detail code of ASP.NET with this number is in the catalogue.";
        Some(Explanation::undocumented(format!("aspnet {code}: not known"), reason))
    })
}

fn aspnet_answer(code: u32) -> Option<Explanation> {
    let known = lookup::aspnet_code(code)?;
    Some(Explanation::of(
        format!("aspnet {code} {}: {}", known.name, known.about.title),
        &known.about,
    ))
}

fn php_question(what: &str) -> Option<Explanation> {
    let known = lookup::php_message_by_id(&what.to_ascii_lowercase());
    known.map_or_else(|| php_message_question(what), |known| Some(php_answer(known)))
}

fn php_message_question(text: &str) -> Option<Explanation> {
    let known = lookup::php_message(text).map(php_answer);
    known.or_else(|| lookup::exception_text(text).map(exception_answer))
}

fn php_answer(known: &'static crate::PhpMessage) -> Explanation {
    let mut explanation =
        Explanation::of(format!("php {}: {}", known.id, known.about.title), &known.about);
    explanation.say(format!("It reads like this: {}", known.sample));
    explanation
}

/// Several answers to one question, one after the other, each under its own title.
fn merge(what: &str, mut answers: Vec<Explanation>) -> Option<Explanation> {
    if answers.len() < 2 {
        return answers.pop();
    }
    let mut merged = Explanation::new(format!("{what}: {} meanings", answers.len()));
    for answer in answers {
        merged.paragraphs.push(format!("{}.", answer.title));
        merged.append(answer);
    }
    Some(merged)
}

/// Whether it could be a name at all.
fn word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 80
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/.".contains(&byte))
}

/// How firm a source is, in a word, for renderers.
impl Source {
    /// `document`, `code`, `observed` or `practice`.
    pub const fn kind_word(&self) -> &'static str {
        match self.kind {
            SourceKind::Document => "document",
            SourceKind::Code => "code",
            SourceKind::Observed => "observed",
            SourceKind::Practice => "practice",
        }
    }
}
