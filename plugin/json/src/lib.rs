//! JSON for the engine: the settings document, and questions.
//!
//! # In scope
//!
//! - [`prepare`]: a settings document in, prepared settings out
//! - [`Conversation`]: every function of the engine as text, as `wit/ASK.md` has it
//! - `gate`, a feature: the login gate's configuration
//! - `schema`, a feature: `wit/settings.schema.json` and `wit/gate.schema.json`, from the same tables that read the documents
//!
//! # Out of scope
//!
//! - References `{"env"}` and `{"file"}`: the host resolves them. Only the gate's configuration resolves `{"env"}` here
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
mod cursor;
#[cfg(feature = "gate")]
mod gate;
mod prepare;
mod question;
#[cfg(feature = "schema")]
mod schema;

#[cfg(feature = "gate")]
pub use gate::{Configured, Home, gate};
pub use prepare::{Preparation, prepare};
pub use question::Conversation;
#[cfg(all(feature = "schema", feature = "gate"))]
pub use schema::gate_schema;
#[cfg(feature = "schema")]
pub use schema::{schema, schema_of};
