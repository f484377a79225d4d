//! SMS two-factor authentication through Xoxzo, for C and every language that can call C: the Rust SDK behind a C interface.
//!
//! # In scope
//!
//! - the operations of the SDK, with structs that say their own size
//! - counter stores in memory, SQLite and Redis, or a guard of the program's own
//! - a transport and a clock of the program's own, and every event as JSON
//! - [`x2f_call`]: every function of the engine as text, for languages whose FFI makes structs hard
//!
//! # Out of scope
//!
//! - rules, limits, texts and verdicts: they come from the engine
//! - sessions, pages, recovery codes
//!
//! ```text
//! program ── xoxzo_2fa.h ── this crate ── xoxzo-2fa (Rust) ── two-factor.wasm
//!    ^                           │
//!    └── guard, transport, clock, events: functions of the program
//! ```
//!
//! Nothing of Rust crosses the boundary. A panic becomes a failure, a text that is not UTF-8 is read as one that is refused, and a struct of
//! another size than this version knows is refused or read as far as it is known.
//!
//! # Example
//!
//! ```c
//! x2f_challenge challenge = {.size = sizeof challenge};
//! if (x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK) { /* keep challenge.token in the session */ }
//! if (x2f_verify(client, token, &binding, pin, NULL, NULL, &failure).accepted) { /* let the user in */ }
//! ```

#![deny(missing_docs)]
#![expect(non_camel_case_types, reason = "they are names in C")]
#![expect(unreachable_pub, reason = "programs reach them by the header")]

mod arguments;
mod call;
mod client;
mod event;
mod fault;
mod hooks;
mod offline;
mod operations;
mod operators;
mod record;
mod results;
mod store;
mod text;

#[cfg(test)]
mod header;
