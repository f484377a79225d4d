//! JSON for the engine: the settings document and Xoxzo's replies.
//!
//! # In scope
//!
//! - [`prepare`]: a settings document in, prepared settings out
//! - [`reply`]: what an HTTP answer of Xoxzo means
//! - [`ask`]: every function of the engine as text
//! - `schema`, a feature: `wit/settings.schema.json`, from the same table that reads the document
//!
//! # Out of scope
//!
//! - References `{"env"}` and `{"file"}`: the host resolves them, one that gets here is an error
//! - Every rule on values: those are the engine's types
//!
//! ```text
//! JSON ─ serde_json ─► Node ─ form: names, types, defaults ─► Node ─ read ─► core::Settings ─ rules ─► Prepared
//! ```
//!
//! One tree for every document, and a table instead of derived structs, whose readers took more bytes than the engine.
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

mod answer;
mod at;
mod document;
mod form;
mod node;
mod prepare;
mod question;
mod reply;
#[cfg(feature = "schema")]
mod schema;

pub use prepare::{Preparation, prepare};
pub use question::ask;
pub use reply::reply;
#[cfg(feature = "schema")]
pub use schema::schema;
