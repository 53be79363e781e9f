//! The catalogue as data, and the checks that keep it right.
//!
//! The modules below are the build script's own files: what is tested here is what decides
//! whether a build goes through.

#[path = "../../build/catalogue.rs"]
mod catalogue;
#[path = "../../build/emit.rs"]
mod emit;
#[path = "../../build/entry.rs"]
mod entry;
#[path = "../../build/faults.rs"]
mod faults;
#[path = "../../src/fold.rs"]
mod fold;
#[path = "../../src/pattern.rs"]
mod pattern;

mod data;
mod explaining;
mod matching;
mod outcomes;
mod rejected;
