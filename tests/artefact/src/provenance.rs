//! Where the committed components come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Failure;
use crate::toolchain::output;

/// `host/sdk/plugin/provenance.json`.
#[derive(Deserialize, Serialize)]
pub(crate) struct Provenance {
    /// First line of `rustc --version`.
    pub(crate) toolchain: String,
    /// What else the bytes depend on.
    pub(crate) flags: String,
    /// SHA-256 over the sources and the guests' dependency tree.
    pub(crate) sources: String,
    /// By name, without `.wasm`.
    pub(crate) artefacts: BTreeMap<String, Artefact>,
}

/// One component.
#[derive(Deserialize, PartialEq, Serialize)]
pub(crate) struct Artefact {
    pub(crate) sha256: String,
    pub(crate) bytes: usize,
    pub(crate) gzip_bytes: usize,
}

impl Provenance {
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        Ok(serde_json::from_slice(&fs::read(path(root))?)?)
    }

    pub(crate) fn write(&self, root: &Path) -> Result<(), Failure> {
        Ok(fs::write(
            path(root),
            serde_json::to_string_pretty(self)? + "\n",
        )?)
    }
}

fn path(root: &Path) -> PathBuf {
    root.join("host/sdk/plugin/provenance.json")
}

/// A digest of all that guests are built from: the files of `plugin/` and `wit/`, their profile, and the versions of what they depend on.
pub(crate) fn sources<const N: usize>(root: &Path, packages: [&str; N]) -> Result<String, Failure> {
    if let Some(stray) = files(root, &["--others", "--exclude-standard"])?.first() {
        return Err(format!("{stray} is not in git, so others would build from other sources: add it, or take it away").into());
    }
    let mut digest = Sha256::new();
    let mut add = |name: &str, bytes: &[u8]| {
        for part in [name.as_bytes(), bytes] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    };
    for file in files(root, &["--cached"])? {
        match fs::read(root.join(&file)) {
            Ok(bytes) => add(&file, &bytes),
            // Deleted and not yet committed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let profile = manifest
        .find("[profile.plugin]")
        .ok_or("Cargo.toml has no profile for guests")?;
    add("profile", &manifest.as_bytes()[profile..]);
    for package in packages {
        let tree = output(Command::new("cargo").current_dir(root).args([
            "tree",
            "--locked",
            "--prefix",
            "none",
            "--no-dedupe",
            "--edges",
            "normal,build",
            "--target",
            "wasm32-unknown-unknown",
            "--format",
            "{p} {f}",
            "-p",
            package,
        ]))?;
        let mut lines: Vec<_> = tree
            .lines()
            .map(|line| line.replace(&root.display().to_string(), ""))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        add(package, lines.join("\n").as_bytes());
    }
    Ok(hex(&digest.finalize()))
}

/// The sources that git lists with these options, in order.
fn files(root: &Path, options: &[&str]) -> Result<Vec<String>, Failure> {
    let listed = output(
        Command::new("git")
            .current_dir(root)
            .args(["ls-files", "-z"])
            .args(options)
            .args([
                "plugin",
                "tests/guests/*.rs",
                "tests/guests/Cargo.toml",
                "wit",
            ]),
    )?;
    let mut files: Vec<_> = listed
        .split('\0')
        .filter(|file| !file.is_empty() && !file.contains("/tests/") && !file.ends_with(".md"))
        .map(str::to_owned)
        .collect();
    files.sort_unstable();
    Ok(files)
}

/// SHA-256, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
