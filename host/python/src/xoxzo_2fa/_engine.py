"""The engine, compiled once, and its questions.

Everything crosses as text (``wit/ASK.md``). The engine checks it and names what is wrong, so no record of another shape can be
misread. It calls no Python: its one import, randomness, is wasmtime's own.
"""

from __future__ import annotations

import json
import os
import time
from importlib import resources
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any

from wasmtime import Engine as Wasmtime
from wasmtime import Trap, WasmtimeError

from xoxzo_2fa._cache import compiled
from xoxzo_2fa._errors import Misuse, Upstream, error
from xoxzo_2fa._module import AREA, DEADLINE, PLACES, Ask, Place, configuration
from xoxzo_2fa._secret import Secret

# Seconds of an epoch.
_TICK = 0.05

# The process that loaded this package. Its children have none of wasmtime's threads.
_PROCESS = os.getpid()

_decoder = json.JSONDecoder()
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(question: dict[str, Any]) -> str:
    """Return a question as text. Raises ``Misuse`` for values that JSON cannot express."""
    try:
        return _encoder.encode(question)
    except (TypeError, ValueError, RecursionError):
        raise Misuse("request", "an argument is neither text, number nor flag") from None


class Engine:
    """A module. Threads and forked processes can share it. Each process uses what it compiled itself: another's locks may stay held."""

    def __init__(self, module: bytes | None = None) -> None:
        self._module = _bundled() if module is None else module
        self._loaded = _Loaded(self._module)

    def once(self, question: dict[str, Any], settings: str = "", now: int = 0) -> tuple[str, dict[str, Any]]:
        """Ask a question that nothing follows. The arguments are plain in this frame: call it through ``seal``."""
        kind, answer = Conversation(self, keeps=False).ask(Secret(settings), now, Secret(encode(question)))
        return kind, answer.reveal()

    def loaded(self) -> _Loaded:
        """Return the module as this process has compiled it."""
        if self._loaded.process != os.getpid():
            _PARENTS.append(self._loaded)
            self._loaded = _Loaded(self._module)
        return self._loaded


class Conversation:
    """The questions of one operation.

    With ``keeps`` it asks them in one instance, so that the engine need not read settings and states again. While an answer is awaited, it
    holds the instance only if at least half of the places are free, so operations that wait never hold the places of those that run.
    """

    def __init__(self, engine: Engine, *, keeps: bool) -> None:
        self._engine = engine
        self._keeps = keeps
        self._loaded = engine.loaded()
        self._place: Place | None = None

    def ask(self, settings: Secret[str], now: int, question: Secret[str]) -> tuple[str, Secret[dict[str, Any]]]:
        """Ask one question, in JSON, and return the kind of the answer and the answer.

        Raises the failure if the answer is one. Secrets are plain in these frames: call it through ``seal``.
        """
        try:
            settings_bytes, question_bytes = settings.reveal().encode(), question.reveal().encode()
        except UnicodeEncodeError:
            raise Misuse("request", "an argument holds half a character") from None
        if len(settings_bytes) + len(question_bytes) > AREA:
            raise Misuse("request", "question: longer than 100 KiB")
        answer = self._ask(settings_bytes, question_bytes, now)
        ((kind, content),) = _decoder.decode(answer.decode()).items()
        if kind == "failure":
            raise error(content)
        return kind, Secret(content)

    def _ask(self, settings: bytes, question: bytes, now: int) -> bytes:
        loaded = self._engine.loaded()
        if loaded is not self._loaded:
            # In a child. The instance is the parent's, and is not freed.
            self._loaded, self._place = loaded, None
        place, self._place = self._place, None
        if place is None:
            place = loaded.places.get()
        keeps = False
        try:
            answer = loaded.ask(place, settings, question, now)
            keeps = self._keeps and loaded.places.qsize() >= PLACES // 2
        finally:
            if keeps:
                self._place = place
            else:
                place.close()
                loaded.places.put(place)
        return answer

    def close(self) -> None:
        """Give the place back."""
        place, self._place = self._place, None
        if place is not None and self._loaded.process == os.getpid():
            place.close()
            self._loaded.places.put(place)


class _Loaded:
    """A module as one process has compiled it, and places for its instances."""

    def __init__(self, module: bytes) -> None:
        self.process = os.getpid()
        # In a child, compiling on several threads would wait for ever for those of the parent.
        wasmtime = Wasmtime(configuration(parallel=self.process == _PROCESS))
        self._ticker = _Ticker(wasmtime)
        try:
            function = Ask(wasmtime, compiled(wasmtime, module))
        except (Trap, WasmtimeError) as fault:
            raise Upstream("plugin", f"the module does not load: {fault}") from None
        self.places: SimpleQueue[Place] = SimpleQueue()
        for _ in range(PLACES):
            self.places.put(Place(function))

    def ask(self, place: Place, settings: bytes, question: bytes, now: int) -> bytes:
        """Answer in the instance of a place, or in a new one if it has none."""
        self._ticker.call()
        try:
            if not place.is_open:
                place.open()
            return place.ask(settings, question, now)
        except (Trap, WasmtimeError) as fault:
            raise Upstream("plugin", f"the module trapped: {_first_line(fault)}") from None


# What parents have compiled. It is not freed, which would wait for their locks.
_PARENTS: list[_Loaded] = []


class _Ticker:
    """Moves the epoch, so that no guest runs forever. Its thread ends when no call began for twice the time that one may take."""

    def __init__(self, wasmtime: Wasmtime) -> None:
        self._wasmtime = wasmtime
        self._lock = Lock()
        self._idle = 0
        self._thread: Thread | None = None

    def call(self) -> None:
        """Record that a call begins."""
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
                if self._idle > 2 * DEADLINE:
                    self._thread = None
                    return


def _first_line(fault: Exception) -> str:
    """Return the line of a trap's text that names the kind. The rest is a backtrace."""
    lines = str(fault).strip().splitlines()
    return lines[-1].strip() if lines else "unknown"


def _bundled() -> bytes:
    module = resources.files("xoxzo_2fa") / "two-factor-ask.wasm"
    magic = b"\0asm"
    try:
        code = module.read_bytes()
    except OSError:
        code = b""
    if not code.startswith(magic):
        raise Upstream(
            "plugin",
            "the module is not in this checkout: build it with `tests/all wasm --bless`, or install the wheel",
        )
    return code


_shared: list[Engine] = []


def shared() -> Engine:
    """Return the engine of the bundled module, made once per process."""
    if not _shared:
        _shared.append(Engine())
    return _shared[0]
