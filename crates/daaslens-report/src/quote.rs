//! Lines of the input, read again, beside what the JSON says of them.
//!
//! The JSON holds an excerpt in which masks stand for what is not shown. Whether a line is still the one that was
//! quoted is told by everything between the masks; and where it is, the masks tell which alias stands for what, so
//! that the lines around it can be shown under the same names.

use daaslens_core::model::Analysis;
use daaslens_core::text::visible;
use daaslens_core::{Confidence, Evidence, Excerpt, Finding, Location, Severity};
use regex::Regex;

use crate::redact::parse_address;
use crate::{Error, Level, Options, checked};

/// A line that was read back.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its text, with its kinds.
    pub excerpt: Excerpt,
    /// What the JSON says of it; `None` for a line that it does not quote.
    pub shown: Option<String>,
}

/// What may be shown of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quote {
    /// The line, masked.
    Text(String),
    /// It is another line than the one that was quoted. What it holds now is nobody's evidence, and not shown.
    Changed,
}

/// Masks `lines` as the report does. `document` is the whole JSON, which was masked at `its_level`; the numbers of
/// the aliases in it are not given again.
///
/// # Errors
/// As [`crate::render`].
pub fn quote(
    lines: &[Line],
    document: &str,
    its_level: Level,
    level: Level,
) -> Result<Vec<Quote>, Error> {
    let masks = Regex::new(MASK)?;
    let user = Regex::new(r"://[^/@\s]*@")?;
    let mut known: Vec<(String, String)> = Vec::new();
    let mut quotes = Vec::with_capacity(lines.len());
    for line in lines {
        let Some(shown) = &line.shown else {
            quotes.push(None);
            continue;
        };
        let raw: String = line.excerpt.0.iter().map(|part| part.text.as_str()).collect();
        let raw = visible(raw.as_bytes());
        // The user in an address goes without a mask.
        let found = aligned(&masks, shown, &raw)
            .or_else(|| aligned(&masks, shown, &user.replace_all(&raw, "://")));
        quotes.push(match found {
            None => Some(Quote::Changed),
            Some(aliases) => {
                known.extend(aliases);
                (level == its_level).then(|| Quote::Text(visible(shown.as_bytes()).into_owned()))
            }
        });
    }
    // Aliases without a meaning: their numbers are taken.
    let taken = masks.captures_iter(document).filter_map(|found| found.get(1));
    known.extend(taken.map(|alias| (alias.as_str().to_owned(), String::new())));
    let rest: Vec<&Excerpt> = lines
        .iter()
        .zip(&quotes)
        .filter(|(_, quote)| quote.is_none())
        .map(|(line, _)| &line.excerpt)
        .collect();
    let mut masked =
        mask(&rest, &Options { redaction: level, known, ..Options::default() })?.into_iter();
    Ok(quotes
        .into_iter()
        .filter_map(|quote| quote.or_else(|| masked.next().map(Quote::Text)))
        .collect())
}

/// What masks look like. A blank before `…` belongs to it. The first group is an alias.
const MASK: &str = r"(?x)
    \b((?:ip|host|site)-[0-9]+)(?:\ \(private\))?
    | \[(?:token|secret|connection\ string|cookie|e-mail|user|address)\]
    | \ ?…";

/// Whether `raw` is what `shown` was before it was masked: everything between the masks stands in it, in order,
/// and nothing else. Gives the aliases with what they stand for.
fn aligned(masks: &Regex, shown: &str, raw: &str) -> Option<Vec<(String, String)>> {
    let mut aliases = Vec::new();
    let (mut at, mut rest) = (0, raw);
    let mut mask: Option<Option<&str>> = None; // the mask before the literal, with its alias
    let ends = masks.captures_iter(shown).filter_map(|found| {
        let whole = found.get(0)?;
        Some((whole.range(), Some(found.get(1).map(|alias| alias.as_str()))))
    });
    let end = shown.len()..shown.len();
    for (range, next) in ends.chain([(end, None)]) {
        let literal = shown.get(at..range.start)?;
        let found = match (mask, next) {
            (None, None) => (rest == literal).then_some(0)?,
            (None, Some(_)) => rest.starts_with(literal).then_some(0)?,
            (Some(_), None) => rest.ends_with(literal).then(|| rest.len() - literal.len())?,
            (Some(_), Some(_)) => rest.find(literal)?,
        };
        let value = rest.get(..found)?;
        if let Some(Some(alias)) = mask
            && is_name(alias, value)
        {
            aliases.push((alias.to_owned(), value.to_owned()));
        }
        rest = rest.get(found + literal.len()..)?;
        at = range.end;
        mask = next;
    }
    Some(aliases)
}

fn is_name(alias: &str, value: &str) -> bool {
    if alias.starts_with("ip-") {
        parse_address(value).is_some()
    } else {
        !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '/')
    }
}

