"""Compiled code, kept from one process to the next in files that only this user can write."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from wasmtime import Module, WasmtimeError

if TYPE_CHECKING:
    from wasmtime import Engine

# A file is the SHA-256 of the code, and the code.
_DIGEST = 32


def compiled(wasmtime: Engine, module: bytes) -> Module:
    """Compile a module, or load what was compiled before. Raises ``WasmtimeError`` for a module that does not compile."""
    folder = _folder()
    if folder is None:
        return Module(wasmtime, module)
    version = metadata.version("wasmtime")
    name = hashlib.sha256(b"\0".join([version.encode(), sys.platform.encode(), b"epochs, pool", module])).hexdigest()
    path = folder / f"{name}.cwasm"
    kept = _load(wasmtime, path)
    if kept is not None:
        return kept
    made = Module(wasmtime, module)
    _keep(path, bytes(made.serialize()))
    return made


def _load(wasmtime: Engine, path: Path) -> Module | None:
    """Return the module in a file. None if there is none, or it is damaged or for another processor."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code = content[_DIGEST:]
    # wasmtime believes everything that it reads.
    if hashlib.sha256(code).digest() != content[:_DIGEST]:
        return None
    try:
        return Module.deserialize(wasmtime, code)
    except WasmtimeError:
        return None


def _keep(path: Path, code: bytes) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(code).digest() + code)
        Path(file.name).replace(path)
    except OSError:
        # Without a cache every start of a process compiles, which takes a tenth of a second.
        pass


def _folder() -> Path | None:
    """Return the user's own cache folder. Nobody else may write there, since its files are executed.

    ``XOXZO_2FA_CACHE`` names another folder. If it is empty, there is no cache.
    """
    named = os.environ.get("XOXZO_2FA_CACHE")
    if named == "":
        return None
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(named) if named else Path(home) / "xoxzo-2fa"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return None
    if not hasattr(os, "geteuid"):
        return folder
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return folder if own and stat.S_IMODE(status.st_mode) & 0o077 == 0 else None
