"""Functions that need neither guard nor network, for keys, receipts, tokens, previews and explanations."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from xoxzo_2fa._driver import prepare
from xoxzo_2fa._engine import shared
from xoxzo_2fa._errors import Misuse, TwoFactorError
from xoxzo_2fa._question import bounded, paid
from xoxzo_2fa._records import Claims, Expected, Explanation, MessagePreview, StepUp, TokenInfo, Transaction, record
from xoxzo_2fa._secret import Secret, seal
from xoxzo_2fa._settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo_2fa.guards import Scope


def keygen() -> str:
    """Make a key for ``keys`` or ``guard.key``. Keep it where you keep secrets."""
    return seal(_key, {"keygen": {}}).reveal()


def receipt_key(root_key: str, audience: str, *, test: bool = False) -> str:
    """Derive the key that checks receipts of one audience. Its holder can also forge them, but no tokens.

    Raises ``Misuse`` if ``root_key`` is not a key.
    """
    key = seal(_key, {"receipt_key": {"root_key": root_key, "audience": audience, "test": test}})
    del root_key, audience
    return key.reveal()


def request_key(root_key: str, audience: str, *, test: bool = False) -> str:
    """Derive the key that signs step-up requests to the login gate of one audience, and can do nothing else.

    Raises ``Misuse`` if ``root_key`` is not a key.
    """
    key = seal(_key, {"request_key": {"root_key": root_key, "audience": audience, "test": test}})
    del root_key, audience
    return key.reveal()


def sign_request(request_key: str, step_up: StepUp, *, now: float | None = None) -> str:
    """Sign a step-up request for the user's browser to carry to the gate: at most 272 characters of base64url.

    The gate accepts it once, for 60 s, and only from the user and session that it was made for.
    Anyone who reads the request sees the payment, but neither the user nor the session.

    request_key: a key from the function ``request_key``.
    now: seconds since 1970-01-01T00:00:00Z. The system clock's if None.

    Raises ``Misuse`` if ``request_key`` is not a request key or a field is malformed, ``Upstream`` for a clock that
    cannot be right or missing randomness.
    """
    request = seal(_signed, request_key, step_up, time.time() if now is None else now)
    del request_key, step_up
    return request.reveal()


def check_receipt(receipt_keys: Sequence[str], receipt: str, expected: Expected, *, now: float | None = None) -> Claims:
    """Check that a receipt is genuine, has not expired, and is for the expected values.

    receipt_keys: keys from ``receipt_key``, one for each challenge key in use.
    now: seconds since 1970-01-01T00:00:00Z. The system clock's if None.

    Raises ``Refuse`` for a receipt that is not genuine, has expired or is for something else, ``Misuse`` if one of
    ``receipt_keys`` is not a receipt key or a field of ``expected`` is malformed.
    """
    claims = seal(_checked, receipt_keys, receipt, expected, time.time() if now is None else now)
    del receipt_keys, receipt, expected
    return claims.reveal()


def inspect(token: str) -> TokenInfo:
    """Read the unauthenticated part of a token, for debugging. It proves nothing.

    Raises ``Refuse`` for a text that is not in the form of a token.
    """
    token_info = seal(_token_info, token)
    del token
    return token_info.reveal()


def preview(settings: Settings, transaction: Transaction | None = None, *, purpose: str | None = None) -> list[MessagePreview]:
    """Show the messages of a purpose in every language, as these settings would send them without a template.

    purpose: one of the purposes in the settings. The first if None.

    Raises ``Misuse`` for wrong settings, an unknown purpose or a malformed transaction.
    """
    previews = seal(_previews, settings, transaction, purpose)
    # If it is not a `Settings`, it may be a document with its keys.
    del settings, transaction
    return previews.reveal()


def effective(settings: Settings, scope: Scope) -> str:
    """Return settings in effect, as a client with a guard of this scope has them: JSON, without secrets.

    Raises ``Misuse`` for wrong settings.
    """
    return seal(_effective, settings, scope).reveal()


def explain(error: TwoFactorError, locale: str) -> Explanation:
    """Explain a failure to an end user in their language, and say what they can do.

    locale: one of the languages of messages: ``en``, ``ja``, ``id``, ``ms``, ``vi``, ``th``, ``zh-Hans``, ``zh-Hant``, ``ko`` or ``es``.

    If the error was not kept, its ``code``, ``guesses_left`` and ``retry_after`` are enough:
    ``explain(Refuse(code, "", guesses_left=2), "ja")``. Raises ``Misuse`` for any other language.
    """
    if not isinstance(error, TwoFactorError):
        raise Misuse("request", "error: must be a `TwoFactorError`")
    # `plugin` is a code of this host alone, and explained like `guard`.
    question: dict[str, Any] = {"code": "guard" if error.code == "plugin" else error.code, "locale": bounded(locale)}
    if error.guesses_left is not None:
        question["guesses_left"] = error.guesses_left
    if error.retry_after is not None:
        question["retry_after_seconds"] = error.retry_after
    _, told = shared().once({"explain": question})
    return Explanation(told["text"], tuple(told["offers"]))


def _effective(settings: Settings, scope: Scope) -> str:
    with settings.faults():
        return str(prepare(shared(), Secret(settings.document(scope)))["effective"])


def _checked(receipt_keys: Sequence[str], receipt: str, expected: Expected, now: float) -> Claims:
    if not isinstance(expected, Expected):
        raise Misuse("request", "expected: must be an `Expected`")
    paid(expected.transaction)
    question = {
        "check_receipt": {
            "receipt_keys": list(receipt_keys) if isinstance(receipt_keys, Iterable) else receipt_keys,
            "receipt": bounded(receipt),
            "expected": expected._question(),  # noqa: SLF001
        }
    }
    return record(Claims, shared().once(question, now=int(now))[1])


def _signed(request_key: str, step_up: StepUp, now: float) -> str:
    if not isinstance(step_up, StepUp):
        raise Misuse("request", "step_up: must be a `StepUp`")
    if not isinstance(step_up.transaction, Transaction):
        raise Misuse("request", "transaction: must be a `Transaction`")
    question = {"sign_request": {"request_key": request_key, "step_up": step_up._question()}}  # noqa: SLF001
    return str(shared().once(question, now=int(now))[1]["request"])


def _token_info(token: str) -> TokenInfo:
    return record(TokenInfo, shared().once({"inspect": {"token": bounded(token)}})[1])


def _previews(settings: Settings, transaction: Transaction | None, purpose: str | None) -> list[MessagePreview]:
    if not isinstance(settings, Settings):
        raise Misuse("settings", "settings: must be `Settings(...)`")
    paid(transaction)
    with settings.faults():
        prepared = prepare(shared(), Secret(settings.document("shared")))
    question: dict[str, Any] = {} if purpose is None else {"purpose": purpose}
    if transaction is not None:
        question["transaction"] = vars(transaction)
    _, previews = shared().once({"preview": question}, prepared["settings"])
    return [record(MessagePreview, preview) for preview in previews["previews"]]


def _key(question: dict[str, Any]) -> str:
    _, written = shared().once(question)
    return str(written["key"])
