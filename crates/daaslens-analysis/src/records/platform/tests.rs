//! Records of the platform, put together from made-up trees.

use std::io::{self, Read};
use std::sync::Arc;

use daaslens_core::{Kind, Origin, Source};

use super::super::Count;
use super::{Platform, recognise};
use daaslens_platform::What;

/// A file in memory.
struct Memory(Vec<u8>, Origin);

impl Source for Memory {
    fn origin(&self) -> &Origin {
        &self.1
    }
    fn size(&self) -> u64 {
        self.0.len() as u64
    }
    fn head(&self) -> &[u8] {
        &self.0
    }
    fn fault(&self) -> Option<&str> {
        None
    }
    fn is_seekable(&self) -> bool {
        false
    }
    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
    fn stream(&self, body: &mut dyn FnMut(&mut dyn Read) -> io::Result<()>) -> io::Result<()> {
        body(&mut self.0.as_slice())
    }
}

/// Reads the files of a tree, in the order in which they are given: what was understood, and what was counted of each.
pub(crate) fn read<const N: usize>(files: &[(&str, &str); N]) -> (Platform, [Count; N]) {
    let origin = |path: &str| Origin {
        path: path.to_owned(),
        kind: Kind::Daas,
        site: None,
        instance: None,
        machine: None,
        session: path
            .split('/')
            .find(|part| daaslens_platform::session::time_of_id(part).is_some())
            .map(str::to_owned),
    };
    let mut platform = Platform::default();
    let mut counts: [Count; N] = std::array::from_fn(|_| Count::default());
    let mut sources: Vec<Arc<dyn Source>> = Vec::new();
    for is_cpu in [false, true] {
        let hints = platform.cpu.hints();
        for (i, (path, text)) in files.iter().enumerate() {
            let what = recognise(&super::lowered(path), text.as_bytes());
            if (what == Some(What::CpuLog)) == is_cpu {
                let one = Platform::read(text.as_bytes(), i, &origin(path), &hints, &mut counts[i]);
                platform.merge(one);
            }
        }
    }
    for (path, text) in files {
        sources.push(Arc::new(Memory(text.as_bytes().to_vec(), origin(path))));
    }
    platform.settle(&sources);
    (platform, counts)
}
