//! When a deployment took the application down.
//!
//! While `app_offline.htm` lies in the root of a site, ASP.NET and the ASP.NET Core Module answer everything with 503. The
//! deployment scripts put it there before they copy files, and take it away after.

use daaslens_core::{Time, TimeRange};

/// The most ranges that are kept.
const MAX_RANGES: usize = 100;

/// Follows the messages of a deployment.
#[derive(Debug, Default)]
pub(crate) struct Offline {
    since: Option<Time>,
    last: Option<Time>,
    ranges: Vec<TimeRange>,
}

impl Offline {
    pub(crate) fn see(&mut self, time: Option<Time>, message: &str) {
        let Some(time) = time else { return };
        self.last = self.last.max(Some(time));
        if !message.get(..64).unwrap_or(message).to_ascii_lowercase().contains("app_offline.htm") {
            return;
        }
        let does =
            |word: &str| message.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
        if does("Creating ") {
            self.since = self.since.or(Some(time));
        } else if does("Deleting ") {
            self.end(time);
        }
    }

    /// The ranges; one that has no end is taken to end with the last message.
    pub(crate) fn finish(mut self) -> Vec<TimeRange> {
        if let Some(last) = self.last {
            self.end(last);
        }
        self.ranges
    }

    fn end(&mut self, time: Time) {
        if let Some(since) = self.since.take()
            && self.ranges.len() < MAX_RANGES
        {
            self.ranges.push(TimeRange::new(since, time.max(since)));
        }
    }
}
