//! Files of any kind: archives open or are named as broken, within their limits, and what is listed can be read or says
//! why not.

use daaslens_store::{Limits, Options, Store};
use std::io::Read as _;

/// No source gives more than this: twice what all archives together may inflate to.
const MOST: u64 = 2 << 20;

/// Panics where a law is broken.
#[expect(clippy::disallowed_methods, reason = "the store reads files, so there has to be one")]
pub fn check(data: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    std::fs::write(&path, data).unwrap();
    let limits = Limits {
        depth: 3,
        members: 50,
        ratio: 20,
        ratio_from: 1 << 16,
        nested: 1 << 18,
        total: 1 << 20,
    };
    let mut lists = Vec::new();
    for map in [true, false] {
        let store =
            Store::open(&[&path].map(Clone::clone), &Options { map, limits: limits.clone() });
        assert!(store.errors().is_empty(), "{:?}", store.errors());
        let sources = store.sources();
        assert!(!sources.is_empty() || data.starts_with(b"PK"), "a file is always listed");
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
