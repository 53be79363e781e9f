//! Reads the data files and checks every entry.
//!
//! A fault is one line, `file: entry: reason`, so that people who know Azure but not Rust can mend their entry.
//! All faults are collected; the first one does not hide the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::{
    entry::{
        ABOUT_KEYS, Entry, RawAbout, RawAspNetCode, RawEvent, RawEventText, RawExceptionCode,
        RawHttpErr, RawModule, RawNotification, RawOutcome, RawPhpMessage, RawProvider, RawRule,
        RawSource, RawStatus, RawSubstatus, RawTraceEvent, RawWin32,
    },
    fold, pattern,
};

/// The data files, in the order they are read: sources first, providers before events.
pub(crate) const FILES: [&str; 12] = [
    "sources.toml",
    "http_status.toml",
    "http_substatus.toml",
    "http_triples.toml",
    "win32.toml",
    "httperr.toml",
    "freb.toml",
    "events.toml",
    "aspnet.toml",
    "exception_codes.toml",
    "php_messages.toml",
    "rules.toml",
];

const LEVELS: [&str; 3] = ["error", "warning", "information"];
const EVENT_CLASSES: [&str; 14] = [
    "crash",
    "startup-failure",
    "hang",
    "recycle",
    "rapid-fail",
    "exception",
    "deployment",
    "configuration",
    "resource",
    "start",
    "stop",
    "platform",
    "info",
    "noise",
];
const CODE_CLASSES: [&str; 10] = [
    "crash",
    "stack-overflow",
    "managed",
    "memory",
    "startup",
    "killed",
    "timeout",
    "disconnected",
    "access",
    "other",
];
const CODE_FAMILIES: [&str; 6] = ["nt-status", "h-result", "clr", "dot-net-host", "crt", "exit"];
const PHP_CLASSES: [&str; 20] = [
    "memory",
    "time-limit",
    "database",
    "include",
    "startup",
    "parse",
    "uncaught",
    "extension",
    "op-cache",
    "deprecated",
    "undefined",
    "type",
    "network",
    "session",
    "disk",
    "upload",
    "recursion",
    "process",
    "platform",
    "other",
];
const HTTPERR_CLASSES: [&str; 7] =
    ["crash", "hang", "unavailable", "limit", "client", "bad-request", "noise"];
const STAGES: [&str; 12] = [
    "request",
    "error",
    "pipeline",
    "upload",
    "download",
    "proxy",
    "application",
    "compilation",
    "fast-cgi",
    "rewrite",
    "cache",
    "trace",
];
const MODULE_KINDS: [&str; 5] = ["application", "proxy", "platform", "iis", "asp-net"];
const VISIBILITIES: [&str; 3] = ["worker", "elsewhere", "varies"];
const SOURCE_KINDS: [&str; 4] = ["document", "code", "observed", "practice"];

/// Everything the data files say, checked and sorted the way lookups search.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) sources: Vec<Entry<RawSource>>,
    pub(crate) statuses: Vec<Entry<RawStatus>>,
    pub(crate) substatuses: Vec<((u16, u32), Entry<RawSubstatus>)>,
    pub(crate) triples: Vec<((u16, u32, u32), Entry<RawOutcome>)>,
    pub(crate) win32: Vec<Entry<RawWin32>>,
    pub(crate) httperr: Vec<Entry<RawHttpErr>>,
    pub(crate) notifications: Vec<Entry<RawNotification>>,
    pub(crate) trace_events: Vec<(String, Entry<RawTraceEvent>)>,
    pub(crate) modules: Vec<Entry<RawModule>>,
    pub(crate) providers: Vec<Entry<RawProvider>>,
    pub(crate) events: Vec<(u32, Entry<RawEvent>)>,
    pub(crate) event_texts: Vec<Entry<RawEventText>>,
    pub(crate) aspnet: Vec<Entry<RawAspNetCode>>,
    pub(crate) exceptions: Vec<Entry<RawExceptionCode>>,
    pub(crate) php: Vec<Entry<RawPhpMessage>>,
    pub(crate) rules: Vec<Entry<RawRule>>,
}

