"""The operations, as a service uses them."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from unittest.mock import AsyncMock, create_autospec
from urllib.parse import parse_qs

import pytest
from conftest import Taker, document, other_than

from xoxzo_2fa import (
    Acceptance,
    AsyncOperator,
    AsyncTwoFactor,
    Binding,
    Code,
    Event,
    Expected,
    Explanation,
    MemoryGuard,
    Misuse,
    Operator,
    Refuse,
    Response,
    Sending,
    Settings,
    SqliteGuard,
    StepUp,
    Totals,
    Transaction,
    TwoFactor,
    TwoFactorError,
    Unknown,
    Upstream,
    check_receipt,
    explain,
    inspect,
    keygen,
    preview,
    receipt_key,
    request_key,
    sign_request,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xoxzo_2fa import Charge

LOGIN = Binding("+819012345678", "user-1", "login")


def test_a_login(settings: Settings, taker: Taker) -> None:
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker)
    challenge = two_factor.start(LOGIN)
    assert (challenge.masked, challenge.expires_in, challenge.parts) == ("+81********78", 300, 1)
    with pytest.raises(Refuse) as wrong:
        two_factor.verify(challenge.token, LOGIN, other_than(taker.pin()))
    assert (wrong.value.code, wrong.value.guesses_left, wrong.value.blame) == ("wrong-pin", 4, "refuse")
    accepted = two_factor.verify(challenge.token, LOGIN, taker.pin())
    assert isinstance(accepted, Acceptance)
    with pytest.raises(Refuse, match="used"):
        two_factor.verify(challenge.token, LOGIN, taker.pin())


def test_asyncio_does_the_same(settings: Settings, taker: Taker) -> None:
    async def story() -> None:
        two_factor = await AsyncTwoFactor.create(settings, MemoryGuard(), transport=taker)
        challenge = await two_factor.start(LOGIN)
        with pytest.raises(Refuse, match="wrong-pin"):
            await two_factor.verify(challenge.token, LOGIN, other_than(taker.pin()))
        await two_factor.verify(challenge.token, LOGIN, taker.pin())
        with pytest.raises(Refuse, match="used"):
            await two_factor.verify(challenge.token, LOGIN, taker.pin())
        operator = AsyncOperator(two_factor, "ann")
        assert (await operator.unlock("user-1", "+819012345678")).failures == 0
        assert [limit.total for limit in (await operator.limits("user-1", "+819012345678")).limits if limit.refuses] == []

    asyncio.run(story())


def test_a_step_up_request_is_as_the_specification_says() -> None:
    root = keygen()
    key = request_key(root, "shop")
    step_up = StepUp("user-1", Transaction("12.50", "EUR", "Ann Lee"), "s-1")
    request = sign_request(key, step_up, now=1_800_000_000)
    assert request != sign_request(key, step_up, now=1_800_000_000), "each has an id of its own"

    def text(value: str) -> bytes:
        return len(value.encode()).to_bytes(4, "big") + value.encode()

    def unb64(spelling: str) -> bytes:
        return base64.urlsafe_b64decode(spelling + "=" * (-len(spelling) % 4))

    data, secret = unb64(request), unb64(key.removeprefix("x2fs1_"))[:32]
    body, tag = data[:-32], data[-32:]
    assert body[0] == 0x18
    assert body[17:] == (1_800_000_000).to_bytes(4, "big") + text("12.50") + text("EUR") + text("Ann Lee")
    message = text("xoxzo-2fa step-up request") + text("user-1") + b"\1" + text("s-1") + body
    assert hmac.digest(secret, message, "sha256") == tag
    assert "Ann Lee" not in repr(step_up)
    assert "s-1" not in repr(step_up)
    for other in (request_key(root, "bank"), request_key(root, "shop", test=True), receipt_key(root, "shop")):
        assert other != key
    with pytest.raises(Misuse, match="request_key"):
        sign_request(receipt_key(root, "shop"), step_up)
    with pytest.raises(Misuse, match="payee"):
        sign_request(key, StepUp("user-1", Transaction("12.50", "EUR", "evil.example")))
    with pytest.raises(Upstream, match="clock"):
        sign_request(key, step_up, now=0)


def test_a_receipt_proves_what_happened() -> None:
    whole, taker = document(), Taker()
    two_factor = TwoFactor(Settings(whole), MemoryGuard(), transport=taker)
    payment = Binding("+819012345678", "user-1", "login", transaction=Transaction("12.50", "EUR", "Ann Lee"))
    challenge = two_factor.start(payment)
    receipt = two_factor.verify(challenge.token, payment, taker.pin()).receipt
    keys = [receipt_key(whole["keys"][0], "shop")]
    expected = Expected("user-1", "login", transaction=payment.transaction)
    claims = check_receipt(keys, receipt, expected)
    assert (claims.audience, claims.transaction, claims.test) == ("shop", payment.transaction, False)
    assert check_receipt(keys, receipt, replace(expected, recipient="+819012345678")) == claims
    with pytest.raises(Refuse, match="invalid-token"):
        check_receipt([receipt_key(keygen(), "shop")], receipt, expected)
    others = (
        Expected("user-1", "login"),
        Expected("user-1", "login", transaction=Transaction("12.51", "EUR", "Ann Lee")),
        replace(expected, subject="user-2"),
        replace(expected, purpose="sign-up"),
        replace(expected, recipient="+819012345679"),
        replace(expected, session="s-1"),
    )
    for other in others:
        with pytest.raises(Refuse, match="invalid-token"):
            check_receipt(keys, receipt, other)
    wrong: tuple[Any, ...] = (Expected("", "login"), Expected("user-1", "login", recipient="090"), payment, None, "user-1")
    for one in wrong:
        with pytest.raises(Misuse, match="request"):
            check_receipt(keys, receipt, one)
    with pytest.raises(Misuse, match="request"):
        check_receipt(["no key"], receipt, expected)
    assert "+8190" not in repr(replace(expected, recipient="+819012345678"))
    assert inspect(challenge.token).digits == 6
    with pytest.raises(Refuse, match="invalid-token"):
        inspect("x")


def test_messages_can_be_looked_at_before_they_cost(settings: Settings) -> None:
    texts = {preview.locale: preview for preview in preview(settings)}
    assert len(texts) == 10
    assert "123456" in texts["ja"].text
    assert texts["en"].parts == 1
    assert "12.50 EUR" in preview(settings, Transaction("12.50", "EUR", "Ann"))[0].text
    with pytest.raises(Misuse):
        preview(settings, Transaction("12,50", "EUR", "Ann"))


def test_users_read_why_and_what_to_do(settings: Settings, taker: Taker) -> None:
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker)
    challenge = two_factor.start(LOGIN)
    wrong = other_than(taker.pin())

    def told(pin: str, locale: str) -> Explanation:
        with pytest.raises(Refuse) as refusal:
            two_factor.verify(challenge.token, LOGIN, pin)
        return explain(refusal.value, locale)

    assert told(wrong, "en") == Explanation("That is not the code. 4 tries are left.", ("try-again", "resend"))
    assert told(wrong, "ja").text == "認証コードが違います。あと3回入力できます。"
    assert told("12", "es").text.startswith("Escribe todos los dígitos de la clave")
    with pytest.raises(Refuse) as soon:
        two_factor.resend(challenge.token, LOGIN)
    assert explain(soon.value, "en").offers == ("wait",)
    ours = explain(Upstream("guard", ""), "ko")
    assert explain(Upstream("plugin", "the module trapped"), "ko") == ours, "a fault of the host is like any other"
    for locale in ("en-US", "fr", ""):
        with pytest.raises(Misuse, match="locale"):
            explain(soon.value, locale)


@pytest.mark.parametrize(
    "binding",
    [
        Binding(b"+819012345678", "user-1", "login"),  # type: ignore[arg-type]
        Binding("+819012345678", 7, "login"),  # type: ignore[arg-type]
        Binding("+819012345678", {"id": "user-1"}, "login"),  # type: ignore[arg-type]
        Binding("+819012345678", "user-1", None),  # type: ignore[arg-type]
        Binding("+819012345678", "user-1", "login", session=3.5),  # type: ignore[arg-type]
        Binding("+819012345678", "user-\ud800", "login"),
        Binding("+819012345678", ["user-1"], "login"),  # type: ignore[arg-type]
        Binding("", "user-1", "login"),
    ],
)
def test_an_argument_of_the_wrong_type_is_misuse_and_breaks_nothing(settings: Settings, taker: Taker, binding: Binding) -> None:
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker, audit=lambda _: None)
    with pytest.raises(Misuse) as fault:
        two_factor.start(binding)
    assert fault.value.code == "request"
    assert taker.requests == []
    assert two_factor.start(LOGIN).parts == 1


def test_a_pin_that_is_not_text_is_not_a_guess(settings: Settings, taker: Taker) -> None:
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker)
    token = two_factor.start(LOGIN).token
    pins: tuple[Any, ...] = (123456, None, {}, b"123456")
    for pin in pins:
        with pytest.raises(Misuse):
            two_factor.verify(token, LOGIN, pin)
    with pytest.raises(Refuse) as wrong:
        two_factor.verify(token, LOGIN, other_than(taker.pin()))
    assert wrong.value.guesses_left == 4


@pytest.mark.parametrize("character", ["1", "\u0661", "\ud800"])
@pytest.mark.parametrize("count", [1, 100, 5000, 120_000, 50_000_000])
def test_what_a_user_sends_is_at_most_refused(settings: Settings, taker: Taker, character: str, count: int) -> None:
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker)
    token, typed, key = two_factor.start(LOGIN).token, character * count, receipt_key(keygen(), "shop")
    began = time.process_time()
    with pytest.raises(Refuse) as pin:
        two_factor.verify(token, LOGIN, typed)
    assert (pin.value.code, pin.value.guesses_left) == ("malformed", None)
    calls = (
        lambda: two_factor.verify(typed, LOGIN, "123456"),
        lambda: two_factor.resend(typed, LOGIN),
        lambda: two_factor.status(typed),
        lambda: check_receipt([key], typed, Expected("user-1", "login")),
        lambda: inspect(typed),
    )
    for call in calls:
        with pytest.raises(Refuse, match="invalid-token"):
            call()
    assert time.process_time() - began < 1
    # Nothing of that was a guess.
    two_factor.verify(token, LOGIN, taker.pin())


def test_mocks_of_the_asynchronous_client_are_awaited() -> None:
    client, operator = create_autospec(AsyncTwoFactor, instance=True), create_autospec(AsyncOperator, instance=True)
    for operation in ("start", "resend", "verify", "status"):
        assert isinstance(getattr(client, operation), AsyncMock)
    for operation in ("limits", "unlock", "credits"):
        assert isinstance(getattr(operator, operation), AsyncMock)


def test_totals_that_are_no_numbers_are_no_answer(settings: Settings, taker: Taker) -> None:
    class Odd(MemoryGuard):
        totals: Any = None

        def add(self, charges: Sequence[Charge]) -> Totals:
            return super().add(charges) if self.totals is None else Totals(self.totals)

    guard = Odd()
    two_factor = TwoFactor(settings, guard, transport=taker)
    for totals in ([(0, 0)], [(2**32 + 1, 60)], [(2**64, 60)], [(-1, 60)], []):
        guard.totals = totals
        with pytest.raises(TwoFactorError):
            two_factor.start(LOGIN)
    strange: list[Any] = [[("1", 60)], [(1.5, 60)], [(None, None)]]
    for odd in strange:
        guard.totals = odd
        with pytest.raises(Upstream, match="guard"):
            two_factor.start(LOGIN)
    guard.totals = None
    assert taker.requests == []
    assert two_factor.start(LOGIN).parts == 1


def test_nothing_secret_is_shown(taker: Taker, caplog: pytest.LogCaptureFixture) -> None:
    whole = document()
    caplog.set_level(logging.DEBUG)
    settings = Settings(whole)
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker)
    challenge = two_factor.start(LOGIN)
    with pytest.raises(Refuse) as wrong:
        two_factor.verify(challenge.token, LOGIN, other_than(taker.pin()))
    accepted = two_factor.verify(challenge.token, LOGIN, taker.pin())
    request = taker.requests[0]
    shown = repr([settings, two_factor, LOGIN, challenge, accepted, request, wrong.value, Sending(client="203.0.113.7")]) + caplog.text
    secrets = [challenge.token, accepted.receipt, taker.pin(), whole["keys"][0], whole["guard"]["key"], "auth-canary", "+819012345678"]
    assert [secret for secret in secrets if secret in shown] == []
    assert "wrong-pin" in caplog.text


def test_events_go_to_a_callback_with_hashes(settings: Settings, taker: Taker) -> None:
    told: list[Event] = []
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker, audit=told.append)
    two_factor.start(LOGIN)
    with pytest.raises(Misuse):
        two_factor.start(Binding("090", "user-1", "their text"))
    first, second = told
    assert (first.operation, first.outcome, first.purpose, first.delivery, first.parts) == ("start", "ok", "login", "accepted", 1)
    assert first.audit.trail
    assert (len(first.audit.trail.subject), first.audit.trail.calling_code) == (22, "81")
    assert (first.channel, first.cost, first.audit.message_id, first.audit.decoy) == ("sms", "sms", "m1", False)
    assert Operator(two_factor, "ann").trail("user-1", "+819012345678") == first.audit.trail
    assert (second.outcome, second.code, second.purpose, second.audit.trail) == ("misuse", "request", None, None)


def test_one_challenge_has_one_id_in_all_its_events(settings: Settings, taker: Taker) -> None:
    told: list[Event] = []
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker, audit=told.append)
    challenge = two_factor.start(LOGIN)
    with pytest.raises(Refuse):
        two_factor.verify(challenge.token, LOGIN, other_than(taker.pin()))
    two_factor.verify(challenge.token, LOGIN, taker.pin())
    assert challenge.handle
    two_factor.status(challenge.handle)
    assert [event.operation for event in told] == ["start", "verify", "verify", "status"]
    assert {event.audit.challenge_id for event in told} == {challenge.audit.challenge_id}
    assert len(challenge.audit.challenge_id or "") == 11


def test_an_operator_sees_and_lifts_what_keeps_a_user_out(settings: Settings, taker: Taker) -> None:
    told: list[Event] = []
    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker, audit=told.append)
    operator = Operator(two_factor, "ann")
    challenge = two_factor.start(LOGIN)
    with pytest.raises(Refuse):
        two_factor.verify(challenge.token, LOGIN, other_than(taker.pin()))
    seen = {limit.setting: limit for limit in operator.limits(LOGIN.subject, LOGIN.recipient).limits if not limit.open}
    assert (seen["failures.soft"].total, seen["failures.soft"].most, seen["failures.soft"].refuses) == (1, 10, False)
    assert (seen["failures.hard"].total, seen["failures.hard"].ends_in) == (1, None)
    cooldown = seen["sends.cooldown_seconds"]
    assert (cooldown.total, cooldown.refuses) == (1, True)
    assert cooldown.ends_in
    assert 0 < cooldown.ends_in <= 60
    assert operator.unlock(LOGIN.subject, LOGIN.recipient).failures == 1
    assert {limit.total for limit in operator.limits(LOGIN.subject, LOGIN.recipient).limits} == {0, 1}
    assert two_factor.start(LOGIN).delivery == "accepted"
    assert [event.operator for event in told] == [None, None, "ann", "ann", "ann", None]
    assert {event.audit.trail for event in told if event.operator} == {told[0].audit.trail}


def test_credits_are_what_xoxzo_says(settings: Settings) -> None:
    class Rich(Taker):
        def send(self, request: Any) -> Any:
            assert (request.method, request.url.rsplit("com", 1)[1]) == ("GET", "/you/credits/")
            return Response(200, {}, b'{"credits": 1000.5}')

    two_factor = TwoFactor(settings, MemoryGuard(), transport=Rich())
    assert Operator(two_factor, "ann").credits().credits == 1000


def test_an_outage_is_not_ok(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    class Silent(Taker):
        def send(self, _: Any) -> Any:
            raise Unknown("timeout: no answer from https://user:secret@api.example/")

    two_factor = TwoFactor(settings, MemoryGuard(), transport=Silent())
    challenge = two_factor.start(LOGIN)
    assert (challenge.delivery, challenge.audit.alarm, challenge.audit.cause) == ("unknown", "delivery", "timeout: no answer from [cut]")
    (line,) = [it for it in caplog.records if it.name == "xoxzo_2fa.audit"]
    assert line.levelname == "WARNING"
    fields = line.xoxzo_2fa  # type: ignore[attr-defined]
    assert (fields["outcome"], fields["delivery"], fields["alarm"], fields["calling_code"]) == ("unknown", "unknown", "delivery", "81")


def test_a_callback_that_raises_costs_nobody_a_login(settings: Settings, taker: Taker, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Event) -> None:
        raise ValueError(LOGIN.recipient)

    two_factor = TwoFactor(settings, MemoryGuard(), transport=taker, audit=broken)
    challenge = two_factor.start(LOGIN)
    assert two_factor.verify(challenge.token, LOGIN, taker.pin()).expires_in == 60
    assert caplog.text.count("the audit callback failed: ValueError at test_client.py:") == 2
    assert LOGIN.recipient not in caplog.text


def test_what_stops_the_program_passes_through_an_operation(settings: Settings, taker: Taker) -> None:
    class Stop(BaseException):
        """Like KeyboardInterrupt, it is nobody's to catch."""

    class Broken(MemoryGuard):
        raises: BaseException | None = None

        def add(self, charges: Sequence[Charge]) -> Totals:
            if self.raises is not None:
                raise self.raises
            return super().add(charges)

    guard = Broken()
    told: list[Event] = []
    two_factor = TwoFactor(settings, guard, transport=taker, audit=told.append)
    for raised in (Stop(), KeyboardInterrupt(), SystemExit(3)):
        guard.raises = raised
        with pytest.raises(type(raised)) as caught:
            two_factor.start(LOGIN)
        assert caught.value is raised
        assert (told[-1].outcome, told[-1].code, told[-1].purpose) == ("cancelled", None, "login")
        assert told[-1].audit.trail
    guard.raises = ZeroDivisionError("mine")
    with pytest.raises(Upstream, match="guard"):
        two_factor.start(LOGIN)
    guard.raises = None
    assert two_factor.start(LOGIN).parts == 1


