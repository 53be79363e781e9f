//! Reads the data files and checks every entry.
//!
//! A file holds lists of entries (`[[event]]`, `[[win32]]`); which file a list stands in does not matter, so large
//! lists are spread over several files by topic. A fault is one line, `file: entry: reason`, so that people who
//! know Azure but not Rust can mend their entry. All faults are collected; the first one does not hide the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::{
    entry::{
        ABOUT_KEYS, Entry, RawAbout, RawAspNetCode, RawEvent, RawEventText, RawExceptionCode,
        RawGatewayError, RawHttpErr, RawHypothesis, RawMessage, RawModule, RawNotification,
        RawOutcome, RawPhpRelease, RawProvider, RawRule, RawSign, RawSignatureList, RawSource,
        RawStatus, RawSubstatus, RawTraceEvent, RawWin32,
    },
    faults::{Faults, Rival, Sources, kebab},
    fold,
};

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
const EXCEPTION_CLASSES: [&str; 5] = ["memory", "disk", "pool", "dependency", "startup"];
const HTTPERR_CLASSES: [&str; 7] =
    ["crash", "hang", "unavailable", "limit", "client", "bad-request", "noise"];
const GATEWAY_CLASSES: [&str; 10] = [
    "timeout",
    "unreachable",
    "broken",
    "invalid",
    "tls",
    "name",
    "client",
    "blocked",
    "request",
    "other",
];
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

const EVIDENCE_KINDS: [&str; 8] =
    ["http", "http-sys", "events", "php", "deployments", "sessions", "metrics", "dumps"];
const RUNTIMES: [&str; 8] = ["dot-net", "native", "php", "java", "node", "python", "ruby", "go"];
const NAME_ROLES: [&str; 12] = [
    "framework",
    "noise",
    "join",
    "sentinel",
    "wrapper",
    "generic-message",
    "idle",
    "database",
    "network",
    "file",
    "lock",
    "sleep",
];
/// What one kind of evidence can say at most, in decibans. A single sign has to stay below it.
const MOST: i32 = 20;

/// Everything the data files say, checked and sorted the way lookups search.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) sources: Vec<Entry<RawSource>>,
    pub(crate) statuses: Vec<Entry<RawStatus>>,
    pub(crate) substatuses: Vec<((u16, u32), Entry<RawSubstatus>)>,
    pub(crate) triples: Vec<((u16, u32, u32), Entry<RawOutcome>)>,
    pub(crate) win32: Vec<Entry<RawWin32>>,
    pub(crate) httperr: Vec<Entry<RawHttpErr>>,
    pub(crate) gateway_errors: Vec<Entry<RawGatewayError>>,
    pub(crate) notifications: Vec<Entry<RawNotification>>,
    pub(crate) trace_events: Vec<(String, Entry<RawTraceEvent>)>,
    pub(crate) modules: Vec<Entry<RawModule>>,
    pub(crate) php_releases: Vec<Entry<RawPhpRelease>>,
    pub(crate) providers: Vec<Entry<RawProvider>>,
    pub(crate) events: Vec<(u32, Entry<RawEvent>)>,
    pub(crate) event_texts: Vec<Entry<RawEventText>>,
    pub(crate) aspnet: Vec<Entry<RawAspNetCode>>,
    pub(crate) exceptions: Vec<Entry<RawExceptionCode>>,
    pub(crate) php: Vec<Entry<RawMessage>>,
    pub(crate) exception_texts: Vec<Entry<RawMessage>>,
    pub(crate) rules: Vec<Entry<RawRule>>,
    pub(crate) signs: Vec<Entry<RawSign>>,
    /// In the order of the files, which decides between equals.
    pub(crate) hypotheses: Vec<Entry<RawHypothesis>>,
    pub(crate) signature_lists: Vec<Entry<RawSignatureList>>,
}

/// Reads and checks `(file name, text)` pairs.
pub(crate) fn load(files: &[(String, String)]) -> Result<Catalogue, Vec<String>> {
    let mut reader = Reader::default();
    for (file, text) in files {
        match text.parse::<Table>() {
            Ok(table) => reader.split(file, table),
            Err(error) => reader.faults.add(file, "file", &one_line(&error.to_string())),
        }
    }
    let catalogue = reader.catalogue();
    for (list, entries) in &reader.lists {
        for (file, _) in entries {
            reader.faults.add(file, list, "unknown list");
        }
    }
    if reader.faults.0.is_empty() { Ok(catalogue) } else { Err(reader.faults.0) }
}

