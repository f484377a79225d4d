"""Settings, as one JSON document that is the same for every host."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo_2fa._errors import Misuse
from xoxzo_2fa._place import likely, located, replaced, spans
from xoxzo_2fa._secret import seal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xoxzo_2fa.guards import Scope

# A reference may stand wherever it says `x-secret`.
_SCHEMA: dict[str, Any] = json.loads((resources.files("xoxzo_2fa") / "settings.schema.json").read_text("utf-8"))

# The longest name of a file that is told. Whatever is longer, or looks like JSON, may be the document itself.
_LONGEST_NAME = 255
_VARIABLE = re.compile("[A-Z0-9_]{1,64}")

_REFERENCE = 'must be a string, {"env": NAME} or {"file": PATH}'


class Settings:
    """A settings document, as JSON text or as ``json.loads`` would parse it. ``settings.schema.json`` describes it.

    Wherever the schema says ``x-secret``, ``{"env": "NAME"}`` stands for an environment variable, and ``{"file": "PATH"}`` for the
    content of a file without one line break at its end. The engine checks everything else when a client is made.

    Raises ``Misuse`` for a reference to something that does not exist or is not text.
    """

    _file: str | None = None

    def __init__(self, document: str | Mapping[str, Any]) -> None:
        self._text = seal(_text, document)
        del document
        # Raises if there is none.
        self._text.reveal()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Settings:
        """Read the document from a file, which errors then name. Raises ``Misuse`` if it cannot be read."""
        text = seal(_read, path)
        file = None if text.failure else str(path)
        # If it is not a path, it may be the document itself.
        del path
        with located(file):
            settings = cls(text.reveal())
        settings._file = file
        return settings

    @classmethod
    def from_environment(cls) -> Settings:
        """Make settings from the environment and working defaults.

        Required:

        - ``XOXZO_API_SID`` and ``XOXZO_API_AUTH_TOKEN``
        - ``XOXZO_2FA_KEY``: keys from ``keygen``, separated by commas. The first signs, all verify
        - ``XOXZO_2FA_GUARD_KEY``: another key from ``keygen``, which stays when those rotate

        Optional:

        - ``XOXZO_BASE_URL``, ``XOXZO_SENDER``, ``XOXZO_2FA_SERVICE``, ``XOXZO_2FA_AUDIENCE``, ``XOXZO_2FA_PIN_DIGITS``
        - ``XOXZO_2FA_DESTINATIONS``: countries such as ``US``, or ``JP-mobile``, separated by commas. ``JP-mobile`` if absent
        - ``XOXZO_2FA_TEXTS``: path of a file with the JSON array ``message.texts``
        - ``XOXZO_2FA_CLIENT_CAP``: ``COUNT/SECONDS``, the maximum of messages and of failures per client address and window

        Raises ``Misuse``, naming the variable that is missing or malformed.
        """
        return cls(seal(_environment).reveal())

    def document(self, scope: Scope | None) -> str:
        """Return the document for the engine, with the scope of the guard in use."""
        return seal(_scoped, self._text.reveal(), scope).reveal()

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Name the file and the likely spelling in the faults that the engine finds in this document."""
        with located(self._file):
            try:
                yield
            except Misuse as fault:
                if meant := seal(likely, _SCHEMA, self._text.reveal(), fault.detail).reveal():
                    fault.detail = f"{fault.detail}: {meant}"
                    fault.args = (fault.code, fault.detail)
                raise

    def __repr__(self) -> str:
        return "Settings([REDACTED])"


def _text(document: str | Mapping[str, Any]) -> str:
    text = document if isinstance(document, str) else _dumped(document)
    # The text stays as it was given, but for its references: the engine names lines, and refuses faults that a parser here would have
    # repaired.
    secrets = dict(_secrets(_SCHEMA, _tree(text), ""))
    if not secrets:
        return text
    places = spans(text)
    return replaced(text, {places[path]: json.dumps(secret) for path, secret in secrets.items()})


