//! The tests that look at the crate from outside.

mod accuracy;
mod blame;
mod latency_accuracy;
mod laws;
mod traffic;
