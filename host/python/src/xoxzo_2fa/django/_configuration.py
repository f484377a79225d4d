"""The dictionary ``XOXZO_2FA`` of a project's settings."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import connections
from django.utils.module_loading import import_string

from xoxzo_2fa import Guard, Repaired, Settings, SqliteGuard, Transport

if TYPE_CHECKING:
    from django.http import HttpRequest

# Keys of the dictionary.
_KEYS = ("SETTINGS", "GUARD", "RECIPIENT", "PURPOSE", "CLIENT", "TRANSPORT", "DANGER_CLOCK")

_STORES = '{"file": PATH}, {"database": ALIAS}, {"redis": URL}, a guard, or the dotted path of a function that returns one'


class Unconfigured(ImproperlyConfigured):
    """A value of ``XOXZO_2FA`` cannot be used.

    key: which one. None for the dictionary itself.
    """

    def __init__(self, key: str | None, what: str) -> None:
        super().__init__(f"XOXZO_2FA{'' if key is None else f'[{key!r}]'}: {what}")
        self.key = key


class NoRecipient(Exception):  # noqa: N818
    """The user has no number that a code could go to."""


@dataclass(frozen=True)
class Configuration:
    """The values of ``XOXZO_2FA``, prepared for use.

    recipient: returns a user's number in canonical E.164, from the server's own records. None if there is none.
    purpose: purpose of logins, one of those in the settings document.
    client: returns the end user's IP address. None if the settings document has no cap for each client.
    """

    recipient: Callable[[Any], str | None]
    purpose: str
    client: Callable[[HttpRequest], str | None] | None
    clock: Callable[[], float]
    _document: Any
    _guard: Any
    _transport: Any

    def settings(self) -> Settings:
        """Read the settings document. Raises ``Misuse`` if a file, a variable or a secret is missing."""
        if self._document is None:
            return Settings.from_environment()
        if isinstance(self._document, Mapping):
            return Settings(self._document)
        return Settings.from_file(self._document)

    def guard(self) -> Guard:
        """Open the store. Raises ``GuardError`` if it is unreachable or unfit."""
        store = self.store()
        if isinstance(store, Path):
            return SqliteGuard(store)
        opened: Guard = store() if callable(store) else store
        return opened

    def repair(self) -> Repaired:
        """Set a store right that a wrong clock has shut. Raises ``Unconfigured`` for one whose clock nobody can set."""
        store = self.store()
        if isinstance(store, Path):
            return SqliteGuard.repair(store)
        opened = store() if callable(store) else store
        # That of a `SqliteGuard` is for a file that is named.
        if isinstance(opened, SqliteGuard) or not hasattr(opened, "repair"):
            raise Unconfigured("GUARD", 'only {"file": PATH} and {"database": ALIAS} can be repaired')
        repaired: Repaired = opened.repair()
        return repaired

    def store(self) -> Any:
        """Return what stands for the store, without opening it: the path of a file, a guard, or a function that opens one."""
        given = _named(self._guard, "GUARD") if isinstance(self._guard, str) else self._guard
        if given is None:
            return _beside_the_database()
        if not isinstance(given, Mapping):
            if not callable(given) and not hasattr(given, "add"):
                raise Unconfigured("GUARD", f"must be {_STORES}")
            return given
        if len(given) != 1:
            raise Unconfigured("GUARD", f"must be {_STORES}")
        ((kind, where),) = given.items()
        if kind == "file" and isinstance(where, str | os.PathLike):
            return Path(where)
        if kind == "database" and isinstance(where, str):
            return _database(where)
        if kind == "redis" and isinstance(where, str):
            return lambda: _redis(where)
        raise Unconfigured("GUARD", f"must be {_STORES}")

    def transport(self) -> Transport | None:
        """Return what sends requests to Xoxzo. None for the standard library's HTTP."""
        named = _named(self._transport, "TRANSPORT")
        transport: Transport | None = named() if isinstance(self._transport, str) else named
        return transport


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """Return the project's values. Raises ``Unconfigured``, which names the key."""
    given = getattr(settings, "XOXZO_2FA", None)
    if not isinstance(given, Mapping):
        raise Unconfigured(None, "must be a dictionary")
    if unknown := [key for key in given if key not in _KEYS]:
        raise Unconfigured(None, f"unknown key {unknown[0]!r}; the keys are {', '.join(_KEYS)}")
    document = given.get("SETTINGS")
    if document is not None and not isinstance(document, Mapping | str | os.PathLike):
        raise Unconfigured("SETTINGS", "must be the document as a dictionary, or the path of its file")
    purpose = given.get("PURPOSE", "login")
    if not isinstance(purpose, str):
        raise Unconfigured("PURPOSE", "must be a purpose of the settings document")
    clock = given.get("DANGER_CLOCK", time.time)
    if not callable(clock):
        raise Unconfigured("DANGER_CLOCK", "must be a function that returns seconds since 1970")
    recipient, client = _recipient(given.get("RECIPIENT")), _client(given.get("CLIENT"))
    return Configuration(recipient, purpose, client, clock, document, given.get("GUARD"), given.get("TRANSPORT"))


