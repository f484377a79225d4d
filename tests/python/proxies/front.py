"""A proxy in front of the app, and beside it the gate as `xoxzo-2fa-serve`: the configurations of its README, as they are printed."""

import json
import os
import re
import shutil
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from demo import configuration, process, tokens
from world import COMMAND, GENEROUS, PLENTY, ROOT, Ground

README = ROOT / "host/serve/README.md"
SERVER = COMMAND.with_name("xoxzo-2fa-serve")
# Folders of unpacked Debian packages may come before the system's own.
PLACES = os.environ.get("XOXZO_2FA_PROXIES", "") + "/usr/sbin:" + os.environ.get("XOXZO_2FA_PROXIES", "") + "/usr/bin"
# Seconds until a program must be ready.
PATIENCE = 30


def printed(language: str) -> str:
    """The README's only block in a language, without its indentation."""
    [block] = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", README.read_text(), re.MULTILINE | re.DOTALL)
    indent, text = block
    return "\n".join(line.removeprefix(indent) for line in text.splitlines()) + "\n"


def replaced(text: str, places: Mapping[str, str]) -> str:
    """The text with other places; each must be there."""
    for old, new in places.items():
        assert old in text, f"the README no longer has {old!r}"
        text = text.replace(old, new)
    return text


def program(name: str) -> str:
    found = shutil.which(name, path=PLACES + ":/usr/sbin:" + os.environ["PATH"])
    assert found, f"{name} is not installed"
    return found


class Proxied(Ground):
    """An app behind a proxy that asks `xoxzo-2fa-serve`. A subclass is a proxy."""

    name: str
    """As `--proxy` knows it."""
    aside: tuple[str, ...] = ()
    """Names of attacks that the proxy answers itself, or cannot be asked."""

    def __init__(self, settings: Mapping[str, Any] | None = None, *, believing: bool = False) -> None:
        super().__init__(sandbox=PLENTY, believing=believing)
        self.socket = self.directory / "serve.sock"
        self.log = self.directory / "serve.log"
        self.settings = configuration.merge(self.read_settings(), settings or {})
        with self.stack as stack:
            self.serve = self.started()
            stack.callback(lambda: process.end(self.serve))
            log = stack.enter_context((self.directory / "proxy.log").open("wb"))
            self.proxy = process.spawn(
                self.command(),
                output=log,
                errors=log,
                environment={"HOME": str(self.directory), "PATH": os.environ["PATH"]},
            )
            stack.callback(lambda: process.end(self.proxy))
            self.until_open()
            self.stack = stack.pop_all()

    def read_settings(self) -> dict[str, Any]:
        """The README's settings, with places and limits for tests."""
        keys = self.directory / "sessions.json"
        keys.write_text(tokens.key_set(self.session_key))
        host, port = self.sandbox.address
        own: dict[str, Any] = {
            "two_factor": {
                "test": True,
                "xoxzo": {"base_url": f"http://{host}:{port}"},
                # All clients have one address here.
                "sends": {"per_client": None},
                "failures": {"per_client": None},
            },
            "gate": {"origin": self.origin},
            "serve": {"jwt": {"jwks_file": str(keys)}},
        }
        return configuration.merge(configuration.merge(json.loads(printed("json")), own), GENEROUS)

    def started(self) -> Any:
        written = self.directory / "serve.json"
        written.write_text(json.dumps(self.settings))
        command = [str(SERVER), "--settings", str(written), "--proxy", self.name, "--workers", "2"]
        log = self.log.open("ab")
        running = process.spawn(
            [*command, "--listen", f"unix:{self.socket}"], output=log, errors=log, environment=self.environment
        )
        log.close()
        return running

    def restart(self) -> None:
        """The same server once more: another process."""
        process.end(self.serve)
        self.serve = self.started()
        self.until_open()

    def command(self) -> Sequence[str]:
        """Writes the proxy's configuration, and says how to start it."""
        raise NotImplementedError

    def until_open(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            for running, log in ((self.serve, self.log), (self.proxy, self.directory / "proxy.log")):
                if running.poll() is not None:
                    raise OSError(f"{running.args!r} ended: {log.read_text(errors='replace')[-2000:]}")
            try:
                with socket.socket(socket.AF_UNIX) as own:
                    own.connect(str(self.socket))
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def alive(self) -> list[str]:
        """What is wrong afterwards: whether something has ended, or something was logged that must not be."""
        wrong = [str(one.args) for one in (self.serve, self.proxy) if one.poll() is not None]
        process.end(self.proxy)
        process.end(self.serve)
        if self.serve.returncode != 0:
            wrong.append(f"serve ended with {self.serve.returncode}")
        log = self.log.read_text(errors="replace")
        wrong += [line for line in log.splitlines() if "panicked" in line]
        wrong += [
            f"a secret was logged: {line}"
            for line in log.splitlines()
            if any(len(one) > 3 and one in line for one in self.secrets)
        ]
        return wrong


class Nginx(Proxied):
    """nginx with `auth_request`."""

    name = "nginx"
    # Without TLS it speaks HTTP/2 on ports of their own only.
    aside = ("HTTP/2", "only trailers", "PIN with trailers", "trailers to logout")

    def command(self) -> Sequence[str]:
        host, port = self.app.address
        text = re.sub(r"\n    ssl_certificate\w* [^;]*;", "", printed("nginx"))
        places = {
            "listen 443 ssl;": f"listen 127.0.0.1:{self.port};",
            "server_name app.example.com;": "server_name _;",
            "127.0.0.1:8080": f"{host}:{port}",
            "/run/xoxzo-2fa/serve.sock": str(self.socket),
        }
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {self.directory}/{kind};\n" for kind in kinds)
        user = "user root;\n" if os.getuid() == 0 else ""
        written = self.directory / "nginx.conf"
        written.write_text(
            f"{user}daemon off;\npid {self.directory}/nginx.pid;\nworker_processes 2;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{folders}{replaced(text, places)}}}\n"
        )
        return [program("nginx"), "-p", str(self.directory), "-e", "stderr", "-c", str(written)]


class Caddy(Proxied):
    """Caddy with `forward_auth`."""

    name = "caddy"
    # It speaks h2c here; answers `OPTIONS *` and a client that is gone; and writes `#` as `%23`, for the gate as for the app.
    aside = ("upgrade to h2c", "upgrade to WebSocket, h2c", "OPTIONS *", "cut short", "'/static/..#'")

    def command(self) -> Sequence[str]:
        host, port = self.app.address
        places = {
            "app.example.com {": f"http://:{self.port} {{\n    bind 127.0.0.1",
            "127.0.0.1:8080": f"{host}:{port}",
            "/run/xoxzo-2fa/serve.sock": str(self.socket),
        }
        written = self.directory / "Caddyfile"
        written.write_text(
            "{\n    admin off\n    auto_https off\n    servers {\n        protocols h1 h2c\n    }\n}\n"
            + replaced(printed("caddyfile"), places)
        )
        return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(written)]


PROXIES: tuple[type[Proxied], ...] = (Nginx, Caddy)
