//! What the fuzz targets do with arbitrary bytes, as plain functions: each panics where a law is broken. The integration
//! tests run them, without a fuzzer, on what is saved in `corpus`, on the fixtures and on hostile texts.

pub mod analyse;
pub mod applog;
pub mod azure;
pub mod dump;
pub mod eventlog;
pub mod freb;
pub mod phplog;
pub mod platform;
pub mod serverlogs;
pub mod signature;
pub mod store;
pub mod threads;
pub mod tool_report;
pub mod w3c;
