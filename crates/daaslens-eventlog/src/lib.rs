//! tmp
pub mod event;
mod fault;
mod parse;
mod read;
mod scan;
pub use event::{Datum, Dialect, Event, Level};
pub use fault::Fault;
pub use read::{Chunk, Item, Items, Malformed, decode, plan, read, read_all};
/// The longest event that is read, in bytes.
pub const MAX_EVENT: usize = 1 << 20;
/// The most insertion strings that are kept of one event.
pub const MAX_DATA: usize = 512;
