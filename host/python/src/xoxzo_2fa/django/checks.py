"""System checks: ``manage.py check`` finds what would fail at the first login. No text holds a value of a setting.

========  ==========================================================================================
E001      ``XOXZO_2FA`` is missing, or a value in it cannot be used
E002      the settings document is refused by the engine, or a file, a variable or a key is missing
E003      users have no such attribute for their number
E004      the purpose of logins is not in the settings document
E005      the settings document has a cap for each client, but ``CLIENT`` does not say who that is
E006      the middleware of sessions or users is missing, or middleware is in the wrong order
E007      the guard's file is in a place that others can change, or belongs to another user
E008      the user model has no session hash, so that a change of password would end nothing
E009      the pages are not among the project's URLs
W010      a page logs in with a password alone, and no ``TwoFactorMiddleware`` makes that worthless
W011      sessions are signed cookies, of which a copy outlives the logout
W012      with ``--deploy``: each process has counters of its own
W013      with ``--deploy``: each process has sessions of its own
========  ==========================================================================================

``check --deploy`` of Django itself says whether cookies go over HTTPS only (``security.W012``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils.module_loading import import_string

from xoxzo_2fa import GuardError, Misuse
from xoxzo_2fa._configuration import effective
from xoxzo_2fa.django._configuration import Configuration, Unconfigured, configuration, per_client
from xoxzo_2fa.guards._place import examine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xoxzo_2fa.guards import Scope

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
_OWN = "xoxzo_2fa.django.middleware.TwoFactorMiddleware"

_HINTS = {
    None: 'Begin with XOXZO_2FA = {"RECIPIENT": "phone"}.',
    "SETTINGS": "Without it, the settings come from the environment.",
    "GUARD": "Without it, counters are in PostgreSQL if that is the default database, or in a file beside a database of SQLite.",
    "RECIPIENT": "The number comes from your own records, never from a form, and is in canonical E.164.",
    "PURPOSE": "Without it, the purpose is 'login'.",
    "CLIENT": "Behind a proxy it must be what the proxy sets, and clients cannot.",
    "TRANSPORT": "It is for tests: leave it out.",
    "DANGER_CLOCK": "It is for tests: leave it out.",
}


@register(Tags.security)
def check(**_: Any) -> list[CheckMessage]:
    """Check the configuration without a connection and without making a file."""
    try:
        own = configuration()
        store = own.store()
        own.transport()
    except Unconfigured as fault:
        return [Error(str(fault), hint=_HINTS[fault.key], id="xoxzo_2fa.E001")]
    return [*_document(own, getattr(store, "scope", "shared")), *_users(), *_middleware(), *_file(store), *_pages(), *_cookies()]


@register(Tags.security, deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """Check what holds only until there is a second process."""
    try:
        store = configuration().store()
    except Unconfigured:
        return []
    found: list[CheckMessage] = []
    if getattr(store, "scope", "shared") == "process":
        hint = "Use a file, PostgreSQL or Redis. With this guard, a challenge of one process is unknown to another, and ends with it."
        found.append(Warning("XOXZO_2FA['GUARD']: each process has counters of its own.", hint=hint, id="xoxzo_2fa.W012"))
    if settings.SESSION_ENGINE == "django.contrib.sessions.backends.cache" and "LocMem" in _session_cache():
        hint = "Keep sessions in the database, or in a cache that processes share."
        found.append(Warning("Each process has sessions of its own: another does not know the challenge.", hint=hint, id="xoxzo_2fa.W013"))
    return found


def _session_cache() -> str:
    return str(settings.CACHES.get(settings.SESSION_CACHE_ALIAS, {}).get("BACKEND", ""))


def _document(own: Configuration, scope: Scope) -> Iterator[CheckMessage]:
    try:
        prepared = effective(own.settings(), scope)
    except Misuse as fault:
        hint = "settings.schema.json describes the document. `python -m xoxzo_2fa keygen` makes a key."
        yield Error(f"{fault.detail}.", hint=hint, id="xoxzo_2fa.E002")
        return
    purposes = [purpose["name"] for purpose in json.loads(prepared)["purposes"]]
    if own.purpose not in purposes:
        hint = "Name one of `purposes`, or add it there."
        yield Error("XOXZO_2FA['PURPOSE']: the settings document has no such purpose.", hint=hint, id="xoxzo_2fa.E004")
    if own.client is None and per_client(prepared):
        hint = "Set CLIENT, as 'REMOTE_ADDR', or to a function where a proxy tells the address. Without it every login is refused."
        yield Error("The settings document has a cap for each client.", hint=hint, id="xoxzo_2fa.E005")


def _users() -> Iterator[CheckMessage]:
    from django.contrib.auth import get_user_model  # noqa: PLC0415

    model = get_user_model()
    given = settings.XOXZO_2FA.get("RECIPIENT")
    if isinstance(given, str) and given.isidentifier() and not hasattr(model, given):
        hint = "Name an attribute of the user model, or the dotted path of a function that takes a user."
        yield Error("XOXZO_2FA['RECIPIENT']: users have no such attribute.", hint=hint, id="xoxzo_2fa.E003")
    if not hasattr(model, "get_session_auth_hash"):
        hint = "Derive the user model from AbstractBaseUser."
        yield Error("The user model has no get_session_auth_hash.", hint=hint, id="xoxzo_2fa.E008")


def _middleware() -> Iterator[CheckMessage]:
    sessions, users, own = _first(_SESSIONS), _first(_USERS), _first(_OWN)
    if sessions is None or users is None or sessions > users:
        hint = f"Add {_SESSIONS} and, after it, {_USERS} to MIDDLEWARE."
        yield Error("Views have no session or no user.", hint=hint, id="xoxzo_2fa.E006")
    elif own is not None and own < users:
        yield Error("TwoFactorMiddleware comes before users are known.", hint=f"Put {_OWN} right after {_USERS}.", id="xoxzo_2fa.E006")


def _first(wanted: str) -> int | None:
    """Return where a middleware, or one derived from it, is first."""
    for place, name in enumerate(settings.MIDDLEWARE):
        made = import_string(name)
        if isinstance(made, type) and issubclass(made, import_string(wanted)):
            return place
    return None


def _file(store: Any) -> Iterator[CheckMessage]:
    if not isinstance(store, Path):
        return
    try:
        examine(store)
    except GuardError as fault:
        hint = "Nobody but the user of the service may write there. The service makes the file itself."
        yield Error(f"XOXZO_2FA['GUARD']: {fault}.", hint=hint, id="xoxzo_2fa.E007")


def _pages() -> Iterator[CheckMessage]:
    try:
        reverse("xoxzo_2fa:code")
    except NoReverseMatch:
        yield Error("The pages have no URL.", hint='Add path("", include("xoxzo_2fa.django.urls")) to the URLs.', id="xoxzo_2fa.E009")
        return
    if _first(_OWN) is not None:
        return
    for route in _passwords(get_resolver().url_patterns, ""):
        hint = (
            f"login_required lets in who logs in there. Add {_OWN} to MIDDLEWARE, or put TwoFactorLoginView in the place of the page; "
            "for the admin site: admin.site.login = xoxzo_2fa.django.login_page, before its URLs are included."
        )
        yield Warning(f"/{route} logs in with a password alone.", hint=hint, id="xoxzo_2fa.W010")


def _passwords(patterns: Any, before: str) -> Iterator[str]:
    """Yield the routes of views that are known to log in with a password, or after a new one was set."""
    from django.contrib.auth.views import LoginView  # noqa: PLC0415

    from xoxzo_2fa.django.views import TwoFactorLoginView  # noqa: PLC0415

    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _passwords(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "view_class", type(None))
            after_reset = getattr(pattern.callback, "view_initkwargs", {}).get("post_reset_login", getattr(view, "post_reset_login", False))
            alone = issubclass(view, LoginView) and not issubclass(view, TwoFactorLoginView)
            if alone or after_reset or _is_admins(pattern.callback):
                yield route


def _is_admins(callback: Any) -> bool:
    """Tell whether a view is the admin site's own login, undecorated."""
    function = getattr(callback, "__func__", None)
    return (
        getattr(function, "__qualname__", "") == "AdminSite.login" and getattr(function, "__module__", "") == "django.contrib.admin.sites"
    )


def _cookies() -> Iterator[CheckMessage]:
    if settings.SESSION_ENGINE == "django.contrib.sessions.backends.signed_cookies":
        hint = "Keep sessions on the server. A code is accepted once all the same: the guard counts it."
        yield Warning("A copy of a session's cookie keeps its pass after the logout.", hint=hint, id="xoxzo_2fa.W011")
