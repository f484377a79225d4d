"""Holds secrets and outcomes so that a recorder of local variables cannot show them.

Error trackers, structured logs and debug pages record the local variables of every frame that an exception passes, and the objects that
those refer to. So every frame of this package that an exception can leave holds secrets as ``Secret`` only. An exception in a frame
with plain secrets is caught there, loses its traceback, and is raised again from a frame without them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar

from xoxzo_2fa._errors import Cause, TwoFactorError, Upstream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Secret(Generic[_T]):
    """A value, or the failure to get it. Shows as ``[REDACTED]``: no attribute or item leads to the value, and it cannot be pickled."""

    __slots__ = ("_content",)

    def __init__(self, value: _T) -> None:
        _hold(self, value)

    @property
    def failure(self) -> BaseException | None:
        """The exception that was raised instead of returning a value. None if there is a value."""
        return None

    def reveal(self) -> _T:
        """Return the value, or raise the failure. A frame that calls foreign code must not keep the value in a variable."""
        value: _T = _held(self)
        return value

    def __repr__(self) -> str:
        return "[REDACTED]"

    def __copy__(self) -> Secret[_T]:
        return self

    def __deepcopy__(self, _: Any) -> Secret[_T]:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


class _Failed(Secret[Any]):
    """A failure to get a value."""

    __slots__ = ()

    @property
    def failure(self) -> BaseException | None:
        failure: BaseException = _held(self)
        return failure

    def reveal(self) -> NoReturn:
        try:
            raise _held(self)
        finally:
            # The exception's traceback holds this frame: without this, each would keep the other alive.
            del self


# The only access to the content. The class itself has none, so that `getattr` finds nothing.
_hold: Any = vars(Secret)["_content"].__set__
_held: Any = vars(Secret)["_content"].__get__
for _name in Secret.__slots__:
    delattr(Secret, _name)


def attempt(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Secret[_T]:
    """Call a function. Anything that it raises becomes the failure of the outcome, without traceback, cause or context."""
    try:
        return Secret(function(*arguments, **named))
    except BaseException as fault:  # noqa: BLE001
        return _failed(fault)


async def attempt_awaited(function: Callable[_P, Awaitable[_T]], *arguments: _P.args, **named: _P.kwargs) -> Secret[_T]:
    """Await a function as ``attempt`` calls one. A cancellation becomes a failure too, so reveal the outcome before awaiting again."""
    try:
        return Secret(await function(*arguments, **named))
    except BaseException as fault:  # noqa: BLE001
        return _failed(fault)


def seal(function: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Secret[_T]:
    """Call a function of this package that has plain secrets in its frames. An exception that it does not document becomes ``Upstream``."""
    return documented(attempt(function, *arguments, **named))


def documented(outcome: Secret[_T]) -> Secret[_T]:
    """Replace a failure that no operation documents by ``Upstream``. Anything but an ``Exception``, such as a cancellation, stays."""
    failure = outcome.failure
    if failure is None or isinstance(failure, TwoFactorError) or not isinstance(failure, Exception):
        return outcome
    return _failed(Upstream("plugin", f"unexpected in the host: {cause(failure)}"))


def cause(failure: BaseException) -> str:
    """Return the class of a failure and where it was raised. Its own text may quote passwords, addresses and arguments."""
    return " at ".join([type(failure).__name__, *vars(failure).get(_PLACE, ())])


# The attribute of a failure that lost its traceback.
_PLACE = "_raised_at"


def _failed(fault: BaseException) -> Secret[Any]:
    if not isinstance(fault, TwoFactorError):
        vars(fault)[_PLACE] = [_place(fault.__traceback__)]
    _strip(fault)
    return _Failed(fault)


def _strip(fault: BaseException) -> None:
    # The descriptors work also for exceptions that refuse to have attributes set. A `Cause` of our own is kept: it holds one clean line.
    kept = fault.__cause__ if isinstance(fault, TwoFactorError) and isinstance(fault.__cause__, Cause) else None
    for name, value in (("__traceback__", None), ("__context__", None), ("__cause__", kept)):
        vars(BaseException)[name].__set__(fault, value)
    # Each exception of a group has a traceback of its own.
    parts = getattr(fault, "exceptions", ())
    for part in parts if isinstance(parts, tuple) else ():
        if isinstance(part, BaseException):
            _strip(part)


def _place(traceback: TracebackType | None) -> str:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return "?" if traceback is None else f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"
