//! JSON for the engine: the settings document and Xoxzo's replies.
//!
//! # In scope
//!
//! - [`prepare`]: a settings document in, prepared settings out; `wit/settings.schema.json` describes the document
//! - [`reply`]: what an HTTP answer of Xoxzo means
//!
//! # Out of scope
//!
//! - References `{"env"}` and `{"file"}`: the host resolves them, one that gets here is an error
//! - Every rule on values: those are the engine's types
//!
//! Errors name path, line and kind, and never a value: a mistyped key must not end up in a log.

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

mod document;
mod fault;
mod prepare;
mod reply;
mod text;

pub use prepare::{Preparation, prepare};
pub use reply::reply;

/// The JSON schema of the settings document.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(document::Document)
}
