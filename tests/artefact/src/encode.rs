//! From a core module to a component, and from a component to the names of its world.

use std::fmt::Write as _;

use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, WorldItem};

use crate::Failure;

/// The component around a module, without names and producers.
pub(crate) fn component(module: &[u8]) -> Result<Vec<u8>, Failure> {
    Ok(ComponentEncoder::default()
        .validate(true)
        .module(&strip(module)?)?
        .encode()?)
}

/// The module without custom sections, but for those that describe its world.
fn strip(module: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut stripped = module.get(..8).ok_or("not a module")?.to_vec();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::CustomSection(section) = &payload
            && !section.name().starts_with("component-type")
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            stripped.push(id);
            leb128(&mut stripped, range.len());
            stripped.extend_from_slice(&module[range]);
        }
    }
    Ok(stripped)
}

fn leb128(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
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
