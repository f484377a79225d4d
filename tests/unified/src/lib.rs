//! Nothing but features of dependencies: see `Cargo.toml`.
//!
//! `cargo clippy -p xoxzo-2fa` alone would choose other features for dependencies of wasmtime than `--workspace` does, and compile all of
//! them once more. With `-p xoxzo-2fa-unified` beside it, it does not.
