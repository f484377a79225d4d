//! The contract, as wasmtime sees it.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "generated from the documented contract"
)]

wasmtime::component::bindgen!({ path: "wit", world: "two-factor" });
