//! Masks what identifies somebody, once, on a copy of the analysis, before anything is rendered.
//!
//! Two passes over the texts of [`walk`]: the first learns which sites, hosts and addresses there are (fields
//! that are known to hold one), the second masks every field by its kind and every free text by what it looks
//! like and by what the first pass learned. What was masked is remembered, so that [`leak`] can search the
//! finished output for it.

mod leak;
mod platform;
mod pseudonym;
mod secrets;
pub(crate) mod walk;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};
use daaslens_core::model::Analysis;
use daaslens_core::text::{MAX_EXCERPT, visible};
use daaslens_core::{Excerpt, PartKind};

use crate::{Error, Options};
use pseudonym::Pseudonyms;
use secrets::{Hit, Patterns};

pub(crate) use leak::search;
pub(crate) use pseudonym::parse_address;

/// How much is masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Query values, cookies, user names, e-mails and secrets go; addresses, hosts and sites become pseudonyms.
    #[default]
    Strict,
    /// As strict, but addresses, hosts and sites stay.
    Normal,
    /// Everything stays, and the report says so in red.
    Off,
}

impl Level {
    /// The word of the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Normal => "normal",
            Self::Off => "off",
        }
    }

    /// The level of a word of the command line.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Strict, Self::Normal, Self::Off].into_iter().find(|level| level.word() == word)
    }

    fn masks(self, class: Class) -> bool {
        match self {
            Self::Strict => true,
            Self::Normal => !matches!(class, Class::Address | Class::Host | Class::Site),
            Self::Off => false,
        }
    }
}

/// What kind of thing was masked, as the receipt counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A value of a query string.
    Query,
    /// An IP address.
    Address,
    /// A token, key, password, signature or connection string.
    Token,
    /// An e-mail address.
    Email,
    /// A user name.
    User,
    /// A host name.
    Host,
    /// A site name.
    Site,
    /// A cookie's value.
    Cookie,
}

impl Class {
    /// All of them, in the order of the receipt.
    pub const ALL: [Self; 8] = [
        Self::Query,
        Self::Address,
        Self::Token,
        Self::Email,
        Self::User,
        Self::Host,
        Self::Site,
        Self::Cookie,
    ];

    /// The name in the JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Address => "ip",
            Self::Token => "token",
            Self::Email => "email",
            Self::User => "user",
            Self::Host => "host",
            Self::Site => "site",
            Self::Cookie => "cookie",
        }
    }
}

/// How many things of each class were masked, in places that are shown.
pub type Receipt = BTreeMap<Class, u64>;

/// A masked copy of an analysis, with what is needed to say so and to check it.
#[derive(Clone, Debug)]
pub(crate) struct Redacted {
    pub(crate) analysis: Analysis,
    pub(crate) level: Level,
    pub(crate) receipt: Receipt,
    pub(crate) pseudonyms: Vec<(String, String)>,
    /// The values that were masked, as they stood in the input.
    pub(crate) secrets: BTreeSet<String>,
    /// What may be shown although a secret is equal to it: paths and machine names.
    pub(crate) shown: String,
}

/// Names shorter than this are masked where they are known to be names, but not searched for in free text.
const SHORTEST_NAME: usize = 4;
/// No name of a host, a site or a user is longer; what is longer is nonsense, and would make the search slow.
const LONGEST_NAME: usize = 256;
/// Values shorter than this are not searched for in the output.
const SHORTEST_SECRET: usize = 6;
/// What is looked at of one text; far more than what is shown of it.
const LONGEST_TEXT: usize = 4 * MAX_EXCERPT;

/// Masks a copy of `analysis`. `leaked` are values that were found in an earlier output.
pub(crate) fn redact(
    analysis: &Analysis,
    options: &Options<'_>,
    leaked: &BTreeSet<String>,
) -> Result<Redacted, Error> {
    let level = options.redaction;
    let mut analysis = analysis.clone();
    let mut collector =
        Collector { names: Pseudonyms::knowing(&options.known), users: BTreeSet::new() };
    for identity in &analysis.identities {
        collector.learn(identity.kind, &identity.value);
    }
    walk::texts(&mut analysis, &mut collector);
    let mut masker = Masker::new(level, collector, leaked)?;
    walk::texts(&mut analysis, &mut masker);
    let mut shown = Shown(String::new());
    walk::texts(&mut analysis, &mut shown);
    // The identities are the key to the pseudonyms; no renderer has any business with them.
    analysis.identities.clear();
    Ok(Redacted {
        analysis,
        level,
        receipt: masker.receipt,
        pseudonyms: if level == Level::Strict { masker.names.key() } else { Vec::new() },
        secrets: masker.secrets,
        shown: shown.0.to_lowercase(),
    })
}

