//! The same log twice: an older copy of a log that goes on in a newer one.
//!
//! People download a site twice, or a diagnostic session has copied a log that is still in its place. A copy is a
//! log whose bytes are the beginning of another's; its records would count twice. Lines are never compared one by
//! one, since equal lines next to each other are legitimate.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use daaslens_core::Source;

/// How much is compared at a time.
const STEP: usize = 64 << 10;

/// The most logs with the same first record whose first bytes are looked at.
const MOST_LOOKED_AT: usize = 1000;

/// The most logs with the same first bytes that one log is compared with: thousands that begin alike, each of its own, are
/// nobody's copies.
const MOST_COMPARED: usize = 16;

/// Of the sources at `candidates`, those that are copies: (copy, original).
pub(crate) fn find(sources: &[Arc<dyn Source>], candidates: &[usize]) -> Vec<(usize, usize)> {
    // Logs that begin with the same record are worth comparing. The record carries a time, an address and a
    // request id, so that there is nearly never a second one.
    let mut groups: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for &i in candidates {
        if let Some(line) = first_record(sources[i].head()) {
            groups.entry(line).or_default().push(i);
        }
    }
    let mut copies = Vec::new();
    for mut group in groups.into_values().filter(|group| group.len() > 1) {
        // The largest is the original of all its beginnings; of equals, the first by path.
        group.sort_by_key(|&i| (std::cmp::Reverse(sources[i].size()), i));
        let mut originals: Vec<usize> = Vec::new();
        for i in group {
            let same_writer = |j: usize| {
                let (a, b) = (&sources[i].origin().instance, &sources[j].origin().instance);
                a.is_none() || b.is_none() || a == b
            };
            let alike = originals
                .iter()
                .copied()
                .take(MOST_LOOKED_AT)
                .filter(|&j| same_writer(j) && may_begin(sources[i].head(), sources[j].head()));
            match alike.take(MOST_COMPARED).find(|&j| is_beginning(&*sources[i], &*sources[j])) {
                Some(original) => copies.push((i, original)),
                None => originals.push(i),
            }
        }
    }
    copies
}

/// What is said of a copy.
pub(crate) fn reason(original: &dyn Source) -> String {
    format!("an older copy of {}, which holds all of it", original.origin().path)
}

fn first_record(head: &[u8]) -> Option<&[u8]> {
    head.split_inclusive(|c| *c == b'\n').find(|line| {
        line.ends_with(b"\n")
            && !line.starts_with(b"#")
            && line.first().is_some_and(|c| c.is_ascii_digit() || *c == b'[')
    })
}

/// Whether the first bytes of a log may be those of another's beginning; no file is opened for that.
fn may_begin(copy: &[u8], original: &[u8]) -> bool {
    let same = copy.iter().zip(original).take_while(|(a, b)| a == b).count();
    same == original.len() || copy.iter().skip(same).all(|c| *c == 0)
}

/// Whether all of `copy` (but NUL padding at its end) is the beginning of `original`.
fn is_beginning(copy: &dyn Source, original: &dyn Source) -> bool {
    let mut result = false;
    let compared = original.stream(&mut |original| {
        copy.stream(&mut |copy| {
            result = compare(copy, original)?;
            Ok(())
        })
    });
    compared.is_ok() && result
}

fn compare(copy: &mut dyn Read, original: &mut dyn Read) -> io::Result<bool> {
    let (mut a, mut b) = (vec![0; STEP], vec![0; STEP]);
    let mut padding = false;
    loop {
        let n = fill(copy, &mut a)?;
        if n == 0 {
            return Ok(true);
        }
        let m = if padding { 0 } else { fill(original, &mut b[..n])? };
        let same = a[..n].iter().zip(&b[..m]).take_while(|(x, y)| x == y).count();
        if same < n {
            if a[same..n].iter().any(|c| *c != 0) {
                return Ok(false);
            }
            padding = true;
        }
    }
}

fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match reader.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::{compare, may_begin};

    #[test]
    fn first_bytes_tell_most_logs_apart() {
        assert!(may_begin(b"abc", b"abcdef"));
        assert!(may_begin(b"abcdef", b"abcdef"));
        assert!(may_begin(b"abc\0\0", b"abcdef"));
        assert!(!may_begin(b"abx", b"abcdef"));
    }

    #[test]
    fn a_beginning_is_a_copy_with_or_without_padding() {
        let is = |copy: &[u8], original: &[u8]| compare(&mut &*copy, &mut &*original).unwrap();
        assert!(is(b"abc", b"abcdef"));
        assert!(is(b"abc", b"abc"));
        assert!(is(b"abc\0\0", b"abcdef"));
        assert!(!is(b"abcdef", b"abc"));
        assert!(!is(b"abx", b"abcdef"));
        assert!(!is(b"abc\0\0x", b"abcdef"));
    }
}
