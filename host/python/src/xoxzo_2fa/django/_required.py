"""``two_factor_required`` for views, the same as a mixin, and the way to the login page."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, overload

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, resolve_url

from xoxzo_2fa.django._configuration import configuration
from xoxzo_2fa.django._session import PASSES, WANTED, passes

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

_View = TypeVar("_View", bound="Callable[..., Any]")


@overload
def two_factor_required(view: _View) -> _View: ...
@overload
def two_factor_required(*, purpose: str | None = None, max_age: float | None = None) -> Callable[[_View], _View]: ...
def two_factor_required(view: Any = None, *, purpose: str | None = None, max_age: float | None = None) -> Any:
    """Let a user into a view, blocking or ``async``, only after a code for a purpose was accepted in this session.

    Nobody is sent to the login page. A user without a pass is sent to the confirmation page, and from there back. A purpose that confirms
    a payment has no pass: see ``start`` and ``verify``.

    purpose: one of the settings document. That of logins if None, which the login page gives a pass for.
    max_age: seconds since the acceptance, after which another code is asked for. As long as the session lasts if None.
    """
    if view is None:
        return lambda view: _guarded(view, purpose, max_age)
    return _guarded(view, purpose, max_age)


def _guarded(decorated: Any, purpose: str | None, max_age: float | None) -> Any:
    if iscoroutinefunction(decorated):

        @wraps(decorated)
        async def awaited(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            user: Any = await request.auser()
            kept: Any = await request.session.aget(PASSES)
            wanted = _wanted(request, user, kept, purpose, max_age)
            if wanted is None:
                answer: HttpResponseBase = await decorated(request, *arguments, **named)
                return answer
            if user.is_authenticated:
                await request.session.aset(WANTED, wanted)
            return _elsewhere(request, user)

        return awaited

    @wraps(decorated)
    def called(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        elsewhere = _refused(request, purpose, max_age)
        answer: HttpResponseBase = decorated(request, *arguments, **named) if elsewhere is None else elsewhere
        return answer

    return called


class TwoFactorRequiredMixin:
    """``two_factor_required`` for a class-based view with blocking methods: put it first among the bases.

    purpose, max_age: as there.
    """

    purpose: str | None = None
    max_age: float | None = None

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        """Let the user into the view, or send them elsewhere."""
        elsewhere = _refused(request, self.purpose, self.max_age)
        answer: HttpResponseBase = super().dispatch(request, *arguments, **named) if elsewhere is None else elsewhere  # type: ignore[misc]
        return answer


@login_not_required
def login_page(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """Send whoever is asked for a password to the login page, which asks for a code too: ``admin.site.login = login_page``."""
    del extra_context
    return _to_login(request.GET.get("next") or resolve_url(settings.LOGIN_REDIRECT_URL))


def _refused(request: HttpRequest, purpose: str | None, max_age: float | None) -> HttpResponseBase | None:
    user: Any = request.user
    wanted = _wanted(request, user, request.session.get(PASSES), purpose, max_age)
    if wanted is None:
        return None
    if user.is_authenticated:
        request.session[WANTED] = wanted
    return _elsewhere(request, user)


def _wanted(request: HttpRequest, user: Any, kept: Any, purpose: str | None, max_age: float | None) -> dict[str, str] | None:
    """Return what the confirmation page has to know. None if the user has the pass."""
    wanted = configuration().purpose if purpose is None else purpose
    if user.is_authenticated and passes(kept, user, wanted, max_age):
        return None
    # What was posted is lost: nothing is done by coming back.
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else resolve_url(settings.LOGIN_REDIRECT_URL)
    return {"purpose": wanted, "next": back}


def _elsewhere(request: HttpRequest, user: Any) -> HttpResponseBase:
    if user.is_authenticated:
        return redirect("xoxzo_2fa:confirm")
    return _to_login(request.get_full_path())


def _to_login(back: str) -> HttpResponseBase:
    # It imports models.
    from django.contrib.auth.views import redirect_to_login  # noqa: PLC0415

    return redirect_to_login(back)