/// Reads and checks `(file name, text)` pairs. Files that are not given are empty.
pub(crate) fn load(files: &[(String, String)]) -> Result<Catalogue, Vec<String>> {
    let mut faults = Faults::default();
    let mut arrays: BTreeMap<(&str, String), Vec<Table>> = BTreeMap::new();
    for (name, text) in files {
        let Some(file) = FILES.iter().copied().find(|known| known == name) else {
            faults.add(name, "file", "not one of the data files");
            continue;
        };
        match text.parse::<Table>() {
            Ok(table) => {
                for (key, value) in table {
                    match tables(value) {
                        Some(entries) => drop(arrays.insert((file, key), entries)),
                        None => faults.add(file, &key, "is not a list of entries"),
                    }
                }
            }
            Err(error) => faults.add(file, "file", &error.to_string().replace('\n', " ")),
        }
    }
    let mut reader = Reader { arrays, faults, sources: BTreeSet::new() };
    let catalogue = reader.catalogue();
    for (file, key) in reader.arrays.keys() {
        reader.faults.add(file, key, "unknown list");
    }
    if reader.faults.0.is_empty() { Ok(catalogue) } else { Err(reader.faults.0) }
}

fn tables(value: Value) -> Option<Vec<Table>> {
    let Value::Array(values) = value else { return None };
    values
        .into_iter()
        .map(|value| if let Value::Table(table) = value { Some(table) } else { None })
        .collect()
}

/// Reads `502.3` or `502.3.12030`.
pub(crate) fn dotted<const N: usize>(text: &str) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split('.');
    for number in &mut numbers {
        *number = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// How many bytes of a pattern are fixed: the more, the more specific it is.
pub(crate) fn specificity(text: &str) -> usize {
    pattern::pieces(text)
        .map(|piece| match piece {
            pattern::Piece::Literal(literal) => literal.len(),
            pattern::Piece::Placeholder => 0,
        })
        .sum()
}

#[derive(Debug, Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, file: &str, entry: &str, reason: &str) {
        self.0.push(format!("{file}: {entry}: {reason}"));
    }

    fn check(&mut self, right: bool, file: &str, entry: &str, reason: &str) {
        if !right {
            self.add(file, entry, reason);
        }
    }

    fn word(&mut self, word: &str, known: &[&str], file: &str, entry: &str, what: &str) {
        if !known.contains(&word) {
            let known = known.join(", ");
            self.add(file, entry, &format!("{what} `{word}` is none of {known}"));
        }
    }
}

struct Reader {
    arrays: BTreeMap<(&'static str, String), Vec<Table>>,
    faults: Faults,
    sources: BTreeSet<String>,
}

impl Reader {
    fn catalogue(&mut self) -> Catalogue {
        let sources = self.read_sources();
        let mut catalogue = Catalogue { sources, ..Catalogue::default() };
        self.read_http(&mut catalogue);
        self.read_freb(&mut catalogue);
        self.read_events(&mut catalogue);
        self.read_codes(&mut catalogue);
        self.read_php(&mut catalogue);
        let file = "rules.toml";
        catalogue.rules = self.read(file, "rule", &["name"], Sources::Optional);
        for rule in &catalogue.rules {
            let own = &rule.own;
            self.faults.check(kebab(&own.name), file, &rule.name, "name is not kebab-case");
            self.sentences(file, &rule.name, "matters", &own.matters);
            self.sentences(file, &rule.name, "wrong_when", &own.wrong_when);
        }
        self.sort(file, &mut catalogue.rules, |rule| rule.own.name.clone());
        catalogue
    }

    fn read_sources(&mut self) -> Vec<Entry<RawSource>> {
        let file = "sources.toml";
        let mut sources: Vec<Entry<RawSource>> =
            self.read(file, "source", &["key"], Sources::OnlyTitle);
        for source in &sources {
            let own = &source.own;
            self.faults.word(&own.kind, &SOURCE_KINDS, file, &source.name, "kind");
            let must = matches!(own.kind.as_str(), "document" | "code");
            if must || !own.link.is_empty() {
                let right =
                    own.link.starts_with("https://") && !own.link.contains(char::is_whitespace);
                self.faults.check(right, file, &source.name, "link is not an https link");
            }
            self.sources.insert(own.key.clone());
        }
        self.sort(file, &mut sources, |source| source.own.key.clone());
        sources
    }

