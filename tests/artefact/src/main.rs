//! Builds the components from `plugin/`, and holds the committed ones against them.
//!
//! ```text
//! plugin/ ──► core module ──► strip, encode ──► component ──► golden world, size table, provenance
//! ```
//!
//! - `xoxzo-2fa-artefact sources`: is the contract documented, and the committed component that of these sources? Needs no Wasm
//!   toolchain.
//! - `xoxzo-2fa-artefact check`: builds, and fails on other bytes from the recorded toolchain, on another world, and above the size limit.
//! - `xoxzo-2fa-artefact bless`: builds, and records what came out.

mod contract;
mod encode;
mod provenance;
mod size;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, error, fs};

use provenance::{Artefact, Provenance};

type Failure = Box<dyn error::Error>;

/// Name of the artefact, its crate and profile, and the most bytes it may have after gzip -9. The hostile one is for tests.
const ARTEFACTS: [(&str, &str, &str, usize); 3] = [
    ("two-factor", "xoxzo-2fa-component", "plugin", 80 * 1024),
    (
        "two-factor-steps",
        "xoxzo-2fa-steps",
        "plugin-steps",
        140 * 1024,
    ),
    (HOSTILE, "xoxzo-2fa-hostile", "plugin", 24 * 1024),
];

const HOSTILE: &str = "hostile";

fn main() -> ExitCode {
    let result = match env::args().nth(1).as_deref() {
        Some("sources") => sources(),
        Some("check") => build(false),
        Some("bless") => build(true),
        _ => Err("usage: xoxzo-2fa-artefact sources | check | bless".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("artefact: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/artefact is two levels down")
        .to_path_buf()
}

fn sources() -> Result<(), Failure> {
    let root = root();
    if let Some(gap) = contract::gaps(&root.join("wit"))?.first() {
        return Err(gap.clone().into());
    }
    let recorded = Provenance::read(&root)?;
    if recorded.sources != provenance::sources(&root, ARTEFACTS.map(|(_, package, ..)| package))? {
        return Err(
            "the sources changed since the components were built: run `tests/all wasm --bless`"
                .into(),
        );
    }
    for (name, artefact) in &recorded.artefacts {
        if provenance::sha256(&fs::read(artefact_path(&root, name))?) != artefact.sha256 {
            return Err(format!("{name}.wasm is not the recorded one").into());
        }
    }
    println!("artefact: the committed components are those of these sources");
    Ok(())
}

fn build(bless: bool) -> Result<(), Failure> {
    let root = root();
    let toolchain = toolchain::find(&root)?;
    let mut built = Provenance {
        toolchain: toolchain.version.clone(),
        flags: toolchain.flags(),
        sources: provenance::sources(&root, ARTEFACTS.map(|(_, package, ..)| package))?,
        artefacts: Default::default(),
    };
    for (name, package, profile, limit) in ARTEFACTS {
        let module = toolchain.build(package, profile)?;
        let component = encode::component(&module)?;
        let gzip = size::gzip(&component)?;
        println!(
            "{name}.wasm: {} bytes, {gzip} after gzip -9, of {limit}",
            component.len()
        );
        print!("{}", size::table(&module, component.len(), gzip)?);
        if gzip > limit {
            return Err(format!("{name}.wasm is over its limit").into());
        }
        golden(&root, name, &encode::world(&component)?, bless)?;
        let fresh = root.join("target-wasm").join(format!("{name}.wasm"));
        fs::write(&fresh, &component)?;
        if bless {
            fs::create_dir_all(
                artefact_path(&root, name)
                    .parent()
                    .expect("it lies in a folder"),
            )?;
            fs::copy(&fresh, artefact_path(&root, name))?;
        }
        let artefact = Artefact {
            sha256: provenance::sha256(&component),
            bytes: component.len(),
            gzip_bytes: gzip,
        };
        built.artefacts.insert(name.to_string(), artefact);
    }
    if bless {
        built.write(&root)
    } else {
        compare(&Provenance::read(&root)?, &built)
    }
}

fn compare(recorded: &Provenance, built: &Provenance) -> Result<(), Failure> {
    if recorded.sources != built.sources {
        return Err(
            "the sources changed since the components were built: run `tests/all wasm --bless`"
                .into(),
        );
    }
    if (&recorded.toolchain, &recorded.flags) != (&built.toolchain, &built.flags) {
        println!(
            "artefact: NOT COMPARED: recorded with {}, built with {}",
            recorded.toolchain, built.toolchain
        );
        return Ok(());
    }
    if recorded.artefacts != built.artefacts {
        return Err(
            "the same sources and toolchain gave other bytes than the committed ones".into(),
        );
    }
    println!("artefact: the committed components are reproduced byte for byte");
    Ok(())
}

fn golden(root: &Path, name: &str, world: &str, bless: bool) -> Result<(), Failure> {
    let path = root.join("tests/golden").join(format!("{name}.txt"));
    if bless {
        fs::create_dir_all(path.parent().expect("it lies in a folder"))?;
        fs::write(&path, world)?;
    }
    if fs::read_to_string(&path)? != world {
        return Err(format!(
            "{name}.wasm has other imports or exports than tests/golden/{name}.txt:\n{world}"
        )
        .into());
    }
    Ok(())
}

fn artefact_path(root: &Path, name: &str) -> PathBuf {
    let folder = if name == HOSTILE {
        "tests/guests"
    } else {
        "host/sdk/plugin"
    };
    root.join(folder).join(format!("{name}.wasm"))
}
