//! Words for end users, in ten languages, and the patterns of own wording.

pub(crate) mod explain;
pub(crate) mod locale;
pub(crate) mod pattern;
