//! A closer look at lines whose fields are not simply one blank apart.

use super::schema::MAX_COLUMNS;
use super::{Fault, Quoting, Schema};
use crate::{Field, clock};

/// Start and end of each field in the line.
type Ranges = Vec<(u32, u32)>;

/// A line with more blanks than this beyond its columns is not worth trying.
const MAX_SURPLUS: usize = 4096;

/// Cuts a line into the fields of `schema`, and says whether that took more than splitting it.
pub(crate) fn fields(line: &[u8], schema: &Schema) -> Result<(Ranges, bool), Fault> {
    let expected = schema.columns();
    if schema.quoting == Quoting::Quotes {
        let tokens = quoted(line);
        return if tokens.len() == expected {
            Ok((tokens, false))
        } else {
            Err(miscounted(expected, tokens.len()))
        };
    }
    let mut tokens = blanks(line);
    let found = tokens.len();
    if found == expected {
        return Ok((tokens, false));
    }
    if found < expected || found > expected + MAX_SURPLUS || expected > MAX_COLUMNS {
        return Err(miscounted(expected, found));
    }
    // Blanks behind the last value: some producers write one after each value.
    while tokens.len() > expected && tokens.last().is_some_and(|(start, end)| start == end) {
        tokens.pop();
    }
    if tokens.len() == expected {
        return Ok((tokens, true));
    }
    tokens = tightened(tokens, schema);
    if tokens.len() == expected {
        let fits = tokens.iter().enumerate().all(|(column, &(start, end))| {
            let value = line.get(start as usize..end as usize).unwrap_or_default();
            schema.field(column).is_none_or(|field| field.accepts(value))
        });
        return if fits { Ok((tokens, true)) } else { Err(miscounted(expected, found)) };
    }
    absorb(line, &tokens, schema)
        .map(|ranges| (ranges, true))
        .ok_or_else(|| miscounted(expected, found))
}

/// Without the surplus empty parts among and right before the numbers at the end: a producer that pads its columns
/// writes `200  0  0  15`. No number is empty, so those parts cannot be values.
fn tightened(tokens: Ranges, schema: &Schema) -> Ranges {
    let columns = schema.columns();
    let numbers = (0..columns)
        .rev()
        .take_while(|&column| schema.field(column).is_some_and(Field::is_number))
        .count();
    let mut surplus = tokens.len() - columns;
    let mut left = numbers;
    let mut kept: Ranges = Vec::with_capacity(tokens.len());
    for (start, end) in tokens.into_iter().rev() {
        let is_empty = start == end;
        // Once all numbers are met, only what stands right before them may go.
        let among = left > 0 || kept.len() == numbers;
        if is_empty && among && surplus > 0 && numbers > 0 {
            surplus -= 1;
            continue;
        }
        left = left.saturating_sub(1);
        kept.push((start, end));
    }
    kept.reverse();
    kept
}

fn miscounted(expected: usize, found: usize) -> Fault {
    Fault::FieldCount { expected: expected as u32, found: u32::try_from(found).unwrap_or(u32::MAX) }
}

fn blanks(line: &[u8]) -> Ranges {
    let mut tokens = Vec::with_capacity(24);
    let mut start = 0;
    for at in memchr::memchr_iter(b' ', line) {
        tokens.push((start, at as u32));
        start = at as u32 + 1;
    }
    tokens.push((start, line.len() as u32));
    tokens
}

/// Values parted by runs of blanks or tabs; one that begins with a quote goes on to the quote that ends it.
fn quoted(line: &[u8]) -> Ranges {
    let is_blank = |at: usize| line.get(at).is_none_or(|c| matches!(c, b' ' | b'\t'));
    let mut tokens = Vec::with_capacity(24);
    let mut at = 0;
    while at < line.len() {
        if is_blank(at) {
            at += 1;
        } else if line[at] == b'"'
            && let Some(close) = closing_quote(line, at + 1).filter(|close| is_blank(close + 1))
        {
            tokens.push((at as u32 + 1, close as u32));
            at = close + 1;
        } else {
            let end = (at..line.len()).find(|end| is_blank(*end)).unwrap_or(line.len());
            tokens.push((at as u32, end as u32));
            at = end;
        }
    }
    tokens
}

/// The quote that ends a value: the first that is not doubled, since a doubled one stands for itself.
fn closing_quote(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr::memchr(b'"', line.get(at..)?)?;
        if line.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        at = quote + 2;
    }
}

/// Gives the surplus blanks to one free-text column, so that everything left and right of it is what it should
/// be: dates and addresses anchor the left, the numeric tail anchors the right.
fn absorb(line: &[u8], tokens: &[(u32, u32)], schema: &Schema) -> Option<Ranges> {
    // Where a blank most often slips through, first.
    const ORDER: [Option<Field>; 8] = [
        Some(Field::UserAgent),
        Some(Field::Cookie),
        Some(Field::UriStem),
        Some(Field::UriQuery),
        Some(Field::Referer),
        Some(Field::UserName),
        Some(Field::Host),
        None, // custom columns
    ];
    let surplus = tokens.len() - schema.columns();
    let value =
        |(start, end): (u32, u32)| line.get(start as usize..end as usize).unwrap_or_default();
    let fits =
        |column: usize, range| schema.field(column).is_none_or(|field| field.accepts(value(range)));
    // How far the columns fit from the left, and from the right: one look at each token.
    let left = (0..schema.columns()).take_while(|&column| fits(column, tokens[column])).count();
    let right = (0..schema.columns())
        .rev()
        .take_while(|&column| fits(column, tokens[column + surplus]))
        .count();
    let wide = |column: usize| (tokens[column].0, tokens[column + surplus].1);
    let column = ORDER.into_iter().find_map(|field| {
        (0..schema.columns()).find(|&column| {
            schema.field(column) == field
                && field.is_none_or(Field::is_text)
                && column <= left
                && schema.columns() - column - 1 <= right
                && fits(column, wide(column))
                && !holds_a_record(value(wide(column)))
        })
    })?;
    let mut ranges: Ranges = tokens[..column].to_vec();
    ranges.push(wide(column));
    ranges.extend_from_slice(&tokens[column + surplus + 1..]);
    Some(ranges)
}

/// Whether a value holds ` HH:MM:SS ` after something that ends like a date: then it is no value, but the end of
/// one record and the start of the next, the line end between them lost.
fn holds_a_record(value: &[u8]) -> bool {
    memchr::memchr_iter(b' ', value).any(|at| {
        at >= 10
            && clock::parse_date(&value[at - 10..at]).is_some()
            && value
                .get(at + 1..at + 9)
                .is_some_and(|time| clock::parse_time_of_day(time).is_some())
    })
}