/// Masks excerpts by the way that all evidence takes, the search for leaks included.
fn mask(excerpts: &[&Excerpt], options: &Options<'_>) -> Result<Vec<String>, Error> {
    let mut finding = Finding::new("quote", Severity::Info, Confidence::Confirmed, String::new());
    let evidence = |excerpt: &&Excerpt| Evidence {
        at: Location::default(),
        note: String::new(),
        excerpt: (*excerpt).clone(),
        alike: 1,
    };
    finding.evidence = excerpts.iter().map(evidence).collect();
    let analysis = Analysis { findings: vec![finding], ..Analysis::default() };
    let text =
        |excerpt: &Excerpt| excerpt.0.iter().map(|part| part.text.as_str()).collect::<String>();
    checked(
        &analysis,
        options,
        |redacted| {
            let evidence = redacted.analysis.findings.iter().flat_map(|finding| &finding.evidence);
            Ok(evidence.map(|evidence| text(&evidence.excerpt)).collect::<Vec<_>>())
        },
        |texts| texts.iter().map(String::as_bytes).collect(),
    )
    .map(|(_, texts)| texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use daaslens_core::{Part, PartKind};

    fn record(site: &str, query: &str, client: &str) -> Excerpt {
        let part = |kind, text: &str| Part { kind, text: text.to_owned(), strong: false };
        Excerpt(vec![
            part(PartKind::Site, site),
            part(PartKind::Plain, " GET "),
            part(PartKind::Path, "/cart"),
            part(PartKind::Plain, " "),
            part(PartKind::Query, query),
            part(PartKind::Plain, " "),
            part(PartKind::Address, client),
            part(PartKind::Plain, " 503"),
        ])
    }

    fn line(excerpt: Excerpt, shown: Option<&str>) -> Line {
        Line { excerpt, shown: shown.map(str::to_owned) }
    }

    const SHOWN: &str = "site-2 GET /cart token=… ip-17 503";

    fn quoted(lines: &[Line], level: Level) -> Vec<String> {
        let quotes = quote(lines, "… ip-40 (private) …", Level::Strict, level).unwrap();
        quotes
            .into_iter()
            .map(|quote| if let Quote::Text(text) = quote { text } else { "changed".to_owned() })
            .collect()
    }

    #[test]
    fn a_line_that_is_the_same_keeps_its_aliases_and_lends_them_to_others() {
        let lines = [
            line(record("contoso", "token=Tr0ub4dor", "203.0.113.9"), Some(SHOWN)),
            line(record("Contoso", "token=Tr0ub4dor&b=c", "203.0.113.9"), None),
            line(record("contoso", "-", "203.0.113.10"), None),
        ];
        let expected =
            [SHOWN, "site-2 GET /cart token=…&b=… ip-17 503", "site-2 GET /cart - ip-41 503"];
        assert_eq!(quoted(&lines, Level::Strict), expected);
    }

    #[test]
    fn a_line_that_is_another_one_is_not_shown() {
        for (site, query, client) in
            [("contoso", "t=Tr0ub4dor", "203.0.113.9"), ("contoso", "token=1 2", "203.0.113.9 x")]
        {
            let lines =
                [line(record(site, query, client), Some("site-2 GET /cart token=… ip-17 503 9"))];
            assert_eq!(quoted(&lines, Level::Off), ["changed"]);
        }
        let lines = [line(record("contoso", "other=Tr0ub4dor", "203.0.113.9"), Some(SHOWN))];
        assert_eq!(quoted(&lines, Level::Strict), ["changed"]);
    }

    #[test]
    fn the_owner_may_see_what_was_masked() {
        let lines = [line(record("contoso", "token=Tr0ub4dor", "203.0.113.9"), Some(SHOWN))];
        assert_eq!(
            quoted(&lines, Level::Off),
            ["contoso GET /cart token=Tr0ub4dor 203.0.113.9 503"]
        );
        assert_eq!(quoted(&lines, Level::Normal), ["contoso GET /cart token=… 203.0.113.9 503"]);
    }

    #[test]
    fn masks_of_every_kind_match_what_they_stand_for() {
        let masks = Regex::new(MASK).unwrap();
        for (shown, raw, same) in [
            ("a=… …&b", "a=1;2&b", true),
            ("[e-mail] [user]", "a@b.example nobody", true),
            ("ip-1 (private) x", "10.0.0.1 x", true),
            ("host-1:443", "www.contoso.com:443", true),
            ("host-1:443", "www.contoso.com:80", false),
            ("", "", true),
            ("a", "ab", false),
            ("…b", "bab", true),
            ("a…", "b", false),
            ("aa…aa", "aaa", false),
        ] {
            assert_eq!(aligned(&masks, shown, raw).is_some(), same, "{shown} / {raw}");
        }
    }
}
