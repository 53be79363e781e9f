//! Lines that say the same thing: a template with `{…}` where they differ.
//!
//! Values of known shape (numbers, identifiers, paths, addresses, quoted text) are masked line by line. What is left to
//! differ are words: names of users, of tables, of cities. Lines of equal length that begin alike and agree in most of
//! their words become one template, as in the Drain algorithm; but from the whole set, sorted, so that no order of reading
//! changes the result.

use std::collections::BTreeMap;

use daaslens_applog::Level;
use daaslens_core::{Evidence, TimeRange};

use super::{Said, group};
use crate::keys::Merge;

/// The share of the words in which two lines must agree, of ten.
const ALIKE: usize = 7;

/// The least words of a line that is made one with others: a word of two says too much.
const LEAST_WORDS: usize = 4;

/// The most templates of one length and beginning that are compared with each other.
const MOST: usize = 400;

/// What stands for a word in which lines differ.
const ANY: &str = "{\u{2026}}";

/// Lines of one masked text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template {
    pub(crate) count: u64,
    pub(crate) level: Option<Level>,
    pub(crate) range: Option<TimeRange>,
    pub(crate) evidence: Option<Evidence>,
}

impl Template {
    pub(super) fn add(&mut self, said: &Said<'_>) {
        self.count += 1;
        self.level = self.level.max(said.level);
        if let Some(time) = said.time {
            TimeRange::extend(&mut self.range, time);
        }
        if self.evidence.as_ref().is_none_or(|first| said.at < first.at) {
            self.evidence = Some(group::evidence(said));
        }
    }
}

impl Merge for Template {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.level = self.level.max(other.level);
        self.range = TimeRange::merge(self.range, other.range);
        self.evidence = match (self.evidence.take(), other.evidence) {
            (Some(mine), Some(theirs)) => Some(if mine.at <= theirs.at { mine } else { theirs }),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

/// Level, number of words, first word.
type Bucket<'a> = (&'a str, usize, &'a str);

/// The words of a masked line, and what was counted of it.
type Line<'a> = (Vec<&'a str>, &'a Template);

/// Makes one template of those that agree in most of their words. `all` is level and masked line, then the template.
pub(crate) fn clustered<'a>(
    all: impl IntoIterator<Item = (&'a str, &'a Template)>,
) -> Vec<(String, Template)> {
    // By level, number of words and first word, unless that is masked.
    let mut buckets: BTreeMap<Bucket<'_>, Vec<Line<'_>>> = BTreeMap::new();
    for (key, template) in all {
        let (level, text) = key.split_once('\0').unwrap_or(("", key));
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let first = words.first().copied().filter(|word| !word.contains('{')).unwrap_or_default();
        buckets.entry((level, words.len(), first)).or_default().push((words, template));
    }
    let mut clusters: Vec<(String, Template)> = Vec::new();
    for ((_, length, _), mut lines) in buckets {
        // The most frequent first: it is what the others are variants of. Equals by their text.
        lines.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(&b.0)));
        let mut own: Vec<(Vec<&str>, Template)> = Vec::new();
        for (words, template) in lines {
            let alike = own.iter_mut().take(MOST).find(|(known, _)| {
                let same = known.iter().zip(&words).filter(|(a, b)| a == b).count();
                length >= LEAST_WORDS && same * 10 >= length * ALIKE
            });
            match alike {
                Some((known, sum)) => {
                    for (word, other) in known.iter_mut().zip(&words) {
                        if word != other {
                            *word = ANY;
                        }
                    }
                    sum.merge(template.clone());
                }
                None => own.push((words, template.clone())),
            }
        }
        clusters.extend(own.into_iter().map(|(words, template)| (words.join(" "), template)));
    }
    clusters.sort_by(|a, b| (b.1.level, b.1.count, &a.0).cmp(&(a.1.level, a.1.count, &b.0)));
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_agree_in_most_words_are_one() {
        let count = |count| Template { count, ..Template::default() };
        let templates = [
            ("info\0Order {n} of Ann was sent to Rome", count(3)),
            ("info\0Order {n} of Bob was sent to Oslo", count(2)),
            ("info\0Order {n} of Bob was taken back again now", count(4)),
            ("warning\0Order {n} of Eve was sent to Rome", count(1)),
            ("info\0Cache miss", count(9)),
            ("info\0Cache hit", count(8)),
        ];
        let shown: Vec<(String, u64)> =
            clustered(templates.iter().map(|(key, template)| (*key, template)))
                .into_iter()
                .map(|(text, template)| (text, template.count))
                .collect();
        let expected = [
            ("Cache miss", 9),
            ("Cache hit", 8),
            ("Order {n} of {\u{2026}} was sent to {\u{2026}}", 5),
            ("Order {n} of Bob was taken back again now", 4),
            ("Order {n} of Eve was sent to Rome", 1),
        ];
        assert_eq!(shown, expected.map(|(text, n)| (text.to_owned(), n)));
    }
}
