//! The checks that several kinds of entries share, and the faults they find.

use std::collections::BTreeSet;

use crate::{
    entry::{Entry, RawAbout},
    pattern,
};

/// Faults as `file: entry: reason`.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<String>);

impl Faults {
    pub(crate) fn add(&mut self, file: &str, entry: &str, reason: &str) {
        self.0.push(format!("{file}: {entry}: {reason}"));
    }

    /// Refuses an entry that is not right.
    pub(crate) fn check(&mut self, right: bool, at: &impl Named, reason: &str) {
        if !right {
            self.add(at.file(), at.name(), reason);
        }
    }

    /// Refuses a word that is none of the known ones.
    pub(crate) fn word(&mut self, word: &str, known: &[&str], at: &impl Named, what: &str) {
        if !known.contains(&word) {
            let known = known.join(", ");
            self.check(false, at, &format!("{what} `{word}` is none of {known}"));
        }
    }

    /// Refuses text that is missing or not made of whole sentences.
    pub(crate) fn sentences(&mut self, at: &impl Named, what: &str, text: &str) {
        if text.trim().is_empty() {
            self.check(false, at, &format!("{what} is missing"));
        } else {
            let whole = text.ends_with(['.', '?']) && text.trim() == text;
            self.check(whole, at, &format!("{what} is not made of whole sentences"));
        }
    }

    /// Checks title, meaning, advice and sources.
    pub(crate) fn about(
        &mut self,
        at: &impl Named,
        about: &RawAbout,
        wanted: Sources,
        known: &BTreeSet<String>,
    ) {
        let title = about.title.trim();
        self.check(!title.is_empty(), at, "title is missing");
        self.check(!title.ends_with('.'), at, "title ends with a full stop");
        if wanted == Sources::IsOne {
            let bare =
                about.means.is_empty() && about.advice.is_empty() && about.sources.is_empty();
            self.check(bare, at, "a source has a title, a kind and a link only");
            return;
        }
        self.sentences(at, "means", &about.means);
        for advice in &about.advice {
            self.sentences(at, "advice", advice);
        }
        let cited = wanted == Sources::Optional || !about.sources.is_empty();
        self.check(cited, at, "source is missing");
        let mut seen = BTreeSet::new();
        for key in &about.sources {
            self.check(known.contains(key), at, &format!("unknown source `{key}`"));
            self.check(seen.insert(key), at, &format!("source `{key}` twice"));
        }
    }

    /// Refuses an entry that does not show what it looks like in a log, on one line; says whether there is a sample.
    pub(crate) fn sample(&mut self, at: &impl Named, sample: &str) -> bool {
        let there = !sample.trim().is_empty();
        self.check(there, at, "sample is missing");
        let plain = sample.trim() == sample && !sample.contains(char::is_control);
        self.check(!there || plain, at, "sample is not one line");
        there
    }

    /// Sorts by key and refuses keys that stand twice.
    pub(crate) fn sort<T: Named, K: Ord>(&mut self, entries: &mut [T], key: impl Fn(&T) -> K) {
        entries.sort_by_key(&key);
        for pair in entries.windows(2) {
            if let [left, right] = pair {
                self.check(key(left) != key(right), right, "stands twice");
            }
        }
    }

    /// Each sample is matched by its own patterns and by no other entry's, save by catch-alls with less text.
    pub(crate) fn patterns(&mut self, rivals: &[Rival<'_>]) {
        for own in rivals {
            self.check(kebab(own.id), own, "id is not kebab-case");
            self.check(!own.patterns.is_empty(), own, "match is missing");
            for text in own.patterns {
                let enough = specificity(text) >= 5;
                self.check(enough, own, "a pattern has less than five fixed characters");
            }
            if !self.sample(own, own.sample) {
                continue;
            }
            let Some(best) = own.best() else {
                self.check(false, own, "its own sample does not match");
                continue;
            };
            for other in rivals.iter().filter(|other| other.name != own.name && own.meets(other)) {
                for text in other.patterns.iter().filter(|text| pattern::matches(text, own.sample))
                {
                    let stands_back = other.general && specificity(text) < best;
                    self.check(
                        stands_back,
                        own,
                        &format!("its sample matches `{}` too", other.name),
                    );
                }
            }
        }
        let mut texts: Vec<_> = rivals
            .iter()
            .flat_map(|own| own.patterns.iter().map(move |text| (own.scope, text, own)))
            .collect();
        texts.sort_by_key(|&(scope, text, _)| (scope, text));
        for pair in texts.windows(2) {
            if let [left, right] = pair {
                let differ = (left.0, left.1) != (right.0, right.1);
                self.check(differ, right.2, &format!("pattern `{}` stands twice", right.1));
            }
        }
    }
}

/// Whether an entry has to cite sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sources {
    Required,
    Optional,
    /// It is a source itself.
    IsOne,
}

/// An entry with patterns, as its neighbours see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rival<'a> {
    pub(crate) file: &'a str,
    pub(crate) name: &'a str,
    pub(crate) id: &'a str,
    pub(crate) patterns: &'a [String],
    pub(crate) sample: &'a str,
    pub(crate) general: bool,
    /// Only entries of one provider, with an event in common, meet.
    pub(crate) scope: (&'a str, &'a [u32]),
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

/// What stands in a file under a name.
pub(crate) trait Named {
    fn file(&self) -> &str;
    fn name(&self) -> &str;
}

impl<T> Named for Entry<T> {
    fn file(&self) -> &str {
        &self.file
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl<K, T> Named for (K, Entry<T>) {
    fn file(&self) -> &str {
        &self.1.file
    }

    fn name(&self) -> &str {
        &self.1.name
    }
}

impl Named for Rival<'_> {
    fn file(&self) -> &str {
        self.file
    }

    fn name(&self) -> &str {
        self.name
    }
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

/// Whether a name is made of small letters, digits and hyphens.
pub(crate) fn kebab(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
