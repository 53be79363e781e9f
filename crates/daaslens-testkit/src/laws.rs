//! The laws that parsers and folds obey, as checks that tests, property tests and fuzz targets share.
//!
//! Every check returns what is wrong as text, so that the caller may fail in its own way: `unwrap` in a test,
//! `prop_assert` in a property test, a panic in a fuzz target.

use daaslens_core::Span;
use std::fmt::Debug;

/// *Tiling*: the spans cover `0..len` without gaps and without overlaps, in order. A parser that obeys it
/// accounts for every byte. Empty spans are faults too: an item that holds nothing says nothing.
pub fn check_tiling(spans: impl IntoIterator<Item = Span>, len: u64) -> Result<(), String> {
    let mut at = 0;
    for (index, span) in spans.into_iter().enumerate() {
        if span.start != at {
            let what = if span.start > at { "a gap" } else { "an overlap" };
            return Err(format!(
                "{what} before item {index}: {at} was reached, {}..{} follows",
                span.start, span.end
            ));
        }
        if span.is_empty() {
            return Err(format!("item {index} is empty: {}..{}", span.start, span.end));
        }
        at = span.end;
    }
    if at == len { Ok(()) } else { Err(format!("the items end at {at}, the input at {len}")) }
}

/// *Chunk independence*: what `read` returns does not depend on the size of the pieces it was asked to use.
/// `targets` are compared with reading in one piece.
pub fn check_chunk_independence<T: PartialEq + Debug>(
    targets: impl IntoIterator<Item = usize>,
    mut read: impl FnMut(usize) -> Vec<T>,
) -> Result<(), String> {
    let whole = read(usize::MAX);
    for target in targets {
        let pieces = read(target);
        if let Some(index) =
            (0..whole.len().max(pieces.len())).find(|&index| whole.get(index) != pieces.get(index))
        {
            return Err(format!(
                "record {index} differs in pieces of {target} bytes: {:?} in one piece, {:?} in pieces",
                whole.get(index),
                pieces.get(index)
            ));
        }
    }
    Ok(())
}

/// *Merge*: `merge` is associative and commutative and `S::default()` is its identity, on these three states.
/// A fold that obeys it gives the same result for any number of threads.
pub fn check_merge<S: Clone + Default + PartialEq + Debug>(
    [a, b, c]: [&S; 3],
    merge: impl Fn(&mut S, &S),
) -> Result<(), String> {
    let sum = |x: &S, y: &S| {
        let mut sum = x.clone();
        merge(&mut sum, y);
        sum
    };
    equal("merging nothing into a state", &sum(a, &S::default()), a)?;
    equal("merging a state into nothing", &sum(&S::default(), a), a)?;
    equal("a+b and b+a", &sum(a, b), &sum(b, a))?;
    equal("(a+b)+c and a+(b+c)", &sum(&sum(a, b), c), &sum(a, &sum(b, c)))
}

/// *Fold*: folding the parts one by one and merging the states gives what folding everything at once gives,
/// for every way of cutting `items` in two.
pub fn check_fold<T, S: Clone + Default + PartialEq + Debug>(
    items: &[T],
    fold: impl Fn(&mut S, &T),
    merge: impl Fn(&mut S, &S),
) -> Result<(), String> {
    let of = |items: &[T]| {
        let mut state = S::default();
        for item in items {
            fold(&mut state, item);
        }
        state
    };
    let whole = of(items);
    for cut in 0..=items.len() {
        let (front, back) = items.split_at(cut);
        let mut merged = of(front);
        merge(&mut merged, &of(back));
        equal(&format!("the whole and the parts, cut at {cut},"), &merged, &whole)?;
    }
    Ok(())
}

fn equal<S: PartialEq + Debug>(what: &str, left: &S, right: &S) -> Result<(), String> {
    if left == right {
        Ok(())
    } else {
        Err(format!("{what} differ\n  left:  {left:?}\n  right: {right:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiling() {
        let spans =
            |parts: &[(u64, u64)]| parts.iter().map(|&(a, b)| Span::new(a, b)).collect::<Vec<_>>();
        assert_eq!(check_tiling(spans(&[(0, 3), (3, 5)]), 5), Ok(()));
        assert_eq!(check_tiling(spans(&[]), 0), Ok(()));
        let fails = |parts: &[(u64, u64)], len| check_tiling(spans(parts), len).unwrap_err();
        assert_eq!(fails(&[(0, 3), (4, 5)], 5), "a gap before item 1: 3 was reached, 4..5 follows");
        assert_eq!(
            fails(&[(0, 3), (2, 5)], 5),
            "an overlap before item 1: 3 was reached, 2..5 follows"
        );
        assert_eq!(fails(&[(0, 3), (3, 3)], 3), "item 1 is empty: 3..3");
        assert_eq!(fails(&[(0, 3)], 5), "the items end at 3, the input at 5");
    }

    #[test]
    fn merges_that_keep_the_laws_and_merges_that_do_not() {
        let add = |a: &mut u64, b: &u64| *a += b;
        assert_eq!(check_merge([&1, &2, &3], add), Ok(()));
        assert!(check_merge([&1u64, &2, &3], |a, b| *a = *a * 2 + b).is_err());
        let last = |a: &mut Option<u8>, b: &Option<u8>| *a = b.or(*a);
        let error = check_merge([&Some(1), &Some(2), &None], last).unwrap_err();
        assert!(error.starts_with("a+b and b+a differ"), "{error}");
        assert_eq!(check_fold(&[1u64, 2, 3], |sum: &mut u64, n| *sum += n, |a, b| *a += b), Ok(()));
        assert!(
            check_fold(&[1u64, 2, 3], |sum: &mut u64, n| *sum = *sum * 10 + n, |a, b| *a += b)
                .is_err()
        );
    }

    #[test]
    fn pieces_that_matter_are_noticed() {
        let bytes = b"abcdef";
        let in_pieces = |target: usize| {
            bytes.chunks(target.min(bytes.len())).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        assert!(check_chunk_independence([4], in_pieces).is_err());
        assert_eq!(check_chunk_independence([1, 4], |_| bytes.to_vec()), Ok(()));
    }
}