def test_a_task_can_be_cancelled_where_it_waits(settings: Settings) -> None:
    class Hanging:
        async def send(self, _: Any) -> Any:
            await asyncio.Event().wait()

    async def story() -> None:
        told: list[Event] = []
        two_factor = await AsyncTwoFactor.create(settings, MemoryGuard(), transport=Hanging(), audit=told.append)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(two_factor.start(LOGIN), 0.1)
        assert [(event.operation, event.outcome) for event in told] == [("start", "cancelled")]
        # What was charged stays charged.
        with pytest.raises(Refuse, match="cooldown"):
            await two_factor.start(LOGIN)

    asyncio.run(story())


def test_many_starts_wait_at_once(settings: Settings) -> None:
    class Together(Taker):
        """Answers when a hundred wait."""

        def __init__(self) -> None:
            super().__init__()
            self.waiting = 0
            self.all = asyncio.Event()

        async def send(self, request: Any) -> Any:  # type: ignore[override]
            self.waiting += 1
            if self.waiting == 100:
                self.all.set()
            await asyncio.wait_for(self.all.wait(), 30)
            return super().send(request)

    async def story() -> None:
        two_factor = await AsyncTwoFactor.create(settings, MemoryGuard(), transport=Together(), audit=lambda _: None)
        users = [Binding(f"+8190{number:08}", f"user-{number}", "login") for number in range(100)]
        challenges = await asyncio.gather(*(two_factor.start(user) for user in users))
        assert len({challenge.token for challenge in challenges}) == 100

    asyncio.run(story())


