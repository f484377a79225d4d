"""Where a guard's file may lie: nobody else can change it, and its locks hold."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

from xoxzo_2fa.guards._guard import GuardUnfit, GuardUnreachable

# Kinds of file systems whose locks need not hold between machines.
_NETWORK = re.compile(r"(nfs|cifs|smb|afs|ceph|9p|coda|ncp|fuse).*")


def check(path: str | os.PathLike[str], *, network: bool) -> Path:
    """Check folder and file, which are made if they are not there, and return the file's path without links in it."""
    given = Path(path)
    if given.name in ("", ".."):
        raise GuardUnfit("the path names no file")
    try:
        _make(given.parent)
        folder = given.parent.resolve(strict=True)
        _check_folder(folder)
        if not network:
            _check_local(folder)
        file = folder / given.name
        if not os.path.lexists(file):
            _create(file)
        _check_file(file.lstat())
    except OSError as fault:
        raise GuardUnreachable(f"file: {type(fault).__name__}") from None
    return file


def examine(path: str | os.PathLike[str]) -> None:
    """Raise as ``check`` does, but make nothing: a folder or file that does not exist is no fault."""
    given = Path(path)
    if given.name in ("", ".."):
        raise GuardUnfit("the path names no file")
    try:
        if not given.parent.exists():
            return
        folder = given.parent.resolve(strict=True)
        _check_folder(folder)
        _check_local(folder)
        if os.path.lexists(folder / given.name):
            _check_file((folder / given.name).lstat())
    except OSError as fault:
        raise GuardUnreachable(f"file: {type(fault).__name__}") from None


def _make(folder: Path) -> None:
    """Make a folder and those above it, for their owner only."""
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir(0o700, exist_ok=True)


def _create(file: Path) -> None:
    # To close a file gives up the locks that this process has on it: another thread may have opened it already. So where that can be, the
    # file is made without opening it.
    try:
        if sys.platform == "linux":
            os.mknod(file, stat.S_IFREG | 0o600)
        else:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        # Another process came first: its file is checked like any other.
        pass


def _check_folder(folder: Path) -> None:
    if hasattr(os, "geteuid") and folder.stat().st_mode & 0o022:
        raise GuardUnfit("others can write to the file's folder: chmod go-w")


def _check_file(status: os.stat_result) -> None:
    """Accept the owner's file, and nobody else's. Root may open it too: the journal then gets the file's owner and mode."""
    if not stat.S_ISREG(status.st_mode):
        raise GuardUnfit("the path is a link, or no file")
    if not hasattr(os, "geteuid"):
        return
    if status.st_mode & 0o077:
        raise GuardUnfit("others can read or write the file: chmod 600")
    if os.geteuid() not in (0, status.st_uid):
        raise GuardUnfit("the file belongs to another user")


def _check_local(folder: Path) -> None:
    """Refuse the network file systems of Linux."""
    if sys.platform != "linux":
        return
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        raise GuardUnfit("the kind of the file system is not known: /proc/self/mountinfo cannot be read") from None
    if _NETWORK.fullmatch(kind(os.fsencode(folder), mounts)):
        raise GuardUnfit("the file is on a network file system, whose locks may not hold")


def kind(folder: bytes, mounts: bytes) -> str:
    """Return the kind of the file system of a folder: of the deepest mount above it, and of those at one place the latest."""
    deepest, found = b"", ""
    for line in mounts.splitlines():
        front, _, back = line.partition(b" - ")
        place = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), front.split(b" ")[4])
        within = folder == place or folder.startswith(place.rstrip(b"/") + b"/")
        if within and len(place) >= len(deepest):
            deepest, found = place, back.split(b" ")[0].decode("ascii", "replace")
    return found
