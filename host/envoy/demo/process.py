"""Programs that the demo runs: they end with it, however it ends."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

# Seconds that a program gets to end by itself.
PATIENCE = 5


def spawn(
    command: Sequence[str],
    *,
    output: IO[bytes] | int | None = None,
    errors: IO[bytes] | int | None = None,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that is told to end when this thread does, even if this process is killed.

    For that it is started by `setpriv`, of Debian's util-linux, which does not stay in between. Without it, only `end`
    ends the program. With `environment` the program sees no other variables. `directory` is where it works.
    """
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else list(command)
    # A session of its own, so that Ctrl-C reaches the demo alone, which then ends its programs in order.
    return subprocess.Popen(
        tied,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=environment,
        cwd=directory,
        start_new_session=True,
    )


def succeeds(command: Sequence[str], *, output: IO[bytes] | int | None = None, directory: Path | None = None) -> bool:
    """Run a program to its end, and say whether it succeeded. If this is interrupted, the program ends too."""
    running = spawn(command, output=output, directory=directory)
    try:
        return running.wait() == 0
    finally:
        end(running)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program with those that it started, and wait until it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


class Running:
    """A program that runs; a context manager."""

    process: subprocess.Popen[bytes]

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it."""
        end(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def free_port() -> int:
    """Give a port of 127.0.0.1 that nobody listens on, below those that systems give out.

    So it is still free when a program that was told of it ends and starts again.
    """
    while True:
        port = 10_240 + secrets.randbelow(22_528)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
