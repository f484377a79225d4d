"""What recorders of exceptions can see: every frame of an exception and of those it came from, and what their variables lead to."""

from __future__ import annotations

import base64
import functools
import re
import sys
import types
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent

# Steps from a variable. The real recorders take half a dozen at most.
DEPTH = 14

# What leads out of a frame into the program as a whole.
OUTSIDE = (types.ModuleType, type, weakref.ref, types.BuiltinFunctionType, types.CodeType)


class Canaries:
    """Secrets by name, and a search for them in what was recorded."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = secrets

    def seen(self, text: str) -> set[str]:
        """Return the names of the secrets that a text holds, whole or in part, plain or as base64."""
        return {name for name, secret in self.secrets.items() if _holds(text, secret)}


def _holds(text: str, secret: str) -> bool:
    if secret.isdigit():
        return re.search(rf"(?<![0-9A-Za-z.]){secret}(?![0-9A-Za-z])", text) is not None
    # A recorder may cut what is long.
    pieces = [secret] if len(secret) < 80 else [secret[at : at + 40] for at in range(0, len(secret) - 40, 40)]
    encoded = [base64.b64encode(secret[at:].encode()).decode()[:-4] for at in range(3) if len(secret) < 80]
    return any(piece in text for piece in [*pieces, *(code for code in encoded if len(code) >= 8)])


def chain(fault: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that are recorded with it, those that are suppressed too."""
    seen: set[int] = set()
    waiting = [fault]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [other for other in (each.__cause__, each.__context__, *getattr(each, "exceptions", ())) if other is not None]


def texts(fault: BaseException) -> Iterator[tuple[str, str]]:
    """Yield every text that frames outside of the tests lead to, and where it was."""
    seen: dict[int, Any] = {}
    for each in chain(fault):
        name = type(each).__name__
        yield name, f"{each!r} {each}"
        yield from _reached(vars(each), f"{name}.__dict__", seen, DEPTH)
        yield from _reached(each.args, f"{name}.args", seen, DEPTH)
        traceback = each.__traceback__
        while traceback is not None:
            code, local = traceback.tb_frame.f_code, traceback.tb_frame.f_locals
            traceback = traceback.tb_next
            if TESTS in Path(code.co_filename).parents:
                continue
            for variable, value in local.items():
                where = f"{Path(code.co_filename).name}:{code.co_name}: {variable}"
                yield where, _shown(value)
                yield from _reached(value, where, seen, DEPTH)


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except AttributeError:
        # An object that is not yet made.
        return ""


def _reached(value: Any, where: str, seen: dict[int, Any], depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, (str, bytes, bytearray)):
        yield where, value if isinstance(value, str) else bytes(value).decode("latin-1")
        return
    if depth == 0 or id(value) in seen or isinstance(value, OUTSIDE) or _own(value):
        return
    # Kept, so that no other object gets its identity.
    seen[id(value)] = value
    for name, part in _parts(value):
        yield from _reached(part, f"{where}{name}", seen, depth - 1)


def _own(value: Any) -> bool:
    """Tell what is of the tests: their transports keep what they sent."""
    named = value if isinstance(value, types.FunctionType) else type(value)
    module = sys.modules.get(named.__module__)
    return TESTS in Path(getattr(module, "__file__", None) or "/").resolve().parents


def _parts(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: PLR0912
    if isinstance(value, Mapping):
        for key, item in list(value.items()):
            yield "[key]", key
            yield f"[{key!r:.20}]", item
    elif isinstance(value, (list, tuple, set, frozenset)):
        for at, item in enumerate(list(value)):
            yield f"[{at}]", item
    elif isinstance(value, types.FunctionType):
        for cell in value.__closure__ or ():
            try:
                yield "()", cell.cell_contents
            except ValueError:
                continue
        yield ".__defaults__", value.__defaults__
        yield ".__kwdefaults__", value.__kwdefaults__
    elif isinstance(value, types.MethodType):
        yield ".__self__", value.__self__
    elif isinstance(value, functools.partial):
        yield ".args", (value.args, value.keywords, value.func)
    elif isinstance(value, types.FrameType):
        yield ".f_locals", value.f_locals
    for name in ("gi_frame", "cr_frame", "ag_frame"):
        frame = (
            getattr(value, name, None) if isinstance(value, (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)) else None
        )
        if frame is not None:
            yield f".{name}", frame.f_locals
    # Also of what is a container: subclasses have attributes.
    if isinstance(value, BaseException):
        yield ".args", value.args
        for name in ("object", "obj", "doc", "value"):
            yield f".{name}", getattr(value, name, None)
    yield ".__dict__", getattr(value, "__dict__", None)
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in [slots] if isinstance(slots, str) else slots:
            yield f".{name}", getattr(value, name, None)


def leaks(fault: BaseException, canaries: Canaries) -> list[str]:
    """Return where an exception shows which secrets."""
    found = [f"{where} shows {', '.join(sorted(names))}" for where, text in texts(fault) if (names := canaries.seen(text))]
    return sorted(set(found))
