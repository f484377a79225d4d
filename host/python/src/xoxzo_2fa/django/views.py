"""The pages: a password, a code, a confirmation.

::

    TwoFactorLoginView ──► LoginCodeView ──► where the login was to lead
    ConfirmView        ──► ConfirmCodeView ──► the view that asked

Override the templates ``xoxzo_2fa/login.html``, ``code.html``, ``confirm.html`` and ``no_number.html``. They need no script and no style.
A refusal is a page with 400, a failure of Xoxzo or of the store one with 503.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import load_backend, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, redirect_to_login
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from xoxzo_2fa import Refuse, TwoFactorError, Upstream
from xoxzo_2fa._secret import Secret
from xoxzo_2fa.django._challenges import CONFIRM, LOGIN, again, begin, finish
from xoxzo_2fa.django._configuration import NoRecipient, configuration
from xoxzo_2fa.django._service import explained
from xoxzo_2fa.django._session import WANTED, Pending, admit, drop, notice, noticed, pending_in

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_NEXT = "xoxzo_2fa_next"

# Refusals of what was typed: the field is to be corrected.
_TYPED = ("wrong-pin", "malformed")


def _page(request: HttpRequest, name: str, failure: TwoFactorError | None = None, **context: Any) -> HttpResponse:
    """Render a page, with the text of a failure in the user's language."""
    told = None if failure is None else explained(failure)
    status = 200 if failure is None else 400 if isinstance(failure, Refuse) else 503
    return render(request, f"xoxzo_2fa/{name}.html", {"failure": failure, "told": told, **context}, status=status)


def _no_number(request: HttpRequest) -> HttpResponse:
    return render(request, "xoxzo_2fa/no_number.html", status=403)


def _back(request: HttpRequest, where: str | None) -> HttpResponse:
    """Redirect to a place within this site, or else to ``LOGIN_REDIRECT_URL``."""
    within = url_has_allowed_host_and_scheme(where, {request.get_host()}, require_https=request.is_secure())
    return redirect(where if where and within else resolve_url(settings.LOGIN_REDIRECT_URL))


class TwoFactorLoginView(LoginView):
    """Check a password, send a code, and go on to the code page. Nobody is logged in yet."""

    template_name = "xoxzo_2fa/login.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Send the code. If this session has one on its way to this user already, go on with that."""
        user = form.get_user()
        known = pending_in(self.request, LOGIN)
        if known is None or known.expired or not known.belongs_to(user):
            try:
                begin(self.request, LOGIN, user, configuration().purpose)
            except NoRecipient:
                return _no_number(self.request)
            except (Refuse, Upstream) as failure:
                return _page(self.request, "login", failure, **self.get_context_data(form=form))
        # Who knew the session's key before the password was checked does not know it afterwards.
        self.request.session.cycle_key()
        self.request.session[_NEXT] = self.get_success_url()
        return redirect("xoxzo_2fa:code")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """Add the reason why a login began anew."""
        made: dict[str, Any] = super().get_context_data(**context)
        return {"notice": noticed(self.request) if self.request.method == "GET" else "", **made}