#[derive(Default)]
struct Reader {
    /// The entries of each list, with the file they stand in.
    lists: BTreeMap<String, Vec<(String, Table)>>,
    sources: BTreeSet<String>,
    faults: Faults,
}

impl Reader {
    fn split(&mut self, file: &str, table: Table) {
        for (list, value) in table {
            let Value::Array(entries) = value else {
                self.faults.add(file, &list, "is not a list of entries");
                continue;
            };
            for entry in entries {
                if let Value::Table(entry) = entry {
                    self.lists.entry(list.clone()).or_default().push((file.to_owned(), entry));
                } else {
                    self.faults.add(file, &list, "is not a list of entries");
                }
            }
        }
    }

    fn catalogue(&mut self) -> Catalogue {
        let sources = self.read_sources();
        let mut catalogue = Catalogue { sources, ..Catalogue::default() };
        self.read_http(&mut catalogue);
        self.read_freb(&mut catalogue);
        self.read_events(&mut catalogue);
        self.read_event_texts(&mut catalogue);
        self.read_codes(&mut catalogue);
        catalogue.php = self.read_messages("php_message", &PHP_CLASSES);
        catalogue.exception_texts = self.read_messages("exception_text", &EXCEPTION_CLASSES);
        self.read_hypotheses(&mut catalogue);
        self.read_signature_lists(&mut catalogue);
        catalogue.rules = self.read("rule", &["name"], Sources::Optional);
        for rule in &catalogue.rules {
            let own = &rule.own;
            self.faults.check(kebab(&own.name), rule, "name is not kebab-case");
            self.faults.sentences(rule, "matters", &own.matters);
            self.faults.sentences(rule, "wrong_when", &own.wrong_when);
        }
        self.faults.sort(&mut catalogue.rules, |rule| rule.own.name.clone());
        for entry in &catalogue.httperr {
            let rule = |name: &String| catalogue.rules.iter().any(|rule| rule.own.name == *name);
            let known = entry.own.rule.as_ref().is_none_or(rule);
            self.faults.check(known, entry, "unknown rule");
            let sign = |id: &String| catalogue.signs.iter().any(|sign| sign.own.id == *id);
            let known = entry.own.sign.as_ref().is_none_or(sign);
            self.faults.check(known, entry, "unknown sign");
        }
        catalogue
    }

    fn read_sources(&mut self) -> Vec<Entry<RawSource>> {
        let mut sources: Vec<Entry<RawSource>> = self.read("source", &["key"], Sources::IsOne);
        for source in &sources {
            let own = &source.own;
            self.faults.word(&own.kind, &SOURCE_KINDS, source, "kind");
            let needs_link = matches!(own.kind.as_str(), "document" | "code");
            if needs_link || !own.link.is_empty() {
                let right =
                    own.link.starts_with("https://") && !own.link.contains(char::is_whitespace);
                self.faults.check(right, source, "link is not an https link");
            }
            self.sources.insert(own.key.clone());
        }
        self.faults.sort(&mut sources, |source| source.own.key.clone());
        sources
    }

    fn read_http(&mut self, catalogue: &mut Catalogue) {
        catalogue.statuses = self.read("status", &["code"], Sources::Required);
        self.faults.sort(&mut catalogue.statuses, |status| status.own.code);

        for entry in self.read::<RawSubstatus>("substatus", &["code"], Sources::Required) {
            self.faults.word(&entry.own.visible, &VISIBILITIES, &entry, "visible");
            match dotted(&entry.own.code) {
                Some([status, substatus]) if (100..=599).contains(&status) => {
                    catalogue.substatuses.push(((status as u16, substatus), entry));
                }
                _ => self.faults.check(false, &entry, "code is not status.substatus"),
            }
        }
        self.faults.sort(&mut catalogue.substatuses, |(code, _)| *code);

        for entry in self.read::<RawOutcome>("triple", &["codes"], Sources::Required) {
            for code in &entry.own.codes {
                match dotted(code) {
                    Some([status, substatus, win32]) if (100..=599).contains(&status) => {
                        let key = (status as u16, substatus, win32);
                        catalogue.triples.push((key, entry.clone()));
                    }
                    _ => self.faults.check(false, &entry, "a code is not status.substatus.win32"),
                }
            }
        }
        self.faults.sort(&mut catalogue.triples, |(code, _)| *code);

        catalogue.win32 = self.read("win32", &["code"], Sources::Required);
        for entry in &catalogue.win32 {
            self.faults.check(!entry.own.name.is_empty(), entry, "name is empty");
            let reduced = entry.own.code >> 16 != 0x8007;
            self.faults.check(reduced, entry, "0x8007xxxx is looked up by its low word");
        }
        self.faults.sort(&mut catalogue.win32, |entry| entry.own.code);

        catalogue.httperr = self.read("httperr", &["reason"], Sources::Required);
        for entry in &catalogue.httperr {
            self.faults.word(&entry.own.class, &HTTPERR_CLASSES, entry, "class");
        }
        self.faults.sort(&mut catalogue.httperr, |entry| Folded(entry.own.reason.clone()));

        catalogue.gateway_errors = self.read("gateway_error", &["word"], Sources::Required);
        for entry in &catalogue.gateway_errors {
            self.faults.word(&entry.own.class, &GATEWAY_CLASSES, entry, "class");
        }
        self.faults.sort(&mut catalogue.gateway_errors, |entry| Folded(entry.own.word.clone()));
    }

