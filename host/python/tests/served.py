"""Settings and applications of the shop for servers of tests. ``SHOP_POSTGRESQL`` names the folder of a socket, if counters are there."""

import os
from typing import Any

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django_shop.settings import *  # type: ignore[import-not-found] # noqa: F403
from django_shop.settings import DATABASES, XOXZO_2FA
from shop import FAST

PASSWORD_HASHERS = FAST

if folder := os.environ.get("SHOP_POSTGRESQL"):
    server = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": folder}
    DATABASES = {**DATABASES, "counters": server}
    XOXZO_2FA = {**XOXZO_2FA, "GUARD": {"database": "counters"}}


def preloaded() -> Any:
    """Return the application for gunicorn, with a client that is made before the workers are forked off."""
    application = get_wsgi_application()
    from xoxzo_2fa.django import two_factor  # noqa: PLC0415

    two_factor()
    return application


asynchronous = get_asgi_application
