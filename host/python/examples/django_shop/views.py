"""A login with Django: a password, then a code by SMS. Two views.

The number and the id come from the server's record of the user, the token stays in the session, and ``django.contrib.auth.login`` is
called only after an acceptance.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.contrib.auth import authenticate, get_user_model, login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from xoxzo_2fa import Binding, MemoryGuard, Refuse, Settings, TwoFactor, Upstream, explain

if TYPE_CHECKING:
    from django_shop.models import User

# What a session keeps between the two views, and what the next page says.
PENDING, NOTICE = "two_factor", "notice"

# The language of the pages.
LANGUAGE = "en"


@lru_cache(maxsize=1)
def two_factor() -> TwoFactor:
    """Give the client, made once in a process. With several processes take ``SqliteGuard`` or ``RedisGuard``."""
    return TwoFactor(Settings.from_environment(), MemoryGuard())


def binding(user: User) -> Binding:
    """Give whom a challenge is for, from the user's record."""
    return Binding(recipient=user.phone, subject=f"user-{user.pk}", purpose="login")


def status(error: Refuse | Upstream) -> int:
    """Give the HTTP status of a page that says why not."""
    return 400 if isinstance(error, Refuse) else 503


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Check the password, and send the code."""
    if request.method == "GET":
        return render(request, "password.html", {"notice": request.session.pop(NOTICE, "")})
    user = authenticate(request, username=request.POST.get("name", ""), password=request.POST.get("password", ""))
    if user is None:
        return render(request, "password.html", {"notice": "Wrong name or password."}, status=401)
    try:
        challenge = two_factor().start(binding(user))
    except (Refuse, Upstream) as error:
        return render(request, "password.html", {"notice": explain(error, LANGUAGE).text}, status=status(error))
    request.session.cycle_key()
    request.session[PENDING] = {"user": user.pk, "token": challenge.token, "masked": challenge.masked}
    return redirect("code")


@sensitive_post_parameters("pin")
@sensitive_variables("pending", "typed")
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Take the code, and let the user in."""
    pending = request.session.get(PENDING)
    user = get_user_model().objects.filter(pk=pending["user"], is_active=True).first() if pending else None
    if pending is None or user is None:
        return redirect("password")
    masked = pending["masked"]
    if request.method == "GET":
        return render(request, "code.html", {"masked": masked})
    typed = "".join(request.POST.get("pin", "").split())
    try:
        two_factor().verify(pending["token"], binding(user), typed)
    except (Refuse, Upstream) as error:
        told = explain(error, LANGUAGE)
        if "start-again" not in told.offers:
            return render(request, "code.html", {"masked": masked, "notice": told.text}, status=status(error))
        del request.session[PENDING]
        request.session[NOTICE] = told.text
        return redirect("password")
    del request.session[PENDING]
    login(request, user)
    return redirect("/")
