"""A workspace around the tutorial's package in Rust, in which cargo finds everything but the package itself compiled already.

Cargo compiles a crate once more for other features or another profile. So this workspace has the profile of this project's, and a member that
asks for each crate with the features that all of this project's packages together give it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

# What a package and its commands are to cargo: everything of this workspace is selected, and one program is built.
COMMANDS = """
own() {
  env -u LD_PRELOAD cargo build -q --offline --workspace "$@"
}
cargo() {
  case "$*" in
    *--manifest-path*) built "$@" ;;
    build) own --bin tutorial ;;
    "run --example "*) own --example "$3" && "$CARGO_TARGET_DIR/debug/examples/$3" ;;
    run) own --bin tutorial && exec "$CARGO_TARGET_DIR/debug/tutorial" ;;
    *) return 2 ;;
  esac
}
"""


def surround(folder: Path, root: Path) -> None:
    """Write the workspace into the folder that has the package `tutorial` and the checkout `xoxzo-2fa`."""
    manifest = (root / "Cargo.toml").read_text("utf-8")
    members = '[workspace]\nresolver = "3"\nmembers = ["tutorial", "features"]\nexclude = ["xoxzo-2fa"]\n\n'
    # Cargo takes profiles from the workspace only, so what the package says of them moves there.
    package = folder / "tutorial/Cargo.toml"
    head, mark, profiles = package.read_text("utf-8").partition("[profile")
    package.write_text(head)
    (folder / "Cargo.toml").write_text(members + manifest[manifest.index("[profile.dev]") :] + mark + profiles)
    shutil.copy(root / "Cargo.lock", folder)
    features = folder / "features"
    (features / "src").mkdir(parents=True)
    (features / "src/lib.rs").touch()
    dependencies = [
        f'd{at} = {{ package = "{name}", version = "={version}", default-features = false, features = {enabled} }}\n'
        for at, (name, version, enabled) in enumerate(enabled_features(root))
    ]
    head = '[package]\nname = "features"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\n'
    (features / "Cargo.toml").write_text(head + "".join(dependencies))


def enabled_features(root: Path) -> list[tuple[str, str, list[str]]]:
    """The crates that this project's packages and tests need, with the features of each."""
    command = ["cargo", "tree", "--workspace", "--locked", "-e", "normal,dev,no-proc-macro", "--prefix", "none", "-f", "{p}|{f}"]
    told = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = []
    for line in sorted({line.removesuffix(" (*)") for line in told.splitlines()}):
        package, _, features = line.partition("|")
        # A path in brackets: one of this project's own.
        if package and "(" not in package:
            name, _, version = package.partition(" v")
            found.append((name, version.partition("+")[0], [feature for feature in features.split(",") if feature]))
    return found