def _read(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        kind = type(fault).__name__
        name = str(path)
        told = name if len(name) <= _LONGEST_NAME and not set(name) & set("{\n") else "settings"
        raise Misuse("settings", f"{told}: the file cannot be read: {kind}") from None


def _environment() -> dict[str, Any]:
    optional = os.environ.get

    def required(name: str) -> str:
        value = optional(name)
        if not value:
            raise Misuse("settings", f"settings: {name} is not set")
        return value

    keys = required("XOXZO_2FA_KEY")
    guard_key = required("XOXZO_2FA_GUARD_KEY")
    xoxzo = {
        "sid": required("XOXZO_API_SID"),
        "auth_token": required("XOXZO_API_AUTH_TOKEN"),
        "sender": optional("XOXZO_SENDER") or "Xoxzo",
    }
    base_url = optional("XOXZO_BASE_URL")
    if base_url:
        xoxzo["base_url"] = base_url.rstrip("/")
    destinations = optional("XOXZO_2FA_DESTINATIONS") or "JP-mobile"
    document: dict[str, Any] = {
        "version": 1,
        "audience": optional("XOXZO_2FA_AUDIENCE") or "xoxzo-2fa",
        "service": optional("XOXZO_2FA_SERVICE") or "Xoxzo 2FA",
        "keys": [key.strip() for key in keys.split(",")],
        "guard": {"key": guard_key},
        "xoxzo": xoxzo,
        "destinations": [preset.strip() for preset in destinations.split(",")],
    }
    if digits := optional("XOXZO_2FA_PIN_DIGITS"):
        document["pin"] = {"digits": _number(digits, "XOXZO_2FA_PIN_DIGITS", "must be a number")}
    if path := optional("XOXZO_2FA_TEXTS"):
        document["message"] = {"texts": _texts(path)}
    if cap := optional("XOXZO_2FA_CLIENT_CAP"):
        count, _, seconds = cap.partition("/")
        form = ("XOXZO_2FA_CLIENT_CAP", "must be COUNT/SECONDS, as 20/3600")
        per_client = {"count": _number(count, *form), "seconds": _number(seconds, *form)}
        document["sends"] = document["failures"] = {"per_client": per_client}
    return document


def _number(text: str, name: str, form: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):  # noqa: PLR2004 - no setting has more
        raise Misuse("settings", f"settings: {name}: {form}")
    return int(digits)


def _texts(path: str) -> Any:
    name = "XOXZO_2FA_TEXTS"
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise Misuse("settings", f"settings: {name}: the file cannot be read: {type(fault).__name__}") from None
    except (ValueError, RecursionError):
        raise Misuse("settings", f"settings: {name}: the file is not JSON") from None


def _scoped(text: str, scope: Scope | None) -> str:
    tree = _tree(text)
    guard = tree.get("guard") if isinstance(tree, dict) else None
    if not isinstance(guard, dict):
        return text
    if "scope" not in guard:
        begin = spans(text)["guard"][0] + 1
        return replaced(text, {(begin, begin): f'"scope": {json.dumps(scope)}{"," if guard else ""}'})
    if guard["scope"] != scope:
        raise Misuse("settings", f"settings, guard.scope: the store in use is of scope {scope}")
    return text


def _dumped(document: Any) -> str:
    try:
        return json.dumps(document, ensure_ascii=False, indent=1)
    except (TypeError, ValueError, RecursionError):
        raise Misuse("settings", "settings: a value that JSON has no form for") from None


def _tree(text: str) -> Any:
    """Return the document as a tree. None if the engine will refuse it as it is."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise ValueError
        return fields

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return None


def _secrets(schema: dict[str, Any], node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path of each reference, and the secret that it stands for."""
    if schema.get("x-secret") is True:
        if isinstance(node, dict):
            yield path, _look_up(node, path)
    elif isinstance(node, dict):
        properties = schema.get("properties", {})
        for name, value in node.items():
            yield from _secrets(properties.get(name, {}), value, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        items = schema.get("items", {})
        for at, value in enumerate(node):
            yield from _secrets(items if isinstance(items, dict) else {}, value, f"{path}.{at}")


def _look_up(reference: dict[str, Any], path: str) -> str:
    if len(reference) == 1:
        ((kind, name),) = reference.items()
        if kind == "env" and isinstance(name, str):
            value = os.environ.get(name)
            if value is None:
                # Whatever is not like a name may be the secret itself.
                shown = f" {name}" if "_" in name and _VARIABLE.fullmatch(name) else ""
                what = f"the environment variable{shown} is not set, or not text"
                raise Misuse("settings", f"settings, {path}: {what}")
            return value
        if kind == "file" and isinstance(name, str):
            try:
                text = Path(name).read_bytes().decode()
            except (OSError, ValueError) as fault:
                what = f"the file cannot be read: {type(fault).__name__}"
                raise Misuse("settings", f"settings, {path}: {what}") from None
            return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    raise Misuse("settings", f"settings, {path}: {_REFERENCE}")
