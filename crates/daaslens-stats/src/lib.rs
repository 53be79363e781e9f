//! The statistics behind the detectors: pure functions over numbers, without IO and without state.
//!
//! A log analyser that alarms on "more than 1 % in a minute" cries wolf twice a day, and one that alarms on "mean
//! plus three sigma" misses an outage of eight hours because the outage raises the mean. The functions here are
//! the ones that neither do:
//!
//! * [`cluster`]: *when* did requests fail? Windows of raised error ratio, to the second. It stands on
//!   [`segment`] (an exact change-point search) and [`mod@baseline`] (what is usual here, although outages are in the
//!   same log).
//! * [`ratio`]: *which* requests failed? Whether a URL, an instance or a client explains a window, and when to say
//!   that nothing does.
//! * [`poisson`]: how surprising is a silence, a heap, a coincidence?
//! * [`stall`], [`wall`], [`silence`]: everything stood still for a while; requests pile up at a timeout; an
//!   instance says nothing any more.
//!
//! What the caller may rely on:
//!
//! * No function panics, whatever the numbers. A count of errors above its count of requests is taken as equal.
//! * Time and memory are bounded by a small factor of the length of the slices handed in (times of day are only
//!   subtracted, never used as a length: a record dated 1970 costs one bin, not half a million hours).
//! * The same numbers give the same result on every platform. Logarithms come from `libm`'s portable code and not
//!   from the system's, and every tie is broken by position.
//! * Counts come out as integers. Floating-point numbers are results only where a rate, a ratio or a probability
//!   is meant.

#![warn(missing_docs)]

pub mod baseline;
pub mod cluster;
mod math;
pub mod poisson;
pub mod ratio;
pub mod segment;
pub mod silence;
pub mod stall;
pub mod wall;

pub use baseline::{Baseline, baseline};
pub use cluster::{Cluster, Clustering, Config, Second, Sensitivity, clusters};
pub use ratio::{Judgement, Table, gate};
pub use segment::{Bin, Segment, default_penalty, segments};
pub use silence::{Silence, silences};
pub use stall::{Activity, Request, Stall, stalls};
pub use wall::{Wall, walls};
