"""A world to attack: the sandbox, an app that knows nothing of two-factor authentication, Envoy, and persons who sign in."""

import os
import re
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from client import Headers, request
from demo import configuration, tokens
from demo.app import App
from demo.configuration import Setup, build
from demo.envoy import Envoy
from demo.exchange import Request
from demo.process import free_port
from demo.sandbox import Sandbox
from person import AUDIENCE, ISSUER, SESSION, TYPE, Person

ROOT = Path(__file__).resolve().parents[3]
COMMAND = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/xoxzo-2fa"
SANDBOX = COMMAND.with_name("xoxzo-2fa-sandbox")

# What the tests need more of than an app would give.
GENEROUS: dict[str, Any] = {
    "two_factor": {
        "sends": {
            "cooldown_seconds": 1,
            "per_number": {"count": 1000},
            "per_subject": {"count": 1000},
            "per_audience": {"count": 100_000},
        },
        "failures": {"per_audience": {"count": 1_000_000}, "per_subject": {"count": 1000}},
        "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]},
        "xoxzo": {"timeout_milliseconds": 5000},
    }
}

PLENTY = ("--pace", "0", "--credits", "1000000")

HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
Change = Callable[[dict[str, Any]], None]


def keygen(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    made = subprocess.run([COMMAND, "keygen", *arguments], capture_output=True, text=True, check=True, env=environment)
    return made.stdout.strip()


def bare(config: dict[str, Any]) -> None:
    """Nothing of Envoy's own defence, so that the gate stands alone: paths, underscores and trailers come as they were sent."""
    manager = configuration.connection_manager(config)
    for name in ("normalize_path", "merge_slashes", "path_with_escaped_slashes_action"):
        del manager[name]
    del manager["common_http_protocol_options"]["headers_with_underscores_action"]
    manager["http_protocol_options"]["enable_trailers"] = True
    upstream = {"explicit_http_config": {"http_protocol_options": {"enable_trailers": True}}}
    options = {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", **upstream}
    configuration.cluster(config, "app")["typed_extension_protocol_options"] = {HTTP_OPTIONS: options}


class Ground:
    """What every gate stands on, on 127.0.0.1: the sandbox, the app, keys, and persons who sign in; a context manager that leaves nothing behind.

    `believing`: persons write the headers of `danger_headers` themselves. `wanted` counts the requests that should reach the app.
    """

    def __init__(self, *, sandbox: tuple[str, ...], believing: bool) -> None:
        self.wanted = 0
        self.believing = believing
        self.secrets: set[str] = set()
        self.pins: set[str] = set()
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.session_key = secrets.token_bytes(32)
        with ExitStack() as stack:
            self.directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xoxzo-2fa-")))
            self.sandbox = stack.enter_context(Sandbox(SANDBOX, sandbox))
            self.app = stack.enter_context(
                App(session_key=self.session_key, issuer=ISSUER, audience=AUDIENCE, cookie=SESSION, record=True)
            )
            self.environment = {
                "XOXZO_2FA_KEY": keygen(),
                "XOXZO_2FA_GUARD_KEY": keygen(),
                "XOXZO_API_SID": self.sandbox.sid,
                "XOXZO_API_AUTH_TOKEN": self.sandbox.auth_token,
            }
            self.secrets.update(self.environment.values())
            self.receipt_key = keygen("--receipt-for", "shop", "--test", environment=self.environment)
            self.stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def sign(self, claims: Mapping[str, Any]) -> str:
        return tokens.sign(claims, self.session_key)

    def session(self, token: str) -> tuple[str, str]:
        """The header that carries the app's session."""
        return ("cookie", f"{SESSION}={token}")

    def own_page(self) -> list[tuple[str, str]]:
        """The headers of a form that the gate's own page sends."""
        return [TYPE, ("origin", self.origin), ("sec-fetch-site", "same-origin")]

    def person(self, **own: str) -> Person:
        return Person(self, **own)

    def signed_in(self, **own: str) -> Person:
        """A person with a pass."""
        person = Person(self, **own)
        person.sign_in()
        return person

    def seen(self) -> list[Request]:
        """What has reached the app so far."""
        assert self.app.requests is not None
        return self.app.requests

    def inbox_size(self, recipient: str = "") -> int:
        """How many messages were sent, to one or to all."""
        return len(self.sandbox.inbox(recipient))

    def reach(self, who: Person, path: str, headers: Headers = (), *, status: int | None = 200) -> Request:
        """A request that must reach the app, and what the app saw of it."""
        before = len(self.seen())
        answer = request(self.port, "GET", path, [*who.headers(), *headers])
        came = self.seen()[before:]
        self.wanted += len(came)
        assert len(came) == 1, f"{path} did not reach the app: {answer}"
        self.secrets.update(came[0].header("x-2fa-receipt"))
        assert status is None or answer.status == status, f"{path}: {answer}"
        return came[0]

    def users_of(self, seen: Request) -> set[str]:
        """Whom an app might take somebody for: by any session cookie, or by Authorization."""
        pairs = [pair.partition("=") for line in seen.header("cookie") for pair in re.split("[;,]", line)]
        every = [value.strip(' "') for name, _, value in pairs if name.strip().lower() == SESSION.lower()]
        every += [value.rpartition(" ")[2] for value in seen.header("authorization")]
        read = (tokens.verify(token, self.session_key, ISSUER, AUDIENCE) for token in every)
        return {str(claims["sub"]) for claims in read if claims}


class World(Ground):
    """A gate in Envoy. `wanted` and `believing` are as for every ground."""

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        change: Change | None = None,
        concurrency: int = 2,
        xoxzo: tuple[str, int] | None = None,
        sandbox: tuple[str, ...] = PLENTY,
        gate: Path | None = configuration.WASM,
        believing: bool = False,
        **setup: Any,
    ) -> None:
        super().__init__(sandbox=sandbox, believing=believing)
        self.log = self.access_log = ""
        with self.stack as stack:
            self.setup = Setup(
                port=self.port,
                app=self.app.address,
                xoxzo=xoxzo or self.sandbox.address,
                session_key=self.session_key,
                gate=gate,
                settings=configuration.merge(GENEROUS, settings or {}),
                **setup,
            )
            self.config = build(self.setup)
            if change:
                change(self.config)
            self.concurrency = concurrency
            self.envoy = self.started()
            stack.callback(lambda: self.envoy.stop())
            self.stack = stack.pop_all()

    def started(self) -> Envoy:
        return Envoy(
            self.config,
            self.directory / "envoy",
            environment=self.environment,
            concurrency=self.concurrency,
            log_level="info",
        )

    def restart(self) -> None:
        """The same Envoy once more: another process."""
        self.stop()
        self.envoy = self.started()

    def stop(self) -> None:
        """Ends Envoy, which only then has written all of its logs."""
        self.envoy.stop()
        self.log = self.envoy.log.read_text(errors="replace")
        self.access_log += self.envoy.access_log.read_text(errors="replace")

    def alive(self) -> list[str]:
        """What is wrong with Envoy: whether a VM failed, a worker does not answer, or something was logged that must not be. Ends it."""
        stats = self.envoy.statistics("wasm.")
        wrong = [f"{name}: {value}" for name, value in stats.items() if value and re.search(r"reload|fail|crash", name)]
        wrong += [] if self.envoy.running else ["Envoy has ended"]
        person = self.person()
        for _ in range(
            8 * self.concurrency
        ):  # Each on a connection of its own, which the kernel spreads over the workers.
            answer = request(self.port, "GET", "/account", person.headers())
            if answer.status != 401:
                wrong.append(f"a worker answers {answer}")
        self.stop()
        broken = re.compile(
            r"\[critical\]|panicked|wasm backtrace|Function: proxy_|Plugin configured to fail|terminate called"
        )
        return [*wrong, *(line for line in self.log.splitlines() if broken.search(line))]
