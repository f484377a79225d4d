"""Two customers of the shop, their browsers, and the values of ``XOXZO_2FA`` that their logins are tried with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shop import Shop

LOGIN_PAGE, CODE_PAGE, CONFIRM_PAGE, CONFIRM_CODE = "/account/login/", "/account/login/code/", "/account/confirm/", "/account/confirm/code/"
ANN = {"username": "ann", "password": "correct horse"}
BOB = {"username": "bob", "password": "battery staple"}


@pytest.fixture(scope="session")
def tables() -> Iterator[None]:
    """Make the shop's tables, once."""
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0)
    yield
    connections.close_all()


def _user(phone: str, **named: str) -> Any:
    from django.contrib.auth import get_user_model  # noqa: PLC0415

    return get_user_model().objects.create_user(**named, phone=phone)


@pytest.fixture
def ann(tables: None) -> Any:  # noqa: ARG001
    return _user("+819012345678", **ANN)


@pytest.fixture
def bob(tables: None) -> Any:  # noqa: ARG001
    return _user("+819012345679", **BOB)


@pytest.fixture
def world(tables: None) -> Iterator[Shop]:  # noqa: ARG001
    """Return the shop's Xoxzo, clock and values, which are in effect during the test."""
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import override_settings  # noqa: PLC0415
    from django.utils import translation  # noqa: PLC0415
    from shop import Shop  # noqa: PLC0415

    world = Shop()
    with override_settings(XOXZO_2FA=world.values), translation.override("en"):
        yield world
    call_command("flush", verbosity=0, interactive=False)


def browser(**named: Any) -> Any:
    from django.test import Client  # noqa: PLC0415

    return Client(**named)


def password(client: Any, given: dict[str, str] = ANN, **more: str) -> Any:
    return client.post(LOGIN_PAGE, {**given, **more})


def logged_in(client: Any) -> bool:
    from django.contrib.auth import SESSION_KEY  # noqa: PLC0415

    return SESSION_KEY in client.session


def log_in(client: Any, world: Shop, given: dict[str, str] = ANN) -> None:
    assert password(client, given).headers["location"] == CODE_PAGE
    assert client.post(CODE_PAGE, {"pin": world.xoxzo.pin()}).status_code == 302
    assert logged_in(client)


def request_of(client: Any) -> Any:
    """Return a request with the session of a browser."""
    from django.http import HttpRequest  # noqa: PLC0415

    request: Any = HttpRequest()
    request.session = client.session
    return request


def middleware() -> list[str]:
    from django.conf import settings  # noqa: PLC0415

    return list(settings.MIDDLEWARE)
