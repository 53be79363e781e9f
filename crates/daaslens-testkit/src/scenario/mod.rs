//! Sites with planted faults, each for any seed.
//!
//! A scenario simulates a site on an ordinary day, lets a fault hit part of its requests, writes the files that
//! App Service would have written, and counts what is true. The window of a cluster is measured, not assumed:
//! it runs from the first to the last second in which the fault made an error.

mod daas_sessions;
mod errors;
mod fault;
mod first_look;
mod other;
mod site;

#[cfg(test)]
mod tests;

pub use daas_sessions::daas_sessions;
pub use first_look::first_look;

use crate::{Bundle, Truth};

/// A bundle and what is true of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Staged {
    /// The files.
    pub bundle: Bundle,
    /// What is true of them.
    pub truth: Truth,
}

/// A kind of incident, or of calm.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// In kebab-case; stable.
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    build: fn(u64) -> Staged,
}

impl Scenario {
    /// The scenario of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        SCENARIOS.iter().find(|scenario| scenario.name == name)
    }

    /// Simulates it. The same seed gives the same bytes.
    pub fn build(&self, seed: u64) -> Staged {
        (self.build)(seed)
    }
}

/// All scenarios: clusters of errors first, then what is slow, then what is none of anybody's business.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "total-outage-503",
        title: "3 minutes in which every request fails with 503",
        build: errors::total_outage,
    },
    Scenario {
        name: "crash-burst-502",
        title: "one instance crashes: 20 seconds of 502.3",
        build: errors::crash_burst,
    },
    Scenario { name: "faint-60min", title: "60 minutes at 1 %", build: errors::faint_hour },
    Scenario { name: "mild-10min", title: "10 minutes at 5 %", build: errors::mild_ten_minutes },
    Scenario { name: "third-of-log", title: "8 of 24 hours at 30 %", build: errors::third_of_log },
    Scenario {
        name: "two-bursts",
        title: "two bursts, 4 minutes apart",
        build: errors::two_bursts,
    },
    Scenario {
        name: "low-traffic",
        title: "2 minutes at 20 % on 0.3 requests a second",
        build: errors::low_traffic,
    },
    Scenario { name: "bad-url-500", title: "one URL fails for an hour", build: errors::bad_url },
    Scenario {
        name: "bad-instance-500",
        title: "one of four instances fails for 20 minutes",
        build: errors::bad_instance,
    },
    Scenario {
        name: "deployment-500-30",
        title: "a deployment after which the app does not start",
        build: errors::deployment,
    },
    Scenario {
        name: "slow-url",
        title: "one URL takes seconds for 90 minutes",
        build: other::slow_url,
    },
    Scenario {
        name: "timeout-wall-230",
        title: "one URL hangs until the platform cuts it off",
        build: other::timeout_wall,
    },
    Scenario {
        name: "stall-30s",
        title: "nothing is answered for 30 seconds",
        build: other::stall,
    },
    Scenario {
        name: "recycle-995",
        title: "a recycle cuts off everything in flight",
        build: other::recycle,
    },
    Scenario {
        name: "client-abort-wave",
        title: "clients give up for 6 minutes",
        build: other::client_aborts,
    },
    Scenario {
        name: "clean-busy",
        title: "bursts of traffic and no fault",
        build: other::clean_busy,
    },
    Scenario { name: "clean-quiet", title: "a site that nobody visits", build: other::clean_quiet },
    Scenario {
        name: "scanner-404",
        title: "a scanner makes thousands of 404",
        build: other::scanner,
    },
    Scenario { name: "scm-errors", title: "only the SCM site fails", build: other::scm_errors },
];
