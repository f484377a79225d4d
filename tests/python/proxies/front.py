"""A proxy in front of the app, and beside it the gate as `xoxzo-2fa-serve`: the configurations that it renders, as they are."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from demo import configuration, process, tokens
from demo.envoy import BINARY
from demo.process import free_port
from world import COMMAND, GENEROUS, PLENTY, ROOT, Ground

README = ROOT / "host/serve/README.md"
SERVER = COMMAND.with_name("xoxzo-2fa-serve")
FRONTS = ROOT / "host/serve/fronts"
# A folder of unpacked Debian packages may come before the system's own.
UNPACKED = Path(os.environ.get("XOXZO_2FA_PROXIES", "/nowhere"))
# The README's own host, and how it gets a certificate.
HOST = "app.example.com"
CERTIFY = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={HOST}")
# Attacks over HTTP/2, for a proxy that does not speak it here.
HTTP_2 = ("HTTP/2", "only trailers", "PIN with trailers", "trailers to logout")
# Seconds until a program must be ready.
PATIENCE = 30


def printed(language: str) -> str:
    """The README's first block in a language, without its indentation."""
    block = re.search(rf"^( *)```{language}\n(.*?)^ *```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert block, f"the README has no {language}"
    indent, text = block.groups()
    return "\n".join(line.removeprefix(indent) for line in text.splitlines()) + "\n"


def program(name: str) -> str:
    found = shutil.which(name, path=f"{UNPACKED}/usr/sbin:{UNPACKED}/usr/bin:/usr/sbin:{os.environ['PATH']}")
    assert found, f"{name} is not installed"
    return found


def rendered(name: str, settings: Path, *arguments: str) -> str:
    """The proxy's configuration."""
    command = [str(SERVER), "render", name, "--settings", str(settings), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def surroundings(directory: Path) -> dict[str, str]:
    """The environment of a proxy, which writes nothing outside its directory."""
    libraries = [str(folder) for folder in UNPACKED.glob("usr/lib/*-linux-gnu")]
    return {
        "HOME": str(directory),
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": ":".join(libraries),
        "LUA_PATH": f"{UNPACKED}/usr/share/lua/5.3/?.lua;;",
        "LUA_CPATH": "".join(f"{folder}/lua/5.3/?.so;" for folder in libraries) + ";",
    }


class Proxied(Ground):
    """An app behind a proxy that asks `xoxzo-2fa-serve`. A subclass is a proxy."""

    name: ClassVar[str]
    """As `--proxy` knows it."""
    aside: ClassVar[tuple[str, ...]] = ()
    """Names of attacks that the proxy answers itself, or cannot be asked."""
    run: ClassVar[tuple[str, ...]] = ()
    """Arguments that start it, before all others."""
    check: ClassVar[tuple[str, ...]]
    """Those with which it only reads its configuration."""
    action: ClassVar[str] = ""
    """The file with what the project adds to it, if any."""

    def __init__(self, settings: Mapping[str, Any] | None = None, *, failing: bool = False) -> None:
        """Starts everything. `failing`: the action ends with an error as soon as it has the gate's answer."""
        super().__init__(sandbox=PLENTY, believing=False)
        self.socket = self.directory / "serve.sock"
        self.log = self.directory / "serve.log"
        self.settings = configuration.merge(self.read_settings(), settings or {})
        with self.stack as stack:
            self.serve = self.started()
            stack.callback(lambda: process.end(self.serve))
            log = stack.enter_context((self.directory / "proxy.log").open("wb"))
            host, port = self.app.address
            text = rendered(
                self.name,
                self.directory / "serve.json",
                *("--listen", f"unix:{self.socket}", "--app", f"{host}:{port}", "--files", str(self.directory)),
            )
            name, *arguments = self.command(self.directory, text)
            if failing:
                written = self.directory / self.action
                sound = written.read_text()
                written.write_text(sound.replace("local receipt", "error('failing') local receipt"))
                assert written.read_text() != sound
            self.proxy = process.spawn(
                [program(name), *self.run, *arguments], output=log, errors=log, environment=surroundings(self.directory)
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

    @classmethod
    def command(cls, directory: Path, text: str) -> Sequence[str]:
        """Writes a configuration with what a distribution has around it, and returns the program and the arguments that name it."""
        raise NotImplementedError

    @classmethod
    def invalid(cls) -> str:
        """Says what the proxy finds wrong with the configuration for the README's settings, with TLS."""
        with tempfile.TemporaryDirectory(prefix="xoxzo-2fa-") as own:
            directory = Path(own)
            settings, tls = directory / "serve.json", directory / "tls"
            # A port that anybody may open.
            settings.write_text(printed("json").replace(HOST, f"{HOST}:{free_port()}"))
            tls.mkdir()
            subprocess.run(
                [*CERTIFY, "-keyout", str(tls / f"{HOST}.key"), "-out", str(tls / f"{HOST}.crt")],
                capture_output=True,
                check=True,
            )
            name, *arguments = cls.command(directory, rendered(cls.name, settings, "--files", own))
            command = [program(name), *cls.check, *arguments]
            read = subprocess.run(command, env=surroundings(directory), capture_output=True, text=True, check=False)
            return f"{command}: {read.stderr[-2000:]}" if read.returncode else ""

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
    aside = HTTP_2
    check = ("-t",)

    @classmethod
    def command(cls, directory: Path, text: str) -> Sequence[str]:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in kinds)
        user = "user root;\n" if os.getuid() == 0 else ""
        (directory / "site.conf").write_text(text)
        written = directory / "nginx.conf"
        written.write_text(
            f"{user}daemon off;\npid {directory}/nginx.pid;\nworker_processes 2;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{folders}include site.conf;\n}}\n"
        )
        return ["nginx", "-p", str(directory), "-e", "stderr", "-c", str(written)]


class Caddy(Proxied):
    """Caddy with `forward_auth`."""

    name = "caddy"
    # It speaks h2c here; answers `OPTIONS *` and a client that is gone; and writes `#` as `%23`, for the gate as for the app.
    aside = ("upgrade to h2c", "upgrade to WebSocket, h2c", "OPTIONS *", "cut short", "'/static/..#'")
    run = ("run",)
    check = ("validate",)

    @classmethod
    def command(cls, directory: Path, text: str) -> Sequence[str]:
        (directory / "site").write_text(text)
        written = directory / "Caddyfile"
        written.write_text(
            "{\n    admin off\n    auto_https off\n    servers {\n        protocols h1 h2c\n    }\n}\nimport site\n"
        )
        return ["caddy", "--adapter", "caddyfile", "--config", str(written)]


class Haproxy(Proxied):
    """HAProxy with the action in Lua."""

    name = "haproxy"
    aside = HTTP_2
    run = ("-db",)
    check = ("-c",)
    action = "haproxy.lua"

    @classmethod
    def command(cls, directory: Path, text: str) -> Sequence[str]:
        shutil.copy(FRONTS / cls.action, directory)
        written = directory / "haproxy.cfg"
        written.write_text(text)
        return ["haproxy", "-f", str(written)]


class Envoy(Proxied):
    """Envoy with `ext_authz`."""

    name = "envoy"
    run = ("--concurrency", "2")
    check = ("--mode", "validate")

    @classmethod
    def command(cls, directory: Path, text: str) -> Sequence[str]:
        written = directory / "envoy.yaml"
        written.write_text(text)
        return [str(BINARY), "--config-path", str(written), "--log-level", "warning", "--disable-hot-restart"]


class Apache(Proxied):
    """Apache with the hook in Lua."""

    name = "apache"
    # It answers `OPTIONS *` itself.
    aside = (*HTTP_2, "OPTIONS *")
    run = ("-DFOREGROUND",)
    check = ("-t",)
    action = "apache.lua"
    modules = ("mpm_event", "authz_core", "headers", "lua", "proxy", "proxy_http", "setenvif", "socache_shmcb", "ssl")

    @classmethod
    def command(cls, directory: Path, text: str) -> Sequence[str]:
        shutil.copy(FRONTS / cls.action, directory)
        (directory / "site.conf").write_text(text)
        modules = Path(program("apache2")).parents[1] / "lib/apache2/modules"
        loaded = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n" for name in cls.modules)
        written = directory / "apache2.conf"
        [port] = re.findall(r"<VirtualHost \*:(\d+)>", text)
        # Apache's workers are never root. Group root may open the socket.
        user = "User nobody\nGroup root\n" if os.getuid() == 0 else ""
        directory.chmod(0o750)
        written.write_text(
            f"{loaded}{user}ServerRoot {directory}\nPidFile {directory}/apache2.pid\nErrorLog {directory}/apache.log\n"
            f"DefaultRuntimeDir {directory}\nListen 127.0.0.1:{port}\nInclude site.conf\n"
        )
        return ["apache2", "-f", str(written)]


PROXIES: tuple[type[Proxied], ...] = (Nginx, Caddy, Haproxy, Envoy, Apache)
