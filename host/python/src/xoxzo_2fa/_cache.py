"""Compiled code, kept from one process to the next in files that only this user can write.

Compiled code is trusted like the program. Neither the folder nor a file is a link, both are the effective user's, and nobody else can open
them. Nothing is kept where the effective user is not the real one, nor where the home is another user's: root with the environment of
somebody else loads nothing.
"""

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
    content = _read(path)
    if content is None:
        return None
    code = content[_DIGEST:]
    # wasmtime believes everything that it reads.
    if hashlib.sha256(code).digest() != content[:_DIGEST]:
        return None
    try:
        return Module.deserialize(wasmtime, code)
    except WasmtimeError:
        return None


def _read(path: Path) -> bytes | None:
    """Return the content of a file that only this user could have written."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(file, "rb") as opened:
            status = os.fstat(file)
            own = not hasattr(os, "geteuid") or _is_own(status)
            return opened.read() if own and stat.S_ISREG(status.st_mode) and status.st_nlink == 1 else None
    except OSError:
        return None


def _is_own(status: os.stat_result) -> bool:
    """Tell whether a file or folder is the effective user's, and closed to others."""
    return status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077 == 0


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
    if named == "" or (hasattr(os, "geteuid") and os.geteuid() != os.getuid()):
        return None
    try:
        folder = Path(named) if named else _cache_home() / "xoxzo-2fa"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except (OSError, RuntimeError):
        return None
    if not hasattr(os, "geteuid"):
        return folder
    return folder if stat.S_ISDIR(status.st_mode) and _is_own(status) else None


def _cache_home() -> Path:
    """Return the folder of all caches. Raises ``OSError`` if it is in a home of another user, who could replace what is in it."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    home = named if named.is_absolute() else Path.home()
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if hasattr(os, "geteuid") and existing.stat().st_uid != os.geteuid():
        raise PermissionError(existing)
    return home if named.is_absolute() else home / ".cache"
