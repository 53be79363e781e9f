//! The vocabulary that every crate of the workspace shares.
//!
//! Nothing here reads, writes or prints. There are three kinds of things:
//!
//! * *Positions and times* ([`Span`], [`SourceId`], [`Time`], [`TimeRange`]): small `Copy` types.
//! * *Aggregates* ([`Latency`]) whose merge is exact, commutative and associative, so that a result never
//!   depends on how the input was cut or on how many threads read it.
//! * *The model* ([`model`]): what an analysis knows, as plain data with public fields. Renderers take it and
//!   format it; it does not format, serialise or print itself.

pub mod finding;
pub mod latency;
pub mod model;
pub mod source;
pub mod span;
pub mod text;
pub mod time;

pub use finding::{
    Advice, Attribution, Cause, Confidence, Evidence, Excerpt, Factor, Finding, Metric, Metrics,
    Part, PartKind, Severity, Subject,
};
pub use latency::Latency;
pub use source::{Kind, Origin, Source};
pub use span::{Location, SourceId, Span};
pub use time::{Time, TimeRange};
