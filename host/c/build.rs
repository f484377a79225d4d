//! Names the shared library, and keeps the symbols of what it is made of to itself.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // A program that was linked with one version runs with every other of that number: the first part of the version or, before 1.0, the second.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libxoxzo_2fa.so.0.1");
        println!("cargo:rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
        // The thread of a client outlives whoever closes the library, such as the FFI of PHP with its objects.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
