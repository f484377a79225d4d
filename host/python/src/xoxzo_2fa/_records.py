"""Arguments and results of the operations. Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Channel = Literal["sms", "voice"]
Delivery = Literal["accepted", "unknown", "queued", "delivering", "delivered", "failed"]
Alarm = Literal["failures", "sends", "clock", "delivery"]


@dataclass(frozen=True)
class Transaction:
    """A payment that a challenge confirms. The message shows amount and payee before the code.

    amount: canonical decimal with all decimals of its currency, such as ``12.50``.
    currency: ISO 4217 code.
    payee: who is paid, at most 40 characters.
    """

    amount: str
    currency: str
    payee: str


def _present(of: Binding | Expected | StepUp) -> dict[str, Any]:
    """Return the fields that are not None, as the engine reads them."""
    fields = {name: value for name, value in vars(of).items() if value is not None}
    return {name: vars(value) if isinstance(value, Transaction) else value for name, value in fields.items()}


@dataclass(frozen=True)
class Binding:
    """The user and the act that a challenge is bound to. Take every field from the server's own records, never from a form.

    recipient: phone number, canonical E.164: ``+819012345678``.
    subject: the service's immutable internal id of the user, 1 to 128 bytes of printable ASCII without spaces.
    purpose: one of the purposes in the settings.
    session: the session that asked, in the same form as the subject.
    transaction: the payment that the code confirms.
    """

    recipient: str = field(repr=False)
    subject: str
    purpose: str
    session: str | None = field(default=None, repr=False)
    transaction: Transaction | None = field(default=None, repr=False)

    def _question(self) -> dict[str, Any]:
        return _present(self)


@dataclass(frozen=True)
class Sending:
    """Delivery options of a message.

    channel: ``sms``, or for ``resend`` also ``voice``, where the settings allow it.
    locale: language of the text, such as ``ja``. The settings' own if None.
    client: the end user's address, IPv4 or IPv6. Required if a cap per client is set.
    decoy: do everything except sending, for forms that must not reveal whether an account exists.
    """

    channel: Channel = "sms"
    locale: str | None = None
    client: str | None = field(default=None, repr=False)
    decoy: bool = False

    def _question(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Trail:
    """Pseudonyms of a subject and a recipient: keyed hashes, for a log that must hold nothing personal.

    calling_code: country code of the recipient.
    """

    subject: str
    recipient: str
    calling_code: str


@dataclass(frozen=True)
class Audit:
    """Information for operators beside an answer, for logs, metrics and tickets. Show none of it to a user.

    trail: pseudonyms of the user. None for ``status``, and where subject or recipient is malformed.
    challenge_id: the same for each operation on one challenge.
    message_id: Xoxzo's id of the message. Invented for a decoy.
    decoy: the challenge is a decoy. Leave it out of metrics, or strangers can move them.
    cause: why the guard or Xoxzo gave no readable answer, in one line that begins with the kind of fault, such as ``dns:``.
    alarm: a condition that operators should look at now.
    """

    trail: Trail | None = None
    challenge_id: str | None = None
    message_id: str | None = None
    decoy: bool = False
    cause: str | None = None
    alarm: Alarm | None = None


@dataclass(frozen=True)
class Challenge:
    """A challenge that was sent.

    token: 80 characters. Give it to the user's session only.
    masked: the recipient with all but the first two and the last two digits as ``*``.
    delivery: ``unknown`` if Xoxzo did not answer. The message may arrive, and the challenge is usable.
    handle: the argument of ``status``. None if the delivery is unknown.
    parts: billed parts. None for a template and for a call.
    """

    token: str = field(repr=False)
    masked: str
    expires_in: int
    resend_after: int
    delivery: Delivery
    handle: str | None = field(default=None, repr=False)
    parts: int | None = None
    audit: Audit = Audit()


@dataclass(frozen=True)
class Acceptance:
    """Proof that the PIN was right. Nothing else lets a user in.

    receipt: proof for another service, checked by ``check_receipt``.
    expires_in: life of the receipt.
    """

    receipt: str = field(repr=False)
    expires_in: int
    audit: Audit = Audit()


@dataclass(frozen=True)
class Report:
    """A delivery report.

    detail: Xoxzo's own name of the state, for a log.
    """

    delivery: Delivery
    detail: str
    audit: Audit = Audit()


@dataclass(frozen=True)
class Unlocked:
    """The counters that an unlock cleared.

    failures: consecutive failures of the subject with the recipient.
    subject_failures: failures of the subject over all recipients in the present window.
    messages: messages in the present window, of the subject or to the number, whichever is more.
    """

    failures: int
    subject_failures: int
    messages: int
    audit: Audit = Audit()


@dataclass(frozen=True)
class Expected:
    """Values that a receipt must be made for. Take every field from the checker's own records, never from what came with the receipt.

    subject, purpose: as in the binding of the challenge.
    recipient: phone number, canonical E.164. None accepts a receipt for any number.
    session, transaction: as in the binding. None accepts only a receipt without one.
    """

    subject: str
    purpose: str
    recipient: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    transaction: Transaction | None = field(default=None, repr=False)

    def _question(self) -> dict[str, Any]:
        return _present(self)


@dataclass(frozen=True)
class StepUp:
    """A payment that a user should confirm at the login gate. Take every field from the server's own records.

    subject: the service's immutable internal id of the user, as the gate knows it.
    transaction: the payment that the gate shows, puts before the code in the message, and binds the code to.
    session: the session in which the user should confirm it. None where the gate knows users without sessions.
    """

    subject: str
    transaction: Transaction = field(repr=False)
    session: str | None = field(default=None, repr=False)

    def _question(self) -> dict[str, Any]:
        return _present(self)


@dataclass(frozen=True)
class Limit:
    """A counter that could refuse a user, as it stands.

    setting: path of the setting that limits it, such as ``failures.soft``.
    open: for purposes that strangers can start, which have counters or limits of their own.
    total, most: the count, and the limit.
    ends_in: seconds until it ends. None where nothing is counted, and for ``failures.hard``, which only a success or an unlock ends.
    refuses: true if it refuses the next message or guess of this user.
    """

    setting: str
    open: bool
    total: int
    most: int
    refuses: bool
    ends_in: int | None = None


@dataclass(frozen=True)
class Limits:
    """The counters that could refuse a user: those of purposes after a first factor, then those of purposes that strangers can start."""

    limits: tuple[Limit, ...]
    audit: Audit = Audit()


@dataclass(frozen=True)
class Credits:
    """The balance of the account at Xoxzo: whole credits, below 0 for an account that pays afterwards."""

    credits: int
    audit: Audit = Audit()


@dataclass(frozen=True)
class Claims:
    """The facts that a receipt proves. A receipt contains neither user, number, session nor payment: ``Expected`` supplies them.

    id: unique per acceptance. Where single use matters, remember it and accept it once.
    audience: the service that issued the receipt. With keys of several audiences, it tells which.
    transaction: the payment that was confirmed, which is the expected one.
    test: true if the receipt was made in test mode and proves nothing.
    issued_at, expires_at: seconds since 1970-01-01T00:00:00Z.
    """

    id: str
    audience: str
    purpose: str
    test: bool
    issued_at: int
    expires_at: int
    transaction: Transaction | None = field(default=None, repr=False)


@dataclass(frozen=True)
class TokenInfo:
    """The readable part of a token. None of it is authenticated."""

    key_id: str
    digits: int
    issued_at: int
    expires_at: int


@dataclass(frozen=True)
class MessagePreview:
    """The messages of one language as they would be sent, with digits of ``1234567890`` in place of the PIN.

    text: the text of an SMS.
    parts: billed parts of the SMS.
    call: the words of a call.
    """

    locale: str
    text: str
    parts: int
    call: str


Offer = Literal["try-again", "resend", "start-again", "wait", "contact-support"]


@dataclass(frozen=True)
class Explanation:
    """A failure in words for an end user.

    text: one or two short sentences of plain text in the user's language. Escape it in HTML like any other text.
    offers: actions that help, the best first. Empty if none does. ``try-again``: do the same once more, such as typing the code again.
    ``resend``: get the same code once more. ``start-again``: ask for a new code. ``wait``: wait for ``retry_after``, then do the same
    once more. ``contact-support``: contact the service.
    """

    text: str
    offers: tuple[Offer, ...]


_Record = TypeVar("_Record")


def record(kind: type[_Record], answer: dict[str, Any]) -> _Record:
    """Return an answer as a record of this kind. The contract has the units in its names, the records here in their docs."""
    known = kind.__dataclass_fields__  # type: ignore[attr-defined]
    plain = {}
    for name, value in answer.items():
        own = name.removesuffix("_seconds")
        if own in known:
            plain[own] = _NESTED[own](value) if own in _NESTED else value
    return kind(**plain)


def audited(answer: dict[str, Any]) -> Audit:
    """Return the audit of an answer."""
    trail = answer.get("trail")
    return Audit(**{**answer, "trail": None if trail is None else Trail(**trail)})


_NESTED: dict[str, Callable[[Any], Any]] = {
    "transaction": lambda paid: Transaction(**paid),
    "audit": audited,
    "limits": lambda limits: tuple(record(Limit, limit) for limit in limits),
}