    fn read_http(&mut self, catalogue: &mut Catalogue) {
        let file = "http_status.toml";
        catalogue.statuses = self.read(file, "status", &["code"], Sources::Required);
        self.sort(file, &mut catalogue.statuses, |status: &Entry<RawStatus>| status.own.code);

        let file = "http_substatus.toml";
        for entry in self.read::<RawSubstatus>(file, "substatus", &["code"], Sources::Required) {
            self.faults.word(&entry.own.visible, &VISIBILITIES, file, &entry.name, "visible");
            match dotted(&entry.own.code) {
                Some([status, substatus]) if (100..=599).contains(&status) => {
                    catalogue.substatuses.push(((status as u16, substatus), entry));
                }
                _ => self.faults.add(file, &entry.name, "code is not status.substatus"),
            }
        }
        self.sort(file, &mut catalogue.substatuses, |(code, _)| *code);

        let file = "http_triples.toml";
        for entry in self.read::<RawOutcome>(file, "triple", &["codes"], Sources::Required) {
            for code in &entry.own.codes {
                match dotted(code) {
                    Some([status, substatus, win32]) if (100..=599).contains(&status) => {
                        let key = (status as u16, substatus, win32);
                        catalogue.triples.push((key, entry.clone()));
                    }
                    _ => self.faults.add(file, &entry.name, "a code is not status.substatus.win32"),
                }
            }
        }
        self.sort(file, &mut catalogue.triples, |(code, _)| *code);

        let file = "win32.toml";
        catalogue.win32 = self.read(file, "win32", &["code"], Sources::Required);
        for entry in &catalogue.win32 {
            self.faults.check(!entry.own.name.is_empty(), file, &entry.name, "name is empty");
            let reduced = entry.own.code >> 16 != 0x8007;
            self.faults.check(
                reduced,
                file,
                &entry.name,
                "0x8007xxxx is looked up by its low word",
            );
        }
        self.sort(file, &mut catalogue.win32, |entry: &Entry<RawWin32>| entry.own.code);

        let file = "httperr.toml";
        catalogue.httperr = self.read(file, "reason", &["reason"], Sources::Required);
        for entry in &catalogue.httperr {
            self.faults.word(&entry.own.class, &HTTPERR_CLASSES, file, &entry.name, "class");
        }
        self.sort(file, &mut catalogue.httperr, |entry: &Entry<RawHttpErr>| {
            Folded(entry.own.reason.clone())
        });
    }

    fn read_freb(&mut self, catalogue: &mut Catalogue) {
        let file = "freb.toml";
        catalogue.notifications = self.read(file, "notification", &["number"], Sources::Required);
        self.sort(file, &mut catalogue.notifications, |entry: &Entry<RawNotification>| {
            entry.own.number
        });
        for entry in self.read::<RawTraceEvent>(file, "event", &["names"], Sources::Required) {
            self.faults.word(&entry.own.stage, &STAGES, file, &entry.name, "stage");
            for name in &entry.own.names {
                catalogue.trace_events.push((name.clone(), entry.clone()));
            }
        }
        self.sort(file, &mut catalogue.trace_events, |(name, _)| Folded(name.clone()));
        catalogue.modules = self.read(file, "module", &["name"], Sources::Required);
        for entry in &catalogue.modules {
            self.faults.word(&entry.own.kind, &MODULE_KINDS, file, &entry.name, "kind");
        }
        self.sort(file, &mut catalogue.modules, |entry: &Entry<RawModule>| {
            Folded(entry.own.name.clone())
        });
    }

    fn read_events(&mut self, catalogue: &mut Catalogue) {
        let file = "events.toml";
        catalogue.providers = self.read(file, "provider", &["name"], Sources::Required);
        let known: BTreeSet<String> =
            catalogue.providers.iter().map(|provider| provider.own.name.clone()).collect();
        let mut names: Vec<String> = known.iter().cloned().collect();
        for provider in &catalogue.providers {
            names.extend(provider.own.aliases.iter().cloned());
            let fallback = &provider.own.fallback;
            let right =
                fallback.is_empty() || (known.contains(fallback) && *fallback != provider.own.name);
            self.faults.check(right, file, &provider.name, "fallback is no other provider");
        }
        self.sort(file, &mut names, |name| Folded(name.clone()));
        self.sort(file, &mut catalogue.providers, |entry| Folded(entry.own.name.clone()));

        for entry in self.read::<RawEvent>(file, "event", &["provider", "ids"], Sources::Required) {
            let own = &entry.own;
            self.faults.check(known.contains(&own.provider), file, &entry.name, "unknown provider");
            self.faults.word(&own.level, &LEVELS, file, &entry.name, "level");
            self.faults.word(&own.class, &EVENT_CLASSES, file, &entry.name, "class");
            self.faults.check(!own.ids.is_empty(), file, &entry.name, "ids are missing");
            for &id in &own.ids {
                catalogue.events.push((id, entry.clone()));
            }
        }
        self.sort(file, &mut catalogue.events, |(id, entry)| {
            (Folded(entry.own.provider.clone()), *id)
        });

        let texts: Vec<Entry<RawEventText>> =
            self.read(file, "text", &["provider", "id"], Sources::Required);
        for entry in &texts {
            let own = &entry.own;
            self.faults.word(&own.class, &EVENT_CLASSES, file, &entry.name, "class");
            for id in &own.events {
                let is = catalogue
                    .events
                    .iter()
                    .any(|(known, event)| known == id && event.own.provider == own.provider);
                self.faults.check(
                    is,
                    file,
                    &entry.name,
                    &format!("event {id} is not among the events"),
                );
            }
            self.faults.check(!own.events.is_empty(), file, &entry.name, "events are missing");
        }
        let rivals: Vec<Rival<'_>> = texts
            .iter()
            .map(|entry| Rival {
                name: &entry.name,
                id: &entry.own.id,
                patterns: &entry.own.patterns,
                sample: &entry.own.sample,
                general: entry.own.general,
                scope: (&entry.own.provider, &entry.own.events),
            })
            .collect();
        self.patterns(file, &rivals);
        catalogue.event_texts = texts;
        self.sort(file, &mut catalogue.event_texts, |entry| entry.own.id.clone());
    }

