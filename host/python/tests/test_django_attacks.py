"""Attacks on logins with the app for Django."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import shop
from conftest import other_than
from customers import (
    ANN,
    BOB,
    CODE_PAGE,
    CONFIRM_CODE,
    CONFIRM_PAGE,
    LOGIN_PAGE,
    browser,
    log_in,
    logged_in,
    middleware,
    password,
    request_of,
)

pytest.importorskip("django")
shop.set_up()

from django.contrib.auth import aget_user, get_user_model, update_session_auth_hash  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import override_settings  # noqa: E402

from xoxzo_2fa.django._challenges import LOGIN  # noqa: E402
from xoxzo_2fa.django._session import pending_in  # noqa: E402


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    "form", ["joined", "+{}", "-{}", "wide", "{}.0", "{}\0", "0x{}", "", "short", b"%ED%A0%80", b"1" * 120_000, b"%FF"]
)
def test_only_digits_are_a_code_and_nothing_else_is_counted(world: shop.Shop, form: str | bytes) -> None:
    client = browser()
    password(client)
    pin = world.xoxzo.pin()
    typed = {"wide": "".join(chr(ord(digit) + 0xFEE0) for digit in pin), "short": pin[:5], "joined": f"{pin[:3]}_{pin[3:]}"}
    body = b"pin=" + form if isinstance(form, bytes) else {"pin": typed.get(form, form.format(pin))}
    kind = {"content_type": "application/x-www-form-urlencoded"} if isinstance(form, bytes) else {}
    for _ in range(6):
        answer = client.post(CODE_PAGE, body, **kind)
        assert (answer.status_code, b"Type all the digits of the code" in answer.content) == (400, True)
    assert not logged_in(client)
    client.post(CODE_PAGE, {"pin": pin})
    assert logged_in(client)


@pytest.mark.usefixtures("ann")
def test_the_code_page_cannot_be_skipped(world: shop.Shop) -> None:
    client = browser()
    password(client)
    for url in ("/", "/invoices/1/", CONFIRM_PAGE, CONFIRM_CODE):
        for answer in (client.get(url, follow=True), client.post(url, {"pin": world.xoxzo.pin()}, follow=True)):
            assert answer.redirect_chain[-1][0].startswith(LOGIN_PAGE), url
    assert not logged_in(client)
    assert len(world.xoxzo.messages) == 1
    assert asyncio.run(aget_user(request_of(client))).is_anonymous


@pytest.mark.usefixtures("ann", "bob")
def test_a_token_of_another_session_is_refused(world: shop.Shop) -> None:
    """Bob, who knows Ann's password, puts his own challenge into the session that waits for Ann's code, and the other way round."""
    anns, bobs = browser(), browser()
    password(anns)
    to_ann = world.xoxzo.pin()
    password(bobs, BOB)
    to_bob = world.xoxzo.pin()
    one, other = pending_in(request_of(anns), LOGIN), pending_in(request_of(bobs), LOGIN)
    assert one is not None
    assert other is not None
    session = anns.session
    session["xoxzo_2fa_pending"]["login"]["token"] = other.token
    session.save()
    assert anns.post(CODE_PAGE, {"pin": to_bob}).headers["location"].startswith(LOGIN_PAGE)
    assert not logged_in(anns)
    # The same user, but the nonce of another session.
    session = bobs.session
    session["xoxzo_2fa_pending"]["login"] = {
        **session["xoxzo_2fa_pending"]["login"],
        "token": one.token,
        "user": one.user,
        "hash": one.hash,
    }
    session.save()
    assert bobs.post(CODE_PAGE, {"pin": to_ann}).headers["location"].startswith(LOGIN_PAGE)
    assert not logged_in(bobs)
    # With the nonce too, it is the whole of Ann's session.
    session = bobs.session
    session["xoxzo_2fa_pending"] = {"login": {**vars(one)}}
    session.save()
    assert bobs.post(CODE_PAGE, {"pin": to_ann}).headers["location"] == "/"


@pytest.mark.usefixtures("ann")
def test_one_code_posted_at_once_from_copies_of_a_session_logs_in_once(world: shop.Shop) -> None:
    client = browser()
    password(client)
    cookie, pin = client.cookies["sessionid"].value, world.xoxzo.pin()

    def post(_: int) -> tuple[int, bool]:
        copy = browser()
        copy.cookies["sessionid"] = cookie
        try:
            answer = copy.post(CODE_PAGE, {"pin": pin})
            # A session that another request ended meanwhile answers 400.
            return answer.status_code, logged_in(copy)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(post, range(8)))
    assert [into for _, into in told].count(True) == 1, told
    assert {status for status, into in told if not into} <= {302, 400}


@pytest.mark.usefixtures("ann")
def test_a_copy_of_a_cookie_session_logs_in_once(world: shop.Shop) -> None:
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        client, copy = browser(), browser()
        password(client)
        copy.cookies["sessionid"] = client.cookies["sessionid"].value
        pin = world.xoxzo.pin()
        assert client.post(CODE_PAGE, {"pin": pin}).headers["location"] == "/"
        assert copy.post(CODE_PAGE, {"pin": pin}).headers["location"].startswith(LOGIN_PAGE)
        assert (client.get("/").status_code, copy.get("/").status_code) == (200, 302)
        # Nor does an old cookie bring guesses back.
        world.clock.advance(61)
        password(client)
        kept, wrong = client.cookies["sessionid"].value, other_than(world.xoxzo.pin())
        for _ in range(5):
            copy.cookies["sessionid"] = kept
            copy.post(CODE_PAGE, {"pin": wrong})
        copy.cookies["sessionid"] = kept
        assert copy.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).headers["location"].startswith(LOGIN_PAGE)


@pytest.mark.usefixtures("ann")
def test_nobody_who_fixed_the_session_is_in_it(world: shop.Shop) -> None:
    attacker, victim = browser(), browser()
    attacker.get("/account/login/")
    session = attacker.session
    session["planted"] = True
    session.save()
    fixed = session.session_key
    keys = [fixed]
    for client in (attacker, victim):
        client.cookies["sessionid"] = fixed
    password(victim)
    keys.append(victim.cookies["sessionid"].value)
    # With the key from before the password, nothing of the challenge is seen.
    assert attacker.get(CODE_PAGE).headers["location"].startswith(LOGIN_PAGE)
    victim.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
    keys.append(victim.cookies["sessionid"].value)
    assert len(set(keys)) == 3
    for key in keys[:2]:
        attacker.cookies["sessionid"] = key
        assert attacker.get("/").headers["location"].startswith(LOGIN_PAGE)
    assert victim.get("/").status_code == 200


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    "where",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_the_way_back_is_within_the_site(world: shop.Shop, where: str) -> None:
    client = browser()
    assert 'name="next" value=""' in client.get(LOGIN_PAGE, {"next": where}).content.decode()
    assert 'name="next" value="/invoices/1/"' in client.get(LOGIN_PAGE, {"next": "/invoices/1/"}).content.decode()
    password(client, next=where)
    assert client.session["xoxzo_2fa_next"] == "/"
    # Nor does it leave the site if it ever came into a session.
    session = client.session
    session["xoxzo_2fa_next"] = where
    session.save()
    assert client.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).headers["location"] == "/"


@pytest.mark.usefixtures("ann")
def test_a_flood_of_resends_costs_what_the_limits_allow(world: shop.Shop) -> None:
    client = browser()
    password(client)
    for _ in range(30):
        client.post(CODE_PAGE, {"action": "resend"})
    assert len(world.xoxzo.messages) == 1
    for _ in range(30):
        world.clock.advance(61)
        if password(client).status_code == 302:
            client.post(CODE_PAGE, {"action": "resend"})
    assert len(world.xoxzo.messages) == 10


@pytest.mark.usefixtures("ann")
def test_no_get_costs_a_message_or_a_guess(world: shop.Shop) -> None:
    client = browser()
    client.get(LOGIN_PAGE, ANN)
    password(client)
    pin = world.xoxzo.pin()
    requests, counters = len(world.xoxzo.requests), len(world.values["GUARD"])
    world.clock.advance(61)
    for method in (client.get, client.head, client.options):
        for query in ({"pin": other_than(pin)}, {"pin": pin}, {"action": "resend"}):
            method(CODE_PAGE, query)
    for method in (client.put, client.patch, client.delete):
        assert method(CODE_PAGE, {"pin": pin}).status_code == 405
    assert (len(world.xoxzo.requests), len(world.values["GUARD"])) == (requests, counters)
    client.post(CODE_PAGE, {"pin": pin})
    assert logged_in(client)
    client.force_login(get_user_model().objects.get(username="ann"))
    for method in (client.get, client.head, client.options):
        method(CONFIRM_PAGE)
    assert len(world.xoxzo.requests) == requests


@pytest.mark.usefixtures("ann")
def test_every_post_needs_the_csrf_token(world: shop.Shop) -> None:
    # Even without the middleware.
    client = browser(enforce_csrf_checks=True)
    with override_settings(MIDDLEWARE=[name for name in middleware() if "Csrf" not in name]):
        assert password(client).status_code == 403
        token = client.get(LOGIN_PAGE).cookies["csrftoken"].value
        assert password(client, csrfmiddlewaretoken=token).status_code == 302
        world.clock.advance(61)
        for fields in ({"pin": world.xoxzo.pin()}, {"action": "resend"}):
            assert client.post(CODE_PAGE, fields).status_code == 403
        assert client.post(CODE_PAGE, {"pin": world.xoxzo.pin(), "csrfmiddlewaretoken": token}).status_code == 302
        assert logged_in(client)
        assert client.post(CONFIRM_PAGE).status_code == 403
    assert len(world.xoxzo.messages) == 1


def test_a_change_of_password_ends_what_waits_and_what_passed(world: shop.Shop, ann: Any) -> None:
    waits, passed = browser(), browser()
    log_in(passed, world)
    world.clock.advance(61)
    password(waits)
    ann.set_password("another")
    ann.save()
    assert waits.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).headers["location"].startswith(LOGIN_PAGE)
    assert not logged_in(waits)
    assert passed.get("/").headers["location"].startswith(LOGIN_PAGE)
    # Even in a session that Django keeps.
    kept = browser()
    world.clock.advance(61)
    log_in(kept, world, {**ANN, "password": "another"})
    assert kept.get("/").status_code == 200
    ann.refresh_from_db()
    ann.set_password("once more")
    ann.save()
    request = request_of(kept)
    request.user = ann
    update_session_auth_hash(request, ann)
    request.session.save()
    kept.cookies["sessionid"] = request.session.session_key
    assert kept.get("/").headers["location"] == CONFIRM_PAGE


def test_a_new_secret_key_keeps_passes_while_the_old_one_is_known(world: shop.Shop, ann: Any) -> None:
    from django.conf import settings  # noqa: PLC0415

    client = browser()
    log_in(client, world)
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert client.get("/").content == f"Logged in as {ann.username}".encode()
    with override_settings(SECRET_KEY="new" * 20):
        assert client.get("/").status_code == 302


def test_a_user_who_was_barred_or_has_another_number_is_not_let_in(world: shop.Shop, ann: Any) -> None:
    client = browser()
    password(client)
    ann.phone = "+819087654321"
    ann.save()
    assert client.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).headers["location"].startswith(LOGIN_PAGE)
    password(client)
    ann.is_active = False
    ann.save()
    # Not even by a backend that knows users who were barred.
    with override_settings(AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.AllowAllUsersModelBackend"]):
        session = client.session
        session["xoxzo_2fa_pending"]["login"]["backend"] = "django.contrib.auth.backends.AllowAllUsersModelBackend"
        session.save()
        assert client.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).headers["location"].startswith(LOGIN_PAGE)
    assert not logged_in(client)
    ann.is_active = True
    ann.save()
    world.clock.advance(61)
    log_in(client, world)


@pytest.mark.usefixtures("bob")
def test_another_user_of_the_session_has_no_pass_of_the_first(world: shop.Shop, ann: Any) -> None:
    client = browser()
    log_in(client, world)
    kept = client.session["xoxzo_2fa_passes"]
    assert password(client, BOB).headers["location"] == CODE_PAGE
    # Until Bob's code, it is Ann's session.
    assert client.get("/").content == b"Logged in as ann"
    client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
    assert client.get("/").content == b"Logged in as bob"
    # Not even if the pass stays in the session, and both have the same password in the same form.
    get_user_model().objects.filter(username="bob").update(password=ann.password)
    client.force_login(get_user_model().objects.get(username="bob"))
    session = client.session
    session["xoxzo_2fa_passes"] = kept
    session.save()
    assert client.get("/").headers["location"] == CONFIRM_PAGE
    client.force_login(ann)
    assert client.get("/").headers["location"] == CONFIRM_PAGE
