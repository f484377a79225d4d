"""What a session keeps: challenges that wait for their code, and passes of those that were accepted.

::

    xoxzo_2fa_pending   slot ──► Pending      slots: "login", "confirm", and ":PURPOSE" for a project's own
    xoxzo_2fa_passes    purpose ──► Pass
    xoxzo_2fa_wanted    the purpose that a view asked for, and where to go back to
    xoxzo_2fa_notice    a text for the next page

Challenges and passes name the user and hold the user's session hash, which Django derives from the password: they end with the session,
with a change of user and with a change of password.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.crypto import constant_time_compare

from xoxzo_2fa._age import is_fresh
from xoxzo_2fa.django._configuration import configuration
from xoxzo_2fa.django._service import subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

    from xoxzo_2fa import Challenge

_Kept = TypeVar("_Kept")

PASSES, WANTED = "xoxzo_2fa_passes", "xoxzo_2fa_wanted"
_PENDING, _NOTICE = "xoxzo_2fa_pending", "xoxzo_2fa_notice"


def _hashes(user: Any) -> Iterator[str]:
    """Yield a user's session hash, and those of earlier secret keys of the project."""
    yield user.get_session_auth_hash()
    yield from user.get_session_auth_fallback_hash()


@dataclass(frozen=True)
class _Owned:
    """Something that belongs to a user until the password changes."""

    user: str
    hash: str = field(repr=False)

    def belongs_to(self, user: Any) -> bool:
        """Tell whether it is this user's, with the password that the user has now."""
        if not user.is_authenticated or not user.is_active or self.user != subject_of(user):
            return False
        return any(constant_time_compare(self.hash, known) for known in _hashes(user))


def owner(user: Any) -> tuple[str, str]:
    """Return what makes something belong to a user."""
    return subject_of(user), str(user.get_session_auth_hash())


def nonce() -> str:
    """Return a new name for the session that asks, to which the challenge is bound. A session's key changes, and is a secret."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Pending(_Owned):
    """A challenge that waits for its code.

    purpose: purpose of the challenge.
    nonce: name of the session in its binding.
    masked: the number, with most digits as ``*``.
    expires_at, resend_at: seconds since 1970.
    backend: the backend that knew the password, for a login.
    """

    purpose: str
    nonce: str = field(repr=False)
    token: str = field(repr=False)
    masked: str
    expires_at: float
    resend_at: float
    backend: str | None

    @classmethod
    def of(cls, user: Any, purpose: str, session: str, challenge: Challenge, backend: str | None) -> Pending:
        """Return what to keep of a challenge that was started now, for a user with the password that they have now."""
        now = configuration().clock()
        ends = now + challenge.expires_in, now + challenge.resend_after
        return cls(*owner(user), purpose, session, challenge.token, challenge.masked, *ends, backend)

    @property
    def seconds_to_resend(self) -> int:
        """Return how long no other message can be asked for."""
        return max(0, round(self.resend_at - configuration().clock()))

    @property
    def expired(self) -> bool:
        """Tell whether no code is accepted any more."""
        return configuration().clock() >= self.expires_at


def pend(request: HttpRequest, slot: str, pending: Pending) -> None:
    """Keep a challenge in a slot of the session. It replaces the one that was there."""
    request.session[_PENDING] = {**request.session.get(_PENDING, {}), slot: asdict(pending)}


def pending_in(request: HttpRequest, slot: str) -> Pending | None:
    """Return the challenge in a slot."""
    return _read(Pending, request.session.get(_PENDING, {}).get(slot))


def drop(request: HttpRequest, slot: str) -> None:
    """Forget the challenge in a slot."""
    kept = {**request.session.get(_PENDING, {})}
    if kept.pop(slot, None) is not None:
        request.session[_PENDING] = kept


@dataclass(frozen=True)
class Pass(_Owned):
    """A second factor that was accepted in this session.

    at: when, in seconds since 1970.
    """

    at: float


def admit(request: HttpRequest, user: Any, purpose: str) -> None:
    """Give the session a pass for a purpose."""
    passed = Pass(*owner(user), configuration().clock())
    request.session[PASSES] = {**request.session.get(PASSES, {}), purpose: asdict(passed)}


def passes(kept: Any, user: Any, purpose: str, max_age: float | None) -> bool:
    """Tell whether passes that a session kept let a user in.

    kept: what the session has under ``PASSES``.
    max_age: seconds since the acceptance.
    """
    passed = _read(Pass, (kept or {}).get(purpose))
    if passed is None:
        return False
    return passed.belongs_to(user) and (max_age is None or is_fresh(passed.at, configuration().clock(), max_age))


def _read(kind: type[_Kept], kept: Any) -> _Kept | None:
    """Return what a session kept. None if there is nothing, or another version of this package wrote it."""
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**kept) if isinstance(kept, dict) and kept.keys() == names else None


def notice(request: HttpRequest, text: str) -> None:
    """Keep a text for the next page."""
    request.session[_NOTICE] = text


def noticed(request: HttpRequest) -> str:
    """Return that text, once."""
    return str(request.session.pop(_NOTICE, ""))