    fn read_codes(&mut self, catalogue: &mut Catalogue) {
        let file = "aspnet.toml";
        catalogue.aspnet = self.read(file, "code", &["code"], Sources::Required);
        for entry in &catalogue.aspnet {
            self.faults.word(&entry.own.class, &EVENT_CLASSES, file, &entry.name, "class");
        }
        self.sort(file, &mut catalogue.aspnet, |entry: &Entry<RawAspNetCode>| entry.own.code);

        let file = "exception_codes.toml";
        catalogue.exceptions = self.read(file, "code", &["code"], Sources::Required);
        for entry in &catalogue.exceptions {
            self.faults.word(&entry.own.class, &CODE_CLASSES, file, &entry.name, "class");
            self.faults.word(&entry.own.family, &CODE_FAMILIES, file, &entry.name, "family");
        }
        self.sort(file, &mut catalogue.exceptions, |entry: &Entry<RawExceptionCode>| {
            entry.own.code
        });
    }

    fn read_php(&mut self, catalogue: &mut Catalogue) {
        let file = "php_messages.toml";
        let messages: Vec<Entry<RawPhpMessage>> =
            self.read(file, "message", &["id"], Sources::Required);
        for entry in &messages {
            self.faults.word(&entry.own.class, &PHP_CLASSES, file, &entry.name, "class");
        }
        let rivals: Vec<Rival<'_>> = messages
            .iter()
            .map(|entry| Rival {
                name: &entry.name,
                id: &entry.own.id,
                patterns: &entry.own.patterns,
                sample: &entry.own.sample,
                general: entry.own.general,
                scope: ("", &[]),
            })
            .collect();
        self.patterns(file, &rivals);
        catalogue.php = messages;
        self.sort(file, &mut catalogue.php, |entry| entry.own.id.clone());
    }

    /// Takes the entries of one list out of a file and reads them.
    fn read<T: DeserializeOwned>(
        &mut self,
        file: &'static str,
        list: &str,
        labels: &[&str],
        sources: Sources,
    ) -> Vec<Entry<T>> {
        let mut entries = Vec::new();
        for (index, mut table) in
            self.arrays.remove(&(file, list.to_owned())).unwrap_or_default().into_iter().enumerate()
        {
            let name = label(&table, labels).unwrap_or_else(|| format!("{list} #{}", index + 1));
            let about: Table = ABOUT_KEYS
                .iter()
                .filter_map(|key| table.remove(*key).map(|value| ((*key).to_owned(), value)))
                .collect();
            let about = about.try_into::<RawAbout>();
            let own = table.try_into::<T>();
            match (about, own) {
                (Ok(about), Ok(own)) => {
                    self.about(file, &name, &about, sources);
                    entries.push(Entry { name, about, own });
                }
                (about, own) => {
                    for error in about.err().into_iter().chain(own.err()) {
                        self.faults.add(file, &name, &error.message().replace('\n', " "));
                    }
                }
            }
        }
        entries
    }

