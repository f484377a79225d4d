"""The client of the process, and what it is asked about a user."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed
from django.utils.translation import get_language

from xoxzo_2fa import Binding, Explanation, Transaction, TwoFactor, TwoFactorError, explain
from xoxzo_2fa._language import preferred
from xoxzo_2fa.django._configuration import NoRecipient, configuration
from xoxzo_2fa.guards._process import forkless_lock

if TYPE_CHECKING:
    from django.http import HttpRequest

_making = forkless_lock()


def two_factor() -> TwoFactor:
    """Return the client of this process, which is made when it is first asked for. Threads share it, and so do children of a fork.

    Raises ``Unconfigured`` and ``Misuse`` for a wrong ``XOXZO_2FA``, ``GuardError`` and ``Upstream`` for a store that is unreachable or
    unfit. ``manage.py check`` finds all but the last two before.
    """
    with _making:
        return _made()


@lru_cache(maxsize=1)
def _made() -> TwoFactor:
    own = configuration()
    return TwoFactor(own.settings(), own.guard(), transport=own.transport(), danger_clock=own.clock)


def recipient_of(user: Any) -> str:
    """Return a user's number. Raises ``NoRecipient`` if there is none."""
    recipient = configuration().recipient(user)
    if not recipient:
        raise NoRecipient
    return str(recipient)


def subject_of(user: Any) -> str:
    """Return the primary key as text: by this name the store counts a user's failures, and operators look them up."""
    return str(user._meta.pk.value_to_string(user))  # noqa: SLF001 - Django's own name of a user in a session


def binding(user: Any, purpose: str, session: str, transaction: Transaction | None = None) -> Binding:
    """Return whom and what a challenge is for, from the server's own records."""
    return Binding(recipient_of(user), subject_of(user), purpose, session, transaction)


def client_of(request: HttpRequest) -> str | None:
    """Return the end user's IP address, if the project says how it is known."""
    own = configuration().client
    return None if own is None else own(request)


def locale() -> str:
    """Return the language of the request among those of messages, or else the settings document's own."""
    return preferred(get_language() or "") or str(json.loads(two_factor().effective_settings)["message"]["locale"])


def explained(error: TwoFactorError) -> Explanation:
    """Return the text for the user, in the language of the request."""
    return explain(error, locale())


def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"XOXZO_2FA", "DATABASES"}:
        _made.cache_clear()


setting_changed.connect(_forget)
