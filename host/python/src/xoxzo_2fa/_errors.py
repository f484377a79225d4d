"""Exceptions of failed operations, one class per blame."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from xoxzo_2fa._records import Audit, audited

Code: TypeAlias = Literal[
    "wrong-pin",
    "malformed",
    "expired",
    "exhausted",
    "used",
    "locked",
    "cooldown",
    "too-many-sends",
    "not-allowed",
    "invalid-token",
    "nothing-locked",
    "provider",
    "guard",
    "clock",
    "randomness",
    "plugin",
    "settings",
    "request",
]
"""The codes of failures, which are the same on every host; ``plugin`` is a fault of this one."""


class TwoFactorError(Exception):
    """A failure of an operation. Holds no PIN, token, key or full number.

    code: the code that every host uses (``wit/types.wit``): ``wrong-pin``, ``expired``, ``locked`` ...
    detail: one line for a log, in English, not for end users.
    guesses_left: tries that the challenge still has, with ``wrong-pin``.
    retry_after: seconds until trying again can work. None where waiting does not help.
    expires_in: seconds until the token expires, where it was valid.
    audit: for operators. None where the engine could not be asked. Its cause is also this exception's ``__cause__``.
    """

    blame: Literal["misuse", "refuse", "upstream"] = "upstream"

    def __init__(  # noqa: PLR0913
        self,
        code: Code,
        detail: str,
        *,
        guesses_left: int | None = None,
        retry_after: int | None = None,
        expires_in: int | None = None,
        audit: Audit | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code: Code = code
        self.detail = detail
        self.guesses_left = guesses_left
        self.retry_after = retry_after
        self.expires_in = expires_in
        self.audit = audit
        if audit is not None and audit.cause is not None:
            self.__cause__ = Cause(audit.cause)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class Misuse(TwoFactorError):  # noqa: N818
    """The embedding program is wrong: settings, or an argument that no user can cause. Fix it."""

    blame: Literal["misuse", "refuse", "upstream"] = "misuse"


class Refuse(TwoFactorError):  # noqa: N818
    """The end user is refused: a wrong PIN, an expired token, a limit. Show what ``explain`` says."""

    blame: Literal["misuse", "refuse", "upstream"] = "refuse"


class Upstream(TwoFactorError):  # noqa: N818
    """Something outside failed: Xoxzo, the network, the guard, the clock, the engine. Raise an alarm and try later."""


class Cause(Exception):  # noqa: N818
    """The reason why the guard or Xoxzo gave no readable answer: one line without URLs, credentials and numbers. It is never raised."""


_CLASSES: dict[str, type[TwoFactorError]] = {kind.blame: kind for kind in (Misuse, Refuse, Upstream)}


def error(failure: dict[str, Any]) -> TwoFactorError:
    """Return the exception for a failure of the engine."""
    audit = failure.get("audit")
    return _CLASSES[failure["blame"]](
        failure["code"],
        failure["detail"],
        guesses_left=failure.get("guesses_left"),
        retry_after=failure.get("retry_after_seconds"),
        expires_in=failure.get("expires_in_seconds"),
        audit=None if audit is None else audited(audit),
    )
