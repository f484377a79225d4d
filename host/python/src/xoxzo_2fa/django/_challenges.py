"""Challenges of a session: to start one, to repeat its message, to check the code.

``start``, ``resend`` and ``verify`` are for views of a project's own, such as one that confirms a payment. The pages of this app call what
is behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied

from xoxzo_2fa import Acceptance, Challenge, Refuse, Sending, Transaction, TwoFactorError
from xoxzo_2fa._client import returns_coroutine
from xoxzo_2fa._secret import Secret, attempt
from xoxzo_2fa.django import signals
from xoxzo_2fa.django._service import binding, client_of, explained, locale, two_factor
from xoxzo_2fa.django._session import Pending, drop, nonce, pend, pending_in

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from django.http import HttpRequest

# The slots of this app's own pages. A project's have the purpose as name, after a colon.
LOGIN, CONFIRM = "login", "confirm"


def start(request: HttpRequest, purpose: str, transaction: Transaction | None = None) -> Challenge:
    """Send the user of the request a code for a purpose, and keep the challenge in the session.

    A later start for this purpose replaces it. Call it for a ``POST`` only: a message costs money.

    transaction: a payment to confirm, from the server's own records. The message shows amount and payee.

    Raises ``NoRecipient`` for a user without a number, ``PermissionDenied`` if nobody is logged in, and otherwise as ``TwoFactor.start``.
    """
    return begin(request, f":{purpose}", _present(request), purpose, transaction)


def resend(request: HttpRequest, purpose: str, transaction: Transaction | None = None) -> Challenge:
    """Send the code of the session's challenge for a purpose once more. Raises as ``TwoFactor.resend``."""
    return again(request, f":{purpose}", _present(request), transaction)


def verify(request: HttpRequest, purpose: str, pin: str, transaction: Transaction | None = None) -> Acceptance:
    """Check what the user typed for a purpose. Returns at most once for a challenge, and raises in every other case.

    It leaves no pass: do what was confirmed when it has returned, in the same request.

    transaction: the payment as it would be made now, from the server's own records. If it is not what the code was sent for, the code is
    refused.

    Raises ``Refuse`` if the session has no such challenge for this user, and otherwise as ``TwoFactor.verify``.
    """
    typed = Secret(pin)
    del pin
    return _verify(request, purpose, typed, transaction)


@returns_coroutine
def astart(request: HttpRequest, purpose: str, transaction: Transaction | None = None) -> Coroutine[Any, Any, Challenge]:
    """Do the same as ``start``."""
    return sync_to_async(start)(request, purpose, transaction)


@returns_coroutine
def aresend(request: HttpRequest, purpose: str, transaction: Transaction | None = None) -> Coroutine[Any, Any, Challenge]:
    """Do the same as ``resend``."""
    return sync_to_async(resend)(request, purpose, transaction)


@returns_coroutine
def averify(request: HttpRequest, purpose: str, pin: str, transaction: Transaction | None = None) -> Coroutine[Any, Any, Acceptance]:
    """Do the same as ``verify``."""
    return sync_to_async(_verify)(request, purpose, Secret(pin), transaction)


def _verify(request: HttpRequest, purpose: str, typed: Secret[str], transaction: Transaction | None) -> Acceptance:
    return finish(request, f":{purpose}", _present(request), typed, transaction)


def _present(request: HttpRequest) -> Any:
    user: Any = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    return user


def begin(request: HttpRequest, slot: str, user: Any, purpose: str, transaction: Transaction | None = None) -> Challenge:
    """Send a user a code, and keep the challenge in a slot of the session."""
    session = nonce()
    about, sending = binding(user, purpose, session, transaction), Sending(locale=locale(), client=client_of(request))
    started = attempt(two_factor().start, about, sending)
    challenge: Challenge = _told(request, slot, started, user, purpose)
    pend(request, slot, Pending.of(user, purpose, session, challenge, getattr(user, "backend", None)))
    _sent(challenge, user, purpose, resent=False)
    return challenge


def again(request: HttpRequest, slot: str, user: Any, transaction: Transaction | None = None) -> Challenge:
    """Send the code of the challenge in a slot once more."""
    pending = _own(request, slot, user)
    about, sending = binding(user, pending.purpose, pending.nonce, transaction), Sending(locale=locale(), client=client_of(request))
    sent = attempt(two_factor().resend, pending.token, about, sending)
    challenge: Challenge = _told(request, slot, sent, user, pending.purpose)
    pend(request, slot, Pending.of(user, pending.purpose, pending.nonce, challenge, pending.backend))
    _sent(challenge, user, pending.purpose, resent=True)
    return challenge


def finish(request: HttpRequest, slot: str, user: Any, typed: Secret[str], transaction: Transaction | None = None) -> Acceptance:
    """Check the code for the challenge in a slot."""
    pending = _own(request, slot, user)
    about = binding(user, pending.purpose, pending.nonce, transaction)
    checked = attempt(two_factor().verify, pending.token, about, typed.reveal(), client_of(request))
    acceptance: Acceptance = _told(request, slot, checked, user, pending.purpose)
    drop(request, slot)
    signals.accepted.send_robust(user.__class__, user=user, purpose=pending.purpose, audit=acceptance.audit)
    return acceptance


def _own(request: HttpRequest, slot: str, user: Any) -> Pending:
    pending = pending_in(request, slot)
    if pending is None or not pending.belongs_to(user):
        raise Refuse("invalid-token", "the session has no challenge for this user")
    return pending


def _sent(challenge: Challenge, user: Any, purpose: str, *, resent: bool) -> None:
    signals.challenge_started.send_robust(user.__class__, user=user, purpose=purpose, audit=challenge.audit, resent=resent)


def _told(request: HttpRequest, slot: str, outcome: Secret[Any], user: Any, purpose: str) -> Any:
    """Return the outcome, or send the signal of its failure and raise it. A challenge that accepts no code any more is forgotten."""
    failure = outcome.failure
    if isinstance(failure, TwoFactorError):
        if "start-again" in explained(failure).offers:
            drop(request, slot)
        signals.refused.send_robust(user.__class__, user=user, purpose=purpose, audit=failure.audit, code=failure.code)
    return outcome.reveal()
