"""Sets Django up with the shop of the examples, once in a process."""

from __future__ import annotations

import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def set_up() -> None:
    """Configure Django, unless it is."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    if settings.configured:
        return
    if str(EXAMPLES) not in sys.path:
        sys.path.insert(0, str(EXAMPLES))
    apps = ["auth", "contenttypes", "sessions"]
    middleware = ["sessions.middleware.SessionMiddleware", "auth.middleware.AuthenticationMiddleware"]
    settings.configure(
        SECRET_KEY="for this test",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF="django_shop.urls",
        AUTH_USER_MODEL="django_shop.User",
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in apps), "django_shop"],
        MIDDLEWARE=[*(f"django.contrib.{part}" for part in middleware), "django.middleware.csrf.CsrfViewMiddleware"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    django.setup()
