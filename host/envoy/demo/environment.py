"""What the demo needs and a fresh machine has not: an environment with Envoy, and the built sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import process

ROOT = Path(__file__).parents[3]
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


class Missing(Exception):
    """The machine lacks something; the text says what to install."""


def python() -> Path:
    """Give the Python of an environment with `requirements.txt`, under `target/`; it is made if it is not there."""
    directory = TARGET / "envoy-demo" / f"python-{sys.version_info.major}.{sys.version_info.minor}"
    interpreter, stamp = directory / "bin" / "python", directory / "installed.txt"
    if stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text():
        return interpreter
    print("Making an environment with Envoy: about 100 MB, once.", file=sys.stderr)
    if not process.succeeds([sys.executable, "-m", "venv", "--clear", str(directory)], output=subprocess.DEVNULL):
        raise Missing("Python could not make an environment. On Debian: apt-get install python3-venv")
    pip = [str(interpreter), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
    if not process.succeeds(pip):
        raise Missing("pip could not install Envoy; its words are above.")
    stamp.write_text(REQUIREMENTS.read_text())
    return interpreter


def sandbox() -> Path:
    """Build `xoxzo-2fa-sandbox`, and nothing that it does not need, and give its path."""
    print("Building the sandbox: a minute the first time.", file=sys.stderr)
    cargo = shutil.which("cargo")
    if cargo is None:
        raise Missing("Rust is not installed: https://rustup.rs")
    if not process.succeeds([cargo, "build", "-q", "--package", "xoxzo-2fa-sandbox", "--locked"], directory=ROOT):
        raise Missing("The sandbox could not be built; cargo's words are above.")
    return TARGET / "debug" / "xoxzo-2fa-sandbox"
