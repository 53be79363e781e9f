//! The tables that the build script wrote.

#![expect(clippy::pedantic, reason = "written by the build script")]

use crate::model::*;

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
