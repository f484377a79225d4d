"""Views of a project with the app for Django: the whole site, confirmations, payments, signals."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
import shop
from conftest import other_than
from customers import ANN, CODE_PAGE, CONFIRM_CODE, CONFIRM_PAGE, LOGIN_PAGE, browser, log_in, logged_in, middleware, password, request_of

from xoxzo_2fa import Refuse, SqliteGuard, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("django")
shop.set_up()

from django.contrib.auth import update_session_auth_hash  # noqa: E402
from django.contrib.auth.decorators import login_required  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.db import connections  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import AsyncClient, override_settings  # noqa: E402
from django.urls import include, path  # noqa: E402
from django_shop.models import Invoice  # type: ignore[import-not-found] # noqa: E402

from xoxzo_2fa.django import (  # noqa: E402
    TwoFactorRequiredMixin,
    aresend,
    astart,
    averify,
    login_page,
    signals,
    start,
    testing,
    two_factor_required,
    verify,
)
from xoxzo_2fa.django._challenges import LOGIN  # noqa: E402
from xoxzo_2fa.django._session import pending_in  # noqa: E402

# The whole site


def failing(request: HttpRequest) -> HttpResponse:
    """Check a code, and fail."""
    try:
        verify(request, "payment", request.POST["pin"], Transaction("12.50", "EUR", "Payee"))
    finally:
        Invoice.objects.update(paid=True)
        raise ZeroDivisionError


def wide(request: HttpRequest) -> HttpResponse:
    """Greet whoever is logged in."""
    return HttpResponse(f"open to {request.user}")


@pytest.fixture
def whole_site() -> Iterator[None]:
    own = [*middleware(), "xoxzo_2fa.django.middleware.TwoFactorMiddleware"]
    with override_settings(MIDDLEWARE=own, ROOT_URLCONF=__name__):
        yield


@pytest.mark.usefixtures("ann")
def test_a_password_alone_is_enough_without_the_middleware(world: shop.Shop) -> None:
    """The control of the test below: the attack is one."""
    client = browser()
    with override_settings(ROOT_URLCONF=__name__):
        client.post("/password-only/", ANN)
        assert client.get("/wide/").content == b"open to ann"
        # Here it is not.
        assert client.get("/").headers["location"] == CONFIRM_PAGE
    assert world.xoxzo.messages == []


@pytest.mark.usefixtures("ann", "whole_site")
def test_a_password_alone_is_worth_nothing_with_the_middleware(world: shop.Shop) -> None:
    client = browser()
    assert client.post("/password-only/", ANN).status_code == 302
    assert logged_in(client)
    for page in ("/wide/", "/", "/awaited/"):
        assert client.get(page).headers["location"] == f"{LOGIN_PAGE}?next={page}"
    key = client.cookies["sessionid"].value
    log_in(client, world)
    assert client.cookies["sessionid"].value != key
    assert [client.get(page).content for page in ("/wide/", "/", "/awaited/")] == [b"open to ann", b"Logged in as ann", b"open to ann"]


@pytest.mark.usefixtures("whole_site")
def test_the_middleware_awaits(world: shop.Shop, ann: Any) -> None:
    async def attempt() -> None:
        client = AsyncClient()
        await client.aforce_login(ann)
        assert (await client.get("/awaited/")).status_code == 302
        assert (await client.post(LOGIN_PAGE, ANN)).status_code == 302
        assert (await client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})).status_code == 302
        assert (await client.get("/awaited/")).content == b"open to ann"

    asyncio.run(attempt())


@pytest.mark.usefixtures("whole_site")
def test_projects_can_log_in_without_a_code_in_their_tests(world: shop.Shop, ann: Any) -> None:
    client = browser()
    testing.log_in(client, ann, purpose="payment")
    assert [client.get(page).content for page in ("/wide/", "/", "/safe/")] == [b"open to ann", b"Logged in as ann", b"open to ann"]
    assert world.xoxzo.requests == []


@pytest.mark.usefixtures("world", "whole_site")
def test_the_admin_sites_login_leads_to_that_of_the_app() -> None:
    client = browser()
    assert client.get("/admin-login/?next=/safe/").headers["location"] == f"{LOGIN_PAGE}?next=/safe/"
    assert client.post("/admin-login/", ANN).headers["location"] == f"{LOGIN_PAGE}?next=/"


# Confirmations


class Safe(TwoFactorRequiredMixin):
    """A class-based view with a purpose of its own, for a minute."""

    purpose, max_age = "payment", 60

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"open to {request.user}")


def _safe(request: HttpRequest) -> HttpResponse:
    from django.views import View  # noqa: PLC0415

    view: Callable[[HttpRequest], HttpResponse] = type("SafeView", (Safe, View), {}).as_view()  # type: ignore[attr-defined]
    return view(request)


def _bare(request: HttpRequest) -> HttpResponse:
    try:
        verify(request, "payment", request.POST["pin"], Transaction("12.50", "EUR", "Payee"))
    except Refuse as refusal:
        return HttpResponse(refusal.code)
    return HttpResponse("paid")


@two_factor_required(purpose="payment")
async def _asynchronous(request: HttpRequest) -> HttpResponse:
    await averify(request, "payment", request.GET.get("pin", ""), Transaction("12.50", "EUR", "Payee"))
    return HttpResponse("paid")


@login_required
async def _awaited(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"open to {await request.auser()}")


urlpatterns = [
    path("wide/", login_required(wide)),
    path("awaited/", _awaited),
    path("login-again/", two_factor_required(max_age=1)(wide)),
    path("password-only/", LoginView.as_view()),
    path("admin-login/", login_page),
    path("safe/", _safe),
    path("failing/", failing),
    path("bare/", _bare),
    path("asynchronous/", _asynchronous),
    path("", include("django_shop.urls")),
]


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.usefixtures("ann")
def test_a_purpose_of_its_own_for_a_minute(world: shop.Shop) -> None:
    client = browser()
    log_in(client, world)
    world.clock.advance(61)
    assert client.get("/safe/?page=2").headers["location"] == CONFIRM_PAGE
    assert b"Send a code" in client.get(CONFIRM_PAGE).content
    key = client.cookies["sessionid"].value
    assert client.post(CONFIRM_PAGE).headers["location"] == CONFIRM_CODE
    assert client.post(CONFIRM_PAGE).headers["location"] == CONFIRM_CODE
    assert len(world.xoxzo.messages) == 2
    assert client.post(CONFIRM_CODE, {"pin": world.xoxzo.messages[0].pin}).status_code == 400
    assert client.get("/safe/").headers["location"] == CONFIRM_PAGE
    assert client.post(CONFIRM_CODE, {"pin": world.xoxzo.pin()}).headers["location"] == "/safe/"
    assert client.cookies["sessionid"].value != key
    assert client.get("/safe/").content == b"open to ann"
    world.clock.advance(61)
    assert client.get("/safe/").headers["location"] == CONFIRM_PAGE
    # A code for another purpose is not taken for this one.
    client.post(CONFIRM_PAGE)
    client.get("/login-again/")
    assert client.session["xoxzo_2fa_wanted"]["purpose"] == "login"
    world.clock.advance(61)
    client.post(CONFIRM_PAGE)
    assert len(world.xoxzo.messages) == 4
    # What is posted is not done by coming back.
    assert client.post("/safe/").headers["location"] == CONFIRM_PAGE
    assert client.session["xoxzo_2fa_wanted"]["next"] == "/"


def test_a_payment_is_confirmed_once_and_as_it_was_shown(world: shop.Shop, ann: Any) -> None:
    invoice = Invoice.objects.create(user=ann, amount="12.50", payee="Example Books")
    client, page = browser(), f"/invoices/{invoice.pk}/"
    log_in(client, world)
    # The code of a login, or none: nothing is paid.
    assert client.post(page, {"pin": world.xoxzo.pin()}).status_code == 400
    world.clock.advance(61)
    assert b"We sent a code to +81********78." in client.post(page, {"action": "send"}).content
    assert re.search(r"12\.50 EUR.*Example Books", world.xoxzo.messages[-1].text)
    pin = world.xoxzo.pin()
    Invoice.objects.update(amount="99.00")
    assert client.post(page, {"pin": pin}).status_code == 400
    Invoice.objects.update(amount="12.50")
    world.clock.advance(61)
    client.post(page, {"action": "send"})
    assert client.post(page, {"pin": world.xoxzo.pin()}).content == b"Paid 12.50 EUR"
    Invoice.objects.update(paid=False)
    assert client.post(page, {"pin": world.xoxzo.pin()}).status_code == 400
    # It leaves no pass, and no challenge.
    assert client.session["xoxzo_2fa_pending"] == {}
    assert set(client.session["xoxzo_2fa_passes"]) == {"login"}


@override_settings(ROOT_URLCONF=__name__)
def test_a_payment_that_waits_ends_with_the_password(world: shop.Shop, ann: Any) -> None:
    client = browser(raise_request_exception=False)
    client.force_login(ann)

    for changed in (False, True):
        request: Any = request_of(client)
        request.user = ann
        start(request, "payment", Transaction("12.50", "EUR", "Payee"))
        if changed:
            ann.set_password("another")
            ann.save()
            update_session_auth_hash(request, ann)
        request.session.save()
        client.cookies["sessionid"] = request.session.session_key
        answer = client.post("/bare/", {"pin": world.xoxzo.pin()})
        assert answer.content == (b"invalid-token" if changed else b"paid"), answer
        world.clock.advance(61)
    client.logout()
    assert client.post("/bare/", {"pin": world.xoxzo.pin()}).status_code == 403


@override_settings(ROOT_URLCONF=__name__)
def test_asynchronous_views(world: shop.Shop, ann: Any) -> None:
    async def attempt() -> None:
        client = AsyncClient()
        assert (await client.get("/")).headers["location"] == f"{LOGIN_PAGE}?next=/"
        await client.aforce_login(ann)
        assert (await client.get("/asynchronous/")).headers["location"] == CONFIRM_PAGE
        await client.post(CONFIRM_PAGE)
        assert (await client.post(CONFIRM_CODE, {"pin": world.xoxzo.pin()})).headers["location"] == "/asynchronous/"
        with pytest.raises(Refuse, match="invalid-token"):
            await client.get("/asynchronous/")
        session: Any = await client.asession()
        request: Any = HttpRequest()
        request.session, request.user = session, ann
        world.clock.advance(61)
        paid = Transaction("12.50", "EUR", "Payee")
        await astart(request, "payment", paid)
        world.clock.advance(61)
        await aresend(request, "payment", paid)
        assert world.xoxzo.messages[-1].pin == world.xoxzo.messages[-2].pin
        await session.asave()
        assert (await client.get("/asynchronous/", {"pin": world.xoxzo.pin()})).content == b"paid"

    asyncio.run(attempt())


# Signals


@pytest.mark.usefixtures("ann")
def test_signals_tell_what_happened_and_no_secret(world: shop.Shop) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []

    def listen(name: str) -> Callable[..., None]:
        def hear(sender: Any, signal: Any, **given: Any) -> None:
            del sender, signal
            heard.append((name, given))
            raise ZeroDivisionError

        return hear

    ears = {name: listen(name) for name in ("challenge_started", "accepted", "refused")}
    for name, ear in ears.items():
        getattr(signals, name).connect(ear, weak=False)
    try:
        client = browser()
        password(client)
        pending = pending_in(request_of(client), LOGIN)
        assert pending is not None
        client.post(CODE_PAGE, {"action": "resend"})
        client.post(CODE_PAGE, {"pin": other_than(world.xoxzo.pin())})
        client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
    finally:
        for name, ear in ears.items():
            getattr(signals, name).disconnect(ear)
    assert logged_in(client)
    assert [name for name, _ in heard] == ["challenge_started", "refused", "refused", "accepted"]
    assert [given.get("code") for _, given in heard] == [None, "cooldown", "wrong-pin", None]
    assert {given["user"].username for _, given in heard} == {"ann"}
    told = repr([{name: value for name, value in given.items() if name != "user"} for _, given in heard])
    assert not [secret for secret in (world.xoxzo.pin(), pending.token, "+819012345678") if secret in told]


@pytest.mark.usefixtures("ann")
def test_what_fails_leaves_no_secret_in_its_frames(world: shop.Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login that fails after the code was accepted: no frame of the package names the code or the token."""
    client = browser()
    password(client)
    pending = pending_in(request_of(client), LOGIN)
    assert pending is not None

    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("xoxzo_2fa.django.views.login", fails)
    try:
        client.post(CODE_PAGE, {"pin": world.xoxzo.pin()})
    except ZeroDivisionError as fault:
        at = fault.__traceback__
        frames = []
        while at is not None:
            frames.append(at.tb_frame)
            at = at.tb_next
        own = [frame for frame in frames if "/xoxzo_2fa/" in frame.f_code.co_filename]
        assert len(own) >= 2
        seen = repr([frame.f_locals for frame in own])
        assert not [secret for secret in (pending.token, world.xoxzo.pin()) if secret in seen]
    else:
        raise AssertionError("nothing was raised")
    assert not logged_in(client)