impl Redacted {
    /// The same without any text of the input: what is rendered from it are the program's own words, numbers and
    /// dates.
    pub(crate) fn blank(&self) -> Self {
        struct Blank;
        impl walk::Visitor for Blank {
            fn text(&mut self, _: PartKind, text: &mut String) {
                text.clear();
            }
            fn source_path(&mut self, path: &mut String) {
                path.clear();
            }
        }
        let mut blank = self.clone();
        walk::texts(&mut blank.analysis, &mut Blank);
        blank
    }
}

/// Learns names from the fields that are known to hold one.
struct Collector {
    names: Pseudonyms,
    users: BTreeSet<String>,
}

impl Collector {
    fn learn(&mut self, kind: PartKind, text: &str) {
        match kind {
            PartKind::Address => {
                self.names.address(text);
            }
            PartKind::Host => {
                self.names.host(text);
            }
            PartKind::Instance if words::is_full_name(text) => {
                self.names.host(text);
            }
            PartKind::Site => {
                self.names.site(text);
            }
            PartKind::User if !text.is_empty() && !words::is_platform(text) => {
                self.users.insert(text.to_lowercase());
            }
            _ => {}
        }
    }
}

impl walk::Visitor for Collector {
    fn text(&mut self, kind: PartKind, text: &mut String) {
        self.learn(kind, text);
    }

    fn source_path(&mut self, _: &mut String) {}
}

/// Collects what may be shown.
struct Shown(String);

impl walk::Visitor for Shown {
    fn text(&mut self, kind: PartKind, text: &mut String) {
        if matches!(kind, PartKind::Path | PartKind::Url | PartKind::Plain | PartKind::Instance) {
            self.source_path(text);
        }
    }

    fn source_path(&mut self, path: &mut String) {
        self.0.push_str(path);
        self.0.push('\n');
    }
}

struct Masker {
    level: Level,
    patterns: &'static Patterns,
    names: Pseudonyms,
    dictionary: Option<AhoCorasick>,
    meanings: Vec<(Class, String)>,
    receipt: Receipt,
    secrets: BTreeSet<String>,
}

impl Masker {
    fn new(level: Level, learned: Collector, leaked: &BTreeSet<String>) -> Result<Self, Error> {
        let mut words = Vec::new();
        let mut meanings = Vec::new();
        for (name, alias, is_site) in learned.names.names() {
            let class = if is_site { Class::Site } else { Class::Host };
            let length = SHORTEST_NAME..=LONGEST_NAME;
            if level.masks(class) && length.contains(&name.len()) && !words::is_platform(name) {
                words.push(name.to_owned());
                meanings.push((class, alias));
            }
        }
        if level.masks(Class::User) {
            for user in learned
                .users
                .iter()
                .filter(|user| (SHORTEST_NAME..=LONGEST_NAME).contains(&user.len()))
            {
                words.push(user.clone());
                meanings.push((Class::User, "[user]".to_owned()));
            }
        }
        for word in leaked {
            words.push(word.clone());
            meanings.push((Class::Token, "[secret]".to_owned()));
        }
        let dictionary = if words.is_empty() {
            None
        } else {
            Some(
                AhoCorasick::builder()
                    .ascii_case_insensitive(true)
                    .match_kind(MatchKind::LeftmostLongest)
                    .build(&words)?,
            )
        };
        Ok(Self {
            level,
            patterns: Patterns::shared()?,
            names: learned.names,
            dictionary,
            meanings,
            receipt: Class::ALL.into_iter().map(|class| (class, 0)).collect(),
            secrets: BTreeSet::new(),
        })
    }

    fn count(&mut self, class: Class, secret: &str) {
        *self.receipt.entry(class).or_default() += 1;
        if secret.len() >= SHORTEST_SECRET && !words::is_platform(secret) {
            self.secrets.insert(secret.to_owned());
        }
    }

