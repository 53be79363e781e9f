//! The HTTP side: the cube that records are folded into, and what is concluded from it.

pub(crate) mod agent;
pub(crate) mod course;
pub(crate) mod cube;
pub(crate) mod excerpt;
pub(crate) mod format;
pub(crate) mod samples;
pub(crate) mod silence;
pub(crate) mod summary;
pub(crate) mod template;
pub(crate) mod timeline;
pub(crate) mod trouble;
