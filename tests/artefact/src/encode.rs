//! From a core module to a component, and from a component to the names of its world.

use std::fmt::Write as _;

use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
use wasm_encoder::{
    ComponentNameSection, ComponentSection as _, CustomSection, ExportSection, Module, NameSection,
    RawSection, Section as _,
};
use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, WorldItem};

use crate::Failure;

/// The component around a module, without names and producers.
pub(crate) fn component(module: &[u8]) -> Result<Vec<u8>, Failure> {
    let module = strip(module, |name| name.starts_with(b"component-type"))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)?
        .encode()?;
    strip(&component, |_| false)
}

/// A module without names and producers.
pub(crate) fn stripped(module: &[u8]) -> Result<Vec<u8>, Failure> {
    strip(module, |_| false)
}

/// A module without the callbacks that are not in a list. The SDK exports all that there are, and each that is there costs a call for each request.
pub(crate) fn with_callbacks(module: &[u8], kept: &[&str]) -> Result<Vec<u8>, Failure> {
    let mut written = Module::new();
    let mut found = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ExportSection(exports) = payload {
            let mut section = ExportSection::new();
            for export in exports {
                let export = export?;
                let is_callback = export.name.starts_with("proxy_on_");
                if is_callback && !kept.contains(&export.name) {
                    continue;
                }
                found += usize::from(is_callback);
                RoundtripReencoder.parse_export(&mut section, export)?;
            }
            written.section(&section);
        } else if let Some((id, range)) = payload.as_section() {
            written.section(&RawSection {
                id,
                data: &module[range],
            });
        }
    }
    if found != kept.len() {
        return Err("the module lacks a callback".into());
    }
    Ok(written.finish())
}

/// A module or component with its name, and what registries and tools show of it.
pub(crate) fn labelled(mut binary: Vec<u8>, name: &str, about: &str) -> Vec<u8> {
    if Parser::is_component(&binary) {
        let mut names = ComponentNameSection::new();
        names.component(name);
        names.append_to_component(&mut binary);
    } else {
        let mut names = NameSection::new();
        names.module(name);
        names.append_to(&mut binary);
    }
    for (name, text) in [
        ("version", env!("CARGO_PKG_VERSION")),
        ("description", about),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("source", env!("CARGO_PKG_REPOSITORY")),
    ] {
        let section = CustomSection {
            name: name.into(),
            data: text.as_bytes().into(),
        };
        section.append_to(&mut binary);
    }
    binary
}

/// Each function that a module imports, a line each, sorted.
pub(crate) fn imports(module: &[u8]) -> Result<String, Failure> {
    let mut lines = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports.into_imports() {
                let import = import?;
                lines.push(format!("import {}#{}\n", import.module, import.name));
            }
        }
    }
    lines.sort();
    Ok(lines.concat())
}

/// Each export of a module, a line each, sorted.
pub(crate) fn exports(module: &[u8]) -> Result<String, Failure> {
    let mut lines = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(exports) = payload? {
            for export in exports {
                let export = export?;
                lines.push(format!("export {:?} {}\n", export.kind, export.name));
            }
        }
    }
    lines.sort();
    Ok(lines.concat())
}

/// Checks that a module needs no more of its engine than `wit/ASK.md` says.
pub(crate) fn check_features(module: &[u8]) -> Result<(), Failure> {
    let features = WasmFeatures::MVP
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SATURATING_FLOAT_TO_INT;
    Validator::new_with_features(features).validate_all(module)?;
    Ok(())
}

/// A module or component without its custom sections, but for those to keep. After the preamble a section is an id, a length
/// in LEB128, and so many bytes; a custom one has the id 0 and begins with its name.
fn strip(binary: &[u8], keep: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, Failure> {
    let (preamble, mut rest) = binary.split_at_checked(8).ok_or("not WebAssembly")?;
    let mut stripped = preamble.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (length, content) = leb128(after).ok_or("a section without length")?;
        let (content, next) = content
            .split_at_checked(length)
            .ok_or("a section that is cut")?;
        let (section, _) = rest.split_at(rest.len() - next.len());
        let name = leb128(content)
            .and_then(|(length, name)| name.get(..length))
            .unwrap_or_default();
        if *id != 0 || keep(name) {
            stripped.extend_from_slice(section);
        }
        rest = next;
    }
    Ok(stripped)
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at_checked(length + 1)?;
    let value = number
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    Some((value, rest))
}

/// Each import and export with its functions, a line each, sorted.
pub(crate) fn world(component: &[u8]) -> Result<String, Failure> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        return Err("not a component".into());
    };
    let world = &resolve.worlds[world];
    let mut text = String::new();
    for (verb, items) in [("import", &world.imports), ("export", &world.exports)] {
        let mut lines: Vec<_> = items
            .iter()
            .flat_map(|(key, item)| lines(&resolve, &resolve.name_world_key(key), item))
            .collect();
        lines.sort();
        for line in lines {
            writeln!(text, "{verb} {line}")?;
        }
    }
    Ok(text)
}

fn lines(resolve: &Resolve, name: &str, item: &WorldItem) -> Vec<String> {
    match item {
        WorldItem::Interface { id, .. } => {
            let interface = &resolve.interfaces[*id];
            let functions = interface
                .functions
                .keys()
                .map(|function| format!("{name}#{function}"));
            std::iter::once(name.to_string()).chain(functions).collect()
        }
        WorldItem::Function(_) | WorldItem::Type { .. } => vec![name.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty module.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0";

    /// A module with a function of this body.
    fn module(body: &[u8]) -> Vec<u8> {
        let body = [&[0], body, &[0x0b]].concat();
        let length = u8::try_from(body.len()).unwrap();
        let types = [1, 4, 1, 0x60, 0, 0];
        let functions = [3, 2, 1, 0];
        let code = [10, length + 2, 1, length];
        [MODULE, &types, &functions, &code, &body].concat()
    }

    #[test]
    fn only_what_every_engine_has_is_portable() {
        assert!(check_features(MODULE).is_ok());
        let sign_extension = module(&[0x41, 0, 0xc0, 0x1a]);
        let conversion = module(&[0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a]);
        for portable in [sign_extension, conversion] {
            assert!(check_features(&portable).is_ok());
        }
        let reference = module(&[0xd0, 0x70, 0x1a]);
        let simd = module(&[0x41, 0, 0xfd, 0x0f, 0x1a]);
        let tail_call = module(&[0x12, 0]);
        for other in [reference, simd, tail_call] {
            assert!(check_features(&other).is_err(), "{other:x?}");
        }
    }

    #[test]
    fn a_label_tells_version_and_licence_and_goes_with_the_rest() {
        let labelled = labelled(MODULE.to_vec(), "name", "about");
        let mut sections = Vec::new();
        for payload in Parser::new(0).parse_all(&labelled) {
            if let Payload::CustomSection(section) = payload.unwrap() {
                sections.push((section.name().to_string(), section.data().to_vec()));
            }
        }
        let names: Vec<_> = sections.iter().map(|(name, _)| &**name).collect();
        assert_eq!(
            names,
            ["name", "version", "description", "licenses", "source"]
        );
        assert_eq!(sections[2].1, b"about");
        assert_eq!(sections[3].1, b"MIT OR Apache-2.0");
        assert_eq!(stripped(&labelled).unwrap(), MODULE);
    }
}
