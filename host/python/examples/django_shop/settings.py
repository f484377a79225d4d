"""Settings of the shop. The account at Xoxzo and the keys come from the environment."""

import os
from pathlib import Path

SECRET_KEY = os.environ["SHOP_SECRET_KEY"]
ALLOWED_HOSTS = os.environ["SHOP_HOSTS"].split(",")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["SHOP_DATA"]) / "shop.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "xoxzo_2fa.django",
    "django_shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
ROOT_URLCONF = "django_shop.urls"
AUTH_USER_MODEL = "django_shop.User"
LOGIN_URL = "xoxzo_2fa:login"
LOGIN_REDIRECT_URL = "home"

XOXZO_2FA = {
    "RECIPIENT": "phone",
    "SETTINGS": {
        "version": 1,
        "audience": "shop",
        "service": "Example Shop",
        "keys": [{"env": "XOXZO_2FA_KEY"}],
        "guard": {"key": {"env": "XOXZO_2FA_GUARD_KEY"}},
        "xoxzo": {
            "sid": {"env": "XOXZO_API_SID"},
            "auth_token": {"env": "XOXZO_API_AUTH_TOKEN"},
            "sender": "Example",
            "base_url": os.environ.get("XOXZO_BASE_URL", "https://api.xoxzo.com"),
        },
        "destinations": ["JP-mobile"],
        "message": {"max_parts": 2},
        "purposes": [{"name": "login", "after_first_factor": True}, {"name": "payment", "after_first_factor": True}],
    },
}
