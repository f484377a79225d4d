//! What each part of a component costs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use crate::Failure;

/// Bytes after `gzip -9`.
pub(crate) fn gzip(bytes: &[u8]) -> Result<usize, Failure> {
    let mut command = Command::new("gzip");
    command
        .args(["-9", "-n", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().ok_or("gzip takes no input")?;
    thread::scope(|scope| {
        let feed = scope.spawn(move || input.write_all(bytes));
        let output = child.wait_with_output()?;
        feed.join().map_err(|_| "gzip was not fed")??;
        Ok(output.stdout.len())
    })
}

/// Bytes of code per crate, of data, and of the rest; with each part's own size after gzip.
pub(crate) fn table(
    module: &[u8],
    component: usize,
    component_gzip: usize,
) -> Result<String, Failure> {
    let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut bodies = Vec::new();
    let mut names = BTreeMap::new();
    let mut imported = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range()),
            Payload::DataSection(data) => {
                parts
                    .entry("data".to_string())
                    .or_default()
                    .extend_from_slice(&module[data.range()]);
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    for name in reader {
                        if let Name::Function(map) = name? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, naming.name.to_string());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    for (index, range) in (imported..).zip(bodies) {
        let owner = names.get(&index).map_or("unnamed", |name| name.as_str());
        parts
            .entry(owner_of(owner))
            .or_default()
            .extend_from_slice(&module[range]);
    }

    let mut rows: Vec<_> = parts
        .into_iter()
        .map(|(name, bytes)| Ok((bytes.len(), gzip(&bytes)?, name)))
        .collect::<Result<_, Failure>>()?;
    rows.sort_by(|one, other| other.cmp(one));
    let mut text = format!("{:>9} {:>9}  part\n", "bytes", "gzip -9");
    let mut known = 0;
    for (bytes, gzip, name) in rows {
        known += bytes;
        writeln!(text, "{bytes:>9} {gzip:>9}  {name}")?;
    }
    writeln!(
        text,
        "{:>9} {:>9}  types, tables, component",
        component.saturating_sub(known),
        ""
    )?;
    writeln!(text, "{component:>9} {component_gzip:>9}  whole")?;
    Ok(text)
}

/// The crate a function comes from. A generic function counts for the crate that defines it.
fn owner_of(mangled: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(mangled));
    let path = name
        .trim_start_matches(['<', '&', '('])
        .trim_start_matches("mut ")
        .trim_start_matches("dyn ");
    let first: String = path
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    match first.as_str() {
        "memcpy" | "memset" | "memmove" | "memcmp" => "compiler_builtins".to_string(),
        "" => "unnamed".to_string(),
        _ if path[first.len()..].starts_with("::") || first == "unnamed" => first,
        _ => "exports and glue".to_string(),
    }
}