def test_slow_sends_delay_no_verify(settings: Settings, tmp_path: Path) -> None:
    class Stuck(Taker):
        """Blocks every message after the first until it is let go."""

        let_go = threading.Event()
        first = True

        def send(self, request: Any) -> Any:
            if not self.first:
                assert self.let_go.wait(60)
            self.first = False
            return super().send(request)

    async def story() -> None:
        stuck = Stuck()
        two_factor = await AsyncTwoFactor.create(settings, SqliteGuard(tmp_path / "guard"), transport=stuck, audit=lambda _: None)
        challenge = await two_factor.start(LOGIN)
        users = [Binding(f"+8190{number:08}", f"user-{number}", "login") for number in range(40)]
        starts = asyncio.gather(*(two_factor.start(user) for user in users))
        try:
            # Longer than it takes until each of them is sent, or waits for a thread.
            await asyncio.wait({starts}, timeout=1)
            verify = two_factor.verify(challenge.token, LOGIN, stuck.pin())
            others = asyncio.to_thread(lambda: "the program's own threads")
            answers = await asyncio.wait_for(asyncio.gather(verify, others), 20)
            assert answers[0].receipt
        finally:
            stuck.let_go.set()
            await starts

    asyncio.run(story())


def test_the_codes_are_the_engines() -> None:
    vectors = json.loads((Path(__file__).parents[3] / "tests/vectors/explain.json").read_text())
    told = {vector["code"] for vector in vectors["tests"]}
    # `plugin` is a fault of this host.
    assert set(get_args(Code)) == {*told, "plugin"}


