//! The only crate that reads the outside world.
//!
//! [`Store::open`] takes what was given on the command line (folders, files, archives in archives) and lists
//! every file in it as a [`Source`]: named, sized, its first bytes looked at, its [`Kind`] recognised. Nothing is
//! unpacked to disk. What cannot be opened is listed too, with the reason, and never stops the rest; an archive of
//! which a part is missing is listed beside its members, and says what.
//!
//! # Limits
//!
//! Archives are hostile by default. [`Limits`] bounds how deep they nest, how many members they have, how far
//! one member and all of them may inflate; each limit that is exceeded is a visible fault of the source that
//! exceeded it. Names are read and never written: `..`, drive letters and backslashes are only text.

mod app_text;
mod bytes;
mod content;
mod limits;
mod lister;
mod recognise;
mod salvage;
mod store;
mod tar_list;
#[cfg(test)]
mod tests;
mod text;
mod zip_list;

pub use daaslens_core::{Kind, Source};
pub use limits::Limits;
pub use store::{Error, Input, Options, Store};
