//! What gateways say went wrong behind them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use daaslens_core::Finding;
use daaslens_core::text::{shortened, thousands, visible};

use super::cube::{Cube, Trouble};
use super::summary::app_sites;
use crate::keys::Merge as _;

/// The most words, and the most advice, that are added to a finding.
const MOST: usize = 4;

/// What went wrong behind a gateway, by its word for it.
pub(crate) fn troubles(cube: &Cube) -> BTreeMap<String, Trouble> {
    let mut all: BTreeMap<String, Trouble> = BTreeMap::new();
    for (_, site) in app_sites(cube) {
        for (word, trouble) in site.troubles.sorted() {
            all.entry(visible(word).into_owned()).or_default().merge(trouble.clone());
        }
    }
    all
}

/// A word with what it means.
pub(crate) fn said(word: &str) -> String {
    match daaslens_kb::gateway_error(word) {
        Some(known) => format!("{word} ({})", known.about.title),
        None => format!("{} (not documented)", shortened(word, 60)),
    }
}

/// Adds to a finding about a gateway's failures what the gateway says of them, and what to do about it. What is the
/// client's doing says nothing about the site.
pub(crate) fn tell(finding: &mut Finding, cube: &Cube) {
    let mut words: Vec<(u64, String)> = troubles(cube)
        .into_iter()
        .filter(|(word, _)| {
            !daaslens_kb::gateway_error(word).is_some_and(|known| known.class.is_clients_doing())
        })
        .map(|(word, trouble)| (trouble.samples.count, word))
        .collect();
    words.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    if words.is_empty() {
        return;
    }
    let said: Vec<String> = words
        .iter()
        .take(MOST)
        .map(|(n, word)| format!("{} \u{d7} {}", thousands(*n), said(word)))
        .collect();
    let said = said.join("; ");
    let _ = write!(finding.detail, " Its words for it, in all of its log: {said}.");
    for (_, word) in words {
        let advice = daaslens_kb::gateway_error(&word).map_or(&[][..], |known| known.about.advice);
        for line in advice.iter().map(|line| (*line).to_owned()) {
            if finding.advice.fix.len() < MOST && !finding.advice.fix.contains(&line) {
                finding.advice.fix.push(line);
            }
        }
    }
}
