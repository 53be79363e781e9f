//! The W3C extended log format.

mod read;
mod record;
mod recover;
mod scan;
mod schema;

pub use read::{State, cut, head, read};
pub use record::{Directive, Fault, Item, Malformed, Record};
pub use schema::{Quoting, Schema, Service};

#[cfg(test)]
mod tests;
