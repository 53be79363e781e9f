//! Synthetic bundles whose every number is known, and the laws that parsers and folds obey.
//!
//! Real downloads of a failing site hold other people's data, and nobody knows the truth about them. So the
//! project makes its own: a [`scenario`] simulates a site, plants faults in it, writes the files that App
//! Service would have written, and hands out the [`Truth`] with them. Tests, the accuracy table and the
//! program's demo all use these bundles.
//!
//! * **Builders**: [`LogBuilder`] (W3C lines), [`EventLogBuilder`] (`eventlog.xml`), [`PhpLogBuilder`],
//!   [`DeploymentBuilder`], [`DaasSessionBuilder`], and [`Bundle`], a tree of files in memory that becomes a
//!   folder or a zip of any of the kinds that occur; [`RawZip`] and [`tar`] make archives byte for byte.
//! * **Truth**: [`Tally`] counts requests as the contract says, [`Truth`] is its serialisable form.
//! * **Laws**: [`laws`] holds the checks that every parser and every mergeable state must pass, and
//!   [`hostile`] the inputs on which they must pass it. [`MemorySource`] is a source without a store.
//!
//! The builders share no code with the readers: a reader that misunderstands a format must not be able to
//! agree with a builder that misunderstands it in the same way.
//!
//! Everything is a function of its arguments. The random numbers come from a seed, and logarithms are computed
//! with plain arithmetic, so that the same seed gives the same bytes on every machine.

mod archive;
mod bundle;
mod daas;
mod deployments;
mod events;
pub mod evtx;
mod fixture;
pub mod hostile;
mod instance;
pub mod laws;
mod memory;
mod php;
mod random;
pub mod scenario;
mod tally;
mod truth;
mod w3c;

pub use archive::{LongNames, RawMember, RawZip, Sizes, deflate64_run, tar, tar_member};
pub use bundle::{Bundle, BundleFile, ZipMethod, ZipOptions, gzip};
pub use daas::{CollectedLog, DaasSessionBuilder};
pub use deployments::DeploymentBuilder;
pub use events::{Event, EventLogBuilder};
pub use fixture::{ExpectedLog, expected_logs, fixture, fixtures};
pub use instance::Instance;
pub use memory::MemorySource;
pub use php::PhpLogBuilder;
pub use random::{Random, Zipf};
pub use scenario::{SCENARIOS, Scenario, Staged};
pub use tally::Tally;
pub use truth::{Culprit, Fault, HttpTruth, LatencyTruth, Truth};
pub use w3c::{AZURE_FIELDS, LineEnd, LogBuilder, Request};
