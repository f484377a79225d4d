"""Settings, as one JSON document that is the same for every host."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xoxzo_2fa._errors import Misuse
from xoxzo_2fa._secret import seal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xoxzo_2fa.guards import Scope

# A reference may stand wherever it says `x-secret`.
_SCHEMA: dict[str, Any] = json.loads((resources.files("xoxzo_2fa") / "settings.schema.json").read_text("utf-8"))

_REFERENCE = 'must be a string, {"env": NAME} or {"file": PATH}'


class Settings:
    """A settings document, as JSON text or as ``json.loads`` would parse it. ``settings.schema.json`` describes it.

    Wherever the schema says ``x-secret``, ``{"env": "NAME"}`` stands for an environment variable, and ``{"file": "PATH"}`` for the
    content of a file without one line break at its end. The engine checks everything else when a client is made.

    Raises ``Misuse`` for a reference to something that does not exist or is not text.
    """

    def __init__(self, document: str | Mapping[str, Any]) -> None:
        self._text = seal(_text, document)
        del document
        # Raises if there is none.
        self._text.reveal()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Settings:
        """Read the document from a file. Raises ``Misuse`` if it cannot be read."""
        text = seal(_read, path)
        # If it is not a path, it may be the document itself.
        del path
        return cls(text.reveal())

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

    def __repr__(self) -> str:
        return "Settings([REDACTED])"


def _text(document: str | Mapping[str, Any]) -> str:
    text = document if isinstance(document, str) else _dumped(document)
    tree = _tree(text)
    resolved = _resolved(_SCHEMA, tree, "")
    # The text stays as it was given if possible: the engine names lines, and refuses faults that a parser here would have repaired.
    return text if resolved == tree else _dumped(resolved)


def _read(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        kind = type(fault).__name__
        raise Misuse("settings", f"settings: the file cannot be read: {kind}") from None


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
        return _dumped({**tree, "guard": {**guard, "scope": scope}})
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


def _resolved(schema: dict[str, Any], node: Any, path: str) -> Any:
    """Return the tree with each reference replaced by the secret that it stands for."""
    if schema.get("x-secret") is True:
        return _look_up(node, path) if isinstance(node, dict) else node
    if isinstance(node, dict):
        properties = schema.get("properties", {})
        return {name: _resolved(properties.get(name, {}), value, f"{path}.{name}" if path else name) for name, value in node.items()}
    if isinstance(node, list):
        items = schema.get("items", {})
        items = items if isinstance(items, dict) else {}
        return [_resolved(items, value, f"{path}.{at}") for at, value in enumerate(node)]
    return node


def _look_up(reference: dict[str, Any], path: str) -> str:
    if len(reference) == 1:
        ((kind, name),) = reference.items()
        if kind == "env" and isinstance(name, str):
            value = os.environ.get(name)
            if value is None:
                what = "the environment variable is not set, or not text"
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