@pytest.mark.parametrize("atomic", [True, False])
def test_a_view_that_raises_takes_no_count_back(world: shop.Shop, ann: Any, atomic: bool, tmp_path: Any) -> None:  # noqa: FBT001
    invoice = Invoice.objects.create(user=ann, amount="12.50", payee="Payee")
    client = browser(raise_request_exception=False)
    default = connections["default"].settings_dict
    store = SqliteGuard(tmp_path / "guard", danger_clock=world.clock)
    with override_settings(XOXZO_2FA={**world.values, "GUARD": store}, ROOT_URLCONF=__name__):
        log_in(client, world)
        client.post(f"/invoices/{invoice.pk}/", {"action": "send"})
        world.clock.advance(61)
        client.post(f"/invoices/{invoice.pk}/", {"action": "send"})
        pin = world.xoxzo.pin()
        default["ATOMIC_REQUESTS"] = atomic
        try:
            answers = [client.post("/failing/", {"pin": other_than(pin)}).status_code for _ in range(4)]
            invoice.refresh_from_db()
            assert (answers, invoice.paid) == ([500] * 4, not atomic)
            # The right one is used, though nothing came of it.
            assert client.post("/failing/", {"pin": pin}).status_code == 500
        finally:
            default["ATOMIC_REQUESTS"] = False
        Invoice.objects.update(paid=False)
        assert client.post(f"/invoices/{invoice.pk}/", {"pin": pin}).status_code == 400
        invoice.refresh_from_db()
        assert not invoice.paid
