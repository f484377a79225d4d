"""The component, and its questions.

Everything crosses as text (``wit/text.wit``). The engine checks it and names what is wrong, so no record of another shape can be
misread. The component calls no Python: its one import, randomness, is wasmtime's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
from contextlib import closing
from importlib import metadata, resources
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from wasmtime import Config, Store, Trap, WasiConfig, WasmtimeError
from wasmtime import Engine as Wasmtime
from wasmtime.component import U32, Component, Linker, String

from xoxzo_2fa._errors import Misuse, Upstream, error
from xoxzo_2fa._secret import Secret

if TYPE_CHECKING:
    from wasmtime.component import Func

_INTERFACE = "xoxzo:two-factor/text@0.1.0"

# Seconds of an epoch, and epochs that a call may run. A call takes well under a millisecond.
_TICK = 0.05
_DEADLINE = 20

# The process that loaded this package. Its children have none of wasmtime's threads.
_PROCESS = os.getpid()

# Maximum memory of one instance, in bytes.
_MEMORY = 2 * 1024 * 1024

_decode = json.JSONDecoder().raw_decode
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(question: dict[str, Any]) -> str:
    """Return a question as text. Raises ``Misuse`` for values that JSON cannot express."""
    try:
        return _encoder.encode(question)
    except (TypeError, ValueError, RecursionError):
        raise Misuse("request", "an argument is neither text, number nor flag") from None


class _Ask:
    """The type of ``ask``, given once instead of being read from the component with each call."""

    params = (("settings", String()), ("now-seconds", U32()), ("question", String()))
    result = String()


class Engine:
    """A compiled component. Threads and forked processes can share it."""

    def __init__(self, component: bytes | None = None) -> None:
        config = Config()
        config.epoch_interruption = True
        # In a child, compiling on several threads would wait for ever for those of the parent.
        config.parallel_compilation = os.getpid() == _PROCESS
        self._wasmtime = Wasmtime(config)
        self._ticker = _Ticker(self._wasmtime)
        code = _bundled() if component is None else component
        try:
            self._component = _compiled(self._wasmtime, code)
            self._linker = Linker(self._wasmtime)
            self._linker.add_wasip2()
            interface = self._component.get_export_index(_INTERFACE)
            ask = interface and self._component.get_export_index("ask", interface)
        except WasmtimeError as fault:
            raise Upstream("plugin", f"the component does not load: {fault}") from None
        if ask is None:
            raise Upstream("plugin", "the component does not load: it has not the interface `text`")
        self._ask = ask

    def session(self) -> Session:
        """Return an instance for the steps of one operation."""
        return Session(self)

    def once(self, question: dict[str, Any], settings: str = "", now: int = 0) -> tuple[str, dict[str, Any]]:
        """Ask in an instance of its own. The arguments are plain in this frame: call it through ``seal``."""
        with closing(self.session()) as session:
            kind, answer = session.ask(Secret(settings), now, Secret(encode(question)))
            return kind, answer.reveal()


class _Ticker:
    """Moves the epoch, so that no guest runs forever. Its thread ends when no call began for twice the time that one may take."""

    def __init__(self, wasmtime: Wasmtime) -> None:
        self._wasmtime = wasmtime
        self._process = 0
        self._forget()
        # A forked child has neither threads nor running calls.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._process = os.getpid()
        self._lock = Lock()
        self._idle = 0
        self._thread: Thread | None = None

    def call(self) -> None:
        """Record that a call begins."""
        if self._process != os.getpid():
            # Not forked by Python, which would have called the hook.
            self._forget()
        with self._lock:
            self._idle = 0
            if self._thread is None:
                self._thread = Thread(target=self._tick, name="xoxzo-2fa ticker", daemon=True)
                self._thread.start()

    def _tick(self) -> None:
        while True:
            time.sleep(_TICK)
            self._wasmtime.increment_epoch()
            with self._lock:
                self._idle += 1
                if self._idle > 2 * _DEADLINE:
                    self._thread = None
                    return


class Session:
    """An instance of the component, for one thread. It must not be used after a trap."""

    def __init__(self, engine: Engine) -> None:
        self._ticker = engine._ticker  # noqa: SLF001
        self._store = store = Store(engine._wasmtime)  # noqa: SLF001
        # Without this, a call for randomness would end the process.
        store.set_wasi(WasiConfig())
        store.set_limits(memory_size=_MEMORY)
        store.set_epoch_deadline(_DEADLINE)
        try:
            instance = engine._linker.instantiate(store, engine._component)  # noqa: SLF001
        except WasmtimeError as fault:
            store.close()
            raise Upstream("plugin", f"no instance: {_first_line(fault)}") from None
        self._function = _typed(instance.get_func(store, engine._ask))  # noqa: SLF001

    def close(self) -> None:
        """Free the instance and its memory."""
        self._store.close()

    def ask(self, settings: Secret[str], now: int, question: Secret[str]) -> tuple[str, Secret[dict[str, Any]]]:
        """Ask one question, in JSON, and return the kind of the answer and the answer.

        Raises the failure if the answer is one. Secrets are plain in these frames: call it through ``seal``.
        """
        try:
            self._store.set_epoch_deadline(_DEADLINE)
            self._ticker.call()
            answer = self._function(self._store, settings.reveal(), now, question.reveal())
        except UnicodeEncodeError:
            raise Misuse("request", "an argument holds half a character") from None
        except (Trap, WasmtimeError) as fault:
            raise Upstream("plugin", f"the component trapped: {_first_line(fault)}") from None
        ((kind, content),) = _decode(answer)[0].items()
        if kind == "failure":
            raise error(content)
        return kind, Secret(content)


def _typed(function: Func | None) -> Any:
    typed: Any = function
    typed.type = lambda _store: _Ask
    return typed


def _first_line(fault: Exception) -> str:
    """Return the line of a trap's text that names the kind. The rest is a backtrace."""
    lines = str(fault).strip().splitlines()
    return lines[-1].strip() if lines else "unknown"


def _bundled() -> bytes:
    component = resources.files("xoxzo_2fa") / "two-factor-steps.wasm"
    magic = b"\0asm"
    try:
        code = component.read_bytes()
    except OSError:
        code = b""
    if not code.startswith(magic):
        raise Upstream(
            "plugin",
            "the component is not in this checkout: build it with `tests/all wasm --bless`, or install the wheel",
        )
    return code


def _compiled(wasmtime: Wasmtime, code: bytes) -> Component:
    """Compile the component, or load it from a cache that only this user can write."""
    folder = _cache()
    version = metadata.version("wasmtime")
    name = hashlib.sha256(b"\0".join([version.encode(), sys.platform.encode(), b"epochs", code])).hexdigest()
    path = folder and folder / f"{name}.cwasm"
    if path and path.exists():
        try:
            return Component.deserialize_file(wasmtime, str(path))
        except WasmtimeError:
            # The file is for another processor, or damaged.
            pass
    component = Component(wasmtime, code)
    if folder and path:
        try:
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(component.serialize())
            Path(file.name).replace(path)
        except OSError:
            # Without a cache every start of a process compiles, which takes a tenth of a second.
            pass
    return component


def _cache() -> Path | None:
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


_shared: list[Engine] = []


def shared() -> Engine:
    """Return the engine of the bundled component, made once per process."""
    if not _shared:
        _shared.append(Engine())
    return _shared[0]
