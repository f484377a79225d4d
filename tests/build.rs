//! Takes what the documents of `xoxzo-2fa` print, so that tests run it as it is printed: the code of a service in its README for `tests/readme.rs`, and
//! settings and code of the guide to logins for `tests/manual.rs`.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let write = |name: &str, text: &str| {
        fs::write(out.join(name), text).expect("cargo's own folder");
    };
    let readme = read("../host/sdk/README.md");
    write("readme.rs", only(&blocks(&readme, "rust")));

    let guide = read("../host/sdk/src/manual/login.rs");
    let lines = guide.lines().map(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| line.expect("the guide is one comment"));
    let lines: Vec<_> = lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let guide = lines.join("\n");
    let settings = blocks(&guide, "json");
    assert_eq!(settings.len(), 2, "settings, and texts to add to them");
    write("login.json", settings[0]);
    write("texts.json", settings[1]);
    let code = only(&blocks(&guide, "")).split("# fn main()");
    write(
        "login.rs",
        code.into_iter().next().expect("it has a beginning"),
    );
}

fn read(path: &str) -> String {
    println!("cargo::rerun-if-changed={path}");
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The blocks of a language, in their order.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let parts = text.split("```");
    let inside = parts.skip(1).step_by(2);
    let own = inside.filter_map(|block| block.split_once('\n'));
    own.filter(|(of, _)| *of == language)
        .map(|(_, block)| block)
        .collect()
}

fn only<'a>(blocks: &[&'a str]) -> &'a str {
    match blocks {
        [block] => block,
        _ => panic!("{} blocks that are run, not one", blocks.len()),
    }
}
