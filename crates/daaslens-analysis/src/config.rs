//! What shapes a run.

use daaslens_core::Time;
pub use daaslens_stats::cluster::Sensitivity;
use globset::GlobMatcher;

/// How to analyse.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many threads read; at least 1.
    pub threads: usize,
    /// The size of the pieces that are read in parallel. Never changes the result.
    pub chunk_size: usize,
    /// Which records count.
    pub filter: Filter,
    /// How willingly a change of the error rate is seen.
    pub sensitivity: Sensitivity,
}

/// Which records count.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only records from this time on.
    pub since: Option<Time>,
    /// Only records up to this time.
    pub until: Option<Time>,
    /// Only instances of this name, in lower case.
    pub instance: Option<GlobMatcher>,
    /// Only paths like this.
    pub url: Option<GlobMatcher>,
}

impl Filter {
    /// Whether a record counts. A record without a time is outside of any window.
    #[inline]
    pub fn admits(&self, time: Option<Time>, path: &[u8]) -> bool {
        if self.since.is_none() && self.until.is_none() && self.url.is_none() {
            return true;
        }
        self.admits_time(time)
            && self.url.as_ref().is_none_or(|url| url.is_match(&*String::from_utf8_lossy(path)))
    }

    /// Whether something at this time counts.
    pub fn admits_time(&self, time: Option<Time>) -> bool {
        let since = self.since.is_none_or(|since| time.is_some_and(|time| since <= time));
        let until = self.until.is_none_or(|until| time.is_some_and(|time| time <= until));
        since && until
    }

    /// Whether an instance counts, by any of its names.
    pub fn admits_instance(&self, names: &[&str]) -> bool {
        self.instance
            .as_ref()
            .is_none_or(|glob| names.iter().any(|name| glob.is_match(name.to_ascii_lowercase())))
    }

    /// Whether something that names a machine counts: machine names and RawLogs prefixes are two worlds, so a
    /// filter that looks like a prefix says nothing about machines.
    pub fn admits_instance_or_unknown(&self, machine: &str) -> bool {
        let is_prefix = |glob: &str| glob.len() == 6 && glob.bytes().all(|c| c.is_ascii_hexdigit());
        self.instance
            .as_ref()
            .is_none_or(|glob| is_prefix(glob.glob().glob()) || glob.is_match(machine))
    }

    /// Whether only a part of the input counts.
    pub fn is_narrow(&self) -> bool {
        self.since.is_some()
            || self.until.is_some()
            || self.instance.is_some()
            || self.url.is_some()
    }
}

/// Told how far the reading is.
pub trait Progress: Sync {
    /// So many more bytes were read.
    fn advance(&self, bytes: u64);
}

/// Nobody is told.
impl Progress for () {
    fn advance(&self, _: u64) {}
}