def _recipient(given: Any) -> Callable[[Any], str | None]:
    if isinstance(given, str) and given.isidentifier():
        return lambda user: getattr(user, given)
    named = _named(given, "RECIPIENT")
    if not callable(named):
        what = "must be an attribute of users, such as 'phone', or the dotted path of a function that takes a user and returns their number"
        raise Unconfigured("RECIPIENT", what)
    found: Callable[[Any], str | None] = named
    return found


def _client(given: Any) -> Callable[[HttpRequest], str | None] | None:
    if given is None:
        return None
    if isinstance(given, str) and given.isidentifier():
        return lambda request: request.META.get(given) or None
    named = _named(given, "CLIENT")
    if not callable(named):
        what = "must be a key of request.META, such as 'REMOTE_ADDR', or the dotted path of a function that takes a request"
        raise Unconfigured("CLIENT", what)
    found: Callable[[HttpRequest], str | None] = named
    return found


def _named(given: Any, key: str) -> Any:
    """Import what a dotted path names. Anything else stays as it is."""
    if not isinstance(given, str):
        return given
    try:
        return import_string(given)
    except ImportError:
        raise Unconfigured(key, "nothing can be imported by this name") from None


def _beside_the_database() -> Any:
    database = connections["default"]
    if database.vendor == "postgresql":
        return _database("default")
    name = database.settings_dict["NAME"]
    if database.vendor != "sqlite" or not str(name) or ":memory:" in str(name) or "mode=memory" in str(name):
        raise Unconfigured("GUARD", f"is required beside this database: {_STORES}")
    # A folder of its own: nobody else may write to it, whatever the mode of the database's folder is.
    return Path(name).parent / "xoxzo-2fa" / "guard"


def _database(alias: str) -> Callable[[], Guard]:
    if alias not in connections:
        raise Unconfigured("GUARD", "DATABASES has no such alias")
    if connections[alias].vendor != "postgresql":
        raise Unconfigured("GUARD", 'a database must be PostgreSQL; beside SQLite use {"file": PATH}')
    try:
        from xoxzo_2fa.django.postgresql import DatabaseGuard  # noqa: PLC0415
    except ImportError:
        raise Unconfigured("GUARD", "needs psycopg 3: pip install psycopg") from None
    return lambda: DatabaseGuard(alias)


def _redis(url: str) -> Guard:
    try:
        from xoxzo_2fa.guards.redis import RedisGuard  # noqa: PLC0415
    except ImportError:
        raise Unconfigured("GUARD", "needs the package redis: pip install xoxzo-2fa[redis]") from None
    return RedisGuard(url)


def per_client(effective: str) -> bool:
    """Tell whether settings in effect have a cap for each client, so that every operation must name the client's address."""
    document = json.loads(effective)
    return any("per_client" in document[limits] for limits in ("sends", "failures"))


def _forget(*, setting: str, **_: Any) -> None:
    if setting in {"XOXZO_2FA", "DATABASES"}:
        configuration.cache_clear()


setting_changed.connect(_forget)
