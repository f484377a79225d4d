"""The sandbox, the shop and Envoy together, each in its place."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from . import configuration, keys, process
from .app import App
from .envoy import Envoy
from .sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType


class Stack:
    """Everything that the demo runs; a context manager.

    `sandbox`, `app` and `envoy` are its parts, `setup`, `config` and `environment` what Envoy was started with, and
    `origin` is what to open.
    """

    def __init__(
        self,
        command: Path,
        directory: Path,
        *,
        port: int = 0,
        record: bool = False,
        concurrency: int = 2,
        change: Callable[[dict[str, Any]], None] | None = None,
        pace: int = 1000,
        log_level: str = "info",
        **options: Any,
    ) -> None:
        """Start it. `command` is the built sandbox, `directory` takes Envoy's files, `port` 0 is any free one.

        `options` are those of `configuration.Setup`; `xoxzo` and `app` there lead Envoy elsewhere than to the parts
        started here. `change` may change Envoy's configuration before it starts. With `record` the app keeps every
        request. `pace` is the sandbox's, in milliseconds, and `log_level` Envoy's.
        """
        issuer, audience, cookie = configuration.session_rules()
        session_key = secrets.token_bytes(32)
        with ExitStack() as parts:
            self.sandbox = parts.enter_context(Sandbox(command, ["--pace", str(pace)]))
            self.app = parts.enter_context(
                App(session_key=session_key, issuer=issuer, audience=audience, cookie=cookie, record=record)
            )
            self.setup = configuration.Setup(
                **{
                    "port": port or process.free_port(),
                    "app": self.app.address,
                    "xoxzo": self.sandbox.address,
                    "session_key": session_key,
                    **options,
                }
            )
            self.origin = self.setup.origin
            self.config = configuration.build(self.setup)
            if change is not None:
                change(self.config)
            self.environment = {
                "XOXZO_2FA_KEY": keys.new(),
                "XOXZO_2FA_GUARD_KEY": keys.new(),
                "XOXZO_API_SID": self.sandbox.sid,
                "XOXZO_API_AUTH_TOKEN": self.sandbox.auth_token,
            }
            self.envoy = parts.enter_context(
                Envoy(
                    self.config, directory, environment=self.environment, concurrency=concurrency, log_level=log_level
                )
            )
            self._parts = parts.pop_all()

    def stop(self) -> None:
        """End it."""
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