    /// What must not be shown of `text`: secrets by their shape, then the names that were learned.
    fn hits(&self, text: &str, path_only: bool) -> Vec<Hit> {
        let wanted = |class| {
            self.level.masks(class)
                && (!path_only || matches!(class, Class::Token | Class::Email | Class::Address))
        };
        let mut hits = self.patterns.find(text, wanted);
        if let Some(dictionary) = self.dictionary.as_ref().filter(|_| !path_only) {
            for found in dictionary.find_iter(text) {
                // What follows an escape goes on with a letter to the eye alone: `%3EUA` is `>UA`.
                let escaped = text.get(found.range()).is_some_and(|word| word.contains('%'));
                if (escaped || leak::is_whole(text.as_bytes(), found.range()))
                    && let Some((class, shown)) = self.meanings.get(found.pattern().as_usize())
                {
                    let shown = Some(Cow::Owned(shown.clone()));
                    hits.push(Hit { range: found.range(), class: *class, shown });
                }
            }
            hits = secrets::merged(hits);
        }
        hits
    }

    /// What is shown in place of `value`, counted.
    fn replacement(&mut self, hit: &Hit, value: &str) -> String {
        self.count(hit.class, value);
        match (&hit.shown, hit.class) {
            (Some(shown), _) => shown.clone().into_owned(),
            (None, Class::Address) => {
                self.names.address(value).unwrap_or_else(|| "[address]".to_owned())
            }
            (None, _) => self.names.host(value),
        }
    }

    fn free(&mut self, text: &str, path_only: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for hit in self.hits(text, path_only) {
            let (Some(before), Some(value)) =
                (text.get(at..hit.range.start), text.get(hit.range.clone()))
            else {
                continue;
            };
            out.push_str(before);
            out.push_str(&self.replacement(&hit, value));
            at = hit.range.end;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }

    /// Masks a field whose kind says what it holds; `None` where it is free text.
    fn typed(&mut self, kind: PartKind, text: &str) -> Option<String> {
        let nothing = matches!(text, "" | "-");
        let class = match kind {
            PartKind::Instance if words::is_full_name(text) => Class::Host,
            PartKind::Plain | PartKind::Instance => return Some(text.to_owned()),
            PartKind::Text | PartKind::Path => return None,
            PartKind::Query => Class::Query,
            PartKind::Cookie => Class::Cookie,
            PartKind::User => Class::User,
            PartKind::Address => Class::Address,
            PartKind::Host => Class::Host,
            PartKind::Site => Class::Site,
            PartKind::Url => return Some(self.url(text)),
        };
        if nothing || !self.level.masks(class) {
            return Some(text.to_owned());
        }
        Some(match kind {
            PartKind::Query => self.pairs(text, &['&', ';'], Class::Query),
            PartKind::Cookie => self.pairs(text, &[';'], Class::Cookie),
            PartKind::Address => {
                let bare = text.trim_start_matches('[');
                let bare = pseudonym::parse_address(text)
                    .map_or_else(|| bare.to_owned(), |address| address.to_string());
                self.count(Class::Address, &bare);
                self.names.address(text).unwrap_or_else(|| "[address]".to_owned())
            }
            PartKind::Host | PartKind::Instance => {
                self.named(Class::Host, text, |names| names.host(text))
            }
            PartKind::Site => self.named(Class::Site, text, |names| names.site(text)),
            _ if words::is_platform(text) => text.to_owned(),
            _ => {
                self.count(class, text);
                "[user]".to_owned()
            }
        })
    }

    fn named(
        &mut self,
        class: Class,
        text: &str,
        alias: impl FnOnce(&mut Pseudonyms) -> String,
    ) -> String {
        let shown = alias(&mut self.names);
        if shown != text {
            self.count(class, text.trim_start_matches("~1"));
        }
        shown
    }

    /// `a=1&b=2` → `a=…&b=…`. What has no `=` is a value without a name.
    fn pairs(&mut self, text: &str, separators: &[char], class: Class) -> String {
        let (mark, rest) = text.strip_prefix('?').map_or(("", text), |rest| ("?", rest));
        let mut out = mark.to_owned();
        for pair in rest.split_inclusive(separators) {
            let (pair, end) = match pair.char_indices().next_back() {
                Some((at, c)) if separators.contains(&c) => pair.split_at(at),
                _ => (pair, ""),
            };
            match pair.split_once('=') {
                Some((name, value)) => {
                    out.push_str(&self.free(name, false));
                    out.push('=');
                    if !value.is_empty() {
                        self.count(class, value.trim());
                        out.push('…');
                    }
                }
                None if pair.trim().is_empty() => out.push_str(pair),
                // Values with the separator inside (`a=1;2`): nothing of them may be left.
                None => {
                    self.count(class, pair.trim());
                    out.push('…');
                }
            }
            out.push_str(end);
        }
        out
    }

    fn url(&mut self, text: &str) -> String {
        let (before, query) = text.split_once('?').map_or((text, None), |(a, b)| (a, Some(b)));
        let mut out = String::new();
        let path = if let Some((scheme, rest)) = before.split_once("://") {
            let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            let host = authority.rsplit_once('@').map_or(authority, |(user, host)| {
                if self.level != Level::Off {
                    self.count(Class::Token, user);
                }
                host
            });
            out.push_str(scheme);
            out.push_str("://");
            let user = self.level == Level::Off && host.len() < authority.len();
            let host = if user { authority } else { host };
            out.push_str(&self.typed(PartKind::Host, host).unwrap_or_default());
            path
        } else {
            before
        };
        out.push_str(&self.free(path, false));
        if let Some(query) = query {
            out.push('?');
            out.push_str(&self.typed(PartKind::Query, query).unwrap_or_default());
        }
        out
    }
}

impl walk::Visitor for Masker {
    fn text(&mut self, kind: PartKind, text: &mut String) {
        let raw = bounded(text, LONGEST_TEXT);
        let shown = visible(raw.as_bytes());
        let masked = match self.typed(kind, &shown) {
            Some(masked) => masked,
            None => self.free(&shown, false),
        };
        *text = bounded(&masked, MAX_EXCERPT).into_owned();
    }