@method_decorator([sensitive_post_parameters("pin"), csrf_protect, never_cache], name="dispatch")
class _CodeView(View):
    """A page with a field for a code, and a button for the same code once more."""

    slot: str
    http_method_names = ("get", "head", "post", "options")

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        """Find the challenge of the session, whose user must still have the password that it was started with."""
        pending = pending_in(request, self.slot)
        user = None if pending is None else self.user(request, pending)
        if pending is None or user is None or not pending.belongs_to(user):
            drop(request, self.slot)
            return self.begin_again(request)
        self.pending, self.owner = pending, user
        try:
            answer: HttpResponse = super().dispatch(request, *arguments, **named)
        except NoRecipient:
            return _no_number(request)
        return answer

    def user(self, request: HttpRequest, pending: Pending) -> Any:
        """Return the user whom the challenge is for. None if there is none any more."""
        raise NotImplementedError

    def begin_again(self, request: HttpRequest) -> HttpResponse:
        """Go back to the page that sends a code."""
        raise NotImplementedError

    def accepted(self, request: HttpRequest) -> HttpResponse:
        """Let the user in."""
        raise NotImplementedError

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the code. This costs nothing."""
        return self._show(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Check the code, or send it once more."""
        try:
            if request.POST.get("action") == "resend":
                again(request, self.slot, self.owner)
                return redirect(request.path)
            finish(request, self.slot, self.owner, Secret("".join(request.POST.get("pin", "").split())))
        except (Refuse, Upstream) as failure:
            return self._refused(request, failure)
        return self.accepted(request)

    def _refused(self, request: HttpRequest, failure: TwoFactorError) -> HttpResponse:
        if pending_in(request, self.slot) is not None:
            return self._show(request, failure)
        notice(request, explained(failure).text)
        return self.begin_again(request)

    def _show(self, request: HttpRequest, failure: TwoFactorError | None = None) -> HttpResponse:
        pending = pending_in(request, self.slot) or self.pending
        typed = failure is not None and failure.code in _TYPED
        return _page(request, "code", failure, pending=pending, typed=typed)


@method_decorator(login_not_required, name="dispatch")
class LoginCodeView(_CodeView):
    """Take the code after the password, and log the user in."""

    slot = LOGIN

    def user(self, request: HttpRequest, pending: Pending) -> Any:
        """Ask the backend that knew the password: it knows no user who may not log in any more."""
        del request
        return None if pending.backend is None else load_backend(pending.backend).get_user(pending.user)

    def begin_again(self, request: HttpRequest) -> HttpResponse:
        """Go back to the password."""
        return redirect_to_login(request.session.pop(_NEXT, None) or resolve_url(settings.LOGIN_REDIRECT_URL))

    def accepted(self, request: HttpRequest) -> HttpResponse:
        """Log in: the session gets another key, and if it was another user's, nothing of theirs."""
        back = request.session.pop(_NEXT, None)
        request.session.cycle_key()
        login(request, self.owner, self.pending.backend)
        admit(request, self.owner, self.pending.purpose)
        return _back(request, back)


@method_decorator([csrf_protect, never_cache], name="dispatch")
class ConfirmView(View):
    """Send a code to a user who is logged in, when they ask for it, for the view that sent them here."""

    http_method_names = ("get", "head", "post", "options")

    def dispatch(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        """Send nobody to the login page."""
        if not request.user.is_authenticated:
            return redirect_to_login(resolve_url(settings.LOGIN_REDIRECT_URL))
        answer: HttpResponse = super().dispatch(request, *arguments, **named)
        return answer

    def get(self, request: HttpRequest) -> HttpResponse:
        """Offer to send a code. This costs nothing."""
        return _page(request, "confirm", notice=noticed(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Send the code. If this session has one for the same purpose on its way already, go on with that."""
        purpose = request.session.get(WANTED, {}).get("purpose", configuration().purpose)
        known = pending_in(request, CONFIRM)
        if known is None or known.expired or known.purpose != purpose or not known.belongs_to(request.user):
            try:
                begin(request, CONFIRM, request.user, purpose)
            except NoRecipient:
                return _no_number(request)
            except (Refuse, Upstream) as failure:
                return _page(request, "confirm", failure)
        return redirect("xoxzo_2fa:confirm-code")


class ConfirmCodeView(_CodeView):
    """Take the code of a user who is logged in, and give the session a pass."""

    slot = CONFIRM

    def user(self, request: HttpRequest, pending: Pending) -> Any:
        """Return the user of the request."""
        del pending
        return request.user

    def begin_again(self, request: HttpRequest) -> HttpResponse:
        """Go back to the button."""
        del request
        return redirect("xoxzo_2fa:confirm")

    def accepted(self, request: HttpRequest) -> HttpResponse:
        """Give the session another key, and a pass for the purpose."""
        request.session.cycle_key()
        admit(request, self.owner, self.pending.purpose)
        return _back(request, request.session.pop(WANTED, {}).get("next"))
