"""Two-factor authentication for Django: put ``xoxzo_2fa.django`` into ``INSTALLED_APPS``, and ``xoxzo_2fa.django.urls`` into your URLs.

*In scope*: a login page that asks for a code after the password, ``two_factor_required`` for views, codes for payments, one client for
each process, counters in PostgreSQL, system checks, a command for operators, signals. *Out of scope*: how a user registers a number, and
factors other than SMS.

::

    password ──► pending: no user yet ──► code page ──► acceptance ──► django.contrib.auth.login, and a pass for the purpose of logins
                  │ in the session         │ ▲ refused, or the same code once more
                  │                        ▼ │
                  └── token, user, password hash, nonce of the session

    two_factor_required ──► pass of this session, this user, this password, this purpose? ──► the view
                             └── none ──► confirmation page ──► the user asks for a code ──► code page ──► pass ──► back to the view

A *pending* challenge is bound to one session, user and password hash, and so is a *pass*. Until the code is accepted, ``request.user``
stays who it was. Only a ``POST`` with a CSRF token costs a message or a guess. Guesses and messages are counted in a store with a
connection of its own: no rollback of a request's transaction takes a count back.

>>> from django.http import HttpRequest, HttpResponse
>>> from xoxzo_2fa.django import two_factor_required
>>> @two_factor_required
... def accounts(request: HttpRequest) -> HttpResponse:
...     return HttpResponse("for those who typed their code")
"""

from xoxzo_2fa.django._challenges import aresend, astart, averify, resend, start, verify
from xoxzo_2fa.django._configuration import NoRecipient
from xoxzo_2fa.django._required import TwoFactorRequiredMixin, login_page, two_factor_required
from xoxzo_2fa.django._service import two_factor

__all__ = [
    "NoRecipient",
    "TwoFactorRequiredMixin",
    "aresend",
    "astart",
    "averify",
    "login_page",
    "resend",
    "start",
    "two_factor",
    "two_factor_required",
    "verify",
]
