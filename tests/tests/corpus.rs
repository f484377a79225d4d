//! The fuzzers' corpus, as tests.

#[expect(unreachable_pub, reason = "public for the fuzzers")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        run(&fs::read(entry.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs >= 5, "{target} has {inputs} inputs");
}

#[test]
fn settings() {
    replay("settings", fuzz::settings);
}

#[test]
fn token() {
    replay("token", fuzz::token);
}

#[test]
fn reply() {
    replay("reply", fuzz::reply);
}

#[test]
fn message() {
    replay("message", fuzz::message);
}

#[test]
fn phone() {
    replay("phone", fuzz::phone);
}

#[test]
fn question() {
    replay("question", fuzz::question);
}

#[test]
fn request() {
    replay("request", fuzz::request);
}
