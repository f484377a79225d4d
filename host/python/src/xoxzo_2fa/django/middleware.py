"""Makes nobody of a user whose session has no second factor, for every view of a project at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject

from xoxzo_2fa.django._configuration import configuration
from xoxzo_2fa.django._session import PASSES, passes

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


class TwoFactorMiddleware:
    """Let ``request.user`` be a user only after their code. Put it right after ``AuthenticationMiddleware``.

    Whatever logs in with a password alone, such as the admin site, lets nobody in: ``login_required``, permissions and the admin site see
    an ``AnonymousUser``. In tests of views, ``xoxzo_2fa.django.testing.log_in`` takes the place of ``Client.force_login``.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """Look at the session when somebody asks who the user is."""
        user, auser = request.user, request.auser

        def admitted() -> Any:
            return _admitted(user, request.session.get(PASSES) if user.is_authenticated else None)

        async def aadmitted() -> Any:
            known = await auser()
            return _admitted(known, await request.session.aget(PASSES) if known.is_authenticated else None)

        request.user, request.auser = SimpleLazyObject(admitted), aadmitted
        return self._get_response(request)


def _admitted(user: Any, kept: Any) -> Any:
    return user if user.is_authenticated and passes(kept, user, configuration().purpose, None) else AnonymousUser()