    fn about(&mut self, file: &str, name: &str, about: &RawAbout, sources: Sources) {
        let title = about.title.trim();
        self.faults.check(!title.is_empty(), file, name, "title is missing");
        self.faults.check(
            !title.ends_with('.') || title.ends_with("..."),
            file,
            name,
            "title ends with a full stop",
        );
        if sources == Sources::OnlyTitle {
            let bare =
                about.means.is_empty() && about.advice.is_empty() && about.sources.is_empty();
            self.faults.check(bare, file, name, "a source has a title, a kind and a link only");
            return;
        }
        self.sentences(file, name, "means", &about.means);
        for advice in &about.advice {
            self.sentences(file, name, "advice", advice);
        }
        if sources == Sources::Required {
            self.faults.check(!about.sources.is_empty(), file, name, "source is missing");
        }
        let mut seen = BTreeSet::new();
        for key in &about.sources {
            let known = self.sources.contains(key);
            self.faults.check(known, file, name, &format!("unknown source `{key}`"));
            self.faults.check(seen.insert(key), file, name, &format!("source `{key}` twice"));
        }
    }

    fn sentences(&mut self, file: &str, name: &str, what: &str, text: &str) {
        if text.trim().is_empty() {
            self.faults.add(file, name, &format!("{what} is missing"));
        } else if !text.ends_with(['.', '?']) || text.trim() != text {
            self.faults.add(file, name, &format!("{what} is not made of whole sentences"));
        }
    }

    /// Each sample is matched by its own patterns and by no other entry's, save by catch-alls with less text.
    fn patterns(&mut self, file: &str, rivals: &[Rival<'_>]) {
        for own in rivals {
            self.faults.check(kebab(own.id), file, own.name, "id is not kebab-case");
            self.faults.check(!own.patterns.is_empty(), file, own.name, "match is missing");
            for text in own.patterns {
                self.faults.check(
                    specificity(text) >= 5,
                    file,
                    own.name,
                    "a pattern has less than five fixed characters",
                );
            }
            if own.sample.is_empty() {
                self.faults.add(file, own.name, "sample is missing");
                continue;
            }
            let Some(best) = own.best() else {
                self.faults.add(file, own.name, "its own sample does not match");
                continue;
            };
            for other in rivals.iter().filter(|other| other.name != own.name && own.meets(other)) {
                for text in other.patterns.iter().filter(|text| pattern::matches(text, own.sample))
                {
                    let stands_back = other.general && specificity(text) < best;
                    let reason = format!("its sample matches `{}` too", other.name);
                    self.faults.check(stands_back, file, own.name, &reason);
                }
            }
        }
        let mut texts: Vec<_> = rivals
            .iter()
            .flat_map(|own| own.patterns.iter().map(move |text| (own.scope, text)))
            .collect();
        texts.sort();
        for pair in texts.windows(2) {
            if let [left, right] = pair {
                self.faults.check(left != right, file, left.1, "pattern stands twice");
            }
        }
    }

    /// Sorts by key and refuses keys that stand twice.
    fn sort<T: Named, K: Ord>(&mut self, file: &str, entries: &mut [T], key: impl Fn(&T) -> K) {
        entries.sort_by_key(&key);
        for pair in entries.windows(2) {
            if let [left, right] = pair {
                self.faults.check(key(left) != key(right), file, right.name(), "stands twice");
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sources {
    Required,
    Optional,
    OnlyTitle,
}

struct Rival<'a> {
    name: &'a str,
    id: &'a str,
    patterns: &'a [String],
    sample: &'a str,
    general: bool,
    scope: (&'a str, &'a [u32]),
}

impl Rival<'_> {
    fn best(&self) -> Option<usize> {
        let matching = self.patterns.iter().filter(|text| pattern::matches(text, self.sample));
        matching.map(|text| specificity(text)).max()
    }

    fn meets(&self, other: &Self) -> bool {
        self.scope.0 == other.scope.0
            && (self.scope.1.is_empty() || self.scope.1.iter().any(|id| other.scope.1.contains(id)))
    }
}

trait Named {
    fn name(&self) -> &str;
}

impl<T> Named for Entry<T> {
    fn name(&self) -> &str {
        &self.name
    }
}

impl<K, T> Named for (K, Entry<T>) {
    fn name(&self) -> &str {
        &self.1.name
    }
}

impl Named for String {
    fn name(&self) -> &str {
        self
    }
}

struct Folded(String);

impl Ord for Folded {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        fold::compare(&self.0, &other.0)
    }
}

impl PartialOrd for Folded {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Folded {}

fn kebab(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn label(table: &Table, keys: &[&str]) -> Option<String> {
    let parts: Vec<String> = keys.iter().filter_map(|key| table.get(*key)).map(shown).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        // Codes are written the way people look for them.
        Value::Integer(code) if *code > 0xFFFF => format!("{code:#010X}").replace("0X", "0x"),
        Value::Integer(code) => code.to_string(),
        _ => "?".to_owned(),
    }
}
