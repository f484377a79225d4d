//! `xoxzo_2fa_ffi.h` is what cbindgen makes of this crate. `X2F_HEADER=write cargo test -p xoxzo-2fa-c header` writes it.

use std::path::Path;
use std::{env, fs};

use cbindgen::{Builder, DocumentationStyle, Language, Style};

/// The part of a Rust function's documentation that C has no use for.
const SAFETY: &str = " *\n * # Safety\n *\n * The header's rules for arguments.\n";

const HEADER: &str = "/*
 * The declarations of libxoxzo_2fa, without a line for a preprocessor: for the FFI of another language. C and C++ include xoxzo_2fa.h.
 *
 * cbindgen makes this file from host/c/src, and a test compares both.
 */";

fn generated() -> String {
    let crate_folder = env!("CARGO_MANIFEST_DIR");
    let mut config = cbindgen::Config {
        language: Language::C,
        style: Style::Type,
        header: Some(HEADER.to_string()),
        no_includes: true,
        documentation_style: DocumentationStyle::Doxy,
        usize_is_size_t: true,
        line_length: 140,
        ..cbindgen::Config::default()
    };
    config.parse.parse_deps = false;
    // Constants that no argument or result has for its type.
    let alone = ["x2f_offer", "x2f_no_answer", "x2f_scope"];
    config.export.include = alone.map(str::to_string).to_vec();
    let sources = [
        "arguments",
        "results",
        "fault",
        "hooks",
        "store",
        "client",
        "operations",
        "operators",
        "offline",
        "call",
    ];
    let made = Builder::new().with_config(config);
    let made = sources.iter().fold(made, |made, name| {
        made.with_src(Path::new(crate_folder).join(format!("src/{name}.rs")))
    });
    let mut text = Vec::new();
    made.generate()
        .expect("the crate can be read")
        .write(&mut text);
    let text = String::from_utf8(text).expect("it is UTF-8");
    text.replace(SAFETY, "")
}

#[test]
fn the_header_is_what_the_crate_exports() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("xoxzo_2fa_ffi.h");
    let made = generated();
    if env::var("X2F_HEADER").as_deref() == Ok("write") {
        fs::write(&path, &made).expect("the header can be written");
    }
    let header = fs::read_to_string(&path).expect("the header can be read");
    assert!(
        header == made,
        "the header is another: write it as this file says"
    );
    for line in header.lines() {
        assert!(
            !line.trim_start().starts_with('#'),
            "no preprocessor: {line}"
        );
    }
}

/// A field that is read by `required` has no default, and no document may promise one.
#[test]
fn no_required_field_has_a_default() {
    let source = include_str!("arguments.rs");
    let mut seen = 0;
    for (struct_name, path) in [
        ("x2f_transaction", "transaction."),
        ("x2f_binding", "binding."),
        ("x2f_expected", "expected."),
    ] {
        let (_, after) = source
            .split_once(&format!("pub struct {struct_name} {{"))
            .expect("the struct is there");
        let (fields, _) = after.split_once("\n}").expect("it ends");
        let mut comment = String::new();
        for line in fields.lines().map(str::trim) {
            if let Some(text) = line.strip_prefix("///") {
                comment.push_str(text);
            } else if let Some(field) = line.strip_prefix("pub ") {
                let (name, _) = field.split_once(':').expect("a field has a type");
                let required = source.contains(&format!("\"{path}{name}\")?"));
                let promised = comment.contains("by default") || comment.contains("May be NULL");
                assert!(!(required && promised), "{path}{name}:{comment}");
                seen += usize::from(required);
                comment.clear();
            }
        }
    }
    assert_eq!(seen, 8, "the fields that must be there");
}

/// Every export but these runs its work where a panic is caught.
#[test]
fn no_export_lets_a_panic_out() {
    /// Each reads a pointer that lasts, and can neither allocate nor index.
    const PLAIN: [&str; 4] = ["x2f_version", "x2f_effective", "x2f_warning", "x2f_free"];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("the sources can be read").path();
        let Ok(source) = fs::read_to_string(&path) else {
            continue;
        };
        for export in source.split("#[unsafe(no_mangle)]\n").skip(1) {
            let body = export.split("\n}\n").next().unwrap_or_default();
            let (_, rest) = body.split_once(" fn ").expect("a function");
            let (name, _) = rest.split_once('(').expect("a function");
            let catches = ["caught(", "freed(", "told(", "done(", "judged("];
            let caught = catches.iter().any(|call| body.contains(call));
            assert!(caught || PLAIN.contains(&name), "{name}");
            seen += 1;
        }
    }
    let header = generated();
    let declared = header
        .lines()
        .filter(|line| line.contains(" x2f_") || line.contains("*x2f_"));
    let declared = declared.filter(|line| line.contains('(') && !line.starts_with([' ', '/']));
    assert_eq!(seen, declared.count(), "every export is declared");
}
