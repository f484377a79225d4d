"""For tests of projects that use the app."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from xoxzo_2fa.django._configuration import configuration
from xoxzo_2fa.django._session import admit

if TYPE_CHECKING:
    from django.test import Client

__all__ = ["log_in"]


def log_in(client: Client, user: Any, *, purpose: str | None = None) -> None:
    """Log a user in, as if they had typed their password and their code. Nothing is sent and nothing is counted.

    purpose: the pass to give. That of logins if None.
    """
    client.force_login(user)
    session = client.session
    request: Any = SimpleNamespace(session=session)
    for each in {configuration().purpose, configuration().purpose if purpose is None else purpose}:
        admit(request, user, each)
    session.save()
