//! The contract, as wasmtime sees it.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from the documented contract"
)]

wasmtime::component::bindgen!({ path: "wit", world: "two-factor" });

/// The world whose operations are cut at each wait.
#[cfg(feature = "tokio")]
pub(crate) mod steps {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "two-factor-steps",
        with: {
            "xoxzo:two-factor/types": crate::bindings::xoxzo::two_factor::types,
            "wasi:random/random": crate::bindings::wasi::random::random,
        },
    });
}

/// The world that prepares settings and checks receipts.
pub(crate) mod configuration {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "two-factor-configuration",
        with: {
            "xoxzo:two-factor/types": crate::bindings::xoxzo::two_factor::types,
            "wasi:random/random": crate::bindings::wasi::random::random,
        },
    });
}
