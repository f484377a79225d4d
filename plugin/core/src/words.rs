//! Words for end users in each language, and the patterns of own wording.

pub(crate) mod explain;
pub(crate) mod language;
pub(crate) mod languages;
pub(crate) mod pattern;
