//! Searches the finished output for what was masked.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::Redacted;
use crate::Error;

/// The secrets of `redacted` that stand in one of `outputs`, in lower case. Paths and machine names, which are
/// shown on purpose, are excepted.
pub(crate) fn search(redacted: &Redacted, outputs: &[&[u8]]) -> Result<BTreeSet<String>, Error> {
    // What is looked for, and the spelling in the input: who masks anew has to find that one.
    let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
    // A path may be shown, so what it says to somebody who decodes it may be as well.
    let shown = percent_decoded(redacted.shown.as_bytes());
    let shown = String::from_utf8_lossy(&shown).replace('+', " ");
    for secret in &redacted.secrets {
        let lower = secret.to_lowercase();
        let plain = String::from_utf8_lossy(&percent_decoded(lower.as_bytes())).replace('+', " ");
        let bare = plain.trim();
        let may_be_shown = |it: &str| redacted.shown.contains(it) || shown.contains(it);
        if bare.len() >= super::SHORTEST_SECRET && !may_be_shown(head(bare)) {
            wanted.insert((bare.to_owned(), lower.clone()));
        }
        if !redacted.shown.contains(head(&lower)) {
            wanted.insert((lower.clone(), lower));
        }
    }
    if wanted.is_empty() {
        return Ok(BTreeSet::new());
    }
    let wanted: Vec<_> = wanted.into_iter().collect();
    // The beginning of a long secret says enough, and keeps the search small.
    let heads: Vec<_> = wanted.iter().map(|(secret, _)| head(secret)).collect();
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&heads)?;
    let mut found = BTreeSet::new();
    for output in outputs {
        for form in decoded_forms(output) {
            for hit in automaton.find_overlapping_iter(&form) {
                let Some((word, spelt)) = wanted.get(hit.pattern().as_usize()) else { continue };
                if hit.range().len() < word.len() || is_whole(&form, hit.range()) {
                    found.insert(word.clone());
                    found.insert(spelt.clone());
                }
            }
        }
    }
    Ok(found)
}

fn head(secret: &str) -> &str {
    let mut end = secret.len().min(super::LONGEST_NAME);
    while !secret.is_char_boundary(end) {
        end -= 1;
    }
    secret.get(..end).unwrap_or(secret)
}

/// Whether nothing of the word goes on before or after: `site` is no leak of `sites`.
pub(crate) fn is_whole(text: &[u8], range: Range<usize>) -> bool {
    let joins = |inner: Option<&u8>, outer: Option<&u8>| {
        inner.is_some_and(u8::is_ascii_alphanumeric) && outer.is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = range.start.checked_sub(1).and_then(|at| text.get(at));
    let last = range.end.checked_sub(1).and_then(|at| text.get(at));
    !joins(text.get(range.start), before) && !joins(last, text.get(range.end))
}

/// What the bytes say to somebody who decodes them: as they are, as a browser shows them, percent-decoded, and
/// with the escapes of JSON and of Markdown undone.
pub(crate) fn decoded_forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let html = html_decoded(bytes);
    let percent = percent_decoded(&html);
    let json = json_decoded(bytes);
    vec![bytes.to_vec(), percent_decoded(&json), json, html, percent]
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let hex = |b: &u8| char::from(*b).to_digit(16);
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%'
            && let (Some(high), Some(low)) =
                (bytes.get(at + 1).and_then(hex), bytes.get(at + 2).and_then(hex))
        {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    out
}

/// Drops tags, because a bold part may begin in the middle of a word, and resolves character references.
fn html_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let opens =
            rest.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/' || *b == b'!');
        if byte == b'<'
            && opens
            && let Some(end) = rest.iter().position(|b| *b == b'>')
        {
            // Attributes hold text as well, so only bare tags vanish; of the others the bracket does.
            at += if rest.get(..end).is_some_and(|tag| tag.contains(&b'=')) { 1 } else { end + 1 };
            continue;
        }
        if byte == b'&'
            && let Some(end) = rest.iter().take(12).position(|b| *b == b';')
            && let Some(c) = rest.get(1..end).and_then(reference)
        {
            let mut buffer = [0; 4];
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            at += end + 1;
            continue;
        }
        out.push(byte);
        at += 1;
    }
    out
}

fn reference(name: &[u8]) -> Option<char> {
    match std::str::from_utf8(name).ok()? {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        number => {
            let digits = number.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

fn json_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\\', Some(&next)) if next.is_ascii_punctuation() => {
                out.push(next);
                at += 2;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_however_it_is_written() {
        for (written, word) in [
            ("<b>hun</b>ter22", "hunter22"),
            ("a &#60;b&#x3e; &amp; c", "a <b> & c"),
            ("bob%40contoso%2Ecom", "bob@contoso.com"),
            (r#""DOMAIN\\user\"x""#, r#"DOMAIN\user"x"#),
            (r#"<a title="secret&#34;x">"#, "secret\"x"),
        ] {
            let found = decoded_forms(written.as_bytes())
                .iter()
                .any(|form| String::from_utf8_lossy(form).contains(word));
            assert!(found, "{written}");
        }
    }

    #[test]
    fn only_whole_words_count() {
        assert!(is_whole(b"a-shop.x", 2..6));
        assert!(!is_whole(b"ashop", 1..5));
        assert!(!is_whole(b"shops", 0..4));
    }
}