    fn read_freb(&mut self, catalogue: &mut Catalogue) {
        catalogue.notifications = self.read("notification", &["number"], Sources::Required);
        self.faults.sort(&mut catalogue.notifications, |entry| entry.own.number);
        for entry in self.read::<RawTraceEvent>("trace_event", &["names"], Sources::Required) {
            self.faults.word(&entry.own.stage, &STAGES, &entry, "stage");
            for name in &entry.own.names {
                catalogue.trace_events.push((name.clone(), entry.clone()));
            }
        }
        self.faults.sort(&mut catalogue.trace_events, |(name, _)| Folded(name.clone()));
        catalogue.modules = self.read("module", &["name"], Sources::Required);
        for entry in &catalogue.modules {
            self.faults.word(&entry.own.kind, &MODULE_KINDS, entry, "kind");
        }
        self.faults.sort(&mut catalogue.modules, |entry| Folded(entry.own.name.clone()));
        catalogue.php_releases = self.read("php_release", &["branch"], Sources::Required);
        for entry in &catalogue.php_releases {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let branch = entry.own.branch.split('.').collect::<Vec<_>>();
            let right = branch.len() == 2 && branch.iter().all(|part| digits(part));
            self.faults.check(right, entry, "branch is not like 8.1");
            let date = entry.own.ends.split('-').map(|part| (part.len(), digits(part)));
            let right = date.collect::<Vec<_>>() == [(4, true), (2, true), (2, true)];
            self.faults.check(right, entry, "ends is not like 2022-11-28");
        }
        self.faults.sort(&mut catalogue.php_releases, |entry| entry.own.branch.clone());
    }

    fn read_events(&mut self, catalogue: &mut Catalogue) {
        catalogue.providers = self.read("provider", &["name"], Sources::Required);
        let known: BTreeSet<&str> =
            catalogue.providers.iter().map(|provider| provider.own.name.as_str()).collect();
        let mut names = Vec::new();
        for provider in &catalogue.providers {
            let own = &provider.own;
            let is_other = known.contains(own.fallback.as_str()) && own.fallback != own.name;
            let right = own.fallback.is_empty() || is_other;
            self.faults.check(right, provider, "fallback is no other provider");
            names.push((own.name.clone(), provider.clone()));
            names.extend(own.aliases.iter().map(|alias| (alias.clone(), provider.clone())));
        }
        self.faults.sort(&mut names, |(name, _)| Folded(name.clone()));

        for entry in self.read::<RawEvent>("event", &["provider", "ids"], Sources::Required) {
            let own = &entry.own;
            self.faults.check(known.contains(own.provider.as_str()), &entry, "unknown provider");
            self.faults.word(&own.level, &LEVELS, &entry, "level");
            self.faults.word(&own.class, &EVENT_CLASSES, &entry, "class");
            self.faults.check(!own.ids.is_empty(), &entry, "ids are missing");
            self.faults.sample(&entry, &own.sample);
            for &id in &own.ids {
                catalogue.events.push((id, entry.clone()));
            }
        }
        let key = |(id, entry): &(u32, Entry<RawEvent>)| (Folded(entry.own.provider.clone()), *id);
        self.faults.sort(&mut catalogue.events, key);
        self.faults.sort(&mut catalogue.providers, |entry| Folded(entry.own.name.clone()));
    }

