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
mod level;
mod provenance;
mod size;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, error, fs};

use level::Level;
use provenance::{Artefact, Provenance};

type Failure = Box<dyn error::Error>;

/// Something that is built from a crate.
#[derive(Clone, Copy)]
struct Recipe {
    name: &'static str,
    about: &'static str,
    package: &'static str,
    level: Level,
    /// Where it is committed.
    folder: &'static str,
    shape: Shape,
    /// The most bytes it may have after gzip -9.
    limit: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A component, built without `std`.
    Component,
    /// A module for Envoy, built with `std`.
    Module,
    /// A module for every WebAssembly engine, of the first version of WebAssembly and a few later features, built without `std`.
    Core,
}

/// What is committed. The hostile one is for tests.
const ARTEFACTS: [Recipe; 6] = [
    Recipe {
        name: "two-factor-configuration",
        about: "Settings, keys, receipts and texts of xoxzo-2fa",
        package: "xoxzo-2fa-configuration",
        level: Level::Size,
        folder: "host/sdk/plugin",
        shape: Shape::Component,
        limit: 80 * 1024,
    },
    Recipe {
        name: "two-factor",
        about: "SMS two-factor authentication through Xoxzo",
        package: "xoxzo-2fa-component",
        level: Level::Speed,
        folder: "host/sdk/plugin",
        shape: Shape::Component,
        limit: 124 * 1024,
    },
    Recipe {
        name: "two-factor-steps",
        about: "SMS two-factor authentication through Xoxzo, in steps that a host waits between",
        package: "xoxzo-2fa-steps",
        level: Level::Speed,
        folder: "host/sdk/plugin",
        shape: Shape::Component,
        limit: 132 * 1024,
    },
    Recipe {
        name: "two-factor-ask",
        about: "SMS two-factor authentication through Xoxzo, as one function on text",
        package: "xoxzo-2fa-ask",
        level: Level::Middle,
        folder: "host/ask",
        shape: Shape::Core,
        limit: 130 * 1024,
    },
    Recipe {
        name: "hostile",
        about: "A component that breaks every rule",
        package: "xoxzo-2fa-hostile",
        level: Level::Size,
        folder: "tests/guests",
        shape: Shape::Component,
        limit: 24 * 1024,
    },
    Recipe {
        name: "xoxzo-2fa-envoy",
        about: "A login gate with SMS two-factor authentication, for Envoy",
        package: "xoxzo-2fa-envoy",
        level: Level::Speed,
        folder: "host/envoy",
        shape: Shape::Module,
        // Texts of the pages in ten languages are 8 KiB of it, a fleet 14, payments 4.
        limit: 248 * 1024,
    },
];

/// The callbacks of Envoy that the gate does something in.
const CALLBACKS: [&str; 10] = [
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_http_call_response",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_tick",
    "proxy_on_vm_start",
];

fn main() -> ExitCode {
    let result = match env::args().nth(1).as_deref() {
        Some("sources") => sources(),
        Some("check") => build(false),
        Some("bless") => build(true),
        Some("module") => module(env::args().nth(2)),
        _ => Err("usage: xoxzo-2fa-artefact sources | check | bless | module PACKAGE".into()),
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
    if recorded.sources != provenance::sources(&root, ARTEFACTS.map(|recipe| recipe.package))? {
        return Err(
            "the sources changed since the components were built: run `tests/all wasm --bless`"
                .into(),
        );
    }
    for recipe in ARTEFACTS {
        let sha256 = provenance::sha256(&fs::read(recipe.path(&root))?);
        let recorded = recorded.artefacts.get(recipe.name);
        if recorded.is_none_or(|artefact| artefact.sha256 != sha256) {
            return Err(format!("{}.wasm is not the recorded one", recipe.name).into());
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
        sources: provenance::sources(&root, ARTEFACTS.map(|recipe| recipe.package))?,
        artefacts: Default::default(),
    };
    for recipe in ARTEFACTS {
        let Recipe { name, limit, .. } = recipe;
        let module = toolchain.build(recipe.package, recipe.level, recipe.shape)?;
        let (bytes, world) = match recipe.shape {
            Shape::Component => {
                let component = encode::component(&module)?;
                let world = encode::world(&component)?;
                (component, world)
            }
            Shape::Module => {
                let module = encode::with_callbacks(&encode::stripped(&module)?, &CALLBACKS)?;
                let world = encode::imports(&module)? + &encode::exports(&module)?;
                (module, world)
            }
            Shape::Core => {
                encode::check_features(&module)?;
                let world = encode::imports(&module)? + &encode::exports(&module)?;
                (encode::stripped(&module)?, world)
            }
        };
        let artefact = encode::labelled(bytes, name, recipe.about);
        let gzip = size::gzip(&artefact)?;
        println!(
            "{name}.wasm: {} bytes, {gzip} after gzip -9, of {limit}",
            artefact.len()
        );
        print!("{}", size::table(&module, artefact.len(), gzip)?);
        if gzip > limit {
            return Err(format!("{name}.wasm is over its limit").into());
        }
        golden(&root, name, &world, bless)?;
        let fresh = root.join("target-wasm").join(format!("{name}.wasm"));
        fs::write(&fresh, &artefact)?;
        if bless {
            let path = recipe.path(&root);
            fs::create_dir_all(path.parent().expect("it lies in a folder"))?;
            fs::copy(&fresh, path)?;
        }
        let artefact = Artefact {
            sha256: provenance::sha256(&artefact),
            bytes: artefact.len(),
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

impl Recipe {
    fn path(&self, root: &Path) -> PathBuf {
        root.join(self.folder).join(format!("{}.wasm", self.name))
    }
}

/// Builds a module for Envoy that is not committed, and prints where it is.
fn module(package: Option<String>) -> Result<(), Failure> {
    let package = package.ok_or("which package?")?;
    let root = root();
    let module = toolchain::find(&root)?.build(&package, Level::Speed, Shape::Module)?;
    let path = root.join("target-wasm").join(format!("{package}.wasm"));
    fs::write(&path, encode::stripped(&module)?)?;
    println!("{}", path.display());
    Ok(())
}
