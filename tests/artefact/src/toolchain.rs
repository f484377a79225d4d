//! Finds a compiler for Wasm, and builds a guest with it.
//!
//! Two are known: rustup's, if its target `wasm32-unknown-unknown` is installed, and Debian's `rustc-web`, which builds
//! the standard library from `rust-web-src`. Debian's comes first where both are there: the committed bytes are its.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::level::Level;
use crate::{Failure, Shape};

const TARGET: &str = "wasm32-unknown-unknown";

/// The profile of every guest.
const PROFILE: &str = "plugin";

/// Features beyond the first version of WebAssembly that every engine in use has.
const PORTABLE: &str = "+mutable-globals,+sign-ext,+bulk-memory,+nontrapping-fptoint";

/// A compiler for Wasm.
pub(crate) struct Toolchain {
    /// First line of `rustc --version`.
    pub(crate) version: String,
    root: PathBuf,
    cargo: PathBuf,
    rustc: PathBuf,
    builds_std: bool,
}

/// The toolchain to use.
pub(crate) fn find(root: &Path) -> Result<Toolchain, Failure> {
    if Path::new("/usr/bin/rustc").exists() && linker().is_some() {
        return toolchain(root, "/usr/bin/cargo", "/usr/bin/rustc", true);
    }
    let libraries = output(Command::new("rustc").current_dir(root).args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]))?;
    if Path::new(libraries.trim()).exists() {
        return toolchain(root, "cargo", "rustc", false);
    }
    Err("no compiler for Wasm: `rustup target add wasm32-unknown-unknown`, or Debian's rustc-web, cargo-web, rust-web-src and lld".into())
}

fn toolchain(
    root: &Path,
    cargo: &str,
    rustc: &str,
    builds_std: bool,
) -> Result<Toolchain, Failure> {
    let version = output(Command::new(rustc).current_dir(root).arg("--version"))?
        .trim()
        .to_string();
    Ok(Toolchain {
        version,
        root: root.to_path_buf(),
        cargo: cargo.into(),
        rustc: rustc.into(),
        builds_std,
    })
}

/// Debian's linker for Wasm, whose name has LLVM's version in it.
fn linker() -> Option<PathBuf> {
    let mut found: Vec<_> = fs::read_dir("/usr/bin")
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    found.retain(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("wasm-ld-"))
    });
    found.sort();
    found.pop()
}

impl Toolchain {
    /// What the bytes depend on beside sources and compiler. Paths are left out: they are remapped.
    pub(crate) fn flags(&self) -> String {
        let std = if self.builds_std {
            ", -Zbuild-std=core,alloc,panic_abort or std,panic_abort"
        } else {
            ""
        };
        format!(
            "profile plugin, two-factor-ask at s, two-factor, two-factor-steps and xoxzo-2fa-envoy at 3; -Clink-arg=-zstack-size=65536; two-factor-ask: -Ctarget-cpu=mvp {PORTABLE}{std}"
        )
    }

    /// The core module of a guest.
    pub(crate) fn build(
        &self,
        package: &str,
        level: Level,
        shape: Shape,
    ) -> Result<Vec<u8>, Failure> {
        let registry = match env::var_os("CARGO_HOME") {
            Some(home) => PathBuf::from(home),
            None => PathBuf::from(env::var_os("HOME").ok_or("neither CARGO_HOME nor HOME is set")?)
                .join(".cargo"),
        };
        let mut flags = vec![
            "-Clink-arg=-zstack-size=65536".to_string(),
            format!(
                "--remap-path-prefix={}=/crates",
                registry.join("registry/src").display()
            ),
            format!("--remap-path-prefix={}=/src", self.root.display()),
        ];
        if shape == Shape::Core {
            flags.push("-Ctarget-cpu=mvp".to_string());
            flags.push(format!("-Ctarget-feature={PORTABLE}"));
        }
        let mut command = Command::new(&self.cargo);
        for (name, _) in env::vars_os() {
            let name_text = name.to_string_lossy();
            let of_cargo = name_text.starts_with("CARGO_") && name_text != "CARGO_HOME";
            if of_cargo
                || name_text.starts_with("RUSTC")
                || name_text == "RUSTUP_TOOLCHAIN"
                || name_text == "RUSTFLAGS"
            {
                command.env_remove(&name);
            }
        }
        command
            .current_dir(&self.root)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
        command.args([
            "build",
            "--profile",
            PROFILE,
            "--locked",
            "--target",
            TARGET,
            "--target-dir",
            "target-wasm",
            "-p",
            package,
        ]);
        for change in level.changes() {
            command.args(["--config", change]);
        }
        if self.builds_std {
            command
                .env("RUSTC", &self.rustc)
                .env("RUSTC_BOOTSTRAP", "1")
                .arg(match shape {
                    Shape::Component | Shape::Core => "-Zbuild-std=core,alloc,panic_abort",
                    Shape::Module => "-Zbuild-std=std,panic_abort",
                });
            command.env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
                linker().ok_or("no wasm-ld")?,
            );
        }
        if !command.status()?.success() {
            return Err(format!("{package} does not build").into());
        }
        let file = format!(
            "target-wasm/{TARGET}/{PROFILE}/{}.wasm",
            package.replace('-', "_")
        );
        Ok(fs::read(self.root.join(file))?)
    }
}

/// What a command prints.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