    fn read_event_texts(&mut self, catalogue: &mut Catalogue) {
        let texts: Vec<Entry<RawEventText>> =
            self.read("event_text", &["provider", "id"], Sources::Required);
        for entry in &texts {
            let own = &entry.own;
            self.faults.word(&own.class, &EVENT_CLASSES, entry, "class");
            self.faults.check(!own.events.is_empty(), entry, "events are missing");
            for id in &own.events {
                let mut events = catalogue.events.iter();
                let known =
                    events.any(|(event, of)| event == id && of.own.provider == own.provider);
                self.faults.check(known, entry, &format!("event {id} is not among the events"));
            }
        }
        let rivals: Vec<Rival<'_>> = texts
            .iter()
            .map(|entry| Rival {
                file: &entry.file,
                name: &entry.name,
                id: &entry.own.id,
                patterns: &entry.own.patterns,
                sample: &entry.own.sample,
                general: entry.own.general,
                scope: (&entry.own.provider, &entry.own.events),
            })
            .collect();
        self.faults.patterns(&rivals);
        catalogue.event_texts = texts;
        self.faults.sort(&mut catalogue.event_texts, |entry| entry.own.id.clone());
    }

    fn read_codes(&mut self, catalogue: &mut Catalogue) {
        catalogue.aspnet = self.read("aspnet_code", &["code"], Sources::Required);
        for entry in &catalogue.aspnet {
            self.faults.word(&entry.own.class, &EVENT_CLASSES, entry, "class");
        }
        self.faults.sort(&mut catalogue.aspnet, |entry| entry.own.code);

        catalogue.exceptions = self.read("exception_code", &["code"], Sources::Required);
        for entry in &catalogue.exceptions {
            self.faults.word(&entry.own.class, &CODE_CLASSES, entry, "class");
            self.faults.word(&entry.own.family, &CODE_FAMILIES, entry, "family");
        }
        self.faults.sort(&mut catalogue.exceptions, |entry| entry.own.code);
    }

    /// A list of messages that are known by their texts.
    fn read_messages(&mut self, list: &'static str, classes: &[&str]) -> Vec<Entry<RawMessage>> {
        let mut messages: Vec<Entry<RawMessage>> = self.read(list, &["id"], Sources::Required);
        for entry in &messages {
            self.faults.word(&entry.own.class, classes, entry, "class");
        }
        let rivals: Vec<Rival<'_>> = messages
            .iter()
            .map(|entry| Rival {
                file: &entry.file,
                name: &entry.name,
                id: &entry.own.id,
                patterns: &entry.own.patterns,
                sample: &entry.own.sample,
                general: entry.own.general,
                scope: ("", &[]),
            })
            .collect();
        self.faults.patterns(&rivals);
        self.faults.sort(&mut messages, |entry| entry.own.id.clone());
        messages
    }

    fn read_hypotheses(&mut self, catalogue: &mut Catalogue) {
        catalogue.signs = self.read("sign", &["id"], Sources::Optional);
        let mut unused = BTreeSet::new();
        for sign in &catalogue.signs {
            self.faults.check(kebab(&sign.own.id), sign, "id is not kebab-case");
            self.faults.word(&sign.own.kind, &EVIDENCE_KINDS, sign, "kind");
            unused.insert(sign.own.id.clone());
        }
        self.faults.sort(&mut catalogue.signs, |sign| sign.own.id.clone());

        catalogue.hypotheses = self.read("hypothesis", &["name"], Sources::Required);
        for entry in &catalogue.hypotheses {
            self.hypothesis(entry, &catalogue.signs);
            for weight in &entry.own.signs {
                unused.remove(&weight.sign);
            }
        }
        for sign in catalogue.signs.iter().filter(|sign| unused.contains(&sign.own.id)) {
            self.faults.check(false, sign, "no hypothesis weighs it");
        }
        // The order of the file has a meaning, so only a copy is sorted to find doubles.
        let mut names = catalogue.hypotheses.clone();
        self.faults.sort(&mut names, |entry| entry.own.name.clone());
    }

