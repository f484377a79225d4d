//! The contract says of every item what it is and since when.

use std::path::Path;

use wit_parser::{Resolve, Stability, TypeDefKind};

use crate::Failure;

/// Items without documentation or `@since`.
///
/// # Errors
///
/// The contract does not parse.
pub(crate) fn gaps(folder: &Path) -> Result<Vec<String>, Failure> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(folder)
        .map_err(|error| error.to_string())?;
    let package = &resolve.packages[package];
    let mut gaps = Vec::new();
    let mut look = |name: &str, documented: bool, stability: &Stability| {
        if !documented {
            gaps.push(format!("{name} has no documentation"));
        }
        if !matches!(stability, Stability::Stable { .. }) {
            gaps.push(format!("{name} has no @since"));
        }
    };
    for (name, id) in &package.interfaces {
        let interface = &resolve.interfaces[*id];
        look(
            name,
            interface.docs.contents.is_some(),
            &interface.stability,
        );
        for (function, item) in &interface.functions {
            look(
                &format!("{name}#{function}"),
                item.docs.contents.is_some(),
                &item.stability,
            );
        }
        for (type_name, id) in &interface.types {
            let item = &resolve.types[*id];
            if !matches!(item.kind, TypeDefKind::Type(_)) {
                look(
                    &format!("{name}#{type_name}"),
                    item.docs.contents.is_some(),
                    &item.stability,
                );
            }
        }
    }
    for (name, id) in &package.worlds {
        let world = &resolve.worlds[*id];
        look(name, world.docs.contents.is_some(), &world.stability);
    }
    Ok(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_documented_and_dated() {
        let gaps = gaps(&crate::root().join("wit")).unwrap();
        assert_eq!(gaps, Vec::<String>::new());
    }

    #[test]
    fn a_gap_is_found() {
        let folder =
            std::env::temp_dir().join(format!("xoxzo-2fa-contract-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = "package a:b@0.1.0;\ninterface c { d: func(); }\n";
        std::fs::write(folder.join("c.wit"), text).unwrap();
        let gaps = gaps(&folder).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        assert_eq!(gaps.len(), 4, "{gaps:?}");
    }
}
