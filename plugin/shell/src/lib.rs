//! Parts that the components of all worlds share.
//!
//! # In scope
//!
//! - The contract's records ([`types`]), and conversions between them and the engine's types ([`convert`])
//! - The host's randomness ([`host_random`])
//!
//! # Out of scope
//!
//! - Every decision: those are the engine's

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod convert;
mod random;

pub use bindings::xoxzo::two_factor::types;
pub use random::host_random;

/// The answer of every exported function.
pub type ExportResult<T> = Result<T, types::Failure>;

#[expect(missing_docs, reason = "generated from the documented contract")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package xoxzo:shell;

            world shell {
              import wasi:random/random@0.2.0;
              import xoxzo:two-factor/types@0.1.0;
            }
        ",
        path: "../../wit",
        world: "xoxzo:shell/shell",
        generate_all,
    });
}