def test_wrong_settings_name_path_and_line() -> None:
    text = '{\n"version": 1,\n"pin": {"digits": 3}\n}'
    with pytest.raises(Misuse) as fault:
        TwoFactor(Settings(text), MemoryGuard())
    assert fault.value.code == "settings"
    assert "is missing" in fault.value.detail


def test_references_are_resolved_at_secrets_only(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    key, file = keygen(), tmp_path / "token"
    file.write_bytes(b"auth-canary\r\n")
    monkeypatch.setenv("THE_KEY", key)
    account = {"sid": "s", "auth_token": {"file": str(file)}, "sender": "Example"}
    settings = Settings(document(keys=[{"env": "THE_KEY"}], xoxzo=account))
    taker = Taker()
    TwoFactor(settings, MemoryGuard(), transport=taker).start(LOGIN)
    assert taker.requests[0].headers["authorization"] == "Basic czphdXRoLWNhbmFyeQ=="
    for wrong in ({"env": "NOT_SET_ANYWHERE"}, {"file": str(tmp_path / "none")}, {"env": "A", "file": "B"}, {"vault": "x"}, {"env": 7}):
        with pytest.raises(Misuse, match=r"keys\.0"):
            Settings(document(keys=[wrong]))
    with pytest.raises(Misuse, match="service"):
        TwoFactor(Settings(document(service={"env": "THE_KEY"})), MemoryGuard())
    with pytest.raises(Misuse, match=r"guard\.scope"):
        TwoFactor(Settings(document(guard={"key": key, "scope": "shared"})), MemoryGuard())
    with pytest.raises(Misuse, match="no form"):
        Settings(document(service=b"Example"))
    with pytest.raises(Misuse, match="cannot be read"):
        Settings.from_file(tmp_path / "none")


def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XOXZO_API_SID", "XOXZO_API_AUTH_TOKEN", "XOXZO_2FA_KEY", "XOXZO_2FA_GUARD_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XOXZO_2FA_KEY", "XOXZO_2FA_GUARD_KEY"):
        with pytest.raises(Misuse, match=f"{name} is not set"):
            Settings.from_environment()
        monkeypatch.setenv(name, keygen())
    monkeypatch.setenv("XOXZO_API_SID", "s")
    monkeypatch.setenv("XOXZO_API_AUTH_TOKEN", "t")
    taker = Taker()
    TwoFactor(Settings.from_environment(), MemoryGuard(), transport=taker).start(LOGIN)
    assert taker.requests[0].url.startswith("https://api.xoxzo.com/")


def test_the_environment_can_say_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    texts = tmp_path / "texts.json"
    texts.write_text('[{"locale": "en", "text": "This is {service}. Your PIN is {pin}"}]')
    # The second key is that of before a rotation.
    given = {
        "XOXZO_API_SID": "x",
        "XOXZO_API_AUTH_TOKEN": "x",
        "XOXZO_2FA_KEY": f"{keygen()}, {keygen()}",
        "XOXZO_2FA_GUARD_KEY": keygen(),
        "XOXZO_2FA_SERVICE": "Xoxzo",
        "XOXZO_2FA_PIN_DIGITS": "4",
        "XOXZO_2FA_TEXTS": str(texts),
        "XOXZO_2FA_CLIENT_CAP": "1/3600",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    taker = Taker()
    two_factor = TwoFactor(Settings.from_environment(), MemoryGuard(), transport=taker)
    two_factor.start(LOGIN, Sending(client="203.0.113.7"))
    assert parse_qs(taker.requests[0].body)["message"] == [f"This is Xoxzo. Your PIN is {taker.pin(4)}"]
    with pytest.raises(Refuse, match="too-many-sends"):
        two_factor.start(Binding("+819087654321", "user-2", "login"), Sending(client="203.0.113.7"))
    for name, value in (
        ("XOXZO_2FA_PIN_DIGITS", "four"),
        ("XOXZO_2FA_CLIENT_CAP", "20"),
        ("XOXZO_2FA_TEXTS", str(tmp_path)),
        ("XOXZO_2FA_TEXTS", __file__),
    ):
        with monkeypatch.context() as wrong:
            wrong.setenv(name, value)
            with pytest.raises(Misuse, match=name):
                Settings.from_environment()
