//! The basic parts: bytes, JSON, time, randomness, failures, forms of texts.

pub(crate) mod audit;
pub(crate) mod channel;
pub(crate) mod clock;
pub(crate) mod codec;
pub(crate) mod delivery;
pub(crate) mod display;
pub mod document;
pub(crate) mod failure;
pub(crate) mod form;
pub mod json;
pub mod mark;
pub(crate) mod random;
pub(crate) mod range;
pub mod record;
