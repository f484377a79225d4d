//! The login gate of xoxzo-2fa as an Envoy filter.
//!
//! # In scope
//!
//! - Envoy's callbacks and calls: the head and body of a request in, what the gate decides out
//! - A watch for a setting that Envoy lacks, without which no form would ever be read
//! - The guard, in the data that all workers of one Envoy share ([`guard`]), or by calls to a fleet's guard service
//! - Metrics, and a line of log for each decision that costs something
//!
//! # Out of scope
//!
//! - Every decision: those are the gate's
//!
//! ```text
//! worker 1: root ─ Gate, Cache ─ request, request, …  ─┐
//! worker 2: root ─ Gate, Cache ─ request, request, …  ─┼─ shared data: id of the process, shards of counters
//! ```
//!
//! Each worker has its own virtual machine; what one of them must know of another is in the shared data. In a fleet, each worker pulls the list of
//! revocations for itself, and a form calls the guard service:
//!
//! ```text
//! worker: root ─ Fleet ── every 2 s ──► guard service ─ store        request with a pass ─► Fleet: no call
//!                                             ▲
//! form ───────────────────────────────────────┘
//! ```

#![deny(unsafe_code)]
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

mod exchange;
pub mod guard;
mod host;
mod metrics;
mod root;
mod shared;
mod stream;
mod watchdog;

pub use root::Root;

// Elsewhere nothing has the functions that Envoy gives.
#[cfg(target_arch = "wasm32")]
mod entry {
    proxy_wasm::main! {{
        proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
        proxy_wasm::set_root_context(|_| Box::new(crate::Root::default()));
    }}
}
