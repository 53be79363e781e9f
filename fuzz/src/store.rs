//! Files of any kind: archives open or are named as broken, within their limits, and what is listed can be read or says
//! why not. The same holds for what is left of them when they are cut off.

use daaslens_store::{Limits, Options, Store};
use std::io::Read as _;

/// No source gives more than this: twice what all archives together may inflate to.
const MOST: u64 = 2 << 20;

/// Panics where a law is broken: by the bytes, or by the beginning of them that the last one says.
pub fn check(data: &[u8]) {
    whole(data);
    if let Some(last) = data.last() {
        whole(&data[..data.len() * usize::from(*last) / 256]);
    }
}

#[expect(clippy::disallowed_methods, reason = "the store reads files, so there has to be one")]
fn whole(data: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    std::fs::write(&path, data).unwrap();
    let limits = Limits {
        depth: 3,
        members: 50,
        ratio: 20,
        ratio_from: 1 << 16,
        nested: 1 << 18,
        held: 1 << 19,
        total: 1 << 20,
    };
    let mut lists = Vec::new();
    for map in [true, false] {
        let store =
            Store::open(&[&path].map(Clone::clone), &Options { map, limits: limits.clone() });
        assert!(store.errors().is_empty(), "{:?}", store.errors());
        let sources = store.sources();
        assert!(!sources.is_empty(), "a file is always listed");
        let mut list = Vec::new();
        for source in &sources {
            let mut read = 0;
            let result = source.stream(&mut |reader| {
                read += std::io::copy(&mut reader.take(MOST + 1), &mut std::io::sink())?;
                Ok(())
            });
            assert!(read <= MOST + data.len() as u64, "{} of {}", read, source.origin().path);
            if source.is_seekable() && result.is_ok() {
                assert_eq!(read, source.size(), "{}", source.origin().path);
            }
            list.push((
                source.origin().clone(),
                source.size(),
                read,
                source.fault().map(str::to_owned),
            ));
        }
        assert!(list.is_sorted_by(|a, b| a.0.path <= b.0.path));
        lists.push(list);
    }
    // Mapped or not, it is the same input.
    assert_eq!(lists[0], lists[1]);
}