    fn source_path(&mut self, path: &mut String) {
        let shown = visible(path.as_bytes()).into_owned();
        *path = self.free(&shown, true);
    }

    /// Free text goes on from part to part: the decisive word of `Password=…` may be a part of its own.
    fn excerpt(&mut self, excerpt: &mut Excerpt) {
        let mut joined = String::new();
        let mut ends = Vec::with_capacity(excerpt.0.len());
        for part in &mut excerpt.0 {
            let shown = visible(bounded(&part.text, LONGEST_TEXT).as_bytes()).into_owned();
            part.text = self.typed(part.kind, &shown).unwrap_or(shown);
            joined.push_str(&part.text);
            ends.push(joined.len());
        }
        let is_free = |kind| matches!(kind, PartKind::Text | PartKind::Path);
        let mut hits = self.hits(&joined, false);
        hits.retain(|hit| {
            let mut start = 0;
            excerpt.0.iter().zip(&ends).any(|(part, &end)| {
                let touches = start < hit.range.end && hit.range.start < end && start < end;
                start = end;
                touches && is_free(part.kind)
            })
        });
        let replaced: Vec<_> = hits
            .iter()
            .map(|hit| {
                let value = joined.get(hit.range.clone()).unwrap_or_default();
                (hit.range.clone(), self.replacement(hit, value))
            })
            .collect();
        let mut start = 0;
        let mut left = MAX_EXCERPT;
        for (part, &end) in excerpt.0.iter_mut().zip(&ends) {
            let mut out = String::new();
            let mut at = start;
            for (range, shown) in &replaced {
                if range.end <= start || range.start >= end {
                    continue;
                }
                out.push_str(joined.get(at..range.start.max(at)).unwrap_or_default());
                if range.start >= start {
                    out.push_str(shown);
                }
                at = range.end.min(end);
            }
            out.push_str(joined.get(at..end).unwrap_or_default());
            start = end;
            part.text = bounded(&out, left).into_owned();
            left = left.saturating_sub(part.text.len());
        }
        excerpt.0.retain(|part| !part.text.is_empty());
    }
}

/// `text`, at most `max` bytes of it; `…` says that there was more.
pub(crate) fn bounded(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let mut at = max.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    match text.get(..at) {
        Some(head) if !head.is_empty() => Cow::Owned(format!("{head}…")),
        _ => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests;
