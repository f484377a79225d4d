"""Logins with the app for Django."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import shop
from conftest import other_than
from customers import ANN, BOB, CODE_PAGE, CONFIRM_PAGE, LOGIN_PAGE, browser, log_in, logged_in, middleware, password

from xoxzo_2fa import Charge, GuardUnreachable, MemoryGuard, Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

pytest.importorskip("django")
shop.set_up()

from django.test import override_settings  # noqa: E402
from django.utils import translation  # noqa: E402


@pytest.mark.usefixtures("ann")
def test_a_login(world: shop.Shop) -> None:
    client = browser()
    assert client.get("/").headers["location"] == f"{LOGIN_PAGE}?next=/"
    page = client.get(f"{LOGIN_PAGE}?next=/").content.decode()
    assert 'name="next" value="/"' in page
    assert password(client, {**ANN, "password": "wrong"}).status_code == 200
    assert world.xoxzo.messages == []
    assert password(client, next="/invoices/7/").headers["location"] == CODE_PAGE
    assert len(world.xoxzo.messages) == 1
    asked = client.get(CODE_PAGE).content.decode()
    assert "+81********78" in asked
    assert "You can ask for the same code again in 60 seconds." in asked
    assert re.search(
        r'<label for="pin">.*<input id="pin" name="pin" type="text" inputmode="numeric" autocomplete="one-time-code"', asked, re.DOTALL
    )
    wrong = client.post(CODE_PAGE, {"pin": other_than(world.xoxzo.pin())})
    assert wrong.status_code == 400
    told = wrong.content.decode()
    assert "That is not the code. 4 tries are left." in told
    assert 'aria-invalid="true" aria-describedby="refusal sent"' in told
    assert "<title>Error: Enter the code</title>" in told
    assert not logged_in(client)
    pin = world.xoxzo.pin()
    assert client.post(CODE_PAGE, {"pin": f" {pin[:3]} {pin[3:]}"}).headers["location"] == "/invoices/7/"
    assert client.get("/").content == b"Logged in as ann"
    # The challenge is gone from the session.
    assert client.post(CODE_PAGE, {"pin": pin}).headers["location"].startswith(LOGIN_PAGE)


@pytest.mark.usefixtures("ann")
def test_pages_hold_no_script_and_no_style(world: shop.Shop) -> None:
    client = browser()
    pages = [client.get(LOGIN_PAGE)]
    password(client)
    pages.append(client.get(CODE_PAGE))
    pages.append(client.post(CODE_PAGE, {"pin": "1"}))
    client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
    pages.append(client.get(CONFIRM_PAGE))
    for page in pages:
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert not re.search(rb"<script|<style|style=|\son\w+=|javascript:|https?://", page.content)
        assert "no-store" in page.headers["cache-control"]


@pytest.mark.usefixtures("ann")
def test_texts_are_in_the_users_language(world: shop.Shop) -> None:
    client = browser(headers={"accept-language": "ja"})
    with override_settings(MIDDLEWARE=[*middleware(), "django.middleware.locale.LocaleMiddleware"]), translation.override("en"):
        password(client)
        page = client.post(CODE_PAGE, {"pin": "12"})
    assert '<html lang="ja">' in page.content.decode()
    assert "コード" in page.content.decode()
    assert re.search("[぀-ヿ]", world.xoxzo.messages[0].text)


@pytest.mark.usefixtures("ann")
def test_the_same_code_once_more(world: shop.Shop) -> None:
    client = browser()
    password(client)
    early = client.post(CODE_PAGE, {"action": "resend"})
    assert early.status_code == 400
    assert "This was requested a moment ago. Try again in" in early.content.decode()
    world.clock.advance(60)
    assert "You can ask" not in client.get(CODE_PAGE).content.decode()
    assert client.post(CODE_PAGE, {"action": "resend"}).headers["location"] == CODE_PAGE
    assert len(world.xoxzo.messages) == 2
    assert world.xoxzo.messages[0].pin == world.xoxzo.messages[1].pin
    # A second message brings no second set of guesses.
    wrong = other_than(world.xoxzo.pin())
    left = [client.post(CODE_PAGE, {"pin": wrong}).status_code for _ in range(5)]
    assert left == [400, 400, 400, 400, 302]
    assert "No tries are left, so ask for a new code." in client.get(LOGIN_PAGE).content.decode()
    assert "No tries are left" not in client.get(LOGIN_PAGE).content.decode()


@pytest.mark.usefixtures("ann")
def test_going_back_to_the_password_sends_nothing_again(world: shop.Shop) -> None:
    client = browser()
    password(client)
    assert password(client).headers["location"] == CODE_PAGE
    # Another browser has no such challenge: it has to wait.
    assert password(browser()).status_code == 400
    assert len(world.xoxzo.messages) == 1
    assert client.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).headers["location"] == "/"


@pytest.mark.parametrize("kept", [{"login": {"user": "1"}}, {"login": None}, {}])
def test_what_another_version_kept_lets_nobody_in(world: shop.Shop, ann: Any, kept: Any) -> None:
    client = browser()
    client.force_login(ann)
    session = client.session
    session["xoxzo_2fa_passes"] = session["xoxzo_2fa_pending"] = kept
    session.save()
    assert client.get("/").headers["location"] == CONFIRM_PAGE
    assert client.post(CODE_PAGE, {"pin": "123456"}).headers["location"].startswith(LOGIN_PAGE)
    log_in(client, world)
    assert client.get("/").status_code == 200


@pytest.mark.usefixtures("ann", "bob")
def test_another_user_at_the_same_browser_gets_a_code_of_their_own(world: shop.Shop) -> None:
    client = browser()
    password(client)
    password(client, BOB)
    assert [message.recipient for message in world.xoxzo.messages] == ["+819012345678", "+819012345679"]
    assert client.post(CODE_PAGE, {"pin": world.xoxzo.messages[0].pin}).status_code == 400
    client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
    assert client.get("/").content == b"Logged in as bob"


@pytest.mark.usefixtures("ann")
def test_an_expired_code_leads_back_to_the_password(world: shop.Shop) -> None:
    client = browser()
    password(client)
    world.clock.advance(301)
    answer = client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
    assert answer.headers["location"].startswith(LOGIN_PAGE)
    assert "expired" in client.get(LOGIN_PAGE).content.decode()
    assert not logged_in(client)


@pytest.mark.parametrize("phone", ["", None])
def test_a_user_without_a_number_is_let_in_nowhere(world: shop.Shop, ann: Any, phone: str | None) -> None:
    client = browser()
    with override_settings(XOXZO_2FA={**world.values, "RECIPIENT": lambda _: phone}):
        answer = password(client)
        assert (answer.status_code, b"no phone number" in answer.content) == (403, True)
        assert client.get(CODE_PAGE).headers["location"].startswith(LOGIN_PAGE)
        assert not logged_in(client)
        # Who is logged in by other means gets no further.
        client.force_login(ann)
        assert client.get("/").headers["location"] == CONFIRM_PAGE
        assert client.post(CONFIRM_PAGE).status_code == 403
        assert client.get("/").headers["location"] == CONFIRM_PAGE
    assert world.xoxzo.requests == []


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("fault", ["unavailable", "not-sent", "refused"])
def test_xoxzos_failures_let_nobody_in(world: shop.Shop, fault: Any) -> None:
    client = browser()
    world.xoxzo.fault = fault
    answer = password(client)
    # A message that may have arrived is no failure.
    assert answer.status_code == (302 if fault == "unavailable" else 503)
    assert not logged_in(client)
    if fault != "unavailable":
        assert client.get(CODE_PAGE).headers["location"].startswith(LOGIN_PAGE)


class Fails:
    """A store that can be gone."""

    scope: Any = "shared"

    def __init__(self) -> None:
        self.gone = False
        self.store = MemoryGuard()

    def add(self, charges: Sequence[Charge]) -> Totals:
        if self.gone:
            raise GuardUnreachable("connect: no connection")
        return self.store.add(charges)


@pytest.mark.usefixtures("ann")
def test_a_store_that_is_gone_lets_nobody_in(world: shop.Shop) -> None:
    store = Fails()
    client = browser()
    with override_settings(XOXZO_2FA={**world.values, "GUARD": store}):
        password(client)
        store.gone = True
        answer = client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
        assert (answer.status_code, logged_in(client)) == (503, False)
        store.gone = False
        assert client.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).status_code == 302
        assert logged_in(client)