    fn hypothesis(&mut self, entry: &Entry<RawHypothesis>, signs: &[Entry<RawSign>]) {
        let own = &entry.own;
        self.faults.check(kebab(&own.name), entry, "name is not kebab-case");
        let doubtful = (-30..0).contains(&own.prior);
        self.faults.check(doubtful, entry, "prior is not between -30 and -1 decibans");
        for kind in &own.needs {
            self.faults.word(kind, &EVIDENCE_KINDS, entry, "needs");
        }
        let reachable = own.signs.iter().any(|weight| weight.present > 0);
        self.faults.check(reachable, entry, "no sign speaks for it");
        let mut seen = BTreeSet::new();
        for weight in &own.signs {
            let sign = &weight.sign;
            let known = signs.iter().any(|known| known.own.id == *sign);
            self.faults.check(known, entry, &format!("unknown sign `{sign}`"));
            self.faults.check(seen.insert(sign), entry, &format!("sign `{sign}` twice"));
            let bounded = weight.present.abs() < MOST && weight.absent.abs() < MOST;
            self.faults.check(bounded, entry, &format!("`{sign}` weighs {MOST} or more"));
            let weighs = weight.present != 0 || weight.absent != 0;
            self.faults.check(weighs, entry, &format!("`{sign}` weighs nothing"));
            let opposed = weight.present.signum() * weight.absent.signum() <= 0;
            self.faults.check(opposed, entry, &format!("`{sign}` weighs the same way both ways"));
            let right = weight.present > 0 || !weight.specific;
            self.faults.check(right, entry, &format!("`{sign}` is specific but does not support"));
        }
        let plain = entry.about.advice.is_empty();
        self.faults.check(plain, entry, "advice stands in mitigate, fix and collect_next");
        for (what, advice) in
            [("mitigate", &own.mitigate), ("fix", &own.fix), ("collect_next", &own.collect_next)]
        {
            self.faults.check(!advice.is_empty(), entry, &format!("{what} is missing"));
            for sentence in advice {
                self.faults.sentences(entry, what, sentence);
            }
        }
    }

    fn read_signature_lists(&mut self, catalogue: &mut Catalogue) {
        catalogue.signature_lists = self.read("signature_list", &["id"], Sources::Optional);
        for list in &catalogue.signature_lists {
            let own = &list.own;
            self.faults.check(kebab(&own.id), list, "id is not kebab-case");
            self.faults.word(&own.runtime, &RUNTIMES, list, "runtime");
            self.faults.word(&own.role, &NAME_ROLES, list, "role");
            self.faults.check(!own.names.is_empty(), list, "names are missing");
            let mut seen = BTreeSet::new();
            for name in &own.names {
                self.faults.check(seen.insert(name), list, &format!("name `{name}` twice"));
                let fixed = name.is_empty() || name.bytes().any(|byte| byte != b'*');
                self.faults.check(fixed, list, &format!("name `{name}` fits everything"));
            }
        }
        let mut ids = catalogue.signature_lists.clone();
        self.faults.sort(&mut ids, |list| list.own.id.clone());
        // In the order of the variants, by which the lookup searches.
        let place = |words: &[&str], word: &str| words.iter().position(|known| *known == word);
        let key = |list: &Entry<RawSignatureList>| {
            (place(&RUNTIMES, &list.own.runtime), place(&NAME_ROLES, &list.own.role))
        };
        self.faults.sort(&mut catalogue.signature_lists, key);
    }

    /// Takes the entries of one list and reads them. They are named by the keys in `labels`.
    fn read<T: DeserializeOwned>(
        &mut self,
        list: &str,
        labels: &[&str],
        sources: Sources,
    ) -> Vec<Entry<T>> {
        let mut entries = Vec::new();
        let tables = self.lists.remove(list).unwrap_or_default();
        for (index, (file, mut table)) in tables.into_iter().enumerate() {
            let name = label(&table, labels).unwrap_or_else(|| format!("{list} #{}", index + 1));
            let about: Table = ABOUT_KEYS
                .iter()
                .filter_map(|key| table.remove(*key).map(|value| ((*key).to_owned(), value)))
                .collect();
            match (about.try_into::<RawAbout>(), table.try_into::<T>()) {
                (Ok(about), Ok(own)) => {
                    let entry = Entry { file, name, about, own };
                    self.faults.about(&entry, &entry.about, sources, &self.sources);
                    entries.push(entry);
                }
                (about, own) => {
                    for error in about.err().into_iter().chain(own.err()) {
                        self.faults.add(&file, &name, &one_line(error.message()));
                    }
                }
            }
        }
        entries
    }
}

/// Names are one where they differ in case only.
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

/// Reads `502.3` or `502.3.12030`.
fn dotted<const N: usize>(text: &str) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split('.');
    for number in &mut numbers {
        *number = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
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
        Value::Integer(code) if *code > 0xFFFF => format!("0x{code:08X}"),
        Value::Integer(code) => code.to_string(),
        _ => "?".to_owned(),
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
