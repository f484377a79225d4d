"""Sets Django up with the shop of the examples, once in a process, with a database in a temporary folder and a Xoxzo in memory."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

from xoxzo_2fa import MemoryGuard, keygen
from xoxzo_2fa.testing import Clock, FakeXoxzo

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

# Where its database is.
DATA = tempfile.TemporaryDirectory()

# The passwords of tests need not be slow.
FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def environment(data: Path | str = "/nonexistent", **changes: str) -> dict[str, str]:
    """Return what the shop takes from the environment."""
    account = {"XOXZO_API_SID": "sid-canary", "XOXZO_API_AUTH_TOKEN": "auth-canary"}
    keys = {"XOXZO_2FA_KEY": keygen(), "XOXZO_2FA_GUARD_KEY": keygen(), "SHOP_SECRET_KEY": secrets.token_urlsafe(48)}
    return {"SHOP_DATA": str(data), "SHOP_HOSTS": "testserver,127.0.0.1", **account, **keys, **changes}


def set_up() -> None:
    """Configure Django, unless it is."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    if settings.configured:
        return
    if str(EXAMPLES) not in sys.path:
        sys.path.insert(0, str(EXAMPLES))
    own = environment()
    os.environ.update(own)
    try:
        import django_shop.settings as shop  # type: ignore[import-not-found] # noqa: PLC0415
    finally:
        for name in own:
            del os.environ[name]
    given: dict[str, Any] = {name: value for name, value in vars(shop).items() if name.isupper()}
    postgresql = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": "/nonexistent"}
    given["DATABASES"] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{DATA.name}/shop.sqlite3"}}
    given["DATABASES"]["counters"] = postgresql
    settings.configure(**{**given, "PASSWORD_HASHERS": FAST, "XOXZO_2FA": {}})
    django.setup()


class Shop:
    """The shop's values of ``XOXZO_2FA``, with a Xoxzo, a clock and counters in memory."""

    def __init__(self, **changes: Any) -> None:
        import django_shop.settings as shop  # noqa: PLC0415

        self.xoxzo, self.clock = FakeXoxzo(), Clock()
        document = {**shop.XOXZO_2FA["SETTINGS"], "keys": [keygen()], "guard": {"key": keygen()}}
        document["xoxzo"] = {"sid": "sid-canary", "auth_token": "auth-canary", "sender": "Example"}
        self.values = {
            "RECIPIENT": "phone",
            "SETTINGS": document,
            "GUARD": MemoryGuard(danger_clock=self.clock),
            "TRANSPORT": self.xoxzo,
            "DANGER_CLOCK": self.clock,
            **changes,
        }
