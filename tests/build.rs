//! Takes the Rust code out of the README, so that `tests/readme.rs` runs it as it is printed.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let readme = "../README.md";
    println!("cargo::rerun-if-changed={readme}");
    let text = fs::read_to_string(readme).expect("the README lies beside this crate's folder");
    let (_, code) = text
        .split_once("```rust\n")
        .expect("the README has Rust code");
    let (code, rest) = code.split_once("```\n").expect("its end");
    assert!(!rest.contains("```rust"), "more Rust code than one block");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("readme.rs"), code).expect("cargo's own folder");
}
