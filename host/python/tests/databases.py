"""A PostgreSQL of a test's own: a cluster in a temporary folder, on a socket in it, and nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))

needs_postgresql = pytest.mark.skipif(not FOLDERS, reason="there is no PostgreSQL")


class Cluster:
    """A running server. As root it runs as Debian's user `postgres`, since it refuses to be root's."""

    def __init__(self) -> None:
        # Not below a folder of pytest: that is for its own user only.
        self.folder = Path(tempfile.mkdtemp(prefix="xoxzo-2fa-"))
        self._as = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self.folder, **self._as)
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C")
        self.start()

    def start(self) -> None:
        # Without `fsync` it survives its own crash, though not the machine's.
        given = ("listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=120", "fsync=off")
        self._run("pg_ctl", "--wait", "start", "--log", str(self.folder / "log"), "--options", " ".join(f"-c {each}" for each in given))

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "--wait", "stop", "--mode", mode)

    def reload(self) -> None:
        self._run("pg_ctl", "reload")

    def end(self) -> None:
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        command = [FOLDERS[-1] / program, "--pgdata", self.folder / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, timeout=60, **self._as)  # type: ignore[call-overload]
